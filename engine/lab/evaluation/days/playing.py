"""Notes to sound, through a General MIDI sound font by fluidsynth."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

import mido
import numpy as np
import soundfile

from engine.core.errors import UsageError
from engine.lab.evaluation.days.material import Samples

DRUM_CHANNEL = 9
_TICKS_PER_S = 960
_PAN, _VOLUME = 10, 7
_TAIL_S = 4.5
_BEND_CENTS = 200.0


@dataclass(frozen=True, slots=True)
class Sounding:
    """A note in seconds.

    Attributes
    ----------
    loudness : 0 to 1
    cents : detuning of its channel while it is played
    """

    start_s: float
    length_s: float
    pitch: int
    loudness: float
    channel: int
    cents: float = 0.0


@dataclass(frozen=True, slots=True)
class Stage:
    """Positions and volumes of the players of a day: MIDI pan and volume, 0 to 127, by channel."""

    pans: Mapping[int, int]
    volumes: Mapping[int, int]


class Player(Protocol):
    """Turns notes into sound, shape (n, 2), from time 0 until the last one has decayed."""

    def __call__(
        self, notes: Sequence[Sounding], programs: Mapping[int, int], stage: Stage, font: Path, rate_hz: int
    ) -> Samples: ...


def through_font(
    notes: Sequence[Sounding], programs: Mapping[int, int], stage: Stage, font: Path, rate_hz: int
) -> Samples:
    """Play notes through a sound font, without reverberation.

    Raises
    ------
    UsageError : fluidsynth cannot play them
    """
    if not notes:
        return np.zeros((0, 2), np.float32)
    with TemporaryDirectory() as folder:
        score, sound = Path(folder, "score.mid"), Path(folder, "sound.wav")
        _midi(notes, programs, stage).save(score)
        command = ["fluidsynth", "-niq", "-R", "0", "-C", "0", "-g", "0.5", "-r", str(rate_hz)]
        command += ["-o", "synth.dynamic-sample-loading=1", "-o", "synth.polyphony=160"]
        command += ["-F", str(sound), str(font), str(score)]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
        if done.returncode or not sound.is_file():
            raise UsageError(
                f"fluidsynth cannot play {font.name}: {done.stderr.decode(errors='replace')[:200]}"
            )
        return np.asarray(soundfile.read(sound, dtype="float32", always_2d=True)[0])


def _midi(notes: Sequence[Sounding], programs: Mapping[int, int], stage: Stage) -> mido.MidiFile:
    events: list[tuple[int, int, mido.Message]] = []
    for note in notes:
        start = max(0, round(note.start_s * _TICKS_PER_S))
        stop = start + max(20, round(note.length_s * _TICKS_PER_S))
        velocity = int(np.clip(round(127 * note.loudness), 1, 127))
        pitch = int(np.clip(note.pitch, 0, 127))
        if note.cents:
            bend = int(np.clip(8191 * note.cents / _BEND_CENTS, -8191, 8191))
            events.append((start, 1, mido.Message("pitchwheel", channel=note.channel, pitch=bend)))
        events.append((start, 2, _message("note_on", note.channel, pitch, velocity)))
        events.append((stop, 0, _message("note_off", note.channel, pitch, 0)))
    last = max(tick for tick, _, _ in events)
    file = mido.MidiFile(ticks_per_beat=_TICKS_PER_S // 2)  # two beats a second, MIDI's own tempo
    track = mido.MidiTrack()
    file.tracks.append(track)
    for channel, program in programs.items():
        track.append(mido.Message("program_change", channel=channel, program=program))
        for control, values in ((_PAN, stage.pans), (_VOLUME, stage.volumes)):
            if channel in values:
                message = mido.Message(
                    "control_change", channel=channel, control=control, value=values[channel]
                )
                track.append(message)
    now = 0
    for tick, _, message in sorted(events, key=lambda event: event[:2]):
        message.time = tick - now
        track.append(message)
        now = tick
    track.append(mido.MetaMessage("end_of_track", time=last + round(_TAIL_S * _TICKS_PER_S) - now))
    return file


def _message(kind: str, channel: int, pitch: int, velocity: int) -> mido.Message:
    return mido.Message(kind, channel=channel, note=pitch, velocity=velocity)
