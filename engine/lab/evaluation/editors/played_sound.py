"""The sound of played jams: MIDI through FluidSynth, talk from espeak-ng, tone and room."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import mido
import numpy as np
import soundfile
from numpy.typing import NDArray
from scipy.signal import butter, fftconvolve, resample_poly, sosfilt

from engine.core.errors import SourceError
from engine.lab.evaluation.editors.jams import RATE_HZ
from engine.lab.evaluation.editors.played_scores import (
    BAND,
    BASS,
    CHORDS,
    DRUMS,
    MELODY,
    ONLY_DRUMS,
    ONLY_VOICE,
    Band,
    Phrase,
)

Audio = NDArray[np.float32]

_FONTS = (Path("/usr/share/sounds/sf2/TimGM6mb.sf2"), Path("/usr/share/sounds/sf2/FluidR3_GM.sf2"))
_TICKS_PER_S = 1920  # 960 per beat at 120 BPM
_GAP_S = 1.5  # between passages on the tape, for their reverberation
_TAIL_S = 0.9
_SENTENCES = (
    (
        "Okay, let us try that again, but a little slower this time.",
        "Was that the second verse or the first one?",
        "I think the bass was too loud in the last part.",
        "Hold on, my string is out of tune.",
        "One more, and then we take a break.",
        "That was really good, I liked the ending.",
        "Can everybody hear the click?",
        "Let us go straight into the next one.",
        "Sorry, I came in too early.",
        "Do you want to do the solo after the bridge?",
    ),
    (
        "Wait, which key are we in now?",
        "From the top please, and watch the tempo.",
        "I would like to keep that one.",
        "Somebody left the door open.",
        "Maybe we should leave out the last bar.",
        "You can play it louder if you want to.",
        "What time do we have to be out of here?",
        "Is the recorder still running?",
        "My hands are cold, give me a minute.",
        "The drums come in after four bars, right?",
    ),
)
_VOICES = (("en-us+m3", "en-gb+f2", "en+m1"), ("en-gb+m7", "en-us+f4", "en-scottish+m4"))


@dataclass(frozen=True, slots=True)
class Sounding:
    """A note as it is played, in seconds from the start of its passage."""

    start_s: float
    length_s: float
    channel: int
    pitch: int
    velocity: int


def performed(
    phrase: Phrase, beat_s: float, stop_beat: float, errors: int, rng: np.random.Generator
) -> tuple[Sounding, ...]:
    """Play a phrase up to a beat, as a person does: every time with other timing and dynamics.

    Parameters
    ----------
    errors : number of notes, in the middle, that are played a semitone or tone off, or not at all
    """
    lag_s = {channel: float(rng.normal(0.0, 0.004)) for channel in range(16)}
    swing = float(rng.choice((0.0, 0.0, rng.uniform(0.02, 0.06))))
    push = float(rng.uniform(-8.0, 8.0))
    notes = [note for note in phrase.notes if note.beat < stop_beat - 1e-6]
    total = phrase.bars * phrase.beats
    inner = [n for n, note in enumerate(notes) if 0.2 * total < note.beat < 0.8 * total]
    wrong = {int(n) for n in rng.choice(inner, min(errors, len(inner)), replace=False)} if inner else set()
    played = []
    for n, note in enumerate(notes):
        off = int(rng.choice((-2, -1, 1, 2)))
        if n in wrong and rng.random() < 0.3:
            continue
        late = swing if note.beat % 1.0 in (0.25, 0.5, 0.75) else 0.0
        # The first beat stays within a few ms, so that the passage begins where the truth says.
        spread_s = 0.003 if note.beat == 0 else 0.008
        start_s = max(0.0, (note.beat + late) * beat_s + lag_s[note.channel] + rng.normal(0.0, spread_s))
        length_s = max(0.03, min(note.length_beats, stop_beat - note.beat) * beat_s)
        velocity = int(np.clip(note.velocity + push + rng.normal(0.0, 6.0), 20, 127))
        played.append(Sounding(start_s, length_s, note.channel, note.pitch + off * (n in wrong), velocity))
    return tuple(played)


def noodled(band: Band, length_s: float, rng: np.random.Generator) -> tuple[Sounding, ...]:
    """Play notes of the scale without metre on one instrument."""
    places = {
        BAND: ((MELODY, 5), (CHORDS, 0), (BASS, -7)),
        ONLY_DRUMS: ((DRUMS, 0),),
        ONLY_VOICE: ((MELODY, 5),),
    }
    own = places[band.line_up]
    channel, low = own[rng.integers(len(own))]
    played, at_s = [], float(rng.uniform(0.1, 0.5))
    degree = low
    while at_s < length_s - 0.4:
        degree = int(np.clip(degree + rng.integers(-3, 4), low, low + 9))
        pitch = int(rng.integers(41, 51)) if channel == DRUMS else band.pitch(degree)
        own_s = float(rng.uniform(0.1, 0.4))
        played.append(Sounding(at_s, own_s, channel, pitch, int(rng.integers(45, 80))))
        at_s += own_s * float(rng.choice((0.6, 1.0, 2.5)))
    return tuple(played)


def rendered(band: Band, parts: Sequence[tuple[Sequence[Sounding], float]]) -> list[Audio]:
    """Render passages of (notes, length in s) with one run of FluidSynth.

    Returns
    -------
    audio : one array of shape (n,) a part, with up to 0.9 s of decay after its length

    Raises
    ------
    SourceError : FluidSynth or the sound font is missing
    """
    font = _FONTS[band.half]
    if not font.exists():
        raise SourceError(f"The sound font {font} is missing. Install the fonts of FluidSynth.")
    starts_s, at_s = [], 0.1
    for _, length_s in parts:
        starts_s.append(at_s)
        at_s += length_s + _GAP_S
    with TemporaryDirectory() as folder:
        score, wave = Path(folder) / "in.mid", Path(folder) / "out.wav"
        _midi(band, [(start, notes) for start, (notes, _) in zip(starts_s, parts, strict=True)]).save(score)
        _run("fluidsynth", "-ni", "-g", "0.5", "-F", str(wave), "-r", str(RATE_HZ), str(font), str(score))
        tape = soundfile.read(wave, dtype="float32", always_2d=True)[0].mean(axis=1)
    cut = []
    for start_s, (_, length_s) in zip(starts_s, parts, strict=True):
        start = round(start_s * RATE_HZ)
        piece = tape[start : start + round((length_s + _TAIL_S) * RATE_HZ)].astype(np.float32)
        fade = min(len(piece), RATE_HZ // 5)
        piece[len(piece) - fade :] *= np.linspace(1.0, 0.0, fade, dtype=np.float32)
        cut.append(piece)
    return cut


def _midi(band: Band, parts: Sequence[tuple[float, Sequence[Sounding]]]) -> mido.MidiFile:
    """Write passages that begin at given seconds into one MIDI file."""
    events: list[tuple[int, int, mido.Message]] = []
    for channel, program in zip((MELODY, CHORDS, BASS, DRUMS), band.programs, strict=True):
        events.append((0, 0, mido.Message("program_change", channel=channel, program=program)))
    for start_s, notes in parts:
        for note in notes:
            on = round((start_s + note.start_s) * _TICKS_PER_S)
            off = on + max(1, round(note.length_s * _TICKS_PER_S))
            message = {"channel": note.channel, "note": note.pitch}
            events.append((on, 2, mido.Message("note_on", velocity=note.velocity, **message)))
            events.append((off, 1, mido.Message("note_off", velocity=0, **message)))
    file = mido.MidiFile(ticks_per_beat=960)
    track = mido.MidiTrack()
    file.tracks.append(track)
    before = 0
    for tick, _, message in sorted(events, key=lambda event: event[:2]):
        track.append(message.copy(time=tick - before))
        before = tick
    return file


def _run(*command: str) -> None:
    """Run a program quietly."""
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise SourceError(f"{command[0]} failed: {error}. Install {command[0]}.") from error


def spoken(data_dir: Path, half: int, length_s: float, rng: np.random.Generator) -> Audio:
    """Speak for up to `length_s`, by espeak-ng or from recorded sentences; shape (n,), RMS 1."""
    if rng.random() < 0.4:
        # Every fourth sentence from the third or fourth; `cut_jams` has those from the first and second.
        files = sorted((data_dir / "speech" / "commands").glob("*.flac"))[2 + half :: 4]
        if not files:
            raise SourceError(f"Spoken sentences are missing in {data_dir / 'speech'}.")
        said = _resampled(files[rng.integers(len(files))])
    else:
        voice = str(rng.choice(_VOICES[half]))
        count = max(1, round(length_s / 3.5))
        text = " ".join(rng.choice(_SENTENCES[half], count, replace=False))
        with TemporaryDirectory() as folder:
            wave = Path(folder) / "talk.wav"
            _run("espeak-ng", "-v", voice, "-s", str(rng.integers(140, 190)), "-w", str(wave), text)
            said = _resampled(wave)
    loud = np.flatnonzero(np.abs(said) > 0.01 * np.abs(said).max())
    said = said[loud[0] : loud[-1] + 1][: round(length_s * RATE_HZ)].copy()
    fade = min(len(said), RATE_HZ // 20)
    said[len(said) - fade :] *= np.linspace(1.0, 0.0, fade, dtype=np.float32)
    return np.asarray(said / (np.sqrt(np.mean(said**2)) + 1e-6), dtype=np.float32)


def _resampled(path: Path) -> Audio:
    """Read a mono file at `RATE_HZ`."""
    samples, rate_hz = soundfile.read(path, dtype="float32")
    if rate_hz != RATE_HZ:
        samples = resample_poly(samples, RATE_HZ // 50, rate_hz // 50)
    return np.asarray(samples, dtype=np.float32)


def coloured(audio: Audio, rng: np.random.Generator) -> Audio:
    """Change the bass, middle and treble of a passage by up to 4 dB each."""
    out = audio.astype(np.float64)
    bands = (((250.0,), "lowpass"), ((700.0, 2200.0), "bandpass"), ((4500.0,), "highpass"))
    for corners_hz, shape in bands:
        gain = 10.0 ** (rng.uniform(-4.0, 4.0) / 20.0)
        part = sosfilt(butter(1, np.squeeze(corners_hz), shape, fs=RATE_HZ, output="sos"), audio)
        out += (gain - 1.0) * part
    return out.astype(np.float32)


def in_room(audio: Audio, rng: np.random.Generator) -> Audio:
    """Add a short reverberation and the noise of a room."""
    seconds = rng.uniform(0.15, 0.5)
    times_s = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    response = rng.standard_normal(len(times_s)) * np.exp(-6.9 * times_s / seconds)
    response *= rng.uniform(0.1, 0.3) / np.sqrt((response**2).sum())
    wet = fftconvolve(audio, response)[: len(audio)]
    hum = sosfilt(butter(1, 400.0, fs=RATE_HZ, output="sos"), rng.standard_normal(len(audio)))
    noise = (hum + 0.1 * rng.standard_normal(len(audio))) * 10.0 ** (rng.uniform(-42.0, -29.0) / 20.0)
    return np.asarray(audio + wet + noise, dtype=np.float32)
