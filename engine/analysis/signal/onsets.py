"""Where sounds start: spectral flux, its peaks, and the moment the energy rises, for streams of any length.

Strength and peak rule are librosa's (`librosa.onset.onset_strength`, `librosa.util.peak_pick`), computed
without it, because librosa's compiled code needs many seconds at its first call. The one difference: levels
are floored at a fixed `FLOOR_POWER` instead of 80 dB below the loudest moment, which a stream cannot know.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.analysis.signal.bands import MelSettings
from engine.analysis.signal.span_means import means_of
from engine.core.progress import SILENT, Progress

Floats = NDArray[np.float32]

FLOOR_POWER = 1e-4
BANDS = 64
QUIETEST_STRENGTH_DB = 0.25


@dataclass(frozen=True, slots=True)
class Framing:
    """How a recording is cut into spectra: about 86 frames a second of 46 ms, at any rate.

    At 22,050 Hz this is a window of 1,024 and a hop of 256 samples, at 44,100 Hz twice that.
    """

    rate_hz: int

    @property
    def hop_samples(self) -> int:
        """Distance between two frames."""
        return max(1, round(self.rate_hz * 256 / 22_050))

    @property
    def window_samples(self) -> int:
        """Length of one frame: the power of two nearest to 46 ms."""
        return int(2 ** max(4, round(np.log2(self.rate_hz * 1024 / 22_050))))

    @property
    def frames_per_s(self) -> float:
        """Frames in one second."""
        return self.rate_hz / self.hop_samples

    @property
    def late_frames(self) -> int:
        """How far librosa shifts the strength: half a window, in whole frames."""
        return self.window_samples // (2 * self.hop_samples)

    def onset_samples(self, frames: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the onset positions of strength peaks at `frames`, both shape (n,).

        A window detects a sound before its middle reaches it. Measured, the unshifted peak is 12 ms before a
        click and 8 ms before a drum in music; librosa's shift then overshoots by 1 to 20 ms.
        """
        early_samples = round(0.010 * self.rate_hz)
        return np.maximum(0, (frames - self.late_frames) * self.hop_samples + early_samples)

    @property
    def mel_settings(self) -> MelSettings:
        """The spectrogram of that framing.

        Raises
        ------
        pydantic.ValidationError : the rate is outside what `MelSettings` takes
        """
        return MelSettings(
            rate_hz=self.rate_hz, n_fft=self.window_samples, hop_samples=self.hop_samples, n_mels=BANDS
        )


def floored_db(mel_power: Floats) -> Floats:
    """Convert mel power of any shape to dB, never below the floor."""
    level_db: Floats = np.float32(10.0) * np.log10(np.maximum(mel_power, np.float32(FLOOR_POWER)))
    return level_db


class OnsetStrength:
    """Spectral flux of a stream of mel levels: the mean rise in dB over mel bands, one value a frame.

    The definition of `librosa.onset.onset_strength` (lag 1, centred): Böck and Widmer, "Maximum filter
    vibrato suppression for onset detection", DAFx 2013, with a filter of size one.

    Parameters
    ----------
    bands : which mel bands count, such as ``slice(0, 3)`` for the bass
    """

    def __init__(self, framing: Framing, bands: slice = slice(None)) -> None:
        self._framing = framing
        self._bands = bands
        self._last: Floats | None = None
        self._parts: list[Floats] = []

    def push(self, level_db: Floats) -> Floats:
        """Take the next frames of `floored_db`, shape (frames, bands); return their flux, shape (frames,)."""
        chosen = level_db[:, self._bands]
        before = chosen[:1] if self._last is None else self._last
        rise = np.diff(np.concatenate([before, chosen]), axis=0)
        flux: Floats = np.maximum(rise, 0.0, out=rise).mean(axis=1)
        self._parts.append(flux)
        self._last = chosen[-1:].copy()
        return flux

    def finish(self) -> Floats:
        """Return the strength, float32, shape (frames,), shifted like librosa's by half a window."""
        if not self._parts:
            return np.zeros(0, np.float32)
        flux = np.concatenate(self._parts)
        return np.concatenate([np.zeros(self._framing.late_frames, np.float32), flux])[: len(flux)]


def peak_pick(
    strength: NDArray[np.floating],
    *,
    pre_max: int,
    post_max: int,
    pre_avg: int,
    post_avg: int,
    delta: float,
    wait: int,
) -> NDArray[np.int64]:
    """Return the peak frames, shape (n,); rule and arguments of `librosa.util.peak_pick`.

    A frame is a peak if it is the largest of ``[n - pre_max, n + post_max)``, at least `delta` above the
    mean of ``[n - pre_avg, n + post_avg)`` and more than `wait` frames after the peak before.
    """
    count = len(strength)
    if not count:
        return np.zeros(0, np.int64)
    values = strength.astype(np.float64)
    padded = np.concatenate([np.full(pre_max, -np.inf), values, np.full(post_max - 1, -np.inf)])
    largest = np.lib.stride_tricks.sliding_window_view(padded, pre_max + post_max).max(axis=1)
    index = np.arange(count)
    mean = means_of(values, np.maximum(0, index - pre_avg), np.minimum(count, index + post_avg))
    picked: list[int] = []
    next_free = 0
    for frame in np.flatnonzero((values == largest) & (values >= mean + delta)):
        if frame >= next_free:
            picked.append(int(frame))
            next_free = int(frame) + wait + 1
    return np.array(picked, np.int64)


def local_scale(strength: Floats, frames: int) -> Floats:
    """Return the root mean square of the strength over `frames` around each frame, shape (n,).

    Dividing by it lets a quiet passage of a long jam count as much as a loud one.
    """
    count = len(strength)
    width = min(frames, count)
    low = np.clip(np.arange(count) - width // 2, 0, count - width)
    means = means_of(strength.astype(np.float64) ** 2, low, low + width)
    scale: Floats = np.sqrt(np.maximum(means, 0.0)).astype(np.float32)
    return scale


def pick_onsets(strength: Floats, framing: Framing) -> NDArray[np.int64]:
    """Return the frames, shape (n,), where a sound starts: librosa's peak times, thresholds of our own."""
    per_s = framing.frames_per_s
    scale = local_scale(strength, round(8.0 * per_s))
    return peak_pick(
        strength / np.maximum(scale, QUIETEST_STRENGTH_DB),
        pre_max=round(0.03 * per_s),
        post_max=2,
        pre_avg=round(0.1 * per_s),
        post_avg=round(0.1 * per_s) + 1,
        delta=0.35,
        wait=round(0.03 * per_s),
    )


def refine_onsets(
    near_samples: NDArray[np.int64],
    attack: Floats,
    hop_samples: int,
    rate_hz: int,
    progress: Progress = SILENT,
) -> NDArray[np.int64]:
    """Move each onset to the beginning of its rise in energy.

    Parameters
    ----------
    near_samples : int64, shape (n,), peaks of the strength
    attack : float32, shape (m,), energy of the differenced signal in short hops (`HopEnergy`)
    hop_samples : length of one of those hops

    Returns
    -------
    onsets_samples : int64, shape (n,), the first sample of the hop in which the rise begins

    Raises
    ------
    Cancelled : the user asked for it
    """
    if not len(near_samples):
        return near_samples
    before, after, margin = (max(1, round(s * rate_hz / hop_samples)) for s in (0.03, 0.025, 0.008))
    around = np.arange(-before - margin, after + margin)
    moved = np.empty_like(near_samples)
    for start in range(0, len(near_samples), 2048):
        progress.check_cancelled()
        hops = np.clip(near_samples[start : start + 2048] // hop_samples, 0, len(attack) - 1)
        window = hops[:, None] + around  # silence outside the recording
        inside = (window >= 0) & (window < len(attack))
        energies = np.where(inside, attack[np.where(inside, window, 0)], np.float32(0))
        rise = _rise_hop(energies, margin)
        moved[start : start + 2048] = np.maximum(0, hops - before + rise) * hop_samples
    return moved


def _rise_hop(windows: Floats, margin: int) -> NDArray[np.int64]:
    """Return the hop at which the steepest rise of each window begins, counted after the first `margin`.

    It is steepest where the mean of the `margin` hops from there on exceeds that of the `margin` hops before
    most, as a ratio, and begins at the first hop that leaves the level before by a tenth of the way up.
    """
    rows = np.arange(len(windows))[:, None]
    total = np.cumsum(np.pad(windows, ((0, 0), (1, 0))), axis=1, dtype=np.float64)
    means = (total[:, margin:] - total[:, :-margin]) / margin
    floor = 0.003 * means.max(axis=1, keepdims=True) + 1e-14
    ratio = (means[:, margin:] + floor) / (means[:, :-margin] + floor)
    steepest = ratio.argmax(axis=1)
    level = means[rows[:, 0], steepest]
    span = steepest[:, None] + np.arange(2 * margin)
    near = np.take_along_axis(windows, span, axis=1)
    top = near[:, margin:].max(axis=1)
    above = near > (level + 0.1 * np.maximum(top - level, 0.0))[:, None]
    above[:, : margin // 2] = False
    begins = np.where(above.any(axis=1), above.argmax(axis=1), margin)
    offsets: NDArray[np.int64] = steepest + begins - margin
    return offsets


SEGMENT_S = 60.0
CONTEXT_S = 8.0
"""Context around a segment for picking onsets: twice the range of a peak comparison."""


@dataclass(frozen=True, slots=True, eq=False)
class Onsets:
    """Onsets: positions int64, shape (n,), ascending, and strengths relative to their surroundings."""

    positions_samples: NDArray[np.int64]
    strengths: Floats


class OnsetStream:
    """Picks the peaks of the onset strength and moves each to the rise of the energy, a minute at a time.

    Segments are at fixed places, so that the result does not depend on the length of the blocks.

    Parameters
    ----------
    attack_hop_samples : length of the energy hops in which the rise is located
    """

    def __init__(self, framing: Framing, attack_hop_samples: int) -> None:
        self._framing = framing
        self._attack_hop = attack_hop_samples
        self._segment = round(SEGMENT_S * framing.frames_per_s)
        self._context = round(CONTEXT_S * framing.frames_per_s)
        # The strength comes late: librosa's shift by half a window.
        self._strength: Floats = np.zeros(framing.late_frames, np.float32)
        self._attack: Floats = np.zeros(0, np.float32)
        self._first_frame = self._first_hop = 0  # where the two begin
        self._settled = 0
        self._found: list[Onsets] = []

    def push(self, flux: Floats, attack: Floats, progress: Progress = SILENT) -> None:
        """Take the next spectral flux, shape (frames,), and all energies known by now, shape (hops,).

        The energies are at least as far as the flux.
        """
        self._strength = np.concatenate([self._strength, flux])
        self._attack = np.concatenate([self._attack, attack])
        ready = self._first_frame + len(self._strength) - self._framing.late_frames
        while ready >= self._settled + self._segment + self._context:
            self._settle(self._settled + self._segment, self._context, progress)

    def finish(self, progress: Progress = SILENT) -> Onsets:
        """Return all onsets."""
        count = len(self._strength) - self._framing.late_frames
        self._strength = self._strength[:count]
        self._settle(self._first_frame + count, 0, progress)
        positions = np.concatenate([one.positions_samples for one in self._found])
        strengths = np.concatenate([one.strengths for one in self._found])
        unique, first = np.unique(positions, return_index=True)
        return Onsets(unique, strengths[first])

    def _settle(self, upto: int, beyond: int, progress: Progress) -> None:
        """Find the onsets up to a frame, and discard data that later ones do not need."""
        strength = self._strength[: upto + beyond - self._first_frame]
        near = pick_onsets(strength, self._framing)
        near = near[(near >= self._settled - self._first_frame) & (near < upto - self._first_frame)]
        before_samples = self._first_hop * self._attack_hop
        at_samples = self._framing.onset_samples(near + self._first_frame) - before_samples
        rate_hz = self._framing.rate_hz
        positions = refine_onsets(at_samples, self._attack, self._attack_hop, rate_hz, progress)
        self._found.append(Onsets(positions + before_samples, strength[near]))
        self._settled = upto
        first = max(self._first_frame, upto - self._context)
        self._strength = self._strength[first - self._first_frame :].copy()
        hop = max(self._first_hop, first * self._framing.hop_samples // self._attack_hop)
        self._attack = self._attack[hop - self._first_hop :].copy()
        self._first_frame, self._first_hop = first, hop
