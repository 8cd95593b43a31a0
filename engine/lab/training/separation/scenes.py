"""Simulated scenes with ground truth: sounds in the window, and the background around it.

A background never repeats outside the window its audio inside: sounds that repeat themselves are left out
(`repeats`), or a method that copies would look like one that separates.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter as butterworth
from scipy.signal import fftconvolve, sosfilt

from engine.analysis.detection.spectra import MEL
from engine.lab.training.detection.recordings import Samples
from engine.lab.training.detection.sounds import Sound, at_other_speed
from engine.lab.training.separation.speech_mixtures import Sources, excerpt, talk

SCENE_SAMPLES = 5 * MEL.rate_hz
_LONGEST_S = 4.4
"""A window that fills more than a view now and then: of long windows nothing else is seen."""
_FADE_SAMPLES = MEL.rate_hz // 100
_FRAME = MEL.rate_hz // 100
_AUDIBLE_DB = -35.0
"""A segment of a sound counts as active down to this level below its peak."""


_SHARES = (0.32, 0.15, 0.48, 0.05)
"""How often scenes of each kind are drawn; those of two sounds count twice."""
_ABSENT_SHARE = 0.04
"""Share of scenes with an absent target: nothing must be changed. Words are refused by another
measure, `engine.features.repair.separation.checks`, and a network that knows more of absent sounds keeps less
of new ones."""
_BACKGROUND_SHARE = 0.06
"""Share of scenes with the background as target, which is rare in use."""
_UNNAMED_SHARE = 0.45
"""How often a background is speech, music or a place, where such are given; it cannot be asked for."""
_TALK, _MUSIC = 0.5, 0.3
"""How often of these it is speech or music; else it is a place."""


_Part = tuple[int | None, Samples]
"""The index of a sound's name, None without a name, and its position in the scene."""


class Kind(Enum):
    """Material of scenes."""

    SURROUNDED = "a sound over a background that goes on around the window"
    CROWDED = "two sounds over a background that goes on around the window"
    ALONE = "two sounds at once, and nothing around them"
    SINGLE = "one sound, and nothing else"


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """A recording in which a window is asked for one of its sounds.

    Attributes
    ----------
    meant, rest : target and remainder, float32, shape (SCENE_SAMPLES,); their sum is the recording
    window_samples : [start, stop)
    asked : number of the sound the prompt names; it may be none that sounds
    sounding : numbers of the sounds within the window
    surrounded : whether something goes on around the window
    only_new : whether the target is the only sound in the window that is not around it
    example : another sound with the name of the target, if there is one
    """

    meant: Samples
    rest: Samples
    window_samples: tuple[int, int]
    asked: int
    sounding: tuple[int, ...]
    surrounded: bool
    only_new: bool
    example: Sound | None


def loudness(samples: Samples) -> NDArray[np.float64]:
    """Return the power of each 10 ms."""
    frames = samples[: len(samples) // _FRAME * _FRAME].reshape(-1, _FRAME)
    return np.asarray(np.mean(frames.astype(np.float64) ** 2, axis=1))


def goes_on(sound: Sound) -> bool:
    """Return whether a sound is continuous, so that it can be a background."""
    power = loudness(sound.samples())
    around = np.convolve(power, np.full(50, 1 / 50), mode="valid")
    return bool(around.min() > 10 ** (-15 / 10) * around.max()) and float(around.max()) > 1e-7


def repeats(sound: Sound) -> bool:
    """Return whether a sound repeats a segment sample for sample, as looped clips do."""
    samples = sound.samples()
    power = fftconvolve(samples, samples[::-1])[len(samples) - 1 :]
    energy = np.cumsum(samples.astype(np.float64) ** 2)
    lags = np.arange(MEL.rate_hz // 4, len(samples) - MEL.rate_hz // 2)
    both = np.sqrt(energy[len(samples) - 1 - lags] * (energy[-1] - energy[lags - 1]))
    loud = both > 0.05 * energy[-1]
    return bool(np.any(power[lags][loud] > 0.9 * both[loud]))


class Scenes:
    """Draws scenes of some sounds.

    Parameters
    ----------
    names : number of each name
    recordings : speech, music and places, which become backgrounds as well
    plain : leave the sounds as they are, without changes of speed, tone or room, and ask only for
        present sounds, for evaluation
    """

    def __init__(
        self,
        sounds: Sequence[Sound],
        names: Mapping[str, int],
        recordings: Sources | None = None,
        *,
        plain: bool = False,
    ) -> None:
        self._plain, self._recordings = plain, recordings
        usable = [sound for sound in sounds if float(np.max(loudness(sound.samples()))) > 1e-6]
        self._sounds = usable
        self._backgrounds = [sound for sound in usable if goes_on(sound) and not repeats(sound)]
        self._number = names
        self._same: dict[int, list[Sound]] = {}
        for sound in usable:
            self._same.setdefault(names[sound.name], []).append(sound)

    def drawn(self, rng: np.random.Generator) -> list[Scene]:
        """Return a scene of any kind, as often as they are to be learned from; see `of`."""
        kinds = (Kind.SURROUNDED, Kind.CROWDED, Kind.ALONE, Kind.SINGLE)
        return self.of(kinds[int(rng.choice(4, p=_SHARES))], rng)

    def of(self, kind: Kind, rng: np.random.Generator) -> list[Scene]:
        """Return a scene of a kind; of two sounds in the window, the same again that asks for the other.

        Side by side they teach words: all but the prompt is the same.
        """
        surrounded = kind in (Kind.SURROUNDED, Kind.CROWDED)
        count = {Kind.SURROUNDED: 1, Kind.CROWDED: 2, Kind.ALONE: 2, Kind.SINGLE: 1}[kind]
        usual_s = 1.6 if surrounded else 2.6
        length = int(MEL.rate_hz * rng.uniform(0.4, _LONGEST_S if rng.random() < 0.2 else 0.4 + usual_s))
        start = int(rng.integers(MEL.rate_hz // 4, SCENE_SAMPLES - length - MEL.rate_hz // 4))
        parts: list[_Part] = []
        origins: set[str] = set()
        if surrounded:
            parts.append(self._background(origins, rng))
        for _ in range(count):
            sound = self._other(self._sounds, [number for number, _ in parts], origins, rng)
            parts.append((self._number[sound.name], self._event(sound, start, length, rng)))
        reach_db = 10.0 if not self._plain and rng.random() < 0.2 else 5.0
        parts = _levelled(parts, (start, start + length), reach_db, rng)
        first = self._asked(parts, (start, start + length), surrounded, origins, rng)
        if count == 1 or first.asked not in first.sounding[-2:]:
            return [first]
        other = parts[-1] if first.asked == parts[-2][0] else parts[-2]
        return [first, self._scene(parts, other, (start, start + length), surrounded, origins, rng)]

    def _other(
        self,
        among: Sequence[Sound],
        taken: Sequence[int | None],
        origins: set[str],
        rng: np.random.Generator,
    ) -> Sound:
        while True:
            sound = among[int(rng.integers(len(among)))]
            if self._number[sound.name] not in taken and sound.origin not in origins:
                origins.add(sound.origin)
                return sound

    def _background(self, origins: set[str], rng: np.random.Generator) -> _Part:
        if self._recordings is not None and rng.random() < _UNNAMED_SHARE:
            kind = rng.random()
            if kind < _TALK:
                return None, talk(self._recordings.speech, SCENE_SAMPLES, rng)
            among = self._recordings.music if kind < _TALK + _MUSIC else self._recordings.places
            return None, excerpt(among, SCENE_SAMPLES, rng)
        sound = self._other(self._backgrounds, (), origins, rng)
        samples = _whole(sound)
        return self._number[sound.name], samples if self._plain else _coloured(samples, rng)

    def _event(self, sound: Sound, start: int, length: int, rng: np.random.Generator) -> Samples:
        samples = sound.samples()
        if not self._plain:
            samples = _coloured(at_other_speed(samples, rng), rng)
            if rng.random() < 0.2:
                samples = _in_a_room(samples, rng)
        most = min(length, len(samples))
        long = int(most * (1.0 if rng.random() < 0.6 else rng.uniform(0.5, 1.0)))
        first = _sounding_start(samples, long, rng)
        event = samples[first : first + long].copy()
        fade = min(_FADE_SAMPLES, long // 2)
        ramp = np.linspace(0.0, 1.0, fade, dtype=np.float32)
        event[:fade] *= ramp
        event[long - fade :] *= ramp[::-1]
        placed = np.zeros(SCENE_SAMPLES, np.float32)
        at = start + int(rng.integers(0, length - long + 1))
        placed[at : at + long] = event
        return placed

    def _asked(
        self,
        parts: Sequence[_Part],
        window: tuple[int, int],
        surrounded: bool,
        origins: set[str],
        rng: np.random.Generator,
    ) -> Scene:
        sounding = [number for number, _ in parts]
        drawn = rng.uniform(_ABSENT_SHARE + _BACKGROUND_SHARE, 1.0) if self._plain else rng.random()
        if drawn < _ABSENT_SHARE:
            absent = [number for number in self._same if number not in sounding]
            asked: _Part = (absent[int(rng.integers(len(absent)))], np.zeros(SCENE_SAMPLES, np.float32))
        else:
            background = drawn < _ABSENT_SHARE + _BACKGROUND_SHARE and sounding[0] is not None
            first = 0 if not surrounded or background else 1
            last = len(parts) if not surrounded or not background else 1
            asked = parts[int(rng.integers(first, last))]
        return self._scene(parts, asked, window, surrounded, origins, rng)

    def _scene(
        self,
        parts: Sequence[_Part],
        asked: _Part,
        window: tuple[int, int],
        surrounded: bool,
        origins: set[str],
        rng: np.random.Generator,
    ) -> Scene:
        number, meant = asked
        assert number is not None
        sounding = tuple(each for each, _ in parts if each is not None)
        total = np.sum([samples for _, samples in parts], axis=0, dtype=np.float32)
        examples = [sound for sound in self._same[number] if sound.origin not in origins]
        example = examples[int(rng.integers(len(examples)))] if examples else None
        only_new = surrounded and [each for each, _ in parts[1:]] == [number]
        return Scene(meant, total - meant, window, number, sounding, surrounded, only_new, example)


def _levelled(
    parts: Sequence[_Part],
    window: tuple[int, int],
    reach_db: float,
    rng: np.random.Generator,
) -> list[_Part]:
    """Set the level of each sound relative to the first in the window, within `reach_db`."""
    inside = slice(*window)
    levelled: list[_Part] = []
    for number, samples in parts:
        level = float(np.sqrt(np.mean(samples[inside].astype(np.float64) ** 2)))
        if level < 1e-5 and not levelled:
            # A background that rests here counts by its level elsewhere.
            level = float(np.sqrt(np.mean(samples.astype(np.float64) ** 2)))
        gain = 0.1 * 10 ** ((rng.uniform(-reach_db, reach_db) if levelled else 0.0) / 20) / max(level, 1e-4)
        levelled.append((number, (samples * np.float32(gain)).astype(np.float32)))
    return levelled


def _whole(sound: Sound) -> Samples:
    samples = sound.samples()
    padded = np.zeros(SCENE_SAMPLES, np.float32)
    padded[: min(len(samples), SCENE_SAMPLES)] = samples[:SCENE_SAMPLES]
    return padded


def _sounding_start(samples: Samples, length: int, rng: np.random.Generator) -> int:
    """Return the start of an active segment of a sound, drawn by its activity."""
    power = loudness(samples)
    long = max(1, min(len(power), length // _FRAME))
    sums = np.convolve(power, np.ones(long), mode="valid")
    heard = np.flatnonzero(sums > 10 ** (_AUDIBLE_DB / 20) * sums.max())
    return min(int(rng.choice(heard)) * _FRAME, len(samples) - length)


def _coloured(samples: Samples, rng: np.random.Generator) -> Samples:
    """Change the tone a little, as other rooms and microphones would."""
    if rng.random() < 0.5:
        return samples
    edge_hz = float(np.exp(rng.uniform(np.log(200.0), np.log(5000.0))))
    low = sosfilt(butterworth(1, edge_hz, fs=MEL.rate_hz, output="sos"), samples)
    return np.asarray(samples + rng.uniform(-0.6, 1.5) * low, np.float32)


def _in_a_room(samples: Samples, rng: np.random.Generator) -> Samples:
    seconds = rng.uniform(0.1, 0.5)
    times_s = np.arange(int(seconds * MEL.rate_hz)) / MEL.rate_hz
    answer = rng.standard_normal(len(times_s)) * 10 ** (-3.0 * times_s / seconds)
    answer *= rng.uniform(0.1, 0.6) / np.sqrt(np.sum(answer**2))
    answer[0] = 1.0
    return np.asarray(fftconvolve(samples, answer)[: len(samples)], np.float32)
