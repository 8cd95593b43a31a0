"""Tracks recorded with those whose hits move: asked about once before many hits are accepted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from desktop.dialogs import questions
from desktop.recordings.recordings import Recordings
from desktop.shell.session import Session
from engine.hits.kit.membership import recorded_with, tracks_of_moves


class LeftBehind(QObject):
    """Knows which tracks were recorded with others, and asks whether they move too.

    Parameters
    ----------
    move_too : proposes again with these tracks as well
    """

    def __init__(
        self,
        window: QWidget,
        session: Session,
        recordings: Recordings,
        move_too: Callable[[Sequence[str]], None],
    ) -> None:
        super().__init__(window)
        self._window, self._session, self._move_too = window, session, move_too
        self._recordings = recordings
        self._asked: set[frozenset[str]] = set()
        session.replaced.connect(self._asked.clear)

    def once_known(self, then: Callable[[], None]) -> None:
        """Call back once the tracks were compared; not at all where they are known or cannot be compared."""
        if self._session.pickup is None and len(self._session.state.tracks) > 1:
            self._recordings.compare_tracks(then)

    def of(self, moved: Sequence[str]) -> Mapping[str, str]:
        """Return the tracks that stay although they were recorded with those that move: names by id."""
        pickup = self._session.pickup
        found = {} if pickup is None else recorded_with(pickup, moved)
        return {track.id: track.name for track in self._session.state.tracks if track.id in found}

    def before_accepting(self, ids: Sequence[str], accept: Callable[[], None]) -> None:
        """Accept proposals; where tracks stay behind, ask first, once for the same tracks."""
        staying = self.of(tracks_of_moves(self._session.state, ids))
        if not staying or frozenset(staying) in self._asked:
            accept()
            return
        moves_too = questions.ask_left_behind(self._window, tuple(staying.values()))
        if moves_too is None:
            return
        self._asked.add(frozenset(staying))
        if moves_too:
            self._move_too(tuple(staying))
        else:
            accept()
