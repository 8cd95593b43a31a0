"""Where markers are once cuts have closed up: in the result on screen and in every file made of it.

A marker inside a cut lands on the seam, which is the next moment that is heard: cuts are made a little ahead
of the beat that a marker names, and nothing that the user wrote may be lost to that. A region is as long as
what is left of it, and one of which nothing is left names nothing and is dropped.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from engine.document.markers import Marker
from engine.edl.edit_list import EditList


def placed_markers(
    markers: Iterable[Marker], edit_list: EditList, *, onto_seams: bool = True
) -> tuple[Marker, ...]:
    """Return markers in result positions, ascending.

    Parameters
    ----------
    onto_seams : whether one that is not heard lands on the seam; False drops it, as in a file of what was cut
    """
    listed = tuple(markers)
    if edit_list.is_empty or not listed:
        return ()
    sources = np.array([(one.start_samples, one.stop_samples) for one in listed], np.int64)
    placed = edit_list.to_result_array(sources.ravel()).reshape(-1, 2)
    heard = np.array([one.is_region for one in listed]) & (placed[:, 0] < placed[:, 1])
    heard |= ~np.array([one.is_region for one in listed]) & (
        onto_seams | (edit_list.to_source_array(placed[:, 0]) == sources[:, 0])
    )
    return tuple(
        replace(marker, start_samples=start, stop_samples=stop)
        for marker, (start, stop), is_heard in zip(listed, placed.tolist(), heard.tolist(), strict=True)
        if is_heard
    )
