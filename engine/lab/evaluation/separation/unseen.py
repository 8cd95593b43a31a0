"""Lines "unseen" of ``offcut evaluate separation``: mixtures drawn independently of training.

A separation runs as in the product: default separator, fades, refusals. A ratio in dB is that within the part
of the window where the fades are over, above that of the recording as it was, so doing nothing is 0 dB. Only
`Part.REPORTED` is used here; the estimator of outcomes was fitted on the other part.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from engine.core.errors import SeparationError, SourceError
from engine.core.progress import SILENT, Progress
from engine.core.timebase import s_to_samples
from engine.features.repair.separation.checks import require_present, understood_prompts
from engine.features.repair.separation.network import network_separator
from engine.features.repair.separation.paint import MaskMemory
from engine.features.repair.separation.plain import FactorSeparator, SubtractionSeparator
from engine.features.repair.separation.registry import separator_named
from engine.features.repair.separation.separate import (
    Asked,
    Recording,
    RememberingSeparator,
    Samples,
    separate,
)
from engine.features.repair.separation.separator import Mode, Prompt, Separator, prompts_of
from engine.features.repair.separation.settings import DEFAULT
from engine.features.repair.separation.windows import FADE_MS
from engine.lab.evaluation.separation.measures import ratio_db, si_sdr_db
from engine.lab.evaluation.separation.oracle import Known, OracleSeparator
from engine.lab.evaluation.separation.unseen_mixtures import UnseenMixture, unseen_mixtures
from engine.lab.evaluation.separation.unseen_sources import Background, Part

Line = dict[str, str | float | int]
SEED = 51
_COUNT, _FEW = 200, 10
_CROWDED = "two sounds"
_LOWEST_DB = -1.0
_OURS, _NETWORK = "ours", "network"
_SIMPLE = ("subtraction", "nmf")
_NONSENSE_LETTERS = 5, 9
NEEDED = ("esc50", "ambience", "music", "speech", "loops")


@dataclass(slots=True)
class _Class:
    """Improvements of one class of backgrounds in dB, by method, (keep, remove) of each mixture.

    Attributes
    ----------
    by_method : of all mixtures; those that Offcut refuses are left out
    refused : whether Offcut refused each mixture
    outside_db : energy of the change outside the window, relative to the recording, by method without a gate
    """

    by_method: dict[str, list[tuple[float, float]]] = field(default_factory=lambda: defaultdict(list))
    refused: list[bool] = field(default_factory=list)
    outside_db: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))


def unseen_lines(
    data_dir: Path, others: Sequence[Separator] = (), *, short: bool = False, progress: Progress = SILENT
) -> Iterator[Line]:
    """Yield improvements by class of background, and how often prompts are refused.

    Parameters
    ----------
    data_dir : folder with the folders in `NEEDED`
    others : measured as well, with the gate of the window and without it
    short : a few mixtures only

    Raises
    ------
    SourceError : recordings are missing
    Cancelled : the user asked for it
    """
    missing = [name for name in NEEDED if not (data_dir / name).is_dir()]
    if missing:
        raise SourceError(f"'{data_dir}' has no folder {missing[0]}: choose the folder that has one.")
    count = _FEW if short else _COUNT
    found: dict[str, _Class] = defaultdict(_Class)
    refused: dict[str, list[bool]] = defaultdict(list)
    sets = (
        (unseen_mixtures(data_dir, Part.REPORTED, count, SEED), False),
        (unseen_mixtures(data_dir, Part.REPORTED, count // 4, SEED + 1, is_crowded=True), True),
    )
    for mixtures, is_crowded in sets:
        for number, mixture in enumerate(mixtures):
            progress.check_cancelled()
            progress.report(number / count, "Separating unseen mixtures")
            _compare(mixture, others, found[_CROWDED if is_crowded else mixture.kind.value])
            if not is_crowded:
                rng = np.random.default_rng([SEED, number])
                for prompt, text in (("absent", mixture.absent), ("nonsense", _nonsense(rng))):
                    refused[prompt].append(_results(mixture, text, (Mode.REMOVE,)) is None)
    kinds = [kind.value for kind in Background]
    everything = _Class()
    for kind in kinds:
        everything.refused += found[kind].refused
        for method, pairs in found[kind].by_method.items():
            everything.by_method[method] += pairs
        for method, changes in found[kind].outside_db.items():
            everything.outside_db[method] += changes
    for name in (*kinds, _CROWDED):
        yield from _class_lines(name, found[name])
    yield from _class_lines("all backgrounds", everything)
    for method, changes in everything.outside_db.items():
        yield {
            "metric": f"unseen, {method}: change outside the window relative to the recording, dB (median)",
            "value": float(np.median(changes)),
            "largest": float(np.max(changes)),
            "n": len(changes),
        }
    for prompt, values in (("present", everything.refused), *refused.items()):
        yield {
            "metric": f"unseen: {prompt} prompts that are refused",
            "value": float(np.mean(values)),
            "n": len(values),
        }


def _class_lines(name: str, rows: _Class) -> Iterator[Line]:
    for side, mode in enumerate((Mode.KEEP, Mode.REMOVE)):
        values = {method: [pair[side] for pair in pairs] for method, pairs in rows.by_method.items()}
        ours = values.pop(_OURS, [])
        if not ours:
            continue
        means = {method: float(np.mean(found)) for method, found in values.items()}
        yield {
            "metric": f"unseen, {name}: SI-SDR improvement, {mode.value}",
            "value": float(np.mean(ours)),
            "baseline": max(0.0, *(means[method] for method in _SIMPLE)),
            **_spread(ours),
            "doing nothing": 0.0,
            **means,
            **{f"{method}, minimum": float(np.min(found)) for method, found in values.items()},
            "n": len(ours),
            "refused": int(np.sum(rows.refused)),
        }


def _spread(values: Sequence[float]) -> Line:
    return {
        "median": float(np.median(values)),
        "worst decile": float(np.percentile(values, 10)),
        "minimum": float(np.min(values)),
        "below -1 dB": int(np.sum(np.asarray(values) < _LOWEST_DB)),
    }


def _compare(mixture: UnseenMixture, others: Sequence[Separator], rows: _Class) -> None:
    ours = _results(mixture, mixture.name, tuple(Mode))
    rows.refused.append(ours is None)
    if ours is None:
        return
    rows.by_method[_OURS].append(improvement(mixture, ours))
    plain: dict[str, Separator] = {
        _NETWORK: network_separator(),
        "subtraction": SubtractionSeparator(),
        "nmf": FactorSeparator(),
        "oracle ratio mask": OracleSeparator(mixture),
        **{other.name: other for other in others},
    }
    for name, separator in plain.items():
        results = separated(mixture, prompts_of([mixture.name]), tuple(Mode), separator)
        rows.by_method[name].append(improvement(mixture, results))
    for other in others:
        _compare_without_gate(mixture, other, rows)


def _compare_without_gate(mixture: UnseenMixture, separator: Separator, rows: _Class) -> None:
    """Measure a separator where all of the recording is the window."""
    everywhere = replace(mixture, window_samples=(0, len(mixture.meant)))
    results = separated(everywhere, prompts_of([mixture.name]), tuple(Mode), separator)
    window = slice(*mixture.window_samples)
    name = f"{separator.name}, no gate"
    rows.by_method[name].append(improvement(mixture, {mode: made[window] for mode, made in results.items()}))
    outside = np.ones(len(mixture.meant), bool)
    outside[window] = False
    before, after = mixture.whole[outside], results[Mode.REMOVE][outside]
    rows.outside_db[name].append(ratio_db(after - before, before))


def improvement(mixture: Known, results: Mapping[Mode, Samples]) -> tuple[float, float]:
    """Return the improvement of target and remainder over the recording in dB.

    Measured inside the window, where the fades are over.
    """
    fade = s_to_samples(FADE_MS / 1000.0, mixture.rate_hz)
    start, stop = mixture.window_samples
    core, inside = slice(start + fade, stop - fade), slice(fade, stop - start - fade)
    meant, rest = mixture.meant[core], mixture.rest[core]
    whole = meant + rest
    kept, left = results[Mode.KEEP][inside], results[Mode.REMOVE][inside]
    return (
        si_sdr_db(kept, meant) - si_sdr_db(whole, meant),
        si_sdr_db(left, rest) - si_sdr_db(whole, rest),
    )


def _results(mixture: UnseenMixture, text: str, modes: Sequence[Mode]) -> dict[Mode, Samples] | None:
    """Return the window as a user gets it, in each mode; None if Offcut refuses one."""
    try:
        prompts = understood_prompts([text])
        require_present([recording_of(mixture.whole, mixture.rate_hz)], [mixture.window_samples], prompts)
        return separated(mixture, prompts, modes, separator_named(DEFAULT))
    except SeparationError:
        return None


def recording_of(whole: Samples, rate_hz: int) -> Recording:
    """Return samples, shape (frames, channels), as a recording."""
    return Recording(lambda start, stop: whole[start:stop], len(whole), rate_hz)


def separated(
    mixture: Known, prompts: Sequence[Prompt], modes: Sequence[Mode], separator: Separator
) -> dict[Mode, Samples]:
    """Return the window of a mixture as a user gets it, in each mode."""
    by = RememberingSeparator(separator, MaskMemory())
    recording = recording_of(mixture.meant + mixture.rest, mixture.rate_hz)
    made = {}
    for mode in modes:
        pieces = separate(recording, (mixture.window_samples,), Asked(tuple(prompts), mode), by)
        made[mode] = np.concatenate([piece.samples for piece in pieces])
    return made


def _nonsense(rng: np.random.Generator) -> str:
    """Return two words without meaning, of random letters."""
    letters = np.array(list("abcdefghijklmnopqrstuvwxyz"))
    return " ".join("".join(rng.choice(letters, int(rng.integers(*_NONSENSE_LETTERS)))) for _ in range(2))
