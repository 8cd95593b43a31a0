"""Phrases of exact bars from real recordings, split by recording into two halves.

Sources: MDB Drums (stems with annotated beats), songs of constant tempo, and drum loops with their tempo in
the file name. The grids of the songs were measured: the tempo is the strongest spectral line of the onset
strength (librosa, hop 128 samples), and the first bar is at the beat with the most low-frequency onsets. The
phase of the beat is constant within 16 ms over each song. Songs whose tempo wanders are left out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray
from scipy.signal import resample_poly

from engine.core.errors import SourceError
from engine.lab.evaluation.editors.jams import RATE_HZ

Samples = NDArray[np.float32]

_MDB = (("80sRock", "Country1", "Punk", "Hendrix"), ("Beatles", "Shadows", "SpeedMetal", "Rock"))
# (file, bars per minute, start of the first bar in s)
_SONGS = (
    (
        ("Karissa_Hobbs_-_Lets_Go_Fishin.ogg", 176.992 / 8, 0.232),
        ("gm3_Boomboxhead_ContententNumber2.mp3", 158.994 / 8, 0.060),
        ("gm3_Boomboxhead_GoGetTheBagVocaloid.mp3", 159.002 / 8, 0.052),
    ),
    (
        ("Jonathan_Coulton_Better.mp3", 133.313 / 4, 0.196),
        ("gm3_boom_Ripper.mp3", 119.991 / 4, 0.055),
    ),
)
_LOOPS = (("EDM-HSE", "JAZ-DRM", "WRLD-SMB"), ("HH-TRP", "POP-ROK"))
_LOOP_START_S = 0.025  # the delay of the MP3 encoder, the same in every loop
_SAME_TEMPO = 1.085
_ROLL_S = 1.2  # audio taken along before and after a phrase, for fades
_PARTS_16 = ((8, 8), (8, 8), (8, 8), (8, 4, 4), (4, 4, 8), (12, 4), (4, 4, 4, 4), (16,))


@dataclass(frozen=True, slots=True, eq=False)
class Excerpt:
    """A musical phrase of a recording.

    Attributes
    ----------
    song : name of the recording (of loops: of the style and tempo); excerpts of one song can form a section
    stems : shape (k, n), the phrase with up to 1.2 s before and after it
    bars_s : shape (bars + 1,), start of each bar within `stems`, and the end of the last
    """

    song: str
    stems: Samples
    bars_s: NDArray[np.float64]

    @property
    def bars(self) -> int:
        """Return the number of bars."""
        return len(self.bars_s) - 1

    @property
    def length_s(self) -> float:
        """Return the length from the first to the last bar line."""
        return float(self.bars_s[-1] - self.bars_s[0])


def stock(data_dir: Path, half: int, rng: np.random.Generator) -> tuple[Excerpt, ...]:
    """Draw the phrases of one jam.

    Half of the jams draw from MDB Drums, three tenths from songs, the others from loops.

    Parameters
    ----------
    data_dir : folder with `mdbdrums`, `music` and `loops`
    half : 0 or 1; the halves have no recording in common

    Raises
    ------
    SourceError : a recording is missing
    """
    drawn = rng.random()
    if drawn < 0.5:
        songs = rng.permutation(_MDB[half])[: rng.integers(2, 4)]
        return tuple(each for song in songs for each in _of_mdb(data_dir / "mdbdrums" / song, rng))
    if drawn < 0.8:
        order = rng.permutation(len(_SONGS[half]))[: rng.integers(1, 3)]
        return tuple(each for n in order for each in _of_song(data_dir / "music", *_SONGS[half][n], rng))
    style = _LOOPS[half][rng.integers(len(_LOOPS[half]))]
    return _of_loops(data_dir / "loops" / style, rng)


@lru_cache(maxsize=64)
def _read(path: Path) -> Samples:
    """Read a file as mono, shape (n,), at `RATE_HZ`; read-only, as it is cached."""
    try:
        samples, rate_hz = soundfile.read(path, dtype="float32", always_2d=True)
    except (OSError, soundfile.LibsndfileError) as error:
        raise SourceError(f"{path} cannot be read: {error}") from error
    common = int(np.gcd(rate_hz, RATE_HZ))
    mono = np.asarray(samples.mean(axis=1), dtype=np.float32)
    read = np.asarray(resample_poly(mono, RATE_HZ // common, rate_hz // common), dtype=np.float32)
    read.setflags(write=False)
    return read


def _excerpt(song: str, stems: Samples, lines_s: NDArray[np.float64]) -> Excerpt:
    """Cut a phrase with its bar lines out of a recording of shape (k, n)."""
    start = max(0, round((lines_s[0] - _ROLL_S) * RATE_HZ))
    stop = round((lines_s[-1] + _ROLL_S) * RATE_HZ)
    return Excerpt(song, stems[:, start:stop], lines_s - start / RATE_HZ)


def _of_mdb(folder: Path, rng: np.random.Generator) -> list[Excerpt]:
    """Divide a song of MDB Drums into phrases of 4 to 16 bars."""
    files = sorted(folder.glob("*_RAW_*.ogg"))
    grid_files = sorted(folder.glob("*_MIX.beats"))
    if not files or not grid_files:
        raise SourceError(f"Stems or beats are missing in {folder}.")
    read = [_read(path) for path in files]
    stems = np.stack([each[: min(map(len, read))] for each in read])
    # The raw tracks have recording levels, not those of a mix: move each most of the way to a common level.
    rms = np.sqrt(np.mean(stems**2, axis=1, keepdims=True)) + 1e-6
    stems *= (0.1 / rms) ** 0.7
    beats = np.loadtxt(grid_files[0])
    lines_s = beats[beats[:, 1] == 1, 0]
    count = len(lines_s) - 1
    fitting = [parts for parts in _PARTS_16 if sum(parts) <= count]
    parts = fitting[rng.integers(len(fitting))] if fitting else (8,) if count >= 8 else (4,)
    edges = np.concatenate([[0], np.cumsum(parts)])
    return [_excerpt(folder.name, stems, lines_s[start : stop + 1]) for start, stop in pairwise(edges)]


def _of_song(
    folder: Path, file: str, bars_per_minute: float, first_s: float, rng: np.random.Generator
) -> list[Excerpt]:
    """Cut two to four phrases that sound unlike each other from a song of constant tempo."""
    samples = _read(folder / file)
    bar_s = 60.0 / bars_per_minute
    lines_s = np.arange(first_s, len(samples) / RATE_HZ - _ROLL_S, bar_s)
    colours = _colours(samples, lines_s)
    chosen: list[tuple[int, int]] = []
    for _ in range(rng.integers(2, 5)):
        bars = int(rng.choice((4, 8, 12, 16), p=(0.2, 0.55, 0.1, 0.15)))
        if bars * bar_s > 36.0:
            bars = 8 if bars * bar_s < 72.0 else 4
        starts = [
            start
            for start in range(4, len(lines_s) - bars - 4, 4)
            if all(start >= other + length or start + bars <= other for other, length in chosen)
        ]
        if starts:
            chosen.append((_least_alike(colours, starts, bars, chosen, rng), bars))
    return [_excerpt(file, samples[None], lines_s[start : start + bars + 1]) for start, bars in chosen]


def _colours(samples: Samples, lines_s: NDArray[np.float64]) -> NDArray[np.float64]:
    """Compute the energy per semitone of each bar, shape (bars, 72), as unit vectors."""
    rows = []
    for start_s, stop_s in pairwise(lines_s):
        bar = samples[round(start_s * RATE_HZ) : round(stop_s * RATE_HZ)]
        spectrum = np.abs(np.fft.rfft(bar * np.hanning(len(bar))))
        edges = np.round(55.0 * 2.0 ** (np.arange(73) / 12) * len(bar) / RATE_HZ).astype(int)
        rows.append([np.log1p(spectrum[a : max(a + 1, b)].max()) for a, b in pairwise(edges)])
    found = np.array(rows) - np.mean(rows, axis=0)
    return np.asarray(found / (np.linalg.norm(found, axis=1, keepdims=True) + 1e-9), dtype=np.float64)


def _least_alike(
    colours: NDArray[np.float64],
    starts: Sequence[int],
    bars: int,
    chosen: Sequence[tuple[int, int]],
    rng: np.random.Generator,
) -> int:
    """Return one of the three starts least like the chosen phrases; a loud one where none is chosen."""
    if not chosen:
        return int(rng.choice(starts))

    def likeness(start: int) -> float:
        return max(
            float(np.mean([colours[start + k] @ colours[other + k] for k in range(min(bars, length))]))
            for other, length in chosen
        )

    return int(rng.choice(sorted(starts, key=likeness)[:3]))


def _of_loops(folder: Path, rng: np.random.Generator) -> tuple[Excerpt, ...]:
    """Repeat the loops of a style to phrases; loops of nearly one tempo are brought to it and form a song."""
    named = [
        (int(found[1]), path) for path in folder.glob("*.mp3") if (found := re.match(r"(\d+)bpm", path.name))
    ]
    if not named:
        raise SourceError(f"Loops are missing in {folder}.")
    excerpts: list[Excerpt] = []
    tempo_bpm = 0
    for own_bpm, path in sorted(named):
        if own_bpm > tempo_bpm * _SAME_TEMPO:
            tempo_bpm = own_bpm
        samples = _read(path)
        own_bar_s = 240.0 / own_bpm
        bars = 4 if len(samples) / RATE_HZ < 6 * own_bar_s else 8
        start = round(_LOOP_START_S * RATE_HZ)
        loop = resample_poly(samples[start : start + round(bars * own_bar_s * RATE_HZ)], own_bpm, tempo_bpm)
        whole = 8 if rng.random() < 0.7 else int(rng.choice((4, 16 if 240.0 / tempo_bpm * 16 < 36.0 else 8)))
        long = np.tile(np.asarray(loop, dtype=np.float32), -(-whole // bars) + 2)
        lines_s = (np.arange(whole + 1) / bars + 1) * len(loop) / RATE_HZ
        excerpts.append(_excerpt(f"{folder.name} {tempo_bpm}", long[None], lines_s))
    return tuple(excerpts)
