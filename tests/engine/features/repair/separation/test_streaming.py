"""A stream is separated in order, at a constant delay, as a file is."""

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

from engine.analysis.detection.spectra import MEL
from engine.core.errors import UsageError
from engine.features.repair.separation.registry import separator_named, streaming_separator
from engine.features.repair.separation.separate import LATENCY_S, Asked, Samples, SeparationStream
from engine.features.repair.separation.separator import Mode, Separator, prompts_of
from engine.lab.evaluation.separation.measures import si_sdr_db
from tests.engine.barking import barking
from tests.engine.features.repair.separation.test_separate import WORDS, HalfSeparator, heard_after, made
from tests.engine.features.repair.separation.test_speech import rain, sentence
from tests.mostly_long import mostly_long

RATE_HZ = 44_100


def streamed(separator: Separator, samples: Samples, rate_hz: int, text: str, mode: Mode) -> Samples:
    """Return what a stream makes of samples that come in blocks of a tenth of a second."""
    stream = SeparationStream(separator, prompts_of([text]), mode, rate_hz=rate_hz, channels=samples.shape[1])
    blocks = [samples[first : first + rate_hz // 10] for first in range(0, len(samples), rate_hz // 10)]
    return np.concatenate([*(stream.block(block) for block in blocks), stream.rest()])


@pytest.mark.parametrize("rate_hz", [8000, 44_100, 48_000])
@mostly_long("block_s", [0.01, 0.1, 0.771, 6.25], keep=(0.1,))
def test_every_sample_is_answered_in_time(block_s: float, rate_hz: int) -> None:
    """Whatever the blocks: half of everything is half of everything."""
    samples = made(7.3, rate_hz)
    stream = SeparationStream(HalfSeparator(), WORDS, Mode.REMOVE, rate_hz=rate_hz, channels=2)
    answered = []
    given = 0
    size = round(block_s * rate_hz)
    for first in range(0, len(samples), size):
        part = samples[first : first + size]
        given += len(part)
        answered.append(stream.block(part))
        assert given - sum(map(len, answered)) <= LATENCY_S * rate_hz + 1
    answered.append(stream.rest())
    whole = np.concatenate(answered)
    assert whole.shape == samples.shape
    inner = slice(rate_hz // 10, -rate_hz // 10)
    np.testing.assert_allclose(whole[inner], 0.5 * samples[inner], atol=1e-4)


@pytest.mark.parametrize("frames", [0, 1, 700, 22_579, 22_580, 33_869])
def test_streams_of_any_length_keep_it(frames: int) -> None:
    """Nothing, less than a frame of the network, and about a step."""
    samples = made(4.0, RATE_HZ)[:frames]
    whole = streamed(HalfSeparator(), samples, RATE_HZ, "dog", Mode.KEEP)
    assert whole.shape == samples.shape
    assert np.isfinite(whole).all()


@pytest.mark.long
def test_memory_does_not_grow_with_the_stream() -> None:
    """After a minute it is what it was after ten seconds; a second of this stream has 32,000 bytes."""
    stream = SeparationStream(HalfSeparator(), WORDS, Mode.REMOVE, rate_hz=8000, channels=1)
    ten_seconds = np.zeros((10 * 8000, 1), np.float32)
    tracemalloc.start()
    try:
        held = []
        for _part in range(6):
            assert len(stream.block(ten_seconds))
            held.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    assert max(held) - held[0] < 100_000


@mostly_long("mode", list(Mode), keep=(Mode.REMOVE,))
def test_a_stream_of_speech_sounds_as_its_file_does(data_dir: Path, mode: Mode) -> None:
    """Speech in rain at 44.1 kHz: within 12 dB of the file, and as near to the truth up to 1.5 dB."""
    spoken = np.tile(sentence(data_dir), 4)
    noise = rain(data_dir, len(spoken))
    noise *= np.float32(np.sqrt(np.mean(spoken**2) / np.mean(noise**2)))
    spoken, noise = (soxr.resample(each, MEL.rate_hz, RATE_HZ) for each in (spoken, noise))
    whole, truth = (spoken + noise)[:, None], spoken if mode is Mode.KEEP else noise
    separator = separator_named("blend")
    asked = Asked(prompts_of(["speech"]), mode, fade_ms=0.0)
    of_file = heard_after(whole, RATE_HZ, ((0, len(whole)),), separator, asked)[:, 0]
    of_stream = streamed(separator, whole, RATE_HZ, "speech", mode)[:, 0]
    assert si_sdr_db(of_stream, of_file) > 12.0
    assert si_sdr_db(of_stream, truth) > si_sdr_db(of_file, truth) - 1.5
    assert si_sdr_db(of_stream, truth) > si_sdr_db(whole[:, 0], truth) + 5.0


@pytest.mark.long
def test_a_stream_of_a_named_sound_sounds_as_its_file_does(data_dir: Path) -> None:
    """A dog that barks in noise, in stereo, as the network of the 50 sounds keeps it."""
    samples = barking(data_dir, RATE_HZ)
    separator = separator_named("blend")
    asked = Asked(prompts_of(["dog"]), Mode.KEEP, fade_ms=0.0)
    of_file = heard_after(samples, RATE_HZ, ((0, len(samples)),), separator, asked)
    of_stream = streamed(separator, samples, RATE_HZ, "dog", Mode.KEEP)
    for channel in range(2):
        assert si_sdr_db(of_stream[:, channel], of_file[:, channel]) > 12.0


def test_a_segment_that_a_window_fills_is_answered_by_the_network_alone(data_dir: Path) -> None:
    """The blend has nothing to compare with there; 3 % of the recording stay in what is kept."""
    samples, rate_hz = soundfile.read(data_dir / "esc50" / "audio" / "1-100032-A-0.flac", dtype="float32")
    whole = samples[: 4 * rate_hz, None]
    kept = [
        streamed(separator_named(name), whole, rate_hz, "dog", Mode.KEEP) for name in ("blend", "network")
    ]
    np.testing.assert_allclose(kept[0], 0.97 * kept[1] + 0.03 * whole, atol=1e-3)


@pytest.mark.parametrize("name", ["nmf", "subtraction"])
def test_what_compares_with_surroundings_cannot_stream(name: str) -> None:
    with pytest.raises(UsageError, match=r"use blend, network or film-unet, or separate a file\.$"):
        streaming_separator(name)
