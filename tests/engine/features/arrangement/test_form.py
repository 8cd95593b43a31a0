"""The form of a recording: where phrases begin and end, rests, changes of level, and the sound of spans."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.analysis.signal.span_means import running_sums
from engine.features.arrangement.form import Form, Sounds, blocks, changes_of, rests_of, unrepeated_changes_db
from engine.features.arrangement.phrases import Candidates
from engine.features.arrangement.steps import Span, Steps
from engine.features.takes.features import BROAD_BANDS, Frames
from tests.engine.features.arrangement import made

NAN = float("nan")


def form(n: int, **parts: object) -> Form:
    """Return the form of n half seconds, four to a bar, without rests and changes."""
    steps = made.steps(n)
    plain = Form(
        edges_s=steps.edges_s,
        is_downbeat=np.zeros(n, bool),
        bar_steps=4,
        rests=frozenset(),
        parts=(((0, n),),),
        changes=np.zeros(n + 1),
        unrepeated_db=np.full(n + 1, NAN),
    )
    return replace(plain, **parts)  # type: ignore[arg-type]


def flags(n: int, *spans: Span) -> NDArray[np.bool_]:
    found = np.zeros(n, bool)
    for first, last in spans:
        found[first:last] = True
    return found


def frames_of_levels(levels_db: NDArray[np.float32]) -> Frames:
    """Return frames of ten levels a second, the same in all bands, with one pitch after another."""
    steps = len(levels_db)
    n = steps // 2
    notes = np.full((n, 60), -90.0, np.float32)
    notes[np.arange(n), 10 + (np.arange(n) // 5 * 7) % 40] = levels_db[: 2 * n : 2]
    bands = np.repeat(levels_db[:, None], BROAD_BANDS, axis=1)
    empty = np.zeros((n, 12), np.float32)
    return Frames(empty, np.zeros((n, BROAD_BANDS), np.float32), levels_db, bands, notes)


def sounds(rng: np.random.Generator, length_s: float, level_db: float = 0.0) -> Sounds:
    """Return random sound: eight pitches five times a second, six bands ten times a second."""
    pitches = rng.uniform(0.0, 1.0, (round(5 * length_s), 8))
    bands = level_db + rng.normal(0.0, 3.0, (round(10 * length_s), 6))
    return Sounds(running_sums(pitches), running_sums(bands))


def test_phrases_begin_at_bars_counted_from_each_rest_on() -> None:
    one = form(16, rests=frozenset({(6, 7)}))
    assert one.begins((0, 16)).tolist() == [0, 4, 6, 7, 11, 15]
    assert one.begins((2, 12)).tolist() == [2, 6, 7, 11]
    assert form(16).begins((3, 4)).tolist() == [3]


def test_phrases_begin_at_downbeats_and_at_clear_peaks_of_change() -> None:
    changes = np.zeros(17)
    changes[[2, 3, 10]] = [1.4, 1.6, 1.5]
    changes[13:15] = 2.0  # both are no lower than their neighbours
    assert form(16, changes=changes).begins((0, 16)).tolist() == [0, 3, 4, 8, 10, 12, 13, 14]
    downbeats = np.arange(16) % 4 == 2
    assert form(16, is_downbeat=downbeats).begins((0, 16)).tolist() == [0, 2, 4, 6, 8, 10, 12, 14]


def test_phrases_end_where_one_may_begin_at_rests_and_just_before_the_end() -> None:
    one = form(20, rests=frozenset({(6, 7)}))
    assert one.ends((0, 20)).tolist() == [0, 4, 6, 7, 11, 15, 17, 18, 19, 20]
    assert one.ends((8, 16)).tolist() == [8, 12, 13, 14, 15, 16]


def test_a_border_costs_less_where_the_sound_changes_and_nothing_at_the_ends() -> None:
    changes = np.array([9.0, 0.0, 1.0, -2.0, 5.0, 9.0])
    unknown = form(5, changes=changes).borders((0, 5))
    np.testing.assert_allclose(unknown, [0.0, -3.6, -3.0, -3.6, -3.6 + 0.6 * 2.8, 0.0])
    known = np.array([NAN, 0.0, 2.0, 8.0, NAN, NAN])
    mixed = form(5, changes=changes, unrepeated_db=known).borders((0, 5))
    np.testing.assert_allclose(mixed, [0.0, -4.6, -2.6, -1.6, -3.6 + 0.6 * 2.8, 0.0])
    np.testing.assert_allclose(form(5, changes=changes).borders((1, 3)), [0.0, -3.0, 0.0])


def test_a_change_is_clear_from_one_and_a_half_dB_on_and_where_nothing_is_known() -> None:
    own = np.array([NAN, 0.3, 0.75, NAN, NAN])
    places_s = np.array([0.25, 0.75, 1.25, 1.75, 9.0])
    np.testing.assert_allclose(form(4, unrepeated_db=own).clear_changes(places_s), [0.2, 0.5, 0.5, 1.0, 1.0])
    loud = np.full(5, 4.0)
    np.testing.assert_allclose(form(4, unrepeated_db=loud).clear_changes(places_s), np.ones(5))


def test_a_rest_is_much_softer_than_the_playing_for_eight_tenths_of_a_second() -> None:
    levels = np.full(400, -20.0, np.float32)
    levels[100:110] = -60.0  # a second
    levels[200:205] = -60.0  # half of one
    levels[300:320] = -26.0  # only 6 dB softer
    steps = made.steps(80)
    assert rests_of(levels, steps) == {(20, 22)}
    assert rests_of(np.full(400, -20.0, np.float32), steps) == frozenset()
    assert rests_of(np.full(400, -90.0, np.float32), steps) == frozenset()


def test_the_form_joins_music_over_brief_breaks_without_talk() -> None:
    frames = frames_of_levels(np.full(320, -20.0, np.float32))
    is_music = flags(64, (4, 20), (22, 30), (34, 44), (46, 56), (60, 62))
    is_talk = flags(64, (44, 46))
    found = Form.of(frames, Sounds.of(frames), made.steps(64), is_music, is_talk)
    # 2 steps last a second; talk parts, a break of 2 s as well; a run of 1 s is none
    assert found.parts == (((4, 30), (34, 44), (46, 56)),)
    assert found.rests == {(20, 22)}
    assert found.bar_steps == 4
    assert np.flatnonzero(found.is_downbeat).tolist() == list(range(0, 64, 4))
    assert found.lasts_s((4, 30)) == 13.0


def test_without_music_the_form_has_no_parts() -> None:
    frames = frames_of_levels(np.full(40, -20.0, np.float32))
    found = Form.of(frames, Sounds.of(frames), made.steps(8), flags(8), flags(8))
    assert (found.parts, found.rests) == ((), frozenset())
    assert not found.changes.any()
    assert np.isnan(found.unrepeated_db).all()


def test_a_bar_of_two_beats_is_taken_for_half_of_one() -> None:
    frames = frames_of_levels(np.full(100, -20.0, np.float32))
    steps = replace(made.steps(20), bar_positions=np.arange(20) % 2 + 1)
    found = Form.of(frames, Sounds.of(frames), steps, flags(20, (0, 20)), flags(20))
    assert (steps.bar_beats, found.bar_steps) == (2, 4)


def test_long_music_is_parted_every_twenty_minutes() -> None:
    edges = np.arange(0, 3_001_000, 10_000)  # 300 steps of 10 s
    steps = Steps(edges, np.zeros(300, np.int64), 1000)
    frames = frames_of_levels(np.full(30_000, -20.0, np.float32))
    is_music = flags(300, (0, 50), (51, 110), (120, 300))
    found = Form.of(frames, Sounds.of(frames), steps, is_music, flags(300))
    assert found.parts == (((0, 50), (51, 110)), ((120, 240),), ((240, 300),))


def test_the_vectors_of_spans_do_not_depend_on_level_and_tone(rng: np.random.Generator) -> None:
    pitches, bands = rng.uniform(0.0, 1.0, (100, 8)), rng.normal(0.0, 3.0, (200, 6))
    tone_db = rng.normal(0.0, 10.0, 6)
    plain, toned = (
        Sounds(running_sums(pitches), running_sums(one)) for one in (bands, bands - 12.0 + tone_db)
    )
    starts_s, stops_s = np.array([0.0, 3.3]), np.array([8.0, 17.1])
    vectors = plain.vectors(starts_s, stops_s, slots=8)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    np.testing.assert_allclose(toned.vectors(starts_s, stops_s, slots=8), vectors, atol=1e-5)
    apart = toned.tone_db(starts_s, stops_s) - plain.tone_db(starts_s, stops_s)
    np.testing.assert_allclose(apart, np.stack([tone_db - 12.0] * 2), atol=1e-9)
    assert vectors.shape == (2, 8 * 8 + 16 * 6)
    assert plain.pitch_vectors(starts_s, stops_s, 8).shape == (2, 8 * 8)


def test_a_span_played_again_a_little_faster_has_the_same_vectors() -> None:
    at = np.arange(400)
    curve = np.stack([np.sin(at / 9.0), np.cos(at / 7.0), np.sin(at / 5.0)], axis=1)
    again = np.stack([np.interp(at * 1.04, at, column) for column in curve.T], axis=1)
    one = Sounds(running_sums(curve[:200]), running_sums(curve))
    other = Sounds(running_sums(again[:200]), running_sums(again))
    some = one.vectors(np.array([4.0]), np.array([24.0]), 16)
    others = other.vectors(np.array([4.0]) / 1.04, np.array([24.0]) / 1.04, 16)
    assert float(some[0] @ others[0]) > 0.99


def test_many_spans_in_blocks_have_the_vectors_of_each_alone(rng: np.random.Generator) -> None:
    one = sounds(rng, 30.0)
    starts_s = rng.uniform(0.0, 20.0, 1100)
    stops_s = starts_s + rng.uniform(2.0, 9.0, 1100)
    together = one.vectors(starts_s, stops_s, slots=2)
    for at in (0, 1023, 1024, 1099):
        alone = one.vectors(starts_s[at : at + 1], stops_s[at : at + 1], slots=2)
        np.testing.assert_allclose(together[at], alone[0], atol=1e-6)
    assert blocks(10, 4) == [slice(0, 4), slice(4, 8), slice(8, 10)]
    assert blocks(0, 4) == []


def test_similarities_are_those_at_the_best_shift_and_minus_one_for_other_lengths(
    rng: np.random.Generator,
) -> None:
    pitches, bands = rng.uniform(0.0, 1.0, (200, 8)), rng.normal(0.0, 3.0, (400, 6))
    pitches[100:140], bands[200:280] = pitches[20:60], bands[40:120]  # 8 s from 4 s on again from 20 s on
    one = Sounds(running_sums(pitches), running_sums(bands))
    starts_s, stops_s = np.array([4.0, 20.2, 4.0, 30.0]), np.array([12.0, 28.2, 8.0, 38.0])
    alike = one.similarities(starts_s, stops_s)
    assert alike[0, 1] == pytest.approx(1.0, abs=1e-5)
    assert alike[0, 2] == alike[1, 2] == -1.0  # half as long
    assert abs(alike[0, 3]) < 0.4
    np.testing.assert_allclose(np.diagonal(alike), 1.0, atol=1e-5)
    assert one.begin_alike(4.0, 20.1, 8.0) == pytest.approx(1.0, abs=1e-5)


def test_a_part_of_a_span_is_alike_to_its_beginning_less_a_price(rng: np.random.Generator) -> None:
    pitches, bands = rng.uniform(0.0, 1.0, (200, 8)), rng.normal(0.0, 3.0, (400, 6))
    pitches[100:150], bands[200:300] = pitches[:50], bands[:100]
    one = Sounds(running_sums(pitches), running_sums(bands))
    alike = one.similarities(np.array([0.0, 20.0]), np.array([10.0, 28.0]))  # 8 s of 10 s
    assert alike[0, 1] == alike[1, 0] == pytest.approx(0.95, abs=1e-5)


def test_halves_are_alike_where_a_span_is_played_twice(rng: np.random.Generator) -> None:
    pitches, bands = rng.uniform(0.0, 1.0, (100, 8)), rng.normal(0.0, 3.0, (200, 6))
    pitches[20:40], bands[40:80] = pitches[:20], bands[:40]
    one = Sounds(running_sums(pitches), running_sums(bands))
    twice, other = one.of_halves(np.array([0.0, 8.0]), np.array([8.0, 16.0])).tolist()
    assert twice == pytest.approx(1.0, abs=1e-5)
    assert abs(other) < 0.4


def test_changes_are_largest_where_the_level_steps_and_zero_in_short_runs() -> None:
    bands = np.repeat(np.where(np.arange(400) < 200, 0.0, 6.0)[:, None], 4, axis=1)
    bands += np.where(np.arange(400)[:, None] % 7 == 0, 0.5, 0.0)
    one = Sounds(running_sums(np.zeros((200, 3))), running_sums(bands))
    edges_s = np.arange(81) * 0.5
    found = changes_of(one, edges_s, 4)
    assert int(found.argmax()) == 40
    assert found[[0, 1, 79, 80]].tolist() == [0.0] * 4
    # deviations: 6 dB over a usual change near 0, by half a dB and the median deviation
    assert 5.0 < found[40] < 12.5
    assert np.abs(found[4:36]).max() < 1.0
    assert not changes_of(one, edges_s[:11], 4).any()
    assert changes_of(one, edges_s[:0], 4).shape == (0,)


def test_a_change_that_is_repeated_with_the_music_is_none_and_unknown_near_the_ends() -> None:
    rng = np.random.default_rng(0)
    phrase = rng.uniform(0.0, 1.0, (40, 8))  # 8 s
    pitches = np.tile(phrase, (6, 1))
    swell = np.repeat([0.0, 5.0], 40)  # each rendition gets louder in its middle
    levels = np.concatenate([swell + by for by in (0.0, 0.0, 0.0, -8.0, 0.0, 0.0)])
    one = Sounds(running_sums(pitches), running_sums(np.repeat(levels[:, None], 5, axis=1)))
    edges_s = np.arange(97) * 0.5
    found = unrepeated_changes_db(one, edges_s, [(0, 96)], 4)
    assert np.isnan(found[:4]).all()
    assert np.isnan(found[-4:]).all()
    np.testing.assert_allclose(found[[24, 40]], 0.0, atol=1e-6)  # the middles of the second and the third
    np.testing.assert_allclose(found[[48, 64]], 8.0, atol=1e-6)  # the softer rendition begins and ends
    assert np.isnan(unrepeated_changes_db(one, edges_s, [], 4)).all()


def test_candidates_are_all_spans_from_a_begin_to_an_end_of_allowed_length(rng: np.random.Generator) -> None:
    one = form(30, rests=frozenset({(10, 12)}))
    found = Candidates.of(one, [(0, 30)], sounds(rng, 15.0))
    wanted = [
        (begin, end)
        for end in one.ends((0, 30)).tolist()
        for begin in one.begins((0, 30)).tolist()
        if 3.5 <= 0.5 * (end - begin) <= 44.0
    ]
    assert [tuple(span) for span in found.spans.tolist()] == wanted
    assert len(found) == len(wanted)
    assert len(Candidates.of(one, [], sounds(rng, 15.0))) == 0


@pytest.mark.parametrize("seed", range(4))
def test_the_best_repetition_is_that_of_all_spans_apart_and_about_as_long(seed: int) -> None:
    rng = np.random.default_rng(seed)
    found = Candidates.of(form(40), [(0, 40)], sounds(rng, 20.0))
    assert len(found) < 128  # as many principal components hold all of them
    lengths_s = found.stops_s - found.starts_s
    ratios = lengths_s[:, None] / lengths_s
    apart = (found.stops_s[:, None] <= found.starts_s + 0.3) | (
        found.starts_s[:, None] + 0.3 >= found.stops_s
    )
    products = found.vectors @ found.vectors.T
    can = apart & (ratios <= 1.047) & (ratios >= 1.0 / 1.047)
    exact = np.where(can, products, -1.0).max(axis=1)
    again = found.repetitions()
    # All spans of a block may be compared: few spans, as here, are one block, whatever their lengths.
    np.testing.assert_allclose(again, np.where(apart, products, -1.0).max(axis=1), atol=1e-4)
    others = found.alike(sounds(np.random.default_rng(seed), 20.0), found.starts_s, found.stops_s)
    np.testing.assert_allclose(others, exact, atol=1e-5)
