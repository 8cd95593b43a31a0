"""Recordings of ten minutes in which sounds occur at known places over a background that goes on.

All sounds are of a held-out fold. Half of it, by source of the clips, is for the choice of settings, the
other for the report.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from engine.analysis.detection.spectra import MEL
from engine.lab.training.detection.sounds import Sound
from engine.lab.training.separation.scenes import goes_on, loudness

Samples = NDArray[np.float32]
LENGTH_S = 600.0
NAMES_EACH = 5
LEVELS_DB = (0.0, 15.0)
MARKED_LEVELS_DB = (5.0, 15.0)
"""Minimum level of an example that a user would mark."""
AGAIN, SAME_SOURCE, ANOTHER = 2, 2, 3
"""Number of further occurrences of each kind, if the clips have them: with the marked one, 8 at most."""
_LEVEL_S = 0.05
_SOUNDING_DB = -15.0
_QUIETEST_DB = -12.0
_JOINED_S = 0.3
_SHORTEST_S, _LONGEST_S = 0.15, 3.0
_CROSSFADE_S = 0.5
_BACKGROUND_RMS = 0.02
_FADE_S = 0.01
_APART_S = 1.5


class Relation(Enum):
    """How an occurrence is related to the one that is marked."""

    MARKED = "marked"
    AGAIN = "the same samples at another level"
    SAME_SOURCE = "another stretch of the same source"
    ANOTHER = "another source of the same name"


@dataclass(frozen=True, slots=True)
class Occurrence:
    """Where a sound occurs.

    Attributes
    ----------
    level_db : how much louder it is than the background there
    """

    name: str
    start_s: float
    stop_s: float
    relation: Relation
    level_db: float


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """A recording with known occurrences.

    Attributes
    ----------
    samples : mono, shape (frames,), at the rate of `engine.analysis.detection.spectra.MEL`
    occurrences : ascending, `_APART_S` apart
    backgrounds : names of the background sounds
    """

    samples: Samples
    occurrences: tuple[Occurrence, ...]
    backgrounds: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the occurrences."""
        return tuple(sorted({each.name for each in self.occurrences}))

    def of(self, name: str) -> tuple[Occurrence, ...]:
        """Return where one sound occurs."""
        return tuple(each for each in self.occurrences if each.name == name)


def halves(sounds: Sequence[Sound]) -> tuple[tuple[Sound, ...], tuple[Sound, ...]]:
    """Return the sounds to choose settings on and those to report, no origin in both."""
    place: dict[str, int] = {}
    for name in sorted({sound.name for sound in sounds}):
        counts = [0, 0]
        origins = [sound.origin for sound in sounds if sound.name == name]
        for origin in sorted(set(origins), key=lambda each: (-origins.count(each), each)):
            part = place.setdefault(origin, int(counts[0] > counts[1]))
            counts[part] += origins.count(origin)
    one, two = (tuple(each for each in sounds if place[each.origin] == part) for part in (0, 1))
    return one, two


def recordings(
    sounds: Sequence[Sound], count: int, seed: int, length_s: float = LENGTH_S
) -> Iterator[Scored]:
    """Yield recordings; together they have every name once if there are enough of them."""
    usable = [sound for sound in sounds if float(loudness(sound.samples()).max()) > 1e-6]
    backgrounds = [sound for sound in usable if goes_on(sound)]
    by_name: dict[str, list[Sound]] = {}
    for sound in usable:
        by_name.setdefault(sound.name, []).append(sound)
    rng = np.random.default_rng(seed)
    order = rng.permutation(sorted(by_name)).tolist()
    for number in range(count):
        first = number * NAMES_EACH
        names = [order[each % len(order)] for each in range(first, first + NAMES_EACH)]
        own = np.random.default_rng([seed, number])
        yield _recording(by_name, names, backgrounds, length_s, own)


def _recording(
    by_name: Mapping[str, Sequence[Sound]],
    names: Sequence[str],
    backgrounds: Sequence[Sound],
    length_s: float,
    rng: np.random.Generator,
) -> Scored:
    origins = {sound.origin for name in names for sound in by_name[name]}
    others = [each for each in backgrounds if each.name not in names and each.origin not in origins]
    kinds = rng.permutation(sorted({each.name for each in others}))[:2].tolist()
    frames = round(length_s * MEL.rate_hz)
    samples = np.concatenate(
        [
            _background([each for each in others if each.name == kind], frames // len(kinds), rng)
            for kind in kinds
        ]
    )
    events = [event for name in names for event in _events(by_name[name], rng)]
    events = [events[each] for each in rng.permutation(len(events))]
    gaps = rng.exponential(1.0, len(events) + 1)
    taken = sum(len(part) for _, part, _ in events) + round(_APART_S * MEL.rate_hz) * (len(events) + 1)
    gaps = gaps / gaps.sum() * max(0, len(samples) - taken)
    place, occurrences = 0.0, []
    for gap, (name, part, relation) in zip(gaps, events, strict=False):
        place += gap + _APART_S * MEL.rate_hz
        first = int(place)
        around = samples[first : first + len(part)]
        if len(around) < len(part):
            break
        level_db = float(rng.uniform(*(MARKED_LEVELS_DB if relation is Relation.MARKED else LEVELS_DB)))
        gain = _rms(around) / _rms(part) * 10 ** (level_db / 20)
        samples[first : first + len(part)] += _faded(part) * np.float32(gain)
        stop_s = (first + len(part)) / MEL.rate_hz
        occurrences.append(Occurrence(name, first / MEL.rate_hz, stop_s, relation, level_db))
        place += len(part)
    samples /= max(1.0, float(np.abs(samples).max()))
    return Scored(samples, tuple(occurrences), tuple(kinds))


def stretches(sound: Sound) -> tuple[Samples, ...]:
    """Return the active spans of a clip: single coughs, or parts of continuous sounds, the loudest first."""
    samples = sound.samples()
    if goes_on(sound):
        long = round(0.8 * _LONGEST_S * MEL.rate_hz)
        return tuple(samples[first : first + long] for first in (0, len(samples) - long))
    hop = round(_LEVEL_S * MEL.rate_hz)
    power = np.mean(samples[: len(samples) // hop * hop].reshape(-1, hop).astype(np.float64) ** 2, axis=1)
    loud = np.flatnonzero(power > 10 ** (_SOUNDING_DB / 10) * power.max())
    runs = np.split(loud, np.flatnonzero(np.diff(loud) > _JOINED_S / _LEVEL_S) + 1)
    energies = [float(power[run].sum()) for run in runs]
    parts = []
    for place in np.argsort([-each for each in energies], kind="stable").tolist():
        run = runs[place]
        if energies[place] < 10 ** (_QUIETEST_DB / 10) * max(energies) or len(run) * _LEVEL_S < _SHORTEST_S:
            continue
        first, stop = int(run[0]), int(run[-1]) + 1
        longest = round(_LONGEST_S / _LEVEL_S)
        if stop - first > longest:
            first += int(np.argmax(np.convolve(power[first:stop], np.ones(longest), mode="valid")))
            stop = first + longest
        parts.append(samples[first * hop : stop * hop])
    return tuple(parts) or (samples[: round(_LONGEST_S * MEL.rate_hz)],)


def _events(sounds: Sequence[Sound], rng: np.random.Generator) -> list[tuple[str, Samples, Relation]]:
    """Return occurrences of one name: the marked span, a repetition, others of its source, other sources."""
    marked = sounds[int(rng.integers(len(sounds)))]
    own, *further = stretches(marked)
    further += [
        part
        for each in sounds
        if each.origin == marked.origin and each is not marked
        for part in stretches(each)
    ]
    elsewhere = [stretches(each)[0] for each in sounds if each.origin != marked.origin]
    drawn = [(own, Relation.MARKED)] + [(own, Relation.AGAIN)] * AGAIN
    for parts, most, relation in (
        (further, SAME_SOURCE, Relation.SAME_SOURCE),
        (elsewhere, ANOTHER, Relation.ANOTHER),
    ):
        drawn += [(parts[place], relation) for place in rng.permutation(len(parts))[:most]]
    return [(marked.name, part, relation) for part, relation in drawn]


def _background(sounds: Sequence[Sound], frames: int, rng: np.random.Generator) -> Samples:
    """Return clips faded over each other, all as loud, each begun elsewhere."""
    fade = round(_CROSSFADE_S * MEL.rate_hz)
    ramp = np.sin(np.linspace(0.0, np.pi / 2, fade, dtype=np.float32))
    mixed = np.zeros(frames, np.float32)
    place = 0
    while place < frames:
        samples = sounds[int(rng.integers(len(sounds)))].samples()
        samples = samples[int(rng.integers(len(samples) // 3)) :].copy()
        samples *= np.float32(_BACKGROUND_RMS * 10 ** (rng.uniform(-1.5, 1.5) / 20)) / np.float32(
            _rms(samples)
        )
        if place:
            samples[:fade] *= ramp
        samples[-fade:] *= ramp[::-1]
        stop = min(frames, place + len(samples))
        mixed[place:stop] += samples[: stop - place]
        place += len(samples) - fade
    return mixed


def _faded(part: Samples) -> Samples:
    fade = min(round(_FADE_S * MEL.rate_hz), len(part) // 2)
    faded = part.copy()
    ramp = np.linspace(0.0, 1.0, fade, dtype=np.float32)
    faded[:fade] *= ramp
    faded[len(part) - fade :] *= ramp[::-1]
    return faded


def _rms(samples: Samples) -> float:
    return max(1e-6, float(np.sqrt(np.mean(samples.astype(np.float64) ** 2))))
