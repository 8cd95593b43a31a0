"""Detect the sounds of a recording: named ones, speech, singing, music, and occurrences of a marked one.

The network always finds its fifty names somewhere: in ten minutes of a song it proposes some four hundred
places. A word is reported only if it is likelier than all others and likelier right than wrong, and only if
it was right more often than not on recordings on which its likelihood was not fitted. Figures and omitted
words: docs/evaluation/detection.csv, "words in the lane".

Occurrences of a marked sound are separated from the background by the recording itself: features less their
median, whitened by their own covariance, which suppresses the directions in which the background moves. The
product with the marked occurrence is then the matched filter in coloured noise, a linear discriminant (R. A.
Fisher, 1936; with a covariance drawn towards a sphere, O. Ledoit and M. Wolf, 2004), and learns from nothing
else.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from scipy.signal import find_peaks, peak_widths

from engine.analysis.detection.detector import (
    STEP_S,
    Detector,
    SoundFeatures,
    Words,
    analysed_versions,
    log_shares,
    mean_of_steps,
    name_words,
)
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
from engine.analysis.signal.span_means import means_around
from engine.analysis.sound_names.vocabulary import vocabulary
from engine.core.errors import UsageError
from engine.core.timebase import s_to_samples, samples_to_s
from engine.document.analysis import DetectedSounds

Steps = NDArray[np.float32]
Candidate = tuple[float, float, float]
"""A peak of the odds: start and stop in seconds, and its highest log odds."""
BEGINS_AT = -0.5
"""Log odds at which a named sound is proposed. A wrong proposal costs a key, a sound that is missed a search,
so it may be a little more likely wrong than right. Of interviews on which the odds were fitted, precision is
0.85 at a recall of 0.73."""
EXAMPLE_BEGINS_AT = -2.56
"""Minimum log odds of sounds like a marked one: one false alarm in two minutes of the recordings of
`engine.lab.evaluation.separation.events`, half of fold 5. `engine.lab.evaluation.detection.event_fit`
computes it again.
"""
MEAN_STEPS = 2
"""Likelihoods are of 0.5 s."""
MOST_STEPS = 8
"""A marked occurrence is compared with 2 s of a recording at most."""
_STANDS_OUT_ODDS = 3.0
_MOST_TIMES = 3.0
_VECTOR_SPHERE, _LEVEL_SPHERE = 8.0, 0.3
"""How much of a sphere is added to a covariance, in means of its variances."""
_VECTOR_PART = 0.375
"""Weight of the vectors; levels have the rest."""
_USUAL = 0.9
"""Odds reached in a tenth of the recording are its background, not an event."""
_WORDS_SLOPE, _SHARE_SLOPE, _WORDS_OFFSET = 0.723, 0.236, -2.09
_EXAMPLE_SLOPE, _EXAMPLE_OFFSET = 13.7, -4.42
"""Fitted on the same half: peaks with a likelihood of a half are right every other time."""
_LEAST = 1e-6
_SILENT_LEVEL, _SILENT_ODDS = -14.0, -10.0
"""Natural logarithm of power: where no band is above it, a step is silent."""
_PROMINENCE = 1.0
_WIDTH_BELOW = 0.3
"""An event extends to where the odds have fallen by this share of their prominence."""
PAD_S = 0.2
JOINED_S = 0.3
"""Events that are closer than this are one."""
_SHORTEST_S = 0.3


@dataclass(frozen=True, slots=True)
class SoundEvent:
    """An occurrence of a sound.

    Attributes
    ----------
    likelihood : maximum likelihood of being the requested sound, 0 to 1
    """

    start_samples: int
    stop_samples: int
    likelihood: float


def odds_over_time(hearing: Detector, versions: Sequence[SoundFeatures], prompts: Sequence[Words]) -> Steps:
    """Return log odds that each prompt occurs, shape (steps, prompts), one for each `STEP_S`.

    They rise with `raw_odds` and with the share of a prompt in those of all known sounds, see `log_shares`.
    Steps that are silent, as their neighbours are, get `_SILENT_ODDS`.

    Parameters
    ----------
    versions : of the recording, see `analysed_versions`
    prompts : of each, the vectors of its phrases, shape (phrases, SIZE)
    """
    if not len(versions[0].vectors):
        return np.zeros((0, len(prompts)), np.float32)
    raw, shares = evidence_over_time(hearing, versions, prompts)
    odds = np.asarray(_WORDS_SLOPE * raw + _SHARE_SLOPE * shares + _WORDS_OFFSET, np.float32)
    highest = versions[0].levels.max(axis=1)
    before, after = np.append(-np.inf, highest[:-1]), np.append(highest[1:], -np.inf)
    odds[np.maximum.reduce([highest, before, after]) < _SILENT_LEVEL] = _SILENT_ODDS
    return odds


def evidence_over_time(
    hearing: Detector, versions: Sequence[SoundFeatures], prompts: Sequence[Words]
) -> tuple[Steps, Steps]:
    """Return the components of log odds: the mean over versions of `raw_odds`, and logarithms of shares.

    Of a prompt with several phrases, the likeliest counts.
    """
    words = np.concatenate([*prompts, name_words()])
    mean = mean_of_steps([raw_odds(hearing, one, words) for one in versions])
    ends = np.cumsum([len(phrases) for phrases in prompts])
    parts = np.split(mean, ends, axis=1)
    raw = np.stack([part.max(axis=1) for part in parts[:-1]], axis=1)
    return raw, log_shares(raw, parts[-1], prompts)


def raw_odds(hearing: Detector, features: SoundFeatures, words: Words) -> Steps:
    """Return the log odds of each word over time, shape (steps, words).

    They are of means over `MEAN_STEPS`, and rise where the sound deviates from the rest of the recording:
    that does not identify it, but the words match little else that deviates. Half of the words' odds in a
    tenth of the recording is subtracted from them, lest every step of a background be an event.
    """
    means = means_around(features.vectors, MEAN_STEPS).astype(np.float32)
    means /= np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-9)
    raw = hearing.odds(means, words) + _STANDS_OUT_ODDS * standing_out(features)[:, None]
    return np.asarray(raw - 0.5 * np.quantile(raw, _USUAL, axis=0), np.float32)


def example_odds_over_time(found: SoundFeatures, span_s: tuple[float, float]) -> Steps:
    """Return log odds that the marked sound occurs, shape (steps,), using the share of it available.

    Parameters
    ----------
    span_s : [start, stop) of the marked sound

    Raises
    ------
    UsageError : nothing sounds in the span that the rest of the recording does not hold all the time
    """
    steps = len(found.vectors)
    first = min(max(0, round(span_s[0] / STEP_S)), max(0, steps - 1))
    stop = min(max(first + 1, round(span_s[1] / STEP_S)), steps)
    long = min(MOST_STEPS, stop - first)
    shares = np.zeros(steps, np.float32)
    for features, sphere, part in (
        (found.levels, _LEVEL_SPHERE, 1.0 - _VECTOR_PART),
        (found.vectors, _VECTOR_SPHERE, _VECTOR_PART),
    ):
        white = _whitened(features, sphere) if stop > first else features
        marked = white[first:stop].sum(axis=0) / max(1, stop - first)
        energy = float(marked @ marked)
        if not energy > _LEAST:
            raise UsageError("The example is like all of the recording: select only the sound.")
        shares += np.float32(part / energy) * (means_around(white, long).astype(np.float32) @ marked)
    shares -= np.float32(np.quantile(shares, _USUAL))
    return np.asarray(_EXAMPLE_SLOPE * shares + _EXAMPLE_OFFSET, np.float32)


def events(
    odds: Steps, rate_hz: int, length_samples: int, begins_at: float = BEGINS_AT
) -> tuple[SoundEvent, ...]:
    """Return the peaks of the odds as spans of samples, ascending, close ones joined.

    Parameters
    ----------
    odds : of each step, shape (steps,)
    begins_at : below it nothing is an event
    """
    found: list[Candidate] = []
    for start_s, stop_s, height in sorted(candidates(odds)):
        if height < begins_at or s_to_samples(max(0.0, start_s), rate_hz) >= length_samples:
            continue
        if found and start_s - found[-1][1] < JOINED_S:
            first_s, last_s, highest = found.pop()
            start_s, stop_s, height = first_s, max(stop_s, last_s), max(height, highest)
        found.append((start_s, stop_s, height))
    return tuple(
        SoundEvent(
            max(0, s_to_samples(max(0.0, start_s), rate_hz)),
            min(length_samples, s_to_samples(stop_s, rate_hz)),
            float(1.0 / (1.0 + np.exp(-height))),
        )
        for start_s, stop_s, height in found
    )


def candidates(odds: Steps) -> list[Candidate]:
    """Return each peak of the odds at any height: start and stop in seconds, and odds."""
    if not len(odds):
        return []
    lowest = float(odds.min()) - 1.0
    padded = np.concatenate([[lowest], odds, [lowest]]).astype(np.float64)
    peaks, _ = find_peaks(padded, prominence=_PROMINENCE)
    _, _, left, right = peak_widths(padded, peaks, rel_height=_WIDTH_BELOW)
    # Step i lasts from i to i + 1 and is at i + 1 in the padded row.
    middles = (peaks - 0.5) * STEP_S
    starts = np.minimum((left - 0.5 - 0.5) * STEP_S - PAD_S, middles - _SHORTEST_S / 2)
    stops = np.maximum((right - 0.5 + 0.5) * STEP_S + PAD_S, middles + _SHORTEST_S / 2)
    return list(zip(starts.tolist(), stops.tolist(), padded[peaks].tolist(), strict=True))


def standing_out(features: SoundFeatures) -> Steps:
    """Return the deviation of each step from the usual sound, 0 to log(1 + `_MOST_TIMES`), shape (steps,)."""
    white = means_around(_whitened(features.vectors, _VECTOR_SPHERE), MEAN_STEPS).astype(np.float32)
    lengths = np.linalg.norm(white, axis=1)
    times = lengths / max(float(np.median(lengths)), 1e-9) - 1.0
    return np.asarray(np.log1p(np.clip(times, 0.0, _MOST_TIMES)), np.float32)


def _whitened(features: NDArray[np.float32], sphere: float) -> NDArray[np.float32]:
    """Return features less their median over the recording, as long in every direction as in any other."""
    centred = features - np.median(features, axis=0)
    moved = centred - centred.mean(axis=0)
    variances, axes = np.linalg.eigh((moved.T @ moved).astype(np.float64) / max(1, len(features) - 1))
    variances = np.maximum(variances, 0.0)
    scales = 1.0 / np.sqrt(variances + max(sphere * float(variances.mean()), 1e-12))
    return np.asarray(centred @ (axes * scales).astype(np.float32), np.float32)


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
NAMED_BY = "sounds-7"
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
