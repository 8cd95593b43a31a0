"""Broken and odd recordings as recorders, phones, cameras and consoles leave them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest

from desktop.shell.dialogs.questions import audio_files_filter
from engine.core.build import module_command
from engine.core.progress import SILENT
from engine.recordings.import_audio import ImportRequest, import_audio
from engine.sound.reader import SourceReader, probe

WHOLE_S = [
    ("05-wav-unfinalised-data-0/battery died.wav", 6.0, "states no length"),
    ("05-wav-unfinalised-data-0/mic.wav", 6.0, "states no length"),
    ("05-wav-unfinalised-data-0/streamed ffffffff.wav", 6.0, "states no length"),
    ("h12-wav-length-0/recorder-died.wav", 24_992 / 48_000, "states no length"),
    ("21-qta-voice-memo/AAC first.qta", 5.0, "does not decode track 2"),
    ("21-qta-voice-memo/New Recording 3.qta", 5.0, "does not decode track 1"),
    ("34-camera-and-console-containers/00012.MTS", 4.0, ""),
    ("34-camera-and-console-containers/Clip0001.MXF", 2.0, ""),
    ("34-camera-and-console-containers/song.mogg", 4.0, ""),
    ("34-camera-and-console-containers/dictaphone gsm.wav", 4.0, ""),
    ("34-camera-and-console-containers/dictaphone ima.wav", 4.082, ""),
    ("34-camera-and-console-containers/mp3 in wav.wav", 4.023, ""),
    ("41-streams-without-length/chained.ogg", 11.0, ""),
    ("41-streams-without-length/vbr without xing.mp3", 6.06, ""),
    ("41-streams-without-length/two rates.mp3", 6.1, "changes its rate"),
    ("41-streams-without-length/streamed without total.flac", 6.0, ""),
    ("41-streams-without-length/fragmented.m4a", 6.046, ""),
    ("41-streams-without-length/fragmented cut.m4a", 6.046, ""),
    ("41-streams-without-length/PTT-20261103-WA0007.opus", 6.0, ""),
    ("41-streams-without-length/adts.aac", 6.084, ""),
]


@pytest.mark.parametrize(("name", "length_s", "words"), WHOLE_S)
def test_it_is_read_whole_and_what_is_odd_is_said_once(
    inputs: Path, name: str, length_s: float, words: str
) -> None:
    path = inputs / name
    info = probe(path)
    assert info.frames / info.rate_hz == pytest.approx(length_s, abs=0.05)
    imported = import_audio(ImportRequest((path,)), SILENT)
    said = " ".join(imported.warnings)
    assert (said.count(words) == 1) if words else not said
    with SourceReader(path) as reader:
        samples = np.concatenate(list(reader.blocks(1 << 16)))
    assert len(samples) == info.frames
    assert np.abs(samples[-info.rate_hz // 2 :]).max() > 0.001, "there is sound up to the end"


def test_a_flipped_bit_of_flac_is_silent_and_its_place_is_named(inputs: Path) -> None:
    path = inputs / "h13-flac-one-bit" / "fb.flac"
    (warning,) = import_audio(ImportRequest((path,)), SILENT).warnings
    assert "4,096 samples" in warning
    assert "0:00.768" in warning
    with SourceReader(path) as reader:
        assert not reader.read(36_864, 40_960).any()
        assert reader.read(30_000, 36_864).any()
        assert reader.read(40_960, 50_000).any()
        assert (reader.bad_samples, reader.first_bad_samples) == (4_096, 36_864)


def test_a_resampled_flac_names_the_same_place(inputs: Path) -> None:
    path = inputs / "h13-flac-one-bit" / "fb.flac"
    (warning,) = import_audio(ImportRequest((path,), rate_hz=44_100), SILENT).warnings
    assert "0:00.768" in warning


def test_no_line_of_a_library_reaches_standard_error(inputs: Path, tmp_path: Path) -> None:
    streams = inputs / "41-streams-without-length"
    damaged = tmp_path / "damaged.mp3"
    data = bytearray((streams / "vbr without xing.mp3").read_bytes())
    for place in range(2_000, len(data) - 500, 900):
        data[place] ^= 0x55
    damaged.write_bytes(data)
    command = module_command("desktop.launch", "new", str(tmp_path / "d.offcut"), str(damaged))
    command += [str(streams / "two rates.mp3"), str(inputs / "h13-flac-one-bit" / "fb.flac")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    assert "libmpg123" not in said
    assert "Illegal" not in said
    assert "resync" not in said


def test_each_notice_comes_once_by_the_name_that_the_user_gave(
    inputs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = bytearray((inputs / "41-streams-without-length" / "vbr without xing.mp3").read_bytes())
    middle = len(data) // 2
    del data[middle : middle + 77]
    (tmp_path / "take.mp3").write_bytes(data)
    flac = (inputs / "h13-flac-one-bit" / "fb.flac").read_bytes()
    (tmp_path / "fb.flac").write_bytes(flac)
    monkeypatch.chdir(tmp_path)
    names = ("take.mp3", "fb.flac")
    warnings = import_audio(ImportRequest(tuple(map(Path, names)), rate_hz=44_100), SILENT).warnings
    assert [sum(one.startswith(name) for one in warnings) for name in names] == [1, 1]
    assert len(warnings) == len(names)


@pytest.mark.parametrize("suffix", [".qta", ".mts", ".m2ts", ".mxf", ".mogg"])
def test_dialogs_offer_it(suffix: str) -> None:
    assert f"*{suffix}" in audio_files_filter()
