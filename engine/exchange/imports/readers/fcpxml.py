"""FCPXML: clips of assets on the main storyline, connected to it, or in the timelines nested in it.

Places are those of the project: a compound, synchronised or multicam clip is read where it plays, limited to
the span that it shows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from xml.etree.ElementTree import Element

from engine.core.progress import Progress
from engine.exchange.imports.described import (
    NOTHING,
    ImportedClip,
    ImportedEdits,
    ImportedMarker,
    ImportedTrack,
    Medium,
    NotUnderstood,
    all_unknown,
    at_speed,
    crossfaded,
    left_out_sentences,
    trimmed,
    trimmed_parts,
)
from engine.exchange.imports.formats import EditsFile
from engine.exchange.imports.values import name_of, number_of, parsed_xml, path_of, rational_seconds, within

_MEDIA = ("asset-clip", "audio")
_HOLDING = ("clip", "video", "gap", "ref-clip", "sync-clip", "mc-clip")
_NESTED = {"ref-clip": "sequence", "mc-clip": "multicam"}
_SILENT = ("title", "caption", "live-drawing")
_ITEMS = (*_MEDIA, *_HOLDING, *_SILENT, "audition")
_MARKERS = ("marker", "chapter-marker")
_NEAR_RATE = Fraction(1, 2000)
_MOST_NESTED = 20
_MOST_READ = 300_000
_HOUR_S = 3_600
_LOUDEST_DB, _QUIETEST_DB = 60, -200
_Lane = tuple[int, ...]


def read(file: EditsFile, progress: Progress) -> ImportedEdits:
    """Read the clips of the first project.

    Raises
    ------
    ValueError : it is not FCPXML, or holds no project
    """
    return _Reading(file, parsed_xml(file.content(), "fcpxml"), progress).described()


@dataclass(frozen=True, slots=True)
class _Played:
    """The sound of an item: the span [start_s, stop_s) of its own timeline, at a place of the result."""

    at_s: Fraction
    length_s: Fraction
    start_s: Fraction
    stop_s: Fraction
    speed: Fraction


@dataclass(frozen=True, slots=True)
class _Around:
    """The surroundings of an item: its lane in each timeline, their gain, and whether they are on."""

    lane: _Lane = (0,)
    gain_db: float = 0.0
    is_on: bool = True

    @property
    def depth(self) -> int:
        """In how many timelines it is."""
        return len(self.lane)

    def of(self, item: Element, *, is_on: bool = True) -> _Around:
        """Return the surroundings of the content of an item."""
        gain_db = self.gain_db + _gain_db(item)
        return replace(self, gain_db=gain_db, is_on=self.is_on and is_on and _is_enabled(item))

    def inside(self) -> _Around:
        """Return the surroundings of the items of a timeline that is nested here."""
        return replace(self, lane=(*self.lane, 0))

    def on(self, lane: str) -> _Around:
        """Return the surroundings of an item on a lane of the same timeline."""
        return replace(self, lane=(*self.lane[:-1], self.lane[-1] + int(number_of(lane))))


class _Reading:
    """Reads one project, and counts the parts it leaves out."""

    def __init__(self, file: EditsFile, root: Element, progress: Progress) -> None:
        self._file, self._root, self._progress = file, root, progress
        self._left_out: Counter[str] = Counter()
        self._assets = {one.get("id", ""): one for one in root.iter("asset")}
        self._nested = {one.get("id", ""): one for one in root.iter("media")}
        self._clips: dict[_Lane, list[ImportedClip]] = {}
        self._parts: list[NotUnderstood] = []
        self._names: dict[_Lane, str] = {}
        self._markers: list[ImportedMarker] = []
        self._frame_rate: Fraction | None = None
        self._read = 0

    def described(self) -> ImportedEdits:
        """Return the edits of the project."""
        projects = [one for one in self._root.iter("project") if one.find("sequence/spine") is not None]
        sequence = projects[0].find("sequence") if projects else None
        if sequence is None:
            raise ValueError("it holds no project with a storyline")
        if len(projects) > 1:
            self._left_out["other project"] += len(projects) - 1
        self._frame_rate = self._rate(sequence)
        self._sequence(sequence, -_begin(sequence), _Around())
        if not self._clips and not self._parts:
            raise ValueError("it holds no sound")
        tracks = tuple(
            ImportedTrack(
                self._names.get(lane, ""), crossfaded(clips) if lane[-1] == 0 else tuple(clips), 0.0
            )
            for lane, clips in sorted(self._clips.items(), reverse=True)
        )
        return ImportedEdits(
            self._file.name,
            self._file.form.name,
            tracks,
            tuple(self._markers),
            frame_rate=self._frame_rate,
            left_out=left_out_sentences(+self._left_out),
            not_understood=tuple(self._parts),
        )

    def _rate(self, sequence: Element) -> Fraction | None:
        forms: Mapping[str, Element] = {one.get("id", ""): one for one in self._root.iter("format")}
        form = forms.get(sequence.get("format", ""))
        frame = NOTHING if form is None else rational_seconds(form.get("frameDuration", "0s"))
        return 1 / frame if frame > 0 else None

    def _sequence(self, sequence: Element, origin: Fraction, around: _Around) -> None:
        """Read a sequence whose time 0 is at a place of the result."""
        spine = sequence.find("spine")
        if spine is not None:
            self._storyline(spine, origin, _begin(sequence), around)

    def _storyline(self, items: Iterable[Element], origin: Fraction, here: Fraction, around: _Around) -> None:
        """Read items that follow each other from `here` on, in a timeline whose time 0 is at `origin`."""
        for item in items:
            self._progress.check_cancelled()
            if item.tag == "transition":
                self._left_out["transition"] += 1
                continue
            if item.get("lane") is not None:
                self._item(item, within(origin + _time(item, "offset")), around.on(item.get("lane", "0")))
                continue
            if item.tag not in _ITEMS and item.get("offset") is None:  # a marker, a keyword or a setting
                continue
            here = _time(item, "offset", here)
            self._item(item, within(origin + here), around)
            here = within(here + self._length(item))

    def _length(self, item: Element) -> Fraction:
        """Return the length of an item; without one, that of its asset or sequence."""
        if item.tag == "audition":
            chosen = _chosen(item)
            return NOTHING if chosen is None else self._length(chosen)
        if item.get("duration") is not None:
            return _time(item, "duration")
        referred = self._assets.get(item.get("ref", ""))
        if referred is None:
            referred = next(iter(self._nested.get(item.get("ref", ""), ())), None)
        return NOTHING if referred is None else _time(referred, "duration")

    def _item(self, item: Element, at: Fraction, around: _Around) -> None:
        """Read an item that begins at a place of the result, and the items connected to it."""
        self._read += 1
        if around.depth > _MOST_NESTED or self._read > _MOST_READ:
            raise ValueError("its timelines are nested too deeply, or too often")
        if item.tag == "audition":
            chosen = _chosen(item)
            if chosen is not None:
                self._item(chosen, at, around)
            return
        start, length = self._start(item), self._length(item)
        if item.tag in _MEDIA:
            self._clip(item, self._played(item, at, start, length), around)
        elif item.tag in _HOLDING:
            self._holding(item, self._played(item, at, start, length), around)
        elif item.tag in _SILENT:
            self._left_out["title"] += 1
        else:
            self._parts.append(NotUnderstood("unknown part", at, at + length, self._name(around)))
        self._connected(item, at, start, around)

    def _connected(self, item: Element, at: Fraction, start: Fraction, around: _Around) -> None:
        """Read the items that are connected to one, at places of its own timeline."""
        for inner in item:
            place = within(at + _time(inner, "offset") - start)
            lane = inner.get("lane")
            if inner.tag in _MARKERS and around.depth == 1:
                self._marker(inner, at - start)
            elif lane is None or _is_content(item, inner):
                continue
            elif inner.tag == "spine":
                self._storyline(inner, place, NOTHING, around.on(lane))
            elif inner.tag in _ITEMS:
                self._item(inner, place, around.on(lane))

    def _start(self, item: Element) -> Fraction:
        """Return where an item begins in its own timeline; without a statement, where its medium does."""
        ref = item.get("ref", "")
        begin, inner = NOTHING, _NESTED.get(item.tag)
        if item.tag in _MEDIA and ref in self._assets:
            begin = _time(self._assets[ref], "start")
        elif inner and ref in self._nested and (held := self._nested[ref].find(inner)) is not None:
            begin = _begin(held)
        return _time(item, "start", begin)

    def _played(self, item: Element, at: Fraction, start: Fraction, length: Fraction) -> _Played:
        """Return the span that an item plays, through its changes of speed."""
        first, last = start, start + length
        if item.get("audioStart") is not None or item.get("audioDuration") is not None:
            first = _time(item, "audioStart", start)
            last = first + _time(item, "audioDuration", length)
            at += first - start
        length = last - first
        speed = self._conformed(item)
        if speed != 1:
            return _Played(at, length, first, first + length * speed, speed)
        mapped = item.find("timeMap")
        points = [] if mapped is None else [(_time(one, "time"), _time(one, "value")) for one in mapped]
        if len(points) < 2:
            return _Played(at, length, first, last, Fraction(1))
        return _Played(at, length, *_through(points, first, last))

    def _conformed(self, item: Element) -> Fraction:
        """Return the speed of a clip whose picture was fitted to another frame rate."""
        conform = item.find("conform-rate")
        if conform is None or conform.get("scaleEnabled", "1") == "0" or self._frame_rate is None:
            return Fraction(1)
        own = number_of(conform.get("srcFrameRate", "0") or "0")
        speed = self._frame_rate / own if own > 0 else Fraction(1)
        return Fraction(1) if abs(speed - 1) < _NEAR_RATE else speed

    def _clip(self, item: Element, played: _Played, around: _Around) -> None:
        """Read a clip of an asset."""
        asset = self._assets.get(item.get("ref", ""))
        around = around.of(item)
        if played.length_s <= 0 or item.get("srcEnable") == "video":
            return
        name = self._name(around)
        if asset is None:
            stop = played.at_s + played.length_s
            if around.is_on:
                self._parts.append(NotUnderstood("clip without a file", played.at_s, stop, name))
            return
        if asset.get("hasVideo") == "1" and asset.get("hasAudio", "0") == "0":
            self._left_out["clip without sound"] += 1
            return
        medium, begin = _medium(asset)
        fade_in, fade_out = self._fades(item)
        start = played.start_s - begin if played.start_s >= begin else played.start_s
        clip = ImportedClip(
            medium,
            start,
            played.length_s,
            played.at_s,
            fade_in,
            fade_out,
            max(_QUIETEST_DB, min(around.gain_db, _LOUDEST_DB)),
            around.is_on,
        )
        if played.speed == 1:
            self._clips.setdefault(around.lane, []).append(clip)
            self._names.setdefault(around.lane, item.get("name", ""))
        elif around.is_on:
            part = at_speed(clip, played.speed, name)
            length = played.stop_s - played.start_s
            self._parts.append(replace(part, medium_start_s=start, medium_stop_s=start + length))

    def _fades(self, item: Element) -> tuple[Fraction, Fraction]:
        """Return the lengths of the fades of a clip, and count curves of its volume."""
        volume = item.find("adjust-volume")
        if volume is None:
            return NOTHING, NOTHING
        self._left_out["volume curve"] += sum(1 for _ in volume.iter("keyframeAnimation"))
        found = (next(volume.iter(name), None) for name in ("fadeIn", "fadeOut"))
        first, last = (NOTHING if one is None else _time(one, "duration") for one in found)
        return max(first, NOTHING), max(last, NOTHING)

    def _holding(self, item: Element, played: _Played, around: _Around) -> None:
        """Read the content of an item, limited to the span that it plays."""
        if item.get("srcEnable") == "video" or played.length_s <= 0:
            return
        known, self._clips = self._clips, {}
        parts, self._parts = self._parts, []
        reach = played.at_s + played.stop_s - played.start_s
        self._content(item, played.at_s - played.start_s, around.of(item).inside())
        found = {lane: tuple(trimmed(own, played.at_s, reach)) for lane, own in self._clips.items()}
        inner = tuple(trimmed_parts(self._parts, played.at_s, reach))
        self._clips, self._parts = known, parts
        if played.speed == 1:
            for lane, clips in found.items():
                self._clips.setdefault(lane, []).extend(clips)
            self._parts += inner
            return
        held = [one for own in found.values() for one in own if one.is_audible]
        stop, name = played.at_s + played.length_s, self._name(around)
        if held or inner:
            noun = "nested timeline with a change of speed"
            self._parts += all_unknown(held, noun, played.at_s, stop, name)
            self._parts += (replace(one, start_s=played.at_s, stop_s=stop) for one in inner)

    def _content(self, item: Element, origin: Fraction, around: _Around) -> None:
        """Read the content of an item, in its timeline, whose time 0 is at a place of the result."""
        held = self._nested.get(item.get("ref", ""))
        if item.tag == "ref-clip":
            sequence = None if held is None else held.find("sequence")
            if sequence is None:
                self._unresolved("compound clip", item, origin, around)
            else:
                self._sequence(sequence, origin, around)
        elif item.tag == "mc-clip":
            angles = [] if held is None else _active_angles(item, held)
            if not angles:
                self._unresolved("multicam clip", item, origin, around)
            for number, angle in enumerate(angles):
                own = replace(around, lane=(*around.lane[:-1], number))
                self._storyline(angle, origin, NOTHING, own)
        elif item.tag == "sync-clip":
            off = _switched_off(item)
            for inner in item:
                is_on = ("connected" if inner.get("lane") else "storyline") not in off
                own = replace(around, is_on=around.is_on and is_on)
                self._storyline(inner if inner.tag == "spine" else (inner,), origin, NOTHING, own)
        else:
            self._storyline([one for one in item if _is_content(item, one)], origin, NOTHING, around)

    def _unresolved(self, noun: str, item: Element, origin: Fraction, around: _Around) -> None:
        """Note a clip whose content is not in the file."""
        at = origin + self._start(item)
        if around.is_on:
            self._parts.append(NotUnderstood(noun, at, at + self._length(item), self._name(around)))

    def _name(self, around: _Around) -> str:
        """Return the name of a lane in messages."""
        return "the storyline" if not any(around.lane) else f"lane {next(filter(None, around.lane))}"

    def _marker(self, marker: Element, at: Fraction) -> None:
        start = within(at + _time(marker, "start"))
        length = _time(marker, "duration")
        frame_s = None if self._frame_rate is None else 1 / self._frame_rate
        stop = start if frame_s is not None and length <= frame_s else start + max(length, NOTHING)
        self._markers.append(ImportedMarker(marker.get("value", ""), start, stop))


def _time(element: Element, name: str, default: Fraction = NOTHING) -> Fraction:
    text = element.get(name)
    return default if text is None else rational_seconds(text)


def _begin(sequence: Element) -> Fraction:
    """Return the timecode at which a sequence begins.

    Items before `tcStart` count from 0. Without it, a first item behind a full hour counts from
    that hour: silence at the start would be a gap.
    """
    spine = sequence.find("spine")
    offsets = [_time(one, "offset") for one in spine or () if one.get("offset") is not None]
    if sequence.get("tcStart") is None and offsets:
        return max(NOTHING, Fraction(offsets[0] // _HOUR_S * _HOUR_S))
    begin = _time(sequence, "tcStart")
    return begin if not offsets or offsets[0] >= begin else NOTHING


def _through(
    points: list[tuple[Fraction, Fraction]], first: Fraction, last: Fraction
) -> tuple[Fraction, Fraction, Fraction]:
    """Return start, stop and speed of what a map of time plays between two times; 0 if the speed changes."""
    points = sorted(points)
    rising = [pair for pair in pairwise(points) if pair[0][0] < pair[1][0]]
    if not rising:
        return first, last, NOTHING
    inside = [pair for pair in rising if pair[0][0] < last and first < pair[1][0]]
    inside = inside or [rising[0] if last <= rising[0][0][0] else rising[-1]]
    speeds = [(after[1] - before[1]) / (after[0] - before[0]) for before, after in inside]
    (left, value), speed = inside[0][0], speeds[0]
    edges = [value + (first - left) * speed, *(after[1] for _, after in inside[:-1])]
    (left, value), speed = inside[-1][0], speeds[-1]
    edges.append(value + (last - left) * speed)
    is_even = all(abs(one - speeds[0]) * (last - first) < _NEAR_RATE for one in speeds)
    shown = speeds[0] if is_even else NOTHING
    if abs(shown - 1) * (last - first) < _NEAR_RATE:
        return edges[0], edges[0] + last - first, Fraction(1)
    return max(NOTHING, min(edges)), within(max(edges)), shown


def _chosen(audition: Element) -> Element | None:
    """Return the active one of the alternatives: the first."""
    return next((one for one in audition if one.tag in _ITEMS), None)


def _active_angles(item: Element, held: Element) -> list[Element]:
    """Return the angles of a multicam clip whose sound plays."""
    multicam = held.find("multicam")
    angles = [] if multicam is None else multicam.findall("mc-angle")
    sources = {one.get("angleID", ""): one.get("srcEnable", "all") for one in item.findall("mc-source")}
    if not sources:
        return angles[:1]
    return [one for one in angles if sources.get(one.get("angleID", "")) in ("all", "audio")]


def _is_content(item: Element, inner: Element) -> bool:
    """Return whether an element in an item is its content, and not connected to it."""
    if item.tag == "sync-clip" or inner.get("lane") is None:
        return True
    return item.tag == "clip" and inner.tag in ("audio", "video")


def _switched_off(item: Element) -> set[str]:
    """Return which parts of a synchronised clip are switched off, with all of their roles."""
    off = set()
    for source in item.findall("sync-source"):
        roles = source.findall("audio-role-source")
        if roles and all("0" in (one.get("active"), one.get("enabled")) for one in roles):
            off.add(source.get("sourceID", ""))
    return off


def _is_enabled(item: Element) -> bool:
    """Return whether an item is switched on, and any of its channels and roles."""
    sources = [*item.findall("audio-channel-source"), *item.findall("audio-role-source")]
    is_off = bool(sources) and all("0" in (one.get("active"), one.get("enabled")) for one in sources)
    return item.get("enabled", "1") != "0" and not is_off


def _medium(asset: Element) -> tuple[Medium, Fraction]:
    """Return a medium, and the timecode at which it begins."""
    held = asset.find("media-rep")
    path = path_of(asset.get("src", "") if held is None else held.get("src", ""))
    length_s = _time(asset, "duration") if asset.get("duration") is not None else None
    return Medium(name_of(path) or asset.get("name", ""), path, length_s), _time(asset, "start")


def _gain_db(item: Element) -> float:
    volume = item.find("adjust-volume")
    if volume is None:
        return 0.0
    level = float(number_of(volume.get("amount", "0dB").strip().removesuffix("dB").strip()))
    return min(max(level, _QUIETEST_DB), _LOUDEST_DB)
