"""The user's own markers in the formats of film editors, beside those of the cuts."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree

import opentimelineio as otio
import pytest

from engine.document.state import Marker
from engine.exchange.export import export
from tests.engine.exchange.export.cases import CASES, Case
from tests.engine.sound.edl.recordings import with_cuts


@pytest.fixture
def marked() -> Case:
    """Thirty seconds with a cut from 10 to 12 s, a place behind it, one inside it, and a region around it."""
    case = next(case for case in CASES if case.name == "one track")
    state = with_cuts(case.state, (441_000, 529_200))
    named = [
        Marker("m1", 396_900, 573_300, "Verse <1>"),
        Marker("m2", 485_100, 485_100, "Inside"),
        Marker("m3", 882_000, 882_000, "End & coda"),
    ]
    return replace(case, state=replace(state, markers={marker.id: marker for marker in named}))


EXPECTED = [("Verse <1>", 9, 2), ("Inside", 10, 0), ("End & coda", 18, 0)]


def test_opentimelineio_finds_them(marked: Case, tmp_path: Path) -> None:
    export(marked.request(tmp_path / "jam.otio"))
    timeline = otio.adapters.read_from_file(str(tmp_path / "jam.otio"))
    found = [
        (marker.name, marker.marked_range.start_time.to_seconds(), marker.marked_range.duration.to_seconds())
        for marker in timeline.tracks.markers
        if marker.color == otio.schema.MarkerColor.YELLOW
    ]
    assert found == EXPECTED
    assert len(timeline.tracks.markers) == 4


def test_final_cut_finds_them(marked: Case, tmp_path: Path) -> None:
    export(marked.request(tmp_path / "jam.fcpxml"))
    markers = ElementTree.parse(tmp_path / "jam.fcpxml").getroot().findall(".//gap/marker")
    found = [
        (marker.get("value"), *(Fraction(marker.get(name, "")[:-1]) for name in ("start", "duration")))
        for marker in markers[1:]
    ]
    assert found == [(name, start, max(length, Fraction(1, 25))) for name, start, length in EXPECTED]


def test_final_cut_7_and_its_adapter_find_them(marked: Case, tmp_path: Path) -> None:
    export(marked.request(tmp_path / "jam.xml"))
    timeline = otio.adapters.read_from_file(str(tmp_path / "jam.xml"), adapter_name="fcp_xml")
    cut, *own = timeline.tracks.markers
    assert cut.name == "Cut"
    found = [
        (marker.name, marker.marked_range.start_time.to_seconds(), marker.marked_range.duration.to_seconds())
        for marker in own
    ]
    assert found == EXPECTED
