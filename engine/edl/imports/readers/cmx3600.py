"""CMX 3600: events of a reel, in timecode; programs add remarks below each event.

Offcut's own lists hold the exact samples in a remark. It counts as long as it agrees with the timecode;
events that another program moved use the timecode.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction

from engine.edl.export.placing.frame_rates import FrameRate
from engine.edl.imports import EditsFile
from engine.edl.imports.described import ImportedClip, ImportedEdits, ImportedTrack, Medium
from engine.edl.imports.times import rate_of, within
from engine.progress import Progress
from engine.timebase import timecode_frames
from engine.wording import counted

_EVENT = re.compile(r"(\d{1,6})\s+(\S+)\s+(\S+)\s+(\S+)((?:\s+\d{1,3})?)\s+(\S+)\s+(\S+)\s+(\S+)\s+(\S+)\s*")
_NAME = re.compile(r"\*\s*(?:FROM CLIP NAME|CLIP NAME):\s*(.+)", re.IGNORECASE)
_FILE = re.compile(r"\*\s*(?:SOURCE FILE|MEDIA FILE|FROM FILE)(?: NAME)?:\s*(.+)", re.IGNORECASE)
_SAMPLES = re.compile(
    r"SOURCE SAMPLES (\d{1,15})-(\d{1,15}), RECORD SAMPLES (\d{1,15})-(\d{1,15}), (\d{1,7}) HZ"
    r"(?:, (\d{1,3}(?:\.\d{1,6})?) FPS)?"
)
_USUAL = (25, 30, 50, 60)
_HOUR_S = 3600
_BLACK = ("BL", "BLACK")


@dataclass(slots=True)
class _Event:
    """One line, with the remarks below it."""

    line: int
    reel: str
    channels: str
    transition: str
    codes: tuple[str, str, str, str]
    name: str = ""
    samples: tuple[int, ...] = ()
    rate_hz: int = 0
    remarks: list[str] = field(default_factory=list)


def read(file: EditsFile, progress: Progress) -> ImportedEdits:
    """Read the audio events of a list, a track for each channel.

    Raises
    ------
    EditsError : a line is invalid, or the list has no event
    """
    text = file.content().decode("utf-8-sig", "replace")
    events: list[_Event] = []
    is_dropping, named_rate = False, ""
    for number, line in enumerate(text.splitlines(), 1):
        if not number % 1000:
            progress.check_cancelled()
        plain = line.strip()
        if plain.upper().startswith("FCM:"):
            is_dropping = "NON" not in plain.upper()
        elif (found := _EVENT.fullmatch(plain)) is not None:
            codes = (found[6], found[7], found[8], found[9])
            events.append(_Event(number, found[2], found[3], found[4].upper(), codes))
        elif plain[:1].isdigit():
            raise file.refused(f"line {number} is not an event")
        elif events:
            named_rate = _remark(events[-1], plain) or named_rate
    if not events:
        raise file.refused("it holds no events")
    rate = _rate(file, named_rate, is_dropping)
    if rate is not None:
        return _described(file, events, rate, ())
    rate = _guessed_rate(events)
    said = f"The list has no frame rate: {rate} frames a second are assumed."
    return replace(_described(file, events, rate, (said,)), is_rate_guessed=True)


def _remark(event: _Event, line: str) -> str:
    """Store the values of a remark in an event; return the frame rate that it names, or ""."""
    if (found := _SAMPLES.search(line)) is not None:
        event.samples = tuple(int(found[group]) for group in (1, 2, 3, 4))
        event.rate_hz = int(found[5])
        return found[6] or ""
    if (found := _NAME.match(line)) is not None:
        event.name = event.name or found[1].strip()
    elif (found := _FILE.match(line)) is not None:
        event.name = found[1].strip()
    return ""


def _rate(file: EditsFile, named: str, is_dropping: bool) -> Fraction | None:
    """Return the frame rate; None if neither the list nor the user states it."""
    if file.frame_rate is not None:
        return file.frame_rate.exact
    if named in [one.value for one in FrameRate]:
        return FrameRate(named).exact
    if named:
        return rate_of(named)
    return FrameRate.FPS_29_97.exact if is_dropping else None


def _guessed_rate(events: list[_Event]) -> Fraction:
    """Return the lowest usual frame rate that counts every frame of a list."""
    last = [code[-2:] for one in events for code in one.codes]
    highest = max((int(one) for one in last if one.isdecimal()), default=0)
    return next((Fraction(usual) for usual in _USUAL if highest < usual), Fraction(_USUAL[0]))


def _described(
    file: EditsFile, events: list[_Event], rate: Fraction, left_out: tuple[str, ...]
) -> ImportedEdits:
    frames = list(_frames(file, events, rate))
    first = Fraction(min((codes[2] for _, codes in frames), default=0), round(rate))
    begin_frames = int(first // _HOUR_S) * _HOUR_S * round(rate)  # many lists begin at one hour
    tracks: dict[str, list[ImportedClip]] = {}
    others = dissolves = 0
    for event, codes in frames:
        if event.reel.upper() in _BLACK:
            continue
        names = _channels(event.channels)
        others += not names
        dissolves += event.transition != "C"
        for name in names:
            clip = _clip(event, codes, rate, begin_frames)
            if clip is not None:
                tracks.setdefault(name, []).append(clip)
    if others:
        left_out += (f"{counted(others, 'event')} of video left out.",)
    if dissolves:
        left_out += (f"{counted(dissolves, 'dissolve')} imported as a cut.",)
    if not tracks:
        raise file.refused("it holds no audio events")
    found = tuple(ImportedTrack(name, tuple(clips)) for name, clips in tracks.items())
    is_exact = all(event.samples for event in events)
    return ImportedEdits(
        file.name,
        file.form.name,
        found,
        rounding_s=Fraction(0) if is_exact and _agree(frames, rate, begin_frames) else 1 / rate,
        counts_frames=True,
        has_crossfades=False,
        has_edge_fades=False,
        frame_rate=rate,
        left_out=left_out,
    )


def _frames(
    file: EditsFile, events: list[_Event], rate: Fraction
) -> Iterator[tuple[_Event, tuple[int, int, int, int]]]:
    for event in events:
        try:
            a, b, c, d = (timecode_frames(code, round(rate)) for code in event.codes)
            within(max(b, d) / rate)
        except ValueError as error:
            raise file.refused(f"line {event.line}: {error}") from error
        yield event, (a, b, c, d)


def _channels(text: str) -> tuple[str, ...]:
    """Return the audio channels of an event, none for video."""
    upper = text.upper()
    if upper in ("AA/V", "AA"):
        return "A", "A2"
    found = re.findall(r"A\d*", upper)
    return tuple(dict.fromkeys("A" if one == "A1" else one for one in found))


def _is_agreed(event: _Event, codes: tuple[int, int, int, int], rate: Fraction, begin: int) -> bool:
    """Return whether the samples in a remark agree with the timecode, so the event was not moved."""
    if not event.samples or event.rate_hz <= 0:
        return False
    start, stop, record_start, record_stop = (Fraction(one, event.rate_hz) * rate for one in event.samples)
    is_long = abs(stop - start - (codes[1] - codes[0])) <= 1
    at = abs(record_start + begin - codes[2]) <= 1 or abs(record_start - codes[2]) <= 1
    return is_long and at and abs(record_stop - record_start - (codes[3] - codes[2])) <= 1


def _agree(frames: list[tuple[_Event, tuple[int, int, int, int]]], rate: Fraction, begin: int) -> bool:
    return all(_is_agreed(event, codes, rate, begin) for event, codes in frames)


def _clip(event: _Event, codes: tuple[int, int, int, int], rate: Fraction, begin: int) -> ImportedClip | None:
    if _is_agreed(event, codes, rate, begin):
        start, stop, record_start, _ = (Fraction(one, event.rate_hz) for one in event.samples)
        return ImportedClip(Medium(event.name or event.reel), start, stop - start, record_start)
    length = codes[3] - codes[2]
    if length <= 0:
        return None
    medium = Medium(event.name or event.reel, is_timecode=True)
    return ImportedClip(medium, codes[0] / rate, length / rate, (codes[2] - begin) / rate)
