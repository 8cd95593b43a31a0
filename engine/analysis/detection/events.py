"""Find a sound in a recording by words or by one marked occurrence.

Occurrences are separated from the background by the recording itself: features less their median, whitened by
their own covariance, which suppresses the directions in which the background moves. The product with a marked
occurrence there is the matched filter in coloured noise, a linear discriminant (R. A. Fisher, 1936; with a
covariance drawn towards a sphere, O. Ledoit and M. Wolf, 2004), and learns from nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.signal import find_peaks, peak_widths

from engine.analysis.detection.detector import (
    STEP_S,
    Detector,
    SoundFeatures,
    Words,
    log_shares,
    mean_of_steps,
    name_words,
)
from engine.analysis.signal.span_means import means_around
from engine.core.errors import UsageError
from engine.core.timebase import s_to_samples

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
