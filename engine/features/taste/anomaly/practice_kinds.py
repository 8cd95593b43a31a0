"""More kinds of fault, for training alone, so that nothing depends on the kinds it is measured with.

Voices and noises are made by rule here, so that a taste learns from the user's own recordings and from
nothing else. The voice is a pulse train with gliding pitch, as in source-filter synthesis (D. H. Klatt, JASA
67, 1980), without the filter.

Music breaks off before its end, pauses, and has another attempt: players stop dead, let the last chord ring,
drop out one after the other or trail off in stray notes; the pause has room noise, silence, a word or a
count; and then the same passage follows again, a part of the music before, or something else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, sosfilt

from engine.features.taste.anomaly.planting import (
    HUSH_DB,
    Maker,
    Material,
    Samples,
    active_rms,
    edges,
    repitched,
    stretched,
)

Ending = Callable[[Material, Samples, np.random.Generator], Samples]
"""How an attempt, shape (n, channels), ends: returns it with its end, at least as long."""

Pause = Callable[[Material, int, np.random.Generator], Samples]
"""Makes the audio between two attempts, shape (length, channels)."""

_ROOM_DB = (-65.0, -35.0)
_STOP_S = 0.03
_PAUSED_BEFORE = 0.6
"""How often there is a pause before the first attempt as well, as before a take that begins."""


def stopped(material: Material, attempt: Samples, rng: np.random.Generator) -> Samples:  # noqa: ARG001
    """Everybody stops at once."""
    return attempt * edges(len(attempt), material.rate_hz, _STOP_S)[:, None]


def ringing(material: Material, attempt: Samples, rng: np.random.Generator) -> Samples:
    """The last sound rings and dies away."""
    grain_length = min(len(attempt), material.samples(0.25))
    fade = grain_length // 3
    grain = attempt[len(attempt) - grain_length :].copy()
    rise = np.sin(np.linspace(0.0, np.pi / 2, fade, dtype=np.float32))[:, None]
    # Each repeat overlaps the one before, so that the loop has no seam of its own.
    loop = grain[: grain_length - fade].copy()
    loop[:fade] = loop[:fade] * rise + grain[grain_length - fade :] * rise[::-1]
    length = material.samples(rng.uniform(0.5, 3.0))
    decay_s = rng.uniform(0.15, 0.8)
    decay = np.exp(-np.arange(length) / (decay_s * material.rate_hz)).astype(np.float32)
    ring = np.resize(loop, (length, attempt.shape[1])) * decay[:, None]
    ring *= edges(length, material.rate_hz, 0.01)[:, None]
    return np.concatenate([stopped(material, attempt, rng), ring])


def dropping_out(material: Material, attempt: Samples, rng: np.random.Generator) -> Samples:
    """One player after the other stops: the top goes first, or the bottom, then all of it."""
    length = min(len(attempt) // 2, material.samples(rng.uniform(0.8, 3.0)))
    low = rng.random() < 0.7
    corner_hz = rng.uniform(200.0, 900.0) if low else rng.uniform(900.0, 3000.0)
    sections = butter(2, corner_hz, "low" if low else "high", fs=material.rate_hz, output="sos")
    out = attempt.copy()
    few = np.asarray(sosfilt(sections, attempt[-length:], axis=0), np.float32)
    change = np.clip(np.linspace(0.0, 3.0, length, dtype=np.float32), 0.0, 1.0)[:, None]
    falling = 10.0 ** (np.linspace(0.0, -rng.uniform(3.0, 15.0), length) / 20.0).astype(np.float32)
    out[-length:] = ((1.0 - change) * attempt[-length:] + change * few) * falling[:, None]
    return stopped(material, out, rng)


def trailing_off(material: Material, attempt: Samples, rng: np.random.Generator) -> Samples:
    """A few stray notes after the rest has stopped."""
    pieces = [stopped(material, attempt, rng)]
    for _ in range(int(rng.integers(1, 4))):
        pieces.append(material.hush(material.samples(rng.uniform(0.2, 0.9)), rng))
        scrap = material.passage(material.samples(rng.uniform(0.1, 0.5)), rng)
        level = np.float32(10.0 ** (rng.uniform(-18.0, -3.0) / 20.0))
        pieces.append(level * scrap * edges(len(scrap), material.rate_hz, 0.02)[:, None])
    return np.concatenate(pieces)


def quiet_room(material: Material, length: int, rng: np.random.Generator) -> Samples:
    """The room, louder or quieter, dull or bright; now and then nothing at all."""
    if rng.random() < 0.2:
        return np.zeros((length, material.clean.shape[1]), np.float32)
    level = active_rms(material.clean, material.rate_hz) * 10.0 ** (rng.uniform(*_ROOM_DB) / 20.0)
    return np.repeat(coloured_noise(length, material.rate_hz, rng)[:, None], material.clean.shape[1], 1) * (
        np.float32(level)
    )


def talked_over(material: Material, length: int, rng: np.random.Generator) -> Samples:
    """Return the noise of the room with a spoken word."""
    out = quiet_room(material, length, rng)
    clips = material.clips["talk"]
    clip = clips[int(rng.integers(len(clips)))][:length]
    level = active_rms(material.clean, material.rate_hz) * 10.0 ** (rng.uniform(-20.0, -4.0) / 20.0)
    _add(out, int(rng.integers(0, length - len(clip) + 1)), clip, level, material.rate_hz)
    return out


def _add(out: Samples, at: int, sound: Samples, level: float, rate_hz: int) -> None:
    """Add a mono sound of an RMS level to audio, with short fades."""
    gain = np.float32(level / max(active_rms(sound[:, None], rate_hz), 1e-9))
    out[at : at + len(sound)] += (gain * sound * edges(len(sound), rate_hz))[:, None]


def counted_in(material: Material, length: int, rng: np.random.Generator) -> Samples:
    """Sticks count four before the next attempt."""
    out = quiet_room(material, length, rng)
    tick_length = min(length, material.samples(0.04))
    time_s = np.arange(tick_length) / material.rate_hz
    tick = np.exp(-time_s * 150.0) * np.sin(2 * np.pi * rng.uniform(1200.0, 3000.0) * time_s)
    level = active_rms(material.clean, material.rate_hz) * 10.0 ** (rng.uniform(-6.0, 6.0) / 20.0)
    apart = max(tick_length, min(length // 4, material.samples(rng.uniform(0.35, 0.7))))
    for number in range(1, min(4, length // apart) + 1):
        at = length - number * apart
        out[at : at + tick_length] += (np.float32(level) * tick.astype(np.float32))[:, None]
    return out


def coloured_noise(length: int, rate_hz: int, rng: np.random.Generator) -> Samples:
    """Return noise of unit RMS, shape (length,), whose spectrum falls by 0 to 9 dB an octave above 50 Hz."""
    spectrum = np.fft.rfft(rng.standard_normal(length))
    corner = 50.0 * length / rate_hz
    noise = np.fft.irfft(spectrum / (np.arange(len(spectrum)) + corner) ** rng.uniform(0.0, 1.5), length)
    return (noise / max(float(np.sqrt(np.square(noise).mean())), 1e-12)).astype(np.float32)


def broken_off(endings: tuple[Ending, ...], pauses: tuple[Pause, ...], first_s: tuple[float, float]) -> Maker:
    """Return a maker of attempts that break off.

    Parameters
    ----------
    endings, pauses : one of each is drawn for every attempt
    first_s : how short and long the first attempt is; never more than half of the fault, so that at least one
        pause is inside
    """

    def make(material: Material, place: int, length: int, rng: np.random.Generator) -> Samples:
        half = max(material.samples(0.5), length // 2)
        attempt_length = min(half, material.samples(rng.uniform(*first_s)))
        pieces: list[Samples] = []
        at, start = 0, place
        if rng.random() < _PAUSED_BEFORE:
            pieces.append(quiet_room(material, material.samples(rng.uniform(0.5, 2.0)), rng))
            at = len(pieces[0])
        while at < length:
            ending = endings[int(rng.integers(len(endings)))]
            attempt = ending(material, material.following(start, attempt_length), rng)
            make_pause = pauses[int(rng.integers(len(pauses)))]
            pause = make_pause(material, material.samples(rng.uniform(0.5, 3.0)), rng)
            pieces += [attempt, pause]
            at += len(attempt) + len(pause)
            attempt_length = max(material.samples(0.5), round(attempt_length * rng.uniform(0.6, 1.6)))
            way = rng.random()  # again at the same place, a little before it, or anywhere
            if way < 0.4:
                start = place
            elif way < 0.6:
                start = max(0, place - material.samples(rng.uniform(1.0, 8.0)))
            else:
                start = int(rng.integers(0, len(material.clean)))
        return np.concatenate(pieces)

    return make


FALSE_STARTS: Mapping[str, Maker] = {
    "broken_off": broken_off((stopped,), (quiet_room,), (3.0, 9.0)),
    "rings_out": broken_off((ringing,), (quiet_room,), (1.5, 8.0)),
    "drops_out": broken_off((dropping_out,), (quiet_room,), (2.0, 8.0)),
    "trails_off": broken_off((trailing_off,), (quiet_room,), (1.5, 6.0)),
    "called_off": broken_off((stopped, ringing), (talked_over,), (1.5, 8.0)),
    "counted_in": broken_off((stopped, ringing), (counted_in,), (1.5, 8.0)),
}
"""Ways in which an attempt ends, in addition to "false_start", in which it stops dead and is repeated."""


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
    hiss = (0.3 * noise / np.abs(noise).max() * swell).astype(np.float32)
    level = np.float32(10.0 ** (rng.uniform(-40.0, -6.0) / 20.0))
    return np.asarray(hiss[:, None] + level * material.passage(length, rng), np.float32)


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
            _add(out, at, sound, level, material.rate_hz)
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
        _add(out, at, sound, level, material.rate_hz)
        at += len(sound) + material.samples(rng.exponential(2.5))
    return out


def _mains_hum(material: Material, _place: int, length: int, rng: np.random.Generator) -> Samples:
    """An amplifier that is switched on and not played."""
    time_s = np.arange(length) / material.rate_hz
    phase = 2 * np.pi * rng.choice([50.0, 60.0]) * time_s + rng.uniform(0.0, 2 * np.pi)
    hum = _pulses(phase, slope=rng.uniform(0.3, 2.0))
    level = active_rms(material.clean, material.rate_hz) * 10.0 ** (rng.uniform(-50.0, -12.0) / 20.0)
    loud = (level * hum / np.sqrt(np.square(hum).mean())).astype(np.float32)
    hum_in_room: Samples = quiet_room(material, length, rng) + loud[:, None]
    return hum_in_room


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
