"""The same moment of a recording in two edit lists that play it differently."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.sound.edl.edit_list import EditList
from engine.sound.edl.inserts import INSERTED_FROM


def place_in(there: EditList, here: EditList, at_samples: int) -> int:
    """Return the position in one edit list that plays the moment which another plays at a position.

    Of several places the one nearest in number is taken. A moment that is left out there is exchanged for the
    nearest that both play; where they share nothing, it is where it would be (`EditList.to_result`).
    """
    source = here.to_source(at_samples)
    if (inside := _in_insert(there, here, at_samples)) is not None:
        return inside
    if there.all_results(source):
        return there.nearest_result(source, at_samples)
    starts, stops = _shared(there, here)
    if not len(starts):
        return there.to_result(source)
    nearest = np.clip(source, starts, stops - 1)
    return there.nearest_result(int(nearest[np.abs(nearest - source).argmin()]), at_samples)


def _in_insert(there: EditList, here: EditList, at_samples: int) -> int | None:
    """Return the position in the insert before the same moment; None without one."""
    source = here.to_source(at_samples)
    behind = here.to_result(source) - at_samples
    onward = there.to_result(source)
    is_before = here.to_played_array([at_samples])[0] >= INSERTED_FROM and 0 < behind <= onward
    if is_before and there.to_played_array([onward - behind])[0] >= INSERTED_FROM:
        return onward - behind
    return None


def _shared(one: EditList, other: EditList) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the spans [start, stop) of the source that both play, parted at the edges of both."""
    spans = [(edits.kept_starts_samples, edits.kept_stops_samples) for edits in (one, other)]
    edges = np.unique(np.concatenate([edge for span in spans for edge in span]))
    is_played = np.ones(max(0, len(edges) - 1), bool)
    for starts, stops in spans:
        turns = np.zeros(len(edges), np.int64)
        np.add.at(turns, np.searchsorted(edges, starts), 1)
        np.add.at(turns, np.searchsorted(edges, stops), -1)
        is_played &= np.cumsum(turns)[:-1] > 0
    return edges[:-1][is_played], edges[1:][is_played]
