"""Whole pieces of training music: two stems and their beats. One seed, one piece."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.analysis.beats.activations import RATE_HZ
from engine.lab.training.beats import kits
from engine.lab.training.beats.clicks import click_track
from engine.lab.training.beats.groove import Groove
from engine.lab.training.beats.notes import Note, bass, chords, comping, melody, random_key
from engine.lab.training.beats.patterns import (
    CLAP,
    COWBELL,
    CRASH,
    FLOOR_TOM,
    HAT,
    LOW_TOM,
    OPEN,
    RIDE,
    RIM,
    SHAKER,
    STYLES,
    Hit,
    Style,
    fill,
    varied,
)
from engine.lab.training.beats.soundfont import DRUM_CHANNEL, FONTS, Sounding, through_sound_font
from engine.lab.training.beats.timeline import Bar, Tempo, Timeline, timeline

Floats = NDArray[np.float32]

LENGTH_S = 45.0
_TRAIN_FONTS = ("sf2/FluidR3_GM.sf2", "sf2/TimGM6mb.sf2")
_VALIDATION_FONTS = ("sf3/MuseScore_General.sf3", "sf2/TimGM6mb.sf2")
_TIME, _BACK, _LOW = (22, 26, 42, 46, 51, 53, 59), (37, 38, 40), (35, 36)
_LEFT_OUT = ((_TIME, 1.0), (_BACK, 0.4), (_LOW, 1.0), (_BACK, 0.4))
"""Notes, and how hard those are struck that stay: of a back beat only soft strokes go, and twice as often."""
_FEWEST_HITS = 40
_GM_KITS = (0, 8, 16, 24, 25, 32, 40, 48)

_BASSES = (32, 33, 34, 35, 36, 37, 38, 39, 43, 58)
_CHORDS = (*range(8), *range(16, 32), *range(48, 56), 61, 62, 63, *range(80, 96), 46, 105, 11, 12)
_LEADS = (*range(16), *range(24, 32), *range(40, 47), *range(52, 88), 104, 105, 106, 107, 109, 110)
_SLOW = (16, 19, 20, 21, 40, 41, 42, 44, 48, 49, 50, 52, 53, 60, 68, 70, 71, 73, 89, 91, 92, 94, 95)


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """A piece of training music.

    Attributes
    ----------
    drums, music : float32, shape (n,), mono at `RATE_HZ`; either may be silent
    beats_s : float64, shape (m,), the beats that a listener would count
    positions : int64, shape (m,), 1 for a downbeat
    has_bars : whether bars are audible; else downbeats have no loss
    silent_s : spans with inaudible beats, without a loss
    """

    name: str
    drums: Floats
    music: Floats
    beats_s: NDArray[np.float64]
    positions: NDArray[np.int64]
    has_bars: bool = True
    silent_s: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Sources:
    """Material of pieces: kits, sound fonts and programs for training or for validation."""

    kits: tuple[str, ...]
    fonts: tuple[Path, ...]
    validation: bool

    def allowed(self, programs: Sequence[int]) -> list[int]:
        """Return the programs of this part: every sixth is held out for validation."""
        return [program for program in programs if (program % 6 == 3) == self.validation]


def sources(*, validation: bool) -> Sources:
    """Return the material of the pieces of one part."""
    names = [name for name in kits.kit_names() if (name in kits.VALIDATION) == validation]
    fonts = _VALIDATION_FONTS if validation else _TRAIN_FONTS
    return Sources(tuple(names), tuple(FONTS / font for font in fonts), validation)


def piece(seed: int, played: Sequence[Groove], *, validation: bool) -> Piece:
    """Make the piece of a seed.

    Parameters
    ----------
    played : drummers' performances that some pieces are made around
    """
    rng = np.random.default_rng([seed, int(validation)])
    made_of = sources(validation=validation)
    kind = str(
        rng.choice(
            ["band", "groove", "drums", "no drums", "clicks", "nothing"],
            p=[0.36, 0.27, 0.1, 0.15, 0.09, 0.03],
        )
    )
    if kind == "groove" and len(played):
        return _groove_piece(rng, made_of, played[int(rng.integers(len(played)))])
    if kind == "clicks":
        return _clicks(rng)
    if kind == "nothing":
        return _nothing(rng, made_of)
    if kind == "no drums":
        return _without_drums(rng, made_of)
    return _band(rng, made_of, with_music=kind != "drums")


def _start(rng: np.random.Generator) -> float:
    return float(rng.choice([0.1, rng.uniform(0.1, 2.5)]))


def _lay(
    rng: np.random.Generator, tempo_bpm: float, metre: int, tempo: Tempo, other_metre: int | None = None
) -> Timeline:
    """Lay about `LENGTH_S` of bars; another metre comes from somewhere on, or a bar of it now and then."""
    count = max(4, round((LENGTH_S - 3.0) * tempo_bpm / 60.0 / metre))
    metres = [metre] * count
    if other_metre is not None:
        if rng.random() < 0.5:
            metres[int(rng.integers(count // 3, count)) :] = [other_metre] * (count // 2)
        else:
            every = int(rng.choice([4, 8]))
            metres = [other_metre if number % every == every - 1 else metre for number in range(count)]
    return timeline(rng, tempo_bpm, metres, tempo, _start(rng))


def _tempo(rng: np.random.Generator, low: float, high: float) -> float:
    if rng.random() < 0.06:  # anything that can be counted
        return float(np.exp(rng.uniform(np.log(max(40.0, 0.7 * low)), np.log(min(300.0, 1.4 * high)))))
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def _band(rng: np.random.Generator, made_of: Sources, *, with_music: bool) -> Piece:
    weights = np.array([style.weight for style in STYLES])
    style = STYLES[int(rng.choice(len(STYLES), p=weights / weights.sum()))]
    metre = int(rng.choice(style.metres))
    tempo_bpm = _tempo(rng, *style.tempi_bpm)
    if metre >= 5:
        tempo_bpm = max(tempo_bpm, 95.0)
    tempo = Tempo(str(rng.choice(list(Tempo), p=[0.46, 0.36, 0.08, 0.04, 0.06])))
    other = int(rng.choice([2, 3, 4, 5, 6, 7])) if rng.random() < 0.06 else None
    beats = _lay(rng, tempo_bpm, metre, tempo, other)
    hits = _drum_part(rng, style, beats.bars)
    notes = _music_part(rng, beats.bars) if with_music else []
    hits, notes, silent = _breaks(rng, beats, hits, notes)
    swing = float(rng.choice(style.swings))
    name = f"{style.name} {metre} at {tempo_bpm:.0f} {tempo}"
    return _rendered(rng, made_of, name, beats, hits, notes, (swing, style.swung), silent)


def _drum_part(rng: np.random.Generator, style: Style, bars: Sequence[Bar]) -> list[Hit]:
    """Return hits in beats from the start of the piece."""
    templates: dict[int, list[list[Hit]]] = {}
    phrase = int(rng.choice([4, 8]))
    fills = float(rng.choice([0.0, 0.4, 0.9]))
    crashes = float(rng.choice([0.0, 0.5, 0.9]))
    unevenness = float(rng.choice([0.0, 0.05, 0.15]))
    two_bars = rng.random() < 0.4
    section = 0
    hits: list[Hit] = []
    after_fill = rng.random() < 0.5
    if rng.random() < 0.08 and bars[0].metre <= 4:  # counted in with sticks
        hits += [(float(beat - bars[0].metre), RIM, 0.8) for beat in range(bars[0].metre)]
    for count, bar in enumerate(bars):
        if count % (2 * phrase) == 0 and rng.random() < 0.3:
            section += 1
        key = 10 * section + bar.metre
        if key not in templates:
            first = style.bar(rng, bar.metre)
            second = (
                style.bar(rng, bar.metre) if two_bars and rng.random() < 0.3 else varied(rng, first, 0.25)
            )
            templates[key] = [first, second if two_bars else first]
        played = varied(rng, templates[key][count % 2], unevenness)
        if after_fill and rng.random() < crashes:
            played.append((0.0, CRASH, 0.9))
        after_fill = False
        if count % phrase == phrase - 1 and rng.random() < fills:
            length = min(float(bar.metre), float(rng.choice([1.0, 2.0, 4.0])))
            played = [hit for hit in played if hit[0] < bar.metre - length - 1e-6]
            played += fill(rng, bar.metre, length, float(rng.choice([0.25, 0.5, 1 / 3])))
            after_fill = True
        hits += [(bar.first_beat + place, note, level) for place, note, level in played]
    return hits


def _music_part(rng: np.random.Generator, bars: Sequence[Bar], *, slow: bool = False) -> list[Note]:
    """Return the notes of bass (part 0), chords (1, 2) and melody (3)."""
    key = random_key(rng)
    laid = chords(rng, bars, key)
    notes: list[Note] = []
    if rng.random() < 0.85:
        notes += bass(rng, bars, laid, 0)
    if rng.random() < 0.85:
        notes += comping(rng, bars, laid, 1)
    if rng.random() < 0.4:
        notes += comping(rng, bars, laid, 2)
    if rng.random() < 0.65:
        notes += melody(rng, bars, laid, key, 3, slow=slow)
    if rng.random() < 0.5:  # parts come in one after the other
        enters = {part: float(rng.choice([0.0, 0.0, 8.0, 16.0, 32.0])) for part in range(4)}
        notes = [note for note in notes if note.beat >= enters[note.part]] or notes
    return notes


def _breaks(
    rng: np.random.Generator, beats: Timeline, hits: list[Hit], notes: list[Note]
) -> tuple[list[Hit], list[Note], tuple[tuple[float, float], ...]]:
    """Let drums, music or all pause for some bars in some pieces."""
    chance = rng.random()
    if chance > 0.3 or len(beats.bars) < 8:
        return hits, notes, ()
    first = int(rng.integers(3, len(beats.bars) - 3))
    last = min(len(beats.bars) - 1, first + int(rng.integers(1, 5)))
    start, stop = beats.bars[first].first_beat, beats.bars[last].first_beat
    if chance < 0.2:
        if notes and chance < 0.12:
            return [hit for hit in hits if not start <= hit[0] < stop], notes, ()
        return hits, [note for note in notes if not start <= note.beat < stop], ()
    hits = [hit for hit in hits if not start <= hit[0] < stop]
    notes = [note for note in notes if not start - 0.01 <= note.beat < stop]
    return hits, notes, ((float(beats.beats_s[start]) + 0.4, float(beats.beats_s[stop]) - 0.1),)


def _swung(places: NDArray[np.float64], swing: tuple[float, float]) -> NDArray[np.float64]:
    """Move every second note of a value later: 0.5 leaves it, 2 / 3 makes triplets of it."""
    share, value = swing
    if share == 0.5:
        return places
    pair = 2.0 * value
    whole = np.floor(places / pair + 1e-9) * pair
    inside = (places - whole) / pair
    moved = np.where(inside < 0.5, inside * 2.0 * share, share + (inside - 0.5) * 2.0 * (1.0 - share))
    return whole + moved * pair


def _rendered(
    rng: np.random.Generator,
    made_of: Sources,
    name: str,
    beats: Timeline,
    hits: Sequence[Hit],
    notes: Sequence[Note],
    swing: tuple[float, float],
    silent: tuple[tuple[float, float], ...] = (),
    programs: Sequence[int] | None = None,
) -> Piece:
    """Play a piece: drums through a kit, all else through a sound font."""
    end_s = float(beats.beats_s[-1])
    length_s = min(end_s + 1.0, LENGTH_S + 10.0)
    uneven_s = float(rng.choice([0.0, 0.003, 0.008, 0.015]))
    drums = np.zeros(round(length_s * RATE_HZ), np.float32)
    if hits:
        at_s = beats.at(_swung(np.array([hit[0] for hit in hits]), swing))
        at_s = at_s + rng.normal(0.0, uneven_s, len(at_s))
        played = [kits.DrumHit(float(at), hit[1], hit[2]) for at, hit in zip(at_s, hits, strict=True)]
        drums = _drums(rng, made_of, played, length_s)
    music = _music(rng, made_of, beats, notes, swing, uneven_s, length_s, programs)
    counted = _counted(beats, hits, notes)
    positions = beats.positions
    numbers = np.flatnonzero(counted & (beats.beats_s[:-1] < length_s - 0.1))
    return Piece(name, drums, music, beats.beats_s[numbers], positions[numbers], silent_s=silent)


def _counted(beats: Timeline, hits: Sequence[Hit], notes: Sequence[Note]) -> NDArray[np.bool_]:
    """Return the audible beats: from the first sound to the last."""
    places = np.array([hit[0] for hit in hits] + [note.beat for note in notes])
    numbers = np.arange(len(beats.beats_s) - 1)
    if not len(places):
        return np.zeros(len(numbers), bool)
    first = max(0.0, float(places.min()))
    return (numbers >= first - 0.3) & (numbers <= float(places.max()) + 0.3)


def _drums(
    rng: np.random.Generator, made_of: Sources, hits: Sequence[kits.DrumHit], length_s: float
) -> Floats:
    chance = rng.random()
    if chance < 0.3:
        soundings = [
            Sounding(hit.start_s, 0.3, hit.note, hit.velocity, DRUM_CHANNEL)
            for hit in hits
            if hit.start_s >= 0
        ]
        font = made_of.fonts[int(rng.integers(len(made_of.fonts)))]
        return through_sound_font(soundings, {DRUM_CHANNEL: int(rng.choice(_GM_KITS))}, font, length_s)
    levels = kits.mix(rng)
    kit = kits.formula_kit(rng) if chance < 0.5 else kits.read_kit(str(rng.choice(made_of.kits)))
    return kits.play(hits, kit, length_s, levels)


def _music(
    rng: np.random.Generator,
    made_of: Sources,
    beats: Timeline,
    notes: Sequence[Note],
    swing: tuple[float, float],
    uneven_s: float,
    length_s: float,
    programs: Sequence[int] | None,
) -> Floats:
    if not notes:
        return np.zeros(round(length_s * RATE_HZ), np.float32)
    chosen = programs or [
        int(rng.choice(made_of.allowed(group) or group)) for group in (_BASSES, _CHORDS, _CHORDS, _LEADS)
    ]
    starts = beats.at(_swung(np.array([note.beat for note in notes]), swing))
    stops = beats.at(_swung(np.array([note.beat + note.length_beats for note in notes]), swing))
    level = {part: float(rng.uniform(0.55, 1.0)) for part in range(4)}
    starts = np.maximum(0.0, starts + rng.normal(0.0, uneven_s, len(starts)))
    soundings = [
        Sounding(
            float(start),
            float(max(0.05, stop - start)),
            int(np.clip(note.pitch, 20, 108)),
            float(np.clip(note.velocity * level[note.part] * rng.normal(1.0, 0.06), 0.1, 1.0)),
            note.part,
        )
        for start, stop, note in zip(starts, stops, notes, strict=True)
    ]
    font = made_of.fonts[int(rng.integers(len(made_of.fonts)))]
    return through_sound_font(soundings, dict(enumerate(chosen)), font, length_s)


def _groove_piece(
    rng: np.random.Generator, made_of: Sources, played: Groove, music_share: float = 0.6
) -> Piece:
    """Use a segment of a drummer's performance, at another tempo, mostly with accompaniment."""
    tempo_bpm = played.tempo_bpm * float(np.exp(rng.uniform(np.log(0.8), np.log(1.25))))
    beats = _lay(
        rng, tempo_bpm, played.metre, Tempo(str(rng.choice([Tempo.STEADY, Tempo.STEADY, Tempo.DRIFT])))
    )
    count = len(beats.beats_s) - 1
    bars_in = max(0, int((played.beats[-1] - count) // played.metre))
    skipped = int(rng.integers(bars_in + 1)) * played.metre
    # The strokes lie before the click that the drummer heard; a listener counts the strokes.
    places = played.beats - played.late_beats - skipped
    chosen = np.flatnonzero((places > -0.2) & (places < count))
    hits = [(float(places[n]), int(played.notes[n]), float(played.velocities[n])) for n in chosen]
    notes: list[Note] = []
    if rng.random() < music_share:
        last = max([hit[0] for hit in hits], default=0.0)
        bars = [bar for bar in beats.bars if bar.first_beat <= last] or list(beats.bars[:2])
        notes = _music_part(rng, bars)
    swing = (2 / 3, 0.5) if any(word in played.name for word in ("shuffle", "swing", "jazz/")) else (0.5, 0.5)
    straight = _rendered(rng, made_of, played.name, beats, hits, [], (0.5, 0.5))
    if not notes:
        return replace(straight, has_bars=played.has_bars)
    length_s = len(straight.drums) / RATE_HZ
    music = _music(rng, made_of, beats, notes, swing, 0.006, length_s, None)
    return replace(straight, name=straight.name + " with music", music=music, has_bars=played.has_bars)


def performance(seed: int, played: Sequence[Groove]) -> Piece:
    """Make the piece of a seed of a drummer's performance, all of them as often: mostly without music.

    Voices are exchanged, left out or thinned in some, so that no groove is recognized by its hat or its rim.
    """
    rng = np.random.default_rng([seed, 2])
    one = revoiced(rng, played[seed % len(played)])
    return _groove_piece(rng, sources(validation=False), one, music_share=0.3)


def clicks(seed: int) -> Piece:
    """Make the click track of a seed."""
    return _clicks(np.random.default_rng([seed, 3]))


def revoiced(rng: np.random.Generator, played: Groove) -> Groove:
    """Let another voice play the time or the back beat, or leave out the time, the kick or soft snares."""
    notes = played.notes.copy()
    if rng.random() < 0.2:
        notes[np.isin(notes, _TIME)] = int(rng.choice([HAT, RIDE, OPEN, SHAKER, COWBELL, FLOOR_TOM]))
    if rng.random() < 0.12:
        notes[np.isin(notes, _BACK)] = int(rng.choice([RIM, CLAP, LOW_TOM]))
    kept = np.ones(len(notes), bool)
    if rng.random() < 0.2:
        lost, softer = _LEFT_OUT[int(rng.integers(4))]
        kept = ~np.isin(notes, lost) | (played.velocities > softer)
    if kept.sum() < _FEWEST_HITS:
        return played
    return replace(played, notes=notes[kept], beats=played.beats[kept], velocities=played.velocities[kept])


def _without_drums(rng: np.random.Generator, made_of: Sources) -> Piece:
    """Make a piece of one or a few instruments: piano, guitar, strings, choir, winds."""
    slow = rng.random() < 0.35
    metre = int(rng.choice([4, 4, 4, 3, 3, 2, 6, 5, 7]))
    tempo_bpm = _tempo(rng, 50.0, 130.0) if slow else _tempo(rng, 60.0, 180.0)
    tempo = Tempo(str(rng.choice(list(Tempo), p=[0.3, 0.3, 0.1, 0.25, 0.05])))
    beats = _lay(rng, tempo_bpm, metre, tempo)
    notes: list[Note] = []
    while not notes:
        notes = _music_part(rng, beats.bars, slow=slow)
    programs = None
    if slow:
        programs = [int(program) for program in rng.choice(made_of.allowed(_SLOW), 4)]
    elif rng.random() < 0.5:
        programs = [int(rng.choice(made_of.allowed(range(8) if rng.random() < 0.7 else range(24, 32))))] * 4
    swing = (float(rng.choice([0.5, 0.5, 0.5, 2 / 3])), 0.5)
    return _rendered(
        rng, made_of, f"no drums {metre} at {tempo_bpm:.0f} {tempo}", beats, [], notes, swing, (), programs
    )


def _clicks(rng: np.random.Generator) -> Piece:
    metre = int(rng.integers(2, 8))
    tempo_bpm = (
        float(np.exp(rng.uniform(np.log(30.0), np.log(300.0))))
        if rng.random() < 0.6
        else float(rng.uniform(60, 200))
    )
    tempo = Tempo(str(rng.choice([Tempo.STEADY, Tempo.STEADY, Tempo.STEADY, Tempo.STEP, Tempo.RAMP])))
    beats = _lay(rng, tempo_bpm, metre, tempo)
    length_s = min(float(beats.beats_s[-1]) + 0.5, LENGTH_S + 10.0)
    clicks, has_bars = click_track(rng, beats, length_s)
    kept = beats.beats_s[:-1] < length_s - 0.1
    name = f"clicks {metre} at {tempo_bpm:.0f}"
    return Piece(
        name, clicks, np.zeros_like(clicks), beats.beats_s[:-1][kept], beats.positions[kept], has_bars
    )


def _nothing(rng: np.random.Generator, made_of: Sources) -> Piece:
    """Make something without a pulse: noise, hum, pads, strokes at random."""
    count = round(LENGTH_S * RATE_HZ)
    sound = np.zeros(count, np.float32)
    kind = int(rng.integers(4))
    if kind == 0:
        coloured = np.cumsum(rng.standard_normal(count)) if rng.random() < 0.3 else rng.standard_normal(count)
        sound = (coloured / np.abs(coloured).max() * 10 ** rng.uniform(-3, -0.5)).astype(np.float32)
    elif kind == 1:
        chosen = [int(program) for program in rng.choice(made_of.allowed(_SLOW), 4)]
        starts = np.cumsum(rng.exponential(3.0, 14))
        notes = [
            Sounding(float(s), float(rng.uniform(3, 9)), int(rng.integers(36, 84)), 0.6, int(rng.integers(4)))
            for s in starts
        ]
        sound = through_sound_font(notes, dict(enumerate(chosen)), made_of.fonts[0], LENGTH_S)
    elif kind == 2:
        at_s = np.cumsum(rng.exponential(float(rng.choice([0.4, 0.8, 1.5])), 120))
        kinds = rng.choice([36, 38, 42, 47, 49, 51], len(at_s))
        hits = [
            kits.DrumHit(float(s), int(n), float(rng.uniform(0.3, 1)))
            for s, n in zip(at_s, kinds, strict=True)
        ]
        sound = _drums(rng, made_of, [hit for hit in hits if hit.start_s < LENGTH_S], LENGTH_S)
    none = np.zeros(0)
    return Piece(f"nothing {kind}", sound, np.zeros_like(sound), none, none.astype(np.int64))
