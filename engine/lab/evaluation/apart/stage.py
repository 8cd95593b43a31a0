"""A recording as it is put together: notes, other sounds, changes of gain, and the truth about passages."""

from __future__ import annotations

import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from shutil import which

import mido
import numpy as np
import soundfile
from scipy.signal import butter, oaconvolve, sosfilt

from engine.core.errors import UsageError
from engine.lab.evaluation.apart.set_apart import FONT, RATE_HZ, Samples
from engine.lab.evaluation.apart.songs import DRUMS, EVERYBODY, Band, Note, Song, as_played

_TICKS_PER_S = 4_800
_BEND_SEMITONES = 2.0
_TAIL_S = 0.4
_BEFORE_S = 0.6
_MUSIC_RMS = 0.1
_PEAK = 0.97


@dataclass(frozen=True, slots=True)
class Passage:
    """A span of a made recording, in seconds: a kind of fault, or a song.

    Attributes
    ----------
    is_new : of a song, whether the training data lacks it
    """

    kind: str
    start_s: float
    stop_s: float
    is_new: bool = False


@dataclass(frozen=True, slots=True)
class Bend:
    """A pitch wheel of a channel from a moment on."""

    at_s: float
    channel: int
    semitones: float


@dataclass(slots=True)
class Stage:
    """The band at work; `now_s` is where the recording goes on."""

    band: Band
    rng: np.random.Generator
    now_s: float = _BEFORE_S
    notes: list[Note] = field(default_factory=list)
    bends: list[Bend] = field(default_factory=list)
    switches: list[tuple[float, int, int]] = field(default_factory=list)
    faults: list[Passage] = field(default_factory=list)
    songs: list[Passage] = field(default_factory=list)
    _sounds: list[tuple[float, Samples, float]] = field(default_factory=list)
    _gains: list[tuple[float, float, float, bool]] = field(default_factory=list)
    tempo: float = 1.0

    def new_take(self) -> None:
        """Begin a take: it has a tempo of its own."""
        self.tempo = float(self.rng.normal(1.0, 0.015))

    def bars(
        self,
        song: Song,
        first: int,
        last: int,
        *,
        speed: float = 1.0,
        ramp: float = 0.0,
        players: frozenset[int] = EVERYBODY,
    ) -> tuple[float, float]:
        """Play the bars [first, last) of a song and return where they begin and end.

        Parameters
        ----------
        speed, ramp : the tempo relative to the song's, and its change over the passage
        players : channels of the players to be played
        """
        began_s = self.now_s
        self.switches += [(began_s - 0.02, channel, program) for channel, program in song.programs]
        for place, bar in enumerate(song.bars[first:last]):
            self.tempo = float(np.clip(self.tempo + self.rng.normal(0.0, 0.003), 0.96, 1.04))
            now = speed * (1.0 + ramp * place / max(1, last - first - 1))
            beat_s = 60.0 / (song.tempo_bpm * self.tempo * now)
            for note in as_played(bar, self.rng):
                if note.channel in players:
                    at_s = self.now_s + note.start * beat_s + float(self.rng.normal(0.0, 0.006))
                    self.play(at_s, note.length * beat_s, note.channel, note.pitch, note.velocity)
            self.now_s += 4.0 * beat_s
        return began_s, self.now_s

    def ending(self, song: Song) -> None:
        """End a song: everybody plays the first notes of its last bar again, and they ring."""
        for note in as_played(song.bars[-1], self.rng):
            if note.start < 0.01:
                self.play(self.now_s, 1.8, note.channel, note.pitch, note.velocity)
        self.wait(2.0)

    def play(self, start_s: float, length_s: float, channel: int, pitch: int, velocity: float) -> None:
        """Add one note."""
        self.notes.append(Note(max(0.0, start_s), length_s, channel, pitch, velocity))

    def sound(self, start_s: float, samples: Samples, level_db: float) -> None:
        """Add a recorded sound in the room, at a level relative to the music while it sounds."""
        self._sounds.append((start_s, samples, level_db))

    def gain(self, start_s: float, stop_s: float, gain_db: float, *, clips: bool = False) -> None:
        """Change the gain of the recorder over a span; it may clip there."""
        self._gains.append((start_s, stop_s, gain_db, clips))

    def fault(self, kind: str, start_s: float) -> None:
        """Note that the recording from a moment to now is a fault."""
        self.faults.append(Passage(kind, start_s, self.now_s))

    def wait(self, length_s: float) -> None:
        """Let time pass."""
        self.now_s += length_s

    def recorded(self) -> Samples:
        """Return the recording, mono at `RATE_HZ`: the band in its room, at a level of the day."""
        length = round((self.now_s + _TAIL_S) * RATE_HZ)
        dry = _played(_score(self), length)
        dry *= np.float32(_MUSIC_RMS / max(_loud_rms(dry), 1e-6))
        for start_s, samples, level_db in self._sounds:
            at = round(start_s * RATE_HZ)
            some = samples[: max(0, length - at)]
            level = _MUSIC_RMS * 10.0 ** (level_db / 20.0) / max(_loud_rms(some), 1e-6)
            dry[at : at + len(some)] += np.float32(level) * some
        wet = _in_room(dry, self.band)
        day_db = float(self.rng.uniform(-4.0, 2.0))
        out = wet * np.float32(10.0 ** (day_db / 20.0))
        for start_s, stop_s, gain_db, clips in self._gains:
            out = _with_gain(out, start_s, stop_s, gain_db, clips=clips)
        room = sosfilt(butter(1, 900.0, fs=RATE_HZ, output="sos"), self.rng.standard_normal(length))
        out = out + np.asarray(room * 10.0 ** (self.band.noise_db / 20.0), np.float32)
        return np.asarray(np.clip(out, -_PEAK, _PEAK), np.float32)


def _played(score: mido.MidiFile, length: int) -> Samples:
    """Play a score through the sound font, mono, shape (length,)."""
    out = np.zeros(length, np.float32)
    with tempfile.TemporaryDirectory() as folder:
        path, sound = Path(folder, "score.mid"), Path(folder, "sound.wav")
        score.save(path)
        command = ["fluidsynth", "-niq", "-R", "0", "-C", "0", "-g", "0.3", "-r", str(RATE_HZ)]
        subprocess.run([*command, "-F", str(sound), str(FONT), str(path)], check=True, capture_output=True)
        samples = soundfile.read(sound, dtype="float32", always_2d=True)[0].mean(axis=1)[:length]
    out[: len(samples)] = samples
    return out


def require_instruments() -> None:
    """Refuse where no band can play.

    Raises
    ------
    UsageError : fluidsynth or the sound font is not installed
    """
    if not has_instruments():
        raise UsageError(f"{FONT} cannot be played: install fluidsynth and musescore-general-soundfont.")


def has_instruments() -> bool:
    """Return whether fluidsynth and the sound font are installed."""
    return FONT.is_file() and which("fluidsynth") is not None


def _loud_rms(samples: Samples) -> float:
    """Return the RMS level of a sound where it is within 20 dB of its loudest tenth of a second."""
    block = RATE_HZ // 10
    if len(samples) < 2 * block:
        return float(np.sqrt(np.mean(np.square(samples)))) if len(samples) else 0.0
    power = np.square(samples[: len(samples) // block * block]).reshape(-1, block).mean(axis=1)
    return float(np.sqrt(power[power >= 0.01 * power.max()].mean()))


def _in_room(dry: Samples, band: Band) -> Samples:
    rng = np.random.default_rng([band.number, 73])
    length = round(2.0 * band.reverb_s * RATE_HZ)
    tail = rng.standard_normal(length) * np.exp(-6.9 * np.arange(length) / (band.reverb_s * RATE_HZ))
    tail *= band.wet / max(float(np.sqrt(np.square(tail).sum())), 1e-9)
    tail[0] = 1.0
    wet = oaconvolve(dry, tail)[: len(dry)]
    low = sosfilt(butter(1, 1_000.0, fs=RATE_HZ, output="sos"), wet)
    high_gain = 10.0 ** (band.tilt_db / 20.0)
    return np.asarray(low + high_gain * (wet - low), np.float32)


def _with_gain(out: Samples, start_s: float, stop_s: float, gain_db: float, *, clips: bool) -> Samples:
    edge = round(0.05 * RATE_HZ)
    first, last = round(start_s * RATE_HZ), round(stop_s * RATE_HZ)
    places = np.arange(len(out))
    shape = np.interp(places, [first - edge, first, last, last + edge], [0.0, 1.0, 1.0, 0.0])
    changed = out * (10.0 ** (gain_db * shape / 20.0)).astype(np.float32)
    if clips:
        limit = np.float32(2.5 * _MUSIC_RMS)
        changed = np.where(shape > 0.5, np.clip(changed, -limit, limit), changed)
    return np.asarray(changed, np.float32)


def _score(stage: Stage) -> mido.MidiFile:
    """Return a file with one track in which a tick is 1 / `_TICKS_PER_S` s."""
    events: list[tuple[float, int, mido.Message]] = []
    for note in stage.notes:
        velocity, pitch = np.clip([round(127 * note.velocity), note.pitch], (1, 0), 127).tolist()
        on = mido.Message("note_on", channel=note.channel, note=pitch, velocity=velocity)
        off = mido.Message("note_off", channel=note.channel, note=pitch, velocity=0)
        events += [(note.start, 2, on), (note.start + max(0.02, note.length), 0, off)]
    for bend in stage.bends:
        wheel = int(np.clip(round(8192 * bend.semitones / _BEND_SEMITONES), -8192, 8191))
        events.append((bend.at_s, 1, mido.Message("pitchwheel", channel=bend.channel, pitch=wheel)))
    for at_s, channel, program in [*((0.0, *one) for one in stage.band.programs), *stage.switches]:
        events.append((at_s, 1, mido.Message("program_change", channel=channel, program=program)))
    file = mido.MidiFile(ticks_per_beat=_TICKS_PER_S // 2)
    track = mido.MidiTrack()
    file.tracks.append(track)
    now = 0
    for at_s, _, message in sorted(events, key=lambda event: event[:2]):
        tick = max(0, round(at_s * _TICKS_PER_S))
        track.append(message.copy(time=tick - now))
        now = tick
    return file


STICKS = 37
"""The side stick of General MIDI, which counts in."""


def count_in(stage: Stage, song: Song) -> None:
    """Count four beats with sticks."""
    beat_s = 60.0 / (song.tempo_bpm * stage.tempo)
    for beat in range(4):
        stage.play(stage.now_s + beat * beat_s, 0.1, DRUMS, STICKS, 0.6)
    stage.wait(4.0 * beat_s)
