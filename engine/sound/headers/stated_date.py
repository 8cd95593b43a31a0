"""Dates and times of day in the text of a header."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

_TEXT = re.compile(
    r"\s*(\d{4})\D(\d\d?)\D(\d\d?)[T _](\d\d?)[:.](\d\d)(?:[:.](\d\d)(\.\d{1,6})?)?\d*\s*(Z|[+-]\d\d:?\d\d)?"
)


@dataclass(frozen=True, slots=True)
class StatedDate:
    """A date with a time of day.

    Attributes
    ----------
    moment : as it is written, without a zone
    utc_offset_s : seconds from UTC to the written time; None if the zone is not stated
    """

    moment: datetime
    utc_offset_s: int | None = None


def stated_date(text: str) -> StatedDate | None:
    """Parse an ISO 8601 date with any separators; None without a time of day, or if it is invalid."""
    found = _TEXT.match(text)
    if found is None:
        return None
    with suppress(ValueError):
        year, month, day, hour, minute, second = (int(found[group] or 0) for group in range(1, 7))
        microsecond = min(round(float(found[7] or 0) * 1e6), 999_999)
        moment = datetime(year, month, day, hour, minute, second, microsecond)
        return StatedDate(moment, _offset_s(found[8]))
    return None


def _offset_s(zone: str | None) -> int | None:
    if not zone:
        return None
    if zone == "Z":
        return 0
    seconds = 3600 * int(zone[1:3]) + 60 * int(zone[-2:])
    return -seconds if zone[0] == "-" else seconds
