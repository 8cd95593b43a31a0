"""Ways of breaking off: music that stops before its end, a pause, and another attempt.

Players stop dead, let the last chord ring, drop out one after the other or trail off in stray notes; the
pause has room noise, silence, a word or a count; and then the same passage follows again, a part of the music
before, or something else. An attempt can be superfluous without a repeat.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from scipy.signal import butter, sosfilt

from engine.features.taste.anomaly.faults.material import Maker, Material, Samples, active_rms, edges

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
    gain = np.float32(level / max(active_rms(clip[:, None], material.rate_hz), 1e-9))
    at = int(rng.integers(0, length - len(clip) + 1))
    out[at : at + len(clip)] += (gain * clip * edges(len(clip), material.rate_hz))[:, None]
    return out


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
    unit: Samples = (noise / max(float(np.sqrt(np.square(noise).mean())), 1e-12)).astype(np.float32)
    return unit


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
            attempt = endings[int(rng.integers(len(endings)))](
                material, material.following(start, attempt_length), rng
            )
            pause = pauses[int(rng.integers(len(pauses)))](
                material, material.samples(rng.uniform(0.5, 3.0)), rng
            )
            pieces += [attempt, pause]
            at += len(attempt) + len(pause)
            attempt_length = max(material.samples(0.5), round(attempt_length * rng.uniform(0.6, 1.6)))
            start = _next_start(material, place, rng)
        return np.concatenate(pieces)

    return make


def _next_start(material: Material, place: int, rng: np.random.Generator) -> int:
    """Return where the next attempt begins: at the same place, a little before it, or anywhere."""
    way = rng.random()
    if way < 0.4:
        return place
    if way < 0.6:
        return max(0, place - material.samples(rng.uniform(1.0, 8.0)))
    return int(rng.integers(0, len(material.clean)))


FALSE_STARTS: Mapping[str, Maker] = {
    "broken_off": broken_off((stopped,), (quiet_room,), (3.0, 9.0)),
    "rings_out": broken_off((ringing,), (quiet_room,), (1.5, 8.0)),
    "drops_out": broken_off((dropping_out,), (quiet_room,), (2.0, 8.0)),
    "trails_off": broken_off((trailing_off,), (quiet_room,), (1.5, 6.0)),
    "called_off": broken_off((stopped, ringing), (talked_over,), (1.5, 8.0)),
    "counted_in": broken_off((stopped, ringing), (counted_in,), (1.5, 8.0)),
}
"""Ways in which an attempt ends, in addition to "false_start", in which it stops dead and is repeated."""
