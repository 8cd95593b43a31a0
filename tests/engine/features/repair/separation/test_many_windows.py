"""Many short windows: the work follows the length of the recording around them, not their count."""

from __future__ import annotations

from contextlib import suppress
from time import process_time

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.analysis.detection.spectra import MEL
from engine.core.errors import SoundNotFoundError
from engine.features.repair.separation.checks import credible_windows, require_present
from engine.features.repair.separation.paint import MaskMemory
from engine.features.repair.separation.plain import factorised
from engine.features.repair.separation.registry import default_separator
from engine.features.repair.separation.separate import (
    Asked,
    Recording,
    RememberingSeparator,
    heard_around,
    remembering,
    separate,
)
from engine.features.repair.separation.separator import prompts_of
from tests.counting import calls_of

RATE_HZ = MEL.rate_hz
COUNT, LENGTH_S, LIMIT_S = 50, 0.05, 60.0
PROMPTS = prompts_of(["rain"])
Windows = tuple[tuple[int, int], ...]


def windows_every(step_s: float, count: int = COUNT) -> Windows:
    starts = [round((1.0 + number * step_s) * RATE_HZ) for number in range(count)]
    return tuple((start, start + round(LENGTH_S * RATE_HZ)) for start in starts)


def made(windows: Windows) -> NDArray[np.float32]:
    """Return quiet noise that is louder inside windows, mono."""
    rng = np.random.default_rng(3)
    samples = 0.02 * rng.standard_normal(windows[-1][1] + RATE_HZ).astype(np.float32)
    for start, stop in windows:
        samples[start:stop] *= 10.0
    return samples


class Counted:
    """A recording that counts how much of it is read."""

    def __init__(self, samples: NDArray[np.float32]) -> None:
        self.samples, self.read_s = samples, 0.0

    def read(self, start: int, stop: int) -> NDArray[np.float32]:
        self.read_s += (stop - start) / RATE_HZ
        return self.samples[start:stop, None]

    @property
    def recording(self) -> Recording:
        return Recording(self.read, len(self.samples), RATE_HZ)


def check(counted: Counted, windows: Windows) -> None:
    """Look for the sound in all windows, whether or not it is found."""
    with suppress(SoundNotFoundError):
        require_present((counted.recording,), windows, PROMPTS)


@pytest.mark.parametrize("step_s", [0.5, 1.2])
def test_close_windows_are_checked_with_their_surroundings_once(step_s: float) -> None:
    """Each second of the recording, twice where two neighbourhoods meet."""
    windows = windows_every(step_s)
    counted = Counted(made(windows))
    remembering.cache_clear()
    calls = calls_of(lambda: check(counted, windows), of=factorised)
    length_s = len(counted.samples) / RATE_HZ
    assert counted.read_s <= 1.5 * length_s, "50 windows with 8 s each are 400 s"
    assert calls <= 2 * np.ceil(length_s / 25.0)


@pytest.mark.parametrize("count", [8, pytest.param(COUNT, marks=pytest.mark.long)])
def test_windows_far_apart_are_factorised_once_for_check_forecast_and_result(count: int) -> None:
    """With a generous limit of processor time, which counts the threads of libraries, too."""
    windows = windows_every(9.0, count)
    counted = Counted(made(windows))
    remembering.cache_clear()
    pieces = []

    def work() -> None:
        separator = RememberingSeparator(default_separator(), MaskMemory())
        asked = Asked(PROMPTS, is_judged=False)
        check(counted, windows)
        credible = credible_windows(counted.recording, windows, asked, separator)
        pieces.extend(separate(counted.recording, credible, asked, separator))

    begun_s = process_time()
    assert calls_of(work, of=factorised) == 2 * count
    assert len(pieces) == count
    assert process_time() - begun_s < LIMIT_S


def test_windows_that_were_refused_are_surroundings_of_the_rest() -> None:
    """The segment read last is not used for other windows of the same span."""
    windows = windows_every(1.2, 3)
    recording = Counted(made(windows)).recording
    every = heard_around(recording, windows, windows[0])[0]
    rest = heard_around(recording, (windows[0], windows[2]), windows[0])[0]
    assert (len(every.windows_s), len(rest.windows_s)) == (3, 2)
