"""Retraining of the active taste with decisions: asks for the file, then starts the job."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from desktop.features.taste.learning import Learning
from desktop.recordings.analysing import Analysing
from desktop.shell.dialogs import file_dialogs, questions
from desktop.shell.session import Session
from engine.core.errors import UsageError
from engine.core.files.safe_write import is_taken
from engine.document.decisions import Verdict
from engine.document.state import DocumentState
from engine.features.taste.improve import DecidedDocument, ImproveRequest, new_folder


def ask_to_improve(window: QWidget, session: Session, analysing: Analysing, learning: Learning) -> None:
    """Retrain the active taste with the decisions in the open document.

    Raises
    ------
    UsageError : no taste, or no decisions
    """
    taste, state = analysing.taste, session.state
    if taste is None:
        raise UsageError("No taste to improve. Learn one from your edits first ‹taste.learn›.")
    if not _is_decided(state):
        raise UsageError("No decisions yet. Accept or reject some cuts first.")
    folder = session.folder
    out = file_dialogs.ask_improved_taste(window, folder / f"{taste.stem} improved.taste")
    if out is None or (is_taken(out) and not questions.confirm_overwrite(window, (out,))):
        return
    document = DecidedDocument(session.name, state, dict(session.media), session.grid, session.listening)
    folders = tuple(dict.fromkeys((taste.absolute().parent, folder)))
    learning.improve(ImproveRequest(taste, (document,), out, new_folder(out), folders, is_taken(out)))


def _is_decided(state: DocumentState) -> bool:
    return any(decision.verdict is not Verdict.UNDECIDED for decision in state.decisions.values())
