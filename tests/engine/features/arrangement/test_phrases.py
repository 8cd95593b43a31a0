"""Phrases are found where they are played again: at another level and tone, a little faster, after talk."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.document.analysis import BeatGrid
from engine.features.arrangement.form import Sounds, unrepeated_changes_db
from engine.features.arrangement.step_features import hear
from engine.features.arrangement.steps import steps_of, with_outer_beats
from engine.features.takes.features import frames_of

RATE_HZ = 16_000
BEAT_S, BEATS = 0.5, 4
Samples = NDArray[np.float32]

PHRASES = {
    "A": (0, 5, 3, 8, 0, 5, 10, 7),
    "B": (2, 2, 9, 4, 11, 9, 4, 6),
    "halves": (0, 5, 3, 8, 0, 5, 3, 8),
}


def bar(pitch: int, rng: np.random.Generator, speed: float) -> Samples:
    """Return a bar of four chords with a stroke on each beat."""
    parts = []
    for beat in range(BEATS):
        n = round(BEAT_S / speed * RATE_HZ)
        t = np.arange(n) / RATE_HZ
        notes = [220.0 * 2.0 ** ((pitch + interval + (beat == 3)) / 12.0) for interval in (0, 4, 7)]
        tone = sum(np.sin(2.0 * np.pi * hz * t) for hz in notes) * np.exp(-3.0 * t)
        stroke = rng.standard_normal(n) * np.exp(-t * (60.0 if beat % 2 else 25.0))
        parts.append(0.1 * tone + 0.1 * stroke)
    return np.concatenate(parts).astype(np.float32)


def rendition(name: str, level_db: float, speed: float, rng: np.random.Generator) -> Samples:
    """Return a phrase of eight bars at a level, darker the softer it is."""
    audio = np.concatenate([bar(pitch, rng, speed) for pitch in PHRASES[name]])
    dull = max(1, round(-level_db))
    dulled = np.convolve(audio, np.ones(dull) / dull, mode="same")
    return (10.0 ** (level_db / 20.0) * dulled).astype(np.float32)


def test_renditions_are_found_at_any_level_tone_and_tempo() -> None:
    rng = np.random.default_rng(0)
    plan = [
        ("A", 0.0, 1.0),
        ("A", -6.0, 1.0),
        ("B", -2.0, 1.0),
        ("", 0.0, 1.0),
        ("A", -3.0, 1.015),
        ("B", -6.0, 0.99),
    ]
    parts, beats, right, at = [], [], [], 0
    for name, level_db, speed in plan:
        audio = rendition(name, level_db, speed, rng) if name else np.zeros(3 * RATE_HZ, np.float32)
        if name:
            right.append((at / RATE_HZ, (at + len(audio)) / RATE_HZ, name))
            beats += [at + round(number * BEAT_S / speed * RATE_HZ) for number in range(32)]
        parts.append(audio)
        at += len(audio)
    positions = np.arange(len(beats)) % BEATS + 1
    grid = BeatGrid(np.array(beats), positions, 60.0 / BEAT_S, 1.0, "")
    sound = np.concatenate(parts) + 1e-4 * rng.standard_normal(at).astype(np.float32)
    heard = hear([sound.astype(np.float32)], RATE_HZ, at, grid)
    edges_s = heard.steps.edges_s
    found = [(edges_s[one.first], edges_s[one.last], one.label) for one in heard.phrases]
    places = [np.array([span[:2] for span in spans]) for spans in (found, right)]
    assert places[0] == pytest.approx(places[1], abs=0.55)
    assert [label for *_, label in found] == [0, 0, 1, 0, 1]


def renditions(name: str, levels_db: Sequence[float], seed: int) -> Samples:
    """Return renditions of a phrase without breaks, each at its own level; the second half is louder."""
    rng = np.random.default_rng(seed)
    swell = np.repeat([0.5, 1.0], round(16 * BEAT_S * RATE_HZ)).astype(np.float32)
    return np.concatenate([swell * rendition(name, level_db, 1.0, rng) for level_db in levels_db])


def test_changes_that_come_again_with_the_music_are_not_those_of_another_rendition() -> None:
    audio = renditions("A", (0.0, -7.0, -2.0, -1.0), 4)
    sounds = Sounds.of(frames_of([audio], RATE_HZ, len(audio)))
    edges_s = np.arange(0.0, len(audio) / RATE_HZ + 0.1, BEAT_S)
    n = len(edges_s) - 1
    found_db = unrepeated_changes_db(sounds, edges_s, [(0, n)], BEATS)
    assert found_db.shape == edges_s.shape
    borders, middles = found_db[32:n:32], found_db[16:n:32]
    assert np.nanmax(middles) < 1.0 < 1.5 < borders.min()
    assert np.isnan(found_db[[0, 1, n - 1, n]]).all()
    assert np.isnan(unrepeated_changes_db(sounds, edges_s[:9], [(0, 8)], BEATS)).all()


def test_a_phrase_of_halves_that_are_alike_is_divided_where_its_level_changes() -> None:
    audio = renditions("halves", (0.0, -6.0, -2.0, -3.0, -8.0), 5)
    beats = (np.arange(5 * 32) * BEAT_S * RATE_HZ).astype(np.int64)
    grid = BeatGrid(beats, np.arange(len(beats)) % BEATS + 1, 120.0, 1.0, "")
    found = hear([audio], RATE_HZ, len(audio), grid).phrases
    assert [(one.first, one.last) for one in found] == [(at, at + 32) for at in range(0, 160, 32)]


def test_similarity_is_that_of_the_sound_and_not_of_its_level() -> None:
    rng = np.random.default_rng(1)
    audio = np.concatenate(
        [rendition("A", 0.0, 1.0, rng), rendition("A", -6.0, 1.0, rng), rendition("B", 0.0, 1.0, rng)]
    )
    sounds = Sounds.of(frames_of([audio], RATE_HZ, len(audio)))
    alike = sounds.similarities(np.array([0.0, 16.0, 32.0]), np.array([16.0, 32.0, 48.0]))
    assert alike[0, 1] > 0.7
    assert alike[0, 2] < 0.5
    np.testing.assert_allclose(alike, alike.T)


def test_silence_has_no_phrases() -> None:
    grid = BeatGrid(np.zeros(0, np.int64), np.zeros(0, np.int64), 0.0, 0.0, "")
    for seconds in (0, 1, 30):
        audio = np.zeros(seconds * RATE_HZ, np.float32)
        assert hear([audio], RATE_HZ, len(audio), grid).phrases == ()


@pytest.mark.parametrize("seconds", [0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 5.0, 8.0])
def test_music_of_any_length_has_phrases_or_none(seconds: float) -> None:
    audio = rendition("A", 0.0, 1.0, np.random.default_rng(3))[: round(seconds * RATE_HZ)]
    beats = np.arange(0, len(audio), round(BEAT_S * RATE_HZ))
    grid = BeatGrid(beats, np.arange(len(beats)) % BEATS + 1, 120.0, 1.0, "")
    features = hear([audio], RATE_HZ, len(audio), grid)
    edges = [edge for one in features.phrases for edge in (one.first, one.last)]
    assert edges == sorted(edges)
    assert all(0 <= edge <= len(features.steps) for edge in edges)


def test_beats_go_on_to_both_ends_of_playing() -> None:
    beats_s = np.arange(4.0, 8.0, 0.5)
    positions = np.arange(len(beats_s)) % BEATS + 1
    grid = BeatGrid((beats_s * RATE_HZ).astype(np.int64), positions, 120.0, 1.0, "")
    played_s = np.array([[3.0, 9.3]])
    whole = with_outer_beats(grid, played_s, RATE_HZ)
    assert whole.beats_samples / RATE_HZ == pytest.approx(np.arange(3.5, 9.3, 0.5))
    first = int(np.flatnonzero(whole.bar_positions == 1)[0])
    assert whole.beats_samples[first] % (2 * RATE_HZ) == 0
    steps = steps_of(whole, played_s, 12 * RATE_HZ, RATE_HZ)
    assert 9.0 in np.round(steps.edges_s, 3)
    few = BeatGrid(grid.beats_samples[:3], positions[:3], 120.0, 1.0, "")
    np.testing.assert_array_equal(with_outer_beats(few, played_s, RATE_HZ).beats_samples, few.beats_samples)


def test_long_recordings_are_searched_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(2)
    audio = np.concatenate([rendition(name, 0.0, 1.0, rng) for name in "AABAAB"])
    beats = (np.arange(6 * 32) * BEAT_S * RATE_HZ).astype(np.int64)
    grid = BeatGrid(beats, np.arange(len(beats)) % BEATS + 1, 120.0, 1.0, "")
    whole = hear([audio], RATE_HZ, len(audio), grid).phrases
    monkeypatch.setattr("engine.features.arrangement.form._PART_S", 50.0)
    parts = hear([audio], RATE_HZ, len(audio), grid).phrases
    assert len({one.label for one in parts}) > len({one.label for one in whole}) >= 2
    assert all(one.last <= other.first for one, other in pairwise(parts))
    assert {edge % BEATS for one in (*whole, *parts) for edge in (one.first, one.last)} == {0}
