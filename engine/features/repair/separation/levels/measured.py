"""Measure on its result by how much a separation lowered a sound."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from engine.analysis.words.negation import without_not
from engine.core.timebase import s_to_samples
from engine.core.wording import listed
from engine.features.repair.separation.levels.level_change import Energy, LevelChange, combined
from engine.features.repair.separation.mask import Mode, transform_at
from engine.features.repair.separation.paint import PaintedMask
from engine.features.repair.separation.separate import Asked, Read, Recording, Samples, mask_of, piece_spans
from engine.features.repair.separation.separator import CONTEXT_S, Prompt, Separator

ROOM_TONE_DBFS, ROOM_TONE_QUIETER_DB = -45.0, 20.0
"""Surroundings are room tone below the first, and if the window is louder than they are by the second."""
_MOST_OF_WINDOW = 0.5
_FRAME_S = 0.05
_FRAMES_AT_ONCE = 600
_LOUD_FRAMES = 0.95
_TINY = 1e-20


def level_change(
    recording: Recording,
    result: Read,
    windows: Sequence[tuple[int, int]],
    window: tuple[int, int],
    asked: Asked,
    separator: Separator,
) -> LevelChange:
    """Measure the levels inside one window before and after.

    Each cell of the spectrum counts as the sound asked for by its share in the mask, in the recording as in
    the result.

    Parameters
    ----------
    windows : as `engine.features.repair.separation.windows.joined` returns them
    window : one of them
    result : reads the recording after the separation, inside the window
    separator : asked again for the masks; one that remembers them answers at once
    """
    found = []
    for span in piece_spans(window, recording.rate_hz):
        found.append(_piece_change(recording, result(*span), windows, span, asked, separator))
    change = combined(found)
    is_alone = change.target.before >= _MOST_OF_WINDOW * change.window.before
    return replace(change, only_room_tone=is_alone and _only_room_tone(recording, window))


def _piece_change(
    recording: Recording,
    after: Samples,
    windows: Sequence[tuple[int, int]],
    span: tuple[int, int],
    asked: Asked,
    separator: Separator,
) -> LevelChange:
    rate_hz = recording.rate_hz
    before = recording.read(*span)
    mask, first = mask_of(recording, windows, span, asked.prompts, separator)
    painted = PaintedMask(mask.from_later((span[0] - first) / rate_hz), asked.paint, span[0], rate_hz)
    powers, times_s, hz = _powers((before, after), rate_hz)
    shares = painted.at(times_s, hz)
    lowered = shares if asked.mode is Mode.REMOVE else 1.0 - shares
    energies = [float(np.sum(np.square(each, dtype=np.float64))) for each in (before, after)]
    scale = energies[0] / max(float(powers[0].sum()), _TINY)
    target = [scale * float((lowered * power).sum()) for power in powers]
    peak = [float(np.abs(each).max(initial=0.0)) for each in (before, after)]
    return LevelChange(
        named(asked.prompts, is_painted=bool(asked.paint)),
        asked.mode is Mode.KEEP,
        Energy(target[0], target[1]),
        Energy(energies[0], energies[1]),
        (peak[0], peak[1]),
        before.size,
    )


def named(prompts: Sequence[Prompt], *, is_painted: bool) -> str:
    """Return the target of prompts as sentences name it: "dog and hum", "everything but rain"."""
    meant = listed([prompt.text for prompt in prompts if not prompt.stays])
    stays = listed([without_not(prompt.text) for prompt in prompts if prompt.stays])
    if not prompts:
        return "the painted mask"
    words = (f"{meant}, not {stays}" if stays else meant) if meant else f"everything but {stays}"
    return f"{words} as painted" if is_painted else words


def _powers(
    signals: Sequence[Samples], rate_hz: int
) -> tuple[list[NDArray[np.float64]], NDArray[np.float64], NDArray[np.float64]]:
    """Return the power spectrum of each signal, shape (frames, bins), its times in s and its bins in Hz."""
    transform = transform_at(rate_hz)
    length = max(len(signals[0]), transform.m_num)
    powers = []
    for each in signals:
        padded = np.zeros((length, each.shape[1]))
        padded[: len(each)] = each
        powers.append(np.square(np.abs(transform.stft(padded.T))).sum(axis=0).T)
    return powers, np.asarray(transform.t(length)), np.asarray(transform.f)


def _only_room_tone(recording: Recording, window: tuple[int, int]) -> bool:
    """Return whether the surroundings of a window are quiet, compared with full scale and with the window."""
    reach = s_to_samples(CONTEXT_S, recording.rate_hz)
    around = (
        (max(0, window[0] - reach), window[0]),
        (window[1], min(recording.length_samples, window[1] + reach)),
    )
    outside = np.concatenate([_frame_levels_db(recording, each) for each in around])
    inside = _frame_levels_db(recording, window)
    if not len(outside) or not len(inside):
        return False
    loud = float(np.quantile(outside, _LOUD_FRAMES))
    return loud <= min(ROOM_TONE_DBFS, float(inside.max()) - ROOM_TONE_QUIETER_DB)


def _frame_levels_db(recording: Recording, span: tuple[int, int]) -> NDArray[np.float64]:
    """Return the RMS level of each frame of a span, all channels together, in dBFS."""
    frame = s_to_samples(_FRAME_S, recording.rate_hz)
    count = (span[1] - span[0]) // frame
    levels = [np.zeros(0)]
    for first in range(0, count, _FRAMES_AT_ONCE):  # a window may be as long as the recording
        start = span[0] + first * frame
        stop = start + min(_FRAMES_AT_ONCE, count - first) * frame
        frames = recording.read(start, stop).astype(np.float64).reshape((stop - start) // frame, -1)
        levels.append(10.0 * np.log10(np.square(frames).mean(axis=1) + _TINY))
    return np.concatenate(levels)
