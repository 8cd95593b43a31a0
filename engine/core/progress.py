"""Progress reports of jobs, and their cancellation."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextvars import ContextVar
from functools import partial
from threading import Lock
from typing import Protocol, TypeVar

from engine.core.errors import Cancelled


class Progress(Protocol):
    """All that a job knows of the world outside it."""

    def report(self, fraction: float, text: str, **figures: float) -> None:
        """Report that `fraction` (0 to 1) is done; `figures` are live values such as a loss."""

    def check_cancelled(self) -> None:
        """Raise `Cancelled` when the user has asked for it."""

    def part(self, start: float, stop: float) -> Progress:
        """Return a nested share: its 0 to 1 is `start` to `stop` here."""

    def step(self, number: int, count: int) -> Progress:
        """Return the share of step `number`, counted from 0, of `count` equal ones."""


class _Sized(Protocol):
    def __len__(self) -> int: ...


_Piece = TypeVar("_Piece", bound=_Sized)


def gathered(pieces: Iterable[_Piece], expected: float, text: str, progress: Progress) -> list[_Piece]:
    """Return the pieces of a stream, reporting progress after each.

    Parameters
    ----------
    expected : total length of all pieces, by `len`

    Raises
    ------
    Cancelled : the user asked for it
    """
    found: list[_Piece] = []
    done = 0
    for piece in pieces:
        progress.check_cancelled()
        found.append(piece)
        done += len(piece)
        progress.report(min(1.0, done / max(1.0, expected)), text)
    return found


_heeded: ContextVar[Progress | None] = ContextVar("heeded", default=None)


def heeding(progress: Progress, pieces: Iterable[_Piece]) -> Iterator[_Piece]:
    """Pass on pieces; their source can call `check_heeded` to check for a cancel by the user."""
    iterator = iter(pieces)
    while True:
        before = _heeded.set(progress)
        try:
            piece = next(iterator, None)
        finally:
            _heeded.reset(before)
        if piece is None:
            return
        yield piece


def check_heeded() -> None:
    """Raise `Cancelled` where the work that this is a part of was cancelled.

    For parts that are called through an interface without a progress, as a separator is.
    """
    progress = _heeded.get()
    if progress is not None:
        progress.check_cancelled()


class CancelFlag(Protocol):
    """A cancellation flag: an event of threads or of processes."""

    def is_set(self) -> bool:
        """Return whether the work is cancelled."""


class ReportingProgress:
    """Progress that hands every report to a callable and listens to an event for the cancel.

    Parameters
    ----------
    on_report : called with (fraction, text, figures); it must be quick and may run on any thread
    cancelled : set by the user's side
    """

    def __init__(
        self,
        on_report: Callable[[float, str, dict[str, float]], None] | None = None,
        cancelled: CancelFlag | None = None,
        start: float = 0.0,
        stop: float = 1.0,
    ) -> None:
        self._on_report = on_report
        self._cancelled = cancelled
        self._start = start
        self._stop = stop

    def report(self, fraction: float, text: str, **figures: float) -> None:
        """Pass the report on, scaled into this share."""
        if self._on_report is not None:
            within = min(1.0, max(0.0, fraction))
            self._on_report(self._start + within * (self._stop - self._start), text, figures)

    def check_cancelled(self) -> None:
        """Raise `Cancelled` when the event is set."""
        if self._cancelled is not None and self._cancelled.is_set():
            raise Cancelled

    def part(self, start: float, stop: float) -> ReportingProgress:
        """Return a nested share of this progress."""
        width = self._stop - self._start
        return ReportingProgress(
            self._on_report, self._cancelled, self._start + start * width, self._start + stop * width
        )

    def step(self, number: int, count: int) -> ReportingProgress:
        """Return the share of one of `count` equal steps."""
        return self.part(number / count, (number + 1) / count)


SILENT = ReportingProgress()


def parallel(progress: Progress, count: int, shares: Sequence[float] | None = None) -> tuple[Progress, ...]:
    """Return a progress for each of `count` parts of a job that run at the same time, on threads.

    The job has done the sum of their fractions by `shares`, which are equal without them. Figures are
    reported once all parts have reported theirs, as means: the first loss of each part together, then the
    second.
    """
    lock, fractions, weights = Lock(), [0.0] * count, shares or (1.0 / count,) * count
    waiting: list[deque[dict[str, float]]] = [deque() for _ in range(count)]

    def on_report(number: int, fraction: float, text: str, figures: dict[str, float]) -> None:
        with lock:
            fractions[number] = fraction
            if figures:
                waiting[number].append(figures)
            together = [own.popleft() for own in waiting] if all(waiting) else []
            names = together[0] if together else ()
            means = {name: sum(one[name] for one in together) / count for name in names}
            done = sum(one * share for one, share in zip(fractions, weights, strict=True))
            progress.report(done, text, **means)

    cancelled = _CancelledOf(progress)
    return tuple(ReportingProgress(partial(on_report, number), cancelled) for number in range(count))


class _CancelledOf:
    """The cancel of another progress, as a flag."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def is_set(self) -> bool:
        """Return whether the user asked for it."""
        try:
            self._progress.check_cancelled()
        except Cancelled:
            return True
        return False
