"""Onset strengths of a recording, over all bands and some."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.analysis.beats.traces import finite_pieces
from engine.analysis.signal.onsets import (
    QUIETEST_STRENGTH_DB,
    Framing,
    OnsetStrength,
    floored_db,
    local_scale,
)
from engine.analysis.signal.stft import mel_power_blocks

Floats = NDArray[np.float32]

_BASS, _BODY, _TOP = slice(0, 3), slice(6, 30), slice(40, 64)


@dataclass(frozen=True, slots=True, eq=False)
class Strengths:
    """Onset strengths, each float32, shape (frames,).

    Attributes
    ----------
    whole : over all mel bands
    bass, body, top : up to 0.2 kHz, 0.4 to 2 kHz and above 5 kHz
    """

    framing: Framing
    whole: Floats
    bass: Floats
    body: Floats
    top: Floats

    def even(self) -> Floats:
        """Return the strength relative to that of the eight seconds around, shape (frames,)."""
        scale = local_scale(self.whole, round(8.0 * self.framing.frames_per_s))
        even = self.whole / np.maximum(scale, np.float32(QUIETEST_STRENGTH_DB))
        return even.astype(np.float32, copy=False)


def strengths_of(blocks: Iterable[Floats], rate_hz: int) -> Strengths:
    """Return the onset strengths of a mono stream."""
    framing = Framing(rate_hz)
    strengths = [OnsetStrength(framing, bands) for bands in (slice(None), _BASS, _BODY, _TOP)]
    for power in mel_power_blocks(finite_pieces(blocks), framing.mel_settings):
        level_db = floored_db(power)
        for strength in strengths:
            strength.push(level_db)
    whole, bass, body, top = (strength.finish() for strength in strengths)
    return Strengths(framing, whole, bass, body, top)
