"""CMX 3600: events of a reel, in timecode; programs add remarks below each event.

Offcut's own lists hold the exact samples in a remark. It counts as long as it agrees with the timecode;
events that another program moved use the timecode.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

from engine.core.progress import Progress
from engine.core.timebase import timecode_frames
from engine.core.wording import counted
from engine.exchange.export.placing.timecode import FrameRate
from engine.exchange.imports.described import (
    ImportedClip,
    ImportedEdits,
    ImportedTrack,
    Medium,
    NotUnderstood,
    at_speed,
    crossfaded,
    left_out_sentences,
)
from engine.exchange.imports.formats import EditsFile
from engine.exchange.imports.values import dropping, number_of, rate_of, within

_EVENT = re.compile(
    r"(\d{1,6})\s+(\S+)\s+(\S+)\s+([A-Z]\w*(?:\s+[BO])?)(?:\s+(\d{1,3}))?\s+(\S+)\s+(\S+)\s+(\S+)\s+(\S+)\s*",
    re.IGNORECASE,
)
_NAME = re.compile(r"\*?\s*(FROM |TO )?CLIP NAME:\s*(.+)", re.IGNORECASE)
_FILE = re.compile(r"\*?\s*(?:SOURCE FILE|MEDIA FILE|FROM FILE|TO FILE)(?: NAME)?:\s*(.+)", re.IGNORECASE)
_SPEED = re.compile(r"M2\s+(\S+)\s+([+-]?\d{1,4}(?:\.\d{1,4})?)(?:\s+(\S+))?\s*", re.IGNORECASE)
_WARP = re.compile(r"TIME ?WARP|MOTION EFFECT|SPEED EFFECT|FREEZE FRAME", re.IGNORECASE)
_MORE_CHANNELS = re.compile(r"AUD((?:\s+\d{1,2})+)\s*", re.IGNORECASE)
_CROSSFADE = re.compile(
    r"\*?\s*EFFECTS? NAME(?: IS)?:?.*(?:DISSOLVE|CROSS ?FADE|CONSTANT (?:POWER|GAIN)|EXPONENTIAL FADE)",
    re.IGNORECASE,
)
"""Of sound; Premiere writes it as a wipe."""
_LEVEL = re.compile(r"\*?\s*AUDIO LEVEL AT", re.IGNORECASE)
_SAMPLES = re.compile(
    r"SOURCE SAMPLES (\d{1,15})-(\d{1,15}), RECORD SAMPLES (\d{1,15})-(\d{1,15}), (\d{1,7}) HZ"
    r"(?:, (\d{1,3}(?:\.\d{1,6})?) FPS)?"
)
_USUAL = (25, 30, 50, 60)
_BLACK = ("BL", "BLACK")
_CUT, _DISSOLVE, _KEY = "C", "D", "K"
_TRANSITIONS = {"D": "dissolve", "W": "wipe"}


@dataclass(slots=True)
class _Event:
    """One line, with the remarks below it.

    Attributes
    ----------
    names : of the clip before and after a transition; both are that of the event if it is a cut
    speed : in frames a second as a remark states it, "" for none
    """

    line: int
    number: str
    reel: str
    channels: list[str]
    has_picture: bool
    transition: str
    transition_frames: int
    codes: tuple[str, str, str, str]
    drops_frames: bool
    names: list[str] = field(default_factory=lambda: ["", ""])
    files: list[str] = field(default_factory=lambda: ["", ""])
    is_after: bool = False
    speed: str = ""
    is_warped: bool = False
    is_split: bool = False
    samples: tuple[int, ...] = ()
    rate_hz: int = 0

    @property
    def name(self) -> str:
        """The name of the clip that begins here: behind a transition, the second one that is named."""
        place = int(self.transition != _CUT and bool(self.names[1] or self.files[1]))
        return self.files[place] or self.names[place] or self.reel

    @property
    def is_black(self) -> bool:
        """Whether nothing plays."""
        return self.reel.upper() in _BLACK or self.name.upper() in _BLACK


@dataclass(frozen=True, slots=True)
class _Counted:
    """An event with its positions in frames: start and stop in the source, start and stop in the result."""

    event: _Event
    start: int
    stop: int
    at: int
    end: int

    @property
    def length(self) -> int:
        """Its length in the result."""
        return self.end - self.at


def read(file: EditsFile, progress: Progress) -> ImportedEdits:
    """Read the audio events of a list, a track for each channel.

    Raises
    ------
    EditsError : a line is invalid, or the list has no event
    """
    text = file.content().decode("utf-8-sig", "replace")
    events: list[_Event] = []
    is_dropping, drops_anywhere, named_rate = False, False, ""
    levels = 0
    for number, line in enumerate(text.splitlines(), 1):
        if not number % 1000:
            progress.check_cancelled()
        plain = line.strip()
        if plain.upper().startswith("FCM:"):
            is_dropping = "NON" not in plain.upper()
            drops_anywhere |= is_dropping
        elif (found := _EVENT.fullmatch(plain)) is not None:
            events.append(_event(number, found, drops_frames=is_dropping))
        elif plain[:1].isdigit():
            raise file.refused(f"line {number} is not an event")
        elif events:
            levels += _LEVEL.match(plain) is not None
            named_rate = _remark(events, plain) or named_rate
    if not events:
        raise file.refused("it holds no events")
    left_out = Counter({"audio level": levels}) if levels else Counter[str]()
    rate = _rate(file, named_rate, drops_anywhere)
    if rate is not None:
        return _described(file, events, rate, left_out)
    rate = _guessed_rate(events)
    made = _described(file, events, rate, left_out)
    premise = f"The list has no frame rate: {rate} frames a second are assumed."
    return replace(made, is_rate_guessed=True, premises=(premise,))


def _event(line: int, found: re.Match[str], *, drops_frames: bool) -> _Event:
    channels = found[3].upper()
    if channels in ("AA", "AA/V"):
        audio = ["A", "A2"]
    elif channels == "B":  # picture and the first channel
        audio = ["A"]
    else:
        audio = [f"A{one}" if one not in ("", "1") else "A" for one in re.findall(r"A(\d*)", channels)]
    has_picture = "V" in channels or channels == "B"
    if not audio and not has_picture and channels != "NONE":
        has_picture = True
    codes = (found[6], found[7], found[8], found[9])
    transition, length = found[4].upper(), int(found[5] or 0)
    return _Event(line, found[1], found[2], audio, has_picture, transition, length, codes, drops_frames)


def _remark(events: list[_Event], line: str) -> str:
    """Store the values of a remark in its event; return the frame rate that it names, or ""."""
    event = events[-1]
    if (found := _SAMPLES.search(line)) is not None:
        event.samples = tuple(int(found[group]) for group in (1, 2, 3, 4))
        event.rate_hz = int(found[5])
        return found[6] or ""
    if (found := _NAME.match(line)) is not None:
        event.is_after = (found[1] or "").upper().startswith("TO")
        event.names[event.is_after] = event.names[event.is_after] or found[2].strip()
    elif (found := _FILE.match(line)) is not None:
        event.files[event.is_after] = found[1].strip()
    elif (found := _SPEED.fullmatch(line)) is not None:
        _with_speed(events, found[1], found[3] or "").speed = found[2]
    elif (found := _MORE_CHANNELS.fullmatch(line)) is not None:
        event.channels += [f"A{int(one)}" for one in found[1].split()]
    elif _CROSSFADE.match(line) is not None:
        event.transition = event.transition if event.transition == _CUT else _DISSOLVE
    elif line.upper().startswith("SPLIT:"):
        event.is_split = True
    elif _WARP.search(line) is not None and not _FILE.match(line):
        event.is_warped = True
    return ""


def _with_speed(events: list[_Event], reel: str, code: str) -> _Event:
    """Return the event that a speed is of: of two lines with one number, that of its reel and code."""
    event = events[-1]
    pair = [one for one in events[-2:] if one.number == event.number][::-1]
    of_reel = [one for one in pair if one.reel.casefold() == reel.casefold()] or pair
    return next((one for one in of_reel if one.codes[0] == code), of_reel[0])


def _rate(file: EditsFile, named: str, drops_frames: bool) -> Fraction | None:
    """Return the frame rate; None if neither the list nor the user states it."""
    if file.frame_rate is not None:
        return file.frame_rate.exact
    if named in [one.value for one in FrameRate]:
        return FrameRate(named).exact
    if named:
        return rate_of(named)
    return FrameRate.FPS_29_97.exact if drops_frames else None


def _guessed_rate(events: list[_Event]) -> Fraction:
    """Return the lowest usual frame rate that counts every frame of a list."""
    last = [code[-2:] for one in events for code in one.codes]
    highest = max((int(one) for one in last if one.isdecimal()), default=0)
    return next((Fraction(usual) for usual in _USUAL if highest < usual), Fraction(_USUAL[0]))


def _described(
    file: EditsFile, events: list[_Event], rate: Fraction, left_out: Counter[str]
) -> ImportedEdits:
    found = list(_counted(file, events, rate))
    begin = _begin(found, rate)
    channels: dict[str, _Channel] = {}
    not_understood: list[NotUnderstood] = []
    cuts: Counter[str] = Counter()
    for one, source in _with_outgoing(found):
        left_out["event of video"] += one.event.has_picture and not one.event.channels
        if one.length <= 0:
            continue
        is_cut = one.event.transition == _CUT
        for name in dict.fromkeys(one.event.channels):
            channel = channels.setdefault(name, _Channel(rate, begin))
            part = None if one.event.is_black else _part(one, rate, begin, name)
            if part is not None:
                not_understood.append(part)
            if not channel.add(one, source, is_known=part is None) and not is_cut:
                cuts[_TRANSITIONS.get(one.event.transition[0], "transition")] += 1
    tracks = {name: channel.clips for name, channel in channels.items() if channel.clips}
    if not tracks and not not_understood:
        raise file.refused("it holds no audio events")
    omissions = left_out_sentences(+left_out)
    omissions += tuple(
        f"{counted(number, noun)} imported without a crossfade." for noun, number in cuts.items()
    )
    has_crossfades = any(channel.has_crossfades for channel in channels.values())
    is_exact = all(one.event.samples and _is_agreed(one, rate, begin) for one in found)
    return ImportedEdits(
        file.name,
        file.form.name,
        tuple(ImportedTrack(name, crossfaded(clips)) for name, clips in tracks.items()),
        rounding_s=Fraction(0) if is_exact else 1 / rate,
        counts_frames=True,
        has_crossfades=has_crossfades,
        states_cuts=False,
        has_edge_fades=has_crossfades,
        frame_rate=rate,
        left_out=omissions,
        not_understood=tuple(not_understood),
    )


def _with_outgoing(found: Sequence[_Counted]) -> Iterator[tuple[_Counted, _Counted | None]]:
    """Yield events, each with the one of its number before it, whose source a transition leaves."""
    before: _Counted | None = None
    for one in found:
        is_pair = before is not None and before.event.number == one.event.number
        yield one, before if is_pair and one.event.transition != _CUT else None
        before = one


class _Channel:
    """The clips of one channel, in the order of the list."""

    def __init__(self, rate: Fraction, begin: int) -> None:
        self._rate, self._begin = rate, begin
        self._last: _Counted | None = None
        self.clips: list[ImportedClip] = []
        self.has_crossfades = False

    def add(self, one: _Counted, source: _Counted | None, *, is_known: bool) -> bool:
        """Add the clip of an event, and return whether a crossfade leads to it.

        A dissolve begins where its event does, and its outgoing source goes on for as long as it lasts.

        Parameters
        ----------
        source : the event before the dissolve, of its number
        is_known : whether the event plays a clip as it is, or nothing
        """
        frames = one.event.transition_frames
        is_faded = is_known and one.event.transition == _DISSOLVE and 0 < frames <= one.length
        from_black = source is not None and source.event.is_black
        goes_on = is_faded and source is not None and not from_black and self._ends_at(one, source)
        if goes_on:
            length_s = self.clips[-1].length_s + frames / self._rate
            self.clips[-1] = replace(self.clips[-1], length_s=length_s, fade_out_s=frames / self._rate)
        is_faded = goes_on or (is_faded and from_black)
        self._last = one if is_known and not one.event.is_black else None
        if self._last is not None:
            fade_s = frames / self._rate if is_faded else Fraction(0)
            self.clips.append(replace(_clip(one, self._rate, self._begin), fade_in_s=fade_s))
        self.has_crossfades |= is_faded
        return is_faded

    def _ends_at(self, one: _Counted, source: _Counted) -> bool:
        """Return whether the clip before a dissolve ends where that begins, and is the source it leaves."""
        last = self._last
        if last is None or last.end != one.at or last.event.transition_frames > last.length:
            return False
        if source.event.speed or source.event.is_warped:
            return False
        if last is source:
            return True
        named = one.event.files[0] or one.event.names[0]
        is_same = named == last.event.name if named else source.event.reel == last.event.reel
        return is_same and abs(source.start - last.stop) <= 1


def _counted(file: EditsFile, events: list[_Event], rate: Fraction) -> Iterator[_Counted]:
    """Yield events with their frames; a list without any semicolon counts all of them as it is headed."""
    marks_drops = any(";" in code for one in events for code in one.codes)
    for event in events:
        codes = event.codes
        if event.drops_frames and not marks_drops:
            codes = tuple(dropping(code) for code in codes)  # type: ignore[assignment]
        try:
            frames = [timecode_frames(code, round(rate)) for code in codes]
            within(max(frames) / rate)
        except ValueError as error:
            raise file.refused(f"line {event.line}: {error}") from error
        yield _Counted(event, *frames)


def _begin(found: list[_Counted], rate: Fraction) -> int:
    """Return the frame of the full hour at which a list begins."""
    first = min((one for one in found if one.length > 0), key=lambda one: one.at, default=None)
    if first is None:
        return 0
    hour = first.event.codes[2].partition(":")[0]
    sign = ";" if first.event.drops_frames else ":"
    return min(first.at, timecode_frames(f"{hour}:00:00{sign}00", round(rate)))


def _is_agreed(one: _Counted, rate: Fraction, begin: int) -> bool:
    """Return whether the samples in a remark agree with the timecode, so the event was not moved."""
    event = one.event
    if not event.samples or event.rate_hz <= 0:
        return False
    start, stop, record_start, record_stop = (Fraction(at, event.rate_hz) * rate for at in event.samples)
    is_long = abs(stop - start - (one.stop - one.start)) <= 1
    is_there = abs(record_start + begin - one.at) <= 1 or abs(record_start - one.at) <= 1
    return is_long and is_there and abs(record_stop - record_start - one.length) <= 1


def _clip(one: _Counted, rate: Fraction, begin: int) -> ImportedClip:
    if _is_agreed(one, rate, begin):
        start, stop, record_start, _ = (Fraction(at, one.event.rate_hz) for at in one.event.samples)
        return ImportedClip(Medium(one.event.name), start, stop - start, record_start)
    medium = Medium(one.event.name, is_timecode=True)
    return ImportedClip(medium, one.start / rate, one.length / rate, (one.at - begin) / rate)


def _part(one: _Counted, rate: Fraction, begin: int, channel: str) -> NotUnderstood | None:
    """Return an event at another speed, or with sound and picture at different places; None for any other.

    Programs differ in the length of the source that they write: the longer one is used.
    """
    event, played = one.event, one.stop - one.start
    speed = Fraction(1)
    if event.speed:
        speed = number_of(event.speed) / round(rate)
    elif abs(played - one.length) > 1:
        speed = Fraction(played, one.length)
    if event.is_warped and speed == 1:
        speed = Fraction(0)
    clip = _clip(one, rate, begin)
    if abs(speed - 1) * one.length > 1:
        part = at_speed(clip, speed, channel, "clip")
    elif event.transition.startswith(_KEY):
        part = replace(at_speed(clip, Fraction(1), channel), noun="keyed clip")
    elif event.is_split:
        part = replace(at_speed(clip, Fraction(1), channel), noun="clip with a split of picture and sound")
    else:
        return None
    edges = one.start / rate, one.stop / rate
    return replace(
        part,
        medium_start_s=min(part.medium_start_s, *edges),
        medium_stop_s=max(part.medium_stop_s, *edges),
    )
