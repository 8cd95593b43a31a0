"""The way from a recording to words and files, by the verbs, with a real model and a real voice."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from engine.cli.main import main
from engine.core.errors import OffcutError, UsageError
from engine.core.files.installing import HUB_VARIABLE
from engine.core.progress import SILENT
from engine.document.analysis import WORDS
from engine.document.document import Document
from engine.features.words.edges import SpokenWord
from engine.features.words.model import (
    MODEL_FILES,
    REPOSITORY,
    add_from,
    download,
    installed_model,
    require_model,
)
from engine.features.words.recogniser import Part, whole_words, without_repeats
from tests.engine.features.words.made_speech import held, room

SPOKEN = Path("speech") / "commands" / "08b22cb8-01d7-449a-923d-1597720742f0.flac"


@pytest.fixture
def recording(tmp_path: Path, data_dir: Path) -> Path:
    """The sentence after 2 s of noise and before 10 s of tones."""
    voice, rate_hz = soundfile.read(data_dir / SPOKEN, dtype="float32")
    rng = np.random.default_rng(3)
    times = np.arange(10 * rate_hz) / rate_hz
    tones = 0.1 * np.sin(2 * np.pi * np.repeat([220.0, 330.0, 262.0, 196.0, 294.0], 2 * rate_hz) * times)
    parts = [rng.normal(0, 1e-3, 2 * rate_hz), voice, np.zeros(rate_hz), tones]
    path = tmp_path / "talk.wav"
    soundfile.write(path, np.concatenate(parts), rate_hz)
    return path


def as_json(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    capsys.readouterr()
    assert main([*words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_a_sentence_becomes_words_captions_and_edits(
    recording: Path, whisper: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project, written = tmp_path / "talk.offcut", tmp_path / "talk.srt"
    assert main(["new", str(project), str(recording)]) == 0
    found = as_json(capsys, "words", str(project), "--model", str(whisper), "--srt", str(written))
    words = found["words"]
    assert found["language"] == "en"
    assert len(words) >= 4
    stop_s = 2.0 + soundfile.info(str(recording)).duration - 13.0
    assert all(1.9 <= one["start_s"] <= one["stop_s"] <= stop_s + 0.1 for one in words), "none over tones"
    assert "-->" in written.read_text()
    assert main(["words", str(project), "--srt", str(written)]) == 1, "the file is there"
    again = as_json(capsys, "words", str(project))
    assert again["words"] == words, "the stored transcript"

    phrase = " ".join(one["text"] for one in words[1:3])
    cut = as_json(capsys, "edit", str(project), "cut", "--words", phrase)
    span = words[1]["start_s"], words[2]["stop_s"]
    assert (cut["start_s"], cut["stop_s"]) == pytest.approx(span, abs=1e-3)
    result = as_json(capsys, "words", str(project), "--result")["words"]
    assert [one["text"] for one in result] == [one["text"] for one in (words[0], *words[3:])]
    assert result[1]["start_s"] == pytest.approx(words[3]["start_s"] - (span[1] - span[0]), abs=0.01)
    assert main(["edit", str(project), "cut", "--words", "no such words"]) == 2

    assert main(["words", str(project), "--subtitles", str(written)]) == 0
    with Document.open(project) as document:
        imported = document.analysis(WORDS)
        assert list(imported.texts) == [one["text"] for one in words]  # type: ignore[union-attr]


def test_a_sentence_said_again_and_a_hesitation_are_proposed_as_cuts(
    whisper: Path, data_dir: Path, tmp_path: Path
) -> None:
    voice, rate_hz = soundfile.read(data_dir / SPOKEN, dtype="float32")
    loud = np.flatnonzero(np.abs(voice) > 0.02)
    voice, pause = voice[loud[0] : loud[-1]], room(0.8)
    um = 3.0 * held(0.4) + room(0.4)
    path, project = tmp_path / "talk.wav", tmp_path / "talk.offcut"
    soundfile.write(path, np.concatenate([pause, voice, pause, voice, pause, um, pause, pause]), rate_hz)
    again_s = 1.6 + len(voice) / rate_hz
    um_s = again_s + 0.8 + len(voice) / rate_hz
    assert main(["new", str(project), str(path)]) == 0
    assert main(["words", str(project), "--model", str(whisper)]) == 0
    assert main(["propose", str(project), "retakes"]) == 0
    with Document.open(project) as document:
        [retake] = document.state.proposals.values()
    found_s = retake.start_samples / rate_hz, retake.stop_samples / rate_hz
    assert found_s == pytest.approx((0.8, again_s), abs=0.1)
    assert main(["propose", str(project), "fillers"]) == 0
    with Document.open(project) as document:
        [filler] = [one for one in document.state.proposals.values() if one.id != retake.id]
    assert filler.start_samples <= (um_s + 0.02) * rate_hz < (um_s + 0.38) * rate_hz <= filler.stop_samples


def test_silence_and_tones_have_no_words(
    whisper: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    times = np.arange(8 * 16_000) / 16_000
    for name, samples in (("silence", 0.0 * times), ("hum", 0.2 * np.sin(2 * np.pi * 50 * times))):
        soundfile.write(tmp_path / f"{name}.wav", samples, 16_000)
        found = as_json(capsys, "words", str(tmp_path / f"{name}.wav"), "--model", str(whisper))
        assert found["words"] == []


def test_subtitles_of_a_longer_recording_are_refused(recording: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.srt"
    other.write_text("1\n01:00:00,000 --> 01:00:02,000\nHello there\n", encoding="utf-8")
    assert main(["words", str(recording), "--subtitles", str(other)]) == 2
    other.write_text("nothing", encoding="utf-8")
    assert main(["words", str(recording), "--subtitles", str(other)]) == 2
    assert main(["words", str(recording), "--subtitles", str(other), "--language", "en"]) == 2


def test_without_the_recogniser_the_verb_says_how_to_add_it(
    recording: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "faster_whisper", None)
    capsys.readouterr()
    assert main(["words", str(recording)]) == 2
    [line] = capsys.readouterr().err.splitlines()
    assert "offcut[words]" in line


def test_a_model_is_copied_once_and_found(whisper: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        require_model()
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError):
        add_from(tmp_path / "empty", SILENT)
    assert installed_model() is None
    folder = add_from(whisper, SILENT)
    assert require_model() == folder
    assert all((folder / name).stat().st_size == (whisper / name).stat().st_size for name in MODEL_FILES)


class _Hub(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Print nothing."""


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A hub on this machine that has the tree of the model, and none of its files yet."""
    root = tmp_path / "hub"
    listing = root / "api" / "models" / REPOSITORY / "tree"
    files = root / REPOSITORY / "resolve" / "main"
    for folder in (listing, files):
        folder.mkdir(parents=True)
    rows = [{"path": name} for name in MODEL_FILES[1:]] + [{"path": "model.bin", "lfs": {"oid": "0" * 64}}]
    (listing / "main").write_text(json.dumps(rows), encoding="utf-8")
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Hub, directory=str(root))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        monkeypatch.setenv(HUB_VARIABLE, f"http://127.0.0.1:{server.server_port}")
        yield files
        server.shutdown()
        thread.join()


def test_a_download_that_is_missing_or_another_file_leaves_nothing_behind(hub: Path) -> None:
    with pytest.raises(OffcutError):
        download(SILENT)
    for name in MODEL_FILES:
        (hub / name).write_bytes(b"{}")
    with pytest.raises(OffcutError, match="checksum"):
        download(SILENT)
    assert installed_model() is None


def test_phrases_that_a_recogniser_repeats_without_end_are_left_out() -> None:
    words = [SpokenWord(text, 0.0, 1.0, 1.0) for text in ("so", *("thank you " * 9).split(), "bye")]
    texts = [one.text for one in without_repeats(words)]
    assert texts == ["so", *("thank you " * 3).split(), "bye"]


def test_parts_without_a_space_are_one_word() -> None:
    parts = [
        Part(0.0, 0.4, " full", 0.9),
        Part(0.4, 0.8, "-time", 0.6),
        Part(0.8, 1.2, " jobs.", 0.8),
        Part(2.5, 2.9, " late", 0.8),
    ]
    [one, two] = whole_words(parts, 1.0)
    assert (one.text, one.stop_s, one.probability) == ("full-time", 0.8, 0.6)
    assert (two.text, two.stop_s) == ("jobs.", 1.0)
    japanese = [Part(0.0, 0.3, "今日", 0.9), Part(0.3, 0.5, "は", 0.9)]
    assert [word.text for word in whole_words(japanese, 1.0)] == ["今日", "は"]
