"""Measure how well a taste finds the demo's planted faults: ``measure_demo.py [DEMO_DIR] [--taste T.taste]``.

Prints one JSON object a line: a metric with the taste's value and those of its baselines. The energy baseline
scores a moment by how far its loudness is from that of the edited recordings, either way.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.analysis.signal.loudness import level_of
from engine.core.progress import SILENT
from engine.features.taste.anomaly.score import Scores, score_blocks
from engine.features.taste.anomaly.taste import load_taste
from engine.features.taste.anomaly.threshold import auc
from engine.lab.evaluation.metrics import average_precision, time_iou
from engine.sound.reader import SourceReader

DEMO = Path(__file__).resolve().parent.parent / "resources" / "demo"
METRICS = {"auc": auc, "average_precision": average_precision, "time_iou": time_iou}
RANDOM_SEEDS = range(20)
WINDOW_S = 0.75

Floats = NDArray[np.floating]


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the figures; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("demo", type=Path, nargs="?", default=DEMO, metavar="DEMO_DIR")
    parser.add_argument("--taste", type=Path, help="instead of DEMO_DIR/demo.taste")
    options = parser.parse_args(arguments)
    for row in rows(options.demo, options.taste or options.demo / "demo.taste"):
        print(json.dumps(row))
    return 0


def rows(demo: Path, taste: Path) -> Iterator[dict[str, object]]:
    """Yield one metric a row, over all faults and then by kind."""
    mix, rate_hz = raw_mix(demo)
    scored = scored_mix(taste, mix, rate_hz)
    kinds = kinds_at(demo / "truth.csv", scored.times_s)
    scores = {
        "taste": scored.scores.astype(np.float64),
        "energy": energy_scores(demo, mix, rate_hz, scored.times_s),
    }
    yield from (row(metric, "all", kinds, scores) for metric in METRICS)
    for kind in sorted(set(kinds.tolist()) - {""}):
        of = (kinds == kind) | (kinds == "")
        yield row("auc", kind, kinds[of], {by: values[of] for by, values in scores.items()})


def row(metric: str, about: str, kinds: NDArray[np.str_], scores: Mapping[str, Floats]) -> dict[str, object]:
    """Return one metric of the taste beside its baselines."""
    bad, measure = kinds != "", METRICS[metric]
    by_chance = [measure(bad, np.random.default_rng(seed).random(len(bad))) for seed in RANDOM_SEEDS]
    return {
        "metric": metric,
        "about": about,
        "value": round(measure(bad, scores["taste"]), 3),
        "baseline": {
            "energy": round(measure(bad, scores["energy"]), 3),
            "random": round(float(np.mean(by_chance)), 3),
        },
        "n": int(bad.sum()),
    }


def raw_mix(demo: Path) -> tuple[NDArray[np.float32], int]:
    """Return the sum of the raw tracks, folded to mono as the document's mix is, shape (n,), and its rate."""
    tracks, rates_hz = zip(*(mono(path) for path in sorted((demo / "raw").iterdir())), strict=True)
    return np.sum(tracks, axis=0, dtype=np.float32), rates_hz[0]


def mono(path: Path) -> tuple[NDArray[np.float32], int]:
    """Return a file's mean over channels, shape (n,), and its rate."""
    with SourceReader(path) as reader:
        return reader.read(0, reader.frames).mean(axis=1, dtype=np.float32), reader.rate_hz


def scored_mix(taste: Path, mix: NDArray[np.float32], rate_hz: int) -> Scores:
    """Score the mix."""
    return score_blocks(load_taste(taste), [mix], rate_hz, len(mix), SILENT, level_db=level_of([mix]))


def kinds_at(truth: Path, times_s: Floats) -> NDArray[np.str_]:
    """Return the kind of fault at each time, "" where the music is as it was, shape (n,)."""
    kinds = np.full(len(times_s), "", dtype="U16")
    with truth.open(encoding="utf-8", newline="") as stream:
        for fault in csv.DictReader(stream):
            kinds[(times_s >= float(fault["start_s"])) & (times_s < float(fault["stop_s"]))] = fault["kind"]
    return kinds


def energy_scores(demo: Path, mix: NDArray[np.float32], rate_hz: int, times_s: Floats) -> Floats:
    """Score each moment by its loudness, in standard deviations from the edited recordings' mean."""
    edited = np.concatenate([mono(path)[0] for path in sorted((demo / "edited").iterdir())])
    usual = loudness_db(edited, rate_hz, np.arange(WINDOW_S, len(edited) / rate_hz - WINDOW_S, 0.2))
    away: Floats = np.abs(loudness_db(mix, rate_hz, times_s) - usual.mean()) / usual.std()
    return away


def loudness_db(audio: NDArray[np.float32], rate_hz: int, times_s: Floats) -> Floats:
    """Return the level around each time, shape (n,)."""
    energy = np.concatenate([[0.0], np.cumsum(np.square(audio, dtype=np.float64))])
    starts, stops = (
        np.clip(np.rint((times_s + side * WINDOW_S / 2) * rate_hz), 0, len(audio)).astype(np.int64)
        for side in (-1, 1)
    )
    power: Floats = (energy[stops] - energy[starts]) / (stops - starts)
    return np.asarray(10.0 * np.log10(np.maximum(power, 1e-10)))


if __name__ == "__main__":
    sys.exit(main())
