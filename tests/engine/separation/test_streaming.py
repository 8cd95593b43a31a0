"""What comes in block by block is answered in order, at most as late as is said."""

import numpy as np
import pytest

from engine.detection.spectra import MEL
from engine.separation.mask import Mode
from engine.separation.plain.subtraction import SubtractionSeparator
from engine.separation.streaming import LATENCY_S, SeparationStream
from tests.engine.separation.test_separate import WORDS, HalfSeparator, made

RATE_HZ = MEL.rate_hz


@pytest.mark.parametrize("block", [160, 1600, 12_345, 100_000])
def test_every_sample_is_answered_in_time(block: int) -> None:
    """Whatever the blocks: half of everything is half of everything."""
    samples = made(7.3, RATE_HZ, 1)[:, 0]
    stream = SeparationStream(HalfSeparator(), WORDS)
    answered = []
    given = 0
    for first in range(0, len(samples), block):
        part = samples[first : first + block]
        given += len(part)
        answered.append(stream.block(part))
        assert given - sum(map(len, answered)) <= LATENCY_S * RATE_HZ
    answered.append(stream.rest())
    whole = np.concatenate(answered)
    assert len(whole) == len(samples)
    inner = slice(1000, -1000)
    np.testing.assert_allclose(whole[inner], 0.5 * samples[inner], atol=1e-4)


def test_what_went_before_is_what_stays() -> None:
    """Told what sounds without it, a plain method takes out the tone that comes."""
    samples = made(7.0, RATE_HZ, 1)[:, 0]
    stream = SeparationStream(SubtractionSeparator(), WORDS, Mode.REMOVE, around=samples[: 2 * RATE_HZ])
    after = samples[2 * RATE_HZ :]
    whole = np.concatenate([stream.block(after), stream.rest()])
    tone = slice(RATE_HZ + 1000, RATE_HZ + RATE_HZ // 2 - 1000)
    assert len(whole) == len(after)
    assert np.std(whole[tone]) < 0.5 * np.std(after[tone])
