"""Detect the sounds of a recording: named ones with a precision above one half, speech, singing and music.

The network always finds its fifty names somewhere: in ten minutes of a song it proposes some four hundred
places. A word is reported only if it is likelier than all others and likelier right than wrong, and only if
it was right more often than not on recordings on which its likelihood was not fitted. Figures and omitted
words: docs/evaluation/detection.csv, "words in the lane".
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from engine.analysis.detection.detector import STEP_S, Detector, SoundFeatures, analysed_versions, name_words
from engine.analysis.detection.events import Candidate, candidates, odds_over_time, standing_out
from engine.analysis.detection.voices import (
    CRIES,
    MISSING,
    PLAYED,
    SPOKEN,
    SUNG,
    VoiceSpan,
    VoiceStream,
    is_installed,
    voice_spans,
)
from engine.analysis.words.vocabulary import vocabulary
from engine.core.timebase import s_to_samples, samples_to_s
from engine.document.analysis import DetectedSounds

_log = logging.getLogger(__name__)

WORDS: Mapping[str, float] = MappingProxyType(
    {
        "breathing": 0.97, "brushing teeth": 0.61, "car horn": -0.02, "cat": -0.29, "chainsaw": -0.55,
        "chirping birds": 0.81, "church bells": 0.49, "clapping": -0.35, "clock alarm": 1.70,
        "clock tick": -0.56, "coughing": 2.37, "crickets": -0.16, "crow": 1.76, "crying baby": -0.62,
        "dog": 0.19, "door wood creaks": 0.52, "door wood knock": -1.15, "glass breaking": 0.33,
        "hand saw": -0.70, "hen": 0.97, "insects": -0.08, "keyboard typing": -0.51, "laughing": -0.09,
        "pouring water": 0.30, "sea waves": -0.18, "siren": 0.09, "sneezing": 0.16, "toilet flush": 0.56,
        "vacuum cleaner": 1.48, "water drops": 0.73,
    }
)  # fmt: skip
"""The reported words, and the offset of each word's log odds.

All fifty are scored, and a place is skipped if another one is the likeliest.
"""
LEAST_LIKELIHOOD = 0.5
NAMED_BY = "sounds-6"
"""Another one when networks, words or limits change."""
_ODDS_SLOPE, _STANDING_SLOPE, _OFFSET = 1.27, 0.82, -3.38
"""Logistic regression, with an offset for each word, of whether the likeliest word is right on its log odds
and on the deviation of the place; fitted on fold 5, which was not in the training data, and as much music,
speech and noise.
"""
_CONSIDERED_FROM = -2.0
_SHARED = 0.3
"""Places that share more than this of the shorter one are one place."""
GROUPS: Mapping[str, str] = MappingProxyType({"glass breaking": "clatter or glass breaking"})
"""Names of groups: to the network, plates and cutlery are as much like broken glass as glass is.

None of its fifty names is of clatter, and no threshold separates the two.
"""
VOICES = (SPOKEN, SUNG, PLAYED)
WITHOUT_VOICES = f"{NAMED_BY}, no voices"
"""Maker of results without the networks of voices, if these are not installed."""


@dataclass(frozen=True, slots=True)
class NamedEvent:
    """A named sound: its span, its word, and the likelihood that the word is right, 0 to 1."""

    start_samples: int
    stop_samples: int
    word: str
    likelihood: float


@dataclass(frozen=True, slots=True)
class Place:
    """A peak with its likeliest name, reported or not.

    Attributes
    ----------
    odds : log odds of the name there
    stands_out : its deviation from the usual sound of the recording, see `standing_out`
    """

    word: str
    span_s: tuple[float, float]
    odds: float
    stands_out: float


def named_events(
    hearing: Detector, versions: Sequence[SoundFeatures], rate_hz: int, length_samples: int
) -> tuple[NamedEvent, ...]:
    """Return the named sounds as spans of samples, ascending by their starts.

    Parameters
    ----------
    versions : of the recording, see `analysed_versions`
    rate_hz, length_samples : of the recording
    """
    found = []
    for place in named_places(hearing, versions):
        start_s, stop_s = place.span_s
        start = max(0, s_to_samples(max(0.0, start_s), rate_hz))
        stop = min(length_samples, s_to_samples(stop_s, rate_hz))
        likelihood = likelihood_of(place.word, place.odds, place.stands_out)
        if place.word in WORDS and likelihood >= LEAST_LIKELIHOOD and start < stop:
            found.append(NamedEvent(start, stop, place.word, likelihood))
    return tuple(sorted(found, key=lambda one: (one.start_samples, one.stop_samples, one.word)))


def named_places(hearing: Detector, versions: Sequence[SoundFeatures]) -> list[Place]:
    """Return the peaks, highest first; of overlapping ones, one.

    Peaks at the very start are excluded: a recording switched on within a hum begins like a knock.
    """
    names = tuple(vocabulary())
    odds = odds_over_time(hearing, versions, list(name_words()[:, None]))
    if not len(odds):
        return []
    stands_out = standing_out(versions[0])
    places = [
        (place, number)
        for number in range(len(names))
        for place in candidates(odds[:, number])
        if place[2] >= _CONSIDERED_FROM and place[0] > 0.0
    ]
    taken: list[Candidate] = []
    found = []
    for place, number in sorted(places, key=lambda one: -one[0][2]):
        shares = (
            (min(place[1], other[1]) - max(place[0], other[0]))
            / min(place[1] - place[0], other[1] - other[0])
            for other in taken
        )
        if any(share > _SHARED for share in shares):
            continue
        taken.append(place)
        first = min(max(0, round(place[0] / STEP_S - 0.5)), len(odds) - 1)
        stop = min(max(first + 1, round(place[1] / STEP_S + 0.5)), len(odds))
        at = first + int(np.argmax(odds[first:stop, number]))
        found.append(Place(names[number], place[:2], place[2], float(stands_out[at])))
    return found


def likelihood_of(word: str, odds: float, stands_out: float) -> float:
    """Return the likelihood that the likeliest word for a place is right.

    Parameters
    ----------
    word : the likeliest one there
    odds : its log odds, as `odds_over_time` returns them
    stands_out : deviation of the place from the usual sound of the recording, see `standing_out`
    """
    offset = WORDS.get(word, 0.0) + _OFFSET
    return float(1.0 / (1.0 + np.exp(-(_ODDS_SLOPE * odds + _STANDING_SLOPE * stands_out + offset))))


def analysed(
    hearing: Detector, blocks: Iterable[NDArray[np.float32]]
) -> tuple[tuple[SoundFeatures, ...], tuple[VoiceSpan, ...]]:
    """Analyse a stream and its voices once; see `analysed_versions`.

    Raises
    ------
    OffcutError : the networks of voices are not installed or cannot be loaded
    """
    stream = VoiceStream()
    versions = analysed_versions(hearing, stream.through(blocks))
    return versions, voice_spans(stream.frames)


def sounds_in(
    hearing: Detector, blocks: Iterable[NDArray[np.float32]], rate_hz: int, length_samples: int
) -> DetectedSounds:
    """Return the sounds as documents store them; without voices if their networks are not installed.

    Speech is left out if a named cry covers more than half of it.

    Parameters
    ----------
    blocks : see `analysed`
    rate_hz, length_samples : of the recording
    """
    if is_installed():
        versions, voices = analysed(hearing, blocks)
        maker = NAMED_BY
    else:
        _log.warning(MISSING)
        versions, voices, maker = analysed_versions(hearing, blocks), (), WITHOUT_VOICES
    named = named_events(hearing, versions, rate_hz, length_samples)
    found = [*named]
    for one in voices:
        start = s_to_samples(one.start_s, rate_hz)
        stop = min(s_to_samples(one.stop_s, rate_hz), length_samples)
        event = NamedEvent(start, stop, one.name, one.likelihood)
        if start < stop and not (one.name == SPOKEN and _is_cry(event, named)):
            found.append(event)
    found.sort(key=lambda one: (one.start_samples, one.stop_samples, one.word))
    spans = [(one.start_samples, one.stop_samples) for one in found]
    return DetectedSounds(
        np.array(spans, np.int64).reshape(-1, 2),
        tuple(GROUPS.get(one.word, one.word) for one in found),
        np.array([one.likelihood for one in found], np.float32),
        maker,
    )


def _is_cry(speech: NamedEvent, named: Iterable[NamedEvent]) -> bool:
    """Report whether more than half of speech is a cry that has a name."""
    shared = sum(
        max(0, min(one.stop_samples, speech.stop_samples) - max(one.start_samples, speech.start_samples))
        for one in named
        if one.word in CRIES
    )
    return shared > (speech.stop_samples - speech.start_samples) / 2


def voices_of(sounds: DetectedSounds, rate_hz: int) -> tuple[VoiceSpan, ...]:
    """Return the spans of speech, singing and music among stored sounds, ascending by their starts."""
    rows = zip(sounds.spans_samples.tolist(), sounds.words, sounds.likelihoods.tolist(), strict=True)
    return tuple(
        VoiceSpan(samples_to_s(start, rate_hz), samples_to_s(stop, rate_hz), word, likelihood)
        for (start, stop), word, likelihood in rows
        if word in VOICES
    )
