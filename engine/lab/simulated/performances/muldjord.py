"""MuldjordKit: a kit whose hits were recorded by twelve microphones at once, with real bleed and delays."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from engine.core.errors import UsageError
from engine.core.files.safe_write import shown
from engine.document.analysis import Role
from engine.lab.simulated.performances.kits import Kit, Shot, rise_of
from engine.lab.simulated.performances.pieces import Piece
from engine.lab.simulated.recordings import whole

NAME = "kit_muldjord"
PIECE_OF_STEM: Mapping[str, Piece] = MappingProxyType(
    {
        "KdrumR": Piece.KICK,
        "Snare": Piece.SNARE,
        "SnareRest": Piece.RIM,
        "HihatClosed": Piece.HAT,
        "HihatOpen": Piece.OPEN_HAT,
        "Tom1": Piece.TOM_HIGH,
        "Tom2": Piece.TOM_MIDDLE,
        "Tom4": Piece.TOM_FLOOR,
        "CrashL": Piece.CRASH_LEFT,
        "CrashR": Piece.CRASH_RIGHT,
        "RideR": Piece.RIDE,
        "RideRBell": Piece.BELL,
    }
)
"""By how its files are called."""

_GAIN = 0.5
_ROLES = {
    "KdrumR": Role.KICK,
    "Snare_top": Role.SNARE,
    "Snare_bottom": Role.SNARE,
    "Hihat": Role.HAT,
    "Tom1": Role.TOM,
    "Tom2": Role.TOM,
    "Tom4": Role.TOM,
    "RideR": Role.CYMBAL,
    "OHL": Role.OVERHEAD,
    "OHR": Role.OVERHEAD,
    "AmbL": Role.ROOM,
    "AmbR": Role.ROOM,
}
_CLOSE = {
    Piece.KICK: "KdrumR",
    Piece.SNARE: "Snare_top",
    Piece.RIM: "Snare_top",
    Piece.HAT: "Hihat",
    Piece.OPEN_HAT: "Hihat",
    Piece.TOM_HIGH: "Tom1",
    Piece.TOM_MIDDLE: "Tom2",
    Piece.TOM_FLOOR: "Tom4",
    Piece.CRASH_LEFT: "OHL",
    Piece.CRASH_RIGHT: "OHR",
    Piece.RIDE: "RideR",
    Piece.BELL: "RideR",
}


def read_muldjord(data_dir: Path, microphones: Sequence[str] = tuple(_ROLES)) -> Kit:
    """Read the kit, with those of some microphones that are there.

    A piece whose microphone is not there is taken to be closest to the left overhead.

    Raises
    ------
    UsageError : the hits are missing
    """
    folder = data_dir / "multimic" / NAME
    stems = stems_of_hits(folder)
    first = next(iter(stems.values()))[0]
    names = [name for name in microphones if (folder / f"{first}_{name}.flac").is_file()]
    close = {piece: names.index(_CLOSE[piece] if _CLOSE[piece] in names else "OHL") for piece in stems}
    rises = _rises(folder / "kit.csv")

    @cache
    def read(piece: Piece, layer: int) -> Shot:
        stem = stems[piece][layer]
        sound = together([whole(folder / f"{stem}_{name}.flac")[0][:, 0] for name in names])
        rise = rises.get(stem) if names[close[piece]] == _CLOSE[piece] else None
        return Shot(sound, rise_of(sound[close[piece]]) if rise is None else rise)

    return Kit(
        name=NAME,
        roles={name: _ROLES[name] for name in names},
        close=close,
        layers={piece: len(hits) for piece, hits in stems.items()},
        read=read,
        gain=_GAIN,
    )


def stems_of_hits(folder: Path) -> dict[Piece, list[str]]:
    """Return the file prefixes of each hit, by piece; each has a file of the left overhead.

    Raises
    ------
    UsageError : the files are missing
    """
    stems: dict[Piece, list[str]] = defaultdict(list)
    for path in sorted(folder.glob("*_OHL.flac")):
        stem = path.stem.removesuffix("_OHL")
        stems[PIECE_OF_STEM[stem.rpartition("_")[0]]].append(stem)
    if not stems:
        raise UsageError(f"{shown(folder)} holds no hits of a kit: name the folder that holds multimic/.")
    return stems


def together(channels: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    """Return channels of any lengths as one array, shape (channels, the longest), zeros at their ends."""
    sound = np.zeros((len(channels), max(len(one) for one in channels)), np.float32)
    for row, one in zip(sound, channels, strict=True):
        row[: len(one)] = one
    return sound


def _rises(path: Path) -> dict[str, int]:
    """Return the onset of each hit at its close microphone, by name; empty without a table."""
    if not path.is_file():
        return {}
    rows = csv.DictReader(path.read_text(encoding="utf-8").splitlines())
    return {f"{row['piece']}_{int(row['layer']):02d}": int(row["onset_sample_close"]) for row in rows}
