"""The beat grid as its user wants it: pure functions from one grid to another, and the edits that store it.

Bars stay where they are wherever an edit leaves that possible; beats stay strictly ascending, and a grid
without beats stays as it is. An edited grid is a decision: it is stored under an id of its own, so that undo
brings the grid before it back, and listening again does not replace it (see `keeping_edited`). Tempo
decisions are the accepted proposals of kind `tempo` on the current grid.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import blake2b

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.core.errors import DocumentError, UsageError
from engine.document.analysis import APART_BEATS, HAND, Analysis, BeatGrid, analysis_id, require_recording
from engine.document.edits.proposals import replace_proposals, set_analyses
from engine.document.kinds.kind import integer
from engine.document.kinds.timing import BARS_LATER, GRID, HEARD, READING, TEMPO
from engine.document.proposals import Verdict, edited
from engine.document.pulse import free_outside, is_free
from engine.document.state import DocumentState, Edit
from engine.document.table import table_of


@dataclass(frozen=True, slots=True)
class DecidedTempo:
    """A span of the grid, and how it is counted.

    Attributes
    ----------
    reading : a name of `engine.document.kinds.timing.READINGS`
    bars_later_beats : how many beats of that reading later its bars begin
    """

    start_samples: int
    stop_samples: int
    reading: str
    bars_later_beats: int = 0


def decided_tempi(state: DocumentState) -> tuple[DecidedTempo, ...]:
    """Return the tempo decisions on the current grid, in the order of time.

    Decisions on another grid, such as the one before the user edited it, do not apply to this one.
    """
    table = table_of(state)
    if not table.made.kind_counts.get(TEMPO.name):
        return ()
    found = []
    for place in np.flatnonzero(table.are(Verdict.ACCEPTED)).tolist():
        proposal = table.made.rows[place]
        if proposal.kind != TEMPO.name:
            continue
        one = edited(proposal, state.decisions.get(proposal.id))
        try:
            TEMPO.validate(one.payload)
        except DocumentError:  # whoever builds the edit list says what is wrong with it
            continue
        if one.payload.get(GRID) == state.analyses.get("beats"):
            reading = str(one.payload.get(READING, HEARD))
            later = integer(one.payload, BARS_LATER, 0)
            found.append(DecidedTempo(one.start_samples, one.stop_samples, reading, later))
    return tuple(found)


Positions = NDArray[np.int64]

SLOWEST_BPM, FASTEST_BPM = 10.0, 999.0
MOST_BEATS_IN_BAR = 32
USUAL_BEATS_IN_BAR = 4
_EDITED = "edited-beats"
EVEN_S = 0.01
"""Beats of a click are detected at least this near to an even grid."""
_LEAST_FITTED = 4
_NEAR_WHOLE = 0.01


def tempo_text(grid: BeatGrid) -> str:
    """Return the tempo of a grid as the status line shows it."""
    return f"{grid.tempo_bpm:.1f} BPM"


def follows_player(grid: BeatGrid, rate_hz: int) -> bool:
    """Return whether beats come and go with the player: no even grid is within `EVEN_S` of most of them."""
    beats = grid.beats_samples
    if len(beats) <= _LEAST_FITTED:
        return False
    places = np.arange(len(beats))
    apart = np.abs(beats - np.polyval(np.polyfit(places, beats, 1), places))
    return bool(np.quantile(apart, 0.9) > EVEN_S * rate_hz)


def even_tempo_bpm(grid: BeatGrid, rate_hz: int) -> float:
    """Return the tempo of an even grid in place of this one: a whole number where a player was near one."""
    whole = round(grid.tempo_bpm)
    is_near = abs(grid.tempo_bpm - whole) <= _NEAR_WHOLE * grid.tempo_bpm
    return float(whole) if is_near and follows_player(grid, rate_hz) else round(grid.tempo_bpm, 3)


def beats_in_bar(grid: BeatGrid) -> int:
    """Return the usual number of beats in a bar; bars cut off by the ends count only if all are."""
    starts = np.flatnonzero(grid.bar_positions == 1)
    if len(starts) >= 2:
        return int(np.bincount(np.diff(starts)).argmax())
    return int(grid.bar_positions.max(initial=1)) if len(grid.bar_positions) > 1 else USUAL_BEATS_IN_BAR


def _made(
    grid: BeatGrid,
    beats: Positions,
    bar_positions: Positions,
    rate_hz: int,
    by_hand: tuple[int, int] | None = None,
) -> BeatGrid:
    """Return a grid of these beats; with fewer than two beats, the tempo stays.

    Parameters
    ----------
    by_hand : the span in which the user set the beats, so that it has a pulse
    """
    tempo_bpm = grid.tempo_bpm
    if len(beats) > 1:
        tempo_bpm = 60.0 * rate_hz / float(np.median(np.diff(beats)))
    free = grid.free_samples if by_hand is None else free_outside(grid, *by_hand)
    return BeatGrid(beats, bar_positions, tempo_bpm, grid.confidence, HAND, free_samples=free)


def _counted_from(count: int, beat: int, bar: int) -> Positions:
    """Number `count` beats in bars of `bar` beats, so that the one at index `beat` is a downbeat."""
    return (np.arange(count, dtype=np.int64) - beat) % bar + 1


def _rounded(samples: ArrayLike) -> Positions:
    """Round half up, so that positions a sample apart stay apart, which half to even does not guarantee."""
    return np.floor(np.asarray(samples, np.float64) + 0.5).astype(np.int64)


def doubled(grid: BeatGrid) -> BeatGrid:
    """Insert a beat between any two; bars count as many as before and are half as long.

    Raises
    ------
    UsageError : beats would come closer than `FASTEST_BPM`
    """
    beats = grid.beats_samples
    if len(beats) < 2:
        return grid
    if 2 * grid.tempo_bpm > FASTEST_BPM or int(np.diff(beats).min()) < 2:
        raise UsageError(f"{tempo_text(grid)} cannot be doubled: {FASTEST_BPM:.0f} BPM is the limit.")
    both = np.empty(2 * len(beats) - 1, np.int64)
    counts = np.empty_like(both)
    both[::2], both[1::2] = beats, beats[:-1] + np.diff(beats) // 2
    lengths = _lengths_of_bars(grid)
    counts[::2] = (2 * grid.bar_positions - 2) % lengths + 1
    counts[1::2] = ((2 * grid.bar_positions - 1) % lengths + 1)[:-1]
    return replace(grid, beats_samples=both, bar_positions=counts, tempo_bpm=2 * grid.tempo_bpm, maker=HAND)


def halved(grid: BeatGrid) -> BeatGrid:
    """Return every second beat; bars count as many as before and are twice as long.

    Two bars with even numbers of beats become one, from the first downbeat of each song on. If any bar has an
    odd number, bars are counted from the first downbeat of the grid on.
    """
    beats, counts = grid.beats_samples, grid.bar_positions
    if len(beats) < 2:
        return grid
    if np.all(np.diff(counts) % 2 == 1):
        kept = counts % 2 == 1
        beats, counts = beats[kept], _in_pairs(beats[kept], counts[kept] == 1, beats_in_bar(grid))
    else:
        first = int(np.argmax(counts == 1))
        beats = beats[first % 2 :: 2]
        counts = _counted_from(len(beats), first // 2, beats_in_bar(grid))
    return replace(grid, beats_samples=beats, bar_positions=counts, tempo_bpm=grid.tempo_bpm / 2, maker=HAND)


def _lengths_of_bars(grid: BeatGrid) -> Positions:
    """Return the length of the bar of each beat, shape (n,); bars cut off by the ends have the usual one."""
    starts = np.flatnonzero(grid.bar_positions == 1)
    usual = beats_in_bar(grid)
    lengths = np.concatenate([[usual], np.diff(starts), [usual]])
    bars = np.searchsorted(starts, np.arange(len(grid.bar_positions)), "right")
    found: Positions = np.maximum(lengths[bars], 1).astype(np.int64)
    return found


def _in_pairs(beats: Positions, is_downbeat: NDArray[np.bool_], bar: int) -> Positions:
    """Number beats in bars that each join two earlier ones; a gap between songs begins another bar."""
    gaps = np.diff(beats, prepend=beats[0])
    is_song = gaps > APART_BEATS * np.median(np.diff(beats)) if len(beats) > 1 else gaps > 0
    starts: list[int] = []
    is_second = False
    for place in np.flatnonzero(is_downbeat).tolist():
        is_second = bool(starts) and not is_second and not is_song[starts[-1] + 1 : place + 1].any()
        if not is_second:
            starts.append(place)
    if not starts:
        return np.arange(len(beats), dtype=np.int64) % bar + 1
    places = np.arange(len(beats), dtype=np.int64)
    since = places - np.array(starts)[np.maximum(np.searchsorted(starts, places, "right") - 1, 0)]
    numbers: Positions = np.where(since < 0, since % bar, since) + 1
    return numbers


def shifted_half_a_beat(grid: BeatGrid, rate_hz: int, length_samples: int) -> BeatGrid:
    """Move each beat halfway to the next; a beat comes in at the front where there is room.

    Parameters
    ----------
    length_samples : of the recording; a beat that leaves it is dropped, unless it is the only one
    """
    beats, counts = grid.beats_samples, grid.bar_positions
    if not len(beats) or (len(beats) == 1 and grid.tempo_bpm <= 0):
        return grid
    gaps = np.diff(beats) if len(beats) > 1 else _rounded([60.0 * rate_hz / grid.tempo_bpm])
    moved = beats + np.append(gaps, gaps[-1])[: len(beats)] // 2
    inside = moved < length_samples
    if inside.any():
        moved, counts = moved[inside], counts[inside]
    if moved[0] >= gaps[0] > 0:
        before = int(counts[0]) - 1 or beats_in_bar(grid)
        moved, counts = np.append(moved[0] - gaps[0], moved), np.append(before, counts)
    return _made(grid, moved, counts, rate_hz)


def nearest_beat(grid: BeatGrid, at_samples: int) -> int:
    """Return the index of the beat nearest to a position.

    Raises
    ------
    UsageError : the grid has no beats
    """
    if not len(grid.beats_samples):
        raise UsageError("There are no beats yet; tap the tempo or set it.")
    return int(np.argmin(np.abs(grid.beats_samples - at_samples)))


def with_downbeat(grid: BeatGrid, at_samples: int) -> BeatGrid:
    """Begin a bar at the beat nearest to a position and count on from there to both sides."""
    beat = nearest_beat(grid, at_samples)
    counts = _counted_from(len(grid.beats_samples), beat, beats_in_bar(grid))
    return replace(grid, bar_positions=counts, maker=HAND)


def with_bars_from(grid: BeatGrid, at_samples: int, beats: int | None = None) -> BeatGrid:
    """Begin bars of some beats at the beat nearest to a position, up to the end of its song; all others stay.

    The bar before it becomes shorter if need be. A song ends at a gap of `APART_BEATS`.

    Parameters
    ----------
    beats : in a bar; as many as most bars have if it is None

    Raises
    ------
    UsageError : the grid has no beats, or the number is out of range
    """
    length = beats_in_bar(grid) if beats is None else beats
    require_beats_in_bar(length)
    beat = nearest_beat(grid, at_samples)
    gaps = np.diff(grid.beats_samples[beat:])
    ends = np.flatnonzero(gaps > APART_BEATS * np.median(np.diff(grid.beats_samples))) if len(gaps) else gaps
    count = int(ends[0]) + 1 if len(ends) else len(gaps) + 1
    counts = grid.bar_positions.copy()
    counts[beat : beat + count] = _counted_from(count, 0, length)
    return replace(grid, bar_positions=counts, maker=HAND)


def require_beats_in_bar(beats: int) -> None:
    """Refuse an invalid number of beats in a bar.

    Raises
    ------
    UsageError : they are fewer than one, or more than `MOST_BEATS_IN_BAR`
    """
    if not 1 <= beats <= MOST_BEATS_IN_BAR:
        raise UsageError(f"A bar cannot have {beats} beats; choose 1 to {MOST_BEATS_IN_BAR}.")


def with_beats_in_bar(grid: BeatGrid, beats: int, at_samples: int) -> BeatGrid:
    """Set the number of beats of all bars; the downbeat at or before a position stays one.

    Raises
    ------
    UsageError : the grid has no beats, or the number is out of range
    """
    require_beats_in_bar(beats)
    nearest_beat(grid, at_samples)
    downbeats = np.flatnonzero(grid.bar_positions == 1)
    reached = downbeats[grid.beats_samples[downbeats] <= at_samples]
    anchor = int(reached[-1]) if len(reached) else int(downbeats[0]) if len(downbeats) else 0
    counts = _counted_from(len(grid.beats_samples), anchor, beats)
    return replace(grid, bar_positions=counts, maker=HAND)


def with_beat_at(grid: BeatGrid, beat: int, to_samples: int, rate_hz: int) -> BeatGrid:
    """Move one beat; those between it and the downbeats around it stretch with it.

    A downbeat stretches the bar before and the bar after it. Beats outside stay where they are, and the beat
    stops where its neighbours would come together.
    """
    beats = grid.beats_samples
    left, right = _anchors(grid, beat)
    lowest = _reach(beats[left : beat + 1]) + int(beats[left]) if left < beat else 0
    to = max(to_samples, lowest)
    if right > beat:
        to = min(to, int(beats[right]) - _reach(beats[beat : right + 1]))
    known = np.unique([left, beat, right])
    positions = beats.copy()
    inner = slice(left, right + 1)
    targets = np.where(known == beat, to, beats[known])
    positions[inner] = _rounded(np.interp(beats[inner], beats[known], targets))
    return _made(grid, positions, grid.bar_positions, rate_hz, (int(beats[left]), int(beats[right])))


def _anchors(grid: BeatGrid, beat: int) -> tuple[int, int]:
    """Return the downbeats around a beat, or the ends of the grid."""
    downbeats = np.flatnonzero(grid.bar_positions == 1)
    before, after = downbeats[downbeats < beat], downbeats[downbeats > beat]
    return (
        int(before[-1]) if len(before) else 0,
        int(after[0]) if len(after) else len(grid.beats_samples) - 1,
    )


def _reach(beats: Positions) -> int:
    """Return the shortest span these beats fit into in proportion, each a sample from the next."""
    return -(-int(beats[-1] - beats[0]) // int(np.diff(beats).min()))


def steady(
    bpm: float,
    downbeat_samples: float,
    *,
    rate_hz: int,
    length_samples: int,
    bar: int = USUAL_BEATS_IN_BAR,
    confidence: float = 1.0,
) -> BeatGrid:
    """Return an even grid over a whole recording, with a downbeat at a position.

    Raises
    ------
    UsageError : the tempo is outside the limits
    """
    require_tempo(bpm)
    period = 60.0 * rate_hz / bpm
    first = int(np.ceil(-downbeat_samples / period))
    last = int(np.floor((length_samples - 1 - downbeat_samples) / period))
    index = np.arange(first, last + 1)
    beats = np.clip(_rounded(downbeat_samples + index * period), 0, max(length_samples - 1, 0))
    return BeatGrid(beats, index % bar + 1, bpm, confidence, HAND)


def require_tempo(bpm: float) -> None:
    """Refuse an invalid tempo.

    Raises
    ------
    UsageError : it is outside the limits
    """
    if not SLOWEST_BPM <= bpm <= FASTEST_BPM:
        raise UsageError(f"{bpm:g} BPM is outside the range; choose {SLOWEST_BPM:.0f} to {FASTEST_BPM:.0f}.")


def ramp_times_s(beats: ArrayLike, count: int, from_bpm: float, to_bpm: float) -> NDArray[np.float64]:
    """Return when beats, shape (n,), fall after the start of a tempo that changes evenly over time.

    The tempo v(t) = v0 + a t, in beats a second, integrates to the beat k = v0 t + a t²/2. A ramp of N beats
    takes T = 2 N / (v0 + v1), so a = (v1 - v0) / T, and t = 2 k / (v0 + sqrt(v0² + 2 a k)), which holds for
    a = 0 as well.
    """
    k = np.asarray(beats, np.float64)
    v0, v1 = from_bpm / 60.0, to_bpm / 60.0
    acceleration = (v1 - v0) * (v0 + v1) / (2.0 * count)
    times: NDArray[np.float64] = 2.0 * k / (v0 + np.sqrt(v0 * v0 + 2.0 * acceleration * k))
    return times


def ramped(
    grid: BeatGrid,
    bars: tuple[int, int],
    tempi_bpm: tuple[float, float],
    *,
    rate_hz: int,
    length_samples: int,
) -> BeatGrid:
    """Change the tempo evenly from the downbeat of one bar to that of a later one.

    Beats before stay; those after keep their distances and follow on. If the grid then ends earlier, beats
    spaced like its last two extend it to its former end.

    Raises
    ------
    UsageError : a bar is missing, or a tempo is outside the limits
    """
    for bpm in tempi_bpm:
        require_tempo(bpm)
    downbeats = np.flatnonzero(grid.bar_positions == 1)
    first, last = bars
    if not 1 <= first < last <= len(downbeats):
        raise UsageError(
            f"A ramp from bar {first} to bar {last} is not possible; the bars go from 1 to {len(downbeats)}."
        )
    begin, end = int(downbeats[first - 1]), int(downbeats[last - 1])
    beats, count = grid.beats_samples, end - begin
    inside = beats[begin] + rate_hz * ramp_times_s(np.arange(count + 1), count, *tempi_bpm)
    after = beats[end + 1 :] - beats[end] + inside[-1]
    made = np.concatenate([beats[:begin], _rounded(inside), _rounded(after)])
    counts, stop = grid.bar_positions, min(int(beats[-1]) + 1, length_samples)
    gap = int(made[-1] - made[-2])
    more = max(0, (stop - 1 - int(made[-1])) // gap)
    made = np.append(made, made[-1] + gap * np.arange(1, more + 1))
    counts = np.append(counts, (counts[-1] - 1 + np.arange(1, more + 1)) % beats_in_bar(grid) + 1)
    kept = made < length_samples
    return _made(grid, made[kept], counts[kept], rate_hz, (int(beats[begin]), int(made[end])))


def set_grid(state: DocumentState, grid: BeatGrid, label: str) -> tuple[Edit, Mapping[str, Analysis]]:
    """Return the edit that puts an edited grid into force, and the grid by the id that the edit names."""
    arrays = (grid.beats_samples, grid.bar_positions, grid.free_samples)
    content = blake2b(b"".join(array.tobytes() for array in arrays), digest_size=16)
    key = analysis_id(_EDITED, content.hexdigest(), grid.tempo_bpm)
    edit = set_analyses(state, {"beats": key}, label)
    if edit.changes:
        # How to count the grid before is no question any more.
        edit = replace(edit, changes=(*edit.changes, *without_tempi(state).changes))
    return edit, {key: grid}


def without_tempi(state: DocumentState) -> Edit:
    """Return the edit that removes undecided tempo proposals."""
    return replace_proposals(state, (), {}, "Took away how to count", kinds=(TEMPO.name,))


def is_edited(state: DocumentState) -> bool:
    """Return whether the user edited the current grid, or decided its tempo interpretation."""
    return state.analyses.get("beats", "").startswith(_EDITED) or bool(decided_tempi(state))


def require_open_grid(state: DocumentState) -> None:
    """Refuse tempo proposals for a grid that the user edited or decided.

    Raises
    ------
    UsageError : the document has no recording, or the user edited or decided the grid
    """
    require_recording(state, "count")
    if is_edited(state):
        raise UsageError("You set this tempo interpretation: undo it first to see Offcut's proposals.")


def keeping_edited(state: DocumentState, found: Mapping[str, str]) -> dict[str, str]:
    """Return which analyses found, ids by kind, come into force: never beats in place of edited ones."""
    return {kind: key for kind, key in found.items() if kind != "beats" or not is_edited(state)}


_EMPTY_BEATS = 1.5
"""Beats that are further apart leave room for others."""


def with_pulse(grid: BeatGrid, at_samples: int) -> BeatGrid:
    """Return the grid with lines in the free passage at a position: detected beats, and even ones in gaps.

    Raises
    ------
    UsageError : the position is not in a free passage between two beats
    """
    beats, counts = grid.beats_samples, grid.bar_positions
    if not is_free(grid, [at_samples])[0] or not beats[0] <= at_samples <= beats[-1]:
        raise UsageError("The playhead is not in a passage without a steady pulse between two beats.")
    kept = free_outside(grid, at_samples, at_samples + 1)
    gaps = np.diff(beats)
    opened = is_free(grid, beats[:-1] + gaps // 2) & ~is_free(
        replace(grid, free_samples=kept), beats[:-1] + gaps // 2
    )
    parts = np.where(opened & (gaps > _EMPTY_BEATS * np.median(gaps)), np.rint(gaps / np.median(gaps)), 1.0)
    index = np.concatenate([[0], np.cumsum(parts)]).astype(np.int64)
    every = np.arange(index[-1] + 1)
    known = np.searchsorted(index, every, side="right") - 1
    numbers = (counts[known] - 1 + every - index[known]) % beats_in_bar(grid) + 1
    return replace(
        grid,
        beats_samples=np.rint(np.interp(every, index, beats)).astype(np.int64),
        bar_positions=np.where(every == index[known], counts[known], numbers),
        free_samples=kept,
        maker=HAND,
    )
