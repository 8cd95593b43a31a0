"""Recordings without repeated passages: every detection is a false alarm."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from engine.features.taste.anomaly.planting import Samples
from engine.features.taste.anomaly.practice_kinds import coloured_noise
from engine.lab.evaluation.materials.speech import Voice, say, sentence
from engine.lab.simulated.recordings import HEARD_RATE_HZ, clip, clip_rows
from engine.lab.simulated.rehearsals.passages import LOOPS, MUSIC, Pool

_CLIPS = 40
_SENTENCES = 60
_LASTS_S = 300
_TEMPO_BPM = 96.0


def nothing_again(data_dir: Path, pool: Pool, seed: int) -> Iterator[tuple[str, Samples]]:
    """Yield the name and the recording, mono at `HEARD_RATE_HZ`.

    Whole songs have choruses, and a loop comes again every few seconds; neither is another take.
    """
    rng = np.random.default_rng([seed, 9])
    length = _LASTS_S * HEARD_RATE_HZ
    yield "silence", np.zeros(length, np.float32)
    yield "noise", 0.05 * coloured_noise(length, HEARD_RATE_HZ, rng)
    yield "metronome", _metronome(length, rng)
    rows = clip_rows(data_dir)
    picked = rng.permutation(len(rows))[: 2 * _CLIPS]
    sources: dict[str, Samples] = {}
    for number in picked.tolist():
        sources.setdefault(rows[number]["src_file"], clip(data_dir, rows[number]))
    yield "field", np.concatenate(list(sources.values())[:_CLIPS])
    if shutil.which("espeak-ng") is not None:
        voice = Voice("en-gb", 45, 150)
        sentences = list(dict.fromkeys(sentence(rng) for _ in range(_SENTENCES)))
        yield "speech", np.concatenate([_then_quiet(say(voice, text), rng) for text in sentences])
    for number in range(len(pool.paths[MUSIC])):
        yield "song", pool.drawn(MUSIC, number)
    yield "concert", _concert(pool, rng)
    loop = pool.drawn(LOOPS, 0)
    yield "loop", np.resize(loop, length)


def _concert(pool: Pool, rng: np.random.Generator) -> Samples:
    """Return every recording there is once, with a quiet pause after it."""
    parts = []
    for sort, recordings in pool.paths.items():
        for number in range(len(recordings)):
            played = pool.drawn(sort, number)
            quiet = 0.001 * rng.standard_normal(round(rng.uniform(1.5, 5.0) * HEARD_RATE_HZ)).astype(
                np.float32
            )
            parts += [played / np.float32(max(1e-6, float(np.abs(played).max()))), quiet]
    return np.concatenate(parts)


def _metronome(length: int, rng: np.random.Generator) -> Samples:
    apart = round(60.0 / _TEMPO_BPM * HEARD_RATE_HZ)
    time_s = np.arange(round(0.03 * HEARD_RATE_HZ)) / HEARD_RATE_HZ
    out = (0.001 * rng.standard_normal(length)).astype(np.float32)
    for number, at in enumerate(range(0, length - len(time_s), apart)):
        tone_hz = 1500.0 if number % 4 == 0 else 1000.0
        out[at : at + len(time_s)] += (
            0.5 * np.exp(-time_s * 120.0) * np.sin(2 * np.pi * tone_hz * time_s)
        ).astype(np.float32)
    return out


def _then_quiet(speech: Samples, rng: np.random.Generator) -> Samples:
    quiet = np.zeros(round(rng.uniform(0.3, 2.5) * HEARD_RATE_HZ), np.float32)
    return np.concatenate([speech, quiet])
