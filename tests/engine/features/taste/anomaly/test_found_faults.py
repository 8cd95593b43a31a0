"""Faults that rules find: another level, and fragments; none in audio like the edits."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.analysis.signal.loudness import level_of
from engine.core.progress import SILENT
from engine.document.analysis import FRAGMENT, OTHER_LEVEL
from engine.features.takes.features import Frames, frames_of
from engine.features.taste.anomaly.found_faults import (
    FoundFault,
    Habits,
    HighMoments,
    found_faults,
    habits_and_music,
)
from engine.features.taste.anomaly.levels import levelled, louder_or_softer, pieces_in
from engine.features.taste.anomaly.score import score_blocks
from engine.features.taste.anomaly.taste import Taste
from tests.engine.features.takes.playing import RATE_HZ, Sound, joined, passage, quiet

NONE_HIGH = HighMoments(np.zeros(0), 0.2)
OF_SONGS = Habits(shortest_piece_s=100.0, largest_level_change_db=0.0)


def frames(audio: Sound) -> Frames:
    return frames_of([audio], RATE_HZ)


def found(audio: Sound, habits: Habits = OF_SONGS, high: HighMoments = NONE_HIGH) -> tuple[FoundFault, ...]:
    return found_faults(frames(audio), np.zeros(0), habits, high)[0]


def with_gain(audio: Sound, start_s: float, stop_s: float, gain_db: float) -> Sound:
    made = audio + quiet(len(audio) / RATE_HZ, 9)[: len(audio)]
    made[round(start_s * RATE_HZ) : round(stop_s * RATE_HZ)] *= 10.0 ** (gain_db / 20.0)
    return made


@pytest.mark.parametrize("gain_db", [-20.0, -12.0, -9.0, 9.0, 14.0])
def test_a_passage_at_another_level_is_found_to_a_fifth_of_a_second(gain_db: float) -> None:
    (one,) = louder_or_softer(frames(with_gain(passage(1, 60.0), 21.0, 33.0, gain_db)).bands_db)
    assert (one.start_s, one.stop_s) == pytest.approx((21.0, 33.0), abs=0.2)
    assert one.change_db == pytest.approx(gain_db, abs=2.5)


def test_each_of_several_levels_is_found() -> None:
    audio = with_gain(with_gain(passage(1, 90.0), 15.0, 25.0, -14.0), 50.0, 64.0, 10.0)
    assert [round(one.start_s) for one in louder_or_softer(frames(audio).bands_db)] == [15, 50]


def test_music_beside_a_louder_passage_is_not_softer() -> None:
    bands_db = np.random.default_rng(2).normal(-20.0, 1.0, (900, 10)).astype(np.float32)
    bands_db[200:] -= 8.0
    bands_db[400:520] += 11.0
    found_here = louder_or_softer(bands_db)
    assert [(round(one.start_s), round(one.stop_s)) for one in found_here] == [(40, 52)]


@pytest.mark.parametrize(
    "audio",
    [
        passage(1, 60.0),
        with_gain(passage(1, 60.0), 30.0, 60.0, -15.0),  # softer to its end: nothing returns
        with_gain(passage(1, 60.0), 30.0, 31.0, -15.0),
        np.concatenate([passage(1, 20.0), passage(2, 12.0, semitones=24), passage(3, 20.0)]),
        np.zeros(60 * RATE_HZ, np.float32),
        passage(1, 5.0),
        np.zeros(0, np.float32),
    ],
)
def test_no_other_level_is_found_without_one(audio: Sound) -> None:
    assert louder_or_softer(frames(audio).bands_db) == ()


def test_levelled_frames_have_no_break_at_a_softer_passage() -> None:
    softly = frames(with_gain(passage(1, 60.0), 21.0, 33.0, -24.0))
    assert len(pieces_in(softly.levels_db)) != 1
    level = levelled(softly, louder_or_softer(softly.bands_db))
    assert [round(one.length_s) for one in pieces_in(level.levels_db)] == [60]


def test_edits_with_such_levels_veto_them(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "edited.wav", with_gain(passage(1, 60.0), 21.0, 33.0, -12.0), RATE_HZ)
    habits = habits_and_music([tmp_path / "edited.wav"], SILENT)[0]
    assert habits.largest_level_change_db == pytest.approx(12.0, abs=2.5)
    softer = with_gain(passage(4, 60.0), 10.0, 20.0, -13.0)
    assert found(softer, habits) == ()
    assert [one.kind for one in found(softer)] == [OTHER_LEVEL]
    assert found(softer, replace(OF_SONGS, largest_level_change_db=None)) == ()


def test_playing_that_stops_after_seconds_is_a_fragment() -> None:
    audio, spans = joined(passage(1, 70.0), passage(2, 12.0), passage(3, 70.0))
    (one,) = found(audio)
    assert one.kind == FRAGMENT
    assert (one.start_s, one.stop_s) == pytest.approx(spans[1], abs=0.8)


def test_fragments_are_much_shorter_than_the_edits() -> None:
    audio, _ = joined(passage(1, 70.0), passage(2, 12.0), passage(3, 70.0))
    for shortest_s, count in ((0.0, 0), (40.0, 0), (100.0, 1)):
        assert len(found(audio, replace(OF_SONGS, shortest_piece_s=shortest_s))) == count


def test_the_first_and_the_last_piece_may_continue_outside() -> None:
    audio, _ = joined(passage(1, 12.0), passage(2, 70.0), passage(3, 12.0))
    assert found(audio) == ()
    assert found(passage(1, 12.0)) == ()


def test_talk_beside_an_attempt_belongs_to_the_fragment_and_an_odd_song_does_not() -> None:
    audio, spans = joined(passage(1, 70.0), passage(2, 40.0), passage(3, 70.0))
    start_s, stop_s = spans[1]
    assert found(audio) == ()
    (one,) = found(audio, high=HighMoments(np.arange(start_s, start_s + 20.0, 0.2), 0.2))
    assert (one.start_s, one.stop_s) == pytest.approx((start_s, stop_s), abs=0.8)
    audio, spans = joined(passage(1, 70.0), passage(2, 80.0), passage(3, 70.0))
    assert found(audio, high=HighMoments(np.arange(*spans[1], 0.2), 0.2)) == ()


def test_short_breaks_do_not_divide_a_piece() -> None:
    sparse = [part for n in range(4) for part in (passage(n, 3.0), quiet(0.75, n))]
    audio, _ = joined(passage(8, 70.0), np.concatenate([*sparse, passage(9, 70.0)]), passage(5, 70.0))
    inner = [one for one in pieces_in(frames(audio).levels_db) if one.is_inner]
    assert all(one.length_s > 3.5 or one.start_s < 73.0 for one in inner)


def test_habits_are_those_of_all_edits(tmp_path: Path) -> None:
    for name, audio in (
        ("a", joined(passage(1, 30.0), passage(2, 14.0), passage(3, 30.0))[0]),
        ("b", passage(4, 60.0)),
    ):
        soundfile.write(tmp_path / f"{name}.wav", audio, RATE_HZ)
    habits = habits_and_music([tmp_path / "a.wav", tmp_path / "b.wav"], SILENT)[0]
    assert habits.shortest_piece_s == pytest.approx(14.0, abs=1.0)
    assert habits.largest_level_change_db == 0.0
    assert habits_and_music([tmp_path / "b.wav"], SILENT)[0].shortest_piece_s == pytest.approx(60.0, abs=1.0)


def test_scores_are_above_the_limit_over_them_and_as_before_elsewhere(taste: Taste) -> None:
    audio, spans = joined(passage(1, 70.0), passage(2, 12.0), passage(3, 70.0))
    taste = replace(taste, kept_scores=replace(taste.kept_scores, mean=taste.kept_scores.mean + 10.0))

    def scored(habits: Habits) -> tuple:
        one = replace(taste, habits=habits)
        made = score_blocks(one, [audio], RATE_HZ, len(audio), SILENT, level_db=level_of([audio]))
        return made, made.curve(RATE_HZ, "taste")

    (scores, curve), (plain, _) = scored(OF_SONGS), scored(Habits())
    over = (scores.times_s >= scores.faults_s[0, 0]) & (scores.times_s < scores.faults_s[0, 1])
    assert scores.scores[over].min() > scores.limit
    np.testing.assert_array_equal(scores.scores[~over], plain.scores[~over])
    assert plain.faults == ()
    assert curve.fault_kinds == (FRAGMENT,)
    assert curve.faults_samples[0] / RATE_HZ == pytest.approx(spans[1], abs=0.8)
