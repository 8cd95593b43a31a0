"""Dead air is found to the second, whatever it is made of; music is none, however soft or sustained."""

from __future__ import annotations

import tracemalloc
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from engine.analysis.signal.dead_air import HISS, HUM, ROOM, SILENCE, DeadAirDetector, _still
from engine.analysis.signal.streams import mono_blocks
from tests.mostly_long import mostly_long

RATE_HZ = 16_000
DEMO = Path(__file__).resolve().parents[4] / "resources" / "demo" / "edited"
GAP_S = 60
EDGE_S = 0.1


def detect(blocks, rate_hz):
    detector = DeadAirDetector(rate_hz)
    for block in blocks:
        detector.push(block)
    return detector.finish()


@cache
def music(rate_hz=RATE_HZ):
    """The three pieces of the demonstration, 48, 43 and 24.5 s."""
    return [np.concatenate(list(mono_blocks(path, rate_hz))) for path in sorted(DEMO.glob("*.ogg"))]


def noise(length_s, level_db, rate_hz=RATE_HZ, seed=1):
    samples = np.random.default_rng(seed).standard_normal(round(length_s * rate_hz))
    return (samples * 10 ** (level_db / 20)).astype(np.float32)


def dark_noise(length_s, level_db):
    spectrum = np.fft.rfft(noise(length_s, 0.0))
    return at_level(np.fft.irfft(spectrum / np.sqrt(np.arange(1, len(spectrum) + 1))), level_db)


def hum(length_s, level_db, rate_hz=RATE_HZ, mains_hz=50):
    at_s = np.arange(round(length_s * rate_hz)) / rate_hz
    partials = ((1, 1.0), (2, 0.5), (3, 0.35), (5, 0.2))
    return at_level(sum(a * np.sin(2 * np.pi * mains_hz * k * at_s + k) for k, a in partials), level_db)


def at_level(samples, level_db):
    return (samples / np.sqrt(np.mean(samples**2)) * 10 ** (level_db / 20)).astype(np.float32)


def silence(length_s, rate_hz=RATE_HZ):
    return np.zeros(round(length_s * rate_hz), np.float32)


def organ(chord_s, chords):
    """Steady chords of four partials, one after the other."""
    at_s = np.arange(round(chord_s * RATE_HZ)) / RATE_HZ
    swell = np.minimum(1.0, np.minimum(at_s / 0.05, (chord_s - at_s) / 0.1))
    pitches = [(131, 165, 196, 262), (147, 175, 220, 294), (98, 124, 196, 247), (65, 131, 165, 196)]
    heard = [
        swell * sum(np.sin(2 * np.pi * h * hz * at_s) / h for hz in pitches[k % 4] for h in range(1, 5))
        for k in range(chords)
    ]
    return at_level(np.concatenate(heard), -20.0)


def joined(*parts):
    """Return the parts in a row, and which samples are dead air: those of parts given as (samples, True)."""
    samples = np.concatenate([part[0] if isinstance(part, tuple) else part for part in parts])
    dead = [
        np.full(len(part[0]), True) if isinstance(part, tuple) else np.full(len(part), False)
        for part in parts
    ]
    return samples, np.concatenate(dead)


def with_gaps(rate_hz=RATE_HZ, hiss_db=-62.0, hum_db=-40.0, mains_hz=50):
    fishing, ragtime, medley = music(rate_hz)
    return joined(
        fishing,
        (noise(GAP_S, hiss_db, rate_hz), True),
        ragtime,
        (silence(GAP_S, rate_hz), True),
        medley,
        (hum(GAP_S, hum_db, rate_hz, mains_hz), True),
        fishing,
    )


def found_in(samples, rate_hz=RATE_HZ, block=65_536):
    return detect((samples[at : at + block] for at in range(0, len(samples), block)), rate_hz)


def flags_of(found, length):
    flags = np.zeros(length, bool)
    for start, stop in found.spans.tolist():
        flags[start:stop] = True
    return flags


def assert_found(found, dead, rate_hz=RATE_HZ):
    """At least 0.99 of the dead air is found, and at each of its edges less than 0.1 s of music is lost."""
    flags = flags_of(found, len(dead))
    assert flags[dead].mean() >= 0.99
    edges = np.flatnonzero(np.diff(dead))
    for edge in edges.tolist():
        around = slice(max(0, edge - rate_hz), edge + rate_hz)
        assert np.count_nonzero(flags[around] & ~dead[around]) < EDGE_S * rate_hz
    assert np.count_nonzero(flags & ~dead) < len(edges) * EDGE_S * rate_hz


@mostly_long("rate_hz", [8_000, 16_000, 44_100, 48_000, 96_000], keep=(44_100,))
def test_every_second_of_three_gaps_is_found_and_none_of_the_music(rate_hz):
    samples, dead = with_gaps(rate_hz)
    found = found_in(samples, rate_hz)
    assert found.kinds == (HISS, SILENCE, HUM)
    np.testing.assert_allclose(found.levels_db, [-62, -120, -40], atol=0.5)
    assert_found(found, dead, rate_hz)
    seconds = len(dead) // rate_hz
    whole = dead[: seconds * rate_hz].reshape(seconds, rate_hz)
    heard = flags_of(found, len(dead))[: seconds * rate_hz].reshape(seconds, rate_hz)
    assert heard[whole.all(axis=1)].mean(axis=1).min() > 0.9
    assert heard[~whole.any(axis=1)].mean(axis=1).max() < EDGE_S


@pytest.mark.parametrize("mains_hz", [50, 60])
@mostly_long("hum_db", [-30.0, -45.0, -60.0, -75.0], keep=(-30.0, -75.0))
def test_hum_of_any_level_is_found(mains_hz, hum_db):
    samples, dead = with_gaps(hum_db=hum_db, mains_hz=mains_hz)
    found = found_in(samples)
    assert found.kinds == (HISS, SILENCE, HUM)
    assert_found(found, dead)


@mostly_long("hiss_db", [-50.0, -55.0, -70.0, -80.0], keep=(-50.0, -80.0))
def test_hiss_of_any_level_is_found(hiss_db):
    samples, dead = with_gaps(hiss_db=hiss_db)
    assert_found(found_in(samples), dead)


def test_an_empty_room_with_small_sounds_in_it_is_found():
    room = dark_noise(GAP_S, -58.0)
    for at_s in (7, 19, 33, 34, 50):
        at = at_s * RATE_HZ
        room[at : at + 3_000] += dark_noise(3_000 / RATE_HZ, -38.0) * np.hanning(3_000).astype(np.float32)
    samples, dead = joined(music()[0], (room, True), music()[1])
    found = found_in(samples)
    assert found.kinds == (ROOM,)
    assert_found(found, dead)


@pytest.mark.parametrize("blocks", [(1_000,), (7, 44_100, 1, 333), (10_000_000,)])
def test_the_blocks_change_nothing(blocks):
    samples, _ = joined(music()[2], noise(8, -62), music()[2], hum(8, -40), silence(8), music()[2][:4_001])
    detector, at, turn = DeadAirDetector(RATE_HZ), 0, 0
    while at < len(samples):
        detector.push(samples[at : at + blocks[turn % len(blocks)]])
        at, turn = at + blocks[turn % len(blocks)], turn + 1
    found, whole = detector.finish(), found_in(samples)
    assert found.kinds == whole.kinds
    np.testing.assert_array_equal(found.spans, whole.spans)
    np.testing.assert_array_equal(found.levels_db, whole.levels_db)


@mostly_long("share", [0.3, 0.5, 0.7, 0.9, 0.97], keep=(0.5, 0.9))
@pytest.mark.parametrize("kind", [HISS, SILENCE, HUM])
def test_however_much_of_a_recording_is_dead_air(share, kind):
    piece = music()[0]
    gap_s = len(piece) / RATE_HZ * share / (1 - share) / 2
    gap = {HISS: lambda: noise(gap_s, -62), SILENCE: lambda: silence(gap_s), HUM: lambda: hum(gap_s, -40)}[
        kind
    ]()
    half = len(piece) // 2
    samples, dead = joined((gap, True), piece[:half], (gap, True), piece[half:])
    found = found_in(samples)
    assert set(found.kinds) == {kind}
    assert_found(found, dead)


@pytest.mark.parametrize("idle", [lambda: noise(120, -60), lambda: silence(120), lambda: hum(120, -45)])
def test_one_loud_blow_in_an_idle_recording(idle):
    samples = idle()
    samples[60 * RATE_HZ : 60 * RATE_HZ + 2_000] += 0.8 * np.linspace(1, 0, 2_000, dtype=np.float32)
    found = flags_of(found_in(samples), len(samples))
    assert found.mean() >= 0.99


def soft_passage(level_db, floor_db=None):
    fishing, ragtime, medley = music()
    samples = np.concatenate([fishing, ragtime * np.float32(10 ** (level_db / 20)), medley])
    return samples if floor_db is None else samples + noise(len(samples) / RATE_HZ, floor_db)


def faded():
    fishing, ragtime = (piece.copy() for piece in music()[:2])
    ramp = (10 ** (np.linspace(-60, 0, 12 * RATE_HZ) / 20)).astype(np.float32)
    fishing[: len(ramp)] *= ramp
    fishing[-len(ramp) :] *= ramp[::-1]
    ragtime[-len(ramp) :] *= np.linspace(1, 0, len(ramp), dtype=np.float32)
    return np.concatenate([fishing, ragtime])


def with_rests():
    samples = np.concatenate(music())
    for at_s in range(5, 110, 9):
        samples[at_s * RATE_HZ : (at_s + 2) * RATE_HZ] = 0
    return samples


def hits_over_noise():
    samples = noise(120, -60)
    at_s = np.arange(round(0.4 * RATE_HZ)) / RATE_HZ
    hit = (0.3 * np.exp(-at_s / 0.06) * np.sin(2 * np.pi * 200 * at_s)).astype(np.float32)
    for start_s in np.arange(1, 119.5, 2.5):
        samples[round(start_s * RATE_HZ) :][: len(hit)] += hit
    return samples


def rain():
    samples, drop = noise(120, -40), np.linspace(1, 0, 40, dtype=np.float32)
    starts = np.random.default_rng(3).integers(0, len(samples) - 40, 4_000)
    for at, heard in zip(starts.tolist(), noise(10, -25).reshape(4_000, 40), strict=True):
        samples[at : at + 40] += heard * drop
    return samples


@pytest.mark.parametrize(
    "played",
    [
        lambda: np.concatenate(music()),
        lambda: soft_passage(-30.0),
        lambda: soft_passage(-30.0, floor_db=-70.0),
        faded,
        lambda: faded() + noise(len(faded()) / RATE_HZ, -70.0),
        with_rests,
        lambda: with_rests() + noise(len(with_rests()) / RATE_HZ, -65.0),
        lambda: organ(4, 12),
        lambda: organ(20, 4),
        lambda: np.concatenate([music()[0], organ(8, 6) * np.float32(0.1), music()[1]]),
        hits_over_noise,
        lambda: noise(60, -45.0),
        lambda: noise(60, -20.0),
        rain,
    ],
    ids=[
        "music", "soft", "soft-in-hiss", "fades", "fades-in-hiss", "rests", "rests-in-hiss", "chords",
        "long-chords", "soft-chords", "hits", "steady", "loud-steady", "rain",
    ],
)  # fmt: skip
def test_what_is_played_is_no_dead_air(played):
    assert not len(found_in(played().astype(np.float32)).spans)


def test_all_of_a_silent_recording_is():
    found = found_in(silence(30))
    assert found.spans.tolist() == [[0, 30 * RATE_HZ]]
    assert (found.kinds, found.levels_db.tolist()) == ((SILENCE,), [-120.0])


@pytest.mark.parametrize("length", [0, 1, 1_023, 1_025])
@pytest.mark.parametrize("rate_hz", [100, 8_000, 44_100, 192_000])
def test_nothing_and_next_to_nothing_hold_none(length, rate_hz):
    found = found_in(np.ones(length, np.float32), rate_hz)
    assert (found.spans.shape, found.kinds, found.levels_db.shape) == ((0, 2), (), (0,))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_is_silence(bad):
    samples, dead = joined(music()[2], (np.full(10 * RATE_HZ, bad, np.float32), True), music()[2])
    found = found_in(samples)
    assert found.kinds == (SILENCE,)
    assert np.isfinite(found.levels_db).all()
    assert_found(found, dead)


@pytest.mark.parametrize(
    ("idle", "kind"),
    [
        (silence, SILENCE),
        (lambda length_s: noise(length_s, -62.0), HISS),
        (lambda length_s: dark_noise(length_s, -60.0), ROOM),
        (lambda length_s: hum(length_s, -40.0), HUM),
    ],
    ids=["silence", "hiss", "room", "hum"],
)
def test_a_rest_shorter_than_three_seconds_is_none_and_a_longer_one_is(idle, kind):
    for gap_s, kinds in ((2.8, ()), (3.3, (kind,)), (4.0, (kind,)), (5.0, (kind,))):
        samples, dead = joined(music()[2], (idle(gap_s), True), music()[1])
        found = found_in(samples)
        assert found.kinds == kinds, gap_s
        if kinds:
            assert flags_of(found, len(samples))[dead].mean() > 0.95


@pytest.mark.parametrize("frames", [1, 2, 30, 31, 32, 700])
def test_rolling_stillness_equals_the_plain_one(rng, frames):
    measures = (rng.standard_normal((frames, 6)) * rng.choice([0.3, 3.0, 6.0], (frames, 1)) - 50.0).astype(
        np.float32
    )
    measures[frames // 3 : frames // 2] = -60.0 + 0.1 * measures[frames // 3 : frames // 2]

    def around(values, at, width):
        return values[max(0, at - width // 2) : at + width // 2 + 1]

    power = 10.0 ** (measures[:, 1:].astype(float) / 10.0)
    smooth = np.array([10.0 * np.log10(around(power, at, 5).mean(axis=0)) for at in range(frames)])
    moved = np.array([around(smooth, at, 31).std(axis=0) for at in range(frames)])
    plain = [bool(one[0] <= 1.4 and one[1:].mean() <= 1.7) for one in moved]
    assert _still(measures).tolist() == plain


@pytest.mark.long
def test_what_is_held_of_an_hour_is_bounded():
    hour, block = 3_600 * 8_000, noise(8.192, -20.0, 8_000)
    detector = DeadAirDetector(8_000)
    tracemalloc.start()
    for _ in range(hour // len(block)):
        detector.push(block)
    held, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < 6e6
    assert most < 16e6
