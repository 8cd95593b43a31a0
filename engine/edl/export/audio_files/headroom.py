"""Upper bound of the level of a result, from the cached peaks of its recordings: nothing is rendered."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.audio.pictures.peak_cache import load_peaks
from engine.audio.pictures.peaks import BASE_SAMPLES, FACTOR, PeakPyramid
from engine.document.state import DocumentState
from engine.document.tracks.clip import Visible, visible
from engine.document.tracks.track import audible
from engine.edl.edit_list import EditList

_CELL_SAMPLES = 16 * BASE_SAMPLES
_SEAM = 2.0  # both sides of a crossfade at full gain

Peaks = NDArray[np.float64]


def highest_possible(
    state: DocumentState, edit_list: EditList, span: tuple[int, int], block_samples: int
) -> Peaks:
    """Return an upper bound of the samples of each block of a result span, shape (blocks,).

    1.0 is full scale; infinite if unknown: peaks are not cached, the sound of a track is edited, or a track
    has cuts of its own.
    """
    firsts = np.arange(span[0], span[1], block_samples)
    if edit_list.own:
        return np.full(len(firsts), np.inf)
    cells = _cells(state, edit_list)
    return np.array(
        [_of_block(edit_list, cells, first, min(first + block_samples, span[1])) for first in firsts.tolist()]
    )


def _of_block(edit_list: EditList, cells: Peaks, first: int, stop: int) -> float:
    """Return the bound of a block [first, stop) of the result."""
    results, starts = edit_list.result_starts_samples, edit_list.starts_samples
    # The segments that reach into it: they are in the order in which they are heard.
    after = int(np.searchsorted(results, stop))
    before = max(int(np.searchsorted(results, first, side="right")) - 2, 0)
    highest, has_seam = 0.0, False
    for index in range(before, after):
        length = int(edit_list.stops_samples[index] - starts[index])
        begin, end = max(first - int(results[index]), 0), min(stop - int(results[index]), length)
        if begin >= end:
            continue
        source = int(starts[index])
        heard = cells[(source + begin) // _CELL_SAMPLES : (source + end - 1) // _CELL_SAMPLES + 1]
        if edit_list.inserted[index]:  # room tone is of any place
            heard, has_seam = cells, True
        highest = max(highest, float(heard.max(initial=0.0)))
        fades_in, fades_out = edit_list.fades_in_samples[index], edit_list.fades_out_samples[index]
        has_seam = has_seam or begin < fades_in or end > length - fades_out
    return highest * (_SEAM if has_seam else 1.0)


def _cells(state: DocumentState, edit_list: EditList) -> Peaks:
    """Return the bound of each cell of the document's timeline."""
    total = np.zeros(-(-max(state.length_samples, 1) // _CELL_SAMPLES))
    for track in audible(state.tracks):
        known = {key: _kept_peaks(state, key) for key in track.source_ids}
        for one in visible(edit_list.as_played(track).clips):
            kept = known[one.clip.source_id]
            if kept is None:
                return np.full_like(total, np.inf)
            here = slice(one.start_samples // _CELL_SAMPLES, -(-one.stop_samples // _CELL_SAMPLES))
            # a cell in which one clip ends and another begins has the sum: a bound, not the peak
            gain = 10.0 ** ((track.gain_db + one.clip.gain_db) / 20.0)
            total[here] += _of_clip(kept, one) * gain
        patches = edit_list.patches.get(track.id)
        for start, stop in () if patches is None else patches.reaches.tolist():
            total[max(start, 0) // _CELL_SAMPLES : max(stop, 0) // _CELL_SAMPLES + 1] = np.inf
    return total


def _kept_peaks(state: DocumentState, source_id: str) -> PeakPyramid | None:
    source = state.sources[source_id]
    return load_peaks(source.content_hash, state.rate_hz) if source.content_hash else None


def _of_clip(peaks: PeakPyramid, one: Visible) -> Peaks:
    """Return the peak of a clip in each cell of the timeline that it overlaps."""
    level = min(2, len(peaks.levels) - 1)
    width = peaks.base_samples * FACTOR**level
    columns = np.abs(peaks.levels[level][:2]).max(axis=(0, 1)).astype(np.float64)
    first, last = one.start_samples // _CELL_SAMPLES, -(-one.stop_samples // _CELL_SAMPLES)
    borders = np.arange(first, last + 1) * _CELL_SAMPLES
    borders = np.clip(borders, one.start_samples, one.stop_samples) - one.clip.shift_samples
    begin = np.clip(borders[:-1] // width, 0, len(columns) - 1)
    end = np.clip((borders[1:] - 1) // width, 0, len(columns) - 1)
    highest: Peaks = columns[begin]
    for further in range(1, int((end - begin).max(initial=0)) + 1):
        np.maximum(highest, columns[np.minimum(begin + further, end)], out=highest)
    return highest
