"""Click tracks with every kind of accent, and none; metres 2 to 7, subdivided or not."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.analysis.beats.activations import RATE_HZ
from engine.lab.training.beats.timeline import Timeline

Floats = NDArray[np.float32]

ACCENTS = ("louder", "higher", "lower", "longer", "louder and higher", "thump", "other sound", "other sound")


def _click(rng: np.random.Generator, kind: str, hz: float, length_s: float) -> NDArray[np.float64]:
    t = np.arange(round(max(4.0 * length_s, 0.02) * RATE_HZ)) / RATE_HZ
    fade = np.exp(-t / length_s)
    if kind == "sine":
        return np.sin(2 * np.pi * hz * t) * fade
    if kind == "square":
        return 0.5 * np.sign(np.sin(2 * np.pi * hz * t)) * fade
    if kind == "noise":
        return 0.5 * rng.standard_normal(len(t)) * fade
    if kind == "block":
        return (np.sin(2 * np.pi * hz * t) + 0.6 * np.sin(2 * np.pi * 2.76 * hz * t)) * fade * 0.6
    beep = np.sin(2 * np.pi * hz * t[: round(2.0 * length_s * RATE_HZ)])
    beep[-20:] *= np.linspace(1, 0, min(20, len(beep)))
    return beep


def click_track(rng: np.random.Generator, beats: Timeline, length_s: float) -> tuple[Floats, bool]:
    """Make a click track, mono at `RATE_HZ`, and return whether its bars are audible."""
    kind = str(rng.choice(["sine", "square", "noise", "block", "beep"]))
    hz = float(np.exp(rng.uniform(np.log(300), np.log(3500))))
    length_s_each = float(np.exp(rng.uniform(np.log(0.002), np.log(0.05))))
    accent = str(rng.choice(ACCENTS)) if rng.random() < 0.88 else "none"
    plain = _click(rng, kind, hz, length_s_each)
    louder = float(rng.uniform(1.6, 4.0)) if "louder" in accent else 1.0
    ratio = float(rng.choice([2.0, 1.5, 1.33, 1.25]))
    ratio = ratio if "higher" in accent else 1.0 / ratio if accent == "lower" else 1.0
    first = louder * _click(rng, kind, hz * ratio, length_s_each * (4.0 if accent == "longer" else 1.0))
    if accent == "thump":
        low = _click(rng, "sine", float(rng.uniform(60, 150)), 0.04)
        first = np.pad(first, (0, max(0, len(low) - len(first))))
        first[: len(low)] += low
    if accent == "other sound":
        other = str(
            rng.choice([name for name in ("sine", "square", "noise", "block", "beep") if name != kind])
        )
        first = _click(rng, other, float(hz * rng.choice([0.5, 1.0, 2.0])), length_s_each)
    divisions = int(rng.choice([1, 1, 1, 1, 2, 3, 4]))
    quiet = 0.35 * _click(rng, kind, hz * 0.8, length_s_each * 0.7)
    total = np.zeros(round(length_s * RATE_HZ))
    positions = beats.positions
    for number, position in enumerate(positions):
        for step in range(divisions):
            at_s = float(beats.at(np.array([number + step / divisions]))[0])
            sound = quiet if step else first if position == 1 else plain
            start = round(at_s * RATE_HZ)
            stop = min(len(total), start + len(sound))
            if 0 <= start < stop:
                total[start:stop] += sound[: stop - start]
    return (0.25 * total).astype(np.float32), accent != "none"
