"""Markers and regions: their edits, the files they come from, and where cuts put them."""

from __future__ import annotations

import os
import struct
from dataclasses import replace
from inspect import getmembers, isfunction, signature
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from engine.core.errors import SourceError, UsageError
from engine.core.progress import SILENT
from engine.document.document import Document
from engine.document.edits import markers as marker_edits
from engine.document.edits.markers import NamedSpan, read_labels
from engine.document.kinds import Drop
from engine.document.kinds.operations import Order
from engine.document.state import Marker
from engine.exchange.export import ExportRequest, export
from engine.recordings.import_audio import ImportRequest, import_audio, import_edit
from engine.sound.edl.build import cut
from engine.sound.edl.edit_list import EditList, placed_markers
from engine.sound.edl.programme import NO_HOLDS, Orders, programme
from engine.sound.headers.bwf import Broadcast, CuePoint, append_chunks, broadcast_chunks, read_cue_points
from tests.counting import calls_of
from tests.engine.document.conftest import RATE_HZ
from tests.engine.sound.edl.recordings import by_hand, timeline_state
from tests.timing import fastest_cpu_s

CUES = (CuePoint(100, "Verse"), CuePoint(2_000, "Räum 🎸", 500), CuePoint(7_999, ""))


def names(document: Document) -> list[str]:
    return [marker.name for marker in document.state.markers.values()]


def test_markers_are_numbered_named_moved_and_deleted(document: Document) -> None:
    before = document.state
    for at in (96_000, 48_000):
        change = document.apply(marker_edits.add_marker(document.state, at))
    assert change.label == "Added Marker 2 at 0:01.0"
    assert change.markers == {"marker-2"}
    assert names(document) == ["Marker 2", "Marker 1"], "in the order of time"
    document.apply(marker_edits.rename_marker(document.state, "marker-1", "  Bridge\n two "))
    assert names(document) == ["Marker 2", "Bridge two"]
    document.apply(marker_edits.move_marker(document.state, "marker-2", 10**9, 10**9))
    assert document.state.markers["marker-2"].start_samples == document.state.length_samples
    document.apply(marker_edits.add_marker(document.state, 5))
    assert names(document)[0] == "Marker 3"
    document.apply(marker_edits.delete_markers(document.state, ["marker-3", "marker-1"]))
    assert names(document) == ["Marker 2"]
    while document.undo():
        pass
    assert before.markers == document.state.markers == {}


def test_markers_of_other_names_count_for_no_number(document: Document) -> None:
    for name in ("Verse", "Marker", "Marker X"):
        document.apply(marker_edits.add_all(document.state, [NamedSpan(5, 5, name)], "Add"))
    document.apply(marker_edits.add_marker(document.state, 9))
    assert names(document)[-1] == "Marker 1"


def test_a_region_and_its_first_name_are_one_step(document: Document) -> None:
    edit, key = marker_edits.add_region(document.state, 48_000, 96_000)
    document.apply(edit)
    change = document.apply(marker_edits.name_new(document.state, key, "False start"))
    assert change.label == "Added False start at 0:01.0"
    assert names(document) == ["False start"]
    document.undo()
    assert names(document) == []
    document.redo()
    assert names(document) == ["False start"]
    moved = marker_edits.move_marker(document.state, key, 24_000, 30_000)
    document.apply(moved)
    assert document.state.markers[key].is_region


def test_a_region_is_moved_as_long_as_a_sample_of_it_is_left(document: Document) -> None:
    edit, key = marker_edits.add_region(document.state, 48_000, 96_000)
    document.apply(edit)
    length = document.state.length_samples
    for asked, there in (
        ((500, 501), (500, 501)),
        ((-10, 1), (0, 1)),
        ((length - 1, length + 9), (length - 1, length)),
        ((0, length), (0, length)),
    ):
        document.apply(marker_edits.move_marker(document.state, key, *asked))
        marker = document.state.markers[key]
        assert (marker.start_samples, marker.stop_samples) == there
    for asked, words in (
        ((500, 500), "needs an end after its start"),
        ((length, length + 9), "would be outside"),
        ((-9, 0), "would be outside"),
    ):
        with pytest.raises(UsageError, match=words):
            marker_edits.move_marker(document.state, key, *asked)


def test_what_cannot_be_done_is_said(document: Document) -> None:
    state = document.state
    with pytest.raises(UsageError, match="no markers yet"):
        marker_edits.neighbour(state, 0, forward=True)
    with pytest.raises(UsageError, match="needs a span"):
        marker_edits.add_region(state, 5, 5)
    document.apply(marker_edits.add_marker(state, 1_000))
    for edit in (marker_edits.rename_marker, marker_edits.name_new):
        with pytest.raises(UsageError, match="the new one is empty"):
            edit(document.state, "marker-1", " \t")
    with pytest.raises(UsageError, match="is gone"):
        marker_edits.delete_markers(document.state, ["marker-7"])
    assert marker_edits.neighbour(document.state, 999, forward=True).name == "Marker 1"
    assert marker_edits.neighbour(document.state, 1_001, forward=False).name == "Marker 1"
    for forward in (True, False):
        with pytest.raises(UsageError, match=r"no marker (after|before) the playhead"):
            marker_edits.neighbour(document.state, 1_000, forward=forward)


MARKED = {
    "add": lambda s: marker_edits.add_marker(s, 5),
    "region": lambda s: marker_edits.add_region(s, 5, 9)[0],
    "name new": lambda s: marker_edits.name_new(s, "marker-2", "Solo"),
    "split": lambda s: marker_edits.split_region(s, 55),
    "many": lambda s: marker_edits.add_all(s, [NamedSpan(1, 1, "a"), NamedSpan(2, 5)], "Imported"),
    "move": lambda s: marker_edits.move_marker(s, "marker-1", 70, 70),
    "stretch": lambda s: marker_edits.move_marker(s, "marker-2", 10, 99),
    "rename": lambda s: marker_edits.rename_marker(s, "marker-1", "Räum 🎸"),
    "rate": lambda s: marker_edits.rate(s, (100, 120), 1),
    "delete": lambda s: marker_edits.delete_markers(s, ["marker-1", "marker-2"]),
    "star": lambda s: marker_edits.rate(s, (50, 60), 1),
}


def test_no_edit_of_markers_is_forgotten() -> None:
    used = {name for make in MARKED.values() for name in make.__code__.co_names}
    public = {
        name for name, one in getmembers(marker_edits, isfunction) if one.__module__ == marker_edits.__name__
    }
    edits = {
        name for name in public if "Edit" in str(signature(getattr(marker_edits, name)).return_annotation)
    }
    assert used >= {name for name in edits if not name.startswith("_")}


@pytest.mark.parametrize("name", MARKED)
def test_every_edit_of_markers_is_undone_redone_and_read_back(document: Document, name: str) -> None:
    spans = [NamedSpan(40, 40, "One"), NamedSpan(50, 60, "Two")]
    document.apply(marker_edits.add_all(document.state, spans, "Marked"))
    before = document.state
    done = document.apply(MARKED[name](before))
    after = document.state
    assert after != before
    assert document.undo() == done
    assert document.state == before
    assert document.redo() == done
    assert document.state == after
    document.close()
    with Document.open(document.path) as again:
        assert again.state == after


def recording(path: Path, cues: tuple[CuePoint, ...], rate_hz: int = 8_000) -> Path:
    soundfile.write(path, np.zeros((8_000, 1), np.float32), rate_hz, subtype="PCM_16")
    said = Broadcast("test", "test", 0, ("one",), cues)
    append_chunks(path, broadcast_chunks(said, rate_hz=rate_hz, bits=16))
    return path


def test_cue_points_come_in_as_markers(tmp_path: Path) -> None:
    path = recording(tmp_path / "jam.wav", CUES)
    assert read_cue_points(path) == CUES
    imported = import_audio(ImportRequest((path,)), SILENT)
    with Document.create(tmp_path / "jam.offcut") as document:
        label = document.apply(import_edit(document.state, imported)).label
        assert label == "Imported jam with 3 markers"
        found = [(m.start_samples, m.stop_samples, m.name) for m in document.state.markers.values()]
        assert found == [(100, 100, "Verse"), (2_000, 2_500, "Räum 🎸"), (7_999, 7_999, "Marker 1")]
        document.undo()
        assert not document.state.markers
        assert not document.state.tracks


def test_cue_points_follow_the_document_to_another_rate(tmp_path: Path) -> None:
    first = recording(tmp_path / "first.wav", (), 16_000)
    second = recording(tmp_path / "second.wav", CUES)
    imported = import_audio(ImportRequest((first, second)), SILENT)
    with Document.create(tmp_path / "jam.offcut") as document:
        document.apply(import_edit(document.state, imported))
        assert [marker.start_samples for marker in document.state.markers.values()] == [200, 4_000, 15_998]


@pytest.mark.parametrize("seed", range(40))
def test_damaged_chunks_are_passed_over(tmp_path: Path, seed: int) -> None:
    path = recording(tmp_path / "jam.wav", CUES)
    content = bytearray(path.read_bytes())
    rng = np.random.default_rng(seed)
    start = content.index(b"cue ")
    for place in rng.integers(start, len(content), 6):
        content[place] = int(rng.integers(256))
    del content[int(rng.integers(start, len(content))) :]
    path.write_bytes(bytes(content))
    for cue in read_cue_points(path):
        assert cue.position_samples >= 0
        assert isinstance(cue.label, str)


def test_files_without_cue_points_have_none(tmp_path: Path) -> None:
    flac = tmp_path / "jam.flac"
    soundfile.write(flac, np.zeros(100, np.float32), 8_000)
    odd = tmp_path / "odd.wav"
    odd.write_bytes(b"RIFF" + struct.pack("<I", 4) + b"WAVE" + b"cue ")
    for path in (recording(tmp_path / "jam.wav", ()), flac, odd, tmp_path / "gone.wav"):
        assert read_cue_points(path) == ()


def test_labels_come_in(tmp_path: Path) -> None:
    path = tmp_path / "labels.txt"
    path.write_text("1.5\t1.5\tVerse\n\\\t200\t400\n\n3,25\t2\tTwo\ttabs\n4\t4\n", "utf-8-sig")
    spans = read_labels(path, 1_000)
    assert spans == (
        NamedSpan(1_500, 1_500, "Verse"),
        NamedSpan(2_000, 3_250, "Two\ttabs"),
        NamedSpan(4_000, 4_000),
    )
    with Document.create(tmp_path / "jam.offcut") as document:
        for _ in range(2):
            document.apply(marker_edits.add_all(document.state, spans[:2], "Imported"))
        assert names(document) == ["Verse", "Two tabs", "Two tabs"] or names(document) == [
            "Verse",
            "Two tabs",
        ]


@pytest.mark.parametrize("text", ["", "Verse 1\n", "1.0 2.0 spaces\n", "nan\t1\tx\n", "1e99\t2\tx\n", "1\n"])
def test_what_is_no_label_file_is_said(tmp_path: Path, text: str) -> None:
    path = tmp_path / "notes.txt"
    path.write_text(text)
    with pytest.raises(SourceError, match=r"notes\.txt"):
        read_labels(path, RATE_HZ)
    with pytest.raises(SourceError, match="cannot be read"):
        read_labels(tmp_path, RATE_HZ)


@pytest.mark.skipif(os.name != "posix", reason="there are no pipes with names")
def test_a_pipe_and_hours_of_sound_are_no_label_files(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    with pytest.raises(SourceError, match="not a regular file"):
        read_labels(tmp_path / "pipe.txt", RATE_HZ)
    with (tmp_path / "hours.txt").open("wb") as stream:
        stream.truncate(1 << 40)
    with pytest.raises(SourceError, match="too large"):
        read_labels(tmp_path / "hours.txt", RATE_HZ)


def test_markers_in_cuts_land_on_the_seam_and_regions_shrink() -> None:
    result = cut([Drop(1_000, 2_000, 20.0), Drop(3_000, 4_000, 20.0)], length_samples=6_000, rate_hz=1_000)
    spans = {"before": (500, 500), "in": (1_500, 1_500), "end": (2_000, 2_000), "after": (5_000, 5_000)}
    regions = {"whole": (200, 800), "across": (900, 2_100), "gone": (3_100, 3_900), "into": (3_500, 4_200)}
    markers = [Marker(name, *span, name) for name, span in {**spans, **regions}.items()]
    placed = {m.name: (m.start_samples, m.stop_samples) for m in placed_markers(markers, result)}
    assert placed == {
        "before": (500, 500),
        "in": (1_000, 1_000),
        "end": (1_000, 1_000),
        "after": (3_000, 3_000),
        "whole": (200, 800),
        "across": (900, 1_100),
        "into": (2_000, 2_200),
    }
    kept = placed_markers(markers, result, onto_seams=False)
    assert {m.name for m in kept} == {*placed} - {"in"}
    assert not placed_markers(markers, cut([Drop(0, 9, 0.0)], length_samples=9, rate_hz=1_000))


@given(st.lists(st.tuples(st.integers(0, 6_000), st.integers(0, 900)), max_size=20))
def test_placed_markers_stay_in_order_and_inside(spans: list[tuple[int, int]]) -> None:
    result = cut([Drop(100, 2_000, 9.0), Drop(3_000, 3_500, 9.0)], length_samples=6_000, rate_hz=1_000)
    ordered = sorted((start, min(start + length, 6_000)) for start, length in spans)
    markers = [Marker(str(i), *span, "") for i, span in enumerate(ordered)]
    placed = placed_markers(markers, result)
    starts = [one.start_samples for one in placed]
    assert starts == sorted(starts)
    assert all(0 <= one.start_samples <= one.stop_samples <= result.length_samples for one in placed)


def arranged() -> EditList:
    """The second second three times in a row, with a cut in it; the fourth moved to the start."""
    orders = (Order(1_000, 2_000, 2_000, 2), Order(3_000, 4_000, 0, 1, stays=False))
    cuts = (np.array([1_400]), np.array([1_500]), np.zeros(1))
    return programme(*cuts, NO_HOLDS, Orders.of(orders), 6_000, 1_000)


def test_what_is_heard_again_is_marked_again() -> None:
    # 3000-4000, 0-1000, (1000-1400, 1500-2000) three times, 2000-3000, 4000-6000
    spans = {"moved": 3_200, "repeated": 1_200, "in a cut": 1_450, "end": 6_000}
    regions = {
        "chorus": (1_000, 2_000),
        "half": (1_700, 2_500),
        "all": (500, 2_600),
        "bridge": (2_900, 3_500),
        "gone": (1_410, 1_480),
    }
    markers = [Marker(name, at, at, name) for name, at in spans.items()]
    markers += [Marker(name, *span, name) for name, span in regions.items()]
    placed: dict[str, list[tuple[int, int]]] = {}
    found = placed_markers(markers, arranged())
    for one in found:
        placed.setdefault(one.name, []).append((one.start_samples, one.stop_samples))
    assert placed == {
        "moved": [(200, 200)],
        "repeated": [(2_200, 2_200), (3_100, 3_100), (4_000, 4_000)],
        "in a cut": [(2_400, 2_400)],
        "end": [(7_700, 7_700)],
        "chorus": [(2_000, 2_900), (2_900, 3_800), (3_800, 4_700)],
        "half": [(2_600, 2_900), (3_500, 3_800), (4_400, 5_200)],
        "all": [(1_500, 5_300)],
        "bridge": [(0, 500), (5_600, 5_700)],
    }
    assert [one.start_samples for one in found] == sorted(one.start_samples for one in found)
    heard = placed_markers(markers, arranged(), onto_seams=False)
    assert {one.name for one in heard} == {*placed} - {"in a cut"}


@given(st.integers(0, 6_000), st.integers(0, 2_000))
def test_a_region_covers_all_that_is_heard_of_it_and_nothing_else(start: int, length: int) -> None:
    result, stop = arranged(), min(start + length, 6_000)
    placed = placed_markers([Marker("a", start, stop, "a")], result)
    heard = result.to_source_array(np.arange(result.length_samples))
    if stop > start:
        covered = np.zeros(result.length_samples, bool)
        for one in placed:
            assert not covered[one.start_samples : one.stop_samples].any()
            covered[one.start_samples : one.stop_samples] = True
        np.testing.assert_array_equal(covered, (heard >= start) & (heard < stop))
    elif start in heard:
        assert [one.start_samples for one in placed] == np.flatnonzero(heard == start).tolist()
    else:
        assert len(placed) == 1


def test_a_file_for_another_program_names_every_place(tmp_path: Path) -> None:
    state = by_hand(timeline_state(16_000), "repeat", (4_000, 8_000), {"times": 3})
    state = replace(state, markers={"m": Marker("m", 5_000, 5_000, "Chorus")})
    soundfile.write(tmp_path / "nowhere.wav", np.zeros(16_000), state.rate_hz, subtype="PCM_16")
    for name in ("a.rpp", "a.otio", "a.wav", "a.mid"):
        export(ExportRequest(state, {"s0": tmp_path / "nowhere.wav"}, tmp_path / name))
        assert (tmp_path / name).read_bytes().count(b"Chorus") >= 3, name


def rf64(data_bytes: int, said_bytes: int) -> bytes:
    """An RF64 file of silence whose data chunk leaves its size to `ds64`, with one cue point behind it."""
    sizes = struct.pack("<QQQI", 0, said_bytes, said_bytes // 2, 0)
    cue = struct.pack("<III4sIII", 1, 7, 42, b"data", 0, 0, 42)
    chunks = b"ds64" + struct.pack("<I", len(sizes)) + sizes
    chunks += b"data" + struct.pack("<I", 2**32 - 1) + bytes(data_bytes)
    return (
        b"RF64"
        + struct.pack("<I", 2**32 - 1)
        + b"WAVE"
        + chunks
        + b"cue "
        + struct.pack("<I", len(cue))
        + cue
    )


def test_the_size_of_long_files_stands_elsewhere(tmp_path: Path) -> None:
    path = tmp_path / "long.wav"
    path.write_bytes(rf64(1_000, 1_000))
    assert [cue.position_samples for cue in read_cue_points(path)] == [42]


def test_silence_in_a_recording_that_was_never_closed_is_not_walked_through(tmp_path: Path) -> None:
    path, calls = tmp_path / "crashed.wav", []
    for power in (16, 22):
        with path.open("wb") as stream:
            stream.write(b"RIFF" + bytes(4) + b"WAVE" + b"data" + bytes(4))
            stream.truncate(2**power)
        assert read_cue_points(path) == ()
        calls.append(calls_of(lambda: read_cue_points(path)))
    assert calls[1] <= 2 * calls[0], calls


@pytest.mark.alone
def test_a_recording_that_was_never_closed_is_not_read_as_chunks(tmp_path: Path) -> None:
    path = tmp_path / "crashed.wav"

    def reading_s(size: int) -> float:
        with path.open("wb") as stream:
            stream.write(b"RIFF" + bytes(4) + b"WAVE" + b"data" + bytes(4))
            stream.truncate(size)  # silence, in holes
        assert read_cue_points(path) == ()
        return fastest_cpu_s(lambda: read_cue_points(path), 5)

    short_s, long_s = (reading_s(2**power) for power in (22, 28))
    assert long_s < 8 * short_s
