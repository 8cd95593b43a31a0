"""Own sound at a microphone, under the leakage of another voice."""

from __future__ import annotations

import numpy as np

from engine.features.voices.leakage import unexplained

FRAMES, BANDS = 1_000, 20
FAINT = slice(400, 420)
QUIET = np.arange(FRAMES) < FRAMES // 5
PASSED = 10.0**-1.5


def microphones(own_db: float) -> np.ndarray:
    """Return the powers of a track whose speaker is faint in some bands, and of one that always speaks."""
    rng = np.random.default_rng(5)
    voice = (1.0 + np.sin(np.arange(FRAMES) / 7.0))[:, None] * rng.uniform(0.5, 1.0, (FRAMES, BANDS))
    voice[: FRAMES // 5] = 0.0
    noise = rng.uniform(0.6e-4, 1e-4, (2, FRAMES, BANDS))
    quiet = PASSED * np.roll(voice, 1, axis=0) * rng.uniform(0.6, 1.0, (FRAMES, BANDS))
    quiet[FAINT, 3:7] += 10.0 ** (own_db / 10.0)
    return np.asarray(noise + np.stack([quiet, voice]), np.float32)


def test_a_faint_syllable_is_found_in_its_bands_and_leakage_alone_is_not() -> None:
    alone = {1: np.ones(FRAMES, np.bool_)}
    found = unexplained(microphones(own_db=-3.0), 0, alone, QUIET)
    assert found[FAINT].mean() > 0.8
    elsewhere = np.delete(found, np.r_[FAINT.start - 5 : FAINT.stop + 5])
    assert elsewhere.mean() < 0.05


def test_noise_that_comes_and_goes_is_not_own_sound() -> None:
    bands = microphones(own_db=-60.0)
    bands[0, ::40, 15:] += 0.05
    found = unexplained(bands, 0, {1: np.ones(FRAMES, np.bool_)}, QUIET)
    assert found.mean() < 0.05


def test_a_voice_that_never_speaks_alone_explains_nothing() -> None:
    found = unexplained(microphones(own_db=-60.0), 0, {1: np.zeros(FRAMES, np.bool_)}, QUIET)
    assert found[FRAMES // 4 :].mean() > 0.9
