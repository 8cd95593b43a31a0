"""Inject faults into real music, to measure detectors and as training data.

Every fault is inserted: the clean performance stays whole around it, so that cutting exactly the faults gives
the clean recording back, sample for sample. The first and last milliseconds of a fault are crossfades that
begin and end with the clean music's own samples, so that no click gives a fault away.

Passages at the wrong tempo have their pitch by WSOLA (W. Verhelst and M. Roelands, "An overlap-add technique
based on waveform similarity", ICASSP 1993).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import soxr
from numpy.typing import NDArray

from engine.core.errors import UsageError

Samples = NDArray[np.float32]

HUSH_DB = -55.0


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """Material of faults.

    Attributes
    ----------
    clean : the whole piece, shape (frames, channels)
    clips : mono recordings at the piece's rate, each of shape (n,), by the kind that plays them
    """

    clean: Samples
    rate_hz: int
    clips: Mapping[str, Sequence[Samples]] = field(default_factory=dict)

    def passage(self, length: int, rng: np.random.Generator) -> Samples:
        """Return a random excerpt of the piece."""
        start = int(rng.integers(0, max(1, len(self.clean) - length + 1)))
        return self.following(start, length)

    def following(self, start: int, length: int) -> Samples:
        """Return the audio from `start` on, wrapping at the end of the piece."""
        return np.take(self.clean, np.arange(start, start + length), axis=0, mode="wrap")

    def hush(self, length: int, rng: np.random.Generator) -> Samples:
        """Return the noise of a silent room."""
        level = active_rms(self.clean, self.rate_hz) * 10.0 ** (HUSH_DB / 20.0)
        noise: Samples = rng.standard_normal((length, self.clean.shape[1])).astype(np.float32)
        return noise * np.float32(level)

    def samples(self, seconds: float) -> int:
        """Convert seconds to samples."""
        return round(seconds * self.rate_hz)


Maker = Callable[[Material, int, int, np.random.Generator], Samples]
"""Makes a fault: (material, place, length in samples, rng) to samples, shape (at least length, channels)."""


def active_rms(audio: Samples, rate_hz: int) -> float:
    """Return the RMS level of the sounding part: the 50 ms windows at most 30 dB below the loudest."""
    width = max(1, rate_hz // 20)
    count = max(1, len(audio) // width)
    windows = audio[: count * width].reshape(count, -1)
    power = np.square(windows, dtype=np.float64).mean(axis=1)
    sounding = power[power >= power.max() * 1e-3]
    return float(np.sqrt(sounding.mean()))


def edges(length: int, rate_hz: int, fade_s: float = 0.005) -> Samples:
    """Return a gain of one with short fades at both ends, shape (length,)."""
    fade = max(1, min(round(fade_s * rate_hz), length // 2))
    steps = np.minimum(np.arange(length), np.arange(length)[::-1])
    return np.minimum(1.0, (steps + 1) / fade).astype(np.float32)


def repitched(audio: Samples, cents: float, rate_hz: int) -> Samples:
    """Play faster and higher, or slower and lower, as a tape does."""
    ratio = 2.0 ** (cents / 1200.0)
    return np.asarray(soxr.resample(audio, rate_hz * ratio, rate_hz, quality="HQ"), np.float32)


_WINDOW_S = 0.06
_SEARCH_S = 0.015
_THINNED = 4  # the best match is looked for among every fourth sample


def stretched(audio: Samples, factor: float, rate_hz: int) -> Samples:
    """Return a recording `factor` times as long at its pitch, shape (round(factor * frames), channels).

    Parameters
    ----------
    audio : float32, shape (frames, channels)
    """
    hop = max(_THINNED, round(_WINDOW_S * rate_hz / 2))
    width = 2 * hop
    reach = _THINNED * round(_SEARCH_S * rate_hz / _THINNED)  # so that no shift is among the candidates
    length = round(factor * len(audio))
    # Room on both sides, so that every window and every search is inside.
    padded = np.pad(audio, ((reach + hop, 2 * width + reach), (0, 0)))
    guide = padded.mean(axis=1)
    window = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(width) / width))[:, None]
    out = np.zeros((length + 2 * width, audio.shape[1]))
    natural = reach + hop
    for index in range(length // hop + 2):
        wanted = min(reach + round(index * hop / factor), len(padded) - width - reach)
        start = wanted
        if index:  # the shift at which the music goes on most like its natural continuation
            template = guide[natural : natural + width : _THINNED]
            region = guide[wanted - reach : wanted + reach + width : _THINNED]
            likeness = np.correlate(region, template, "valid")
            energy = np.convolve(region.astype(np.float64) ** 2, np.ones(len(template)), "valid")
            best = int(np.argmax(likeness / np.sqrt(energy + 1e-9)))
            start += min(best * _THINNED, 2 * reach) - reach
        out[index * hop : index * hop + width] += window * padded[start : start + width]
        natural = min(start + hop, len(padded) - width)
    return out[hop : hop + length].astype(np.float32)


def clip_run(name: str, least_pause_s: float, most_pause_s: float) -> Maker:
    """Return a maker that plays clips of a name one after the other, with pauses between."""

    def make(material: Material, _place: int, length: int, rng: np.random.Generator) -> Samples:
        out = material.hush(length, rng)
        clips, at = material.clips[name], 0
        while at < length:
            clip = _sounding(clips[int(rng.integers(len(clips)))], material.rate_hz)[: length - at]
            out[at : at + len(clip)] += (clip * edges(len(clip), material.rate_hz))[:, None]
            at += len(clip) + material.samples(rng.uniform(least_pause_s, most_pause_s))
        return out

    return make


def _sounding(clip: Samples, rate_hz: int) -> Samples:
    """Take the silence off both ends of a clip and bring it to full scale."""
    peak = float(np.abs(clip).max(initial=0.0))
    loud = np.flatnonzero(np.abs(clip) > 0.02 * peak)
    if peak == 0.0 or loud[-1] - loud[0] < rate_hz // 20:
        return clip[: max(1, rate_hz // 20)]
    return clip[loud[0] : loud[-1] + 1] / np.float32(peak)


def _detune(material: Material, _place: int, length: int, rng: np.random.Generator) -> Samples:
    cents = rng.choice([-1.0, 1.0]) * rng.uniform(30.0, 120.0)
    needed = int(length * 2.0 ** (cents / 1200.0)) + material.samples(0.1)
    return repitched(material.passage(needed, rng), cents, material.rate_hz)


def _dropout(material: Material, _place: int, length: int, rng: np.random.Generator) -> Samples:
    """A passage that falls to near silence once to three times, for most of its length."""
    gain = np.full(length, 1.0)
    count = int(rng.integers(1, 4))
    for part in range(count):
        start = (part + rng.uniform(0.1, 0.25)) * length / count
        gain[int(start) : int(start + rng.uniform(0.6, 0.7) * length / count)] = 10.0 ** (HUSH_DB / 20.0)
    width = max(1, material.samples(0.02))
    gain = np.pad(gain, width, mode="edge")
    smooth = np.convolve(gain, np.full(width, 1 / width), "same")[width:-width]
    return (material.passage(length, rng) * smooth[:, None]).astype(np.float32)


def _false_start(material: Material, place: int, length: int, rng: np.random.Generator) -> Samples:
    """Return attempts at the next passage: each breaks off after a pause and is a little longer."""
    out = material.hush(length, rng)
    at, seconds = 0, rng.uniform(1.0, 2.0)
    while at < length:
        start = material.following(place, min(material.samples(seconds), length - at))
        out[at : at + len(start)] += start * edges(len(start), material.rate_hz, 0.03)[:, None]
        at += len(start) + material.samples(rng.uniform(0.6, 1.6))
        seconds *= rng.uniform(1.0, 1.5)
    return out


def _noodling(material: Material, _place: int, length: int, rng: np.random.Generator) -> Samples:
    """Scraps of the music itself at other pitches, in no order and in no time."""
    out = material.hush(length, rng)
    at = 0
    while at < length:
        scrap = material.passage(material.samples(rng.uniform(0.12, 0.6)), rng)
        scrap = repitched(scrap, 100.0 * float(rng.integers(-5, 6)), material.rate_hz)[: length - at]
        level = 10.0 ** (rng.uniform(-6.0, 0.0) / 20.0)
        out[at : at + len(scrap)] += level * scrap * edges(len(scrap), material.rate_hz, 0.02)[:, None]
        at += len(scrap) + material.samples(rng.uniform(0.0, 0.35))
    return out


def _wrong_tempo(material: Material, _place: int, length: int, rng: np.random.Generator) -> Samples:
    """A passage far too slow or too fast, at its own pitch."""
    factor = float(rng.uniform(1.25, 1.5) if rng.random() < 0.5 else rng.uniform(0.65, 0.8))
    needed = int(length / factor) + material.samples(0.2)
    return stretched(material.passage(needed, rng), factor, material.rate_hz)


def _bad_join(material: Material, _place: int, length: int, rng: np.random.Generator) -> Samples:
    """Stretches of a second or less, cut anywhere and joined without a crossfade."""
    pieces, left = [], length
    while left > 0:
        piece = material.passage(min(left, material.samples(rng.uniform(0.25, 1.0))), rng)
        pieces.append(piece)
        left -= len(piece)
    return np.concatenate(pieces)


MAKERS: Mapping[str, Maker] = {
    "talk": clip_run("talk", 0.1, 0.6),
    "noise": clip_run("noise", 0.0, 0.1),
    "detune": _detune,
    "dropout": _dropout,
    "false_start": _false_start,
    "noodling": _noodling,
    "wrong_tempo": _wrong_tempo,
    "bad_join": _bad_join,
}
NEED_CLIPS = ("talk", "noise")
KINDS = tuple(MAKERS)


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
