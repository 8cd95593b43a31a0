"""``python -m engine.lab.evaluation.voices.fit DATA``: compute the numbers of
`engine.analysis.detection.voices.RULE`.

Uses the training half of the recordings only. Weights: logistic regression on
every tenth frame, each kind of scene with a fixed weight. Thresholds: the highest recall of half seconds with
false alarms, music, singing and cries within limits.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from engine.analysis.detection.voices import FRAME_S, SpeechRule, is_speech, speech_scores
from engine.lab.evaluation.separation.unseen_sources import Part
from engine.lab.evaluation.voices.scenes import (
    HALF_S,
    cry_scenes,
    music_scenes,
    speech_scenes,
    sung_scenes,
)
from engine.lab.evaluation.voices.voices import halves, listened

SEED = 71
_COUNT = 80
_SPEECH, _MUSIC, _SUNG, _CRY = "speech", "music", "sung", "cry"
_WEIGHTS = {_SPEECH: 1.0, _MUSIC: 0.3, _SUNG: 0.3, _CRY: 0.5}
_RIDGE = 3e-3
_EVERY = 10
_MOST_FALSE, _MOST_MUSIC, _MOST_SUNG, _MOST_CRIES = 0.005, 0.009, 0.027, 0.07
_BEGINS_AT = np.arange(0.0, 4.01, 0.25)
_BELOW = (0.0, 1.0, 2.0, 3.0)
_PADDED = (10, 20, 30)


@dataclass(frozen=True, slots=True, eq=False)
class _Row:
    kind: str
    group: str
    is_active: NDArray[np.bool_]
    is_quiet: NDArray[np.bool_]
    features: NDArray[np.float32]


def fit(data_dir: Path) -> tuple[SpeechRule, dict[str, float]]:
    """Return the rule and its figures on the recordings it was fitted on."""
    rows = list(_rows(data_dir))
    weights, offset = _logistic(rows)
    best: tuple[SpeechRule, dict[str, float]] | None = None
    for begins_at, below, padded in product(_BEGINS_AT, _BELOW, _PADDED):
        rule = SpeechRule(weights, offset, float(begins_at), float(begins_at - below), padded)
        figures = _figures(rows, rule)
        is_within = (
            figures["false"] <= _MOST_FALSE
            and figures[_MUSIC] <= _MOST_MUSIC
            and figures[_SUNG] <= _MOST_SUNG
            and figures[_CRY] <= _MOST_CRIES
        )
        if is_within and (best is None or figures["recall"] > best[1]["recall"]):
            best = rule, figures
    if best is None:
        raise ValueError("no thresholds are within the limits")
    return best


def _rows(data_dir: Path) -> Iterator[_Row]:
    part = Part.FITTED
    kinds = {
        _SPEECH: speech_scenes(data_dir, part, _COUNT, SEED),
        _MUSIC: music_scenes(data_dir, part),
        _SUNG: sung_scenes(data_dir, part),
        _CRY: cry_scenes(data_dir, part, SEED),
    }
    for kind, scenes in kinds.items():
        for scene in scenes:
            found = listened(scene).features
            yield _Row(kind, scene.group, scene.is_active, scene.is_quiet, found)


def _logistic(rows: list[_Row]) -> tuple[tuple[float, ...], float]:
    per_half = round(HALF_S / FRAME_S)
    groups: dict[tuple[str, bool], list[NDArray[np.float32]]] = {}
    for row in rows:
        count = min(len(row.is_active), len(row.features) // per_half)
        frames = row.features[: count * per_half].reshape(count, per_half, -1)[:, _EVERY // 2 :: _EVERY]
        active, quiet = row.is_active[:count], row.is_quiet[:count]
        for is_meant in (True, False) if row.kind == _SPEECH else (True,):
            chosen = frames[active if is_meant else quiet].reshape(-1, frames.shape[-1])
            groups.setdefault((row.kind, is_meant), []).append(chosen)
    found = {key: np.concatenate(all_of).astype(np.float64) for key, all_of in groups.items()}
    inputs = np.concatenate(list(found.values()))
    sign = np.concatenate(
        [np.full(len(each), 1.0 if key == (_SPEECH, True) else -1.0) for key, each in found.items()]
    )
    weight = np.concatenate([np.full(len(each), _WEIGHTS[key[0]] / len(each)) for key, each in found.items()])
    mean, scale = inputs.mean(axis=0), inputs.std(axis=0) + 1e-6
    scaled = (inputs - mean) / scale

    def loss(values: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        margin = sign * (scaled @ values[:-1] + values[-1])
        slope = -weight * sign / (1.0 + np.exp(margin))
        total = float((weight * np.logaddexp(0.0, -margin)).sum() + _RIDGE * (values[:-1] ** 2).sum())
        return total, np.append(scaled.T @ slope + 2.0 * _RIDGE * values[:-1], slope.sum())

    values = minimize(loss, np.zeros(scaled.shape[1] + 1), jac=True, method="L-BFGS-B").x
    weights = values[:-1] / scale
    return tuple(np.round(weights, 3).tolist()), round(float(values[-1] - weights @ mean), 2)


def _figures(rows: list[_Row], rule: SpeechRule) -> dict[str, float]:
    """Return mean recall and false alarms over groups of scenes, and how much of the others is called."""
    found: dict[tuple[str, str], list[NDArray[np.bool_]]] = {}
    for row in rows:
        called = halves(is_speech(speech_scores(row.features, rule), rule))[: len(row.is_active)]
        active, quiet = row.is_active[: len(called)], row.is_quiet[: len(called)]
        name = "recall" if row.kind == _SPEECH else row.kind
        found.setdefault((name, row.group), []).append(called[active])
        if row.kind == _SPEECH:
            found.setdefault(("false", row.group), []).append(called[quiet])
    means: dict[str, list[float]] = {}
    for (name, _), each in found.items():
        means.setdefault(name, []).append(float(np.concatenate(each).mean()))
    return {name: float(np.mean(values)) for name, values in means.items()}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    made, figures = fit(parser.parse_args().data)
    print(made)
    print(figures)
