"""``offcut evaluate separation``: separation and detection of named sounds, against baselines.

All sounds are of a held-out fold. A ratio in dB is the improvement within the window over the unprocessed
recording; "keep" is the target, "remove" the rest.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from engine.analysis.detection.detector import detector
from engine.analysis.detection.spectra import MEL
from engine.analysis.sound_names.vocabulary import vocabulary
from engine.core.errors import NotCredibleError, SourceError
from engine.core.progress import SILENT, Progress
from engine.features.repair.separation.network import network_separator
from engine.features.repair.separation.outcome import outcome_of
from engine.features.repair.separation.plain import FactorSeparator, SubtractionSeparator
from engine.features.repair.separation.registry import default_separator, separator_named
from engine.features.repair.separation.separate import Asked, Recording, separate
from engine.features.repair.separation.separator import Mask, Mode, Prompt, Separator, Stretch, prompts_of
from engine.lab.bench.measured import peak_memory_mb
from engine.lab.evaluation.detection.clips import clip_lines
from engine.lab.evaluation.separation.events import event_lines
from engine.lab.evaluation.separation.measures import ratio_db, sdr_db, si_sdr_db
from engine.lab.evaluation.separation.mixtures import (
    HELD_BACK_FOLD,
    Mixture,
    alone,
    crowded,
    pairs,
    surrounded,
)
from engine.lab.evaluation.separation.oracle import OracleSeparator, mono
from engine.lab.evaluation.separation.unseen import unseen_lines
from engine.lab.evaluation.separation.words import word_lines
from engine.lab.training.detection.sounds import load_sounds

Line = dict[str, str | float | int]
_COUNT, _FEW = 100, 6
_SEED = 14
_LEVELS_DB = ((-5.0, -2.0), (-2.0, 2.0), (2.0, 5.0))


@dataclass(frozen=True, slots=True)
class Improvement:
    """Improvement of a window in dB, for target and remainder.

    Attributes
    ----------
    kept_like, left_like : cosine between the words and target, and remainder
    """

    keep_db: float
    remove_db: float
    keep_sdr_db: float
    kept_like: float
    left_like: float

    @property
    def mean_db(self) -> float:
        """Return the mean of both."""
        return (self.keep_db + self.remove_db) / 2


@dataclass(frozen=True, slots=True, eq=False)
class WordlessSeparator:
    """The shipped network without words: the target is any new sound."""

    name: str = "without words"

    def masks(self, stretch: Stretch, prompts: Sequence[Prompt]) -> tuple[Mask, ...]:
        """Return the same mask for each prompt."""
        return network_separator().masks(stretch, prompts_of(())) * len(prompts)


@dataclass(frozen=True, slots=True, eq=False)
class OthersNamedSeparator:
    """The shipped network, with the names of the other sounds as negative prompts."""

    others: tuple[str, ...]
    name: str = "others named too"

    def masks(self, stretch: Stretch, prompts: Sequence[Prompt]) -> tuple[Mask, ...]:
        """Return a mask for each prompt."""
        staying = prompts_of([f"not {other}" for other in self.others])
        return tuple(outcome_of(stretch, (prompt, *staying), network_separator()).mask for prompt in prompts)


@dataclass(frozen=True, slots=True, eq=False)
class AloneSeparator:
    """The shipped network, without the surroundings of the window."""

    name: str = "without surroundings"

    def masks(self, stretch: Stretch, prompts: Sequence[Prompt]) -> tuple[Mask, ...]:
        """Return masks of a recording that is silent outside its windows."""
        silent = np.zeros_like(stretch.samples)
        for start_s, stop_s in stretch.windows_s:
            inside = slice(round(start_s * MEL.rate_hz), round(stop_s * MEL.rate_hz))
            silent[inside] = stretch.samples[inside]
        return network_separator().masks(Stretch(silent, stretch.windows_s), prompts)


def evaluate(
    data_dir: Path,
    others: Sequence[str] = (),
    *,
    short: bool = False,
    is_unseen_only: bool = False,
    progress: Progress = SILENT,
) -> Iterator[Line]:
    """Yield one line a metric: metric, value, the other rows, n.

    Parameters
    ----------
    data_dir : holds `esc50`, and perhaps `music`
    others : names or files of separators that are measured as well
    short : a few mixtures of each kind only
    is_unseen_only : only the mixtures of `engine.lab.evaluation.separation.unseen`

    Raises
    ------
    SourceError : the recordings are missing
    UsageError : the separator is unknown
    Cancelled : the user asked for it
    """
    if not (data_dir / "esc50").is_dir():
        raise SourceError(f"'{data_dir}' holds no esc50: name the folder that does.")
    more = tuple(map(separator_named, others))
    if is_unseen_only:
        yield from unseen_lines(data_dir, more, short=short, progress=progress)
        return
    sounds = load_sounds(data_dir / "esc50", [HELD_BACK_FOLD])
    count = _FEW if short else _COUNT
    sets: dict[str, Callable[[], Iterator[Mixture]]] = {
        "surrounded": lambda: surrounded(sounds, count, _SEED),
        "crowded": lambda: crowded(sounds, count // 2, _SEED + 1),
        "words alone": lambda: alone(sounds, count, _SEED + 2),
        "published pairs": lambda: pairs(data_dir, sounds, count, _SEED + 3),
    }
    for number, (name, mixtures) in enumerate(sets.items()):
        yield from _compared(name, mixtures(), more, progress.part(number / 5, (number + 1) / 5))
    yield from _prompted(lambda: alone(sounds, count, _SEED + 4), "words alone", progress.part(0.8, 0.9))
    yield from _absent(surrounded(sounds, count // 2, _SEED + 5))
    yield from _outside(surrounded(sounds, 4, _SEED + 6))
    yield from clip_lines(sounds)
    yield from _cost(short=short)
    yield from event_lines(sounds, short=short, progress=progress.part(0.9, 0.95))
    yield from word_lines(sounds, data_dir / "music", short=short, progress=progress.part(0.95, 1.0))


def improvement(mixture: Mixture, separator: Separator, prompt: Prompt) -> Improvement:
    """Return by how much the window is better; the window has no fades, lest they count as errors."""
    kept, left = (_heard(mixture, separator, prompt, mode) for mode in (Mode.KEEP, Mode.REMOVE))
    window = slice(*mixture.window_samples)
    whole, meant, rest = mixture.whole[window], mixture.meant[window], mixture.rest[window]
    return Improvement(
        si_sdr_db(kept, meant) - si_sdr_db(whole, meant),
        si_sdr_db(left, rest) - si_sdr_db(whole, rest),
        sdr_db(kept, meant),
        _likeness(mixture, kept, prompt),
        _likeness(mixture, left, prompt),
    )


def _likeness(mixture: Mixture, inside: NDArray[np.float32], prompt: Prompt) -> float:
    """Return the cosine between a prompt and the embedding of a window by `engine.analysis.detection`."""
    return float(prompt.vector @ detector().vector(mono(inside, mixture.rate_hz)))


def _heard(mixture: Mixture, separator: Separator, prompt: Prompt, mode: Mode) -> NDArray[np.float32]:
    """Return the window after the separation; unchanged if it is refused."""
    asked = Asked((prompt,), mode, fade_ms=0.0)
    pieces = separate(_recorded(mixture), (mixture.window_samples,), asked, separator)
    try:
        return np.concatenate([piece.samples for piece in pieces])
    except NotCredibleError:
        return mixture.whole[slice(*mixture.window_samples)]


def _compared(
    name: str, mixtures: Iterator[Mixture], others: Sequence[Separator], progress: Progress
) -> Iterator[Line]:
    rows: dict[str, list[Improvement]] = defaultdict(list)
    untouched: dict[str, list[float]] = defaultdict(list)
    by_level: dict[tuple[float, float], list[float]] = defaultdict(list)
    by_name: dict[str, list[float]] = defaultdict(list)
    for mixture in mixtures:
        progress.check_cancelled()
        (prompt,) = prompts_of([mixture.name])
        separators: tuple[Separator, ...] = (
            default_separator(),
            network_separator(),
            WordlessSeparator(),
            AloneSeparator(),
            OthersNamedSeparator(tuple(dict.fromkeys(mixture.others))),
            SubtractionSeparator(),
            FactorSeparator(),
            *others,
            OracleSeparator(mixture),
        )
        for separator in separators:
            rows[separator.name].append(improvement(mixture, separator, prompt))
        window = slice(*mixture.window_samples)
        for part, samples in (("whole", mixture.whole), ("meant", mixture.meant), ("rest", mixture.rest)):
            untouched[part].append(_likeness(mixture, samples[window], prompt))
        ours = rows[default_separator().name][-1].mean_db
        by_name[mixture.name].append(ours)
        for low, high in _LEVELS_DB:
            if low <= mixture.level_db < high:
                by_level[low, high].append(ours)
    yield from _improvement_lines(name, rows)
    yield from _likeness_lines(name, rows, untouched)
    for (low, high), found in sorted(by_level.items()):
        metric = f"{name}: mean, {low:g} to {high:g} dB"
        yield {"metric": metric, "value": float(np.mean(found)), "n": len(found)}
    worst = sorted((float(np.mean(found)), sound) for sound, found in by_name.items())
    yield {
        "metric": f"{name}: mean by name, the worst",
        "value": worst[0][0],
        "names": ", ".join(f"{sound} {value:.1f}" for value, sound in worst),
        "n": len(worst),
    }


def _improvement_lines(name: str, rows: Mapping[str, Sequence[Improvement]]) -> Iterator[Line]:
    ours_name = default_separator().name
    for metric, part in (("keep", "keep_db"), ("remove", "remove_db"), ("mean", "mean_db")):
        means = {row: float(np.mean([getattr(each, part) for each in found])) for row, found in rows.items()}
        yield {
            "metric": f"{name}: SI-SDR improvement, {metric}",
            "value": means.pop(ours_name),
            "baseline": max(means["subtraction"], means["nmf"]),
            **means,
            "n": len(rows[ours_name]),
        }
    yield {
        "metric": f"{name}: SDR of what is kept",
        "value": float(np.mean([each.keep_sdr_db for each in rows[ours_name]])),
        "baseline": float(np.mean([each.keep_sdr_db for each in rows["nmf"]])),
        "n": len(rows[ours_name]),
    }


def _likeness_lines(
    name: str, rows: Mapping[str, Sequence[Improvement]], untouched: Mapping[str, Sequence[float]]
) -> Iterator[Line]:
    """Yield the similarity to the words, with mixture and ground truth as references."""
    for metric, attribute, truth in (("kept", "kept_like", "meant"), ("left", "left_like", "rest")):
        like = {
            row: float(np.mean([getattr(each, attribute) for each in found])) for row, found in rows.items()
        }
        yield {
            "metric": f"{name}: likeness to the words of what is {metric}",
            "value": like.pop(default_separator().name),
            "baseline": float(np.mean(untouched["whole"])),
            **like,
            "truth": float(np.mean(untouched[truth])),
            "n": len(untouched[truth]),
        }


def _prompted(mixtures: Callable[[], Iterator[Mixture]], name: str, progress: Progress) -> Iterator[Line]:
    """Yield figures by prompt: the name, synonyms, and unseen words."""
    found: dict[str, list[float]] = defaultdict(list)
    for mixture in mixtures():
        progress.check_cancelled()
        known = vocabulary()[mixture.name]
        for wording, texts in (
            ("the name", (known.name,)),
            ("other words", known.said[:2]),
            ("words never learned from", known.kept_back),
        ):
            for text in texts:
                (prompt,) = prompts_of([text])
                found[wording].append(improvement(mixture, default_separator(), prompt).mean_db)
    for wording, values in found.items():
        yield {
            "metric": f"{name}: mean by {wording}",
            "value": float(np.mean(values)),
            "baseline": float(np.mean(found["the name"])),
            "n": len(values),
        }


def _absent(mixtures: Iterator[Mixture]) -> Iterator[Line]:
    """Yield the share of changed energy for absent sounds."""
    changed = []
    rng = np.random.default_rng(_SEED)
    for mixture in mixtures:
        silent = [name for name in vocabulary() if name not in (mixture.name, *mixture.others)]
        (prompt,) = prompts_of([silent[int(rng.integers(len(silent)))]])
        window = slice(*mixture.window_samples)
        left = _heard(mixture, default_separator(), prompt, Mode.REMOVE)
        changed.append(ratio_db(mixture.whole[window] - left, mixture.whole[window]))
    yield {
        "metric": "absent sound: energy changed, dB (median)",
        "value": float(np.median(changed)),
        "mean": float(np.mean(changed)),
        "n": len(changed),
    }


def _outside(mixtures: Iterator[Mixture]) -> Iterator[Line]:
    """Yield the deviation outside the window, with a mask without a window as reference."""
    largest: dict[str, list[float]] = defaultdict(list)
    likeness_db: dict[str, list[float]] = defaultdict(list)
    for mixture in mixtures:
        whole = mixture.whole
        outside = np.ones(len(whole), bool)
        outside[slice(*mixture.window_samples)] = False
        everywhere = (0, len(whole))
        for row, window in (("ours", mixture.window_samples), ("without a window", everywhere)):
            result = whole.copy()
            asked = Asked(prompts_of([mixture.name]))
            for piece in separate(_recorded(mixture), (window,), asked, network_separator()):
                result[piece.start_samples : piece.start_samples + len(piece.samples)] = piece.samples
            largest[row].append(float(np.max(np.abs(result[outside] - whole[outside]))))
            likeness_db[row].append(si_sdr_db(result[outside], whole[outside]))
    for metric, found, one in (("largest change of a sample", largest, max), ("SI-SDR", likeness_db, min)):
        yield {
            "metric": f"outside the window: {metric}",
            "value": one(found["ours"]),
            "baseline": one(found["without a window"]),
            "n": len(found["ours"]),
        }


def _cost(*, short: bool) -> Iterator[Line]:
    """Yield the run time relative to the window, and the growth of memory with its length."""
    rate_hz, minutes = 48_000, (0.5, 1.0) if short else (1.0, 8.0)
    noise = np.random.default_rng(_SEED).standard_normal((rate_hz, 2)).astype(np.float32) * np.float32(0.1)

    def read(start: int, stop: int) -> NDArray[np.float32]:
        return noise[np.arange(start, stop) % rate_hz]

    asked, peaks, factors = Asked(prompts_of(["dog"])), [], []
    for length_minutes in minutes:
        length = round(60 * length_minutes * rate_hz)
        started_s = perf_counter()
        for _piece in separate(Recording(read, length, rate_hz), ((0, length),), asked, network_separator()):
            pass
        factors.append((perf_counter() - started_s) / (60 * length_minutes))
        peaks.append(peak_memory_mb())
    yield {"metric": "time beside length, 48 kHz stereo, one core", "value": factors[-1], "n": 1}
    yield {
        "metric": f"memory: {minutes[1]:g} minutes above {minutes[0]:g}, MB",
        "value": peaks[1] - peaks[0],
        "n": 1,
    }


def _recorded(mixture: Mixture) -> Recording:
    whole = mixture.whole
    return Recording(lambda start, stop: whole[start:stop], len(whole), mixture.rate_hz)
