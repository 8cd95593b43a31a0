"""One gain for a whole programme, which brings it to the requested loudness."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.core.errors import ExportError
from engine.core.wording import level_text
from engine.sound.edl.crossfade import Block
from engine.sound.edl.levels.loudness import measure

HIGHEST_TRUE_PEAK_DBTP = -1.0
"""EBU R 128 allows no more: converters and lossy coders overshoot."""


@dataclass(frozen=True, slots=True)
class Normalised:
    """A gain and the resulting levels.

    Attributes
    ----------
    target_lufs : requested loudness
    loudness_lufs, true_peak_dbtp : of the programme with the gain
    """

    target_lufs: float
    gain_db: float
    loudness_lufs: float
    true_peak_dbtp: float

    @property
    def sentence(self) -> str:
        """Message to the user."""
        loudness, peak = level_text(self.loudness_lufs, "LUFS", 1), level_text(self.true_peak_dbtp, "dBTP", 1)
        said = f"Its loudness is {loudness}, its true peak {peak}."
        if self.loudness_lufs < self.target_lufs - 0.05:
            said += (
                f" At {level_text(self.target_lufs, 'LUFS', 1)} it would have passed "
                f"{level_text(HIGHEST_TRUE_PEAK_DBTP, 'dBTP')}, so it was raised no further; "
                "use a limiter for more."
            )
        return said

    @property
    def figures(self) -> Mapping[str, float]:
        """The numbers by name."""
        return {
            "gain_db": self.gain_db,
            "loudness_lufs": self.loudness_lufs,
            "true_peak_dbtp": self.true_peak_dbtp,
        }


def amplified(blocks: Iterable[NDArray[Any]], gain_db: float) -> Iterator[Block]:
    """Yield the blocks with a gain, as doubles: rounding comes once, when they are written."""
    gain = 10.0 ** (gain_db / 20.0)
    for block in blocks:
        yield np.multiply(block, gain, dtype=np.float64)


def normalise(blocks: Iterable[Block], target_lufs: float, *, rate_hz: int, name: str) -> Normalised:
    """Find the gain for a loudness; where the true peak would pass -1 dBTP, a smaller one.

    Raises
    ------
    ExportError : it is too quiet or too short to have a loudness
    """
    found = measure(blocks, rate_hz=rate_hz)
    if not (isfinite(found.integrated_lufs) and isfinite(found.true_peak_dbtp)):
        raise ExportError(
            f"{name} cannot be brought to {target_lufs:.1f} LUFS because the result is silent or shorter "
            "than 0.4 s: export it without a loudness."
        )
    gain_db = min(target_lufs - found.integrated_lufs, HIGHEST_TRUE_PEAK_DBTP - found.true_peak_dbtp)
    return Normalised(target_lufs, gain_db, found.integrated_lufs + gain_db, found.true_peak_dbtp + gain_db)
