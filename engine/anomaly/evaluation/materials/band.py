"""A band's takes: some are kept and learned from, faults are planted in others.

Five bands, one a seed: three drummers, each in one style, with human performances on one kit; the pieces of
one producer; and a studio band that plays a song in each of several styles.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.anomaly.evaluation.materials.case import Case, Faults, Material
from engine.anomaly.evaluation.materials.grooves import played, read_kit, takes_of
from engine.anomaly.evaluation.recordings import Excerpt, drawn_clips, excerpt, sound_files, whole
from engine.errors import UsageError
from engine.safe_write import shown

_KEPT_S, _TESTED_S = 120.0, 90.0
_LEAST_TESTED_S = 28.0
_MOST_KEPT = 4


@dataclass(frozen=True, slots=True)
class _Band:
    """Takes that belong together.

    Attributes
    ----------
    takes : (folder of the data, how many, rng) to that many recordings, or as many as there are
    tested : how many of them are tested
    """

    name: str
    takes: Callable[[Path, int, np.random.Generator], list[Excerpt]]
    tested: int = 2


def _case(data_dir: Path, seed: int) -> Case:
    rng = np.random.default_rng([seed, 1])
    band = _BANDS[seed % len(_BANDS)]
    takes = band.takes(data_dir, _MOST_KEPT + band.tested, rng)
    long = [take for take in takes if len(take.audio) >= _LEAST_TESTED_S * take.rate_hz]
    tested = long[: band.tested]
    faults, raw_faults = map(Faults, drawn_clips(data_dir, rng, takes[0].rate_hz))
    return Case(
        group=band.name,
        kept=tuple(take for take in takes if take not in tested),
        tested=tuple(faults.planted(_beginning(take, _TESTED_S), rng) for take in tested),
        raw_of=lambda kept: raw_faults.planted(kept, rng).audio,
    )


def _beginning(take: Excerpt, longest_s: float) -> Excerpt:
    return Excerpt(take.name, take.audio[: round(longest_s * take.rate_hz)], take.rate_hz)


def _drummer(name: str, style: str) -> _Band:
    def takes(data_dir: Path, count: int, rng: np.random.Generator) -> list[Excerpt]:
        paths = takes_of(data_dir, name, style, _TESTED_S)
        kit = read_kit(data_dir)
        return [played(paths[k], kit, _KEPT_S) for k in rng.permutation(len(paths))[:count]]

    return _Band(f"{name}, {style}", takes)


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


_BANDS = (
    _drummer("drummer1", "rock"),
    _Band("gm3", _producer, tested=1),
    _drummer("drummer8", "funk"),
    _Band("mdbdrums", _studio_band),
    _drummer("drummer5", "latin"),
)

BAND = Material("band", "a band's takes", ("music", "mdbdrums", "multimic", "esc50"), _case)
