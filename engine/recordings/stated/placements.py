"""Proposed places of recordings, to be shown, changed and applied."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from engine.recordings.stated.stated_times import TimeField

LEAST_DRIFT_S = 0.003
"""Drift of a recording, by its end, from which it is corrected; below, no sample of it changes."""


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
    by_samples, drift_ppm : clock of a track of the document, see `engine.document.kinds.recorder`
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
