"""Captions of SubRip (.srt) and WebVTT (.vtt): texts with times.

WebVTT: https://www.w3.org/TR/webvtt1/
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from engine.core.timebase import read_time

_ARROW = "-->"
_TAG = re.compile(r"<[^<>]*>|\{\\[^{}]*\}")
_LINE_LETTERS = 42
"""Subtitles of broadcasters have two such lines at most."""


@dataclass(frozen=True, slots=True)
class Caption:
    """Text from one time to another, in seconds."""

    start_s: float
    stop_s: float
    text: str


def srt(captions: Sequence[Caption]) -> str:
    """Return captions as SubRip subtitles."""
    return "\n".join(
        f"{number}\n{_clock(one.start_s, ',')} --> {_clock(one.stop_s, ',')}\n{in_lines(one.text)}\n"
        for number, one in enumerate(captions, 1)
    )


def vtt(captions: Sequence[Caption]) -> str:
    """Return captions as WebVTT subtitles."""
    cues = (
        f"\n{_clock(one.start_s, '.')} --> {_clock(one.stop_s, '.')}\n"
        f"{in_lines(html.escape(one.text, quote=False))}\n"
        for one in captions
    )
    return "".join(("WEBVTT\n", *cues))


def read_captions(text: str) -> Iterator[Caption]:
    """Yield the captions of SubRip or WebVTT, without styles.

    Raises
    ------
    ValueError : a line with an arrow lacks its two ascending times
    """
    lines: list[str] = []
    times: tuple[float, float] | None = None
    for number, line in enumerate((*text.splitlines(), ""), 1):
        if _ARROW in line:
            times, lines = _times(line, number), []
        elif line.strip():
            lines.append(_TAG.sub("", line))
        elif times is not None:
            yield Caption(*times, html.unescape(" ".join(" ".join(lines).split())))
            times = None


def in_lines(text: str) -> str:
    """Return a text on two lines if it is longer than one, divided near the middle."""
    spaces = [place for place, letter in enumerate(text) if letter == " "]
    if len(text) <= _LINE_LETTERS or not spaces:
        return text
    middle = min(spaces, key=lambda place: abs(place - len(text) / 2))
    return f"{text[:middle]}\n{text[middle + 1 :]}"


def _times(line: str, number: int) -> tuple[float, float]:
    first, _, rest = line.partition(_ARROW)
    start_s, stop_s = read_time(first), read_time((rest.split() or [""])[0])
    if start_s is None or stop_s is None or stop_s < start_s:
        raise ValueError(f"line {number} has no two ascending times, such as 0:10.250 {_ARROW} 0:12.500")
    return start_s, stop_s


def _clock(seconds: float, point: str) -> str:
    whole_s, ms = divmod(round(1000 * seconds), 1000)
    return f"{whole_s // 3600:02d}:{whole_s // 60 % 60:02d}:{whole_s % 60:02d}{point}{ms:03d}"
