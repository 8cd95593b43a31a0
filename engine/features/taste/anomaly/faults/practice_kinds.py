"""More kinds of fault, only to practise on, so that nothing depends on the kinds it is measured with.

Voices and noises are made by rule here, so that a taste learns from the user's own recordings and from
nothing else. The voice is a pulse train with gliding pitch, as in source-filter synthesis (D. H. Klatt,
JASA 67, 1980), without the filter.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, sosfilt

from engine.features.taste.anomaly.faults.breaking_off import FALSE_STARTS, quiet_room
from engine.features.taste.anomaly.faults.material import (
    HUSH_DB,
    Maker,
    Material,
    Samples,
    active_rms,
    edges,
    repitched,
)
from engine.features.taste.anomaly.faults.stretch import stretched

_PARTIALS, _VOICES = 20, 16


def made_up_clips(rate_hz: int, rng: np.random.Generator) -> Mapping[str, Sequence[Samples]]:
    """Return clips for the kinds "talk" and "noise", each of shape (n,)."""
    voices = [_voice(rate_hz, rng) for _ in range(_VOICES)]
    noises = [rng.standard_normal(3 * rate_hz).astype(np.float32) for _ in range(5)]
    return {"talk": voices, "noise": noises}


def _voice(rate_hz: int, rng: np.random.Generator) -> Samples:
    time_s = np.arange(round(rate_hz * rng.uniform(0.4, 1.6))) / rate_hz
    pitch_hz = rng.uniform(90.0, 300.0) * (1.0 + 0.1 * np.sin(2 * np.pi * rng.uniform(1.0, 5.0) * time_s))
    phase = 2 * np.pi * np.cumsum(pitch_hz) / rate_hz
    voiced = _pulses(phase, slope=rng.uniform(0.5, 1.5))
    syllables = np.abs(np.sin(np.pi * rng.uniform(2.0, 6.0) * time_s))
    spoken = voiced * syllables + 0.2 * rng.standard_normal(len(time_s))
    return np.asarray(spoken / np.abs(spoken).max(), np.float32)


def _pulses(phase: NDArray[np.float64], slope: float) -> NDArray[np.float64]:
    """Return the sum of sin(k phase) / k**slope, each partial by Chebyshev's recurrence from two before."""
    twice_cosine, before, partial = 2.0 * np.cos(phase), np.zeros_like(phase), np.sin(phase)
    total = partial.copy()
    for number in range(2, _PARTIALS):
        before, partial = partial, twice_cosine * partial - before
        total += partial / number**slope
    return total


def _stutter(material: Material, _place: int, length: int, rng: np.random.Generator) -> Samples:
    """The same short scrap over and over."""
    scrap = material.passage(material.samples(rng.uniform(0.15, 0.8)), rng)
    return np.tile(scrap, (length // len(scrap) + 1, 1))


def _reversed(material: Material, _place: int, length: int, rng: np.random.Generator) -> Samples:
    return material.passage(length, rng)[::-1]


def _wrong_speed(material: Material, _place: int, length: int, rng: np.random.Generator) -> Samples:
    """A tape at the wrong speed: tempo and pitch together."""
    cents = float(rng.choice([-1.0, 1.0]) * rng.uniform(150.0, 500.0))
    needed = int(length * 2.0 ** (cents / 1200.0)) + material.samples(0.1)
    return repitched(material.passage(needed, rng), cents, material.rate_hz)


def _two_at_once(material: Material, _place: int, length: int, rng: np.random.Generator) -> Samples:
    """Two places of the music on top of each other, as when half of a band is lost."""
    level = np.float32(10.0 ** (rng.uniform(-3.0, 3.0) / 20.0))
    return material.passage(length, rng) + level * material.passage(length, rng)


def _unsteady(material: Material, _place: int, length: int, rng: np.random.Generator) -> Samples:
    """A tempo that wanders every second or two."""
    pieces, left = [], length
    while left > 0:
        wanted, factor = material.samples(rng.uniform(1.0, 3.0)), float(rng.uniform(0.8, 1.25))
        needed = int(wanted / factor) + material.samples(0.2)
        pieces.append(stretched(material.passage(needed, rng), factor, material.rate_hz)[:wanted])
        left -= len(pieces[-1])
    return np.concatenate(pieces)


def _fragments(material: Material, _place: int, length: int, rng: np.random.Generator) -> Samples:
    """Return fragments at their own pitch with long pauses, as when practising a part."""
    out = material.hush(length, rng)
    at = 0
    while at < length:
        scrap = material.passage(material.samples(rng.uniform(0.3, 1.5)), rng)[: length - at]
        out[at : at + len(scrap)] += scrap * edges(len(scrap), material.rate_hz, 0.02)[:, None]
        at += len(scrap) + material.samples(rng.uniform(0.3, 1.5))
    return out


def _muffled(material: Material, _place: int, length: int, rng: np.random.Generator) -> Samples:
    """Only the low or only the high end, as when an instrument or a microphone is missing."""
    low = rng.random() < 0.5
    corner_hz = rng.uniform(300.0, 1500.0) if low else rng.uniform(800.0, 3000.0)
    sections = butter(2, corner_hz, "low" if low else "high", fs=material.rate_hz, output="sos")
    return np.asarray(sosfilt(sections, material.passage(length, rng), axis=0), np.float32)


def _under_noise(material: Material, _place: int, length: int, rng: np.random.Generator) -> Samples:
    """The music behind a swelling noise of any colour."""
    spectrum = np.fft.rfft(rng.standard_normal(length))
    slope = rng.uniform(0.0, 1.0)
    noise = np.fft.irfft(spectrum / (np.arange(len(spectrum)) + 20.0) ** slope, length)
    time_s = np.arange(length) / material.rate_hz
    swell = 1.0 + 0.8 * np.sin(2 * np.pi * rng.uniform(0.2, 6.0) * time_s + rng.uniform(0.0, 2 * np.pi))
    heard = (0.3 * noise / np.abs(noise).max() * swell).astype(np.float32)
    level = np.float32(10.0 ** (rng.uniform(-40.0, -6.0) / 20.0))
    return np.asarray(heard[:, None] + level * material.passage(length, rng), np.float32)


def _hush(material: Material, _place: int, length: int, rng: np.random.Generator) -> Samples:
    """Return room noise with a few short sounds."""
    out = material.hush(length, rng)
    for _ in range(int(rng.integers(1, 4))):
        scrap = material.passage(material.samples(rng.uniform(0.05, 0.3)), rng)[:length]
        at = int(rng.integers(0, length - len(scrap) + 1))
        level = np.float32(10.0 ** (rng.uniform(HUSH_DB / 2, 0.0) / 20.0))
        out[at : at + len(scrap)] += level * scrap * edges(len(scrap), material.rate_hz)[:, None]
    return out


def _over_the_music(make: Callable[[int, np.random.Generator], Samples]) -> Maker:
    """Return a maker of a sound that does not belong, now and then and loud, over music that goes on."""

    def over(material: Material, _place: int, length: int, rng: np.random.Generator) -> Samples:
        out = material.passage(length, rng).copy()
        level = active_rms(out, material.rate_hz) * 10.0 ** (rng.uniform(-3.0, 10.0) / 20.0)
        at, pause_s = int(rng.uniform(0.0, 0.1) * length), rng.uniform(0.1, 1.0)
        while at < length:
            sound = make(material.rate_hz, rng)[: length - at]
            gain = np.float32(level / max(active_rms(sound[:, None], material.rate_hz), 1e-9))
            out[at : at + len(sound)] += (gain * sound * edges(len(sound), material.rate_hz))[:, None]
            at += len(sound) + material.samples(pause_s * rng.uniform(0.5, 1.5))
        return out

    return over


def _knock(rate_hz: int, rng: np.random.Generator) -> Samples:
    """A blow on something: noise in a few resonances that die away."""
    time_s = np.arange(round(rate_hz * rng.uniform(0.05, 0.5))) / rate_hz
    struck = rng.uniform(0.0, 3.0) * rng.standard_normal(len(time_s))
    for pitch_hz in rng.uniform(80.0, 4000.0, int(rng.integers(1, 5))):
        struck += np.sin(2 * np.pi * pitch_hz * time_s + rng.uniform(0.0, 2 * np.pi))
    return np.asarray(struck * np.exp(-time_s * rng.uniform(8.0, 60.0)), np.float32)


def _tone(rate_hz: int, rng: np.random.Generator) -> Samples:
    """A horn, a whistle or a bell: a tone with partials, steady or gliding."""
    time_s = np.arange(round(rate_hz * rng.uniform(0.2, 1.5))) / rate_hz
    glide = 2.0 ** (rng.uniform(-0.5, 0.5) * time_s * (rng.random() < 0.5))
    phase = 2 * np.pi * np.cumsum(np.exp(rng.uniform(np.log(150.0), np.log(2500.0))) * glide) / rate_hz
    return np.asarray(_pulses(phase, slope=rng.uniform(0.7, 3.0)), np.float32)


def _burst(rate_hz: int, rng: np.random.Generator) -> Samples:
    """A cough, a step, a scrape: noise in a band, for a moment."""
    length = round(rate_hz * rng.uniform(0.05, 0.8))
    low_hz = float(np.exp(rng.uniform(np.log(100.0), np.log(3000.0))))
    band_hz = (low_hz, min(low_hz * rng.uniform(1.5, 8.0), 0.45 * rate_hz))
    noise = sosfilt(butter(2, band_hz, "band", fs=rate_hz, output="sos"), rng.standard_normal(length))
    shape = np.sin(np.pi * (np.arange(length) + 0.5) / length) ** rng.uniform(0.3, 2.0)
    return np.asarray(noise * shape, np.float32)


def _idle_room(material: Material, _place: int, length: int, rng: np.random.Generator) -> Samples:
    """Return the noise of an idle room with occasional knocks and rustles."""
    out = quiet_room(material, length, rng)
    level_db = rng.uniform(-45.0, -12.0)
    at = material.samples(rng.exponential(1.5))
    while at < length:
        sound = (_knock if rng.random() < 0.5 else _burst)(material.rate_hz, rng)[: length - at]
        level = active_rms(material.clean, material.rate_hz) * 10.0 ** (level_db / 20.0)
        gain = np.float32(level / max(active_rms(sound[:, None], material.rate_hz), 1e-9))
        out[at : at + len(sound)] += (gain * sound * edges(len(sound), material.rate_hz))[:, None]
        at += len(sound) + material.samples(rng.exponential(2.5))
    return out


def _mains_hum(material: Material, _place: int, length: int, rng: np.random.Generator) -> Samples:
    """An amplifier that is switched on and not played."""
    time_s = np.arange(length) / material.rate_hz
    phase = 2 * np.pi * rng.choice([50.0, 60.0]) * time_s + rng.uniform(0.0, 2 * np.pi)
    hum = _pulses(phase, slope=rng.uniform(0.3, 2.0))
    level = active_rms(material.clean, material.rate_hz) * 10.0 ** (rng.uniform(-50.0, -12.0) / 20.0)
    loud = (level * hum / np.sqrt(np.square(hum).mean())).astype(np.float32)
    heard: Samples = quiet_room(material, length, rng) + loud[:, None]
    return heard


PRACTICE_MAKERS: Mapping[str, Maker] = {
    **FALSE_STARTS,
    "idle_room": _idle_room,
    "mains_hum": _mains_hum,
    "stutter": _stutter,
    "reversed": _reversed,
    "wrong_speed": _wrong_speed,
    "two_at_once": _two_at_once,
    "unsteady": _unsteady,
    "fragments": _fragments,
    "muffled": _muffled,
    "under_noise": _under_noise,
    "hush": _hush,
    "voice_over": _over_the_music(_voice),
    "knocks_over": _over_the_music(_knock),
    "tones_over": _over_the_music(_tone),
    "bursts_over": _over_the_music(_burst),
}

WAYS = frozenset({*FALSE_STARTS, "idle_room", "mains_hum"})
"""Kinds that are variants of one fault: breaking off, and an idle room."""

CUT = "cut"
"""The kind of fault made from the user's earlier cuts."""


def excerpt_of_clips(name: str) -> Maker:
    """Return a maker that plays an excerpt of a named clip, preferring longer ones and looping short ones."""

    def make(material: Material, _place: int, length: int, rng: np.random.Generator) -> Samples:
        clips = material.clips[name]
        lengths = np.array([len(clip) for clip in clips], np.float64)
        clip = clips[int(rng.choice(len(clips), p=lengths / lengths.sum()))]
        start = int(rng.integers(0, max(1, len(clip) - length + 1)))
        taken = np.resize(clip[start : start + length], length).astype(np.float32)
        return np.repeat(taken[:, None], material.clean.shape[1], axis=1)

    return make
