"""Evidence for the songs of a day, collected in one pass: features of takes, and probabilities of voices.

Both consumers read a stream that passes on to another one, such as the search for beats.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.analysis.detection.voices import RATE_HZ as VOICES_HZ
from engine.analysis.detection.voices import VoiceStream
from engine.analysis.signal.streams import alongside, resampled
from engine.features.takes.features import Frames, FramesInPassing

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """Features of a whole recording.

    Attributes
    ----------
    frames : features of takes, five a second
    voices : probabilities of speech, singing, music and voice, shape (n, 4), 100 a second
    """

    frames: Frames
    voices: Floats


class EvidenceInPassing:
    """Analyses a mono stream that passes through it, and has the evidence once it has passed.

    It holds 33 MB an hour.

    Parameters
    ----------
    rate_hz : of the stream
    """

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._frames = FramesInPassing(rate_hz)
        self._voices = VoiceStream()

    def passing(self, blocks: Iterable[Floats]) -> Iterator[Floats]:
        """Yield the same blocks, each of shape (n,), as they came.

        Raises
        ------
        OffcutError : the networks of voices are not installed
        """
        yield from self._frames.passing(alongside(blocks, self._follow))

    def _follow(self, blocks: Iterator[Floats]) -> Iterator[object]:
        yield from self._voices.through(resampled(blocks, self._rate_hz, VOICES_HZ))

    def evidence(self) -> Evidence:
        """Return the evidence of the stream."""
        return Evidence(self._frames.frames(), self._voices.frames)
