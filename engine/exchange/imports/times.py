"""Times as files of other programs write them, made exact fractions of seconds within limits."""

from __future__ import annotations

import re
from fractions import Fraction
from math import isfinite

LONGEST_S = 10_000_000
"""Limit of positions: more than a hundred days."""
_LONGEST_TEXT = 40
_DECIMAL = re.compile(r"[+-]?\d+(?:\.\d*)?|[+-]?\.\d+")
_RATIONAL = re.compile(r"([+-]?\d+)(?:/(\d+))?s")
_MOST_RATE = 1_000_000
_LEAST_RATE = Fraction(1, 1_000)
_NTSC = Fraction(1000, 1001)
_FASTEST_PICTURES = 240
_ROUNDED = Fraction(1, 5_000)
"""23.98, as some write 23.976, is this far off."""


def within(seconds: Fraction) -> Fraction:
    """Return a time within the limit of a recording.

    Raises
    ------
    ValueError : it is beyond the limit
    """
    if abs(seconds) > LONGEST_S:
        raise ValueError(f"a time is more than {LONGEST_S:,} s out")
    return seconds


def number_of(value: object) -> Fraction:
    """Return a number of JSON or a decimal text, exactly.

    Raises
    ------
    ValueError : it is not a number, or not a finite one
    """
    if isinstance(value, bool):
        raise ValueError(f"{value!r} is not a number")
    if isinstance(value, int):
        return Fraction(value)
    if isinstance(value, float) and isfinite(value):
        return Fraction(value)
    if isinstance(value, str) and len(value) <= _LONGEST_TEXT and _DECIMAL.fullmatch(value.strip()):
        return Fraction(value.strip())
    raise ValueError(f"{str(value)[:_LONGEST_TEXT]!r} is not a number")


def seconds_of(value: object) -> Fraction:
    """Return a time in seconds, written as a number.

    Raises
    ------
    ValueError : it is not a number, or is beyond the limit
    """
    return within(number_of(value))


def rate_of(value: object) -> Fraction:
    """Return a rate, of samples or of frames a second; near 1000/1001 of a whole number it is meant so.

    Raises
    ------
    ValueError : it is not a positive number within limits
    """
    rate = number_of(value)
    if not _LEAST_RATE <= rate <= _MOST_RATE:
        raise ValueError(f"{float(rate):g} is not a rate")
    if rate.denominator == 1:
        return rate
    near = round(rate / _NTSC) * _NTSC
    is_meant = 0 < near <= _FASTEST_PICTURES and abs(rate - near) <= _ROUNDED * near
    return near if is_meant else rate.limit_denominator(_NTSC.denominator)


def dropping(code: str) -> str:
    """Return a timecode with the sign of one that drops frames."""
    head, _, frames = code.rpartition(":")
    return f"{head};{frames}" if head and ";" not in code else code


def rational_seconds(text: str) -> Fraction:
    """Return a time as FCPXML writes it, such as "1001/30000s".

    Raises
    ------
    ValueError : it is not one
    """
    found = _RATIONAL.fullmatch(text.strip()) if len(text) <= 2 * _LONGEST_TEXT else None
    if found is None:
        if text.endswith("s"):
            return seconds_of(text[:-1])
        raise ValueError(f"{text[:_LONGEST_TEXT]!r} is not a time")
    divisor = int(found[2] or 1)
    if not divisor:
        raise ValueError(f"{text[:_LONGEST_TEXT]!r} divides by 0")
    return within(Fraction(int(found[1]), divisor))
