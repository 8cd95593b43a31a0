"""The beats themselves: Ellis's dynamic programming with a tempo that may change.

D. Ellis, "Beat tracking by dynamic programming", Journal of New Music Research 36 (2007).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.core.progress import SILENT, Progress
from engine.lab.evaluation.timing.classic.tempo import TempoPath

Floats = NDArray[np.float32]

_TIGHTNESS = 100.0
_FRAMES_A_CHECK = 4096


def period_of_each_frame(path: TempoPath, count: int) -> NDArray[np.float64]:
    """Spread the tempo path over all frames, shape (count,): interpolated, but stepping where it jumps."""
    periods = np.interp(np.arange(count), path.frames, path.periods)
    nearest = path.periods[np.clip(np.searchsorted(path.frames, np.arange(count)), 0, len(path.frames) - 1)]
    jumps = np.abs(np.log2(periods / nearest)) > 0.1
    spread: NDArray[np.float64] = np.where(jumps, nearest, periods)
    return spread


def pulse_score(
    strength: Floats, periods: NDArray[np.float64], progress: Progress = SILENT
) -> NDArray[np.float64]:
    """Smooth the strength with a bell a thirty-second of a beat wide, as Ellis does; shape (frames,)."""
    widths = np.maximum(1, np.rint(periods / 4.0).astype(np.int64) * 4)
    score = np.zeros(len(strength))
    for width in np.unique(widths):
        progress.check_cancelled()
        offsets = np.arange(-width, width + 1)
        bell = np.exp(-0.5 * (offsets * 32.0 / width) ** 2)
        here = widths == width
        score[here] = np.convolve(strength, bell, "full")[width : width + len(strength)][here]
    return score


def best_beats(
    score: NDArray[np.float64], periods: NDArray[np.float64], progress: Progress = SILENT
) -> NDArray[np.int64]:
    """Return the frames, shape (n,), of the chain of beats with the best score and the steadiest distance.

    Parameters
    ----------
    score : shape (frames,), how much like a beat each frame is, about 1 on average
    periods : shape (frames,), the length of a beat at each frame

    Raises
    ------
    Cancelled : the user asked for it
    """
    count = len(score)
    whole = np.maximum(2, np.rint(periods).astype(np.int64))
    longest = 2 * int(whole.max(initial=2))
    total = np.zeros(count + longest)
    back = np.full(count, -1, np.int64)
    costs: dict[int, tuple[int, NDArray[np.float64]]] = {}
    threshold = 0.01 * float(score.max(initial=0.0))
    started = False
    for frame in range(count):
        if frame % _FRAMES_A_CHECK == 0:
            progress.check_cancelled()
        period = int(whole[frame])
        if period not in costs:
            distances = np.arange(2 * period, period // 2 - 1, -1)
            costs[period] = (len(distances), -_TIGHTNESS * np.log(distances / period) ** 2)
        length, cost = costs[period]
        first = frame + longest - 2 * period
        reached = total[first : first + length] + cost
        choice = int(reached.argmax())
        if started or score[frame] >= threshold:
            back[frame] = frame - 2 * period + choice
            started = True
        total[frame + longest] = score[frame] + reached[choice]
    return _walk_back(total[longest:], back, whole)


def _walk_back(
    total: NDArray[np.float64], back: NDArray[np.int64], whole: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Follow the chain from the best frame of the last beat and a half."""
    if not len(total):
        return np.zeros(0, np.int64)
    tail = max(0, len(total) - int(1.5 * whole[-1]))
    frame = tail + int(total[tail:].argmax())
    beats = [frame]
    while back[frame] >= 0:
        frame = int(back[frame])
        beats.append(frame)
    return np.array(beats[::-1], np.int64)
