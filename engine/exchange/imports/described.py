"""Edits as described in a file of another program: clips of media on tracks, and notices of omissions.

Times are exact fractions of seconds, so that each position is rounded to a sample once, by the code that
compares the description with a document.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np

from engine.core.errors import EditsError
from engine.core.timebase import format_time
from engine.core.wording import counted, listed
from engine.document.edits.markers import NamedSpan
from engine.sound.edl.edit_list import Segment

NOTHING = Fraction(0)
_REST_S = Fraction(1, 100_000)
_MOST_PLACES = 5


class LabelsAs(StrEnum):
    """Meaning of the labels of a file."""

    CUTS = "cuts"
    KEEPS = "keeps"
    MARKERS = "markers"


@dataclass(frozen=True, slots=True)
class Medium:
    """An audio file as the edits name it.

    Attributes
    ----------
    name : of the file, with its suffix where that is known
    path : former path of the file, empty if only its name is known
    length_s : None if the edits do not state it
    content_hash : as `engine.sound.reader.content_hash` returns it, empty if the edits do not state it
    is_timecode : whether positions may count from the timecode that a recorder wrote into the file
    names : further names of the same sound, such as that of the file that it was imported from
    """

    name: str
    path: str = ""
    length_s: Fraction | None = None
    content_hash: str = ""
    is_timecode: bool = False
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ImportedClip:
    """A span of a medium on the timeline of the result, with all that its fades need.

    Attributes
    ----------
    start_s : in the medium
    length_s : neighbours that overlap on the timeline are crossfaded as far as they do
    at_s : where it begins on the timeline
    fade_in_s, fade_out_s : length of the fades, 0 for a hard edge
    gain_db : against the gain of its track
    gains : a gain that varies, on top of that: times from its start, and factors, linear between them; empty
        for one that does not
    is_audible : whether it is switched on
    is_looped : whether it begins again at the start of its medium where that ends
    recorded_s : where its start was on the timeline when it was recorded; None if the edits do not state it
    """

    medium: Medium
    start_s: Fraction
    length_s: Fraction
    at_s: Fraction
    fade_in_s: Fraction = NOTHING
    fade_out_s: Fraction = NOTHING
    gain_db: float = 0.0
    is_audible: bool = True
    gains: tuple[tuple[Fraction, float], ...] = ()
    is_looped: bool = False
    recorded_s: Fraction | None = None


@dataclass(frozen=True, slots=True)
class ImportedTrack:
    """Clips of one track, by their place on the timeline.

    Attributes
    ----------
    gain_db : of the whole track, in addition to those of its clips; None if the edits do not state it
    """

    name: str
    clips: tuple[ImportedClip, ...]
    gain_db: float | None = None


@dataclass(frozen=True, slots=True)
class NotUnderstood:
    """A part of a file that changes the order or the time of sound as no edit of Offcut can.

    It is named to the user, it becomes no clip, and with one of these no edit of the file is accepted.

    Attributes
    ----------
    noun : such as "clip at 50 % speed"; `engine.core.wording.counted` makes its plural
    start_s, stop_s : its place on the timeline of the result
    track : name of its track, as `ImportedTrack.name`; empty if that is not known
    medium, medium_start_s, medium_stop_s : the part of a recording that it plays, which is not cut; no medium
        if that is not known
    """

    noun: str
    start_s: Fraction
    stop_s: Fraction
    track: str = ""
    medium: Medium | None = None
    medium_start_s: Fraction = NOTHING
    medium_stop_s: Fraction = NOTHING


@dataclass(frozen=True, slots=True)
class ImportedMarker:
    """A named place of the timeline, or a span [start, stop) where the two differ."""

    name: str
    start_s: Fraction
    stop_s: Fraction


@dataclass(frozen=True, slots=True)
class WrittenEdit:
    """An edit as Offcut's edit list writes it: the kind, the span and the payload.

    Attributes
    ----------
    start_samples, stop_samples : on the timeline of the recordings, at the rate of the list
    tracks : indices of its tracks in the list; empty for all
    """

    kind: str
    start_samples: int
    stop_samples: int
    payload: Mapping[str, object] = field(default_factory=dict)
    tracks: tuple[int, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ImportedEdits:
    """The edits of a document as read from a file.

    Attributes
    ----------
    file_name : as shown in messages
    format_name : display name of the format
    tracks, markers : on the timeline of the result
    labels : spans on the timeline of the recordings, for formats without tracks, with their meaning
    written : the edits themselves, if the format holds them; None if it holds clips alone
    segments : spans that all tracks play together, if the format holds them, for a comparison with `written`
    own_segments : those of tracks that play others, by the index of the track
    has_own_labels : whether labels may be those of an export of the document, which holds its markers as well
    rate_hz : of `written`, `segments` and `labels`; 0 if all are empty
    rounding_s : largest error of a position in a format that counts frames; 0 if exact
    counts_frames : whether the format counts frames, even if it also has exact positions
    has_crossfades : whether the format can state the overlap of neighbours
    states_cuts : whether a seam without a crossfade is a hard cut; if not, its crossfade is unknown
    varies_gain : whether the format has gain curves of clips
    has_edge_fades : whether it can state the fade-in of the first clip and the fade-out of the last
    frame_rate : of video, if the file states or implies one
    is_rate_guessed : whether the file does not state that rate
    left_out : a sentence for everything in the file that no edit can express, and that leaves the
        order and the time of sound as they are
    not_understood : parts that do change it
    premises : assumptions of the reader where the file states nothing, a sentence each; no omissions
    folder : of the file, below which it may name recordings; set by `engine.exchange.imports.read_edits`
    states_parts : whether clips have a start in their medium; if not, `labels` hold the clips as well
    session_start_s : time of day at the start of the timeline, by the clock of the recordings, if known
    """

    file_name: str
    format_name: str
    tracks: tuple[ImportedTrack, ...] = ()
    markers: tuple[ImportedMarker, ...] = ()
    labels: tuple[NamedSpan, ...] = ()
    labels_as: LabelsAs = LabelsAs.CUTS
    has_own_labels: bool = False
    written: tuple[WrittenEdit, ...] | None = None
    segments: tuple[Segment, ...] = ()
    own_segments: Mapping[int, tuple[Segment, ...]] = field(default_factory=dict)
    rate_hz: int = 0
    rounding_s: Fraction = NOTHING
    counts_frames: bool = False
    has_crossfades: bool = True
    states_cuts: bool = True
    varies_gain: bool = False
    has_edge_fades: bool = True
    frame_rate: Fraction | None = None
    is_rate_guessed: bool = False
    left_out: tuple[str, ...] = ()
    not_understood: tuple[NotUnderstood, ...] = ()
    premises: tuple[str, ...] = ()
    folder: Path | None = None
    states_parts: bool = True
    session_start_s: Fraction | None = None

    def nothing_understood(self) -> EditsError:
        """Return the error for a file in which only parts are that are not understood."""
        parts = listed(named_parts(self.not_understood))
        return EditsError(
            f"{self.file_name} has no edit that Offcut can import: {parts}. "
            "Render those parts in the program that wrote the file, and export it again."
        )


def repeated(clip: ImportedClip, first_s: Fraction, length_s: Fraction) -> Iterator[ImportedClip]:
    """Yield the clips that a looped one plays: to the end of a span of its medium, and from its start again.

    A rest of less than a sample is part of the last one.
    """
    clip = replace(clip, is_looped=False)
    start_s = first_s + (clip.start_s - first_s) % length_s
    at_s, end_s = clip.at_s, clip.at_s + clip.length_s
    while at_s < end_s:
        stop_s = at_s + first_s + length_s - start_s
        stop_s = end_s if stop_s > end_s - _REST_S else stop_s
        yield replace(
            clip,
            start_s=start_s,
            length_s=stop_s - at_s,
            at_s=at_s,
            fade_in_s=clip.fade_in_s if at_s == clip.at_s else NOTHING,
            fade_out_s=clip.fade_out_s if stop_s == end_s else NOTHING,
        )
        start_s, at_s = first_s, stop_s


def at_speed(clip: ImportedClip, speed: Fraction, track: str, noun: str = "clip") -> NotUnderstood:
    """Describe a clip that plays its medium faster or slower, or backwards.

    Parameters
    ----------
    clip : as it would be at its own speed; a reversed one may begin at either end of its span
    speed : 1 for its own, below 0 for backwards, 0 for one that is not known
    """
    named = noun if speed >= 0 else f"reversed {noun}"
    if not speed:
        named = f"{noun} with a change of speed"
    elif abs(speed) != 1:
        named = f"{named} at {100 * abs(float(speed)):.4g} % speed"
    reach_s = clip.length_s * (abs(speed) or 1)
    first_s = max(NOTHING, clip.start_s - reach_s) if speed < 0 else clip.start_s
    return NotUnderstood(
        named, clip.at_s, clip.at_s + clip.length_s, track, clip.medium, first_s, clip.start_s + reach_s
    )


def named_parts(parts: Sequence[NotUnderstood]) -> list[str]:
    """Return "2 clips at 50 % speed (0:20.0 to 0:30.0 on A1 and A2, 0:40.0 to 0:50.0 on A1)", one a noun.

    A part counts once where several tracks, such as the channels of a file, have it.
    """
    tracks: dict[str, dict[tuple[Fraction, Fraction, Medium | None], list[str]]] = {}
    for one in parts:
        places = tracks.setdefault(one.noun, {})
        own = places.setdefault((one.start_s, one.stop_s, one.medium), [])
        own += [one.track] if one.track and one.track not in own else []
    return [f"{counted(len(places), noun)} ({_places(places)})" for noun, places in tracks.items()]


def _places(places: Mapping[tuple[Fraction, Fraction, Medium | None], Sequence[str]]) -> str:
    found = []
    for (start_s, stop_s, _), tracks in [*places.items()][:_MOST_PLACES]:
        span = f"{format_time(float(start_s), 1)} to {format_time(float(stop_s), 1)}"
        found.append(f"{span} on {listed(tracks)}" if tracks else span)
    return ", ".join(found if len(places) <= _MOST_PLACES else [*found, "…"])


def left_out_sentences(counts: Mapping[str, int]) -> tuple[str, ...]:
    """Return a sentence for each kind of thing that a reader left out, by its noun."""
    return tuple(f"{counted(number, noun)} left out." for noun, number in counts.items())


def crossfaded(clips: Sequence[ImportedClip]) -> tuple[ImportedClip, ...]:
    """Return clips in order of time, with overlaps as crossfades."""
    found = sorted(clips, key=lambda one: one.at_s)
    for number, (one, after) in enumerate(pairwise(tuple(found))):
        overlap = one.at_s + one.length_s - after.at_s
        if overlap > 0:
            found[number] = replace(found[number], fade_out_s=overlap)
            found[number + 1] = replace(found[number + 1], fade_in_s=overlap)
    return tuple(found)


def trimmed(clips: Iterable[ImportedClip], begin_s: Fraction, end_s: Fraction) -> Iterator[ImportedClip]:
    """Yield the parts of clips that play in a span of the timeline; an edge that is cut off has no fade."""
    for one in clips:
        left = max(NOTHING, begin_s - one.at_s)
        right = max(NOTHING, one.at_s + one.length_s - end_s)
        length = one.length_s - left - right
        if length <= 0:
            continue
        yield replace(
            one,
            start_s=one.start_s + left,
            length_s=length,
            at_s=one.at_s + left,
            fade_in_s=NOTHING if left else one.fade_in_s,
            fade_out_s=NOTHING if right else one.fade_out_s,
            gains=_gains(one, left, left + length) if left or right else one.gains,
        )


def _gains(clip: ImportedClip, begin_s: Fraction, end_s: Fraction) -> tuple[tuple[Fraction, float], ...]:
    """Return the gain of a clip between two times from its start, counted from the first."""
    if not clip.gains:
        return ()
    times, factors = zip(*clip.gains, strict=True)
    held = [float(one) for one in times]
    ends = [(at - begin_s, float(np.interp(float(at), held, factors))) for at in (begin_s, end_s)]
    inside = [(at - begin_s, factor) for at, factor in clip.gains if begin_s < at < end_s]
    return (ends[0], *inside, ends[1])


def all_unknown(
    clips: Iterable[ImportedClip], noun: str, start_s: Fraction, stop_s: Fraction, track: str
) -> tuple[NotUnderstood, ...]:
    """Return a nested timeline that plays in an unknown way: one part for each span of a recording in it."""
    parts = tuple(
        NotUnderstood(noun, start_s, stop_s, track, one.medium, one.start_s, one.start_s + one.length_s)
        for one in clips
    )
    return parts or (NotUnderstood(noun, start_s, stop_s, track),)


def trimmed_parts(
    parts: Iterable[NotUnderstood], begin_s: Fraction, end_s: Fraction
) -> Iterator[NotUnderstood]:
    """Yield parts that are not understood, with their places limited to a span of the timeline."""
    for one in parts:
        start, stop = max(begin_s, one.start_s), min(end_s, one.stop_s)
        if start < stop:
            yield replace(one, start_s=start, stop_s=stop)
