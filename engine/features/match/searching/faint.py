"""Sources of segments beneath noise, which hides their levels.

Levels follow the noise, but over a second the waveform still agrees with its source alone: both are filtered
by the inverse of the spectrum of the noise, and correlated at every lag (a matched filter: G. L. Turin, "An
introduction to matched filters", IRE Transactions on Information Theory 6, 1960).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.core.progress import Progress
from engine.features.match.searching.features import RATE_HZ, Floats
from engine.features.match.searching.lags import agreeing, evenly, filtered, inverse_filter
from engine.features.match.searching.places import Places, joined_places

WINDOW_SAMPLES = 3 * RATE_HZ // 2
HOP_SAMPLES = WINDOW_SAMPLES // 2
_LEAST_SAMPLES = RATE_HZ // 2
_MOST_KEPT = 6
_LEAST_DEVIATIONS = 10.0  # for absent music the best of three minutes has five to eight
_MOST_WORK = 20 * 3600 * RATE_HZ  # windows times samples of the raw recordings: twenty windows of an hour


def faint_places(
    raws: Sequence[Floats], edited: Floats, spans: Sequence[tuple[float, float]], progress: Progress
) -> Places:
    """Search at every lag for the sources of some spans [start, stop) of the edited file.

    Where that would take too long, windows spread evenly over the spans are searched.

    Parameters
    ----------
    raws, edited : mono, at the rate of the search; spans in their samples
    """
    every = _windows(spans, len(edited))
    most = max(1, _MOST_WORK // max(1, sum(map(len, raws))))
    windows = [every[one] for one in evenly(len(every), most)]
    heard = [edited[start:stop] for start, stop in windows]
    if not any(np.any(piece) for piece in heard):
        return joined_places([])
    taps = inverse_filter(np.concatenate(heard))
    asked = np.zeros((len(windows), WINDOW_SAMPLES), np.float32)
    for row, piece in enumerate(heard):
        asked[row, : len(piece)] = filtered(piece, taps)
    parts = []
    for number, raw in enumerate(raws):
        answers = agreeing(
            filtered(raw, taps), asked, progress.step(number, len(raws)), "Searching beneath noise"
        )
        for (start, stop), answer in zip(windows, answers, strict=True):
            best = answer.above(_LEAST_DEVIATIONS * answer.deviation, _MOST_KEPT)
            at = np.full(len(best.lags), (start + stop) / 2)
            parts.append(Places(at, np.full(len(at), number), best.lags - start, best.scores))
    return joined_places(parts)


def _windows(spans: Sequence[tuple[float, float]], length: int) -> list[tuple[int, int]]:
    windows = []
    for span in spans:
        first, last = max(0, int(span[0])), min(length, int(span[1]))
        if last - first < _LEAST_SAMPLES:
            continue
        count = 1 + max(0, -(-(last - first - WINDOW_SAMPLES) // HOP_SAMPLES))
        for start in np.linspace(first, max(first, last - WINDOW_SAMPLES), count).astype(int).tolist():
            windows.append((start, min(last, start + WINDOW_SAMPLES)))
    return windows
