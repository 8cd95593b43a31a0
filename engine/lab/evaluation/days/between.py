"""Everything between songs: talk, tuning, noodling, drumming, applause and the noises of a room.

Each function returns sound of one or two channels without a room, and where something is audible in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from engine.lab.evaluation.days.accompaniment import Harmony
from engine.lab.evaluation.days.material import (
    CLAPPING,
    LAUGHING,
    NOISES,
    DrumFile,
    Material,
    Samples,
    active_rms,
    hits_of,
    read_mono,
    without_silence,
)
from engine.lab.evaluation.days.performing import CHANNELS
from engine.lab.evaluation.days.playing import DRUM_CHANNEL, Sounding
from engine.lab.evaluation.days.songs import Song

Span = tuple[float, float]
_STRINGS = {"guitar": (40, 45, 50, 55, 59, 64), "bass": (28, 33, 38, 43)}
_PROGRAMS = {"guitar": (25, 27, 24), "bass": (33, 34)}
_JOINED_S = 2.0
_FADE_S = 0.015


@dataclass(frozen=True, slots=True)
class Clip:
    """Sound between songs.

    Attributes
    ----------
    spans_s : where it is audible, from its start
    """

    sound: Samples
    spans_s: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Speaker:
    """A speaker of a day: recordings, level in dB, and speed of playback, which changes the voice."""

    files: tuple[Path, ...]
    level_db: float
    speed: float


def drawn_speakers(material: Material, rng: np.random.Generator) -> tuple[Speaker, ...]:
    """Draw three to six speakers, each with recordings of its own."""
    count = int(rng.integers(3, 7))
    files = [material.voices[at] for at in rng.permutation(len(material.voices))]
    each = max(1, min(14, len(files) // count))
    return tuple(
        Speaker(
            tuple(files[at * each : (at + 1) * each] or files[:1]),
            float(rng.uniform(-4.0, 3.0)),
            float(rng.uniform(0.93, 1.07)),
        )
        for at in range(count)
    )


@lru_cache(maxsize=120)
def _clip(path: Path, rate_hz: int) -> Samples:
    """Return a recording without silence at its ends, with an RMS of 1 where it is active."""
    sound = without_silence(read_mono(path, rate_hz), rate_hz)
    return np.asarray(sound / max(1e-6, active_rms(sound, rate_hz)), np.float32)


def talk(
    speakers: Sequence[Speaker], material: Material, length_s: float, rate_hz: int, rng: np.random.Generator
) -> Clip:
    """Cut voices together as a conversation of about a length: turns, overlaps, pauses and laughter."""
    pieces: list[tuple[float, Samples]] = []
    at_s, last = 0.2, -1
    while at_s < length_s or not pieces:
        if rng.random() < 0.07:
            sound = _clip(_one(material.noises[LAUGHING], rng), rate_hz)
            sound = _part_of(sound, float(rng.uniform(0.8, 3.0)), rate_hz, rng) * 10.0 ** rng.uniform(
                -0.3, 0.1
            )
        else:
            choices = [at for at in range(len(speakers)) if at != last or rng.random() < 0.3]
            last = int(rng.choice(choices or range(len(speakers))))
            sound = _utterance(
                speakers[last], float(np.clip(rng.lognormal(0.6, 0.8), 0.3, 9.0)), rate_hz, rng
            )
        pieces.append((at_s, sound))
        spoken_s = len(sound) / rate_hz
        if rng.random() < 0.25:
            at_s += max(0.1, spoken_s - float(rng.uniform(0.1, 0.8)))
        else:
            at_s += spoken_s + float(np.clip(rng.lognormal(-0.9, 0.8), 0.03, 3.5))
    return _joined(pieces, rate_hz)


def counting(
    speakers: Sequence[Speaker], beat_s: float, count: int, rate_hz: int, rng: np.random.Generator
) -> Clip:
    """Count in by voice: short words of one speaker, a beat apart."""
    speaker = speakers[int(rng.integers(len(speakers)))]
    pieces = [
        (0.02 + at * beat_s, _utterance(speaker, min(0.35, 0.8 * beat_s), rate_hz, rng))
        for at in range(count)
    ]
    return _joined(pieces, rate_hz)


def _utterance(speaker: Speaker, length_s: float, rate_hz: int, rng: np.random.Generator) -> Samples:
    """Return an utterance of a speaker with an RMS of about 1."""
    whole = _clip(_one(speaker.files, rng), rate_hz)
    part = _part_of(whole, length_s * speaker.speed, rate_hz, rng)
    places = np.arange(0.0, len(part) - 1, speaker.speed)
    voice = np.interp(places, np.arange(len(part)), part)
    return np.asarray(voice * 10.0 ** ((speaker.level_db + 2.0 * rng.standard_normal()) / 20.0), np.float32)


def _part_of(sound: Samples, length_s: float, rate_hz: int, rng: np.random.Generator) -> Samples:
    """Return a part of a clip, faded at its ends."""
    count = min(len(sound), max(round(0.1 * rate_hz), round(length_s * rate_hz)))
    start = int(rng.integers(0, len(sound) - count + 1))
    part = sound[start : start + count].copy()
    fade = min(len(part) // 2, round(_FADE_S * rate_hz))
    if fade:
        ramp = np.linspace(0.0, 1.0, fade, dtype=np.float32)
        part[:fade] *= ramp
        part[-fade:] *= ramp[::-1]
    return part


def _one(files: Sequence[Path], rng: np.random.Generator) -> Path:
    return files[int(rng.integers(len(files)))]


def _joined(pieces: Sequence[tuple[float, Samples]], rate_hz: int) -> Clip:
    stop = max(round(at_s * rate_hz) + len(sound) for at_s, sound in pieces)
    mix = np.zeros(stop, np.float32)
    spans = []
    for at_s, sound in pieces:
        start = round(at_s * rate_hz)
        mix[start : start + len(sound)] += sound
        spans.append((at_s, at_s + len(sound) / rate_hz))
    return Clip(mix, merged(spans, _JOINED_S))


def merged(spans: Sequence[Span], within_s: float = 0.0) -> tuple[Span, ...]:
    """Return spans in order, with those that are at most some time apart as one."""
    found: list[Span] = []
    for start_s, stop_s in sorted(spans):
        if found and start_s - found[-1][1] <= within_s:
            found[-1] = found[-1][0], max(found[-1][1], stop_s)
        else:
            found.append((start_s, stop_s))
    return tuple(found)


def applause(material: Material, length_s: float, rate_hz: int, rng: np.random.Generator) -> Clip:
    """Layer clips of clapping for about a length; the end fades out."""
    pieces = []
    for _ in range(int(rng.integers(2, 5))):
        at_s = float(rng.uniform(0.0, 0.4))
        while at_s < length_s:
            sound = _part_of(_clip(_one(material.noises[CLAPPING], rng), rate_hz), 5.0, rate_hz, rng)
            pieces.append((at_s, np.asarray(sound * 10.0 ** rng.uniform(-0.5, 0.0), np.float32)))
            at_s += 0.7 * len(sound) / rate_hz
    found = _joined(pieces, rate_hz)
    sound = found.sound[: round(length_s * rate_hz)]
    fade = np.linspace(1.0, 0.0, len(sound) // 3, dtype=np.float32)
    sound[len(sound) - len(fade) :] *= fade
    return Clip(sound, ((found.spans_s[0][0], len(sound) / rate_hz),))


def room_noises(material: Material, length_s: float, rate_hz: int, rng: np.random.Generator) -> Clip:
    """Place doors, footsteps, coughs and the like here and there in a length."""
    known = [name for name in NOISES if name in material.noises]
    pieces = [(0.0, np.zeros(round(length_s * rate_hz), np.float32))]
    at_s = float(rng.exponential(8.0))
    while known and at_s < length_s - 1.0:
        name = known[int(rng.integers(len(known)))]
        sound = _part_of(
            _clip(_one(material.noises[name], rng), rate_hz), rng.uniform(0.5, 4.0), rate_hz, rng
        )
        sound = sound[: round((length_s - at_s) * rate_hz)]
        pieces.append((at_s, np.asarray(sound * 10.0 ** rng.uniform(-1.0, 0.0), np.float32)))
        at_s += len(sound) / rate_hz + float(rng.exponential(9.0))
    return Clip(_joined(pieces, rate_hz).sound, ((0.0, length_s),))


@dataclass(frozen=True, slots=True)
class Played:
    """Notes between songs, and the programs of their channels."""

    notes: tuple[Sounding, ...]
    programs: Mapping[int, int]

    @property
    def stop_s(self) -> float:
        """Return when the last note is released."""
        return max(note.start_s + note.length_s for note in self.notes)


def tuning(length_s: float, rng: np.random.Generator) -> Played:
    """Tune a guitar or a bass: pluck strings repeatedly, each time nearer to the pitch."""
    name = "guitar" if rng.random() < 0.65 else "bass"
    notes: list[Sounding] = []
    at_s = 0.05
    while at_s < length_s:
        for string in _STRINGS[name]:
            cents = float(rng.uniform(-60.0, 60.0))
            for _ in range(int(rng.integers(1, 5))):
                held_s = float(rng.uniform(0.6, 2.2))
                notes.append(Sounding(at_s, held_s, string, float(rng.uniform(0.35, 0.7)), 0, cents or 1.0))
                at_s += held_s + float(rng.uniform(0.0, 0.5))
                cents *= float(rng.uniform(0.2, 0.6))
                if at_s >= length_s:
                    break
            if at_s >= length_s:
                break
    if name == "guitar" and rng.random() < 0.4:
        at = range(6)
        notes += [Sounding(at_s + 0.03 * n, 1.5, _STRINGS[name][n] + (n % 3), 0.5, 0, 1.0) for n in at]
    return Played(tuple(notes), {0: int(rng.choice(_PROGRAMS[name]))})


def noodling(song: Song, length_s: float, drums: Sequence[DrumFile], rng: np.random.Generator) -> Played:
    """Play scales, licks and fragments of a song's lines on one or two of its instruments, not together."""
    parts = [part for part in ("comp", "lead", "riff", "bass") if part in song.programs]
    chosen = rng.choice(parts, size=min(len(parts), 1 + int(rng.random() < 0.4)), replace=False).tolist()
    notes: list[Sounding] = []
    for part in chosen:
        at_s = float(rng.uniform(0.05, 1.5))
        while at_s < length_s:
            some = _fragment(song, part, rng) if rng.random() < 0.45 else _lick(song, part, rng)
            notes += [replace(note, start_s=note.start_s + at_s) for note in some]
            at_s = max(note.start_s + note.length_s for note in notes) + float(rng.exponential(1.0))
    programs = {CHANNELS[part]: song.programs[part] for part in chosen}
    if song.has_drums and rng.random() < 0.2:
        notes += [note for note in drumming(length_s, drums, rng).notes if note.start_s > 0.4 * length_s]
    # The last fragment ends where the time is up: something else begins.
    notes = [
        replace(note, length_s=min(note.length_s, length_s + 0.3 - note.start_s))
        for note in notes
        if note.start_s < length_s
    ]
    return Played(tuple(notes), programs | {DRUM_CHANNEL: 0})


def _fragment(song: Song, part: str, rng: np.random.Generator) -> list[Sounding]:
    """Return two to six beats of the line of a part, at a tempo of its own."""
    sections = [one for one in song.sections if any(note.part == part for note in one.notes)]
    if not sections:
        return _lick(song, part, rng)
    section = sections[int(rng.integers(len(sections)))]
    line = [note for note in section.notes if note.part == part]
    first = line[int(rng.integers(len(line)))].beat
    beat_s = 60.0 / song.tempo_bpm * float(rng.uniform(0.8, 1.5))
    beats = float(rng.uniform(2.0, 6.0))
    return [
        Sounding(
            (note.beat - first) * beat_s + 0.015 * abs(rng.standard_normal()),
            note.beats * beat_s,
            note.pitch,
            note.loudness * float(rng.uniform(0.5, 0.9)),
            CHANNELS[part],
        )
        for note in line
        if first <= note.beat < first + beats
    ]


def _lick(song: Song, part: str, rng: np.random.Generator) -> list[Sounding]:
    """Return a scale, an arpeggio or a wandering line."""
    harmony = Harmony(song.tonic, song.scale, song.metre)
    step = harmony.step_of({"bass": 34, "comp": 52}.get(part, 64)) + int(rng.integers(-2, 4))
    moves = {0: (1,), 1: (-1,), 2: (2, 2, 3, -7), 3: (-2, -1, 1, 1, 2)}[int(rng.integers(4))]
    beat_s, at_s, notes = float(rng.uniform(0.12, 0.4)), 0.0, []
    for at in range(int(rng.integers(4, 14))):
        pitch = harmony.at(step)
        notes.append(Sounding(at_s, 1.1 * beat_s, pitch, float(rng.uniform(0.35, 0.75)), CHANNELS[part]))
        step += moves[at % len(moves)] if len(moves) < 5 else int(rng.choice(moves))
        at_s += beat_s * float(rng.choice((1.0, 1.0, 1.0, 2.0))) + 0.01 * abs(rng.standard_normal())
    return notes


def drumming(length_s: float, drums: Sequence[DrumFile], rng: np.random.Generator) -> Played:
    """Play drums alone: one performance, from somewhere in it."""
    hits = max((hits_of(drums[int(rng.integers(len(drums)))]) for _ in range(3)), key=len)
    beat_s = 60.0 / float(rng.uniform(80.0, 150.0))
    first = hits[int(rng.integers(max(1, len(hits) // 2)))].beat
    notes = [
        Sounding(0.05 + (hit.beat - first) * beat_s, 0.2, hit.pitch, 0.3 + 0.6 * hit.loudness, DRUM_CHANNEL)
        for hit in hits
        if first <= hit.beat < first + length_s / beat_s
    ]
    return Played(tuple(notes), {DRUM_CHANNEL: 0})
