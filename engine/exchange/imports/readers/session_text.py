"""Session text of Pro Tools: clips and markers at their times in a session.

Pro Tools Reference Guide, "Exporting Session Information as Text". The text names the file of a clip, but not
the part of it that plays: `engine.exchange.imports.proposals.from_labels` looks for that in the document.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from engine.core.files.text import decoded
from engine.core.progress import Progress
from engine.core.timebase import s_to_samples, timecode_frames
from engine.document.edits.markers import NamedSpan
from engine.exchange.imports.described import (
    NOTHING,
    ImportedClip,
    ImportedEdits,
    ImportedMarker,
    ImportedTrack,
    LabelsAs,
    Medium,
    left_out_sentences,
)
from engine.exchange.imports.formats import EditsFile
from engine.exchange.imports.values import dropping, rate_of, within

_SECTION = re.compile(r"(?:[A-Z-] {1,2}){3,}[A-Z]")
_TIMECODE = re.compile(r"(\d{1,3}:\d\d:\d\d[:;]\d{1,3})(?:\.(\d\d))?")
_MINUTES = re.compile(r"(\d{1,5}):([0-5]\d)(?:\.(\d{1,3}))?")
_SAMPLES = re.compile(r"\d{1,15}")
_OTHER_UNITS = re.compile(r"\d{1,6}(?:\|.*|\+\d\d.*)")
"""Bars and beats, and feet and frames: the text states no tempo and no rate of the film."""
_FADE = re.compile(r"\((?:(fade in)|(fade out)|cross ?fade)\)")
_MARKER_UNITS = ("Samples", "Ticks")
_SILENT_STATES = {"Muted", "Inactive"}
_FULL_NAME = 5
_LONGEST_NAME = 200
_DAY_S = 86_400
_WAY_ON = "To import these, export the session with the time format Timecode, Min:Secs or Samples."
_PREMISE = "The clips count as spans of the recording: they have to be where they were recorded."


@dataclass(frozen=True, slots=True)
class _Clock:
    """How the times of a session count.

    Attributes
    ----------
    start : timecode of the beginning of the session; None if not stated, as before version 9
    """

    rate_hz: Fraction
    frame_rate: Fraction | None
    drops_frames: bool
    start: str | None

    @property
    def start_s(self) -> Fraction:
        """The timecode of the beginning in seconds.

        Raises
        ------
        ValueError : the text does not state it
        """
        if self.start is None:
            raise ValueError("it states timecodes, but not that of the start of the session")
        return self._timecode_s(self.start)

    def seconds(self, text: str) -> tuple[Fraction, Fraction] | None:
        """Return a time from the beginning of the session, and how far it was rounded down.

        None for bars and beats, and for feet and frames.

        Raises
        ------
        ValueError : it is none of the times that Pro Tools writes
        """
        text = text.strip()
        if (found := _TIMECODE.fullmatch(text)) is not None:
            apart = self._timecode_s(text) - self.start_s
            rate = self.frame_rate or Fraction(1)
            day_s = Fraction(_DAY_S * round(rate)) / rate
            return within(apart if apart >= 0 else apart + day_s), 1 / rate / (100 if found[2] else 1)
        if (found := _MINUTES.fullmatch(text)) is not None:
            part = found[3] or ""
            seconds = 60 * int(found[1]) + Fraction(f"{found[2]}.{part}" if part else found[2])
            return within(seconds), Fraction(1, 10 ** len(part))
        if _SAMPLES.fullmatch(text):
            return within(int(text) / self.rate_hz), NOTHING
        if _OTHER_UNITS.fullmatch(text):
            return None
        raise ValueError(f"{text[:40]!r} is not a time of a session")

    def _timecode_s(self, text: str) -> Fraction:
        if self.frame_rate is None:
            raise ValueError("it states timecodes, but no timecode format")
        found = _TIMECODE.fullmatch(text.strip())
        if found is None:
            raise ValueError(f"{text[:40]!r} is not a timecode")
        code = dropping(found[1]) if self.drops_frames else found[1]
        frames = timecode_frames(code, round(self.frame_rate)) + Fraction(int(found[2] or 0), 100)
        return frames / self.frame_rate


@dataclass(frozen=True, slots=True)
class _Clip:
    """A clip of a channel of a track, its fades included; or a fade, before those are part of their clips.

    Attributes
    ----------
    recorded_s : where its start was when it was recorded, in the session; None if that is not stated
    """

    track: int
    channel: str
    name: str
    start_s: Fraction
    stop_s: Fraction
    recorded_s: Fraction | None
    is_audible: bool


def read_session(file: EditsFile, content: bytes, progress: Progress) -> ImportedEdits:
    """Read a session: its clips, and the same clips as labels.

    Raises
    ------
    EditsError : a line of it cannot be read, or it holds neither clips nor markers
    """
    file = replace(file, form=replace(file.form, name="session text of Pro Tools"))
    text = decoded(content, tied="cp1252" if b"\r\n" in content else "mac_roman")
    return _Reading(file).described(text, progress)


class _Reading:
    """Reads one session, and counts the parts that it leaves out."""

    def __init__(self, file: EditsFile) -> None:
        self._file = file
        self._head: dict[str, str] = {}
        self._files: dict[str, str] = {}
        self._tracks: list[str] = []
        self._is_silent = False
        self._columns: tuple[str, ...] = ()
        self._clips: list[_Clip] = []
        self._markers: list[ImportedMarker] = []
        self._is_marker_open = False
        self._unplaced: Counter[str] = Counter()
        self._rounding_s = NOTHING
        self._clock: _Clock | None = None

    def described(self, text: str, progress: Progress) -> ImportedEdits:
        """Return the edits of a session."""
        section = "head"
        for number, line in enumerate(text.splitlines(), 1):
            if not number % 1000:
                progress.check_cancelled()
            if _SECTION.fullmatch(line.strip()):
                section = line.replace(" ", "").strip()
                continue
            try:
                self._line(section, line)
            except ValueError as error:
                raise self._file.refused(f"line {number}: {error}") from error
        if not self._clips and not self._markers:
            other_units = "its time format is none of Timecode, Min:Secs and Samples"
            raise self._file.refused(other_units if self._unplaced else "it holds no clips and no markers")
        return self._edits()

    def _line(self, section: str, line: str) -> None:
        fields = line.split("\t")
        if section == "head":
            self._head[fields[0].strip(" :\ufeff")] = "\t".join(fields[1:]).strip()
        elif section.endswith(("CLIPSINSESSION", "REGIONSINSESSION")) and len(fields) > 1:
            self._files.setdefault(fields[0].strip(), fields[1].strip())
        elif section == "TRACKLISTING":
            self._track_line(fields)
        elif section == "MARKERSLISTING":
            self._marker_line(fields)

    def _track_line(self, fields: Sequence[str]) -> None:
        first = fields[0].strip()
        if first == "TRACK NAME:":
            self._tracks.append(" ".join(fields[1:]).strip().removesuffix(" (Stereo)"))
            self._is_silent = False
        elif first.startswith("STATE:"):
            states = {*first.split()[1:], *" ".join(fields[1:]).split()}
            self._is_silent = bool(states & _SILENT_STATES)
        elif first == "CHANNEL":
            self._columns = tuple(one.strip() for one in fields)
        elif first.isdecimal() and self._tracks and self._columns:
            self._clip_line(fields)

    def _clip_line(self, fields: Sequence[str]) -> None:
        """Read a clip, whose name may hold tabs."""
        more = len(fields) - len(self._columns)
        if more < 0:
            raise ValueError("a clip has too few columns")
        plain = [*fields[:2], " ".join(fields[2 : 3 + more]), *fields[3 + more :]]
        row = dict(zip(self._columns, (one.strip() for one in plain), strict=True))
        name = row.get("CLIP NAME", row.get("REGION NAME", ""))
        start, stop = (self._seconds(row.get(one, "")) for one in ("START TIME", "END TIME"))
        stamp = row.get("TIMESTAMP") or row.get("USER TIMESTAMP")
        recorded = self._seconds(stamp) if stamp else None
        if start is None or stop is None:
            self._unplaced[f"clip in {_units(row.get('START TIME', ''))}"] += not _FADE.fullmatch(name)
            return
        is_audible = row.get("STATE") != "Muted" and not self._is_silent
        track = len(self._tracks) - 1
        if start <= stop:
            self._clips.append(_Clip(track, row["CHANNEL"], name, start, stop, recorded, is_audible))

    def _marker_line(self, fields: Sequence[str]) -> None:
        """Read a marker, or the rest of the name of the one before, which may hold line ends."""
        is_marker = fields[0].strip().isdecimal() and len(fields) >= _FULL_NAME
        if is_marker and fields[3].strip() in _MARKER_UNITS:
            exact = fields[2].strip()
            is_exact = fields[3].strip() == "Samples" and _SAMPLES.fullmatch(exact)
            at = int(exact) / self._clock_of().rate_hz if is_exact else self._seconds(fields[1])
            self._is_marker_open = at is not None and len(fields) == _FULL_NAME
            if at is None:
                self._unplaced[f"marker in {_units(fields[1])}"] += 1
            else:
                self._markers.append(ImportedMarker(fields[4].strip(), within(at), within(at)))
        elif self._is_marker_open and fields[0].strip():
            one = self._markers[-1]
            self._markers[-1] = replace(one, name=f"{one.name} {fields[0].strip()}")
            self._is_marker_open = len(fields) == 1

    def _seconds(self, text: str) -> Fraction | None:
        found = self._clock_of().seconds(text)
        if found is None:
            return None
        self._rounding_s = max(self._rounding_s, found[1])
        return found[0]

    def _clock_of(self) -> _Clock:
        if self._clock is None:
            form = self._head.get("TIMECODE FORMAT") or self._head.get("TIME CODE FORMAT") or ""
            rate = form.split()[0] if form else ""
            self._clock = _Clock(
                rate_of(self._head.get("SAMPLE RATE", "")),
                rate_of(rate) if rate else None,
                "drop" in form.casefold().replace("non-drop", ""),
                self._head.get("SESSION START TIMECODE"),
            )
        return self._clock

    def _edits(self) -> ImportedEdits:
        clips, clock = list(self._with_fades()), self._clock_of()
        as_labels = self._file.labels_as
        tracks = tuple(self._imported(clips)) if as_labels is None else ()
        muted = Counter({"muted clip": sum(not one.is_audible for one in clips)})
        left_out = left_out_sentences(+self._unplaced)
        if left_out:
            left_out = (*left_out[:-1], f"{left_out[-1]} {_WAY_ON}")
        in_timecode = bool(self._rounding_s and clock.frame_rate)
        return ImportedEdits(
            self._file.name,
            self._file.form.name,
            tracks,
            tuple(self._markers),
            labels=(*self._labels(clips), *self._marker_labels()),
            labels_as=as_labels or LabelsAs.MARKERS,
            rate_hz=self._file.rate_hz,
            rounding_s=self._rounding_s,
            counts_frames=in_timecode and self._rounding_s * (clock.frame_rate or 0) == 1,
            has_crossfades=False,
            has_edge_fades=False,
            frame_rate=clock.frame_rate,
            left_out=(*left_out, *left_out_sentences(+muted)),
            premises=(_PREMISE,) if as_labels in (LabelsAs.CUTS, LabelsAs.KEEPS) else (),
            session_start_s=clock.start_s if clock.start is not None and clock.frame_rate else None,
            states_parts=False,
        )

    def _with_fades(self) -> Iterator[_Clip]:
        """Yield clips with the fades that are listed before and behind them.

        The time stamp of a clip behind a fade may be that of either start: it is not used.
        """
        found: list[_Clip] = []
        fade: _Clip | None = None
        for one in self._clips:
            kind = _FADE.fullmatch(one.name)
            if kind is not None:
                if not kind[1] and found and self._meets(found[-1], one):
                    found[-1] = replace(found[-1], stop_s=one.stop_s)
                fade = None if kind[2] else one
                continue
            if fade is not None and self._meets(fade, one):
                one = replace(one, start_s=fade.start_s, recorded_s=None)
            fade = None
            found.append(one)
        yield from found

    def _meets(self, one: _Clip, after: _Clip) -> bool:
        is_near = abs(one.stop_s - after.start_s) <= self._rounding_s
        return is_near and (one.track, one.channel) == (after.track, after.channel)

    def _imported(self, clips: Sequence[_Clip]) -> Iterator[ImportedTrack]:
        """Yield the tracks with their clips; channels that play one file are one clip."""
        for number, name in enumerate(self._tracks):
            own = dict.fromkeys(self._clip(one) for one in clips if one.track == number)
            if own:
                yield ImportedTrack(name, tuple(own))

    def _clip(self, one: _Clip) -> ImportedClip:
        listed = self._files.get(one.name)
        medium = Medium(listed) if listed else Medium("", names=(one.name,))
        length_s = one.stop_s - one.start_s
        return ImportedClip(
            medium, NOTHING, length_s, one.start_s, is_audible=one.is_audible, recorded_s=one.recorded_s
        )

    def _labels(self, clips: Sequence[_Clip]) -> Iterator[NamedSpan]:
        """Yield the audible clips of the first channel of each track."""
        audible = [one for one in clips if one.is_audible and one.start_s < one.stop_s]
        channels: dict[int, set[str]] = {}
        for one in audible:
            channels.setdefault(one.track, set()).add(one.channel)
        for one in audible:
            own = channels[one.track]
            if one.channel != min(own):
                continue
            name = one.name.removesuffix(".L") if len(own) > 1 else one.name
            name = f"{name} ({self._tracks[one.track]})" if len(channels) > 1 else name
            start, stop = (s_to_samples(float(at), self._file.rate_hz) for at in (one.start_s, one.stop_s))
            yield NamedSpan(start, stop, name[:_LONGEST_NAME])

    def _marker_labels(self) -> Iterator[NamedSpan]:
        for one in self._markers:
            at = s_to_samples(float(one.start_s), self._file.rate_hz)
            yield NamedSpan(at, at, one.name[:_LONGEST_NAME])


def _units(time: str) -> str:
    return "bars and beats" if "|" in time else "feet and frames"
