"""Default cuts of speech: whole phrases, each with evidence of its own.

Scores are blurred by seconds, so a cut by score alone begins and ends within the phrases around a fault.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from engine.core.spans import Samples, united
from engine.document.analysis import NOWHERE, Listening
from engine.features.taste.anomaly.phrases import are_spoken, sounding_spans

_FEWEST = 8
"""Fewer phrases are not speech."""
_MOSTLY = 0.7
_MARGIN_S = 0.1
"""Cut before and after a phrase, at most half of a pause: words end softly."""


def evident_phrases(
    spans: Samples,
    phrases: Samples,
    exact: Samples,
    least_kept: int,
    are_evident: Callable[[Samples], NDArray[np.bool_]],
) -> Samples:
    """Return the evident phrases of spans, shape (n, 2), ascending and disjoint.

    A phrase belongs to the span that covers most of it. A span with none is taken as a whole. Of a long
    pause, a usual one stays, half of it at each end.

    Parameters
    ----------
    phrases : of the recording, see `phrases_in`
    exact : spans with edges of their own, shape (k, 2), ascending and disjoint
    least_kept : a shorter rest between two evident parts of a span is cut with them
    """
    exact = _shortened(exact, phrases)
    parts = [_divided(start, stop, phrases, exact) for start, stop in spans.tolist()]
    if not parts:
        return spans
    owners = np.repeat(np.arange(len(parts)), [len(one) for one in parts])
    every, longer = np.concatenate(parts), np.array([0, least_kept])
    is_evident = are_evident(every)
    found = [united(every[is_evident & (owners == owner)] + longer) - longer for owner in range(len(parts))]
    return np.concatenate(found)


def phrases_in(listening: Listening | None, rate_hz: int) -> Samples:
    """Return phrases with a part of the pauses around, shape (k, 2); none where they are few."""
    if listening is None:
        return NOWHERE
    hop = listening.hop_samples
    spans = sounding_spans(listening.loudness_db, hop / rate_hz) * hop
    if len(spans) < _FEWEST or not are_spoken(np.diff(spans)[:, 0] / rate_hz):
        return NOWHERE
    spare = np.minimum(round(_MARGIN_S * rate_hz), (spans[1:, 0] - spans[:-1, 1]) // 2)
    wide: Samples = spans + np.stack([-np.append(0, spare), np.append(spare, 0)], axis=1)
    return wide


def _divided(start: int, stop: int, phrases: Samples, exact: Samples) -> Samples:
    covered = np.minimum(stop, phrases[:, 1]) - np.maximum(start, phrases[:, 0])
    belong = phrases[covered >= _MOSTLY * np.diff(phrases)[:, 0]]
    known = exact[(exact[:, 1] > start) & (exact[:, 0] < stop)]
    if not len(belong) and not len(known):
        return np.array([(start, stop)], np.int64)
    return np.concatenate([belong, np.clip(known, start, stop)])


def _shortened(exact: Samples, phrases: Samples) -> Samples:
    """Return exact spans, those between two phrases without half of a usual pause at both ends."""
    spare = int(np.median(phrases[1:, 0] - phrases[:-1, 1])) // 2
    first, last = np.searchsorted(phrases.mean(axis=1), exact).T
    is_pause = (first == last) & (np.diff(exact)[:, 0] > 4 * spare)
    shortened: Samples = exact + np.array([spare, -spare]) * is_pause[:, None]
    return shortened
