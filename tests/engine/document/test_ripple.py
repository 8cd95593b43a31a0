"""Ripple: which clips follow an edit, how far, with which rows, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from engine.core.errors import UsageError
from engine.document.edits.by_hand import edit_by_hand
from engine.document.edits.clips import (
    duplicate_clips,
    nudge_clips,
    place_clips,
    place_together,
    remove_clips,
    set_clips,
    trim_clip,
)
from engine.document.edits.markers import add_marker, add_region
from engine.document.edits.proposals import move_edges
from engine.document.edits.tracks import NewTrack, add_tracks
from engine.document.settings import Ripple, ripple_of
from engine.document.state import DocumentState, Edit
from engine.document.tracks import Clip
from tests.engine.document.test_clip_edits import SECOND, _with_edit, after, clip
from tests.sources import no_source

OFF, TRACK, ALL = Ripple


@pytest.fixture
def day() -> DocumentState:
    """One track of three recordings of 5 s at 0, 5 and 12 s, one of two of 8 s at 1 and 10 s."""
    sources = {key: no_source(key, (5 if key in "abc" else 8) * SECOND) for key in "abcxy"}
    added = [
        NewTrack("A", tuple(sources[key] for key in "abc"), (0, 5 * SECOND, 12 * SECOND)),
        NewTrack("X", tuple(sources[key] for key in "xy"), (SECOND, 10 * SECOND)),
    ]
    return after(DocumentState(), add_tracks(DocumentState(), added))


def starts_s(state: DocumentState) -> dict[str, float]:
    return {
        one.id.removeprefix("clip-"): one.start_samples / SECOND
        for track in state.tracks
        for one in track.clips
    }


def close(state: DocumentState, by_s: float = 0.5) -> DocumentState:
    """Let b overlap the end of a, as in a crossfade."""
    return after(state, place_clips(state, {"clip-b": round((5 - by_s) * SECOND)}))


@pytest.mark.parametrize(
    ("ripple", "expected"),
    [
        (OFF, {"a": 0, "b": 6, "c": 12, "x": 1, "y": 10}),
        (TRACK, {"a": 0, "b": 6, "c": 13, "x": 1, "y": 10}),
        (ALL, {"a": 0, "b": 6, "c": 13, "x": 1, "y": 11}),
    ],
)
def test_clips_that_begin_later_move_with_a_clip(
    day: DocumentState, ripple: Ripple, expected: dict[str, float]
) -> None:
    assert starts_s(after(day, nudge_clips(day, ["clip-b"], SECOND, ripple=ripple))) == expected
    assert starts_s(after(day, place_together(day, ["clip-b"], 6 * SECOND, ripple))) == expected


def test_a_move_with_the_track_counts_from_the_first_moved_clip_of_each(day: DocumentState) -> None:
    moved = after(day, nudge_clips(day, ["clip-b", "clip-x"], -9 * SECOND, ripple=TRACK))
    assert starts_s(moved) == {"a": 0, "b": 4, "c": 11, "x": 0, "y": 9}


@pytest.mark.parametrize("ripple", Ripple)
def test_without_clips_nothing_moves(day: DocumentState, ripple: Ripple) -> None:
    assert after(day, nudge_clips(day, [], SECOND, ripple=ripple)) == day


@pytest.mark.parametrize(
    ("edges_s", "ripple", "expected"),
    [
        ((5, 8), TRACK, {"a": 0, "b": 5, "c": 10, "x": 1, "y": 10}),
        ((5, 8), ALL, {"a": 0, "b": 5, "c": 10, "x": 1, "y": 8}),
        ((7, 10), TRACK, {"a": 0, "b": 5, "c": 10, "x": 1, "y": 10}),
        ((7, 9), ALL, {"a": 0, "b": 5, "c": 9, "x": 1, "y": 7}),
        ((7, 9), OFF, {"a": 0, "b": 7, "c": 12, "x": 1, "y": 10}),
    ],
)
def test_clips_follow_the_end_of_a_trimmed_one(
    day: DocumentState, edges_s: tuple[int, int], ripple: Ripple, expected: dict[str, float]
) -> None:
    start, stop = (edge * SECOND for edge in edges_s)
    trimmed = after(day, trim_clip(day, "clip-b", start, stop, ripple=ripple))
    assert starts_s(trimmed) == expected
    one = clip(trimmed, "clip-b")
    assert (one.offset_samples, one.length_samples) == (start - 5 * SECOND, stop - start)


def test_an_edge_goes_back_with_ripple_also_at_the_start_of_the_timeline(day: DocumentState) -> None:
    short = after(day, trim_clip(day, "clip-a", 2 * SECOND, 5 * SECOND, ripple=ALL))
    assert starts_s(short) == {"a": 0, "b": 3, "c": 10, "x": 1, "y": 8}
    assert after(short, trim_clip(short, "clip-a", -2 * SECOND, 3 * SECOND, ripple=ALL)) == day


@pytest.mark.parametrize(
    ("keys", "ripple", "expected"),
    [
        ("b", TRACK, {"a": 0, "c": 7, "x": 1, "y": 10}),
        ("b", ALL, {"a": 0, "c": 7, "x": 1, "y": 5}),
        ("ab", TRACK, {"c": 2, "x": 1, "y": 10}),
        ("bx", TRACK, {"a": 0, "c": 7, "y": 2}),
        # together they play from 1 s to 10 s, of which a plays the first 4 s too
        ("bx", ALL, {"a": 0, "c": 7, "y": 5}),
        ("c", ALL, {"a": 0, "b": 5, "x": 1, "y": 10}),
    ],
)
def test_removed_time_closes(
    day: DocumentState, keys: str, ripple: Ripple, expected: dict[str, float]
) -> None:
    gone = after(day, remove_clips(day, [f"clip-{key}" for key in keys], ripple))
    assert starts_s(gone) == expected


def test_a_removed_track_closes_the_time_of_the_others(day: DocumentState) -> None:
    one = after(day, remove_clips(day, ["clip-y"]))
    gone = after(one, remove_clips(one, ["clip-x"], ALL))
    assert starts_s(gone) == {"a": 0, "b": 5, "c": 4}
    assert [(track.id, track.position) for track in gone.tracks] == [("track-a", 0)]
    assert set(gone.sources) == set("abc")


@pytest.mark.parametrize(
    ("at_s", "ripple", "expected"),
    [
        (10, TRACK, {"b": 5, "b~2": 10, "c": 17, "y": 10}),
        (10, ALL, {"b": 5, "b~2": 10, "c": 17, "y": 15}),
        (5, TRACK, {"b": 10, "b~2": 5, "c": 17, "y": 10}),
        (11, ALL, {"b": 5, "b~2": 11, "c": 17, "y": 10}),
    ],
)
def test_copies_are_inserted(
    day: DocumentState, at_s: int, ripple: Ripple, expected: dict[str, float]
) -> None:
    doubled = after(day, duplicate_clips(day, ["clip-b"], at_s * SECOND, ripple))
    assert starts_s(doubled) == {"a": 0, "x": 1, **expected}


def test_an_overlapping_clip_follows_with_its_crossfade(day: DocumentState) -> None:
    state = close(day)
    trimmed = after(state, trim_clip(state, "clip-a", 0, 4 * SECOND, ripple=TRACK))
    assert starts_s(trimmed) == {"a": 0, "b": 3.5, "c": 11, "x": 1, "y": 10}
    gone = after(state, remove_clips(state, ["clip-a"], TRACK))
    assert starts_s(gone) == {"b": 0, "c": 7.5, "x": 1, "y": 10}
    doubled = after(state, duplicate_clips(state, ["clip-a"], 5 * SECOND, TRACK))
    assert starts_s(doubled) == {"a": 0, "a~2": 5, "b": 9.5, "c": 17, "x": 1, "y": 10}
    half = close(day, 4)
    least = after(half, trim_clip(half, "clip-a", 0, 1, ripple=TRACK))
    assert starts_s(least)["b"] == 0, "nothing comes before the trimmed clip"


@pytest.mark.parametrize(
    "do",
    [
        lambda state, ripple: nudge_clips(state, ["clip-b"], 9, ripple=ripple),
        lambda state, ripple: trim_clip(state, "clip-b", 5 * SECOND, 9 * SECOND, ripple=ripple),
        lambda state, ripple: duplicate_clips(state, ["clip-b"], 10 * SECOND, ripple),
        lambda state, ripple: remove_clips(state, ["clip-b"], ripple),
    ],
)
def test_a_locked_clip_that_would_follow_is_named(
    day: DocumentState, do: Callable[[DocumentState, Ripple], Edit]
) -> None:
    locked = after(day, set_clips(day, ["clip-y"], is_locked=True, name="The anchor"))
    with pytest.raises(UsageError, match="The anchor"):
        do(locked, ALL)
    assert starts_s(after(locked, do(locked, TRACK)))["y"] == 10


def test_edits_and_markers_move_with_the_clips_that_follow(day: DocumentState) -> None:
    state, inside = _with_edit(day, "gain", 13, 14, "track-a")
    state, cut = _with_edit(state, "cut", 13, 14)
    state, before = _with_edit(state, "gain", 1, 2, "track-a")
    state = after(state, add_marker(state, 13 * SECOND))
    one = after(state, remove_clips(state, ["clip-b"], TRACK))
    assert one.span(inside) == (8 * SECOND, 9 * SECOND)
    assert one.span(cut) == state.span(cut), "the other track stayed"
    every = after(state, remove_clips(state, ["clip-b"], ALL))
    assert every.span(cut) == every.span(inside) == (8 * SECOND, 9 * SECOND)
    assert every.decisions[cut] == state.decisions[cut]
    assert [one.start_samples for one in every.markers.values()] == [8 * SECOND]
    assert every.span(before) == state.span(before)


def test_edits_of_removed_sound_go_with_it_and_others_keep_what_is_left(day: DocumentState) -> None:
    state, gone = _with_edit(day, "gain", 6, 7, "track-a")
    state, over = _with_edit(state, "gain", 3, 7, "track-a")
    state, around = _with_edit(state, "gain", 3, 13, "track-a")
    state, cut = _with_edit(state, "cut", 9.2, 9.6)
    state = after(state, add_marker(state, round(9.5 * SECOND)))
    left = after(state, remove_clips(state, ["clip-b"], ALL))
    assert gone not in left.proposals
    assert gone not in left.decisions
    assert left.span(over) == (3 * SECOND, 5 * SECOND)
    assert left.span(around) == (3 * SECOND, 8 * SECOND)
    assert cut not in left.proposals, "nothing else plays there"
    assert not left.markers
    kept = after(state, remove_clips(state, ["clip-b"]))
    assert kept.proposals == state.proposals


def test_moved_edges_and_regions_keep_what_is_left_and_tones_move_as_far_as_the_edit(
    day: DocumentState,
) -> None:
    state, over = _with_edit(day, "gain", 4, 7, "track-a")
    state = after(state, move_edges(state, over, 3 * SECOND, 8 * SECOND))
    state = after(state, add_region(state, 3 * SECOND, 7 * SECOND)[0])
    tone = {"tone_start_samples": 6 * SECOND, "tone_stop_samples": 7 * SECOND}
    edit, mute = edit_by_hand(state, "mute", 13 * SECOND, 14 * SECOND, tone, ("track-a",))
    state = after(state, edit)
    state = after(state, remove_clips(state, ["clip-x"], OFF))
    left = after(state, remove_clips(state, ["clip-b"], TRACK))
    assert left.span(over) == (3 * SECOND, 5 * SECOND)
    assert [(one.start_samples, one.stop_samples) for one in left.markers.values()] == [
        (3 * SECOND, 5 * SECOND)
    ]
    assert left.proposals[mute.id].payload == {
        "tone_start_samples": SECOND,
        "tone_stop_samples": 2 * SECOND,
    }


def test_edits_in_a_trimmed_clip_stay_with_their_sound(day: DocumentState) -> None:
    state, _ = _with_edit(day, "gain", 5.5, 6, "track-a")
    state, middle = _with_edit(state, "gain", 7.5, 8, "track-a")
    state, _ = _with_edit(state, "gain", 9.5, 10, "track-a")
    state, across = _with_edit(state, "gain", 8.5, 9.5, "track-a")
    trimmed = after(state, trim_clip(state, "clip-b", 7 * SECOND, 9 * SECOND, ripple=TRACK))
    assert set(trimmed.proposals) == {middle, across}
    assert trimmed.span(middle) == (round(5.5 * SECOND), 6 * SECOND)
    assert trimmed.span(across) == (round(6.5 * SECOND), 7 * SECOND)


def test_the_mode_of_a_document() -> None:
    assert ripple_of({}) is OFF
    assert ripple_of({"ripple": "all"}) is ALL
    with pytest.raises(UsageError):
        ripple_of({"ripple": "some"})


@pytest.mark.parametrize("seed", range(20))
def test_the_sound_of_clips_that_are_not_edited_stays(day: DocumentState, seed: int) -> None:
    random, state = np.random.default_rng(seed), day
    for _ in range(20):
        before = {one.id: one for track in state.tracks for one in track.clips}
        some = [key for key in before if random.random() < 0.3] or [min(before)]
        ripple = (TRACK, ALL)[random.integers(2)]
        try:
            edit = _any_edit(state, some, ripple, random)
        except UsageError:
            continue
        moved = after(state, edit)
        for track in moved.tracks:
            for one in track.clips:
                if one.id in before and one.id not in some:
                    assert replace(one, start_samples=0) == replace(before[one.id], start_samples=0)
                assert one.start_samples >= 0
        assert _order(moved, before, some) == _order(state, before, some)
        for key in moved.proposals:
            start, stop = moved.span(key)
            assert 0 <= start < stop
        state = moved
        if not random.integers(3):
            state, _ = _with_edit(state, "gain", random.integers(0, 4), 99, "track-a")


def _any_edit(state: DocumentState, some: list[str], ripple: Ripple, random: np.random.Generator) -> Edit:
    at, one = int(random.integers(0, 25 * SECOND)), clip(state, some[0])
    choice = random.integers(4)
    if choice == 0 and len(some) < 9:
        return duplicate_clips(state, some, at, ripple)
    if choice == 1:
        del some[1:]
        by = int(random.integers(-SECOND, SECOND))
        return trim_clip(state, one.id, one.start_samples + by, at, ripple=ripple)
    if choice == 2 and len(state.tracks[0].clips) > 4:
        return remove_clips(state, some, ripple)
    return nudge_clips(state, some, int(random.integers(-SECOND, SECOND)), ripple=ripple)


def _order(state: DocumentState, known: dict[str, Clip], but: list[str]) -> list[list[str]]:
    """Return the layers of the clips that are not edited."""
    layers = [
        [one.id for one in track.clips if one.id in known and one.id not in but] for track in state.tracks
    ]
    return [own for own in layers if own]
