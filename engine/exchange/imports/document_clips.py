"""Imported clips as parts of a document: which track plays which span of its timeline, and when.

Clips of files with edited sound (`engine.exchange.export.placing.stretches`) count as the span of the
recording that they were made of: the document's edits of that sound stay as they are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import ceil, floor, inf, log10
from pathlib import Path
from typing import NamedTuple

import numpy as np

from engine.core.errors import EditsError
from engine.core.timebase import united, within
from engine.core.wording import counted, listed, quoted
from engine.document.state import DocumentState
from engine.document.tracks import Clip, Source, Track
from engine.exchange.export.placing.media_files import audio_track
from engine.exchange.export.placing.stretches import Consolidated, consolidated_track
from engine.exchange.export.placing.timecode import picture_rate, sound_lag_s, source_begin_s
from engine.exchange.imports.described import (
    NOTHING,
    ImportedClip,
    ImportedEdits,
    ImportedTrack,
    Medium,
    NotUnderstood,
    repeated,
)
from engine.exchange.imports.gain_curves import Curve, constant_ratio
from engine.exchange.imports.media import Media
from engine.exchange.names import name_of_file
from engine.sound.edl.build import build
from engine.sound.edl.tracks.patches import GainCurve, lone_gains

_EDITED = " edited"
_MOST_NAMED = 3
_QUIETEST = 1e-6
_NEAR_S = Fraction(1, 10)
_MOST_REPEATS = 100_000

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class DocumentClip:
    """A span [start, stop) of the document's timeline that a track plays, all that its fades need included.

    Attributes
    ----------
    at_samples : where it begins in the result
    gain_db : against the gain of its track in the imported edits
    source_id : the recording that plays it; "" for a file with edited sound
    offset_samples : from a position on the timeline to that in the recording
    """

    track_id: str
    start_samples: int
    stop_samples: int
    at_samples: int
    fade_in_samples: int
    fade_out_samples: int
    gain_db: float
    is_audible: bool
    source_id: str = ""
    offset_samples: int = 0

    @property
    def end_samples(self) -> int:
        """Where it ends in the result."""
        return self.at_samples + self.stop_samples - self.start_samples


@dataclass(frozen=True, slots=True)
class DocumentClips:
    """The clips of a document, and notices of unknown ones.

    Attributes
    ----------
    by_track : by track id, by their place in the result; tracks that the edits do not name are absent
    near_samples : largest error of a position
    gains_db : of the tracks, by id, if the edits state them
    left_out : a sentence each
    curves : gain curves of clips, by track id, if the edits have them
    not_understood : parts of the file without a clip here
    unknown : the spans of those in the result, by track id; "" for those whose track is not known
    uncut : the spans of the document that those play
    """

    by_track: Mapping[str, tuple[DocumentClip, ...]]
    near_samples: int = 0
    gains_db: Mapping[str, float] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()
    curves: Mapping[str, tuple[Curve, ...]] = field(default_factory=dict)
    not_understood: tuple[NotUnderstood, ...] = ()
    unknown: Mapping[str, Sequence[Span]] = field(default_factory=dict)
    uncut: tuple[Span, ...] = ()


def document_clips(
    imported: ImportedEdits, state: DocumentState, places: Mapping[str, Path]
) -> DocumentClips:
    """Return the clips of a document that imported edits play.

    Parameters
    ----------
    places : where each source is now, by source id

    Raises
    ------
    EditsError : the edits are of other recordings, or the recordings are ambiguous
    """
    return _Placing(imported, state, places).clips()


class _Place(NamedTuple):
    """Where a clip begins on the document's timeline; see `DocumentClip`."""

    track_id: str
    start_samples: int
    source_id: str = ""
    offset_samples: int = 0


class _Placing:
    """Places clips, and counts those that do not belong to the document."""

    def __init__(self, imported: ImportedEdits, state: DocumentState, places: Mapping[str, Path]) -> None:
        self._imported, self._state, self._places = imported, state, places
        self._media = Media(state, places, 2 * imported.rounding_s, imported.folder)
        rate = imported.frame_rate or picture_rate(state, places).usual.exact
        self._files = _EditedFiles(state, rate, varies_gain=imported.varies_gain)
        self._others: list[NotUnderstood] = []
        self._by_name: dict[str, set[str]] = {}
        self._unedited = 0
        self._gains_db: dict[str, float] = {}
        patches = build(state).patches if imported.varies_gain else {}
        self._own_gains = {
            track.id: GainCurve(lone_gains(patches.get(track.id)), state.rate_hz) for track in state.tracks
        }
        self._curves: dict[str, list[Curve]] = {}
        self._waiting: dict[str, list[tuple[ImportedClip, float]]] = {}
        self._unknown: dict[str, list[Span]] = {}
        self._uncut: list[Span] = []
        self._repeats = NOTHING

    def clips(self) -> DocumentClips:
        """Return the clips."""
        found: dict[str, dict[DocumentClip, None]] = {}
        for track in self._imported.tracks:
            for clip in self._of_track(track):
                found.setdefault(clip.track_id, {})[clip] = None
                self._by_name.setdefault(track.name, set()).add(clip.track_id)
        self._beside(found)
        if not found and self._imported.not_understood:
            raise self._imported.nothing_understood()
        if not found:
            names = dict.fromkeys(one.medium.name for track in self._imported.tracks for one in track.clips)
            shown = listed([quoted(name) for name in [*names][:_MOST_NAMED]]) or "nothing"
            raise EditsError(
                f"{self._imported.file_name} is not an edit of this document: it plays {shown}, and no "
                "recording here has that name and length."
            )
        by_track = {
            key: tuple(sorted(clips, key=lambda one: (one.at_samples, one.start_samples)))
            for key, clips in found.items()
        }
        near_samples = ceil(self._imported.rounding_s * self._state.rate_hz)
        curves = {key: tuple(own) for key, own in self._curves.items()}
        not_understood = (*self._imported.not_understood, *self._alone(by_track, near_samples))
        for one in not_understood:
            self._keep(one)
        return DocumentClips(
            by_track,
            near_samples,
            self._gains_db,
            tuple(self._left_out()),
            curves,
            not_understood,
            self._unknown,
            tuple(self._uncut),
        )

    def _alone(
        self, by_track: Mapping[str, Sequence[DocumentClip]], near_samples: int
    ) -> Iterator[NotUnderstood]:
        """Yield clips of other recordings that play where no recording of the document does."""
        own = united([(one.at_samples, one.end_samples) for clips in by_track.values() for one in clips])
        for one in self._others:
            start, stop = self._samples(one.start_s) + near_samples, self._samples(one.stop_s) - near_samples
            if start < stop and not within(np.array([(start, stop)]), own)[0]:
                yield one

    def _keep(self, part: NotUnderstood) -> None:
        """Note the tracks of a part that is not understood, and the span of the document that it plays."""
        span = self._samples(part.start_s), self._samples(part.stop_s)
        tracks = self._by_name.get(part.track, set())
        if part.medium is not None:
            length_s = part.medium_stop_s - part.medium_start_s
            clip = ImportedClip(part.medium, part.medium_start_s, length_s, part.start_s)
            place = self._place(clip, ImportedTrack(part.track, ()))
            if place is not None:
                tracks, start = {place.track_id}, place.start_samples
                stop = min(start + self._samples(length_s), self._state.length_samples)
                self._uncut.append((max(0, start), stop))
        for track_id in tracks or {""}:
            self._unknown.setdefault(track_id, []).append(span)

    def _left_out(self) -> Iterator[str]:
        for noun, number in Counter(one.noun for one in self._others).items():
            yield f"{counted(number, noun)}, which is not in this document, left out."
        if self._unedited:
            parts = counted(self._unedited, "part")
            yield f"{parts} with edited sound that this document does not have: the recording plays there."

    def _of_track(self, track: ImportedTrack) -> Iterator[DocumentClip]:
        """Yield the clips of a track; those that only hold edited sound wait for their neighbours."""
        if self._imported.varies_gain:
            track = replace(track, clips=tuple(self._against_own(one, track) for one in track.clips))
        gain_db = _usual_gain(track)
        for clip in (part for one in track.clips for part in self._unlooped(one)):
            place, own = self._place(clip, track), self._files.track_of(clip.medium)
            if place is not None:
                if track.gain_db is not None:  # a pan makes channels quieter, none louder
                    known = self._gains_db.get(place.track_id, -inf)
                    self._gains_db[place.track_id] = max(known, track.gain_db + gain_db)
                yield self._made(clip, place, gain_db)
            elif own is not None:
                self._waiting.setdefault(own.id, []).append((clip, gain_db))
            elif clip.is_audible:
                self._others.append(_other(clip, track.name))

    def _unlooped(self, clip: ImportedClip) -> Iterator[ImportedClip]:
        """Yield a clip, or one for each time that it begins its recording again; EditsError for too many."""
        source = self._media.find(clip.medium) if clip.is_looped else None
        length_s = Fraction(source.frames, source.rate_hz) if source is not None else clip.length_s
        if source is None or NOTHING <= clip.start_s <= length_s - clip.length_s:
            yield clip
            return
        self._repeats += clip.length_s / length_s
        if self._repeats > _MOST_REPEATS:
            raise EditsError(
                f"{self._imported.file_name} repeats its recordings more than {_MOST_REPEATS:,} times: "
                "shorten its looped clips, and export it again."
            )
        yield from repeated(clip, NOTHING, length_s)

    def _beside(self, found: dict[str, dict[DocumentClip, None]]) -> None:
        """Place the waiting clips: each continues or precedes another clip of its track."""
        for track_id, waiting in self._waiting.items():
            own = found.setdefault(track_id, {})
            ends = {one.end_samples: one for one in own}
            starts = {one.at_samples: one for one in own}
            for step in (1, -1):  # what is carried on, then what leads up
                for clip, gain_db in waiting[::step]:
                    at, end = self._samples(clip.at_s), self._samples(clip.at_s + clip.length_s)
                    known = ends.get(at) or starts.get(end)
                    if known is None:
                        continue
                    place = _Place(track_id, known.start_samples + at - known.at_samples)
                    made = self._made(clip, place, gain_db)
                    own[made] = None
                    ends[made.end_samples] = starts[made.at_samples] = made
                    waiting.remove((clip, gain_db))
                    self._unedited += 1
            self._others += [_other(clip, "") for clip, _ in waiting]
            if not own:
                del found[track_id]

    def _against_own(self, clip: ImportedClip, track: ImportedTrack) -> ImportedClip:
        """Return a clip with a constant gain, relative to the document's; other gains become curves."""
        is_edited = self._files.track_of(clip.medium) is not None
        place = self._place(clip, track) if is_edited or clip.gains or clip.gain_db else None
        if place is None:
            return replace(clip, gains=())
        track_id, start, rate_hz = place.track_id, place.start_samples, self._state.rate_hz
        stop = start + max(1, self._samples(clip.length_s))
        own = self._own_gains[track_id].points(start, stop)
        if is_edited:  # the document's gain is in the file
            self._curves.setdefault(track_id, []).append(Curve(start, stop, own, is_changed=False))
            return replace(clip, gains=())
        factor = 10.0 ** (clip.gain_db / 20.0)
        found = tuple((float(start + at * rate_hz), factor * gain) for at, gain in clip.gains)
        found = found or ((float(start), factor), (float(stop), factor))
        ratio = constant_ratio(found, own)
        curves = self._curves.setdefault(track_id, [])
        curves.append(Curve(start, stop, found if ratio is None else own, is_changed=ratio is None))
        return replace(clip, gain_db=0.0 if ratio is None else 20.0 * log10(max(ratio, _QUIETEST)), gains=())

    def _place(self, clip: ImportedClip, track: ImportedTrack) -> _Place | None:
        """Return the track of a clip, and its start on the document's timeline."""
        edited = self._files.place(clip)
        if edited is not None:
            return _Place(*edited)
        source = self._media.find(clip.medium)
        if source is None:
            return None
        lag_s = self._lag_s(clip.medium, source)
        start = self._samples(clip.start_s - lag_s - self._begin_s(clip.medium, source, clip.start_s))
        own, shift = self._track_of(source, track.name, start, start + self._samples(clip.length_s))
        return _Place(own.id, start + shift, source.id, -shift)

    def _made(self, clip: ImportedClip, place: _Place, gain_db: float) -> DocumentClip:
        at = self._samples(clip.at_s)
        length = max(1, self._samples(clip.at_s + clip.length_s) - at)
        return DocumentClip(
            place.track_id,
            place.start_samples,
            place.start_samples + length,
            at,
            min(length, self._samples(clip.fade_in_s)),
            min(length, self._samples(clip.fade_out_s)),
            round(clip.gain_db - gain_db, 2),
            clip.is_audible,
            place.source_id,
            place.offset_samples,
        )

    def _begin_s(self, medium: Medium, source: Source, start_s: Fraction) -> Fraction:
        """Return the timecode from which positions in a source count."""
        if not medium.is_timecode:
            return Fraction(0)
        begin_s = source_begin_s(source, self._places)
        return begin_s if start_s + 2 * self._imported.rounding_s >= begin_s else Fraction(0)

    def _lag_s(self, medium: Medium, source: Source) -> Fraction:
        """Return how much later than its sound a medium counts: a video counts from its picture.

        Offcut's own list, which alone states hashes, counts from the sound, as a WAV of the track does.
        """
        is_video = (
            not medium.content_hash and audio_track(self._places.get(source.id, Path(source.path))) == 1
        )
        return sound_lag_s(source, self._places) if is_video else Fraction(0)

    def _track_of(self, source: Source, name: str, start: int, stop: int) -> tuple[Track, int]:
        """Return the track that plays a span of a source, and the shift of its clip on the timeline.

        Of several, a track of the name is taken first, then the clip with most of the span: a position alone,
        rounded to a frame, can be that of the clip before.
        """
        own = [
            (track.name != name, -_shared(clip, start, stop), track, clip.shift_samples)
            for track in self._state.tracks
            for clip in track.clips
            if clip.source_id == source.id
        ]
        if not own:
            name = quoted(Path(source.path).name)
            raise EditsError(f"No track of this document plays {name}: undo until one does.")
        _, _, track, shift = min(own, key=lambda one: one[:2])
        return track, shift

    def _samples(self, seconds: Fraction) -> int:
        return floor(seconds * self._state.rate_hz + Fraction(1, 2))


def _shared(clip: Clip, start: int, stop: int) -> int:
    """Return how much of a span of its source a clip plays."""
    begin = clip.offset_samples
    return max(0, min(stop, begin + clip.length_samples) - max(start, begin))


def _other(clip: ImportedClip, track: str) -> NotUnderstood:
    """Describe a clip of a recording that is not in the document."""
    return NotUnderstood(f"clip of {quoted(clip.medium.name)}", clip.at_s, clip.at_s + clip.length_s, track)


class _EditedFiles:
    """The files that hold edited sound of a document, as its exports name them."""

    def __init__(self, state: DocumentState, rate: Fraction, *, varies_gain: bool) -> None:
        edit_list = build(state)
        self._rate_hz = state.rate_hz
        self._tracks = {
            f"{_EDITED} {number:02d} {name_of_file(track.name)}.wav".casefold(): track
            for number, track in enumerate(state.tracks, 1)
        }
        self._of: dict[str, tuple[Track, list[Consolidated]]] = {}
        for ending, track in self._tracks.items():
            variants = [
                consolidated_track(state, edit_list, track, Path(ending), rate, varies_gain=varies)
                for varies in {False, varies_gain}  # AAF files of before hold gains as well
            ]
            self._of[ending] = track, [one for one in variants if one is not None]

    def _ending(self, medium: Medium) -> str | None:
        name = medium.name.casefold()
        return next((ending for ending in self._tracks if name.endswith(ending)), None)

    def track_of(self, medium: Medium) -> Track | None:
        """Return the track of such a file, by its name; None for any other file."""
        ending = self._ending(medium)
        return None if ending is None else self._tracks[ending]

    def place(self, clip: ImportedClip) -> tuple[str, int] | None:
        """Return the track of a clip of such a file, and its start on the document's timeline.

        None if the document would write another file now.
        """
        ending = self._ending(clip.medium)
        if ending is None:
            return None
        track, variants = self._of[ending]
        own = self._written(variants, clip.medium.length_s)
        if own is None:
            return None
        start = floor(clip.start_s * self._rate_hz + Fraction(1, 2))
        middle = start + floor(clip.length_s * self._rate_hz / 2)
        for one in own.stretches:
            shift = one.shift_samples - track.start_samples
            if one.start_samples + shift <= middle < one.stop_samples + shift:
                return track.id, start - shift
        return None

    def _written(self, variants: Sequence[Consolidated], length_s: Fraction | None) -> Consolidated | None:
        """Return the file of the stated length, or the first one if the edits state none."""
        off = {
            abs(Fraction(one.source.frames, self._rate_hz) - length_s) if length_s is not None else 0: one
            for one in reversed(variants)
        }
        nearest = min(off, default=None)
        return off[nearest] if nearest is not None and nearest <= _NEAR_S else None


def _usual_gain(track: ImportedTrack) -> float:
    """Return the gain that most of a track has."""
    lengths: Counter[float] = Counter()
    for one in track.clips:
        lengths[round(one.gain_db, 2)] += float(one.length_s)  # type: ignore[assignment]
    return max(lengths, key=lambda gain: lengths[gain], default=0.0)
