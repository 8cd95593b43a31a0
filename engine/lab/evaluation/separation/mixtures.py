"""Mixtures of sounds that nothing was learned from, at the rate and with the channels of a recording."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soxr
from numpy.typing import NDArray

from engine.analysis.detection.spectra import MEL
from engine.lab.training.detection.sounds import Sound
from engine.lab.training.separation.scenes import Kind, Scene, Scenes

Samples = NDArray[np.float32]
RATE_HZ = 44_100
HELD_BACK_FOLD = 5
PAIRS = "clapsep_pairs_dev.csv"
_NAMED = "the sound of "


@dataclass(frozen=True, slots=True, eq=False)
class Mixture:
    """A mixture with known parts.

    Attributes
    ----------
    meant, rest : float32, shape (frames, channels); their sum is the recording
    window_samples : [start, stop)
    name : of the target
    others : names of other sounds in the window
    level_db : level of the target relative to the rest, in the window
    """

    meant: Samples
    rest: Samples
    rate_hz: int
    window_samples: tuple[int, int]
    name: str
    others: tuple[str, ...]
    level_db: float

    @property
    def whole(self) -> Samples:
        """Return the recording."""
        return self.meant + self.rest


def surrounded(sounds: Sequence[Sound], count: int, seed: int) -> Iterator[Mixture]:
    """Yield sounds of 0.5 to 1.5 s over a background that goes on around them, -5 to +5 dB, in stereo."""
    yield from _drawn(sounds, Kind.SURROUNDED, count, seed)


def crowded(sounds: Sequence[Sound], count: int, seed: int) -> Iterator[Mixture]:
    """Yield two sounds in one window over a background that goes on; one of them is meant."""
    yield from _drawn(sounds, Kind.CROWDED, count, seed)


def alone(sounds: Sequence[Sound], count: int, seed: int) -> Iterator[Mixture]:
    """Yield two simultaneous sounds with silence around: only words identify the target."""
    yield from _drawn(sounds, Kind.ALONE, count, seed)


def pairs(data_dir: Path, sounds: Sequence[Sound], count: int, seed: int) -> Iterator[Mixture]:
    """Yield published pairs of unseen sounds: whole clips of equal loudness."""
    by_file = {sound.path.stem: sound for sound in sounds}
    with (data_dir / "esc50" / PAIRS).open(encoding="utf-8", newline="") as stream:
        rows = [
            row
            for row in csv.DictReader(stream)
            if Path(row["source_file"]).stem in by_file and Path(row["noise_file"]).stem in by_file
        ]
    rng = np.random.default_rng(seed)
    for index in rng.permutation(len(rows))[:count]:
        one, two = (by_file[Path(rows[index][column]).stem] for column in ("source_file", "noise_file"))
        meant, rest = one.samples(), two.samples()
        power = float(np.mean(meant.astype(np.float64) ** 2)), float(np.mean(rest.astype(np.float64) ** 2))
        if min(power) < 1e-9:
            continue
        rest = np.asarray(rest * np.sqrt(power[0] / power[1]), np.float32)
        name = rows[index]["positive_caption"].removeprefix(_NAMED)
        yield Mixture(meant[:, None], rest[:, None], MEL.rate_hz, (0, len(meant)), name, (two.name,), 0.0)


def _drawn(sounds: Sequence[Sound], kind: Kind, count: int, seed: int) -> Iterator[Mixture]:
    names = sorted({sound.name for sound in sounds})
    scenes = Scenes(sounds, {name: index for index, name in enumerate(names)}, plain=True)
    for number in range(count):
        rng = np.random.default_rng([seed, number])
        scene = scenes.of(kind, rng)[0]
        window = slice(*scene.window_samples)
        # A stretch in which one of both rests tells nothing of how they are taken apart.
        while min(float(np.mean(part[window] ** 2)) for part in (scene.meant, scene.rest)) < 1e-7:
            scene = scenes.of(kind, rng)[0]
            window = slice(*scene.window_samples)
        yield _staged(scene, names, rng)


def _staged(scene: Scene, names: Sequence[str], rng: np.random.Generator) -> Mixture:
    """Return a scene at `RATE_HZ` in stereo, target and rest at different positions."""
    places = rng.permutation([rng.uniform(0.3, 1.0), 1.0]), rng.permutation([rng.uniform(0.3, 1.0), 1.0])
    meant, rest = (
        np.asarray(soxr.resample(part, MEL.rate_hz, RATE_HZ)[:, None] * place, np.float32)
        for part, place in zip((scene.meant, scene.rest), places, strict=True)
    )
    start, stop = (round(each * RATE_HZ / MEL.rate_hz) for each in scene.window_samples)
    level_db = 10.0 * float(np.log10(np.mean(meant[start:stop] ** 2) / np.mean(rest[start:stop] ** 2)))
    others = tuple(names[number] for number in scene.sounding if number != scene.asked)
    return Mixture(meant, rest, RATE_HZ, (start, min(stop, len(meant))), names[scene.asked], others, level_db)
