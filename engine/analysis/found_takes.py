"""Results for a recording with passages played more than once."""

from __future__ import annotations

from dataclasses import dataclass

from engine.core.timebase import format_time

LIKELY = 0.5
"""Minimum likelihood of reported false starts."""


@dataclass(frozen=True, slots=True)
class Take:
    """One time that a passage was played.

    Attributes
    ----------
    complete : whether all of the passage is in it
    transposed_semitones : how much higher it is than the first complete take
    speed : how much faster, 1 for as fast
    from_share, to_share : where in the passage it begins and ends, 0 to 1
    """

    start_s: float
    stop_s: float
    complete: bool
    transposed_semitones: int
    speed: float
    from_share: float
    to_share: float


@dataclass(frozen=True, slots=True)
class TakeGroup:
    """A passage and its takes, two or more, in the order they were played."""

    name: str
    takes: tuple[Take, ...]


@dataclass(frozen=True, slots=True)
class FalseStart:
    """An attempt that broke off and was repeated.

    Attributes
    ----------
    start_s, stop_s : from the start of the repeated part to the break
    begins_again_s : where it does
    likelihood : 0 to 1
    reason : one sentence
    """

    start_s: float
    stop_s: float
    begins_again_s: float
    likelihood: float
    reason: str

    @classmethod
    def of(cls, start_s: float, stop_s: float, begins_again_s: float, likelihood: float) -> FalseStart:
        """Return one with its sentence."""
        lasts = f"breaks off after {stop_s - start_s:.0f} s"
        reason = f"Begins as {format_time(begins_again_s, 0)} does and {lasts}."
        return cls(start_s, stop_s, begins_again_s, likelihood, reason)

    def later(self, by_s: float) -> FalseStart:
        """Return it in a recording that begins this much earlier."""
        places = (self.start_s + by_s, self.stop_s + by_s, self.begins_again_s + by_s)
        return FalseStart.of(*places, self.likelihood)


@dataclass(frozen=True, slots=True)
class FoundTakes:
    """All passages played more than once.

    Attributes
    ----------
    false_starts : in order; of each segment that ends in a break the likeliest, however unlikely
    played_s : where something is played between one break and the next, [start, stop)
    """

    groups: tuple[TakeGroup, ...] = ()
    false_starts: tuple[FalseStart, ...] = ()
    played_s: tuple[tuple[float, float], ...] = ()

    def runs_of_playing(self, rest_s: float) -> list[tuple[float, float]]:
        """Return performances in seconds, joined where the rest between them is shorter than `rest_s`."""
        joined: list[tuple[float, float]] = []
        for start_s, stop_s in self.played_s:
            if joined and start_s - joined[-1][1] < rest_s:
                joined[-1] = joined[-1][0], stop_s
            else:
                joined.append((start_s, stop_s))
        return joined

    def likely_false_starts(self) -> tuple[FalseStart, ...]:
        """Return those with a likelihood of at least `LIKELY`."""
        return tuple(one for one in self.false_starts if one.likelihood >= LIKELY)
