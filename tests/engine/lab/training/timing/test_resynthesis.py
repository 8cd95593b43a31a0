"""The network that resynthesises all sound."""

from __future__ import annotations

import numpy as np

from engine.lab.training.timing.resynthesis import MicroTcn, SoundPair, metronome, resynthesised

RATE_HZ = 48_000


def test_resynthesis_returns_as_much_sound_as_it_takes() -> None:
    sound = np.random.default_rng(0).normal(0.0, 0.1, 8_000).astype(np.float32)
    ramp = metronome(np.array([0.0, 4_800.0, 9_600.0]), 8_000, RATE_HZ)
    assert ramp[0] == 1.0
    assert 0.0 <= ramp.min() <= ramp.max() <= 1.0

    assert resynthesised(MicroTcn(), SoundPair(sound, ramp, sound)).shape == sound.shape
