"""One measured figure with its reference, and its timing method."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter


@dataclass(frozen=True, slots=True)
class Measured:
    """A figure.

    Attributes
    ----------
    metric : name of the figure, with its unit
    value : ours
    baseline : the peer's, measured in the same run, or the limit we hold ourselves to; None without one
    n : how many runs or frames the value is the median of
    """

    metric: str
    value: float
    baseline: float | None = None
    n: int = 1


def seconds(work: Callable[[], object]) -> float:
    """Return how long a call takes."""
    begun = perf_counter()
    work()
    return perf_counter() - begun


def side_by_side(ours: Callable[[], object], peer: Callable[[], object], rounds: int) -> tuple[float, float]:
    """Return the median seconds of two calls, run in turn after one warm-up each.

    Alternating runs expose both to the same load of the machine.
    """
    ours()
    peer()
    pairs = [(seconds(ours), seconds(peer)) for _ in range(rounds)]
    return median(pair[0] for pair in pairs), median(pair[1] for pair in pairs)


def peak_memory_mb() -> float:
    """Return the most memory this program has had, shared libraries and mapped files included."""
    status = Path("/proc/self/status")
    if status.exists():  # what getrusage says counts the program that started this one
        return int(status.read_text().split("VmHWM:")[1].split()[0]) / 1024
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
