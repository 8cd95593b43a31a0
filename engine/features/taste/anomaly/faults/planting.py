"""Inject faults into real music, to measure detectors and as training data.

Every fault is inserted: the clean performance stays whole around it, so that cutting exactly the faults gives
the clean recording back, sample for sample. The first and last milliseconds of a fault are crossfades that
begin and end with the clean music's own samples, so that no click gives a fault away.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from engine.core.errors import UsageError
from engine.features.taste.anomaly.faults.kinds import MAKERS, NEED_CLIPS
from engine.features.taste.anomaly.faults.material import Maker, Material, Samples, active_rms

CROSSFADE_S = 0.01
_LEAST_GAP_S = 8.0
_LEVEL_SPREAD_DB = 3.0
AT_THEIR_OWN_LEVEL = frozenset({"idle_room", "mains_hum"})
"""Kinds with a level of their own: their audio has no playing."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A planted bad part over the half-open span [start, stop) of the planted recording."""

    kind: str
    start_samples: int
    stop_samples: int


@dataclass(frozen=True, slots=True, eq=False)
class Planted:
    """A recording with faults in it, shape (frames, channels), and where they are, in order."""

    audio: Samples
    faults: tuple[Fault, ...]


def plant(
    clean: Samples,
    rate_hz: int,
    kinds: Sequence[str],
    share: float,
    rng: np.random.Generator,
    clips: Mapping[str, Sequence[Samples]] | None = None,
    length_s: tuple[float, float] = (4.0, 20.0),
    makers: Mapping[str, Maker] = MAKERS,
) -> Planted:
    """Insert faults into a clean recording.

    Parameters
    ----------
    clean : float32, shape (frames, channels), at least as long as one fault
    kinds : of `makers`, used in random order, repeated as needed
    share : how much of the result is faults, above 0 and below 1
    clips : for the kinds "talk" and "noise": mono recordings at `rate_hz`, each of shape (n,)
    length_s : shortest and longest fault; the longest may be passed by little to meet the share
    makers : how each kind is made

    Raises
    ------
    UsageError : a kind is unknown or needs clips and has none, or the share is invalid
    """
    material = Material(clean, rate_hz, clips or {})
    _check(material, kinds, share, makers)
    lengths = _lengths(material, share, length_s, rng)
    order = [kind for _ in range(len(lengths) // len(kinds) + 1) for kind in rng.permutation(kinds)]
    places = _places(material, len(lengths), rng)
    pieces, faults, at, total = [], [], 0, 0
    for kind, place, length in zip(order, places, lengths, strict=False):
        pieces.append(clean[at:place])
        total += place - at
        pieces.append(_seamless(material, place, _made(material, kind, makers[kind], place, length, rng)))
        faults.append(Fault(str(kind), total, total + length))
        at, total = place, total + length
    pieces.append(clean[at:])
    return Planted(np.concatenate(pieces), tuple(faults))


def _check(material: Material, kinds: Sequence[str], share: float, makers: Mapping[str, Maker]) -> None:
    if not kinds:
        raise UsageError("No fault kind is given: name at least one.")
    for kind in kinds:
        if kind not in makers:
            raise UsageError(f"There is no fault '{kind}': choose among {', '.join(makers)}.")
        if kind in NEED_CLIPS and not material.clips.get(kind):
            raise UsageError(f"The fault '{kind}' needs clips: give some, or leave it out.")
    if not 0.0 < share < 1.0:
        raise UsageError(f"The share of faults cannot be {share}: choose between 0 and 1.")


def _lengths(
    material: Material, share: float, length_s: tuple[float, float], rng: np.random.Generator
) -> list[int]:
    total = round(len(material.clean) * share / (1.0 - share))
    shortest, longest = (material.samples(seconds) for seconds in length_s)
    count = max(1, round(2.0 * total / (shortest + longest)))
    weights = rng.uniform(0.3, 1.0, count)
    beyond = max(0, total - count * shortest) * weights / weights.sum()
    lengths = np.floor(min(shortest, total / count) + beyond).astype(int)
    lengths[-1] += total - lengths.sum()
    return [int(length) for length in lengths]


def _places(material: Material, count: int, rng: np.random.Generator) -> list[int]:
    """Choose where in the clean piece faults go, in order and some way apart."""
    frames = len(material.clean)
    gap = min(material.samples(_LEAST_GAP_S), frames // (2 * (count + 1)))
    free = np.sort(rng.integers(0, frames - gap * (count + 1) + 1, count))
    return [int(place) for place in free + gap * np.arange(1, count + 1)]


def _made(
    material: Material, kind: str, make: Maker, place: int, length: int, rng: np.random.Generator
) -> Samples:
    """Make a fault as loud as the music, give or take 3 dB: loudness alone must not give it away."""
    raw = make(material, place, length, rng)[:length]
    if kind in AT_THEIR_OWN_LEVEL:
        return raw
    target = active_rms(material.clean, material.rate_hz)
    gain = target / max(active_rms(raw, material.rate_hz), 1e-9)
    gain *= 10.0 ** (rng.uniform(-_LEVEL_SPREAD_DB, _LEVEL_SPREAD_DB) / 20.0)
    loudest = max(float(np.abs(material.clean).max()), 0.98)
    gain = min(gain, loudest / max(float(np.abs(raw).max()), 1e-9))
    return raw * np.float32(gain)


def _seamless(material: Material, place: int, fault: Samples) -> Samples:
    """Let a fault begin as the clean music goes on, and end as it was before it comes back."""
    fade = min(material.samples(CROSSFADE_S), len(fault) // 2)
    rise = np.sin(np.linspace(0.0, np.pi / 2, fade)).astype(np.float32)[:, None] ** 2
    out = fault.copy()
    out[:fade] = out[:fade] * rise + material.following(place, fade) * (1 - rise)
    out[len(out) - fade :] = out[len(out) - fade :] * rise[::-1] + material.following(place - fade, fade) * (
        1 - rise[::-1]
    )
    return out
