"""Drum kits of the Hydrogen drum machine, with simulated microphones on a stage.

Where they are installed (Debian: hydrogen-drumkits), on machines that train and evaluate.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from pathlib import Path
from types import MappingProxyType
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray

from engine.lab.simulated.performances.kits import RATE_HZ, Kit, Shot
from engine.lab.simulated.performances.pieces import Piece
from engine.lab.simulated.performances.stage import CLOSE, ROLES, drawn_stage, stage_of
from engine.lab.simulated.recordings import converted, whole

FOLDER = Path("/usr/share/hydrogen/data/drumkits")
_NEEDED = (Piece.KICK, Piece.SNARE, Piece.HAT)
_VELOCITY_POWER = 1.5
_HAT = "(hat|hh)"
_SAID: Mapping[Piece, tuple[str, str]] = MappingProxyType(
    {
        Piece.KICK: (r"kick|bass ?drum", r"click"),
        Piece.SNARE: (r"snare", r"rim|stick|roll|off"),
        Piece.RIM: (r"stick|rim", r"roll"),
        Piece.HAT: (_HAT, r"open|\bop\b|ohh|pedal|\bpd\b|semi|free|tambourine"),
        Piece.OPEN_HAT: (rf"{_HAT}.*(open|\bop\b)|open.*{_HAT}|ohh", r"semi"),
        Piece.TOM_HIGH: (r"tom.*hi|hi.*tom|^tom$", r"bass|bottom"),
        Piece.TOM_MIDDLE: (r"tom.*mid|mid.*tom", r"bottom"),
        Piece.TOM_FLOOR: (r"tom.*(low|floor)|(low|floor).*tom", r"bottom"),
        Piece.CRASH_LEFT: (r"crash|cymbal", r"ride|choke"),
        Piece.CRASH_RIGHT: (r"crash.*(right|jazz)|cymbal 2", r"ride|choke"),
        Piece.RIDE: (r"ride", r"crash|bell|cup"),
        Piece.BELL: (r"ride.*(bell|cup)", r"crash"),
    }
)
"""Words that the name of an instrument must and must not contain."""


def found_kits(folder: Path = FOLDER) -> list[str]:
    """Return the names of the kits that have a kick, a snare and a hi-hat, by name without regard to case."""
    if not folder.is_dir():
        return []
    kits = [path.parent for path in folder.glob("*/drumkit.xml")]
    complete = [kit.name for kit in kits if all(piece in files_of(kit) for piece in _NEEDED)]
    return sorted(complete, key=str.casefold)


def read_hydrogen(name: str, folder: Path = FOLDER, drawn: int | None = None) -> Kit:
    """Read a kit by its name.

    Parameters
    ----------
    drawn : number of a drawn stage; None for its own
    """
    files = files_of(folder / name)
    stage = stage_of(name) if drawn is None else drawn_stage(name, drawn)

    @cache
    def read(piece: Piece, layer: int) -> Shot:
        return stage.heard(piece, read_dry(files[piece][layer]))

    return Kit(
        name=name,
        roles=ROLES,
        close=CLOSE,
        layers={piece: len(layers) for piece, layers in files.items()},
        read=read,
        velocity_power=_VELOCITY_POWER,
    )


def read_dry(path: Path) -> NDArray[np.float32]:
    """Read a hit as it is stored, folded to one channel at the rate of all kits, shape (n,)."""
    sound, rate_hz = whole(path)
    mono = sound.mean(axis=1, dtype=np.float32)
    return mono if rate_hz == RATE_HZ else converted(mono, rate_hz, RATE_HZ)


@lru_cache(maxsize=64)
def files_of(kit: Path) -> Mapping[Piece, Sequence[Path]]:
    """Return the files of each piece of a kit, given by its folder, from the softest to the loudest."""
    found: dict[Piece, Sequence[Path]] = {}
    root = ElementTree.fromstring(re.sub(rb'\sxmlns="[^"]*"', b"", (kit / "drumkit.xml").read_bytes()))
    for instrument in root.iter("instrument"):
        layers = sorted(instrument.iter("layer"), key=lambda one: float(one.findtext("min") or 0.0))
        names = [one.findtext("filename") for one in layers] or [instrument.findtext("filename")]
        paths = [kit / name for name in names if name and (kit / name).is_file()]
        said = (instrument.findtext("name") or "").casefold()
        for piece, (wanted, unwanted) in _SAID.items():
            if paths and piece not in found and re.search(wanted, said) and not re.search(unwanted, said):
                found[piece] = paths
    return found
