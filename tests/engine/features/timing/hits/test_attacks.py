"""Onsets found again by how each drum usually rises."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.core.errors import Cancelled
from engine.core.progress import ReportingProgress
from engine.features.timing.hits.candidates import steadied
from engine.features.timing.hits.find import HeldMicrophones

RATE_HZ = 44_100
CLEAR, HIDDEN = 12, 5
EVERY = RATE_HZ // 2


def drum(rng: np.random.Generator) -> NDArray[np.float64]:
    """A drum that is never struck twice in the same way."""
    times_s = np.arange(RATE_HZ // 8) / RATE_HZ
    body = np.sin(2 * np.pi * 190 * times_s) * np.exp(-times_s / 0.03)
    click = np.sin(2 * np.pi * 2_500 * times_s) * np.exp(-times_s / 0.002)
    struck: NDArray[np.float64] = rng.uniform(0.2, 0.5) * (
        body + rng.uniform(0.4, 0.8) * click + 0.05 * rng.standard_normal(len(times_s))
    )
    return struck


def played() -> tuple[HeldMicrophones, NDArray[np.int64]]:
    """Some hits out of silence, then as many on top of a tone and noise that are a third as loud."""
    rng = np.random.default_rng(5)
    true = np.arange(1, CLEAR + HIDDEN + 1) * EVERY
    sound = rng.standard_normal((CLEAR + HIDDEN + 2) * EVERY) * 1e-4
    for at in true.tolist():
        hit = drum(rng)
        sound[at : at + len(hit)] += hit
    late = np.arange(len(sound)) > true[CLEAR] - EVERY // 2
    sound += late * (
        0.1 * np.sin(2 * np.pi * 70 * np.arange(len(sound)) / RATE_HZ)
        + 0.002 * rng.standard_normal(len(sound))
    )
    return HeldMicrophones({"Tom": sound.astype(np.float32)}, RATE_HZ), true


@pytest.mark.parametrize("error_ms", [-4.0, -1.0, 0.0, 2.5])
def test_what_was_found_beside_a_hidden_rise_is_found_at_it(error_ms: float) -> None:
    heard, true = played()
    found = true.copy()
    found[CLEAR:] += round(error_ms / 1000 * RATE_HZ)
    again = steadied(heard.read, found, np.zeros(len(found), np.int16), np.ones(len(found), bool), RATE_HZ)
    assert np.array_equal(again.positions_samples[:CLEAR], true[:CLEAR])
    assert np.all(np.abs(again.positions_samples - true) <= 0.0002 * RATE_HZ)
    assert not again.unsure_samples.any()


def test_what_is_like_no_clear_hit_stays_and_is_unsure() -> None:
    heard, true = played()
    found = np.append(true[:CLEAR], true[-1] + EVERY)  # where nothing but the tone and noise sounds
    again = steadied(heard.read, found, np.zeros(len(found), np.int16), np.ones(len(found), bool), RATE_HZ)
    assert again.positions_samples[-1] == found[-1]
    assert again.unsure_samples[-1] > 0.0


@pytest.mark.parametrize("positions", [[], [0], [0, 3, 50]])
def test_few_hits_and_those_at_the_very_beginning(positions: list[int]) -> None:
    heard = HeldMicrophones({"Tom": np.ones(60, np.float32)}, RATE_HZ)
    found = np.array(positions, np.int64)
    again = steadied(heard.read, found, np.zeros(len(found), np.int16), np.ones(len(found), bool), RATE_HZ)
    assert again.positions_samples.shape == again.unsure_samples.shape == found.shape
    assert np.all(again.positions_samples >= 0)
    assert np.all(np.isfinite(again.unsure_samples))


def test_it_can_be_stopped() -> None:
    class Stopped:
        def is_set(self) -> bool:
            return True

    heard, true = played()
    tracks, is_sure = np.zeros(len(true), np.int16), np.ones(len(true), bool)
    with pytest.raises(Cancelled):
        steadied(heard.read, true, tracks, is_sure, RATE_HZ, ReportingProgress(cancelled=Stopped()))
