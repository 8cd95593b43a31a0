"""Learning a taste and improving one, in a process of its own.

The open recording is analysed with the result.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from desktop.features.taste.widgets.learn_panel import LearnRequest
from desktop.features.taste.widgets.learning_panel import LearningPanel
from desktop.recordings.recordings import Analysing
from desktop.shell.dialogs import questions
from desktop.shell.session import Session
from desktop.shell.work.work import Again, Work, existing_files, joined_sentences, stored_number
from engine.core.errors import UsageError
from engine.core.files.safe_write import is_taken, sweep
from engine.core.own_process import run_in_own_process
from engine.core.progress import Progress
from engine.document.proposals import Verdict
from engine.features.taste.anomaly.recipes.methods import METHODS
from engine.features.taste.learn import (
    DecidedDocument,
    Improved,
    ImproveRequest,
    TasteRequest,
    TasteWritten,
    improve,
    learn_taste_file,
    new_folder,
)
from widgets.theme import Theme


def learn_taste(asked: LearnRequest, out: Path, overwrite: bool, progress: Progress) -> TasteWritten:
    """Learn from edited recordings with the default recipe, in a process of its own."""
    edited = tuple(Path(path) for path in asked.edited)
    request = TasteRequest(edited, asked.recipe, asked.epochs, asked.seed, out, overwrite)
    try:
        return run_in_own_process(learn_taste_file, (request,), progress)
    finally:
        sweep(out.parent)  # a process that is killed while it writes leaves half a file


def improve_taste(request: ImproveRequest, progress: Progress) -> Improved:
    """Retrain a taste with decisions, in a separate process."""
    try:
        return run_in_own_process(improve, (request,), progress)
    except BaseException:
        shutil.rmtree(request.material, ignore_errors=True)  # a process that is killed leaves it behind
        raise
    finally:
        sweep(request.out.parent)


class Learning(QObject):
    """Has tastes learned.

    Signals
    -------
    started(name), progressed(figures), stepped(text), ended : of a training
    learned : the file of a taste that was just learned
    """

    started = Signal(str)
    progressed = Signal(object)
    stepped = Signal(str)
    ended = Signal()
    learned = Signal(object)

    def __init__(self, session: Session, work: Work, analysing: Analysing, parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._work, self._analysing = session, work, analysing

    def learn(self, asked: LearnRequest, out: Path, overwrite: bool) -> None:
        """Learn a taste and, with an open recording, analyse it with that taste."""
        job = partial(learn_taste, asked, out)
        again = {**asdict(asked), "edited": list(asked.edited), "out": str(out), "overwrite": overwrite}
        self._run(job, overwrite, asked.name, Again("taste.learn", again))

    def restart(self, request: Mapping[str, object]) -> None:
        """Learn by a stored request again.

        Raises
        ------
        UsageError : missing files
        """
        paths = existing_files(request.get("edited"))
        recipes = [method.recipe for method in METHODS]
        recipe = str(request.get("recipe"))
        asked = LearnRequest(
            tuple(map(str, paths)),
            str(request.get("name")),
            stored_number(request.get("epochs"), METHODS[0].epochs),
            stored_number(request.get("seed"), 0),
            recipe if recipe in recipes else recipes[0],
        )
        self.learn(asked, Path(str(request.get("out"))), bool(request.get("overwrite")))

    def improve(self, request: ImproveRequest) -> None:
        """Train a taste again with the decisions and, as after `learn`, analyse with it."""
        self._run(improve_taste, request, request.out.stem, Again("taste.improve"))

    def _run(self, job: Callable[..., object], request: object, name: str, again: Again) -> None:
        learned = partial(self._learned, self._session.path)
        handle = self._work.compute(
            job, request, f"Learning {name}", learned, ends_with_document=False, again=again
        )
        handle.progressed.connect(self._follow)
        handle.ended.connect(self.ended)
        self.started.emit(name)
        self._analysing.await_scores(handle)

    def _follow(self, _fraction: float, text: str, figures: object, _left_s: float | None) -> None:
        self.progressed.emit(figures)
        self.stepped.emit(text)

    def _learned(self, asked_in: Path | None, learned: TasteWritten | Improved) -> None:
        without = learned.missing if isinstance(learned, Improved) else ()
        self._work.said.emit(joined_sentences(f"Learned {learned.path.stem}", without))
        self.learned.emit(learned.path)
        if self._session.is_open and asked_in in (None, self._session.path):
            self._analysing.use_taste(learned.path)


def panel_of(learning: Learning, theme: Theme) -> LearningPanel:
    """Return a panel that shows itself while something is learned."""
    panel = LearningPanel(theme)
    panel.hide()
    learning.started.connect(panel.start)
    learning.progressed.connect(panel.add)
    learning.stepped.connect(panel.show_step)
    learning.ended.connect(panel.hide)
    return panel


def ask_to_improve(window: QWidget, session: Session, analysing: Analysing, learning: Learning) -> None:
    """Retrain the active taste with the decisions in the open document.

    Raises
    ------
    UsageError : no taste, or no decisions
    """
    taste, state = analysing.taste, session.state
    if taste is None:
        raise UsageError("No taste to improve. Learn one from your edits first ‹taste.learn›.")
    if all(decision.verdict is Verdict.UNDECIDED for decision in state.decisions.values()):
        raise UsageError("No decisions yet. Accept or reject some cuts first.")
    folder = session.folder
    out = questions.ask_improved_taste(window, folder / f"{taste.stem} improved.taste")
    if out is None or (is_taken(out) and not questions.confirm_overwrite(window, (out,))):
        return
    document = DecidedDocument(session.name, state, dict(session.media), session.grid, session.listening)
    folders = tuple(dict.fromkeys((taste.absolute().parent, folder)))
    learning.improve(ImproveRequest(taste, (document,), out, new_folder(out), folders, is_taken(out)))
