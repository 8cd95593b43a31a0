"""``offcut separate`` and ``offcut detect``: what they change, what they leave, and what they refuse."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.cli.main import main
from tests.engine.barking import DOG, barking

RATE_HZ = 48_000


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory, data_dir: Path) -> Path:
    """Return eight seconds of stereo noise in which a dog barks from second 3 to 4, 16 bits at 48 kHz."""
    samples = barking(data_dir, RATE_HZ)
    path = tmp_path_factory.mktemp("talk") / "talk.wav"
    soundfile.write(path, samples, RATE_HZ, subtype="PCM_16")
    return path


def _refusal(capsys: pytest.CaptureFixture[str], verb: str, *words: object, status: int = 2) -> str:
    assert main([verb, *map(str, words)]) == status
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith(f"offcut {verb}: ")
    assert printed.err.count("\n") == 1
    return printed.err


@pytest.mark.parametrize("separator", ["network", "subtraction", "nmf"])
def test_only_the_windows_of_a_recording_change(
    recording: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], separator: str
) -> None:
    """Rate, channels and bits stay; all samples outside of both windows are the same."""
    out = tmp_path / "out.wav"
    windows = ("--window", 2.9, 4.1, "--window", 6, 6.5)
    words = ("--text", "dog", *windows, "--separator", separator, "--out", out, "--json")
    assert main(["separate", *map(str, (recording, *words))]) == 0, capsys.readouterr().err
    said = json.loads(capsys.readouterr().out)
    assert said["windows_s"] == [[2.9, 4.1], [6.0, 6.5]]
    assert soundfile.info(out).subtype == "PCM_16"
    before, after = (soundfile.read(path, dtype="int16")[0] for path in (recording, out))
    assert before.shape == after.shape
    outside = np.ones(len(before), bool)
    for start_s, stop_s in said["windows_s"]:
        outside[round(start_s * RATE_HZ) : round(stop_s * RATE_HZ)] = False
    np.testing.assert_array_equal(after[outside], before[outside])
    assert np.any(after[~outside] != before[~outside])
    levels = [10 * np.log10(np.mean(np.square(each[~outside] / 2**15))) for each in (before, after)]
    assert (said["rms_before_dbfs"], said["rms_after_dbfs"]) == pytest.approx(levels, abs=0.05)
    assert said["lowered_db"] >= 0.0
    assert said["probability"] > 0.8


def test_a_sound_can_be_meant_by_an_example(recording: Path, tmp_path: Path) -> None:
    """What sounds like a marked stretch, without words."""
    out = tmp_path / "out.flac"
    words = (recording, "--like", 3.0, 3.8, "--window", 3, 4, "--out", out)
    assert main(["separate", *map(str, words)]) == 0
    assert soundfile.info(out).frames == 8 * RATE_HZ


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--text", "", "--window", 1, 2), "No sound is named"),
        (("--text", "x" * 10_000, "--window", 1, 2), "10,000 characters"),
        (("--text", "dog", "--window", 2, 1), "ends before it begins"),
        (("--text", "dog", "--window", 1, 1), "ends before it begins"),
        (("--text", "dog", "--window", 7, 9), "exceeds the recording, which is from 0 to 8 s"),
        (("--text", "dog", "--window", -1, 2), "exceeds the recording"),
        (("--text", "dog", "--window", 1, 2, "--separator", "magic"), "no separator"),
        (("--text", "dog", "--window", 1, 2, "--like", 5, 4), "ends before it begins"),
        (("--text", "xqzzt flurb", "--window", 3, 4), "'xqzzt flurb'"),
        (("--text", "dgo barking", "--window", 3, 4), "known names are dog,"),
        (("--text", "mortgage", "--window", 3, 4), "'mortgage'"),
        (("--text", "xqzzt", "--window", 3, 4, "--separator", "nmf"), "'xqzzt'"),
        (("--text", "church bells", "--window", 3, 4), "was not found in the window (probability "),
        (("--text", "siren", "--window", 3, 4), "was not found in the window (probability "),
    ],
)
def test_what_cannot_be_meant_is_refused(
    recording: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], words: tuple[object, ...], said: str
) -> None:
    """In one sentence, and nothing is written."""
    out = tmp_path / "out.wav"
    assert said in _refusal(capsys, "separate", recording, *words, "--out", out)
    assert not out.exists()


def test_weights_that_are_none_are_refused(
    recording: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whether they are missing or of something else."""
    words = (recording, "--text", "dog", "--window", 1, 2, "--out", tmp_path / "out.wav", "--separator")
    missing = tmp_path / "none.safetensors"
    assert "is missing" in _refusal(capsys, "separate", *words, missing, status=1)
    missing.write_bytes(b"no weights")
    (tmp_path / "sounds.safetensors").write_bytes(b"none either")
    assert "is damaged" in _refusal(capsys, "separate", *words, missing, status=1)


def test_silence_stays_silence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A word for it is refused; whatever is new in it is nothing."""
    path, out = tmp_path / "silence.wav", tmp_path / "out.wav"
    soundfile.write(path, np.zeros((RATE_HZ, 1), np.float32), RATE_HZ, subtype="FLOAT")
    words = (path, "--window", 0, 1, "--out", out)
    assert "was not found" in _refusal(capsys, "separate", *words, "--text", "dog")
    assert not out.exists()
    assert main(["separate", *map(str, words)]) == 0
    assert not soundfile.read(out)[0].any()
    assert main(["detect", str(path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1]) == {"labels": []}


def test_what_sounds_is_told_in_words(
    recording: Path, data_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of a whole file, of a window, and of words that are given; the likeliest first."""
    assert main(["detect", str(data_dir / "esc50" / "audio" / DOG), "--json"]) == 0
    labels = json.loads(capsys.readouterr().out)["labels"]
    assert len(labels) == 50
    assert "dog" in [label["text"] for label in labels[:3]]
    assert (
        main(["detect", str(recording), "--window", "3", "4", "--text", "dog", "--text", "rain", "--json"])
        == 0
    )
    labels = json.loads(capsys.readouterr().out)["labels"]
    assert [label["text"] for label in labels] == ["dog", "rain"]
    assert "'xqzzt'" in _refusal(capsys, "detect", recording, "--text", "xqzzt")
    assert "exceeds the recording" in _refusal(capsys, "detect", recording, "--window", 3, 40)
