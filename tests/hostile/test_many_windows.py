"""Separation of many short windows: the cost follows their length, and a cancel is heeded in between."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest

from engine.analysis.detection.spectra import MEL
from engine.core.errors import Cancelled
from engine.core.progress import ReportingProgress
from engine.features.repair.separation.checks import credible_windows
from engine.features.repair.separation.network import network_separator
from engine.features.repair.separation.paint import MaskMemory
from engine.features.repair.separation.separate import Asked, Recording, RememberingSeparator, separate
from engine.features.repair.separation.separator import Mask, Prompt, Stretch, prompts_of
from engine.features.repair.separation.windows import neighbourhood

RATE_HZ = 32_000
MINUTE = RATE_HZ * 60


@dataclass(eq=False)
class Counting:
    """A separator that takes half of everything and counts how much sound it was given."""

    name: str = "counting"
    heard_s: list[float] = field(default_factory=list)

    def masks(self, stretch: Stretch, prompts: Sequence[Prompt]) -> tuple[Mask, ...]:
        self.heard_s.append(len(stretch.samples) / MEL.rate_hz)
        half = Mask(np.full((2, 2), 0.5, np.float32), 0.0, 1_000.0, np.array([100.0, 10_000.0]))
        return tuple(half for _ in prompts)


def recording_of(frames: int) -> Recording:
    samples = np.random.default_rng(5).uniform(-0.1, 0.1, (frames, 1)).astype(np.float32)
    return Recording(lambda start, stop: samples[start:stop], frames, RATE_HZ)


def test_many_short_windows_cost_what_their_time_costs() -> None:
    windows = [(start, start + RATE_HZ // 10) for start in range(RATE_HZ, 3 * MINUTE, RATE_HZ)]
    counting = Counting()
    found = list(separate(recording_of(3 * MINUTE + RATE_HZ), windows, Asked(prompts_of(["dog"])), counting))
    assert [one.window_samples for one in found] == windows
    assert sum(counting.heard_s) < 1.5 * 180.0  # each window for itself: 8.1 s for every one of 179


def test_a_window_by_itself_is_separated_as_it_was() -> None:
    counting = Counting()
    list(
        separate(
            recording_of(MINUTE), [(MINUTE // 2, MINUTE // 2 + 999)], Asked(prompts_of(["dog"])), counting
        )
    )
    assert counting.heard_s == [pytest.approx(8.0 + 999 / RATE_HZ, abs=1e-3)]


@pytest.mark.parametrize(
    ("window", "expected"),
    [
        ((0, 10), (0, 30)),
        ((20, 30), (0, 30)),
        ((95, 100), (95, 100)),
        ((200, 400), (200, 400)),
        ((250, 300), (250, 300)),  # a piece of one that is longer than a neighbourhood
    ],
)
def test_neighbours_are_analysed_together(window: tuple[int, int], expected: tuple[int, int]) -> None:
    windows = ((0, 10), (20, 30), (95, 100), (200, 400))
    assert neighbourhood(windows, window, longest=50, reach=20) == expected


def test_a_cancel_is_heeded_inside_a_long_window() -> None:
    cancelled = threading.Event()
    cancelled.set()
    progress = ReportingProgress(None, cancelled)
    pieces = separate(
        recording_of(MINUTE), [(0, MINUTE)], Asked(prompts_of(["dog"])), Cancelling(progress), progress
    )
    with pytest.raises(Cancelled):
        next(pieces)


@dataclass(eq=False)
class Cancelling:
    """Asks the network, which has to notice by itself that nobody waits for it."""

    progress: ReportingProgress
    name: str = "cancelling"

    def masks(self, stretch: Stretch, prompts: Sequence[Prompt]) -> tuple[Mask, ...]:
        masks = network_separator().masks(stretch, prompts)
        raise AssertionError(f"{len(masks)} masks were made after the cancel")


@pytest.mark.skipif(sys.platform != "linux", reason="takes cores from a thread as Linux does")
def test_windows_that_are_checked_side_by_side_have_the_same_masks() -> None:
    rng = np.random.default_rng(3)
    samples = np.asarray(0.05 * rng.standard_normal((MINUTE, 1)), np.float32)
    for start in range(4 * RATE_HZ, MINUTE, 12 * RATE_HZ):
        samples[start : start + 6_000, 0] += np.sin(np.arange(6_000) / 9, dtype=np.float32)
    windows = tuple((start, start + 6_000) for start in range(4 * RATE_HZ, MINUTE, 12 * RATE_HZ))
    asked = Asked(prompts_of(["beep"]))
    shares, cores = [], os.sched_getaffinity(0)
    for some in (cores, {min(cores)}):
        os.sched_setaffinity(0, some)  # of this thread
        memory = MaskMemory()
        recording = Recording(lambda start, stop: samples[start:stop], MINUTE, RATE_HZ)
        separator = RememberingSeparator(network_separator(), memory)
        assert credible_windows(recording, windows, asked, separator) == windows
        assert len(memory.masks) > 1
        shares.append({key: outcome.mask.shares for key, outcome in memory.masks.items()})
    os.sched_setaffinity(0, cores)
    assert shares[0].keys() == shares[1].keys()
    for key, found in shares[0].items():
        np.testing.assert_array_equal(found, shares[1][key])
