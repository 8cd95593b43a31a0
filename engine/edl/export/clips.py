"""The edit list as clips on tracks, the way other editors hold it.

A clip is the part of one source that a segment plays on one track. Neighbours abut where one takes over
from the other; what a crossfade needs of either beyond that point is told beside it. All numbers are samples
at the document's rate, so a format converts each of them once and no error adds up.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

from engine.audio.time_reference import read_time_reference
from engine.document.state import DocumentState
from engine.document.track import Source, Track
from engine.edl.edit_list import EditList
from engine.edl.export.request import FrameRate


@dataclass(frozen=True, slots=True)
class Clip:
    """A part of a source on a track.

    Attributes
    ----------
    start_samples : in the source
    result_start_samples : in the result
    length_samples : at least 1
    before_samples, after_samples : how far the crossfades reach beyond the start and the end
    fade_in_samples, fade_out_samples : length of the fades, which begin at `start - before` and end at
        `stop + after`; 0 for a hard edge
    """

    start_samples: int
    result_start_samples: int
    length_samples: int
    before_samples: int = 0
    after_samples: int = 0
    fade_in_samples: int = 0
    fade_out_samples: int = 0

    @property
    def stop_samples(self) -> int:
        """End in the source."""
        return self.start_samples + self.length_samples

    @property
    def result_stop_samples(self) -> int:
        """End in the result."""
        return self.result_start_samples + self.length_samples


def clips(state: DocumentState, edit_list: EditList, track: Track) -> tuple[Clip, ...]:
    """Return what is heard of a track, in order; nothing where it has not begun or is over."""
    first, end = track.start_samples, state.track_stop_samples(track)
    last = len(edit_list.segments) - 1
    rows = zip(
        edit_list.segments,
        edit_list.kept_starts_samples.tolist(),
        edit_list.kept_stops_samples.tolist(),
        edit_list.seams_samples.tolist(),
        strict=True,
    )
    found = []
    for number, (segment, kept_start, kept_stop, seam) in enumerate(rows):
        start, stop = max(kept_start, first), min(kept_stop, end)
        if start >= stop:
            continue
        before = after = fade_in = fade_out = 0
        if start == kept_start:  # where the track itself begins later, it begins without a fade
            wanted = kept_start - segment.start_samples if number else 0
            before = min(wanted, kept_start - first)
            fade_in = segment.fade_in_samples - (wanted - before)
        if stop == kept_stop:
            wanted = segment.stop_samples - kept_stop if number < last else 0
            after = min(wanted, end - kept_stop)
            fade_out = segment.fade_out_samples - (wanted - after)
        result_start = seam + start - kept_start
        found.append(Clip(start - first, result_start, stop - start, before, after, fade_in, fade_out))
    return tuple(found)


def with_gaps(found: tuple[Clip, ...]) -> Iterator[tuple[int, Clip]]:
    """Yield each clip behind the length of the silence before it."""
    here = 0
    for clip in found:
        yield clip.result_start_samples - here, clip
        here = clip.result_stop_samples


def crossfades(found: tuple[Clip, ...]) -> dict[int, tuple[int, int]]:
    """Return how far each crossfade reaches before and after the start of a clip, by the clip's number."""
    return {
        number: (right.before_samples, left.after_samples)
        for number, (left, right) in enumerate(pairwise(found), 1)
        if left.result_stop_samples == right.result_start_samples
        and right.before_samples + left.after_samples
    }


def source_path(source: Source, media: Mapping[str, Path]) -> Path:
    """Return where a source is now, or was when it was imported: these formats never open it."""
    return media.get(source.id, Path(source.path)).absolute()


def source_begin_s(source: Source, media: Mapping[str, Path]) -> Fraction:
    """Return the timecode at which a source begins, in seconds: 0 unless its recorder wrote one into it.

    Resolve and Final Cut look for a clip by its timecode, and do not find one that is counted from 0.
    """
    return Fraction(read_time_reference(source_path(source, media)), source.rate_hz)


def frames_per_s(rate: FrameRate) -> Fraction:
    """Return an exact frame rate: the odd ones are 1000/1001 of a whole number."""
    nominal = nominal_frame_rate(rate)
    return Fraction(nominal) if rate.value == str(nominal) else Fraction(nominal * 1000, 1001)


def nominal_frame_rate(rate: FrameRate) -> int:
    """Return what a timecode at this rate counts to."""
    return round(float(rate.value))
