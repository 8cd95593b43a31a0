"""Grids from JSON and MIDI files, and what is no such file."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path

import mido
import numpy as np
import pytest

from engine.core.errors import OffcutError, SourceError, UsageError
from engine.features.timing.alignment.lines import Division
from engine.features.timing.own_grid import read_beats, read_midi_grid, read_midi_groove

RATE_HZ = 48_000
MINUTE = 60 * RATE_HZ


def test_beats_are_read_as_offcut_prints_them(tmp_path: Path) -> None:
    path = _json(tmp_path, {"tempo_bpm": 120.0, "beats_s": [0.5, 1, 1.5, 2, 2.5, 3], "downbeats_s": [1, 2.5]})
    own = read_beats(path, RATE_HZ, MINUTE)
    assert own.grid.beats_samples.tolist() == [24_000, 48_000, 72_000, 96_000, 120_000, 144_000]
    assert own.grid.bar_positions.tolist() == [3, 1, 2, 3, 1, 2]
    assert (own.grid.tempo_bpm, own.notice) == (120.0, "")


def test_beats_without_downbeats_and_beyond_the_end_are_told(tmp_path: Path) -> None:
    path = _json(tmp_path, {"beats_s": [0.0, 20.0, 40.0, 60.0, 80.0]})
    own = read_beats(path, RATE_HZ, MINUTE)
    assert own.grid.bar_positions.tolist() == [1, 2, 3]
    assert own.notice.startswith("2 beats after the end of the recording left out.")
    assert "bars of four from the first beat on" in own.notice


@pytest.mark.parametrize(
    "said",
    [
        [],
        {},
        {"beats_s": 3},
        {"beats_s": ["1"]},
        {"beats_s": [True, 2.0]},
        {"beats_s": [1.0]},
        {"beats_s": [1.0, 1.0]},
        {"beats_s": [2.0, 1.0]},
        {"beats_s": [-1.0, 1.0]},
        {"beats_s": [1e300, 1e301]},
        {"beats_s": [1.0, 2.0], "downbeats_s": [1.5]},
        {"beats_s": [1.0, 2.0], "downbeats_s": "1"},
    ],
)
def test_json_that_is_no_grid_is_refused_by_name(said: object, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"grid\.json"):
        read_beats(_json(tmp_path, said), RATE_HZ, MINUTE)


@pytest.mark.parametrize("held", [b"", b"\xff\xfe", b"{", b'{"beats_s": [NaN, 1]}', b"[" * 100_000])
def test_bytes_that_are_no_grid_are_refused(held: bytes, tmp_path: Path) -> None:
    (tmp_path / "grid").write_bytes(held)
    for read in (read_beats, read_midi_grid):
        with pytest.raises(SourceError, match="grid"):
            read(tmp_path / "grid", RATE_HZ, MINUTE)
    for missing in (tmp_path / "missing", tmp_path):
        with pytest.raises(SourceError, match="cannot be read"):
            read_beats(missing, RATE_HZ, MINUTE)


def test_the_tempo_map_and_the_bars_of_a_midi_file_are_followed(tmp_path: Path) -> None:
    path = _midi(
        tmp_path,
        [
            (0, mido.MetaMessage("set_tempo", tempo=500_000)),
            (0, mido.MetaMessage("time_signature", numerator=3, denominator=4)),
            (3 * 480, mido.MetaMessage("set_tempo", tempo=1_000_000)),
            (6 * 480, mido.MetaMessage("time_signature", numerator=6, denominator=8)),
        ],
    )
    own = read_midi_grid(path, RATE_HZ, 8 * RATE_HZ, start_s=0.25)
    times_s = own.grid.beats_samples / RATE_HZ
    expected = [0.25, 0.75, 1.25, 1.75, 2.75, 3.75, 4.75, 5.25, 5.75, 6.25, 6.75, 7.25, 7.75]
    np.testing.assert_allclose(times_s, expected)
    assert own.grid.bar_positions.tolist() == [1, 2, 3, 1, 2, 3, 1, 2, 3, 4, 5, 6, 1]


def test_a_midi_file_that_says_no_tempo_means_120(tmp_path: Path) -> None:
    own = read_midi_grid(_midi(tmp_path, []), RATE_HZ, 4 * RATE_HZ)
    assert own.grid.beats_samples.tolist() == [0, 24_000, 48_000, 72_000, 96_000, 120_000, 144_000, 168_000]
    assert "120 BPM" in own.notice


@pytest.mark.parametrize("fault", ["no tempo", "too fast", "frames", "after the end", "bar of nothing"])
def test_midi_that_gives_no_grid_is_refused(fault: str, tmp_path: Path) -> None:
    messages = {
        "no tempo": [(0, mido.MetaMessage("set_tempo", tempo=0))],
        "too fast": [(0, mido.MetaMessage("set_tempo", tempo=1))],
        "bar of nothing": [(0, mido.MetaMessage("time_signature", numerator=0, denominator=4))],
    }.get(fault, [])
    path = _midi(tmp_path, messages)
    if fault == "frames":
        held = bytearray(path.read_bytes())
        held[12:14] = b"\xe7\x28"
        path.write_bytes(held)
    with pytest.raises(OffcutError):
        read_midi_grid(path, RATE_HZ, MINUTE, start_s=70.0 if fault == "after the end" else 0.0)


def test_a_groove_is_taken_from_the_notes_of_a_midi_file(tmp_path: Path) -> None:
    late = [0, 20, 0, -20]
    notes = [
        (beat * 480 + part * 120 + late[part], mido.Message("note_on", note=38, velocity=90))
        for beat in range(16)
        for part in range(4)
    ]
    groove = read_midi_groove(_midi(tmp_path, notes), Division("1/16"))
    np.testing.assert_allclose(groove.offsets_beats, np.tile(late, 4) / 480)
    with pytest.raises(UsageError, match="too few hits"):
        read_midi_groove(_midi(tmp_path, notes[:2]), Division("1/16"))


def _json(folder: Path, said: object) -> Path:
    path = folder / "grid.json"
    path.write_text(json.dumps(said))
    return path


def _midi(folder: Path, messages: list[tuple[int, mido.Message]]) -> Path:
    file = mido.MidiFile(ticks_per_beat=480)
    track = mido.MidiTrack()
    before = 0
    for tick, message in sorted(messages, key=lambda one: one[0]):
        track.append(message.copy(time=tick - before))
        before = tick
    file.tracks.append(track)
    file.save(folder / "song.mid")
    return folder / "song.mid"


def test_a_bar_of_units_that_nobody_writes_is_refused(tmp_path: Path) -> None:
    path = _midi(tmp_path, [(0, mido.MetaMessage("time_signature", numerator=4, denominator=2**66))])
    with pytest.raises(SourceError, match="has a bar of 4/73786976294838206464, which cannot be"):
        read_midi_grid(path, RATE_HZ, 10 * RATE_HZ)


def test_beats_after_the_recording_are_not_even_counted(tmp_path: Path) -> None:
    """A change of tempo weeks later made some gigabytes of beats."""
    far = [(n * (2**28 - 1), mido.MetaMessage("marker", text="on")) for n in range(1, 200)]
    tempi = [
        (at, mido.MetaMessage("set_tempo", tempo=us))
        for at, us in ((0, 500_000), (200 * (2**28 - 1), 600_000))
    ]
    path = _midi(tmp_path, [*far, *tempi])
    tracemalloc.start()
    try:
        grid = read_midi_grid(path, RATE_HZ, 10 * RATE_HZ).grid
        peak_bytes = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    np.testing.assert_array_equal(grid.beats_samples, np.arange(20) * RATE_HZ // 2)
    assert peak_bytes < 50_000_000


def test_a_key_signature_that_is_none_is_refused(tmp_path: Path) -> None:
    path = _midi(tmp_path, [(0, mido.MetaMessage("key_signature", key="C"))])
    content = path.read_bytes()
    assert b"\xff\x59\x02\x00\x00" in content
    path.write_bytes(content.replace(b"\xff\x59\x02\x00\x00", b"\xff\x59\x02\xfc\x02"))
    with pytest.raises(SourceError, match="is not a valid MIDI file"):
        read_midi_grid(path, RATE_HZ, 10 * RATE_HZ)
