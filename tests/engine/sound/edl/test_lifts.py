"""One voice of a stroke is moved: on its own microphone whole, in the others as much as is heard of it."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.document.analysis import Hits, Role
from engine.document.kinds.operations import Lift, Replace, Slice
from engine.document.kinds.timing import OCTAVES_HZ
from engine.features.timing.finders.timing.aligned_files import Bleed
from engine.sound.edl.tracks.delay import _window, delayed
from engine.sound.edl.tracks.patches import Patches
from tests.engine.sound.edl.performed import FRAMES, Sound, noise, reader_of

RATE_HZ = 8_000
SPAN = (8_000, 10_000)
ALL, NONE = (1.0,) * len(OCTAVES_HZ), (0.0,) * len(OCTAVES_HZ)


def heard(sound: Sound, *edits: Lift | Slice | Replace, block: int = FRAMES) -> Sound:
    reader = reader_of(sound, Patches.of(edits, RATE_HZ))
    return np.concatenate([reader.read(at, min(at + block, FRAMES)) for at in range(0, FRAMES, block)])


@pytest.mark.parametrize("by", [-120.5, 96.0])
def test_on_its_own_microphone_a_voice_is_moved_whole(by: float) -> None:
    sound = noise()
    found = heard(sound, Lift(*SPAN, (), by, (), 5.0))
    first, last = SPAN[0] + min(by, 0.0), SPAN[1] + min(by, 0.0)
    moved = delayed(lambda a, b: sound[a:b], SPAN[0], SPAN[1] - 200, by)
    np.testing.assert_allclose(found[SPAN[0] + 40 : SPAN[1] - 200], moved[40:], rtol=0, atol=1e-6)
    changed = np.flatnonzero((found != sound.astype(np.float32)).any(axis=1))
    assert changed[0] >= first - 21
    assert changed[-1] <= last + 21


def test_all_of_the_bleed_is_taken_out_and_laid_elsewhere() -> None:
    sound = np.zeros((FRAMES, 1))
    sound[8_200:9_000] = noise()[:800]
    found = heard(sound, Lift(*SPAN, (), 400.0, ALL, 5.0))
    np.testing.assert_allclose(found[400:], sound[:-400], rtol=0, atol=1e-6)
    np.testing.assert_array_equal(heard(sound, Lift(*SPAN, (), 400.0, NONE, 5.0)), sound)


@pytest.mark.parametrize("gains", [(), (0.9,) * 5 + (0.2,) * 5])
def test_blocks_of_any_size_hear_the_same(gains: tuple[float, ...]) -> None:
    edits = (Lift(*SPAN, (), -33.25, gains, 5.0), Lift(9_000, 12_000, (), 70.0, gains, 5.0))
    np.testing.assert_array_equal(heard(noise(), *edits, block=777), heard(noise(), *edits))
    np.testing.assert_array_equal(heard(noise(), *edits[::-1]), heard(noise(), *edits))


def test_a_low_drum_leaves_a_high_one_where_it_was() -> None:
    at = np.arange(1_200)
    low = np.sin(at * 2 * np.pi * 100 / RATE_HZ) * np.exp(-at / 200)
    high = np.sin(at * 2 * np.pi * 2_500 / RATE_HZ) * np.exp(-at / 200)
    sound, wished = np.zeros((2, FRAMES, 1))
    sound[8_400:9_600, 0] = low + high
    wished[8_400:9_600, 0] = high
    wished[8_240:9_440, 0] += low
    gains = tuple(1.0 if octave < 600 else 0.0 for octave in OCTAVES_HZ)
    found = heard(sound, Lift(*SPAN, (), -160.0, gains, 5.0))
    rest, before = (float(np.sum(np.square(one - wished))) for one in (found, sound))
    assert rest < before / 50  # 17 dB


def test_a_slice_takes_along_the_voice_that_was_moved_in_it() -> None:
    sound, lift = noise(), Lift(8_200, 9_000, (), 40.0, (0.5,) * 10, 5.0)
    slice_ = Slice(8_000, 10_000, (), 250.0, 0.0, onset_samples=8_040.0)
    apart, both = heard(sound, lift), heard(sound, lift, slice_)
    np.testing.assert_allclose(both[8_300:9_900], apart[8_050:9_650], rtol=0, atol=1e-6)


def test_what_a_drum_is_of_a_distant_microphone_is_told_by_its_other_hits() -> None:
    rng, rate_hz, at = np.random.default_rng(2), 48_000, np.arange(4_800)
    kick = np.sin(at * 2 * np.pi * 60 / rate_hz) * np.exp(-at / 1_500)
    hat = np.diff(rng.standard_normal(4_801)) * np.exp(-at / 800) * 0.3
    overhead = (1e-4 * rng.standard_normal(20 * rate_hz)).astype(np.float32)
    kicks, hats = np.arange(1, 9) * 2.0 * rate_hz, np.arange(1, 9) * 2.0 * rate_hz + rate_hz
    for sound, onsets in ((kick, [*kicks, 19 * rate_hz]), (hat, [*hats, 19 * rate_hz])):
        for onset in map(int, onsets):
            overhead[onset : onset + 4_800] += sound[: len(overhead) - onset].astype(np.float32)
    tracks = np.array([0] * 9 + [1] * 9, np.int16)
    onsets = np.array([*kicks, 19 * rate_hz, *hats, 19 * rate_hz], np.float64)
    order = np.argsort(onsets, kind="stable")
    hits = hits_of(onsets[order], tracks[order])

    def read(start: int, stop: int) -> NDArray[np.float32]:
        return np.stack([np.zeros(stop - start, np.float32)] * 2 + [overhead[start:stop]])

    row = int(np.flatnonzero((hits.onsets_samples == 19 * rate_hz) & (hits.tracks == 0))[0])
    shares = Bleed(read, hits, rate_hz)(row)
    assert shares.keys() == {"overhead"}, "nothing is told of microphones that hear nothing of it"
    assert min(shares["overhead"][:2]) > 0.95
    assert max(shares["overhead"][6:]) < 0.05


def hits_of(onsets_samples: NDArray[np.float64], tracks: NDArray[np.int16]) -> Hits:
    """Return hits of a kick and a hat, those of one moment as one stroke."""
    n = len(onsets_samples)
    strokes = np.unique(onsets_samples, return_inverse=True)[1].astype(np.int32)
    made = np.zeros(n, np.float32), strokes, np.zeros(n, np.int8), np.ones(n, np.float32)
    roles = (Role.KICK, Role.HAT, Role.OVERHEAD)
    return Hits(onsets_samples, tracks, *made, ("kick", "hat", "overhead"), roles, np.zeros(3))


@pytest.mark.parametrize("crossfade_ms", [0.0, 5.0, 500.0])
def test_a_voice_is_taken_whole_in_the_middle_however_short_it_is(crossfade_ms: float) -> None:
    one = Lift(8_000, 8_101, (), 10.0, (), crossfade_ms)
    share = _window(one, RATE_HZ)
    np.testing.assert_allclose(share, share[::-1], atol=1e-12)
    assert share[50] == pytest.approx(1.0)
    assert np.all(np.diff(share[:51]) >= 0.0)
    assert 0.0 < share[0] <= 0.51
