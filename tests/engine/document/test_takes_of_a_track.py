"""Takes of a track: their lanes, and raising one of them, or a part, over the others."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.core.errors import UsageError
from engine.document.edits.by_hand import edit_by_hand
from engine.document.edits.clips import (
    duplicate_clips,
    nudge_clips,
    raise_clips,
    set_clips,
    split_clips,
    trim_clip,
)
from engine.document.edits.takes import MOST_LANES, are_takes, take_lanes
from engine.document.edits.tracks import NewTrack, add_tracks
from engine.document.file.storage import apply_rows
from engine.document.state import DocumentState, Edit
from engine.document.tracks import Clip, visible_in_time
from tests.sources import no_source

RATE_HZ = SECOND = 48_000
FADE = 480


@pytest.fixture
def loop() -> DocumentState:
    """One track with three takes of 30 s of the same passage, and another of 60 s."""
    takes = tuple(no_source(key, 30 * SECOND) for key in ("one", "two", "three"))
    added = [NewTrack("Vocals", takes, (0, 0, 0)), NewTrack("Bass", (no_source("bass", 60 * SECOND),))]
    return after(DocumentState(), add_tracks(DocumentState(), added))


def after(state: DocumentState, edit: Edit) -> DocumentState:
    return apply_rows(state, edit.changes)


def lanes(state: DocumentState) -> list[list[str]]:
    return [[clip.id for clip in lane] for lane in take_lanes(state, state.tracks[0])]


def plays(state: DocumentState) -> list[tuple[str, float, float]]:
    """Return the source that plays alone or fades in, with the seconds between which it does."""
    return [
        (one.clip.source_id, one.start_samples / SECOND, one.stop_samples / SECOND)
        for one in visible_in_time(state.tracks[0].clips)
    ]


def a_clip(start_s: float, length_s: float, **values: object) -> Clip:
    key = f"{start_s} {length_s}"
    return Clip(key, key, round(start_s * SECOND), 0, round(length_s * SECOND), **values)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (a_clip(0, 10), a_clip(0, 10), True),
        (a_clip(0, 10), a_clip(10, 10), False),
        (a_clip(0, 10), a_clip(8, 10), False),
        (a_clip(0, 10), a_clip(7, 10), True),
        (a_clip(0, 60), a_clip(20, 3), True),
        (a_clip(0, 10, fade_out_samples=3 * SECOND), a_clip(7, 10), False),
        (a_clip(0, 10), a_clip(7, 10, fade_in_samples=3 * SECOND), False),
        (a_clip(0, 10), a_clip(2, 4, fade_in_samples=3 * SECOND), True),
    ],
)
def test_clips_are_takes_where_they_overlap_by_more_than_a_crossfade(
    one: Clip, other: Clip, expected: bool
) -> None:
    assert are_takes(one, other) is are_takes(other, one) is expected


def test_each_take_has_a_lane_in_the_order_of_import(loop: DocumentState) -> None:
    assert lanes(loop) == [["clip-one"], ["clip-two"], ["clip-three"]]
    assert len(take_lanes(loop, loop.tracks[1])) == 1


def test_lanes_stay_where_they_are_when_takes_are_split_and_raised(loop: DocumentState) -> None:
    state = after(loop, split_clips(loop, 10 * SECOND))
    state = after(state, raise_clips(state, ["clip-one"]))
    state = after(state, raise_clips(state, ["clip-two~2"], (12 * SECOND, 14 * SECOND)))
    assert [{key.partition("~")[0] for key in lane} for lane in lanes(state)] == [
        {"clip-one"},
        {"clip-two"},
        {"clip-three"},
    ]


def test_recordings_after_each_other_share_a_lane_and_a_late_one_goes_under_them(loop: DocumentState) -> None:
    state = after(loop, nudge_clips(loop, ["clip-two"], 29 * SECOND))
    assert lanes(state) == [["clip-one", "clip-two"], ["clip-three"]]
    state = after(state, nudge_clips(state, ["clip-three"], 58 * SECOND))
    assert lanes(state) == [["clip-one", "clip-two", "clip-three"]]


def test_passes_of_one_long_recording_are_takes_in_their_order() -> None:
    source = no_source("long", 90 * SECOND)
    state = after(DocumentState(), add_tracks(DocumentState(), [NewTrack("Vocals", (source,))]))
    (track,) = state.tracks
    (whole,) = track.clips
    passes = [
        replace(whole, id=f"pass-{number}", offset_samples=number * 30 * SECOND, length_samples=30 * SECOND)
        for number in (2, 0, 1)
    ]
    state = replace(state, tracks=(replace(track, clips=tuple(passes)),))
    assert lanes(state) == [["pass-0"], ["pass-1"], ["pass-2"]]


def test_lanes_are_found_fast_for_as_many_clips_as_a_track_holds(loop: DocumentState) -> None:
    (clip,) = loop.tracks[1].clips
    places = np.random.default_rng(0).permutation(3_000)
    row = tuple(
        replace(clip, id=f"{at}", start_samples=int(at) * SECOND, length_samples=SECOND) for at in places
    )
    over = tuple(
        replace(clip, id=f"{at}", offset_samples=int(at) * 9, length_samples=30 * SECOND) for at in places
    )
    assert len(take_lanes(loop, replace(loop.tracks[1], clips=row))) == 1
    assert len(take_lanes(loop, replace(loop.tracks[1], clips=over))) == MOST_LANES


def test_a_raised_take_plays_and_the_others_are_as_they_were(loop: DocumentState) -> None:
    state = after(loop, raise_clips(loop, ["clip-one"]))
    assert [clip.id for clip in state.tracks[0].clips] == ["clip-two", "clip-three", "clip-one"]
    assert plays(state) == [("one", 0.0, 30.0)]
    assert set(state.tracks[0].clips) == set(loop.tracks[0].clips)
    both = after(loop, raise_clips(loop, ["clip-two", "clip-one"]))
    assert [clip.id for clip in both.tracks[0].clips] == ["clip-three", "clip-one", "clip-two"]


def test_a_part_of_a_take_is_raised_with_crossfades_at_its_ends(loop: DocumentState) -> None:
    state = after(loop, raise_clips(loop, ["clip-one"], (10 * SECOND, 20 * SECOND)))
    part = state.tracks[0].clips[-1]
    assert part.id == "clip-one"
    assert part.sound == ("one", 10 * SECOND, 10 * SECOND, 10 * SECOND, 0.0, FADE, FADE)
    assert [clip.sound[:4] for clip in state.tracks[0].clips[:2]] == [
        ("one", 0, 0, 10 * SECOND),
        ("one", 20 * SECOND, 20 * SECOND, 10 * SECOND),
    ]
    assert plays(state) == [("three", 0.0, 10.01), ("one", 10.0, 20.0), ("three", 19.99, 30.0)]


def test_parts_of_a_take_that_continue_each_other_have_no_seam(loop: DocumentState) -> None:
    state = after(loop, raise_clips(loop, ["clip-one"], (10 * SECOND, 20 * SECOND)))
    late = next(clip.id for clip in state.tracks[0].clips if clip.start_samples == 20 * SECOND)
    state = after(state, raise_clips(state, [late], (20 * SECOND, 25 * SECOND)))
    assert plays(state) == [
        ("three", 0.0, 10.01),
        ("one", 10.0, 20.0),
        ("one", 20.0, 25.0),
        ("three", 24.99, 30.0),
    ]
    whole = [clip.id for clip in state.tracks[0].clips if clip.source_id == "one"]
    state = after(state, raise_clips(state, whole))
    assert state.tracks[0].clips[-1].sound == ("one", 0, 0, 30 * SECOND, 0.0, 0, 0)
    assert plays(state) == [("one", 0.0, 30.0)]
    assert len(state.tracks[0].clips) == 3


def test_fades_of_the_clip_itself_stay_at_its_own_ends(loop: DocumentState) -> None:
    state = after(loop, set_clips(loop, ["clip-one"], fade_in_samples=SECOND, fade_out_samples=2 * SECOND))
    state = after(state, raise_clips(state, ["clip-one"], (0, 20 * SECOND)))
    part = state.tracks[0].clips[-1]
    assert (part.fade_in_samples, part.fade_out_samples) == (SECOND, FADE)
    short = after(loop, raise_clips(loop, ["clip-one"], (SECOND, SECOND + 7)))
    assert short.tracks[0].clips[-1].fade_in_samples == short.tracks[0].clips[-1].fade_out_samples == 3


def test_nothing_is_raised_that_plays_already_or_is_locked_or_elsewhere(loop: DocumentState) -> None:
    with pytest.raises(UsageError, match="plays already"):
        raise_clips(loop, ["clip-three"])
    with pytest.raises(UsageError, match="does not reach into"):
        raise_clips(loop, ["clip-one"], (40 * SECOND, 50 * SECOND))
    with pytest.raises(UsageError):
        raise_clips(loop, ["clip-none"])
    locked = after(loop, set_clips(loop, ["clip-one"], is_locked=True))
    with pytest.raises(UsageError, match="locked"):
        raise_clips(locked, ["clip-one"])
    short = after(loop, trim_clip(loop, "clip-three", 0, 10 * SECOND))
    with pytest.raises(UsageError, match="plays already"):
        raise_clips(short, ["clip-two"], (10 * SECOND, 20 * SECOND))


def test_edits_stay_in_source_time_whichever_take_plays(loop: DocumentState) -> None:
    state = loop
    for tracks in ((), ("track-one",), ("track-bass",)):
        payload = {"gain_db": -3.0} if tracks else {}
        edit, _ = edit_by_hand(state, "gain" if tracks else "cut", 12 * SECOND, 13 * SECOND, payload, tracks)
        state = after(state, edit)
    for edit in (
        raise_clips(state, ["clip-one"]),
        raise_clips(state, ["clip-one"], (12 * SECOND, 14 * SECOND)),
    ):
        raised = after(state, edit)
        assert (raised.proposals, raised.decisions) == (state.proposals, state.decisions)


def test_other_tracks_are_left_and_copies_are_one_take(loop: DocumentState) -> None:
    state = after(loop, duplicate_clips(loop, ["clip-two"], 0))
    assert lanes(state)[1] == ["clip-two", "clip-two~2"]
    assert raise_clips(loop, ["clip-one"]).changes[0].key == "track-one"
    assert len(raise_clips(loop, ["clip-one"]).changes) == 1
