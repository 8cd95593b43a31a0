"""A recording in several versions, which together are more often right about its sounds than one.

The network was trained at many speeds, so its mean over some is more accurate than its answer at one. Without
speech a sound over a sentence is analysed like one in a pause.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import tee, zip_longest

import numpy as np
from numpy.typing import NDArray

from engine.analysis.detection.detector import STEP_S, Detector, SoundFeatures, joined
from engine.analysis.detection.spectra import MEL
from engine.analysis.detection.speech_shares import speech_network
from engine.analysis.learning.torch_threads import few_threads
from engine.analysis.signal.mono import resampled
from engine.analysis.words.text import text_encoder
from engine.analysis.words.vocabulary import vocabulary

Samples = NDArray[np.float32]
Odds = NDArray[np.float32]
Words = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Version:
    """How a recording is changed before the network analyses it.

    Attributes
    ----------
    speed : below 1 it is slower and lower
    has_speech : False where speech is left out
    """

    speed: float
    has_speech: bool


VERSIONS = (Version(1.0, has_speech=True), Version(0.89, has_speech=False), Version(1.12, has_speech=False))
"""Compared with others on interviews that no table reports. The first is the recording as it is."""
OTHER_SOUND = 0.6
"""Names whose cosine to a prompt is below this name another sound."""


def analysed_versions(hearing: Detector, blocks: Iterable[Samples]) -> tuple[SoundFeatures, ...]:
    """Analyse each of `VERSIONS` of a stream, mono, at the rate of `engine.analysis.detection.spectra.MEL`.

    All advance together, so that memory does not grow with the stream but by their results.
    """
    streams = tee(blocks, len(VERSIONS))
    with few_threads():
        pieces = [
            hearing.pieces(
                resampled(stream, MEL.rate_hz, round(MEL.rate_hz / version.speed)),
                None if version.has_speech else speech_network(),
            )
            for version, stream in zip(VERSIONS, streams, strict=True)
        ]
        rows = list(zip_longest(*pieces))
    columns = zip(*rows, strict=True) if rows else [()] * len(VERSIONS)
    return tuple(joined(piece for piece in column if piece is not None) for column in columns)


def within(versions: Sequence[SoundFeatures], from_s: float, count_samples: int) -> tuple[SoundFeatures, ...]:
    """Return the features of a number of samples from a time on; see `SoundFeatures.within`."""
    return tuple(
        one.within(from_s / version.speed, round(count_samples / version.speed))
        for version, one in zip(VERSIONS, versions, strict=True)
    )


def mean_of_steps(rows: Sequence[Odds]) -> Odds:
    """Return the mean over versions of odds at the steps of the first, shape (steps, prompts)."""
    first, *others = rows
    middles_s = (np.arange(len(first)) + 0.5) * STEP_S
    total = first.astype(np.float64)
    for version, one in zip(VERSIONS[1:], others, strict=False):
        own_s = (np.arange(len(one)) + 0.5) * STEP_S * version.speed
        total += np.stack([np.interp(middles_s, own_s, column) for column in one.T], axis=1)
    return np.asarray(total / len(rows), np.float32)


def log_shares(odds: Odds, names: Odds, prompts: Sequence[Words]) -> Odds:
    """Return the logarithm of the share of each prompt in itself and all known names of other sounds.

    Parameters
    ----------
    odds : of the prompts, shape (..., prompts)
    names : odds of all known names, see `name_words`, shape (..., names)
    prompts : of each, the vectors of its phrases, shape (phrases, SIZE)
    """
    are_other = [np.all(phrases @ name_words().T < OTHER_SOUND, axis=0) for phrases in prompts]
    others = [np.logaddexp.reduce(names[..., other], axis=-1) for other in are_other]
    return np.asarray(-np.logaddexp(0.0, np.stack(others, axis=-1) - odds), np.float32)


@cache
def name_words() -> Words:
    """Return the vectors of all known names, shape (names, SIZE)."""
    return np.stack([text_encoder().encode(name) for name in vocabulary()])
