"""Where an edited file plays the passages of a recording, by the patterns of their hits.

Every hit may be moved, so that no passage nulls against the recording (`engine.features.match` finds a sixth
to two thirds of such files). The pattern of the drums is the same within tens of milliseconds; the exact
moves are measured on the audio afterwards (`engine.features.timing.alignment.learning.copies`).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from engine.analysis.signal.viterbi import cheapest_way
from engine.features.timing.alignment.strokes import VOICES, Strokes

Floats = NDArray[np.float64]

_FRAME_S = 0.01
_BLUR_FRAMES = 3.0
_WINDOW_S, _HOP_S = 6.0, 3.0
_FEWEST_STROKES = 4
_PLACES = 12
_NEAR_FRAMES = 12
"""Places of neighbouring windows this near to each other are one piece: hits move, pieces jump."""
_JUMP, _DRIFT = 0.35, 0.02
_SAME_START, _START_FRAMES = 0.1, 30
"""Files of one timeline are preferred: an editor exports from where the recording starts."""


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """The places of windows of a recording, in the order of time.

    Attributes
    ----------
    starts_samples, stops_samples : int64, shape (w,), of each window in the recording
    offsets_samples : float64, shape (w,), how much later the edited file plays it, about
    pieces : int64, shape (w,), ascending from 0; another piece begins where the edited file was cut
    """

    starts_samples: NDArray[np.int64]
    stops_samples: NDArray[np.int64]
    offsets_samples: Floats
    pieces: NDArray[np.int64]


def same_places(raw: Strokes) -> Places:
    """Return one window with all of a recording, where the edited file has the same timeline."""
    stop = np.array([round(float(raw.onsets_samples.max(initial=0.0))) + 1])
    return Places(np.zeros(1, np.int64), stop, np.zeros(1), np.zeros(1, np.int64))


def find_places(raw: Strokes, edited: Strokes) -> Places:
    """Find where each window of a recording is in the edited file; no windows without strokes."""
    rate_hz = raw.rate_hz
    frame = _FRAME_S * rate_hz
    frames = np.rint(raw.onsets_samples / frame).astype(np.int64)
    length = int(frames.max(initial=0)) + 1
    target = _blurred(edited, frame)
    window, hop = round(_WINDOW_S / _FRAME_S), round(_HOP_S / _FRAME_S)
    starts, candidates, scores = [], [], []
    for start in range(0, length, hop):
        inside = (frames >= start) & (frames < start + window)
        if np.count_nonzero(inside) < _FEWEST_STROKES:
            continue
        at, likely = _best(_scores(frames[inside], raw.voices[inside], target))
        starts.append(start)
        candidates.append(at)
        scores.append(likely)
    offsets = _followed(candidates, scores)
    jumps = np.abs(np.diff(offsets, prepend=offsets[:1])) > _NEAR_FRAMES
    pieces = np.cumsum(jumps.astype(np.int64))
    first = np.array(starts, np.int64)
    return Places(
        (first * frame).astype(np.int64), ((first + window) * frame).astype(np.int64), offsets * frame, pieces
    )


def _blurred(strokes: Strokes, frame: float) -> NDArray[np.float32]:
    """Return the hits of each voice over time, shape (voices, frames), each as wide as hits are moved."""
    frames = np.rint(strokes.onsets_samples / frame).astype(np.int64)
    train = np.zeros((len(VOICES), int(frames.max(initial=0)) + 1), np.float32)
    for voice in range(len(VOICES)):
        train[voice, frames[strokes.voices[:, voice]]] = 1.0
    reach = np.arange(-10, 11)
    kernel = np.exp(-0.5 * (reach / _BLUR_FRAMES) ** 2).astype(np.float32)
    return np.stack([np.convolve(row, kernel, "full")[10:-10] for row in train])


def _scores(
    frames: NDArray[np.int64], voices: NDArray[np.bool_], target: NDArray[np.float32]
) -> tuple[int, Floats]:
    """Return the first offset in frames, and how well the hits agree at each, 0 to 1."""
    last, length = int(frames.max()), target.shape[1]
    found = np.zeros(length + last - int(frames.min()))
    for frame, sounding in zip(frames.tolist(), voices, strict=True):
        for voice in np.flatnonzero(sounding).tolist():
            found[last - frame : last - frame + length] += target[voice]
    return -last, found / max(1, np.count_nonzero(voices))


def _best(scored: tuple[int, Floats]) -> tuple[Floats, Floats]:
    """Return the most likely offsets of a window and their scores, up to `_PLACES`."""
    first, scores = scored
    around = np.pad(scores, 1, constant_values=-1.0)
    peaks = np.flatnonzero((scores >= around[:-2]) & (scores > around[2:]))
    peaks = peaks[np.argsort(-scores[peaks], kind="stable")[:_PLACES]]
    return (peaks + first).astype(np.float64), scores[peaks]


def _followed(candidates: list[Floats], scores: list[Floats]) -> Floats:
    """Return the offset of each window: likely, and near to that of the window before it (Viterbi)."""
    if not candidates:
        return np.zeros(0)
    first = scores[0] + _SAME_START * (np.abs(candidates[0]) <= _START_FRAMES)
    away = (np.abs(before[:, None] - after) for before, after in pairwise(candidates))
    moves = (np.where(one <= _NEAR_FRAMES, _DRIFT * one / _NEAR_FRAMES, _JUMP) for one in away)
    rows = cheapest_way([-first, *(-one for one in scores[1:])], moves)
    return np.array([own[row] for own, row in zip(candidates, rows, strict=True)])
