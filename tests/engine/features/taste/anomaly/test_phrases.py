"""Faults of single phrases of speech, and none in speech like the edits or in music."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.analysis.signal.dead_air import DeadAirDetector
from engine.core.progress import SILENT
from engine.document.analysis import LONG_PAUSE, PHRASE_LEVEL, RESTART
from engine.features.takes.features import frames_of
from engine.features.taste.anomaly.found_faults import (
    FoundFault,
    Habits,
    HighMoments,
    found_faults,
    habits_and_music,
)
from engine.features.taste.anomaly.phrases import (
    NO_PHRASES,
    Phrases,
    UsualPhrases,
    are_spoken,
    phrases_in,
    sounding_spans,
    usual_phrases,
)
from tests.engine.features.takes.playing import Sound, passage
from tests.engine.spoken import RATE_HZ, spoken

ROOM = 10.0 ** (-52.0 / 20.0)
USUAL = UsualPhrases(longest_pause_s=0.8, softest_db=3.0, loudest_db=3.0, likeliest_restart=0.0)
NONE_HIGH = HighMoments(np.zeros(0), 0.2)


def sentences(count: int, seed: int) -> list[Sound]:
    rng = np.random.default_rng(seed)
    return [spoken(float(rng.uniform(1.6, 3.0)), 1000 * seed + number) for number in range(count)]


def said(parts: Sequence[Sound], pauses_s: Sequence[float] | float = 0.6) -> tuple[Sound, list[float]]:
    """Return sentences with a pause after each, in a room with noise, and where each begins in seconds."""
    lengths = [pauses_s] * len(parts) if isinstance(pauses_s, float) else list(pauses_s)
    pieces, starts_s, at = [], [], 0
    for part, pause_s in zip(parts, lengths, strict=True):
        pieces += [part, np.zeros(round(pause_s * RATE_HZ), np.float32)]
        starts_s.append(at / RATE_HZ)
        at += len(part) + len(pieces[-1])
    noise = ROOM * np.random.default_rng(7).standard_normal(at)
    return np.asarray(np.concatenate(pieces) + noise, np.float32), starts_s


def phrases(audio: Sound) -> Phrases:
    detector = DeadAirDetector(RATE_HZ)
    detector.push(audio)
    detector.finish()
    return phrases_in(detector.bands_db, detector.frame_s)


def found(
    audio: Sound, usual: UsualPhrases | None = USUAL, high: HighMoments = NONE_HIGH
) -> tuple[FoundFault, ...]:
    frames, habits = frames_of([audio], RATE_HZ), Habits(phrases=usual)
    return found_faults(frames, np.zeros(0), habits, high, phrases=phrases(audio))[0]


def test_sentences_are_phrases() -> None:
    parts = sentences(12, 1)
    audio, starts_s = said(parts)
    one = phrases(audio)
    assert one.spans_s[:, 0] == pytest.approx(starts_s, abs=0.2)
    assert one.spans_s[:, 1] == pytest.approx(
        [start_s + len(part) / RATE_HZ for start_s, part in zip(starts_s, parts, strict=True)], abs=0.2
    )
    assert np.abs(one.levels_db).max() < 3.0
    assert one.restarts.max() < 0.7


@pytest.mark.parametrize("gain_db", [-16.0, -9.0, 9.0])
def test_a_phrase_said_softer_or_louder_than_all_of_the_edits_is_found(gain_db: float) -> None:
    parts = sentences(12, 2)
    parts[5] = parts[5] * np.float32(10.0 ** (gain_db / 20.0))
    audio, starts_s = said(parts)
    (one,) = found(audio)
    assert one.kind == PHRASE_LEVEL
    assert (one.start_s, one.stop_s) == pytest.approx(
        (starts_s[5], starts_s[5] + len(parts[5]) / RATE_HZ), abs=0.2
    )
    assert found(audio, replace(USUAL, softest_db=17.0, loudest_db=10.0)) == ()


def test_less_suffices_where_the_taste_finds_a_fault() -> None:
    parts = sentences(12, 2)
    parts[5] = parts[5] * np.float32(10.0 ** (-5.0 / 20.0))
    audio, starts_s = said(parts)
    assert found(audio) == ()
    high = HighMoments(np.arange(starts_s[5] - 0.5, starts_s[6], 0.2), 0.2)
    assert [one.kind for one in found(audio, high=high)] == [PHRASE_LEVEL]


@pytest.mark.parametrize("noise_db", [-60.0, -44.0])
def test_a_longer_pause_than_any_of_the_edits_is_found_above_a_loud_room_too(noise_db: float) -> None:
    pauses_s = [0.6] * 12
    pauses_s[4] = 4.5
    audio, starts_s = said(sentences(12, 3), pauses_s)
    louder = np.random.default_rng(1).standard_normal(len(audio)) * 10.0 ** (noise_db / 20.0)
    (one,) = found(np.asarray(audio + louder, np.float32))
    assert one.kind == LONG_PAUSE
    assert (one.start_s, one.stop_s) == pytest.approx((starts_s[5] - 4.5, starts_s[5]), abs=0.2)
    assert found(audio, replace(USUAL, longest_pause_s=4.0)) == ()


def test_a_sentence_broken_off_and_said_again_is_found_with_its_pause() -> None:
    parts = sentences(12, 4)
    begun = parts[6][: round(1.1 * RATE_HZ)].copy()
    begun[-400:] *= np.linspace(1.0, 0.0, 400, dtype=np.float32)
    audio, starts_s = said([*parts[:6], begun, *parts[6:]])
    (one,) = found(audio)
    assert one.kind == RESTART
    assert (one.start_s, one.stop_s) == pytest.approx((starts_s[6], starts_s[7]), abs=0.1)
    assert found(audio, replace(USUAL, likeliest_restart=1.0)) == ()


def test_a_sentence_said_twice_is_not_broken_off() -> None:
    parts = sentences(12, 5)
    parts[6] = spoken(1.5, 99)
    audio, _ = said([*parts[:6], parts[6], *parts[6:]])
    assert found(audio) == ()


def test_edits_of_music_have_no_phrases(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "music.wav", passage(1, 60.0), RATE_HZ)
    assert habits_and_music([tmp_path / "music.wav"], SILENT)[0].phrases is None
    audio, _ = said([*sentences(5, 6), *sentences(5, 7)], [0.6] * 9 + [5.0])
    assert found(audio, None) == ()


def test_edits_of_speech_show_how_phrases_differ(tmp_path: Path) -> None:
    parts = sentences(30, 8)
    parts[3] = parts[3] * np.float32(0.4)
    for number, some in enumerate((parts[:15], parts[15:])):
        soundfile.write(tmp_path / f"{number}.wav", said(some)[0], RATE_HZ)
    usual = habits_and_music(sorted(tmp_path.glob("*.wav")), SILENT)[0].phrases
    assert usual is not None
    assert usual.softest_db == pytest.approx(8.0, abs=2.5)
    assert usual.longest_pause_s == pytest.approx(0.6, abs=0.25)
    assert usual.likeliest_restart < 0.7


@pytest.mark.parametrize("audio", [np.zeros(0, np.float32), np.zeros(16_000, np.float32), passage(1, 30.0)])
def test_sound_without_pauses_has_no_phrases(audio: Sound) -> None:
    assert len(phrases(audio).spans_s) <= 1
    assert usual_phrases([phrases(audio), NO_PHRASES]) is None


def test_no_levels_have_no_sounding_spans() -> None:
    assert sounding_spans(np.zeros(0, np.float32), 0.064).shape == (0, 2)


def test_calls_and_waves_are_not_speech() -> None:
    rng = np.random.default_rng(11)
    calls = [spoken(float(rng.choice([0.4, 0.5, 1.5])), 300 + number) for number in range(60)]
    assert usual_phrases([phrases(said(calls)[0])]) is None
    times_s = np.arange(120 * RATE_HZ) / RATE_HZ
    swell_db = 8.0 * np.sin(2.0 * np.pi * times_s / 3.0)
    waves = 0.02 * rng.standard_normal(len(times_s)) * 10.0 ** (swell_db / 20.0)
    assert usual_phrases([phrases(waves.astype(np.float32))]) is None


def test_one_recording_does_not_show_how_recordings_differ() -> None:
    parts = sentences(30, 8)
    parts[3] = parts[3] * np.float32(0.4)
    alone, twice = (usual_phrases([phrases(said(parts)[0])] * count) for count in (1, 2))
    assert alone is not None
    assert twice is not None
    assert alone.softest_db == pytest.approx(1.5 * twice.softest_db)


@pytest.mark.parametrize(
    ("longer_s", "is_speech"), [((), True), ((25.0,), True), ((70.0, 150.0, 90.0), False)]
)
def test_drums_go_on_for_longer_than_a_breath(longer_s: tuple[float, ...], is_speech: bool) -> None:
    assert are_spoken(np.array([4.0] * 25 + list(longer_s))) is is_speech
