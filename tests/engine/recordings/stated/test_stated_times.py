"""Times that files state: which field, which clock, and which of them are not believed."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from engine.core.errors import SourceError
from engine.recordings.stated.file_head import (
    Doubt,
    FileHead,
    StatedTime,
    TimeField,
    read_head,
    read_heads,
    with_doubts,
)
from engine.sound.headers.bwf import Broadcast, append_chunks, broadcast_chunks
from engine.sound.headers.mp3 import read_recorded
from engine.sound.headers.start_times import read_broadcast_start
from tests.engine.features.placement.files import NOON, NOW, RATE_HZ, dated, m4a, silence, wav


def only(head: FileHead, field: TimeField) -> StatedTime:
    (found,) = [one for one in head.stated if one.field is field]
    return found


def test_a_broadcast_wave_states_its_first_sample(tmp_path: Path) -> None:
    start = NOON + timedelta(seconds=12_345 / RATE_HZ)
    head = read_head(wav(tmp_path / "a.wav", silence(2.0), start), NOW)
    assert (head.rate_hz, head.channels, head.frames) == (RATE_HZ, 1, 2 * RATE_HZ)
    assert head.reference_samples == 12 * 3600 * RATE_HZ + 12_345
    assert head.time == only(head, TimeField.TIME_REFERENCE)
    assert abs(only(head, TimeField.TIME_REFERENCE).start - start) <= timedelta(microseconds=1)
    assert only(head, TimeField.ORIGINATION).start == start.replace(microsecond=0)
    assert only(head, TimeField.FILE_DATE).start == pytest.approx(start, abs=timedelta(milliseconds=1))
    assert head.device == "Offcut"


def test_an_ixml_reference_counts_where_bext_has_none(tmp_path: Path) -> None:
    path = wav(tmp_path / "a.wav", silence(1.0))
    chunks = broadcast_chunks(Broadcast("", "", 99_000, ("1",)), rate_hz=RATE_HZ, bits=16)
    append_chunks(path, chunks[chunks.index(b"iXML") :])
    assert read_broadcast_start(path).reference_samples == 99_000


def test_the_serial_number_tells_two_recorders_of_one_model_apart(tmp_path: Path) -> None:
    path = wav(tmp_path / "a.wav", silence(1.0), NOON)
    content = path.read_bytes()
    place = content.index(b"bext") + 8 + 288
    path.write_bytes(content[:place] + b"CHZOMABC123456789120000123456789" + content[place + 32 :])
    assert read_broadcast_start(path).serial == "ABC123456789"
    assert read_head(path, NOW).device == "Offcut ABC123456789"


def test_a_reference_without_a_date_takes_the_day_of_the_file(tmp_path: Path) -> None:
    path = wav(tmp_path / "a.wav", silence(1.0))
    chunks = broadcast_chunks(Broadcast("", "", 5 * RATE_HZ, ("1",)), rate_hz=RATE_HZ, bits=16)
    append_chunks(path, chunks)
    found = only(read_head(dated(path, NOON), NOW), TimeField.TIME_REFERENCE)
    assert (found.start, found.doubts) == (datetime(2026, 5, 3, 0, 0, 5), (Doubt.NO_DAY,))


def test_a_reference_just_past_midnight_belongs_to_the_next_day(tmp_path: Path) -> None:
    stated = datetime(2026, 5, 3, 23, 59, 59)
    head = read_head(wav(tmp_path / "a.wav", silence(1.0), stated, reference=RATE_HZ), NOW)
    assert only(head, TimeField.TIME_REFERENCE).start == datetime(2026, 5, 4, 0, 0, 1)


def test_mp4_states_utc(tmp_path: Path) -> None:
    head = read_head(m4a(tmp_path / "a.m4a", silence(3.0), NOON), NOW)
    assert (head.rate_hz, head.format) == (RATE_HZ, "MP4 mp4a")
    assert head.duration_s == pytest.approx(3.0, abs=0.2)
    assert head.time is not None
    assert (head.time.field, head.time.start, head.time.is_utc) == (TimeField.MOVIE_HEADER, NOON, True)


def id3(path: Path, version: int, frames: dict[bytes, str]) -> Path:
    content = b""
    for name, text in {b"APIC": "p" * 300, **frames}.items():
        size = len(text) + 1
        coded = bytes((size >> 21 & 127, size >> 14 & 127, size >> 7 & 127, size & 127))
        content += name + (coded if version == 4 else size.to_bytes(4, "big")) + b"\0\0\0" + text.encode()
    size = len(content)
    head = bytes((size >> 21 & 127, size >> 14 & 127, size >> 7 & 127, size & 127))
    path.write_bytes(b"ID3" + bytes((version, 0, 0)) + head + content)
    return path


def test_id3_states_recording_and_encoding(tmp_path: Path) -> None:
    path = tmp_path / "a.mp3"
    new = read_recorded(id3(path, 4, {b"TDRC": "2026-05-03T14:22:10", b"TDEN": "2026-05-04 09:00:01"}))
    assert {name: one.moment for name, one in new.items()} == {
        "TDRC": datetime(2026, 5, 3, 14, 22, 10),
        "TDEN": datetime(2026, 5, 4, 9, 0, 1),
    }
    old = read_recorded(id3(path, 3, {b"TYER": "2026", b"TDAT": "0305", b"TIME": "1422"}))
    assert old["TDRC"].moment == datetime(2026, 5, 3, 14, 22)
    assert read_recorded(id3(path, 4, {b"TDRC": "2026"})) == {}


@pytest.mark.parametrize(
    ("start", "doubt"),
    [
        (datetime(1904, 1, 1), Doubt.NEVER_SET),
        (datetime(1970, 1, 1, 0, 3), Doubt.NEVER_SET),
        (datetime(2015, 1, 1, 0, 20), Doubt.NEVER_SET),
        (datetime(2027, 5, 3, 12), Doubt.IN_THE_FUTURE),
    ],
)
def test_dates_of_clocks_that_were_never_set_are_doubted(start: datetime, doubt: Doubt) -> None:
    assert with_doubts(StatedTime(TimeField.ORIGINATION, start), NOW).doubts == (doubt,)
    assert with_doubts(StatedTime(TimeField.ORIGINATION, NOON), NOW).is_plausible


def test_a_missing_file_is_reported_and_another_format_is_empty(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="missing"):
        read_heads([tmp_path / "missing.wav"])
    path = tmp_path / "notes.txt"
    path.write_text("no sound")
    head = read_head(dated(path, NOON), NOW)
    assert (head.rate_hz, head.time) == (0, None)
