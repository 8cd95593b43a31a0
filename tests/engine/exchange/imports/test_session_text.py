"""Session texts of Pro Tools: clips where their part of a recording is known, else regions; and markers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.core.errors import EditsError
from engine.exchange.imports import asks_labels, read_edits
from engine.exchange.imports.described import ImportedEdits, LabelsAs
from engine.exchange.imports.proposals.edit import ImportedEdit, ImportRequest, imported_edit
from engine.sound.headers.bwf import Broadcast, append_chunks, broadcast_chunks
from tests.engine.exchange.imports.published.inputs_session import files, head, markers, track, tracks
from tests.engine.sound.edl.recordings import RATE_HZ, Recording, recording

LENGTH_S = 12
_FILES = files("one=a.wav", "two=b.wav", "other=music.wav")
AT_ONE = 3_600
Spans = list[tuple[float, float, str]]


@pytest.fixture
def pair(tmp_path: Path) -> Recording:
    """Two recordings of twelve seconds that begin ten seconds after one o'clock."""
    own = recording(tmp_path, 2 * [np.zeros(LENGTH_S * RATE_HZ)], names=("a.wav", "b.wav"), subtype="PCM_16")
    start = Broadcast("", "", (AT_ONE + 10) * RATE_HZ, ("1",), ())
    for path in own.media.values():
        append_chunks(path, broadcast_chunks(start, rate_hz=RATE_HZ, bits=16))
    return own


def read(folder: Path, text: str | bytes, labels_as: LabelsAs | None = None) -> ImportedEdits:
    path = folder / "session.txt"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    assert not asks_labels(path)
    return read_edits(path, RATE_HZ, labels_as=labels_as)


def compared(own: Recording, folder: Path, text: str, labels_as: LabelsAs | None = None) -> ImportedEdit:
    return imported_edit(ImportRequest(own.state, own.media, read(folder, text, labels_as)))


def labels(imported: ImportedEdits) -> Spans:
    return [(*_edges(one), one.name) for one in imported.labels]


def _edges(one: object) -> tuple[float, float]:
    start, stop = (round(getattr(one, f"{edge}_samples") / RATE_HZ, 3) for edge in ("start", "stop"))
    return start, stop


def edits(made: ImportedEdit) -> Spans:
    return [(*_edges(one), one.kind) for one in made.proposals]


def whole(name: str, at_s: int) -> tuple[str, str, str]:
    return name, f"0:{at_s:02d}.000", f"0:{at_s + LENGTH_S:02d}.000"


def test_clips_as_long_as_their_recordings_are_edits(pair: Recording, tmp_path: Path) -> None:
    own = head(rate_hz=RATE_HZ) + _FILES + tracks(track(whole("one", 3)), track(whole("two", 3), name="Bass"))
    made = compared(pair, tmp_path, own + markers(("0:04.0", "32000", "Samples", "Verse")))
    assert edits(made) == [(0, 0, "insert")]
    assert made.is_accepted
    assert [(*_edges(one), one.name) for one in made.markers] == [(1, 1, "Verse")]


@pytest.mark.parametrize(
    ("stamp", "expected"), [("01:00:14:00", (4, 6)), ("01:00:10:00", (0, 2)), ("01:00:20:00", (10, 12))]
)
def test_a_time_stamp_states_the_part(
    pair: Recording, tmp_path: Path, stamp: str, expected: tuple[float, float]
) -> None:
    rows = [(name, "01:00:00:00", "01:00:02:00", stamp) for name in ("one", "two")]
    own = tracks(*(track(one, name=one[0], stamped=True) for one in rows))
    made = compared(pair, tmp_path, head() + _FILES + own)
    cuts = [(start, stop) for start, stop in ((0, expected[0]), (expected[1], LENGTH_S)) if start < stop]
    assert edits(made) == [(*span, "cut") for span in cuts]
    assert made.is_accepted


def test_the_only_clip_of_a_recording_that_is_where_its_recorder_began_plays_it_from_there(
    pair: Recording, tmp_path: Path
) -> None:
    rows = [(name, "01:00:10:00", "01:00:15:00") for name in ("one", "two")]
    made = compared(pair, tmp_path, head("01:00:10:00") + _FILES + tracks(*map(track, rows)))
    assert edits(made) == [(5, LENGTH_S, "cut")]


@pytest.mark.parametrize(
    "rows",
    [
        [("one", "01:00:00:00", "01:00:02:00")],  # no time stamp
        [("one", "01:00:00:00", "01:00:02:00", "01:00:09:00")],  # before the recording
        [("one", "01:00:00:00", "01:00:02:00", "01:00:21:00")],  # past its end
        [
            ("(fade in)", "01:00:00:00", "01:00:00:10", ""),
            ("one", "01:00:00:10", "01:00:02:00", "01:00:14:00"),
        ],
        [("unlisted", "01:00:00:00", "01:00:02:00", "01:00:14:00")],
        [("one", "0:00", "0:12", "0:14")],  # in whole seconds
    ],
)
def test_with_an_unknown_part_all_clips_are_regions_and_nothing_is_edited(
    pair: Recording, tmp_path: Path, rows: list[tuple[str, ...]]
) -> None:
    last = whole("two", 3)
    is_stamped = len(rows[0]) > 3
    second = (*last, "") if is_stamped else last
    own = tracks(track(*rows, stamped=is_stamped), track(second, name="Bass", stamped=is_stamped))
    made = compared(pair, tmp_path, head() + _FILES + own)
    first = [(0, 2, "one (Gtr)")] if rows[0][2] == "0:12" else []  # others are before the recordings
    found = [(*_edges(one), one.name) for one in made.markers]
    assert (edits(made), found) == ([], [*first, (0, 5, "two (Bass)")])
    assert "AAF" in made.left_out[-1]


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        ("01:00:00:00", [(0, 1)]),  # ten seconds before the recordings
        ("01:00:12:00", [(3, 5), (11, 12)]),
        ("05:00:00:00", [(1, 3), (9, 11)]),  # of other recordings: from the start of the session
    ],
)
def test_regions_are_at_the_time_of_day_of_the_recordings(
    pair: Recording, tmp_path: Path, start: str, expected: list[tuple[float, float]]
) -> None:
    own = tracks(track(("one", "0:01.0", "0:03.0"), ("two", "0:09.0", "0:11.0")))
    made = compared(pair, tmp_path, head(start) + _FILES + own)
    assert [_edges(one) for one in made.markers] == expected


def test_a_recording_that_is_not_here_is_named(pair: Recording, tmp_path: Path) -> None:
    own = tracks(track(whole("one", 0)), track(whole("two", 0)), track(("other", "0:14.0", "0:20.0")))
    made = compared(pair, tmp_path, head() + _FILES + own)
    assert [one.noun for one in made.not_understood] == ["clip of 'music.wav'"]
    assert not made.is_accepted


@pytest.mark.parametrize(
    ("labels_as", "expected"),
    [
        (LabelsAs.KEEPS, [(0, 1, "cut"), (4, LENGTH_S, "cut")]),
        (LabelsAs.CUTS, [(1, 3, "cut"), (2, 4, "cut")]),
        (LabelsAs.MARKERS, []),
    ],
)
def test_on_request_clips_are_what_is_kept_or_cut(
    pair: Recording, tmp_path: Path, labels_as: LabelsAs, expected: Spans
) -> None:
    own = track(
        ("one", "0:01.0", "0:03.0"), ("two", "0:02.0", "0:04.0"), ("one", "0:05.0", "0:06.0", "Muted")
    )
    made = compared(pair, tmp_path, head() + _FILES + tracks(own), labels_as)
    assert edits(made) == expected
    assert [one.split()[:2] for one in made.left_out][:1] == [["1", "muted"]]
    assert len(made.premises) == (labels_as is not LabelsAs.MARKERS)
    assert "; 1 omission." in made.sentence


@pytest.mark.parametrize("time", ["13|3", "13|3| 048", "37+08", "37+08.60"])
def test_times_without_a_tempo_are_counted_and_exact_markers_are_read(tmp_path: Path, time: str) -> None:
    rows = markers((time, "16000", "Samples", "A"), (time, "58|4", "Ticks", "B"))
    imported = read(tmp_path, head(rate_hz=RATE_HZ) + tracks(track(("one", time, time))) + rows)
    assert labels(imported) == [(2, 2, "A")]
    assert [one.split()[:2] for one in imported.left_out] == [["1", "clip"], ["1", "marker"]]
    with pytest.raises(EditsError, match="Min:Secs"):
        read(tmp_path, head() + tracks(track(("one", time, time))))


NAMES = "Hüsteln, über, Größe"
ENCODINGS = {
    "UTF-8": ("utf-8", "Grüße – “é”", "\n"),
    "UTF-8 with a mark": ("utf-8-sig", "Grüße – “é”", "\n"),
    "UTF-16": ("utf-16", "Grüße – “é”", "\r\n"),
    "UTF-16 without a mark": ("utf-16-le", "Grüße – “é”", "\r\n"),
    "Mac Roman": ("mac_roman", "Grüße – “é”", "\n"),
    "Mac Roman with carriage returns": ("mac_roman", "Él canta… ¿qué?", "\r"),
    "a letter of Mac Roman that is a sign of Windows": ("mac_roman", "Aquí", "\n"),
    "Windows-1252": ("cp1252", "Grüße – “é”", "\r\n"),
    "a sign of Windows that is a letter of Mac Roman": ("cp1252", "It’s", "\r\n"),
}


@pytest.mark.parametrize("name", ENCODINGS)
def test_names_are_read_in_the_encodings_of_both_systems(tmp_path: Path, name: str) -> None:
    encoding, word, line_end = ENCODINGS[name]
    text = head() + tracks(track((word, "0:01.0", "0:02.0")))
    found = labels(read(tmp_path, text.replace("\n", line_end).encode(encoding)))
    assert found == [(1, 2, word)]


def test_names_of_markers_may_have_tabs_and_line_ends(tmp_path: Path) -> None:
    rows = markers(("0:01.0", "8000", "Samples", "Name"), ("0:02.0", "16000", "Samples", "Next"))
    rows = rows.replace("Name        \t", "Name\nwith a line   \ta comment\n    \t   \t\t\t\tin two lines")
    found = labels(read(tmp_path, head(rate_hz=RATE_HZ) + rows))
    assert found == [(1, 1, "Name with a line"), (2, 2, "Next")]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (head(), "no clips and no markers"),
        (head() + tracks(track(("one", "01:00:02:00", "1h"))), "line 16"),
        (head() + tracks(track(("one", "01:00:02:77", "01:00:03:00"))), "25 frames"),
        (head(form="? Frame") + tracks(track(("one", "01:00:02:00", "01:00:03:00"))), "line 16"),
        (
            head().replace("SESSION START", "NO") + tracks(track(("one", "01:00:02:00", "0:03"))),
            "start of the",
        ),
        (head().replace("SAMPLE RATE", "NO") + tracks(track(("one", "100", "200"))), "not a number"),
    ],
)
def test_a_text_that_cannot_be_read_is_refused_by_its_name(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(EditsError, match=words) as found:
        read(tmp_path, text)
    assert "session text of Pro Tools" in str(found.value)
