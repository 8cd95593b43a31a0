"""Tools that play audio faster, slower, higher or lower, each with its own artefacts and its own delay."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Mapping
from functools import cache
from types import MappingProxyType

import numpy as np
import soxr
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

Samples = NDArray[np.float32]
Tool = Callable[[Samples, int, float, float], Samples]

_GRAIN_S, _SEARCHED_S, _EVERY = 0.07, 0.014, 3
_CALIBRATION_S, _COURSE_S, _SMOOTH_S, _MOST_DELAY_S = 8.0, 0.05, 0.012, 0.06
_STEP_S = 0.0005
_COMPARED_S, _COMPARED_EVERY_S, _SAME_GRAIN = 0.04, 0.05, 0.9


def signalsmith(samples: Samples, rate_hz: int, speed: float, semitones: float) -> Samples:
    """Return audio stretched by Signalsmith Stretch (G. Luff)."""
    from python_stretch.Signalsmith import Stretch  # type: ignore[import-not-found, unused-ignore]

    stretch = Stretch()
    stretch.preset(samples.shape[1], rate_hz)
    stretch.setTransposeSemitones(semitones)
    stretch.setTimeFactor(speed)
    return np.asarray(stretch.process(np.ascontiguousarray(samples.T)), np.float32).T.copy()


def phase_vocoder(samples: Samples, _rate_hz: int, speed: float, semitones: float) -> Samples:
    """Return audio stretched by librosa's phase vocoder, and resampled for another pitch."""
    import librosa

    pitch = 2.0 ** (semitones / 12.0)
    longer = librosa.effects.time_stretch(np.ascontiguousarray(samples.T), rate=speed / pitch).T
    return _resampled(longer, pitch)


def rubber_band(samples: Samples, rate_hz: int, speed: float, semitones: float) -> Samples:
    """Return audio stretched by Rubber Band (C. Cannam), as a filter of ffmpeg."""
    return _filtered(samples, rate_hz, f"rubberband=tempo={speed!r}:pitch={2.0 ** (semitones / 12.0)!r}")


def overlapped(samples: Samples, rate_hz: int, speed: float) -> Samples:
    """Return audio stretched by ffmpeg's atempo, which overlaps similar grains at the same pitch."""
    return _filtered(samples, rate_hz, f"atempo={speed!r}")


def grains(samples: Samples, rate_hz: int, speed: float) -> Samples:
    """Return audio stretched by WSOLA (W. Verhelst, M. Roelands, ICASSP 1993) at the same pitch."""
    half, reach = round(_GRAIN_S * rate_hz / 2), round(_SEARCHED_S * rate_hz)
    margin = 2 * half + reach
    padded = np.pad(samples, ((margin, 2 * margin), (0, 0)))
    mono = padded.mean(axis=1)
    window = np.hanning(2 * half + 1)[:-1, None].astype(np.float32)
    length = round(len(samples) / speed)
    out = np.zeros((length + 4 * half, samples.shape[1]), np.float32)
    follows = None
    for at in range(0, length + half, half):  # `at` is the middle of a grain
        wanted = margin + round(at * speed)
        if follows is not None:
            asked = mono[follows - half : follows + half : _EVERY]
            near = mono[wanted - reach - half : wanted + reach + half]
            rows = np.lib.stride_tricks.sliding_window_view(near, 2 * half)[::_EVERY, ::_EVERY]
            energy = np.sqrt(np.sum(rows**2, axis=1) + 1e-9)
            wanted += int(np.argmax(rows @ asked[: rows.shape[1]] / energy)) * _EVERY - reach
        out[at : at + 2 * half] += window * padded[wanted - half : wanted + half]
        follows = min(wanted + half, len(mono) - half)
    return out[half : half + length]


def tape(samples: Samples, _rate_hz: int, speed: float, _semitones: float) -> Samples:
    """Return audio at another speed and so another pitch."""
    return _resampled(samples, speed)


STRETCHERS: Mapping[str, Tool] = MappingProxyType(
    {
        "signalsmith": signalsmith,
        "phase vocoder": phase_vocoder,
        "rubber band": rubber_band,
        "tape": tape,
    }
)
OF_GRAINS: Mapping[str, Callable[[Samples, int, float], Samples]] = MappingProxyType(
    {"atempo": overlapped, "wsola": grains}
)
"""Tools that play pieces of the waveform as they are: audio is then resampled for another pitch."""


def stretched(
    name: str, samples: Samples, rate_hz: int, speed: float, semitones: float
) -> tuple[Samples, float]:
    """Return audio at another speed and pitch, and how many samples later than it should it plays.

    Grains are found in the source by their waveform; other tools are measured on noise.
    """
    if name not in OF_GRAINS:
        out = STRETCHERS[name](samples, rate_hz, speed, semitones)
        return out, _delay_s(name, rate_hz, speed, semitones) * rate_hz
    pitch = 2.0 ** (semitones / 12.0)
    longer = OF_GRAINS[name](samples, rate_hz, speed / pitch)
    late = _grains_late(samples.mean(axis=1), longer.mean(axis=1), rate_hz, speed / pitch)
    return _resampled(longer, pitch), late / pitch


def _grains_late(before: Samples, after: Samples, rate_hz: int, speed: float) -> float:
    """Return by how many samples grains are later on the average than they should be."""
    half, reach = round(_COMPARED_S * rate_hz / 2), round(_MOST_DELAY_S * rate_hz)
    lates = []
    for at in range(2 * reach, len(after) - 2 * reach, round(_COMPARED_EVERY_S * rate_hz)):
        place = round(at * speed)
        mine, near = after[at - half : at + half], before[place - reach - half : place + reach + half]
        if len(near) < 2 * (reach + half) or place < reach + half:
            continue
        power = uniform_filter1d(near.astype(np.float64) ** 2, 2 * half)[half:-half] * 2 * half
        alike = np.correlate(near, mine, "valid")[: len(power)] / np.sqrt(
            np.maximum(power * float(np.sum(mine**2)), 1e-9)
        )
        top = int(np.argmax(alike))
        if alike[top] > _SAME_GRAIN:
            lates.append((place + reach - (place + top)) / speed)
    return float(np.mean(lates)) if lates else 0.0


def installed() -> tuple[str, ...]:
    """Return the names of the tools that are there."""
    names = [*STRETCHERS, *OF_GRAINS]
    if shutil.which("ffmpeg") is None:
        names = [one for one in names if one not in ("rubber band", "atempo")]
    try:
        import python_stretch  # type: ignore[import-not-found, unused-ignore]  # noqa: F401
    except ImportError:
        names.remove("signalsmith")
    return tuple(names)


@cache
def _delay_s(name: str, rate_hz: int, speed: float, semitones: float) -> float:
    """Return how much later than it should a tool plays, measured on noise whose level goes up and down."""
    if name == "tape":
        return 0.0
    rng = np.random.default_rng(7)
    count = round(_CALIBRATION_S * rate_hz)
    course = uniform_filter1d(rng.standard_normal(count), round(_COURSE_S * rate_hz))
    noise = rng.standard_normal(count) * np.exp(course / course.std()) * 0.02
    samples = np.repeat(noise[:, None], 2, axis=1).astype(np.float32)
    out = STRETCHERS[name](samples, rate_hz, speed, semitones)
    at_s = np.arange(1.0, _CALIBRATION_S / speed - 1.0, _STEP_S)
    own, before = _level(out, rate_hz), _level(samples, rate_hz)
    own = np.interp(at_s * rate_hz, np.arange(len(own)), own)
    lags_s = np.arange(-_MOST_DELAY_S, _MOST_DELAY_S, _STEP_S)
    moments = [(at_s - lag_s) * speed * rate_hz for lag_s in lags_s]
    alike = [np.corrcoef(own, np.interp(one, np.arange(count), before))[0, 1] for one in moments]
    return float(lags_s[int(np.argmax(alike))])


def _level(samples: Samples, rate_hz: int) -> NDArray[np.float64]:
    power = np.mean(samples.astype(np.float64) ** 2, axis=1)
    for _ in range(2):
        power = uniform_filter1d(power, round(_SMOOTH_S * rate_hz))
    found: NDArray[np.float64] = np.log(power + 1e-9)
    return found


def _resampled(samples: Samples, speed: float) -> Samples:
    if speed == 1.0:
        return np.asarray(samples, np.float32)
    return np.asarray(soxr.resample(samples, speed, 1.0, quality="VHQ"), np.float32)


def _filtered(samples: Samples, rate_hz: int, filters: str) -> Samples:
    form = ["-f", "f32le", "-ar", str(rate_hz), "-ac", str(samples.shape[1])]
    done = subprocess.run(
        ["ffmpeg", "-v", "error", *form, "-i", "-", "-af", filters, *form, "-"],
        input=samples.astype("<f4").tobytes(),
        capture_output=True,
        check=True,
    )
    return np.frombuffer(done.stdout, "<f4").reshape(-1, samples.shape[1]).astype(np.float32)
