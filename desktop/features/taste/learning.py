"""Learning a taste, and improving one; the open recording is analysed with the result."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from desktop.features.taste.jobs import improve_taste, learn_taste
from desktop.features.taste.widgets.forms.learn_panel import LearnRequest
from desktop.recordings.analysing import Analysing
from desktop.shell.session import Session
from desktop.shell.work.again import Again, existing_files, stored_number
from desktop.shell.work.work import Work, joined_sentences
from engine.features.taste.anomaly.recipes.methods import METHODS
from engine.features.taste.improve import Improved, ImproveRequest
from engine.features.taste.learn import TasteWritten


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
        for ended in (handle.finished, handle.failed, handle.cancelled):
            ended.connect(lambda *_: self.ended.emit())
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
