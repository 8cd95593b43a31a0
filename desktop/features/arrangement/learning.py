"""Training of an editor: the window for the pairs, the job, and the summary.

The progress of the job includes the match of each pair.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QPushButton, QVBoxLayout, QWidget

from desktop.shell.dialogs import form_dialogs, questions
from desktop.shell.shell import Shell
from desktop.shell.work.job_lanes import JobHandle
from engine.core.errors import OffcutError
from engine.core.files.safe_write import is_taken, shown, sweep
from engine.core.own_process import run_in_own_process
from engine.core.progress import Progress
from widgets.theme import px

if TYPE_CHECKING:
    from desktop.features.arrangement.learn_edits_panel import LearnEditsPanel
    from engine.features.arrangement.finder.requests import (
        EditorWritten,
        LearnEditsRequest,
        PairQuality,
    )


@dataclass(frozen=True, slots=True)
class PairProgress:
    """Forwards reports, and results of pairs to a listener, because only the newest report is shown.

    Attributes
    ----------
    found : called on the thread that reports
    """

    progress: Progress
    found: Callable[[PairQuality], None]

    def report(self, fraction: float, text: str, **figures: float) -> None:
        """Pass the report on."""
        from engine.features.arrangement.finder.requests import PairQuality

        quality = PairQuality.reported(text, figures)
        if quality is None:
            self.progress.report(fraction, text, **figures)
        else:
            self.found(quality)
            self.progress.report(fraction, "")

    def check_cancelled(self) -> None:
        """Raise `Cancelled` when the user has asked for it."""
        self.progress.check_cancelled()

    def part(self, start: float, stop: float) -> PairProgress:
        """Return a nested share."""
        return PairProgress(self.progress.part(start, stop), self.found)

    def step(self, number: int, count: int) -> PairProgress:
        """Return the share of one of `count` equal steps."""
        return PairProgress(self.progress.step(number, count), self.found)


def learn_editor(
    out: Path,
    overwrite: bool,
    found: Callable[[PairQuality], None],
    request: LearnEditsRequest,
    progress: Progress,
) -> EditorWritten:
    """Learn an editor in a separate process; `found` is called for each matched pair."""
    from engine.features.arrangement.editor_files import learn_editor_file

    pair_progress = PairProgress(progress, found)
    try:
        return run_in_own_process(learn_editor_file, (request, out, overwrite), pair_progress)
    finally:
        sweep(out.parent)  # a process that is killed while it writes leaves half a file


_TITLE = "Learn how I edit"
_SIZE = (560, 520)


class LearningEditors(QObject):
    """Shows the pairs, has an editor learned from them, and offers to arrange as they would.

    The window is separate from the main one, and training continues while it is closed.

    Signals
    -------
    said : message about the result
    """

    said = Signal(str)
    _found = Signal(object)  # from the lane's thread

    def __init__(self, window: QWidget, shell: Shell, arrange_as: Callable[[Path], object]) -> None:
        super().__init__(window)
        self._window, self._shell, self._arrange_as = window, shell, arrange_as
        self._dialog: QDialog | None = None
        self._panel: LearnEditsPanel | None = None
        self._job: JobHandle | None = None
        self.path: Path | None = None

    def open(self) -> None:
        """Show the window, with the pairs as they were left."""
        dialog = self._shown_dialog()
        dialog.show()
        dialog.raise_()
        dialog.activateWindow()

    @property
    def panel(self) -> LearnEditsPanel:
        """The pairs and their summary."""
        self._shown_dialog()
        assert self._panel is not None
        return self._panel

    def _shown_dialog(self) -> QDialog:
        """Return the window, made when it is first wanted."""
        if self._dialog is not None:
            return self._dialog
        from desktop.features.arrangement.learn_edits_panel import LearnEditsPanel

        self._panel = panel = LearnEditsPanel(self._shell.look.theme)
        self._dialog = dialog = QDialog(self._window)
        dialog.setWindowTitle(_TITLE)
        layout = QVBoxLayout(dialog)
        layout.setContentsMargins(px(20), px(20), px(20), px(16))
        layout.setSpacing(px(12))
        layout.addWidget(panel, 1)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        layout.addWidget(buttons)
        self._fill(buttons, dialog)
        dialog.setMinimumWidth(max(px(460), layout.minimumSize().width()))
        dialog.resize(px(_SIZE[0]), min(px(_SIZE[1]), self._window.height()))
        panel.files_requested.connect(self._ask_files)
        panel.recordings_requested.connect(self._ask_recordings)
        panel.edited_requested.connect(self._ask_edited)
        panel.changed.connect(self._show_buttons)
        self._found.connect(panel.show_quality, Qt.ConnectionType.QueuedConnection)
        self._shell.look.changed.connect(panel.set_theme)
        panel.setFocus()
        self._show_buttons()
        return dialog

    def _fill(self, buttons: QDialogButtonBox, dialog: QDialog) -> None:
        self._cancel = QPushButton("Cancel learning")
        buttons.addButton(self._cancel, QDialogButtonBox.ButtonRole.ActionRole)
        self._arrange = QPushButton("&Arrange as this editor")
        buttons.addButton(self._arrange, QDialogButtonBox.ButtonRole.ActionRole)
        self._learn = form_dialogs.add_accept(buttons, "&Learn…")
        self._cancel.clicked.connect(self._give_up)
        self._arrange.clicked.connect(self._arrange_now)
        buttons.accepted.connect(self._ask_where)
        buttons.rejected.connect(dialog.reject)

    def _show_buttons(self) -> None:
        if self._dialog is None:
            return
        busy, is_learned = self._job is not None, self.path is not None
        self._learn.setEnabled(not busy and not self.panel.problem())
        self._cancel.setVisible(busy)
        self._arrange.setVisible(is_learned and not busy)

    # asking

    def _folder(self) -> Path:
        return self.panel.folder or self._shell.session.folder

    def _ask_files(self) -> None:
        title = "Recordings and your edits of them"
        found = questions.ask_recordings(self.panel, title, self._folder())
        self.panel.add_files(str(path) for path in found or ())

    def _ask_recordings(self) -> None:
        found = questions.ask_recordings(self.panel, "Recordings of the edited file", self._folder())
        if found is not None:
            self.panel.set_recordings(found)

    def _ask_edited(self) -> None:
        found = questions.ask_edited(self.panel, self._folder(), "Edited file")
        if found is not None:
            self.panel.set_edited(found)

    def _ask_where(self) -> None:
        """Ask where the editor goes, and learn it; Enter does nothing while that cannot be."""
        if self._job is None and not self.panel.problem():
            path = questions.ask_new_editor(self.panel, self._folder())
            overwrite = path is not None and is_taken(path)
            if path is not None and (not overwrite or questions.confirm_overwrite(self.panel, (path,))):
                self._start(path, overwrite)

    # learning

    def _start(self, out: Path, overwrite: bool) -> None:
        from engine.features.arrangement.finder.requests import LearnEditsRequest

        request = LearnEditsRequest(self.panel.pairs, out.stem, goes_on=True)
        job = partial(learn_editor, out, overwrite, self._found.emit)
        self.path = None
        title = f"Learning {shown(out.stem)}"
        handle = self._shell.work.compute(job, request, title, self._take, ends_with_document=False)
        self._job = handle
        self.panel.show_work(0.0, "Waiting for other work", None)

        def tell(fraction: float, text: str, _figures: object, left_s: float | None) -> None:
            self.panel.show_work(fraction, text or title, left_s)

        def rest(problem: str = "") -> None:
            self._job = None
            if self.panel.is_busy:
                self.panel.show_rest()
            if problem:
                self.panel.show_problem(problem)
            self._show_buttons()

        handle.started.connect(lambda: self.panel.show_work(0.0, title, None))
        handle.progressed.connect(tell)
        handle.failed.connect(rest)
        handle.finished.connect(lambda *_: rest())
        handle.cancelled.connect(lambda: rest())
        self._show_buttons()

    def _give_up(self) -> None:
        if self._job is not None:
            self._job.cancel()

    def _take(self, written: EditorWritten) -> None:
        self.path = written.path
        pairs = len({one.edited for one in written.pairs})
        self.panel.show_learned(shown(written.path.stem), written.habits, pairs, written.left_out)
        self.said.emit(f"Learned {shown(written.path.stem)}. {'. '.join(written.habits.words())}.")

    def _arrange_now(self) -> None:
        """Propose the arrangement, and close the window."""
        if self.path is None or self._dialog is None:
            return
        try:
            self._arrange_as(self.path)
        except OffcutError as error:
            self.panel.show_problem(str(error))
        else:
            self._dialog.hide()
