"""The sound of cut jams: fades, mistakes, tone, level, talk, noodling and the mix."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import cache
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray
from scipy.signal import resample_poly

from engine.core.errors import SourceError
from engine.lab.evaluation.editors.cut_sources import Excerpt, Samples
from engine.lab.evaluation.editors.jams import RATE_HZ

_JOINT_S = 0.012  # crossfade before a bar line
_RMS = 0.07
_CEILING = 0.8  # 15 dB above the RMS of the loudest renditions
_PEAK = 10.0 ** (-3.0 / 20.0)


def faded(mono: Samples, start: int, stop: int, ring_s: float) -> tuple[Samples, int]:
    """Cut [start, stop) with a short fade before each border, or a decay of `ring_s` after the last one."""
    fade = round(_JOINT_S * RATE_HZ)
    before = min(fade, start)
    ring = min(round(ring_s * RATE_HZ), len(mono) - stop)
    piece = mono[start - before : stop + ring].copy()
    if before:
        piece[:before] *= np.linspace(0.0, 1.0, before, dtype=np.float32)
    if ring:
        piece[-ring:] *= np.exp(np.linspace(0.0, -6.0, ring)).astype(np.float32)
    else:
        piece[-fade:] *= np.linspace(1.0, 0.0, fade, dtype=np.float32)
    return piece, before


def with_mistake(
    mono: Samples, lines: NDArray[np.int_], rng: np.random.Generator
) -> tuple[Samples, int, int]:
    """Put a mistake into a middle bar of one rendition in four; return it, its bars and its last bar line."""
    bars = len(lines) - 1
    if rng.random() > 0.25:
        return mono, bars, int(lines[-1])
    bar = int(rng.integers(1, bars - 1))
    start, stop = int(lines[bar]), int(lines[bar + 1])
    mistake = rng.choice(("muted", "other bar", "bar too many"), p=(0.45, 0.4, 0.15))
    if mistake == "muted":
        half = (stop - start) // 2
        muted = mono.copy()
        muted[start + half : stop] *= np.float32(0.01)
        return muted, bars, int(lines[-1])
    other = int(rng.choice([n for n in range(bars) if n != bar]))
    wrong = mono[lines[other] : lines[other + 1]]
    if mistake == "bar too many":
        return np.concatenate([mono[:stop], wrong, mono[stop:]]), bars + 1, int(lines[-1]) + len(wrong)
    wrong = np.pad(wrong, (0, max(0, stop - start - len(wrong))))[: stop - start]
    return np.concatenate([mono[:start], wrong, mono[stop:]]), bars, int(lines[-1])


def toned(piece: Samples, rng: np.random.Generator) -> Samples:
    """Apply a smooth random equaliser of up to 4 dB."""
    spectrum = np.fft.rfft(piece)
    hz = np.fft.rfftfreq(len(piece), 1.0 / RATE_HZ)
    corners_hz = np.array([60.0, 180.0, 540.0, 1600.0, 4800.0, 10_000.0])
    gains_db = rng.uniform(-4.0, 4.0, len(corners_hz))
    curve_db = np.interp(np.log(hz + 1.0), np.log(corners_hz), gains_db)
    return np.fft.irfft(spectrum * 10.0 ** (curve_db / 20.0), len(piece)).astype(np.float32)


def levelled(piece: Samples, level_db: float) -> Samples:
    """Bring a passage to a level in dB relative to the mean level of the music."""
    rms = float(np.sqrt(np.mean(piece**2))) + 1e-6
    return np.asarray(piece * np.float32(_RMS / rms * 10.0 ** (level_db / 20.0)), dtype=np.float32)


@cache
def sentences(folder: Path, half: int) -> tuple[tuple[Path, float], ...]:
    """Return a quarter of all sentences with their lengths in s; `played_jams` has the other half of them."""
    files = sorted(folder.glob("*.flac"))[half::4]
    if not files:
        raise SourceError(f"Spoken sentences are missing in {folder}.")
    return tuple((path, float(soundfile.info(path).duration)) for path in files)


def talk(speech: Sequence[tuple[Path, float]], length_s: float, rng: np.random.Generator) -> Samples:
    """Join sentences to a passage of talk."""
    joined = np.zeros(round(length_s * RATE_HZ), np.float32)
    at_s = 0.1
    while True:
        fitting = [path for path, own_s in speech if own_s <= length_s - at_s - 0.1]
        if not fitting and at_s > 0.2:
            return levelled(joined, float(rng.uniform(-9.0, -3.0)))
        path = fitting[rng.integers(len(fitting))] if fitting else min(speech, key=lambda each: each[1])[0]
        samples, rate_hz = soundfile.read(path, dtype="float32")
        ratio = Fraction(RATE_HZ, rate_hz)
        sentence = resample_poly(samples, ratio.numerator, ratio.denominator)
        start = round(at_s * RATE_HZ)
        sentence = sentence[: len(joined) - start]
        joined[start : start + len(sentence)] = sentence / (np.sqrt(np.mean(sentence**2)) + 1e-6)
        at_s += len(sentence) / RATE_HZ + rng.uniform(0.1, 0.5)


def noodling(excerpt: Excerpt, length_s: float, rng: np.random.Generator) -> Samples:
    """Play short fragments of one stem out of order, with gaps."""
    stem = excerpt.stems[rng.integers(len(excerpt.stems))]
    noodles = np.zeros(round(length_s * RATE_HZ), np.float32)
    at = round(0.2 * RATE_HZ)
    while True:
        size = round(rng.uniform(0.2, 1.1) * RATE_HZ)
        if at + size > len(noodles):
            return levelled(noodles, float(rng.uniform(-12.0, -6.0)))
        start = int(rng.integers(0, len(stem) - size))
        noodles[at : at + size] = stem[start : start + size] * np.hanning(size).astype(np.float32) ** 0.3
        at += size + round(rng.uniform(0.05, 0.7) * RATE_HZ)


def mixed(pieces: Sequence[tuple[int, Samples]], length: int, rng: np.random.Generator) -> Samples:
    """Add the pieces at their places over room noise, with a peak of -3 dBFS."""
    slope = np.maximum(np.fft.rfftfreq(length, 1.0 / RATE_HZ), 20.0) ** -0.5
    noise = np.fft.irfft(np.fft.rfft(rng.standard_normal(length)) * slope, length)
    level = 10.0 ** (rng.uniform(-62.0, -50.0) / 20.0)
    audio = (noise / noise.std() * level).astype(np.float32)
    for start, piece in pieces:
        first, last = max(0, start), min(length, start + len(piece))
        audio[first:last] += piece[first - start : last - start]
    # As a recorder's limiter: otherwise one stray transient decides the level of the whole jam.
    audio /= (1.0 + (audio / _CEILING) ** 4) ** 0.25
    return np.asarray(audio * np.float32(_PEAK / np.abs(audio).max()), dtype=np.float32)
