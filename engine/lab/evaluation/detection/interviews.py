"""Interviews of real voices with coughs, dogs, doors and other sounds at known times.

Sentences come from recordings that training leaves out and, where Debian's `asterisk-core-sounds-*-wav` is
installed, from professional voices (8 kHz). Sounds come from fold 5 of ESC-50. The two halves share no source
recording of a sound, no place, no recording of a sentence and no professional speaker. Speakers of the other
sentences are not named, so the same person may speak in both halves.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np
import soxr
from numpy.typing import NDArray
from scipy.fft import next_fast_len

from engine.analysis.detection.spectra import MEL
from engine.features.taste.anomaly.practice_kinds import coloured_noise
from engine.lab.evaluation.separation.recordings import Occurrence, Relation, halves, stretches
from engine.lab.evaluation.separation.unseen_sources import FOLD, RATE_HZ, Background, Bed, read
from engine.lab.evaluation.speech.mixtures import background, prompt_voices, set_apart, spoken
from engine.lab.training.detection.sounds import Sound, load_sounds

Samples = NDArray[np.float32]
CHOSEN, REPORTED = 0, 1
"""Half that settings are chosen on, and half that is reported."""
MEANT: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"cough": ("coughing",), "dog": ("dog",), "door": ("door wood knock", "door wood creaks")}
)
"""Prompts, and the sounds that each means."""
_OTHERS = (
    *("laughing", "sneezing", "breathing", "clapping", "mouse click", "keyboard typing", "footsteps"),
    *("drinking sipping", "can opening", "clock alarm"),
)
_PLACES = (("boat", "city"), ("storm", "summer-night", "wind"))
"""Places of each half; training uses none of them."""
LENGTH_S = 240.0, 360.0
_EACH = 3, 6
_OTHERS_EACH = 8, 13
_LEVELS_DB = -5.0, 15.0
_SPEECH_RMS = 0.05
_SENTENCE_DB = 2.0
_ROOM_DB, _PLACE_DB = (-55.0, -40.0), (-35.0, -20.0)
"""Level of a quiet room and of a place below speech."""
_PAUSE_S, _TURN_S = (0.15, 1.0), (0.4, 2.5)
_TURN = 1, 5
_AROUND_S = 0.2, 0.8
"""Pause before and after a sound that occurs in one."""
_LONGEST_SENTENCE_S = 12.0
_PEAK = 0.9


@dataclass(frozen=True, slots=True, eq=False)
class Interview:
    """A recording with known occurrences.

    Attributes
    ----------
    samples : mono at `RATE_HZ`, shape (frames,)
    occurrences : of prompted and of other sounds, ascending; levels are relative to speech
    over_speech : of each occurrence, whether it is over speech
    """

    samples: Samples
    occurrences: tuple[Occurrence, ...]
    over_speech: tuple[bool, ...]

    @property
    def length_s(self) -> float:
        """Length in seconds."""
        return len(self.samples) / RATE_HZ

    def of(self, prompt: str) -> list[tuple[Occurrence, bool]]:
        """Return the occurrences that a prompt means, and whether each is over speech."""
        both = zip(self.occurrences, self.over_speech, strict=True)
        return [(one, is_over) for one, is_over in both if one.name in MEANT[prompt]]


@dataclass(frozen=True, slots=True, eq=False)
class Sources:
    """Material of the interviews of one half.

    Attributes
    ----------
    parts : single occurrences of each sound, at `MEL.rate_hz`
    sentences : recordings of sentences that training leaves out
    speakers : recordings of each professional speaker
    places : backgrounds in addition to quiet rooms
    """

    parts: Mapping[str, tuple[Samples, ...]]
    sentences: tuple[Path, ...]
    speakers: tuple[tuple[Path, ...], ...]
    places: tuple[Bed, ...]


def sources(data_dir: Path, half: int) -> Sources:
    """Collect the material of the interviews of a half.

    Parameters
    ----------
    data_dir : holds `esc50` and `speech`; places are used if it holds `ambience`

    Raises
    ------
    SourceError : the voices are missing
    UsageError : the sounds are missing
    """
    wanted = {name for names in MEANT.values() for name in names} | set(_OTHERS)
    sounds = halves(load_sounds(data_dir / "esc50", [FOLD]))[half]
    by_name: dict[str, list[Sound]] = {}
    for sound in sounds:
        if sound.name in wanted:
            by_name.setdefault(sound.name, []).append(sound)
    paths = [data_dir / "ambience" / f"{name}.ogg" for name in _PLACES[half]]
    files = set_apart(data_dir)
    return Sources(
        {name: _distinct(one) for name, one in by_name.items()},
        files[half::2] or files,
        tuple(_speakers().values())[half::2],
        tuple(Bed(Background.PLACES, (path,)) for path in paths if path.is_file()),
    )


def interviews(
    made_of: Sources, count: int, seed: int, length_s: tuple[float, float] = LENGTH_S
) -> Iterator[Interview]:
    """Yield interviews, in a quiet room and in a place in turn."""
    for number in range(count):
        rng = np.random.default_rng([seed, number])
        speakers = made_of.speakers
        asking = speakers[number % len(speakers)] if speakers else made_of.sentences
        frames = round(rng.uniform(*length_s) * RATE_HZ)
        samples, occurrences, over_speech = _conversation(made_of, asking, frames, rng)
        samples += _behind(made_of.places if number % 2 else (), len(samples), rng)
        samples *= np.float32(min(1.0, _PEAK / float(np.abs(samples).max())))
        yield Interview(samples, tuple(occurrences), tuple(over_speech))


def _distinct(sounds: Sequence[Sound]) -> tuple[Samples, ...]:
    """Return the single occurrences in clips, the loudest of each clip first."""
    found = [stretches(sound) for sound in sounds]
    longest = max(map(len, found))
    return tuple(parts[place] for place in range(longest) for parts in found if place < len(parts))


def _speakers() -> dict[str, tuple[Path, ...]]:
    """List the recordings of each professional speaker; some speak several languages."""
    found: dict[str, tuple[Path, ...]] = {}
    for folder, files in prompt_voices().items():
        speaker = folder.rpartition("_")[2]
        found[speaker] = found.get(speaker, ()) + files
    return dict(sorted(found.items()))


def _conversation(
    made_of: Sources, asking: Sequence[Path], frames: int, rng: np.random.Generator
) -> tuple[Samples, list[Occurrence], list[bool]]:
    """Return two voices in turns with sounds over their sentences and between them."""
    sentences = _sentences(asking, made_of.sentences, frames, rng)
    events = _events(made_of.parts, rng)[: len(sentences)]
    after = dict(zip(rng.permutation(len(sentences)).tolist(), events, strict=False))
    room = 2 * frames
    samples = np.zeros(room, np.float32)
    occurrences, over_speech = [], []
    place = round(rng.uniform(0.5, 2.0) * RATE_HZ)
    for number, (sentence, pause) in enumerate(sentences):
        samples[place : place + len(sentence)] += sentence
        stop = place + len(sentence)
        if number in after:
            name, part, level_db = after[number]
            spare = len(sentence) - len(part)
            is_over = bool(rng.random() < 0.5 and spare > 0)
            around = [round(rng.uniform(*_AROUND_S) * RATE_HZ) for _ in range(2)]
            first = place + int(rng.integers(spare)) if is_over else stop + around[0]
            samples[first : first + len(part)] += part
            if not is_over:
                stop = first + len(part) + around[1]
            ends = first / RATE_HZ, (first + len(part)) / RATE_HZ
            occurrences.append(Occurrence(name, *ends, Relation.ANOTHER, level_db))
            over_speech.append(is_over)
        place = stop + pause
        if place > frames:
            break
    return samples[:place].copy(), occurrences, over_speech


def _sentences(
    asking: Sequence[Path], answering: Sequence[Path], frames: int, rng: np.random.Generator
) -> list[tuple[Samples, int]]:
    """Return sentences of two voices in turns, each with the length of the pause after it."""
    found: list[tuple[Samples, int]] = []
    total = 0
    while total < frames:
        for voice in (asking, answering):
            count = int(rng.integers(*_TURN))
            for each in range(count):
                recording = read(voice[int(rng.integers(len(voice)))]).mean(axis=1, dtype=np.float32)
                sentence = spoken(recording)[: round(_LONGEST_SENTENCE_S * RATE_HZ)]
                level = _SPEECH_RMS * 10 ** (rng.uniform(-_SENTENCE_DB, _SENTENCE_DB) / 20)
                sentence = _at_level(sentence, level)
                pause_s = rng.uniform(*(_TURN_S if each == count - 1 else _PAUSE_S))
                found.append((sentence, round(pause_s * RATE_HZ)))
                total += len(sentence) + found[-1][1]
    return found


def _events(
    parts: Mapping[str, tuple[Samples, ...]], rng: np.random.Generator
) -> list[tuple[str, Samples, float]]:
    """Return the occurrences of an interview, in random order: name, samples at `RATE_HZ` and level in dB."""
    names = []
    for meant in MEANT.values():
        known = [name for name in meant if name in parts]
        if known:
            names += [known[int(rng.integers(len(known)))] for _ in range(int(rng.integers(*_EACH)))]
    others = [name for name in _OTHERS if name in parts]
    if others:
        names += [others[int(rng.integers(len(others)))] for _ in range(int(rng.integers(*_OTHERS_EACH)))]
    found = []
    for name in rng.permutation(names).tolist():
        part = parts[name][int(rng.integers(len(parts[name])))]
        level_db = float(rng.uniform(*_LEVELS_DB))
        loud = _at_level(soxr.resample(part, MEL.rate_hz, RATE_HZ), _SPEECH_RMS * 10 ** (level_db / 20))
        found.append((name, loud, level_db))
    return found


def _behind(places: Sequence[Bed], frames: int, rng: np.random.Generator) -> Samples:
    """Return the background: a quiet room, or one of some places."""
    level_db = float(rng.uniform(*(_PLACE_DB if places else _ROOM_DB)))
    if places:
        samples = background(places, frames, rng).mean(axis=1)
    else:
        # A transform of a length with large prime factors takes a minute.
        samples = coloured_noise(next_fast_len(frames, real=True), RATE_HZ, rng)[:frames]
    return _at_level(samples, _SPEECH_RMS * 10 ** (level_db / 20))


def _at_level(samples: Samples, rms: float) -> Samples:
    """Return samples of an RMS, faded at both ends."""
    fade = min(RATE_HZ // 100, len(samples) // 2)
    ramp = np.ones(len(samples), np.float32)
    ramp[:fade] = np.linspace(0.0, 1.0, fade, dtype=np.float32)
    ramp[len(ramp) - fade :] = ramp[:fade][::-1]
    now = float(np.sqrt(np.mean(samples.astype(np.float64) ** 2)))
    return np.asarray(samples * ramp * np.float32(rms / max(now, 1e-9)), np.float32)
