"""Sections in the window: finding them, their lane, and edits of whole sections."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, Signal
from PySide6.QtWidgets import QMenu, QWidget

from desktop.review.by_hand import ByHand
from desktop.shell.actions import popup
from desktop.shell.dialogs import form_dialogs
from desktop.shell.messages import reporting_refusals
from desktop.shell.shell import Shell
from engine.core.errors import UsageError
from engine.core.progress import Progress
from engine.core.timebase import format_time, samples_to_s
from engine.document.analysis import SECTIONS, StoredSections, require_recording
from engine.document.edits.analyses import NOT_YET, rename_label
from engine.document.edits.by_hand import duplicate
from engine.document.state import Change
from engine.document.tracks import sound_of
from engine.review.by_hand import swap_spans

if TYPE_CHECKING:
    from engine.features.takes.structure.find import FoundSections
    from engine.recordings.analyses import AnalysisRequest

_LOOKING = "Finding sections"
_CHANGED = "The tracks were changed meanwhile: find the sections again ‹sections.find›."
MENU = ("select", "repeat", "swap", "rename")


class Sections(QObject):
    """Has the sections of the document found, shows them, and edits by them.

    Signals
    -------
    said : message about the result
    refused : reason of a refusal
    """

    said = Signal(str)
    refused = Signal(str)

    def __init__(self, window: QWidget, shell: Shell, by_hand: ByHand) -> None:
        super().__init__(window)
        self._window, self._shell, self._session = window, shell, shell.session
        self._by_hand = by_hand
        shell.session.replaced.connect(self._show)
        shell.session.changed.connect(self._follow)
        canvas = shell.timeline.canvas
        canvas.section_menu_requested.connect(reporting_refusals(self._open_menu, self.refused.emit))

    # finding

    def find(self) -> None:
        """Find the sections of the whole document.

        Raises
        ------
        UsageError : no recording
        """
        require_recording(self._session.state, "analyse")
        self._shell.work.once_loaded("engine.features.takes.structure.find", _LOOKING, self._start)

    def _start(self) -> None:
        from engine.recordings.analyses import AnalysisRequest

        session = self._session
        request = AnalysisRequest(session.state, session.media, analyses=session.stored_analyses)
        self._shell.work.compute(find_sections, request, _LOOKING, partial(self._take, request))

    def _take(self, request: AnalysisRequest, found: FoundSections) -> None:
        state = self._session.state
        if sound_of(request.state.tracks) != sound_of(state.tracks):
            raise UsageError(_CHANGED)
        self._session.apply(*found.put_into(state))
        self.said.emit(found.sentence)

    # showing

    def _follow(self, change: Change) -> None:
        if SECTIONS in change.analyses or change.tracks:
            self._show()

    def _show(self) -> None:
        self._shell.timeline.set_sections(self._session.sections)

    # editing

    def select(self) -> None:
        """Select the section at the playhead.

        Raises
        ------
        UsageError : no sections, or none at the playhead
        """
        sections, number = self._here()
        self._shell.selecting.select(*sections.span(number))
        self.said.emit(f"Selected {self._name(sections, number)}")

    def repeat(self) -> None:
        """Repeat the section at the playhead right after itself; see `select`."""
        sections, number = self._here()
        edit, own = duplicate(self._session.state, *sections.span(number))
        self._by_hand.make(edit, own)

    def swap(self) -> None:
        """Ask which section to swap with the one at the playhead; see `select`."""
        sections, number = self._here()
        others = [
            other for other in range(len(sections)) if sections.labels[other] != sections.labels[number]
        ]
        if not others:
            raise UsageError("All sections have the same label: there is nothing to swap.")
        menu = QMenu(self._window)
        menu.addAction(f"Swap {self._name(sections, number)} with").setEnabled(False)
        swap = reporting_refusals(self.swap_with, self.refused.emit)
        for other in others:
            menu.addAction(self._name(sections, other)).triggered.connect(partial(swap, number, other))
        menu.setActiveAction(menu.actions()[1])
        popup(menu, self._place(sections, number))

    def swap_with(self, number: int, other: int, *_: object) -> None:
        """Play each of two sections in the place of the other, as one step of undo."""
        sections = self._required()
        names = f"{self._name(sections, number)} and {self._name(sections, other)}"
        spans = sections.span(number), sections.span(other)
        self._by_hand.make(*swap_spans(self._session.state, *spans, f"Swapped {names}"))

    def rename(self) -> None:
        """Ask for another label of the section at the playhead, and of all with the same; see `select`."""
        sections, number = self._here()
        label = sections.labels[number]
        name = form_dialogs.ask_label(self._window, label)
        if name is not None:
            edit, analyses = rename_label(self._session.state, sections, label, name)
            self.said.emit(self._session.apply(edit, analyses).label)

    def _required(self) -> StoredSections:
        require_recording(self._session.state, "analyse")
        sections = self._session.sections
        if sections is None:
            raise UsageError(NOT_YET)
        if not len(sections):
            raise UsageError("No sections were found in this recording.")
        return sections

    def _here(self) -> tuple[StoredSections, int]:
        """Return the sections, and the number of the one at the playhead."""
        sections = self._required()
        number = sections.at(self._shell.transport.playhead_samples)
        if number is None:
            raise UsageError("The playhead is in no section: click a section, or move the playhead into one.")
        return sections, number

    def _name(self, sections: StoredSections, number: int) -> str:
        start_s = samples_to_s(sections.span(number)[0], self._session.state.rate_hz)
        return f"{sections.labels[number]} at {format_time(start_s, 0)}"

    def _place(self, sections: StoredSections, number: int) -> QPoint:
        """Return the lower left corner of a section in view, on the screen."""
        canvas = self._shell.timeline.canvas
        x = min(max(canvas.x_of(sections.span(number)[0]), 0), canvas.width())
        return canvas.mapToGlobal(QPoint(round(x), canvas.frame.layout.score_top))

    def _open_menu(self, number: int, place: QPoint) -> None:
        start, _ = self._required().span(number)
        self._shell.zooms.seek(start, None)
        names = [f"sections.{name}" for name in MENU]
        popup(self._shell.commands.menu(self._window, [names], "Section"), place)


def find_sections(request: AnalysisRequest, progress: Progress) -> FoundSections:
    """Find the sections of a document."""
    from engine.features.takes.structure import find as job

    return job.find_sections(request, progress)
