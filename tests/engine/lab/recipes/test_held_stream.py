"""A stream whose samples are held: as long as their frames, however it is cut, and no longer."""

from __future__ import annotations

import numpy as np
import pytest

from engine.analysis.signal.bands import MelSettings
from engine.analysis.signal.stft import log_mel_blocks
from engine.lab.recipes.held_stream import HeldStream

MEL = MelSettings(rate_hz=16_000, n_fft=1024, hop_samples=320, n_mels=64)


@pytest.mark.parametrize("block_samples", [997, 16_000, 10**6])
def test_what_is_let_go_of_is_the_start_and_the_rest_stays(block_samples: int) -> None:
    samples = np.random.default_rng(0).standard_normal(40_000).astype(np.float32)
    blocks = [samples[at : at + block_samples] for at in range(0, len(samples), block_samples)]
    stream, forgotten = HeldStream(blocks, MEL, iter), 0
    for frames_db in stream:
        if len(frames_db) > 30:
            stream.forget(20)
            forgotten += 20
    every = np.concatenate(list(log_mel_blocks([samples], MEL)))
    np.testing.assert_array_equal(stream.frames_db, every[forgotten:])
    np.testing.assert_array_equal(stream.samples(), samples[forgotten * MEL.hop_samples :])
    assert forgotten > 0


def test_nothing_is_held_of_nothing() -> None:
    stream = HeldStream([], MEL, iter)
    assert sum(len(frames) for frames in stream) == len(stream.frames_db)
    assert len(stream.samples()) == 0
