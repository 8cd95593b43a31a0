"""Segments of playing, and takes made of them, of synthetic chords, single notes, clicks and noise."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.features.day.day import DaySong, SongTake
from engine.features.day.finding.activity import State
from engine.features.day.finding.edges import with_common_starts
from engine.features.day.finding.evidence import Evidence
from engine.features.day.finding.joining import joined
from engine.features.day.finding.segments import Segment, segments_of
from engine.features.day.finding.songs import grouped_songs, without_noodling
from engine.features.takes.features import FRAMES_PER_S, frames_of
from engine.features.takes.pairs import Pair

RATE_HZ = 22_050
C_MAJOR, F_SHARP = (60, 64, 67), (66, 70, 73)

Sound = NDArray[np.float32]


def noise(seconds: float, level: float, seed: int = 61) -> Sound:
    """Return noise."""
    samples = np.random.default_rng(seed).standard_normal(round(seconds * RATE_HZ))
    return (level * samples).astype(np.float32)


def notes(seconds: float, pitches: tuple[int, ...], level: float, each_s: float = 0.5) -> Sound:
    """Return notes with a few harmonics, which are struck again and again."""
    at = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    hz = [440.0 * 2 ** ((pitch - 69) / 12) * harmonic for pitch in pitches for harmonic in (1, 2, 3)]
    tones = sum(np.sin(2 * np.pi * one * at) for one in hz) / len(hz)
    return np.asarray(level * tones * np.exp(-3.0 * (at % each_s)), np.float32)


def band(seconds: float) -> Sound:
    """Return a full band: chords of C major, a bass, and noise of drums in all bands."""
    return notes(seconds, (36, *C_MAJOR, 72), 0.6) + noise(seconds, 0.05)


def clicks(seconds: float) -> Sound:
    """Return sticks that count in, two a second, with nothing between them."""
    at = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    return np.asarray(0.05 * np.sin(2 * np.pi * 3000 * at) * np.exp(-60.0 * (at % 0.5)), np.float32)


def evidence_of(*parts: Sound) -> Evidence:
    """Return the evidence of parts one after the other, without voices."""
    sound = np.concatenate([one + noise(len(one) / RATE_HZ, 1e-4)[: len(one)] for one in parts])
    return Evidence(frames_of([sound], RATE_HZ), np.zeros((0, 4), np.float32))


def all_playing(evidence: Evidence) -> NDArray[np.int64]:
    """Return states: playing where anything sounds."""
    steps = evidence.frames.levels_db[: 2 * len(evidence.frames)].reshape(-1, 2)
    return np.where(steps.max(axis=1) > -60.0, np.int64(State.PLAYING), np.int64(State.IDLE))


def silent(evidence: Evidence) -> Sound:
    """Return probabilities of 0."""
    return np.zeros(len(evidence.frames), np.float32)


def test_a_segment_begins_after_the_count_in() -> None:
    evidence = evidence_of(noise(5, 1e-4), clicks(2.0), band(60), noise(5, 1e-4))
    (found,) = segments_of(evidence, all_playing(evidence), silent(evidence))
    assert found.start / FRAMES_PER_S == pytest.approx(7.0, abs=0.41)
    assert found.stop / FRAMES_PER_S == pytest.approx(67.0, abs=0.81)


def test_a_segment_of_a_band_begins_at_once() -> None:
    evidence = evidence_of(noise(5, 1e-4), band(60), noise(5, 1e-4))
    (found,) = segments_of(evidence, all_playing(evidence), silent(evidence))
    assert found.start / FRAMES_PER_S == pytest.approx(5.0, abs=0.41)


@pytest.mark.parametrize(("share", "count"), [(0.1, 2), (0.5, 1)])
def test_playing_under_talk_is_not_a_segment(share: float, count: int) -> None:
    evidence = evidence_of(notes(20, F_SHARP, 0.3), noise(5, 1e-4), band(60), noise(5, 1e-4))
    speech = silent(evidence)
    speech[: round(20 * share * FRAMES_PER_S)] = 0.9
    assert len(segments_of(evidence, all_playing(evidence), speech)) == count


@pytest.mark.parametrize(("pitches", "is_intro"), [(C_MAJOR, True), (F_SHARP, False)])
def test_single_notes_before_a_song_are_its_intro_in_its_key(
    pitches: tuple[int, ...], is_intro: bool
) -> None:
    evidence = evidence_of(noise(5, 1e-4), notes(10, pitches, 0.02, 10.0), band(60), noise(5, 1e-4))
    thin, full = Segment(25, 75, is_thin=True), Segment(75, 375)
    music = silent(evidence) + 0.95
    takes = joined(evidence, all_playing(evidence), music, (thin, full), [])
    assert takes[-1].start == (25 if is_intro else 75)


@pytest.mark.parametrize(("each_s", "is_intro"), [(0.5, True), (1.0, True), (0.37, False), (0.68, False)])
def test_single_notes_before_a_song_are_its_intro_in_its_tempo(each_s: float, is_intro: bool) -> None:
    evidence = evidence_of(noise(5, 1e-4), notes(15, C_MAJOR, 0.02, each_s), band(60), noise(5, 1e-4))
    thin, full = Segment(25, 100, is_thin=True), Segment(100, 400)
    takes = joined(evidence, all_playing(evidence), silent(evidence) + 0.95, (thin, full), [])
    assert takes[-1].start == (25 if is_intro else 100)


def test_short_thin_playing_that_nothing_repeats_is_not_a_song() -> None:
    evidence = evidence_of(band(80), notes(30, F_SHARP, 0.1), band(30), notes(80, F_SHARP, 0.1))
    spans_s = ((0.0, 80.0), (80.0, 110.0), (110.0, 140.0), (140.0, 220.0))
    songs = [DaySong(f"Song {at}", (SongTake(*span),)) for at, span in enumerate(spans_s, 1)]
    left = without_noodling(evidence.frames, songs)
    assert starts_s(left) == [0.0, 110.0, 140.0]
    assert [song.name for song in left] == ["Song 1", "Song 2", "Song 3"]


def test_short_drums_alone_and_tuning_twice_are_not_songs() -> None:
    evidence = evidence_of(band(80), noise(30, 0.5), notes(20, F_SHARP, 0.02), notes(20, F_SHARP, 0.02))
    takes = SongTake(110.0, 130.0), SongTake(130.0, 150.0)
    songs = [DaySong("Song 1", (SongTake(0.0, 80.0),)), DaySong("Song 2", (SongTake(80.0, 110.0),))]
    assert starts_s(without_noodling(evidence.frames, [*songs, DaySong("Song 3", takes)])) == [0.0]
    drums = evidence_of(noise(80, 0.4), noise(30, 0.6), noise(40, 0.0))
    assert starts_s(without_noodling(drums.frames, songs)) == [0.0, 80.0]


@pytest.mark.parametrize(("first_s", "is_one"), [(100.0, True), (30.0, False)])
def test_a_general_pause_comes_late_in_a_song(first_s: float, is_one: bool) -> None:
    evidence = evidence_of(band(first_s), noise(1.8, 1e-4), band(60))
    first = round(first_s * FRAMES_PER_S)
    parts = Segment(0, first), Segment(first + 9, first + 309)
    takes = joined(evidence, all_playing(evidence), silent(evidence) + 0.95, parts, [])
    assert len(takes) == (1 if is_one else 2)


def test_sparse_playing_that_leads_to_a_song_is_one_segment() -> None:
    phrases = (part for _ in range(4) for part in (notes(3, C_MAJOR, 0.02), noise(1.5, 1e-4)))
    evidence = evidence_of(noise(5, 1e-4), *phrases, band(60), noise(5, 1e-4))
    thin, full = segments_of(evidence, all_playing(evidence), silent(evidence))
    assert (thin.is_thin, full.is_thin) == (True, False)
    assert thin.stop == full.start
    assert thin.start / FRAMES_PER_S <= 5.0


def test_takes_begin_where_two_of_them_agree() -> None:
    whole, late = Segment(100, 1000), Segment(1175, 2000)
    third = Segment(2100, 2900)
    alike = [Pair((175, 1175), (1000, 2000), 0, 300.0), Pair((100, 2100), (900, 2900), 0, 300.0)]
    states = np.full(3000, State.IDLE, np.int64)
    settle = partial(with_common_starts, states=states)
    assert starts_s(grouped_songs((whole, late, third), alike, settle)) == [20.0, 220.0, 420.0]
    states[1110] = State.TALK
    assert starts_s(grouped_songs((whole, late, third), alike, settle)) == [20.0, 235.0, 420.0]


def starts_s(songs: list[DaySong]) -> list[float]:
    """Return the starts of all takes."""
    return [take.start_s for song in songs for take in song.takes]
