"""Positions from pairs: any order of pairs gives the truth, and pairs that disagree are marked."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.analysis.signal.second_recorder import SecondRecorder
from engine.features.placement.by_sound import SoundMatch, SoundPlace
from engine.features.placement.positions import Pair, groups_by_sound
from engine.recordings.stated.placements import Objection, Reason

RATE_HZ = 48_000


@dataclass(frozen=True, slots=True)
class Clocked:
    """True start of a take in samples, and how fast its clock counts."""

    start: float
    speed: float


def relation(near: Clocked, far: Clocked) -> SecondRecorder:
    speed = far.speed / near.speed
    return SecondRecorder((near.start - far.start) * far.speed, (speed - 1.0) * 1e6, 1.0, 1e-6)


def match(near: Clocked, far: Clocked, agreeing: int = 40, *, is_certain: bool = True) -> SoundMatch:
    return SoundMatch(SoundPlace(relation(near, far), 0.99, agreeing, 48, 20.0, 60.0), (), is_certain)


TAKES = st.lists(
    st.builds(Clocked, st.floats(-1e8, 1e8), st.floats(-200.0, 200.0).map(lambda ppm: 1.0 + ppm / 1e6)),
    min_size=2,
    max_size=6,
)


@given(TAKES, st.data())
def test_a_chain_of_pairs_gives_the_truth_on_the_clock_of_the_longest(
    takes: list[Clocked], data: st.DataObject
) -> None:
    matches: dict[Pair, SoundMatch] = {}
    for other in range(1, len(takes)):
        one = data.draw(st.integers(0, other - 1))
        matches[one, other] = match(takes[one], takes[other])
    root = data.draw(st.integers(0, len(takes) - 1))
    lengths = [2.0 if number == root else 1.0 for number in range(len(takes))]
    (group,), _ = groups_by_sound(len(takes), lengths, matches, RATE_HZ)
    assert group[root].reason is Reason.ORIGIN
    for number, true in enumerate(takes):
        start = (true.start - takes[root].start) * takes[root].speed
        assert group[number].start_samples == pytest.approx(start, abs=1e-3)
        assert group[number].drift_ppm == pytest.approx(
            (true.speed / takes[root].speed - 1.0) * 1e6, abs=1e-4
        )
        assert group[number].is_certain


def test_the_longest_of_the_takes_that_are_surely_related_is_the_origin() -> None:
    """A longer one that may be in one of them is placed relative to them, uncertain."""
    takes = [Clocked(48_000.0 * number, 1.0) for number in range(3)]
    matches = {(0, 1): match(*takes[:2], is_certain=False), (1, 2): match(*takes[1:])}
    (group,), _ = groups_by_sound(3, [9.0, 5.0, 2.0], matches, RATE_HZ)
    assert [group[number].is_certain for number in range(3)] == [False, True, True]
    assert group[1].reason is Reason.ORIGIN


def test_takes_without_a_pair_are_groups_of_their_own() -> None:
    groups, _ = groups_by_sound(3, [1.0, 5.0, 2.0], {}, RATE_HZ)
    assert [list(group) for group in groups] == [[1], [2], [0]]


def test_two_recordings_that_place_a_third_differently_make_it_uncertain() -> None:
    first, second, third = Clocked(0.0, 1.0), Clocked(48_000.0, 1.0), Clocked(96_000.0, 1.0)
    elsewhere = Clocked(200_000.0, 1.0)
    matches = {
        (0, 1): match(first, second),
        (0, 2): match(first, third, 30),
        (1, 2): match(second, elsewhere),
    }
    (group,), _ = groups_by_sound(3, [3.0, 1.0, 1.0], matches, RATE_HZ)
    assert group[1].is_certain
    doubted = group[2]
    assert not doubted.is_certain
    assert [one.code for one in doubted.contradictions] == [Objection.OTHER_PLACE_BY_SOUND]
    places = [doubted.start_samples, *(one.start_samples for one in doubted.alternatives)]
    assert sorted(places) == pytest.approx([96_000.0, 200_000.0])


def test_a_weak_pair_does_not_outweigh_strong_ones() -> None:
    first, second, third = Clocked(0.0, 1.0), Clocked(48_000.0, 1.0), Clocked(96_000.0, 1.0)
    elsewhere = Clocked(200_000.0, 1.0)
    matches = {
        (0, 1): match(first, second),
        (0, 2): match(first, third),
        (1, 2): match(second, elsewhere, 6),
    }
    (group,), _ = groups_by_sound(3, [3.0, 1.0, 1.0], matches, RATE_HZ)
    assert all(one.is_certain for one in group.values())


def test_a_guess_relates_nothing() -> None:
    guess = SoundMatch(SoundPlace(SecondRecorder(5.0, 0.0, 0.0, 0.01), 0.2))
    assert len(groups_by_sound(2, [1.0, 1.0], {(0, 1): guess}, RATE_HZ)) == 2
    clear = SoundMatch(SoundPlace(SecondRecorder(5.0, 0.0, 0.0, 0.01), 0.7))
    (group,), _ = groups_by_sound(2, [1.0, 1.0], {(0, 1): clear}, RATE_HZ)
    assert (group[1].reason, group[1].is_certain) == (Reason.SIMILAR_RISES, False)


@pytest.mark.parametrize("overlap_s", [12.0, 90.0])
def test_a_clip_of_music_that_was_played_twice_is_marked_where_a_short_pair_knows_one_time(
    overlap_s: float,
) -> None:
    """The room recorder has both; the phone began after the first, and overlaps the clip for a moment."""
    room, phone, clip = Clocked(0.0, 1.0), Clocked(30.0 * RATE_HZ, 1.0), Clocked(70.0 * RATE_HZ, 1.0)
    first = Clocked(2.0 * RATE_HZ, 1.0)
    short = match(phone, clip)
    whole = match(room, first, is_certain=False)
    matches = {
        (0, 1): match(room, phone),
        (0, 2): replace(whole, best=replace(whole.best, confidence=0.6, overlap_s=28.0)),
        (1, 2): replace(short, best=replace(short.best, overlap_s=overlap_s)),
    }
    (group,), _ = groups_by_sound(3, [95.0, 50.0, 28.0], matches, RATE_HZ)
    assert [group[number].is_certain for number in range(3)] == [True, True, overlap_s > 28.0]
    if overlap_s < 28.0:
        assert group[2].reason is Reason.AMBIGUOUS_SOUND
        assert [one.start_samples for one in group[2].alternatives] == pytest.approx([2.0 * RATE_HZ])
