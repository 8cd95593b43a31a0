"""Find the user's cuts in pairs of raw and edited recordings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from engine.analysis.signal.mono import mono_of
from engine.core.errors import UsageError
from engine.core.progress import Progress
from engine.core.spans import Samples, common
from engine.document.analysis import NOWHERE
from engine.features.taste.anomaly.cut_habits import CutHabits, RecordingCuts
from engine.features.taste.cuts.user_cuts import cuts_of_recording
from engine.sound.reader import SourceReader, content_hash

_LEAST_SHARE, _LEAST_PIECE_S = 0.5, 5.0
"""Least found part of an edited file, in pieces of this length: other recordings can share the sounds of a
drum machine."""
_MATCHING_SHARE = 0.8


def cuts_of_pairs(raws: Sequence[Path], edited: Iterable[Path], progress: Progress) -> CutHabits | None:
    """Find the parts of raw recordings that edited files leave out; None if no file matches.

    Raises
    ------
    SourceError : a file cannot be read
    Cancelled : the user asked for it
    """
    from engine.features.match.match import match  # torch

    files = tuple(edited)
    left_ms: dict[int, Samples] = {}
    for number, path in enumerate(files):
        try:
            found = match(raws, path, progress.part(0.0, _MATCHING_SHARE).step(number, len(files)))
        except UsageError:  # too short
            continue
        lengths = (one.raw_stop_samples - one.raw_start_samples for one in found.segments)
        long = sum(length for length in lengths if length >= _LEAST_PIECE_S * found.rate_hz)
        if long < _LEAST_SHARE * found.length_samples:
            continue
        for raw in {segment.raw for segment in found.segments}:
            # In whole milliseconds, since edited files have rates of their own.
            left = np.array(found.left_out[raw], np.int64).reshape(-1, 2) * 1000 // found.rate_hz
            left_ms[raw] = common(left_ms[raw], left) if raw in left_ms else left
    rest = progress.part(_MATCHING_SHARE, 1.0)
    measured = {
        content_hash(raws[raw]): _in_recording(raws[raw], spans_ms, rest.step(number, len(left_ms)))
        for number, (raw, spans_ms) in enumerate(sorted(left_ms.items()))
    }
    return CutHabits(measured) if measured else None


def _in_recording(path: Path, spans_ms: Samples, progress: Progress) -> RecordingCuts:
    from engine.analysis.beats.listen import listen  # torch

    with SourceReader(path) as reader:
        rate_hz, frames = reader.rate_hz, reader.frames
        analysed = listen(mono_of(reader, rate_hz), rate_hz, frames, progress)
    cuts = spans_ms * rate_hz // 1000
    return cuts_of_recording(cuts, NOWHERE, frames, rate_hz, analysed.grid, analysed.listening)
