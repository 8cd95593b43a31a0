"""Synthesise fills between slices that were moved apart: pure functions of the audio before the gap.

A decay goes on (`continued`): an autoregressive model is fitted to the end of the sound by Burg's method
(S. M. Kay, "Modern Spectral Estimation", 1988, section 7.6), whose filters are stable, and run on without
input, which continues the resonances (I. Kauppinen and K. Roth, "Audio signal extrapolation", DAFx-02). The
prediction residual is played again, backwards and attenuated by the decay so far, through the same filter.

A note changes its length at the same pitch (`elastic`): as few pieces as possible are left out or repeated,
cut where the sound before and after the cut is most alike, so that pitch, vibrato and consonants stay as
they are.

A sound is lengthened (`stretched`) by overlapping windows, each at its best match (WSOLA, W. Verhelst and
M. Roelands, ICASSP 1993). Libraries use windows of a tenth of a second, which smear a gap of some
milliseconds, and one of them draws random phases, so that one gap would sound different each time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import NDArray

from engine.core.timebase import s_to_samples
from engine.document.kinds.operations import Fill
from engine.sound.edl.crossfade import at_constant_level, crossfade
from engine.sound.edl.slices import Gap

Sound = NDArray[np.float64]

STRETCH_WINDOW_S = 0.02
STRETCH_SEARCH_S = 0.005
PIECE_S = 0.025
"""The longest usual piece: a period of 40 Hz."""
SEARCH_S = 0.014
"""How much longer or shorter a piece may be, so that it is whole periods."""
FADE_S = 0.012
LAST_FADE_S = 0.06
"""Of the crossfade into the end of the sound, whose phase differs: a faster one sounds like an attack."""
_PLACES = 12
"""Cuts tried for each piece."""
_SMALLEST_S = 0.0015
"""The last crossfade covers a smaller change by itself."""
ORDER = 32
LONGEST_FIT_SAMPLES = 2_048
_LEAST_SAMPLES = 64
_FASTEST_DECAY = 0.1
"""Amplitude ratio from one half of the sound to the next: a faster fall is not a decay."""
_LEAST_DIVISOR = 1e-12


def made_up(gap: Gap, left: Callable[[int, int], Sound], rate_hz: int) -> Sound:
    """Return the fill of a gap, including its crossfades, shape (frames, channels).

    Parameters
    ----------
    left : maps (start, stop) to samples of the segment before the gap
    """
    length = gap.stop_samples - gap.start_samples
    if gap.fill is Fill.ELASTIC:
        return elastic(left(gap.start_samples, gap.tail_stop_samples), length, rate_hz)
    if gap.fill is Fill.STRETCH:
        return stretched(left(gap.start_samples, gap.tail_stop_samples), length, rate_hz)
    tail = left(gap.tail_samples, gap.start_samples)
    return np.stack([continued(channel, length) for channel in tail.T], axis=1)


def stretched(sound: Sound, length: int, rate_hz: int) -> Sound:
    """Return a sound, shape (frames, channels), at a length of `length` frames; it begins as it did."""
    window = min(s_to_samples(STRETCH_WINDOW_S, rate_hz) // 2 * 2, len(sound) // 2 * 2)
    if window < 4 or length <= window:
        return sound[np.minimum(np.arange(length), len(sound) - 1)]
    hop, search = window // 2, s_to_samples(STRETCH_SEARCH_S, rate_hz)
    rise = np.sin(0.5 * np.pi * (np.arange(hop) + 0.5) / hop)[:, None] ** 2
    out = np.zeros((length + window, sound.shape[1]))
    out[:window] = sound[:window]
    last, farthest = 0, len(sound) - window
    for begin in range(hop, length, hop):
        wanted = round(begin / (length - hop) * farthest)
        natural = sound[min(last + hop, farthest) :][:hop]
        last = _best_match(sound, natural, wanted, search, farthest)
        piece = sound[last : last + window]
        out[begin : begin + hop] = out[begin : begin + hop] * rise[::-1] + piece[:hop] * rise
        out[begin + hop : begin + window] = piece[hop:]
    return out[:length]


def _best_match(sound: Sound, natural: Sound, wanted: int, search: int, farthest: int) -> int:
    """Return the place near `wanted` where the sound best matches the natural continuation."""
    first, last = max(0, wanted - search), min(farthest, wanted + search)
    if first >= last:
        return min(max(wanted, 0), farthest)
    near = sound[first : last + len(natural)]
    likeness = sum(np.correlate(near[:, one], natural[:, one], "valid") for one in range(sound.shape[1]))
    power = np.cumsum(np.concatenate([[0.0], np.square(near).sum(axis=1)]))
    energy = power[len(natural) :] - power[: -len(natural)]
    return first + int(np.argmax(likeness / np.sqrt(np.maximum(energy, 1e-12))))


@dataclass(frozen=True, slots=True)
class _Cut:
    """A jump in the source: at `at` of the source it goes on `by` samples later, above 0 to leave out."""

    at: int
    by: int
    unlike: float


def elastic(sound: Sound, length: int, rate_hz: int) -> Sound:
    """Return a sound, shape (frames, channels), at a length of `length` frames.

    It begins and ends as the sound does. A crossfade at the end covers the rest that no cut leaves out or
    repeats.
    """
    fade = min(s_to_samples(FADE_S, rate_hz), len(sound) // 4, length // 4)
    if length == len(sound):
        return sound
    if fade < 4:
        return sound[np.minimum(np.arange(length), len(sound) - 1)]
    last = min(s_to_samples(LAST_FADE_S, rate_hz), len(sound) // 4, length // 4)
    ends = length - last
    out = _played(sound, _cuts(sound, len(sound) - length, fade, rate_hz), fade, length)
    if len(out) < length:
        out = np.concatenate([out, np.repeat(out[-1:], length - len(out), axis=0)])
    tail = sound[len(sound) - last :]
    if not np.array_equal(out[ends:], tail):
        out[ends:] = at_constant_level(out[ends:], tail)
    return out


def _cuts(sound: Sound, left_out: int, fade: int, rate_hz: int) -> list[_Cut]:
    """Return the cuts that leave out about this number of samples, or repeat them if it is below 0."""
    piece, search = s_to_samples(PIECE_S, rate_hz), s_to_samples(SEARCH_S, rate_hz)
    if abs(left_out) < s_to_samples(_SMALLEST_S, rate_hz):
        return []
    count = ceil(abs(left_out) / piece)
    mono = sound.mean(axis=1)
    found: list[_Cut] = []
    borders = np.linspace(fade, len(sound) - fade, count + 1).astype(int)
    rest = left_out
    for number in range(count):
        wanted = round(rest / (count - number))
        first = max(int(borders[number]), found[-1].at + max(found[-1].by, 0) + fade if found else 0)
        cut = _best(mono, (first, int(borders[number + 1])), wanted, search, fade)
        if cut is not None:
            found.append(cut)
            rest -= cut.by
    return found


def _best(mono: Sound, within: tuple[int, int], wanted: int, search: int, fade: int) -> _Cut | None:
    """Return the most alike cut in a part of the sound; None without room."""
    best: _Cut | None = None
    least, most = wanted - search, wanted + search
    least, most = (max(least, 1), most) if wanted > 0 else (least, min(most, -1))
    for at in np.unique(np.linspace(within[0], within[1] - 1, _PLACES).astype(int)).tolist():
        first, last = max(at + least, 0), min(at + most, len(mono) - 2 * fade)
        if at + fade > len(mono) or first > last:
            continue
        unlike = _unlike(mono[at : at + fade], mono[first : last + fade])
        place = int(np.argmin(unlike))
        if best is None or unlike[place] < best.unlike:
            best = _Cut(at, first + place - at, float(unlike[place]))
    return best


def _unlike(going: Sound, others: Sound) -> Sound:
    """Return the power of the difference between `going` and each segment of `others`."""
    squares = np.concatenate([[0.0], np.cumsum(np.square(others))])
    power = squares[len(going) :] - squares[: -len(going)]
    size = 1 << (len(others) - 1).bit_length()
    spectrum = np.fft.rfft(others, size) * np.conj(np.fft.rfft(going, size))
    unlike: Sound = float(going @ going) + power - 2.0 * np.fft.irfft(spectrum, size)[: len(power)]
    return unlike


def _played(sound: Sound, cuts: list[_Cut], fade: int, length: int) -> Sound:
    """Return the sound with its cuts, each with a crossfade."""
    parts: list[Sound] = []
    at = 0
    for cut in cuts:
        goes_on = cut.at + cut.by
        parts += [
            sound[at : cut.at],
            crossfade(sound[cut.at : cut.at + fade], sound[goes_on : goes_on + fade]).astype(np.float64),
        ]
        at = goes_on + fade
    done = sum(map(len, parts))
    parts.append(sound[at : at + max(length - done, 0)])
    return np.concatenate(parts)[:length]


def continued(tail: Sound, length: int) -> Sound:
    """Return the continuation of a sound, shape (n,), for `length` samples; silence continues silence."""
    ending = tail[-LONGEST_FIT_SAMPLES:]
    if len(ending) < _LEAST_SAMPLES or not np.any(ending):
        return np.zeros(length)
    order = min(ORDER, len(ending) // 3)
    coefficients = burg(ending, order)
    residual = np.convolve(ending, coefficients, "valid")
    rings = np.zeros(length)
    overhang = np.convolve(ending[-order:], coefficients[1:])[order - 1 :]  # what the past says of what comes
    rings[: min(order, length)] = -overhang[:length]
    noise = np.resize(np.concatenate([residual[::-1], residual]), length) * _fading(residual, length)
    goes_on = _filtered(rings + noise, coefficients)
    loudest = np.maximum.accumulate(np.abs(goes_on))
    # what swells, or is too slow to be told from a slope, would go on rising
    limited: Sound = goes_on * np.minimum(1.0, np.abs(ending).max() / np.maximum(loudest, 1e-300))
    return limited


def burg(sound: Sound, order: int) -> Sound:
    """Return the prediction error filter of a sound, shape (order + 1,), the first of them 1."""
    forward, backward = sound[1:].copy(), sound[:-1].copy()
    found = np.zeros(order + 1)
    found[0] = 1.0
    for number in range(order):
        power = float(forward @ forward + backward @ backward)
        reflection = -2.0 * float(forward @ backward) / power if power > 0.0 else 0.0
        known = found[: number + 2]
        known += reflection * known[::-1]
        forward, backward = (forward + reflection * backward)[1:], (backward + reflection * forward)[:-1]
    return found


def _fading(residual: Sound, length: int) -> Sound:
    """Return the level of the continuation relative to the end of a residual, at each of `length` samples."""
    half = len(residual) // 2
    early, late = (float(np.sqrt(np.mean(np.square(part)))) for part in (residual[:half], residual[half:]))
    per_half = 1.0 if early <= 0.0 else min(1.0, max(_FASTEST_DECAY, late / early))
    return per_half ** ((np.arange(length) + half / 2) / half)


def _filtered(driven: Sound, coefficients: Sound) -> Sound:
    """Return a sound through the all-pole filter of a prediction error filter, shape (n,).

    Divides spectra on a circle outside the unit circle, where the wrapped tail of a ring has faded by 120 dB.
    """
    size = 1 << (2 * max(len(driven), len(coefficients)) - 1).bit_length()
    shrink = 10.0 ** (-6.0 * np.arange(size) / size)
    spectrum = np.fft.rfft(driven * shrink[: len(driven)], size)
    divisor = np.fft.rfft(coefficients * shrink[: len(coefficients)], size)
    # A sound that swells can put a pole on the circle itself; the result is limited afterwards.
    divided = spectrum / np.where(divisor == 0.0, _LEAST_DIVISOR, divisor)
    filtered: Sound = np.fft.irfft(divided, size)[: len(driven)] / shrink[: len(driven)]
    return filtered
