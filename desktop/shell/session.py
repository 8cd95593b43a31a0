"""The open document and its data. The only module of the window that changes the document."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QObject, Signal

from desktop.demo_files import is_demo
from engine.analysis.found_takes import FoundTakes
from engine.core.errors import OffcutError, UsageError
from engine.document.analysis import (
    DAY,
    PICKUP,
    SECTIONS,
    TAKES,
    WORDS,
    Analysis,
    BeatGrid,
    DetectedSounds,
    Hits,
    Listening,
    NearestReference,
    ScoreCurve,
    StoredCurve,
    StoredDay,
    StoredSections,
    StrokePickup,
    Transcript,
)
from engine.document.document import Document
from engine.document.edits.analyses import PROMOTED, known_day, known_sections, known_transcript
from engine.document.file.history import StepLabel
from engine.document.file.stored_analyses import FORMS
from engine.document.file.stored_audio import StoredAudio
from engine.document.grid_edits import DecidedTempo, decided_tempi
from engine.document.grid_readings import grid_in_force
from engine.document.proposals import Verdict
from engine.document.state import Change, DocumentState, Edit, RowChange, united
from engine.features.takes.finders.takes_that_play import known_takes, lost_between, lost_sentence
from engine.features.taste.document_cuts import answer
from engine.recordings.analyses import known_pickup
from engine.review.evidence import Analyses

NO_DOCUMENT = DocumentState()
_Made = TypeVar("_Made", bound=Analysis)


class Session(QObject):
    """Holds one document at a time; every view learns of changes from its signals.

    Signals
    -------
    replaced : another document is open, or none
    changed : an engine `Change`; it is on disk when this is emitted
    media_found : the samples of the document's sources can be read
    leaving : the open document is about to be closed
    opening : the path of a document that is about to be opened; None once it is, or was refused
    """

    replaced = Signal()
    changed = Signal(object)
    media_found = Signal()
    leaving = Signal()
    opening = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._document: Document | None = None
        self._analyses: dict[str, Analysis | None] = {}
        self._media: Mapping[str, Path] = {}
        self._tempi: tuple[DecidedTempo, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether a document is open."""
        return self._document is not None

    @property
    def state(self) -> DocumentState:
        """All the document holds at this moment."""
        return NO_DOCUMENT if self._document is None else self._document.state

    @property
    def media(self) -> Mapping[str, Path]:
        """Where the sources are read, once any is found, and which file holds audio that is stored."""
        if self._document is None or not self._media:
            return self._media
        return {**self._document.audio_files, **self._media}

    @property
    def path(self) -> Path | None:
        """The document's file."""
        return None if self._document is None else self._document.path

    @property
    def folder(self) -> Path:
        """Where dialogs begin: next to the document; at home without one, and in the demo."""
        return Path.home() if self.path is None or is_demo(self.path) else self.path.absolute().parent

    @property
    def name(self) -> str:
        """Name of the document."""
        return "No document" if self._document is None else self._document.path.stem

    @property
    def notice(self) -> str:
        """Message about the opening of the document; `StoredWaves` reports on stored audio."""
        return "" if self._document is None else self._document.notice_without_audio

    @property
    def is_read_only(self) -> bool:
        """Whether the document is read-only; `notice` has the reason."""
        return self._document is not None and self._document.is_read_only

    @property
    def undo_label(self) -> str:
        """Label of the edit that undo reverses."""
        return "" if self._document is None else self._document.undo_label

    @property
    def redo_label(self) -> str:
        """Label of the edit that redo repeats."""
        return "" if self._document is None else self._document.redo_label

    def steps(self) -> tuple[StepLabel, ...]:
        """Return every step of undo and redo, oldest first; undone ones are last."""
        return () if self._document is None else self._document.steps()

    def required_curve(self) -> ScoreCurve:
        """Return the active scores.

        Raises
        ------
        UsageError : no scores
        """
        if self.curve is None:
            raise UsageError("No scores yet. Learn a taste from your edits first ‹taste.learn›.")
        return self.curve

    def step_decisions(self, number: int) -> tuple[RowChange, ...]:
        """Return the decisions that a step of the history changed."""
        return self._open_document().step_decisions(number)

    @property
    def curve(self) -> ScoreCurve | None:
        """The active scores."""
        return self._analysis_of("score", ScoreCurve)

    @property
    def nearest(self) -> NearestReference | None:
        """References most similar to the recording, computed with the active scores."""
        return self._analysis_of("nearest", NearestReference)

    @property
    def grid(self) -> BeatGrid | None:
        """The active beat grid, with the decided tempo interpretation."""
        return grid_in_force(self.state, self._analysis("beats"))

    @property
    def listening(self) -> Listening | None:
        """Active onsets and loudness."""
        return self._analysis_of("listening", Listening)

    def answer(self, ids: Sequence[str], verdict: Verdict) -> Edit:
        """Return the edit that answers proposals, see `engine.features.taste.document_cuts`."""
        known = Analyses(self.curve, self.listening, self.grid, self.nearest)
        return answer(self.state, ids, verdict, known)

    @property
    def hits(self) -> Hits | None:
        """The hits of drums that were found."""
        return self._analysis_of("hits", Hits)

    @property
    def pickup(self) -> StrokePickup | None:
        """Which tracks were recorded together; None where the tracks as they are were not compared."""
        return known_pickup(self.state, self._analysis(PICKUP))

    @property
    def stored_analyses(self) -> dict[str, Analysis]:
        """The active analyses by kind."""
        known = {kind: self._analysis(kind) for kind in tuple(self.state.analyses)}
        return {kind: one for kind, one in known.items() if one is not None}

    @property
    def curves(self) -> tuple[StoredCurve, ...]:
        """The curves that have a lane, in the order of their titles."""
        added = [self._analysis(kind) for kind in tuple(self.state.analyses) if kind not in FORMS]
        curves = [one for one in added if isinstance(one, StoredCurve) and one.title]
        return tuple(sorted(curves, key=lambda one: one.title))

    @property
    def takes(self) -> FoundTakes | None:
        """The takes that were found; None where the tracks as they are were not searched."""
        return known_takes(self.state, self._analysis(TAKES))

    def with_lost_takes(self, sentence: str, before: DocumentState) -> str:
        """Return a message about an answer, with the passages that lost their last playing take."""
        lost = lost_between(before, self.state, self.takes)
        return f"{sentence}. {lost_sentence(lost)}" if lost else sentence

    @property
    def sections(self) -> StoredSections | None:
        """The sections that were found; None where the tracks as they are were not analysed for them."""
        return known_sections(self.state, self._analysis(SECTIONS))

    @property
    def day(self) -> StoredDay | None:
        """The songs of the day; None where the tracks as they are were not analysed for them."""
        return known_day(self.state, self._analysis(DAY))

    @property
    def transcript(self) -> Transcript | None:
        """The words of the recording; None where the tracks as they are were not transcribed."""
        return known_transcript(self.state, self._analysis(WORDS))

    @property
    def promoted(self) -> Hits | None:
        """The hits that the user confirmed."""
        return self._analysis_of(PROMOTED, Hits)

    @property
    def sounds(self) -> DetectedSounds | None:
        """Detected sounds."""
        return self._analysis_of("sounds", DetectedSounds)

    def stored_grid(self, analysis_id: str) -> BeatGrid | None:
        """Return a beat grid, active or not; None if it is missing or damaged."""
        found = self._open_document().stored_analysis(analysis_id)
        return found if isinstance(found, BeatGrid) else None

    def create(self, path: Path) -> None:
        """Make a new document and open it."""
        self._replace(Document.create(path))

    def open(self, path: Path) -> None:
        """Open a document; the one before stays open when this one cannot be."""
        is_this = self._document is not None and self._document.path.absolute() == path.absolute()
        reopened = self._open_document().reopened if is_this else lambda: Document.open(path)
        self._open_by(path, reopened)

    def open_backup(self, path: Path) -> None:
        """Open the newest sound backup of a document; the document itself is left as it is."""
        self._open_by(path, lambda: Document.open_backup(path))

    def _open_by(self, path: Path, opened: Callable[[], Document]) -> None:
        self.opening.emit(path)
        try:
            self._replace(opened())
        except OffcutError:
            self.opening.emit(None)
            raise
        self.opening.emit(None)

    def close(self) -> None:
        """Close the document, if one is open."""
        if self._document is not None:
            self.leaving.emit()
            self._document.close()
            self._document = None

    def _replace(self, document: Document) -> None:
        self.close()
        self._document = document
        self._analyses.clear()
        self._tempi = decided_tempi(document.state)
        self._media = {}
        self.replaced.emit()

    def set_media(self, media: Mapping[str, Path]) -> None:
        """Return the paths of the sources."""
        self._media = {**self._media, **media}
        self.media_found.emit()

    def apply(
        self,
        edit: Edit,
        analyses: Mapping[str, Analysis] | None = None,
        audio: Sequence[StoredAudio] = (),
    ) -> Change:
        """Apply an edit, with its stored audio. It is on disk before views are notified."""
        change = self._open_document().apply(edit, dict(analyses or {}), audio)
        self._tell(change)
        return change

    def undo(self) -> Change | None:
        """Take the last edit back."""
        return self._replayed(self._open_document().undo())

    def redo(self) -> Change | None:
        """Redo the undone edit."""
        return self._replayed(self._open_document().redo())

    def travel(self, steps: int) -> int:
        """Undo (below 0) or redo a number of steps; views are notified once, as of one change.

        Returns
        -------
        How many there were to take back or make again.
        """
        document, made = self._open_document(), list[Change]()
        try:
            while len(made) < abs(steps) and (change := document.undo() if steps < 0 else document.redo()):
                made.append(change)
        finally:
            if made:
                self._tell(united(made))
        return len(made)

    def snapshot(self, name: str) -> Path:
        """Keep the document as it is under a name."""
        return self._open_document().snapshot(name)

    def _replayed(self, change: Change | None) -> Change | None:
        if change is not None:
            self._tell(change)
        return change

    def _tell(self, change: Change) -> None:
        before, self._tempi = self._tempi, decided_tempi(self.state)
        if self._tempi != before:  # an answer that counts the grid otherwise
            change = replace(change, analyses=change.analyses | {"beats"})
        for kind in change.analyses:
            self._analyses.pop(kind, None)
        self.changed.emit(change)

    def _open_document(self) -> Document:
        assert self._document is not None, "commands that edit are off while no document is open"
        return self._document

    def _analysis_of(self, kind: str, made: type[_Made]) -> _Made | None:
        found = self._analysis(kind)
        return found if isinstance(found, made) else None

    def _analysis(self, kind: str) -> Analysis | None:
        if self._document is None:
            return None
        if kind not in self._analyses:
            self._analyses[kind] = self._document.analysis(kind)
        return self._analyses[kind]
