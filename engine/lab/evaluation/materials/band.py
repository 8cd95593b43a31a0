"""Takes of a band: some are training data, faults are injected into others.

Five bands, one a seed: three drummers, each in one style, with human performances on one kit; the pieces of
one producer; and a studio band that plays a song in each of several styles.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.core.errors import UsageError
from engine.core.files.safe_write import shown
from engine.lab.evaluation.materials.case import Case, Faults, MaterialKind
from engine.lab.evaluation.materials.grooves import played, read_kit, takes_of
from engine.lab.simulated.recordings import Excerpt, drawn_clips, excerpt, sound_files, whole

_KEPT_S, _TESTED_S = 120.0, 90.0
_LEAST_TESTED_S = 28.0
_MOST_KEPT = 4
_PASSAGE_S = 30.0


@dataclass(frozen=True, slots=True)
class Band:
    """Takes that belong together.

    Attributes
    ----------
    takes : (folder of the data, how many, rng) to that many recordings, or as many as there are
    tested : how many of them are tested
    """

    name: str
    takes: Callable[[Path, int, np.random.Generator], list[Excerpt]]
    tested: int = 2

    def divided(
        self, data_dir: Path, rng: np.random.Generator, more: int = 0
    ) -> tuple[tuple[Excerpt, ...], tuple[Excerpt, ...]]:
        """Return takes to learn from, and others to test with: those that are long enough, and `more`.

        With the same `rng` the takes to learn from are the same, however many more are tested.
        """
        count = _MOST_KEPT + self.tested
        takes = self.takes(data_dir, count + more, rng)
        tested = [take for take in takes[:count] if len(take.audio) >= _LEAST_TESTED_S * take.rate_hz]
        tested = tested[: self.tested]
        kept = tuple(take for take in takes[:count] if take not in tested)
        return kept, (*tested, *takes[count:])


def chosen_band(seed: int) -> Band:
    """Return the band of a seed."""
    return BANDS[seed % len(BANDS)]


def _case(data_dir: Path, seed: int) -> Case:
    rng = np.random.default_rng([seed, 1])
    band = chosen_band(seed)
    kept, tested = band.divided(data_dir, rng)
    faults, raw_faults = map(Faults, drawn_clips(data_dir, rng, kept[0].rate_hz))
    return Case(
        group=band.name,
        kept=kept,
        tested=tuple(faults.planted(_beginning(take, _TESTED_S), rng) for take in tested),
        raw_of=lambda kept: raw_faults.planted(kept, rng).audio,
    )


def _beginning(take: Excerpt, longest_s: float) -> Excerpt:
    return Excerpt(take.name, take.audio[: round(longest_s * take.rate_hz)], take.rate_hz)


def _drummer(name: str, style: str) -> Band:
    def takes(data_dir: Path, count: int, rng: np.random.Generator) -> list[Excerpt]:
        paths = takes_of(data_dir, name, style, _TESTED_S)
        kit = read_kit(data_dir)
        return [played(paths[k], kit, _KEPT_S) for k in rng.permutation(len(paths))[:count]]

    return Band(f"{name}, {style}", takes)


def _producer(data_dir: Path, count: int, rng: np.random.Generator) -> list[Excerpt]:
    paths = [path for path in sound_files(data_dir / "music") if path.name.startswith("gm3_")]
    if len(paths) < 2:
        raise UsageError(f"{shown(data_dir / 'music')} holds no pieces 'gm3_': add the pieces of one band.")
    return [excerpt(paths[k], _KEPT_S) for k in rng.permutation(len(paths))[:count]]


def _studio_band(data_dir: Path, count: int, rng: np.random.Generator) -> list[Excerpt]:
    folders = sorted(path for path in (data_dir / "mdbdrums").iterdir() if path.is_dir())
    return [_mixed(folders[k]) for k in rng.permutation(len(folders))[:count]]


def _mixed(folder: Path) -> Excerpt:
    """Return a song with its tracks as loud as they were recorded."""
    tracks: Sequence[Path] = [path for path in sound_files(folder) if "_RAW_" in path.name]
    read = [whole(path) for path in tracks]
    length = min(len(audio) for audio, _ in read)
    mix = np.sum([audio[:length].mean(axis=1) for audio, _ in read], axis=0)
    return Excerpt(folder.name, (mix / max(float(np.abs(mix).max()), 1e-9)).astype(np.float32), read[0][1])


BANDS = (
    _drummer("drummer1", "rock"),
    Band("gm3", _producer, tested=1),
    _drummer("drummer8", "funk"),
    Band("mdbdrums", _studio_band),
    _drummer("drummer5", "latin"),
)


def _song(title: str) -> Band:
    """Return a band with one song: passages of 30 s, every other one as training data."""

    def takes(data_dir: Path, count: int, rng: np.random.Generator) -> list[Excerpt]:  # noqa: ARG001
        path = next(path for path in sound_files(data_dir / "music") if path.stem.startswith(title))
        audio, rate_hz = whole(path)
        passages = np.array_split(audio.mean(axis=1), round(len(audio) / rate_hz / _PASSAGE_S))
        named = [Excerpt(f"{title}, passage {k + 1}", one, rate_hz) for k, one in enumerate(passages)]
        return [*named[1::2], *named[::2]][:count]

    return Band(title, takes)


CHOSEN_ON = (
    _drummer("drummer7", "rock"),
    _drummer("drummer6", "rock"),
    _drummer("drummer8", "afrobeat"),
    _song("Joshua_Morin"),
    _song("Jonathan_Coulton"),
    _drummer("drummer1", "jazz"),
)
"""Bands that settings are chosen on; no figure is reported of them."""

BAND = MaterialKind("band", "a band's takes", ("music", "mdbdrums", "multimic", "esc50"), _case)
