"""A small drum kit made of noise and tones, heard by five microphones with bleed and delays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.document.analysis import Role
from engine.features.timing.hits.find import HeldMicrophones

RATE_HZ = 44_100
ROLES = {
    "Kick": Role.KICK,
    "Snare": Role.SNARE,
    "Hat": Role.HAT,
    "OH L": Role.OVERHEAD,
    "OH R": Role.OVERHEAD,
}
# How loud each drum (a row) is in each microphone, and how many samples later it arrives.
_HEARD = np.array([[1.0, 0.08, 0.04, 0.12, 0.12], [0.06, 1.0, 0.15, 0.25, 0.2], [0.01, 0.05, 1.0, 0.3, 0.15]])
_LATER = np.array([[0, 90, 140, 200, 205], [88, 0, 70, 150, 160], [130, 66, 0, 110, 150]])


@dataclass(frozen=True, slots=True, eq=False)
class Played:
    """What was played: times of rises at the drum's own microphone, in samples, and how hard."""

    times_samples: NDArray[np.int64]
    drums: NDArray[np.int64]
    velocities: NDArray[np.float64]


def _sound(drum: int, seed: int) -> NDArray[np.float64]:
    rng = np.random.default_rng(seed)
    at_s = np.arange(round(0.6 * RATE_HZ)) / RATE_HZ
    click = rng.standard_normal(len(at_s)) * np.exp(-at_s / 0.004)
    # Ends in silence, not in a step.
    click *= np.clip((0.6 - at_s) / 0.2, 0.0, 1.0)
    if drum == 0:
        return 0.8 * np.sin(2 * np.pi * 55 * at_s + 0.8) * np.exp(-at_s / 0.06) + 0.2 * click
    rattle = rng.standard_normal(len(at_s)) * np.exp(-at_s / 0.06)
    if drum == 1:
        return 0.5 * np.sin(2 * np.pi * 190 * at_s + 0.8) * np.exp(-at_s / 0.05) + 0.25 * rattle + 0.2 * click
    return 0.35 * np.diff(rattle * np.exp(-at_s / 0.03), prepend=0.0)


def rendered(played: Played, length_s: float, rate_hz: int = RATE_HZ) -> HeldMicrophones:
    """Return what the microphones hear; the kit is the same at 44.1 kHz alone."""
    assert rate_hz == RATE_HZ
    rng = np.random.default_rng(5)
    heard = rng.standard_normal((len(ROLES), round(length_s * RATE_HZ))) * 10 ** (-80 / 20)
    for number, (start, drum, velocity) in enumerate(
        zip(played.times_samples, played.drums, played.velocities, strict=True)
    ):
        sound = _sound(int(drum), number) * velocity * 0.7
        for track in range(len(ROLES)):
            first = start + _LATER[drum, track]
            piece = sound[: max(0, heard.shape[1] - first)]
            heard[track, first : first + len(piece)] += piece * _HEARD[drum, track]
    return HeldMicrophones(dict(zip(ROLES, heard.astype(np.float32), strict=True)), RATE_HZ)


def groove(bars: int = 6) -> Played:
    """Return a rock beat at 120 BPM.

    Eighths on the hat but for one, kick on 1 and 3, snare on 2 and 4, a ghost note before 3.
    """
    rows = []
    eighth = RATE_HZ // 4
    for number in range(bars * 8):
        start = 4_000 + number * eighth
        if number % 16 != 4:
            rows.append((start + 40, 2, 0.5 + 0.2 * (number % 2 == 0)))
        if number % 8 in (0, 4):
            rows.append((start, 0, 0.9))
        if number % 8 in (2, 6):
            rows.append((start - 60, 1, 0.8))
        if number % 8 == 3:
            rows.append((start + eighth // 2, 1, 0.15))
    rows.sort()
    times, drums, velocities = zip(*rows, strict=True)
    return Played(np.array(times), np.array(drums), np.array(velocities, np.float64))
