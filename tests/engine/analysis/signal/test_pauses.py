"""Pauses between words, told by the level beside the noise of the place."""

from __future__ import annotations

import numpy as np
import pytest

from engine.analysis.signal.dead_air import pauses
from engine.analysis.signal.loudness import Loudness

RATE_HZ = 16_000
HOP = 1024
HOP_S = HOP / RATE_HZ
GAPS_S = (0.3, 0.7, 1.2, 0.3, 2.0, 0.9, 4.0, 0.5, 1.6)


def speech(noise_dbfs, *, gaps_s=GAPS_S, seed=1, clicks=False):
    """Words of half a second, syllables in them, and where the pauses between them are, in seconds."""
    rng = np.random.default_rng(seed)
    parts, spans, at_s = [], [], 0.0
    for gap_s in (*gaps_s, None):
        times_s = np.arange(round(1.5 * RATE_HZ)) / RATE_HZ
        word = rng.standard_normal(len(times_s)) * (0.25 + np.abs(np.sin(2 * np.pi * 2.5 * times_s)))
        parts.append(0.1 * word)
        at_s += 1.5
        if gap_s is not None:
            silent = np.zeros(round(gap_s * RATE_HZ))
            if clicks and gap_s > 1.0:
                silent[len(silent) // 2 : len(silent) // 2 + 200] = 0.01
            parts.append(silent)
            spans.append((at_s, at_s + gap_s))
            at_s += gap_s
    samples = np.concatenate(parts)
    samples = samples + 10 ** (noise_dbfs / 20) * rng.standard_normal(len(samples))
    return samples.astype(np.float32), np.array(spans)


def levels(samples):
    loudness = Loudness(HOP)
    loudness.push(samples)
    return loudness.finish()


@pytest.mark.parametrize("noise_dbfs", [-200.0, -80.0, -60.0, -50.0, -45.0])
@pytest.mark.parametrize("least_s", [0.5, 1.0])
def test_pauses_are_found_whatever_the_noise_of_the_place(noise_dbfs, least_s):
    samples, spans = speech(noise_dbfs)
    found = pauses(levels(samples), HOP_S, least_s) * HOP_S
    # A pause is told in whole hops.
    sure = spans[np.diff(spans)[:, 0] >= least_s + 2 * HOP_S]
    assert len(sure) <= len(found) <= int(np.sum(np.diff(spans)[:, 0] >= least_s))
    for start_s, stop_s in sure:
        nearest = found[np.argmin(np.abs(found[:, 0] - start_s))]
        assert np.abs(nearest - (start_s, stop_s)).max() <= 2 * HOP_S
        assert nearest[0] >= start_s - HOP_S / 2
        assert nearest[1] <= stop_s + HOP_S / 2


def test_a_click_does_not_divide_a_pause():
    (clicking, spans), (quiet, _) = speech(-70.0, clicks=True), speech(-70.0)
    assert len(pauses(levels(clicking), HOP_S, 0.6)) == len(pauses(levels(quiet), HOP_S, 0.6)) > 3
    assert len(spans) == len(GAPS_S)


def test_a_place_that_gets_louder_is_heard_with_its_own_noise():
    one, spans = speech(-75.0)
    other, more = speech(-45.0, seed=2)
    found = pauses(levels(np.concatenate([one, other])), HOP_S, 0.6) * HOP_S
    wanted = np.concatenate([spans, more + len(one) / RATE_HZ])
    long = wanted[np.diff(wanted)[:, 0] >= 0.8].mean(axis=1)
    assert all(np.any((found[:, 0] < middle) & (middle < found[:, 1])) for middle in long)
    assert len(found) <= len(long) + 2  # two are of 0.7 s


@pytest.mark.parametrize(
    "samples",
    [
        np.zeros(0, np.float32),
        np.random.default_rng(3).standard_normal(30 * RATE_HZ).astype(np.float32) * 0.1,
        (0.2 * np.sin(np.arange(30 * RATE_HZ) * 0.2) * (1 + np.sin(np.arange(30 * RATE_HZ) * 1e-4))).astype(
            np.float32
        )
        + 0.1,
    ],
    ids=["nothing", "noise", "a tone that swells"],
)
def test_where_nothing_pauses_none_is_found(samples):
    assert len(pauses(levels(samples), HOP_S, 0.5)) == 0


def test_speech_that_hardly_stands_above_the_noise_has_none():
    samples, _ = speech(-30.0)
    assert len(pauses(levels(samples), HOP_S, 0.5)) == 0
