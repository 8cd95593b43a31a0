"""Recordings as they are heard, and scores, made for tests: drawn at random."""

from __future__ import annotations

import numpy as np

from engine.analysis.found_takes import FoundTakes
from engine.features.arrangement.decode import Jump, Scores
from engine.features.arrangement.step_features import COLUMNS, StepFeatures
from engine.features.arrangement.steps import Steps

RATE_HZ = 1000


def steps(n: int, apart_s: float = 0.5) -> Steps:
    """Return steps of half a second, four to a bar."""
    edges = np.arange(n + 1) * round(apart_s * RATE_HZ)
    return Steps(edges.astype(np.int64), np.arange(n) % 4 + 1, RATE_HZ)


def heard(rng: np.random.Generator, parts: list[tuple[int, bool]]) -> StepFeatures:
    """Return a recording of parts, each so many steps long; what is played is loud, what is not is quiet."""
    n = sum(length for length, _ in parts)
    features = rng.normal(0.0, 0.1, (n, COLUMNS)).astype(np.float32)
    flags = np.concatenate([np.full(length, is_played) for length, is_played in parts])
    features[:, 0] += np.where(flags, 0.5, -1.0)
    features[:, 1] = np.diff(features[:, 0], prepend=features[0, 0])
    features[:, 2] = np.diff(features[:, 0], append=features[-1, 0])
    nowhere = np.full(n, -1)
    return StepFeatures(steps(n), features, nowhere, nowhere.copy(), FoundTakes())


def scores(rng: np.random.Generator, n: int, *, jumps: int = 4, passes: int = 3) -> Scores:
    """Return scores drawn at random, with a few jumps from every step."""
    left = rng.uniform(0.05, 0.7, (n, passes))
    onward, back = {}, {}
    for step in range(n):
        ahead, behind = np.arange(step + 2, n), np.arange(max(0, step - 3), step)
        loops = rng.permutation(behind)[:2]
        for passed in range(passes):
            onward[step, passed] = _jump(rng, ahead, jumps)
            back[step, passed] = Jump(loops, np.log(rng.uniform(0.1, 0.9, len(loops))), -12.0)
    begin = _jump(rng, np.arange(n), 3)
    return Scores(rng.normal(0.0, 1.0, n), np.log(1.0 - left), np.log(left), begin, onward, back)


def _jump(rng: np.random.Generator, ahead: np.ndarray[tuple[int], np.dtype[np.int64]], most: int) -> Jump:
    targets = rng.permutation(ahead)[:most]
    chances = rng.uniform(0.1, 1.0, len(targets) + 1)
    logs = np.log(chances / chances.sum())
    return Jump(targets, logs[:-1], float(logs[-1]))
