"""Performances to learn from, to choose by, and to test on: no kit and no drummer is in two of these."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Literal
from zlib import crc32

import numpy as np

from engine.core.errors import UsageError
from engine.lab.simulated.performances.below import with_snare_below
from engine.lab.simulated.performances.displacement import Displacement, displaced, drawn
from engine.lab.simulated.performances.gogodze import NAME as GOGODZE
from engine.lab.simulated.performances.gogodze import has_gogodze, read_gogodze
from engine.lab.simulated.performances.grooves import Groove, GrooveFile, read_groove, read_table
from engine.lab.simulated.performances.hydrogen import found_kits, read_hydrogen
from engine.lab.simulated.performances.kits import Kit
from engine.lab.simulated.performances.muldjord import NAME as MULDJORD
from engine.lab.simulated.performances.muldjord import read_muldjord
from engine.lab.simulated.performances.performance import Performance
from engine.lab.simulated.performances.scores import score_of
from engine.lab.simulated.performances.takes import Take, take_of

Part = Literal["train", "validation", "test"]

LONGEST_S = 60.0
_SHORTEST_S = 15.0
_DRUMMERS: Mapping[Part, Sequence[str]] = MappingProxyType(
    {
        "train": ("drummer1", "drummer10", "drummer2", "drummer3", "drummer4"),
        "validation": ("drummer6", "drummer9"),
        "test": ("drummer5", "drummer7", "drummer8"),
    }
)
_VALIDATION_KITS = ("ColomboAcousticDrumkit", "HardElectro1")
_TEST_KITS = 2
_FIRST_BEAT_S = (0.4, 1.5)
_STAGES, _WITH_BELOW = 1 << 30, 0.2


def drummers_of(part: Part) -> Sequence[str]:
    """Return the players of a part."""
    return _DRUMMERS[part]


def kits_of(part: Part, data_dir: Path | None = None) -> list[str]:
    """Return the names of the kits of a part.

    The recorded kits are tested on alone, with the last two of Hydrogen. Where none of those are installed
    MuldjordKit is all there is, and plays in every part.

    Parameters
    ----------
    data_dir : where Gogodze may be among the recordings
    """
    others = found_kits()
    if not others:
        return [MULDJORD]
    tested = [MULDJORD, *others[-_TEST_KITS:]]
    tested += [GOGODZE] if data_dir is not None and has_gogodze(data_dir) else []
    if part == "test":
        return tested
    return [
        kit for kit in others if kit not in tested and (kit in _VALIDATION_KITS) == (part == "validation")
    ]


@lru_cache(maxsize=8)
def kit_named(data_dir: Path, name: str) -> Kit:
    """Read a kit, once.

    Raises
    ------
    UsageError : the recorded kit is not among the recordings
    """
    recorded = {MULDJORD: read_muldjord, GOGODZE: read_gogodze}
    return recorded[name](data_dir) if name in recorded else read_hydrogen(name)


def grooves_of(data_dir: Path, part: Part, drummers: Sequence[str] = ()) -> list[GrooveFile]:
    """Return the performances of a part that are long enough, by name; none that is an example in `multimic`.

    Parameters
    ----------
    drummers : of the part; all of them unless some are named

    Raises
    ------
    UsageError : the table of performances cannot be read, or holds none of these drummers
    """
    playing = drummers or _DRUMMERS[part]
    examples = {folder.name.removeprefix("example_") for folder in data_dir.glob("multimic/example_*")}
    files = [
        file
        for file in read_table(data_dir)
        if file.drummer in playing
        and file.is_beat
        and file.duration_s >= _SHORTEST_S
        and file.example_name not in examples
    ]
    if not files:
        raise UsageError(
            f"No performance by {', '.join(playing)} is among the recordings: copy multimic/midi."
        )
    return files


def takes(
    data_dir: Path,
    part: Part = "train",
    count: int = 100,
    seed: int = 0,
    displacement: Displacement | None = None,
    longest_s: float = LONGEST_S,
    drummers: Sequence[str] = (),
) -> Iterator[Take]:
    """Yield performances that are not yet rendered, the same for the same seed.

    Each is of a drummer and a kit of the part, all drummers and all kits as often.

    Parameters
    ----------
    displacement : how they depart from their scores; drawn for each where it is None
    drummers : of the part; all of them unless some are named

    Raises
    ------
    UsageError : the recordings are not there
    """
    kits = kits_of(part, data_dir)
    for number, groove, rng in _grooves(data_dir, part, count, seed, drummers):
        kit = kit_named(data_dir, kits[number % len(kits)])
        yield take_through(groove, kit, displacement or drawn(rng), longest_s, rng)


def takes_on_drawn_stages(
    data_dir: Path, part: Part = "train", count: int = 100, seed: int = 0, longest_s: float = LONGEST_S
) -> Iterator[Take]:
    """Yield performances as `takes` does, each on a stage of its own, some with a microphone below the snare.

    Raises
    ------
    UsageError : the recordings are not there
    """
    kits = kits_of(part)
    for number, groove, rng in _grooves(data_dir, part, count, seed, ()):
        name = kits[number % len(kits)]
        stage = int(rng.integers(_STAGES))
        kit = kit_named(data_dir, name) if name == MULDJORD else read_hydrogen(name, drawn=stage)
        kit = with_snare_below(kit) if rng.random() < _WITH_BELOW else kit
        yield take_through(groove, kit, drawn(rng), longest_s, rng)


def _grooves(
    data_dir: Path, part: Part, count: int, seed: int, drummers: Sequence[str]
) -> Iterator[tuple[int, Groove, np.random.Generator]]:
    """Yield the number of a performance, its groove and the generator of all that is drawn for it."""
    files = grooves_of(data_dir, part, drummers)
    playing = sorted({file.drummer for file in files})
    for number in range(count):
        rng = np.random.default_rng((seed, number, crc32(part.encode())))
        drummer = playing[int(rng.integers(len(playing)))]
        own = [file for file in files if file.drummer == drummer]
        yield number, _read(own[int(rng.integers(len(own)))]), rng


def performances(
    data_dir: Path,
    part: Part = "train",
    count: int = 100,
    seed: int = 0,
    displacement: Displacement | None = None,
    longest_s: float = LONGEST_S,
) -> Iterator[Performance]:
    """Yield rendered performances, see `takes`."""
    for take in takes(data_dir, part, count, seed, displacement, longest_s):
        yield take.rendered()


def take_through(
    groove: Groove, kit: Kit, by: Displacement, longest_s: float, rng: np.random.Generator
) -> Take:
    """Play an excerpt of whole bars of a performance through a kit."""
    score = score_of(groove, {piece: kit.close[kit.standing_in(piece)] for piece in set(groove.pieces)})
    bar_s = score.beat_s * score.beats_in_bar
    spare_bars = int(max(0.0, groove.file.duration_s - longest_s) / bar_s)
    excerpt = score.excerpt(int(rng.integers(0, spare_bars + 1)), longest_s)
    microphones = np.array([kit.close[kit.standing_in(piece)] for piece in excerpt.pieces], np.int64)
    played = displaced(excerpt, by, microphones, rng)
    return take_of(kit, played, float(rng.uniform(*_FIRST_BEAT_S)), int(rng.integers(1 << 31)))


@lru_cache(maxsize=512)
def _read(file: GrooveFile) -> Groove:
    return read_groove(file)
