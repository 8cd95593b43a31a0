"""Fit log odds and thresholds of events: `python -m engine.evaluation.separation.event_fit DATA`.

Prints what `engine.detection.events` holds, by words and by one marked occurrence, chosen on that half of the
recordings that no table reports; of words the threshold is not used, which is a likelihood of a half. DATA
holds `esc50`.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from engine.detection import events
from engine.detection.detector import Heard, detector
from engine.detection.spectra import MEL
from engine.detection.training.sounds import load_sounds
from engine.evaluation.separation.events import heard_of, is_right
from engine.evaluation.separation.recordings import Relation, Scored, halves, recordings
from engine.words.text import text_encoder

SEED, COUNT = 141, 10
FALSE_ALARMS_A_MINUTE = 0.5


@dataclass(slots=True)
class Places:
    """All places that stand out, by one way of looking.

    Attributes
    ----------
    odds, right : of each place
    minutes : that were looked through, over prompts
    """

    odds: list[float] = field(default_factory=list)
    right: list[bool] = field(default_factory=list)
    minutes: float = 0.0

    def add(self, odds: events.Steps, recording: Scored, name: str) -> None:
        """Take the places of one prompt."""
        truth = recording.of(name)
        for place in events.candidates(odds):
            self.odds.append(place[2])
            self.right.append(is_right(place, truth))
        self.minutes += len(recording.samples) / MEL.rate_hz / 60.0


def heard_recordings(data: Path) -> Iterator[tuple[Scored, Heard]]:
    """Yield the recordings that settings are chosen on, and what the network hears in them."""
    chosen, _ = halves(load_sounds(data / "esc50", [5]))
    for recording in recordings(chosen, COUNT, SEED):
        yield recording, heard_of(recording.samples)


def by_words(recording: Scored, heard: Heard, places: Places) -> None:
    """Look for each name that occurs."""
    encode = text_encoder().encode
    odds = events.odds_over_time(detector(), heard, np.stack([encode(name) for name in recording.names]))
    for number, name in enumerate(recording.names):
        places.add(odds[:, number], recording, name)


def by_example(recording: Scored, heard: Heard, places: Places) -> None:
    """Look for what is like the marked occurrence of each name."""
    for name in recording.names:
        marked = [each for each in recording.of(name) if each.relation is Relation.MARKED]
        if marked:
            span_s = marked[0].start_s, marked[0].stop_s
            places.add(events.example_odds_over_time(heard, span_s), recording, name)


def slope_and_offset(odds: NDArray[np.float64], right: NDArray[np.bool_]) -> tuple[float, float]:
    """Return the logistic regression of being right on odds (J. Platt, 1999)."""

    def surprise(line: NDArray[np.float64]) -> float:
        told = line[0] * odds + line[1]
        return float(np.mean(np.logaddexp(0.0, np.where(right, -told, told))))

    slope, offset = minimize(surprise, np.array([1.0, 0.0]), method="Nelder-Mead").x
    return float(slope), float(offset)


def threshold(odds: NDArray[np.float64], right: NDArray[np.bool_], most_false: float) -> float:
    """Return the odds above which so many places at most are false alarms."""
    wrong = np.sort(odds[~right])[::-1]
    return float(wrong[int(most_false)]) if int(most_false) < len(wrong) else -np.inf


def main(arguments: Sequence[str] | None = None) -> None:
    """Print slope, offset and threshold of both ways."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    ways: dict[str, tuple[Callable[[Scored, Heard, Places], None], Places]] = {
        "words": (by_words, Places()),
        "example": (by_example, Places()),
    }
    for recording, heard in heard_recordings(parser.parse_args(arguments).data):
        for look, places in ways.values():
            look(recording, heard, places)
    for way, (_, places) in ways.items():
        odds, right = np.array(places.odds), np.array(places.right)
        slope, offset = slope_and_offset(odds, right)
        begins_at = threshold(odds, right, FALSE_ALARMS_A_MINUTE * places.minutes)
        print(
            json.dumps(
                {
                    "way": way,
                    "slope, as many times what it is": round(slope, 3),
                    "offset added": round(offset, 2),
                    "begins at": round(slope * begins_at + offset, 2),
                    "places": len(odds),
                    "right": int(right.sum()),
                    "right of those that are found": round(float(right[odds >= begins_at].mean()), 3),
                }
            )
        )


if __name__ == "__main__":
    main()
