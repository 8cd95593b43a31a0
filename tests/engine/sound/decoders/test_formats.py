"""Formats that FFmpeg reads: the same samples by PyAV, by the programs, whole, in blocks and after seeks."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.cli.main import main
from engine.core.errors import SourceError
from engine.sound.conform import conformed_path
from engine.sound.decoders.decoder import Decoder
from engine.sound.decoders.forward import Decoded, KnownLengths
from engine.sound.decoders.pyav import PYAV
from engine.sound.reader import SourceReader, content_hash, probe
from tests.engine.sound.decoders.conftest import DECODERS, decoded, music, written
from tests.sources import source_of

SECONDS = 1.9  # at 48 kHz more than one chunk of the reader


@dataclass(frozen=True)
class Made:
    """How a file is written, and what is known of it."""

    suffix: str
    codec: str
    subtype: str
    rate_hz: int = 48_000
    channels: int = 2
    form: str = "flt"
    container: str | None = None
    delay_samples: int = 0

    @property
    def frames(self) -> int:
        return round(SECONDS * self.rate_hz)

    def write(self, folder: Path) -> tuple[Path, np.ndarray]:
        audio = music(self.frames, self.rate_hz, self.channels)
        path = folder / f"a{self.suffix}"
        return written(
            path, self.codec, [audio], self.rate_hz, form=self.form, container=self.container
        ), audio


LOSSLESS = [
    Made(".m4a", "alac", "PCM_16", 44_100, form="s16"),
    Made(".m4a", "alac", "PCM_24", 96_000, form="s32"),
    Made(".caf", "alac", "PCM_16", form="s16"),
    Made(".oga", "flac", "PCM_16", form="s16", container="ogg"),
    Made(".mkv", "flac", "PCM_16", form="s16", container="matroska"),
    Made(".wv", "wavpack", "PCM_16", 44_100, form="s16"),
    Made(".tta", "tta", "PCM_16", 32_000, form="s16"),
    Made(".mov", "pcm_s24le", "PCM_24", form="s32"),
    Made(".mov", "pcm_s16le", "PCM_16", 8_000, 8, form="s16"),
    Made(".avi", "pcm_s16le", "PCM_16", 44_100, form="s16"),
    Made(".flv", "pcm_s16le", "PCM_16", 44_100, form="s16"),
]
LOSSY = [
    Made(".m4a", "aac", "AAC", 44_100, delay_samples=1_024),
    Made(".mp4", "aac", "AAC", 48_000, 6, delay_samples=1_024),
    Made(".mp4", "eac3", "EAC3", delay_samples=256),
    Made(".webm", "libopus", "OPUS", delay_samples=312),
    Made(".aac", "aac", "AAC", 44_100, 1, container="adts"),
    Made(".ac3", "ac3", "AC3", 48_000, 6),
    Made(".wma", "wmav2", "WMAV2", 44_100),
    Made(".amr", "libopencore_amrnb", "AMRNB", 8_000, 1, form="s16"),
    Made(".wav", "libmp3lame", "MP3", 44_100),
    Made(".avi", "libmp3lame", "MP3", 44_100),
    Made(".flv", "aac", "AAC", 44_100),
    Made(".3gp", "libopencore_amrnb", "AMRNB", 8_000, 1, form="s16"),
]


def named(made: Made) -> str:
    return f"{made.codec}{made.suffix}"


@pytest.mark.parametrize("decoder", DECODERS)
@pytest.mark.parametrize("made", LOSSLESS, ids=named)
def test_lossless_files_give_the_samples_that_were_written(
    tmp_path: Path, made: Made, decoder: Decoder
) -> None:
    path, audio = made.write(tmp_path)
    stream, samples = decoded(path, decoder)
    assert (stream.rate_hz, stream.subtype, stream.notice) == (made.rate_hz, made.subtype, "")
    assert stream.frames == made.frames
    assert stream.promised_frames - stream.frames <= stream.tolerance_frames
    np.testing.assert_array_equal(samples, audio.astype(np.float32))


@pytest.mark.parametrize("decoder", DECODERS)
@pytest.mark.parametrize("made", [one for one in LOSSY if one.delay_samples], ids=named)
def test_the_delay_of_the_encoder_is_left_out(tmp_path: Path, made: Made, decoder: Decoder) -> None:
    path, audio = made.write(tmp_path)
    stream, samples = decoded(path, decoder)
    # E-AC-3 does not mark its padding; ffmpeg before 6 shortens the last packet to a thousandth of a second.
    longest = made.frames + (1_536 if made.codec == "eac3" else 0)
    assert made.frames - 2 * made.rate_hz // 1_000 <= stream.frames <= longest
    assert stream.delay_samples == made.delay_samples
    overlap = min(len(samples), made.frames)
    spectra = [np.fft.rfft(one[:overlap, 0], 2 * overlap) for one in (samples, audio)]
    lags = np.fft.irfft(spectra[0] * spectra[1].conj())
    assert np.argmax(lags) == 0


@pytest.mark.parametrize("made", LOSSY, ids=named)
def test_both_decoders_give_the_same(tmp_path: Path, made: Made) -> None:
    path, _ = made.write(tmp_path)
    found, samples = decoded(path, PYAV)
    assert (found.rate_hz, found.channels, found.subtype) == (made.rate_hz, made.channels, made.subtype)
    if DECODERS[1].marks[0].args[0]:
        pytest.skip("no ffmpeg here")
    other, others = decoded(path, DECODERS[1].values[0])
    for name in ("rate_hz", "channels", "container", "subtype", "delay_samples", "seeks_exactly"):
        assert getattr(found, name) == getattr(other, name)
    assert abs(found.frames - other.frames) <= (made.rate_hz // 1_000 if found.container == "mov" else 0)
    common = min(found.frames, other.frames)
    np.testing.assert_allclose(samples[:common], others[:common], atol=1e-6)


@pytest.mark.parametrize("made", [LOSSLESS[0], *LOSSY], ids=named)
def test_a_sample_never_depends_on_how_it_is_reached(tmp_path: Path, made: Made) -> None:
    path, _ = made.write(tmp_path)
    with SourceReader(path) as reader:
        assert not reader.seeks_exactly
        whole = reader.read(0, reader.frames)
        rng = np.random.default_rng(3)
        for start in rng.integers(0, reader.frames, 6).tolist():
            stop = min(reader.frames, start + int(rng.integers(1, 5_000)))
            np.testing.assert_array_equal(reader.read(start, stop), whole[start:stop])
        np.testing.assert_array_equal(np.concatenate(list(reader.blocks(4_801))), whole)
    conformed = conformed_path(source_of(path), made.rate_hz)
    assert conformed != path
    np.testing.assert_array_equal(soundfile.read(conformed, dtype="float32", always_2d=True)[0], whole)


def test_the_delay_of_aac_in_matroska_is_left_out(tmp_path: Path) -> None:
    """By PyAV; the program ffmpeg 5 leaves it in."""
    audio = music(44_100, 22_050)
    path = written(tmp_path / "a.mka", "aac", [audio], 22_050, form="flt")
    stream, samples = decoded(path, PYAV)
    assert 44_100 <= stream.frames < 44_100 + 1_024
    assert stream.delay_samples == pytest.approx(1_024, abs=22)
    assert np.corrcoef(samples[:44_100, 0], audio[:, 0])[0, 1] > 0.98


@pytest.mark.parametrize("decoder", DECODERS)
def test_the_edit_list_ends_the_sound(tmp_path: Path, decoder: Decoder) -> None:
    audio = music(60_000, 44_100)
    path = written(
        tmp_path / "a.m4a", "aac", [audio], 44_100, form="flt", options={"movie_timescale": "44100"}
    )
    data = bytearray(path.read_bytes())
    place = data.index(b"elst") + 12
    assert struct.unpack_from(">II", data, place) == (60_000, 1_024)
    struct.pack_into(">I", data, place, 59_711)
    path.write_bytes(data)
    assert decoded(path, decoder)[0].frames == 59_711


@pytest.mark.parametrize("decoder", DECODERS)
@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".mov"])
def test_a_video_of_variable_frame_rate_gives_its_sound(
    tmp_path: Path, suffix: str, decoder: Decoder
) -> None:
    audio, times_s = music(72_000, 48_000), (0.0, 0.04, 0.05, 0.4, 0.41, 1.3)
    path = written(tmp_path / f"a{suffix}", "alac", [audio], 48_000, form="s16", video_times_s=times_s)
    stream, samples = decoded(path, decoder)
    assert (stream.frames, stream.notice) == (72_000, "")
    np.testing.assert_array_equal(samples, audio.astype(np.float32))


@pytest.mark.parametrize("decoder", DECODERS)
def test_the_first_of_several_tracks_is_read_and_the_others_are_named(
    tmp_path: Path, decoder: Decoder
) -> None:
    tracks = [music(40_000, 48_000), music(30_000, 48_000, 1)]
    path = written(tmp_path / "a.mkv", "flac", tracks, 48_000, form="s16", video_times_s=(0.0, 0.04))
    for number, audio in enumerate(tracks, start=1):
        stream, samples = decoded(path, decoder, number)
        np.testing.assert_array_equal(samples, audio.astype(np.float32))
        assert f"a.mkv#{3 - number}" in stream.notice
    for number in (3, 99):
        with pytest.raises(SourceError, match=str(number)):
            decoder.open(path, number)


@pytest.mark.parametrize("decoder", DECODERS)
def test_a_video_without_sound_is_refused(tmp_path: Path, decoder: Decoder) -> None:
    path = written(tmp_path / "a.mp4", "aac", [], 48_000, video_times_s=(0.0, 0.04))
    with pytest.raises(SourceError, match="no audio track"):
        decoder.open(path, 1)


def test_a_name_does_not_decide(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path, audio = LOSSLESS[0].write(tmp_path)
    for suffix in (".mp3", ".wav", ".txt"):
        other = path.rename(path.with_suffix(suffix))
        assert (probe(other).container, probe(other).frames) == ("mov", len(audio))
        path = other
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "content", [b"Dear diary, " * 9_000, bytes(70_000), b"ID3\3\0\0\0\0\0\x0a" + b"?" * 900]
)
def test_a_name_alone_makes_no_mp3_and_writes_nothing_to_stderr(
    tmp_path: Path, content: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "wrongname.mp3"
    path.write_bytes(content)
    with pytest.raises(SourceError, match="is not audio that Offcut can read"):
        probe(path)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("kbit", [b"\xff\xfb", b"\xff\xf3"])
def test_a_real_mp3_behind_rubbish_is_still_read(tmp_path: Path, kbit: bytes) -> None:
    rate_hz = 48_000 if kbit == b"\xff\xfb" else 22_050
    soundfile.write(tmp_path / "a.mp3", music(50_000, rate_hz), rate_hz, "MPEG_LAYER_III", format="MP3")
    data = (tmp_path / "a.mp3").read_bytes()
    assert kbit in data
    (tmp_path / "b.mp3").write_bytes(bytes(700) + data)
    assert probe(tmp_path / "b.mp3").container == "MP3"


def test_a_track_is_named_behind_its_file_and_goes_through_document_and_export(tmp_path: Path) -> None:
    tracks = [music(40_000, 48_000), music(30_000, 48_000, 1)]
    film, project = tmp_path / "film.mkv", tmp_path / "a.offcut"
    written(film, "flac", tracks, 48_000, form="s16", video_times_s=(0.0, 0.04))
    second = tmp_path / "film.mkv#2"
    assert content_hash(second) != content_hash(film)
    assert main(["new", str(project), str(film), str(second)]) == 0
    stems = tmp_path / "stems"
    stems.mkdir()
    assert main(["export", str(project), "--out", str(stems / "mix.wav"), "--stems"]) == 0
    for path, audio in zip(sorted(stems.iterdir()), tracks, strict=True):
        samples = soundfile.read(path, dtype="float64", always_2d=True)[0]
        np.testing.assert_array_equal(samples[: len(audio)], audio)
        assert not samples[len(audio) :].any()
    assert main(["export", str(project), "--out", str(tmp_path / "a.rpp")]) == 0
    assert "mkv#2" not in (tmp_path / "a.rpp").read_text()


def test_a_file_whose_name_ends_with_a_number_is_that_file(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "song.wav", music(100, 8_000), 8_000)
    path = tmp_path / "song.wav#2"
    soundfile.write(path, music(70, 8_000), 8_000, format="WAV")
    assert probe(path).frames == 70
    path.unlink()
    with pytest.raises(SourceError):
        probe(tmp_path / "other.wav#2")


def test_bytes_of_an_mpeg_frame_make_no_mp3_of_an_mp4_file(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """As they occur in coded sound; libmpg123 would search, and write that it gave up."""
    path = tmp_path / "phone.mp3"
    frame = b"\xff\xfb\x90\x64" + bytes(413)
    path.write_bytes(b"\0\0\0\x20ftypM4A " + bytes(20) + 2 * frame + b"?" * 70_000)
    with pytest.raises(SourceError):
        probe(path)
    assert capfd.readouterr() == ("", "")


def test_a_length_is_known_by_whatever_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.mka"
    path.write_bytes(b"sound")
    monkeypatch.chdir(tmp_path)
    lengths, counted = KnownLengths(), Decoded(70, 8_000)
    assert lengths.get(Path("a.mka"), 1, lambda: counted) is counted
    assert lengths.get(path, 1, lambda: Decoded(0, 0)) is counted
