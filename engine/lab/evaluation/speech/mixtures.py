"""Mixtures of unseen voices and unseen backgrounds, drawn by other code and other rules than for training.

Voices are the recordings of `speech` that training leaves out, a fifth of them. Its speakers have no names:
the same person may speak in recordings of both parts. Voices of Debian's `asterisk-core-sounds-*-wav`, where
they are installed, are certainly others (8 kHz). Backgrounds are those of `Part.REPORTED`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

import numpy as np
import soundfile
from numpy.typing import NDArray

from engine.core.errors import SourceError
from engine.lab.evaluation.separation.unseen_sources import (
    RATE_HZ,
    Background,
    Bed,
    Part,
    Samples,
    beds,
    read,
)

KINDS = (Background.PLACES, Background.STEADY, Background.INTERMITTENT, Background.MUSIC)
_PROMPTS = Path("/usr/share/asterisk/sounds")
_PARTS = 5
_LEVELS_DB = (-5.0, 5.0)
_RECORDING_S = 14.0
_SPOKEN_S = (1.2, 5.0)
_MARGIN_S = (0.1, 0.4)
_LEAST_SENTENCE_S = 1.0
_PEAK = 0.7
_BLOCK_S, _LOUD_DB = 0.02, -30.0


@dataclass(frozen=True, slots=True, eq=False)
class SpokenMixture:
    """A recording with speech within a window.

    Attributes
    ----------
    meant, rest : speech and everything else, float32, shape (frames, 2); their sum is the recording
    window_samples : [start, stop)
    kind : class of the background
    is_spoken_around : whether the same voice speaks outside the window as well
    """

    meant: Samples
    rest: Samples
    window_samples: tuple[int, int]
    kind: Background
    is_spoken_around: bool

    @property
    def rate_hz(self) -> int:
        """Sample rate, the same for all."""
        return RATE_HZ

    @property
    def whole(self) -> Samples:
        """Recording as a user has it, shape (frames, 2)."""
        return self.meant + self.rest


def set_apart(data_dir: Path) -> tuple[Path, ...]:
    """List the recordings of speech that training leaves out.

    Raises
    ------
    SourceError : the recordings are missing
    """
    files = sorted((data_dir / "speech").rglob("*.flac"))
    found = tuple(path for path in files if crc32(path.stem.encode()) % _PARTS == 0)
    if not found:
        raise SourceError(f"'{data_dir}' holds no speech: choose the folder that holds speech/commands.")
    return found


def prompt_voices() -> dict[str, tuple[Path, ...]]:
    """List the recordings of each professional voice that is installed, of a sentence each."""
    voices = {}
    for folder in sorted(_PROMPTS.glob("*_*_*")):
        files = sorted(folder.glob("*.wav"))
        voices[folder.name] = tuple(one for one in files if soundfile.info(one).duration >= _LEAST_SENTENCE_S)
    return {name: files for name, files in voices.items() if files}


def spoken_mixtures(
    data_dir: Path, voices: Sequence[Sequence[Path]], count: int, seed: int
) -> Iterator[SpokenMixture]:
    """Yield mixtures: classes of backgrounds in turn, the voice around the window in every other round.

    Parameters
    ----------
    voices : recordings of each voice
    """
    sources = {kind: beds(data_dir, Part.REPORTED, kind) for kind in KINDS}
    for number in range(count):
        rng = np.random.default_rng([seed, number])
        kind = KINDS[number % len(KINDS)]
        is_around = bool(number // len(KINDS) % 2)
        yield _mixture(sources[kind], voices[int(rng.integers(len(voices)))], kind, rng, is_around=is_around)


def background(sources: Sequence[Bed], length: int, rng: np.random.Generator) -> Samples:
    """Return a segment of one of some backgrounds, shape (length, 2); short ones go on from their start."""
    bed = sources[int(rng.integers(len(sources)))]
    long_s = soundfile.info(bed.paths[0]).duration
    first_s = float(rng.uniform(0.0, max(0.0, long_s - length / RATE_HZ)))
    segment = read(bed.paths[0], first_s, length / RATE_HZ)[:, :2]
    fade = min(len(segment) // 4, RATE_HZ // 10)
    while len(segment) < length:
        ramp = np.linspace(0.0, 1.0, fade, dtype=np.float32)[:, None]
        again = segment[: length - len(segment) + fade]
        ramp = ramp[: len(again)]
        joint = segment[-len(ramp) :] * (1.0 - ramp) + again[: len(ramp)] * ramp
        segment = np.concatenate([segment[: -len(ramp)], joint, again[len(ramp) :]])
    return np.asarray(np.broadcast_to(segment[:length], (length, 2)), np.float32)


def _mixture(
    sources: Sequence[Bed],
    voice: Sequence[Path],
    kind: Background,
    rng: np.random.Generator,
    *,
    is_around: bool,
) -> SpokenMixture:
    length = round(_RECORDING_S * RATE_HZ)
    rest = background(sources, length, rng)
    spoken = _sentences(voice, round(rng.uniform(*_SPOKEN_S) * RATE_HZ), rng)
    margins = [round(rng.uniform(*_MARGIN_S) * RATE_HZ) for _ in range(2)]
    span = len(spoken) + sum(margins)
    start = int(rng.integers(RATE_HZ, length - span - RATE_HZ))
    meant = np.zeros_like(rest)
    at = start + margins[0]
    pan = rng.uniform(0.35, 0.65) * np.pi / 2
    sides = np.array([np.cos(pan), np.sin(pan)], np.float32)
    meant[at : at + len(spoken)] = spoken[:, None] * sides
    if is_around:
        for first, room in ((0, start), (start + span, length - start - span)):
            around = _sentences(voice, room, rng)[:room]
            meant[first : first + len(around)] += around[:, None] * sides
    inside = slice(start, start + span)
    level_db = float(rng.uniform(*_LEVELS_DB))
    gain = np.sqrt(_power(meant[inside]) / max(_power(rest[inside]), 1e-10)) * 10 ** (-level_db / 20)
    rest = rest * np.float32(gain)
    loudest = np.float32(_PEAK / float(np.abs(meant + rest).max()))
    return SpokenMixture(meant * loudest, rest * loudest, (start, start + span), kind, is_around)


def _sentences(voice: Sequence[Path], length: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return sentences in turn until they are long enough; the last ends where it ends, or is faded out."""
    parts: list[NDArray[np.float32]] = []
    while sum(map(len, parts)) < length:
        sentence = spoken(read(voice[int(rng.integers(len(voice)))]).mean(axis=1, dtype=np.float32))
        parts.append(sentence * np.float32(0.1 / np.sqrt(max(_power(sentence), 1e-10))))
        parts.append(np.zeros(round(rng.uniform(0.05, 0.5) * RATE_HZ), np.float32))
    joined = np.concatenate(parts)[:length]
    fade = min(len(joined) // 4, RATE_HZ // 20)
    joined[len(joined) - fade :] *= np.linspace(1.0, 0.0, fade, dtype=np.float32)
    return joined


def spoken(recording: NDArray[np.float32]) -> NDArray[np.float32]:
    """Cut a recording from its first to its last loud moment."""
    block = round(_BLOCK_S * RATE_HZ)
    blocks = recording[: len(recording) // block * block].reshape(-1, block).astype(np.float64)
    level_db = 10.0 * np.log10((blocks**2).mean(axis=1) + 1e-12)
    loud = np.flatnonzero(level_db > level_db.max() + _LOUD_DB)
    return recording[loud[0] * block : (loud[-1] + 1) * block]


def _power(samples: NDArray[np.floating]) -> float:
    return float(np.mean(samples.astype(np.float64) ** 2))
