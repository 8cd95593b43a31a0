"""Whether audio is found in other audio, and where two sounds differ."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr
from numpy.typing import NDArray
from scipy.signal import butter, sosfilt

from engine.analysis.signal.stft import log_mel_blocks
from engine.features.taste.anomaly.neighbours import ReferenceRecording, ReferenceSegments, keep_examples
from engine.features.taste.anomaly.recipes.config import default_config
from engine.features.taste.diagnoses.findings import tilt_text
from engine.features.taste.diagnoses.material import (
    segments_of,
    share_found,
    typical_spectrum_db,
    widest_tilt,
)

MEL = default_config().mel
RAW = Path("resources/demo/raw/Band.ogg")
OTHER = Path("resources/demo/edited/2-ragtime.ogg")


def mono(path: Path, start_s: float, stop_s: float) -> NDArray[np.float32]:
    with soundfile.SoundFile(path) as file:
        file.seek(round(start_s * file.samplerate))
        audio = file.read(round((stop_s - start_s) * file.samplerate), dtype="float32", always_2d=True)
        return np.asarray(soxr.resample(audio.mean(axis=1), file.samplerate, MEL.rate_hz), np.float32)


def frames(audio: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.concatenate(list(log_mel_blocks([audio], MEL)))


def examples(audio: NDArray[np.float32]) -> ReferenceSegments:
    return keep_examples(
        [frames(audio)], [ReferenceRecording("a", "", len(audio) / MEL.rate_hz)], MEL, seed=0
    )


@pytest.fixture(scope="module")
def song() -> NDArray[np.float32]:
    return mono(RAW, 20.0, 80.0)


@pytest.mark.parametrize("way", ["as it is", "20 dB quieter", "saturated", "nothing above 3 kHz"])
def test_a_passage_is_found_in_its_recording(song: NDArray[np.float32], way: str) -> None:
    passage = song[round(7.77 * MEL.rate_hz) : round(31.3 * MEL.rate_hz)]
    changed = {
        "as it is": passage,
        "20 dB quieter": 0.1 * passage,
        "saturated": np.tanh(3.0 * passage / np.abs(passage).max()),
        "nothing above 3 kHz": sosfilt(butter(2, 3000, fs=MEL.rate_hz, output="sos"), passage),
    }[way]
    assert share_found(frames(np.asarray(changed, np.float32)), examples(song), MEL) == 1.0


def test_another_piece_is_not_found(song: NDArray[np.float32]) -> None:
    assert share_found(frames(mono(OTHER, 5.0, 45.0)), examples(song), MEL) == 0.0


def test_a_short_passage_is_one_run(song: NDArray[np.float32]) -> None:
    assert share_found(frames(song[: 3 * MEL.rate_hz]), examples(song), MEL) == 1.0


def test_nothing_is_found_in_a_passage_shorter_than_a_stretch(song: NDArray[np.float32]) -> None:
    assert share_found(frames(song[: MEL.rate_hz]), examples(song), MEL) == 0.0


@pytest.mark.parametrize(("gain_db", "more"), [(-18.0, "less"), (18.0, "more")])
def test_a_shelf_is_found_and_told(song: NDArray[np.float32], gain_db: float, more: str) -> None:
    spectrum = np.fft.rfft(song)
    above = np.fft.rfftfreq(len(song), 1 / MEL.rate_hz) >= 3000.0
    shelved = np.asarray(
        np.fft.irfft(spectrum * np.where(above, 10 ** (gain_db / 20), 1.0), len(song)), np.float32
    )
    tilt = widest_tilt(
        typical_spectrum_db(examples(shelved).embeddings, MEL),
        typical_spectrum_db(examples(song).embeddings, MEL),
        MEL,
    )
    assert tilt.difference_db == pytest.approx(gain_db, abs=2.0)
    assert tilt.low_hz >= 2500.0
    assert f" dB {more} from " in tilt_text(tilt)


def test_a_gain_is_no_difference(song: NDArray[np.float32]) -> None:
    one, other = (
        typical_spectrum_db(examples(gain * song).embeddings, MEL)
        for gain in (np.float32(1), np.float32(0.1))
    )
    assert abs(widest_tilt(one, other, MEL).difference_db) < 0.1


def test_a_streams_stretches_are_those_of_the_whole_but_for_the_seams(song: NDArray[np.float32]) -> None:
    frames_db = frames(song)
    blocks = np.array_split(frames_db, 7)
    streamed = segments_of(blocks, MEL)
    whole = examples(song).embeddings
    apart_db = typical_spectrum_db(streamed, MEL) - typical_spectrum_db(whole, MEL)
    assert np.abs(apart_db).max() < 0.5
    assert len(streamed) == pytest.approx(len(whole), rel=0.1)
