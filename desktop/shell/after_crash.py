"""After a crash: an offer to open the document again, and the log.

Each window notes its open document in a file that it deletes when it closes. Python's fault handler writes
the stack of a hard crash to the same file. The lock of the file (`engine.core.files.regular_file`) ends with
its window, so an unlocked file belongs to a crashed one.
"""

from __future__ import annotations

import faulthandler
import json
import logging
import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QSettings, QTimer, QUrl, Signal
from PySide6.QtGui import QDesktopServices

from desktop.shell.log import log_file
from desktop.shell.shell import Shell
from desktop.shell.user_settings.remembered import PerDocument
from engine.core.build import this_build
from engine.core.errors import OffcutError, UsageError
from engine.core.files.places import state_folder
from engine.core.files.regular_file import DocumentLock, open_regular, take_lock
from engine.core.files.safe_write import shown
from engine.core.files.text import parse_json
from widgets.chrome.around_timeline import OfferBar

FOLDER, SUFFIX = "sessions", ".session"


class CrashNotes:
    """Notes of this window. Write errors are ignored, so that notes never stop a window."""

    def __init__(self) -> None:
        self._lock: DocumentLock | None = None
        self._file = None
        with suppress(OSError, OffcutError):
            path = state_folder(FOLDER) / f"{os.getpid()}-{secrets.token_hex(4)}{SUFFIX}"
            self._lock = take_lock(path)  # before the file exists, so that no other window finds it unlocked
            self._file = path.open("xb", buffering=0)
            faulthandler.enable(self._file)

    def note(self, document: Path | None, *, settled: bool) -> None:
        """Record the open document, and whether it opened successfully."""
        if self._file is not None:
            with suppress(OSError):
                facts = {"document": document and str(document.absolute()), "settled": settled}
                self._file.write(json.dumps(facts).encode() + b"\n")

    def end(self) -> None:
        """Delete the notes: the window was closed. A second call does nothing."""
        if self._file is not None:
            faulthandler.disable()
            self._file.close()
            with suppress(OSError):
                Path(self._file.name).unlink()
        if self._lock is not None:
            self._lock.release()
        self._file = self._lock = None


def take_crashed() -> list[tuple[Path | None, bool]]:
    """Collect the crashed windows, oldest first; log their stacks and delete their notes.

    Returns
    -------
    The document of each, and whether it opened successfully before the crash.
    """
    found = []
    with suppress(OSError, OffcutError):
        for path in sorted(state_folder(FOLDER).glob(f"*{SUFFIX}"), key=lambda one: one.lstat().st_mtime):
            with suppress(OSError):
                lock = take_lock(path)
                if lock is not None:  # else its window is open
                    with suppress(OSError):
                        found.append(_read(path))
                    with suppress(OSError):
                        path.unlink()
                    lock.release()
    return found


def _read(path: Path) -> tuple[Path | None, bool]:
    facts: dict[str, Any] = {}
    stack = ""
    with open_regular(path, follow_symlinks=False) as file:
        lines = file.read(1 << 18).decode("utf-8", "replace").splitlines()
    for line in lines:
        try:
            facts.update(parse_json(line))
        except (ValueError, TypeError):
            stack += f"\n{line}"
    ended = stack or "\nKilled, or the computer was switched off."
    logging.error("Offcut %s ended unexpectedly%s", this_build().sentence, ended)
    name = facts.get("document")
    is_path = isinstance(name, str) and name and "\0" not in name
    return Path(str(name)) if is_path else None, facts.get("settled") is True


SETTLED_MS = 20_000
"""Time after which an open document without running jobs counts as opened successfully."""
TOO_OFTEN = 2
"""Crashes in a row while opening a document after which its backup is offered."""
_OPEN, _LOG, _DISMISS = "crash.open", "help.log_folder", "crash.forget"
_SECTION = "crashes"


class AfterCrash(QObject):
    """Notes the open document for the next start, and offers the document of a crashed window.

    Attributes
    ----------
    bar : the current offer, if any
    """

    said = Signal(str)
    refused = Signal(str)

    def __init__(self, window: QObject, shell: Shell, settings: QSettings) -> None:
        super().__init__(window)
        self._shell, self._settings = shell, settings
        self._notes: CrashNotes | None = None
        self._document: Path | None = None
        self._takes_backup = self._is_settled = False
        commands = (_OPEN, _LOG, _DISMISS)
        self.bar = OfferBar(
            shell.look.theme, "After a crash", "End of the last session", shell.caps, commands
        )
        self.bar.command_requested.connect(shell.commands.run)
        shell.look.changed.connect(self.bar.set_theme)
        self._settled = QTimer(self, singleShot=True, interval=SETTLED_MS)
        self._settled.timeout.connect(self._settle)

    def begin(self, notes: CrashNotes) -> None:
        """Start noting the open document, and offer the document of the last crashed window once."""
        self._notes = notes
        self._shell.session.opening.connect(self._note)
        self._shell.session.replaced.connect(self._note_document)
        crashed, times = take_crashed(), 0
        for document, settled in crashed:
            if document is not None:
                stored = PerDocument(self._settings, document)
                before = stored.read(_SECTION).get("opening")
                times = 0 if settled else 1 + (before if isinstance(before, int) else 0)
                stored.write(_SECTION, {"opening": times} if times else {})
                self._document = document
        self._takes_backup = times >= TOO_OFTEN
        if crashed:
            self._settings.sync()  # before the document is opened again
            self._offer(times)

    def open(self) -> None:
        """Open the last document, or its newest backup if the document crashed Offcut twice."""
        if self._document is None:
            raise UsageError("No document to reopen. Open one ‹file.open›.")
        document, session = self._document, self._shell.session
        (session.open_backup if self._takes_backup else session.open)(document)
        self._withdraw()
        which = f"a backup of {document.name}" if self._takes_backup else document.name
        self.said.emit(session.notice or f"Opened {which}")

    def dismiss(self) -> None:
        """Hide the offer."""
        if self.bar.isHidden():
            raise UsageError("No message about a crash.")
        self._withdraw()

    def open_log_folder(self) -> None:
        """Open the folder of the log in the file browser."""
        folder = log_file().parent
        if not QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder))):
            raise UsageError(f"No program opens folders here. The log is in {shown(folder)}.")
        self.said.emit(f"Opened {shown(folder)}")

    def report_uncaught(self) -> None:
        """Report an uncaught exception of any thread."""
        self.refused.emit(
            "An internal error occurred; your document is unchanged since your last edit. "
            "Open the log folder for the details."
        )

    def _offer(self, times: int) -> None:
        sentence, opens = "Offcut ended unexpectedly.", {}
        if self._document is not None:
            name = shown(self._document.name)
            sentence, opens = f"{name} was open when Offcut crashed; no edit is lost.", {_OPEN: "Reopen"}
            if self._takes_backup:
                sentence = (
                    f"Offcut crashed {times} times while opening {name}. You can open a backup instead."
                )
                opens = {_OPEN: "Open backup"}
        self.bar.offer(sentence, {**opens, _LOG: "Open log folder", _DISMISS: "Dismiss"})

    def _withdraw(self) -> None:
        self._document = None
        self.bar.hide()

    def _note(self, opening: Path | None = None) -> None:
        """Note a document that is about to be opened; None: the one that is open, also after a refusal."""
        assert self._notes is not None
        self._notes.note(opening or self._shell.session.path, settled=opening is None and self._is_settled)

    def _note_document(self) -> None:
        path, self._is_settled = self._shell.session.path, False
        self._note()
        self._settled.start()
        if path is not None and path.absolute() == self._document:
            self._withdraw()

    def _settle(self) -> None:
        if self._shell.work.is_busy:
            self._settled.start()
        elif (path := self._shell.session.path) is not None:
            self._is_settled = True
            PerDocument(self._settings, path).write(_SECTION, {})
            self._note()
