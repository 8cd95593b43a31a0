"""The transcript as it is shown: words and hesitations in the order in which they play, with their marks."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QObject, QPoint, Signal
from PySide6.QtWidgets import QToolTip

from desktop.features.words import marks as marking
from desktop.features.words.edits import Span, muted_spans
from desktop.features.words.marks import CUT, HESITATION, PLAYING, PROPOSED, SELECTED, UNSURE
from desktop.features.words.panel import WordsPanel
from desktop.features.words.text import Page, page_of
from desktop.features.words.transcribing import NO_MODEL, Transcribing
from desktop.shell.shell import Shell
from engine.core.errors import UsageError
from engine.core.timebase import samples_to_s
from engine.core.wording import counted
from engine.document.analysis import WORDS, Transcript
from engine.document.state import Change
from engine.features.words.arranged import in_order, order_of, runs_in
from engine.features.words.spoken import SpokenText, spoken_text
from widgets.controls.text_and_icons import announce

NOT_YET = "No transcript yet. Recognise the words first ‹words.transcribe›."
NONE_SELECTED = "No words are selected: drag over words, or hold Shift with the arrow keys."
_NO_WORDS = np.zeros(0, np.int64)


class ShownWords(QObject):
    """Shows the transcript of the document; its words and the selection of the timeline are one.

    Items are words and hesitations. Places and marks are in the order in which the items play; item numbers,
    as of the selection, are in the order of the recording.

    Attributes
    ----------
    panel : the text with its search
    marks : of the items as they are shown, shape (n,), see `marks`
    order : int64, shape (n,), the item at each place
    place_of : int64, shape (n,), the place of each item
    selected : the selected items [first, stop)
    current : the item at the playhead; -1 before the first

    Signals
    -------
    refreshed : another text is shown
    """

    refreshed = Signal()

    def __init__(self, parent: QObject, shell: Shell, panel: WordsPanel, transcribing: Transcribing) -> None:
        super().__init__(parent)
        self.panel, self._transcribing = panel, transcribing
        self._shell, self._session = shell, shell.session
        self._transport, self._selecting = shell.transport, shell.selecting
        self._transcript: Transcript | None = None
        self._spoken: SpokenText | None = None
        self.marks = np.zeros(0, np.uint8)
        self.order, self.place_of = _NO_WORDS, _NO_WORDS
        self.selected, self.current, self.is_shown = (0, 0), -1, False
        self._connect()

    def _connect(self) -> None:
        shell, view = self._shell, self.panel.view
        shell.transport.playhead_moved.connect(self._follow_playhead)
        shell.transport.result_chosen.connect(lambda _result: self._mark_cuts())
        shell.review.moved.connect(self._mark_proposal)
        shell.selecting.changed.connect(self._follow_selection)
        self._transcribing.model_changed.connect(self.refresh)
        view.clicked.connect(self._go_to)
        view.selected.connect(self.select)
        view.explaining.connect(self._explain)

    # the text

    def start_over(self) -> None:
        """Show the transcript of another document."""
        self.is_shown = False
        self.refresh()

    def follow(self, change: Change) -> None:
        """Show the effect of a change of the document."""
        if WORDS in change.analyses or change.tracks:
            self.refresh()
        elif change.proposals:
            self.refresh()
            self._mark_cuts()
            self._mark_proposal()

    def refresh(self) -> None:
        """Show the transcript as it is now, if the panel is open."""
        if self.panel.isHidden():
            self._transcript, self._spoken, self.is_shown = None, None, False
            return
        before, self._transcript = self._transcript, self._session.transcript
        if self._transcript is None or not len(self._transcript):
            self._spoken = None
            self._show_reason()
            return
        self.panel.show_offer("", ())
        if self._spoken is None or self._transcript is not before:
            self._spoken = spoken_text(self._transcript)
        order = order_of(self._session.state, self._spoken.items)
        if self._transcript is before and self.is_shown and np.array_equal(order, self.order):
            return
        self.order, self.place_of = order, np.argsort(order)
        self._show_text(self._transcript, self._spoken)
        self._mark_cuts()
        self._mark_proposal()
        self._follow_selection()
        self.refreshed.emit()
        self._follow_playhead(self._transport.playhead_samples)

    def _show_text(self, transcript: Transcript, spoken: SpokenText) -> None:
        items = in_order(spoken.items, self.order)
        self.marks = np.zeros(len(items), np.uint8)
        self.marks[items.probabilities < marking.UNSURE_BELOW] |= UNSURE
        self.marks[spoken.words[self.order] < 0] |= HESITATION
        page = page_of(items, self._session.state.rate_hz)
        self.panel.view.set_page(page, self.marks, is_new=not self.is_shown)
        self.is_shown, self.current = True, -1
        names = [counted(len(transcript), "word"), *([transcript.language] if transcript.language else [])]
        self.panel.show_summary(" · ".join(names))

    def _show_reason(self) -> None:
        """Show the reason for an empty panel, and the commands that fill it."""
        self.is_shown = False
        self.panel.show_summary("")
        if not self._session.state.tracks:
            self.panel.show_offer("No recording yet: import one first.", ())
        elif self._transcript is not None:
            self.panel.show_offer("No words were recognised in this recording.", ("words.transcribe",))
        elif refusal := self._transcribing.refusal():
            offers = ("words.model", "words.download") if refusal == NO_MODEL else ()
            self.panel.show_offer(refusal, offers)
        else:
            self.panel.show_offer(
                "The words of this recording were not recognised yet.", ("words.transcribe",)
            )

    @property
    def page(self) -> Page:
        """The text that is shown."""
        return self.panel.view.page

    def required(self) -> Transcript:
        """Return the transcript that the panel shows.

        Raises
        ------
        UsageError : it is missing, or the panel is closed
        """
        if self._transcript is None or not self.is_shown:
            if self._session.transcript is None:
                raise UsageError(NOT_YET)
            raise UsageError("The transcript is not shown. Open it first ‹words.panel›.")
        return self._transcript

    def required_text(self) -> SpokenText:
        """Return the words and hesitations that the panel shows; raises as `required` does."""
        self.required()
        assert self._spoken is not None, "a transcript that is shown has them"
        return self._spoken

    # marks

    def set_mark(self, mark: np.uint8, flags: marking.Flags) -> None:
        """Give flagged items a mark, and take it from others; flags are in the order of the recording."""
        self.panel.view.repaint_words(marking.set_mark(self.marks, mark, flags[self.order]))

    def _mark_cuts(self) -> None:
        if self._spoken is None:
            return
        removed = [*self._transport.result.removed_spans, *muted_spans(self._session.state)]
        self.set_mark(CUT, marking.are_cut(self._spoken.items.spans_samples, removed))

    def _mark_proposal(self) -> None:
        if self._spoken is None:
            return
        span = self._shell.review.current_span()
        self.set_mark(PROPOSED, marking.are_inside(self._spoken.items.spans_samples, *(span or (0, 0))))

    def span_of(self, first: int, stop: int) -> Span:
        """Return the span of the items at places [first, stop) of the text in document samples."""
        spans = self.required_text().items.spans_samples[self.order[first:stop]]
        return int(spans[:, 0].min()), int(spans[:, 1].max())

    # the playhead

    def _go_to(self, place: int) -> None:
        """Go to an item; a hesitation is selected, as no command edits it without that."""
        self._selecting.let_go()
        self._shell.zooms.seek(self.span_of(place, place + 1)[0], None)
        if self.marks[place] & HESITATION:
            self.select(place, place + 1)
            announce(self.panel.view, self._explanation(place))
        self.panel.view.reveal(place)

    def _follow_playhead(self, position: int) -> None:
        if self._spoken is None or not self.is_shown:
            return
        item = int(np.searchsorted(self._spoken.items.spans_samples[:, 0], position, side="right")) - 1
        if item == self.current:
            return
        before, self.current = self.current, item
        changed = self.place_of[[one for one in (before, item) if 0 <= one < len(self.marks)]]
        self.marks[changed] &= ~PLAYING
        if item >= 0:
            self.marks[self.place_of[item]] |= PLAYING
            self.panel.view.reveal(int(self.place_of[item]), follows=True)
        self.panel.view.repaint_words(changed)

    # the selection

    def select(self, first: int, stop: int) -> None:
        """Select the items at places [first, stop), as far as they follow each other in the recording."""
        runs, anchor = list(runs_in(self.order, first, stop)), self.panel.view.anchor
        run = next((one for one in runs if one[0] <= anchor < one[1]), runs[0])
        self._selecting.select(*self.span_of(*run))

    def _follow_selection(self) -> None:
        if self._spoken is None or not self.is_shown:
            return
        span = self._selecting.span
        flags = marking.are_inside(self._spoken.items.spans_samples, *(span or (0, 0)))
        self.set_mark(SELECTED, flags)
        chosen, places = np.flatnonzero(flags), np.flatnonzero(flags[self.order])
        self.selected = (int(chosen[0]), int(chosen[-1]) + 1) if len(chosen) else (0, 0)
        caret = int(self.place_of[max(self.current, 0)])
        shown = (int(places[0]), int(places[-1]) + 1) if len(places) else (caret, caret)
        self.panel.view.show_selected(*shown)

    def chosen(self) -> Span:
        """Return the selected items in the order of the recording, else the one at the playhead.

        Raises
        ------
        UsageError : no transcript, or no item
        """
        self.required()
        first, stop = self.selected
        if first < stop:
            return first, stop
        if self.current < 0:
            raise UsageError("No words are selected: click a word, or drag over some.")
        return self.current, self.current + 1

    def places_of_selected(self) -> Span:
        """Return the places [first, stop) of the selected items in the text.

        Raises
        ------
        UsageError : nothing is selected, or items that were moved are in between
        """
        places = np.sort(self.place_of[slice(*self.selected)])
        if not len(places):
            raise UsageError(NONE_SELECTED)
        if places[-1] - places[0] >= len(places):
            raise UsageError(
                "Moved words are among the selected ones: select words that play one after another."
            )
        return int(places[0]), int(places[-1]) + 1

    # hesitations

    def _explain(self, place: int, on_screen: QPoint) -> None:
        QToolTip.showText(on_screen, self._explanation(place), self.panel.view)

    def _explanation(self, place: int) -> str:
        items, item = self.required_text().items, int(self.order[place])
        start, stop = items.spans_samples[item].tolist()
        length_s = samples_to_s(stop - start, self._session.state.rate_hz)
        return f"Hesitation of {length_s:.1f} s, confidence {100 * items.probabilities[item]:.0f} %"
