"""Songs of drawn form to learn the weights of borders and labels from.

Sections have phrases of their own, come again with other players, melodies and loudness, are now and then a
bar longer or a tone higher, and are announced by fills and cymbals in some songs only. They share neither
code nor forms with the songs of the evaluations.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.lab.training.beats.soundfont import DRUM_CHANNEL, Sounding

_SCALES = ((0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10), (0, 2, 4, 5, 7, 9, 10), (0, 2, 3, 5, 7, 9, 10))
_PHRASES = ("aaaa", "aaab", "abab", "abac", "aabb", "abcd", "aabc", "abcb")
_PLAYERS = (
    tuple(range(8)),
    tuple(range(16, 32)),
    tuple(range(32, 40)),
    (*range(40, 46), *range(48, 52), *range(88, 96)),
    tuple(range(52, 83)),
)
"""General MIDI programs of the piano, the guitar, the bass, the pad and the lead, a channel each."""
_BASS, _LEAD = 2, 4
_KICK, _SNARES, _HATS, _CRASH, _TOMS = 36, (38, 40, 37, 39), (42, 44, 46, 51, 70), 49, (50, 47, 45, 41)
_OPENINGS = ("", "I", "I", "I", "IJ")
_MIDDLES = ("VC", "VPC", "VVC", "CV", "VCC", "VR", "VVB", "ABC", "VPCR")
_LATER = ("VC", "C", "BC", "SVC", "SC", "BCC", "RC", "VPC", "DC", "VR")
_ENDINGS = ("", "O", "O", "I", "CO")


@dataclass(frozen=True, slots=True)
class Made:
    """A song as notes, its sections [start, stop) in seconds with labels, and its length."""

    notes: tuple[Sounding, ...]
    programs: dict[int, int]
    sections: tuple[tuple[float, float, str], ...]
    length_s: float


@dataclass(frozen=True, slots=True)
class _Idea:
    """Music of a label.

    Attributes
    ----------
    bars : how many
    chords : the degree of the chord of each bar
    melody : of each bar (beat, beats, degree)
    players : channels that play
    comping : the beats at which chords are played
    kicks, snares : sixteenths
    hat : its pitch, and the sixteenths from one to the next
    """

    bars: int
    chords: tuple[int, ...]
    melody: tuple[tuple[tuple[float, float, int], ...], ...]
    players: frozenset[int]
    comping: tuple[float, ...]
    kicks: tuple[int, ...]
    snares: tuple[int, ...]
    hat: tuple[int, int]
    loud: float


def drawn_song(seed: int) -> Made:
    """Return a song, the same for the same seed."""
    rng = np.random.default_rng([seed, 8803])
    form = "".join(str(rng.choice(parts)) for parts in (_OPENINGS, _MIDDLES, _MIDDLES, _LATER, _ENDINGS))
    band = _Band(rng)
    ideas: dict[str, _Idea] = {}
    for label in dict.fromkeys(form):
        ideas[label] = band.idea(label, ideas)
    sections = []
    for place, label in enumerate(form):
        start_s = band.now_s
        band.play(ideas[label], is_again=label in form[:place], is_last=place == len(form) - 1)
        sections.append((start_s, band.now_s, label))
    return Made(tuple(band.notes), band.programs, tuple(sections), band.now_s + 2.0)


class _Band:
    """Draws ideas of one style and plays them."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._beats = int(rng.choice((4, 4, 4, 4, 3)))
        self._beat_s = 60.0 / float(rng.uniform(76.0, 164.0))
        self._key, self._scale = int(rng.integers(-6, 6)), _SCALES[int(rng.integers(len(_SCALES)))]
        self._has_drums, self._is_one_groove = bool(rng.random() < 0.75), bool(rng.random() < 0.4)
        self._fills, self._crashes, self._contrast = rng.uniform(0.0, [0.8, 0.9, 1.0]).tolist()
        self._changes, self._unsteady = rng.uniform(0.0, [0.6, 0.004]).tolist()
        self._one_walk = tuple(int(one) for one in rng.integers(0, 7, 4)) if rng.random() < 0.2 else None
        self.programs = {number: int(rng.choice(kinds)) for number, kinds in enumerate(_PLAYERS)}
        self.programs[DRUM_CHANNEL] = 0
        self.notes: list[Sounding] = []
        self.now_s = 0.3

    def idea(self, label: str, others: dict[str, _Idea]) -> _Idea:
        """Draw the music of a label; an introduction is most often over the chords of another one."""
        rng, beats = self._rng, self._beats
        lengths = {"I": (2, 4, 4, 8), "J": (4, 8), "O": (2, 4, 8), "P": (2, 4, 4, 8), "R": (4, 8)}
        bars = int(rng.choice(lengths.get(label, (8, 8, 8, 12, 16, 16)))) + int(rng.random() < 0.08)
        phrase = int(rng.choice((1, 2, 2, 4)))
        walks = {letter: rng.integers(0, 7, phrase).tolist() for letter in "abcd"}
        plan = str(rng.choice(_PHRASES))
        chords = [
            walks[plan[(bar * 4 // max(bars, 4)) % 4 if phrase > 1 else bar % 4]][bar % phrase]
            for bar in range(bars)
        ]
        if self._one_walk is not None:
            chords = [self._one_walk[bar % 4] for bar in range(bars)]
        motifs = {letter: self._motif() for letter in "abcd"}
        melody = tuple(motifs[plan[bar % 4]] for bar in range(bars))
        players = {number for number in range(len(_PLAYERS)) if rng.random() < 0.65} | {int(rng.integers(3))}
        comping = tuple(sorted({0.0, *(rng.integers(0, 2 * beats, int(rng.integers(0, 4))) / 2.0).tolist()}))
        kicks = tuple(sorted({0, *rng.integers(0, 4 * beats, int(rng.integers(1, 4))).tolist()}))
        is_usual = beats == 4 and rng.random() < 0.75
        snares: tuple[int, ...] = (4, 12) if is_usual else (int(rng.integers(4, 4 * beats)),)
        hat = (int(rng.choice(_HATS)), int(rng.choice((1, 2, 2, 4))))
        loud = 0.7 + self._contrast * float(rng.uniform(-0.3, 0.25))
        if self._is_one_groove and others:
            one = next(iter(others.values()))
            kicks, snares, hat, comping = one.kicks, one.snares, one.hat, one.comping
            players = set(one.players) ^ {int(rng.integers(len(_PLAYERS)))}
        return _Idea(
            bars, tuple(chords), melody, frozenset(players), comping, kicks, snares, hat, min(loud, 1.0)
        )

    def _motif(self) -> tuple[tuple[float, float, int], ...]:
        count = int(self._rng.integers(1, 7))
        starts = np.unique(self._rng.integers(0, 2 * self._beats, count)) / 2.0
        steps = np.cumsum(self._rng.integers(-2, 3, len(starts)))
        ends = np.append(starts[1:], float(self._beats))
        return tuple(
            (float(a), float(b - a), int(step)) for a, b, step in zip(starts, ends, steps, strict=True)
        )

    def play(self, idea: _Idea, *, is_again: bool, is_last: bool) -> None:
        """Play a section; again it may have other players, another melody, loudness or key, or a bar more."""
        rng = self._rng
        players, melody, loud = set(idea.players), idea.melody, idea.loud
        bars, key = idea.bars, self._key
        if is_again and rng.random() < self._changes:
            players ^= {int(rng.integers(len(_PLAYERS)))}
        if is_again and rng.random() < self._changes:
            melody = tuple(self._motif() for _ in range(len(melody)))
        if is_again and rng.random() < self._changes:
            loud = float(np.clip(loud + rng.uniform(-0.1, 0.12), 0.3, 1.0))
        if is_again and rng.random() < 0.05:
            self._key += int(rng.choice((1, 2)))
            key = self._key
        if rng.random() < 0.06:
            bars += int(rng.choice((-1, 1, 2)))
        has_fill = not is_last and rng.random() < self._fills
        has_crash = rng.random() < self._crashes
        for bar in range(bars):
            is_fill = (has_fill and bar == bars - 1) or rng.random() < 0.1 * self._fills
            self._bar(idea, bar % idea.bars, players, melody[bar % idea.bars], loud, key)
            if self._has_drums:
                self._drums(idea, loud, is_fill=is_fill, is_crash=has_crash and bar == 0)
            self._beat_s *= 1.0 + float(rng.normal(0.0, self._unsteady))
            self.now_s += self._beats * self._beat_s

    def _bar(
        self,
        idea: _Idea,
        bar: int,
        players: set[int],
        melody: tuple[tuple[float, float, int], ...],
        loud: float,
        key: int,
    ) -> None:
        root = idea.chords[bar]
        triad = [60 + key + self._pitch(root + step) % 12 for step in (0, 2, 4)]
        for channel in sorted(players):
            if channel == _BASS:
                for sixteenth in idea.kicks:
                    self._note(sixteenth / 4.0, 0.8, 36 + (key + self._pitch(root)) % 12, 0.9 * loud, channel)
            elif channel == _LEAD:
                for beat, beats, step in melody:
                    if self._rng.random() < 0.92:
                        self._note(beat, beats, 72 + key + self._pitch(root + step), 0.95 * loud, channel)
            else:
                for beat in (0.0,) if channel == 3 else idea.comping:
                    for pitch in triad:
                        self._note(beat, self._beats - beat, pitch, 0.65 * loud, channel)

    def _pitch(self, degree: int) -> int:
        return 12 * (degree // 7) + self._scale[degree % 7]

    def _drums(self, idea: _Idea, loud: float, *, is_fill: bool, is_crash: bool) -> None:
        last = 4 * self._beats
        fill = last - int(self._rng.choice((4, 8))) if is_fill else last
        if is_crash:
            self._note(0.0, 0.5, _CRASH, 0.9 * loud, DRUM_CHANNEL)
        for sixteenth in range(last):
            at = sixteenth / 4.0
            if sixteenth >= fill:
                drum = int(self._rng.choice((*_TOMS, _SNARES[0])))
                self._note(at, 0.2, drum, 0.85 * loud, DRUM_CHANNEL)
                continue
            if sixteenth in idea.kicks:
                self._note(at, 0.2, _KICK, 0.9 * loud, DRUM_CHANNEL)
            if sixteenth in idea.snares:
                self._note(at, 0.2, _SNARES[self.programs[0] % len(_SNARES)], 0.85 * loud, DRUM_CHANNEL)
            if sixteenth % idea.hat[1] == 0:
                self._note(at, 0.2, idea.hat[0], 0.55 * loud, DRUM_CHANNEL)

    def _note(self, beat: float, beats: float, pitch: int, loud: float, channel: int) -> None:
        start_s = max(0.0, self.now_s + beat * self._beat_s + float(self._rng.normal(0.0, 0.008)))
        velocity = float(np.clip(loud * (1.0 + self._rng.normal(0.0, 0.08)), 0.05, 1.0))
        self.notes.append(Sounding(start_s, 0.95 * beats * self._beat_s, pitch, velocity, channel))
