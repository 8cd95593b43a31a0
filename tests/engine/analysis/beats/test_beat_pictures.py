"""What is heard from beat to beat, whatever the tempo, and the network that learns bars from it."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.analysis.beats.activations import BANDS
from engine.analysis.beats.readings import FEATURES, PARTS, BarNetwork, logits_of, pictures, running_sums
from engine.lab.training.beats.bars import Counted, batch, train

RISES = slice(16, 32)


def heard_at(frames, count=800):
    heard = np.zeros((count, BANDS), np.float32)
    for frame in np.rint(frames).astype(int):
        heard[frame] = 3.0
    return heard


@pytest.mark.parametrize("period", [16.0, 25.0, 48.0])
def test_what_begins_on_the_beat_is_in_its_first_part(period):
    beats = np.arange(20.0, 700.0, period)
    seen = pictures(running_sums(heard_at(beats)), beats)[:-1, :-2].reshape(len(beats) - 1, PARTS, 32)
    strongest = seen[:, :, RISES].sum(axis=2)
    assert seen.shape[1:] == (PARTS, 32)
    # Nothing is counted twice or lost: the parts of a beat hold one rise of 3, doubled, on each of 16 bands.
    np.testing.assert_allclose((strongest * period / PARTS)[1:].sum(axis=1), 16 * 6.0, rtol=1e-3)
    assert np.isin(strongest.argmax(axis=1), (0, 1, PARTS - 1)).all()


def test_half_a_beat_late_is_seen_in_the_middle():
    beats = np.arange(20.0, 700.0, 24.0)
    seen = pictures(running_sums(heard_at(beats + 12.0)), beats)[:-1, :-2].reshape(-1, PARTS, 32)
    assert (seen[:, :, RISES].sum(axis=2).argmax(axis=1) == PARTS // 2).all()


def test_the_tempo_is_told():
    beats = np.arange(20.0, 700.0, 50.0)
    np.testing.assert_allclose(pictures(running_sums(heard_at(beats)), beats)[:, -2:], 1.0, rtol=1e-5)


def test_beats_outside_of_what_was_heard_are_silent():
    seen = pictures(running_sums(heard_at([5.0], 40)), np.array([-60.0, -30.0, 100.0, 130.0]))
    assert seen.shape == (4, FEATURES)
    assert np.isfinite(seen).all()
    assert not seen[[0, 2, 3], :-2].any()


def accented(metre, count=64):
    beats = np.arange(count) * 25 + 10
    heard = heard_at(beats, 25 * count + 40)
    heard[beats[::metre]] += 1.0
    return Counted(running_sums(heard).astype(np.float32), beats, np.arange(count) % metre + 1, True)


def test_examples_are_bars_counted_rightly_and_levels_that_are_wrong():
    shown = batch([accented(4)], np.random.default_rng(1))
    is_right = shown.targets[:, 0, 1] == 1.0
    assert 0 < is_right.sum() < len(is_right)
    assert not shown.weights[~is_right][..., 0].any(), "of what is counted wrongly no bars are learned"
    downbeats = shown.targets[is_right][..., 0].sum(dim=1)
    assert ((downbeats >= 15) & (downbeats <= 16)).all()


def test_the_same_seed_gives_the_same_network_and_another_one_than_before():
    one, other = (train([accented(4)], 1, seed=3) for _ in range(2))
    for a, b in zip(one.parameters(), other.parameters(), strict=True):
        assert torch.equal(a, b)
    drawn = pictures(accented(3).sums, np.arange(10.0, 800.0, 25.0))
    np.testing.assert_array_equal(logits_of(one, drawn), logits_of(other, drawn))
    assert np.isfinite(logits_of(BarNetwork().eval(), drawn)).all()


@pytest.mark.parametrize("count", [0, 1, 6, 7, 8, 20])
def test_sums_in_parts_are_those_of_the_whole(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    levels = np.random.default_rng(0).uniform(0.0, 3.0, (count, 64)).astype(np.float32)
    whole = running_sums(levels)
    monkeypatch.setattr("engine.analysis.beats.readings._FRAMES_AT_ONCE", 7)
    np.testing.assert_array_equal(running_sums(levels), whole)
    rises = np.maximum(np.diff(levels, axis=0, prepend=levels[:1]), 0.0)
    for half, rows in enumerate((levels, 2.0 * rises)):
        pooled = rows.reshape(count, 16, 4).mean(axis=2).astype(np.float64).cumsum(axis=0)
        np.testing.assert_allclose(whole[1:, 16 * half : 16 * (half + 1)], pooled, rtol=1e-6)
