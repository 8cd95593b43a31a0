"""Segments of a track that play from a separate file, for programs that do not edit sound.

No format holds a slip by a fraction of a sample, or a segment filled with room tone. Only where a track has
such edits it is consolidated: the segments follow each other in a WAV file next to the project, and its
clips play them from there, joined without a fade to clips of the recording itself.

Two unedited video frames surround each edit, in the clip and again beyond it. So if a format rounds to
frames, neither clip leaves its audio, and the user can move a joint in the other program. A crossfade is
never split: if it touches a segment, all of it belongs to the segment.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor
from pathlib import Path

import numpy as np

from engine.core.timebase import Samples, common, united
from engine.document.state import DocumentState
from engine.document.tracks import Source, Track, visible_in_time
from engine.sound.edl.edit_list import INSERTED_FROM, EditList
from engine.sound.edl.tracks.patches import Patches, lone_gains
from engine.sound.edl.tracks.voice import sounding_span

MARGIN_FRAMES = 2
"""In video frames, around an edit: more than the error of positions rounded to frames."""
_SAMPLE_BYTES = 4


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a track that plays from its own file.

    Attributes
    ----------
    start_samples, stop_samples : on the document's timeline; silent before the track begins and after it ends
    shift_samples : offset in the file relative to the recording: whole frames of video, to the sample, so
        that both round alike
    """

    start_samples: int
    stop_samples: int
    shift_samples: int


@dataclass(frozen=True, slots=True)
class Part:
    """A span of the document's timeline that plays from one medium.

    Attributes
    ----------
    source_id : of a recording, or of the consolidated file
    offset_samples : from a position on the timeline to that in the medium
    shift_samples : see `Stretch`; 0 for a recording
    """

    start_samples: int
    stop_samples: int
    source_id: str
    offset_samples: int
    shift_samples: int = 0


@dataclass(frozen=True, slots=True)
class Consolidated:
    """The file next to a project that holds the edited segments of one track.

    Attributes
    ----------
    source : the file as a source; it has no hash until it is written
    start_samples : where the track begins on the timeline
    stretches : ascending and disjoint
    margin_samples : length of the track before and after each
    """

    track_id: str
    start_samples: int
    source: Source
    stretches: tuple[Stretch, ...]
    margin_samples: int

    @property
    def path(self) -> Path:
        """Where it is written."""
        return Path(self.source.path)

    @property
    def size_bytes(self) -> int:
        """Size of its samples."""
        return _SAMPLE_BYTES * self.source.channels * self.source.frames

    @property
    def is_there(self) -> bool:
        """Whether an export before has written it: its sound may have changed since."""
        return False


def media_parts(
    track: Track, consolidated: Consolidated | None, start_samples: int, stop_samples: int
) -> Iterator[Part]:
    """Yield the parts of a span of the timeline, from the recordings and from the edited file in turn.

    Gaps between clips have no part.
    """
    here = start_samples
    stretches = () if consolidated is None else consolidated.stretches
    first = bisect_right(stretches, start_samples, key=lambda one: one.stop_samples)
    for one in stretches[first:]:
        if one.start_samples >= stop_samples:
            break
        yield from _recorded_parts(track, here, one.start_samples)
        here = max(here, one.start_samples)
        end = min(one.stop_samples, stop_samples)
        assert consolidated is not None
        offset = one.shift_samples - consolidated.start_samples
        yield Part(here, end, consolidated.source.id, offset, one.shift_samples)
        here = end
    yield from _recorded_parts(track, here, stop_samples)


def _recorded_parts(track: Track, start_samples: int, stop_samples: int) -> Iterator[Part]:
    """Yield the parts of a span that play from recordings; fades are in the edited file."""
    if start_samples >= stop_samples:
        return
    if len(track.clips) == 1:  # also beyond its end, where a format plays silence
        only = track.clips[0]
        yield Part(start_samples, stop_samples, only.source_id, -only.shift_samples)
        return
    for one in visible_in_time(track.clips):
        begin, end = max(one.start_samples, start_samples), min(one.stop_samples, stop_samples)
        if begin < end:
            yield Part(begin, end, one.clip.source_id, -one.clip.shift_samples)


def _clip_edits(state: DocumentState, track: Track, edit_list: EditList) -> list[tuple[int, int]]:
    """Return the spans in which a track does not play samples of one recording as they are.

    Those are fades and gains of clips, clips with fewer channels than the track, and seams of the result with
    an edge of a clip inside.
    """
    if state.is_one_source(track):
        return []
    shown, channels = visible_in_time(track.clips), state.channels(track)
    found: list[tuple[int, int]] = []
    for one in shown:
        clip = one.clip
        if clip.gain_db or state.sources[clip.source_id].channels != channels:
            found.append((one.start_samples, one.stop_samples))
        if not clip.is_plain:
            first, last = clip.opaque
            found += [(clip.start_samples, first), (last, clip.stop_samples)]
    joints = np.unique([edge for one in shown for edge in (one.start_samples, one.stop_samples)])
    fades = _fades(edit_list)
    inside = np.searchsorted(joints, fades[:, 0], "right") < np.searchsorted(joints, fades[:, 1] - 1)
    return [*found, *((start, stop) for start, stop in fades[inside].tolist())]


def consolidated_track(
    state: DocumentState,
    edit_list: EditList,
    track: Track,
    path: Path,
    frame_rate: Fraction,
    *,
    varies_gain: bool = False,
) -> Consolidated | None:
    """Return the file with the audible edited segments of a track; None without such segments.

    Parameters
    ----------
    frame_rate : of the video that a format counts in
    varies_gain : whether the format plays gains itself (see `engine.sound.edl.tracks.patches.lone_gains`):
        the file has them only where other edits are
    """
    edit_list = edit_list.of_track(track.id)
    track, patches = edit_list.as_played(track), edit_list.patches.get(track.id)
    spans = _clip_edits(state, track, edit_list)
    if patches is not None:
        spans += _without_lone_gains(patches) if varies_gain else patches.spans
    if not spans:
        return None
    first, (begin, end) = track.start_samples, sounding_span(state, track, patches)
    # where another clock leaves nothing of the recording, the stretch is silent
    span = min(first, begin), max(track.stop_samples, end)
    frame = state.rate_hz / frame_rate
    margin = ceil(MARGIN_FRAMES * frame)
    found: list[Stretch] = []
    at = 0
    for start, stop in _stretched(edit_list, spans, span, margin).tolist():
        held_from = start - margin - first  # in the recording; below 0 where that begins later
        shift = floor(ceil((at - held_from) / frame) * frame + Fraction(1, 2))
        found.append(Stretch(start, stop, shift))
        at = stop + margin - first + shift
    if not found:
        return None
    channels = state.channels(track)
    source = Source(f"edited-{track.id}", str(path), "", state.rate_hz, channels, at, "WAV", "FLOAT")
    return Consolidated(track.id, first, source, tuple(found), margin)


def _without_lone_gains(patches: Patches) -> Sequence[tuple[int, int]]:
    """Return where anything else is changed."""
    lone = set(map(id, lone_gains(patches)))
    is_other = np.array([id(one) not in lone for one in patches.operations], bool)
    return [(start, stop) for start, stop in united(patches.reaches[is_other]).tolist()]


def _stretched(
    edit_list: EditList, spans: Sequence[tuple[int, int]], span: tuple[int, int], margin: int
) -> Samples:
    """Return the edited and audible segments of a track within `span`, with the margin, shape (k, 2)."""
    rows = np.array(spans, np.int64).reshape(-1, 2)
    edited = united(np.where(rows[:, :1] >= INSERTED_FROM, rows, np.clip(rows, *span)))
    played = united(np.stack([edit_list.starts_samples, edit_list.stops_samples], axis=1))
    around = united(common(edited, played) + np.array([-margin, margin]))
    return _with_whole_fades(around, _fades(edit_list), margin)


def _fades(edit_list: EditList) -> Samples:
    """Return the spans of the document's timeline that are faded in or out, shape (k, 2).

    With the sample within, at which a clip of its own could begin or end.
    """
    starts, stops = edit_list.starts_samples, edit_list.stops_samples
    rising = np.stack([starts, starts + edit_list.fades_in_samples + 1], axis=1)
    falling = np.stack([stops - edit_list.fades_out_samples - 1, stops], axis=1)
    return np.concatenate([rising, falling])


def _with_whole_fades(spans: Samples, fades: Samples, margin: int) -> Samples:
    """Return the spans with all of each fade that they touch, as one where their margins in the file meet."""
    outwards = np.array([-margin, margin])
    while True:
        first = np.searchsorted(spans[:, 1], fades[:, 0], side="right")
        last = np.searchsorted(spans[:, 0], fades[:, 1], side="left")
        grown = united(np.concatenate([spans, fades[first < last]]) + outwards) - outwards
        if np.array_equal(grown, spans):
            return spans
        spans = grown
