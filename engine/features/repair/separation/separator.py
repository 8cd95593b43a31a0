"""Interface of a separator: takes a window, its surroundings and prompts, and returns masks.

A mask is the share of the target in each moment and band. Prompts are words, or a sound that is marked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy.fft import irfft, rfft
from scipy.signal import ShortTimeFFT
from torch import Tensor

from engine.analysis.sound_names.prompts import SIZE, text_encoder
from engine.analysis.sound_names.vocabulary import without_not
from engine.core.errors import UsageError
from engine.core.progress import check_heeded
from engine.features.repair.separation.paint import TellsShares, between

WINDOW_S = 0.064
_HOPS_EACH = 4
_LEAST_SHARE = 1e-6


class Mode(Enum):
    """Effect on the target."""

    KEEP = "keep"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True, eq=False)
class Mask:
    """Shares of the target in a segment of sound.

    Attributes
    ----------
    shares : float32 within [0, 1], shape (frames, bands)
    first_s : the middle of the first frame, from the start of the segment
    hop_s : from one frame to the next
    centres_hz : the middle of each band, rising, shape (bands,)
    """

    shares: NDArray[np.float32]
    first_s: float
    hop_s: float
    centres_hz: NDArray[np.float64]

    def from_later(self, by_s: float) -> Mask:
        """Return the same mask for a segment that begins this much later."""
        return replace(self, first_s=self.first_s - by_s)

    def over(self, centres_hz: NDArray[np.float64]) -> Mask:
        """Return the same mask with other bands: between its bands by distance, beyond them as there."""
        if np.array_equal(centres_hz, self.centres_hz):
            return self
        places = np.interp(centres_hz, self.centres_hz, np.arange(len(self.centres_hz)))
        return replace(self, shares=between(self.shares.T, places).T, centres_hz=centres_hz)

    def at(self, times_s: NDArray[np.float64], bins_hz: NDArray[np.float64]) -> NDArray[np.float32]:
        """Return shares at any times and frequencies, shape (times, bins).

        Between frames and bands by distance; beyond the first and last of either as there.
        """
        over_time = between(self.shares, (times_s - self.first_s) / self.hop_s)
        return replace(self, shares=over_time).over(bins_hz).shares


def united(masks: Sequence[Mask], stays: Sequence[bool] = ()) -> Mask:
    """Return the union of several masks over the same frames: their sum, at most 1, in the finest bands.

    Sounds to keep claim their part: the target is then its share of both (as in a Wiener filter of several
    sources), and all else if only sounds to keep are named.

    Parameters
    ----------
    stays : whether each mask is of a sound to keep; by default none

    Raises
    ------
    UsageError : no mask is given
    """
    if not masks:
        raise UsageError("No sound is named: name one.")
    flags = tuple(stays) or (False,) * len(masks)
    finest_hz = max((mask.centres_hz for mask in masks), key=len)
    masks = [mask.over(finest_hz) for mask in masks]
    meant, left = (
        _summed([mask.shares for mask, each in zip(masks, flags, strict=True) if each is of])
        for of in (False, True)
    )
    if meant is None:
        assert left is not None
        shares = 1.0 - left
    else:
        shares = meant if left is None else meant / np.maximum(meant + left, _LEAST_SHARE)
    return replace(masks[0], shares=np.asarray(shares, np.float32))


def _summed(shares: Sequence[NDArray[np.float32]]) -> NDArray[np.float32] | None:
    return np.clip(np.sum(shares, axis=0, dtype=np.float32), 0.0, 1.0) if shares else None


NOTHING_MEANT = Mask(np.zeros((1, 1), np.float32), 0.0, 1.0, np.zeros(1))
"""The mask under paint alone."""


def floor_of(strength_db: float | None) -> float:
    """Return the floor in dB for a maximum reduction; minus infinity for None."""
    return -np.inf if strength_db is None else -abs(strength_db)


_FRAMES_AT_ONCE = 256
"""Frames of a spectrum between two checks for a cancel."""


def masked(
    samples: NDArray[np.float32], rate_hz: int, mask: TellsShares, mode: Mode, floor_db: float = -np.inf
) -> NDArray[np.float32]:
    """Return the audio of a segment after keeping or removing its mask, float32, shape (frames, channels).

    The spectrum is taken at the rate of the segment and each channel keeps its phases. Above the highest band
    of the mask the shares of that band hold.

    Parameters
    ----------
    samples : float32, shape (frames, channels)
    floor_db : limit of the reduction per moment and band; unlimited by default
    """
    transform = transform_at(rate_hz)
    if len(samples) < transform.m_num:
        padded = np.zeros((transform.m_num, samples.shape[1]), np.float32)
        padded[: len(samples)] = samples
        return masked(padded, rate_hz, mask, mode, floor_db)[: len(samples)]
    hop, count = transform.hop, transform.p_num(len(samples))
    before = transform.m_num_mid - transform.p_min * hop
    padded = np.zeros((samples.shape[1], (count - 1) * hop + transform.m_num))
    padded[:, before : before + len(samples)] = samples.T
    frames, changed = sliding_window_view(padded, transform.m_num, axis=1)[:, ::hop], np.zeros_like(padded)
    times_s, bins_hz = np.asarray(transform.t(len(samples))), np.asarray(transform.f)
    for first in range(0, count, _FRAMES_AT_ONCE):
        check_heeded()
        here = slice(first, min(first + _FRAMES_AT_ONCE, count))
        shares = mask.at(times_s[here], bins_hz)
        gains = shares if mode is Mode.KEEP else 1.0 - shares
        spectrum = rfft(frames[:, here] * transform.win)
        spectrum *= np.maximum(gains, np.float32(10 ** (floor_db / 20)))
        back = irfft(spectrum, transform.m_num) * transform.dual_win
        for part in range(_HOPS_EACH):
            at = (first + part) * hop
            piece = back[:, :, part * hop : (part + 1) * hop].reshape(len(back), -1)
            changed[:, at : at + piece.shape[1]] += piece
    return np.ascontiguousarray(changed[:, before : before + len(samples)].T, dtype=np.float32)


def transform_at(rate_hz: int) -> ShortTimeFFT:
    """Return the transform in which masks are applied, at a rate."""
    hop = max(1, round(WINDOW_S * rate_hz / _HOPS_EACH))
    length = hop * _HOPS_EACH
    window = np.sqrt(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / length))
    return ShortTimeFFT(window, hop, fs=rate_hz, fft_mode="onesided", mfft=length)


_EDGE_FRAMES = 3
"""Frames next to a window whose analysis still overlaps it."""
_LEAST_FRAMES = 8
_LEAST_OF_LOUDEST = 1e-5
"""Surroundings below this share of the window's power count as silent: -50 dB."""


def outside(inside: Tensor) -> Tensor:
    """Return whether frames are clear of all windows, bool, shape (frames,)."""
    near = torch.nn.functional.max_pool1d(
        inside.float()[None, None], 2 * _EDGE_FRAMES + 1, stride=1, padding=_EDGE_FRAMES
    )
    return near[0, 0] == 0


def around(power: Tensor, inside: Tensor) -> Tensor:
    """Return mean and deviation of the logarithm of the power outside the windows, shape (2, bands).

    Parameters
    ----------
    power : mel power, shape (frames, bands)
    inside : bool, shape (frames,)
    """
    heard = power[outside(inside)]
    if len(heard) < _LEAST_FRAMES:
        return torch.zeros(2, power.shape[1])
    levels = torch.log(heard + 1e-6 * heard.mean() + 1e-12)
    return torch.stack([levels.mean(dim=0), levels.std(dim=0)])


def surrounds(power: Tensor, inside: Tensor) -> bool:
    """Return whether the surroundings of the windows are audible."""
    heard = power[outside(inside)]
    if len(heard) < _LEAST_FRAMES:
        return False
    return bool(heard.mean() > _LEAST_OF_LOUDEST * power[inside].mean())


CONTEXT_S = 4.0
"""Length of the context before and after a window."""


@dataclass(frozen=True, slots=True, eq=False)
class Prompt:
    """A target: words, or an example sound.

    Attributes
    ----------
    text : as the user wrote it; of an example, its description
    vector : of length 1, shape (engine.analysis.sound_names.prompts.SIZE,)
    example : whether the vector is that of a sound
    stays : whether it names a sound to keep, from which the target is separated
    """

    text: str
    vector: NDArray[np.float32]
    example: bool = False
    stays: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Stretch:
    """A segment of a recording, mono, at the rate of `engine.analysis.detection.spectra.MEL`.

    Attributes
    ----------
    samples : float32, shape (frames,)
    windows_s : [start, stop) to be separated, from the start of the segment; may be many
    """

    samples: NDArray[np.float32]
    windows_s: tuple[tuple[float, float], ...]


@runtime_checkable
class Separator(Protocol):
    """Returns masks; one without words returns the same mask for any prompt."""

    @property
    def name(self) -> str:
        """Its name in the window, on the command line and as the maker of a repair."""

    def masks(self, stretch: Stretch, prompts: Sequence[Prompt]) -> tuple[Mask, ...]:
        """Return a mask for each prompt, over the whole segment."""


MOST_PROMPTS = 12


def prompts_of(texts: Sequence[str]) -> tuple[Prompt, ...]:
    """Return the prompts of words; without any, one for all new sounds in the window.

    "not speech" names a sound to keep, to be separated from the target.

    Raises
    ------
    UsageError : words are empty, too long or unknown, or there are too many
    """
    if len(texts) > MOST_PROMPTS:
        raise UsageError(f"{len(texts)} sounds are named at once: name {MOST_PROMPTS} at most.")
    if not texts:
        return (Prompt("the most prominent sound", np.zeros(SIZE, np.float32)),)
    return tuple(_named(" ".join(text.split())) for text in texts)


def _named(words: str) -> Prompt:
    meant = without_not(words)
    return Prompt(words, text_encoder().encode(meant), stays=meant != words)


def example_prompt(vector: NDArray[np.float32], text: str) -> Prompt:
    """Return a prompt for sounds like an example.

    Parameters
    ----------
    vector : as `engine.analysis.detection.detector.Detector.vector` returns it

    Raises
    ------
    UsageError : nothing sounds in it
    """
    if not np.any(vector):
        raise UsageError("The example is silent: select the sound.")
    return Prompt(text, np.asarray(vector, np.float32), example=True)
