"""Ripple cuts and inserts of single tracks: each track plays what its own edits leave of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.errors import UsageError
from engine.document.document import Document
from engine.document.edits.by_hand import edit_by_hand
from engine.document.edits.tracks import add_tracks
from engine.document.file.storage import apply_rows
from engine.document.state import DocumentState
from engine.exchange.export.placing.marks import removed_edit_list
from engine.sound.edl.build import build
from engine.sound.edl.render import Renderer, render
from tests.engine.sound.edl.heard.test_every_kind import SLOW
from tests.engine.sound.edl.recordings import RATE_HZ, Recording, recording
from tests.sources import each_alone

LENGTH = 4 * RATE_HZ
SHORT = LENGTH - 5_000


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    rng = np.random.default_rng(5)
    tracks = [0.3 * rng.standard_normal((length, 1)) for length in (LENGTH, SHORT)]
    return recording(tmp_path_factory.mktemp("pair"), tracks)


Made = tuple[str, int, int, dict[str, object], tuple[str, ...]]


def edited(state: DocumentState, *edits: Made) -> DocumentState:
    for one in edits:
        state = apply_rows(state, edit_by_hand(state, *one)[0].changes)
    return state


def hard(kind: str, start: int, stop: int, *tracks: str, **payload: object) -> Made:
    return kind, start, stop, {"crossfade_ms": 0.0, **payload}, tracks


def alone(made: Recording, state: DocumentState, track_id: str) -> np.ndarray:
    """Render one track of a document."""
    tracks = tuple(replace(one, mute=one.id != track_id) for one in state.tracks)
    own = replace(state, tracks=tracks)
    return render(own, build(own), made.media, 0, build(own).length_samples)[:, 0]


def recorded(made: Recording, track_id: str) -> np.ndarray:
    return alone(made, replace(made.state, proposals={}, decisions={}), track_id)


def test_a_ripple_cut_moves_one_track_and_a_cut_removes_the_same_moment_of_both(pair: Recording) -> None:
    state = edited(pair.state, hard("ripple", 4_000, 6_000, "t0"), hard("cut", 10_000, 12_000))
    first, second = recorded(pair, "t0"), recorded(pair, "t1")
    kept = np.concatenate([first[:4_000], first[6_000:10_000], first[12_000:], np.zeros(2_000)])
    np.testing.assert_array_equal(alone(pair, state, "t0"), kept)
    both = np.concatenate([second[:10_000], second[12_000:]])
    np.testing.assert_array_equal(alone(pair, state, "t1"), both)


def test_the_removed_parts_hold_a_ripple_cut_on_its_tracks_alone(pair: Recording) -> None:
    state = edited(pair.state, hard("ripple", 4_000, 6_000, "t0"), hard("cut", 10_000, 12_000))
    removed = removed_edit_list(state, build(state))
    assert removed.length_samples == 4_000
    inside = [slice(100, 1_900), slice(2_100, 3_900)]  # without the fades
    for key, is_in_first in (("t0", True), ("t1", False)):
        tracks = tuple(replace(one, mute=one.id != key) for one in state.tracks)
        found = render(replace(state, tracks=tracks), removed, pair.media, 0, 4_000)[:, 0]
        pieces = np.concatenate(
            [recorded(pair, key)[4_000:6_000] * is_in_first, recorded(pair, key)[10_000:12_000]]
        )
        for part in inside:
            np.testing.assert_array_equal(found[part], pieces[part])


def test_the_result_lasts_as_long_as_its_longest_track(pair: Recording) -> None:
    late = edited(pair.state, hard("insert", 8_000, 8_000, "t1", length_samples=9_000))
    assert build(late).length_samples == SHORT + 9_000
    second = alone(pair, late, "t1")
    np.testing.assert_array_equal(second[8_000:17_000], 0.0)
    np.testing.assert_array_equal(second[17_000:], recorded(pair, "t1")[8_000:SHORT])
    first = alone(pair, late, "t0")
    np.testing.assert_array_equal(first[:LENGTH], recorded(pair, "t0"))
    np.testing.assert_array_equal(first[LENGTH:], 0.0)
    short = edited(pair.state, hard("insert", 8_000, 8_000, "t1", length_samples=100))
    assert build(short).length_samples == LENGTH


def test_cuts_of_one_length_at_two_places_are_a_split_edit(pair: Recording) -> None:
    """Picture and sound change at other moments, and are in step before and after: an L cut."""
    state = edited(pair.state, hard("ripple", 8_000, 10_000, "t0"), hard("ripple", 9_000, 11_000, "t1"))
    assert build(state).length_samples == LENGTH - 2_000
    for key, start, stop in (("t0", 8_000, 10_000), ("t1", 9_000, 11_000)):
        whole = recorded(pair, key)
        kept = np.concatenate([whole[:start], whole[stop:]])[: LENGTH - 2_000]
        np.testing.assert_array_equal(alone(pair, state, key), kept)


def test_the_same_cut_of_every_track_is_a_cut(pair: Recording) -> None:
    state = edited(pair.state, hard("ripple", 8_000, 10_000, "t0", "t1"))
    cut = build(edited(pair.state, hard("cut", 8_000, 10_000)))
    assert build(state) == cut
    assert not cut.own


def test_what_is_kept_is_kept_on_every_track(pair: Recording) -> None:
    state = edited(pair.state, hard("ripple", 4_000, 6_000, "t0"), ("keep", 3_000, 7_000, {}, ()))
    assert build(state).length_samples == LENGTH
    np.testing.assert_array_equal(alone(pair, state, "t0"), recorded(pair, "t0"))


def test_a_cut_of_all_tracks_takes_no_tracks(pair: Recording) -> None:
    with pytest.raises(UsageError):
        edited(pair.state, hard("cut", 4_000, 6_000, "t0"))


SPANS = (
    st.tuples(st.integers(0, LENGTH), st.integers(0, LENGTH)).map(sorted).filter(lambda s: s[1] - s[0] > 40)
)
EDITS = st.lists(
    st.one_of(
        st.builds(
            lambda span, key, fade: ("ripple", *span, {"crossfade_ms": fade}, (key,)),
            SPANS,
            st.sampled_from(("t0", "t1")),
            st.sampled_from((0.0, 20.0)),
        ),
        st.builds(
            lambda at, length, key: ("insert", at, at, {"length_samples": length}, (key,)),
            st.integers(0, LENGTH),
            st.integers(1, 9_000),
            st.sampled_from(("t0", "t1")),
        ),
        st.builds(lambda span: ("cut", *span, {"crossfade_ms": 5.0}, ()), SPANS),
        st.builds(lambda span, to: ("move", *span, {"to_samples": to}, ()), SPANS, st.integers(0, LENGTH)),
    ),
    max_size=7,
)


@SLOW
@given(edits=EDITS, block=st.integers(50, 3_000))
def test_each_track_plays_as_if_its_edits_were_of_all(pair: Recording, edits: list[Made], block: int) -> None:
    """A track alone plays the cuts that name it as cuts of all, and none of those that name the other."""
    made = []
    for one in edits:
        try:
            edit_by_hand(pair.state, *one)
        except UsageError:
            continue
        made.append(one)
    state = edited(pair.state, *made)
    mix = np.zeros((build(state).length_samples, 1), np.float32)
    for key in ("t0", "t1"):
        own = [(*one[:4], ()) for one in made if key in one[4] or not one[4]]
        own = [("cut" if one[0] == "ripple" else one[0], *one[1:]) for one in own]
        other = edited(pair.state, *own)
        sound = alone(pair, other, key)[: len(mix)]
        mix[: len(sound), 0] += sound
        assert not np.any(alone(pair, other, key)[len(mix) :]), "the result ends before its last track"
    with Renderer(state, build(state), pair.media) as renderer:
        blocks = list(renderer.blocks(block))
    heard = np.concatenate(blocks) if blocks else np.zeros((0, 1), np.float32)
    np.testing.assert_allclose(heard, mix, rtol=0, atol=1e-7)


def test_levels_of_each_track_are_those_of_its_sound(pair: Recording) -> None:
    state = edited(pair.state, hard("ripple", 4_000, 6_000, "t0"))
    with Renderer(state, build(state), pair.media) as renderer:
        sound, peaks = renderer.read_metered(0, LENGTH)
    for number, key in enumerate(("t0", "t1")):
        assert peaks.values[number].max() == np.abs(alone(pair, state, key)).max()
    np.testing.assert_array_equal(sound, render(state, build(state), pair.media, 0, LENGTH))


def test_a_document_opens_with_its_ripple_cuts(pair: Recording, tmp_path: Path) -> None:
    path = tmp_path / "pair.offcut"
    with Document.create(path) as document:
        tracks = each_alone(list(pair.state.sources.values()), ["A", "B"])
        document.apply(add_tracks(document.state, tracks))
        key = document.state.tracks[1].id
        document.apply(edit_by_hand(document.state, *hard("ripple", 4_000, 6_000, key))[0])
        before = build(document.state)
    with Document.open(path) as document:
        assert build(document.state) == before
        assert set(before.own) == {key}
