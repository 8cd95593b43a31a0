"""Answering many moves of hits at once: those of a bar, of a drum, or of the range; and confirming a hit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from desktop.review.review import Review
from desktop.shell.session import Session
from desktop.shell.transport import Transport
from engine.document import edits
from engine.document.decisions import Verdict
from engine.document.drums.edits import promote
from engine.errors import UsageError
from engine.review.bulk import accept_in_bulk
from engine.review.moves import Moves, moves_of
from engine.wording import counted

NO_MOVES = "No hits to move. Propose timing first ‹timing.propose›."
NO_BARS = "No bars detected; tap the tempo ‹grid.tap› or set it."
COMMANDS: Mapping[str, str] = MappingProxyType(
    {"bar": "timing.accept_bar", "voice": "timing.accept_voice", "range": "timing.accept_range"}
)


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """A group of undecided moves and its name, such as "bar 12".

    Attributes
    ----------
    rows : shape (n,), which of the moves are in it
    """

    moves: Moves
    rows: NDArray[np.bool_]
    name: str

    def __len__(self) -> int:
        return int(np.count_nonzero(self.rows))

    @property
    def ids(self) -> tuple[str, ...]:
        """Ids of the proposals in the document."""
        return self.moves.chosen(self.rows)


class TimingAnswers(QObject):
    """Accepts groups of moves, each as one step of undo.

    Signals
    -------
    said : message about the result
    """

    said = Signal(str)

    def __init__(self, session: Session, review: Review, transport: Transport, parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._review, self._transport = session, review, transport
        self.range_ms = (0.0, float("inf"))

    @property
    def moves(self) -> Moves:
        """The moves of the document."""
        return moves_of(self._session.state)

    def current_row(self) -> int | None:
        """Return the row of the current proposal, where it moves a hit."""
        return self.moves.row_of(self._review.current)

    def here_samples(self) -> float:
        """Return where the user is: the hit of the current proposal, else the playhead."""
        row = self.current_row()
        return self._transport.playhead_samples if row is None else float(self.moves.onsets_samples[row])

    def bar_here(self) -> tuple[int, int, int] | None:
        """Return number and span of the bar at the playhead; None without bars.

        A hit that is moved across the bar line belongs where it goes.
        """
        grid, length = self._session.grid, self._session.state.length_samples
        downbeats = np.zeros(0, np.int64) if grid is None else grid.downbeats_samples
        if not len(downbeats):
            return None
        row = self.current_row()
        here = self.here_samples() + (0.0 if row is None else float(self.moves.by_samples[row]))
        bar = int(np.searchsorted(downbeats, here + 0.5, "right"))
        edges = [0, *downbeats.tolist(), length]
        return bar, int(edges[bar]), int(edges[bar + 1])

    def groups(self) -> Mapping[str, Group]:
        """Return the moves that each bulk answer would accept, by name in `COMMANDS`; without empty ones."""
        moves, found = self.moves, dict[str, Group]()
        if len(moves.ids):
            found = {name: group for name in COMMANDS if (group := self._group(moves, name)) is not None}
        return {name: group for name, group in found.items() if len(group)}

    def _group(self, moves: Moves, name: str) -> Group | None:
        """Return a group, which may be empty; None where the user is in none."""
        is_open = moves.are(Verdict.UNDECIDED)
        if name == "range":
            return self._in_range(moves, is_open)
        return self._bar(moves, is_open) if name == "bar" else self._voice(moves, is_open)

    def _bar(self, moves: Moves, is_open: NDArray[np.bool_]) -> Group | None:
        bar = self.bar_here()
        if bar is None:
            return None
        number, start, stop = bar
        goes_to = moves.onsets_samples + moves.by_samples
        within = (goes_to >= start - 0.5) & (goes_to < stop - 0.5)
        return Group(moves, is_open & within, f"bar {number}" if number else "the upbeat")

    def voice_here(self) -> str:
        """Return the drum of the current proposal that is named first; empty where it moves no hit."""
        row = self.current_row()
        return "" if row is None or not self.moves.voices[row] else self.moves.voices[row][0]

    def _voice(self, moves: Moves, is_open: NDArray[np.bool_]) -> Group | None:
        voice = self.voice_here()
        return Group(moves, is_open & moves.sounding(voice), voice) if voice else None

    def _in_range(self, moves: Moves, is_open: NDArray[np.bool_]) -> Group:
        least_ms, most_ms = self.range_ms
        by_ms = np.abs(moves.by_samples) / max(self._session.state.rate_hz, 1) * 1000
        to = "" if most_ms == float("inf") else f" up to {most_ms:g} ms"
        at_least = f" from {least_ms:g} ms" if least_ms else ""
        # what is asked for in whole milliseconds is no less for a fraction of a sample
        within = by_ms <= most_ms + 0.05
        return Group(moves, is_open & within, f"all{at_least}{to}")

    def accept(self, name: str) -> None:
        """Accept a group, and go on where the current proposal was in it.

        Raises
        ------
        UsageError : there is nothing of that to accept
        """
        moves = self.moves
        if not len(moves.ids):
            raise UsageError(NO_MOVES)
        if name == "bar" and self.bar_here() is None:
            raise UsageError(NO_BARS)
        if name == "voice" and not self.voice_here():
            raise UsageError("Go to a hit of the drum first.")
        group = self._group(moves, name)
        if group is None or not len(group):
            whose = {"bar": " of {0}", "voice": " of the {0}", "range": " in the range"}[name]
            raise UsageError(f"Every hit{whose.format('' if group is None else group.name)} is decided.")
        bulk = accept_in_bulk(self._session.state, group.ids)
        if not bulk.ids:
            raise UsageError(f"Every hit here has weak evidence: {bulk.left_words}. Accept them one by one.")
        count, ids = counted(len(bulk.ids), "hit"), bulk.ids
        which = {"bar": f"{count} of {group.name}", "voice": f"{count} of the {group.name}"}
        label = f"Accepted {which.get(name, f'{count}: {group.name}')}"
        was_current = self._review.current in ids
        edit = edits.decide(self._session.state, ids, Verdict.ACCEPTED)
        self._session.apply(replace(edit, label=label))
        self.said.emit(bulk.after(label))
        if was_current:
            self._review.go_on()

    def confirm(self) -> None:
        """Confirm the hit of the current proposal, so that a lower sensitivity still finds it.

        Raises
        ------
        UsageError : the current proposal moves no hit, or its hits are not there any more
        """
        row, hits = self.current_row(), self._session.hits
        if row is None or hits is None:
            raise UsageError("Go to a hit first; confirmed hits are found at any sensitivity.")
        moves = self.moves
        within = (hits.onsets_samples >= moves.starts_samples[row]) & (
            hits.onsets_samples < moves.stops_samples[row]
        )
        if moves.tracks[row]:
            within &= hits.tracks == list(hits.track_ids).index(moves.tracks[row])
        chosen = np.flatnonzero(within)
        if not len(chosen):
            raise UsageError("This hit was not found again. Propose timing again ‹timing.propose›.")
        edit, analyses = promote(self._session.state, hits, self._session.promoted, chosen)
        if edit.changes:
            self._session.apply(edit, analyses)
        self.said.emit(f"{edit.label}; a lower sensitivity keeps it" if edit.changes else "Confirmed before")

    def loop_bar(self) -> None:
        """Play the bar that the user is in, round and round.

        Raises
        ------
        UsageError : no bars are known
        """
        bar = self.bar_here()
        if bar is None:
            raise UsageError(NO_BARS)
        number, start, stop = bar
        self._transport.play_round((start, stop))
        self.said.emit(f"Looping bar {number}" if number else "Looping the upbeat")
