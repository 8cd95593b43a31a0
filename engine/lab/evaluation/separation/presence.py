"""Fit and report how likely a sound is present: `python -m engine.lab.evaluation.separation.presence DATA`.

Prints the constants of `engine.features.repair.separation.checks`, then how often present and absent
sounds are refused or marked as doubtful in mixtures of other recordings. DATA holds the material of the lines
"unseen".
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.analysis.sound_names.vocabulary import vocabulary
from engine.features.repair.separation.checks import features
from engine.features.repair.separation.separate import Recording, heard_around
from engine.features.repair.separation.separator import prompts_of
from engine.features.repair.separation.settings import LEAST_PROBABILITY, SURE_PROBABILITY
from engine.lab.evaluation.separation.unseen_mixtures import UnseenMixture, unseen_mixtures
from engine.lab.evaluation.separation.unseen_sources import RATE_HZ, Background, Part

Floats = NDArray[np.float64]
_SEEDS = {Part.FITTED: ((500, 81), (500, 83)), Part.REPORTED: ((300, 71),)}
"""Count and seed of mixtures, as those of `outcome_fit`."""
_ABSENT_EACH = 3
_RIDGE = 10.0
_ROUNDS = 20
_PEOPLE = frozenset(("breathing", "coughing", "laughing", "sneezing", "crying baby"))
_MAY_HOLD = {
    Background.SPEECH: _PEOPLE,
    Background.MUSIC: _PEOPLE | {"clapping", "church bells"},
}
"""Sounds that speech and music can contain, so that their absence is not certain."""


def asked_of(mixture: UnseenMixture, rng: np.random.Generator) -> tuple[str, ...]:
    """Return the sound of a mixture, and some that do not occur in it."""
    known = {mixture.name, mixture.absent, *mixture.others, *_MAY_HOLD.get(mixture.kind, ())}
    others = [name for name in vocabulary() if name not in known]
    chosen = rng.choice(others, _ABSENT_EACH - 1, replace=False).tolist()
    return (mixture.name, mixture.absent, *chosen)


def measured(data_dir: Path, part: Part) -> Iterator[Floats]:
    """Yield the features of the prompts of each mixture: of the present sound first."""
    drawn = (
        (seed, number, mixture)
        for count, seed in _SEEDS[part]
        for number, mixture in enumerate(unseen_mixtures(data_dir, part, count, seed))
    )
    for seed, number, mixture in drawn:
        whole, window = mixture.whole, mixture.window_samples
        recording = Recording(lambda start, stop, of=whole: of[start:stop], len(whole), RATE_HZ)  # type: ignore[misc]
        names = asked_of(mixture, np.random.default_rng([seed, number, 7]))
        segment, _first, _last = heard_around(recording, (window,), window)
        yield features(segment, prompts_of(names))[0]


def fitted(rows: Floats, is_present: NDArray[np.bool_]) -> tuple[Floats, Floats, float]:
    """Return means, weights and offset of a logistic regression in which both classes count alike.

    A ridge on standardised weights (A. E. Hoerl, R. W. Kennard, 1970), by Newton's method.
    """
    means, deviations = rows.mean(axis=0), rows.std(axis=0)
    scaled = np.column_stack([(rows - means) / deviations, np.ones(len(rows))])
    counts = np.where(is_present, 0.5 / is_present.sum(), 0.5 / (~is_present).sum()) * len(rows)
    ridge = np.diag([_RIDGE] * rows.shape[1] + [0.0])
    weights = np.zeros(scaled.shape[1])
    for _ in range(_ROUNDS):
        likely = 1.0 / (1.0 + np.exp(-scaled @ weights))
        slope = scaled.T @ (counts * (likely - is_present)) + ridge @ weights
        curve = (scaled * (counts * likely * (1.0 - likely))[:, None]).T @ scaled + ridge
        weights -= np.linalg.solve(curve, slope)
    return means, weights[:-1] / deviations, float(weights[-1])


def main() -> None:
    """Fit on one part and report on the other."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    data = parser.parse_args().data
    found = list(measured(data, Part.FITTED))
    is_present = np.concatenate([np.arange(len(each)) == 0 for each in found])
    means, weights, offset = fitted(np.concatenate(found), is_present)
    print(json.dumps({"means": means.tolist(), "weights": weights.tolist(), "offset": offset}))
    reported = [
        1.0 / (1.0 + np.exp(-(each - means) @ weights - offset)) for each in measured(data, Part.REPORTED)
    ]
    present = np.array([each[0] for each in reported])
    absent = np.concatenate([each[1:] for each in reported])
    for name, likely in (("present", present), ("absent", absent)):
        row = {"refused": (likely < LEAST_PROBABILITY).mean(), "not_sure": (likely < SURE_PROBABILITY).mean()}
        print(json.dumps({"sounds": name, "n": len(likely), **row}))


if __name__ == "__main__":
    main()
