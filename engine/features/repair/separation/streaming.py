"""Separate a stream block by block, at a constant delay."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import soxr
from numpy.typing import NDArray

from engine.analysis.detection.spectra import MEL
from engine.core.timebase import s_to_samples
from engine.features.repair.separation.mask import Mode, masked
from engine.features.repair.separation.outcomes.outcome import outcome_of
from engine.features.repair.separation.separator import Prompt, Separator, Stretch

Samples = NDArray[np.float32]
_FRAME_S = MEL.hop_samples / MEL.rate_hz
_STEP_S = 32 * _FRAME_S
_AHEAD_S = 16 * _FRAME_S
_HEARD_S = 191 * _FRAME_S
"""As much as one view of either network holds; whole frames, so that all steps share one grid."""
_MARGIN_S = 0.25
_FADE_S = 0.05
LATENCY_S = _STEP_S + _AHEAD_S
"""A sample is returned once its step and a quarter of a second after that step have come in."""


class SeparationStream:
    """Separates blocks of samples as they come in; memory does not grow with the length of the stream.

    Each step is separated within the three seconds that end a quarter of a second after it. All of these are
    one window: a stream has no surroundings, and is not checked for the presence of the sound. From one step
    to the next the result is crossfaded.

    Parameters
    ----------
    rate_hz : of the stream; a separator gets it as mono at the rate of
        `engine.analysis.detection.spectra.MEL`
    floor_db : no moment of a band is lowered further than to this
    """

    def __init__(
        self,
        separator: Separator,
        prompts: Sequence[Prompt],
        mode: Mode,
        *,
        rate_hz: int,
        channels: int,
        floor_db: float = -np.inf,
    ) -> None:
        self._separator, self._prompts, self._mode = separator, tuple(prompts), mode
        self._rate_hz, self._floor_db = rate_hz, floor_db
        self._held = np.zeros((0, channels), np.float32)
        self._held_from = 0
        self._new: list[Samples] = []
        self._received = 0
        self._steps = 0
        self._tail = self._held

    def block(self, samples: Samples) -> Samples:
        """Take samples, shape (n, channels), and return those that are separated by now, in their order."""
        self._new.append(samples)
        self._received += len(samples)
        answered = [self._held[:0]]
        while self._received >= self._known_until():
            answered.append(self._separated(self._edge(self._steps + 1), self._known_until()))
            self._steps += 1
            self._drop(self._known_until() - self._samples(_HEARD_S))
        return np.concatenate(answered)

    def rest(self) -> Samples:
        """Return the separated samples that `block` has not returned; the stream ends with them."""
        if self._received == self._edge(self._steps):
            return self._held[:0]
        return self._separated(self._received, self._received)

    def _separated(self, stop: int, known: int) -> Samples:
        """Return the current step, up to `stop`, separated with the samples available up to `known`."""
        self._held = np.concatenate([self._held, *self._new])
        self._new = []
        start = self._edge(self._steps)
        first = max(0, known - self._samples(_HEARD_S))
        begin = max(first, start - self._samples(_MARGIN_S))
        mask = outcome_of(self._stretch(first, known), self._prompts, self._separator).mask_for(self._mode)
        shifted = mask.from_later((begin - first) / self._rate_hz)
        heard = self._span(begin, known)
        result = masked(heard, self._rate_hz, shifted, self._mode, self._floor_db)[start - begin :]
        fade = min(len(self._tail), len(result))
        ramp = np.linspace(0.0, 1.0, fade, dtype=np.float32)[:, None]
        result[:fade] = self._tail[:fade] * (1.0 - ramp) + result[:fade] * ramp
        step = stop - start
        self._tail = result[step : step + self._samples(_FADE_S)].copy()
        return result[:step]

    def _stretch(self, start: int, stop: int) -> Stretch:
        mono = np.asarray(self._span(start, stop).mean(axis=1), np.float32)
        if self._rate_hz != MEL.rate_hz:
            mono = np.asarray(soxr.resample(mono, self._rate_hz, MEL.rate_hz), np.float32)
        return Stretch(mono, ((0.0, len(mono) / MEL.rate_hz),))

    def _span(self, start: int, stop: int) -> Samples:
        return self._held[start - self._held_from : stop - self._held_from]

    def _drop(self, before: int) -> None:
        """Forget samples that no later step needs."""
        count = max(0, before - self._held_from)
        self._held = self._held[count:].copy()
        self._held_from += count

    def _edge(self, step: int) -> int:
        """Return where a step begins; edges do not drift at rates that steps do not divide."""
        return self._samples(step * _STEP_S)

    def _known_until(self) -> int:
        return self._edge(self._steps + 1) + self._samples(_AHEAD_S)

    def _samples(self, seconds: float) -> int:
        return s_to_samples(seconds, self._rate_hz)
