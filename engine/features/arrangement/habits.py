"""Editing habits in plain words: counted over matched edits, without a network."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from itertools import pairwise
from statistics import median

import numpy as np
from numpy.typing import NDArray

from engine.core.timebase import format_time
from engine.core.wording import counted, percent

ON_BEAT_S = 0.05
"""Tolerance for cuts on beats: detected beats are within some 20 ms of the audible ones."""
_LONGEST_BEAT_S = 2.0
_GOES_ON_S = 0.03
"""A piece that begins this close to the end of the one before continues it: the edit has no cut there."""
_LEAST_ROUND_S = 0.25
"""Minimum repeated length at a cut for a loop."""
_WHOLE = ("pieces", "cuts", "counted_cuts", "loops", "rounds", "moved")
_NOT_ALWAYS = (
    "piece_s",
    "pause_share",
    "beat_share",
    "downbeat_share",
    "chance_share",
    "plays",
    "loop_s",
    "moved",
    "rule",
    "rule_fit",
)

LONGEST_RULE = 200

Seconds = NDArray[np.float64]
Span = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Piece:
    """A span of a recording that is played in an edit.

    Attributes
    ----------
    raw : which recording
    start_s, stop_s : from the middle of one crossfade to the middle of the next
    is_start_sure : whether its start is unambiguous; both sides of a cut may sound the same
    """

    raw: int
    start_s: float
    stop_s: float
    is_start_sure: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Counted:
    """A recording and its beats.

    Attributes
    ----------
    beats_s, downbeats_s : shape (n,) and (m,), ascending; a downbeat is a beat too
    played_s : where something is played between one break and the next; beats count there alone
    """

    length_s: float
    beats_s: Seconds
    downbeats_s: Seconds
    played_s: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Habits:
    """Statistics of a person's edits.

    Attributes
    ----------
    piece_s : how long a piece is, the median; None for none
    cuts : places where playing stops or begins within a recording
    pause_share : share of the cuts in pauses; None without a cut
    counted_cuts : of them those between two beats
    beat_share, downbeat_share : of the counted ones those within `ON_BEAT_S` of a beat, of a downbeat; None
        where none is counted
    chance_share : how much of the counted time is that near a beat
    kept_share : of the recordings
    plays : mean number of plays of used material, 1 without repeats; None if nothing is used
    loops, rounds : stretches that are played again at once, and how often they are played in all
    loop_s : how long a round is, the median; None without a loop
    moved : the least number of pieces without which the rest is in the order of the recording; rounds of a
        loop are one piece; None in an older file
    rule, rule_fit : the rule over sections that makes these edits best, in words, and how alike its edits
        are, 0 to 1; None if the network of steps arranges
    """

    pieces: int
    piece_s: float | None
    cuts: int
    pause_share: float | None
    counted_cuts: int
    beat_share: float | None
    downbeat_share: float | None
    chance_share: float | None
    kept_share: float
    plays: float | None
    loops: int
    rounds: int
    loop_s: float | None
    moved: int | None = None
    rule: str | None = None
    rule_fit: float | None = None

    def rows(self) -> tuple[tuple[str, str], ...]:
        """Return the statistics in words, each with its subject."""
        return tuple(self._rows())

    def words(self) -> tuple[str, ...]:
        """Return the statistics as lines of text."""
        return tuple(f"{about}: {text}" for about, text in self._rows())

    def _rows(self) -> Iterator[tuple[str, str]]:
        if self.piece_s is None:
            yield "Pieces", "none"
            return
        yield "Length of a piece", f"{_seconds(self.piece_s)} (median of {self.pieces:,})"
        yield "Cuts", self._of_cuts()
        is_again = self.plays is not None and self.plays >= 1.005
        times = f"{self.plays:.2f} times" if is_again else "once"
        yield "Retained", f"{percent(self.kept_share)} of the recording, each moment {times}"
        if self.loops and self.loop_s is not None:
            lengths = f"{_seconds(self.loop_s)}{'' if self.loops == 1 else ' (median)'}"
            yield "Loops", f"{self.loops:,} of {lengths}, played {self.rounds / self.loops:.1f} times each"
        else:
            yield "Loops", "none"
        if self.moved is not None:
            where = "played earlier or later than in the recording"
            yield "Order", f"{counted(self.moved, 'piece')} {where}" if self.moved else "as in the recording"
        if self.rule is not None and self.rule_fit is not None:
            yield "Rule", f"{self.rule} ({percent(self.rule_fit)} alike)"

    def _of_cuts(self) -> str:
        if not self.cuts:
            return "none"
        parts = []
        if self.beat_share is not None and self.downbeat_share is not None and self.chance_share is not None:
            parts.append(f"{percent(self.downbeat_share)} on downbeats")
            parts.append(f"{percent(self.beat_share)} on beats (chance: {percent(self.chance_share)})")
        if self.pause_share:
            parts.append(f"{percent(self.pause_share)} in pauses")
        return f"{self.cuts:,}, of these {', '.join(parts)}" if parts else f"{self.cuts:,}"

    def facts(self) -> dict[str, float | str | None]:
        """Return them as JSON holds them."""
        return asdict(self)

    @classmethod
    def of_facts(cls, facts: object) -> Habits | None:
        """Return the habits in `facts`, None if they are missing or invalid."""
        if not isinstance(facts, Mapping):
            return None
        values = {field.name: facts.get(field.name) for field in fields(cls)}
        if not all(_is_fact(name, value) for name, value in values.items()):
            return None
        return cls(**values)  # type: ignore[arg-type]


def habits_of(edits: Sequence[Sequence[Piece]], recordings: Mapping[int, Counted]) -> Habits:
    """Count the properties of some edits.

    Parameters
    ----------
    edits : for each edited file its pieces in playing order
    recordings : by the number that pieces name
    """
    joined = [tuple(_joined(edit)) for edit in edits]
    lengths_s = [one.stop_s - one.start_s for edit in joined for one in edit]
    cuts = [place for edit in joined for place in _cuts(edit, recordings)]
    in_pauses = [not _is_within(recordings[raw].played_s, place_s) for raw, place_s in cuts]
    near = [found for raw, place_s in cuts if (found := _nearness(recordings[raw], place_s)) is not None]
    loops = [loop for edit in joined for loop in _loops(edit)]
    kept_s, raw_s = _used_s(joined, recordings)
    return Habits(
        pieces=len(lengths_s),
        piece_s=median(lengths_s) if lengths_s else None,
        cuts=len(cuts),
        pause_share=_share(in_pauses),
        counted_cuts=len(near),
        beat_share=_share([beat_s <= ON_BEAT_S for beat_s, _ in near]),
        downbeat_share=_share([downbeat_s <= ON_BEAT_S for _, downbeat_s in near]),
        chance_share=_chance(recordings.values()) if near else None,
        kept_share=min(1.0, kept_s / raw_s) if raw_s else 0.0,
        plays=sum(lengths_s) / kept_s if kept_s else None,
        loops=len(loops),
        rounds=sum(rounds for rounds, _ in loops),
        loop_s=median(length_s for _, length_s in loops) if loops else None,
        moved=sum(_moved(edit) for edit in joined),
    )


def _joined(edit: Sequence[Piece]) -> Iterator[Piece]:
    """Yield pieces, those that go on with the one before as one."""
    held: Piece | None = None
    for piece in edit:
        if held is not None and held.raw == piece.raw and abs(piece.start_s - held.stop_s) <= _GOES_ON_S:
            held = Piece(held.raw, held.start_s, piece.stop_s, held.is_start_sure)
            continue
        if held is not None:
            yield held
        held = piece
    if held is not None:
        yield held


def _cuts(edit: Sequence[Piece], recordings: Mapping[int, Counted]) -> Iterator[tuple[int, float]]:
    """Yield where playing begins and stops within a recording, with its number."""
    for number, piece in enumerate(edit):
        is_stop_sure = number + 1 == len(edit) or edit[number + 1].is_start_sure
        length_s = recordings[piece.raw].length_s
        for place_s, is_sure in ((piece.start_s, piece.is_start_sure), (piece.stop_s, is_stop_sure)):
            if is_sure and _GOES_ON_S < place_s < length_s - _GOES_ON_S:
                yield piece.raw, place_s


def _is_within(spans_s: Sequence[Span], place_s: float) -> bool:
    return any(start <= place_s < stop for start, stop in spans_s)


def _nearness(recording: Counted, place_s: float) -> tuple[float, float] | None:
    """Return how far a place is from the next beat and downbeat; None where nothing is counted."""
    beats = recording.beats_s
    near = _is_within([(start - ON_BEAT_S, stop + ON_BEAT_S) for start, stop in recording.played_s], place_s)
    after = int(np.searchsorted(beats, place_s))
    around = beats[max(0, after - 1) : after + 1]
    if not near or not len(around):
        return None
    if len(around) == 2 and around[1] - around[0] > _LONGEST_BEAT_S:
        return None
    beat_s = float(np.abs(around - place_s).min())
    if len(around) == 1 and beat_s > ON_BEAT_S:
        return None
    downbeats = recording.downbeats_s
    return beat_s, float(np.abs(downbeats - place_s).min()) if len(downbeats) else np.inf


def _chance(recordings: Iterable[Counted]) -> float:
    """Return how much of the time between beats is as near one as a cut on it."""
    near_s = whole_s = 0.0
    for one in recordings:
        gaps = np.diff(one.beats_s)
        gaps = gaps[gaps <= _LONGEST_BEAT_S]
        near_s += float(np.minimum(gaps, 2.0 * ON_BEAT_S).sum())
        whole_s += float(gaps.sum())
    return near_s / whole_s if whole_s else 0.0


def _loops(edit: Sequence[Piece]) -> Iterator[tuple[int, float]]:
    """Yield of each loop how often it is played and how long a round of it is."""
    rounds, length_s = 1, 0.0
    for before, piece in pairwise(edit):
        if _goes_back(before, piece):
            rounds, length_s = rounds + 1, before.stop_s - piece.start_s
        elif rounds > 1:
            yield rounds, length_s
            rounds = 1
    if rounds > 1:
        yield rounds, length_s


def _moved(edit: Sequence[Piece]) -> int:
    """Return the least number of pieces without which each recording plays in its own order."""
    moved = 0
    for raw in sorted({piece.raw for piece in edit}):
        own = [piece for piece in edit if piece.raw == raw]
        starts_s = [
            piece.start_s
            for before, piece in zip((None, *own), own, strict=False)
            if before is None or not _goes_back(before, piece)
        ]
        longest: list[float] = []
        for start_s in starts_s:
            place = bisect_left(longest, start_s)
            longest[place : place + 1] = [start_s]
        moved += len(starts_s) - len(longest)
    return moved


def _goes_back(before: Piece, piece: Piece) -> bool:
    """Return whether a piece is another round of a loop."""
    back_s = before.stop_s - piece.start_s
    is_round = _LEAST_ROUND_S <= back_s <= before.stop_s - before.start_s + _GOES_ON_S
    return before.raw == piece.raw and is_round


def _used_s(edits: Sequence[Sequence[Piece]], recordings: Mapping[int, Counted]) -> tuple[float, float]:
    """Return the length of the recordings used in their edits, and their total length."""
    kept_s = raw_s = 0.0
    for edit in edits:
        for raw in sorted({piece.raw for piece in edit}):
            reached_s = 0.0
            for start_s, stop_s in sorted((one.start_s, one.stop_s) for one in edit if one.raw == raw):
                kept_s += max(0.0, stop_s - max(start_s, reached_s))
                reached_s = max(reached_s, stop_s)
            raw_s += recordings[raw].length_s
    return kept_s, raw_s


def _share(flags: Sequence[bool]) -> float | None:
    return sum(flags) / len(flags) if flags else None


def _seconds(length_s: float) -> str:
    return f"{length_s:.1f} s" if length_s < 60.0 else format_time(length_s, 0)


def _is_fact(name: str, value: object) -> bool:
    """Return whether a value is valid for a fact of this name."""
    if value is None:
        return name in _NOT_ALWAYS
    if name == "rule":
        return isinstance(value, str) and len(value) <= LONGEST_RULE
    if isinstance(value, bool) or not isinstance(value, int if name in _WHOLE else int | float):
        return False
    return bool(np.isfinite(value)) and value >= 0
