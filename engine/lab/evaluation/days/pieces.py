"""Takes of recorded pieces: other tempo, key, equalisation and compression each time, by ffmpeg."""

from __future__ import annotations

import subprocess
from functools import lru_cache
from math import inf
from pathlib import Path

import numpy as np

from engine.core.errors import UsageError
from engine.lab.evaluation.days.material import Samples, active_rms, levels_db, read_mono

_FRAME_S = 0.02
_BEGINS_DB, _ENDS_DB = -40.0, -30.0
_RATE_HZ = 22_050
_APPLAUSE_S = {"Hungarian_Dance_number_5": 39.2}
"""Where the applause of an audience begins, by the beginning of the name."""


@lru_cache(maxsize=1)
def _has_rubberband() -> bool:
    listed = subprocess.run(["ffmpeg", "-hide_banner", "-filters"], capture_output=True, check=False).stdout
    return b" rubberband " in listed


@lru_cache(maxsize=32)
def level_of(piece: Path) -> float:
    """Return the RMS of the active part of a piece as it is recorded."""
    return active_rms(read_mono(piece, _RATE_HZ), _RATE_HZ)


@lru_cache(maxsize=32)
def sounding_s(piece: Path) -> float:
    """Return the time from the first sound of a piece to where its end is 30 dB below its loud passages."""
    db = levels_db(read_mono(piece, _RATE_HZ), _RATE_HZ, _FRAME_S)
    loud_db = np.percentile(db, 95)
    first = np.flatnonzero(db > loud_db + _BEGINS_DB)[0]
    last = np.flatnonzero(db > loud_db + _ENDS_DB)[-1]
    applause_s = _APPLAUSE_S.get(piece.stem.split("_-_")[0], inf)
    return min(float(last + 1), applause_s / _FRAME_S) * _FRAME_S - float(first) * _FRAME_S


def piece_take(piece: Path, semitones: int, speed: float, rate_hz: int, rng: np.random.Generator) -> Samples:
    """Return a take of a piece from its first sound on, shape (n, 2).

    Raises
    ------
    UsageError : ffmpeg cannot read the piece
    """
    filters = [*_tempo_and_key(semitones, speed, rng), *_sound(rng)]
    command = ["ffmpeg", "-v", "error", "-threads", "1", "-i", str(piece), "-af", ",".join(filters)]
    command += ["-f", "f32le", "-ac", "2", "-ar", str(rate_hz), "pipe:1"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    if done.returncode or not done.stdout:
        raise UsageError(f"ffmpeg cannot read {piece}: {done.stderr.decode(errors='replace')[:200]}")
    sound = np.frombuffer(done.stdout, np.float32).reshape(-1, 2)
    db = levels_db(sound, rate_hz, _FRAME_S)
    first = int(np.flatnonzero(db > np.percentile(db, 95) + _BEGINS_DB)[0])
    return sound[first * round(_FRAME_S * rate_hz) :].copy()


def _tempo_and_key(semitones: int, speed: float, rng: np.random.Generator) -> list[str]:
    ratio = 2.0 ** (semitones / 12)
    if semitones and _has_rubberband() and rng.random() < 0.5:
        return [f"rubberband=tempo={speed:.5f}:pitch={ratio:.6f}"]
    if not semitones:
        return [f"atempo={speed:.5f}"]
    return [
        "aresample=44100",
        f"asetrate={44100 * ratio:.0f}",
        "aresample=44100",
        f"atempo={speed / ratio:.5f}",
    ]


def _sound(rng: np.random.Generator) -> list[str]:
    """Return three bands of equalisation and a compressor."""
    bands = zip((120.0, 900.0, 4_500.0), rng.uniform(0.7, 1.5, 3), rng.uniform(-6.0, 6.0, 3), strict=True)
    filters = [f"equalizer=f={hz * by:.0f}:t=q:w=0.9:g={gain_db:.1f}" for hz, by, gain_db in bands]
    if rng.random() < 0.6:
        threshold, ratio = 10.0 ** (rng.uniform(-24.0, -12.0) / 20.0), rng.uniform(1.5, 4.0)
        filters.append(f"acompressor=threshold={threshold:.4f}:ratio={ratio:.2f}:attack=15:release=200")
    return filters
