"""Pieces at another speed or pitch are found with their places, and other music is not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soxr
from scipy.signal import butter, sosfilt

from engine.cli.propose import _table
from engine.features.match.match import match_sounds
from engine.features.match.matched import Matched, figures_of
from engine.features.match.sound import Samples, sound_of
from engine.features.match.stretching.lines import StretchedLine
from engine.features.match.stretching.spectra import BANDS, MARGIN_BANDS, at_pitch, changes, spectra_of
from engine.features.match.stretching.tracing import decoded
from engine.lab.evaluation.matching.stretchers import stretched
from tests.engine.features.match.test_match import RATE_HZ, music


@pytest.fixture(scope="module")
def raw() -> Samples:
    return music(31, 36.0)


def matched(raw: Samples, edited: Samples) -> Matched:
    return match_sounds((sound_of(Path("raw"), raw, RATE_HZ),), sound_of(Path("edited"), edited, RATE_HZ))


def cut(samples: Samples, start_s: float, stop_s: float) -> Samples:
    return samples[round(start_s * RATE_HZ) : round(stop_s * RATE_HZ)]


def stretched_to(samples: Samples, speed: float, semitones: float) -> Samples:
    out, late = stretched("wsola", samples, RATE_HZ, speed, semitones)
    return np.roll(out, -round(late), axis=0)[: round(len(samples) / speed)]


def test_pieces_among_plain_cuts_have_their_speed_pitch_gain_and_place(raw: Samples) -> None:
    slow, high = stretched_to(cut(raw, 20.0, 26.0), 0.88, 0.0), stretched_to(cut(raw, 2.0, 7.0), 1.0, 3.0)
    edited = np.concatenate([cut(raw, 10.0, 14.0), 0.5 * slow, cut(raw, 28.0, 32.0), high])
    found = matched(raw, edited)
    first, second, third, last = found.segments
    assert [one.similarity is None for one in found.segments] == [True, False, True, False]
    assert (first.speed, first.pitch_semitones, third.speed) == (1.0, 0.0, 1.0)
    assert second.speed == pytest.approx(0.88, rel=1e-3)
    assert second.pitch_semitones == 0.0
    assert second.gain_db == pytest.approx(-6.0, abs=1.0)
    assert last.speed == pytest.approx(1.0, abs=1e-3)
    assert last.pitch_semitones == pytest.approx(3.0, abs=0.1)
    for one, start_s, at_s in ((second, 20.0, 4.0), (last, 2.0, 8.0 + 6.0 / 0.88)):
        ahead = (one.edited_start_samples / RATE_HZ - at_s) * one.speed
        assert one.raw_start_samples / RATE_HZ - ahead == pytest.approx(start_s, abs=0.006)
        assert one.similarity is not None
        assert one.similarity > 0.7
    assert found.stretched_share == pytest.approx((len(slow) + len(high)) / len(edited), abs=0.02)
    assert found.matched_share == pytest.approx(8.0 * RATE_HZ / len(edited), abs=0.02)


def test_a_tape_at_another_speed_nulls(raw: Samples) -> None:
    edited = np.concatenate([cut(raw, 3.0, 10.0), cut(raw, 20.0, 29.0)])
    turned = np.asarray(soxr.resample(edited, 0.87, 1.0, quality="VHQ"), np.float32)
    found = matched(raw, turned)
    assert [round(one.raw_start_samples / RATE_HZ, 1) for one in found.segments] == [3.0, 20.0]
    for one in found.segments:
        assert one.speed == pytest.approx(0.87, abs=1e-4)
        assert one.pitch_semitones == pytest.approx(12.0 * np.log2(0.87), abs=1e-3)
        assert one.similarity is None
        assert one.residual_db is not None
        assert one.residual_db < -12.0  # the highest frequencies are lost
    assert found.matched_share > 0.97


def test_a_quiet_piece_of_a_tape_between_foreign_sound_is_found(raw: Samples) -> None:
    other = music(77, 12.0)
    quiet = np.float32(0.02) * cut(raw, 30.0, 31.5)
    parts = [cut(raw, 3.0, 10.0), cut(other, 0.0, 4.0), quiet, cut(other, 6.0, 9.0), cut(raw, 20.0, 27.0)]
    turned = np.asarray(soxr.resample(np.concatenate(parts), 0.95, 1.0, quality="VHQ"), np.float32)
    found = matched(raw, turned)
    assert [round(one.raw_start_samples / RATE_HZ, 1) for one in found.segments] == [3.0, 30.0, 20.0]
    assert found.segments[1].gain_db == pytest.approx(-34.0, abs=0.5)


def test_a_fifth_of_a_semitone_is_another_pitch(raw: Samples) -> None:
    found = matched(raw, stretched_to(cut(raw, 12.0, 17.0), 1.0, -0.2))
    (only,) = found.segments
    assert only.pitch_semitones == pytest.approx(-0.2, abs=0.05)
    place_s = (only.raw_start_samples - only.edited_start_samples) / RATE_HZ
    assert place_s == pytest.approx(12.0, abs=0.005)


def test_the_speed_stays_where_the_pitch_alone_is_another(raw: Samples) -> None:
    edited = np.concatenate([cut(raw, 1.0, 6.0), stretched_to(cut(raw, 20.0, 22.4), 1.0, 2.0)])
    last = matched(raw, edited).segments[-1]
    assert last.similarity is not None
    assert last.speed == 1.0


def test_a_piece_is_found_whose_place_is_on_the_line_of_another(raw: Samples) -> None:
    first, second = stretched_to(cut(raw, 2.0, 7.2), 0.87, 0.0), stretched_to(cut(raw, 10.4, 13.6), 1.1, 0.0)
    other = music(77, 4.0)
    found = matched(raw, np.concatenate([first, other, second]))
    assert [round(one.speed, 2) for one in found.segments] == [0.87, 1.1]


def test_other_music_is_foreign_at_every_speed(raw: Samples) -> None:
    other = music(77, 20.0)
    edited = np.concatenate(
        [
            stretched_to(cut(other, 0.0, 8.0), 1.12, 0.0),
            cut(raw, 5.0, 9.0),
            stretched_to(cut(other, 9.0, 15.0), 0.9, -2.0),
        ]
    )
    found = matched(raw, edited)
    assert len(found.segments) == 1
    assert found.stretched_share == 0.0


def test_other_strokes_in_the_same_rhythm_are_foreign() -> None:
    """Each band rises and falls with every stroke, so that two rhythms alone are alike."""
    rng = np.random.default_rng(0)
    onsets_s = np.cumsum(rng.choice([0.125, 0.25, 0.375], 120))
    onsets_s = onsets_s[onsets_s < 29.0]
    levels_db = rng.uniform(-20.0, 0.0, len(onsets_s))

    def strokes(speed: float) -> Samples:
        length, stroke = round(30.0 / speed * RATE_HZ), round(0.18 * RATE_HZ)
        fade = np.exp(-np.arange(stroke) / (0.05 * RATE_HZ))
        sound = np.zeros((length, 2), np.float32)
        for onset_s, level_db in zip(onsets_s, levels_db, strict=True):
            low_hz = rng.choice([80.0, 250.0, 1000.0, 3500.0])
            band = butter(2, [low_hz, 2.2 * low_hz], "bandpass", fs=RATE_HZ, output="sos")
            noise = rng.standard_normal(stroke)
            one = (0.3 * noise + sosfilt(band, noise)) * fade * 0.3 * 10.0 ** (level_db / 20.0)
            first = round(onset_s / speed * RATE_HZ)
            sound[first : first + stroke] += one[: length - first, None]
        return sound

    found = matched(strokes(1.0), strokes(0.93))
    assert found.segments == ()


def test_a_stretched_segment_is_printed_with_its_similarity(raw: Samples) -> None:
    found = matched(raw, stretched_to(cut(raw, 12.0, 20.0), 1.1, -2.0))
    (figures,) = figures_of(found)["segments"]  # type: ignore[misc, attr-defined]
    assert figures["speed"] == pytest.approx(1.1, rel=1e-3)
    assert figures["pitch_semitones"] == pytest.approx(-2.0, abs=0.1)
    assert figures["similarity"] > 0.7
    assert figures["residual_db"] is None
    row = list(_table(found))[1]
    assert "alike" in row
    assert "semitones" in row


def test_bands_of_a_higher_sound_are_those_of_its_source() -> None:
    time = np.arange(2 * 11_025) / 11_025
    low, high = (np.sin(2.0 * np.pi * hz * time).astype(np.float32) for hz in (440.0, 440.0 * 2 ** (3 / 12)))
    own, other = (spectra_of(one).levels(40, 60) for one in (low, high))
    assert own.shape == (20, BANDS)
    np.testing.assert_array_equal(
        at_pitch(other, 3.0).argmax(axis=1), own[:, MARGIN_BANDS:-MARGIN_BANDS].argmax(axis=1)
    )


def test_louder_sound_on_the_far_side_of_a_border_changes_no_bands() -> None:
    rng = np.random.default_rng(5)
    quiet, loud = (rng.normal(level, 1.0, (60, 8)).astype(np.float32) for level in (-3.0, 9.0))
    found = changes(np.concatenate([quiet, loud]), 41, (0, 60))[:60]
    np.testing.assert_allclose(
        found, changes(np.concatenate([quiet, 0.0 * loud]), 41, (0, 60))[:60], atol=1e-4
    )
    pairs = quiet.reshape(60, 4, 2).mean(axis=2)
    np.testing.assert_allclose(found[59], pairs[59] - pairs[39:].mean(axis=0), atol=1e-4)


def test_a_line_does_not_go_on_through_silence_while_its_recording_sounds() -> None:
    rate_hz = 11_025
    raw = soxr.resample(music(31, 30.0).mean(axis=1), RATE_HZ, rate_hz, quality="VHQ").astype(np.float32)
    edited = np.concatenate([raw[: 5 * rate_hz], raw[16 * rate_hz : 26 * rate_hz]])
    edited[5 * rate_hz : 9 * rate_hz] *= np.float32(1e-3)
    length = float(len(edited))
    lines = [
        StretchedLine(0, 0.0, 0.0, 1.0, 0.0, 0.0, 9.0 * rate_hz),
        StretchedLine(0, 5.0 * rate_hz, 16.0 * rate_hz, 1.0, 0.0, 9.0 * rate_hz, length),
    ]
    first, second = decoded((spectra_of(raw),), spectra_of(edited), lines, (0.0, length))
    assert first.stop == pytest.approx(5.0 * rate_hz, abs=0.5 * rate_hz)
    assert second.start == pytest.approx(9.0 * rate_hz, abs=0.5 * rate_hz)
