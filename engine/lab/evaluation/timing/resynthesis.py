"""The row of the table of alignment that resynthesises everything: its distance to the intended audio.

``python -m engine.lab.evaluation.timing.resynthesis --data DIR`` trains on a few performances and measures on
others.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import soxr

from engine.lab.simulated.performances.displacement import Displacement
from engine.lab.simulated.performances.parts import Part, takes
from engine.lab.simulated.performances.takes import Take
from engine.lab.training.timing.resynthesis import (
    RATE_HZ,
    SETTINGS,
    SoundPair,
    metronome,
    resynthesised,
    spectral_distance_db,
    train,
)

_OFF = Displacement(jitter_ms=15.0, drift_ms=8.0)
_LONGEST_S = 12.0


def pairs(data_dir: Path, part: Part, count: int, seed: int) -> list[SoundPair]:
    """Return mixed performances at `RATE_HZ`, as they were played and as they were meant."""
    return [_pair(take) for take in takes(data_dir, part, count, seed, _OFF, _LONGEST_S)]


def _pair(take: Take) -> SoundPair:
    rate_hz = take.kit.rate_hz
    played, meant = (
        soxr.resample(one.rendered().mix(), rate_hz, RATE_HZ) for one in (take, take.faultless())
    )
    frames = min(len(played), len(meant))
    divisions = take.played.score.divisions
    beats = take.grid().beats_samples.astype(np.float64)
    numbers = np.arange((len(beats) - 1) * divisions + 1) / divisions
    lines = np.interp(numbers, np.arange(len(beats)), beats)
    return SoundPair(played[:frames], metronome(lines, frames, rate_hz), meant[:frames])


def measure(data_dir: Path, trained_on: int, tested_on: int, seed: int = 0) -> dict[str, float]:
    """Return the distance in dB to the intended audio, of the result and of the unprocessed audio."""
    model = train(
        pairs(data_dir, "train", trained_on, seed), pairs(data_dir, "validation", 2, seed), seed, SETTINGS
    )
    tested = pairs(data_dir, "test", tested_on, seed)
    made = [spectral_distance_db(resynthesised(model, pair), pair.meant) for pair in tested]
    untouched = [spectral_distance_db(pair.played, pair.meant) for pair in tested]
    return {"spectral_distance_db": float(np.mean(made)), "untouched_db": float(np.mean(untouched))}


def main() -> None:
    """Train, measure, and print the figures."""
    parser = argparse.ArgumentParser(description="Train a network that resynthesises drums in time.")
    parser.add_argument("--data", type=Path, required=True, metavar="DIR")
    parser.add_argument("--performances", type=int, default=24, metavar="N")
    options = parser.parse_args()
    print(json.dumps(measure(options.data, options.performances, max(2, options.performances // 4))))


if __name__ == "__main__":
    main()
