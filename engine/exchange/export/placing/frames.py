"""Clips in video frames, for formats that count frames: the one place where they are rounded.

Each position in the result is rounded to the nearest frame by itself, and the source's start follows it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import floor

import numpy as np

from engine.core.timebase import samples_to_video_frames
from engine.core.wording import counted
from engine.document.tracks.track import Source
from engine.exchange.export.placing.clips import ResultClip, crossfades
from engine.sound.edl.edit_list import EditList


@dataclass(frozen=True, slots=True)
class FrameClip:
    """A clip in frames.

    Attributes
    ----------
    start, end : in the result; apart
    source_in : where it begins in its medium
    crossfade : length of the transition at its start; 0 for a cut
    """

    clip: ResultClip
    start: int
    end: int
    source_in: int
    crossfade: int = 0

    @property
    def length(self) -> int:
        """How long it lasts."""
        return self.end - self.start


def frame_clips(
    found: Sequence[ResultClip],
    sources: Mapping[str, Source],
    rate_hz: int,
    frame_rate: Fraction,
    begins_s: Mapping[str, Fraction] | None = None,
) -> Iterator[FrameClip]:
    """Yield the clips of a track that last at least a frame.

    Clips are off by half a frame at most. All parts of one segment are off by the same amount, so each
    continues where the previous one ended.

    Parameters
    ----------
    found : all clips of the track, in order
    rate_hz : the document's
    begins_s : the timecode at which a source begins, by its id; 0 where none is given
    """
    fades = crossfades(tuple(found))
    before: tuple[int, FrameClip] | None = None
    for number, clip in enumerate(found):
        start, end = (
            samples_to_video_frames(edge, rate_hz, frame_rate)
            for edge in (clip.result_start_samples, clip.result_stop_samples)
        )
        if start >= end:
            continue
        begin_s = (begins_s or {}).get(clip.source_id, Fraction(0))
        ahead_samples = clip.start_samples - clip.shift_samples - clip.result_start_samples
        ahead_s = Fraction(ahead_samples, rate_hz) + begin_s
        shift = samples_to_video_frames(clip.shift_samples, rate_hz, frame_rate)
        made = FrameClip(clip, start, end, start + floor(ahead_s * frame_rate + Fraction(1, 2)) + shift)
        if number in fades and before is not None and before[0] == number - 1:
            wished = max(1, samples_to_video_frames(sum(fades[number]), rate_hz, frame_rate))
            left = sources[before[1].clip.source_id]
            room = _room(before[1], made, samples_to_video_frames(left.frames, left.rate_hz, frame_rate))
            made = replace(made, crossfade=min(wished, room))
        before = number, made
        yield made


def lost_in_frames(edit_list: EditList, frame_rate: Fraction) -> str:
    """Return a sentence about parts of the result that begin and end in one frame; empty without any."""
    scale, lost = 2 * edit_list.rate_hz * frame_rate.denominator, 0
    for one in (edit_list, *edit_list.own.values()):
        lengths = one.kept_stops_samples - one.kept_starts_samples
        edges = np.stack([one.seams_samples, one.seams_samples + lengths])
        starts, ends = (2 * edges * frame_rate.numerator + scale // 2) // scale
        lost += int(np.count_nonzero(starts == ends))
    are = "is" if lost == 1 else "are"
    return f" {counted(lost, 'part')} shorter than a frame {are} left out." if lost else ""


def _room(left: FrameClip, right: FrameClip, left_medium: int) -> int:
    """Return the longest transition between two clips, in frames.

    Half of it is before the cut and half after it, and each file must extend that far; if the halves differ,
    the larger one is after the cut. It leaves half of either clip to the transition at its other end.
    """
    goes_on = left_medium - (left.source_in + left.length)
    before = min(right.source_in, left.length // 2)
    after = min(goes_on, (right.length + 1) // 2)
    return max(0, min(2 * before + 1, 2 * after))
