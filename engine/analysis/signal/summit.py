"""Peaks between samples."""

from __future__ import annotations


def summit(before: float, at: float, after: float) -> float:
    """Return where the parabola through three values is highest, in samples from the one in the middle.

    0 if they do not bend down.
    """
    bend = before - 2.0 * at + after
    return 0.5 * (before - after) / bend if bend < 0 else 0.0
