"""Notes to sound through a General MIDI sound font, by fluidsynth."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from shutil import which

import mido
import numpy as np
import soundfile
from numpy.typing import NDArray

from engine.analysis.beats.activations import RATE_HZ
from engine.core.errors import UsageError

FONTS = Path("/usr/share/sounds")
FLUID_R3 = FONTS / "sf2" / "FluidR3_GM.sf2"
DRUM_CHANNEL = 9
_TICKS_PER_S = 9600
_LATE_S = (
    0.005  # fluidsynth starts a note one or two of its blocks of 64 samples late (measured at 22,050 Hz)
)


@dataclass(frozen=True, slots=True)
class Sounding:
    """A note in seconds: when, how long, which pitch, how loud (0 to 1) and on which MIDI channel."""

    start_s: float
    length_s: float
    pitch: int
    velocity: float
    channel: int


def has_fluid_r3() -> bool:
    """Return whether notes can be played through FluidR3."""
    return FLUID_R3.is_file() and which("fluidsynth") is not None


def require_fluid_r3() -> None:
    """Refuse where notes cannot be played through FluidR3.

    Raises
    ------
    UsageError : the sound font or fluidsynth is not installed
    """
    if not has_fluid_r3():
        raise UsageError(f"{FLUID_R3} is missing: install the package fluid-soundfont-gm, and fluidsynth.")


def through_sound_font(
    notes: Sequence[Sounding],
    programs: Mapping[int, int],
    font: Path,
    length_s: float,
    rate_hz: int = RATE_HZ,
) -> NDArray[np.float32]:
    """Play notes through a sound font, mono, shape (round(length_s * rate_hz),).

    Parameters
    ----------
    programs : the General MIDI program (from 0) of each channel; of the drum channel its kit

    Raises
    ------
    CalledProcessError : fluidsynth refuses
    FileNotFoundError : fluidsynth is not installed
    """
    count = round(length_s * rate_hz)
    if not notes:
        return np.zeros(count, np.float32)
    with tempfile.TemporaryDirectory() as folder:
        score, sound = Path(folder, "score.mid"), Path(folder, "sound.wav")
        _midi(notes, programs).save(score)
        command = ["fluidsynth", "-niq", "-R", "0", "-C", "0", "-g", "0.4", "-o", "synth.polyphony=128"]
        command += ["-r", str(rate_hz), "-F", str(sound), str(font), str(score)]
        subprocess.run(command, check=True, capture_output=True)
        samples = soundfile.read(sound, dtype="float32", always_2d=True)[0].mean(axis=1)
    heard = np.zeros(count, np.float32)
    samples = samples[round(_LATE_S * rate_hz) :][:count]
    heard[: len(samples)] = samples
    return heard


def _midi(notes: Sequence[Sounding], programs: Mapping[int, int]) -> mido.MidiFile:
    events: list[tuple[int, int, mido.Message]] = []
    for note in notes:
        start = max(0, round(note.start_s * _TICKS_PER_S))
        stop = start + max(48, round(note.length_s * _TICKS_PER_S))
        velocity = int(np.clip(round(127 * note.velocity), 1, 127))
        on = mido.Message("note_on", channel=note.channel, note=note.pitch, velocity=velocity)
        off = mido.Message("note_off", channel=note.channel, note=note.pitch, velocity=0)
        events += [(start, 1, on), (stop, 0, off)]
    file = mido.MidiFile(ticks_per_beat=_TICKS_PER_S // 2)  # two beats a second, MIDI's own tempo
    track = mido.MidiTrack()
    file.tracks.append(track)
    for channel, program in programs.items():
        track.append(mido.Message("program_change", channel=channel, program=program))
    now = 0
    for tick, _, message in sorted(events, key=lambda event: event[:2]):
        track.append(message.copy(time=tick - now))
        now = tick
    return file
