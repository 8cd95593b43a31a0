"""Analyses as a document stores them: frozen results, each with its maker, never edited.

An analysis has an id that encodes its inputs and its maker. Positions are document samples, spans are
[start, stop). `engine.document.file.stored_analyses` writes, reads and checks them. Hits that the user
confirmed are an analysis of their own, which outlives the next detection.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.core.errors import UsageError
from engine.core.timebase import samples_to_s_array
from engine.document.state import DocumentState, Marker


class Role(StrEnum):
    """Role of a microphone."""

    KICK = "kick"
    SNARE = "snare"
    HAT = "hat"
    TOM = "tom"
    CYMBAL = "cymbal"
    OVERHEAD = "overhead"
    ROOM = "room"
    OTHER = "other"

    @property
    def is_close(self) -> bool:
        """Whether it is placed at one drum, so that a hit in it has a voice and a time."""
        return self not in (Role.OVERHEAD, Role.ROOM, Role.OTHER)


class Ornament(StrEnum):
    """Relation of a hit to its neighbours: an intended ornament, or a mistake."""

    NONE = "none"
    GHOST = "ghost"
    FLAM = "flam"
    DRAG = "drag"
    LATE_VOICE = "late voice"
    """A voice of one stroke that came early or late by mistake: a faulty flam."""


@dataclass(frozen=True, slots=True, eq=False)
class Hits:
    """The hits of one group of microphones: a row for each drum that sounds, in the order of time.

    Attributes
    ----------
    onsets_samples : float64, shape (n,), ascending: where the sound rises at the microphone of its drum
    tracks : int16, shape (n,), index of that microphone in `track_ids`
    strengths_db : float32, shape (n,), the peak of the hit there, in dB full scale
    strokes : int32, shape (n,), ascending from 0: hits of one stroke, meant to sound together, share a number
    ornaments : int8, shape (n,), indices into `ORNAMENTS`
    confidences : float32, shape (n,), 0 to 1, that it is a hit of that drum and not bleed
    track_ids : of all microphones of the group
    roles : of the same
    delays_samples : float64, shape (len(track_ids),), delay of a hit relative to its own drum; preserved
    unsure_samples : float32, shape (n,), uncertainty of each onset; 0 if it rises clearly, and if unknown
    role_confidences : float32, shape (len(track_ids),), 0 to 1, of each role; 1 from the user, and if unknown
    """

    onsets_samples: NDArray[np.float64]
    tracks: NDArray[np.int16]
    strengths_db: NDArray[np.float32]
    strokes: NDArray[np.int32]
    ornaments: NDArray[np.int8]
    confidences: NDArray[np.float32]
    track_ids: Sequence[str]
    roles: Sequence[Role]
    delays_samples: NDArray[np.float64]
    maker: str = ""
    unsure_samples: NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, np.float32))
    role_confidences: NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, np.float32))

    def __post_init__(self) -> None:
        """Accept roles as plain words, as documents store them, and stored hits without the last two arrays.

        Raises
        ------
        ValueError : a role is unknown
        """
        object.__setattr__(self, "roles", tuple(Role(role) for role in self.roles))
        if not len(self.unsure_samples):
            object.__setattr__(self, "unsure_samples", np.zeros(len(self.onsets_samples), np.float32))
        if not len(self.role_confidences):
            object.__setattr__(self, "role_confidences", np.ones(len(self.roles), np.float32))

    @property
    def voices(self) -> tuple[Role, ...]:
        """The role of each hit's microphone, length n."""
        return tuple(self.roles[track] for track in self.tracks)


ORNAMENTS = tuple(Ornament)
"""In the order of their codes."""

SAME_HIT_S = 0.010
"""A hit found again is the one that was confirmed on its microphone within this time."""
_SAME_STROKE_S = 0.010
_OF_HITS = ("onsets_samples", "tracks", "strengths_db", "ornaments", "confidences", "unsure_samples")
"""The arrays with a row for each hit, without `strokes`."""


def taken(hits: Hits, rows: NDArray[np.int64] | NDArray[np.bool_]) -> Hits:
    """Return some rows of hits, with strokes renumbered."""
    _, strokes = np.unique(hits.strokes[rows], return_inverse=True)
    arrays = {name: getattr(hits, name)[rows] for name in _OF_HITS}
    return replace(hits, strokes=strokes.astype(np.int32), **arrays)


def sure_enough(hits: Hits, sensitivity: float) -> Hits:
    """Return the hits with a confidence of at least 1 - `sensitivity`; see `confirmed`.

    Parameters
    ----------
    sensitivity : 0 to 1; at 1 all detected hits count, at 0 only those the user confirmed
    """
    return taken(hits, hits.confidences >= 1.0 - sensitivity)


def confirmed(found: Hits, promoted: Hits | None, rate_hz: int) -> Hits:
    """Return detected hits merged with those the user confirmed, which get full confidence.

    A confirmed hit that was not detected again is restored; hits of missing microphones wait for them.
    """
    if promoted is None or not len(promoted.onsets_samples):
        return found
    places = {track: place for place, track in enumerate(found.track_ids)}
    own = np.array([places.get(track, -1) for track in promoted.track_ids], np.int64)
    tracks = own[promoted.tracks]
    confidences = found.confidences.copy()
    lost = []
    for row, (track, onset) in enumerate(zip(tracks, promoted.onsets_samples, strict=True)):
        if track < 0:
            continue
        away = np.where(found.tracks == track, np.abs(found.onsets_samples - onset), np.inf)
        nearest = int(np.argmin(away)) if len(away) else -1
        if nearest >= 0 and away[nearest] <= SAME_HIT_S * rate_hz:
            confidences[nearest] = 1.0
        else:
            lost.append(row)
    sure = replace(found, confidences=confidences)
    return _with_rows(sure, promoted, np.array(lost, np.int64), tracks, rate_hz) if lost else sure


def with_microphones_of(hits: Hits, others: Hits) -> Hits:
    """Return hits with the microphones of others added to their own."""
    more = [place for place, track in enumerate(others.track_ids) if track not in hits.track_ids]
    return replace(
        hits,
        track_ids=(*hits.track_ids, *(others.track_ids[place] for place in more)),
        roles=(*hits.roles, *(others.roles[place] for place in more)),
        delays_samples=np.concatenate([hits.delays_samples, others.delays_samples[more]]),
        role_confidences=np.concatenate([hits.role_confidences, others.role_confidences[more]]),
    )


def _with_rows(
    found: Hits, promoted: Hits, lost: NDArray[np.int64], tracks: NDArray[np.int64], rate_hz: int
) -> Hits:
    """Return hits with the rows of confirmed ones that were not detected; one joins a stroke close before."""
    order = np.argsort(np.concatenate([found.onsets_samples, promoted.onsets_samples[lost]]), kind="stable")
    more = {name: getattr(promoted, name)[lost] for name in _OF_HITS}
    more |= {"tracks": tracks[lost].astype(np.int16), "confidences": np.ones(len(lost), np.float32)}
    arrays: dict[str, Any] = {
        name: np.concatenate([getattr(found, name), some])[order] for name, some in more.items()
    }
    strokes, onsets = np.concatenate([found.strokes, np.full(len(lost), -1)])[order], arrays["onsets_samples"]
    begins = np.ones(len(onsets), bool)
    begins[1:] = np.where(
        (strokes[1:] < 0) | (strokes[:-1] < 0),
        np.diff(onsets) > _SAME_STROKE_S * rate_hz,
        strokes[1:] != strokes[:-1],
    )
    return replace(found, strokes=(np.cumsum(begins) - 1).astype(np.int32), **arrays)


NOWHERE: NDArray[np.int64] = np.zeros((0, 2), np.int64)
"""No spans."""


def analysis_id(kind: str, *inputs: object) -> str:
    """Return the id of an analysis: the same inputs and maker give the same id."""
    digest = blake2b("/".join(str(part) for part in inputs).encode("utf-8", "surrogatepass"), digest_size=8)
    return f"{kind}-{digest.hexdigest()}"


def _empty(dtype: type[Any], *shape: int) -> Callable[[], NDArray[Any]]:
    """Return the default of a field: no values."""
    return lambda: np.zeros(shape, dtype)


APART_BEATS = 4.0
"""Two beats that are farther apart, in usual beats, belong to two runs, such as songs."""
HAND = "edited by hand"
"""The maker of a grid that the user edited."""


@dataclass(frozen=True, slots=True, eq=False)
class BeatGrid:
    """The counted pulse.

    Attributes
    ----------
    beats_samples : int64, shape (n,), ascending
    bar_positions : int64, shape (n,), 1 for a downbeat, then 2, 3, ...
    tempo_bpm : the median tempo; 0.0 if no pulse was found
    confidence : 0 to 1, how likely tempo and level are as a person would count
    readings : other ways to count the same music, the most probable first, see
        `engine.document.grid_readings`; empty where they were not weighed
    reading_confidences : float64, shape (k,), how likely each of them is
    free_samples : int64, shape (f, 2), spans [start, stop) without a steady pulse, ascending and disjoint
    """

    beats_samples: NDArray[np.int64]
    bar_positions: NDArray[np.int64]
    tempo_bpm: float
    confidence: float
    maker: str
    readings: Sequence[str] = ()
    reading_confidences: NDArray[np.float64] = field(default_factory=_empty(np.float64, 0))
    free_samples: NDArray[np.int64] = field(default_factory=_empty(np.int64, 0, 2))

    @property
    def downbeats_samples(self) -> NDArray[np.int64]:
        """The first beat of each bar, shape (m,)."""
        downbeats: NDArray[np.int64] = self.beats_samples[self.bar_positions == 1]
        return downbeats

    def is_like(self, other: BeatGrid) -> bool:
        """Return whether another grid has the same beats and bars."""
        pairs = ((self.beats_samples, other.beats_samples), (self.bar_positions, other.bar_positions))
        return all(np.array_equal(one, same) for one, same in pairs)

    def bar_of(self, beat: int) -> int:
        """Return the number of the bar that a beat is in, from 1; 0 before the first downbeat."""
        return int(np.count_nonzero(self.bar_positions[: beat + 1] == 1))


@dataclass(frozen=True, slots=True, eq=False)
class Listening:
    """Audio features for cutting.

    Attributes
    ----------
    onsets_samples : int64, shape (n,), onsets, ascending
    loudness_db : float32, shape (m,), RMS level of consecutive hops in dB full scale, never below -120
    hop_samples : the length of one hop in document samples
    dead_air_samples : int64, shape (k, 2), spans [start, stop) of dead air, ascending and disjoint
    dead_air_kinds : shape (k,), see `engine.analysis.signal.dead_air`
    dead_air_db : float32, shape (k,), level of each, in dB full scale
    channel_fault_samples : int64, shape (j, 2), spans [start, stop) in which a channel clips or is dead
    channel_fault_kinds : shape (j,), see `engine.recordings.channel_faults`
    channel_fault_tracks : shape (j,), the ids of their tracks
    faulty_channels : int64, shape (j,), from 0, of the sources of those tracks
    channel_fault_counts : int64, shape (j,), number of clips of each
    """

    onsets_samples: NDArray[np.int64] = field(default_factory=_empty(np.int64, 0))
    loudness_db: NDArray[np.float32] = field(default_factory=_empty(np.float32, 0))
    hop_samples: int = 1024
    maker: str = ""
    dead_air_samples: NDArray[np.int64] = field(default_factory=_empty(np.int64, 0, 2))
    dead_air_kinds: Sequence[str] = ()
    dead_air_db: NDArray[np.float32] = field(default_factory=_empty(np.float32, 0))
    channel_fault_samples: NDArray[np.int64] = field(default_factory=_empty(np.int64, 0, 2))
    channel_fault_kinds: Sequence[str] = ()
    channel_fault_tracks: Sequence[str] = ()
    faulty_channels: NDArray[np.int64] = field(default_factory=_empty(np.int64, 0))
    channel_fault_counts: NDArray[np.int64] = field(default_factory=_empty(np.int64, 0))


OTHER_LEVEL = "other-level"
"""Music at another level than the music before and after."""

OTHER_TEMPO = "other-tempo"
"""Music in another tempo than the music around; its edges are not exact."""

FRAGMENT = "fragment"
"""Playing between two pauses, much shorter than any piece of the training data."""

PHRASE_LEVEL, LONG_PAUSE, RESTART = "phrase-level", "long-pause", "restart"
"""A spoken phrase softer or louder than all of the training data, a longer pause between phrases than there,
and a phrase that is broken off and begun again, with the pause after it."""


@dataclass(frozen=True, slots=True, eq=False)
class ScoreCurve:
    """Anomaly score of each moment.

    Attributes
    ----------
    times_samples : int64, shape (n,), centre of each scored window, in document samples, ascending
    scores : float32, shape (n,), 0 to 1; 0.5 is typical of the training data, higher is more anomalous
    maker : recipe and taste, such as "slicer-ae Band 2026 5f0c"
    part_names : components of the scores, see `engine.review.wording`
    parts : float32, shape (n, len(part_names)), in standard deviations above the training data
    limit : the score from which cuts are proposed by default, see `engine.features.taste.anomaly.threshold`
    false_starts_samples : int64, shape (k, 3): start and stop of a false start, and start of the complete
        take, in document samples, ascending; scores are raised over it
    faults_samples : int64, shape (j, 2): start and stop of another fault found by a rule, by start; scores
        are raised over it
    fault_kinds : shape (j,), each one of the kinds above
    part_limits : float32, shape (len(part_names),), the highest value of each part in the training data;
        empty if not known
    unfamiliar_samples : int64, shape (u, 2): start and stop of playing whose notes the training data lacks,
        ascending and disjoint
    unfamiliar_songs : int64, shape (u,): playing with the same number is the same music
    keeps_songs : whether the user is known to make no cuts inside songs
    shortest_cut_s : shorter cuts are unlike the user's; 0 if not known
    knows_music : whether the notes were compared; else nothing is known about other playing
    """

    times_samples: NDArray[np.int64]
    scores: NDArray[np.float32]
    maker: str
    part_names: Sequence[str] = ()
    parts: NDArray[np.float32] = field(default_factory=_empty(np.float32, 0, 0))
    limit: float = 0.85
    false_starts_samples: NDArray[np.int64] = field(default_factory=_empty(np.int64, 0, 3))
    faults_samples: NDArray[np.int64] = field(default_factory=_empty(np.int64, 0, 2))
    fault_kinds: Sequence[str] = ()
    part_limits: NDArray[np.float32] = field(default_factory=_empty(np.float32, 0))
    unfamiliar_samples: NDArray[np.int64] = field(default_factory=_empty(np.int64, 0, 2))
    unfamiliar_songs: NDArray[np.int64] = field(default_factory=_empty(np.int64, 0))
    keeps_songs: bool = False
    shortest_cut_s: float = 0.0
    knows_music: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class NearestReference:
    """The most similar reference passage of each segment of the recording.

    Attributes
    ----------
    starts_samples : int64, shape (n,), start of each segment, in document samples, ascending
    length_samples : of each segment
    recordings : int32, shape (n,), index of the reference recording
    kept_starts_s : float64, shape (n,), start in that recording
    distances : float32, shape (n,), 0 for the same sound
    paths, content_hashes : of the reference recordings
    durations_s : float64, one for each reference recording
    maker : as in `ScoreCurve`
    """

    starts_samples: NDArray[np.int64]
    length_samples: int
    recordings: NDArray[np.int32]
    kept_starts_s: NDArray[np.float64]
    distances: NDArray[np.float32]
    paths: Sequence[str]
    content_hashes: Sequence[str]
    durations_s: NDArray[np.float64]
    maker: str


SOUNDS = "sounds"
"""The kind of `DetectedSounds`."""


@dataclass(frozen=True, slots=True, eq=False)
class DetectedSounds:
    """Detected sounds, with names that are usually right.

    Attributes
    ----------
    spans_samples : int64, shape (n, 2), spans [start, stop), ascending by their starts
    words : shape (n,), the likeliest name of the sound of each
    likelihoods : float32, shape (n,), that the word is right, 0 to 1
    maker : network and settings
    """

    spans_samples: NDArray[np.int64] = field(default_factory=_empty(np.int64, 0, 2))
    words: Sequence[str] = ()
    likelihoods: NDArray[np.float32] = field(default_factory=_empty(np.float32, 0))
    maker: str = ""


PICKUP = "pickup"
"""The kind under which a document stores it."""
PICKUP_MAKER = "offcut-pickup-1"


@dataclass(frozen=True, slots=True, eq=False)
class StrokePickup:
    """How many of the strongest onsets of each track the other tracks pick up at a constant delay.

    Attributes
    ----------
    track_ids : of the tracks that were compared
    shares : float32, shape (tracks, tracks), 0 to 1: of the onsets of the track of a column, the share that
        the track of a row picks up
    maker : which method
    """

    track_ids: Sequence[str]
    shares: NDArray[np.float32]
    maker: str = ""


TAKES = "takes"
"""The kind under which a document stores them."""
TAKES_MAKER = "offcut-takes-1"


@dataclass(frozen=True, slots=True, eq=False)
class StoredTakes:
    """Passages that were played more than once, and beginnings that broke off.

    Attributes
    ----------
    names : of the passages
    passages : int64, shape (n,), ascending: the place in `names` of the passage of each take
    spans_s : float64, shape (n, 2), start and stop of each take
    is_complete : int8, shape (n,), 1 for a take with the whole passage
    semitones : int64, shape (n,), by which each take is higher than the first complete one
    speeds : float64, shape (n,), relative to the first complete one
    shares : float64, shape (n, 2), 0 to 1: the part of the passage that each take holds
    false_starts_s : float64, shape (k, 3): start, stop, and where the same music begins again
    likelihoods : float64, shape (k,), 0 to 1, of the false starts
    played_s : float64, shape (j, 2), spans between one break in the playing and the next
    """

    names: Sequence[str]
    passages: NDArray[np.int64]
    spans_s: NDArray[np.float64]
    is_complete: NDArray[np.int8]
    semitones: NDArray[np.int64]
    speeds: NDArray[np.float64]
    shares: NDArray[np.float64]
    false_starts_s: NDArray[np.float64]
    likelihoods: NDArray[np.float64]
    played_s: NDArray[np.float64]
    maker: str = TAKES_MAKER


SECTIONS = "sections"
"""The kind under which a document stores them."""
SECTIONS_MAKER = "offcut-sections-1"
BY_HAND = "corrected by hand"


@dataclass(frozen=True, slots=True, eq=False)
class StoredSections:
    """Sections such as verse and chorus, in document samples.

    Attributes
    ----------
    spans_samples : int64, shape (n, 2), spans [start, stop), ascending and disjoint
    labels : shape (n,); sections with the same label repeat each other
    confidences : float64, shape (n,), 0 to 1
    of_sound : key of the sound that was analysed, see `engine.document.edits.analyses`
    maker : the analyser, or `BY_HAND` after a correction
    """

    spans_samples: NDArray[np.int64] = field(default_factory=_empty(np.int64, 0, 2))
    labels: Sequence[str] = ()
    confidences: NDArray[np.float64] = field(default_factory=_empty(np.float64, 0))
    of_sound: str = ""
    maker: str = SECTIONS_MAKER

    def __len__(self) -> int:
        return len(self.labels)

    def at(self, position_samples: int) -> int | None:
        """Return the number of the section at a position; None between sections."""
        starts, stops = self.spans_samples[:, 0], self.spans_samples[:, 1]
        number = int(np.searchsorted(starts, position_samples, side="right")) - 1
        return number if number >= 0 and position_samples < stops[number] else None

    def span(self, number: int) -> tuple[int, int]:
        """Return where a section is, [start, stop)."""
        start, stop = self.spans_samples[number].tolist()
        return start, stop

    def in_seconds(self, rate_hz: int) -> list[tuple[float, float, str]]:
        """Return the start and stop of each section in seconds, and its label."""
        spans_s = samples_to_s_array(self.spans_samples, rate_hz).tolist()
        return [(*span_s, label) for span_s, label in zip(spans_s, self.labels, strict=True)]

    def regions(self) -> tuple[Marker, ...]:
        """Return the sections as named regions of the timeline."""
        spans = zip(self.spans_samples.tolist(), self.labels, strict=True)
        return tuple(Marker(f"section {start}", start, stop, label) for (start, stop), label in spans)


DAY = "day"
"""The kind under which a document stores it."""
DAY_MAKER = "offcut-day-1"
MOST_STARS = 5


@dataclass(frozen=True, slots=True, eq=False)
class StoredDay:
    """A day of playing: its songs with their takes, talk and idle time, in document samples.

    Takes are in the order of their songs, and of one song in the order they were played.

    Attributes
    ----------
    kind : of the day, see `engine.features.day.day.DayKind`
    names : of the songs
    are_known : int8, shape (songs,), 1 for a song recognised from an earlier day
    songs : int64, shape (n,), ascending: the place in `names` of the song of each take
    spans_samples : int64, shape (n, 2), spans [start, stop) of the takes
    are_complete : int8, shape (n,), 1 for a take with the whole song
    semitones : int64, shape (n,), by which each take is higher than the first complete one of its song
    speeds : float64, shape (n,), relative to the first complete one
    stars : int8, shape (n,), 0 to `MOST_STARS`, given by the user
    retained : int8, shape (n,), 1 for takes that the user chose to keep, -1 for other takes of such
        songs, else 0
    talk_samples, idle_samples : int64, shape (k, 2), spans outside of songs
    tunings_cents : float64, shape (n,), deviation of each take from A4 = 440 Hz, -50 to 50; NaN if unknown
    of_sound : key of the sound that was analysed, see `engine.document.edits.analyses`
    maker : the analyser, or `BY_HAND` after a correction
    """

    kind: str
    names: Sequence[str]
    are_known: NDArray[np.int8]
    songs: NDArray[np.int64]
    spans_samples: NDArray[np.int64]
    are_complete: NDArray[np.int8]
    semitones: NDArray[np.int64]
    speeds: NDArray[np.float64]
    stars: NDArray[np.int8]
    retained: NDArray[np.int8]
    talk_samples: NDArray[np.int64] = field(default_factory=_empty(np.int64, 0, 2))
    idle_samples: NDArray[np.int64] = field(default_factory=_empty(np.int64, 0, 2))
    of_sound: str = ""
    maker: str = DAY_MAKER
    tunings_cents: NDArray[np.float64] = field(default_factory=_empty(np.float64, 0))

    def __post_init__(self) -> None:
        """Accept a stored day without tunings."""
        if not len(self.tunings_cents):
            object.__setattr__(self, "tunings_cents", np.full(len(self.songs), np.nan))

    def takes_of(self, song: int) -> NDArray[np.int64]:
        """Return the rows of the takes of a song, in the order they were played."""
        return np.flatnonzero(self.songs == song)


WORDS = "words"
"""Name of the stored transcript."""
WORDS_MAKER = "offcut-words-1"


@dataclass(frozen=True, slots=True, eq=False)
class Transcript:
    """The spoken words of a recording, in the order of their starts.

    Attributes
    ----------
    texts : of the words, with their punctuation, length n
    spans_samples : int64, shape (n, 2), spans [start, stop) in document samples
    probabilities : float32, shape (n,), 0 to 1, that a word is right; 1 for words that the user corrected
    speakers : int16, shape (n,), the place of the speaker in `names`; -1 if unknown
    hesitations_samples : int64, shape (m, 2), spans of held voiced sounds without a word, such as "um"
    hesitation_scores : float32, shape (m,), 0 to 1, that a span is a hesitation
    names : of the speakers
    language : code, such as "en"; empty if unknown
    model : name of the model that recognised them; empty for an imported transcript
    of_sound : keys of the transcribed tracks, see `engine.document.edits.analyses.tracks_key`
    maker : the recogniser, or `BY_HAND` after a correction
    """

    texts: Sequence[str]
    spans_samples: NDArray[np.int64]
    probabilities: NDArray[np.float32]
    speakers: NDArray[np.int16]
    hesitations_samples: NDArray[np.int64] = field(default_factory=lambda: np.zeros((0, 2), np.int64))
    hesitation_scores: NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, np.float32))
    names: Sequence[str] = ()
    language: str = ""
    model: str = ""
    of_sound: str = ""
    maker: str = WORDS_MAKER

    def __len__(self) -> int:
        return len(self.texts)


@dataclass(frozen=True, slots=True, eq=False)
class StoredCurve:
    """A value for each moment of a recording, computed by an analysis of a package.

    Attributes
    ----------
    values : float32, shape (n,), of consecutive frames from the start of the document; all are finite
    hop_samples : the length of one frame in document samples
    unit : of the values, such as "dB"; empty for none
    lowest, highest : the values at the bottom and at the top of its lane, which draws others at its edge
    title : of its lane; empty without one. Offcut sets it, as `maker`
    maker : the analysis and its version
    """

    values: NDArray[np.float32]
    hop_samples: int
    unit: str = ""
    lowest: float = 0.0
    highest: float = 1.0
    title: str = ""
    maker: str = ""


Analysis = (
    ScoreCurve
    | BeatGrid
    | Listening
    | NearestReference
    | Hits
    | DetectedSounds
    | StrokePickup
    | StoredTakes
    | StoredSections
    | StoredDay
    | Transcript
    | StoredCurve
)


def require_recording(state: DocumentState, to: str) -> None:
    """Refuse a document that has no track.

    Parameters
    ----------
    to : the requested action: "listen to", "count"

    Raises
    ------
    UsageError : it has no track
    """
    if not state.tracks:
        raise nothing_yet(to)


def nothing_yet(to: str) -> UsageError:
    """Return the error for an action without a recording."""
    return UsageError(f"There is nothing to {to} yet; import a recording first ‹file.import›.")


def require_listening(listening: Listening | None) -> Listening:
    """Return the audio features.

    Raises
    ------
    UsageError : the recordings are not analysed yet
    """
    if listening is None:
        raise UsageError(
            "The recordings are not analysed yet: wait for the analysis, then propose pauses again."
        )
    return listening
