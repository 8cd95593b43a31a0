"""Speakers of words by their voices, for one track and for a mix.

A vector of the voice describes each 1.6 s of words. The vectors of a recording are grouped: each group is
normal with the same covariance, and a change of group costs. Another group needs to explain the vectors
clearly better.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from engine.analysis.signal.streams import folded, resampled
from engine.core.progress import SILENT, Progress
from engine.document.analysis import Transcript
from engine.features.words.speakers import changes_db, fewest_changes

Floats = NDArray[np.float64]
Samples = NDArray[np.float32]
Places = NDArray[np.int64]

MOST_SPEAKERS = 8
_BLOCK_S = 10.0
_DIMENSIONS = 20
_LAG = 4
"""Vectors that share no sound are this far apart."""
_USUAL_PERCENTILE = 80.0
"""Of differences between vectors next to each other: the others are changes of speaker."""
_EQUAL = 0.3
"""The share of its mean variance that a covariance gets in each direction: few vectors describe it badly."""
_GROUPED_AT_ONCE = 1500
_ROUNDS = 12
_CHANGE = 4.0
_SECOND, _FURTHER, _EACH = 0.03, 0.2, 25.0
"""By how much a further group has to explain the vectors better, in nats: for each vector, and in all."""
_LEAST_VECTORS = 2 * _DIMENSIONS


def with_speakers_by_voice(
    transcript: Transcript,
    read: Callable[[int, int], Samples],
    rate_hz: int,
    progress: Progress = SILENT,
) -> Transcript:
    """Return a transcript with a speaker for each word, named in the order of their first words.

    Memory holds ten seconds of the recording, and a vector for 0.4 s of words.

    Parameters
    ----------
    read : returns samples [start, stop), shape (frames, channels)

    Raises
    ------
    OffcutError : the weights of the network are missing or damaged
    SourceError : a recording cannot be read
    Cancelled : the user asked for it
    """
    if not len(transcript):
        return transcript
    from engine.analysis.detection.voice_encoder import (
        RATE_HZ,
        STEP_S,
        WINDOW_S,
        voice_encoder,
        voice_vectors,
    )

    spans = transcript.spans_samples
    lengths_samples = np.maximum(np.diff(spans, axis=1)[:, 0], 1)

    def speech() -> Iterator[Samples]:
        """Yield the words in blocks without the pauses between them."""
        waiting = list[Samples]()
        for number, (start, stop) in enumerate(spans.tolist()):
            progress.check_cancelled()
            progress.report(number / len(spans), "Comparing voices")
            waiting += resampled([folded(read(start, stop))], rate_hz, RATE_HZ)
            if sum(map(len, waiting)) >= _BLOCK_S * RATE_HZ:
                yield np.concatenate(waiting)
                waiting.clear()
        if waiting:
            yield np.concatenate(waiting)

    vectors = voice_vectors(voice_encoder(), speech()).astype(np.float64)
    if not len(vectors):
        return transcript
    costs = voices_of(vectors)
    middles_s = (np.cumsum(lengths_samples) - lengths_samples / 2.0) / rate_hz
    windows = np.clip(np.rint((middles_s - WINDOW_S / 2.0) / STEP_S), 0, len(vectors) - 1).astype(np.int64)
    shares = lengths_samples[:, None] / (rate_hz * STEP_S)
    change = changes_db(transcript, rate_hz)
    found = fewest_changes(costs[windows] * shares, change)
    _, firsts, chosen = np.unique(found, return_index=True, return_inverse=True)
    order = np.argsort(np.argsort(firsts))
    names = tuple(f"Speaker {number + 1}" for number in range(len(firsts)))
    return replace(transcript, speakers=order[chosen].astype(np.int16), names=names)


def voices_of(vectors: Floats) -> Floats:
    """Return the cost of each voice for each vector, in nats, shape (n, voices).

    Parameters
    ----------
    vectors : of consecutive windows, shape (n, size)
    """
    one_voice = np.zeros((len(vectors), 1))
    if len(vectors) < _LEAST_VECTORS:
        return one_voice
    placed = vectors - vectors.mean(axis=0)
    _, directions = np.linalg.eigh(placed.T @ placed)
    placed = placed @ directions[:, ::-1][:, :_DIMENSIONS]
    best = _Grouping(one_voice, _cost_of(placed, np.zeros(len(placed), np.int64), 1))
    least = best.cost
    from scipy.cluster.hierarchy import fcluster, linkage

    some = np.unique(np.linspace(0, len(placed) - 1, _GROUPED_AT_ONCE).astype(np.int64))
    nearest = np.searchsorted((some[1:] + some[:-1]) / 2.0, np.arange(len(placed)))
    tree = linkage(_whitened(placed)[some], "ward")
    for count in range(2, MOST_SPEAKERS + 1):
        groups = fcluster(tree, count, "maxclust") - 1
        grouping = _settled(placed, groups[nearest].astype(np.int64), count)
        if grouping is None:
            break
        penalty = (count - 1) * _EACH + (_SECOND + (count - 2) * _FURTHER) * len(placed)
        if grouping.cost + penalty < least:
            least, best = grouping.cost + penalty, grouping
    return best.costs


@dataclass(frozen=True, slots=True)
class _Grouping:
    """The cost of each vector in each group, shape (n, groups), and that of all in the chosen ones."""

    costs: Floats
    cost: float


def _settled(placed: Floats, groups: Places, count: int) -> _Grouping | None:
    """Return groups whose covariance and middles fit their vectors; None if one is left without any."""
    change = np.full(len(placed), _CHANGE)
    costs = np.zeros((len(placed), count))
    for _ in range(_ROUNDS):
        if len(np.unique(groups)) < count:
            return None
        middles = np.array([placed[groups == one].mean(axis=0) for one in range(count)])
        precision = np.linalg.inv(_covariance(placed - middles[groups]))
        for one, middle in enumerate(middles):
            away = placed - middle
            costs[:, one] = np.einsum("ni,ij,nj->n", away, precision, away) / (2.0 * _LAG)
        settled = fewest_changes(costs, change)
        if np.array_equal(settled, groups):
            break
        groups = settled
    return _Grouping(costs, _cost_of(placed, groups, count)) if len(np.unique(groups)) == count else None


def _cost_of(placed: Floats, groups: Places, count: int) -> float:
    """Return the negative logarithm of the likelihood, up to a constant, and the cost of changes."""
    middles = np.array([placed[groups == one].mean(axis=0) for one in range(count)])
    _, logarithm = np.linalg.slogdet(_covariance(placed - middles[groups]))
    return float(len(placed) / (2.0 * _LAG) * logarithm + _CHANGE * np.count_nonzero(np.diff(groups)))


def _covariance(away: Floats) -> Floats:
    found = away.T @ away / len(away)
    found += np.eye(len(found)) * (np.trace(found) / len(found) * _EQUAL + np.finfo(np.float64).tiny)
    return np.asarray(found)


def _whitened(placed: Floats) -> Floats:
    """Return vectors among which those of one voice differ by the same in each direction, same shape.

    Neighbours that share no sound are mostly of one voice.
    """
    steps = placed[_LAG:] - placed[:-_LAG]
    sizes = (steps**2).sum(axis=1)
    usual = _covariance(steps[sizes <= np.percentile(sizes, _USUAL_PERCENTILE)])
    return np.asarray(placed @ np.linalg.cholesky(np.linalg.inv(usual)))
