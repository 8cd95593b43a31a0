"""Gogodze Phu Vol II (Karoryfer Lecolds, CC0): a kit recorded by seven microphones at once.

Only kick and snare have microphones of their own; toms and hi-hat are picked up by one above the kit, and by
four farther away.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

from engine.document.analysis import Role
from engine.lab.simulated.performances.kits import Kit, Shot, rise_of
from engine.lab.simulated.performances.muldjord import together
from engine.lab.simulated.performances.pieces import Piece
from engine.lab.simulated.recordings import whole

NAME = "kit_gogodze"
_ROLES: Mapping[str, Role] = MappingProxyType(
    {
        "kick_mic": Role.KICK,
        "snare_mic": Role.SNARE,
        "oh_mic": Role.OVERHEAD,
        "side_mic": Role.ROOM,
        "front_mic": Role.ROOM,
        "retro_mic": Role.ROOM,
        "wndw_mic": Role.ROOM,
    }
)
_PREFIXES: Mapping[Piece, str] = MappingProxyType(
    {
        Piece.KICK: "ks",
        Piece.SNARE: "sc",
        Piece.RIM: "ss",
        Piece.HAT: "hc",
        Piece.OPEN_HAT: "ho",
        Piece.TOM_HIGH: "th",
        Piece.TOM_MIDDLE: "tm",
        Piece.TOM_FLOOR: "tl",
    }
)
_CLOSE = {Piece.KICK: "kick_mic", Piece.SNARE: "snare_mic", Piece.RIM: "snare_mic"}
_LONGEST_SAMPLES = 132_300


def has_gogodze(data_dir: Path) -> bool:
    """Return whether the kit is among the recordings."""
    return (data_dir / "multimic" / NAME / "oh_mic").is_dir()


def read_gogodze(data_dir: Path) -> Kit:
    """Read the kit from its folder of samples, one folder for each microphone."""
    folder = data_dir / "multimic" / NAME
    names = tuple(_ROLES)
    hits = _files(folder)

    @cache
    def read(piece: Piece, layer: int) -> Shot:
        sounds = [whole(folder / name / hits[piece][layer])[0] for name in names]
        sound = together([one[:_LONGEST_SAMPLES].mean(axis=1) for one in sounds])
        return Shot(sound, rise_of(sound[close[piece]]))

    close = {piece: names.index(_CLOSE.get(piece, "oh_mic")) for piece in hits}
    layers = {piece: len(files) for piece, files in hits.items()}
    return Kit(name=NAME, roles=_ROLES, close=close, layers=layers, read=read)


def _files(folder: Path) -> dict[Piece, list[str]]:
    """Return the files of each piece, of all velocities and repetitions, from the softest to the loudest."""
    found: dict[Piece, list[str]] = defaultdict(list)
    for piece, prefix in _PREFIXES.items():
        for path in (folder / "oh_mic").glob(f"{prefix}_vl*_rr*.wav"):
            found[piece].append(path.name)
        found[piece].sort()
    return dict(found)
