"""How well sounds are found in recordings of ten minutes, by name and by one occurrence that is marked.

A detection is right if at least half of it is within occurrences, widened by `_COLLAR_S`, and finds
those that it touches; any other is a false alarm. So one that lasts for all of the recording finds nothing.
The criteria are those of Ç. Bilen et al., "A framework for the robust evaluation of sound event detection"
(ICASSP 2020) but for the collar, which the length of a step asks for.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from engine.analysis.detection.detector import (
    STEP_SAMPLES,
    Detector,
    SoundFeatures,
    analysed_versions,
    detector,
)
from engine.analysis.detection.spectra import MEL
from engine.analysis.detection.what_sounds import (
    BEGINS_AT,
    EXAMPLE_BEGINS_AT,
    Candidate,
    candidates,
    example_odds_over_time,
    odds_over_time,
)
from engine.analysis.sound_names.prompts import text_encoder
from engine.analysis.sound_names.vocabulary import vocabulary
from engine.core.progress import SILENT, Progress
from engine.lab.evaluation.separation.recordings import Occurrence, Relation, Scored, halves, recordings
from engine.lab.training.detection.sounds import Sound

Line = dict[str, str | float | int]
FALSE_ALARMS_A_MINUTE = 1.0
SEED = 142
_COUNT, _SHORT_S = 10, 240.0
_COLLAR_S = 0.5
_LEVELS_DB = ((0.0, 5.0), (5.0, 10.0), (10.0, 15.0))
_BLOCKS = 10


@dataclass(slots=True)
class Found:
    """Results of one search method, over prompts.

    Attributes
    ----------
    recalls : of each prompt
    by_level, by_relation : whether each occurrence was found
    covered : of each occurrence that was found, the share that detections cover
    false_alarms : of each prompt, a minute
    """

    recalls: list[float] = field(default_factory=list)
    by_level: dict[tuple[float, float], list[bool]] = field(default_factory=lambda: defaultdict(list))
    by_relation: dict[Relation, list[bool]] = field(default_factory=lambda: defaultdict(list))
    covered: list[float] = field(default_factory=list)
    false_alarms: list[float] = field(default_factory=list)

    def add(
        self,
        asked: Sequence[Occurrence],
        truth: Sequence[Occurrence],
        used: Sequence[Candidate],
        minutes: float,
    ) -> None:
        """Count one prompt.

        Parameters
        ----------
        asked : occurrences to find
        truth : all occurrences of the target
        used : detections
        """
        right, hits = matched(used, truth, asked)
        self.recalls.append(float(np.mean(hits)))
        self.false_alarms.append((len(used) - len(right)) / minutes)
        for one, hit in zip(asked, hits, strict=True):
            self.by_relation[one.relation].append(hit)
            for low, high in _LEVELS_DB:
                if low <= one.level_db < high:
                    self.by_level[low, high].append(hit)
            if hit:
                shared_s = sum(_shared_s(each, one) for each in right)
                self.covered.append(min(1.0, shared_s / (one.stop_s - one.start_s)))

    @property
    def recall(self) -> float:
        """Return the mean over prompts."""
        return float(np.mean(self.recalls))

    def line(self, metric: str, **others: float) -> Line:
        """Return the entries of the list."""
        levels = {
            f"{low:g} to {high:g} dB": float(np.mean(hits))
            for (low, high), hits in sorted(self.by_level.items())
        }
        return {
            "metric": f"events: {metric}",
            "value": self.recall,
            **others,
            **levels,
            "n": len(self.recalls),
        }


def matched(
    detections: Sequence[Candidate], truth: Sequence[Occurrence], asked: Sequence[Occurrence]
) -> tuple[list[Candidate], list[bool]]:
    """Return the detections that are right, and of each occurrence that is asked for whether one finds it.

    Parameters
    ----------
    truth : every occurrence that a detection may be of
    """
    right = [each for each in detections if is_right(each, truth)]
    return right, [any(_shared_s(each, one) > 0 for each in right) for one in asked]


def is_right(candidate: Candidate, truth: Sequence[Occurrence]) -> bool:
    """Return whether a detection is not a false alarm."""
    start_s, stop_s, _ = candidate
    inside_s = sum(_shared_s(candidate, each, _COLLAR_S) for each in truth)
    return inside_s >= 0.5 * (stop_s - start_s)


def allowed(found: Sequence[Candidate], truth: Sequence[Occurrence], most_false: float) -> list[Candidate]:
    """Return the highest detections with at most this number of false alarms."""
    taken, wrong = [], 0
    for candidate in sorted(found, key=lambda each: -each[2]):
        wrong += not is_right(candidate, truth)
        if wrong > most_false:
            break
        taken.append(candidate)
    return taken


def versions_of(samples: NDArray[np.float32]) -> tuple[SoundFeatures, ...]:
    """Return the versions of mono samples at the rate of the network, which reach it in blocks."""
    return analysed_versions(detector(), np.array_split(samples, _BLOCKS))


def event_lines(
    sounds: Sequence[Sound], *, short: bool = False, progress: Progress = SILENT
) -> Iterator[Line]:
    """Yield one line a metric, on the half of the sounds on which nothing was chosen.

    Parameters
    ----------
    short : a single recording of four minutes
    """
    _, reported = halves(sounds)
    count, length_s = (1, _SHORT_S) if short else (_COUNT, 600.0)
    ways: dict[str, Found] = defaultdict(Found)
    hearing = detector()
    for number, recording in enumerate(recordings(reported, count, SEED, length_s)):
        progress.check_cancelled()
        progress.report(number / count, "Finding sounds")
        versions = versions_of(recording.samples)
        by_name(ways, hearing, versions, recording, np.random.default_rng([SEED, number]))
        by_example(ways, hearing, versions[0], recording)
    yield ways["name"].line(
        "recall by name at one false alarm a minute",
        baseline=ways["energy"].recall,
        chance=ways["chance"].recall,
    )
    words = ways["words never learned from"]
    yield words.line("recall by words never learned from", baseline=ways["energy"].recall)
    example = ways["example"]
    yield example.line(
        "recall by example at one false alarm a minute",
        baseline=ways["energy, by example"].recall,
        **{"likest vector": ways["vector"].recall},
    )
    for relation, hits in example.by_relation.items():
        yield {
            "metric": f"events: recall by example of {relation.value}",
            "value": float(np.mean(hits)),
            "baseline": float(np.mean(ways["energy, by example"].by_relation[relation])),
            "likest vector": float(np.mean(ways["vector"].by_relation[relation])),
            "n": len(hits),
        }
    for way in ("name", "example"):
        proposed = ways[f"{way}, as proposed"]
        yield proposed.line(
            f"recall by {way} at the default threshold",
            **{
                "false alarms a minute": float(np.mean(proposed.false_alarms)),
                "share covered": float(np.mean(proposed.covered)) if proposed.covered else 0.0,
            },
        )
    yield {
        "metric": "events: false alarms a minute of names that do not occur",
        "value": float(np.mean(ways["absent"].false_alarms)),
        "n": len(ways["absent"].false_alarms),
    }


def by_name(
    ways: dict[str, Found],
    hearing: Detector,
    versions: Sequence[SoundFeatures],
    recording: Scored,
    rng: np.random.Generator,
) -> None:
    """Count detections of each name in a recording, and of absent names."""
    encode = text_encoder().encode
    names, steps = recording.names, len(versions[0].vectors)
    noise = rng.standard_normal((steps, len(names))).astype(np.float32)
    said = {
        "name": odds_over_time(hearing, versions, [encode(name)[None] for name in names]),
        "words never learned from": odds_over_time(
            hearing, versions, [encode(vocabulary()[name].kept_back[0])[None] for name in names]
        ),
        "energy": np.repeat(level_db(recording.samples, steps)[:, None], len(names), axis=1),
        "chance": (noise + np.roll(noise, 1, axis=0)) * 3.0,
    }
    minutes = _minutes(recording)
    for way, odds in said.items():
        for number, name in enumerate(names):
            truth = recording.of(name)
            found = candidates(odds[:, number])
            ways[way].add(truth, truth, allowed(found, truth, FALSE_ALARMS_A_MINUTE * minutes), minutes)
            if way == "name":
                proposed = [each for each in found if each[2] >= BEGINS_AT]
                ways["name, as proposed"].add(truth, truth, proposed, minutes)
    absent = [name for name in sorted(vocabulary()) if name not in (*names, *recording.backgrounds)]
    for odds in odds_over_time(hearing, versions, [encode(name)[None] for name in absent]).T:
        count = sum(each[2] >= BEGINS_AT for each in candidates(odds))
        ways["absent"].false_alarms.append(count / minutes)


def by_example(ways: dict[str, Found], hearing: Detector, heard: SoundFeatures, recording: Scored) -> None:
    """Count detections of each name with one marked occurrence."""
    energy = level_db(recording.samples, len(heard.vectors))
    minutes = _minutes(recording)

    def vector(marked: Occurrence) -> NDArray[np.float32]:
        span = round(marked.start_s * MEL.rate_hz), round(marked.stop_s * MEL.rate_hz)
        around = slice(max(0, span[0] - 2 * MEL.rate_hz), span[1] + 2 * MEL.rate_hz)
        inside = span[0] - around.start, span[1] - around.start
        meant = hearing.vector(recording.samples[around], inside)
        return hearing.odds(
            heard.vectors / np.linalg.norm(heard.vectors, axis=1, keepdims=True), meant[None]
        )[:, 0]

    likenesses: dict[str, Callable[[Occurrence], NDArray[np.float32]]] = {
        "example": lambda marked: example_odds_over_time(heard, (marked.start_s, marked.stop_s)),
        "vector": vector,
        "energy, by example": lambda _marked: energy,
    }
    for name in recording.names:
        truth = recording.of(name)
        marked = [each for each in truth if each.relation is Relation.MARKED]
        asked = [each for each in truth if each.relation is not Relation.MARKED]
        if not marked or not asked:
            continue
        for way, likeness in likenesses.items():
            found = candidates(likeness(marked[0]))
            ways[way].add(asked, truth, allowed(found, truth, FALSE_ALARMS_A_MINUTE * minutes), minutes)
            if way == "example":
                proposed = [each for each in found if each[2] >= EXAMPLE_BEGINS_AT]
                ways["example, as proposed"].add(asked, truth, proposed, minutes)


def level_db(samples: NDArray[np.float32], steps: int) -> NDArray[np.float32]:
    """Return the level of each step: the baseline that detects loud sounds."""
    padded = np.pad(samples, (0, steps * STEP_SAMPLES - len(samples)))
    power = np.mean(padded.reshape(steps, STEP_SAMPLES).astype(np.float64) ** 2, axis=1)
    return np.asarray(10.0 * np.log10(power + 1e-12), np.float32)


def _minutes(recording: Scored) -> float:
    return len(recording.samples) / MEL.rate_hz / 60.0


def _shared_s(candidate: Candidate, occurrence: Occurrence, collar_s: float = 0.0) -> float:
    start_s, stop_s, _ = candidate
    return max(0.0, min(stop_s, occurrence.stop_s + collar_s) - max(start_s, occurrence.start_s - collar_s))
