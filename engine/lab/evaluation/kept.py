"""Accuracy of the nearest reference, against chance.

The first half of an excerpt of each piece is the reference. Its passages, changed in irrelevant ways, must be
found at their place; passages of the other half must be found in the same piece. The analysis is that of the
default recipe.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import soxr

from engine.analysis.signal.bands import MelSettings
from engine.analysis.signal.stft import log_mel_blocks
from engine.core.progress import Progress
from engine.features.taste.anomaly.neighbours import (
    NearestSearch,
    ReferenceRecording,
    ReferenceSegments,
    keep_examples,
)
from engine.features.taste.anomaly.planting import Samples
from engine.features.taste.anomaly.recipes.config import default_config
from engine.lab.simulated.recordings import clips_in, pieces_in, whole

Line = dict[str, object]

_EXCERPT_S = 100.0
_PASSAGE_S = 8.0
_PASSAGES = 6
_WITHIN_S = 1.0
_DETUNED = 2 ** (60 / 1200)


def evaluate(data_dir: Path, *, progress: Progress, short: bool = False) -> Iterator[Line]:
    """Yield the share of passages found at their place, by kind of change, and in their piece.

    Parameters
    ----------
    data_dir : holds `music/` and `esc50/` (with `esc50.csv`)
    short : two pieces

    Raises
    ------
    UsageError : the folder does not hold them
    """
    mel = default_config().mel
    paths = pieces_in(data_dir)[: 2 if short else None]
    halves = []
    for number, path in enumerate(paths):
        progress.step(number, len(paths)).report(0.0, f"Reading {path.name}")
        halves.append(_halves(path, mel.rate_hz))
    talk = [soxr.resample(clip, 16_000, mel.rate_hz) for clip in clips_in(data_dir)["talk"]]
    names = [ReferenceRecording(path.name, "", _EXCERPT_S / 2) for path in paths]
    examples = keep_examples([_frames(first, mel) for first, _ in halves], names, mel, seed=0)
    rng = np.random.default_rng(0)
    by_chance = 2 * _WITHIN_S / (_EXCERPT_S / 2) / len(paths)
    for about, change in _changes(talk, rng).items():
        found, same = [], []
        for piece, (first, _) in enumerate(halves):
            progress.check_cancelled()
            for start_s in rng.uniform(0.0, _EXCERPT_S / 2 - _PASSAGE_S, _PASSAGES):
                passage = change(_cut(first, start_s, mel.rate_hz))
                there, at_s = _found(passage, examples, mel)
                same.append(there == piece)
                found.append(there == piece and abs(at_s - start_s) <= _WITHIN_S)
        yield _row("kept_example_found", about, found, by_chance)
        yield _row("kept_example_of_the_piece", about, same, 1 / len(paths))
    same = [
        _found(_cut(second, start_s, mel.rate_hz), examples, mel)[0] == piece
        for piece, (_, second) in enumerate(halves)
        for start_s in np.arange(_PASSAGES) * _PASSAGE_S
    ]
    yield _row("kept_example_of_the_piece", "the other half", same, 1 / len(paths))


def _changes(talk: Sequence[Samples], rng: np.random.Generator) -> Mapping[str, Callable[[Samples], Samples]]:
    def hiss(passage: Samples, below_db: float) -> Samples:
        noise = rng.standard_normal(len(passage)).astype(np.float32)
        return passage + noise * _rms(passage) * np.float32(10 ** (-below_db / 20))

    def over(passage: Samples) -> Samples:
        clip = np.resize(talk[int(rng.integers(len(talk)))], len(passage)).astype(np.float32)
        return passage + clip * np.float32(_rms(passage) / max(_rms(clip), 1e-9))

    return {
        "20 dB quieter": lambda passage: np.float32(0.1) * passage,
        "hiss 10 dB below": lambda passage: hiss(passage, 10.0),
        "hiss as loud": lambda passage: hiss(passage, 0.0),
        "60 cents higher": lambda passage: np.asarray(soxr.resample(passage, _DETUNED, 1.0), np.float32),
        "a voice as loud": over,
    }


def _halves(path: Path, rate_hz: int) -> tuple[Samples, Samples]:
    """Return the two halves of the excerpt, mono, without the first ten seconds where there is enough."""
    audio, from_hz = whole(path)
    mono: Samples = np.asarray(soxr.resample(audio.mean(axis=1), from_hz, rate_hz), np.float32)
    length = round(_EXCERPT_S * rate_hz)
    begin = min(10 * rate_hz, len(mono) - length)
    return mono[begin : begin + length // 2], mono[begin + length // 2 : begin + length]


def _cut(audio: Samples, start_s: float, rate_hz: int) -> Samples:
    return audio[round(start_s * rate_hz) :][: round(_PASSAGE_S * rate_hz)]


def _frames(audio: Samples, mel: MelSettings) -> Samples:
    return np.concatenate(list(log_mel_blocks([audio], mel)))


def _found(passage: Samples, examples: ReferenceSegments, mel: MelSettings) -> tuple[int, float]:
    """Return the piece of the nearest stretch, and where in it the passage would begin, in seconds."""
    search = NearestSearch(examples, mel)
    for _ in search.passing([_frames(passage, mel)]):
        pass
    nearest = search.finish()
    best = int(nearest.distances.argmin())
    kept = int(nearest.references[best])
    start_frames = int(examples.frame[kept]) - int(nearest.frames[best])
    return int(examples.recording[kept]), start_frames * mel.hop_samples / mel.rate_hz


def _rms(audio: Samples) -> float:
    return float(np.sqrt(np.mean(np.square(audio, dtype=np.float64))))


def _row(metric: str, about: str, found: Sequence[bool], by_chance: float) -> Line:
    return {
        "metric": metric,
        "about": about,
        "value": float(np.mean(found)),
        "baseline": {"random": by_chance},
        "n": len(found),
    }
