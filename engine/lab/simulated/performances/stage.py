"""A simulated stage for one-shots: microphone signals of a drum that was recorded alone.

Sound travels in straight lines, falls with the distance, is duller away from the axis of a microphone, and is
followed by a few reflections and a diffuse field that is as loud everywhere (H. Kuttruff, "Room Acoustics",
2009). Delays are whole samples: it is the truth of the hit that has to be exact.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import dist, exp, pi
from types import MappingProxyType
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from scipy.signal import fftconvolve, lfilter

from engine.document.drums.hits import Role
from engine.lab.simulated.performances.kits import RATE_HZ, Shot, rise_of
from engine.lab.simulated.performances.pieces import Piece

_SPEED_OF_SOUND_M_S = 343.0
_CRITICAL_DISTANCE_M = 2.5
_OFF_AXIS = 0.5
_DISPLACED_BY = 0.08
_ROOM_S = 0.4
_REFLECTIONS = 7
_QUIET = 10 ** (-66 / 20)
_LONGEST_S = 2.5
_PEAK = 0.5
_FADE_SAMPLES = 1_024
_LEAD_SAMPLES = 44

_Place = tuple[float, float, float]
_PIECES: Mapping[Piece, _Place] = MappingProxyType(
    {
        Piece.KICK: (0.0, 0.5, 0.3),
        Piece.SNARE: (-0.2, 0.0, 0.65),
        Piece.RIM: (-0.2, 0.0, 0.65),
        Piece.HAT: (-0.55, 0.1, 0.9),
        Piece.OPEN_HAT: (-0.55, 0.1, 0.9),
        Piece.TOM_HIGH: (-0.15, 0.45, 0.85),
        Piece.TOM_MIDDLE: (0.25, 0.45, 0.85),
        Piece.TOM_FLOOR: (0.5, 0.0, 0.6),
        Piece.CRASH_LEFT: (-0.6, 0.5, 1.25),
        Piece.CRASH_RIGHT: (0.65, 0.5, 1.25),
        Piece.RIDE: (0.6, 0.25, 1.0),
        Piece.BELL: (0.6, 0.25, 1.0),
    }
)


@dataclass(frozen=True, slots=True)
class _Microphone:
    role: Role
    place: _Place
    preamp: float
    lowpass_hz: float


_MICROPHONES: Mapping[str, _Microphone] = MappingProxyType(
    {
        "Kick": _Microphone(Role.KICK, (0.0, 0.58, 0.3), 1.0, 3_500.0),
        "Snare": _Microphone(Role.SNARE, (-0.2, 0.04, 0.71), 1.0, 6_000.0),
        "Hat": _Microphone(Role.HAT, (-0.6, 0.16, 0.97), 3.0, 7_000.0),
        "Tom high": _Microphone(Role.TOM, (-0.15, 0.5, 0.91), 1.2, 5_000.0),
        "Tom middle": _Microphone(Role.TOM, (0.25, 0.5, 0.91), 1.2, 5_000.0),
        "Tom floor": _Microphone(Role.TOM, (0.52, 0.05, 0.66), 1.2, 5_000.0),
        "Overhead L": _Microphone(Role.OVERHEAD, (-0.5, 0.15, 1.65), 6.0, 14_000.0),
        "Overhead R": _Microphone(Role.OVERHEAD, (0.5, 0.15, 1.65), 6.0, 14_000.0),
        "Room L": _Microphone(Role.ROOM, (-1.1, 3.0, 1.4), 12.0, 8_000.0),
        "Room R": _Microphone(Role.ROOM, (1.2, 3.2, 1.4), 12.0, 8_000.0),
    }
)
ROLES: Mapping[str, Role] = MappingProxyType({name: one.role for name, one in _MICROPHONES.items()})
_NAMES = tuple(_MICROPHONES)
CLOSE: Mapping[Piece, int] = MappingProxyType(
    {
        piece: _NAMES.index(name)
        for piece, name in {
            Piece.KICK: "Kick",
            Piece.SNARE: "Snare",
            Piece.RIM: "Snare",
            Piece.HAT: "Hat",
            Piece.OPEN_HAT: "Hat",
            Piece.TOM_HIGH: "Tom high",
            Piece.TOM_MIDDLE: "Tom middle",
            Piece.TOM_FLOOR: "Tom floor",
            Piece.CRASH_LEFT: "Overhead L",
            Piece.CRASH_RIGHT: "Overhead R",
            Piece.RIDE: "Overhead R",
            Piece.BELL: "Overhead R",
        }.items()
    }
)


@dataclass(frozen=True, slots=True, eq=False)
class Stage:
    """Positions of pieces and microphones of a kit, and the room.

    Attributes
    ----------
    distances_m : float64, shape (microphones,), by piece
    rooms : float32, shape (microphones, n), room response of energy 1
    """

    distances_m: Mapping[Piece, NDArray[np.float64]]
    rooms: NDArray[np.float32]

    def delays_samples(self, piece: Piece) -> NDArray[np.int64]:
        """Return the delay of a piece at each microphone relative to its own, shape (microphones,)."""
        path_m = self.distances_m[piece] - self.distances_m[piece][CLOSE[piece]]
        delays: NDArray[np.int64] = np.rint(path_m / _SPEED_OF_SOUND_M_S * RATE_HZ).astype(np.int64)
        return delays

    def heard(self, piece: Piece, dry: NDArray[np.float32]) -> Shot:
        """Return the microphone signals of a hit, shape (n,), that peaks at 0.5 in its own."""
        rise, alone = _trimmed(dry)
        delays = self.delays_samples(piece)
        early = -int(delays.min())
        own = CLOSE[piece]
        microphones = [_MICROPHONES[name] for name in _NAMES]
        sound = np.zeros(
            (len(_NAMES), early + len(alone) + int(delays.max()) + self.rooms.shape[1]), np.float32
        )
        for row, (microphone, delay) in enumerate(zip(microphones, delays.tolist(), strict=True)):
            gain = microphone.preamp / microphones[own].preamp * self.distances_m[piece][own]
            direct = gain / self.distances_m[piece][row]
            at = early + delay
            if row == own:
                sound[row, at : at + len(alone)] = alone
            else:
                is_far = microphone.role in (Role.OVERHEAD, Role.ROOM)
                dull = _dull(alone, microphone.lowpass_hz)
                sound[row, at : at + len(alone)] = dull * direct * (1.0 if is_far else _OFF_AXIS)
            diffuse = fftconvolve(alone, self.rooms[row]) * (gain / _CRITICAL_DISTANCE_M)
            sound[row, at : at + len(diffuse)] += diffuse.astype(np.float32)
        return Shot(_faded(sound), rise + early)


def stage_of(name: str) -> Stage:
    """Return the stage of a kit: its places and its room follow from its name."""
    rng = np.random.default_rng(crc32(name.encode()))
    moved = {
        microphone: tuple(
            one + rng.normal(0.0, _DISPLACED_BY * (0.2 if _is_close(microphone) else 1.0)) for one in at
        )
        for microphone, at in ((one, _MICROPHONES[one].place) for one in _NAMES)
    }
    distances = {
        piece: np.array([max(0.04, dist(place, moved[one])) for one in _NAMES])
        for piece, place in _PIECES.items()
    }
    return Stage(distances, np.stack([_room(rng) for _ in _NAMES]))


def _is_close(microphone: str) -> bool:
    return _MICROPHONES[microphone].role.is_close


def _room(rng: np.random.Generator) -> NDArray[np.float32]:
    """Return the room response after the direct sound, from 3 ms on."""
    length = round(_ROOM_S * RATE_HZ)
    times_s = np.arange(length) / RATE_HZ
    decay_s = rng.uniform(0.2, 0.5)
    room = rng.normal(size=length) * np.exp(-6.9 * times_s / decay_s) * np.clip(times_s / 0.03, 0.0, 1.0)
    room /= np.sqrt(np.sum(np.square(room)))
    at = (rng.uniform(0.003, 0.025, _REFLECTIONS) * RATE_HZ).astype(int)
    room[at] += rng.choice((-1.0, 1.0), _REFLECTIONS) * rng.uniform(0.1, 0.4, _REFLECTIONS)
    room[: at.min()] = 0.0
    return _dull((room / np.sqrt(np.sum(np.square(room)))).astype(np.float32), 6_000.0)


def _dull(sound: NDArray[np.float32], cutoff_hz: float) -> NDArray[np.float32]:
    """Return a sound without its treble, by a filter that delays no rise: one pole."""
    pole = exp(-2 * pi * cutoff_hz / RATE_HZ)
    dulled: NDArray[np.float32] = np.asarray(lfilter([1 - pole], [1, -pole], sound), np.float32)
    return dulled


def _trimmed(dry: NDArray[np.float32]) -> tuple[int, NDArray[np.float32]]:
    """Return a trimmed hit and its onset.

    Sound before the onset of a sample (room, a pedal, the previous hit) would be an onset of its own, and the
    true one would be ambiguous.
    """
    level = np.abs(dry)
    peak, rise = float(level.max(initial=0.0)), rise_of(dry)
    is_heard = level >= _QUIET * peak
    last = min(len(dry) - int(np.argmax(is_heard[::-1])), rise + round(_LONGEST_S * RATE_HZ))
    first = max(0, rise - _LEAD_SAMPLES)
    alone = (dry[first:last] * (_PEAK / peak)).astype(np.float32)
    alone[: rise - first] *= np.linspace(0.0, 1.0, rise - first, dtype=np.float32)
    return rise - first, alone


def _faded(sound: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return sound without its inaudible end, which fades."""
    loudest = np.abs(sound).max(axis=0)
    length = len(loudest) - int(np.argmax(loudest[::-1] >= _QUIET * loudest.max()))
    kept = sound[:, :length].copy()
    fade = min(_FADE_SAMPLES, length)
    kept[:, length - fade :] *= np.linspace(1.0, 0.0, fade, dtype=np.float32)
    return kept
