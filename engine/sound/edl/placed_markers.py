"""Positions of markers after cuts: in the result on screen and in every exported file.

A marker inside a cut moves to the seam, the next moment in the result: cuts are made a little ahead of the
beat that a marker names, and no marker of the user may be lost to that. A region is as long as its
remainder; one without a remainder is dropped.

A marker at a moment that plays more than once appears at all of its places, under the same name. So does a
region, each time that it plays from its beginning; a repeat within a region lengthens it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np

from engine.document.marks.markers import Marker
from engine.sound.edl.edit_list import EditList


def placed_markers(
    markers: Iterable[Marker], edit_list: EditList, *, onto_seams: bool = True
) -> tuple[Marker, ...]:
    """Return markers in result positions, ascending; one entry for each playback.

    Parameters
    ----------
    onto_seams : whether a marker inside a cut moves to the seam; False drops it, as for removed material
    """
    listed = tuple(markers)
    if edit_list.is_empty or not listed:
        return ()
    if not edit_list.is_rising:
        found = [placed for marker in listed for placed in _all_places(marker, edit_list, onto_seams)]
        return tuple(sorted(found, key=lambda one: (one.start_samples, one.stop_samples)))
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


def _all_places(marker: Marker, edit_list: EditList, onto_seams: bool) -> Iterator[Marker]:
    if marker.is_region:
        for start, stop in _heard_spans(marker.start_samples, marker.stop_samples, edit_list):
            yield replace(marker, start_samples=start, stop_samples=stop)
        return
    places = edit_list.all_results(marker.start_samples)
    if not places:
        nearest = edit_list.to_result(marker.start_samples)
        places = [nearest] if onto_seams or edit_list.to_source(nearest) == marker.start_samples else []
    for place in places:
        yield replace(marker, start_samples=place, stop_samples=place)


def _heard_spans(start: int, stop: int, edit_list: EditList) -> list[tuple[int, int]]:
    """Return the result spans of a source span, across cuts and repeats within."""
    begins = np.maximum(edit_list.kept_starts_samples, start)
    ends = np.minimum(edit_list.kept_stops_samples, stop)
    heard = np.flatnonzero(begins < ends)
    lengths = edit_list.kept_stops_samples - edit_list.kept_starts_samples
    inserted = np.cumsum(np.where(edit_list.inserted, lengths, 0))[heard].tolist()
    results = edit_list.seams_samples[heard] + begins[heard] - edit_list.kept_starts_samples[heard]
    begins, ends = begins[heard], ends[heard]
    first = int(begins.min(initial=stop))
    spans: list[tuple[int, int]] = []
    before = 0
    stops = results + ends - begins
    for source, result, result_stop, silent in zip(begins, results, stops, inserted, strict=True):
        if spans and spans[-1][1] + silent - before == result and source > first:
            spans[-1] = spans[-1][0], int(result_stop)
        else:
            spans.append((int(result), int(result_stop)))
        before = silent
    return spans
