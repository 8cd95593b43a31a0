"""Sounds and notes that days are made from: pieces, voices, noises, drummers and sound fonts.

Reported days (numbers below `DEVELOPMENT`) and development days use different halves of the voices, noises
and drum performances. Recorded pieces and sound fonts are too few to be divided: both use all of them.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from shutil import which
from typing import TypeVar

import mido
import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from engine.core.errors import UsageError

DEVELOPMENT = 100
"""Days with this number or a higher one are for choosing settings; figures are of days 0 to 19."""

Samples = NDArray[np.float32]
_One = TypeVar("_One")

_FONT_FOLDERS = (
    *("/usr/share/sounds/sf2", "/usr/share/sounds/sf3", "/usr/share/soundfonts"),
    *("/usr/local/share/soundfonts", "/opt/homebrew/share/soundfonts", "~/.local/share/sounds/sf2"),
)
_FONT_NAMES = ("FluidR3_GM", "TimGM6mb", "MuseScore_General", "MuseScore_General_Full", "GeneralUser")
NOISES = (
    *("door_wood_knock", "door_wood_creaks", "footsteps", "coughing", "sneezing", "mouse_click"),
    *("can_opening", "drinking_sipping", "pouring_water", "keyboard_typing", "breathing"),
)
LAUGHING, CLAPPING = "laughing", "clapping"
_MUSIC_ENDINGS = (".ogg", ".mp3", ".flac", ".wav")
_LEAST_PIECE_S = 40.0
_SILENT_DB = -38.0
_FRAME_S = 0.02
# Notes of the electronic kit of the drum performances that General MIDI has under another number.
_AS_GENERAL_MIDI = {22: 42, 26: 46, 58: 43, 40: 38, 55: 49, 52: 57}


@dataclass(frozen=True, slots=True)
class DrumFile:
    """A human drum performance, or a fill.

    Attributes
    ----------
    style : as in `info.csv`, such as "rock" or "jazz/swing"
    metre : beats of a bar
    """

    path: Path
    style: str
    tempo_bpm: float
    metre: int
    is_fill: bool
    length_s: float


@dataclass(frozen=True, slots=True)
class Hit:
    """A drum hit: position in beats, General MIDI note and loudness from 0 to 1."""

    beat: float
    pitch: int
    loudness: float


@dataclass(frozen=True, slots=True)
class Material:
    """Files for one half of the days, and the sound fonts.

    Attributes
    ----------
    noises : files by category of ESC-50
    """

    pieces: tuple[Path, ...]
    voices: tuple[Path, ...]
    noises: Mapping[str, tuple[Path, ...]]
    drums: tuple[DrumFile, ...]
    fonts: tuple[Path, ...]


def material_in(data_dir: Path, fonts: tuple[Path, ...], *, is_development: bool) -> Material:
    """Return the material of the reported or the development days.

    Parameters
    ----------
    data_dir : holds `music/`, `speech/commands/`, `esc50/` and `multimic/midi/`

    Raises
    ------
    UsageError : a part is missing
    """
    half = int(is_development)
    pieces = _files(data_dir / "music", _MUSIC_ENDINGS)
    voices = _files(data_dir / "speech" / "commands", (".flac", ".wav"))
    drums = _drum_files(data_dir / "multimic" / "midi")
    return Material(
        tuple(one for one in pieces if soundfile.info(one).duration >= _LEAST_PIECE_S),
        _half(voices, half),
        {name: _half(files, half) for name, files in _noise_files(data_dir / "esc50").items()},
        _half(tuple(one for one in drums if not one.is_fill), half)
        + _half(tuple(one for one in drums if one.is_fill), half),
        fonts,
    )


def _half(files: tuple[_One, ...], half: int) -> tuple[_One, ...]:
    return files[half::2] or files


def _files(folder: Path, endings: tuple[str, ...]) -> tuple[Path, ...]:
    found = tuple(sorted(one for one in folder.glob("*") if one.suffix in endings))
    if not found:
        raise UsageError(f"{folder} holds no recordings: name the folder of recordings with --data.")
    return found


def _noise_files(folder: Path) -> dict[str, tuple[Path, ...]]:
    wanted = (*NOISES, LAUGHING, CLAPPING)
    found: dict[str, list[Path]] = {name: [] for name in wanted}
    for row in _rows(folder / "esc50.csv"):
        path = folder / "audio" / row["filename"]
        if row["category"] in found and path.is_file():
            found[row["category"]].append(path)
    for name in (LAUGHING, CLAPPING):
        if not found[name]:
            raise UsageError(f"{folder} holds no clips of {name}: name the folder of recordings with --data.")
    return {name: tuple(sorted(paths)) for name, paths in found.items() if paths}


def _drum_files(folder: Path) -> tuple[DrumFile, ...]:
    found = []
    for row in _rows(folder / "info.csv"):
        path = folder / row["midi_filename"]
        if path.is_file():
            metre = int(row["time_signature"].split("-")[0])
            is_fill, length_s = row["beat_type"] == "fill", float(row["duration"])
            found.append(DrumFile(path, row["style"], float(row["bpm"]), metre, is_fill, length_s))
    if not any(not one.is_fill for one in found):
        raise UsageError(f"{folder} holds no drum performances: name the folder of recordings with --data.")
    return tuple(found)


def _rows(path: Path) -> list[dict[str, str]]:
    if not path.is_file():
        raise UsageError(f"{path} is missing: name the folder of recordings with --data.")
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def require_fonts() -> tuple[Path, ...]:
    """Return the General MIDI sound fonts of this computer, each once.

    Raises
    ------
    UsageError : fluidsynth or a sound font is not installed
    """
    if which("fluidsynth") is None:
        raise UsageError("fluidsynth is missing: install it to play composed songs.")
    if which("ffmpeg") is None:
        raise UsageError("ffmpeg is missing: install it to change tempo and key of recorded pieces.")
    found: dict[Path, Path] = {}
    for folder in _FONT_FOLDERS:
        for path in sorted(Path(folder).expanduser().glob("*.sf[23]")):
            if path.resolve().stem in _FONT_NAMES:
                found.setdefault(path.resolve(), path)
    if not found:
        raise UsageError(
            f"No sound font was found in {', '.join(_FONT_FOLDERS[:3])}: install fluid-soundfont-gm."
        )
    return tuple(sorted(found))


@lru_cache(maxsize=256)
def hits_of(file: DrumFile) -> tuple[Hit, ...]:
    """Read a drum performance; its first beat is the first of a bar."""
    score = mido.MidiFile(file.path)
    hits = []
    for track in score.tracks:
        ticks = 0
        for message in track:
            ticks += message.time
            if message.type == "note_on" and message.velocity > 0:
                pitch = _AS_GENERAL_MIDI.get(message.note, message.note)
                hits.append(Hit(ticks / score.ticks_per_beat, pitch, message.velocity / 127.0))
    return tuple(sorted(hits, key=lambda hit: hit.beat))


def read_mono(path: Path, rate_hz: int) -> Samples:
    """Read a recording as one channel at a rate, shape (n,)."""
    samples, own_hz = soundfile.read(path, dtype="float32", always_2d=True)
    mono = samples.mean(axis=1, dtype=np.float32)
    return mono if own_hz == rate_hz else np.asarray(soxr.resample(mono, own_hz, rate_hz), np.float32)


def levels_db(samples: Samples, rate_hz: int, frame_s: float = _FRAME_S) -> NDArray[np.float64]:
    """Return the level of each frame, over all channels, in dB of full scale, shape (frames,)."""
    mono = samples if samples.ndim == 1 else samples.mean(axis=1)
    size = max(1, round(frame_s * rate_hz))
    count = max(1, len(mono) // size)
    frames = np.resize(mono, size) if len(mono) < size else mono[: count * size]
    power = np.square(frames.reshape(count, size)).mean(axis=1, dtype=np.float64)
    return np.asarray(10.0 * np.log10(power + 1e-12))


def active_rms(samples: Samples, rate_hz: int) -> float:
    """Return the RMS of the frames that are at most 30 dB softer than the loudest one."""
    db = levels_db(samples, rate_hz)
    return float(np.sqrt(np.mean(10.0 ** (db[db >= db.max() - 30.0] / 10.0))))


def without_silence(samples: Samples, rate_hz: int) -> Samples:
    """Return a clip from its first to its last frame that is not silent."""
    db = levels_db(samples, rate_hz)
    loud = np.flatnonzero(db > db.max() + _SILENT_DB)
    size = round(_FRAME_S * rate_hz)
    return samples[loud[0] * size : (loud[-1] + 1) * size]
