"""Composed songs: form, chords, melody, bass, riffs and accompaniment, all drawn from a seed.

A song is a sequence of sections with notes in beats. Each take is another performance (`performing`): drums,
fills and solos are not in the score.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from engine.lab.evaluation.days.accompaniment import (
    Chord,
    Harmony,
    ScoreNote,
    bass_line,
    chords_in,
    comping,
    melody,
    pad,
    riff,
)
from engine.lab.evaluation.days.styles import FORMS, OPENINGS, PROGRESSIONS, STYLES, Style

DRUMS = "drums"
_SCALES = {False: (0, 2, 4, 5, 7, 9, 11), True: (0, 2, 3, 5, 7, 8, 10)}


@dataclass(frozen=True, slots=True)
class Section:
    """A section of a song as it is played.

    Attributes
    ----------
    bars : of the section
    notes : of all parts that play, in beats from the start of the section
    loudness : factor of the loudness of all notes
    has_drums : whether the drummer plays
    solo : the part that improvises; `DRUMS` for a drum solo; empty for none
    rest_beats : pause of all players after the section
    fades_in : whether it begins very soft
    """

    name: str
    bars: int
    chords: tuple[Chord, ...]
    notes: tuple[ScoreNote, ...]
    loudness: float
    has_drums: bool
    solo: str = ""
    rest_beats: int = 0
    fades_in: bool = False


@dataclass(frozen=True, slots=True)
class Song:
    """A composed song.

    Attributes
    ----------
    metre : beats of a bar
    programs : General MIDI program of each part; drums are not among them
    has_drums : whether there is a drummer
    scale : semitones above the tonic
    tonic : pitch class
    swing : where the second eighth of a beat is, as a share; 0 for straight
    """

    name: str
    style: str
    tempo_bpm: float
    metre: int
    tonic: int
    scale: tuple[int, ...]
    programs: Mapping[str, int]
    has_drums: bool
    sections: tuple[Section, ...]
    swing: float = 0.0

    @property
    def length_s(self) -> float:
        """Return the nominal length."""
        beats = sum(one.bars * self.metre + one.rest_beats for one in self.sections)
        return beats * 60.0 / self.tempo_bpm


def compose(
    name: str, style_name: str, rng: np.random.Generator, length_s: tuple[float, float] = (90.0, 290.0)
) -> Song:
    """Compose a song of a style whose nominal length is within limits as far as its form allows."""
    style = STYLES[style_name]
    metre = 3 if rng.random() < style.waltz else 4
    is_minor = bool(rng.random() < style.minor)
    tempo_bpm = float(rng.uniform(*style.tempo_bpm))
    programs = _programs(style, rng)
    writer = _Writer(style, rng, metre, _SCALES[is_minor], int(rng.integers(12)), is_minor, tuple(programs))
    has_drums = bool(rng.random() >= style.no_drums)
    wanted_bars = rng.uniform(*length_s) * tempo_bpm / 60.0 / metre
    sections = tuple(writer.sections(wanted_bars, has_drums, tempo_bpm))
    swing = style.swing and style.swing + float(rng.uniform(-0.04, 0.04))
    return Song(
        name, style_name, tempo_bpm, metre, writer.tonic, writer.scale, programs, has_drums, sections, swing
    )


def _programs(style: Style, rng: np.random.Generator) -> dict[str, int]:
    programs = {
        "bass": int(rng.choice(style.bass)),
        "comp": int(rng.choice(style.comp)),
        "lead": int(rng.choice(style.lead)),
    }
    for part, some, chance in (
        ("riff", style.riff, 0.75),
        ("pad", style.pad, 0.6),
        ("second", style.lead, 0.45),
        ("choir", (52, 53), 0.25),
    ):
        if rng.random() < chance:
            programs[part] = int(rng.choice(some))
    return programs


class _Writer:
    """Writes the sections of one song."""

    def __init__(
        self,
        style: Style,
        rng: np.random.Generator,
        metre: int,
        scale: tuple[int, ...],
        tonic: int,
        is_minor: bool,
        parts: Sequence[str],
    ) -> None:
        self.style, self.rng, self.metre, self.scale, self.tonic = style, rng, metre, scale, tonic
        self.is_minor, self.parts = is_minor, parts
        self.harmony = Harmony(tonic, scale, metre)
        self._ideas: dict[str, tuple[tuple[Chord, ...], tuple[ScoreNote, ...]]] = {}

    def sections(self, wanted_bars: float, has_drums: bool, tempo_bpm: float) -> Iterator[Section]:
        """Yield the sections in the order of the form."""
        rng = self.rng
        names = str(rng.choice(FORMS)).split()
        if has_drums and rng.random() < 0.2:
            names.insert(len(names) - 2, "drum solo")
        unit = self._unit(names, wanted_bars)
        opening = str(rng.choice(list(OPENINGS), p=list(OPENINGS.values())))
        if opening == "drums" and not has_drums:
            opening = "band"
        rest_at = int(rng.integers(2, len(names) - 1)) if rng.random() < 0.3 else -1
        seen: dict[str, int] = {}
        for at, name in enumerate(names):
            seen[name] = seen.get(name, 0) + 1
            section = self._section(name, seen[name], unit, has_drums)
            if name == "intro":
                section = self._opened(section, opening)
            if at == rest_at:
                section = replace(section, rest_beats=round(rng.uniform(1.0, 2.0) * tempo_bpm / 60.0))
            yield section

    def _unit(self, names: Sequence[str], wanted_bars: float) -> int:
        """Return the length of a verse in bars with which the total comes nearest to the wanted one."""
        return min((2, 4, 8, 12, 16), key=lambda unit: abs(self._total(names, unit) - wanted_bars))

    def _total(self, names: Sequence[str], unit: int) -> int:
        return sum(self._bars(name, unit) for name in names)

    @staticmethod
    def _bars(name: str, unit: int) -> int:
        return max(2, unit // 2) if name in ("intro", "outro", "bridge", "drum solo") else unit

    def _idea(self, name: str, bars: int) -> tuple[tuple[Chord, ...], tuple[ScoreNote, ...]]:
        """Return the chords and notes that a section has each time, made at first."""
        if name not in self._ideas:
            rng = self.rng
            likeness = {"intro": "verse", "solo": "verse", "outro": "chorus"}.get(name)
            if likeness in self._ideas:
                chords = self._ideas[likeness][0]
            else:
                degrees = str(rng.choice(PROGRESSIONS[self.is_minor])).split()
                colour = rng.random() < (0.9 if self.style.swing else 0.2)
                chords = chords_in(degrees, self.scale, has_sevenths=bool(colour))
            chords = tuple(chords[at % len(chords)] for at in range(bars))
            self._ideas[name] = chords, tuple(self._notes(chords, name))
        chords, notes = self._ideas[name]
        return chords, notes

    def _notes(self, chords: Sequence[Chord], name: str) -> Iterator[ScoreNote]:
        rng, harmony = self.rng, self.harmony
        yield from bass_line(chords, harmony, str(rng.choice(self.style.bass_patterns)), rng)
        yield from comping(chords, harmony, str(rng.choice(self.style.patterns)), rng)
        lead = tuple(melody(chords, harmony, rng, "lead", 0.75 if name == "chorus" else 0.55))
        yield from lead
        if "second" in self.parts:
            yield from (replace(note, part="second", pitch=harmony.below(note.pitch, 2)) for note in lead)
        if "riff" in self.parts:
            yield from riff(chords, harmony, rng, "riff")
        for part, octave in (("pad", 60), ("choir", 60)):
            if part in self.parts:
                yield from pad(chords, harmony, part, octave)

    def _section(self, name: str, time: int, unit: int, has_drums: bool) -> Section:
        chords, notes = self._idea(name, self._bars(name, unit))
        playing = self._playing(name, time)
        solo = {"solo": "lead", "drum solo": DRUMS}.get(name, "")
        kept = tuple(note for note in notes if note.part in playing and note.part != solo)
        if name == "outro":
            kept = self._closed(kept, len(chords))
        loudness = {"verse": 0.72, "bridge": 0.65, "intro": 0.72, "drum solo": 0.95}.get(name, 0.9)
        return Section(name, len(chords), chords, kept, loudness, has_drums, solo)

    def _playing(self, name: str, time: int) -> set[str]:
        playing = set(self.parts)
        if name == "drum solo":
            return set()
        if name == "verse":
            playing -= {"second", "choir"} | ({"pad"} if time == 1 else set())
        if name == "intro":
            playing -= {"lead", "second", "choir"}
        if name == "bridge":
            playing -= {"riff", "second"}
        if name == "solo":
            playing -= {"second", "riff", "choir"}
        return playing

    def _closed(self, notes: tuple[ScoreNote, ...], bars: int) -> tuple[ScoreNote, ...]:
        """End a section with the chord of the tonic, held for its last bar."""
        last = (bars - 1) * self.metre
        held = float(self.metre)
        tonic = chords_in(["1"], self.scale, has_sevenths=False)[0]
        before = tuple(note for note in notes if note.beat < last)
        final = [ScoreNote(float(last), held, 36 + self.tonic % 12, 0.8, "bass")]
        for part in self.parts:
            if part not in ("bass", "lead", "second", "riff"):
                pitches = (48 + (self.tonic + tone) % 12 for tone in tonic.tones)
                final += [ScoreNote(float(last), held, pitch, 0.75, part) for pitch in pitches]
        if "lead" in self.parts:
            final.append(ScoreNote(float(last), held, 60 + self.tonic % 12, 0.75, "lead"))
        return before + tuple(final)

    def _opened(self, intro: Section, opening: str) -> Section:
        """Return the intro as the song opens."""
        notes = intro.notes
        if opening == "riff":
            alone = "riff" if "riff" in self.parts else "comp"
            return replace(intro, notes=tuple(one for one in notes if one.part == alone), has_drums=False)
        if opening == "quiet":
            quiet = tuple(one for one in notes if one.part in ("comp", "pad"))
            return replace(intro, notes=quiet, has_drums=False, fades_in=True)
        if opening == "a cappella":
            sung = tuple(melody(intro.chords, self.harmony, self.rng, "lead", 0.6))
            second = tuple(
                replace(one, part="second", pitch=self.harmony.below(one.pitch, 2)) for one in sung
            )
            return replace(intro, notes=sung + second * ("second" in self.parts), has_drums=False)
        if opening == "drums":
            return replace(intro, notes=(), solo="groove")
        return intro
