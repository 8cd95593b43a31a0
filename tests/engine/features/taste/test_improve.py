"""A taste learned anew with decisions: what it hears, what it leaves alone, and what it says."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.cli.main import main
from engine.core.errors import Cancelled, ExportError, OffcutError, TasteError
from engine.core.progress import SILENT, ReportingProgress
from engine.document.analysis import BeatGrid, Listening
from engine.document.document import Document
from engine.document.edits.proposals import decide, replace_proposals
from engine.document.proposals import QUESTION, UNFAMILIAR, Decision, Proposal, Verdict
from engine.features.taste.anomaly.cut_habits import CutHabits, RecordingCuts
from engine.features.taste.anomaly.learn import LearnRequest, learn
from engine.features.taste.anomaly.taste import load_taste, save_taste
from engine.features.taste.learn import DecidedDocument, ImproveRequest, improve, new_folder
from engine.lab.recipes.slicer.settings import SlicerConfig
from engine.recordings.import_audio import ImportRequest, import_audio, import_edit

RATE_HZ = 16_000
SETTINGS = {
    "hidden_dims": [4, 8],
    "latent_dim": 4,
    "epochs": 1,
    "segments_per_epoch": 32,
    "mel": {"rate_hz": RATE_HZ, "n_mels": 32},
}


def tone(seconds: float, hz: float) -> np.ndarray:
    time_s = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    return (0.3 * np.sin(2 * np.pi * hz * time_s)).astype(np.float32)


@pytest.fixture
def taste(tmp_path: Path) -> Path:
    """Learned from two short recordings beside it."""
    edited = []
    for number, hz in enumerate((220.0, 330.0)):
        edited.append(tmp_path / f"song {number}.wav")
        soundfile.write(edited[-1], tone(6.0, hz), RATE_HZ, "FLOAT")
    out = tmp_path / "band.taste"
    learn(LearnRequest(tuple(edited), SlicerConfig.model_validate(SETTINGS), 1, out), SILENT)
    return out


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """20 s of which 4 to 8 s were cut, 10 to 12 s were to stay, and about 15 to 18 s nobody decided."""
    raw = tmp_path / "jam.wav"
    pieces = [tone(4, 440), tone(4, 880), tone(7, 440), tone(3, 1760), tone(2, 440)]
    soundfile.write(raw, np.concatenate(pieces), RATE_HZ, "FLOAT")
    path = tmp_path / "jam.offcut"
    imported = import_audio(ImportRequest((raw,)), SILENT)
    spans = {"a": (4, 8), "b": (10, 12), "c": (15, 18)}
    proposals = [
        Proposal(
            key, "cut", start * RATE_HZ, stop * RATE_HZ, 0.9, "Odd.", "m", payload={"crossfade_ms": 10.0}
        )
        for key, (start, stop) in spans.items()
    ]
    with Document.create(path) as document:
        document.apply(import_edit(document.state, imported))
        document.apply(replace_proposals(document.state, proposals, {}, "Proposed"))
        document.apply(decide(document.state, ["a"], Verdict.ACCEPTED))
        document.apply(decide(document.state, ["b"], Verdict.REJECTED))
    return path


@pytest.fixture
def request_of(taste: Path, project: Path, tmp_path: Path) -> Callable[..., ImproveRequest]:
    def make(**changes: object) -> ImproveRequest:
        with Document.open(project) as document:
            media = {key: Path(source.path) for key, source in document.state.sources.items()}
            decided = DecidedDocument("jam", document.state, media)
        out = tmp_path / "better.taste"
        return replace(ImproveRequest(taste, (decided,), out, new_folder(out)), **changes)

    return make


def test_it_learns_from_what_was_kept_and_hears_what_was_cut(
    request_of: Callable[..., ImproveRequest], taste: Path, tmp_path: Path
) -> None:
    before = taste.read_bytes()
    improved = improve(request_of(), SILENT)
    assert taste.read_bytes() == before
    assert improved.missing == ()
    assert (improved.kept_s, improved.cut_s) == pytest.approx((13.0, 4.0), abs=0.01)
    kept, rate_hz = soundfile.read(tmp_path / "better recordings" / "jam kept.wav")
    cut, _ = soundfile.read(tmp_path / "better recordings" / "jam cut.wav")
    assert rate_hz == RATE_HZ
    spectrum_hz = np.abs(np.fft.rfft(kept)).argmax() * rate_hz / len(kept)
    assert spectrum_hz == pytest.approx(440, abs=2)
    high = np.abs(np.fft.rfft(kept))[round(800 * len(kept) / rate_hz) :]
    assert high.max() < 0.05 * np.abs(np.fft.rfft(kept)).max(), "neither what was cut nor what is open"
    np.testing.assert_allclose(cut, tone(4, 880), atol=1e-6)
    new = load_taste(improved.path)
    assert new.kept is not None
    assert [one.path for one in new.kept.recordings] == [
        "song 0.wav",
        "song 1.wav",
        "better recordings/jam kept.wav",
    ]
    assert new.config == load_taste(taste).config


def test_what_is_asked_travels_to_another_process(request_of: Callable[..., ImproveRequest]) -> None:
    request = request_of()
    assert pickle.loads(pickle.dumps(request)) == request


def test_missing_recordings_are_told_and_left_out(
    request_of: Callable[..., ImproveRequest], tmp_path: Path
) -> None:
    (tmp_path / "song 0.wav").unlink()
    improved = improve(request_of(), SILENT)
    assert len(improved.missing) == 1
    assert "song 0.wav" in improved.missing[0]
    assert len(load_taste(improved.path).kept.recordings) == 2


def test_recordings_that_moved_are_found(request_of: Callable[..., ImproveRequest], tmp_path: Path) -> None:
    (tmp_path / "archive").mkdir()
    (tmp_path / "song 1.wav").rename(tmp_path / "archive" / "song 1.wav")
    assert improve(request_of(), SILENT).missing == ()


def test_without_a_decision_there_is_nothing_to_improve(request_of: Callable[..., ImproveRequest]) -> None:
    request = request_of()
    open_one = replace(request.documents[0], state=replace(request.documents[0].state, decisions={}))
    with pytest.raises(TasteError, match="There are no decisions in jam yet"):
        improve(replace(request, documents=(open_one,)), SILENT)
    assert not request.material.exists()


def test_the_old_taste_is_never_written_over(request_of: Callable[..., ImproveRequest], taste: Path) -> None:
    with pytest.raises(ExportError, match="never written over"):
        improve(request_of(out=taste, overwrite=True), SILENT)


def test_an_existing_file_stays_unless_asked(
    request_of: Callable[..., ImproveRequest], tmp_path: Path
) -> None:
    (tmp_path / "better.taste").write_bytes(b"precious")
    with pytest.raises(OffcutError, match="already exists"):
        improve(request_of(), SILENT)
    assert (tmp_path / "better.taste").read_bytes() == b"precious"
    assert not (tmp_path / "better recordings").exists()
    improve(request_of(overwrite=True), SILENT)
    assert new_folder(tmp_path / "better.taste").name == "better recordings 2"


def test_a_cancel_leaves_nothing_behind(request_of: Callable[..., ImproveRequest], tmp_path: Path) -> None:
    class StopsWhileLearning(ReportingProgress):
        def part(self, start: float, stop: float) -> ReportingProgress:
            if start > 0.0:
                raise Cancelled
            return super().part(start, stop)

    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(Cancelled):
        improve(request_of(), StopsWhileLearning())
    assert sorted(tmp_path.rglob("*")) == before


def test_the_verb_improves(
    taste: Path, project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "new.taste"
    words = ["learn", "--improve", str(taste), "--from", str(project), "--out", str(out), "--json"]
    assert main(words) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["taste"], told["missing"]) == (str(out), [])
    assert (told["kept_s"], told["cut_s"]) == (13.0, 4.0)
    assert load_taste(out).name == "new"


@pytest.mark.parametrize(
    "words",
    [["--improve", "a.taste"], ["--from", "a.offcut"], ["a.wav", "--improve", "t", "--from", "p"], []],
)
def test_the_verb_says_what_to_name(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["learn", *words, "--out", "t.taste"]) == 2
    assert "Name edited recordings, or --improve" in capsys.readouterr().err


def test_decisions_show_how_the_user_cuts(request_of: Callable[..., ImproveRequest], taste: Path) -> None:
    learned = load_taste(taste)
    before = CutHabits({"raw": RecordingCuts((3.0,), 0, 0, 30.0)})
    save_taste(taste, replace(learned, habits=replace(learned.habits, cuts=before)), overwrite=True)
    (document,) = request_of().documents
    beats = np.arange(0, 20 * RATE_HZ, RATE_HZ // 2)
    grid = BeatGrid(beats, np.arange(len(beats)) % 4 + 1, 120.0, 1.0, "beats")
    levels = np.where(np.arange(200) < 10, -70.0, -20.0).astype(np.float32)
    asked = replace(document.state.proposals["b"], id="d", payload={QUESTION: UNFAMILIAR})
    state = replace(
        document.state,
        proposals={**document.state.proposals, "d": asked},
        decisions={**document.state.decisions, "d": Decision("d", Verdict.REJECTED)},
    )
    analysed = replace(
        document, state=state, grid=grid, listening=Listening(loudness_db=levels, hop_samples=RATE_HZ // 10)
    )
    improved = improve(request_of(documents=(analysed,)), SILENT)
    cuts = load_taste(improved.path).habits.cuts
    (source,) = state.sources.values()
    decided = RecordingCuts((4.0,), 1, 1, 20.0)
    assert cuts == before | CutHabits({source.content_hash: decided}), "a kept question is no rejected cut"
    assert improved.cuts == cuts.sentence
