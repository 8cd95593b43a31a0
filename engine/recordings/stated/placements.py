"""Proposed places of recordings: shown, changed and applied, as tracks and clocks of recorders."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType

from engine.document.edits.tracks import NewTrack, new_track_id
from engine.document.kinds.sounding import BY_SAMPLES
from engine.document.kinds.timing import DRIFT_PPM, RECORDER
from engine.document.proposals import Decision, Proposal, Verdict, proposal_id
from engine.document.state import DocumentState, Row
from engine.document.tracks import Source, source_length_samples
from engine.recordings.stated.file_head import TimeField

LEAST_DRIFT_S = 0.003
"""Drift of a recording, by its end, from which it is corrected; below, no sample of it changes."""
MAKER = "clocks"


class Mode(StrEnum):
    """How places are proposed."""

    AUTO = "auto"
    """By sound where it agrees, else by stated times, else by file dates, else at zero."""
    ZERO = "zero"
    TIME = "time"
    SOUND = "sound"
    AFTER = "after"


class Basis(StrEnum):
    """Evidence that a place follows from."""

    SOUND = "sound"
    TIME_REFERENCE = "time reference"
    STATED_TIME = "stated time"
    FILE_DATE = "file date"
    CONTINUATION = "continuation"
    DOCUMENT = "document"
    """The place that a file recorded with it has in the document."""
    ORDER = "order"


class Reason(StrEnum):
    """Why a recording is proposed at its place."""

    ORIGIN = "origin"
    """The other places are counted from it."""
    SAME_SOUND = "same-sound"
    SIMILAR_RISES = "similar-rises"
    """Its rises agree, not its waveform: to some hundredths of a second."""
    AMBIGUOUS_SOUND = "ambiguous-sound"
    FAINT_SOUND = "faint-sound"
    CLOCK_BY_SOUND = "clock-by-sound"
    """The clock of its device was measured by the sound of other files."""
    SAME_CLOCK = "same-clock"
    """Its device also recorded the file that the places are counted from."""
    OTHER_CLOCK = "other-clock"
    """Nothing compares the clocks of the two devices."""
    FILE_DATE = "file-date"
    JOINS_EXACTLY = "joins-exactly"
    SPLIT_AT_LIMIT = "split-at-limit"
    EQUAL_LENGTHS = "equal-lengths"
    NEXT_NUMBER = "next-number"
    SAME_FILE = "same-file"
    SAME_REFERENCE = "same-reference"
    SAME_LENGTH = "same-length"
    SAME_TAKE = "same-take"
    AFTER_OTHERS = "after-others"
    """Its time is days away, so that it follows the others."""
    NOTHING_KNOWN = "nothing-known"
    CHOSEN = "chosen"
    """The user chose how files are placed."""


class Objection(StrEnum):
    """Kinds of contradiction to a place or a stated time."""

    WHOLE_HOURS = "whole-hours"
    """A stated time differs by whole or half hours: another zone, daylight saving, or UTC."""
    STATES_THE_END = "states-the-end"
    OTHER_DAY = "other-day"
    CLOCK_DIFFERS = "clock-differs"
    NEVER_SET = "never-set"
    IN_THE_FUTURE = "in-the-future"
    NO_DAY = "no-day"
    FIELDS_DISAGREE = "fields-disagree"
    FILE_DATE_DISAGREES = "file-date-disagrees"
    """The date of the file is not as far from the stated time as that of other files of its device."""
    COPIED_DATES = "copied-dates"
    """Other files have the same date, as copies do."""
    OVERLAPS = "overlaps"
    """It would sound at the same time as another file of its track."""
    ORDER_DISAGREES = "order-disagrees"
    """The order of its number is not that of its time."""
    OTHER_PLACE_BY_SOUND = "other-place-by-sound"
    """Two recordings place it differently by their sound."""
    AT_SEVERAL_PLACES = "at-several-places"
    """The document plays the recording that it is placed by at several places."""
    MOVED_APART = "moved-apart"
    """Files that were recorded together are no longer together in the document."""
    JUMPS = "jumps"
    """Its offset to another recording jumps, as where a recorder lost samples."""
    BEFORE_TIMELINE = "before-timeline"
    UNRELATED = "unrelated"
    """The others are placed relative to it, and nothing shows that it belongs to them."""


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A statement that was found and not followed, or that makes a place uncertain.

    Attributes
    ----------
    field : where it is stated; None for one that is not about a time
    difference_s : stated minus placed; 0.0 if times are not compared
    sentence : the same for the user
    """

    code: Objection
    field: TimeField | None
    difference_s: float
    sentence: str


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another place that the user can choose."""

    start_samples: float
    drift_ppm: float
    basis: Basis
    confidence: float


@dataclass(frozen=True, slots=True)
class Placement:
    """Proposed place of one file.

    Attributes
    ----------
    track : number of its track in `Placements.tracks`
    start_samples : of its first sample, at `Placements.rate_hz`, the earliest file is at 0; whole unless the
        sound gives a fraction. In a document it may be below 0: the clip then begins later in the file
    drift_ppm : how many samples in a million its clock counts more than that of the first recording
    confidence : 0 to 1
    is_certain : False where the user has to look
    sentence : reason for the user
    accuracy_s : how exact the evidence is if it is true: below a sample by sound at one place, a second
        by stated times, 0 for places that others are counted from
    """

    path: Path
    track: int
    start_samples: float
    drift_ppm: float
    basis: Basis
    confidence: float
    is_certain: bool
    reason: Reason
    sentence: str
    contradictions: tuple[Contradiction, ...] = ()
    alternatives: tuple[Alternative, ...] = ()
    accuracy_s: float = 0.0


@dataclass(frozen=True, slots=True)
class PlacedTrack:
    """Files that follow each other on one track.

    Attributes
    ----------
    files : their numbers, by start
    track_id : of a track of the document; "" for a new one
    by_samples, drift_ppm : clock of a track of the document, see `engine.document.kinds.timing`
    """

    name: str
    files: tuple[int, ...]
    track_id: str = ""
    by_samples: float = 0.0
    drift_ppm: float = 0.0


@dataclass(frozen=True, slots=True)
class FixedClip:
    """A clip that is in the document already and stays where it is.

    Attributes
    ----------
    track : number of its track in `Placements.tracks`
    start_samples, stop_samples : where it sounds
    """

    name: str
    track: int
    start_samples: float
    stop_samples: float


@dataclass(frozen=True, slots=True)
class Placements:
    """Proposed places of all files, in the order in which they were given.

    Attributes
    ----------
    tracks : those of the document first, also where no file is put on them
    fixed : clips of the document
    """

    rate_hz: int
    mode: Mode
    files: tuple[Placement, ...]
    tracks: tuple[PlacedTrack, ...]
    fixed: tuple[FixedClip, ...] = ()

    @property
    def is_plain(self) -> bool:
        """Whether each file has a new track of its own and begins at its start."""
        added = [track for track in self.tracks if not track.track_id]
        return len(added) == len(self.files) and not any(one.start_samples for one in self.files)

    @property
    def has_evidence(self) -> bool:
        """Whether any place follows from more than the date of a file."""
        return any(one.basis not in (Basis.FILE_DATE, Basis.ORDER) for one in self.files)

    @property
    def uncertain(self) -> tuple[Placement, ...]:
        """Return the places that the user has to look at."""
        return tuple(one for one in self.files if not one.is_certain)


def placed_tracks(
    places: Placements, sources: Sequence[Source], titles: Mapping[str, str] = MappingProxyType({})
) -> tuple[NewTrack, ...]:
    """Return the tracks of placed files; files that are not among the sources are left out.

    Parameters
    ----------
    titles : names that files state for a track of their own, by source id
    """
    found = []
    for track, files, own in _on_tracks(places, sources):
        name = titles.get(own[0].id, track.name) if len(own) == 1 else track.name
        by, drift_ppm = track.by_samples, track.drift_ppm
        if not track.track_id:
            drift_ppm = _drift_ppm(files, own, places.rate_hz)
            by = _by_samples(files[0], drift_ppm)
        # Clips begin where the files sound, after the clock of the track is applied.
        starts = [round(one.start_samples * (1.0 + drift_ppm / 1e6) - by) for one in files]
        starts = [
            start if one.start_samples < 0.0 else max(start, 0)
            for start, one in zip(starts, files, strict=True)
        ]
        found.append(NewTrack(name, tuple(own), tuple(starts), track.track_id))
    return tuple(found)


def clock_edits(
    state: DocumentState, places: Placements, sources: Sequence[Source]
) -> Iterator[tuple[Row, Row]]:
    """Yield a proposal, and its acceptance, for each new track whose recorder has another clock.

    Uncertain places have none: the user lines them up.
    """
    length = max(
        (
            start + source_length_samples(source, places.rate_hz)
            for track in placed_tracks(places, sources)
            for source, start in zip(track.sources, track.starts_samples, strict=True)
        ),
        default=0,
    )
    for track, files, own in _on_tracks(places, sources):
        drift_ppm = _drift_ppm(files, own, places.rate_hz)
        if track.track_id or not drift_ppm or not all(one.is_certain for one in files):
            continue
        key = new_track_id(state, own[0])
        payload: dict[str, object] = {BY_SAMPLES: _by_samples(files[0], drift_ppm), DRIFT_PPM: drift_ppm}
        proposal = Proposal(
            proposal_id(RECORDER.name, 0, length, MAKER, (key,), payload),
            RECORDER.name,
            0,
            length,
            min(one.confidence for one in files),
            f"Its clock differs by {drift_ppm:+.1f} ppm from that of the other recordings, by their sound.",
            MAKER,
            payload=payload,
            tracks=(key,),
        )
        yield proposal, Decision(proposal.id, Verdict.ACCEPTED)


def _on_tracks(
    places: Placements, sources: Sequence[Source]
) -> Iterator[tuple[PlacedTrack, list[Placement], list[Source]]]:
    by_path = {Path(source.path): source for source in sources}
    for track in places.tracks:
        files = [places.files[number] for number in track.files]
        files = [one for one in files if one.path.absolute() in by_path]
        if files:
            yield track, files, [by_path[one.path.absolute()] for one in files]


def _by_samples(first: Placement, drift_ppm: float) -> float:
    """Return the shift of a recording whose clip begins on the sample nearest to its place.

    A moment t of the timeline is at ``t * (1 + drift_ppm / 1e6) - by`` of the track.
    """
    if not drift_ppm:
        return 0.0
    return round(first.start_samples * (1.0 + drift_ppm / 1e6) - round(first.start_samples), 3)


def _drift_ppm(files: Sequence[Placement], sources: Sequence[Source], rate_hz: int) -> float:
    """Return the drift of a track, 0 where its files do not agree or it is not significant."""
    drifts = [one.drift_ppm for one in files]
    first, last = files[0].start_samples, files[-1].start_samples
    length_s = (last - first + source_length_samples(sources[-1], rate_hz)) / rate_hz
    is_one = max(drifts) - min(drifts) <= 1e-6
    is_much = abs(drifts[0]) / 1e6 * length_s >= LEAST_DRIFT_S
    return round(drifts[0], 3) if is_one and is_much else 0.0
