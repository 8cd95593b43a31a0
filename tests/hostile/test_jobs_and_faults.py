"""Every kind of job while something goes wrong: it is told in a sentence, and nothing half-made is left.

Each job runs once as it should, so that it is known how often it reports; then again for each fault, which
strikes at one of its reports.
"""

from __future__ import annotations

import gc
import os
import resource
import shutil
import signal
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import soundfile

from desktop.demo import DEMO_FOLDER
from engine.alignment.timing_settings import TimingSettings
from engine.anomaly.learn import LearnRequest, learn
from engine.document.analysis import BeatGrid
from engine.document.document import Document
from engine.document.state import DocumentState
from engine.edl.export import ExportRequest, export
from engine.errors import Cancelled, OffcutError
from engine.jobs.arrangements.arrange import arrange
from engine.jobs.arrangements.learn_editor_file import learn_editor_file
from engine.jobs.arrangements.learn_edits_requests import LearnEditsRequest, RawAndEdited
from engine.jobs.arrangements.requests import ArrangeRequest
from engine.jobs.drums.aligned_files import AlignRequest, align
from engine.jobs.drums.find_grid import WantedGrid
from engine.jobs.drums.second_recorders import RecordersRequest, propose_recorders
from engine.jobs.listen import ListenRequest, listen_to_document, weigh_tempo
from engine.jobs.matched.edit import MatchedEditRequest, matched_edit
from engine.jobs.recordings.import_audio import ImportRequest, import_audio, import_edit
from engine.jobs.recordings.media import locate_all
from engine.jobs.repairs.find_sounds import find_repairs, words_in_span
from engine.jobs.repairs.preview import preview_repair
from engine.jobs.repairs.requests import FindRequest, PreviewRequest, RepairSettings, SpanRequest
from engine.jobs.takes.proposals import TakesRequest, takes_in_document
from engine.progress import SILENT, Progress, ReportingProgress
from engine.separation.mask_memory import MaskMemory
from tests.engine.conftest import TINY
from tests.hostile.status import is_one_sentence

RATE_HZ = 44_100
MICROPHONES = ("KdrumR", "Snare_top", "OHL")
PAUSE_S = 2.0
ROOM_BYTES = 4096


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
    "listen": lambda own, told: listen_to_document(ListenRequest(own.state, own.media), told),
    "score": lambda own, told: listen_to_document(ListenRequest(own.state, own.media, TASTE), told),
    "learn": lambda own, told: learn(
        LearnRequest(tuple(own.recordings), TINY, 0, own.folder / "made.taste", overwrite=True), told
    ),
    "weigh tempo": lambda own, told: weigh_tempo(ListenRequest(own.state, own.media), told),
    "align": lambda own, told: align(
        AlignRequest(own.state, own.media, WantedGrid(bpm=112.0), TimingSettings()), told
    ),
    "compare recorders": lambda own, told: propose_recorders(RecordersRequest(own.state, own.media), told),
    "find takes": lambda own, told: takes_in_document(TakesRequest(own.state, own.media), told),
    "arrange": lambda own, told: arrange(ArrangeRequest(own.state, own.media, BEATS, minutes=0.2), told),
    "match": lambda own, told: matched_edit(MatchedEditRequest(own.state, own.media, own.edited), told),
    "learn an editor": lambda own, told: learn_editor_file(
        LearnEditsRequest((RawAndEdited((own.recordings[0],), own.edited),)),
        own.folder / "made.editor",
        True,
        told,
    ),
    "preview a repair": lambda own, told: preview_repair(
        PreviewRequest(own.span, REPAIR, MaskMemory()), told
    ),
    "find a sound": lambda own, told: find_repairs(FindRequest(own.span, REPAIR), told),
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


@pytest.fixture(scope="module")
def made_once(tmp_path_factory: pytest.TempPathFactory, data_dir: Path) -> Path:
    folder = tmp_path_factory.mktemp("session") / "made"
    made_session(folder, data_dir)
    return folder


@pytest.fixture
def session(made_once: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Session]:
    """Return what gives a fresh copy of the session, with a folder for temporary files."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))

    def copied() -> Session:
        folder = tmp_path / "session"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(made_once, folder)
        with Document.open(folder / "jam.offcut") as document:
            return Session(folder, document.state, dict(locate_all(document.state, folder)))

    return copied


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.rglob("*")}


def left_in(temporary: Path) -> set[str]:
    """Return what is left there, but for the folder that torch keeps for its own compiler."""
    return {name for name in names_in(temporary) if not name.startswith("torchinductor")}


def run(job: Job, own: Session, strikes_at: int = 0, fault: Callable[[Session], None] | None = None) -> int:
    """Run a job, with the fault at one of its reports; return how many it made."""
    reports = 0

    def told(*_report: object) -> None:
        nonlocal reports
        reports += 1
        if reports == strikes_at and fault is not None:
            fault(own)

    job(own, ReportingProgress(told))
    return reports


def vanishes(own: Session) -> None:
    for path in own.recordings:
        path.unlink()


def is_cut_short(own: Session) -> None:
    for path in own.recordings:
        os.truncate(path, path.stat().st_size // 3)


def is_written_over(own: Session) -> None:
    for path in own.recordings:
        path.write_bytes(b"no sound " * 1000)


def memory_runs_out(_own: Session) -> None:
    raise MemoryError


def the_disk_is_full(_own: Session) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM_BYTES, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))


@contextmanager
def room_again() -> Iterator[None]:
    """Give the disk its room back, and let what finds it full hear so instead of being ended."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


FIRST, MIDDLE, LAST = 0.0, 0.5, 1.0
FAULTS = (
    (vanishes, (MIDDLE,)),
    (is_cut_short, (FIRST, MIDDLE)),
    (is_written_over, (FIRST,)),
    (memory_runs_out, (MIDDLE,)),
    (the_disk_is_full, (FIRST, LAST)),
)
"""What happens, and at which of a job's reports."""


@pytest.mark.parametrize("name", JOBS)
def test_whatever_goes_wrong_is_told_and_leaves_nothing_half_made(
    name: str, session: Callable[[], Session], tmp_path: Path
) -> None:
    job, own = JOBS[name], session()
    before = names_in(own.folder)
    reports = run(job, own)
    assert reports > 0, "a job says how far it is"
    made = names_in(own.folder) - before
    for fault, moments in FAULTS:
        for strikes_at in sorted({1 + round(moment * (reports - 1)) for moment in moments}):
            own = session()
            document = (own.folder / "jam.offcut").read_bytes()
            try:
                with room_again():
                    run(job, own, strikes_at, fault)
            except OffcutError as error:
                sentence = str(error)
                assert is_one_sentence(sentence), (fault, strikes_at, sentence)
            except MemoryError:
                assert fault is memory_runs_out
            gc.collect()
            left = names_in(own.folder) - before
            assert left <= made, (fault, strikes_at)
            assert not left_in(tmp_path / "temporary"), (fault, strikes_at)
            assert (own.folder / "jam.offcut").read_bytes() == document, (fault, strikes_at)


@pytest.mark.parametrize("name", JOBS)
def test_a_job_that_nobody_wants_any_more_ends_at_once_and_leaves_nothing(
    name: str, session: Callable[[], Session], tmp_path: Path
) -> None:
    job, own = JOBS[name], session()
    before = names_in(own.folder)
    stop, after = threading.Event(), 0

    def told(*_report: object) -> None:
        nonlocal after
        after += stop.is_set()
        stop.set()

    with pytest.raises(Cancelled):
        job(own, ReportingProgress(told, stop))
    assert after <= 5, "it goes on working"
    assert names_in(own.folder) == before
    assert not left_in(tmp_path / "temporary")
