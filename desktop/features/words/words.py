"""The transcript of the open document: shown, selected with the timeline, searched, cut and corrected."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QObject, QPoint, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QWidget

from desktop.features.words import marks as marking
from desktop.features.words.arranged import bounds_of_sentences, in_order, moved_words, order_of, runs_in
from desktop.features.words.corrections import corrected, renamed
from desktop.features.words.edits import (
    MuteRequest,
    Mutes,
    Span,
    cut_all,
    find_tones,
    mark_all,
    mute_all,
    muted_spans,
    restored,
    restored_words,
)
from desktop.features.words.marks import CUT, FOUND, HERE, PLAYING, PROPOSED, SELECTED, UNSURE
from desktop.features.words.panel import WordsPanel
from desktop.features.words.text import Page, name_of, page_of, shown_word
from desktop.features.words.transcribing import NO_MODEL, Transcribing
from desktop.review.by_hand import ByHand
from desktop.shell.actions import popup
from desktop.shell.command import WORDS_LAYER
from desktop.shell.dialogs import form_dialogs
from desktop.shell.messages import reporting_refusals
from desktop.shell.shell import Shell
from engine.core.errors import UsageError
from engine.core.timebase import format_time, samples_to_s
from engine.core.wording import counted, quoted
from engine.document.analysis import WORDS, Transcript
from engine.document.edits.analyses import set_transcript
from engine.document.state import Change, Edit
from engine.document.tracks import sound_of
from engine.features.words.search import WordIndex, index_of, places
from engine.features.words.text import joined

NOT_YET = "No transcript yet. Recognise the words first ‹words.transcribe›."
_MENU = (
    ("words.strike", "words.restore"),
    ("words.earlier", "words.later"),
    ("words.correct", "words.speaker", "words.copy"),
    ("words.search",),
)
_LABEL_LETTERS = 40
_NO_WORDS = np.zeros(0, np.int64)


class Words(QObject):
    """Shows the transcript of the document; its words and the selection of the timeline are one.

    Its first signals carry the message about a result, and the reason of a refusal.

    Attributes
    ----------
    panel : the text with its search
    transcribing : recognises the words
    marks : of the words as they are shown, shape (n,), see `marks`

    Signals
    -------
    opened(is_open) : the panel was opened or closed
    """

    said = Signal(str)
    refused = Signal(str)
    opened = Signal(bool)

    def __init__(self, window: QWidget, shell: Shell, by_hand: ByHand) -> None:
        super().__init__(window)
        self._window, self._shell, self._session = window, shell, shell.session
        self._transport, self._selecting, self._by_hand = shell.transport, shell.selecting, by_hand
        self.panel = WordsPanel(shell.look.theme, shell.caps)
        self.transcribing = Transcribing(window, shell)
        self._transcript: Transcript | None = None
        self.marks = np.zeros(0, np.uint8)
        self._order, self._place_of = _NO_WORDS, _NO_WORDS
        self._selected, self._current, self._is_shown = (0, 0), -1, False
        self._index: WordIndex | None = None
        self._places: list[Span] = []
        self._place: int | None = None
        self.panel.hide()
        self._connect()

    def _connect(self) -> None:
        shell, view, report = self._shell, self.panel.view, self.refused.emit
        shell.session.replaced.connect(self._start_over)
        shell.session.changed.connect(self._follow)
        shell.transport.playhead_moved.connect(self._follow_playhead)
        shell.transport.result_chosen.connect(lambda _result: self._mark_cuts())
        shell.review.moved.connect(self._mark_proposal)
        shell.selecting.changed.connect(self._follow_selection)
        view.clicked.connect(self._go_to)
        view.selected.connect(self._select)
        view.correcting.connect(reporting_refusals(self._correct_clicked, report))
        view.head_opened.connect(reporting_refusals(self._rename_in, report))
        view.cutting.connect(reporting_refusals(self.cut, report))
        view.moved.connect(reporting_refusals(self._drop, report))
        view.menu_requested.connect(self._open_menu)
        self.panel.focused.connect(self._follow_focus)
        self.panel.searched.connect(self._search_for)
        self.panel.stepped.connect(reporting_refusals(self.step, report))
        self.panel.search_closed.connect(lambda: self._search_for(""))
        self.panel.command_requested.connect(shell.commands.run)
        self.transcribing.model_changed.connect(self._refresh)
        self.transcribing.said.connect(self.said)

    # the panel

    def toggle(self) -> None:
        """Show the transcript and focus it; hide it if it has the focus."""
        focus = QApplication.focusWidget()
        if self.panel.isHidden():
            self._show()
        elif focus is not None and self.panel.isAncestorOf(focus):
            self.panel.hide()
            self.opened.emit(False)
            self._refresh()
            self._shell.timeline.setFocus()
        else:
            self.panel.begin()

    def _show(self) -> None:
        self.panel.show()
        self.opened.emit(True)
        self._refresh()
        self.panel.begin()

    def _follow_focus(self, is_in: bool) -> None:
        self._shell.commands.enter(WORDS_LAYER, is_in=is_in)

    def _open_menu(self, place: QPoint) -> None:
        popup(self._shell.commands.menu(self._window, _MENU, "Words"), place)

    # the text

    def _start_over(self) -> None:
        self._is_shown = False
        self.panel.close_search()
        self._refresh()
        self._show_lane()

    def _show_lane(self) -> None:
        """Show the words under the lanes."""
        transcript, canvas = self._session.transcript, self._shell.timeline.canvas
        shown = canvas.shown.words.spans_samples
        if transcript is not None and shown is not transcript.spans_samples:
            canvas.set_words(transcript.texts, transcript.spans_samples)
        elif transcript is None and shown is not None:
            canvas.set_words((), None)

    def _follow(self, change: Change) -> None:
        if WORDS in change.analyses or change.tracks:
            self._refresh()
            self._show_lane()
        elif change.proposals:
            self._refresh()
            self._mark_cuts()
            self._mark_proposal()

    def _refresh(self) -> None:
        """Show the transcript as it is now, if the panel is open."""
        if self.panel.isHidden():
            self._transcript, self._is_shown = None, False
            return
        before, self._transcript = self._transcript, self._session.transcript
        if self._transcript is None or not len(self._transcript):
            self._show_reason()
            return
        self.panel.show_offer("", ())
        order = order_of(self._session.state, self._transcript)
        if self._transcript is before and self._is_shown and np.array_equal(order, self._order):
            return
        self._order, self._place_of = order, np.argsort(order)
        transcript = in_order(self._transcript, order)
        page = page_of(transcript, self._session.state.rate_hz)
        self.marks = np.zeros(len(transcript), np.uint8)
        self.marks[transcript.probabilities < marking.UNSURE_BELOW] |= UNSURE
        self.panel.view.set_page(page, self.marks, is_new=not self._is_shown)
        self._index, self._is_shown, self._current = None, True, -1
        names = [counted(len(transcript), "word"), *([transcript.language] if transcript.language else [])]
        self.panel.show_summary(" · ".join(names))
        self._mark_cuts()
        self._mark_proposal()
        self._follow_selection()
        self._search_for(self.panel.field.text())
        self._follow_playhead(self._transport.playhead_samples)

    def _show_reason(self) -> None:
        """Show the reason for an empty panel, and the commands that fill it."""
        self._is_shown = False
        self.panel.show_summary("")
        if not self._session.state.tracks:
            self.panel.show_offer("No recording yet: import one first.", ())
        elif self._transcript is not None:
            self.panel.show_offer("No words were recognised in this recording.", ("words.transcribe",))
        elif refusal := self.transcribing.refusal():
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
        if self._transcript is None or not self._is_shown:
            if self._session.transcript is None:
                raise UsageError(NOT_YET)
            raise UsageError("The transcript is not shown. Open it first ‹words.panel›.")
        return self._transcript

    # marks

    def _set_mark(self, mark: np.uint8, flags: marking.Flags) -> None:
        """Give flagged words a mark, and take it from others; flags are in the order of the recording."""
        self.panel.view.repaint_words(marking.set_mark(self.marks, mark, flags[self._order]))

    def _mark_cuts(self) -> None:
        if self._transcript is None:
            return
        removed = [*self._transport.result.removed_spans, *muted_spans(self._session.state)]
        self._set_mark(CUT, marking.are_cut(self._transcript.spans_samples, removed))

    def _mark_proposal(self) -> None:
        if self._transcript is None:
            return
        span = self._shell.review.current_span()
        self._set_mark(PROPOSED, marking.are_inside(self._transcript.spans_samples, *(span or (0, 0))))

    def _span_of(self, first: int, stop: int) -> Span:
        """Return the span of the words at places [first, stop) of the text in document samples."""
        spans = self.required().spans_samples[self._order[first:stop]]
        return int(spans[:, 0].min()), int(spans[:, 1].max())

    # the playhead

    def _go_to(self, word: int) -> None:
        self._selecting.let_go()
        self._shell.zooms.seek(self._span_of(word, word + 1)[0], None)
        self.panel.view.reveal(word)

    def _follow_playhead(self, position: int) -> None:
        if self._transcript is None or not self._is_shown:
            return
        word = int(np.searchsorted(self._transcript.spans_samples[:, 0], position, side="right")) - 1
        if word == self._current:
            return
        before, self._current = self._current, word
        changed = self._place_of[[one for one in (before, word) if 0 <= one < len(self.marks)]]
        self.marks[changed] &= ~PLAYING
        if word >= 0:
            self.marks[self._place_of[word]] |= PLAYING
            self.panel.view.reveal(int(self._place_of[word]), follows=True)
        self.panel.view.repaint_words(changed)

    # the selection

    def _select(self, first: int, stop: int) -> None:
        """Select the words at places [first, stop), as far as they follow each other in the recording."""
        runs, anchor = list(runs_in(self._order, first, stop)), self.panel.view.anchor
        run = next((one for one in runs if one[0] <= anchor < one[1]), runs[0])
        self._selecting.select(*self._span_of(*run))

    def _follow_selection(self) -> None:
        if self._transcript is None or not self._is_shown:
            return
        span = self._selecting.span
        flags = marking.are_inside(self._transcript.spans_samples, *(span or (0, 0)))
        self._set_mark(SELECTED, flags)
        chosen, places = np.flatnonzero(flags), np.flatnonzero(flags[self._order])
        self._selected = (int(chosen[0]), int(chosen[-1]) + 1) if len(chosen) else (0, 0)
        caret = int(self._place_of[max(self._current, 0)])
        shown = (int(places[0]), int(places[-1]) + 1) if len(places) else (caret, caret)
        self.panel.view.show_selected(*shown)

    def _chosen(self) -> tuple[int, int]:
        """Return the selected words in the order of the recording, else the one at the playhead."""
        self.required()
        first, stop = self._selected
        if first < stop:
            return first, stop
        if self._current < 0:
            raise UsageError("No words are selected: click a word, or drag over some.")
        return self._current, self._current + 1

    def cut(self) -> None:
        """Cut the selected words; without any, unlike the key elsewhere, change nothing.

        Raises
        ------
        UsageError : no transcript, or no words are selected
        """
        self.required()
        if self._selecting.span is None:
            raise UsageError("No words are selected: drag over words, or hold Shift with the arrow keys.")
        self._by_hand.cut()

    def restore(self) -> None:
        """Take the selected words out of their cuts; without any, take back the cuts at the playhead.

        Raises
        ------
        UsageError : no transcript, or the words are not cut
        """
        state, (first, stop) = self._session.state, self._chosen()
        if self._selected[0] < self._selected[1]:
            edit = restored_words(state, self.required(), first, stop)
        else:
            edit = restored(state, [tuple(self.required().spans_samples[first].tolist())])
        self.said.emit(self._session.apply(edit).label)

    def copy(self) -> None:
        """Copy the selected words as text; raises as `restore` does, and without selected words."""
        transcript, (first, stop) = self.required(), self._selected
        if first >= stop:
            raise UsageError("No words are selected: drag over words, or hold Shift with the arrow keys.")
        QGuiApplication.clipboard().setText(joined(map(shown_word, transcript.texts[first:stop])))
        self.said.emit(f"Copied {counted(stop - first, 'word')}")

    # moves

    def _drop(self, place: int) -> None:
        """Move the selected words before the word at a place of the text; next to themselves, do nothing."""
        first, stop = self._places_of_selected()
        if not first <= place <= stop:
            self._move(place)

    def move(self, direction: int) -> None:
        """Move the selected words, else the sentence at the playhead, a sentence earlier (-1) or later (1).

        Raises
        ------
        UsageError : no transcript or word, the words cannot be moved, or they are the first or the last ones
        """
        transcript = self.required()
        bounds = np.append(bounds_of_sentences(transcript, self._order), len(transcript))
        if self._selected[0] >= self._selected[1]:
            here = int(bounds.searchsorted(self._place_of[self._chosen()[0]], side="right"))
            self._select(int(bounds[here - 1]), int(bounds[here]))
        first, stop = self._places_of_selected()
        places = bounds[bounds < first] if direction < 0 else bounds[bounds > stop]
        if not len(places):
            raise UsageError(f"These words are the {'first' if direction < 0 else 'last'} ones already.")
        words = self._selected
        self._move(int(places[-1 if direction < 0 else 0]))
        first = int(self._place_of[words[0]])
        self._select(first, first + words[1] - words[0])
        self.panel.view.set_ends(first, first + words[1] - words[0] - 1)
        self.panel.view.reveal(first)

    def _places_of_selected(self) -> tuple[int, int]:
        """Return the places [first, stop) of the selected words in the text."""
        places = np.sort(self._place_of[slice(*self._selected)])
        if not len(places):
            raise UsageError("No words are selected: drag over words, or hold Shift with the arrow keys.")
        if places[-1] - places[0] >= len(places):
            raise UsageError(
                "Moved words are among the selected ones: select words that play one after another."
            )
        return int(places[0]), int(places[-1]) + 1

    def _move(self, place: int) -> None:
        state, transcript = self._session.state, self.required()
        if (self.marks[self._place_of[slice(*self._selected)]] & CUT).all():
            raise UsageError("These words are cut. Restore them first ‹words.restore›.")
        self._by_hand.make(*moved_words(state, transcript, *self._selected, self._order[place:].tolist()))

    # corrections

    def _correct_clicked(self, place: int) -> None:
        (first, stop), word = self._selected, int(self._order[place])
        self._ask_words(*((first, stop) if first <= word < stop else (word, word + 1)))

    def correct(self) -> None:
        """Ask for other words in place of the selected ones, else of the one at the playhead.

        Raises
        ------
        UsageError : no transcript, no word, or nothing was typed
        """
        self._ask_words(*self._chosen())

    def _ask_words(self, first: int, stop: int) -> None:
        transcript, rate_hz = self.required(), self._session.state.rate_hz
        before = joined(map(shown_word, transcript.texts[first:stop]))
        spans = transcript.spans_samples[first:stop]
        times = int(spans[:, 0].min()), int(spans[:, 1].max())
        start, end = (format_time(samples_to_s(at, rate_hz), 1) for at in times)
        text = form_dialogs.ask_words(
            self._window, before, f"Spoken from {start} to {end}. The sound stays as it is."
        )
        if text is None:
            return
        same = text == before
        said = f"Confirmed {_brief(before)}" if same else f"Corrected {_brief(before)} to {_brief(text)}"
        now = corrected(transcript, first, stop, " ".join(transcript.texts[first:stop]) if same else text)
        self._replace(now, said)

    def rename_speaker(self) -> None:
        """Ask for the name of the speaker of the paragraph.

        Raises
        ------
        UsageError : no transcript or word, or the name cannot be used
        """
        self._rename_in(self.page.paragraph_of(int(self._place_of[self._chosen()[0]])))

    def _rename_in(self, paragraph: int) -> None:
        transcript = self.required()
        word = int(self._order[self.page.words_of(paragraph)[0]])
        name = name_of(transcript, word)
        wanted = form_dialogs.ask_speaker_name(self._window, name)
        if wanted is not None:
            said = (
                f"Renamed {quoted(name)} to {quoted(wanted)}"
                if name
                else f"Named the speaker {quoted(wanted)}"
            )
            self._replace(renamed(transcript, int(transcript.speakers[word]), wanted), said)

    def _replace(self, transcript: Transcript, label: str) -> None:
        edit, analyses = set_transcript(self._session.state, transcript, label)
        self.said.emit(self._session.apply(edit, analyses).label)

    # search

    def search(self) -> None:
        """Show the search field of the transcript.

        Raises
        ------
        UsageError : no transcript
        """
        if self.panel.isHidden() and self._session.transcript is not None:
            self._show()
        self.required()
        self.panel.open_search()

    def _search_for(self, text: str) -> None:
        self._places, self._place = [], None
        if self._transcript is not None and self._is_shown:
            if text.strip():
                if self._index is None:
                    self._index = index_of([self._transcript.texts[word] for word in self._order.tolist()])
                self._places = places(self._index, text)
            self._show_places()
        self.panel.show_count(self._place, len(self._places))

    def _show_places(self) -> None:
        found, here = (np.zeros(len(self.marks), np.bool_) for _ in range(2))
        for number, (first, stop) in enumerate(self._places):
            (here if number == self._place else found)[first:stop] = True
        for mark, flags in ((FOUND, found), (HERE, here)):
            self._set_mark(mark, flags[self._place_of])

    def step(self, step: int) -> None:
        """Go to the next place found (1), or the one before (-1), cyclically; its words are selected.

        Raises
        ------
        UsageError : no transcript, or nothing was found
        """
        found = self._required_places()
        if self._place is None:
            here = int(self._place_of[max(self._current, 0)])
            after = next((number for number, one in enumerate(found) if one[0] >= here), 0)
            self._place = after if step > 0 else (after - 1) % len(found)
        else:
            self._place = (self._place + step) % len(found)
        first, stop = found[self._place]
        self._show_places()
        self._transport.seek(self._span_of(first, stop)[0])
        self._select(first, stop)
        self.panel.view.set_ends(first, stop - 1)
        self.panel.view.reveal(first)
        self.panel.show_count(self._place, len(found))

    def _required_places(self) -> list[Span]:
        self.required()
        if not self._places:
            raise UsageError("Nothing is found. Search for words first ‹words.search›.")
        return self._places

    def _found(self, *, without_cut: bool = True) -> tuple[Span, ...]:
        """Return the spans of all places, in document samples."""
        found = [
            one
            for one in self._required_places()
            if not (without_cut and (self.marks[slice(*one)] & CUT).all())
        ]
        if not found:
            raise UsageError("All places are cut already.")
        parts = (part for one in found for part in runs_in(self._order, *one))
        return tuple(self._span_of(*one) for one in parts)

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
        self._selecting.let_go()
        self.said.emit(self._session.apply(edit).label)

    @property
    def _query(self) -> str:
        return " ".join(self.panel.field.text().split())


def _brief(text: str) -> str:
    return quoted(text, _LABEL_LETTERS)
