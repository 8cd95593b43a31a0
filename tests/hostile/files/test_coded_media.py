"""Damaged files of the formats that FFmpeg reads: one sentence, or what is readable and a notice."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.cli.main import main
from engine.core.errors import SourceError
from engine.core.progress import SILENT
from engine.recordings.import_audio import ImportRequest, import_audio
from engine.sound.conform import conformed_path
from engine.sound.decoders.decoder import Decoder
from engine.sound.decoders.pyav import PYAV
from engine.sound.decoders.registry import AUDIO_SUFFIXES
from engine.sound.reader import SourceReader, probe
from tests.engine.sound.decoders.conftest import DECODERS, decoded, music, written
from tests.sources import source_of

RATE_HZ = 44_100
FRAMES = 90_000
FILES = [
    (".m4a", "alac", "s16", None),
    (".m4a", "aac", "flt", None),
    (".mka", "flac", "s16", "matroska"),
    (".webm", "libopus", "flt", None),
    (".aac", "aac", "flt", "adts"),
    (".wv", "wavpack", "s16", None),
    (".tta", "tta", "s16", None),
    (".wma", "wmav2", "flt", None),
    (".caf", "alac", "s16", None),
    (".ac3", "ac3", "flt", None),
    (".oga", "flac", "s16", "ogg"),
    (".wav", "libmp3lame", "flt", None),
]


def made(folder: Path, file: tuple[str, str, str, str | None]) -> Path:
    suffix, codec, form, container = file
    rate_hz = 48_000 if codec == "libopus" else RATE_HZ
    audio = music(FRAMES, rate_hz)
    return written(folder / f"take{suffix}", codec, [audio], rate_hz, form=form, container=container)


def named(file: tuple[str, ...]) -> str:
    return f"{file[1]}{file[0]}"


def require_one_sentence(error: SourceError, path: Path) -> None:
    text = str(error)
    assert str(path) in text
    assert text.endswith(".")
    assert "\n" not in text


@pytest.mark.parametrize("file", FILES, ids=named)
def test_a_file_that_is_cut_short_is_read_as_far_as_it_goes_or_refused(
    tmp_path: Path, file: tuple[str, str, str, str | None], capfd: pytest.CaptureFixture[str]
) -> None:
    path = made(tmp_path, file)
    with SourceReader(path) as reader:
        whole = reader.read(0, reader.frames)
    data = path.read_bytes()
    path.write_bytes(data[: 6 * len(data) // 10])
    if file[0] in (".m4a", ".caf"):  # the index is at the end
        with pytest.raises(SourceError, match="begins as") as caught:
            probe(path)
        require_one_sentence(caught.value, path)
    else:
        info = probe(path)
        assert 0.4 * len(whole) < info.frames < 0.75 * len(whole)
        with SourceReader(path) as reader:
            there = reader.read(0, reader.frames)
        sure = info.frames - 2 * 46_080 if file[1] in ("tta", "wavpack") else info.frames - 8_192
        np.testing.assert_array_equal(there[: max(0, sure)], whole[: max(0, sure)])
        # Bare frames do not give their length.
        assert bool(info.warning) == (file[0] not in (".aac", ".ac3"))
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("decoder", DECODERS)
@pytest.mark.parametrize("suffix", [".m4a", ".mka"])
def test_packets_that_do_not_decode_are_silent_and_told(
    tmp_path: Path, suffix: str, decoder: Decoder
) -> None:
    audio = music(FRAMES, RATE_HZ)
    path = written(tmp_path / f"take{suffix}", "alac", [audio], RATE_HZ, form="s16")
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 3_000] = b"\xff" * 3_000
    path.write_bytes(data)
    stream, samples = decoded(path, decoder)
    assert stream.notice or stream.promised_frames - stream.frames > stream.tolerance_frames
    if decoder is PYAV and suffix == ".m4a":  # ffmpeg leaves it out, Matroska ends there
        assert stream.frames == FRAMES
        differs = np.flatnonzero((samples != audio.astype(np.float32)).any(axis=1))
        assert 0 < len(differs) <= 5 * 4_096
        assert differs[-1] - differs[0] < 5 * 4_096


def test_an_import_tells_of_packets_that_do_not_decode(tmp_path: Path) -> None:
    path = written(tmp_path / "take.m4a", "alac", [music(FRAMES, RATE_HZ)], RATE_HZ, form="s16")
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 3_000] = b"\xff" * 3_000
    path.write_bytes(data)
    imported = import_audio(ImportRequest((path,)), SILENT)
    assert imported.sources[0].frames == FRAMES
    (warning,) = imported.warnings
    assert "packet" in warning


@pytest.mark.parametrize("file", FILES, ids=named)
def test_mutations_are_read_or_refused_and_nothing_else(
    tmp_path: Path,
    file: tuple[str, str, str, str | None],
    capfd: pytest.CaptureFixture[str],
    pytestconfig: pytest.Config,
) -> None:
    data = made(tmp_path, file).read_bytes()
    rng = np.random.default_rng(len(data))
    path = tmp_path / f"mutated{file[0]}"
    for _ in range(60 if pytestconfig.getoption("--long") else 15):
        mutated = bytearray(data)
        for place in rng.integers(0, len(data) if rng.random() < 0.5 else 600, 8).tolist():
            mutated[place] = int(rng.integers(0, 256))
        path.write_bytes(mutated)
        try:
            info = probe(path)
            with SourceReader(path) as reader:
                assert len(reader.read(0, min(reader.frames, 1 << 20))) == min(info.frames, 1 << 20)
        except SourceError as error:
            require_one_sentence(error, path)
    assert capfd.readouterr() == ("", "")


def test_nothing_half_made_is_left_where_a_file_is_refused(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = made(tmp_path, FILES[0])
    path.write_bytes(path.read_bytes()[:20_000])
    before = sorted(tmp_path.iterdir())
    assert main(["new", str(tmp_path / "a.offcut"), str(path)]) == 1
    assert sorted(tmp_path.iterdir()) == before
    said = capfd.readouterr()
    assert said.out == ""
    assert len(said.err.splitlines()) == 1


@pytest.mark.parametrize("file", FILES, ids=named)
def test_without_ffmpeg_the_format_and_the_remedy_are_named(
    tmp_path: Path, file: tuple[str, str, str, str | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = made(tmp_path, file)
    monkeypatch.setitem(sys.modules, "av", None)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(SourceError, match="install") as caught:
        probe(path)
    require_one_sentence(caught.value, path)
    assert "ffmpeg" in str(caught.value)


def test_an_mp3_inside_a_wav_is_read_to_its_end(tmp_path: Path) -> None:
    path = made(tmp_path, FILES[-1])
    info = probe(path)
    assert (info.container, info.subtype, info.warning) == ("wav", "MP3", "")
    assert FRAMES <= info.frames <= FRAMES + 3 * 1_152
    found = soundfile.read(conformed_path(source_of(path), RATE_HZ), dtype="float32")[0]
    # 1,105 samples of the coder are in front; WAV has no place to say so.
    expected = music(FRAMES, RATE_HZ)
    assert np.corrcoef(found[1_105 : 1_105 + 80_000, 0], expected[:80_000, 0])[0, 1] > 0.98


def test_every_suffix_is_lower_case_and_offered() -> None:
    wanted = ".m4a .aac .mp4 .mov .webm .mka .mkv .wma .amr .ac3 .wv .ape .tta .oga .caf .au .wav"
    assert set(wanted.split()) < AUDIO_SUFFIXES
    assert all(suffix == suffix.lower() for suffix in AUDIO_SUFFIXES)
