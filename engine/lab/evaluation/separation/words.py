"""Precision of names with times, and false alarms where no sound has the name.

The probability of words was fitted on fold 5, so figures on it are optimistic; figures with a fit on the
other half are in docs/evaluation/detection.csv. Other material (music, noise, silence) was only partly used
in the fit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.analysis.detection.detector import detector
from engine.analysis.detection.spectra import MEL
from engine.analysis.detection.what_sounds import WORDS, NamedEvent, named_events
from engine.analysis.signal.streams import resampled
from engine.core.progress import SILENT, Progress
from engine.lab.evaluation.separation.events import Line, is_right, versions_of
from engine.lab.evaluation.separation.recordings import halves, recordings
from engine.lab.training.detection.sounds import Sound
from engine.sound.decoders.registry import AUDIO_SUFFIXES
from engine.sound.reader import SourceReader

SEEDS = (241, 242)
_COUNT, _SHORT_S, _LENGTH_S, _NOISE_S = 10, 240.0, 600.0, 300.0
_BLOCK_FRAMES = 1 << 18


def word_lines(
    sounds: Sequence[Sound], music: Path, *, short: bool = False, progress: Progress = SILENT
) -> Iterator[Line]:
    """Yield the precision of words in labelled recordings, and their rate elsewhere.

    Parameters
    ----------
    music : a folder of recordings in which none of the sounds occurs; left out where it is not there
    short : single recordings of four minutes, and one piece of music
    """
    said, right, occurs = Counter[str](), Counter[str](), Counter[str]()
    count, length_s = (1, _SHORT_S) if short else (_COUNT, _LENGTH_S)
    for half, seed in zip(halves(sounds), SEEDS, strict=True):
        for number, recording in enumerate(recordings(half, count, seed, length_s)):
            progress.check_cancelled()
            progress.report(0.4 * number / count, "Hearing words")
            occurs.update(one.name for one in recording.occurrences)
            for one in _heard(recording.samples):
                span = one.start_samples / MEL.rate_hz, one.stop_samples / MEL.rate_hz, 0.0
                said[one.word] += 1
                right[one.word] += is_right(span, recording.of(one.word))
    shown = sum(occurs[word] for word in WORDS)
    yield {
        "metric": "words: right where one is said",
        "value": right.total() / max(1, said.total()),
        "baseline": shown / max(1, len(WORDS)) / max(1, occurs.total()),
        "occurrences that are named": right.total() / max(1, shown),
        "of all sounds": right.total() / max(1, occurs.total()),
        "n": said.total(),
    }
    for word in WORDS:
        yield {"metric": f"words: right where {word} is said", "value": right[word] / max(1, said[word]),
               "occurs": occurs[word], "n": said[word]}  # fmt: skip
    elsewhere = {
        "noise and silence": noises(0.05 if short else 1.0),
        "music": islice(pieces(music), 1 if short else None),
    }
    for kind, recorded in elsewhere.items():
        found, hours = 0, 0.0
        for samples in recorded:
            found += len(_heard(samples))
            hours += len(samples) / MEL.rate_hz / 3600
        if hours:
            yield {"metric": f"words: said in an hour of {kind}", "value": found / hours, "n": found}


def _heard(samples: NDArray[np.float32]) -> tuple[NamedEvent, ...]:
    return named_events(detector(), versions_of(samples), MEL.rate_hz, len(samples))


def noises(share: float = 1.0) -> tuple[NDArray[np.float32], ...]:
    """Return silence, noise and hum, as long as `_NOISE_S` each, or a share of it."""
    rng = np.random.default_rng(SEEDS[0])
    count = round(share * _NOISE_S * MEL.rate_hz)
    time_s = np.arange(count) / MEL.rate_hz
    made = (
        np.zeros(count),
        0.03 * rng.standard_normal(count),
        1e-4 * rng.standard_normal(count),
        sum(0.02 / k * np.sin(2 * np.pi * 60 * k * time_s) for k in range(1, 9)) + np.zeros(count),
    )
    return tuple(one.astype(np.float32) for one in made)


def pieces(folder: Path) -> Iterator[NDArray[np.float32]]:
    """Yield the recordings of a folder, mono, at the rate of the network."""
    paths = sorted(folder.iterdir()) if folder.is_dir() else []
    for path in (one for one in paths if one.suffix.lower() in AUDIO_SUFFIXES):
        with SourceReader(path) as reader:
            spans = range(0, reader.frames, _BLOCK_FRAMES)
            blocks = (
                reader.read(first, min(reader.frames, first + _BLOCK_FRAMES)).mean(axis=1, dtype=np.float32)
                for first in spans
            )
            yield np.concatenate(list(resampled(blocks, reader.rate_hz, MEL.rate_hz)))
