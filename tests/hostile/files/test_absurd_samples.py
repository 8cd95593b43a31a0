"""Samples that are no sound, such as one flipped bit makes: left out by all who listen, and told once."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.analysis.signal.streams import mono_blocks
from engine.cli.main import main
from engine.exchange.export import ExportOptions, ExportRequest, export
from engine.sound.conform import conformed_path
from engine.sound.pictures.peak_cache import source_peaks
from engine.sound.pictures.peaks import peaks_warning
from engine.sound.pictures.spectrogram import SpectrogramRequest, source_spectrogram
from engine.sound.reader import LOUDEST, SourceReader
from tests.engine.sound.edl.recordings import Recording, recording
from tests.hostile.bad_files import good, noise
from tests.hostile.verbs import run_verb, strictly_read
from tests.mostly_long import mostly_long
from tests.sources import source_of

RATE_HZ = 8_000
TINY = "hidden_dims: [4, 8]\nlatent_dim: 8\nepochs: 1\nsegments_per_epoch: 8\n"
PLACE = 12_345
SAID = "holds 1 sample that is not a number, far too large or not decodable, at 0:01.543"


def damaged(path: Path, value: float = 1e20, subtype: str = "FLOAT", seconds: float = 12.0) -> Path:
    samples = noise(round(seconds * RATE_HZ))
    samples[PLACE] = value
    soundfile.write(path, samples, RATE_HZ, subtype=subtype)
    return path


@pytest.fixture(scope="module")
def taste(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("taste")
    (folder / "tiny.yaml").write_text(TINY)
    edited = good(folder / "edited.wav", 12.0, seed=3)
    words = ("learn", edited, "--config", folder / "tiny.yaml", "--out", folder / "ours.taste")
    assert main([str(word) for word in words]) == 0
    return folder / "ours.taste"


VALUES = [(1e20, "FLOAT"), (-3e38, "FLOAT"), (np.nan, "FLOAT"), (-np.inf, "DOUBLE"), (1e300, "DOUBLE")]


@pytest.mark.parametrize(("value", "subtype"), VALUES)
def test_everybody_hears_silence_there(tmp_path: Path, value: float, subtype: str) -> None:
    path = damaged(tmp_path / "take.wav", value, subtype)
    with SourceReader(path) as reader:
        heard = np.concatenate(list(reader.blocks(1_000)))
        assert not reader.read(PLACE, PLACE + 1, np.float64).any()
        assert (reader.bad_samples, reader.first_bad_samples) == (1, PLACE)
        assert SAID in reader.left_out
    expected = noise(12 * RATE_HZ).astype(np.float32)
    expected[PLACE] = 0.0
    np.testing.assert_array_equal(heard, expected)
    assert np.abs(np.concatenate(list(mono_blocks(path, 16_000)))).max() < 2.0


@pytest.mark.parametrize("rate_hz", [RATE_HZ, 11_025])
def test_peaks_spectrogram_and_conformed_copies_hold_no_trace(tmp_path: Path, rate_hz: int) -> None:
    path = damaged(tmp_path / "take.wav")
    source = source_of(path)
    for _ in range(2):  # made, then from the cache
        peaks = source_peaks(source, rate_hz)
        assert np.abs(peaks.levels[0][:2]).max() < 1.0
        assert SAID in peaks_warning(peaks, path)
    media = conformed_path(source, rate_hz)
    with SourceReader(media) as reader:
        assert not reader.left_out or media == path
    spectrogram = source_spectrogram(SpectrogramRequest(media, source.content_hash, 2_048))
    bare = good(tmp_path / "bare.wav", 12.0)
    beside = source_spectrogram(
        SpectrogramRequest(conformed_path(source_of(bare), rate_hz), source_of(bare).content_hash, 2_048)
    )
    worse = np.abs(spectrogram.levels[0].astype(int) - beside.levels[0].astype(int))
    assert worse.mean() < 1.0


def test_whole_numbers_stored_as_floats_are_sound(tmp_path: Path) -> None:
    samples = np.array([[-LOUDEST], [32_767.0], [8_388_607.0], [LOUDEST]], np.float32)
    soundfile.write(tmp_path / "take.wav", samples, RATE_HZ, subtype="FLOAT")
    with SourceReader(tmp_path / "take.wav") as reader:
        np.testing.assert_array_equal(reader.read(0, 4), samples)
        assert reader.left_out == ""


def test_each_counts_once_however_often_it_is_read(tmp_path: Path) -> None:
    samples = np.full((5_000, 2), 0.25, np.float32)
    samples[[7, 4_000], 1] = np.nan
    samples[9] = 1e30
    soundfile.write(tmp_path / "take.wav", samples, RATE_HZ, subtype="FLOAT")
    with SourceReader(tmp_path / "take.wav") as reader:
        for _ in range(2):
            list(reader.blocks(100))
        reader.read(0, 500)
        assert (reader.bad_samples, reader.first_bad_samples) == (4, 7)
        assert "holds 4 samples that are not numbers" in reader.left_out
        assert "the first at 0:00.001" in reader.left_out


@pytest.fixture
def take(tmp_path: Path) -> Recording:
    samples = np.random.default_rng(0).uniform(-0.5, 0.5, (4 * RATE_HZ, 1))
    samples[PLACE] = 1e20
    return recording(tmp_path, [samples], subtype="FLOAT")


@pytest.mark.parametrize("options", [ExportOptions(), ExportOptions(stems=True)])
def test_an_export_holds_silence_there_the_source_elsewhere_and_says_so(
    take: Recording, tmp_path: Path, options: ExportOptions
) -> None:
    exported = export(ExportRequest(take.state, take.media, tmp_path / "out.wav", options=options))
    written = (exported.parts or (exported,))[0].path
    with SourceReader(take.media["s0"]) as reader, soundfile.SoundFile(written) as file:
        np.testing.assert_array_equal(
            file.read(dtype="float32", always_2d=True), reader.read(0, reader.frames)
        )
    assert exported.sentence.count(SAID) == 1


def test_the_loudness_is_measured_without_it(take: Recording, tmp_path: Path) -> None:
    options = ExportOptions(loudness_lufs=-20.0)
    exported = export(ExportRequest(take.state, take.media, tmp_path / "out.wav", options=options))
    assert -30.0 < exported.figures["gain_db"] < 0.0
    assert np.isfinite(list(exported.figures.values())).all()


def test_a_file_without_any_says_nothing(tmp_path: Path) -> None:
    whole = recording(tmp_path, [noise(RATE_HZ)], subtype="FLOAT")
    exported = export(ExportRequest(whole.state, whole.media, tmp_path / "out.wav"))
    assert "sample" not in exported.sentence


@mostly_long("value", [1e20, np.nan], keep=(1e20,))
def test_scores_are_numbers_and_it_is_told_once(tmp_path: Path, taste: Path, value: float) -> None:
    path = damaged(tmp_path / "take.wav", value)
    done = run_verb("score", taste, path, "--json", "--csv", tmp_path / "scores.csv")
    (file,) = strictly_read(done.stdout)["files"]
    assert all(isinstance(score, float) for score in file["scores"])
    assert done.stderr.decode().count(SAID) == done.stderr.count(b"\n") == 1
    assert "nan" not in (tmp_path / "scores.csv").read_text()


@pytest.mark.long
@pytest.mark.parametrize("workers", [1, pytest.param(2, marks=pytest.mark.long)])
def test_scores_of_folders_tell_it_too(tmp_path: Path, taste: Path, workers: int) -> None:
    damaged(tmp_path / "take.wav")
    good(tmp_path / "whole.wav", 12.0)
    done = run_verb("score", taste, tmp_path, "--json", "--workers", workers, "--threshold", 0.9)
    files = strictly_read(done.stdout)["files"]
    assert all(isinstance(file["score"], float) for file in files)
    assert SAID in done.stderr.decode()


@mostly_long("verb", ["beats", "learn"], keep=["beats"])
def test_beats_and_learning_tell_it_once(tmp_path: Path, verb: str) -> None:
    (tmp_path / "tiny.yaml").write_text(TINY)
    more = ("--config", tmp_path / "tiny.yaml", "--out", tmp_path / "new.taste") if verb == "learn" else ()
    done = run_verb(verb, damaged(tmp_path / "take.wav"), *more, "--json")
    strictly_read(done.stdout)
    assert done.stderr.decode().count(SAID) == 1


def test_import_tells_it_once(tmp_path: Path) -> None:
    path = damaged(tmp_path / "take.wav")
    done = run_verb("new", tmp_path / "new.offcut", path, "--json")
    assert [SAID in sentence for sentence in strictly_read(done.stdout)["warnings"]] == [True]
    assert done.stderr == b""


def test_a_reader_that_is_closed_still_knows(tmp_path: Path) -> None:
    with closing(SourceReader(damaged(tmp_path / "take.wav"))) as reader:
        reader.read(0, 2 * RATE_HZ)
    assert SAID in reader.left_out
