"""Faults planted in bars of takes: by musicians in notes, by equipment and room in the sound.

It shares no code with the faults that tastes learn from (`engine.features.taste.anomaly.planting`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from engine.lab.evaluation.comping.bands import DRUMS, Band
from engine.lab.evaluation.comping.takes import PlayedNote, PlayedTake

Sound = NDArray[np.float32]
_Played = list[PlayedNote]
_LEAST_NOTES = 2
_RAMP_S = 0.004


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault in a bar of a take.

    Attributes
    ----------
    start_s, stop_s : audible span, from the beginning of the take
    """

    kind: str
    take: int
    bar: int
    start_s: float
    stop_s: float
    instrument: str = ""


def _semitones_off(notes: _Played, rng: np.random.Generator) -> _Played:
    by = int(rng.choice((-2, -1, 1, 2)))
    return [replace(one, pitches=tuple(pitch + by for pitch in one.pitches)) for one in notes]


def _left_out(notes: _Played, rng: np.random.Generator) -> _Played:  # noqa: ARG001 - as all of them
    return []


def _late(notes: _Played, rng: np.random.Generator) -> _Played:
    by_s = float(rng.uniform(0.08, 0.16))
    return [replace(one, start_s=one.start_s + by_s) for one in notes]


def _early(notes: _Played, rng: np.random.Generator) -> _Played:
    by_s = float(rng.uniform(0.08, 0.14))
    return [replace(one, start_s=max(one.start_s - by_s, 0.0)) for one in notes]


def _out_of_tune(notes: _Played, rng: np.random.Generator) -> _Played:
    cents = float(rng.choice((-1.0, 1.0)) * rng.uniform(40.0, 70.0))
    return [replace(one, cents=cents) for one in notes]


BY_MUSICIANS: Mapping[str, Callable[[_Played, np.random.Generator], _Played]] = {
    "wrong notes": _semitones_off,
    "missed notes": _left_out,
    "late entry": _late,
    "early entry": _early,
    "out of tune": _out_of_tune,
}
BY_SOUND = ("dropout", "level drop", "noise")
FAULTS = (*BY_MUSICIANS, *BY_SOUND)


def with_fault(
    take: PlayedTake, kind: str, number: int, bar: int, band: Band, rng: np.random.Generator
) -> tuple[PlayedTake, Fault]:
    """Return a take with a fault of a musician in one bar; faults of the sound change no note."""
    begin_s, end_s = take.bars_s[bar : bar + 2].tolist()
    if kind in BY_SOUND:
        return take, _place_of_sound(kind, number, bar, begin_s, end_s, rng)
    names = [
        one.name for one in band.instruments if kind in ("missed notes", "late entry") or one.name != DRUMS
    ]
    inside = _inside(take, str(rng.choice(names)), begin_s, end_s)
    if len(inside) < _LEAST_NOTES:  # of drums and bass every bar has enough
        inside = _inside(take, band.bass.name, begin_s, end_s)
    chosen = inside if kind in ("late entry", "early entry", "out of tune") else _some(inside, rng)
    changed = BY_MUSICIANS[kind](chosen, rng)
    rest = [one for one in take.notes if one not in chosen]
    both = [*chosen, *changed]
    start_s = min(one.start_s for one in both)
    stop_s = max(one.start_s + min(one.length_s, 0.3) for one in both)
    fault = Fault(kind, number, bar, max(start_s, begin_s), min(stop_s, end_s), chosen[0].instrument)
    return take.with_notes(sorted([*rest, *changed], key=lambda one: one.start_s)), fault


def _inside(take: PlayedTake, instrument: str, begin_s: float, end_s: float) -> _Played:
    """Return the notes of an instrument in a bar, but those that anticipate the next one."""
    return [
        one
        for one in take.notes
        if one.instrument == instrument and begin_s - 0.03 <= one.start_s < end_s - 0.15
    ]


def _some(notes: _Played, rng: np.random.Generator) -> _Played:
    """Return half of the notes or more, in a row."""
    count = max(_LEAST_NOTES, int(np.ceil(len(notes) * rng.uniform(0.5, 1.0))))
    first = int(rng.integers(0, len(notes) - count + 1)) if len(notes) > count else 0
    return list(notes[first : first + count])


def _place_of_sound(
    kind: str, number: int, bar: int, begin_s: float, end_s: float, rng: np.random.Generator
) -> Fault:
    lasts_s = {"dropout": rng.uniform(0.06, 0.25), "noise": rng.uniform(0.3, 0.8)}.get(
        kind, rng.uniform(0.5, 0.95) * (end_s - begin_s)
    )
    start_s = float(rng.uniform(begin_s + 0.02, max(end_s - lasts_s - 0.02, begin_s + 0.03)))
    return Fault(kind, number, bar, start_s, min(start_s + float(lasts_s), end_s))


def damage(
    sounds: dict[str, Sound],
    fault: Fault,
    begin: int,
    rate_hz: int,
    noises: Sequence[Sound],
    rng: np.random.Generator,
) -> None:
    """Put a fault of the sound into the tracks of a band, in place.

    Parameters
    ----------
    begin : where its take begins, in samples
    noises : coughs and the like; one is drawn
    """
    first, last = begin + round(fault.start_s * rate_hz), begin + round(fault.stop_s * rate_hz)
    ramp = round(_RAMP_S * rate_hz)
    if fault.kind == "noise":
        noise = noises[int(rng.integers(len(noises)))][: last - first]
        mix = sum(sounds.values())
        assert isinstance(mix, np.ndarray)
        level = float(np.sqrt(np.mean(np.square(mix[first:last])))) * 10 ** (rng.uniform(-3.0, 3.0) / 20)
        noise = noise * (level / max(float(np.sqrt(np.mean(np.square(noise)))), 1e-6))
        for one in sounds.values():  # a cough is on every microphone
            one[first : first + len(noise)] += noise / len(sounds)
        return
    gain = 0.0 if fault.kind == "dropout" else 10 ** (-float(rng.uniform(8.0, 12.0)) / 20)
    gains = np.full(last - first, gain, np.float32)
    gains[:ramp] = np.linspace(1.0, gain, ramp)
    gains[-ramp:] = np.linspace(gain, 1.0, ramp)
    for one in sounds.values():
        one[first:last] *= gains
