"""Bytes of a recording that are copied into an export: the file is the rendered one, byte for byte."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.core.errors import SourceError
from engine.document.state import DocumentState
from engine.document.tracks import Clip
from engine.exchange.export import ExportOptions, ExportRequest, export
from engine.exchange.export.audio_plan import planned_audio
from engine.exchange.export.request import Depth
from engine.exchange.export.unchanged import Unchanged, unchanged_spans
from engine.sound.pictures.peak_cache import source_peaks
from engine.sound.reader import content_hash
from tests.engine.sound.edl.recordings import RATE_HZ, Recording, by_hand, recording, with_cuts

LENGTH = 30 * RATE_HZ


def recorded(folder: Path, subtype: str = "PCM_24", channels: int = 2, tracks: int = 1) -> Recording:
    """Return recordings of noise whose peaks are stored."""
    rng = np.random.default_rng(7)
    noise = [rng.uniform(-1.0, 1.0, (LENGTH, channels)) for _ in range(tracks)]
    made = recording(folder, noise, subtype=subtype)
    sources = {
        key: replace(source, content_hash=content_hash(Path(source.path)))
        for key, source in made.state.sources.items()
    }
    for source in sources.values():
        source_peaks(source, RATE_HZ)
    return replace(made, state=replace(made.state, sources=sources))


def without_peaks(state: DocumentState) -> DocumentState:
    """Return a document of which no peaks are stored, so that everything is rendered."""
    return replace(state, sources={key: replace(one, content_hash="") for key, one in state.sources.items()})


def request_of(made: Recording, out: Path, **options: object) -> ExportRequest:
    return ExportRequest(made.state, made.media, out, True, options=ExportOptions(**options))


def spans_of(request: ExportRequest) -> tuple[Unchanged, ...]:
    plan = planned_audio(request)
    return unchanged_spans(request, plan.files[0], plan.edit_list, plan.files[0].span)


def assert_same(made: Recording, folder: Path, **options: object) -> None:
    """Assert that an export is the same file where everything is rendered, with the same report."""
    copied = export(request_of(made, folder / "out.wav", **options))
    bare = replace(made, state=without_peaks(made.state))
    content = copied.path.read_bytes()
    rendered = export(request_of(bare, folder / "out.wav", **options))
    assert rendered.path.read_bytes() == content
    assert rendered.figures == copied.figures
    assert not spans_of(request_of(bare, folder / "out.wav", **options))


def share_of(spans: tuple[Unchanged, ...]) -> float:
    return sum(one.stop_samples - one.start_samples for one in spans) / LENGTH


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24"])
@pytest.mark.parametrize("channels", [1, 2, 3])
def test_a_recording_is_copied(tmp_path: Path, subtype: str, channels: int) -> None:
    made = recorded(tmp_path, subtype, channels)
    assert share_of(spans_of(request_of(made, tmp_path / "out.wav"))) > 0.99
    assert_same(made, tmp_path)
    assert_same(made, tmp_path, range_samples=(12_345, 200_001), fade_in_s=0.02, fade_out_s=0.5)
    assert_same(made, tmp_path, range_samples=(100, 300), fade_in_s=1.0, fade_out_s=1.0)


def test_cuts_and_moved_blocks_are_rendered_at_their_seams(tmp_path: Path) -> None:
    made = recorded(tmp_path)
    cut = replace(made, state=with_cuts(made.state, (0, 5_000), (60_000, 60_500), (100_000, 130_000)))
    spans = spans_of(request_of(cut, tmp_path / "out.wav"))
    assert len(spans) == 3
    assert_same(cut, tmp_path, fade_out_s=0.5)
    repeated = by_hand(made.state, "repeat", (40_000, 80_000), {"times": 2, "crossfade_ms": 20.0})
    assert len(spans_of(request_of(replace(made, state=repeated), tmp_path / "out.wav"))) > 1
    assert_same(replace(made, state=repeated), tmp_path)


def test_clips_that_follow_each_other_are_copied_from_their_files(tmp_path: Path) -> None:
    made = recorded(tmp_path, tracks=2)
    first, second = (track.clips[0].source_id for track in made.state.tracks)
    clips = (
        Clip("a", first, 1_000, 500, 50_000),
        Clip("b", second, 51_000, 7, 40_000),
        Clip("c", first, 90_000, 0, 30_000, fade_in_samples=3_000),
        Clip("d", second, 120_000, 0, 30_000, gain_db=-3.0),
    )
    state = replace(made.state, tracks=(replace(made.state.tracks[0], clips=clips),))
    placed = replace(made, state=state)
    spans = spans_of(request_of(placed, tmp_path / "out.wav"))
    assert [one.path for one in spans] == [made.media[first]]  # b and c share a crossfade
    assert_same(placed, tmp_path)
    apart = replace(state, tracks=(replace(state.tracks[0], clips=clips[:2]),))
    spans = spans_of(request_of(replace(made, state=apart), tmp_path / "out.wav"))
    assert [one.path for one in spans] == [made.media[first], made.media[second]]
    assert_same(replace(made, state=apart), tmp_path)


def louder(state: DocumentState) -> DocumentState:
    return replace(state, tracks=(replace(state.tracks[0], gain_db=-1.0),))


def panned(state: DocumentState) -> DocumentState:
    return replace(state, tracks=(replace(state.tracks[0], pan=0.5),))


def muted_within(state: DocumentState) -> DocumentState:
    return by_hand(state, "mute", (20_000, 30_000), {"crossfade_ms": 20.0}, ("t0",))


@pytest.mark.parametrize("changed", [louder, panned, muted_within])
def test_edited_sound_is_rendered(tmp_path: Path, changed: Callable[[DocumentState], DocumentState]) -> None:
    made = recorded(tmp_path)
    edited = replace(made, state=changed(made.state))
    assert spans_of(request_of(edited, tmp_path / "out.wav")) == ()
    assert_same(edited, tmp_path)


@pytest.mark.parametrize(
    "options",
    [{"gain_db": -1.0}, {"loudness_lufs": -20.0}, {"rate_hz": 16_000}, {"depth": Depth.BITS_16}],
)
def test_another_level_rate_or_form_is_rendered(tmp_path: Path, options: dict[str, object]) -> None:
    assert_same(recorded(tmp_path), tmp_path, **options)


def test_several_tracks_and_floats_are_rendered(tmp_path: Path) -> None:
    two = recorded(tmp_path, tracks=2)
    assert spans_of(request_of(two, tmp_path / "out.wav")) == ()
    (tmp_path / "floats").mkdir()
    floats = recorded(tmp_path / "floats", "FLOAT")
    assert spans_of(request_of(floats, tmp_path / "out.wav")) == ()


def test_a_recording_that_was_shortened_is_refused(tmp_path: Path) -> None:
    made = recorded(tmp_path)
    path = made.media["s0"]
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(SourceError):
        export(request_of(made, tmp_path / "out.wav"))
    assert not (tmp_path / "out.wav").exists()
