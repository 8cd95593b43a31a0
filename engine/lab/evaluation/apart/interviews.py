"""Interviews of two professional voices, and recordings of places; with faults that an editor removes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soundfile
import soxr
from scipy.signal import butter, oaconvolve, sosfilt

from engine.core.errors import UsageError
from engine.core.files.safe_write import shown
from engine.lab.evaluation.apart.rehearsals import Sounding
from engine.lab.evaluation.apart.set_apart import (
    NOISES,
    PLACES,
    RATE_HZ,
    Samples,
    clips_of,
    drawn,
    prompts_of,
    sentences_of,
)
from engine.lab.evaluation.apart.stage import Passage

_VOICE_HZ = 3_700.0
"""The prompts end there; the whole recording is filtered, so that nothing else gives a fault away."""
_VOICE_RMS, _NOISE_DB = 0.06, (-62.0, -46.0)
_FAULT_EVERY_S = 14.0
_FADE_S = 0.6
_GRAIN_S = (4.0, 9.0)
_PLACE_RMS = 0.04


@dataclass(slots=True)
class _Reel:
    """A recording that grows, with the truth about its faults."""

    rng: np.random.Generator
    pieces: list[Samples] = field(default_factory=list)
    faults: list[Passage] = field(default_factory=list)
    frames: int = 0

    @property
    def length_s(self) -> float:
        return self.frames / RATE_HZ

    def add(self, samples: Samples, kind: str = "") -> None:
        start_s = self.length_s
        self.pieces.append(samples)
        self.frames += len(samples)
        if kind:
            self.faults.append(Passage(kind, start_s, self.length_s))

    def silence(self, low_s: float, high_s: float, kind: str = "") -> None:
        self.add(np.zeros(round(float(self.rng.uniform(low_s, high_s)) * RATE_HZ), np.float32), kind)


def interview(data_dir: Path, number: int, part: int, length_s: float, *, has_faults: bool) -> Sounding:
    """Make a part of an interview.

    Parameters
    ----------
    number : of the pair of voices and their room
    part : 0 and above; two parts share sentences only if both are even or both uneven
    """
    guest, host = prompts_of(number), prompts_of(number + 1)
    reel = _Reel(np.random.default_rng([number, part, 75]))
    rng, room = reel.rng, np.random.default_rng([number, 76])
    said = [one[part % 2 :: 2] for one in (guest, host)]
    tails = [_tail(room, wet) for wet in (0.15, 0.25, 0.6)]
    foreign = (clips_of(data_dir, NOISES), sentences_of(data_dir)) if has_faults else ((), ())
    kinds: list[str] = []
    next_s = _FAULT_EVERY_S * float(rng.uniform(0.5, 1.0))
    while reel.length_s < length_s:
        speaker = int(rng.random() < 0.25)
        sentence = _spoken(drawn(said[speaker], rng), tails[speaker], rng)
        kind = ""
        if has_faults and reel.length_s > next_s:
            kinds = kinds or [
                str(one) for one in rng.permutation(["pause", "noise", "restart", "aside", "level"])
            ]
            kind = kinds.pop()
            next_s = reel.length_s + _FAULT_EVERY_S * float(rng.uniform(0.6, 1.6))
        _with_fault(reel, kind, sentence, foreign, tails)
        reel.silence(0.2, 0.9)
    samples = np.concatenate(reel.pieces)
    noise = rng.standard_normal(len(samples)) * 10.0 ** (float(room.uniform(*_NOISE_DB)) / 20.0)
    out = sosfilt(butter(6, _VOICE_HZ, fs=RATE_HZ, output="sos"), samples + noise)
    return Sounding(f"interview {number}, part {part}", np.asarray(out, np.float32), tuple(reel.faults))


def _with_fault(
    reel: _Reel,
    kind: str,
    sentence: Samples,
    foreign: tuple[Sequence[Path], Sequence[Path]],
    tails: Sequence[Samples],
) -> None:
    """Add a sentence, and the fault before or after it."""
    rng = reel.rng
    if kind == "restart":
        begun = sentence[: round(min(0.5 * len(sentence), rng.uniform(0.5, 1.6) * RATE_HZ))].copy()
        begun[-400:] *= np.linspace(1.0, 0.0, len(begun[-400:]), dtype=np.float32)
        gap = np.zeros(round(float(rng.uniform(0.3, 1.0)) * RATE_HZ), np.float32)
        reel.add(np.concatenate([begun, gap]), kind)
    if kind == "level":
        far = sosfilt(butter(2, 1_200.0, fs=RATE_HZ, output="sos"), sentence)
        reel.add(np.asarray(far * 10.0 ** (float(rng.uniform(-18.0, -10.0)) / 20.0), np.float32), kind)
        reel.silence(0.2, 0.6)
    reel.add(sentence)
    if kind == "pause":
        reel.silence(3.5, 12.0, kind)
    if kind == "noise":
        reel.silence(0.1, 0.4)
        clip = drawn(foreign[0], rng)[: round(float(rng.uniform(1.0, 5.0)) * RATE_HZ)]
        reel.add(_spoken(clip, tails[2], rng), kind)
    if kind == "aside":
        reel.silence(0.2, 0.8)
        voices = [_spoken(drawn(foreign[1], rng), tails[2], rng) for _ in range(int(rng.integers(1, 4)))]
        reel.add(0.5 * np.concatenate(voices), kind)


def _tail(rng: np.random.Generator, wet: float) -> Samples:
    length = round(0.4 * RATE_HZ)
    tail = rng.standard_normal(length) * np.exp(-6.9 * np.arange(length) / (0.3 * RATE_HZ))
    tail *= wet / float(np.sqrt(np.square(tail).sum()))
    tail[0] = 1.0
    return np.asarray(tail, np.float32)


def _spoken(dry: Samples, tail: Samples, rng: np.random.Generator) -> Samples:
    wet = oaconvolve(dry, tail)[: len(dry)]
    power = np.square(wet[: len(wet) // 160 * 160]).reshape(-1, 160).mean(axis=1)
    rms = float(np.sqrt(power[power > 0.01 * power.max()].mean())) if len(power) else 1.0
    return np.asarray(wet * _VOICE_RMS / max(rms, 1e-9) * 10.0 ** (rng.uniform(-2.0, 2.0) / 20.0), np.float32)


def place(data_dir: Path, number: int, part: int, length_s: float, *, has_faults: bool) -> Sounding:
    """Make a recording of a place from grains of it: of its first three fifths for part 0, else of the rest.

    Raises
    ------
    UsageError : the folder does not hold it
    """
    name = PLACES[number % len(PLACES)]
    path = data_dir / "ambience" / f"{name}.ogg"
    if not path.is_file():
        raise UsageError(f"{shown(path)} is missing: name the folder that holds ambience/.")
    rng = np.random.default_rng([number, part, 77])
    out, faults = _grains(_half(path, part), round(length_s * RATE_HZ), rng), []
    if has_faults:
        foreign = (clips_of(data_dir, NOISES), sentences_of(data_dir))
        kinds: list[str] = []
        at_s = float(rng.uniform(4.0, 12.0))
        while at_s < length_s - 16.0:
            kinds = kinds or [str(one) for one in rng.permutation(list(_INTRUSIONS))]
            kind, stop_s = kinds.pop(), at_s + float(rng.uniform(3.0, 15.0))
            span = slice(round(at_s * RATE_HZ), round(stop_s * RATE_HZ))
            out[span] = _INTRUSIONS[kind](out[span], foreign, rng)
            faults.append(Passage(kind, at_s, stop_s))
            at_s = stop_s + float(rng.uniform(6.0, 20.0))
    return Sounding(f"{name}, part {part}", out, tuple(faults))


def _half(path: Path, part: int) -> Samples:
    audio, rate_hz = soundfile.read(path, dtype="float32", always_2d=True)
    mono = np.asarray(soxr.resample(audio.mean(axis=1), rate_hz, RATE_HZ), np.float32)
    border = 3 * len(mono) // 5
    return mono[:border] if part == 0 else mono[border:]


def _grains(source: Samples, length: int, rng: np.random.Generator) -> Samples:
    """Return a recording as long as wanted, of pieces that fade into each other."""
    fade = round(_FADE_S * RATE_HZ)
    rise = np.sin(np.linspace(0.0, np.pi / 2.0, fade)).astype(np.float32)
    out, at = np.zeros(length + round(_GRAIN_S[1] * RATE_HZ) + fade, np.float32), 0
    while at < length:
        count = min(len(source), round(float(rng.uniform(*_GRAIN_S)) * RATE_HZ))
        start = int(rng.integers(0, len(source) - count + 1))
        grain = source[start : start + count] * np.float32(10.0 ** (rng.uniform(-1.0, 1.0) / 20.0))
        grain[:fade] *= rise
        grain[-fade:] *= rise[::-1]
        out[at : at + count] += grain[: len(out) - at]
        at += count - fade
    out = out[fade : length + fade]
    scaled: Samples = out * np.float32(_PLACE_RMS / max(float(np.sqrt(np.square(out).mean())), 1e-9))
    return scaled


Foreign = tuple[Sequence[Path], Sequence[Path]]
"""Noises and voices."""


def _over(out: Samples, paths: Sequence[Path], rng: np.random.Generator) -> Samples:
    changed, at = out.copy(), 0
    level = _PLACE_RMS * 10.0 ** (float(rng.uniform(0.0, 10.0)) / 20.0)
    while at < len(out):
        clip = drawn(paths, rng)[: len(out) - at]
        rms = max(float(np.sqrt(np.square(clip).mean())), 1e-6)
        changed[at : at + len(clip)] += np.float32(level / rms) * clip
        at += len(clip) + round(float(rng.uniform(0.1, 0.8)) * RATE_HZ)
    return changed


def _handled(out: Samples, _foreign: Foreign, rng: np.random.Generator) -> Samples:
    """Touch the recorder: dull thumps and rubbing."""
    low = sosfilt(butter(2, 180.0, fs=RATE_HZ, output="sos"), rng.standard_normal(len(out)))
    steps = np.repeat(rng.random(len(out) // 1600 + 1) < 0.35, 1600)[: len(out)]
    shape = np.convolve(steps, np.ones(400) / 400.0, "same")
    level = _PLACE_RMS * 10.0 ** (float(rng.uniform(8.0, 16.0)) / 20.0)
    return np.asarray(out + level * shape * low / max(float(low.std()), 1e-9), np.float32)


def _dropouts(out: Samples, _foreign: Foreign, rng: np.random.Generator) -> Samples:
    """Lose parts of a tenth to half a second again and again."""
    changed, at = out.copy(), 0
    while at < len(out):
        at += round(float(rng.uniform(0.1, 0.8)) * RATE_HZ)
        length = round(float(rng.uniform(0.1, 0.5)) * RATE_HZ)
        changed[at : at + length] = 0.0
        at += length
    return changed


def _level(out: Samples, _foreign: Foreign, rng: np.random.Generator) -> Samples:
    """Turn the gain up or down by mistake."""
    gain_db = float(rng.choice([rng.uniform(-22.0, -12.0), rng.uniform(10.0, 18.0)]))
    return np.asarray(np.clip(out * 10.0 ** (gain_db / 20.0), -0.9, 0.9), np.float32)


_INTRUSIONS: Mapping[str, Callable[[Samples, Foreign, np.random.Generator], Samples]] = {
    "noise": lambda out, foreign, rng: _over(out, foreign[0], rng),
    "talk": lambda out, foreign, rng: _over(out, foreign[1], rng),
    "handling": _handled,
    "dropouts": _dropouts,
    "level": _level,
}
