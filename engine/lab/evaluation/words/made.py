"""Recordings of real voices with known words, repeated sentences and made hesitations.

Voices are the prompts of Debian's packages `asterisk-core-sounds-*` and recorded sentences. This module
shares no code with the finders that it measures. No speaker hesitates in these recordings: hesitations are
made from steady vowels of the same voice, nasals from low-passed vowels.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import soundfile
import soxr
from scipy.signal import oaconvolve

from engine.core.errors import SourceError, UsageError
from engine.core.files.safe_write import shown
from engine.core.timebase import runs
from engine.lab.evaluation.apart.set_apart import PROMPTS, RATE_HZ, Samples
from engine.lab.evaluation.days.material import read_mono

VOICES = MappingProxyType(
    {"en": "en_US_f_Allison", "it": "it_IT_m_Carlo", "es": "es_MX_f_Allison", "fr": "fr_CA_f_June"}
)
"""The professional voice of each language."""
TEXTS = Path("/usr/share/doc/asterisk-core-sounds-en/core-sounds-en.txt.gz")
SHORT_PAUSES_S, CLOSE_PAUSES_S = (0.06, 0.3), (0.0, 0.04)
"""Pauses between single words."""
KINDS = ("music", "places", "single sounds", "silence and noise")
"""Recordings without speech."""
HESITATIONS = ("um", "uh", "mm")

_FOLDERS = MappingProxyType({"music": "music", "places": "ambience", "single sounds": "esc50/audio"})
_AUDIO = (".flac", ".ogg", ".mp3", ".wav")
_TOGETHER, _EXCERPT_S = 100, 15.0
_WORD_S, SENTENCE_S = (0.2, 1.5), (1.8, 10.0)
_FLOOR_DB = -62.0
_HOP = RATE_HZ // 200
_WORD_DB, _SENTENCE_DB, _PAUSE_DB = -40.0, -45.0, -33.0
"""Levels below the loudest frame: the end of a word, of a sentence, and a pause in it."""
_REPEATED, _TWICE, _AT_PAUSE, _IN_ROOM = 0.7, 0.3, 0.6, 0.4
"""Shares of sentences with attempts, of two attempts, of breaks at a pause, and of sentences in a room."""
_VOICED, _FRAME, _JOIN = 1920, 640, 320
"""Samples of the steady part of a vowel, of its analysis, and of the joint of its copies."""
_LEAST_PERIODIC = 0.75
_NASAL_HZ = 450.0


class Passage(NamedTuple):
    """A span of a recording in seconds, and its text or its kind."""

    text: str
    start_s: float
    stop_s: float


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """A made recording, mono at `RATE_HZ`.

    Attributes
    ----------
    truth : the prompts, words, hesitations, or spans of earlier attempts in it
    spoken : parts of sentences between made hesitations
    """

    samples: Samples
    truth: tuple[Passage, ...] = ()
    spoken: tuple[Passage, ...] = ()


@dataclass(slots=True)
class _Reel:
    """A recording that grows."""

    rng: np.random.Generator
    pieces: list[Samples] = field(default_factory=list)
    length: int = 0

    @property
    def now_s(self) -> float:
        return self.length / RATE_HZ

    def add(self, samples: Samples, text: str = "") -> Passage:
        """Add samples and return where they are."""
        start_s = self.now_s
        self.pieces.append(np.asarray(samples, np.float32))
        self.length += len(samples)
        return Passage(text, start_s, self.now_s)

    def count(self, span_s: tuple[float, float]) -> int:
        """Draw a length in samples."""
        return round(RATE_HZ * float(self.rng.uniform(*span_s)))

    def pause(self, span_s: tuple[float, float]) -> None:
        self.add(np.zeros(self.count(span_s), np.float32))

    def samples(self, noise_db: float = _FLOOR_DB) -> Samples:
        """Return the recording over noise."""
        noise = self.rng.standard_normal(self.length, np.float32) * np.float32(10.0 ** (noise_db / 20.0))
        return np.concatenate(self.pieces) + noise


def prompts(language: str, folders: Sequence[str], span_s: tuple[float, float], sounds: Path) -> list[Path]:
    """List the prompts of a language that last a time within a span.

    Parameters
    ----------
    folders : of the voice, "." for the one that holds the others
    sounds : folder of all voices

    Raises
    ------
    UsageError : the packages of the voices are not installed
    """
    voice = sounds / VOICES[language]
    files = [path for folder in folders for path in sorted((voice / folder).glob("*.wav"))]
    if not files:
        names = ", ".join(f"-{one}-wav" for one in VOICES)
        raise UsageError(
            f"{shown(voice)} has no prompts: install Debian's packages asterisk-core-sounds-en and {names}."
        )
    return [path for path in files if span_s[0] < soundfile.info(path).duration < span_s[1]]


def texts_of_prompts(path: Path) -> dict[str, str]:
    """Read the texts of the English prompts by name, without those of tones and silence.

    Raises
    ------
    UsageError : the package of the texts is not installed
    """
    try:
        lines = gzip.decompress(path.read_bytes()).decode("utf-8", "replace").splitlines()
    except OSError as error:
        raise UsageError(
            f"{shown(path)} cannot be read: install Debian's package asterisk-core-sounds-en."
        ) from error
    found = (re.fullmatch(r"([\w/-]+): ([^\[(]+)", line) for line in lines)
    return {one[1]: one[2].strip() for one in found if one}


def read_prompts(
    count: int | None, seed: int, sounds: Path = PROMPTS, texts: Path = TEXTS
) -> Iterator[Recording]:
    """Yield English prompts of three words or more, with pauses of 0.4 to 2 s, up to 100 in a recording.

    Parameters
    ----------
    count : of the prompts; None for all
    texts : of the prompts, see `texts_of_prompts`
    """
    rng = np.random.default_rng([seed, 1])
    spoken = [(text, sounds / VOICES["en"] / f"{name}.wav") for name, text in texts_of_prompts(texts).items()]
    spoken = [one for one in spoken if len(re.findall(r"[\w']+", one[0])) >= 3 and one[1].is_file()]
    drawn = rng.permutation(len(spoken))[:count].tolist()
    for first in range(0, len(drawn), _TOGETHER):
        reel, truth = _Reel(rng), []
        for text, path in (spoken[place] for place in drawn[first : first + _TOGETHER]):
            reel.pause((0.4, 2.0))
            truth.append(reel.add(read_mono(path, RATE_HZ), text))
        yield Recording(reel.samples(-80.0), tuple(truth))


def single_words(
    language: str, pauses_s: tuple[float, float], count: int, seed: int, sounds: Path = PROMPTS
) -> Recording:
    """Join digits, letters and words of the alphabet, five to nine in a group, with known edges.

    Parameters
    ----------
    pauses_s : between the words of a group
    count : of the groups
    """
    files = prompts(language, ("digits", "letters", "phonetic"), _WORD_S, sounds)
    reel, truth = _Reel(np.random.default_rng([seed, 3])), []
    for _ in range(count):
        reel.pause((0.6, 1.6))
        for _ in range(int(reel.rng.integers(5, 10))):
            path = files[int(reel.rng.integers(len(files)))]
            truth.append(reel.add(_trimmed(read_mono(path, RATE_HZ), _WORD_DB), path.stem))
            reel.pause(pauses_s)
    return Recording(reel.samples(), tuple(truth))


def without_speech(data_dir: Path, kind: str, count: int, seed: int) -> Recording:
    """Join excerpts of 15 s from random recordings of one of `KINDS`; half of silence and noise is silent.

    Raises
    ------
    SourceError : the folder has no recordings
    """
    rng, length = np.random.default_rng([seed, 2]), round(_EXCERPT_S * RATE_HZ)
    if kind not in _FOLDERS:
        halves = np.zeros(count * length // 2, np.float32), rng.normal(0.0, 0.01, count * length // 2)
        return Recording(np.concatenate(halves).astype(np.float32))
    files = sorted(path for path in (data_dir / _FOLDERS[kind]).glob("*") if path.suffix in _AUDIO)
    if not files:
        raise SourceError(f"{shown(data_dir / _FOLDERS[kind])} has no recordings: name the folder with it.")
    reel = _Reel(rng)
    for place in rng.integers(len(files), size=count):
        whole = read_mono(files[int(place)], RATE_HZ)
        first = int(rng.integers(max(1, len(whole) - length)))
        reel.add(whole[first : first + length])
    return Recording(np.concatenate(reel.pieces))


def repeated_sentences(files: Sequence[Path], seed: int) -> Recording:
    """Join sentences; before 70 % of them, one or two attempts at them break off.

    Each attempt and the last version have a level of -5 to +3 dB and a rate within 3 %; 40 % are in a room.
    The truth is the span of the attempts with the pauses after them.
    """
    reel, truth = _Reel(np.random.default_rng([seed, 4])), []
    rng = reel.rng
    for path in files:
        sentence = _trimmed(read_mono(path, RATE_HZ), _SENTENCE_DB)
        sentence = sentence * (0.5 / np.abs(sentence).max())
        reel.pause((0.5, 1.6))
        start_s, attempts = reel.now_s, int(rng.random() < _REPEATED) * (1 + int(rng.random() < _TWICE))
        for _ in range(attempts):
            attempt = _again(sentence[: _break(sentence, rng)], rng)
            attempt[-_JOIN:] *= np.linspace(1.0, 0.0, _JOIN, dtype=np.float32)
            reel.add(attempt)
            reel.pause((0.35, 1.5))
        if attempts:
            truth.append(Passage(path.stem, start_s, reel.now_s))
        reel.add(_again(sentence, rng))
    return Recording(reel.samples(-60.0), tuple(truth))


def hesitating(files: Sequence[Path], share: float, seed: int) -> Recording:
    """Join sentences with made hesitations before them and in their pauses.

    Parameters
    ----------
    share : of the pauses with a hesitation
    """
    reel = _Reel(np.random.default_rng([seed, 5]))
    truth, spoken = list[Passage](), list[Passage]()
    for path in files:
        sentence = _trimmed(read_mono(path, RATE_HZ), _SENTENCE_DB)
        sentence = sentence * (0.5 / np.abs(sentence).max())
        room = _quietest(sentence)
        reel.add(np.resize(room, reel.count((0.4, 1.4))))
        places = [0, *_pauses(sentence, 0.09)]
        last = 0
        for place in [one for one in places if reel.rng.random() < share]:
            kind = HESITATIONS[int(reel.rng.integers(len(HESITATIONS)))]
            made = _hesitation(sentence, kind, reel.rng)
            if made is None:
                continue
            spoken += _added(reel, sentence[last:place])
            reel.add(np.resize(room, reel.count((0.06, 0.35))))
            truth.append(reel.add(made + np.resize(room, len(made)), kind))
            reel.add(np.resize(room, reel.count((0.06, 0.35))))
            last = place
        spoken += _added(reel, sentence[last:])
    return Recording(np.concatenate(reel.pieces), tuple(truth), tuple(spoken))


def _added(reel: _Reel, samples: Samples) -> list[Passage]:
    """Add a part of a sentence and return its sounding span, if there is one."""
    at_s, spans = reel.add(samples).start_s, runs(_levels_db(samples) > _PAUSE_DB)
    if not len(spans):
        return []
    first_s, last_s = (float(place) * _HOP / RATE_HZ for place in (spans[0, 0], spans[-1, 1]))
    return [Passage("", at_s + first_s, at_s + last_s)]


def _levels_db(samples: Samples) -> Samples:
    """Return the levels of frames of two hops below the loudest one, in dB, a frame each hop."""
    hops = samples[: len(samples) // _HOP * _HOP].reshape(-1, _HOP)
    power = (hops.astype(np.float64) ** 2).mean(axis=1)
    found = 10.0 * np.log10((power[:-1] + power[1:]) / 2.0 + 1e-12)
    return np.asarray(found - found.max(initial=-120.0), np.float32)


def _trimmed(samples: Samples, least_db: float) -> Samples:
    """Return samples without quiet at both ends."""
    spans = runs(_levels_db(samples) > least_db)
    return samples[spans[0, 0] * _HOP : (spans[-1, 1] + 1) * _HOP] if len(spans) else samples


def _pauses(samples: Samples, least_s: float) -> list[int]:
    """Return the middles of the pauses of a sentence, in samples."""
    spans = runs(_levels_db(samples) < _PAUSE_DB, round(least_s * RATE_HZ / _HOP))
    return [int(first + last) // 2 * _HOP for first, last in spans]


def _quietest(samples: Samples) -> Samples:
    """Return the quietest 0.1 s, forwards and backwards, as the sound of the room."""
    length = RATE_HZ // 10
    power = np.convolve(samples.astype(np.float64) ** 2, np.ones(length), "valid")
    room = samples[int(power.argmin()) :][:length]
    return np.concatenate([room, room[::-1]])


def _break(sentence: Samples, rng: np.random.Generator) -> int:
    """Draw where a sentence breaks off: at a pause or anywhere, after 0.9 s and a third of it."""
    first, last = max(0.35 * len(sentence), 0.9 * RATE_HZ), 0.9 * len(sentence)
    pauses = [one for one in _pauses(sentence, 0.02) if first < one < last]
    if pauses and rng.random() < _AT_PAUSE:
        return pauses[int(rng.integers(len(pauses)))]
    return int(rng.uniform(first, max(last, first + 1.0)))


def _again(sentence: Samples, rng: np.random.Generator) -> Samples:
    """Return a sentence at another level and rate, and in 40 % of cases in a small room."""
    level = 10.0 ** (float(rng.uniform(-5.0, 3.0)) / 20.0)
    again = level * soxr.resample(sentence, 1.0, float(rng.uniform(0.97, 1.03)))
    if rng.random() < _IN_ROOM:
        tail = rng.normal(0.0, 0.03, 3200) * np.exp(-np.arange(3200) / 900.0)
        tail[:160] = 0.0
        tail[0] = 1.0
        again = oaconvolve(again, tail)[: len(again)]
    return np.asarray(again, np.float32)


def _hesitation(sentence: Samples, kind: str, rng: np.random.Generator) -> Samples | None:
    """Make a hesitation of 0.22 to 0.6 s from the voice of a sentence; None without a steady vowel."""
    vowel = _steady(sentence)
    if vowel is None:
        return None
    made = _held(vowel, round(RATE_HZ * float(rng.uniform(0.22, 0.6))))
    times = np.arange(len(made), dtype=np.float32)
    if kind != "uh":
        middle = 0.55 * len(made) if kind == "um" else -RATE_HZ
        nasal = np.clip((times - middle) / (0.05 * RATE_HZ) + 0.5, 0.0, 1.0)
        made = made * (1.0 - nasal) + _low_passed(made) * nasal
    made = made * np.minimum(1.0, times / 400.0) * np.minimum(1.0, times[::-1] / 900.0)
    wanted = 1.6 * _rms(sentence) * 10.0 ** (-float(rng.uniform(2.0, 8.0)) / 20.0)
    return np.asarray(made * (wanted / max(_rms(made), 1e-9)), np.float32)


def _steady(samples: Samples) -> Samples | None:
    """Return the steadiest voiced 0.12 s, None without one: periodic, with a spectrum that changes little."""
    best, found = -np.inf, None
    for first in range(0, len(samples) - _VOICED, 400):
        part = samples[first : first + _VOICED]
        frames = part.reshape(-1, _FRAME).astype(np.float64)
        frames = frames - frames.mean(axis=1, keepdims=True)
        products = np.fft.irfft(np.abs(np.fft.rfft(frames, 2 * _FRAME)) ** 2)[:, :_FRAME]
        periodic = float((products[:, 40:260].max(axis=1) / (products[:, 0] + 1e-12)).min())
        if periodic < _LEAST_PERIODIC or _rms(part) < 0.3 * _rms(samples):
            continue
        spectra = np.log(np.abs(np.fft.rfft(frames * np.hanning(_FRAME)))[:, :160] + 1e-4)
        value = periodic - 0.15 * float(np.abs(np.diff(spectra, axis=0)).mean(axis=1).sum())
        if value > best:
            best, found = value, part
    return found


def _held(vowel: Samples, length: int) -> Samples:
    """Return a vowel at a length: copies joined where they are in phase."""
    made, fade = vowel, np.linspace(0.0, 1.0, _JOIN, dtype=np.float32)
    while len(made) < length:
        at = int(np.correlate(vowel[: 2 * _JOIN - 1], made[-_JOIN:], "valid").argmax())
        joint = made[-_JOIN:] * (1.0 - fade) + vowel[at : at + _JOIN] * fade
        made = np.concatenate([made[:-_JOIN], joint, vowel[at + _JOIN :]])
    return made[:length]


def _low_passed(samples: Samples) -> Samples:
    spectrum = np.fft.rfft(samples)
    spectrum /= 1.0 + (np.fft.rfftfreq(len(samples), 1.0 / RATE_HZ) / _NASAL_HZ) ** 6
    return np.asarray(np.fft.irfft(spectrum, len(samples)), np.float32)


def _rms(samples: Samples) -> float:
    return float(np.sqrt(np.mean(np.square(samples, dtype=np.float64))))
