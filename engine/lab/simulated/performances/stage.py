"""Simulated stages for one-shots: microphone signals of a drum that was recorded alone.

Sound travels in straight lines, falls with the distance, is duller away from the axis of a microphone, and is
followed by a few reflections and a diffuse field that is as loud everywhere (H. Kuttruff, "Room Acoustics",
2009). Delays are whole samples: it is the truth of the hit that has to be exact. A kit has one stage of its
own and any number of drawn ones: other places, rooms, gains, bleed and snare wires.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import dist, exp, pi
from types import MappingProxyType
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from scipy.signal import fftconvolve, lfilter

from engine.document.analysis import Role
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

_WITH_WIRES, _WIRES_RISE_S = 0.25, 0.001
_LOUDER_DB = 6.0
_EARLIER_S = (-0.0015, 0.0005)
_SNARES = (Piece.SNARE, Piece.RIM)

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


@dataclass(frozen=True, slots=True)
class _Wires:
    """Snare wires that answer the skin after some ms, as those of loose snares do.

    Attributes
    ----------
    level : of their noise, relative to the peak of the hit
    """

    late_s: float
    level: float
    decay_s: float
    seed: int

    def added(self, alone: NDArray[np.float32], rise: int) -> NDArray[np.float32]:
        """Return a hit with its wires, shape (n,)."""
        rng = np.random.default_rng(self.seed)
        first = rise + round(self.late_s * RATE_HZ)
        at_s = np.arange(max(0, len(alone) - first)) / RATE_HZ
        rises = np.clip(at_s / _WIRES_RISE_S, 0.0, 1.0)
        noise = rng.standard_normal(len(at_s)) * rises * np.exp(-at_s / self.decay_s)
        sound = alone.copy()
        sound[first:] += (self.level * _PEAK / 3.0 * noise).astype(np.float32)
        return sound


@dataclass(frozen=True, slots=True, eq=False)
class Stage:
    """Positions of pieces and microphones of a kit, and the room.

    Attributes
    ----------
    distances_m : float64, shape (microphones,), by piece
    rooms : float32, shape (microphones, n), room response of energy 1
    microphones : of the stage, in the order of `ROLES`
    off_axis : gain of a close microphone for sound from another drum
    bleeds : float32, shape (microphones,), gain of each piece at microphones other than its own
    later_s : how much later than by its distance a piece arrives at those; a muffled microphone of its own
        rises late
    critical_distance_m : where the room is as loud as the drum
    wires : of the snare; None for those of the sample alone
    """

    distances_m: Mapping[Piece, NDArray[np.float64]]
    rooms: NDArray[np.float32]
    microphones: tuple[_Microphone, ...]
    off_axis: float = _OFF_AXIS
    bleeds: Mapping[Piece, NDArray[np.float32]] = field(default_factory=dict)
    later_s: Mapping[Piece, float] = field(default_factory=dict)
    critical_distance_m: float = _CRITICAL_DISTANCE_M
    wires: _Wires | None = None

    def delays_samples(self, piece: Piece) -> NDArray[np.int64]:
        """Return the delay of a piece at each microphone relative to its own, shape (microphones,)."""
        own, away_m = CLOSE[piece], self.distances_m[piece]
        late_s = (away_m - away_m[own]) / _SPEED_OF_SOUND_M_S + self.later_s.get(piece, 0.0)
        late_s[own] = 0.0
        delays: NDArray[np.int64] = np.rint(late_s * RATE_HZ).astype(np.int64)
        return delays

    def heard(self, piece: Piece, dry: NDArray[np.float32]) -> Shot:
        """Return the microphone signals of a hit, shape (n,), that peaks at 0.5 in its own."""
        rise, alone = _trimmed(dry)
        if self.wires is not None and piece in _SNARES:
            alone = self.wires.added(alone, rise)
        delays = self.delays_samples(piece)
        early = -int(delays.min())
        own = CLOSE[piece]
        microphones, bleeds = self.microphones, self.bleeds.get(piece, np.ones(len(_NAMES), np.float32))
        sound = np.zeros(
            (len(_NAMES), early + len(alone) + int(delays.max()) + self.rooms.shape[1]), np.float32
        )
        for row, (microphone, delay) in enumerate(zip(microphones, delays.tolist(), strict=True)):
            gain = microphone.preamp / microphones[own].preamp * self.distances_m[piece][own]
            gain *= float(bleeds[row]) if row != own else 1.0
            direct = gain / self.distances_m[piece][row]
            at = early + delay
            if row == own:
                sound[row, at : at + len(alone)] = alone
            else:
                is_far = microphone.role in (Role.OVERHEAD, Role.ROOM)
                dull = _dull(alone, microphone.lowpass_hz)
                sound[row, at : at + len(alone)] = dull * direct * (1.0 if is_far else self.off_axis)
            diffuse = fftconvolve(alone, self.rooms[row]) * (gain / self.critical_distance_m)
            sound[row, at : at + len(diffuse)] += diffuse.astype(np.float32)
        return Shot(_faded(sound), rise + early)


def stage_of(name: str) -> Stage:
    """Return the stage of a kit: its places and its room follow from its name."""
    rng = np.random.default_rng(crc32(name.encode()))
    distances = _distances(_DISPLACED_BY, rng)
    return Stage(distances, np.stack([_room(rng) for _ in _NAMES]), tuple(_MICROPHONES.values()))


def drawn_stage(name: str, number: int) -> Stage:
    """Return one of any number of other stages of a kit, the same for the same number."""
    rng = np.random.default_rng((crc32(name.encode()), number))
    distances = _distances(_DISPLACED_BY * rng.uniform(0.5, 3.5), rng)
    microphones = tuple(
        replace(
            one,
            preamp=one.preamp * 10.0 ** (rng.normal(0.0, 4.0) / 20.0),
            lowpass_hz=one.lowpass_hz * rng.uniform(0.6, 2.0),
        )
        for one in _MICROPHONES.values()
    )
    return Stage(
        distances,
        np.stack([_room(rng) for _ in _NAMES]),
        microphones,
        off_axis=float(rng.uniform(0.25, 1.2)),
        bleeds={piece: _drawn_bleeds(rng) for piece in _PIECES},
        later_s={piece: float(rng.uniform(*_EARLIER_S)) for piece in _PIECES},
        critical_distance_m=float(rng.uniform(0.8, 4.0)),
        wires=_drawn_wires(rng) if rng.random() < _WITH_WIRES else None,
    )


def _drawn_bleeds(rng: np.random.Generator) -> NDArray[np.float32]:
    """Return gains of a piece at the microphones of others: one-shots do not show how loud it is there."""
    level_db = rng.normal(_LOUDER_DB, _LOUDER_DB) + rng.normal(0.0, _LOUDER_DB, len(_NAMES))
    return np.asarray(10.0 ** (level_db / 20.0), np.float32)


def _drawn_wires(rng: np.random.Generator) -> _Wires:
    return _Wires(
        late_s=float(rng.uniform(0.004, 0.02)),
        level=float(rng.uniform(0.3, 1.5)),
        decay_s=float(rng.uniform(0.03, 0.15)),
        seed=int(rng.integers(1 << 31)),
    )


def _distances(displaced_m: float, rng: np.random.Generator) -> dict[Piece, NDArray[np.float64]]:
    """Return the distances of the microphones from each piece; close ones are displaced by a fifth."""
    moved = {
        microphone: tuple(
            one + rng.normal(0.0, displaced_m * (0.2 if _is_close(microphone) else 1.0)) for one in at
        )
        for microphone, at in ((one, _MICROPHONES[one].place) for one in _NAMES)
    }
    return {
        piece: np.array([max(0.04, dist(place, moved[one])) for one in _NAMES])
        for piece, place in _PIECES.items()
    }


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
