"""Songs, talk, noodling and tuning for rehearsals of known structure; shares no code with training."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.analysis.signal.streams import mono_blocks
from engine.core.errors import UsageError
from engine.core.files.safe_write import shown
from engine.sound.decoders.libsndfile import LIBSNDFILE

Samples = NDArray[np.float32]
RATE_HZ = 22_050
LEAST_SONG_S = 14.0
_SAMPLES = "sonicpi"
_LOOP_TIMES = 3
_FRAMES_PER_S = 20
_STRINGS_HZ = (82.41, 110.0, 146.83, 196.0, 246.94, 329.63)


@dataclass(frozen=True, slots=True)
class Song:
    """Files that sound at once, and how many times in a row they are played."""

    paths: tuple[Path, ...]
    times: int = 1


@dataclass(frozen=True, slots=True)
class Material:
    """Material of rehearsals."""

    songs: tuple[Song, ...]
    talk: tuple[Path, ...]
    loops: tuple[Path, ...]


def material_in(data_dir: Path, part: int = 1) -> Material:
    """Return every second recording of a folder.

    Parameters
    ----------
    data_dir : holds music/ and loops/; mdbdrums/ and speech/ (or esc50/) are used where they exist
    part : 1 for the recordings that the arranger was not trained on, 0 for the others

    Raises
    ------
    UsageError : there are fewer than two songs
    """
    bands = sorted(path for path in (data_dir / "mdbdrums").glob("*") if path.is_dir())
    loops = _files(data_dir / "loops")[part::2]
    songs = [Song((path,)) for path in _files(data_dir / "music")[part::2]]
    songs += [Song(tuple(path for path in _files(band) if "_RAW_" in path.name)) for band in bands[part::2]]
    songs += [Song((path,), _LOOP_TIMES) for path in loops if path.parent.name != _SAMPLES][part::2]
    talk = _files(data_dir / "speech")[part::2] or _files(data_dir / "esc50")[part::2]
    if len(songs) < 2 or not loops:
        raise UsageError(f"{shown(data_dir)} has too few songs: name a folder with music/ and loops/.")
    return Material(tuple(songs), tuple(talk), tuple(loops))


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in LIBSNDFILE.suffixes)


def read_song(song: Song, longest_s: float) -> Samples:
    """Read a song from its first sound on, mono at `RATE_HZ`."""
    parts = [read(path, 0.0, longest_s + 12.0) for path in song.paths]
    mixed = np.zeros(max(map(len, parts)), np.float32)
    for part in parts:
        mixed[: len(part)] += part
    first = round(first_sound_s(mixed) * RATE_HZ)
    return np.tile(mixed[first:], song.times)[: round(longest_s * RATE_HZ)]


def read(path: Path, start_s: float = 0.0, length_s: float = 1e9) -> Samples:
    """Read mono audio at `RATE_HZ`, scaled to an RMS level of −20 dB full scale."""
    wanted = round((start_s + length_s) * RATE_HZ) if length_s < 1e9 else None
    blocks: list[Samples] = []
    for block in mono_blocks(path, RATE_HZ):
        blocks.append(block)
        if wanted is not None and sum(map(len, blocks)) >= wanted:
            break
    audio = np.concatenate(blocks)[round(start_s * RATE_HZ) : wanted]
    return leveled(audio, -20.0)


def leveled(audio: Samples, level_db: float) -> Samples:
    """Return audio at an RMS level, in dB full scale."""
    rms = float(np.sqrt(np.mean(np.square(audio, dtype=np.float64)))) if len(audio) else 0.0
    scaled: Samples = (audio * (10.0 ** (level_db / 20.0) / max(rms, 1e-9))).astype(np.float32)
    return scaled


def first_sound_s(audio: Samples) -> float:
    """Return where the level first rises to within 25 dB of the loud parts."""
    sounding = _sounding(audio, 25.0)
    return float(sounding[0]) / _FRAMES_PER_S if len(sounding) else 0.0


def last_sound_s(audio: Samples) -> float:
    """Return where the level is within 35 dB of the loud parts for the last time."""
    sounding = _sounding(audio, 35.0)
    return float(sounding[-1] + 1) / _FRAMES_PER_S if len(sounding) else 0.0


def _sounding(audio: Samples, range_db: float) -> NDArray[np.int64]:
    hop = RATE_HZ // _FRAMES_PER_S
    frames = np.square(audio[: len(audio) // hop * hop].reshape(-1, hop)).mean(axis=1)
    if not len(frames):
        return np.zeros(0, np.int64)
    return np.flatnonzero(frames > np.quantile(frames, 0.9) * 10.0 ** (-range_db / 10.0))


def noodling(material: Material, rng: np.random.Generator, length_s: float) -> Samples:
    """Return fragments of loops at changing speeds with gaps: playing that is not a song."""
    pieces: list[Samples] = []
    path = material.loops[int(rng.integers(len(material.loops)))]
    source = read(path, 0.0, 20.0)
    while sum(map(len, pieces)) < length_s * RATE_HZ:
        length = int(rng.uniform(0.3, 1.2) * RATE_HZ)
        at = int(rng.integers(0, max(1, len(source) - length)))
        part = varispeed(source[at : at + length], float(rng.uniform(0.7, 1.4)))
        pieces += [faded(part, 0.02, 0.05), np.zeros(int(rng.uniform(0.02, 0.35) * RATE_HZ), np.float32)]
    return np.concatenate(pieces)


def tuning(rng: np.random.Generator, length_s: float) -> Samples:
    """Return plucked open strings, each several times, that glide into tune."""
    out = np.zeros(round(length_s * RATE_HZ), np.float32)
    times = np.arange(round(2.5 * RATE_HZ)) / RATE_HZ
    at_s, string, detune = 0.0, int(rng.integers(6)), float(rng.uniform(-0.4, 0.4))
    while at_s < length_s - 0.5:
        pitch_hz = _STRINGS_HZ[string] * 2.0 ** (detune * np.exp(-times / 1.5) / 12.0)
        phase = 2.0 * np.pi * np.cumsum(pitch_hz) / RATE_HZ
        pluck = sum(np.sin(k * phase) * np.exp(-times * (1.0 + 0.6 * k)) / k for k in range(1, 9))
        start = round(at_s * RATE_HZ)
        room = len(out) - start
        out[start : start + len(times)] += np.asarray(pluck, np.float32)[:room]
        at_s += float(rng.uniform(0.7, 1.8))
        detune *= 0.6
        if rng.random() < 0.3:
            string, detune = int(rng.integers(6)), float(rng.uniform(-0.4, 0.4))
    return leveled(out, -24.0)


def varispeed(audio: Samples, speed: float) -> Samples:
    """Return audio that plays faster by linear interpolation, its pitch raised as much."""
    places = np.arange(0.0, len(audio) - 1, speed)
    played: Samples = np.interp(places, np.arange(len(audio)), audio).astype(np.float32)
    return played


def faded(audio: Samples, in_s: float, out_s: float) -> Samples:
    """Return audio with linear fades."""
    out = audio.copy()
    first, last = min(len(out), round(in_s * RATE_HZ)), min(len(out), round(out_s * RATE_HZ))
    if first:
        out[:first] *= np.linspace(0.0, 1.0, first, dtype=np.float32)
    if last:
        out[-last:] *= np.linspace(1.0, 0.0, last, dtype=np.float32)
    return out
