"""Rooms to test membership in: image sources and microphones of any kind around a drum kit.

Nothing here is shared with `engine.lab.simulated.performances.stage`, on which the settings were chosen.
Early reflections are those of a box (J. Allen and D. Berkley, "Image method for efficiently simulating small-
room acoustics", JASA 65, 1979) up to the second order; a decaying noise follows them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, fftconvolve, sosfilt

from engine.document.analysis import Role
from engine.lab.simulated.performances.hydrogen import FOLDER, files_of, read_dry
from engine.lab.simulated.performances.kits import RATE_HZ, Kit, Shot, rise_of
from engine.lab.simulated.performances.pieces import Piece

Sound = NDArray[np.float32]

_SPEED_M_S = 343.0
_LONGEST_S = 1.8
_TAIL_S = 0.3
_LEAST_M = 0.05
_PIECES: Mapping[Piece, tuple[float, float, float]] = MappingProxyType(
    {
        Piece.KICK: (0.05, 0.35, 0.28),
        Piece.SNARE: (-0.25, -0.1, 0.7),
        Piece.RIM: (-0.25, -0.1, 0.7),
        Piece.HAT: (-0.65, 0.0, 0.95),
        Piece.OPEN_HAT: (-0.65, 0.0, 0.95),
        Piece.TOM_HIGH: (-0.1, 0.4, 0.95),
        Piece.TOM_MIDDLE: (0.25, 0.42, 0.93),
        Piece.TOM_FLOOR: (0.55, -0.1, 0.62),
        Piece.CRASH_LEFT: (-0.55, 0.55, 1.35),
        Piece.CRASH_RIGHT: (0.6, 0.6, 1.3),
        Piece.RIDE: (0.75, 0.2, 1.05),
        Piece.BELL: (0.75, 0.2, 1.05),
    }
)
"""Metres from where the drummer's feet are: to the right, ahead, above the floor."""


@dataclass(frozen=True, slots=True)
class _Microphone:
    """A place, how high it reaches, and whether its polarity is inverted."""

    role: Role
    place: tuple[float, float, float]
    lowpass_hz: float
    polarity: float = 1.0


_ALWAYS = ("Kick", "Snare", "OH")
_MICROPHONES: Mapping[str, _Microphone] = MappingProxyType(
    {
        "Kick": _Microphone(Role.KICK, (0.05, 0.55, 0.3), 5_000.0),
        "Snare": _Microphone(Role.SNARE, (-0.28, -0.02, 0.78), 9_000.0),
        "OH": _Microphone(Role.OVERHEAD, (-0.1, 0.3, 2.0), 15_000.0),
        "OH right": _Microphone(Role.OVERHEAD, (0.8, -0.3, 1.3), 15_000.0),
        "Under": _Microphone(Role.SNARE, (-0.25, -0.1, 0.5), 9_000.0, -1.0),
        "Out": _Microphone(Role.KICK, (0.05, 1.1, 0.4), 4_000.0, -1.0),
        "Hat": _Microphone(Role.HAT, (-0.75, 0.1, 1.05), 12_000.0),
        "Rack": _Microphone(Role.TOM, (-0.1, 0.48, 1.03), 7_000.0),
        "Floor": _Microphone(Role.TOM, (0.58, 0.0, 0.72), 7_000.0),
        "Front": _Microphone(Role.ROOM, (0.1, 2.0, 1.0), 12_000.0),
        "Side": _Microphone(Role.ROOM, (1.4, 0.1, 0.9), 12_000.0),
        "Knee": _Microphone(Role.OVERHEAD, (0.3, -0.25, 0.6), 9_000.0),
        "Ribbon": _Microphone(Role.ROOM, (-1.0, 2.8, 1.2), 5_500.0),
        "Far": _Microphone(Role.ROOM, (0.6, 5.5, 1.8), 10_000.0),
    }
)
_CLOSE: Mapping[Piece, str] = MappingProxyType(
    {
        Piece.KICK: "Kick",
        Piece.SNARE: "Snare",
        Piece.RIM: "Snare",
    }
)


@dataclass(frozen=True, slots=True, eq=False)
class _Room:
    """A box in metres with its kit, and how much of a sound its walls give back."""

    size: NDArray[np.float64]
    kit: NDArray[np.float64]
    reflects: float
    decay_s: float

    def response(self, source: Sequence[float], microphone: _Microphone, rng: np.random.Generator) -> Sound:
        """Return the impulse response from a place to a microphone."""
        at, there = self.kit + source, self.kit + microphone.place
        heard = np.zeros(round((_TAIL_S + 0.08) * RATE_HZ), np.float32)
        for order in product(range(-2, 3), repeat=3):
            bounces = sum(abs(one) for one in order)
            if bounces > 2:
                continue
            image = np.where(np.mod(order, 2) == 0, at, self.size - at) + np.array(order) * self.size
            away_m = max(_LEAST_M, float(np.linalg.norm(image - there)))
            place = round(away_m / _SPEED_M_S * RATE_HZ)
            if place < len(heard):
                heard[place] += self.reflects**bounces / away_m
        begin = round(float(np.linalg.norm(self.size)) / _SPEED_M_S * RATE_HZ)
        at_s = np.arange(len(heard) - begin) / RATE_HZ
        diffuse = rng.standard_normal(len(at_s)) * np.exp(-6.9 * at_s / self.decay_s)
        heard[begin:] += (0.02 * self.reflects * diffuse).astype(np.float32)
        sections = butter(2, microphone.lowpass_hz, fs=RATE_HZ, output="sos")
        filtered: Sound = (microphone.polarity * sosfilt(sections, heard)).astype(np.float32)
        return filtered


def room_kit(name: str, count: int, rng: np.random.Generator, folder: Path = FOLDER) -> Kit:
    """Read a kit of Hydrogen in a room of its own, with some microphones that are drawn.

    Parameters
    ----------
    count : how many microphones; kick, snare and an overhead are always among them
    """
    files = files_of(folder / name)
    others = rng.permutation([one for one in _MICROPHONES if one not in _ALWAYS])[: count - len(_ALWAYS)]
    names = (*_ALWAYS, *others.tolist())
    room = _drawn_room(rng)
    responses = {
        piece: [room.response(place, _MICROPHONES[one], rng) for one in names]
        for piece, place in _PIECES.items()
    }
    close = {piece: names.index(_CLOSE.get(piece, "OH")) for piece in _PIECES}

    @cache
    def read(piece: Piece, layer: int) -> Shot:
        dry = read_dry(files[piece][layer])[: round(_LONGEST_S * RATE_HZ)]
        dry = dry * (0.5 / max(1e-6, float(np.abs(dry).max(initial=0.0))))
        sound = np.stack([fftconvolve(dry, one).astype(np.float32) for one in responses[piece]])
        return Shot(sound, rise_of(sound[close[piece]]))

    layers = {piece: len(paths) for piece, paths in files.items()}
    roles = {one: _MICROPHONES[one].role for one in names}
    return Kit(name, roles, close, layers, read, velocity_power=1.5, gain=0.05)


def _drawn_room(rng: np.random.Generator) -> _Room:
    size = np.array([rng.uniform(4.0, 8.0), rng.uniform(7.0, 10.0), rng.uniform(2.4, 4.0)])
    kit = np.array([size[0] * rng.uniform(0.4, 0.6), rng.uniform(0.6, 1.2), 0.0])
    return _Room(size, kit, rng.uniform(0.4, 0.85), rng.uniform(0.15, 0.6))
