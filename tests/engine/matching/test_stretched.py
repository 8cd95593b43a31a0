"""Pieces at another speed or pitch are found with their places, and other music is not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soxr

from engine.cli.editing.match import _table
from engine.lab.evaluation.matching.stretchers import stretched
from engine.matching.figures import figures_of
from engine.matching.match import match_sounds
from engine.matching.matched import Matched
from engine.matching.sound import Samples, sound_of
from engine.matching.stretching.spectra import BANDS, MARGIN_BANDS, at_pitch, spectra_of
from tests.engine.matching.test_match import RATE_HZ, music


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
