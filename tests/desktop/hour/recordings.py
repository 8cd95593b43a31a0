"""Long recordings of the kind that people bring: a rehearsal on three tracks, drums on eight."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray
from scipy.signal import butter, resample_poly, sosfilt

DATA = Path(__file__).parents[2] / "data"
RATE_HZ = 44_100
_SONGS = ("gm3_boom_Ripper.mp3", "gm3_Boomboxhead_ContententNumber2.ogg")
_MICROPHONES = {"Kick": "KdrumR", "Snare top": "Snare_top", "Hihat": "Hihat"}

Samples = NDArray[np.float32]


def rehearsal(folder: Path, minutes: float) -> list[Path]:
    """Write guitar, voice and room: songs, false starts, talk and stretches in which nobody plays.

    The voice was recorded at another rate than the others.
    """
    songs = [_mono(DATA / "music" / name) for name in _SONGS]
    talk = _mono(sorted((DATA / "esc50" / "audio").iterdir())[0])
    rng = np.random.default_rng(12)
    hiss = (rng.standard_normal(20 * RATE_HZ) * 10 ** (-62 / 20)).astype(np.float32)

    def pieces() -> Iterator[Samples]:
        number = 0
        while True:
            song = songs[number % len(songs)]
            for _ in range(number % 3):
                yield song[: int(rng.uniform(4, 9) * RATE_HZ)]
                yield hiss[: int(rng.uniform(2, 5) * RATE_HZ)]
            yield song
            yield hiss[: int(rng.uniform(6, 20) * RATE_HZ)]
            yield np.tile(talk, 1 + number % 3)
            yield np.zeros(3 * RATE_HZ, np.float32)
            number += 1

    low, high = (butter(2, 1_500, kind, fs=RATE_HZ, output="sos") for kind in ("low", "high"))
    sounds: dict[str, Callable[[Samples], Samples]] = {
        "Guitar": lambda piece: sosfilt(low, piece) * 1.3,
        "Voice": lambda piece: sosfilt(high, piece) * 1.1,
        "Room": lambda piece: piece * 0.8,
    }
    paths = [folder / f"Rehearsal 2024-05-01 {name}.wav" for name in sounds]
    rates_hz = (RATE_HZ, 48_000, RATE_HZ)
    files = [
        soundfile.SoundFile(path, "w", rate, 1, "PCM_16") for path, rate in zip(paths, rates_hz, strict=True)
    ]
    left = round(minutes * 60 * RATE_HZ)
    for piece in pieces():
        for file, sound in zip(files, sounds.values(), strict=True):
            heard = sound(piece[:left])
            up, down = (160, 147) if file.samplerate == 48_000 else (1, 1)
            file.write(np.clip(resample_poly(heard, up, down) if up > 1 else heard, -1, 1))
        left -= len(piece)
        if left <= 0:
            break
    for file in files:
        file.close()
    return paths


def drums(folder: Path, minutes: float) -> list[Path]:
    """Write a drummer's takes on eight microphones, near and far, with a rest between takes."""
    close = {
        name: _mono(DATA / "multimic" / "example_drummer1_session1_1" / f"{file}.flac")
        for name, file in _MICROPHONES.items()
    }
    length = min(map(len, close.values()))
    together = np.sum([each[:length] for each in close.values()], axis=0) / len(close)
    far = {
        name: np.concatenate([np.zeros(delay, np.float32), together[: length - delay]]) * gain
        for name, delay, gain in (
            ("Snare bottom", 12, 0.3),
            ("Overhead L", 120, 0.9),
            ("Overhead R", 150, 0.9),
            ("Room L", 330, 0.6),
            ("Room R", 350, 0.6),
        )
    }
    rest = np.zeros(5 * RATE_HZ, np.float32)
    paths = []
    for name, hits in {**close, **far}.items():
        path = folder / f"2024-05-01 Take 3 Drums {name}.wav"
        with soundfile.SoundFile(path, "w", RATE_HZ, 1, "PCM_24") as file:
            take = np.concatenate([np.tile(hits[:length], 4), rest])
            for _ in range(max(1, round(minutes * 60 * RATE_HZ / len(take)))):
                file.write(take)
        paths.append(path)
    return paths


def _mono(path: Path) -> Samples:
    samples, rate_hz = soundfile.read(path, dtype="float32", always_2d=True)
    mono = samples.mean(axis=1)
    return mono if rate_hz == RATE_HZ else resample_poly(mono, RATE_HZ, rate_hz).astype(np.float32)
