"""Time in beats instead of seconds, for segments that follow the music's own pulse.

A recording passes in stretches of two and a half minutes. The beats of each are found by
`engine.analysis.beats` from its samples, and turn into a clock: the time in beats at every log-mel frame.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from engine.analysis.beats.listen import listen as listen_for_beats
from engine.analysis.signal.bands import MelSettings
from engine.core.progress import Progress
from engine.features.taste.anomaly.recipes.recipe import Passing
from engine.lab.recipes.held_stream import HeldStream
from engine.lab.recipes.standardisation import Frames

STRETCH_S = 150.0
BEAT_WITHOUT_PULSE_S = 0.5

Clock = NDArray[np.float64]
Alignment = Literal["frames", "beats"]


@dataclass(frozen=True, slots=True, eq=False)
class Stretch:
    """Part of a recording and the time in beats along it.

    Attributes
    ----------
    frames_db : log-mel, shape (n, n_mels)
    clock_beats : float64, shape (n,), always rising; whole numbers are beats
    """

    frames_db: Frames
    clock_beats: Clock


def stretches(
    blocks: Iterable[Frames],
    mel: MelSettings,
    alignment: Alignment,
    frames_per_step: int,
    passing: Passing,
    progress: Progress,
) -> Iterator[Stretch]:
    """Yield a mono stream at the analysis rate in segments, independent of its block size.

    A segment is buffered, with its samples, until the next is complete, so that the last is not too short for
    a pulse: some 60 MB at 44.1 kHz, independent of the stream's length.

    Parameters
    ----------
    blocks : float32, each of shape (n,)
    alignment : whether the clock shows each beat as it was played, or runs even at the median tempo
    frames_per_step : every segment but the last is a whole number of these
    passing : sees the log-mel frames on their way
    """
    steps = round(STRETCH_S * mel.rate_hz / mel.hop_samples / frames_per_step)
    length = max(1, steps) * frames_per_step
    stream = HeldStream(blocks, mel, passing)
    for _ in stream:
        while len(stream.frames_db) >= 2 * length:
            heard = stream.samples()[: length * mel.hop_samples]
            yield _stretch(stream.frames_db[:length], heard, mel, alignment, progress)
            stream.forget(length)
    if len(stream.frames_db):
        yield _stretch(stream.frames_db, stream.samples(), mel, alignment, progress)


def _stretch(
    frames_db: Frames, samples: Frames, mel: MelSettings, alignment: Alignment, progress: Progress
) -> Stretch:
    heard = listen_for_beats([samples], mel.rate_hz, len(samples), _OnlyCancel(progress))
    beats_frames = heard.grid.beats_samples / mel.hop_samples
    frames_without_pulse = BEAT_WITHOUT_PULSE_S * mel.rate_hz / mel.hop_samples
    clock = beat_clock if alignment == "beats" else even_clock
    return Stretch(frames_db, clock(beats_frames, len(frames_db), frames_without_pulse))


def beat_clock(beats_frames: NDArray[np.float64], count: int, frames_without_pulse: float) -> Clock:
    """Return the time in beats at every frame, shape (count,).

    Between two beats it runs evenly; a gap counts for as many beats as fit at the median tempo, which also
    goes on before the first beat and after the last.

    Parameters
    ----------
    beats_frames : where the beats are, shape (n,), ascending
    frames_without_pulse : length of a beat where there are less than two
    """
    if len(beats_frames) < 2:
        return even_clock(beats_frames, count, frames_without_pulse)
    period = float(np.median(np.diff(beats_frames)))
    beats = np.maximum(1.0, np.rint(np.diff(beats_frames) / period))
    first, last = beats_frames[0], beats_frames[-1]
    before, after = np.ceil(first / period) + 1.0, np.ceil(max(0.0, count - last) / period) + 1.0
    places = np.concatenate([[first - before * period], beats_frames, [last + after * period]])
    numbers = np.cumsum(np.concatenate([[0.0, before], beats, [after]]))
    clock: Clock = np.interp(np.arange(count), places, numbers)
    return clock


def even_clock(beats_frames: NDArray[np.float64], count: int, frames_without_pulse: float) -> Clock:
    """Return the time in beats at every frame, shape (count,), as if each were as long as the median one."""
    several = len(beats_frames) > 1
    period = float(np.median(np.diff(beats_frames))) if several else frames_without_pulse
    clock: Clock = np.arange(count) / period
    return clock


class _OnlyCancel:
    """Progress of a nested step: reports nothing, and passes on cancelling."""

    def __init__(self, progress: Progress) -> None:
        self.check_cancelled: Callable[[], None] = progress.check_cancelled

    def report(self, fraction: float, text: str, **figures: float) -> None:
        """Report nothing."""

    def part(self, start: float, stop: float) -> _OnlyCancel:  # noqa: ARG002
        return self

    def step(self, number: int, count: int) -> _OnlyCancel:  # noqa: ARG002
        return self
