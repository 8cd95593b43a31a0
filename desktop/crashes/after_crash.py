"""After a crash: an offer at the next start, and a message about an unhandled error in the meantime."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QWidget

from desktop.crashes import openings
from desktop.crashes.left import Left, take_left
from desktop.crashes.report import Reports, report_of_left
from desktop.crashes.watching import Watch, machine
from desktop.dialogs import file_dialogs
from desktop.parts import Parts
from desktop.shell.slots import reporting_refusals
from engine.errors import OffcutError, UsageError
from engine.files.safe_write import replacing, shown
from engine.wording import reason_of
from widgets.chrome.offer_bar import OfferBar
from widgets.chrome.report_view import ReportView

SETTLED_MS = 20_000
"""Time after which an open document without running jobs counts as opened successfully."""


class AfterCrash(QObject):
    """Records the activity of the window, and offers recovery after a crash.

    Attributes
    ----------
    bar : the current offer, if any

    Signals
    -------
    said, refused : one message
    """

    said = Signal(str)
    refused = Signal(str)
    _escaped = Signal()

    def __init__(self, window: QWidget, parts: Parts) -> None:
        super().__init__(window)
        self._window = window
        self._parts = parts
        self._watch: Watch | None = None
        self._document: Path | None = None
        self._takes_backup = False
        self._view: ReportView | None = None
        commands = ("crash.open", "crash.report", "crash.forget")
        self.bar = OfferBar(
            parts.look.theme, "After a crash", "End of the last session", parts.caps, commands
        )
        self.bar.command_requested.connect(parts.commands.run)
        parts.look.changed.connect(self.bar.set_theme)
        self._settled = QTimer(self, singleShot=True, interval=SETTLED_MS)
        self._settled.timeout.connect(self._settle)
        self._escaped.connect(self._tell_error)  # posted, since an error may escape on any thread

    def begin(self, watch: Watch) -> None:
        """Start recording the activity of the window, and offer recovery of crashed sessions once."""
        self._watch = watch
        watch.told = self._escaped.emit
        session = self._parts.session
        session.opening.connect(self._note_opening)
        session.replaced.connect(self._note_document)
        self._parts.commands.running.connect(watch.note_command)
        QTimer.singleShot(0, self, watch.note_versions)
        left = take_left()
        for one in reversed(left):
            if not one.ended_by_error:
                with suppress(OSError, OffcutError):
                    Reports().write(report_of_left(one, machine()))
        new = _new_report()
        if left:
            self._offer(left, has_report=new is not None)
        elif new is not None:
            self._show("An internal error occurred in the last session.", "", has_report=True)

    def open(self) -> None:
        """Open the last document, or its newest backup if the document crashed Offcut twice."""
        if self._document is None:
            raise UsageError("No document to reopen. Open one ‹file.open›.")
        document, session = self._document, self._parts.session
        if self._takes_backup:
            session.open_backup(document)
        else:
            session.open(document)
        self._document = None
        self.bar.hide()
        what = f"a backup of {document.name}" if self._takes_backup else document.name
        self.said.emit(session.notice or f"Opened {what}")

    def show_report(self) -> None:
        """Show the newest report in its own window."""
        path = Reports().newest()
        if path is None:
            raise UsageError("No crash reports.")
        _new_report()  # one that was looked at is not offered again
        try:
            text = path.read_text(encoding="utf-8", errors="replace")
        except OSError as error:
            raise UsageError(f"{shown(path)} cannot be read: {reason_of(error)}.") from error
        if self._view is None:
            below = "The report stays on this computer until you send it."
            self._view = ReportView(self._parts.look.theme, "Crash report", below, self._window)
            self._parts.look.changed.connect(self._view.set_theme)
            self._view.save_requested.connect(reporting_refusals(self._save, self.refused.emit))
        self._view.show_text(text)
        self._view.show()
        self._view.raise_()
        self._view.activateWindow()

    def forget(self) -> None:
        """Delete all reports and hide the offer."""
        found = Reports().forget()
        if not found and self.bar.isHidden():
            raise UsageError("No crash reports.")
        self._document = None
        self.bar.hide()
        if self._view is not None:
            self._view.close()
        self.said.emit("Deleted all crash reports")

    def _save(self) -> None:
        assert self._view is not None
        path = file_dialogs.ask_report_file(self._view, Path.home())
        if path is not None:
            with replacing(path, overwrite=True) as part:  # the dialog has asked
                part.write_text(self._view.text, encoding="utf-8")
            self.said.emit(f"Saved {path.name}")

    def _offer(self, left: tuple[Left, ...], *, has_report: bool) -> None:
        times = 0
        for one in reversed(left):
            if one.document is not None:
                if one.failed_at_opening:
                    times = openings.failed(one.document)
                else:
                    openings.went_well(one.document)
                    times = 0
                self._document = one.document
        self._takes_backup = times >= openings.TOO_OFTEN
        document = self._document
        if document is None:
            sentence, opens = "Offcut ended unexpectedly.", ""
        elif self._takes_backup:
            name = shown(document.name)
            sentence = f"Offcut crashed {times} times while opening {name}. You can open a backup instead."
            opens = "Open backup"
        else:
            sentence = f"{shown(document.name)} was open when Offcut crashed; no edit is lost."
            opens = "Reopen"
        self._show(sentence, opens, has_report=has_report)

    def _show(self, sentence: str, opens: str, *, has_report: bool) -> None:
        """Show an offer in the bar; an empty text leaves out the button that opens a document."""
        buttons = {"crash.open": opens} if opens else {}
        if has_report:
            buttons["crash.report"] = "Show report"
        self.bar.offer(sentence, {**buttons, "crash.forget": "Dismiss"})

    def _tell_error(self) -> None:
        """Report an unhandled error at once; an existing offer does not change."""
        if self._document is None:
            sentence = "An internal error occurred. Your document is unchanged since your last edit."
            self._show(sentence, "", has_report=True)

    def _note_opening(self, path: Path | None) -> None:
        assert self._watch is not None
        self._watch.note(opening=None if path is None else str(path.absolute()))

    def _note_document(self) -> None:
        assert self._watch is not None
        path = self._parts.session.path
        self._watch.note(document=None if path is None else str(path.absolute()), settled=False)
        self._settled.start()
        if path is not None and path.absolute() == self._document:
            self._document = None  # opened by another way
            self.bar.hide()

    def _settle(self) -> None:
        if self._parts.work.is_busy:
            self._settled.start()
            return
        path = self._parts.session.path
        if path is not None and self._watch is not None:
            openings.went_well(path.absolute())
            self._watch.note(settled=True)


def _new_report() -> Path | None:
    try:
        return Reports().take_new()
    except OffcutError:
        return None
