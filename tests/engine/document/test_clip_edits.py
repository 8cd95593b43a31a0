"""Edits of clips: what they do, what they refuse, what moves along, and undo of a thousand of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.core.errors import UsageError
from engine.document.document import Document
from engine.document.edits.by_hand import edit_by_hand
from engine.document.edits.clips import (
    clip_of,
    duplicate_clips,
    join_tracks,
    nudge_clips,
    place_clips,
    raise_clips,
    remove_clips,
    set_clips,
    split_clips,
    take_clips,
    trim_clip,
)
from engine.document.edits.markers import add_marker, add_region
from engine.document.edits.proposals import move_edges
from engine.document.edits.tracks import NewTrack, add_tracks
from engine.document.file.storage import apply_rows
from engine.document.proposals import Alternative
from engine.document.settings import Ripple
from engine.document.state import DocumentState, Edit
from engine.document.tracks import Clip
from tests.sources import no_source

RATE_HZ = 48_000
SECOND = RATE_HZ


@pytest.fixture
def band() -> DocumentState:
    """Two tracks: one of two recordings with a gap of 2 s, one of 20 s."""
    first, second, other = (
        no_source(key, seconds * SECOND) for key, seconds in (("a", 5), ("b", 5), ("c", 20))
    )
    added = [NewTrack("A", (first, second), (0, 7 * SECOND)), NewTrack("C", (other,))]
    return after(DocumentState(), add_tracks(DocumentState(), added))


def after(state: DocumentState, edit: Edit) -> DocumentState:
    return apply_rows(state, edit.changes)


def clip(state: DocumentState, key: str) -> Clip:
    return clip_of(state, key)[1]


def test_sources_are_placed_on_one_track(band: DocumentState) -> None:
    assert [one.id for one in band.tracks] == ["track-a", "track-c"]
    track = band.tracks[0]
    assert (track.start_samples, track.stop_samples) == (0, 12 * SECOND)
    assert [one.start_samples for one in track.clips] == [0, 7 * SECOND]
    assert track.source_ids == ("a", "b")


def test_a_source_may_begin_before_the_timeline_but_not_end_there() -> None:
    source, state = no_source("a", SECOND), DocumentState()
    made = after(state, add_tracks(state, [NewTrack("A", (source,), (1 - SECOND,))]))
    one = clip(made, "clip-a")
    assert (one.start_samples, one.offset_samples, one.length_samples) == (0, SECOND - 1, 1)
    with pytest.raises(UsageError):
        add_tracks(state, [NewTrack("A", (source,), (-SECOND,))])


def test_a_source_is_added_to_a_track_that_is_named(band: DocumentState) -> None:
    edit = add_tracks(band, [NewTrack("A", (no_source("d", SECOND),), (20 * SECOND,), "track-a")])
    assert edit.label.endswith(" onto A")
    assert [one.id for one in after(band, edit).tracks[0].clips] == ["clip-a", "clip-b", "clip-d"]


def test_a_placed_clip_is_on_top_and_its_sound_as_it_was(band: DocumentState) -> None:
    moved = after(band, place_clips(band, {"clip-a": 6 * SECOND}))
    assert [one.id for one in moved.tracks[0].clips] == ["clip-b", "clip-a"]
    assert clip(moved, "clip-a") == replace(clip(band, "clip-a"), start_samples=6 * SECOND)


def test_the_first_of_several_stops_at_the_start(band: DocumentState) -> None:
    moved = after(band, nudge_clips(band, ["clip-b", "clip-c"], -9 * SECOND))
    assert (clip(moved, "clip-b").start_samples, clip(moved, "clip-c").start_samples) == (7 * SECOND, 0)
    shifted = after(band, nudge_clips(band, ["clip-b"], -9 * SECOND))
    assert clip(shifted, "clip-b").start_samples == 0


def test_an_edge_goes_as_far_as_the_source(band: DocumentState) -> None:
    short = after(band, trim_clip(band, "clip-b", 8 * SECOND, 9 * SECOND))
    assert clip(short, "clip-b").sound[:4] == ("b", 8 * SECOND, SECOND, SECOND)
    long = after(short, trim_clip(short, "clip-b", 0, 99 * SECOND))
    assert clip(long, "clip-b") == clip(band, "clip-b")
    with pytest.raises(UsageError):
        trim_clip(band, "clip-b", 9 * SECOND, 9 * SECOND)


def test_a_split_sounds_the_same_and_has_the_same_analyses(band: DocumentState) -> None:
    parted = after(band, split_clips(band, 3 * SECOND))
    assert [len(track.clips) for track in parted.tracks] == [3, 2]
    for track, before in zip(parted.tracks, band.tracks, strict=True):
        assert parted.recorded(track) == band.recorded(before)
    one = after(parted, split_clips(parted, 4 * SECOND, ["track-c"]))
    assert [len(track.clips) for track in one.tracks] == [3, 3]
    assert len({each.id for track in one.tracks for each in track.clips}) == 6
    with pytest.raises(UsageError):
        split_clips(band, 6 * SECOND, ["track-a"])


def test_fades_stay_as_long_as_they_fit(band: DocumentState) -> None:
    faded = after(band, set_clips(band, ["clip-a"], fade_in_samples=SECOND, fade_out_samples=2 * SECOND))
    short = after(faded, trim_clip(faded, "clip-a", 0, 2 * SECOND))
    assert clip(short, "clip-a").fade_in_samples == SECOND
    assert clip(short, "clip-a").fade_out_samples == SECOND
    parted = after(faded, split_clips(faded, SECOND // 2, ["track-a"]))
    left, right = (one for one in parted.tracks[0].clips if one.source_id == "a")
    assert (left.fade_in_samples, left.fade_out_samples) == (SECOND // 2, 0)
    assert (right.fade_in_samples, right.fade_out_samples) == (0, 2 * SECOND)
    with pytest.raises(UsageError):
        set_clips(band, ["clip-a"], fade_in_samples=3 * SECOND, fade_out_samples=3 * SECOND)


def test_copies_keep_their_distances(band: DocumentState) -> None:
    doubled = after(band, duplicate_clips(band, ["clip-b", "clip-c"], 30 * SECOND))
    starts = {one.id: one.start_samples for track in doubled.tracks for one in track.clips}
    assert starts["clip-c~2"] == 30 * SECOND
    assert starts["clip-b~2"] == 37 * SECOND


@pytest.mark.parametrize(
    "do",
    [
        lambda state: place_clips(state, {"clip-a": 9}),
        lambda state: nudge_clips(state, ["clip-a"], 9),
        lambda state: trim_clip(state, "clip-a", 9, 99),
        lambda state: split_clips(state, SECOND, ["track-a"]),
        lambda state: raise_clips(state, ["clip-a"]),
        lambda state: remove_clips(state, ["clip-a"]),
        lambda state: remove_clips(state, ["clip-none"]),
    ],
)
def test_locked_and_unknown_clips_are_left(band: DocumentState, do: Callable[[DocumentState], Edit]) -> None:
    locked = after(band, set_clips(band, ["clip-a"], is_locked=True))
    with pytest.raises(UsageError):
        do(locked)


def test_clips_are_taken_to_another_track_with_their_edits(band: DocumentState) -> None:
    state, inside = _with_edit(band, "gain", 8, 9, "track-a")
    state, outside = _with_edit(state, "gain", 1, 2, "track-a")
    taken = after(state, take_clips(state, ["clip-b"], "track-c", SECOND))
    assert [one.id for one in taken.tracks[1].clips] == ["clip-c", "clip-b"]
    assert taken.proposals[inside].tracks == ("track-c",)
    assert taken.span(inside) == (9 * SECOND, 10 * SECOND)
    assert taken.proposals[outside] == state.proposals[outside]
    emptied = after(taken, take_clips(taken, ["clip-a"], "track-c"))
    assert [(one.id, one.position) for one in emptied.tracks] == [("track-c", 0)]
    assert emptied.proposals[outside].tracks == ("track-c",)


def test_what_nothing_plays_goes(band: DocumentState) -> None:
    gone = after(band, remove_clips(band, ["clip-b"]))
    assert set(gone.sources) == {"a", "c"}
    assert [one.id for one in gone.tracks[0].clips] == ["clip-a"]
    last = after(gone, remove_clips(gone, ["clip-a"]))
    assert [one.id for one in last.tracks] == ["track-c"]
    assert set(last.sources) == {"c"}


def test_joined_tracks_take_their_edits_along(band: DocumentState) -> None:
    edit, made = edit_by_hand(band, "gain", SECOND, 2 * SECOND, {"gain_db": -3.0}, ("track-c",))
    state = after(band, edit)
    joined = after(state, join_tracks(state, "track-a", ["track-c"]))
    assert [one.id for one in joined.tracks] == ["track-a"]
    assert [one.id for one in joined.tracks[0].clips] == ["clip-a", "clip-b", "clip-c"]
    assert joined.proposals[made.id].tracks == ("track-a",)


def _with_edit(
    state: DocumentState, kind: str, start_s: float, stop_s: float, *tracks: str
) -> tuple[DocumentState, str]:
    payload = {"gain_db": -3.0} if kind == "gain" else {}
    edit, made = edit_by_hand(state, kind, round(start_s * SECOND), round(stop_s * SECOND), payload, tracks)
    return after(state, edit), made.id


@pytest.mark.parametrize(
    ("span_s", "tracks", "moves"),
    [
        ((8, 9), ("track-a",), True),
        ((8, 9), ("track-c",), False),
        ((1, 2), ("track-a",), False),
        ((4, 9), ("track-a",), False),
        ((5.5, 9), ("track-a",), True),
        ((5.5, 6.5), ("track-a",), False),
        ((8, 9), ("track-a", "track-c"), False),
    ],
)
def test_an_edit_moves_with_all_clips_that_it_is_about(
    band: DocumentState, span_s: tuple[float, float], tracks: tuple[str, ...], moves: bool
) -> None:
    state, key = _with_edit(band, "gain", *span_s, *tracks)
    moved = after(state, nudge_clips(state, ["clip-b"], SECOND))
    by = SECOND if moves else 0
    assert moved.span(key) == tuple(edge + by for edge in state.span(key))
    assert moved.decisions[key] == state.decisions[key]
    assert moved.proposals[key].payload == state.proposals[key].payload
    other = after(state, nudge_clips(state, ["clip-c"], SECOND))
    assert other.span(key)[0] == state.span(key)[0] + SECOND * (tracks == ("track-c",))


def test_an_edit_moves_to_the_start_of_the_timeline(band: DocumentState) -> None:
    state, key = _with_edit(band, "gain", 7, 9, "track-a")
    assert after(state, nudge_clips(state, ["clip-b"], -7 * SECOND)).span(key) == (0, 2 * SECOND)


def test_a_cut_moves_with_the_clips_of_all_tracks(band: DocumentState) -> None:
    state, key = _with_edit(band, "cut", 8, 9)
    for one in ("clip-b", "clip-c"):
        assert after(state, nudge_clips(state, [one], SECOND)).span(key) == state.span(key)
    all_of_them = after(state, nudge_clips(state, ["clip-b", "clip-c"], SECOND))
    assert all_of_them.span(key) == (9 * SECOND, 10 * SECOND)


def test_moved_edges_tones_and_markers_move_along(band: DocumentState) -> None:
    edit, made = edit_by_hand(
        band,
        "mute",
        8 * SECOND,
        9 * SECOND,
        {"tone_start_samples": 7 * SECOND, "tone_stop_samples": round(7.5 * SECOND)},
        ("track-a",),
    )
    state = after(band, edit)
    state = after(state, move_edges(state, made.id, 8 * SECOND, 10 * SECOND))
    state = after(state, add_marker(state, 8 * SECOND))
    state = after(state, add_region(state, 9 * SECOND, 10 * SECOND)[0])
    moved = after(state, nudge_clips(state, ["clip-b", "clip-c"], SECOND))
    assert moved.proposals[made.id].payload["tone_start_samples"] == 8 * SECOND
    assert moved.span(made.id) == (9 * SECOND, 11 * SECOND)
    assert spans_s(moved) == [(9, 9), (10, 11)]
    assert spans_s(after(moved, nudge_clips(moved, ["clip-b", "clip-c"], -SECOND))) == [(8, 8), (9, 10)]
    assert spans_s(after(state, nudge_clips(state, ["clip-b"], SECOND))) == [(8, 8), (9, 10)]


def spans_s(state: DocumentState) -> list[tuple[float, float]]:
    return [(one.start_samples / SECOND, one.stop_samples / SECOND) for one in state.markers.values()]


@pytest.mark.parametrize(
    ("tone_s", "tracks", "moved_s"),
    [
        ((1, 2), ("track-a",), (1, 2)),  # in a clip that stays
        ((5.2, 6), ("track-a",), (6.2, 7)),  # where nothing plays, as far as the edit
        ((7, 8), ("track-a",), (8, 9)),
        ((1, 2), ("track-c",), (2, 3)),
        ((1, 2), ("track-a", "track-c"), (1, 2)),  # with neither
    ],
)
def test_a_tone_moves_with_the_clip_that_it_is_in(
    band: DocumentState, tone_s: tuple[float, float], tracks: tuple[str, ...], moved_s: tuple[float, float]
) -> None:
    names = ("tone_start_samples", "tone_stop_samples")
    tone = {name: round(at * SECOND) for name, at in zip(names, tone_s, strict=True)}
    edit, made = edit_by_hand(band, "mute", 8 * SECOND, 9 * SECOND, tone, tracks)
    state = after(band, edit)
    moved = after(state, nudge_clips(state, ["clip-b", "clip-c"], SECOND))
    payload = moved.proposals[made.id].payload
    assert [payload[name] for name in names] == [round(at * SECOND) for at in moved_s]


def test_alternatives_of_an_undecided_edit_move_with_it(band: DocumentState) -> None:
    state, key = _with_edit(band, "gain", 8, 9, "track-a")
    other = Alternative("Longer", 8 * SECOND - 5, 10 * SECOND, {"gain_db": -6.0})
    made = replace(state.proposals[key], alternatives=(other,))
    state = replace(state, proposals={key: made}, decisions={})
    moved = after(state, nudge_clips(state, ["clip-b"], SECOND)).proposals[key]
    later = replace(other, start_samples=9 * SECOND - 5, stop_samples=11 * SECOND)
    assert moved.alternatives == (later,)


def test_a_marker_at_the_start_of_a_clip_moves_with_it_to_the_start(band: DocumentState) -> None:
    state = after(band, add_marker(band, 7 * SECOND))
    assert spans_s(after(state, nudge_clips(state, ["clip-c"], SECOND))) == [(7, 7)]
    alone = after(state, remove_clips(state, ["clip-c"]))
    assert spans_s(after(alone, nudge_clips(alone, ["clip-b"], -7 * SECOND))) == [(0, 0)]


def test_a_tone_stays_where_its_tracks_move_apart(band: DocumentState) -> None:
    tone = {"tone_start_samples": 8 * SECOND, "tone_stop_samples": 9 * SECOND}
    edit, made = edit_by_hand(band, "mute", 13 * SECOND, 14 * SECOND, tone)
    state = after(band, edit)
    moved = after(state, nudge_clips(state, ["clip-c"], SECOND))
    assert moved.span(made.id) == (14 * SECOND, 15 * SECOND)
    assert moved.proposals[made.id].payload == state.proposals[made.id].payload


@pytest.mark.parametrize("count", [100, pytest.param(1_000, marks=pytest.mark.long)])
def test_edits_are_undone_and_redone(tmp_path: Path, count: int) -> None:
    random = np.random.default_rng(count)
    with Document.create(tmp_path / "day.offcut") as document:
        sources = [no_source(key, seconds * SECOND) for key, seconds in (("a", 5), ("b", 5), ("c", 20))]
        added = [NewTrack("A", tuple(sources[:2]), (0, 7 * SECOND)), NewTrack("C", (sources[2],))]
        document.apply(add_tracks(document.state, added))
        for _ in range(12):
            start = int(random.integers(0, 18 * SECOND))
            edit, _ = edit_by_hand(
                document.state, "gain", start, start + SECOND, {"gain_db": -1.0}, ("track-c",)
            )
            document.apply(edit)
        document.apply(add_marker(document.state, 9 * SECOND))
        states = [document.state]
        while len(states) <= count:
            try:
                change = document.apply(_any_edit(document.state, random))
            except UsageError:
                continue
            if change.tracks or change.proposals:
                states.append(document.state)
        for state in reversed(states[:-1]):
            document.undo()
            assert document.state == state
        for state in states[1:]:
            document.redo()
            assert document.state == state
        last = document.state
    with Document.open(tmp_path / "day.offcut") as again:
        assert again.state == last


def _any_edit(state: DocumentState, random: np.random.Generator) -> Edit:
    clips = [one for track in state.tracks for one in track.clips]
    some = [one.id for one in clips if random.random() < 0.4] or [clips[0].id]
    one = clips[random.integers(len(clips))]
    at = int(random.integers(0, 25 * SECOND))
    ripple = list(Ripple)[random.integers(3)]
    choice = random.integers(11)
    if choice == 0:
        return place_clips(state, {one.id: at})
    if choice == 1:
        start = one.start_samples + int(random.integers(-SECOND, SECOND))
        return trim_clip(state, one.id, start, at, ripple=ripple)
    if choice == 2 and len(clips) < 30:
        return split_clips(state, at)
    if choice == 3 and len(clips) < 30:
        return duplicate_clips(state, some, at, ripple)
    if choice == 4 and len(clips) > 6:
        return remove_clips(state, [one.id], ripple)
    if choice == 5:
        longest = one.length_samples // 2
        return set_clips(state, [one.id], fade_in_samples=int(random.integers(0, longest + 1)))
    if choice == 6:
        return set_clips(state, some, gain_db=float(random.integers(-9, 9)))
    if choice == 7:
        return set_clips(state, [one.id], is_locked=not one.is_locked)
    if choice == 8:
        return raise_clips(state, some)
    if choice == 9 and len(clips) < 30:
        return raise_clips(state, some, (at, at + int(random.integers(1, 4 * SECOND))))
    return nudge_clips(state, some, int(random.integers(-SECOND, SECOND)), ripple=ripple)
