"""Operations of accepted proposals: frozen records, compiled into the edits of a document.

There are two classes. `Drop`, `Hold`, `Order` and `Insert` define timing, of all tracks together or of some;
`Raise`, `Reclock`, `Replace`, `Lift`, `Slice`, `Shift` and `Gain` define the sound of some tracks, in source
time, and change no length.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Drop:
    """Remove the span [start, stop) of document samples.

    Attributes
    ----------
    crossfade_ms : overlap of the neighbours at the seam, limited by their lengths
    tracks : ids of those whose later sound moves earlier; none for all
    """

    start_samples: int
    stop_samples: int
    crossfade_ms: float = 0.0
    tracks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Hold:
    """Protect the span [start, stop) from all drops."""

    start_samples: int
    stop_samples: int


@dataclass(frozen=True, slots=True)
class Order:
    """Play the span [start, stop) `times` times right before the source position `at`.

    Attributes
    ----------
    stays : whether it also plays at its own position
    crossfade_ms : overlap of pieces at jumps
    rank : order of spans at one position, lowest first; ties are ordered by source position
    """

    start_samples: int
    stop_samples: int
    at_samples: int
    times: int = 1
    stays: bool = True
    crossfade_ms: float = 0.0
    rank: int = 0


@dataclass(frozen=True, slots=True)
class Insert:
    """Play silence or room tone right before a source position; the rest moves later.

    Attributes
    ----------
    start_samples, stop_samples : the position, twice: no sound of the recording goes
    length_samples : of the silence
    tracks : ids of those whose later sound moves; none for all
    tone : segment [start, stop) of each track as a looped fill; None for silence
    crossfade_ms : overlap with the sound before and after
    rank : order of several at one position, see `Order`
    """

    start_samples: int
    stop_samples: int
    length_samples: int
    tracks: tuple[str, ...] = ()
    tone: tuple[int, int] | None = None
    crossfade_ms: float = 0.0
    rank: int = 0


@dataclass(frozen=True, slots=True)
class Raise:
    """Within [start, stop) some tracks play another of their takes: its clips are above all others.

    Attributes
    ----------
    tracks : ids; none for all
    takes : the source of a take and where it begins on the timeline, one a track or more; a track without
        clips of any of them plays as before
    crossfade_ms : at both edges, half of it outside the span
    """

    start_samples: int
    stop_samples: int
    tracks: tuple[str, ...] = ()
    takes: tuple[tuple[str, int], ...] = ()
    crossfade_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class Reclock:
    """Some tracks, which another clock recorded, play at the speed and the place of the others, all of them.

    At t a track plays its samples at ``t * (1 + drift_ppm / 1e6) - by_samples``.

    Attributes
    ----------
    start_samples, stop_samples : maximum span of a document: a recording is always aligned as a whole
    tracks : ids; none for all
    by_samples : delay of the start; fractions are band-limited delays
    drift_ppm : excess samples of the recording per million
    """

    start_samples: int
    stop_samples: int
    tracks: tuple[str, ...] = ()
    by_samples: float = 0.0
    drift_ppm: float = 0.0


@dataclass(frozen=True, slots=True)
class Stored:
    """Stored audio over [start, stop) of the document's timeline.

    Attributes
    ----------
    key : names it, see `engine.document.file.stored_audio`
    """

    key: str
    start_samples: int
    stop_samples: int


@dataclass(frozen=True, slots=True)
class Replace:
    """Replace the sound of some tracks in the span [start, stop) by silence, room tone or stored audio.

    Attributes
    ----------
    tracks : ids; none for all
    tone : segment [start, stop) of the same track as a looped fill; None without one
    crossfade_ms : at both edges, half of it outside the span
    stored : stored audio, its crossfades included; None without any
    over : keys of the stored audio below it at the time of its creation, whose effect it contains
    """

    start_samples: int
    stop_samples: int
    tracks: tuple[str, ...] = ()
    tone: tuple[int, int] | None = None
    crossfade_ms: float = 0.0
    stored: Stored | None = None
    over: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Shift:
    """Within [start, stop) some tracks play samples from `by_samples` earlier, without interpolation.

    Attributes
    ----------
    tracks : ids; none for all
    by_samples : above 0 is later in time; a fraction is a band-limited delay
    crossfade_ms : at both edges, half of it outside the span
    """

    start_samples: int
    stop_samples: int
    tracks: tuple[str, ...] = ()
    by_samples: float = 0.0
    crossfade_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class Gain:
    """Within [start, stop) some tracks are louder or quieter.

    Attributes
    ----------
    tracks : ids; none for all
    ramps_ms : ramps of the gain at start and stop, inside the span
    curve : points (sample, share of the gain), between which the share is linear; none for all of the gain
    """

    start_samples: int
    stop_samples: int
    tracks: tuple[str, ...] = ()
    gain_db: float = 0.0
    ramps_ms: tuple[float, float] = (0.0, 0.0)
    curve: tuple[tuple[int, float], ...] = ()


class Fill(StrEnum):
    """Fill between two slices that were moved apart."""

    PRE_ROLL = "pre-roll"
    """Start the right slice earlier."""
    DECAY = "decay"
    """Continue the decay of the left slice by prediction."""
    STRETCH = "stretch"
    """Extend the left slice after its attack."""
    ELASTIC = "elastic"
    """Stretch or compress the end of the left slice, so that both slices meet as before: for notes."""


GAP_FILLS = (Fill.PRE_ROLL, Fill.DECAY, Fill.STRETCH)
"""Fills of drum hits."""

USUAL_FILL = Fill.DECAY
"""The nearest to how the hit before really fades, as `engine.lab.evaluation.timing.fills` measures it."""


@dataclass(frozen=True, slots=True)
class Slice:
    """The slice [start, stop) of the source sounds `by_samples` later; see `engine.sound.edl.slices`.

    All slices of a track are laid out together, each border where both its neighbours allow it.

    Attributes
    ----------
    tracks : ids; none for all
    by_samples : above 0 is later; a fraction is a band-limited delay; 0 protects the slice
    crossfade_ms : maximum crossfade at its start, and at its end if no moved slice follows
    onset_samples : start of its attack; borders keep away from it
    after_samples : preceding attack, if known; limits the source range of the fill
    """

    start_samples: int
    stop_samples: int
    tracks: tuple[str, ...] = ()
    by_samples: float = 0.0
    crossfade_ms: float = 0.0
    fill: Fill = USUAL_FILL
    onset_samples: float = 0.0
    after_samples: float | None = None


@dataclass(frozen=True, slots=True)
class Lift:
    """Remove the sound of one drum in the span [start, stop) and mix it in `by_samples` later.

    Attributes
    ----------
    gains : share of each octave of the track, 0 to 1 (`engine.sound.edl.tracks.delay`); empty for all
    crossfade_ms : at both edges
    """

    start_samples: int
    stop_samples: int
    tracks: tuple[str, ...] = ()
    by_samples: float = 0.0
    gains: tuple[float, ...] = ()
    crossfade_ms: float = 0.0


Operation = Drop | Hold | Order | Insert | Raise | Reclock | Replace | Lift | Slice | Shift | Gain
Patching = Reclock | Replace | Lift | Slice | Shift | Gain
"""An operation on the sound that a track has, by whichever takes it plays."""
Sounding = Raise | Patching
"""An operation on sound, not on timing."""
