"""``offcut match``: what it prints, and what it says of files that do not belong together."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

from engine.cli.main import main
from tests.engine.features.match.test_match import RATE_HZ, music
from tests.mostly_long import mostly_long


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return half a minute of stereo."""
    path = tmp_path_factory.mktemp("raw") / "raw.wav"
    soundfile.write(path, music(11, 30.0), RATE_HZ, subtype="PCM_24")
    return path


def _said(capsys: pytest.CaptureFixture[str], *words: object) -> dict[str, object]:
    assert main(["match", *map(str, words), "--json"]) == 0
    found: dict[str, object] = json.loads(capsys.readouterr().out)
    return found


def _spans(path: Path) -> np.ndarray:
    return soundfile.read(path, dtype="float32", always_2d=True)[0]


def test_a_cut_is_read_from_the_audio(raw: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two pieces, the second one louder by 2 dB, to the sample, and what was left out between them."""
    samples, edited = _spans(raw), tmp_path / "edited.wav"
    first, second = samples[2 * RATE_HZ : 8 * RATE_HZ], samples[15 * RATE_HZ : 20 * RATE_HZ] * 10**0.1
    soundfile.write(edited, np.concatenate([first, second]), RATE_HZ, subtype="FLOAT")
    said = _said(capsys, raw, edited)
    got = [
        [one[key] for key in ("raw_start_s", "raw_stop_s", "edited_start_s", "gain_db", "crossfade_s")]
        for one in said["segments"]
    ]
    assert got == [
        [2.0, 8.0, 0.0, pytest.approx(0.0, abs=1e-3), 0.0],
        [15.0, 20.0, 6.0, pytest.approx(2.0, abs=1e-3), 0.0],
    ]
    assert all(one["raw"] == str(raw) and one["residual_db"] < -80.0 for one in said["segments"])
    assert said["unmatched"] == []
    assert said["left_out"] == [{"raw": str(raw), "spans": [[0.0, 2.0], [8.0, 15.0], [20.0, 30.0]]}]
    assert main(["match", str(raw), str(edited)]) == 0
    table = capsys.readouterr().out
    assert "+2.00 dB" in table
    assert "100.0 % of the sound" in table


def test_the_same_file_is_told(raw: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = _said(capsys, raw, raw)
    assert len(said["segments"]) == 1
    assert "as a whole" in said["verdict"]
    assert said["unmatched"] == []


def test_another_rate_and_mono_are_found(
    raw: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    edited = tmp_path / "mono48.wav"
    piece = _spans(raw)[5 * RATE_HZ : 12 * RATE_HZ].mean(axis=1)
    soundfile.write(edited, soxr.resample(piece, RATE_HZ, 32_000), 32_000, subtype="FLOAT")
    (only,) = _said(capsys, raw, edited)["segments"]
    assert only["raw_start_s"] == pytest.approx(5.0, abs=1e-3)
    assert only["residual_db"] < -40.0


@mostly_long("kind", ["silence", "another", "a click"], keep=("another",))
def test_what_is_not_made_of_it_is_told(
    raw: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    edited = tmp_path / "other.wav"
    samples = {
        "silence": np.zeros((5 * RATE_HZ, 2), np.float32),
        "another": music(99, 12.0),
        "a click": np.eye(3 * RATE_HZ, 2, dtype=np.float32),
    }[kind]
    soundfile.write(edited, samples, RATE_HZ, subtype="FLOAT")
    said = _said(capsys, raw, edited)
    assert said["segments"] == []
    assert said["unmatched"] == [[0.0, len(samples) / RATE_HZ]]
    assert "No sound of" in said["verdict"]


@pytest.mark.parametrize("frames", [0, 1, 10, RATE_HZ // 20])
def test_a_file_that_is_too_short_is_refused_in_a_sentence(
    raw: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], frames: int
) -> None:
    """One sample ended in a traceback."""
    tiny = tmp_path / "tiny.wav"
    soundfile.write(tiny, _spans(raw)[:frames], RATE_HZ, subtype="FLOAT")
    for words in ((raw, tiny), (tiny, raw), (tiny, tiny)):
        assert main(["match", *map(str, words)]) in (1, 2)
        (sentence,) = capsys.readouterr().err.strip().splitlines()
        assert "tiny.wav" in sentence


@pytest.mark.long
def test_a_second_of_it_and_more_than_all_of_it(
    raw: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    samples = _spans(raw)
    second, longer = tmp_path / "second.wav", tmp_path / "longer.wav"
    soundfile.write(second, samples[7 * RATE_HZ : 8 * RATE_HZ], RATE_HZ, subtype="FLOAT")
    (only,) = _said(capsys, raw, second)["segments"]
    assert (only["raw_start_s"], only["raw_stop_s"]) == (7.0, 8.0)
    soundfile.write(longer, np.concatenate([samples, samples]), RATE_HZ, subtype="FLOAT")
    said = _said(capsys, raw, longer)
    assert [one["raw_start_s"] for one in said["segments"]] == [0.0, 0.0]
    assert said["left_out"] == [{"raw": str(raw), "spans": []}]


def test_one_file_alone_and_missing_ones_are_refused(
    raw: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["match", str(raw)]) == 2
    assert "Only one file" in capsys.readouterr().err
    assert main(["match", str(tmp_path / "none.wav"), str(raw)]) == 1
    assert "none.wav" in capsys.readouterr().err
