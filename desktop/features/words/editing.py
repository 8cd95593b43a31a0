"""Edits in the text of a transcript: words are cut, restored, copied, moved and corrected, speakers named."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from desktop.features.words.corrections import corrected, renamed
from desktop.features.words.edits import restored, restored_words
from desktop.features.words.marks import CUT
from desktop.features.words.shown import NONE_SELECTED, ShownWords
from desktop.features.words.text import name_of, shown_word
from desktop.review.by_hand import ByHand
from desktop.shell.dialogs import form_dialogs
from desktop.shell.messages import reporting_refusals
from desktop.shell.shell import Shell
from engine.core.errors import UsageError
from engine.core.timebase import format_time, samples_to_s
from engine.core.wording import counted, quoted
from engine.document.analysis import Transcript
from engine.document.edits.analyses import set_transcript
from engine.features.words.arranged import bounds_of_sentences, moved_words
from engine.features.words.text import joined

_LABEL_LETTERS = 40


class WordEdits(QObject):
    """Edits the selected words, each edit as one step of undo.

    Its signals carry the message about a result, and the reason of a refusal.
    """

    said = Signal(str)
    refused = Signal(str)

    def __init__(self, window: QWidget, shell: Shell, shown: ShownWords, by_hand: ByHand) -> None:
        super().__init__(window)
        self._window, self._session, self._selecting = window, shell.session, shell.selecting
        self._shown, self._by_hand = shown, by_hand
        view, report = shown.panel.view, self.refused.emit
        view.correcting.connect(reporting_refusals(self._correct_clicked, report))
        view.head_opened.connect(reporting_refusals(self._rename_in, report))
        view.cutting.connect(reporting_refusals(self.cut, report))
        view.moved.connect(reporting_refusals(self._drop, report))

    def cut(self) -> None:
        """Cut the selected words; without any, unlike the key elsewhere, change nothing.

        Raises
        ------
        UsageError : no transcript, or no words are selected
        """
        self._shown.required()
        if self._selecting.span is None:
            raise UsageError(NONE_SELECTED)
        self._by_hand.cut()

    def restore(self) -> None:
        """Take the selected words out of their cuts; without any, take back the cuts at the playhead.

        Raises
        ------
        UsageError : no transcript, or the words are not cut
        """
        state, (first, stop) = self._session.state, self._shown.chosen()
        items = self._shown.required_text().items
        if self._shown.selected[0] < self._shown.selected[1]:
            edit = restored_words(state, items, first, stop)
        else:
            edit = restored(state, [tuple(items.spans_samples[first].tolist())])
        self.said.emit(self._session.apply(edit).label)

    def copy(self) -> None:
        """Copy the selected words as text, without hesitations.

        Raises
        ------
        UsageError : no transcript, or no words are selected
        """
        texts = list(map(shown_word, self._shown.required_text().texts_in(*self._shown.selected)))
        if not texts:
            raise UsageError(NONE_SELECTED)
        QGuiApplication.clipboard().setText(joined(texts))
        self.said.emit(f"Copied {counted(len(texts), 'word')}")

    # moves

    def _drop(self, place: int) -> None:
        """Move the selected words before the word at a place of the text; next to themselves, do nothing."""
        first, stop = self._shown.places_of_selected()
        if not first <= place <= stop:
            self._move(place)

    def move(self, direction: int) -> None:
        """Move the selected words, else the sentence at the playhead, a sentence earlier (-1) or later (1).

        Raises
        ------
        UsageError : no transcript or word, the words cannot be moved, or they are the first or the last ones
        """
        shown, items = self._shown, self._shown.required_text().items
        bounds = np.append(bounds_of_sentences(items, shown.order), len(items))
        if shown.selected[0] >= shown.selected[1]:
            here = int(bounds.searchsorted(shown.place_of[shown.chosen()[0]], side="right"))
            shown.select(int(bounds[here - 1]), int(bounds[here]))
        first, stop = shown.places_of_selected()
        places = bounds[bounds < first] if direction < 0 else bounds[bounds > stop]
        if not len(places):
            raise UsageError(f"These words are the {'first' if direction < 0 else 'last'} ones already.")
        moved = shown.selected
        self._move(int(places[-1 if direction < 0 else 0]))
        first, count = int(shown.place_of[moved[0]]), moved[1] - moved[0]
        shown.select(first, first + count)
        shown.panel.view.set_ends(first, first + count - 1)
        shown.panel.view.reveal(first)

    def _move(self, place: int) -> None:
        shown, items = self._shown, self._shown.required_text().items
        if (shown.marks[shown.place_of[slice(*shown.selected)]] & CUT).all():
            raise UsageError("These words are cut. Restore them first ‹words.restore›.")
        following = shown.order[place:].tolist()
        self._by_hand.make(*moved_words(self._session.state, items, *shown.selected, following))

    # corrections

    def _correct_clicked(self, place: int) -> None:
        (first, stop), item = self._shown.selected, int(self._shown.order[place])
        self._ask_words(*((first, stop) if first <= item < stop else (item, item + 1)))

    def correct(self) -> None:
        """Ask for other words in place of the selected ones, else of the one at the playhead.

        Raises
        ------
        UsageError : no transcript, no word, or nothing was typed
        """
        self._ask_words(*self._shown.chosen())

    def _ask_words(self, first: int, stop: int) -> None:
        transcript, rate_hz = self._shown.required(), self._session.state.rate_hz
        first, stop = self._shown.required_text().words_in(first, stop)
        if first >= stop:
            raise UsageError("A hesitation is a sound without a word: cut it, or select words to correct.")
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
        shown = self._shown
        self._rename_in(shown.page.paragraph_of(int(shown.place_of[shown.chosen()[0]])))

    def _rename_in(self, paragraph: int) -> None:
        items = self._shown.required_text().items
        item = int(self._shown.order[self._shown.page.words_of(paragraph)[0]])
        name = name_of(items, item)
        wanted = form_dialogs.ask_speaker_name(self._window, name)
        if wanted is not None:
            said = (
                f"Renamed {quoted(name)} to {quoted(wanted)}"
                if name
                else f"Named the speaker {quoted(wanted)}"
            )
            self._replace(renamed(self._shown.required(), int(items.speakers[item]), wanted), said)

    def _replace(self, transcript: Transcript, label: str) -> None:
        edit, analyses = set_transcript(self._session.state, transcript, label)
        self.said.emit(self._session.apply(edit, analyses).label)


def _brief(text: str) -> str:
    return quoted(text, _LABEL_LETTERS)
