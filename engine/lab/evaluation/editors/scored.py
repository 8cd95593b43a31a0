"""Agreement of a found edit with a right edit, in seconds of the recording.

Both edits are the spans that are played, in order. Spans that follow each other in the recording with less
than 0.1 s between them count as one. Four figures answer four questions:

- cuts: are the places right where playing leaves the recording and where it arrives again?
- jumps: are the pairs of such places right?
- order: are moments that both play in the same order?
- share: is the same material played, as often?
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import maximum_bipartite_matching
from scipy.stats import kendalltau

Span = tuple[float, float]
CONTINUOUS_S = 0.1
FRAME_S = 0.5


@dataclass(frozen=True, slots=True)
class Scored:
    """Agreement of two edits.

    Attributes
    ----------
    cuts_f : F-measure of places where playing leaves or arrives, 0 to 1
    jumps_f : F-measure of pairs of leaving and arriving, 0 to 1
    order : rank correlation (Kendall) of first playing over frames that both play, -1 to 1; `None` where the
        right edit does not reorder
    share : time played by both as often, over time played by either, 0 to 1
    """

    cuts_f: float
    jumps_f: float
    order: float | None
    share: float


def scored(found: Sequence[Span], right: Sequence[Span], *, length_s: float, tolerance_s: float) -> Scored:
    """Compare a found edit with a right edit.

    Parameters
    ----------
    found, right : spans in s, in the order in which they are played
    length_s : length of the recording
    tolerance_s : largest distance of matching places, normally one beat
    """
    ours, theirs = continuous(found), continuous(right)
    return Scored(
        _cuts_f(ours, theirs, length_s, tolerance_s),
        _f(_jumps(ours), _jumps(theirs), tolerance_s),
        _order(ours, theirs, length_s),
        _share(ours, theirs),
    )


def continuous(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Join spans that continue each other with a gap or overlap of less than 0.1 s; leave out empty ones."""
    joined: list[Span] = []
    for start_s, stop_s in spans:
        if stop_s <= start_s:
            continue
        if joined and abs(start_s - joined[-1][1]) < CONTINUOUS_S:
            joined[-1] = (joined[-1][0], max(stop_s, joined[-1][1]))
        else:
            joined.append((start_s, stop_s))
    return tuple(joined)


def _cuts_f(found: Sequence[Span], right: Sequence[Span], length_s: float, tolerance_s: float) -> float:
    """Compute the F-measure of cuts; a place where playing leaves never matches one where it arrives.

    Without that distinction, the opposite of an edit would have all of its cuts.
    """

    def places(spans: Sequence[Span], end: int) -> NDArray[np.float64]:
        inside = [span[end] for span in spans if CONTINUOUS_S <= span[end] <= length_s - CONTINUOUS_S]
        # Leaving and arriving are told apart by a second coordinate that no tolerance bridges.
        return np.array([(place_s, end * 1e9) for place_s in inside]).reshape(-1, 2)

    ours, theirs = (np.concatenate([places(spans, 0), places(spans, 1)]) for spans in (found, right))
    return _f(ours, theirs, tolerance_s)


def _jumps(spans: Sequence[Span]) -> NDArray[np.float64]:
    """Return the pairs (left at, arrived at) between consecutive spans, shape (n, 2), in s."""
    return np.array([(before[1], after[0]) for before, after in pairwise(spans)]).reshape(-1, 2)


def _f(found: NDArray[np.float64], right: NDArray[np.float64], tolerance_s: float) -> float:
    """Compute the F-measure of points of shape (n, 2), matched one to one if both numbers are near."""
    if not len(found) and not len(right):
        return 1.0
    if not len(found) or not len(right):
        return 0.0
    near = (np.abs(found[:, None] - right[None]) <= tolerance_s + 1e-9).all(axis=2)
    matched = int((maximum_bipartite_matching(csr_matrix(near), perm_type="column") >= 0).sum())
    return 2.0 * matched / (len(found) + len(right))


def _first_played(spans: Sequence[Span], length_s: float) -> NDArray[np.float64]:
    """Return when the middle of each frame of 0.5 s is first played, shape (n,), in s; or infinity."""
    middles_s = np.arange(FRAME_S / 2, length_s, FRAME_S)
    first_s = np.full(len(middles_s), np.inf)
    at_s = 0.0
    for start_s, stop_s in spans:
        inside = (middles_s >= start_s) & (middles_s < stop_s)
        first_s[inside] = np.minimum(first_s[inside], at_s + middles_s[inside] - start_s)
        at_s += stop_s - start_s
    return first_s


def _order(found: Sequence[Span], right: Sequence[Span], length_s: float) -> float | None:
    """Compare the order of frames that both play; 0 where they share fewer than two."""
    ours, theirs = _first_played(found, length_s), _first_played(right, length_s)
    if (np.diff(theirs[np.isfinite(theirs)]) > 0).all():
        return None
    both = np.isfinite(ours) & np.isfinite(theirs)
    if both.sum() < 2:
        return 0.0
    return float(kendalltau(ours[both], theirs[both]).statistic)


def _share(found: Sequence[Span], right: Sequence[Span]) -> float:
    """Compute the intersection over union of played time, where a moment counts as often as it is played."""
    borders_s = np.unique([edge for span in (*found, *right) for edge in span])
    if len(borders_s) < 2:
        return 1.0
    middles_s, lengths_s = (borders_s[1:] + borders_s[:-1]) / 2, np.diff(borders_s)

    def counts(spans: Sequence[Span]) -> NDArray[np.int_]:
        played = [(middles_s >= start_s) & (middles_s < stop_s) for start_s, stop_s in spans]
        return np.sum(played, axis=0, dtype=int) if played else np.zeros(len(middles_s), dtype=int)

    ours, theirs = counts(found), counts(right)
    union_s = float((np.maximum(ours, theirs) * lengths_s).sum())
    return float((np.minimum(ours, theirs) * lengths_s).sum()) / union_s
