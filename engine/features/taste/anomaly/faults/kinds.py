"""Kinds of fault that are injected to measure detectors and to train on."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from engine.features.taste.anomaly.faults.material import HUSH_DB, Maker, Material, Samples, edges, repitched
from engine.features.taste.anomaly.faults.stretch import stretched


def clip_run(name: str, least_pause_s: float, most_pause_s: float) -> Maker:
    """Return a maker that plays clips of a name one after the other, with pauses between."""

    def make(material: Material, _place: int, length: int, rng: np.random.Generator) -> Samples:
        out = material.hush(length, rng)
        clips, at = material.clips[name], 0
        while at < length:
            clip = _sounding(clips[int(rng.integers(len(clips)))], material.rate_hz)[: length - at]
            out[at : at + len(clip)] += (clip * edges(len(clip), material.rate_hz))[:, None]
            at += len(clip) + material.samples(rng.uniform(least_pause_s, most_pause_s))
        return out

    return make


def _sounding(clip: Samples, rate_hz: int) -> Samples:
    """Take the silence off both ends of a clip and bring it to full scale."""
    peak = float(np.abs(clip).max(initial=0.0))
    loud = np.flatnonzero(np.abs(clip) > 0.02 * peak)
    if peak == 0.0 or loud[-1] - loud[0] < rate_hz // 20:
        return clip[: max(1, rate_hz // 20)]
    return clip[loud[0] : loud[-1] + 1] / np.float32(peak)


def _detune(material: Material, _place: int, length: int, rng: np.random.Generator) -> Samples:
    cents = rng.choice([-1.0, 1.0]) * rng.uniform(30.0, 120.0)
    needed = int(length * 2.0 ** (cents / 1200.0)) + material.samples(0.1)
    return repitched(material.passage(needed, rng), cents, material.rate_hz)


def _dropout(material: Material, _place: int, length: int, rng: np.random.Generator) -> Samples:
    """A passage that falls to near silence once to three times, for most of its length."""
    gain = np.full(length, 1.0)
    count = int(rng.integers(1, 4))
    for part in range(count):
        start = (part + rng.uniform(0.1, 0.25)) * length / count
        gain[int(start) : int(start + rng.uniform(0.6, 0.7) * length / count)] = 10.0 ** (HUSH_DB / 20.0)
    width = max(1, material.samples(0.02))
    gain = np.pad(gain, width, mode="edge")
    smooth = np.convolve(gain, np.full(width, 1 / width), "same")[width:-width]
    return (material.passage(length, rng) * smooth[:, None]).astype(np.float32)


def _false_start(material: Material, place: int, length: int, rng: np.random.Generator) -> Samples:
    """Return attempts at the next passage: each breaks off after a pause and is a little longer."""
    out = material.hush(length, rng)
    at, seconds = 0, rng.uniform(1.0, 2.0)
    while at < length:
        start = material.following(place, min(material.samples(seconds), length - at))
        out[at : at + len(start)] += start * edges(len(start), material.rate_hz, 0.03)[:, None]
        at += len(start) + material.samples(rng.uniform(0.6, 1.6))
        seconds *= rng.uniform(1.0, 1.5)
    return out


def _noodling(material: Material, _place: int, length: int, rng: np.random.Generator) -> Samples:
    """Scraps of the music itself at other pitches, in no order and in no time."""
    out = material.hush(length, rng)
    at = 0
    while at < length:
        scrap = material.passage(material.samples(rng.uniform(0.12, 0.6)), rng)
        scrap = repitched(scrap, 100.0 * float(rng.integers(-5, 6)), material.rate_hz)[: length - at]
        level = 10.0 ** (rng.uniform(-6.0, 0.0) / 20.0)
        out[at : at + len(scrap)] += level * scrap * edges(len(scrap), material.rate_hz, 0.02)[:, None]
        at += len(scrap) + material.samples(rng.uniform(0.0, 0.35))
    return out


def _wrong_tempo(material: Material, _place: int, length: int, rng: np.random.Generator) -> Samples:
    """A passage far too slow or too fast, at its own pitch."""
    factor = float(rng.uniform(1.25, 1.5) if rng.random() < 0.5 else rng.uniform(0.65, 0.8))
    needed = int(length / factor) + material.samples(0.2)
    return stretched(material.passage(needed, rng), factor, material.rate_hz)


def _bad_join(material: Material, _place: int, length: int, rng: np.random.Generator) -> Samples:
    """Stretches of a second or less, cut anywhere and joined without a crossfade."""
    pieces, left = [], length
    while left > 0:
        piece = material.passage(min(left, material.samples(rng.uniform(0.25, 1.0))), rng)
        pieces.append(piece)
        left -= len(piece)
    return np.concatenate(pieces)


MAKERS: Mapping[str, Maker] = {
    "talk": clip_run("talk", 0.1, 0.6),
    "noise": clip_run("noise", 0.0, 0.1),
    "detune": _detune,
    "dropout": _dropout,
    "false_start": _false_start,
    "noodling": _noodling,
    "wrong_tempo": _wrong_tempo,
    "bad_join": _bad_join,
}
NEED_CLIPS = ("talk", "noise")
KINDS = tuple(MAKERS)
