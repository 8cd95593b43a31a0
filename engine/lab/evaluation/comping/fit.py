"""Fits the weights of `engine.features.takes.comp_costs`: ``python -m engine.lab.evaluation.comping.fit
DATA``.

Bands, drummers and noises are those of `TUNING_BANDS`; no report has them.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from engine.features.takes.comp_costs import Differences, Key, Weights, deviations, differences, odds_of
from engine.features.takes.following import Bars, bars_of_takes, follow
from engine.lab.evaluation.comping.bands import TUNING_BANDS
from engine.lab.evaluation.comping.faults import Fault
from engine.lab.evaluation.comping.session import RATE_HZ, Rehearsal, reader, rehearsal

_SEEDS = (*range(101, 109), *range(301, 305))
_BARS = 16
_RIDGE = 1.0
_STARTS_OFF_S, _RINGS_S = 0.3, 0.5
Values = NDArray[np.float64]
Row = tuple[dict[Key, Values], NDArray[np.bool_]]


def compared(one: Rehearsal, is_of_tracks: bool) -> tuple[Differences, Bars]:
    """Return the differences between the takes of a rehearsal, whose bars are known."""
    rng = np.random.default_rng(len(one.takes))
    spans = [
        (
            begin - round(rng.uniform(0.0, _STARTS_OFF_S) * RATE_HZ),
            begin + round((take.bars_s[-1] + _RINGS_S) * RATE_HZ),
        )
        for begin, take in zip(one.begins_samples, one.takes, strict=True)
    ]
    mix = reader(one.mix)
    takes = follow(mix, spans, 0, RATE_HZ)
    lines = one.begins_samples[0] + np.rint(one.takes[0].bars_s * RATE_HZ).astype(np.int64)
    bars = bars_of_takes(mix, takes, 0, lines, spans, RATE_HZ)
    tracks = [reader(track) for track in one.tracks.values()] if is_of_tracks else [mix]
    return differences(tracks, takes, bars, RATE_HZ), bars


def is_faulty(faults: Sequence[Fault], bars: Bars) -> NDArray[np.bool_]:
    """Return which bars have a fault, shape (takes, bars)."""
    found = np.zeros(bars.is_played.shape, np.bool_)
    for fault in faults:
        found[fault.take, fault.bar] = True
    return found


def fitted(rows: Sequence[Row]) -> Weights:
    """Return the weights, none of them negative, that explain which bars have faults.

    Only bars are known to have faults, not tracks: the track with the largest logit explains a bar.
    """
    names = list(rows[0][0])
    stacked = [(np.stack([values[name] for name in names], -1), faulty) for values, faulty in rows]

    def loss(weights: Values) -> tuple[float, Values]:
        cost, slope = _RIDGE * float(np.square(weights[:-1]).sum()), np.append(2 * _RIDGE * weights[:-1], 0.0)
        for values, faulty in stacked:
            tracks = values @ weights[:-1]
            odds = odds_of(tracks) + weights[-1]
            apart = 1.0 / (1.0 + np.exp(-odds)) - faulty
            shares = np.exp(tracks - tracks.max(axis=0))
            cost += float(np.logaddexp(0.0, np.where(faulty, -odds, odds)).sum())
            slope[:-1] += np.einsum("stb,stbn->n", apart * shares / shares.sum(axis=0), values)
            slope[-1] += apart.sum()
        return cost, slope

    limits = [(0.0, None)] * len(names) + [(None, None)]
    found = minimize(
        loss, np.append(np.full(len(names), 0.2), -3.0), jac=True, method="L-BFGS-B", bounds=limits
    )
    return Weights(
        {name: round(float(one), 2) for name, one in zip(names, found.x, strict=False) if one >= 0.005},
        round(float(found.x[-1]), 2),
    )


def main(data_dir: Path) -> None:
    """Print the weights for recordings of one track, and of several."""
    made = [
        rehearsal(data_dir, band, seed, takes, _BARS, is_tuning=True)
        for band in TUNING_BANDS
        for seed in _SEEDS
        for takes in (3, 4)
    ]
    for is_of_tracks in (False, True):
        rows = []
        for one in made:
            found, bars = compared(one, is_of_tracks)
            rows.append((deviations(found), is_faulty(one.faults, bars)))
        sys.stdout.write(f"{fitted(rows)}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
