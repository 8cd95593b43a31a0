"""The edit list as clips on tracks, as in other editors: the one place where it is sliced and rounded.

A clip is the part of one medium that a segment plays on one track: of the recording, or of the file that
holds its edited sound (`engine.exchange.export.placing.stretches`). Neighbours abut where one takes over from
the other; a crossfade needs more of either beyond that point, which each clip counts. All numbers are samples
at the document's rate. For formats in frames, each position in the result is rounded to the nearest frame by
itself, and the start in the source follows it, so that no error adds up.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from math import floor

import numpy as np

from engine.core.timebase import samples_to_video_frames, united
from engine.core.wording import counted
from engine.document.state import DocumentState
from engine.document.tracks import Source, Track
from engine.exchange.export.placing.stretches import Consolidated, Part, media_parts
from engine.exchange.export.placing.timecode import sound_lag_s
from engine.exchange.export.request import ExportRequest
from engine.sound.edl.edit_list import INSERTED_FROM, EditList, Segment
from engine.sound.edl.tracks.voice import sounding_span


@dataclass(frozen=True, slots=True)
class ResultClip:
    """A part of a medium on a track.

    Attributes
    ----------
    start_samples : in the medium
    result_start_samples : in the result
    length_samples : at least 1; 0 if all its audio is in a fade beyond it (see `clips`)
    before_samples, after_samples : how far the crossfades reach beyond the start and the end
    fade_in_samples, fade_out_samples : length of the fades, which begin at `start - before` and end at
        `stop + after`; 0 for a hard edge
    source_id : the medium: a recording, or a consolidated file
    shift_samples : of a consolidated file, see `Stretch`
    offset_samples : from a position on the document's timeline to that in the medium
    segment : its index in the edit list of the track
    """

    start_samples: int
    result_start_samples: int
    length_samples: int
    before_samples: int = 0
    after_samples: int = 0
    fade_in_samples: int = 0
    fade_out_samples: int = 0
    source_id: str = ""
    shift_samples: int = 0
    offset_samples: int = 0
    segment: int = 0

    @property
    def stop_samples(self) -> int:
        """End in the medium."""
        return self.start_samples + self.length_samples

    @property
    def document_start_samples(self) -> int:
        """Start on the document's timeline."""
        return self.start_samples - self.offset_samples

    @property
    def result_stop_samples(self) -> int:
        """End in the result."""
        return self.result_start_samples + self.length_samples


def clips(
    state: DocumentState,
    edit_list: EditList,
    track: Track,
    consolidated: Consolidated | None = None,
    *,
    over_silence: bool = False,
) -> tuple[ResultClip, ...]:
    """Return the clips of a track, in order; none before it begins or after it ends.

    Parameters
    ----------
    consolidated : the file with its edited sound
    over_silence : for formats that play silence beyond a medium: fades keep their whole length over it. Else
        they end with the track
    """
    edit_list = edit_list.of_track(track.id)
    track = edit_list.as_played(track)
    rows = tuple(
        zip(
            edit_list.segments,
            edit_list.kept_starts_samples.tolist(),
            edit_list.kept_stops_samples.tolist(),
            edit_list.seams_samples.tolist(),
            strict=True,
        )
    )
    islands = _islands(state, edit_list, track, consolidated)
    found: list[ResultClip] = []
    for number, (segment, kept_start, kept_stop, seam) in enumerate(rows):
        first = bisect_right(islands, segment.start_samples, key=lambda span: span[1])
        for begin, end in islands[first:]:
            low, high = max(segment.start_samples, begin), min(segment.stop_samples, end)
            if low >= high:
                break
            if over_silence:
                low, high = _whole_fades(segment, low, high)
            start, stop = max(kept_start, low), min(kept_stop, high)
            if start > stop or (start == stop and not over_silence):
                continue
            begins, ends = start == kept_start, stop == kept_stop  # else the track does, without a fade
            fade_in = segment.fade_in_samples - (low - segment.start_samples) if begins else 0
            fade_out = segment.fade_out_samples - (segment.stop_samples - high) if ends else 0
            whole = ResultClip(
                start,
                seam + start - kept_start,
                stop - start,
                start - low if begins else 0,
                high - stop if ends else 0,
                min(fade_in, high - low),  # the track may end within the fade that it begins with
                min(fade_out, high - low),
                segment=number,
            )
            found += _parted(whole, track, consolidated)
    return tuple(found)


def _islands(
    state: DocumentState, edit_list: EditList, track: Track, consolidated: Consolidated | None
) -> Sequence[tuple[int, int]]:
    """Return the spans of the timeline in which a track sounds, ascending, without the gaps between clips."""
    patches = edit_list.patches.get(track.id)
    stretches = () if consolidated is None else consolidated.stretches
    tones = [(one.start_samples, one.stop_samples) for one in stretches if one.start_samples >= INSERTED_FROM]
    if state.is_one_source(track) or (patches is not None and patches.clock is not None):
        return [sounding_span(state, track, patches), *tones]
    found = [(one.start_samples, one.stop_samples) for one in track.clips]
    if consolidated is not None:
        found += [(one.start_samples, one.stop_samples) for one in consolidated.stretches]
    spans = united(found)
    return [(start, stop) for start, stop in spans.tolist()]


def _whole_fades(segment: Segment, low: int, high: int) -> tuple[int, int]:
    """Return the audible range of a track that begins at `low` and ends at `high`, with whole fades.

    A track edge inside a fade would change its shape; the fade begins or ends at the edge instead.
    """
    faded_in = segment.start_samples + segment.fade_in_samples
    faded_out = segment.stop_samples - segment.fade_out_samples
    start = segment.start_samples if low < faded_in else min(low, faded_out)
    stop = segment.stop_samples if high > faded_out else max(high, faded_in)
    return start, stop


def _parted(whole: ResultClip, track: Track, consolidated: Consolidated | None) -> Iterator[ResultClip]:
    """Yield a clip part by part, each from its own medium; `whole` has positions of the timeline.

    No fade is parted, so the first part holds all of the fade in and the last one all of the fade out.
    """
    start = whole.start_samples
    reach = start - whole.before_samples, start + whole.length_samples + whole.after_samples
    unfaded = reach[0] + whole.fade_in_samples, reach[1] - whole.fade_out_samples
    parts = _without_parted_fades(media_parts(track, consolidated, *reach), *unfaded)
    for number, part in enumerate(parts):
        is_first, is_last = number == 0, number == len(parts) - 1
        begin = start if is_first else part.start_samples
        end = start + whole.length_samples if is_last else part.stop_samples
        yield replace(
            whole,
            start_samples=begin + part.offset_samples,
            result_start_samples=whole.result_start_samples + begin - start,
            length_samples=end - begin,
            before_samples=whole.before_samples if is_first else 0,
            after_samples=whole.after_samples if is_last else 0,
            fade_in_samples=whole.fade_in_samples if is_first else 0,
            fade_out_samples=whole.fade_out_samples if is_last else 0,
            source_id=part.source_id,
            shift_samples=part.shift_samples,
            offset_samples=part.offset_samples,
        )


def _without_parted_fades(parts: Iterable[Part], first: int, last: int) -> list[Part]:
    """Return parts that meet between two positions alone, unless they are of different media.

    Where a fade holds the split of a clip, both sides of it continue one recording.
    """
    found: list[Part] = []
    for one in parts:
        before = found[-1] if found else None
        meets = before is not None and before.stop_samples == one.start_samples
        if meets and not first <= one.start_samples <= last and _medium(before) == _medium(one):
            found[-1] = replace(found[-1], stop_samples=one.stop_samples)
        else:
            found.append(one)
    return found


def _medium(part: Part | None) -> tuple[str, int, int] | None:
    return None if part is None else (part.source_id, part.offset_samples, part.shift_samples)


def clips_of(request: ExportRequest, track: Track, *, over_silence: bool = False) -> tuple[ResultClip, ...]:
    """Return the clips of a track in a request (see `clips`), at the places that its media count.

    Those of a video count from its picture.
    """
    own = request.consolidated.get(track.id)
    found = clips(request.state, request.edit_list, track, own, over_silence=over_silence)
    media, sources, rate_hz = request.named_media, request.sources, request.state.rate_hz
    lags = {key: round(sound_lag_s(sources[key], media) * rate_hz) for key in track.source_ids}
    if not any(lags.values()):
        return found
    moved = []
    for one in found:
        by = lags.get(one.source_id, 0)
        moved.append(
            replace(one, start_samples=one.start_samples + by, offset_samples=one.offset_samples + by)
        )
    return tuple(moved)


def crossfades(found: tuple[ResultClip, ...]) -> dict[int, tuple[int, int]]:
    """Return the reach of each crossfade before and after the start of a clip, by the clip's number."""
    return {
        number: (right.before_samples, left.after_samples)
        for number, (left, right) in enumerate(pairwise(found), 1)
        if left.result_stop_samples == right.result_start_samples
        and right.before_samples + left.after_samples
    }


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
