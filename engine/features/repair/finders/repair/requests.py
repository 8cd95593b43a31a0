"""Requests and results of repairs for the window; light, so that it needs no torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from engine.core.timebase import format_time, samples_to_s
from engine.features.repair.finders.repair.separations import Separations
from engine.features.repair.separation.mask_memory import MaskMemory
from engine.features.repair.separation.names import DEFAULT
from engine.features.repair.separation.paint import Paint
from engine.recordings.spans import Span, SpanRequest

FADE_MS = 70.0


def example_words(example: Span, rate_hz: int) -> str:
    """Return where an example is: "0:12.3"."""
    return format_time(samples_to_s(example[0], rate_hz), 1)


@dataclass(frozen=True, slots=True)
class RepairSettings:
    """Sounds to remove or keep, and how.

    Attributes
    ----------
    words : names of sounds, a comma between them
    keeps : whether all else goes
    strength_db : lower the sound by up to this many dB; None removes it
    fade_ms : how long the change comes and goes, inside each window
    paint : strokes painted on the masks, which without words select nothing else
    example : [start, stop) of the timeline with an example of the sound
    separator : by name
    """

    words: str = ""
    keeps: bool = False
    strength_db: float | None = None
    fade_ms: float = FADE_MS
    paint: tuple[Paint, ...] = ()
    example: Span | None = None
    separator: str = DEFAULT

    @property
    def texts(self) -> tuple[str, ...]:
        """The names one by one."""
        return tuple(dict.fromkeys(filter(None, (" ".join(one.split()) for one in self.words.split(",")))))


@dataclass(frozen=True, slots=True)
class PreviewRequest:
    """A repair to prepare for playback; `memory` caches the masks."""

    spans: SpanRequest
    settings: RepairSettings
    memory: MaskMemory


@dataclass(frozen=True, slots=True, eq=False)
class ShownMask:
    """Which share of each moment and band of a window is meant, on one track.

    Attributes
    ----------
    start_samples : of the timeline, the middle of the first frame
    hop_samples : from one frame to the next
    shares : float32 within [0, 1], shape (frames, bands)
    centres_hz : the middle of each band, rising, shape (bands,)
    window : [start, stop) of the window, or of the part of it that this is
    """

    track: str
    start_samples: float
    hop_samples: float
    shares: NDArray[np.float32]
    centres_hz: NDArray[np.float64]
    window: Span

    @classmethod
    def of_nothing(cls, track: str, window: Span) -> Self:
        """Return a mask that means nothing, to be painted on."""
        return cls(track, window[0], 1.0, np.zeros((1, 1), np.float32), np.zeros(1), window)


@dataclass(frozen=True, slots=True, eq=False)
class RepairPreview:
    """Preview of a repair, to be played before the decision.

    Attributes
    ----------
    target : the sounds that the words mean, alone
    remainder : all but that
    result : the result of the settings
    """

    settings: RepairSettings
    windows: tuple[Span, ...]
    target: Separations
    remainder: Separations
    result: Separations
    masks: tuple[ShownMask, ...]
