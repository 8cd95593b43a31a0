"""Grids that the user brings: MIDI files and beats as JSON."""

from __future__ import annotations

import io
import json
from pathlib import Path

import mido
import numpy as np
from hypothesis import strategies as st

from engine.features.timing.alignment.lines import Division
from engine.features.timing.own_grid import OwnGrid, read_beats, read_midi_grid, read_midi_groove
from tests.hostile.long.kinds.kind import Kind
from tests.hostile.long.mutations import BYTES, JSON, done

_RATE_HZ = 48_000
_LENGTH = 60 * _RATE_HZ


def prepare_midi(_folder: Path) -> bytes:
    """Write a song with two tempi, two metres and notes."""
    song = mido.MidiFile(ticks_per_beat=480)
    track = mido.MidiTrack()
    song.tracks.append(track)
    track.append(mido.MetaMessage("set_tempo", tempo=500_000))
    track.append(mido.MetaMessage("time_signature", numerator=4, denominator=4))
    for number in range(24):
        track.append(mido.Message("note_on", note=36 + number % 4, velocity=90, time=230 + number % 7))
        track.append(mido.Message("note_off", note=36 + number % 4, time=10))
    track.append(mido.MetaMessage("set_tempo", tempo=450_000, time=480))
    track.append(mido.MetaMessage("time_signature", numerator=3, denominator=4))
    track.append(mido.MetaMessage("end_of_track", time=4_800))
    stream = io.BytesIO()
    song.save(file=stream)
    return stream.getvalue()


def attempt_midi(sound: bytes, changes: tuple[object, ...], folder: Path) -> None:
    """Read grid and feel of a MIDI file with other bytes."""
    path = folder / "song.mid"
    path.write_bytes(done(changes, sound))
    _require_grid(read_midi_grid(path, _RATE_HZ, _LENGTH))
    read_midi_groove(path, Division("1/16"))


def prepare_beats(_folder: Path) -> bytes:
    """Write beats as `offcut beats --json` does."""
    beats_s = [0.5 * number for number in range(1, 60)]
    return json.dumps({"tempo_bpm": 120.0, "beats_s": beats_s, "downbeats_s": beats_s[::4]}).encode()


def attempt_beats(sound: bytes, changes: tuple[tuple[object, ...], bool], folder: Path) -> None:
    """Read beats with other bytes, or other values."""
    edits, is_text = changes
    path = folder / "beats.json"
    path.write_bytes(done(edits, sound) if is_text else json.dumps(done(edits, json.loads(sound))).encode())
    _require_grid(read_beats(path, _RATE_HZ, _LENGTH))


def _require_grid(found: OwnGrid) -> None:
    beats = found.grid.beats_samples
    assert len(beats) >= 2, "no grid"
    assert beats[0] >= 0, "a beat before the recording"
    assert beats[-1] < _LENGTH, "a beat after it"
    assert (np.diff(beats) > 0).all(), "beats that do not go on"
    assert np.isfinite(found.grid.tempo_bpm), "a tempo that is no number"


MIDI = Kind("midi grid", prepare_midi, BYTES, attempt_midi)
BEATS = Kind(
    "beats file",
    prepare_beats,
    st.tuples(BYTES, st.just(True)) | st.tuples(JSON, st.just(False)),
    attempt_beats,
)
