"""Scorers of a recording: a learned taste, chance, or a threshold on the loudness."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import soundfile
from numpy.typing import NDArray

from engine.analysis.signal.loudness import level_of
from engine.core.progress import Progress
from engine.features.taste.anomaly.learn import LearnRequest, learn
from engine.features.taste.anomaly.planting import Samples
from engine.features.taste.anomaly.score import Scores, score_blocks
from engine.features.taste.anomaly.taste import Taste, load_taste
from engine.lab.evaluation.materials.case import Case
from engine.lab.evaluation.rows import CHANCE, ENERGY, TRUTH, ComparisonRow
from engine.lab.simulated.recordings import HEARD_RATE_HZ

_HOP_S = 0.16
_ENERGY_WIDTH_S = 0.75

Scorer = Callable[[Samples], Scores]
"""Scores a mono recording at the rate of the evaluation, shape (n,)."""


Tastes = dict[str, Taste]
"""Trained models, by training data."""


def scorer_of(
    row: ComparisonRow, case: Case, seed: int, progress: Progress, learned: Tastes | None = None
) -> Scorer:
    """Return the scorer of a row, trained on the data of a case.

    Parameters
    ----------
    learned : cache of trained models
    """
    if row == CHANCE:
        return _chance(seed)
    if row == ENERGY:
        return _energy([one.heard() for one in case.kept])
    if row == TRUTH:
        return _truth(case)
    known = {} if learned is None else learned
    kept = _digest(row, case, seed)
    if kept not in known:
        known[kept] = _learned(row, case, seed, progress)
    taste = known[kept]

    def score(audio: Samples) -> Scores:
        level_db = level_of([audio])
        return score_blocks(
            taste, [audio], HEARD_RATE_HZ, len(audio), progress.part(1.0, 1.0), level_db=level_db
        )

    return score


def _digest(row: ComparisonRow, case: Case, seed: int) -> str:
    digest = blake2b(f"{row.name} {row.digest} {seed}".encode(), digest_size=16)
    if row.hears_raw:
        digest.update(case.group.encode() + case.tested[0].name.encode())
    for one in case.kept:
        digest.update(one.audio.tobytes())
    return digest.hexdigest()


def _learned(row: ComparisonRow, case: Case, seed: int, progress: Progress) -> Taste:
    assert row.config is not None
    with TemporaryDirectory() as name:
        folder = Path(name)
        edited, raw = [], []
        for number, one in enumerate(case.kept):
            edited.append(folder / f"edited {number}.wav")
            soundfile.write(edited[-1], one.heard(), HEARD_RATE_HZ, "FLOAT")
            if row.hears_raw:
                raw.append(folder / f"raw {number}.wav")
                soundfile.write(raw[-1], case.raw_of(one), HEARD_RATE_HZ, "FLOAT")
        out = folder / "evaluated.taste"
        learn(LearnRequest(tuple(edited), row.config, seed, out, raw=tuple(raw)), progress)
        return load_taste(out)


def _chance(seed: int) -> Scorer:
    rng = np.random.default_rng([seed, 0])

    def score(audio: Samples) -> Scores:
        times_s = _moments_s(audio)
        return Scores(times_s, rng.random(len(times_s), np.float32), _HOP_S)

    return score


def _energy(kept: list[Samples]) -> Scorer:
    """Score a moment by how far its loudness is from the usual, either way, in standard deviations."""
    usual_db = np.concatenate([_loudness_db(one) for one in kept])
    mean_db, std_db = float(usual_db.mean()), max(float(usual_db.std()), 0.1)

    def score(audio: Samples) -> Scores:
        z = np.abs(_loudness_db(audio) - mean_db) / std_db
        return Scores(_moments_s(audio), (z / (1.0 + z)).astype(np.float32), _HOP_S)

    return score


def _truth(case: Case) -> Scorer:
    """Score anomalies 1, and the rest 0."""
    kinds_of = {id(one.audio): one.kinds_at for one in case.tested}
    odd = {id(one.audio) for one in case.files if one.is_odd or one.is_altered}

    def score(audio: Samples) -> Scores:
        times_s = _moments_s(audio)
        kinds_at = kinds_of.get(id(audio))
        bad = np.full(len(times_s), id(audio) in odd) if kinds_at is None else kinds_at(times_s) != ""
        return Scores(times_s, bad.astype(np.float32), _HOP_S)

    return score


def _moments_s(audio: Samples) -> NDArray[np.float64]:
    return np.arange(0.0, len(audio) / HEARD_RATE_HZ, _HOP_S)


def _loudness_db(audio: Samples) -> NDArray[np.float64]:
    energy = np.concatenate([[0.0], np.cumsum(np.square(audio, dtype=np.float64))])
    start, stop = (
        np.clip(
            np.rint((_moments_s(audio) + side * _ENERGY_WIDTH_S / 2) * HEARD_RATE_HZ), 0, len(audio)
        ).astype(np.int64)
        for side in (-1, 1)
    )
    power = (energy[stop] - energy[start]) / np.maximum(stop - start, 1)
    loudness_db: NDArray[np.float64] = 10.0 * np.log10(np.maximum(power, 1e-10))
    return loudness_db
