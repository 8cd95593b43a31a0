"""Ten kinds of faults of a rehearsal, made of notes, real voices, real noises and changes of gain.

None is made by the rules of `engine.features.taste.anomaly.planting`, on which tastes practise: a wrong tempo
is played, not stretched, missing players leave their notes out, and people talk with recorded voices.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.lab.evaluation.apart.set_apart import (
    NOISES,
    RATE_HZ,
    SMALL_NOISES,
    Samples,
    clips_of,
    drawn,
    sentences_of,
)
from engine.lab.evaluation.apart.songs import BASS, CHORDS, DRUMS, EVERYBODY, LEAD, PAD, Song
from engine.lab.evaluation.apart.stage import Bend, Stage, count_in

_OPEN_STRINGS: Mapping[int, tuple[int, ...]] = {
    BASS: (28, 33, 38, 43),
    CHORDS: (40, 45, 50, 55, 59, 64),
    LEAD: (55, 62, 69, 76),
}
_SCALE = (0, 2, 3, 5, 7, 9, 10)


@dataclass(frozen=True, slots=True)
class Props:
    """Recordings of sounds that are not music."""

    voices: tuple[Path, ...]
    noises: tuple[Path, ...]
    small: tuple[Path, ...]


def props_of(data_dir: Path) -> Props:
    """List the sounds of the faults.

    Raises
    ------
    UsageError : the folder does not hold them
    """
    return Props(
        tuple(sentences_of(data_dir)),
        tuple(clips_of(data_dir, NOISES)),
        tuple(clips_of(data_dir, SMALL_NOISES)),
    )


def idle(stage: Stage, props: Props, length_s: float) -> None:
    """Record the room without playing: a few small noises, now and then the hum of an amplifier."""
    rng, start_s = stage.rng, stage.now_s
    if rng.random() < 0.3:
        stage.sound(start_s, _hum(length_s, rng), float(rng.uniform(-45.0, -25.0)))
    at_s = start_s + float(rng.exponential(4.0))
    while at_s < start_s + length_s - 1.0:
        clip = drawn(props.small, rng)[: round((start_s + length_s - at_s) * RATE_HZ)]
        stage.sound(at_s, clip, float(rng.uniform(-38.0, -18.0)))
        at_s += len(clip) / RATE_HZ + float(rng.exponential(6.0))
    stage.wait(length_s)


def talk(stage: Stage, props: Props, length_s: float) -> None:
    """People talk, sometimes while one of them plays a little."""
    rng, start_s = stage.rng, stage.now_s
    level_db = float(rng.uniform(-22.0, -4.0))
    at_s = start_s + float(rng.uniform(0.1, 0.6))
    while at_s < start_s + length_s - 0.5:
        voice = drawn(props.voices, rng)[: round((start_s + length_s - at_s) * RATE_HZ)]
        stage.sound(at_s, voice, level_db + float(rng.uniform(-3.0, 3.0)))
        at_s += len(voice) / RATE_HZ + float(rng.uniform(0.1, 1.2))
    if rng.random() < 0.3:
        _aimless(stage, start_s, start_s + length_s, BASS if rng.random() < 0.5 else CHORDS, 0.25)
    stage.wait(length_s)


def tuning(stage: Stage, _props: Props, length_s: float) -> None:
    """Play open strings again and again until they are in tune."""
    rng, start_s = stage.rng, stage.now_s
    channel = int(rng.choice(list(_OPEN_STRINGS)))
    strings = _OPEN_STRINGS[channel]
    at_s, string, off = start_s, int(rng.integers(len(strings))), float(rng.uniform(-0.6, 0.6))
    while at_s < start_s + length_s - 0.8:
        lasts_s = float(rng.uniform(0.7, 2.4))
        lasts_s = min(lasts_s, start_s + length_s - at_s)
        stage.play(at_s, lasts_s, channel, strings[string], float(rng.uniform(0.35, 0.7)))
        for step in range(5):
            stage.bends.append(Bend(at_s + step * lasts_s / 5.0, channel, off * (1.0 - 0.12 * step)))
        off *= 0.4
        at_s += lasts_s * float(rng.uniform(0.7, 1.2))
        if abs(off) < 0.05 or rng.random() < 0.15:
            string, off = (string + 1) % len(strings), float(rng.uniform(-0.6, 0.6))
    stage.bends.append(Bend(start_s + length_s - 0.01, channel, 0.0))
    stage.wait(length_s)


def noodling(stage: Stage, _props: Props, length_s: float) -> None:
    """One or two play something of their own, each in their own time."""
    rng = stage.rng
    players = [BASS, CHORDS, LEAD, DRUMS]
    for channel in rng.permutation(players)[: int(rng.integers(1, 3))].tolist():
        _aimless(stage, stage.now_s, stage.now_s + length_s, channel, float(rng.uniform(0.4, 0.75)))
    stage.wait(length_s)


def _aimless(stage: Stage, start_s: float, stop_s: float, channel: int, velocity: float) -> None:
    rng = stage.rng
    at_s, step, key = start_s + float(rng.uniform(0.0, 0.5)), int(rng.integers(7)), int(rng.integers(12))
    octave = {BASS: 2, CHORDS: 4, LEAD: 5}.get(channel, 3)
    while at_s < stop_s - 0.3:
        run_s = float(rng.choice([0.12, 0.18, 0.25, 0.4]))
        for _ in range(int(rng.integers(2, 10))):
            if at_s >= stop_s - 0.2:
                return
            step += int(rng.integers(-2, 3))
            high, degree = divmod(step % 14, 7)
            pitch = 12 * (octave + high) + key + _SCALE[degree]
            if channel == DRUMS:
                pitch = int(rng.choice([36, 38, 42, 45, 48, 51]))
            stage.play(at_s, run_s, channel, pitch, velocity * float(rng.uniform(0.6, 1.2)))
            at_s += run_s * float(rng.uniform(0.7, 1.5))
        at_s += float(rng.exponential(0.8))


def breaks_off(stage: Stage, props: Props, song: Song, length_s: float) -> None:
    """Begin a song and stop within it, one after the other, without another attempt."""
    _broken(stage, song, length_s)
    if stage.rng.random() < 0.5:
        talk(stage, props, float(stage.rng.uniform(2.0, 5.0)))
    else:
        idle(stage, props, float(stage.rng.uniform(1.5, 4.0)))


def restart(stage: Stage, _props: Props, song: Song, length_s: float) -> None:
    """Begin the song that follows, stop, and count in again."""
    _broken(stage, song, length_s)
    stage.wait(float(stage.rng.uniform(1.0, 3.5)))
    if stage.rng.random() < 0.6:
        count_in(stage, song)


def _broken(stage: Stage, song: Song, length_s: float) -> None:
    rng = stage.rng
    count = int(np.clip(round(length_s / song.bar_s), 2, len(song.bars) - 1))
    start_s, written_s = stage.now_s, len(stage.notes)
    stage.bars(song, 0, count)
    end_s = stage.now_s - float(rng.uniform(0.1, 0.9)) * song.bar_s
    stops_s = {channel: end_s + float(rng.exponential(0.5)) for channel in EVERYBODY}
    played = [
        note for note in stage.notes[written_s:] if note.start < min(stops_s[note.channel], stage.now_s + 1.0)
    ]
    stage.notes[written_s:] = played
    stage.now_s = max([start_s + 1.0, *(note.start + 0.4 for note in played)])


def wrong_tempo(stage: Stage, _props: Props, song: Song, bars: tuple[int, int]) -> None:
    """Play a passage much too fast or too slowly, or run away."""
    rng = stage.rng
    speed = float(rng.choice([rng.uniform(0.68, 0.85), rng.uniform(1.18, 1.4)]))
    runs = rng.random() < 0.3
    stage.bars(song, *bars, speed=1.0 if runs else speed, ramp=0.5 * (speed - 1.0) * 2.0 if runs else 0.0)


def wrong_level(stage: Stage, _props: Props, song: Song, bars: tuple[int, int]) -> None:
    """Record a passage much too softly, or so loud that it clips."""
    start_s, stop_s = stage.bars(song, *bars)
    if stage.rng.random() < 0.6:
        stage.gain(start_s, stop_s, float(stage.rng.uniform(-22.0, -13.0)))
    else:
        stage.gain(start_s, stop_s, float(stage.rng.uniform(12.0, 20.0)), clips=True)


def noise(stage: Stage, props: Props, song: Song, bars: tuple[int, int]) -> None:
    """Play a passage while something else is louder."""
    start_s, stop_s = stage.bars(song, *bars)
    rng, at_s = stage.rng, start_s
    level_db = float(rng.uniform(-3.0, 9.0))
    while at_s < stop_s - 0.3:
        clip = drawn(props.noises, rng)[: round((stop_s - at_s) * RATE_HZ)]
        stage.sound(at_s, clip, level_db)
        at_s += len(clip) / RATE_HZ + float(rng.uniform(0.0, 0.6))


def fewer_players(stage: Stage, _props: Props, song: Song, bars: tuple[int, int]) -> None:
    """Play a passage without the drums or without most of the others."""
    rng = stage.rng
    left = (frozenset({BASS, CHORDS, PAD}), frozenset({BASS}), frozenset({CHORDS}), frozenset({DRUMS}))
    stage.bars(song, *bars, players=left[int(rng.integers(len(left)))])


def _hum(length_s: float, rng: np.random.Generator) -> Samples:
    times_s = np.arange(round(length_s * RATE_HZ)) / RATE_HZ
    mains_hz = float(rng.choice([50.0, 60.0]))
    partials = [
        float(rng.uniform(0.2, 1.0)) * np.sin(2 * np.pi * k * mains_hz * times_s) / k for k in range(1, 12)
    ]
    return np.asarray(np.sum(partials, axis=0), np.float32)


BETWEEN: Mapping[str, Callable[[Stage, Props, float], None]] = {
    "idle": idle,
    "talk": talk,
    "tuning": tuning,
    "noodling": noodling,
}
ATTEMPTS: Mapping[str, Callable[[Stage, Props, Song, float], None]] = {
    "breaking off": breaks_off,
    "restart": restart,
}
WITHIN: Mapping[str, Callable[[Stage, Props, Song, tuple[int, int]], None]] = {
    "tempo": wrong_tempo,
    "level": wrong_level,
    "noise": noise,
    "fewer players": fewer_players,
}
LENGTHS_S: Mapping[str, tuple[float, float]] = {
    "idle": (8.0, 60.0),
    "talk": (5.0, 45.0),
    "tuning": (8.0, 30.0),
    "noodling": (6.0, 40.0),
    "breaking off": (6.0, 20.0),
    "restart": (5.0, 20.0),
    "tempo": (8.0, 22.0),
    "level": (8.0, 22.0),
    "noise": (8.0, 22.0),
    "fewer players": (8.0, 24.0),
}
"""Of each kind of fault."""
