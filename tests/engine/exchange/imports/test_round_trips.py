"""What is exported comes back: the same edit list, exactly where a format is exact, else within its frames.

AAF files take so long to read that a short run tries a fifth as many lists of them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, assume, given, seed, settings

from engine.document.file.storage import apply_rows
from engine.document.state import DocumentState
from engine.exchange.export import export
from engine.exchange.export.request import ExportRequest
from engine.exchange.imports import read_edits
from engine.exchange.imports.described import LabelsAs
from engine.exchange.imports.proposals.edit import ImportedEdit, ImportRequest, imported_edit
from engine.sound.edl.build import build
from engine.sound.edl.edit_list import EditList
from tests.engine.exchange.imports.edit_lists import (
    FRAME,
    LEAST,
    LENGTH,
    Asked,
    Moved,
    ends_with_sound,
    is_clear,
    made_recording,
    moved,
    of_some_tracks,
    sounding,
    timing,
    with_edits,
    with_moved_clips,
)
from tests.engine.sound.edl.recordings import Recording
from tests.mostly_long import mostly_long

EXACT = (".json", ".fcpxml", ".rpp", ".aaf")

repeated = settings(
    deadline=None, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck)
)
_MANY = 100
_LONGEST_S = 1_800
"""Of 500 examples of AAF, which is read in a process of its own."""
seldom = settings(repeated, max_examples=repeated.max_examples // (1 if repeated.max_examples > _MANY else 5))


@pytest.fixture(scope="module")
def jam(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    return made_recording(tmp_path_factory.mktemp("jam"))


def brought_back(
    state: DocumentState, into: DocumentState, media: Mapping[str, Path], path: Path
) -> tuple[ImportedEdit, DocumentState]:
    """Export a document and import the file into another one."""
    export(ExportRequest(state, media, path, overwrite=True))
    labels_as = LabelsAs.CUTS if path.suffix == ".txt" else None
    made = imported_edit(ImportRequest(into, media, read_edits(path, state.rate_hz, labels_as=labels_as)))
    return made, apply_rows(into, made.put_into(into).changes)


def plain(state: DocumentState) -> DocumentState:
    return replace(state, proposals={}, decisions={})


def same_inside(found: EditList, wanted: EditList) -> bool:
    """Compare all but the fades from and to silence."""
    is_same = np.array_equal(found.fades_in_samples[1:], wanted.fades_in_samples[1:])
    return is_same and found.played_spans == wanted.played_spans


@pytest.mark.timeout(_LONGEST_S)
@pytest.mark.parametrize("suffix", EXACT)
def test_exact_formats_bring_the_edit_list_back(jam: Recording, tmp_path: Path, suffix: str) -> None:
    @seed(37)
    @(seldom if suffix == ".aaf" else repeated)
    @given(timing(), moved(1))
    def check(asked: tuple[Asked, ...], clips: tuple[Moved, ...]) -> None:
        state = with_edits(with_moved_clips(jam.state, clips), asked)
        assume(ends_with_sound(build(state)))
        _, after = brought_back(state, plain(state), jam.media, tmp_path / f"out{suffix}")
        found, wanted = build(after), build(state)
        assert found.played_spans == wanted.played_spans
        assert found.fades_in_samples.tolist() == wanted.fades_in_samples.tolist()
        assert found.fades_out_samples.tolist() == wanted.fades_out_samples.tolist()

    check()


def played_by_track(state: DocumentState) -> list[np.ndarray]:
    """Return the position in the recording that each track plays at samples of the result; -1 for silence."""
    edit_list, found = build(state), []
    for track in state.tracks:
        own = edit_list.of_track(track.id)
        at = own.to_played_array(np.arange(0, own.length_samples, 7))
        at[~((track.start_samples <= at) & (at < track.stop_samples))] = -1
        found.append(at[: np.flatnonzero(at >= 0).max(initial=-1) + 1])
    return found


@pytest.mark.timeout(_LONGEST_S)
@pytest.mark.parametrize("suffix", EXACT)
def test_exact_formats_bring_the_timing_of_single_tracks_back(
    jam: Recording, tmp_path: Path, suffix: str
) -> None:
    @seed(37)
    @(seldom if suffix == ".aaf" else repeated)
    @given(timing(), of_some_tracks())
    def check(asked: tuple[Asked, ...], own: tuple[Asked, ...]) -> None:
        edges = [edge for one in jam.state.tracks for edge in (one.start_samples, one.stop_samples)]
        edits = (*(one for one in asked if one.kind == "cut"), *own)
        # where a track begins or ends, other edits play the same
        assume(not any(one.start - LEAST < edge < one.stop + LEAST for one in edits for edge in edges))
        apart = sorted(edits, key=lambda one: one.start)  # a cut and an insert of one length can be a mute
        assume(all(one.stop < after.start for one, after in pairwise(apart)))
        state = with_edits(jam.state, edits)
        assume(is_clear(state))
        _, after = brought_back(state, plain(state), jam.media, tmp_path / f"out{suffix}")
        for found, wanted in zip(played_by_track(after), played_by_track(state), strict=True):
            np.testing.assert_array_equal(found, wanted)

    check()


@seed(37)
@repeated
@given(timing(), sounding(), moved())
def test_an_edit_list_brings_edited_sound_back(
    jam: Recording,
    tmp_path: Path,
    asked: tuple[Asked, ...],
    sounds: tuple[Asked, ...],
    clips: tuple[Moved, ...],
) -> None:
    state = with_edits(with_moved_clips(jam.state, clips), (*asked, *sounds))
    assume(not build(state).is_empty)
    made, after = brought_back(state, plain(state), jam.media, tmp_path / "out.json")
    assert build(after) == build(state)
    assert all("changes no audio" in one or "change no audio" in one for one in made.left_out)


def test_a_list_whose_segments_were_changed_plays_them_with_its_edited_sound(
    jam: Recording, tmp_path: Path
) -> None:
    gain = Asked("gain", 10_000, 20_000, (("gain_db", -6.0), ("ramp_ms", 5.0)), (0,))
    state = with_edits(jam.state, (gain, Asked("cut", 60_000, 90_000)))
    path = tmp_path / "out.json"
    export(ExportRequest(state, jam.media, path))
    written = json.loads(path.read_text("utf-8"))
    written["segments"].pop()
    path.write_text(json.dumps(written), encoding="utf-8")
    into = plain(state)
    made = imported_edit(ImportRequest(into, jam.media, read_edits(path, state.rate_hz)))
    edit_list = build(apply_rows(into, made.put_into(into).changes))
    assert edit_list.kept_stops_samples.tolist() == [60_000]
    assert edit_list.patches == {"t0": build(with_edits(state, (gain,))).patches["t0"]}


@seed(37)
@repeated
@given(timing(), moved(1))
def test_a_list_of_events_brings_every_position_back(
    jam: Recording, tmp_path: Path, asked: tuple[Asked, ...], clips: tuple[Moved, ...]
) -> None:
    state = with_edits(with_moved_clips(jam.state, clips), asked)
    assume(is_clear(state, insert_samples=LEAST))
    _, after = brought_back(state, plain(state), jam.media, tmp_path / "out.edl")
    found, wanted = build(after), build(state)
    np.testing.assert_array_equal(found.kept_starts_samples, wanted.kept_starts_samples)
    np.testing.assert_array_equal(found.kept_stops_samples, wanted.kept_stops_samples)


@seed(37)
@repeated
@given(timing(), moved(1))
def test_a_timeline_of_frames_brings_every_sample_back(
    jam: Recording, tmp_path: Path, asked: tuple[Asked, ...], clips: tuple[Moved, ...]
) -> None:
    state = with_edits(with_moved_clips(jam.state, clips), asked)
    assume(is_clear(state, insert_samples=LEAST))
    _, after = brought_back(state, plain(state), jam.media, tmp_path / "out.otio")
    assert same_inside(build(after), build(state))


@seed(37)
@repeated
@given(timing(), moved(1))
def test_frames_bring_every_position_back_within_one_and_a_half(
    jam: Recording, tmp_path: Path, asked: tuple[Asked, ...], clips: tuple[Moved, ...]
) -> None:
    state = with_edits(with_moved_clips(jam.state, clips), asked)
    assume(is_clear(state, insert_samples=LEAST))
    _, after = brought_back(state, plain(state), jam.media, tmp_path / "out.xml")
    found, wanted = build(after), build(state)
    assert len(found.segments) == len(wanted.segments)
    (starts, stops), (true_starts, true_stops) = (np.array(one.played_spans).T for one in (found, wanted))
    assert np.abs(starts - true_starts).max() <= 3 * FRAME // 2
    off = np.abs(stops - true_stops)
    is_known = [stop in stops[:number] for number, stop in enumerate(stops)]
    # An end that is read up to 1.5 frames off goes to an edge up to 1.5 frames from there: edges are rounded,
    # too, so one edge of the document can be read that far apart, and an edge as near looks the same.
    at_an_edge = found.inserted | np.isin(stops, [*starts, found.source_length_samples]) | is_known
    assert (off <= np.where(at_an_edge, 3 * FRAME, 3 * FRAME // 2)).all(), "ends near an edge are put there"


def test_a_block_with_a_cut_inside_comes_back_as_one_move(jam: Recording, tmp_path: Path) -> None:
    fade = ("crossfade_ms", 20.0)
    asked = (
        Asked("move", 60_000, 90_000, (("to_samples", 200_000), fade)),
        Asked("cut", 70_000, 75_000, (fade,)),
    )
    state = with_edits(jam.state, asked)
    made, after = brought_back(state, plain(state), jam.media, tmp_path / "out.fcpxml")
    assert {(one.kind, one.start_samples, one.stop_samples) for one in made.proposals} == {
        (one.kind, one.start, one.stop) for one in asked
    }
    assert build(after).plays_as(build(state))


def test_a_part_shorter_than_a_frame_beside_edited_sound_comes_back(jam: Recording, tmp_path: Path) -> None:
    asked = (
        Asked("cut", 7761, 43563, (("crossfade_ms", 0.0),), ()),
        Asked("gain", 546, 6891, (("gain_db", 0.5), ("ramp_ms", 5.0)), ()),
    )
    state = with_edits(jam.state, asked)
    made, after = brought_back(state, state, jam.media, tmp_path / "out.otio")
    assert made.proposals == ()
    assert after == state


@pytest.mark.parametrize(
    "asked",
    [
        (
            Asked("move", 167_881, 171_712, (("to_samples", 289_320), ("crossfade_ms", 30.0))),
            Asked("insert", 201_112, 201_112, (("length_samples", 10_681), ("crossfade_ms", 30.0))),
            Asked("ripple", 192_197, 195_604, (("crossfade_ms", 30.0),), (1, 2)),
        ),
        (
            Asked("cut", 124_160, 200_961, (("crossfade_ms", 0.0),)),
            Asked("insert", 181_120, 181_120, (("length_samples", 3_487), ("crossfade_ms", 40.0)), (1, 2)),
        ),
    ],
    ids=["moved", "faded in"],
)
def test_a_part_shorter_than_a_frame_of_a_track_with_its_own_timing_comes_back(
    jam: Recording, tmp_path: Path, asked: tuple[Asked, ...]
) -> None:
    state = with_edits(jam.state, asked)
    made, after = brought_back(state, state, jam.media, tmp_path / "out.otio")
    assert made.proposals == ()
    assert after == state


def test_a_part_of_one_frame_at_the_start_of_its_medium_comes_back(jam: Recording, tmp_path: Path) -> None:
    late = jam.state.tracks[2].start_samples
    asked = (Asked("cut", late + 360, late + 40_000, (("crossfade_ms", 0.0),), ()),)
    for cut in (0, 100, 200, 300):
        state = with_edits(
            jam.state, (Asked("cut", 1_000, 2_000 + cut, (("crossfade_ms", 0.0),), ()), *asked)
        )
        made, _ = brought_back(state, state, jam.media, tmp_path / "out.otio")
        assert made.proposals == ()


@pytest.mark.parametrize("suffix", [".fcpxml", ".rpp", ".otio", ".xml"])
def test_a_crossfade_from_one_track_to_another_comes_back(
    jam: Recording, tmp_path: Path, suffix: str
) -> None:
    moved_on = with_moved_clips(jam.state, ((0, 225_723, 25_601),))
    fade = ("crossfade_ms", 47.0)
    repeat = Asked("repeat", 250_222, 257_390, (("to_samples", LENGTH), fade, ("times", 3)))
    state = with_edits(moved_on, (repeat,))
    made, after = brought_back(state, state, jam.media, tmp_path / f"out{suffix}")
    assert made.proposals == ()
    assert after == state


_FADE_1 = ("crossfade_ms", 1.0)
_UNSEEN: dict[str, tuple[tuple[Asked, ...], tuple[Moved, ...]]] = {
    "a crossfade that the end of a track cuts short": (
        (Asked("move", 1_303, 75_803, (("to_samples", LENGTH), _FADE_1)),),
        ((1, 41_148, 25_601),),
    ),
    "a clip that is split within a crossfade": (
        (Asked("cut", 185_819, 261_449, (("crossfade_ms", 7.0),)),),
        ((1, 185_846, 0),),
    ),
    "a clip shorter than a frame before a gap": (
        (
            Asked("cut", 1_609, 13_046, (("crossfade_ms", 0.0),)),
            Asked("move", 29_840, 39_039, (("to_samples", LENGTH), ("crossfade_ms", 20.0))),
        ),
        ((0, 13_134, 25_601),),
    ),
    "a clip shorter than a frame behind a moved split": (
        (
            Asked("cut", 210_109, 234_630, (("crossfade_ms", 29.0),)),
            Asked("insert", 311_576, 311_576, (("length_samples", 1_281), ("crossfade_ms", 29.0))),
        ),
        ((0, 285_667, 25_601),),
    ),
    "a cut where no track sounds": (
        (Asked("cut", 8_960, 10_243, (("crossfade_ms", 4.0),)),),
        ((0, 3_840, 25_601),),
    ),
    "a crossfade into a repeat that the end of the recording cuts short": (
        (
            Asked("ripple", 162_850, 187_880, (("crossfade_ms", 18.0),), (0, 1)),
            Asked("repeat", 193_293, 199_939, (("to_samples", LENGTH), ("crossfade_ms", 59.0), ("times", 2))),
        ),
        ((1, 170_880, 25_601),),
    ),
    "an insert shorter than four frames, without a fade": (
        (Asked("insert", 100_000, 100_000, (("length_samples", 2 * FRAME), ("crossfade_ms", 0.0))),),
        (),
    ),
    "a track ends within a crossfade, and others have their own timing": (
        (
            Asked(
                "repeat", 194_702, 201_249, (("to_samples", 139_606), ("crossfade_ms", 50.0), ("times", 2))
            ),
            Asked("ripple", 177_276, 180_410, (("crossfade_ms", 60.0),), (0, 2)),
        ),
        (),
    ),
}


@pytest.mark.parametrize("suffix", [".fcpxml", ".rpp", ".otio", ".xml", ".edl", ".json", ".aaf"])
@pytest.mark.parametrize("name", _UNSEEN)
def test_edits_that_clips_do_not_show_come_back(
    jam: Recording, tmp_path: Path, suffix: str, name: str
) -> None:
    asked, clips = _UNSEEN[name]
    state = with_edits(with_moved_clips(jam.state, clips), asked)
    made, after = brought_back(state, state, jam.media, tmp_path / f"out{suffix}")
    assert made.proposals == ()
    assert made.returned == 0
    assert after == state


@seed(37)
@repeated
@given(timing())
def test_labels_bring_cuts_back(jam: Recording, tmp_path: Path, asked: tuple[Asked, ...]) -> None:
    cuts = tuple(one for one in asked if one.kind == "cut")
    assume(bool(cuts))
    state = with_edits(jam.state, cuts)
    _, after = brought_back(state, plain(state), jam.media, tmp_path / "out.txt")
    found, wanted = build(after), build(state)
    np.testing.assert_array_equal(found.kept_starts_samples, wanted.kept_starts_samples)
    np.testing.assert_array_equal(found.kept_stops_samples, wanted.kept_stops_samples)


@pytest.mark.timeout(_LONGEST_S)
@mostly_long(
    "suffix", [*EXACT, ".otio", ".edl", ".xml"], keep=(".json", ".fcpxml", ".rpp", ".otio", ".edl", ".xml")
)
def test_what_comes_back_unchanged_changes_nothing(jam: Recording, tmp_path: Path, suffix: str) -> None:
    @seed(37)
    @(seldom if suffix == ".aaf" else repeated)
    @given(timing(), of_some_tracks(), sounding(), moved())
    def check(
        asked: tuple[Asked, ...], own: tuple[Asked, ...], sounds: tuple[Asked, ...], clips: tuple[Moved, ...]
    ) -> None:
        state = with_edits(with_moved_clips(jam.state, clips), (*asked, *own, *sounds))
        assume(is_clear(state))
        made, after = brought_back(state, state, jam.media, tmp_path / f"out{suffix}")
        assert made.proposals == ()
        assert made.returned == 0
        assert after == state

    check()
