"""Work that stops before it is done: a question before the window closes, and an offer to start it again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, QSettings, Signal
from PySide6.QtWidgets import QWidget

from desktop.shell.dialogs import questions
from desktop.shell.shell import Shell
from desktop.shell.user_settings.remembered import PerDocument
from desktop.shell.work.job_lanes import JobHandle
from desktop.shell.work.work import Again
from engine.core.errors import UsageError
from widgets.chrome.around_timeline import OfferBar

AGAIN, FORGET = "job.again", "job.forget"
_SECTION = "unfinished"


@dataclass(frozen=True, slots=True)
class _Running:
    """A job that can be started again, and the document that it belongs to."""

    document: Path | None
    title: str
    again: Again


class Unfinished(QObject):
    """Stores running work until it ends, and offers to restart interrupted work.

    Partial results are not stored, so a job restarts from the beginning. It is stored while it runs and not
    only when the window closes, so that a crash loses no offer.

    Parameters
    ----------
    restarts : by command, starts its work again from the stored request; else the command is run

    Attributes
    ----------
    bar : the offer

    Signals
    -------
    said : the dismissed work
    """

    said = Signal(str)

    def __init__(
        self,
        window: QWidget,
        shell: Shell,
        restarts: Mapping[str, Callable[[Mapping[str, object]], object]],
        settings: QSettings,
    ) -> None:
        super().__init__(window)
        self._window, self._shell, self._settings = window, shell, settings
        self._restarts = restarts
        self._running: dict[JobHandle, _Running] = {}
        self._stopped: Mapping[str, object] = {}
        self.bar = OfferBar(shell.look.theme, "Stopped work", "Stopped work", shell.caps, (AGAIN, FORGET))
        self.bar.command_requested.connect(shell.commands.run)
        shell.look.changed.connect(self.bar.set_theme)
        shell.work.began.connect(self._note)
        shell.session.replaced.connect(self._offer)
        self._offer()

    # before the window closes

    def may_close(self) -> bool:
        """Ask for permission to stop running work."""
        titles = self._shell.work.lost_titles
        return not titles or questions.confirm_stop(self._window, titles)

    def quit(self) -> None:
        """Close the window, unless the user keeps running work."""
        if self.may_close():
            self._window.close()

    # while it runs

    def _note(self, handle: JobHandle, again: Again) -> None:
        one = _Running(self._shell.session.path, handle.title, again)
        self._running[handle] = one
        self._store(one, is_running=True)
        if one.document == self._shell.session.path and self._stopped.get("title") == one.title:
            self._offer()
        for ended in (handle.finished, handle.failed):
            ended.connect(lambda *_: self._end(handle, was_stopped=False))
        handle.cancelled.connect(lambda: self._end(handle, was_stopped=True))

    def _end(self, handle: JobHandle, *, was_stopped: bool) -> None:
        """Dismiss the offer, unless another document was opened meanwhile, which stops the work, too."""
        one = self._running.pop(handle)
        if not was_stopped or one.document == self._shell.session.path:
            self._store(one, is_running=False)

    def _store(self, one: _Running, *, is_running: bool) -> None:
        document = PerDocument(self._settings, one.document)
        others = {title: how for title, how in document.read(_SECTION).items() if title != one.title}
        how = {"command": one.again.command, "request": dict(one.again.request)}
        document.write(_SECTION, {**others, one.title: how} if is_running else others)

    # the next time

    def _offer(self) -> None:
        """Offer the interrupted work of the document that was just opened, last first."""
        self._stopped = {}
        session, running = self._shell.session, {one.title for one in self._running.values()}
        # Where another window has the document, the work may still run.
        stored = {} if session.is_read_only else PerDocument(self._settings, session.path).read(_SECTION)
        for title, how in stored.items():
            known = isinstance(how, dict) and self._shell.commands.knows(str(how.get("command")))
            if known and isinstance(how, dict) and title not in running:
                self._stopped = {**how, "title": title}
        if not self._stopped:
            self.bar.hide()
            return
        sentence = f"{self._stopped['title']} was stopped before it finished."
        self.bar.offer(sentence, {AGAIN: "Restart", FORGET: "Dismiss"})

    def _drop(self) -> None:
        """Dismiss this work, and offer the next one."""
        document = PerDocument(self._settings, self._shell.session.path)
        title = self._stopped.get("title")
        document.write(_SECTION, {one: how for one, how in document.read(_SECTION).items() if one != title})
        self._offer()

    def start_again(self) -> None:
        """Restart interrupted work with its settings, if stored.

        Raises
        ------
        UsageError : no stopped work, or missing files
        """
        if self.bar.isHidden():
            raise UsageError("No stopped work in this document.")
        stopped = self._stopped
        request, command = stopped.get("request"), str(stopped.get("command"))
        do = self._restarts.get(command)
        if do is not None and isinstance(request, dict) and request:
            do(request)
        else:
            self._shell.commands.run(command)
        if self._stopped is stopped:  # else it runs now, and that was noted
            self._drop()

    def dismiss(self) -> None:
        """Offer it no more.

        Raises
        ------
        UsageError : nothing was stopped
        """
        if self.bar.isHidden():
            raise UsageError("No stopped work in this document.")
        title = self._stopped.get("title")
        self._drop()
        self.said.emit(f"Dismissed: {title}")
