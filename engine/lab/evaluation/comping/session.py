"""A rehearsal: takes of one song one after the other, with faults in known bars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.features.timing.notes.onsets import ReadMono
from engine.lab.evaluation.comping.bands import DRUMS, Band, Instrument, Song, song
from engine.lab.evaluation.comping.faults import BY_SOUND, FAULTS, Fault, damage, with_fault
from engine.lab.evaluation.comping.takes import PlayedNote, PlayedTake, played
from engine.lab.simulated.recordings import clip_rows, converted, whole
from engine.lab.training.beats.soundfont import DRUM_CHANNEL, FLUID_R3, Sounding, through_sound_font

Sound = NDArray[np.float32]

RATE_HZ = 44_100
_BEFORE_S, _AFTER_S = 2.0, 2.0
_PAUSE_S = (3.0, 6.0)
_ROOM = 10 ** (-62.0 / 20)
_LOUDEST = 0.6
_NOISES = ("coughing", "sneezing", "door_wood_knock", "laughing", "glass_breaking")
_FAULTS_OF_A_TAKE = 3


@dataclass(frozen=True, slots=True, eq=False)
class Rehearsal:
    """A rehearsal.

    Attributes
    ----------
    tracks : sound of each instrument with bleed from the others, shape (n,)
    begins_samples : where each take begins
    faults : in the time of their take
    """

    name: str
    song: Song
    takes: tuple[PlayedTake, ...]
    begins_samples: tuple[int, ...]
    faults: tuple[Fault, ...]
    tracks: dict[str, Sound]

    def span_of(self, fault: Fault) -> tuple[int, int]:
        """Return where a fault is in the recording, [start, stop) in samples."""
        begin = self.begins_samples[fault.take]
        return begin + round(fault.start_s * RATE_HZ), begin + round(fault.stop_s * RATE_HZ)

    @property
    def mix(self) -> Sound:
        """The sum of all tracks."""
        mix: Sound = np.sum(list(self.tracks.values()), axis=0, dtype=np.float32)
        return mix


def reader(sound: Sound) -> ReadMono:
    """Return a reader of a recording: zeros outside."""

    def read(start_samples: int, stop_samples: int) -> Sound:
        found = np.zeros(stop_samples - start_samples, np.float32)
        first, last = max(start_samples, 0), min(stop_samples, len(sound))
        if first < last:
            found[first - start_samples : last - start_samples] = sound[first:last]
        return found

    return read


def rehearsal(
    data_dir: Path,
    band: Band,
    seed: int,
    takes: int,
    bars: int,
    *,
    bleed_db: float = -15.0,
    is_tuning: bool = False,
    is_to_click: bool = False,
) -> Rehearsal:
    """Return a rehearsal of a band; each take has faults in bars that are right in all others.

    Parameters
    ----------
    bleed_db : of each instrument on the tracks of the others
    is_tuning : draws noises that no report has
    is_to_click : all takes have the same tempo, without drift

    Raises
    ------
    UsageError : the folder does not hold `multimic/` and `esc50/`
    """
    rng = np.random.default_rng([seed, takes, sum(band.name.encode())])
    piece = song(data_dir, band, bars, rng)
    performed = [played(piece, rng, is_to_click=is_to_click) for _ in range(takes)]
    places = rng.permutation(bars)[: takes * _FAULTS_OF_A_TAKE]
    kinds = [str(kind) for kind in np.resize(rng.permutation(FAULTS), len(places))]
    faults = []
    for place, (bar, kind) in enumerate(zip(places.tolist(), kinds, strict=True)):
        number = place % takes
        performed[number], fault = with_fault(performed[number], kind, number, bar, band, rng)
        faults.append(fault)
    pauses = rng.uniform(*_PAUSE_S, takes)
    lengths_s = [float(one.bars_s[-1]) + _AFTER_S for one in performed]
    begins_s = _BEFORE_S + np.concatenate([[0.0], np.cumsum(np.array(lengths_s) + pauses)])
    begins = tuple(round(at * RATE_HZ) for at in begins_s[:-1])
    sounds = {
        one.name: _sound_of(one, performed, begins_s[:-1].tolist(), float(begins_s[-1]))
        for one in band.instruments
    }
    noises = _noises(data_dir, is_tuning)
    for fault in faults:
        if fault.kind in BY_SOUND:
            damage(sounds, fault, begins[fault.take], RATE_HZ, noises, rng)
    name = f"{band.name} {seed}, {takes} takes"
    return Rehearsal(name, piece, tuple(performed), begins, tuple(faults), _recorded(sounds, bleed_db, rng))


def _sound_of(
    instrument: Instrument, takes: Sequence[PlayedTake], begins_s: Sequence[float], length_s: float
) -> Sound:
    """Render one instrument in all takes."""
    whole_sound = np.zeros(round(length_s * RATE_HZ), np.float32)
    channel = DRUM_CHANNEL if instrument.name == DRUMS else 0
    placed = [
        (begin_s, take.levels_db[instrument.name], note)
        for begin_s, take in zip(begins_s, takes, strict=True)
        for note in take.notes
        if note.instrument == instrument.name
    ]
    for cents in sorted({note.cents for *_, note in placed}):
        # Sound that is played faster is higher: notes out of tune are placed where that puts them right.
        faster = 2 ** (cents / 1200)
        soundings = [
            sounding
            for begin_s, level_db, note in placed
            if note.cents == cents
            for sounding in _soundings(note, begin_s, channel, level_db, faster)
        ]
        sound = through_sound_font(
            soundings, {channel: instrument.program}, FLUID_R3, length_s * faster, RATE_HZ
        )
        if faster != 1.0:
            at = np.arange(len(whole_sound)) * faster
            sound = np.interp(at, np.arange(len(sound)), sound).astype(np.float32)
        whole_sound += sound[: len(whole_sound)]
    level = float(np.sqrt(np.mean(np.square(whole_sound))))
    return whole_sound * np.float32(10 ** (instrument.level_db / 20) * 0.05 / max(level, 1e-9))


def _soundings(
    note: PlayedNote, begin_s: float, channel: int, level_db: float, faster: float
) -> list[Sounding]:
    start_s, length_s = (begin_s + note.start_s) * faster, note.length_s * faster
    velocity = note.velocity * 10 ** (level_db / 40)
    return [Sounding(start_s, length_s, pitch, velocity, channel) for pitch in note.pitches]


def _noises(data_dir: Path, is_tuning: bool) -> list[Sound]:
    rows = [row for row in clip_rows(data_dir) if row["category"] in _NOISES]
    found = []
    for row in rows[int(is_tuning) :: 2]:
        audio, rate_hz = whole(data_dir / "esc50" / "audio" / row["filename"])
        sound = converted(audio.mean(axis=1), rate_hz, RATE_HZ)
        loud = int(np.argmax(np.convolve(np.abs(sound[::64]), np.ones(200), "same"))) * 64
        found.append(sound[max(loud - RATE_HZ // 10, 0) : loud + RATE_HZ])
    return [one.astype(np.float32) for one in found if np.abs(one).max() > 0.01]


def _recorded(sounds: dict[str, Sound], bleed_db: float, rng: np.random.Generator) -> dict[str, Sound]:
    """Return the tracks: each instrument with some of the others, and the noise of a room."""
    everything = np.sum(list(sounds.values()), axis=0, dtype=np.float32)
    loudest = float(np.abs(everything).max())
    gain, share = _LOUDEST / loudest, 10 ** (bleed_db / 20)
    return {
        name: (gain * (sound + share * (everything - sound))).astype(np.float32)
        + (_ROOM * rng.standard_normal(len(sound))).astype(np.float32)
        for name, sound in sounds.items()
    }
