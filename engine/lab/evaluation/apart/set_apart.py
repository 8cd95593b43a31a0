"""Material set apart: no setting was chosen on it, and no weight of a taste may learn from it.

Other evaluations and trainings that concern tastes must not use these drummers, this sound font, these
classes of ESC-50, these places and these voices.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from zlib import crc32

import mido
import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from engine.core.errors import UsageError
from engine.core.files.safe_write import shown

Samples = NDArray[np.float32]
RATE_HZ = 16_000
"""Of all made recordings: the clips have nothing above 8 kHz, which would distinguish them."""

DRUMMING: tuple[tuple[str, str], ...] = (
    ("drummer2", "rock"),
    ("drummer7", "pop"),
    ("drummer3", "rock"),
    ("drummer10", "jazz"),
    ("drummer7", "soul"),
    ("drummer9", "rock"),
    ("drummer7", "hiphop"),
    ("drummer7", "funk"),
    ("drummer3", "hiphop"),
    ("drummer7", "neworleans"),
)
"""Drummers of Groove MIDI, each in one style."""

FONT = Path("/usr/share/sounds/sf3/MuseScore_General.sf3")
KITS = (0, 8, 16, 24, 25, 32, 40)
"""Drum kits of the sound font, as programs of its drum channel."""

NOISES = (
    *("airplane", "train", "hand_saw", "clock_alarm", "church_bells", "fireworks", "washing_machine"),
    *("toilet_flush", "cat", "thunderstorm"),
)
SMALL_NOISES = ("drinking_sipping", "clock_tick", "breathing", "pouring_water", "brushing_teeth")
"""Classes of ESC-50."""

PLACES = ("boat", "city", "storm", "summer-night", "wind")
PROMPTS = Path("/usr/share/asterisk/sounds")
"""Professional voices of Debian's packages `asterisk-core-sounds-*-wav`, one folder each."""
_VOICE_PARTS = 5
_SPOKEN_S = (1.5, 12.0)
_CLOSEST_NOTES: Mapping[int, int] = MappingProxyType({22: 42, 26: 46, 39: 37, 40: 38, 58: 43})
"""Notes of the electronic kit of Groove MIDI that General MIDI has elsewhere."""


@dataclass(frozen=True, slots=True)
class Stroke:
    """A drum stroke of a groove, in beats from the beginning of its bar."""

    beat: float
    pitch: int
    velocity: float


@dataclass(frozen=True, slots=True)
class Groove:
    """Bars of four beats as a drummer played them."""

    tempo_bpm: float
    bars: tuple[tuple[Stroke, ...], ...]


@lru_cache(maxsize=32)
def grooves_of(data_dir: Path, drummer: str, style: str) -> tuple[Groove, ...]:
    """Read the grooves in four of a drummer, the longest first.

    Raises
    ------
    UsageError : the folder does not hold them
    """
    folder = data_dir / "multimic" / "midi"
    try:
        rows = list(csv.DictReader((folder / "info.csv").read_text(encoding="utf-8").splitlines()))
    except OSError as error:
        raise UsageError(
            f"{shown(folder / 'info.csv')} cannot be read: name the folder with multimic/."
        ) from error
    fitting = [
        row
        for row in rows
        if (row["drummer"], row["style"].split("/")[0]) == (drummer, style)
        and row["time_signature"] == "4-4"
        and row["beat_type"] == "beat"
    ]
    read = (_groove(folder / row["midi_filename"], float(row["bpm"])) for row in fitting)
    found = sorted((one for one in read if len(one.bars) > 1), key=lambda one: -len(one.bars))
    if not found:
        raise UsageError(f"{shown(folder)} holds no grooves of {drummer} in {style}.")
    return tuple(found)


def _groove(path: Path, tempo_bpm: float) -> Groove:
    file = mido.MidiFile(path)
    bars: dict[int, list[Stroke]] = {}
    for tick, message in _messages(file):
        if message.type == "note_on" and message.velocity:
            bar, beat = divmod(tick / file.ticks_per_beat + 0.1, 4.0)
            pitch = _CLOSEST_NOTES.get(message.note, message.note)
            stroke = Stroke(max(beat - 0.1, 0.0), pitch, message.velocity / 127.0)
            bars.setdefault(int(bar), []).append(stroke)
    whole = range(max(bars, default=0))  # the last bar may end early
    return Groove(tempo_bpm, tuple(tuple(bars[bar]) for bar in whole if len(bars.get(bar, ())) > 3))


def _messages(file: mido.MidiFile) -> Iterator[tuple[int, mido.Message]]:
    """Yield the messages of all tracks with their ticks; much faster than iterating over the file."""
    for track in file.tracks:
        tick = 0
        for message in track:
            tick += message.time
            yield tick, message


def clips_of(data_dir: Path, categories: Iterable[str]) -> list[Path]:
    """List the clips of some classes of ESC-50, by name.

    Raises
    ------
    UsageError : the table has no such clip
    """
    table, wanted = data_dir / "esc50" / "esc50.csv", frozenset(categories)
    try:
        rows = csv.DictReader(table.read_text(encoding="utf-8").splitlines())
    except OSError as error:
        raise UsageError(f"{shown(table)} cannot be read: name the folder that holds esc50/.") from error
    names = sorted(row["filename"] for row in rows if row["category"] in wanted)
    if not names:
        raise UsageError(f"{shown(table)} lists no clips of {', '.join(sorted(wanted))}.")
    return [data_dir / "esc50" / "audio" / name for name in names]


def sentences_of(data_dir: Path) -> list[Path]:
    """List the spoken sentences that no training uses: one part in five, by the checksum of their names.

    Raises
    ------
    UsageError : the folder does not hold them
    """
    found = [
        path
        for path in sorted((data_dir / "speech").rglob("*.flac"))
        if crc32(path.stem.encode()) % _VOICE_PARTS == 0
    ]
    if not found:
        raise UsageError(f"{shown(data_dir / 'speech')} holds no sentences that training leaves out.")
    return found


def prompts_of(voice: int) -> list[Path]:
    """List the longer prompts of a professional voice, by its number.

    Raises
    ------
    UsageError : the packages of the voices are not installed
    """
    voices = sorted(path for path in PROMPTS.glob("*_?_*") if path.is_dir())
    if len(voices) < 2:
        raise UsageError(f"{PROMPTS} has too few voices: install asterisk-core-sounds-en-wav and -it-wav.")
    low_s, high_s = _SPOKEN_S
    files = sorted(voices[voice % len(voices)].glob("*.wav"))
    return [path for path in files if low_s <= soundfile.info(path).duration <= high_s]


@lru_cache(maxsize=256)
def read(path: Path) -> Samples:
    """Read a recording, mono at `RATE_HZ`, without quiet at both ends; do not write to the result."""
    audio, rate_hz = soundfile.read(path, dtype="float32", always_2d=True)
    mono = audio.mean(axis=1)
    if rate_hz != RATE_HZ:
        mono = soxr.resample(mono, rate_hz, RATE_HZ)
    loud = np.flatnonzero(np.abs(mono) > 0.02 * max(float(np.abs(mono).max()), 1e-9))
    samples = np.ascontiguousarray(mono[loud[0] : loud[-1] + 1] if len(loud) else mono, np.float32)
    samples.setflags(write=False)
    return samples


def drawn(paths: Iterable[Path], rng: np.random.Generator) -> Samples:
    """Read one of some recordings."""
    listed = list(paths)
    return read(listed[int(rng.integers(len(listed)))])
