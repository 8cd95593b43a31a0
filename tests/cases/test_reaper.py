"""REAPER projects: the cases, and items as REAPER's description of its project files has them.

The places that REAPER plays are written by hand next to each item.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.core.errors import EditsError
from engine.exchange.imports import read_edits
from engine.exchange.imports.described import ImportedEdits
from engine.exchange.imports.document_clips import document_clips
from tests.cases.asking import noise, refused, told
from tests.engine.sound.edl.recordings import RATE_HZ, recording

SOURCE_S = 20
WAVE = '<SOURCE WAVE\nFILE "a.wav"\n>'
Played = tuple[float, float, float]
"""Where a clip begins in the project, where in the recording, and how long it is; in seconds."""


def item(*lines: str, at: float = 0, length: float = 5, source: str = WAVE) -> str:
    return "\n".join(("<ITEM", f"POSITION {at}", f"LENGTH {length}", *lines, source, ">"))


def section(start: float, length: float, *lines: str, inner: str = WAVE) -> str:
    return "\n".join(("<SOURCE SECTION", f"LENGTH {length}", f"STARTPOS {start}", *lines, inner, ">"))


def project(path: Path, *items: str, track: str = "NAME a") -> ImportedEdits:
    text = "\n".join(('<REAPER_PROJECT 0.1 "7.0" 1', "<TRACK", track, *items, ">", ">"))
    path.write_text(text, encoding="utf-8")
    return read_edits(path, RATE_HZ)


def played(folder: Path, imported: ImportedEdits) -> list[Played]:
    (folder / "media").mkdir()
    jam = recording(folder / "media", [np.zeros(SOURCE_S * RATE_HZ)], names=("a.wav",))
    clips = document_clips(imported, jam.state, jam.media).by_track.values()
    return [
        (
            one.at_samples / RATE_HZ,
            one.start_samples / RATE_HZ,
            (one.stop_samples - one.start_samples) / RATE_HZ,
        )
        for own in clips
        for one in own
    ]


TWO_TAKES = (WAVE, "TAKE SEL", "NAME b", "SOFFS 10")
PLAYED = {
    "an offset": (item("SOFFS 3", at=1), [(1, 3, 5)]),
    "a section": (item("SOFFS 2", source=section(4, 10)), [(0, 6, 5)]),
    "a section that ends before the item": (item("SOFFS 2", "LOOP 0", source=section(4, 5)), [(0, 6, 3)]),
    "a section in a section": (item(source=section(2, 9, inner=section(1, 12))), [(0, 3, 5)]),
    "a looped section": (
        item("SOFFS 1", "LOOP 1", at=2, length=7, source=section(4, 3)),
        [(2, 5, 2), (4, 4, 3), (7, 4, 2)],
    ),
    "a looped file": (item("SOFFS 15", "LOOP 1", length=12), [(0, 15, 5), (5, 0, 7)]),
    "a loop that is not reached": (item("SOFFS 15", "LOOP 1", length=5), [(0, 15, 5)]),
    "a loop that begins before its file": (item("SOFFS -2", "LOOP 1", length=5), [(0, 18, 2), (2, 0, 3)]),
    "the second of two takes": (item(*TWO_TAKES), [(0, 10, 5)]),
    "the first of two takes": (item("SOFFS 1", WAVE, "TAKE", "SOFFS 10"), [(0, 1, 5)]),
    "a rate of 1": (item("PLAYRATE 1.00000000000000 1 0.0 -1 0 0.0025"), [(0, 0, 5)]),
    "markers that stretch nothing": (item("SM 0 0 + 1.5 1.5 + 3 3"), [(0, 0, 5)]),
    "quoted names": (item(source="<SOURCE WAVE\nFILE `a.wav` 1\n>"), [(0, 0, 5)]),
}


@pytest.mark.parametrize("name", PLAYED)
def test_an_item_plays_what_reaper_plays(tmp_path: Path, name: str) -> None:
    text, expected = PLAYED[name]
    imported = project(tmp_path / "p.rpp", text)
    assert imported.not_understood == ()
    assert played(tmp_path, imported) == [tuple(map(float, one)) for one in expected]


NOT_UNDERSTOOD = {
    "half speed": (item("SOFFS 2", "PLAYRATE 0.5 1 0 -1"), (2, 4.5)),
    "double speed of the chosen take": (item(WAVE, "TAKE SEL", "SOFFS 4", "PLAYRATE 2 1 0 -1"), (4, 14)),
    "reversed": (item("SOFFS 1", source=section(3, 8, "MODE 2")), (5, 10)),
    "reversed without a section": (item(source=section(0, 20, "MODE 3")), (15, 20)),
    "stretch markers": (item("SOFFS 1", "SM 0 0 + 2 3 + 5 5"), (1, 6)),
    "all takes": (item(*TWO_TAKES[:2], "ALLTAKES 1", "SOFFS 10"), (10, 15)),
}


@pytest.mark.parametrize("name", NOT_UNDERSTOOD)
def test_what_no_edit_expresses_is_named_with_its_place_and_medium(tmp_path: Path, name: str) -> None:
    text, medium_s = NOT_UNDERSTOOD[name]
    imported = project(tmp_path / "p.rpp", item(at=0), text.replace("POSITION 0", "POSITION 7"))
    (one,) = imported.not_understood
    assert (one.start_s, one.stop_s, one.track) == (7, 12, "a")
    assert (one.medium_start_s, one.medium_stop_s) == medium_s
    assert [(clip.at_s, clip.length_s) for clip in imported.tracks[0].clips] == [(0, 5)]


def test_a_track_with_fixed_lanes_is_named(tmp_path: Path) -> None:
    imported = project(
        tmp_path / "p.rpp", item(), item("SOFFS 5", at=5), track="NAME a\nFIXEDLANES 9 0 0 0 0"
    )
    assert [(one.start_s, one.stop_s) for one in imported.not_understood] == [(0, 10)]


def test_a_loop_that_never_ends_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EditsError, match=r"p\.rpp"):
        project(tmp_path / "p.rpp", item("LOOP 1", length=9_000_000, source=section(0, 0.0001)))


@pytest.fixture
def day(tmp_path: Path, inputs: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """Return a document of the recording of case 30."""
    made = tmp_path / "day.offcut"
    told(capsys, "new", made, inputs / "30-rpp-takes-section-reverse-rate" / "day.flac")
    return made


def cuts_of(answer: dict[str, object], project: Path, capsys: pytest.CaptureFixture[str]) -> list[object]:
    found = told(capsys, "proposals", project)["proposals"]
    assert answer["ids"] == [one["id"] for one in found]
    return [(one["kind"], one["start_s"], one["stop_s"], one["state"]) for one in found]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("section", [("cut", 20, 30), ("cut", 50, 60)]),
        ("second take", [("cut", 20, 30), ("cut", 50, 60)]),
        ("muted item", [("mute", 20, 25), ("cut", 25, 30), ("cut", 50, 60)]),
    ],
)
def test_case_30_plays_as_in_reaper(
    day: Path, inputs: Path, capsys: pytest.CaptureFixture[str], name: str, expected: list[object]
) -> None:
    answer = told(capsys, "import-edits", day, inputs / "30-rpp-takes-section-reverse-rate" / f"{name}.rpp")
    found = cuts_of(answer, day, capsys)
    assert found == [(kind, start, stop, "accepted") for kind, start, stop in expected]


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        ("h05-rpp-section/section.rpp", [("cut", 0, 3), ("cut", 8, 20)]),
        ("h06-rpp-takes/takes.rpp", [("cut", 0, 10), ("cut", 15, 20)]),
        ("h09-rpp-loop/loop.rpp", [("repeat", 0, 20)]),
    ],
)
def test_hostile_projects_play_as_in_reaper(
    tmp_path: Path, inputs: Path, capsys: pytest.CaptureFixture[str], case: str, expected: list[object]
) -> None:
    project = tmp_path / "d.offcut"
    told(capsys, "new", project, noise(tmp_path / "guitar.wav", 20))
    answer = told(capsys, "import-edits", project, inputs / case)
    found = cuts_of(answer, project, capsys)
    assert found == [(kind, start, stop, "accepted") for kind, start, stop in expected]


def test_a_reversed_section_cuts_nothing(
    tmp_path: Path, inputs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Case h05: the only item is reversed, so that nothing is left to import."""
    project = tmp_path / "d.offcut"
    told(capsys, "new", project, noise(tmp_path / "guitar.wav", 20))
    said = refused(capsys, "import-edits", project, inputs / "h05-rpp-section" / "rev.rpp")
    assert "rev.rpp" in said
    assert "reversed" in said
    assert told(capsys, "proposals", project)["proposals"] == []
