"""What lies where an export laid it comes back to the sample, also from formats that count frames."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from engine.document.file.storage import apply_rows
from engine.document.state import DocumentState
from engine.exchange.export import export
from engine.exchange.export.request import ExportRequest
from engine.exchange.imports import read_edits
from engine.exchange.imports.proposals.edit import ImportRequest, imported_edit
from engine.sound.edl.build import build
from tests.engine.exchange.imports.edit_lists import LENGTH, Asked, come_back, made_recording, with_edits
from tests.engine.sound.edl.recordings import Recording, with_cuts

CUTS = ((30_011, 61_003), (101_111, 140_009))
_TRANSITION = re.compile(r"\s*<transitionitem>.*?</transitionitem>", re.DOTALL)


@pytest.fixture(scope="module")
def jam(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    return made_recording(tmp_path_factory.mktemp("jam"))


@pytest.fixture
def bass(jam: Recording) -> DocumentState:
    """The document without its other tracks, and with two cuts."""
    state = replace(jam.state, tracks=jam.state.tracks[:1])
    return with_cuts(state, *CUTS)


def without_remarks(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if "SAMPLES" not in line)


def test_a_track_that_ends_within_a_crossfade_crosses_over_where_the_others_do(
    jam: Recording, tmp_path: Path
) -> None:
    asked = (("to_samples", 134_784), ("crossfade_ms", 39.0), ("times", 3))
    state = with_edits(jam.state, (Asked("repeat", 303_684, 309_994, asked),))
    export(ExportRequest(state, jam.media, tmp_path / "out.fcpxml"))
    plain = replace(state, proposals={}, decisions={})
    made = imported_edit(ImportRequest(plain, jam.media, read_edits(tmp_path / "out.fcpxml", 8_000)))
    assert build(apply_rows(plain, made.put_into(plain).changes)).plays_as(build(state))
    assert made.left_out == ()


@pytest.mark.parametrize("suffix", [".edl", ".xml"])
def test_a_clip_too_short_for_a_frame_comes_back_between_its_neighbours(
    jam: Recording, tmp_path: Path, suffix: str
) -> None:
    asked = (
        Asked("repeat", 36_094, 243_227, (("to_samples", 0), ("crossfade_ms", 50.0), ("times", 3))),
        Asked("gain", 895, 20_972, (("gain_db", -7.5), ("ramp_ms", 5.0)), (0, 1)),
    )
    made = come_back(jam, with_edits(jam.state, asked), tmp_path / f"out{suffix}")
    assert made.is_empty
    assert made.left_out == ()


@pytest.mark.parametrize("change", [str, without_remarks])
@pytest.mark.parametrize("name", ["out.edl", "out.xml"])
def test_cuts_between_frames_come_back_unchanged(
    jam: Recording, bass: DocumentState, tmp_path: Path, name: str, change: Callable[[str], str]
) -> None:
    made = come_back(jam, bass, tmp_path / name, change)
    assert made.is_empty
    assert made.left_out == ()


def test_a_list_that_begins_at_one_hour_comes_back_unchanged(
    jam: Recording, bass: DocumentState, tmp_path: Path
) -> None:
    def an_hour_later(text: str) -> str:
        return re.sub(r"00(:[\d:]{8} )00(:[\d:]{8})$", r"01\g<1>01\g<2>", text, flags=re.MULTILINE)

    made = come_back(jam, bass, tmp_path / "out.edl", an_hour_later)
    assert made.is_empty
    path = tmp_path / "out.edl"
    assert "01:00:00:00" in path.read_text("utf-8")
    assert read_edits(path, 8_000).rounding_s == 0


def test_edges_that_nobody_moved_stay_where_they_are(
    jam: Recording, bass: DocumentState, tmp_path: Path
) -> None:
    def without_the_last_event(text: str) -> str:
        return without_remarks(text).partition("003 ")[0]

    made = come_back(jam, bass, tmp_path / "out.edl", without_the_last_event)
    assert [(one.kind, one.start_samples, one.stop_samples) for one in made.proposals] == [
        ("cut", CUTS[1][0], LENGTH)
    ]
    assert len(made.stays) == made.returned == 1


def test_a_clip_that_was_moved_by_a_frame_changes_the_edit(
    jam: Recording, bass: DocumentState, tmp_path: Path
) -> None:
    def a_frame_later_in_the_source(text: str) -> str:
        return re.sub(r"<in>(\d+)</in>(\s*)<out>", lambda at: f"<in>{int(at[1]) + 1}</in>{at[2]}<out>", text)

    made = come_back(jam, bass, tmp_path / "out.xml", a_frame_later_in_the_source)
    assert not made.is_empty


def test_a_transition_that_was_taken_away_changes_the_edit(
    jam: Recording, bass: DocumentState, tmp_path: Path
) -> None:
    made = come_back(jam, bass, tmp_path / "out.xml", lambda text: _TRANSITION.sub("", text, count=1))
    assert [(one.start_samples, one.stop_samples) for one in made.proposals] == [CUTS[0]]
    assert [one.payload["crossfade_ms"] for one in made.proposals] == [0.0]
