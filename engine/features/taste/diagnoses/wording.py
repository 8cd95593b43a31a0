"""Wording of measurements."""

from __future__ import annotations

from engine.features.taste.diagnoses.symptoms import Tilt


def tilt_text(tilt: Tilt) -> str:
    """Describe a spectral difference, as in "it has 12 dB less from 3 to 6 kHz"."""
    more = "more" if tilt.difference_db > 0 else "less"
    return f"{abs(tilt.difference_db):.0f} dB {more} from {_hz(tilt.low_hz)} to {_hz(tilt.high_hz)}"


def _hz(hz: float) -> str:
    return f"{hz / 1000:.1f} kHz" if hz >= 1000.0 else f"{round(hz, -1):.0f} Hz"
