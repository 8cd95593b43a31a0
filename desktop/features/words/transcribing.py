"""Transcribing in the window: the model it needs, consent to download one, and the job."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from desktop.shell.dialogs import questions
from desktop.shell.shell import Shell
from engine.core.errors import UsageError
from engine.core.progress import Progress
from engine.core.wording import counted
from engine.document.analysis import WORDS, Transcript, require_recording
from engine.document.edits.proposals import set_analyses
from engine.document.tracks import sound_of

if TYPE_CHECKING:
    from engine.recordings.analyses import AnalysisRequest, FoundAnalyses

_DOING = "Transcribing"
NO_MODEL = (
    "Words are recognised on this computer. Offcut needs a model for it: choose its folder ‹words.model›, or "
    "download one ‹words.download›."
)
_CHANGED = "The tracks were changed meanwhile: transcribe again ‹words.transcribe›."


class Transcribing(QObject):
    """Recognises the words of the document, and gets the model that this needs.

    One of its signals carries the message about a result.

    Signals
    -------
    model_changed : a model was added
    """

    said = Signal(str)
    model_changed = Signal()

    def __init__(self, window: QWidget, shell: Shell) -> None:
        super().__init__(window)
        self._window, self._shell, self._session = window, shell, shell.session

    def refusal(self) -> str:
        """Return why words cannot be recognised on this computer, or ""."""
        from engine.features.words.model import installed_model, require_recogniser

        try:
            require_recogniser()
        except UsageError as error:
            return str(error)
        return "" if installed_model() is not None else NO_MODEL

    def start(self) -> None:
        """Recognise the words of the document.

        Raises
        ------
        UsageError : no recording, recogniser or model
        """
        from engine.recordings.analyses import AnalysisRequest

        require_recording(self._session.state, "analyse")
        if refusal := self.refusal():
            raise UsageError(refusal)
        session = self._session
        request = AnalysisRequest(session.state, session.media, analyses=session.stored_analyses)
        self._shell.work.compute(transcribe, request, _DOING, partial(self._take, request))

    def _take(self, request: AnalysisRequest, found: FoundAnalyses) -> None:
        state, transcript = self._session.state, found.analyses[WORDS]
        if sound_of(request.state.tracks) != sound_of(state.tracks):
            raise UsageError(_CHANGED)
        assert isinstance(transcript, Transcript)
        label = f"Transcribed {counted(len(transcript), 'word')}"
        edit = set_analyses(state, found.ids, label)
        self._session.apply(edit, {found.ids[kind]: one for kind, one in found.analyses.items()})
        self.said.emit(label)

    def choose_model(self) -> None:
        """Ask for the folder of a model, and add it."""
        folder = questions.ask_folder(self._window, "Folder of the model", Path.home())
        if folder is not None:
            self._shell.work.read(
                add_model, folder, "Adding the model", self._added, ends_with_document=False
            )

    def download(self) -> None:
        """Show source, size and licence of a model, and download it with consent."""
        from engine.features.words.model import ABOUT

        if questions.confirm_download(self._window, "Model of words", ABOUT):
            title = "Downloading the model"
            self._shell.work.read(download_model, None, title, self._added, ends_with_document=False)

    def _added(self, _nothing: object) -> None:
        self.model_changed.emit()
        self.said.emit("The model is ready. Recognise the words ‹words.transcribe›")


def transcribe(request: AnalysisRequest, progress: Progress) -> FoundAnalyses:
    """Recognise the words of a document, as a job."""
    from engine.recordings.analyses import analysed

    return analysed(request, (WORDS,), progress)


def add_model(folder: Path, progress: Progress) -> None:
    """Add the model in a folder, as a job."""
    from engine.features.words import model

    model.add_from(folder, progress)


def download_model(_nothing: None, progress: Progress) -> None:
    """Download a model that the user agreed to, as a job."""
    from engine.features.words import model

    model.download(progress)
