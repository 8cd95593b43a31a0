"""Scenes with known half seconds of speech, singing, music and cries, split by source recording.

Nothing here is shared with code that trains: levels, activity and splits are this module's own. Speakers are
not named in the recordings, so voices are split by file.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.lab.evaluation.separation.unseen_sources import RATE_HZ, Background, Bed, Part, beds, clips, read

Samples = NDArray[np.float32]
HALF_S = 0.5
"""Length of a labelled unit."""
SUNG: tuple[tuple[str, Part], ...] = (
    ("Joshua_Morin_On_the_run", Part.FITTED),
    ("Karissa_Hobbs_-_Lets_Go_Fishin", Part.FITTED),
    ("Jonathan_Coulton_Better", Part.REPORTED),
    ("Fairy_Bot_Orchestra_Heaven_can_t_wait", Part.REPORTED),
)
"""Songs with singing, and the part that each belongs to."""
_OTHER_SINGING = "Vocaloid"
CRIES = (
    *("crying baby", "rooster", "laughing", "dog", "cat", "sheep", "crow", "hen", "cow"),
    *("coughing", "sneezing", "frog", "siren", "snoring"),
)
"""Sounds of ESC-50 that are near to a voice."""
_LEVELS_DB = -5.0, 10.0
_CRY_LEVELS_DB = 5.0, 20.0
_SCENE_S = 8.0, 14.0
_RMS = 0.05
_FRAME_S = 0.01
_ACTIVE_DB = -30.0
_GAP_S = 0.3


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """A recording, mono at `RATE_HZ`, and the labels of its half seconds.

    Attributes
    ----------
    group : of the figures
    samples : float32, shape (frames,)
    is_active : of each half second, whether the sound of the group is active in at least half of it
    is_quiet : of each half second, whether that does not sound in it at all
    """

    group: str
    part: Part
    samples: Samples
    is_active: NDArray[np.bool_]
    is_quiet: NDArray[np.bool_]


def speech_scenes(data_dir: Path, part: Part, count: int, seed: int) -> Iterator[Scene]:
    """Yield scenes of one to three sentences over places, noises and music, `count` of each.

    A level is that of the voice while it speaks above the background of the scene, -5 to +10 dB.
    """
    voices = [path for bed in beds(data_dir, part, Background.SPEECH) for path in bed.paths]
    noises = beds(data_dir, part, Background.STEADY) + beds(data_dir, part, Background.INTERMITTENT)
    sources = {
        "places": beds(data_dir, part, Background.PLACES),
        "noises": noises,
        "music": instrumental(data_dir, part),
    }
    for number, (group, backgrounds) in enumerate(sources.items()):
        for each in range(count):
            rng = np.random.default_rng([seed, number, each])
            rest = _background(backgrounds[int(rng.integers(len(backgrounds)))], rng)
            speech = np.zeros_like(rest)
            active = np.zeros(_frames(len(rest)), np.bool_)
            at = int(rng.uniform(0.0, 2.0) * RATE_HZ)
            for path in rng.permutation(np.array(voices, object))[:3]:
                voice = mono(path)
                stop = at + len(voice)
                if stop > len(rest):
                    break
                is_speech = activity(voice)
                loud = np.repeat(is_speech, round(_FRAME_S * RATE_HZ))[: len(voice)]
                speech[at:stop] = voice * np.float32(_RMS / _rms(voice[: len(loud)][loud]))
                first = round(at / RATE_HZ / _FRAME_S)
                active[first : first + len(is_speech)] |= is_speech[: len(active) - first]
                at = stop + int(rng.uniform(0.5, 3.0) * RATE_HZ)
            level = 10 ** (rng.uniform(*_LEVELS_DB) / 20)
            yield _scene(group, part, rest / np.float32(level) + speech, active)


def music_scenes(data_dir: Path, part: Part) -> Iterator[Scene]:
    """Yield each piece and loop without singing."""
    for bed in instrumental(data_dir, part):
        samples = mono(bed.paths[0])
        yield _scene("music", part, samples, np.ones(_frames(len(samples)), np.bool_))


def sung_scenes(data_dir: Path, part: Part) -> Iterator[Scene]:
    """Yield songs; active at notes of the UltraStar file, everywhere without one."""
    for name, its_part in SUNG:
        if its_part is not part:
            continue
        (path,) = (one for one in (data_dir / "music").glob(f"{name}.*") if one.suffix in (".mp3", ".ogg"))
        samples = mono(path)
        active = np.ones(_frames(len(samples)), np.bool_)
        notes = path.with_suffix(".song.txt")
        if notes.exists():
            active[:] = False
            for start_s, stop_s in sung_s(notes):
                active[round(start_s / _FRAME_S) : round(stop_s / _FRAME_S)] = True
        yield _scene(name, part, samples, active)


def cry_scenes(data_dir: Path, part: Part, seed: int) -> Iterator[Scene]:
    """Yield each clip of a sound that is near to a voice, over a place, 5 to 20 dB above it."""
    places = beds(data_dir, part, Background.PLACES)
    for number, clip in enumerate(one for one in clips(data_dir, part) if one.name in CRIES):
        rng = np.random.default_rng([seed, number])
        cry = clip.samples()
        rest = _background(places[int(rng.integers(len(places)))], rng)
        while len(rest) < len(cry) + RATE_HZ:
            rest = np.concatenate([rest, rest[::-1]])
        at = int(rng.integers(RATE_HZ // 2, len(rest) - len(cry)))
        is_cry = activity(cry)
        loud = np.repeat(is_cry, round(_FRAME_S * RATE_HZ))[: len(cry)]
        cry = cry * np.float32(_RMS / max(_rms(cry[: len(loud)][loud]), 1e-6))
        mixed = rest / np.float32(10 ** (rng.uniform(*_CRY_LEVELS_DB) / 20))
        mixed[at : at + len(cry)] += cry
        active = np.zeros(_frames(len(rest)), np.bool_)
        first = round(at / RATE_HZ / _FRAME_S)
        active[first : first + len(is_cry)] = is_cry[: len(active) - first]
        yield _scene(clip.name, part, mixed, active)


def instrumental(data_dir: Path, part: Part) -> tuple[Bed, ...]:
    """List the pieces and loops of a part without singing."""
    sung = (*(name for name, _ in SUNG), _OTHER_SINGING)
    found = beds(data_dir, part, Background.MUSIC)
    return tuple(bed for bed in found if not any(name in bed.paths[0].name for name in sung))


@lru_cache(maxsize=12)
def mono(path: Path) -> Samples:
    """Read a file, mono at `RATE_HZ`."""
    return np.asarray(read(path).mean(axis=1), np.float32)


def activity(samples: Samples) -> NDArray[np.bool_]:
    """Report of each 10 ms whether they are within 30 dB of the loudest; gaps up to 0.3 s count as active."""
    hop = round(_FRAME_S * RATE_HZ)
    power = (samples[: len(samples) // hop * hop].reshape(-1, hop).astype(np.float64) ** 2).mean(axis=1)
    active = power > np.percentile(power, 98) * 10 ** (_ACTIVE_DB / 10)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], active.astype(np.int8), [0]])))
    for stop, start in zip(edges[1:-1:2], edges[2::2], strict=True):
        if (start - stop) * _FRAME_S <= _GAP_S:
            active[stop:start] = True
    return np.asarray(active)


def sung_s(path: Path) -> list[tuple[float, float]]:
    """Read the times of sung notes from an UltraStar file, in seconds."""
    lines = path.read_text(encoding="utf-8-sig", errors="replace").splitlines()
    head = dict(line[1:].split(":", 1) for line in lines if line.startswith("#"))
    beat_s = 60.0 / float(head["BPM"].replace(",", ".")) / 4.0
    gap_s = float(head.get("GAP", "0").replace(",", ".")) / 1000.0
    notes = [line.split()[1:3] for line in lines if line[:1] in (":", "*")]
    return [(gap_s + int(at) * beat_s, gap_s + (int(at) + int(long)) * beat_s) for at, long in notes]


def _background(bed: Bed, rng: np.random.Generator) -> Samples:
    """Cut 8 to 14 s from a background, played again from its start where it is shorter, at a fixed level."""
    whole = mono(bed.paths[0])
    length = round(rng.uniform(*_SCENE_S) * RATE_HZ)
    first = int(rng.integers(max(1, len(whole) - length)))
    cut = np.resize(whole[first : first + length], length)
    return cut * np.float32(_RMS / max(_rms(cut), 1e-6))


def _scene(group: str, part: Part, samples: Samples, active: NDArray[np.bool_]) -> Scene:
    per_half = round(HALF_S / _FRAME_S)
    shares = active[: len(active) // per_half * per_half].reshape(-1, per_half).mean(axis=1)
    peak = max(1.0, float(np.abs(samples).max(initial=0.0)))
    return Scene(group, part, np.asarray(samples / peak, np.float32), shares >= 0.5, shares == 0.0)


def _frames(samples: int) -> int:
    return int(samples / RATE_HZ / _FRAME_S)


def _rms(samples: Samples) -> float:
    return float(np.sqrt(np.mean(samples.astype(np.float64) ** 2))) if len(samples) else 0.0
