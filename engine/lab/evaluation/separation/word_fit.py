"""Fit the probability of a correct name: `python -m engine.lab.evaluation.separation.word_fit DATA`.

Prints what `engine.analysis.detection.what_sounds` holds, and, of each word, how often it was right by the
likelihood that was fitted on the other half. DATA holds `esc50` and `music`.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.analysis.detection.detector import detector
from engine.analysis.detection.spectra import MEL
from engine.analysis.detection.what_sounds import LEAST_LIKELIHOOD, Place, named_places
from engine.analysis.sound_names.vocabulary import vocabulary
from engine.lab.evaluation.separation.events import is_right, versions_of
from engine.lab.evaluation.separation.recordings import Scored, halves, recordings
from engine.lab.evaluation.separation.words import noises, pieces
from engine.lab.training.detection.sounds import load_sounds

_SEEDS = ((141, 10), (1141, 10), (2141, 40)), ((142, 10), (1142, 10), (2142, 40))
_RIDGE = 1.0
_LEAST_SAID, _LEAST_IN_HALF = 8, 3
_NAMES = tuple(vocabulary())


@dataclass(frozen=True, slots=True)
class ScoredWord:
    """A place with its most probable word, of one half, in a labelled recording or elsewhere.

    Attributes
    ----------
    weight : balances places elsewhere by duration
    """

    place: Place
    is_right: bool
    half: int
    is_elsewhere: bool
    weight: float = 1.0


def told(data: Path) -> Iterator[ScoredWord]:
    """Yield all places of both halves; a word for a background that goes on is neither right nor wrong."""
    for half, sounds in enumerate(halves(load_sounds(data / "esc50", [5]))):
        known_s = 0.0
        for seed, count in _SEEDS[half]:
            for recording in recordings(sounds, count, seed):
                known_s += len(recording.samples) / MEL.rate_hz
                yield from _of_recording(recording, half)
        elsewhere = [*noises(), *islice(pieces(data / "music"), half, None, 2)]
        weight = known_s / (sum(map(len, elsewhere)) / MEL.rate_hz)
        for samples in elsewhere:
            for place in _places(samples):
                yield ScoredWord(place, False, half, True, weight)


def _of_recording(recording: Scored, half: int) -> Iterator[ScoredWord]:
    length_s = len(recording.samples) / MEL.rate_hz
    for place in _places(recording.samples):
        start_s, stop_s = place.span_s
        goes_on = recording.backgrounds[int((start_s + stop_s) / 2 >= length_s / 2)]
        right = is_right((start_s, stop_s, 0.0), recording.of(place.word))
        if right or place.word != goes_on:
            yield ScoredWord(place, right, half, False)


def _places(samples: NDArray[np.float32]) -> list[Place]:
    return named_places(detector(), versions_of(samples))


def fitted(rows: Sequence[ScoredWord]) -> NDArray[np.float64]:
    """Return slopes of odds and of salience, an offset for each name, and the common one.

    It is logistic regression with a ridge on all but the last (A. E. Hoerl, R. W. Kennard, 1970), by Newton's
    method.
    """
    design, right = _design(rows), np.array([one.is_right for one in rows], np.float64)
    weights = np.array([one.weight for one in rows])
    ridge = np.diag([_RIDGE] * (design.shape[1] - 1) + [0.0])
    found = np.zeros(design.shape[1])
    for _ in range(50):
        likely = 1.0 / (1.0 + np.exp(-design @ found))
        slope = design.T @ (weights * (likely - right)) + ridge @ found
        curve = (design * (weights * likely * (1.0 - likely))[:, None]).T @ design + ridge
        step = np.linalg.solve(curve + 1e-9 * np.eye(len(found)), slope)
        found -= step
        if np.abs(step).max() < 1e-8:
            break
    return found


def likelihoods(rows: Sequence[ScoredWord], found: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the fitted probability that each word is right, shape (n,)."""
    return np.asarray(1.0 / (1.0 + np.exp(-_design(rows) @ found)))


def _design(rows: Sequence[ScoredWord]) -> NDArray[np.float64]:
    design = np.zeros((len(rows), len(_NAMES) + 3))
    design[:, 0] = [one.place.odds for one in rows]
    design[:, 1] = [one.place.stands_out for one in rows]
    design[np.arange(len(rows)), [2 + _NAMES.index(one.place.word) for one in rows]] = 1.0
    design[:, -1] = 1.0
    return design


def main() -> None:
    """Fit on each half, evaluate on the other, and print the fit on both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    rows = list(told(parser.parse_args().data))
    halved = [[one for one in rows if one.half == half] for half in (0, 1)]
    said: list[ScoredWord] = []
    for half in (0, 1):
        likely = likelihoods(halved[half], fitted(halved[1 - half]))
        here = [one for one, each in zip(halved[half], likely, strict=True) if each >= LEAST_LIKELIHOOD]
        known = [one for one in here if not one.is_elsewhere]
        share = float(np.mean([one.is_right for one in known]))
        elsewhere = len(here) - len(known)
        print(json.dumps({"half": half, "said": len(known), "right": share, "said elsewhere": elsewhere}))
        said += here
    both = fitted(rows)
    print(json.dumps({"slopes": both[:2].round(2).tolist(), "offset": round(both[-1], 2)}))
    for number, name in enumerate(_NAMES):
        of_halves = [[one for one in said if (one.place.word, one.half) == (name, half)] for half in (0, 1)]
        rights = [sum(one.is_right for one in each) for each in of_halves]
        counts = [len(each) for each in of_halves]
        elsewhere = sum(one.is_elsewhere for each in of_halves for one in each)
        is_said = (
            sum(counts) >= _LEAST_SAID
            and not elsewhere
            and 2 * sum(rights) > sum(counts)
            and all(
                count < _LEAST_IN_HALF or 2 * right > count
                for right, count in zip(rights, counts, strict=True)
            )
        )
        print(json.dumps({"word": name, "offset": round(both[2 + number], 2), "right": rights, "said": counts,
                          "elsewhere": elsewhere, "is said": is_said}))  # fmt: skip


if __name__ == "__main__":
    main()
