"""Edits as described in a file of another program: clips of media on tracks, and notices of omissions.

Times are exact fractions of seconds, so that each position is rounded to a sample once, by the code that
compares the description with a document.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction

from engine.document.marks.edits import NamedSpan
from engine.edl.edit_list import Segment
from engine.wording import counted

NOTHING = Fraction(0)


class LabelsAs(StrEnum):
    """Meaning of the labels of a file."""

    CUTS = "cuts"
    KEEPS = "keeps"


@dataclass(frozen=True, slots=True)
class Medium:
    """An audio file as the edits name it.

    Attributes
    ----------
    name : of the file, with its suffix where that is known
    path : former path of the file, empty if only its name is known
    length_s : None if the edits do not state it
    content_hash : as `engine.audio.reader.content_hash` returns it, empty if the edits do not state it
    is_timecode : whether positions may count from the timecode that a recorder wrote into the file
    """

    name: str
    path: str = ""
    length_s: Fraction | None = None
    content_hash: str = ""
    is_timecode: bool = False


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
    is_heard : whether it is switched on
    """

    medium: Medium
    start_s: Fraction
    length_s: Fraction
    at_s: Fraction
    fade_in_s: Fraction = NOTHING
    fade_out_s: Fraction = NOTHING
    gain_db: float = 0.0
    is_heard: bool = True
    gains: tuple[tuple[Fraction, float], ...] = ()


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
    rate_hz : of `written`, `segments` and `labels`; 0 if all are empty
    rounding_s : largest error of a position in a format that counts frames; 0 if exact
    counts_frames : whether the format counts frames, even if it also has exact positions
    has_crossfades : whether the format can state the overlap of neighbours
    varies_gain : whether the format has gain curves of clips
    has_edge_fades : whether it can state the fade-in of the first clip and the fade-out of the last
    frame_rate : of video, if the file states or implies one
    is_rate_guessed : whether the file does not state that rate
    left_out : a sentence for everything in the file that no edit can express
    """

    file_name: str
    format_name: str
    tracks: tuple[ImportedTrack, ...] = ()
    markers: tuple[ImportedMarker, ...] = ()
    labels: tuple[NamedSpan, ...] = ()
    labels_as: LabelsAs = LabelsAs.CUTS
    written: tuple[WrittenEdit, ...] | None = None
    segments: tuple[Segment, ...] = ()
    rate_hz: int = 0
    rounding_s: Fraction = NOTHING
    counts_frames: bool = False
    has_crossfades: bool = True
    varies_gain: bool = False
    has_edge_fades: bool = True
    frame_rate: Fraction | None = None
    is_rate_guessed: bool = False
    left_out: tuple[str, ...] = ()


def left_out_sentences(counts: Mapping[str, int]) -> tuple[str, ...]:
    """Return a sentence for each kind of thing that a reader left out, by its noun."""
    return tuple(f"{counted(number, noun)} left out." for noun, number in counts.items())
