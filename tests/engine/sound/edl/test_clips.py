"""Tracks of several clips: rendered like the plain renderer, bit for bit, and clips of exports that agree."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.document.document import Document
from engine.document.edits.tracks import add_tracks, set_track
from engine.document.tracks import Clip, Track, visible
from engine.exchange.export.placing.clips import clips
from engine.exchange.export.placing.stretches import consolidated_track
from engine.sound.edl.build import build, whole
from engine.sound.edl.render import Renderer, render
from engine.sound.edl.tracks.voice import open_voice
from tests.engine.document.older import as_version_6
from tests.engine.sound.edl.clip_documents import ClipDocument, clip_document, plain_mix, plain_track
from tests.engine.sound.edl.recordings import with_cuts
from tests.sources import begun_at, each_alone

SEEDS = [*range(40), *(pytest.param(seed, marks=pytest.mark.long) for seed in range(40, 500))]


@pytest.mark.parametrize("seed", SEEDS)
def test_renders_as_the_plain_renderer(tmp_path: Path, seed: int) -> None:
    document = clip_document(tmp_path, seed)
    expected = plain_mix(document)
    state = document.state
    assert state.length_samples == len(expected)
    found = render(state, whole(state), document.media, 0, state.length_samples)
    assert np.array_equal(found, expected)
    with Renderer(state, whole(state), document.media) as renderer:
        blocks = list(renderer.blocks(997))
    assert np.concatenate(blocks).tobytes() == found.tobytes()


OLD = [*range(10), *(pytest.param(seed, marks=pytest.mark.long) for seed in range(10, 500))]


@pytest.mark.parametrize("seed", OLD)
def test_an_old_document_renders_as_its_files(tmp_path: Path, seed: int) -> None:
    document = clip_document(tmp_path, seed)
    sources = list(document.state.sources.values())
    path = tmp_path / "old.offcut"
    with Document.create(path) as made:
        made.apply(add_tracks(made.state, each_alone(sources, [one.id for one in sources])))
        track = made.state.tracks[-1]
        made.apply(set_track(made.state, track.id, clips=begun_at(track, 100 * seed).clips))
    as_version_6(path)
    with Document.open(path) as opened:
        state = opened.state
        while opened.undo() is not None:
            pass
    expected = plain_mix(replace(document, state=state))
    assert np.array_equal(render(state, whole(state), document.media, 0, state.length_samples), expected)


@pytest.mark.parametrize("seed", range(20))
def test_cuts_of_the_result_are_those_of_the_plain_samples(tmp_path: Path, seed: int) -> None:
    document = clip_document(tmp_path, seed)
    expected = plain_mix(document)
    length = len(expected)
    state = with_cuts(document.state, (length // 3, length // 2), crossfade_ms=0.0)
    found = render(state, build(state), document.media, 0, build(state).length_samples)
    assert np.array_equal(found, np.delete(expected, slice(length // 3, length // 2), axis=0))


def _played(document: ClipDocument, track: Track, edited: np.ndarray | None, name: str) -> np.ndarray:
    """Return what the clips of a track in an export play, by their media alone."""
    state = document.state
    edit_list = build(state)
    held = consolidated_track(state, edit_list, track, Path("held.wav"), Fraction(25))
    found = clips(state, edit_list, track, held)
    out = np.zeros((edit_list.length_samples, state.channels(track)), np.float32)
    for clip in found:
        medium = edited if clip.source_id == f"edited-{track.id}" else document.samples[clip.source_id]
        assert medium is not None
        part = medium[clip.start_samples : clip.stop_samples]
        assert len(part) == clip.length_samples, name
        out[clip.result_start_samples : clip.result_stop_samples] = part
    return out


def _held(document: ClipDocument, track: Track) -> np.ndarray | None:
    """Return the samples of the file with the edited sound of a track."""
    state = document.state
    held = consolidated_track(state, build(state), track, Path("held.wav"), Fraction(25))
    if held is None:
        return None
    sound = np.zeros((held.source.frames, held.source.channels), np.float32)
    voice = open_voice(state, track, document.media, patches=build(state).patches.get(track.id))
    for one in held.stretches:
        begin, end = one.start_samples - held.margin_samples, one.stop_samples + held.margin_samples
        at = begin - track.start_samples + one.shift_samples
        sound[at : at + end - begin] = voice.read(begin, end)
    voice.close()
    return sound


@pytest.mark.parametrize("plain", [True, False])
@pytest.mark.parametrize("seed", range(20))
def test_clips_of_exports_play_the_same(tmp_path: Path, seed: int, plain: bool) -> None:
    document = clip_document(tmp_path, seed, plain=plain)
    length = document.state.length_samples
    cut = with_cuts(document.state, (length // 3, length // 2), crossfade_ms=0.0)
    for state in (document.state, cut):
        own = replace(document, state=state)
        keep = np.ones(length, bool)
        if state is cut:
            keep[length // 3 : length // 2] = False
        for track in state.tracks:
            expected = np.zeros((length, state.channels(track)), np.float32)
            sound = plain_track(own, track)
            expected[: len(sound)] = sound
            held = _held(own, track)
            if plain:
                assert held is None
            assert np.array_equal(_played(own, track, held, track.id), expected[keep])


@given(
    st.lists(st.tuples(st.integers(0, 100), st.integers(1, 60), st.integers(0, 30)), min_size=1, max_size=8)
)
def test_every_position_shows_the_topmost_clip(rows: list[tuple[int, int, int]]) -> None:
    clips_ = [
        Clip(f"c{place}", "s", start, 0, length, fade_in_samples=min(fade, length))
        for place, (start, length, fade) in enumerate(rows)
    ]
    shown = visible(clips_)
    for position in range(170):
        there = [clip for clip in clips_ if clip.start_samples <= position < clip.stop_samples]
        opaque = [place for place, clip in enumerate(there) if clip.opaque[0] <= position < clip.opaque[1]]
        expected = [clip.id for clip in there[opaque[-1] if opaque else 0 :]]
        found = [one.clip.id for one in shown if one.start_samples <= position < one.stop_samples]
        assert found == expected
