"""The picture of a video, as far as its sound needs it: how fast its frames follow, and when it begins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

_LONGEST_S = 24 * 3600 * Fraction(1001, 1000)  # a day of timecode at 29.97 frames a second
_SLOWEST, _FASTEST = 5, 1_000  # slower ones are pictures of chapters, and none is faster
_NTSC = Fraction(1000, 1001)
_NEAR = Fraction(1, 1000)


@dataclass(frozen=True, slots=True)
class Timecode:
    """The start timecode of a video.

    Attributes
    ----------
    begin_s : time of the first frame in seconds after midnight, in real time
    drops_frames : whether the video is counted in drop frame timecode
    """

    begin_s: Fraction = Fraction(0)
    drops_frames: bool = False


@dataclass(frozen=True, slots=True)
class Picture:
    """The picture of a video.

    Attributes
    ----------
    frame_rate : frames a second, exactly; None if the file does not give it
    is_variable : whether frames last unequally long, so that `frame_rate` is nominal
    start : of a video without timecode, 0
    """

    frame_rate: Fraction | None = None
    is_variable: bool = False
    start: Timecode = Timecode()


def frame_rate_of(durations: Mapping[int, int], units_hz: int) -> tuple[Fraction | None, bool]:
    """Return the rate of frames of these durations, and whether it varies.

    Parameters
    ----------
    durations : number of frames by duration in units
    units_hz : units a second

    Returns
    -------
    frame_rate : the mean if durations differ by rounding alone; else the whole rate nearest to the most
        common duration. None if that is not a rate of video
    is_variable : whether they differ by more
    """
    units = sum(duration * count for duration, count in durations.items())
    if units <= 0 or units_hz <= 0:
        return None, False
    if max(durations) - min(durations) <= 1:
        mean = Fraction(sum(durations.values()) * units_hz, units)
        return standard_rate(mean, _NEAR + Fraction(1, units)), False
    common = max(durations, key=lambda duration: (durations[duration], duration))
    nominal = standard_rate(Fraction(units_hz, common), _NEAR) if common else None
    if nominal is not None and nominal.denominator not in (1, _NTSC.denominator):
        nominal = _moving(Fraction(round(nominal)))
    return nominal, nominal is not None


def standard_rate(rate: Fraction, near: Fraction = _NEAR) -> Fraction | None:
    """Return the nearest integer rate, or 1000/1001 of one, if close; else the rate; None for a still.

    Parameters
    ----------
    near : how far it may be off, as a share of the rate
    """
    wholes = Fraction(round(rate)), round(rate / _NTSC) * _NTSC
    nearest = min(wholes, key=lambda one: abs(one - rate))
    return _moving(nearest if abs(nearest - rate) <= near * rate else rate)


def _moving(rate: Fraction) -> Fraction | None:
    return rate if _SLOWEST <= rate <= _FASTEST else None


def start_timecode(frame: int, rate: Fraction, *, drops_frames: bool) -> Timecode:
    """Return the timecode of a frame, counted from midnight; 0 if it is not within a day.

    Parameters
    ----------
    rate : frames a second of the timecode
    drops_frames : has an effect only at rates with drop frame timecode
    """
    begin_s = frame / rate
    if not 0 <= begin_s < _LONGEST_S:
        return Timecode()
    return Timecode(begin_s, drops_frames and can_drop_frames(rate))


def can_drop_frames(rate: Fraction) -> bool:
    """Return whether there is drop frame timecode at a rate: 29.97 frames a second, and its multiples."""
    return rate.denominator == _NTSC.denominator and round(rate) % 30 == 0
