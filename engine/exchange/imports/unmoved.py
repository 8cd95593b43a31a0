"""Match clips of formats that count frames with the clips of an export of the document.

Other programs store nothing finer than a frame. Clips that were not moved since the export get their exact
sample positions from the document, and clips too short for a frame return between their neighbours.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

from engine.core.timebase import samples_to_video_frames
from engine.document.state import DocumentState
from engine.document.tracks import Track
from engine.exchange.export.placing.clips import ResultClip, clips, frame_clips
from engine.exchange.export.placing.stretches import consolidated_track
from engine.exchange.imports.described import ImportedEdits
from engine.exchange.imports.document_clips import DocumentClip, DocumentClips
from engine.sound.edl.build import build
from engine.sound.edl.edit_list import EditList

_ROUNDED = 3
"""Half samples by which a position can be off that was rounded on its way through seconds."""
_Spelled = tuple[int, int, int, int, int]


def unmoved(
    found: DocumentClips, imported: ImportedEdits, state: DocumentState, frame_rate: Fraction
) -> DocumentClips:
    """Return the clips, with exact positions for those that agree with the document.

    Where the file states no crossfades, clips get none; where it states no cuts, a seam without a crossfade
    has that of the document.
    """
    edit_list = build(state)
    by_track, is_exact = {}, True
    for track in state.tracks:
        if track.id in found.by_track:
            own = _OwnClips(state, edit_list, track, frame_rate, imported)
            by_track[track.id], agrees = own.settled(found.by_track[track.id])
            is_exact &= agrees
    return replace(found, by_track=by_track, near_samples=0 if is_exact else found.near_samples)


def plays_own(found: DocumentClips, state: DocumentState, imported: ImportedEdits, rate: Fraction) -> bool:
    """Return whether clips are those of an export of the document, to the sample.

    Its edits then stay, also those that clips do not show: where no track sounds, a cut can be anywhere.
    Formats that count frames have no clips shorter than one.

    Parameters
    ----------
    rate : frames a second of the pictures, by which files with edited sound are laid out
    """
    edit_list = build(state)
    least = state.rate_hz / rate if imported.counts_frames else 0

    for track in state.tracks:
        clips_found = found.by_track.get(track.id)
        if clips_found is None:
            continue
        mine = set(_crossing([_spelled(one, has_fades=imported.has_crossfades) for one in clips_found]))
        variants = {
            consolidated_track(state, edit_list, track, Path(track.id), rate, varies_gain=varies)
            for varies in {False, imported.varies_gain}
        }
        own = (
            _lengths_of(clips(state, edit_list, track, held, over_silence=over_silence), imported)
            for held in variants
            for over_silence in (False, True)
        )
        if not any(mine <= one.keys() and all(one[key] < least for key in one.keys() - mine) for one in own):
            return False
    return True


def _lengths_of(own: Sequence[ResultClip], imported: ImportedEdits) -> dict[_Spelled, int]:
    """Return the clips of an export, and the length of each."""
    spelled = _crossing([_own_spelled(one, has_fades=imported.has_crossfades) for one in own])
    return dict(zip(spelled, (one.length_samples for one in own), strict=True))


def _crossing(clips: list[_Spelled]) -> list[_Spelled]:
    """Return clips in their order with fades no longer than the overlap that they are in.

    A crossfade of AAF and OpenTimelineIO has one length: that of the clip whose recording ends in it. Where
    that clip has no fade, AAF begins the other one at its end.
    """
    found = clips.copy()
    for here, there in pairwise(sorted(range(len(clips)), key=lambda number: clips[number])):
        one, after = found[here], found[there]
        overlap = one[0] + one[2] - one[1] - after[0]
        if overlap > 0 and not one[4]:
            at, start, stop, fade_in, fade_out = after
            found[there] = at + overlap, start + overlap, stop, max(0, fade_in - overlap), fade_out
        elif overlap > 0:
            found[here] = *one[:4], min(one[4], overlap)
            found[there] = *after[:3], min(after[3], overlap), after[4]
    return found


def _spelled(one: DocumentClip, *, has_fades: bool) -> _Spelled:
    fades = (one.fade_in_samples, one.fade_out_samples) if has_fades else (0, 0)
    return one.at_samples, one.start_samples, one.stop_samples, *fades


def _own_spelled(one: ResultClip, *, has_fades: bool) -> _Spelled:
    before, after = (one.before_samples, one.after_samples) if has_fades else (0, 0)
    start, fades = one.document_start_samples, (one.fade_in_samples, one.fade_out_samples)
    return (
        one.result_start_samples - before,
        start - before,
        start + one.length_samples + after,
        *(fades if has_fades else (0, 0)),
    )


@dataclass(frozen=True, slots=True)
class _Row:
    """A clip, and the document's clip at the same place.

    Attributes
    ----------
    clip : of the file; of its neighbour if it is too short for the file
    """

    clip: DocumentClip
    own: ResultClip | None
    is_in_file: bool = True


class _OwnClips:
    """The clips of a track, as exports write them in frames."""

    def __init__(
        self,
        state: DocumentState,
        edit_list: EditList,
        track: Track,
        frame_rate: Fraction,
        imported: ImportedEdits,
    ) -> None:
        self._rate_hz, self._frame_rate = state.rate_hz, frame_rate
        self._has_crossfades, self._states_cuts = imported.has_crossfades, imported.states_cuts
        held = consolidated_track(state, edit_list, track, Path(track.id), frame_rate)
        sources = dict(state.sources) if held is None else {**state.sources, held.source.id: held.source}
        self._all = clips(state, edit_list, track, held)
        met = [
            (one, after)
            for one, after in pairwise(self._all)
            if one.result_stop_samples == after.result_start_samples
        ]
        self._goes_on, self._continues = {one for one, _ in met}, {after for _, after in met}
        placed = tuple(frame_clips(self._all, sources, state.rate_hz, frame_rate))
        self._placed = {(one.start, one.end): one.clip for one in placed}
        self._exact_places = {
            (one.result_start_samples - one.before_samples, one.result_stop_samples + one.after_samples): one
            for one in self._all
        }
        self._crossfades = {one.clip: one.crossfade for one in placed}

    def settled(self, imported: Sequence[DocumentClip]) -> tuple[tuple[DocumentClip, ...], bool]:
        """Return clips in their order, and whether all of them agree with the document."""
        overlaps = [_overlap(*pair) for pair in pairwise(imported)]
        sides = zip(imported, (0, *overlaps), (*overlaps, 0), strict=True)
        rows = [_Row(one, self._own(one, before, after)) for one, before, after in sides]
        is_exact = all(row.own is not None for row in rows)
        overlapped = zip(rows, (0, *overlaps), (*overlaps, 0), strict=True)
        rows = [
            replace(row, own=None) if self._has_own_fade(row, *both) else row for row, *both in overlapped
        ]
        rows = sorted((*rows, *self._too_short(rows)), key=_place)
        found = [row.clip if row.own is None else self._exact(row.clip, row.own) for row in rows]
        for number, (left, right) in enumerate(pairwise(rows if self._has_crossfades else ())):
            found[number], found[number + 1] = self._crossfaded(
                (left, found[number]), (right, found[number + 1])
            )
        return tuple(found), is_exact

    def _has_own_fade(self, row: _Row, before: int, after: int) -> bool:
        """Return whether a clip at its exact place has a fade that no neighbour on its track overlaps.

        In a list of dissolves, which has no other fades, it crosses over with a clip of another track.
        """
        one, own = row.clip, row.own
        is_loose = bool((one.fade_in_samples and not before) or (one.fade_out_samples and not after))
        there = self._exact_places.get((one.at_samples, one.end_samples))
        if self._states_cuts or own is None or not is_loose or there is not own:
            return False
        return one.start_samples == own.document_start_samples - own.before_samples

    def _own(self, one: DocumentClip, before: int, after: int) -> ResultClip | None:
        """Return the document's clip with the place and the audio of this one; None without a match.

        Transitions surround the cut; if their halves differ, the larger one is after it. Formats with exact
        positions have the fades next to gaps as well.
        """
        fade_in, fade_out = self._frames(before), self._frames(after)
        start = self._frames(one.at_samples) + fade_in // 2
        end = self._frames(one.end_samples) - (fade_out - fade_out // 2)
        own = self._placed.get((start, end)) or self._exact_places.get((one.at_samples, one.end_samples))
        if own is None:
            return None
        off = one.start_samples - one.at_samples - (own.document_start_samples - own.result_start_samples)
        if one.source_id == own.source_id:  # rounded, it can be in the clip before, elsewhere on the timeline
            off += one.offset_samples - own.offset_samples
        return own if 2 * abs(off) <= self._rate_hz / self._frame_rate + _ROUNDED else None

    def _exact(self, one: DocumentClip, own: ResultClip) -> DocumentClip:
        """Return a clip at its place in the document, without its crossfades.

        A fade next to a gap of its track stays: no format in frames can state another one.
        """
        start, meets = own.document_start_samples, not self._has_crossfades
        begins, ends = meets or own in self._continues, meets or own in self._goes_on
        before, after = 0 if begins else own.before_samples, 0 if ends else own.after_samples
        return replace(
            one,
            start_samples=start - before,
            stop_samples=start + own.length_samples + after,
            at_samples=own.result_start_samples - before,
            fade_in_samples=0 if begins else own.fade_in_samples,
            fade_out_samples=0 if ends else own.fade_out_samples,
        )

    def _too_short(self, rows: Sequence[_Row]) -> Iterator[_Row]:
        """Yield the clips that last no frame, where the clips around them agree."""
        agreed = {row.own: row.clip for row in rows if row.own is not None}
        waiting: list[ResultClip] = []
        last: ResultClip | None = None
        for one in (*self._all, None):
            if one is not None and one not in self._crossfades:
                waiting.append(one)
                continue
            around = [each for each in (last, one) if each is not None]
            if all(each in agreed for each in around):
                yield from (_Row(agreed[around[0]], each, is_in_file=False) for each in waiting if around)
            last, waiting = one, []

    def _crossfaded(
        self, before: tuple[_Row, DocumentClip], after: tuple[_Row, DocumentClip]
    ) -> tuple[DocumentClip, DocumentClip]:
        """Return neighbours with the crossfade of the document, unless that of the file is another."""
        (left, first), (right, last) = before, after
        overlap = _overlap(left.clip, right.clip) if left.is_in_file and right.is_in_file else 0
        back, on = overlap // 2, overlap - overlap // 2
        fade_out = fade_in = overlap
        if left.own is not None and right.own is not None:
            gap = right.own.result_start_samples - left.own.result_stop_samples
            is_exact = overlap == left.own.after_samples + right.own.before_samples - gap
            meets = gap == 0
            if is_exact and overlap and not meets:  # a fade over the last samples of a track
                return first, last
            is_same = is_exact or self._frames(overlap) == self._crossfades.get(right.own, 0)
            if meets and (is_same or (not overlap and not self._states_cuts)):
                back, on = right.own.before_samples, left.own.after_samples
                fade_out, fade_in = left.own.fade_out_samples, right.own.fade_in_samples
        if left.own is not None and (overlap or left.own in self._goes_on):
            first = replace(first, stop_samples=first.stop_samples + on, fade_out_samples=fade_out)
        if right.own is not None and (overlap or right.own in self._continues):
            last = replace(
                last,
                start_samples=last.start_samples - back,
                at_samples=last.at_samples - back,
                fade_in_samples=fade_in,
            )
        return first, last

    def _frames(self, samples: int) -> int:
        return samples_to_video_frames(samples, self._rate_hz, self._frame_rate)


def _overlap(one: DocumentClip, after: DocumentClip) -> int:
    return max(0, one.end_samples - after.at_samples)


def _place(row: _Row) -> tuple[int, int]:
    at = row.clip.at_samples if row.own is None else row.own.result_start_samples
    return at, row.clip.start_samples
