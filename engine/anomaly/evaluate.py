"""How well a learned score finds planted faults, beside chance and an energy threshold.

Each piece is cut in half: a taste is learned from one half, faults are planted in the other, so no second is
in both; odd seeds swap the halves. Everything is brought down to 16 kHz before it is learned or scored: the
clips have nothing above 8 kHz, and a lossy file's cutoff moves when a passage is repitched, so the top of
the spectrum alone would give both away. Faults come from `engine.anomaly.faults`; none of this says anything
about real jams.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from engine.anomaly.config import default_config
from engine.anomaly.faults.kinds import KINDS
from engine.anomaly.faults.material import Samples
from engine.anomaly.faults.planting import plant
from engine.anomaly.learn import LearnRequest, learn
from engine.anomaly.metrics import auc, average_precision, smoothed, time_iou
from engine.anomaly.recipe_config import RecipeConfig
from engine.anomaly.score import score_blocks
from engine.anomaly.taste import load_taste
from engine.audio.reader import SourceReader
from engine.errors import UsageError
from engine.features.loudness import level_of
from engine.progress import Progress
from engine.safe_write import shown

_RATE_HZ = 16_000
_SHARE = 0.4
_LENGTH_S = (4.0, 12.0)
_LEAST_PIECE_S = 100.0
_MOST_PIECES = 3
_SMOOTHED_S = 3.0
_ENERGY_WIDTH_S = 0.75
_SUFFIXES = (".wav", ".flac", ".ogg", ".mp3", ".aiff", ".aif")
_CATEGORIES = {
    "talk": ("crying_baby", "sneezing", "laughing", "coughing"),
    "noise": ("rain", "sea_waves", "crackling_fire", "helicopter", "chainsaw", "vacuum_cleaner", "engine"),
}

Metric = Callable[[NDArray[np.bool_], NDArray[np.floating]], float]
Row = dict[str, object]


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """One planted recording, scored.

    Attributes
    ----------
    kinds : shape (n,), the kind of fault at each moment, "" where the music is as it was
    scores : by what scored ("taste", "random", "energy"), each of shape (n,)
    hop_s : distance between two moments
    """

    piece: str
    kinds: NDArray[np.str_]
    scores: Mapping[str, NDArray[np.float64]]
    hop_s: float


def evaluate(
    data_dir: Path,
    *,
    progress: Progress,
    seeds: Sequence[int] = (0, 1, 2, 3, 4),
    config: RecipeConfig | None = None,
    short: bool = False,
) -> Iterator[Row]:
    """Yield one metric a row, by piece as each is done, then over all and by kind of fault.

    Parameters
    ----------
    data_dir : holds `music/` and `esc50/` (with `esc50.csv`)
    short : one piece, one seed and a few epochs, to see that it works

    Raises
    ------
    UsageError : the folder does not hold them
    """
    config = config or default_config()
    pieces = pieces_in(data_dir)
    if short:
        pieces, seeds = pieces[-1:], seeds[:1]
        config = config.model_copy(update={"epochs": 3})
    pieces = pieces[:_MOST_PIECES]
    clips = clips_in(data_dir)
    trials: list[Trial] = []
    for number, path in enumerate(pieces):
        audio, rate_hz = whole(path)
        for index, seed in enumerate(seeds):
            done = number * len(seeds) + index
            share = progress.step(done, len(pieces) * len(seeds))
            trials.append(_trial(path.stem, audio, rate_hz, clips, seed, config, share))
        yield from _rows(f"piece {path.stem}", trials[-len(seeds) :])
    yield from _rows("all", trials)
    yield from _rows_by_kind(trials)


def pieces_in(data_dir: Path) -> list[Path]:
    """Find the pieces that are long enough, the longest first."""
    folder = data_dir / "music"
    if not folder.is_dir():
        raise UsageError(f"{shown(folder)} is missing: name the folder that holds music/ and esc50/.")
    lengths = {
        path: soundfile.info(path).duration
        for path in sorted(folder.iterdir())
        if path.suffix.lower() in _SUFFIXES
    }
    pieces = sorted((path for path in lengths if lengths[path] >= _LEAST_PIECE_S), key=lambda p: -lengths[p])
    if not pieces:
        raise UsageError(f"{shown(folder)} holds no piece of {_LEAST_PIECE_S:.0f} s or more: add some music.")
    return pieces


def clips_in(data_dir: Path) -> dict[str, list[Samples]]:
    """Read the clips of each kind, at their own rate, which is brought to the piece's when planting."""
    table = data_dir / "esc50" / "esc50.csv"
    try:
        rows = list(csv.DictReader(table.read_text(encoding="utf-8").splitlines()))
    except OSError as error:
        raise UsageError(
            f"{shown(table)} cannot be read: name the folder that holds music/ and esc50/."
        ) from error
    clips: dict[str, list[Samples]] = {kind: [] for kind in _CATEGORIES}
    for row in rows:
        for kind, categories in _CATEGORIES.items():
            if row["category"] in categories:
                audio, rate_hz = whole(table.parent / "audio" / row["filename"])
                clips[kind].append(_converted(audio.mean(axis=1), rate_hz, _RATE_HZ))
    return clips


def whole(path: Path) -> tuple[Samples, int]:
    with SourceReader(path) as reader:
        return np.concatenate(list(reader.blocks(1 << 18))), reader.rate_hz


def _converted(audio: Samples, from_hz: int, to_hz: int) -> Samples:
    return np.asarray(soxr.resample(audio, from_hz, to_hz, quality="HQ"), np.float32)


def _trial(
    piece: str,
    audio: Samples,
    rate_hz: int,
    clips: Mapping[str, Sequence[Samples]],
    seed: int,
    config: RecipeConfig,
    progress: Progress,
) -> Trial:
    half = len(audio) // 2
    kept, clean = (audio[:half], audio[half:]) if seed % 2 == 0 else (audio[half:], audio[:half])
    rng = np.random.default_rng([seed, len(audio)])
    here = {
        kind: [_converted(some[i], _RATE_HZ, rate_hz) for i in rng.permutation(len(some))[:12]]
        for kind, some in clips.items()
    }
    planted = plant(clean, rate_hz, KINDS, _SHARE, rng, here, _LENGTH_S)
    heard = _converted(planted.audio.mean(axis=1), rate_hz, _RATE_HZ)
    kept = _converted(kept.mean(axis=1), rate_hz, _RATE_HZ)
    with TemporaryDirectory() as folder:
        edited, out = Path(folder) / f"{piece}.wav", Path(folder) / "half.taste"
        soundfile.write(edited, kept, _RATE_HZ, "FLOAT")
        learn(LearnRequest((edited,), config, seed, out), progress.part(0.0, 0.95))
        share, level_db = progress.part(0.95, 1.0), level_of([heard])
        curve = score_blocks(load_taste(out), [heard], _RATE_HZ, len(heard), share, level_db=level_db)
    times_samples = curve.times_s * rate_hz
    kinds = np.full(len(times_samples), "", dtype="U16")
    for fault in planted.faults:
        kinds[(times_samples >= fault.start_samples) & (times_samples < fault.stop_samples)] = fault.kind
    scores = {
        "taste": curve.scores.astype(np.float64),
        "random": rng.random(len(kinds)),
        "energy": _energy_scores(kept, heard, curve.times_s, _ENERGY_WIDTH_S),
    }
    return Trial(piece, kinds, scores, curve.hop_s)


def _energy_scores(
    kept: Samples, heard: Samples, times_s: NDArray[np.float64], width_s: float
) -> NDArray[np.float64]:
    """Score each moment by how far its loudness is from what was kept, either way, in standard deviations."""
    usual = _loudness_db(kept, np.arange(width_s, len(kept) / _RATE_HZ - width_s, 0.2), width_s)
    here = _loudness_db(heard, times_s, width_s)
    z: NDArray[np.float64] = np.abs(here - usual.mean()) / max(float(usual.std()), 0.1)
    return z


def _loudness_db(audio: Samples, times_s: NDArray[np.float64], width_s: float) -> NDArray[np.float64]:
    energy = np.concatenate([[0.0], np.cumsum(np.square(audio, dtype=np.float64))])
    start, stop = (
        np.clip(np.rint((times_s + side * width_s / 2) * _RATE_HZ), 0, len(audio)).astype(np.int64)
        for side in (-1, 1)
    )
    power = (energy[stop] - energy[start]) / np.maximum(stop - start, 1)
    loudness_db: NDArray[np.float64] = 10.0 * np.log10(np.maximum(power, 1e-10))
    return loudness_db


def _rows(about: str, trials: Sequence[Trial]) -> Iterator[Row]:
    def smooth_iou(bad: NDArray[np.bool_], scores: NDArray[np.floating]) -> float:
        return time_iou(bad, smoothed(scores, round(_SMOOTHED_S / trials[0].hop_s)))

    metrics: Mapping[str, Metric] = {
        "auc": auc,
        "average_precision": average_precision,
        "time_iou": time_iou,
        "time_iou_smoothed": smooth_iou,
    }
    for name, metric in metrics.items():
        yield _row(
            name, about, ({by: metric(t.kinds != "", t.scores[by]) for by in t.scores} for t in trials)
        )


def _rows_by_kind(trials: Sequence[Trial]) -> Iterator[Row]:
    """Compare the moments of each kind of fault with all moments that were left as they were."""
    values: dict[str, list[dict[str, float]]] = defaultdict(list)
    for trial in trials:
        for kind in set(trial.kinds) - {""}:
            of = (trial.kinds == kind) | (trial.kinds == "")
            values[kind].append({by: auc(trial.kinds[of] != "", s[of]) for by, s in trial.scores.items()})
    for kind in sorted(values):
        yield _row("auc", f"kind {kind}", values[kind])


def _row(metric: str, about: str, values: Iterable[Mapping[str, float]]) -> Row:
    """Average a figure over recordings; `n` is how many, `std` how far they differ."""
    every = list(values)
    mean = {by: float(np.mean([value[by] for value in every])) for by in every[0]}
    return {
        "metric": metric,
        "about": about,
        "value": mean.pop("taste"),
        "std": float(np.std([value["taste"] for value in every])),
        "baseline": mean,
        "n": len(every),
    }
