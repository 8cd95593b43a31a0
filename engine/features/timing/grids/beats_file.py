"""Beats from a JSON file, as ``offcut beats --json`` prints them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.core.errors import SourceError
from engine.core.files.safe_write import shown
from engine.core.files.strict_json import parse_json
from engine.core.timebase import s_to_samples_array
from engine.core.wording import counted
from engine.document.analysis import BeatGrid
from engine.document.grid.edits import USUAL_BEATS_IN_BAR
from engine.features.timing.grids.own_grid import OwnGrid, bytes_of_file

_SAME_S = 0.005
"""A downbeat is the beat that it is so close to."""


def read_beats(path: Path, rate_hz: int, length_samples: int) -> OwnGrid:
    """Read a grid: ``{"beats_s": [...], "downbeats_s": [...]}``, where the downbeats may be left out.

    Parameters
    ----------
    length_samples : of the recording; beats after its end are left out

    Raises
    ------
    SourceError : the file cannot be read or does not hold that
    """
    said = _said(path)
    beats_s = _times(path, said, "beats_s")
    downbeats_s = _times(path, said, "downbeats_s") if said.get("downbeats_s") is not None else np.zeros(0)
    beats, first = np.unique(s_to_samples_array(beats_s, rate_hz), return_index=True)
    beats_s = beats_s[first]
    inside = beats < length_samples
    if np.count_nonzero(inside) < 2:
        raise SourceError(f"{shown(path)} has fewer than two beats within the recording: give another file.")
    positions = _bar_positions(path, beats_s, downbeats_s)
    beats, positions, outside = beats[inside], positions[inside], int(np.count_nonzero(~inside))
    tempo_bpm = 60.0 * rate_hz / float(np.median(np.diff(beats)))
    notices = []
    if outside:
        notices.append(f"{counted(outside, 'beat')} after the end of the recording left out.")
    if not len(downbeats_s):
        notices.append(f"{shown(path)} names no downbeats: bars of four from the first beat on are assumed.")
    return OwnGrid(BeatGrid(beats, positions, tempo_bpm, 1.0, f"read from {path.name}"), " ".join(notices))


def _said(path: Path) -> Mapping[str, object]:
    try:
        said = parse_json(bytes_of_file(path))
    except ValueError as error:
        raise SourceError(f"{shown(path)} is not valid JSON: {error}.") from error
    if not isinstance(said, dict) or "beats_s" not in said:
        raise SourceError(f'{shown(path)} names no "beats_s": give what "offcut beats --json" prints.')
    return said


def _times(path: Path, said: Mapping[str, object], name: str) -> NDArray[np.float64]:
    listed = said[name]
    is_numbers = isinstance(listed, list) and all(
        isinstance(one, int | float) and not isinstance(one, bool) for one in listed
    )
    if not is_numbers:
        raise SourceError(f'"{name}" in {shown(path)} is not a list of seconds.')
    times = np.array(listed, np.float64)
    if (times < 0).any() or (np.diff(times) <= 0).any() or (times > 1e9).any():
        raise SourceError(f'"{name}" in {shown(path)} does not go up from 0: sort it.')
    return times


def _bar_positions(
    path: Path, beats_s: NDArray[np.float64], downbeats_s: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Count from each downbeat to the next, and back from the first one as the bar after it is long."""
    count = np.arange(len(beats_s))
    if not len(downbeats_s):
        return count % USUAL_BEATS_IN_BAR + 1
    at = np.clip(np.searchsorted(beats_s, downbeats_s), 1, len(beats_s) - 1)
    at -= downbeats_s - beats_s[at - 1] < beats_s[at] - downbeats_s
    far = np.abs(beats_s[at] - downbeats_s) > _SAME_S
    if far.any():
        raise SourceError(
            f"The downbeat at {downbeats_s[far][0]:.3f} s in {shown(path)} is not one of its beats: "
            "correct it."
        )
    starts = np.unique(at)
    usual = int(np.bincount(np.diff(starts)).argmax()) if len(starts) > 1 else USUAL_BEATS_IN_BAR
    bar = np.searchsorted(starts, count, side="right") - 1
    since: NDArray[np.int64] = np.where(bar >= 0, count - starts[np.maximum(bar, 0)], 0)
    before = (count - starts[0]) % usual
    positions: NDArray[np.int64] = np.where(bar >= 0, since, before) + 1
    return positions
