"""Borders between a recording and foreign sound: to the sample in exact copies, near the search in others."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.features.match.crossfades import parted
from engine.features.match.match import match_sounds
from engine.features.match.sound import Samples, sound_of
from tests.engine.features.match.test_match import RATE_HZ, music


def _strokes(seed: int, count: int, every_samples: int) -> Samples:
    """Return strokes of noise in stereo that decay to nothing long before the next one."""
    rng = np.random.default_rng(seed)
    decay = np.exp(-np.arange(every_samples) / (0.012 * RATE_HZ))[:, None]
    strokes = [0.3 * decay * rng.standard_normal((every_samples, 2)) for _ in range(count)]
    return np.concatenate(strokes).astype(np.float32)


def _in_16_bits(samples: Samples) -> Samples:
    rng = np.random.default_rng(7)
    dither = rng.random(samples.shape) - rng.random(samples.shape)
    return (np.rint(samples * 2**15 + dither) / 2**15).astype(np.float32)


@pytest.mark.parametrize("first", [0, 3500])
def test_dither_in_silence_is_not_foreign(first: int) -> None:
    """A border was placed at the first silence: dither is all of what sounds there."""
    known = _strokes(1, 6, 4800)[first:].astype(np.float64)
    border = 3 * 4800 + 1500 - first
    edited = known.copy()
    edited[border:] = _strokes(2, 6, 4800)[first:][border:][::-1]
    place = parted(_in_16_bits(edited).astype(np.float64), known, border + 400, 1000)
    assert place == pytest.approx(border, abs=600)


def test_sparse_strokes_in_16_bits_are_found_up_to_their_border() -> None:
    raw = _strokes(3, 60, RATE_HZ // 2)
    other = music(4, 4.0)
    first, last = (raw[at * RATE_HZ : (at + 5) * RATE_HZ + 1200] for at in (2, 15))
    pieces = first, other[: 2 * RATE_HZ], last
    found = match_sounds(
        (sound_of(Path("raw.wav"), raw, RATE_HZ),),
        sound_of(Path("edited.wav"), _in_16_bits(np.concatenate(pieces)), RATE_HZ),
    )
    ((start, stop),) = found.unmatched
    assert start == pytest.approx(len(pieces[0]), abs=0.02 * RATE_HZ)
    assert stop == pytest.approx(len(pieces[0]) + len(pieces[1]), abs=0.02 * RATE_HZ)


def test_the_border_of_an_inexact_copy_stays_near_where_the_search_found_it() -> None:
    """Quiet foreign sound after a copy that nulls badly was taken for a part of it."""
    rng = np.random.default_rng(5)
    known = rng.standard_normal((20_000, 2))
    edited = known + 0.7 * rng.standard_normal((20_000, 2))
    edited[10_000:] = 0.05 * rng.standard_normal((10_000, 2))
    edited[10_000:] += known[10_000:] * np.repeat(rng.uniform(0.0, 0.9, 50), 200)[:, None]
    assert parted(edited, known, 10_000, 1000) <= 11_000
