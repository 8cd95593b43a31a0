"""Edit lists are found again: to the sample where nothing else was done, and what is foreign is told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.features.match.match import match_sounds
from engine.features.match.matched import Matched, Shape
from engine.features.match.sound import Samples, sound_of
from engine.lab.evaluation.matching.edits import FOREIGN, EditedPair, Piece, rendered
from engine.lab.evaluation.matching.versions import VERSIONS
from tests.engine.features.takes.playing import RATE_HZ as NOTES_HZ
from tests.engine.features.takes.playing import passage

RATE_HZ = 22_050


def music(seed: int, length_s: float, rate_hz: int = RATE_HZ) -> Samples:
    """Return noise bursts and tones in stereo that never repeat."""
    rng = np.random.default_rng(seed)
    count = round(length_s * rate_hz)
    out = 0.002 * rng.standard_normal((count, 2))
    at = 0
    while at < count - rate_hz:
        length = int(rng.integers(rate_hz // 5, rate_hz))
        time = np.arange(length) / rate_hz
        decay = np.exp(-time * rng.uniform(2.0, 12.0))[:, None]
        tone = np.sin(2 * np.pi * rng.uniform(80.0, 2000.0) * time)[:, None] * rng.uniform(0.0, 0.3, 2)
        out[at : at + length] += decay * (tone + rng.uniform(0.01, 0.15) * rng.standard_normal((length, 2)))
        at += int(rng.integers(rate_hz // 12, rate_hz // 3))
    return out.astype(np.float32)


def pair(*, seed: int = 1) -> EditedPair:
    """Return an edit with a hard cut, crossfades of two shapes, a repeat, a foreign piece and gains."""
    raws, foreign = (music(seed, 40.0), music(seed + 1, 25.0)), music(seed + 2, 10.0)
    spans = [
        (0, 3.0, 4.0, 0.0, 0.0, Shape.EQUAL_GAIN),
        (0, 11.0, 3.0, -4.5, 0.0, Shape.EQUAL_GAIN),
        (1, 2.0, 3.5, 2.25, 0.2, Shape.EQUAL_POWER),
        (1, 2.0, 3.5, 2.25, 0.02, Shape.EQUAL_GAIN),
        (FOREIGN, 1.0, 2.5, 0.0, 0.0, Shape.EQUAL_GAIN),
        (0, 1.0, 5.0, 0.0, 0.0, Shape.EQUAL_GAIN),
        (0, 20.0, 4.0, -1.0, 0.4, Shape.RAISED_COSINE),
    ]
    pieces: list[Piece] = []
    at = 0
    for raw, start_s, length_s, gain_db, fade_s, shape in spans:
        fade, length = round(fade_s * RATE_HZ), round(length_s * RATE_HZ)
        pieces.append(Piece(raw, round(start_s * RATE_HZ), at - fade, length, gain_db, fade, shape))
        at = pieces[-1].edited_stop_samples
    return EditedPair("made", RATE_HZ, raws, rendered(pieces, raws, foreign), tuple(pieces))


def matched(made: EditedPair, version: str = "clean") -> Matched:
    edited = VERSIONS[version](made.edited, made.rate_hz, np.random.default_rng(5))
    raws = tuple(sound_of(Path(f"raw{number}.wav"), raw, RATE_HZ) for number, raw in enumerate(made.raws))
    return match_sounds(raws, sound_of(Path("edited.wav"), edited, RATE_HZ))


@pytest.fixture(scope="module")
def made() -> EditedPair:
    return pair()


def test_a_clean_edit_is_found_to_the_sample(made: EditedPair) -> None:
    """Every number of the list is found, and nothing is left when it is subtracted."""
    found = matched(made)
    expected = [piece for piece in made.pieces if piece.raw != FOREIGN]
    assert [one.raw for one in found.segments] == [piece.raw for piece in expected]
    for one, piece in zip(found.segments, expected, strict=True):
        assert one.raw_start_samples == piece.raw_start_samples
        assert one.edited_start_samples == piece.edited_start_samples
        assert one.edited_stop_samples == piece.edited_stop_samples
        assert one.crossfade_samples == piece.crossfade_samples
        assert one.crossfade_shape == (piece.shape if piece.crossfade_samples else None)
        assert one.gain_db == pytest.approx(piece.gain_db, abs=1e-3)
        assert one.residual_db is not None
        assert one.residual_db < -80.0
    (foreign,) = (piece for piece in made.pieces if piece.raw == FOREIGN)
    assert found.unmatched == ((foreign.edited_start_samples, foreign.edited_stop_samples),)


@pytest.mark.long
@pytest.mark.parametrize("version", ["coded", "mastered", "noisy"])
def test_what_was_done_to_it_since_hides_no_segment(made: EditedPair, version: str) -> None:
    found = matched(made, version)
    expected = [piece for piece in made.pieces if piece.raw != FOREIGN]
    assert [one.raw for one in found.segments] == [piece.raw for piece in expected]
    for one, piece in zip(found.segments, expected, strict=True):
        offset = one.raw_start_samples - one.edited_start_samples
        assert abs(offset - (piece.raw_start_samples - piece.edited_start_samples)) <= 1
        assert abs(one.edited_start_samples - piece.edited_start_samples) < 0.06 * RATE_HZ


def test_what_sinks_beneath_noise_is_still_part_of_its_segment() -> None:
    """Two seconds some 18 dB below white noise, at the end of a piece."""
    raw = music(3, 30.0)
    edited = np.concatenate([raw[2 * RATE_HZ : 8 * RATE_HZ], raw[16 * RATE_HZ : 20 * RATE_HZ]])
    edited[4 * RATE_HZ : 6 * RATE_HZ] *= 0.04
    edited += 0.3 * np.std(edited) * np.random.default_rng(4).standard_normal(edited.shape)
    found = match_sounds(
        (sound_of(Path("raw.wav"), raw, RATE_HZ),), sound_of(Path("edited.wav"), edited, RATE_HZ)
    )
    assert found.unmatched == ()
    assert [one.raw_start_samples for one in found.segments] == [2 * RATE_HZ, 16 * RATE_HZ]
    assert found.segments[0].edited_stop_samples == pytest.approx(6 * RATE_HZ, abs=0.1 * RATE_HZ)


def test_other_music_of_the_same_notes_is_foreign() -> None:
    """Notes of one instrument are like each other everywhere; that makes no edit of it."""
    raw, other = (passage(seed, length_s)[:, None] for seed, length_s in ((4, 20.0), (99, 6.0)))
    found = match_sounds(
        (sound_of(Path("raw.wav"), raw, NOTES_HZ),), sound_of(Path("other.wav"), other, NOTES_HZ)
    )
    assert found.segments == ()
    assert found.matched_share == 0.0


def _beat(seed: int, bars: int) -> Samples:
    """Return bars of sixteenths drawn from one kit: a kick, a snare and a hat that always sound the same."""
    kit_rng, rng = np.random.default_rng(50), np.random.default_rng(seed)
    at_s = np.arange(RATE_HZ // 5) / RATE_HZ
    kick = np.sin(2 * np.pi * (50.0 * at_s + 6.0 * (1.0 - np.exp(-at_s * 30.0)))) * np.exp(-at_s * 18.0)
    snare, hat = (kit_rng.standard_normal(len(at_s)) * np.exp(-at_s * fall) for fall in (25.0, 90.0))
    step = RATE_HZ // 8
    out = np.zeros(bars * 16 * step + len(at_s))
    for number in range(bars * 16):
        for sound, chance in ((kick, 0.35), (0.4 * snare, 0.2), (0.2 * hat, 0.6)):
            if rng.random() < chance:
                start = number * step + int(rng.integers(-40, 40)) + 40
                out[start : start + len(at_s)] += rng.uniform(0.6, 1.0) * sound
    return np.repeat(0.3 * out[:, None], 2, axis=1).astype(np.float32)


@pytest.mark.parametrize("length_s", [0.5, pytest.param(5.5, marks=pytest.mark.long)])
def test_a_foreign_beat_of_the_same_kit_is_foreign(length_s: float) -> None:
    """It was explained by a chain of snippets, in which single strokes agree."""
    raw, other = _beat(51, 16), _beat(52, 8)
    length = round(length_s * RATE_HZ)
    first, last = raw[2 * RATE_HZ : 8 * RATE_HZ], raw[15 * RATE_HZ : 20 * RATE_HZ]
    edited = np.concatenate([first, other[RATE_HZ : RATE_HZ + length], last])
    found = match_sounds(
        (sound_of(Path("raw.wav"), raw, RATE_HZ),), sound_of(Path("edited.wav"), edited, RATE_HZ)
    )
    open_s = sum(stop - start for start, stop in found.unmatched) / RATE_HZ
    assert open_s == pytest.approx(length_s, abs=0.2)
    assert found.matched_share < 11.0 / (11.0 + length_s) + 0.01
    offsets = [one.raw_start_samples - one.edited_start_samples for one in found.segments]
    assert offsets == [2 * RATE_HZ, 15 * RATE_HZ - (6 * RATE_HZ + length)]


def test_a_recording_beneath_talk_is_found_and_counted_as_covered() -> None:
    raw, talk = music(61, 30.0), music(62, 4.0)
    edited = raw[3 * RATE_HZ : 15 * RATE_HZ].copy()
    edited[4 * RATE_HZ : 8 * RATE_HZ] += 3.0 * talk
    found = match_sounds(
        (sound_of(Path("raw.wav"), raw, RATE_HZ),), sound_of(Path("edited.wav"), edited, RATE_HZ)
    )
    assert {one.raw_start_samples - one.edited_start_samples for one in found.segments} == {3 * RATE_HZ}
    covered_s = sum(stop - start for start, stop in found.covered) / RATE_HZ
    assert 2.0 < covered_s < 4.3
    assert found.matched_share < 0.85
