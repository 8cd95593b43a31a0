"""Rule-based drum patterns: a bar as hits on a grid, in many styles and metres.

A hit is (place in beats from the start of the bar, General MIDI drum note, velocity from 0 to 1).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

Hit = tuple[float, int, float]
Hits = list[Hit]

KICK, RIM, SNARE, CLAP, SNARE_2 = 36, 37, 38, 39, 40
HAT, PEDAL, OPEN, CRASH, RIDE, BELL = 42, 44, 46, 49, 51, 53
FLOOR_TOM, LOW_TOM, MID_TOM, HIGH_TOM = 41, 45, 47, 50
TAMBOURINE, COWBELL, BONGO_HIGH, BONGO_LOW = 54, 56, 60, 61
CONGA_MUTE, CONGA_HIGH, CONGA_LOW, TIMBALE = 62, 63, 64, 65
MARACAS, CLAVES, BLOCK_HIGH, BLOCK_LOW, SHAKER = 70, 75, 76, 77, 82

GROUPS: dict[int, tuple[tuple[int, ...], ...]] = {
    2: ((2,),),
    3: ((3,),),
    4: ((2, 2), (4,)),
    5: ((3, 2), (2, 3)),
    6: ((3, 3), (2, 2, 2), (4, 2)),
    7: ((4, 3), (3, 4), (2, 2, 3), (3, 2, 2), (2, 3, 2)),
}
"""How the beats of a bar are gathered."""


@dataclass(frozen=True, slots=True)
class Style:
    """A way to play the drums.

    Attributes
    ----------
    bar : draws the hits of a bar of a metre; drawn once or twice a piece and then varied
    tempi_bpm : usual tempi
    metres : to choose from, the usual ones more than once
    swings : to choose from: 0.5 is straight, 2 / 3 triplets
    """

    name: str
    bar: Callable[[np.random.Generator, int], Hits]
    tempi_bpm: tuple[float, float]
    metres: tuple[int, ...] = (4,)
    swings: tuple[float, ...] = (0.5,)
    weight: float = 1.0
    swung: float = 0.5
    """The note value that swings, in beats: eighths 0.5, sixteenths 0.25."""


def grouping(rng: np.random.Generator, metre: int) -> tuple[int, ...]:
    """Return how the beats of a bar are gathered, such as (3, 2)."""
    choices = GROUPS[metre]
    return choices[int(rng.integers(len(choices)))]


def _starts(groups: Sequence[int]) -> list[int]:
    return [sum(groups[:number]) for number in range(len(groups))]


def _chance(rng: np.random.Generator, probability: float) -> bool:
    return bool(rng.random() < probability)


def timekeeper(rng: np.random.Generator, metre: int, every: float, note: int) -> Hits:
    """Return hits at even distances, every beat or every off-beat a little louder."""
    strong_off = _chance(rng, 0.15)
    flat = float(rng.uniform(0.5, 1.0))
    hits = []
    for place in np.arange(0.0, metre - 1e-6, every):
        is_on = abs(place - round(place)) < 1e-6
        loud = is_on != strong_off
        hits.append((float(place), note, (0.75 if loud else 0.75 * flat) * float(rng.uniform(0.92, 1.08))))
    return hits


def _back_beats(rng: np.random.Generator, metre: int) -> list[float]:
    """Return the beats that the snare takes: the second of twos and fours, the last of others."""
    if metre == 4:
        return [1.0, 3.0]
    if metre == 3:
        return [[1.0, 2.0], [2.0], [1.0]][int(rng.integers(3))]
    groups = grouping(rng, metre)
    beats: list[float] = []
    for start, length in zip(_starts(groups), groups, strict=True):
        beats += [start + 1.0, start + 3.0] if length == 4 else [start + length - 1.0]
    return beats


def _kicks(rng: np.random.Generator, metre: int, snares: Sequence[float], grid: float) -> Hits:
    """Return kicks: the first beat nearly always, some strong beats, and some between."""
    hits = [(0.0, KICK, 0.95)] if _chance(rng, 0.95) else []
    density = float(rng.uniform(0.0, 0.35))
    for place in np.arange(grid, metre - 1e-6, grid):
        if any(abs(place - snare) < 1e-6 for snare in snares):
            continue
        on_beat = abs(place - round(place)) < 1e-6
        eighth = abs(2 * place - round(2 * place)) < 1e-6
        share = 0.45 if on_beat else density if eighth else 0.4 * density
        if _chance(rng, share):
            hits.append((float(place), KICK, float(rng.uniform(0.7, 0.95))))
    return hits


def rock(rng: np.random.Generator, metre: int) -> Hits:
    """Draw a back beat with eighths, sixteenths or quarters on hat, ride or tom."""
    every = float(rng.choice([0.5, 0.5, 0.5, 0.25, 1.0]))
    note = int(rng.choice([HAT, HAT, HAT, OPEN, RIDE, RIDE, FLOOR_TOM, CRASH]))
    snares = _back_beats(rng, metre)
    hits = timekeeper(rng, metre, every, note) + [(beat, SNARE, 0.95) for beat in snares]
    hits += _kicks(rng, metre, snares, float(rng.choice([0.5, 0.5, 0.25])))
    if _chance(rng, 0.3):
        hits += _ghosts(rng, metre, snares)
    return hits


def _ghosts(rng: np.random.Generator, metre: int, snares: Sequence[float]) -> Hits:
    """Return quiet sixteenths on the snare."""
    places = [place for place in np.arange(0.25, metre, 0.25) if min(abs(place - s) for s in snares) > 0.2]
    return [(float(place), SNARE_2, float(rng.uniform(0.15, 0.35))) for place in places if _chance(rng, 0.22)]


def half_time(rng: np.random.Generator, metre: int) -> Hits:
    """Draw a back beat on the third beat only; the count stays that of the song."""
    snares = [2.0] if metre == 4 else [metre - 1.0]
    hits = timekeeper(rng, metre, float(rng.choice([0.5, 0.5, 1.0])), int(rng.choice([HAT, RIDE, CRASH])))
    return hits + [(beat, SNARE, 0.95) for beat in snares] + _kicks(rng, metre, snares, 0.5)


def double_time(rng: np.random.Generator, metre: int) -> Hits:
    """Draw kick on the beats and snare between them, as punk, polka and train beats have it."""
    hits = [(float(beat), KICK, 0.9) for beat in range(metre)]
    hits += [(beat + 0.5, SNARE, 0.85) for beat in range(metre)]
    if _chance(rng, 0.7):
        hits += timekeeper(rng, metre, float(rng.choice([0.5, 1.0])), int(rng.choice([HAT, RIDE, OPEN])))
    return hits


def four_on_the_floor(rng: np.random.Generator, metre: int) -> Hits:
    """Draw a kick on every beat, claps on the back beats, hats between."""
    hits = [(float(beat), KICK, 0.95) for beat in range(metre)]
    if _chance(rng, 0.75):
        note = int(rng.choice([CLAP, SNARE]))
        hits += [(beat, note, 0.85) for beat in _back_beats(rng, metre)]
    if _chance(rng, 0.75):
        hits += [(beat + 0.5, OPEN, 0.7) for beat in range(metre)]
    if _chance(rng, 0.5):
        hits += timekeeper(rng, metre, float(rng.choice([0.25, 0.5])), int(rng.choice([HAT, SHAKER])))
    if _chance(rng, 0.3):
        hits += [
            (float(p), int(rng.choice([RIM, COWBELL, CONGA_HIGH])), 0.6) for p in _syncopation(rng, metre)
        ]
    return hits


def _syncopation(rng: np.random.Generator, metre: int) -> list[float]:
    """Return places three sixteenths apart, with a break, as son and house have them."""
    places = []
    place = float(rng.choice([0.0, 0.5, 0.75]))
    while place < metre - 0.2:
        places.append(place)
        place += float(rng.choice([0.75, 0.75, 0.5, 1.0]))
    return places


def break_beat(rng: np.random.Generator, metre: int) -> Hits:
    """Draw a break: kicks off the third beat, many ghosts, as drum and bass has it."""
    snares = _back_beats(rng, metre)
    hits = [(0.0, KICK, 0.95)] + [(beat, SNARE, 0.95) for beat in snares]
    hits += [(place, KICK, 0.85) for place in (0.5, 2.5, 2.75) if place < metre and _chance(rng, 0.55)]
    hits += timekeeper(rng, metre, 0.5, int(rng.choice([HAT, RIDE]))) + _ghosts(rng, metre, snares)
    return hits


def hip_hop(rng: np.random.Generator, metre: int) -> Hits:
    """Draw slow back beats with sixteenth kicks."""
    snares = _back_beats(rng, metre)
    hits = timekeeper(rng, metre, float(rng.choice([0.25, 0.5, 0.5])), HAT)
    hits += [(beat, int(rng.choice([SNARE, CLAP])), 0.95) for beat in snares]
    hits += _kicks(rng, metre, snares, 0.25)
    if _chance(rng, 0.3):  # a roll of hats
        start = float(rng.integers(metre)) + 0.5
        hits += [(start + step / 8.0, HAT, 0.5) for step in range(4)]
    return hits


def jazz(rng: np.random.Generator, metre: int) -> Hits:
    """Draw a swung ride, the hat under the foot on the back beats, a comping snare."""
    hits: Hits = []
    skips = {1, 3} if metre == 4 else {metre - 2} if metre > 2 else {1}
    for beat in range(metre):
        hits.append((float(beat), RIDE, 0.8 if beat in skips else 0.7))
        if beat in skips:
            hits.append((beat + 0.5, RIDE, 0.6))
    hits += [(beat, PEDAL, 0.6) for beat in _back_beats(rng, metre)]
    hits += [
        (beat + 0.5, SNARE_2, float(rng.uniform(0.2, 0.6))) for beat in range(metre) if _chance(rng, 0.25)
    ]
    feathered = _chance(rng, 0.4)
    hits += [(float(beat), KICK, 0.35) for beat in range(metre) if feathered]
    hits += [(beat + 0.5, KICK, 0.6) for beat in range(metre) if _chance(rng, 0.12)]
    return hits


def shuffle(rng: np.random.Generator, metre: int) -> Hits:
    """Draw eighths that are swung by triplets, and a back beat."""
    snares = _back_beats(rng, metre)
    hits = timekeeper(rng, metre, 0.5, int(rng.choice([HAT, HAT, RIDE, SNARE_2])))
    hits += [(beat, SNARE, 0.95) for beat in snares] + _kicks(rng, metre, snares, 0.5)
    if _chance(rng, 0.25):
        hits += [(float(beat), KICK, 0.85) for beat in range(metre)]
    return hits


def slow_triplets(rng: np.random.Generator, metre: int) -> Hits:
    """Draw three notes a beat, as in six-eight and twelve-eight ballads."""
    hits = []
    note = int(rng.choice([HAT, HAT, RIDE]))
    for beat in range(metre):
        hits += [(beat + step / 3.0, note, 0.75 if step == 0 else 0.55) for step in range(3)]
    snares = _back_beats(rng, metre) if metre != 2 else [1.0]
    hits += [(float(beat), SNARE, 0.95) for beat in snares] + [(0.0, KICK, 0.95)]
    hits += [
        (b + s / 3.0, KICK, 0.8)
        for b in range(metre)
        for s in (0, 1, 2)
        if b not in snares and _chance(rng, 0.2)
    ]
    return hits


def waltz(rng: np.random.Generator, metre: int) -> Hits:
    """Draw a low first beat and light others."""
    light = int(rng.choice([SNARE, HAT, RIM, RIDE, PEDAL, TAMBOURINE]))
    hits = [(0.0, KICK, 0.95)] + [(float(beat), light, 0.6) for beat in range(1, metre)]
    if _chance(rng, 0.5):
        hits += timekeeper(rng, metre, float(rng.choice([0.5, 1.0])), int(rng.choice([HAT, RIDE])))
    return hits


def odd(rng: np.random.Generator, metre: int) -> Hits:
    """Draw fives, sixes and sevens that are counted in groups."""
    groups = grouping(rng, metre)
    hits = timekeeper(
        rng, metre, float(rng.choice([1.0, 0.5, 0.5])), int(rng.choice([HAT, RIDE, RIDE, COWBELL]))
    )
    for start, length in zip(_starts(groups), groups, strict=True):
        hits.append((float(start), KICK, 0.95 if start == 0 else 0.8))
        hits.append((start + float(length - 1 if length < 4 else 2), SNARE, 0.9))
        if _chance(rng, 0.3):
            hits.append((start + length - 0.5, KICK, 0.75))
    return hits


def reggae(rng: np.random.Generator, metre: int) -> Hits:
    """Draw one drop, rockers or steppers."""
    drop = [2.0] if metre == 4 else [float(metre - 1)]
    kind = int(rng.integers(3))
    kicks = drop if kind == 0 else [0.0, *drop] if kind == 1 else [float(beat) for beat in range(metre)]
    hits = [(place, KICK, 0.9) for place in kicks]
    hits += [(place, int(rng.choice([SNARE, RIM])), 0.9) for place in drop]
    return hits + timekeeper(rng, metre, 0.5, HAT)


def bossa(rng: np.random.Generator, metre: int) -> Hits:
    """Draw bossa nova or samba in four: a rim clave and a kick of dotted eighths."""
    clave = [0.0, 0.75, 1.5, 2.5, 3.25] if _chance(rng, 0.5) else [0.0, 1.5, 3.0, 1.0, 2.5]
    hits = [(place, RIM, 0.75) for place in clave if place < metre]
    for beat in range(0, metre, 1 if _chance(rng, 0.5) else 2):
        hits += [(float(beat), KICK, 0.75), (beat + 0.75, KICK, 0.6)]
    return hits + timekeeper(rng, metre, float(rng.choice([0.25, 0.5])), int(rng.choice([HAT, SHAKER, RIDE])))


def latin(rng: np.random.Generator, metre: int) -> Hits:
    """Draw congas, a bell and a clave."""
    hits: Hits = [(place, CONGA_MUTE, 0.45) for place in np.arange(0.0, metre, 0.5).tolist()]
    for bar_end in range(2, metre + 1, 2):
        hits += [
            (bar_end - 0.5, CONGA_HIGH, 0.8),
            (bar_end - 0.0 - 1.0, CONGA_LOW if _chance(rng, 0.5) else CONGA_MUTE, 0.7),
        ]
    if _chance(rng, 0.6):
        hits += timekeeper(
            rng, metre, float(rng.choice([1.0, 0.5])), int(rng.choice([COWBELL, TIMBALE, BELL]))
        )
    if _chance(rng, 0.5):
        sides = [[0.0, 1.5, 3.0], [1.0, 2.0]]
        hits += [(place, CLAVES, 0.85) for place in sides[int(rng.integers(2))] if place < metre]
    if _chance(rng, 0.4):
        hits.append((0.0, KICK, 0.85))
    return hits


def hand_drums(rng: np.random.Generator, metre: int) -> Hits:
    """Draw a pattern of low, high and slapped strokes on a pair of hand drums."""
    low, high, third = [(61, 60, 62), (64, 63, 62), (65, 66, 76), (41, 50, 39)][int(rng.integers(4))]
    grid = float(rng.choice([0.5, 0.25, 0.5, 1 / 3]))
    hits: Hits = [(0.0, low, 0.95)]
    for place in np.arange(grid, metre - 1e-6, grid):
        on_beat = abs(place - round(place)) < 1e-6
        if _chance(rng, 0.75 if on_beat else 0.55):
            note = int(rng.choice([low, high, high, third]))
            hits.append(
                (float(place), note, float(rng.uniform(0.5, 0.9) if on_beat else rng.uniform(0.25, 0.7)))
            )
    if _chance(rng, 0.35):
        hits += timekeeper(rng, metre, grid, int(rng.choice([SHAKER, MARACAS, TAMBOURINE])))
    return hits


def sparse(rng: np.random.Generator, metre: int) -> Hits:
    """Draw a single thing: a kick, a tambourine, hats or claps alone."""
    kind = int(rng.integers(4))
    if kind == 0:
        return [(float(beat), KICK, 0.9) for beat in range(metre)]
    if kind == 1:
        return [(beat, CLAP, 0.9) for beat in _back_beats(rng, metre)] + [(0.0, KICK, 0.8)]
    if kind == 2:
        return timekeeper(
            rng, metre, float(rng.choice([0.5, 0.25])), int(rng.choice([SHAKER, TAMBOURINE, HAT]))
        )
    return [(0.0, KICK, 0.9)] + [(float(beat), RIM, 0.6) for beat in range(1, metre)]


def tribal(rng: np.random.Generator, metre: int) -> Hits:
    """Draw toms and snares in eighths or sixteenths, as a march or a tom groove has them."""
    grid = float(rng.choice([0.5, 0.25]))
    notes = (FLOOR_TOM, LOW_TOM, MID_TOM, SNARE)
    hits: Hits = [(0.0, KICK, 0.95), (0.0, FLOOR_TOM, 0.9)]
    for place in np.arange(grid, metre - 1e-6, grid):
        on_beat = abs(place - round(place)) < 1e-6
        if _chance(rng, 0.8):
            hits.append(
                (
                    float(place),
                    int(rng.choice(notes)),
                    float(rng.uniform(0.6, 0.9) if on_beat else rng.uniform(0.3, 0.7)),
                )
            )
    return hits


STYLES = (
    Style("rock", rock, (75, 170), (4, 4, 4, 4, 4, 4, 3, 2), weight=5.0),
    Style("half-time", half_time, (110, 170), (4,), weight=0.7),
    Style("double-time", double_time, (80, 150), (4, 4, 2, 3), weight=1.0),
    Style("house", four_on_the_floor, (90, 145), (4,), (0.5, 0.5, 0.5, 0.56), weight=1.6, swung=0.25),
    Style("break", break_beat, (90, 185), (4,), weight=1.2),
    Style("hip-hop", hip_hop, (62, 108), (4,), (0.5, 0.5, 0.54, 0.58, 0.62), weight=1.6, swung=0.25),
    Style("jazz", jazz, (80, 260), (4, 4, 4, 3, 5), (0.6, 0.64, 2 / 3, 0.7), weight=1.6),
    Style("shuffle", shuffle, (70, 185), (4, 4, 4, 3), (0.6, 2 / 3, 2 / 3), weight=1.4),
    Style("triplets", slow_triplets, (45, 90), (2, 4, 4, 2, 3), weight=1.6),
    Style("waltz", waltz, (80, 200), (3,), (0.5, 0.5, 2 / 3), weight=1.4),
    Style("odd", odd, (85, 250), (5, 7, 6, 5, 7, 3), weight=2.2),
    Style("rock in other metres", rock, (80, 180), (3, 5, 6, 7), weight=1.2),
    Style("reggae", reggae, (62, 150), (4,), (0.5, 0.5, 0.6), weight=0.8),
    Style("bossa", bossa, (70, 160), (4, 2), weight=0.9),
    Style("latin", latin, (85, 220), (4, 4, 2), weight=1.0),
    Style("hand drums", hand_drums, (65, 180), (4, 4, 4, 3, 6, 5, 7, 2), weight=1.4),
    Style("sparse", sparse, (60, 170), (4, 4, 3, 2, 5, 6, 7), weight=0.8),
    Style("tribal", tribal, (70, 170), (4, 4, 4, 2, 3, 5), weight=1.0),
    Style("fast", rock, (165, 230), (4,), weight=0.6),
)


def varied(rng: np.random.Generator, hits: Hits, amount: float) -> Hits:
    """Leave some hits out, but hardly the loud ones, and play all as unevenly as people do."""
    kept = [hit for hit in hits if not _chance(rng, amount * (0.3 if hit[2] > 0.85 else 1.0))]
    return [
        (place, note, float(np.clip(level * rng.normal(1.0, 0.07), 0.05, 1.0))) for place, note, level in kept
    ]


def fill(rng: np.random.Generator, metre: int, beats: float, grid: float) -> Hits:
    """Draw a fill over the last beats of a bar."""
    notes = [int(rng.choice([SNARE, HIGH_TOM])), MID_TOM, LOW_TOM, FLOOR_TOM]
    places = np.arange(metre - beats, metre - 1e-6, grid)
    hits = []
    for number, place in enumerate(places):
        if _chance(rng, 0.85):
            note = notes[min(3, int(4 * number / len(places)))] if _chance(rng, 0.7) else SNARE
            hits.append((float(place), note, float(rng.uniform(0.55, 1.0))))
    return hits
