"""Confirmation of an export that would clip, before any file is written."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto

from PySide6.QtCore import QEventLoop, Qt
from PySide6.QtWidgets import QMessageBox, QProgressBar, QProgressDialog, QPushButton, QWidget

from desktop.work.job_lanes import JobHandle
from engine.edl.export.audio_files.clipping import Clipping
from widgets.theme import px

_STEPS = 1_000
_SHOWN_AFTER_MS = 500


class Answer(Enum):
    """Choice for a clipping export."""

    LOWER = auto()
    AS_IT_IS = auto()
    BACK = auto()


def lowered_by(
    parent: QWidget, look: Callable[[], JobHandle], note: Callable[[Clipping], None]
) -> float | None:
    """Check whether an export would clip, and ask for a choice if it would.

    Parameters
    ----------
    look : starts the check
    note : called with the clipping before the question

    Returns
    -------
    lower_db : gain reduction of the export, 0.0 for none; None to go back
    """
    outcome = _wait(parent, look())
    if outcome is Answer.BACK or not parent.isVisible():  # given up while it looked
        return None
    if not isinstance(outcome, Clipping):
        return 0.0
    note(outcome)
    answer = _ask(parent, outcome)
    return {Answer.LOWER: outcome.lower_db, Answer.AS_IT_IS: 0.0}.get(answer)


def _wait(parent: QWidget, job: JobHandle) -> Clipping | Answer | None:
    """Return the result of a job, or None after an error that the export reports as well."""
    waiting = progress_dialog(parent)
    loop = QEventLoop()
    found: list[Clipping | Answer | None] = []

    def end(outcome: Clipping | Answer | None = None) -> None:
        found.append(outcome)
        loop.quit()

    job.progressed.connect(lambda fraction, *_: waiting.setValue(round(_STEPS * fraction)))
    job.finished.connect(end)
    job.failed.connect(lambda _: end())
    job.cancelled.connect(lambda: end(Answer.BACK))
    waiting.canceled.connect(job.cancel)
    loop.exec()
    waiting.canceled.disconnect(job.cancel)
    waiting.close()
    waiting.deleteLater()
    return found[0]


def progress_dialog(parent: QWidget) -> QProgressDialog:
    """Return the dialog of the search for clipping, shown once that has taken half a second."""
    waiting = QProgressDialog("Checking for clipping before the export", "Cancel", 0, _STEPS, parent)
    waiting.setWindowTitle("Export")
    waiting.setWindowModality(Qt.WindowModality.WindowModal)
    waiting.setMinimumDuration(_SHOWN_AFTER_MS)
    waiting.setAutoReset(False)
    bar = QProgressBar(waiting)
    bar.setRange(0, _STEPS)
    bar.setTextVisible(False)  # the bar of the style is lower than a line of text
    waiting.setBar(bar)
    waiting.setMinimumSize(px(440), px(116))
    waiting.setValue(0)
    return waiting


def _ask(parent: QWidget, clipping: Clipping) -> Answer:
    lower = f"Lower by {clipping.lower_db:.1f} dB"
    box = QMessageBox(QMessageBox.Icon.Warning, "The export clips", clipping.sentence, parent=parent)
    box.setInformativeText("If lowered, the whole export is quieter; your tracks do not change.")
    lowering = QPushButton(lower)
    lowering.setProperty("role", "primary")
    box.addButton(lowering, QMessageBox.ButtonRole.AcceptRole)
    leaving = box.addButton("Export as it is", QMessageBox.ButtonRole.DestructiveRole)
    box.setDefaultButton(lowering)
    box.setEscapeButton(box.addButton("Cancel", QMessageBox.ButtonRole.RejectRole))
    box.exec()
    if box.clickedButton() is lowering:
        return Answer.LOWER
    return Answer.AS_IT_IS if box.clickedButton() is leaving else Answer.BACK
