"""Every kind of job, as window and command line run it, on a session of three microphones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from desktop.demo_files import DEMO_FOLDER
from engine.core.progress import SILENT, Progress
from engine.document.analysis import BeatGrid
from engine.document.document import Document
from engine.document.state import DocumentState
from engine.exchange.export import ExportRequest, export
from engine.features.arrangement.editor_files import learn_editor_file
from engine.features.arrangement.finder.arrange import arrange
from engine.features.arrangement.finder.requests import ArrangeRequest, LearnEditsRequest, RawAndEdited
from engine.features.match.finder.edit import MatchedEditRequest, matched_edit
from engine.features.registry import find_edits, request_of
from engine.features.repair.finders.find_sounds import words_in_span
from engine.features.repair.finders.requests import PreviewRequest, RepairSettings
from engine.features.repair.finders.separate import preview_in_document
from engine.features.repair.separation.paint import MaskMemory
from engine.features.takes.finders.take_proposals import takes_in_document
from engine.features.taste.anomaly.learn import LearnRequest, learn
from engine.features.timing.alignment.settings import TimingSettings
from engine.features.timing.finders.second_recorders import RecordersRequest, propose_recorders
from engine.features.timing.finders.timing.aligned_files import AlignRequest, align
from engine.features.timing.finders.timing.find_grid import WantedGrid
from engine.recordings.analyses import AnalysisRequest
from engine.recordings.import_audio import ImportRequest, import_audio, import_edit
from engine.recordings.listen import listen_to_document
from engine.recordings.media import locate_all
from engine.recordings.track_audio import SpanRequest
from tests.engine.conftest import TINY

RATE_HZ = 44_100
MICROPHONES = ("KdrumR", "Snare_top", "OHL")
PAUSE_S = 2.0


@dataclass(frozen=True)
class Session:
    """A document of three microphones that were played twice, and an edit of it, in a folder of its own."""

    folder: Path
    state: DocumentState
    media: dict[str, Path]

    @property
    def recordings(self) -> list[Path]:
        return sorted(self.folder.glob("*.wav"))

    @property
    def edited(self) -> Path:
        return self.folder / "edited.flac"

    @property
    def span(self) -> SpanRequest:
        return SpanRequest(self.state, self.media, (), ((2 * RATE_HZ, 3 * RATE_HZ),))


Job = Callable[[Session, Progress], object]
REPAIR = RepairSettings("dog")
TASTE = next(DEMO_FOLDER.glob("*.taste"))

JOBS: dict[str, Job] = {
    "import": lambda own, told: import_audio(ImportRequest(tuple(own.recordings)), told),
    "listen": lambda own, told: listen_to_document(AnalysisRequest(own.state, own.media), told),
    "score": lambda own, told: listen_to_document(AnalysisRequest(own.state, own.media, TASTE), told),
    "learn": lambda own, told: learn(
        LearnRequest(tuple(own.recordings), TINY, 0, own.folder / "made.taste", overwrite=True), told
    ),
    "weigh tempo": lambda own, told: find_edits(request_of("tempo", own.state, own.media, {}), told),
    "align": lambda own, told: align(
        AlignRequest(own.state, own.media, WantedGrid(bpm=112.0), TimingSettings()), told
    ),
    "compare recorders": lambda own, told: propose_recorders(RecordersRequest(own.state, own.media), told),
    "find takes": lambda own, told: takes_in_document(AnalysisRequest(own.state, own.media), told),
    "arrange": lambda own, told: arrange(ArrangeRequest(own.state, own.media, BEATS, minutes=0.2), told),
    "match": lambda own, told: matched_edit(MatchedEditRequest(own.state, own.media, own.edited), told),
    "learn an editor": lambda own, told: learn_editor_file(
        LearnEditsRequest((RawAndEdited((own.recordings[0],), own.edited),)),
        own.folder / "made.editor",
        True,
        told,
    ),
    "preview a repair": lambda own, told: preview_in_document(
        PreviewRequest(own.span, REPAIR, MaskMemory()), told
    ),
    "find a sound": lambda own, told: find_edits(
        request_of("repair", own.state, own.media, {}, {"words": REPAIR.words}), told
    ),
    "words of a span": lambda own, told: words_in_span(own.span, told),
    "export": lambda own, told: export(
        ExportRequest(own.state, own.media, own.folder / "made.flac", overwrite=True), told
    ),
}
BEATS_SAMPLES = np.arange(0, 18 * RATE_HZ, RATE_HZ * 60 // 112)
BEATS = BeatGrid(BEATS_SAMPLES, np.arange(len(BEATS_SAMPLES)) % 4 + 1, 112.0, 1.0, "the click")


def made_session(folder: Path, data_dir: Path) -> None:
    folder.mkdir()
    played = data_dir / "drums" / "37_rock_112_beat_4-4"
    pause = np.zeros(round(PAUSE_S * RATE_HZ))
    for name in MICROPHONES:
        sound, rate_hz = soundfile.read(played / f"{name}.flac")
        assert rate_hz == RATE_HZ
        soundfile.write(folder / f"{name}.wav", np.concatenate([sound, pause, sound]), RATE_HZ, "PCM_16")
    first = soundfile.read(folder / f"{MICROPHONES[0]}.wav")[0]
    edit = np.concatenate([first[: 6 * RATE_HZ], first[round(9.5 * RATE_HZ) :]])
    soundfile.write(folder / "edited.flac", edit, RATE_HZ, "PCM_16")
    paths = tuple(folder / f"{name}.wav" for name in MICROPHONES)
    with Document.create(folder / "jam.offcut") as made:
        made.apply(import_edit(made.state, import_audio(ImportRequest(paths), SILENT)))


def opened_session(folder: Path) -> Session:
    """Return a session that lies in a folder."""
    with Document.open(folder / "jam.offcut") as document:
        return Session(folder, document.state, dict(locate_all(document.state, folder)))


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.rglob("*")}
