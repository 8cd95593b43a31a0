"""Search in the transcript: places of words are stepped through, and cut, muted or marked together."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QObject, Signal

from desktop.features.words.edits import (
    MuteRequest,
    Mutes,
    Span,
    cut_all,
    find_tones,
    mark_all,
    mute_all,
)
from desktop.features.words.marks import CUT, FOUND, HERE, HESITATION
from desktop.features.words.shown import ShownWords
from desktop.shell.messages import reporting_refusals
from desktop.shell.shell import Shell
from engine.core.errors import UsageError
from engine.document.state import Edit
from engine.document.tracks import sound_of
from engine.features.words.arranged import runs_in
from engine.features.words.search import WordIndex, index_of, places


class WordSearch(QObject):
    """Finds words in the text, without the hesitations between them, and edits all places as one step.

    Its signals carry the message about a result, and the reason of a refusal.
    """

    said = Signal(str)
    refused = Signal(str)

    def __init__(self, parent: QObject, shell: Shell, shown: ShownWords) -> None:
        super().__init__(parent)
        self._shell, self._session, self._shown = shell, shell.session, shown
        self._index: WordIndex | None = None
        self._places: list[Span] = []
        self._place: int | None = None
        panel = shown.panel
        shown.refreshed.connect(self._start_over)
        panel.searched.connect(self._search_for)
        panel.stepped.connect(reporting_refusals(self.step, self.refused.emit))
        panel.search_closed.connect(lambda: self._search_for(""))

    def _start_over(self) -> None:
        self._index = None
        self._search_for(self._shown.panel.field.text())

    def _search_for(self, text: str) -> None:
        self._places, self._place = [], None
        if self._shown.is_shown:
            if text.strip():
                self._places = self._found_places(text)
            self._show_places()
        self._shown.panel.show_count(self._place, len(self._places))

    def _found_places(self, text: str) -> list[Span]:
        """Return the places [first, stop) of the text where words are, with the hesitations between them."""
        shown = self._shown
        words = np.flatnonzero((shown.marks & HESITATION) == 0)
        if self._index is None:
            texts = shown.required_text().items.texts
            self._index = index_of([texts[item] for item in shown.order[words].tolist()])
        return [(int(words[first]), int(words[stop - 1]) + 1) for first, stop in places(self._index, text)]

    def _show_places(self) -> None:
        found, here = (np.zeros(len(self._shown.marks), np.bool_) for _ in range(2))
        for number, (first, stop) in enumerate(self._places):
            (here if number == self._place else found)[first:stop] = True
        for mark, flags in ((FOUND, found), (HERE, here)):
            self._shown.set_mark(mark, flags[self._shown.place_of])

    def step(self, step: int) -> None:
        """Go to the next place found (1), or the one before (-1), cyclically; its words are selected.

        Raises
        ------
        UsageError : no transcript, or nothing was found
        """
        found = self._required_places()
        if self._place is None:
            here = int(self._shown.place_of[max(self._shown.current, 0)])
            after = next((number for number, one in enumerate(found) if one[0] >= here), 0)
            self._place = after if step > 0 else (after - 1) % len(found)
        else:
            self._place = (self._place + step) % len(found)
        first, stop = found[self._place]
        self._show_places()
        self._shell.transport.seek(self._shown.span_of(first, stop)[0])
        self._shown.select(first, stop)
        self._shown.panel.view.set_ends(first, stop - 1)
        self._shown.panel.view.reveal(first)
        self._shown.panel.show_count(self._place, len(found))

    def _required_places(self) -> list[Span]:
        self._shown.required()
        if not self._places:
            raise UsageError("Nothing is found. Search for words first ‹words.search›.")
        return self._places

    def _found(self, *, without_cut: bool = True) -> tuple[Span, ...]:
        """Return the spans of all places, in document samples."""
        found = [
            one
            for one in self._required_places()
            if not (without_cut and (self._shown.marks[slice(*one)] & CUT).all())
        ]
        if not found:
            raise UsageError("All places are cut already.")
        parts = (part for one in found for part in runs_in(self._shown.order, *one))
        return tuple(self._shown.span_of(*one) for one in parts)

    def cut_all(self) -> None:
        """Cut every place found; raises where nothing is found, or all is cut."""
        self._apply_all(cut_all(self._session.state, self._found(), self._query))

    def mark_all(self) -> None:
        """Add a marker at every place found; raises where nothing is found."""
        self._apply_all(mark_all(self._session.state, self._found(without_cut=False), self._query))

    def mute_all(self) -> None:
        """Mute every place found, once room tone is found for each; raises as `cut_all` does."""
        session = self._session
        request = MuteRequest(session.state, session.media, self._found(), self._query)
        self._shell.work.compute(find_tones, request, "Finding room tone", self._mute)

    def _mute(self, mutes: Mutes) -> None:
        if sound_of(mutes.request.state.tracks) != sound_of(self._session.state.tracks):
            raise UsageError("The tracks were changed meanwhile: mute again ‹words.mute_all›.")
        self._apply_all(mute_all(self._session.state, mutes))

    def _apply_all(self, edit: Edit) -> None:
        self._shell.selecting.let_go()
        self.said.emit(self._session.apply(edit).label)

    @property
    def _query(self) -> str:
        return " ".join(self._shown.panel.field.text().split())
