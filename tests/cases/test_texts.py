"""Texts of other programs: the cases, and lists as the programs and the formats describe them.

The spans are written by hand next to each text, in seconds.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.core.errors import EditsError
from engine.exchange.imports import read_edits
from engine.exchange.imports.described import ImportedEdits, LabelsAs
from tests.cases.asking import noise, told

RATE_HZ = 8_000
Spans = list[tuple[float, float, str]]


def spans(imported: ImportedEdits) -> Spans:
    return [
        (round(one.start_samples / RATE_HZ, 3), round(one.stop_samples / RATE_HZ, 3), one.name)
        for one in imported.labels
    ]


def read(path: Path, content: str | bytes, labels_as: LabelsAs | None = None) -> ImportedEdits:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_edits(path, RATE_HZ, labels_as=labels_as)


COUGH: Spans = [(10.25, 12.5, "cough")]
LABELS: dict[str, tuple[str | bytes, Spans]] = {
    "seconds": ("10.25\t12.5\tcough\n", COUGH),
    "minutes": ("0:10.250\t0:12.5\tcough", COUGH),
    "hours": ("00:00:10.250\t00:00:12.500\tcough", COUGH),
    "more than an hour": ("1:00:10\t1:00:12\tlate", [(3610, 3612, "late")]),
    "commas": ("10,25\t12,5\tcough", COUGH),
    "minutes with a comma": ("0:10,25\t0:12,5\tcough", COUGH),
    "UTF-16 with a mark": ("10.25\t12.5\tcough\r\n".encode("utf-16"), COUGH),
    "UTF-16 of the other order": (b"\xfe\xff" + "10.25\t12.5\tcough".encode("utf-16-be"), COUGH),
    "UTF-16 without a mark": ("10.25\t12.5\tcough".encode("utf-16-le"), COUGH),
    "UTF-8 with a mark": ("10.25\t12.5\tcough".encode("utf-8-sig"), COUGH),
    "Windows-1252": ("10.25\t12.5\tHüsteln\n".encode("cp1252"), [(10.25, 12.5, "Hüsteln")]),
    "frequencies": ("10.25\t12.5\tcough\n\\\t100.0\t200.0\n", COUGH),
    "a place": ("7\t7\there", [(7, 7, "here")]),
    "no text": ("10.25\t12.5", [(10.25, 12.5, "")]),
}


@pytest.mark.parametrize("name", LABELS)
def test_labels_are_read_as_any_program_writes_them(tmp_path: Path, name: str) -> None:
    content, expected = LABELS[name]
    assert spans(read(tmp_path / "a.txt", content, LabelsAs.CUTS)) == expected


VTT = "WEBVTT\n\n"
SUBTITLES: dict[str, tuple[str, str | bytes, Spans]] = {
    "SubRip": (".srt", "1\n00:00:10,250 --> 00:00:12,500\ncough\n", COUGH),
    "lines of Windows": (".srt", "1\r\n00:00:10,250 --> 00:00:12,500\r\ncough\r\n\r\n", COUGH),
    "two lines of text": (".srt", "1\n0:00:01,0 --> 0:00:02,5\na\nb\n", [(1, 2.5, "a b")]),
    "no number": (".srt", "00:00:10,250 --> 00:00:12,500\ncough\n", COUGH),
    "italics": (".srt", "1\n00:00:10,250 --> 00:00:12,500\n<i>cough</i>\n", COUGH),
    "places of SubRip": (".srt", "1\n00:00:10,250 --> 00:00:12,500 X1:40 X2:60\ncough\n", COUGH),
    "UTF-16": (".srt", "1\n00:00:10,250 --> 00:00:12,500\ncough\n".encode("utf-16"), COUGH),
    "WebVTT without hours": (".vtt", f"{VTT}00:10.250 --> 00:12.500\ncough\n", COUGH),
    "WebVTT with settings": (".vtt", f"{VTT}00:10.250 --> 00:12.500 align:start line:0\ncough\n", COUGH),
    "an identifier": (".vtt", f"{VTT}id 7\n00:10.250 --> 00:12.500\ncough\n", COUGH),
    "notes and styles": (
        ".vtt",
        f"{VTT}NOTE a\nb\n\nSTYLE\n::cue {{ color: red }}\n\n00:10.250 --> 00:12.500\ncough\n",
        COUGH,
    ),
    "a voice": (".vtt", f"{VTT}00:10.250 --> 00:12.500\n<v Ann>cough</v>\n", COUGH),
    "no text": (".srt", "1\n00:00:01,000 --> 00:00:02,000\n\n", [(1, 2, "")]),
}


@pytest.mark.parametrize("name", SUBTITLES)
def test_subtitles_become_markers(tmp_path: Path, name: str) -> None:
    suffix, content, expected = SUBTITLES[name]
    imported = read(tmp_path / f"a{suffix}", content)
    assert spans(imported) == expected
    assert imported.labels_as is LabelsAs.MARKERS
    assert read_edits(tmp_path / f"a{suffix}", RATE_HZ, labels_as=LabelsAs.KEEPS).labels_as is LabelsAs.KEEPS


AUDITION = "Name\tStart\tDuration\tTime Format\tType\tDescription\n"
LISTS: dict[str, tuple[str, Spans, LabelsAs]] = {
    "LosslessCut": ("10.25,12.5,cough\n", COUGH, LabelsAs.KEEPS),
    "LosslessCut without a start": (",12.5,\n", [(0, 12.5, "")], LabelsAs.KEEPS),
    "LosslessCut for people": ("00:00:10.250,00:00:12.500,cough\n", COUGH, LabelsAs.KEEPS),
    "a quoted name": ('10.25,12.5,"cough, ""loud"""', [(10.25, 12.5, 'cough, "loud"')], LabelsAs.KEEPS),
    "semicolons": ("10,25;12,5;cough\n", COUGH, LabelsAs.KEEPS),
    "tabs": ("10.25\t12.5\tcough\n", COUGH, LabelsAs.KEEPS),
    "Audition": (f"{AUDITION}cough\t0:10.250\t0:02.250\tdecimal\tCue\t\n", COUGH, LabelsAs.MARKERS),
    "Audition with hours": (
        f"{AUDITION}a\t1:00:00.000\t0:00.000\tdecimal\tCue\t\n",
        [(3600, 3600, "a")],
        LabelsAs.MARKERS,
    ),
    "REAPER": (
        "#,Name,Start,End,Length\nR1,cough,0:10.250,0:12.500,0:02.250\n",
        COUGH,
        LabelsAs.MARKERS,
    ),
    "a marker of REAPER": (
        "#,Name,Start,End,Length\nM1,here,0:07.000,,\n",
        [(7, 7, "here")],
        LabelsAs.MARKERS,
    ),
    "REAPER in seconds": ("#,Name,Start,End,Length\nR1,cough,10.25,12.5,2.25\n", COUGH, LabelsAs.MARKERS),
    "other titles": ("Start,End,Label\n10.25,12.5,cough\n", COUGH, LabelsAs.MARKERS),
}


@pytest.mark.parametrize("name", LISTS)
def test_lists_know_what_they_mark(tmp_path: Path, name: str) -> None:
    content, expected, meaning = LISTS[name]
    imported = read(tmp_path / "a.csv", content)
    assert spans(imported) == expected
    assert imported.labels_as is meaning


def test_a_segment_without_an_end_is_named(tmp_path: Path) -> None:
    imported = read(tmp_path / "a.csv", "1,2,a\n30,,b\n")
    assert [(one.noun, one.start_s) for one in imported.not_understood] == [("segment without an end", 30)]
    assert spans(imported) == [(1, 2, "a")]


HEAD = "version: 2, mediaFileName: 'day.wav', "
PROJECTS = {
    "single quotes and bare keys": ("{%s cutSegments: [{start: 1, end: 2, name: 'it\\'s'},],}", [(1, 1, 0)]),
    "plain JSON": ('{"mediaFileName": "day.wav", "cutSegments": [{"start": 1, "end": 2}]}', [(1, 1, 0)]),
    "comments": ("{%s // a\n cutSegments: [ // b\n {start: 1, end: 2}]}", [(1, 1, 0)]),
    "an order of its own": (
        "{%s cutSegments: [{start: 5, end: 7}, {start: 1, end: 2}]}",
        [(5, 2, 0), (1, 1, 2)],
    ),
    "a deselected segment": (
        "{%s cutSegments: [{start: 1, end: 2}, {start: 3, end: 4, selected: false}]}",
        [(1, 1, 0)],
    ),
    "no start": ("{%s cutSegments: [{end: 2}]}", [(0, 2, 0)]),
    "words with colons": ("{%s cutSegments: [{start: 1, end: 2, name: 'a: b, c'}]}", [(1, 1, 0)]),
    "a double quote inside": ("""{%s cutSegments: [{start: 1, end: 2, name: 'a "b"'}]}""", [(1, 1, 0)]),
    "tags": ("{%s cutSegments: [{start: 1, end: 2, tags: {a: 'b'}}]}", [(1, 1, 0)]),
    "a path": (
        "{mediaFileName: 'C:\\\\day.wav', cutSegments: [{start: 1.5, end: 2}]}",
        [(1.5, 0.5, 0)],
    ),
}


@pytest.mark.parametrize("name", PROJECTS)
def test_a_project_of_losslesscut_plays_its_segments(tmp_path: Path, name: str) -> None:
    content, expected = PROJECTS[name]
    imported = read(tmp_path / "a.llc", content.replace("%s", HEAD))
    (track,) = imported.tracks
    assert [(one.start_s, one.length_s, one.at_s) for one in track.clips] == expected
    assert {one.medium.name for one in track.clips} == {"day.wav"}


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.csv", "bars,beats\n1.1.00,2.1.00\n", "LosslessCut"),
        ("a.csv", "#,Name,Start,End,Length\nR1,a,1.1.00,2.1.00,1.0.00\n", "REAPER"),
        ("a.csv", "", "empty"),
        ("a.csv", "#,Name,Start,End\nR1\n", "line 2"),
        ("a.csv", "5,4,backwards\n", "ends at 4"),
        ("a.srt", "1\n10 -> 12\ncough\n", "-->"),
        ("a.srt", "1\n00:00:12,000 --> 00:00:10,000\ncough\n", "line 2"),
        ("a.llc", "{cutSegments: 1}", "LosslessCut"),
        ("a.llc", "{cutSegments: [{name: 'a}]}", "no end"),
        ("a.llc", "{cutSegments: [{start: Infinity}]}", "a.llc"),
    ],
)
def test_other_texts_are_refused_with_what_is_wanted(
    tmp_path: Path, name: str, content: str, words: str
) -> None:
    with pytest.raises(EditsError, match=words) as found:
        read(tmp_path / name, content)
    assert name in str(found.value)


@pytest.fixture
def day(tmp_path: Path, inputs: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """Return a document of the recording of case 31, 60 s long."""
    made = tmp_path / "day.offcut"
    told(capsys, "new", made, inputs / "31-texts-of-other-programs" / "day.flac")
    return made


@pytest.mark.parametrize(
    ("name", "cuts", "markers"),
    [
        ("day-segments.csv", [(0, 10.25), (12.5, 30), (33.75, 60)], 0),
        ("day.llc", [(0, 10.25), (12.5, 30), (33.75, 60)], 0),
        ("day.srt", [], 2),
        ("day.vtt", [], 1),
        ("Audition markers.csv", [], 1),
        ("reaper regions.csv", [], 1),
        ("Pro Tools session info.txt", [], 1),
    ],
)
def test_case_31_is_read(
    day: Path,
    inputs: Path,
    capsys: pytest.CaptureFixture[str],
    name: str,
    cuts: list[tuple[float, float]],
    markers: int,
) -> None:
    answer = told(capsys, "import-edits", day, inputs / "31-texts-of-other-programs" / name)
    assert (answer["markers"], answer["is_accepted"]) == (markers, True)
    found = told(capsys, "proposals", day)["proposals"]
    assert [(one["start_s"], one["stop_s"]) for one in found] == cuts


def test_a_clip_of_case_31_becomes_a_region_or_is_kept_on_request(
    day: Path, inputs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = inputs / "31-texts-of-other-programs" / "Pro Tools session info.txt"
    imported = read_edits(path, RATE_HZ)
    assert spans(imported) == [(5.005, 10.01, "Audio 1_01")]
    (said,) = told(capsys, "import-edits", day, path)["left_out"]
    assert "user timestamps" in said
    told(capsys, "import-edits", day, path, "--labels", "keeps")
    found = told(capsys, "proposals", day)["proposals"]
    assert [(one["start_s"], one["stop_s"]) for one in found] == [(0, 5.005), (10.01, 60)]


def test_case_03_cuts_at_hours(tmp_path: Path, inputs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder, project = inputs / "03-labels-hhmmss", tmp_path / "d.offcut"
    told(capsys, "new", project, folder / "interview.flac")
    told(capsys, "import-edits", project, folder / "labels.txt", "--labels", "cuts")
    found = told(capsys, "proposals", project)["proposals"]
    assert [(one["start_s"], one["stop_s"], one["state"]) for one in found] == [
        (10.25, 12.5, "accepted"),
        (30, 33.75, "accepted"),
    ]


@pytest.mark.parametrize("name", ["cut.csv", "cut.llc", "cut.srt"])
def test_kept_segments_come_back(tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    one, other = tmp_path / "one.offcut", tmp_path / "other.offcut"
    audio = noise(tmp_path / "a.wav", 20)
    random = np.random.default_rng(7)
    edges = sorted({round(float(at), 3) for at in random.uniform(0.1, 19.9, 12)})
    for project in (one, other):
        told(capsys, "new", project, audio)
    for start, stop in zip(edges[::2], edges[1::2], strict=True):
        told(capsys, "edit", one, "cut", "--start-s", start, "--stop-s", stop)
    told(capsys, "export", one, "--out", tmp_path / name)
    own = told(capsys, "import-edits", one, tmp_path / name, "--labels", "keeps", "--dry-run")
    assert (own["edits"], own["returned"]) == ({}, 0)
    told(capsys, "import-edits", other, tmp_path / name, *(["--labels", "keeps"] if "srt" in name else []))
    found = told(capsys, "proposals", other)["proposals"]
    assert [at for cut in found for at in (cut["start_s"], cut["stop_s"])] == pytest.approx(edges, abs=1e-4)


def test_a_losslesscut_project_brings_moves_and_repeats_back(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project, path = tmp_path / "d.offcut", tmp_path / "d.llc"
    told(capsys, "new", project, noise(tmp_path / "a.wav", 20))
    told(capsys, "edit", project, "repeat", "--start-s", 15, "--stop-s", 15.5, "--times", 3)
    told(capsys, "edit", project, "move", "--start-s", 2, "--stop-s", 4, "--to-s", 10)
    told(capsys, "export", project, "--out", path)
    answer = told(capsys, "import-edits", project, path, "--dry-run")
    assert (answer["edits"], answer["returned"], answer["longer_s"]) == ({}, 0, 0.0)


@pytest.mark.parametrize("suffix", ["csv", "llc", "srt", "txt"])
def test_inserted_silence_is_in_no_list_and_stays(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], suffix: str
) -> None:
    project, path = tmp_path / "d.offcut", tmp_path / f"d.{suffix}"
    told(capsys, "new", project, noise(tmp_path / "a.wav", 20))
    told(capsys, "edit", project, "cut", "--start-s", 3, "--stop-s", 4)
    told(capsys, "edit", project, "insert", "--at-s", 10, "--length-s", 2)
    told(capsys, "export", project, "--out", path)
    meaning = "cuts" if suffix == "txt" else "keeps"
    answer = told(capsys, "import-edits", project, path, "--labels", meaning, "--dry-run")
    assert (answer["edits"], answer["returned"]) == ({}, 0)
