"""Composed songs as people play them: each take with its own tempo, timing, errors, fills, solos and drummer.

A take begins with its first note; its stop is where the sound has decayed (`decayed_s`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from engine.lab.evaluation.days.accompaniment import Harmony, ScoreNote, melody
from engine.lab.evaluation.days.material import DrumFile, Hit, Samples, hits_of, levels_db
from engine.lab.evaluation.days.playing import DRUM_CHANNEL, Sounding
from engine.lab.evaluation.days.songs import DRUMS, Section, Song
from engine.lab.evaluation.days.styles import STYLES

CHANNELS: Mapping[str, int] = {
    "bass": 0, "comp": 1, "lead": 2, "riff": 3, "pad": 4, "second": 5, "choir": 6, DRUMS: DRUM_CHANNEL,
}  # fmt: skip
"""MIDI channel of each part."""
STICK = 37
_CRASH, _KICK = 49, 36
_DECAY_DB, _MOST_DECAY_S = 30.0, 4.0
_LEVEL_FRAME_S = 0.02
_STRUMMED = (24, 25, 26, 27, 28, 29, 30, 105)


@dataclass(frozen=True, slots=True)
class Manner:
    """How a take is played.

    Attributes
    ----------
    semitones, speed : of the take against the song as composed
    drift : how far the tempo drifts, as a share
    jitter_s : standard deviation of onsets
    absent : parts that are not played
    first, last : sections that are played, half-open; None for the whole song
    stops_at_s : when it is broken off, from the first note; None if it is not
    counts_in : whether sticks count in
    wrong : share of notes that are wrong or missing
    """

    semitones: int = 0
    speed: float = 1.0
    drift: float = 0.015
    jitter_s: float = 0.012
    absent: frozenset[str] = frozenset()
    first: int = 0
    last: int | None = None
    stops_at_s: float | None = None
    counts_in: bool = False
    wrong: float = 0.02


@dataclass(frozen=True, slots=True)
class Performance:
    """The notes of a take, in seconds.

    Attributes
    ----------
    programs : General MIDI program of each channel
    start_s : first note, after a count-in
    release_s : when the last note is released
    solos_s : spans of drum solos
    """

    notes: tuple[Sounding, ...]
    programs: Mapping[int, int]
    start_s: float
    release_s: float
    solos_s: tuple[tuple[float, float], ...] = ()


@dataclass(slots=True)
class _Placed:
    """Notes in beats of the take: start, length, pitch, loudness and part, and the beats of drum solos."""

    notes: list[ScoreNote] = field(default_factory=list)
    solos: list[tuple[float, float]] = field(default_factory=list)
    beats: float = 0.0
    last_bar: float = 0.0


def perform(song: Song, manner: Manner, drums: Sequence[DrumFile], rng: np.random.Generator) -> Performance:
    """Play a song, or some sections of it.

    Parameters
    ----------
    drums : performances and fills of any style
    """
    sections = song.sections[manner.first : manner.last]
    placed = _placed(song, sections, drums, rng)
    is_whole = manner.last is None or manner.last >= len(song.sections)
    times = _tempo_map(song, manner, placed, rng, slows=is_whole and bool(rng.random() < 0.5))
    present = [one for one in placed.notes if one.part not in manner.absent]
    notes = _played(song, present, times, manner, rng)
    if manner.stops_at_s is not None and notes:
        notes = _broken_off(notes, manner.stops_at_s, rng)
    if not notes:
        return Performance((), {}, 0.0, 0.0)
    first_s = min(note.start_s for note in notes)
    beat_s = 60.0 / (song.tempo_bpm * manner.speed)
    count = 4 if song.metre == 4 else 3
    lead_in_s = (count * beat_s if manner.counts_in else 0.0) + 0.05
    notes = [replace(note, start_s=note.start_s - first_s + lead_in_s) for note in notes]
    release_s = max(note.start_s + note.length_s for note in notes)
    if manner.counts_in:
        notes += _sticks(count, beat_s, rng)
    solos = tuple(
        (float(times(start)) - first_s + lead_in_s, min(release_s, float(times(stop)) - first_s + lead_in_s))
        for start, stop in placed.solos
        if float(times(start)) - first_s + lead_in_s < release_s and DRUMS not in manner.absent
    )
    programs = {CHANNELS[part]: program for part, program in song.programs.items()}
    return Performance(tuple(notes), programs | {DRUM_CHANNEL: 0}, lead_in_s, release_s, solos)


def _sticks(count: int, beat_s: float, rng: np.random.Generator) -> list[Sounding]:
    return [
        Sounding(
            0.05 + at * beat_s + 0.008 * rng.standard_normal(),
            0.1,
            STICK,
            rng.uniform(0.6, 0.9),
            DRUM_CHANNEL,
        )
        for at in range(count)
    ]


def _placed(
    song: Song, sections: Sequence[Section], drums: Sequence[DrumFile], rng: np.random.Generator
) -> _Placed:
    """Put the sections one after another, with this take's solos and drums."""
    placed, drummer = _Placed(), _Drummer(song, drums, rng)
    harmony = Harmony(song.tonic, song.scale, song.metre)
    for at, section in enumerate(sections):
        beats = section.bars * song.metre
        notes = list(section.notes)
        if section.solo and section.solo in song.programs:
            notes += melody(section.chords, harmony, rng, section.solo, float(rng.uniform(0.6, 0.9)))
        if song.has_drums and section.has_drums:
            is_last = at == len(sections) - 1 and section.name == "outro"
            notes += drummer.section(section, is_last=is_last)
        if section.solo == DRUMS and song.has_drums:
            placed.solos.append((placed.beats, placed.beats + beats))
        for note in notes:
            loudness = note.loudness * section.loudness
            if section.fades_in:
                loudness *= 0.4 + 0.6 * note.beat / beats
            length = min(note.beats, beats - note.beat)
            placed.notes.append(ScoreNote(placed.beats + note.beat, length, note.pitch, loudness, note.part))
        placed.last_bar = placed.beats + beats - song.metre
        placed.beats += beats + section.rest_beats
    return placed


class _Drummer:
    """Plays a human drum performance of the style of a song, bar by bar, with fills before new sections."""

    def __init__(self, song: Song, drums: Sequence[DrumFile], rng: np.random.Generator) -> None:
        self._song, self._rng = song, rng
        beats = _of_style(song, [one for one in drums if not one.is_fill])
        fills = _of_style(song, [one for one in drums if one.is_fill]) or beats
        # A performance is likelier the nearer its tempo: a ballad's groove is no punk groove.
        far = np.array([abs(np.log2(one.tempo_bpm / song.tempo_bpm)) for one in beats])
        near = np.exp(-far / 0.25)
        self._groove = hits_of(beats[int(rng.choice(len(beats), p=near / near.sum()))])
        self._fills = fills

    def section(self, section: Section, *, is_last: bool) -> Iterator[ScoreNote]:
        rng, metre = self._rng, self._song.metre
        bars = max(1, int(self._groove[-1].beat // 4))
        first = int(rng.integers(bars))
        is_solo = section.solo == DRUMS
        for bar in range(section.bars):
            if is_last and bar == section.bars - 1:
                yield ScoreNote(float(bar * metre), 0.5, _CRASH, 0.9, DRUMS)
                yield ScoreNote(float(bar * metre), 0.5, _KICK, 0.9, DRUMS)
                return
            has_fill = is_solo or (bar == section.bars - 1 and rng.random() < 0.75)
            if has_fill:
                hits = hits_of(self._fills[int(rng.integers(len(self._fills)))])
                begin = 4.0 * int(hits[0].beat // 4) if hits else 0.0
            else:
                hits, begin = self._groove, 4.0 * ((first + bar) % bars)
            yield from self._bar(hits, begin, float(bar * metre))
            if bar == 0 and rng.random() < 0.6:
                yield ScoreNote(0.0, 0.5, _CRASH, 0.85, DRUMS)

    def _bar(self, hits: Sequence[Hit], begin: float, at: float) -> Iterator[ScoreNote]:
        for hit in hits:
            if begin <= hit.beat < begin + self._song.metre:
                yield ScoreNote(at + hit.beat - begin, 0.2, hit.pitch, 0.35 + 0.65 * hit.loudness, DRUMS)


def _of_style(song: Song, drums: Sequence[DrumFile]) -> list[DrumFile]:
    wanted = STYLES[song.style].drums
    long = [one for one in drums if one.is_fill or one.length_s >= 4.0]
    return [one for one in long if one.style.startswith(wanted)] or long or list(drums)


class _Times:
    """Beats of a take to seconds: a tempo that drifts."""

    def __init__(self, beats: NDArray[np.float64], times_s: NDArray[np.float64]) -> None:
        self._beats, self._times_s = beats, times_s

    def __call__(self, beat: float | NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(np.interp(beat, self._beats, self._times_s))


def _tempo_map(
    song: Song, manner: Manner, placed: _Placed, rng: np.random.Generator, *, slows: bool
) -> _Times:
    beats = np.arange(int(placed.beats) + 9, dtype=np.float64)
    # A slow wave and a wander: drift over the take, not from beat to beat.
    waves = np.zeros(len(beats))
    for period in rng.uniform(40.0, 240.0, 3):
        waves += np.sin(2 * np.pi * (beats / period + rng.random()))
    tempo = song.tempo_bpm * manner.speed * (1.0 + manner.drift * waves / 1.5)
    if slows:
        late = np.clip((beats - placed.last_bar + song.metre) / song.metre, 0.0, 1.0)
        tempo *= 1.0 - float(rng.uniform(0.1, 0.25)) * late
    return _Times(beats, np.concatenate(([0.0], np.cumsum(60.0 / tempo)[:-1])))


def _played(
    song: Song, notes: Sequence[ScoreNote], times: _Times, manner: Manner, rng: np.random.Generator
) -> list[Sounding]:
    """Return notes with jitter, errors, swing and the key of the take."""
    played = []
    strums = {part: song.programs.get(part) in _STRUMMED for part in CHANNELS}
    for note in notes:
        is_drum = note.part == DRUMS
        fate = rng.random() if not is_drum else 1.0
        if fate < manner.wrong / 2:
            continue
        pitch = note.pitch + (0 if is_drum else manner.semitones)
        if fate < manner.wrong:
            pitch += int(rng.choice((-2, -1, 1, 2)))
        beat = note.beat if is_drum else _swung(note.beat, song.swing)
        start_s, stop_s = times(np.array([beat, note.beat + note.beats])).tolist()
        jitter_s = manner.jitter_s * rng.standard_normal() * (0.3 if is_drum else 1.0)
        if strums[note.part] and note.part == "comp":
            jitter_s += 0.004 * (pitch % 5)
        loudness = note.loudness * (1.0 + 0.12 * rng.standard_normal())
        start_s = max(0.0, start_s + jitter_s)
        length_s = max(0.04, stop_s - start_s)
        played.append(
            Sounding(start_s, length_s, pitch, float(np.clip(loudness, 0.05, 1.0)), CHANNELS[note.part])
        )
    return played


def _swung(beat: float, swing: float) -> float:
    whole = beat // 1
    return float(whole + swing) if swing and abs(beat - whole - 0.5) < 1e-6 else beat


def _broken_off(notes: Sequence[Sounding], stops_at_s: float, rng: np.random.Generator) -> list[Sounding]:
    """End all notes about the same time: players stop within a second of each other."""
    first_s = min(note.start_s for note in notes)
    stops_s = {channel: first_s + stops_at_s + abs(0.4 * rng.standard_normal()) for channel in range(16)}
    kept = [note for note in notes if note.start_s < stops_s[note.channel]]
    return [
        replace(note, length_s=max(0.04, min(note.length_s, stops_s[note.channel] + 0.1 - note.start_s)))
        for note in kept
    ]


def decayed_s(sound: Samples, rate_hz: int, release_s: float) -> float:
    """Return when the last sound has decayed by 30 dB, at most 4 s after the last release.

    The level before is that of the loudest frame of the last 2 s before the release.
    """
    db = levels_db(sound, rate_hz, _LEVEL_FRAME_S)
    release = min(len(db) - 1, int(release_s / _LEVEL_FRAME_S))
    before_db = db[max(0, release - round(2.0 / _LEVEL_FRAME_S)) : release + 1].max()
    after = db[release : release + round(_MOST_DECAY_S / _LEVEL_FRAME_S)]
    loud = np.flatnonzero(after > before_db - _DECAY_DB)
    decayed = release + (int(loud[-1]) + 1 if len(loud) else 0)
    return float(min(decayed * _LEVEL_FRAME_S, release_s + _MOST_DECAY_S, len(sound) / rate_hz))
