"""What the learned tracker hears, and what its shipped weights say of clicks, silence and noise."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.analysis.beats import activations as module
from engine.analysis.beats.activations import (
    BANDS,
    CONTEXT_FRAMES,
    FRAMES_PER_S,
    HOP_SAMPLES,
    N_FFT,
    RATE_HZ,
    BeatNetwork,
    activations,
    band_levels,
    chunked_probabilities,
    filter_bank,
    network_input,
    reference_db,
    trained_network,
)
from engine.analysis.learning.loop import seeded
from engine.core.errors import OffcutError
from engine.lab.simulated.clicks import click_track
from engine.lab.training.beats.scoring import f_measure, peaks


def _noise(seconds: float, rate_hz: int, level: float = 0.1) -> np.ndarray:
    return (level * np.random.default_rng(5).standard_normal(round(seconds * rate_hz))).astype(np.float32)


@pytest.mark.parametrize("piece", [1, 441, 4096, 1 << 17])
def test_levels_are_the_same_however_the_stream_is_cut(piece):
    samples = _noise(0.2 if piece == 1 else 3.0, RATE_HZ)
    blocks = [samples[start : start + piece] for start in range(0, len(samples), piece)]
    np.testing.assert_array_equal(band_levels(blocks, RATE_HZ), band_levels([samples], RATE_HZ))


def test_levels_equal_the_plain_formula():
    samples = _noise(0.5, RATE_HZ)
    padded = np.pad(samples, N_FFT // 2)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(N_FFT) / N_FFT)
    frames = [
        padded[start : start + N_FFT] * window for start in range(0, len(padded) - N_FFT + 1, HOP_SAMPLES)
    ]
    power = np.abs(np.fft.rfft(np.array(frames), axis=1)) ** 2 @ filter_bank().T.astype(np.float64)
    # float16 keeps 11 bits: a sixteenth of a dB above 64 dB
    np.testing.assert_allclose(
        band_levels([samples], RATE_HZ), 10 * np.log10(np.maximum(power, 1e-10)), atol=0.07
    )


def test_pooling_before_the_units_equals_pooling_after_them():
    network, levels = (
        trained_network(module.WEIGHTS),
        torch.linspace(0.0, 3.0, 300 * BANDS).sin().reshape(1, 300, BANDS),
    )
    elu, pool = torch.nn.functional.elu, torch.nn.functional.max_pool2d
    with torch.no_grad():
        image = pool(elu(network.first(levels[:, None])), (1, 3))
        image = elu(network.third(pool(elu(network.second(image)), (1, 3))))
        stream = elu(network.gather(image.permute(0, 1, 3, 2).flatten(1, 2)))
        for dilated, pointwise in zip(network.dilated, network.pointwise, strict=True):
            stream = stream + pointwise(elu(dilated(stream)))
        expected = network.out(elu(stream)).transpose(1, 2)
        torch.testing.assert_close(network(levels), expected)


@pytest.mark.parametrize("count", [1, 2, 93, 100, 108])
def test_chunks_of_another_speed_are_those_of_the_whole(count):
    levels = np.random.default_rng(0).uniform(-90.0, -5.0, (100, BANDS)).astype(np.float16)
    whole = module._resampled(network_input(levels, -12.0), count)
    played = module._AtSpeed(levels, -12.0, count)
    for start, stop in ((0, count), (0, 1), (count // 3, count // 2 + 1), (count - 1, count)):
        np.testing.assert_array_equal(played[start:stop].numpy(), whole[start:stop])


@pytest.mark.parametrize("rate_hz", [8_000, 44_100, 48_000, 96_000])
def test_a_click_is_heard_at_its_time_at_any_rate(rate_hz):
    samples = np.zeros(2 * rate_hz, np.float32)
    samples[rate_hz : rate_hz + round(0.005 * rate_hz)] = 0.5
    loudest = band_levels([samples], rate_hz).astype(np.float32).sum(axis=1).argmax()
    assert abs(loudest / FRAMES_PER_S - 1.0) <= 0.02


def test_a_sine_of_full_scale_reads_nought_db():
    sine = np.sin(2 * np.pi * 1000.0 * np.arange(RATE_HZ) / RATE_HZ).astype(np.float32)
    assert band_levels([sine], RATE_HZ)[25].max() == pytest.approx(0.0, abs=2.0)


def test_nothing_and_what_is_not_finite_are_silence():
    assert band_levels([], 44_100).shape[1] == BANDS
    broken = np.full(44_100, np.nan, np.float32)
    levels = band_levels([broken], 44_100)
    assert np.isfinite(levels).all()
    assert network_input(levels, reference_db(levels)).max() == 0.0


def test_the_gain_of_a_recording_does_not_matter():
    loud = band_levels([_noise(2.0, RATE_HZ, 0.3)], RATE_HZ)
    quiet = band_levels([_noise(2.0, RATE_HZ, 0.03)], RATE_HZ)
    # the reference is a float16 level: a sixteenth of a dB is 0.003 of what is heard
    np.testing.assert_allclose(
        network_input(quiet, reference_db(quiet)), network_input(loud, reference_db(loud)), atol=0.01
    )


@pytest.mark.parametrize("frames", [0, 1, 900, 1000, 1001, 3500])
def test_chunks_answer_as_the_whole(frames):
    with seeded(3):
        network = BeatNetwork().eval()
    levels = torch.from_numpy(np.random.default_rng(4).random((frames, BANDS), np.float32))
    chunked = chunked_probabilities(network, levels, chunk_frames=1000)
    assert chunked.shape == (frames, 2)
    if frames:
        with torch.no_grad():
            whole = torch.sigmoid(network(levels[None])[0])
        # sums over other lengths may be taken in another order
        np.testing.assert_allclose(chunked.numpy(), whole.numpy(), atol=1e-5)


def test_no_frame_hears_beyond_the_context():
    with seeded(3):
        network = BeatNetwork().eval()
    levels = torch.rand(1, 2 * CONTEXT_FRAMES + 201, BANDS, requires_grad=True)
    network(levels)[0, CONTEXT_FRAMES + 100].sum().backward()
    assert levels.grad is not None
    reached = np.flatnonzero(levels.grad[0].abs().sum(dim=1).numpy())
    assert reached.min() >= 100
    assert reached.max() <= 2 * CONTEXT_FRAMES + 100


@pytest.mark.parametrize("tempo_bpm", [75, 100, 132, 160])
def test_clicks_are_found_to_a_frame(tempo_bpm):
    track = click_track(tempo_bpm, 44_100, length_s=24.0, beats_in_bar=4)
    found = activations([track.samples], 44_100)
    beats = np.rint(track.clicks_samples / 44_100 * FRAMES_PER_S).astype(np.int64)
    heard_at = peaks(found.beat)
    assert f_measure(beats, heard_at) >= 0.97
    nearest = np.abs(heard_at[:, None] - beats[None, :]).min(axis=1)
    assert np.median(nearest) <= 1
    is_first = np.arange(len(beats)) % 4 == 0
    assert found.downbeat[beats[is_first]].min() > found.downbeat[beats[~is_first]].max()


@pytest.mark.parametrize("sound", ["silence", "noise", "hum"])
def test_what_has_no_pulse_has_no_beats(sound):
    time_s = np.arange(20 * 22_050) / 22_050
    samples = {
        "silence": np.zeros(20 * 22_050),
        "noise": _noise(20.0, 22_050),
        "hum": 0.2 * np.sin(2 * np.pi * 50.0 * time_s) + 0.05 * np.sin(2 * np.pi * 150.0 * time_s),
    }[sound].astype(np.float32)
    found = activations([samples], 22_050)
    inside = slice(50, -50)  # a sound that is cut off begins like a stroke
    assert np.quantile(found.beat[inside], 0.99) < 0.3
    assert np.quantile(found.downbeat[inside], 0.99) < 0.3


def test_the_network_is_small():
    assert sum(value.numel() for value in BeatNetwork().parameters()) < 200_000


def test_missing_and_damaged_weights_are_one_sentence(tmp_path):
    with pytest.raises(OffcutError, match=r"beats\.safetensors' is missing"):
        trained_network(tmp_path / "beats.safetensors")
    damaged = tmp_path / "beats.safetensors"
    damaged.write_bytes(module.WEIGHTS.read_bytes()[:5000])
    with pytest.raises(OffcutError, match="is damaged"):
        trained_network(damaged)
