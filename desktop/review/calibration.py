"""Learn from answers as they are given, and store the calibration in the taste."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QSettings, QTimer, Signal

from desktop.shell.session import Session
from desktop.shell.work.job_lanes import JobLane
from engine.core.build import RESOURCES
from engine.core.errors import OffcutError
from engine.core.progress import SILENT
from engine.document.state import Change, DocumentState
from engine.document.table import Made, step_between, table_of
from engine.features.taste.stored_answers import TasteMemory, document_key, keep_answers, read_memory
from engine.review.calibration import Answer, Calibration, calibrate, sentence, verdicts_of
from engine.review.evidence import Analyses
from engine.review.queue import Learned

PAUSE_MS = 2_000
"""Delay after the last answer until the taste is written: several answers are written once."""

SETTLE_MS = 120
"""Delay after the last answer until learning: by then playback has begun and the window is painted."""

_SETTING = "learns_from_decisions"


@dataclass(frozen=True, slots=True)
class _Known:
    """A calibration and its inputs; `made` are the proposals of its state."""

    state: DocumentState
    made: Made
    heard: Analyses
    brought: tuple[Answer, ...]
    calibration: Calibration

    def is_about(self, state: DocumentState, heard: Analyses, brought: tuple[Answer, ...]) -> bool:
        """Return whether it is of these proposals, independent of later answers."""
        return state.proposals is self.state.proposals and heard == self.heard and brought is self.brought

    def beside_hand(
        self, state: DocumentState, heard: Analyses, brought: tuple[Answer, ...]
    ) -> _Known | None:
        """Return the same once an edit by hand came or went, which taught nothing; None after all else."""
        made = table_of(state).made
        step = step_between(self.made.rows, made.rows)
        if step is None or heard != self.heard or brought is not self.brought:
            return None
        if not (made if step.came else self.made).is_by_hand[step.place]:
            return None
        learned, calibration = self.calibration.learned, self.calibration
        chances = None if learned.chances is None else step.column(learned.chances, 1.0)
        beside = Learned(chances, step.column(learned.usefulness, 0.0))
        return _Known(
            replace(self.state, proposals=state.proposals),
            made,
            heard,
            brought,
            replace(
                calibration,
                learned=beside,
                rows=step.column(calibration.rows, 0.0),
                answered=step.column(calibration.answered, False),
            ),
        )


class Calibrating(QObject):
    """Provides the calibration; it holds nothing that is not in the document or the taste.

    Signals
    -------
    changed : something else is known: the latest answers were learned from, it was switched, or the taste was
        read
    said : message about the switch
    failed : why a taste could not be read or written; the calibration stays in the document
    """

    changed = Signal()
    said = Signal(str)
    failed = Signal(str)

    def __init__(self, session: Session, settings: QSettings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._settings = settings
        self._lane = JobLane("taste lane", self)
        self._taste: Path | None = None
        self._memory: TasteMemory | None = None  # until the taste was read
        self._keeps = True
        self._brought: tuple[Answer, ...] = ()
        self._known: _Known | None = None
        self._pause = QTimer(self, singleShot=True, interval=PAUSE_MS)
        self._pause.timeout.connect(self._store)
        self._settle = QTimer(self, singleShot=True, interval=SETTLE_MS)
        self._settle.timeout.connect(self._catch_up)
        session.changed.connect(self._follow)
        session.leaving.connect(self._leave)
        session.replaced.connect(self._read)

    @property
    def is_busy(self) -> bool:
        """Whether the taste is being read or written."""
        return self._lane.is_busy

    @property
    def is_learning(self) -> bool:
        """Whether answers are still to be learned from."""
        return self._settle.isActive()

    @property
    def is_on(self) -> bool:
        """Whether answers teach anything."""
        return bool(self._settings.value(_SETTING, True, type=bool))

    def toggle(self) -> None:
        """Switch learning from the answers; the calibration stays."""
        self._settings.setValue(_SETTING, not self.is_on)
        self.changed.emit()
        self.said.emit("Learning from your decisions" if self.is_on else "No longer learning from decisions")

    @property
    def learned(self) -> Learned | None:
        """Learned predictions of each proposal; None without learning.

        No key waits for it: the latest answers are in it a moment later, see `changed`.
        """
        return self._calibration().learned if self._learns else None

    def learn_now(self) -> None:
        """Learn from the latest answers at once if they determine the next question."""
        if self._learns and self._is_behind:
            self._known = self._calibrated()

    @property
    def sentence(self) -> str:
        """Summary of the calibration; empty without data to learn from."""
        state = self._session.state
        if not state.proposals or self._session.curve is None:
            return ""
        if not self.is_on:
            return "Not learning from your decisions."
        return sentence(self._calibration()) or "Offcut learns from each decision."

    @property
    def _learns(self) -> bool:
        return self.is_on and bool(self._session.state.proposals) and self._session.curve is not None

    def _calibration(self) -> Calibration:
        """Return the calibration of the present proposals, possibly without the latest answers."""
        state, (heard, brought) = self._session.state, self._evidence()
        known = self._known
        if known is not None and not known.is_about(state, heard, brought):
            known = known.beside_hand(state, heard, brought)
        self._known = known = known or self._calibrated()
        return known.calibration

    def _calibrated(self) -> _Known:
        state, (heard, brought) = self._session.state, self._evidence()
        return _Known(state, table_of(state).made, heard, brought, calibrate(state, heard, brought))

    def _evidence(self) -> tuple[Analyses, tuple[Answer, ...]]:
        session = self._session
        heard = Analyses(session.curve, session.listening, session.grid, session.nearest)
        return heard, self._brought if self._scores_are_the_tastes else ()

    @property
    def _is_behind(self) -> bool:
        state, known = self._session.state, self._known
        return known is None or state.decisions is not known.state.decisions

    def _catch_up(self) -> None:
        if self._learns and self._is_behind:
            self._known = self._calibrated()
            self.changed.emit()

    # The taste's own memory.

    def close(self) -> None:
        """Write pending answers and end the thread."""
        latest = self._unwritten()
        self._memory = None  # nothing is to be written after this
        self._pause.stop()
        self._settle.stop()
        self._lane.close()
        if latest is not None:
            with suppress(OffcutError):  # every answer is in the document: the next opening writes them
                keep_answers(*latest, SILENT)

    def _follow(self, change: Change) -> None:
        if "taste" in change.settings:
            self._read()
        elif change.proposals:
            self._pause.start()
            self._settle.start()

    def _read(self) -> None:
        """Load the calibration of the active taste."""
        found = self._session.state.settings.get("taste")
        self._taste = Path(found) if isinstance(found, str) else None
        own = self._taste is not None and _may_be_written(self._taste)
        self._keeps = own and not self._session.is_read_only  # else the window that writes it keeps them
        self._take(self._taste, None)
        if self._taste is not None and self._taste.is_file():
            handle = self._lane.submit(read_memory, self._taste, title=f"Reading {self._taste.stem}")
            handle.finished.connect(partial(self._take, self._taste))

    def _take(self, taste: Path | None, memory: TasteMemory | None) -> None:
        if taste != self._taste:
            return  # another one is active by now
        self._memory = memory
        brought = () if memory is None else memory.beside(document_key(self._session.state))
        if brought != self._brought:
            self._brought = brought
            self.changed.emit()
        if memory is not None:
            self._pause.start()  # answers not written before, as after a power cut, are written now

    @property
    def _scores_are_the_tastes(self) -> bool:
        """Whether the active scores are of the active taste: after a choice they are not for a while."""
        curve = self._session.curve
        return curve is not None and self._memory is not None and self._memory.is_of(curve.maker)

    def _unwritten(self) -> tuple[Path, str, DocumentState, Calibration] | None:
        """Return the calibration not yet written to the taste, and its file."""
        taste, memory = self._taste, self._memory
        if taste is None or memory is None or not self._keeps:
            return None
        if not self._learns or not self._scores_are_the_tastes:
            return None
        self.learn_now()
        state, calibration = self._session.state, self._calibration()
        kept = {one.proposal_id: one.accepted for one in memory.of(document_key(state)).answers}
        return None if verdicts_of(state, calibration) == kept else (taste, memory.digest, state, calibration)

    def _store(self) -> None:
        latest = self._unwritten()
        if latest is not None:
            taste = latest[0]
            handle = self._lane.submit(keep_answers, *latest, title=f"Keeping decisions in {taste.stem}")
            handle.finished.connect(partial(self._take, taste))
            handle.failed.connect(partial(self._give_up, taste))

    def _leave(self) -> None:
        """Write at once: another document may be open in a moment."""
        self._pause.stop()
        self._store()

    def _give_up(self, taste: Path, why: str) -> None:
        """Report once that a taste cannot be written; its calibration stays active."""
        if taste == self._taste:
            self._keeps = False
        self.failed.emit(f"Learning from your decisions is stored in this document only. {why}")


def _may_be_written(taste: Path) -> bool:
    """Return whether a taste is the user's own: shipped tastes stay unchanged."""
    return not taste.resolve().is_relative_to(RESOURCES)
