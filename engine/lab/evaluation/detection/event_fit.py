"""Fit log odds and thresholds of events: `python -m engine.lab.evaluation.detection.event_fit DATA`.

Prints what `engine.analysis.detection.what_sounds` holds, by words and by one marked occurrence, chosen on
the half of recordings and interviews that no table reports; recordings and interviews count the same. Weights
of words are those of `evidence_over_time`; the weight by example multiplies the existing one. DATA holds
`esc50`, `speech` and `ambience`. Places depend slightly on the fitted values: run it again after a change.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from engine.analysis.detection import what_sounds as events
from engine.analysis.detection.detector import STEP_S, SoundFeatures, Words, detector
from engine.analysis.detection.spectra import MEL
from engine.analysis.signal.streams import resampled
from engine.analysis.sound_names.prompts import meanings, text_encoder
from engine.lab.evaluation.detection.interviews import CHOSEN, MEANT, Interview, interviews, sources
from engine.lab.evaluation.separation.events import is_right, versions_of
from engine.lab.evaluation.separation.recordings import Occurrence, Relation, Scored, halves, recordings
from engine.lab.evaluation.separation.unseen_sources import RATE_HZ
from engine.lab.training.detection.sounds import load_sounds

SEED, COUNT = 141, 10
FALSE_ALARMS_A_MINUTE = 0.5
_NEAR = -3.0
"""Places with log odds below this do not inform about those near the threshold."""


@dataclass(slots=True)
class Places:
    """All salient places of one search method.

    Attributes
    ----------
    odds, right : of each place
    evidence : the terms of the odds of each place
    minutes : searched, over prompts
    """

    odds: list[float] = field(default_factory=list)
    right: list[bool] = field(default_factory=list)
    evidence: list[tuple[float, ...]] = field(default_factory=list)
    minutes: float = 0.0

    def add(
        self,
        odds: events.Steps,
        evidence: Sequence[events.Steps],
        truth: Sequence[Occurrence],
        minutes: float,
    ) -> None:
        """Take the places of one prompt.

        Parameters
        ----------
        odds, evidence : of each step, shape (steps,)
        """
        for place in events.candidates(odds):
            self.odds.append(place[2])
            self.right.append(is_right(place, truth))
            first = min(max(0, round(place[0] / STEP_S - 0.5)), len(odds) - 1)
            stop = min(max(first + 1, round(place[1] / STEP_S + 0.5)), len(odds))
            highest = first + int(np.argmax(odds[first:stop]))
            self.evidence.append(tuple(float(each[highest]) for each in evidence))
        self.minutes += minutes


def by_words(
    versions: Sequence[SoundFeatures],
    prompts: Sequence[tuple[Words, Sequence[Occurrence]]],
    places: Places,
) -> None:
    """Look for prompts, of each the vectors of its phrases and where it occurs."""
    words = [phrases for phrases, _ in prompts]
    odds = events.odds_over_time(detector(), versions, words)
    raw, shares = events.evidence_over_time(detector(), versions, words)
    for number, (_, truth) in enumerate(prompts):
        evidence = raw[:, number], shares[:, number]
        places.add(odds[:, number], evidence, truth, len(odds) * STEP_S / 60.0)


def by_example(recording: Scored, heard: SoundFeatures, places: Places) -> None:
    """Search for sounds like the marked occurrence of each name."""
    for name in recording.names:
        truth = recording.of(name)
        marked = [each for each in truth if each.relation is Relation.MARKED]
        if marked:
            odds = events.example_odds_over_time(heard, (marked[0].start_s, marked[0].stop_s))
            places.add(odds, (odds,), truth, len(odds) * STEP_S / 60.0)


def weights_of(
    evidence: NDArray[np.float64], right: NDArray[np.bool_], counts: NDArray[np.float64] | None = None
) -> NDArray[np.float64]:
    """Return the logistic regression of being right on evidence: a weight for each column, and the offset.

    Parameters
    ----------
    evidence : shape (places, columns)
    counts : how much each place counts, shape (places,); all the same unless given
    """
    design = np.column_stack([evidence, np.ones(len(evidence))])
    parts = np.full(len(design), 1.0 / len(design)) if counts is None else counts / counts.sum()

    def surprise(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        odds = design @ weights
        value = parts @ np.logaddexp(0.0, np.where(right, -odds, odds))
        return float(value), design.T @ (parts * (1.0 / (1.0 + np.exp(-odds)) - right))

    return np.asarray(minimize(surprise, np.zeros(design.shape[1]), jac=True, method="BFGS").x)


def threshold(odds: NDArray[np.float64], right: NDArray[np.bool_], most_false: float) -> float:
    """Return the odds above which at most this number of places are false alarms."""
    wrong = np.sort(odds[~right])[::-1]
    return float(wrong[int(most_false)]) if int(most_false) < len(wrong) else -np.inf


def gathered(data: Path) -> dict[str, tuple[Places, ...]]:
    """Return places to choose settings on: by words in recordings and in interviews, and by example."""
    in_recordings, in_interviews, like_one = Places(), Places(), Places()
    encode = text_encoder().encode
    chosen, _ = halves(load_sounds(data / "esc50", [5]))
    for recording in recordings(chosen, COUNT, SEED):
        versions = versions_of(recording.samples)
        prompts = [(encode(name)[None], recording.of(name)) for name in recording.names]
        by_words(versions, prompts, in_recordings)
        by_example(recording, versions[0], like_one)
    for interview in interviews(sources(data, CHOSEN), COUNT, SEED):
        samples = np.concatenate(list(resampled([interview.samples], RATE_HZ, MEL.rate_hz)))
        prompts = [
            (np.stack([encode(phrase) for phrase in meanings(prompt)]), occurrences(interview, prompt))
            for prompt in MEANT
        ]
        by_words(versions_of(samples), prompts, in_interviews)
    return {"words": (in_recordings, in_interviews), "example": (like_one,)}


def occurrences(interview: Interview, prompt: str) -> tuple[Occurrence, ...]:
    """Return where a prompt occurs."""
    return tuple(one for one, _ in interview.of(prompt))


def main(arguments: Sequence[str] | None = None) -> None:
    """Print weights, offset and threshold of both ways."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    for way, parts in gathered(parser.parse_args(arguments).data).items():
        odds = np.concatenate([places.odds for places in parts])
        right = np.concatenate([places.right for places in parts])
        evidence = np.concatenate([places.evidence for places in parts])
        counts = np.concatenate([np.full(len(places.odds), 1.0 / len(places.odds)) for places in parts])
        near = odds >= (_NEAR if way == "words" else -np.inf)
        weights = weights_of(evidence[near], right[near], counts[near])
        fitted = np.column_stack([evidence, np.ones(len(evidence))]) @ weights
        most_false = FALSE_ALARMS_A_MINUTE * sum(places.minutes for places in parts)
        begins_at = threshold(fitted, right, most_false)
        line = {
            "way": way,
            "weights": np.round(weights[:-1], 3).tolist(),
            "offset": round(float(weights[-1]), 2),
            "one false alarm in two minutes at": round(begins_at, 2),
            "places": len(odds),
            "right": int(right.sum()),
            "right of those that are found": round(float(right[fitted >= begins_at].mean()), 3),
        }
        print(json.dumps(line))


if __name__ == "__main__":
    main()
