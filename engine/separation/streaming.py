"""Separate what comes in block by block, as from a microphone: always the same time behind."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from engine.detection.spectra import MEL
from engine.separation.mask import Mode, masked
from engine.separation.outcomes.outcome import outcome_of
from engine.separation.separator import Prompt, Separator, Stretch

Samples = NDArray[np.float32]
_HEARD_S = 4.0
_STEP_S = 0.5
_AHEAD_S = 0.5
LATENCY_S = _STEP_S + _AHEAD_S
"""A sample is answered once the step it lies in and half a second after that have come: at most 1 s later."""


class SeparationStream:
    """Takes blocks of mono samples at the rate of `engine.detection.spectra.MEL` and returns them separated.

    Parameters
    ----------
    around : what sounds without what is meant, some seconds before it began; none where words must do alone
    """

    def __init__(
        self,
        separator: Separator,
        prompts: Sequence[Prompt],
        mode: Mode = Mode.REMOVE,
        around: Samples | None = None,
    ) -> None:
        self._separator, self._prompts, self._mode = separator, tuple(prompts), mode
        self._around = np.zeros(0, np.float32) if around is None else around
        self._held = np.zeros(0, np.float32)
        self._waiting = 0
        self._tail: Samples | None = None

    def block(self, samples: Samples) -> Samples:
        """Take samples, shape (n,), and return those that are answered by now, in their order."""
        self._held = np.concatenate([self._held, samples])
        self._waiting += len(samples)
        return np.concatenate([*self._answered(), np.zeros(0, np.float32)])

    def rest(self) -> Samples:
        """Return what is not answered yet; nothing comes after it."""
        answered = list(self._answered())
        if self._waiting:
            answered.append(self._separated(self._waiting, 0))
            self._waiting = 0
        return np.concatenate([*answered, np.zeros(0, np.float32)])

    def _answered(self) -> Iterator[Samples]:
        step, ahead = _samples(_STEP_S), _samples(_AHEAD_S)
        while self._waiting >= step + ahead:
            yield self._separated(step, self._waiting - step)
            self._waiting -= step
        most = _samples(_HEARD_S)
        if len(self._held) > most + self._waiting:
            self._held = self._held[-(most + self._waiting) :]

    def _separated(self, count: int, after: int) -> Samples:
        """Return `count` samples, of which `after` more are known beyond."""
        stop = len(self._held) - max(0, after - _samples(_AHEAD_S))
        heard = self._held[max(0, stop - _samples(_HEARD_S)) : stop]
        begin = len(self._around)
        stretch = Stretch(
            np.concatenate([self._around, heard]),
            ((begin / MEL.rate_hz, (begin + len(heard)) / MEL.rate_hz),),
        )
        outcome = outcome_of(stretch, self._prompts, self._separator)
        shifted = outcome.mask_for(self._mode).from_later(begin / MEL.rate_hz)
        separated = masked(heard[:, None], MEL.rate_hz, shifted, self._mode)[:, 0]
        known = min(after, _samples(_AHEAD_S))
        last = len(separated) - known
        answer = separated[last - count : last]
        if self._tail is not None:
            # The start of it was separated the last time as well: from one answer to the next it fades.
            ramp = np.linspace(0.0, 1.0, min(len(self._tail), count), dtype=np.float32)
            answer = answer.copy()
            answer[: len(ramp)] = self._tail[: len(ramp)] * (1.0 - ramp) + answer[: len(ramp)] * ramp
        self._tail = separated[last : last + _samples(0.05)].copy()
        return answer


def _samples(seconds: float) -> int:
    return round(seconds * MEL.rate_hz)
