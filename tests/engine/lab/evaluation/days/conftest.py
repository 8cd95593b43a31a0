"""A small folder laid out as the evaluation expects it, and a player that needs no sound font."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

import mido
import numpy as np
import pytest
import soundfile

from engine.lab.evaluation.days.material import CLAPPING, LAUGHING, NOISES, Samples
from engine.lab.evaluation.days.playing import Sounding, Stage

_RATE_HZ = 16_000


def sines(
    notes: Sequence[Sounding], programs: Mapping[int, int], stage: Stage, font: Path, rate_hz: int
) -> Samples:
    """Play each note as a sine that begins at once and ends 0.1 s after its release."""
    del programs, stage, font
    length_s = max((note.start_s + note.length_s for note in notes), default=0.0) + 0.5
    sound = np.zeros((round(length_s * rate_hz), 2), np.float32)
    for note in notes:
        count = round((min(note.length_s, 0.6) + 0.1) * rate_hz)
        wave = np.sin(2 * np.pi * 440.0 * 2 ** ((note.pitch - 69) / 12) / rate_hz * np.arange(1, count + 1))
        start = round(note.start_s * rate_hz)
        part = sound[start : start + count]
        part += (0.05 * note.loudness * wave * np.linspace(1.0, 0.0, count))[: len(part), None]
    return sound


@pytest.fixture(scope="session")
def little_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A piece, voices of tones, noises, and a drummer who plays two bars and a fill."""
    folder = tmp_path_factory.mktemp("little")
    rng = np.random.default_rng(0)
    for name in ("music", "speech/commands", "esc50/audio", "multimic/midi"):
        (folder / name).mkdir(parents=True)
    times_s = np.arange(41 * _RATE_HZ) / _RATE_HZ
    piece = 0.3 * np.sin(2 * np.pi * 330.0 * times_s) * (times_s > 1.0)
    soundfile.write(folder / "music" / "piece.flac", piece, _RATE_HZ)
    for number in range(6):
        voice = 0.3 * np.sin(2 * np.pi * (150.0 + 20.0 * number) * times_s[: 3 * _RATE_HZ])
        soundfile.write(folder / "speech" / "commands" / f"{number}.flac", voice, _RATE_HZ)
    rows = []
    for category in (*NOISES, LAUGHING, CLAPPING):
        rows.append({"filename": f"{category}.flac", "category": category})
        noise = 0.1 * rng.standard_normal(2 * _RATE_HZ)
        soundfile.write(folder / "esc50" / "audio" / f"{category}.flac", noise, _RATE_HZ)
    _write(folder / "esc50" / "esc50.csv", rows)
    drums = []
    for name, kind, bars in (("beat", "beat", 2), ("fill", "fill", 1)):
        _drum_file(folder / "multimic" / "midi" / f"{name}.mid", bars)
        drums.append(
            {
                "style": "rock",
                "bpm": "120",
                "beat_type": kind,
                "time_signature": "4-4",
                "midi_filename": f"{name}.mid",
                "duration": str(2.0 * bars),
            }
        )
    _write(folder / "multimic" / "midi" / "info.csv", drums)
    return folder


def _write(path: Path, rows: list[dict[str, str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def _drum_file(path: Path, bars: int) -> None:
    file = mido.MidiFile(ticks_per_beat=480)
    track = mido.MidiTrack()
    file.tracks.append(track)
    for beat in range(4 * bars):
        pitch = 36 if beat % 2 == 0 else 38
        track.append(
            mido.Message("note_on", channel=9, note=pitch, velocity=90, time=0 if beat == 0 else 240)
        )
        track.append(mido.Message("note_off", channel=9, note=pitch, velocity=0, time=240))
    file.save(path)
