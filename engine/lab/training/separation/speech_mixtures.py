"""Training mixtures of speech and other sounds with known parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.signal import butter, fftconvolve, sosfilt

from engine.analysis.detection.spectra import MEL
from engine.lab.training.detection.recordings import Samples, free_recordings, read_mono
from engine.lab.training.detection.sounds import LEARNED_FOLDS, at_speed, free_clips

_LEVELS_DB = (-8.0, 12.0)
_ONLY_SPEECH, _NO_SPEECH = 0.06, 0.12


@dataclass(frozen=True, slots=True, eq=False)
class Sources:
    """Recordings to mix, float32, mono, at the rate of `engine.analysis.detection.spectra.MEL`.

    Attributes
    ----------
    speech : sentences
    clips, places, music : other sounds
    """

    speech: tuple[Samples, ...]
    clips: tuple[Samples, ...]
    places: tuple[Samples, ...]
    music: tuple[Samples, ...]


def load_sources(data_dir: Path) -> Sources:
    """Read the training data: only free licences, without the material of evaluations.

    Parameters
    ----------
    data_dir : holds `speech`, `esc50`, `ambience`, `music` and `loops`

    Raises
    ------
    UsageError : it holds no speech
    """
    recordings = free_recordings(data_dir)
    esc50 = data_dir / "esc50"
    clips = [esc50 / "audio" / name for name in sorted(free_clips(esc50, LEARNED_FOLDS))]
    every = (recordings.speech, clips, recordings.places, recordings.music)
    return Sources(*(tuple(map(read_mono, paths)) for paths in every))


def drawn(sources: Sources, length: int, rng: np.random.Generator) -> tuple[Samples, Samples]:
    """Return speech and everything else, float32, shape (length,); their sum is the recording."""
    speech = talk(sources.speech, length, rng)
    rest = _background(sources, length, rng)
    kind = rng.random()
    if kind < _ONLY_SPEECH:
        rest = rest * np.float32(1e-3)
    elif kind < _ONLY_SPEECH + _NO_SPEECH:
        speech = np.zeros(length, np.float32)
    spoken = float(np.mean(speech**2)) / max(0.2, float(np.mean(np.abs(speech) > 1e-3)))
    level_db = rng.uniform(*_LEVELS_DB)
    if spoken > 0.0:
        ratio = spoken / max(float(np.mean(rest**2)), 1e-10)
        rest = rest * np.float32(np.sqrt(ratio) * 10 ** (-level_db / 20))
    gain = 10 ** (rng.uniform(-25.0, 0.0) / 20) / max(1e-4, float(np.abs(speech + rest).max()))
    return (speech * np.float32(gain)).astype(np.float32), (rest * np.float32(gain)).astype(np.float32)


def talk(voices: Sequence[Samples], length: int, rng: np.random.Generator) -> Samples:
    """Return sentences of one voice with pauses, now and then of another voice as well."""
    out = np.zeros(length, np.float32)
    at = int(rng.integers(-length // 4, length // 2))
    speed = float(np.exp(rng.normal(0.0, 0.12)))
    room = _room(rng) if rng.random() < 0.4 else None
    while at < length:
        sentence = at_speed(voices[int(rng.integers(len(voices)))], speed)
        sentence = sentence / max(1e-4, float(np.sqrt(np.mean(sentence**2))))
        first = max(0, -at)
        part = sentence[first : first + length - max(0, at)]
        out[max(0, at) : max(0, at) + len(part)] += part * np.float32(10 ** (rng.normal(0.0, 2.0) / 20))
        at += len(sentence) + int(rng.uniform(0.1, 1.2) * MEL.rate_hz)
        if rng.random() < 0.3:
            speed = float(np.exp(rng.normal(0.0, 0.12)))
    out = _coloured(out, rng)
    return out if room is None else np.asarray(fftconvolve(out, room)[:length], np.float32)


def _background(sources: Sources, length: int, rng: np.random.Generator) -> Samples:
    kind = rng.random()
    if kind < 0.45:
        out = _clips(sources.clips, length, rng)
    elif kind < 0.65:
        out = excerpt(sources.places, length, rng)
    elif kind < 0.92:
        out = excerpt(sources.music, length, rng)
    else:
        out = _noise(length, rng)
    if rng.random() < 0.3:
        other = _clips(sources.clips, length, rng)
        out = out + other * np.float32(10 ** (rng.uniform(-6.0, 6.0) / 20))
    out = _coloured(out, rng)
    return out if rng.random() < 0.8 else np.asarray(fftconvolve(out, _room(rng))[:length], np.float32)


def _clips(clips: Sequence[Samples], length: int, rng: np.random.Generator) -> Samples:
    """Return clips one after another, each faded into the next."""
    out = np.zeros(length, np.float32)
    at, fade = 0, MEL.rate_hz // 20
    while at < length:
        clip = at_speed(clips[int(rng.integers(len(clips)))], float(np.exp(rng.normal(0.0, 0.1))))
        if rng.random() < 0.5:
            clip = np.concatenate([clip, clip])
        first = int(rng.integers(0, max(1, len(clip) // 2)))
        part = _levelled(clip[first : first + length - at].copy())
        ramp = np.linspace(0.0, 1.0, min(fade, len(part) // 2), dtype=np.float32)
        part[: len(ramp)] *= ramp
        part[len(part) - len(ramp) :] *= ramp[::-1]
        out[at : at + len(part)] += part
        at += max(fade, len(part) - fade)
    return out


def excerpt(recordings: Sequence[Samples], length: int, rng: np.random.Generator) -> Samples:
    """Return a segment of one recording at another speed, repeated if it is too short."""
    recording = recordings[int(rng.integers(len(recordings)))]
    recording = np.resize(recording, max(len(recording), 2 * length))
    speed = float(np.exp(rng.normal(0.0, 0.08)))
    first = int(rng.integers(0, len(recording) - length))
    part = np.resize(at_speed(recording[first : first + round(length * speed) + 2], speed), length)
    return _levelled(np.asarray(part, np.float32))


def _noise(length: int, rng: np.random.Generator) -> Samples:
    """Return hiss of any tilt, or hum."""
    if rng.random() < 0.6:
        spectrum = np.fft.rfft(rng.standard_normal(length))
        hz = np.maximum(np.fft.rfftfreq(length, 1 / MEL.rate_hz), 20.0)
        return _levelled(np.fft.irfft(spectrum * hz ** -rng.uniform(0.0, 1.0), length).astype(np.float32))
    at_s = np.arange(length) / MEL.rate_hz
    mains_hz = float(rng.choice([50.0, 60.0]))
    partials = (
        rng.uniform(0.0, 1.0) ** 2 * np.sin(2 * np.pi * mains_hz * number * at_s + rng.uniform(0, 6.3))
        for number in range(1, 12)
    )
    return _levelled(np.sum(list(partials), axis=0).astype(np.float32))


def _levelled(samples: Samples) -> Samples:
    return samples / np.float32(max(1e-3, float(np.sqrt(np.mean(samples**2)))))


def _coloured(samples: Samples, rng: np.random.Generator) -> Samples:
    """Change the tone, as other microphones and rooms would."""
    for _ in range(2):
        if rng.random() < 0.5:
            edge_hz = float(np.exp(rng.uniform(np.log(150.0), np.log(6000.0))))
            low = sosfilt(butter(1, edge_hz, fs=MEL.rate_hz, output="sos"), samples)
            samples = np.asarray(samples + rng.uniform(-0.7, 2.0) * low, np.float32)
    if rng.random() < 0.15:
        edge_hz = rng.uniform(2500.0, 7000.0)
        samples = np.asarray(sosfilt(butter(4, edge_hz, fs=MEL.rate_hz, output="sos"), samples), np.float32)
    return samples


def _room(rng: np.random.Generator) -> Samples:
    """Return the impulse response of a room: the direct sound and decaying noise."""
    decay_s = rng.uniform(0.1, 0.7)
    at_s = np.arange(int(decay_s * MEL.rate_hz)) / MEL.rate_hz
    response = rng.standard_normal(len(at_s)) * 10 ** (-3.0 * at_s / decay_s)
    response[: int(rng.integers(8, 160))] = 0.0
    response *= rng.uniform(0.1, 0.8) / np.sqrt(np.sum(response**2) + 1e-9)
    response[0] = 1.0
    return np.asarray(response, np.float32)
