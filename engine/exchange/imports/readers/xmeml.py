"""Final Cut Pro 7 XML: clip items of files on tracks of one channel each, in frames."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from math import log10
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
)
from engine.exchange.imports.formats import EditsFile
from engine.exchange.imports.values import name_of, number_of, parsed_xml, path_of, rate_of, text_of, within

_QUIETEST = Fraction(1, 1_000_000)
_LEVELS = ("audiolevels", "audiopan")
_SPEED = "timeremap"
_LOUDEST_DB = 11.999
"""The level filter ends at 12 dB."""


def read(file: EditsFile, progress: Progress) -> ImportedEdits:
    """Read the audio tracks of the first sequence.

    Raises
    ------
    ValueError : it is not such XML, or holds no sequence with sound
    """
    return _Reading(file, parsed_xml(file.content(), "xmeml"), progress).described()


@dataclass(frozen=True, slots=True)
class _Place:
    """A track of the sequence: its name in messages, and whether it is switched on."""

    name: str
    is_on: bool


class _Reading:
    """Reads one sequence, and counts the parts it leaves out."""

    def __init__(
        self,
        file: EditsFile,
        root: Element,
        progress: Progress,
        around: _Reading | None = None,
        sequence: Element | None = None,
    ) -> None:
        self._file, self._root, self._progress = file, root, progress
        self._left_out: Counter[str] = Counter()
        self._not_understood: list[NotUnderstood] = []
        if around is None:
            self._sequences = {one.get("id", ""): one for one in root.iter("sequence") if len(one)}
            self._files = {one.get("id", ""): one for one in root.iter("file") if len(one)}
            self._nests: dict[int, tuple[ImportedClip, ...]] = {}
        else:
            self._sequences, self._files, self._nests = around._sequences, around._files, around._nests
        self._sequence: Element = self._first() if sequence is None else sequence
        self._rate = _rate(self._sequence)
        self._has_transitions = False

    def _first(self) -> Element:
        """Return the first sequence that is not nested in another one."""
        inside = [inner for item in self._root.iter("clipitem") for inner in item.iter("sequence")]
        nested, names = {id(one) for one in inside}, {one.get("id") for one in inside} - {None}
        every = [one for one in self._root.iter("sequence") if len(one) and id(one) not in nested]
        own = [one for one in every if one.get("id") not in names] or every
        if not own:
            raise ValueError("it holds no sequence")
        if len(own) > 1:
            self._left_out["other sequence"] += len(own) - 1
        return own[0]

    def tracks(self) -> list[ImportedTrack]:
        """Return the audio tracks of the sequence."""
        found = self._sequence.findall("media/audio/track")
        return [self._track(one, number) for number, one in enumerate(found, 1)]

    def described(self) -> ImportedEdits:
        """Return the edits of the sequence."""
        tracks = self.tracks()
        if not any(track.clips for track in tracks) and not self._not_understood:
            raise ValueError("it holds no sound")
        if self._sequence.find("media/video/track/clipitem") is not None:
            self._left_out["picture"] += 1
        return ImportedEdits(
            self._file.name,
            self._file.form.name,
            tuple(tracks),
            tuple(self._markers()),
            rounding_s=1 / self._rate,
            counts_frames=True,
            has_crossfades=self._has_transitions,
            has_edge_fades=False,
            frame_rate=self._rate,
            left_out=left_out_sentences(self._left_out),
            not_understood=tuple(self._not_understood),
        )

    def _track(self, track: Element, number_of_track: int) -> ImportedTrack:
        is_on = text_of(track, "enabled", "TRUE").upper() != "FALSE"
        place = _Place(f"track {number_of_track}", is_on)
        items = [one for one in track if one.tag in ("clipitem", "transitionitem", "generatoritem")]
        clips: list[ImportedClip] = []
        for number, item in enumerate(items):
            self._progress.check_cancelled()
            if item.tag == "transitionitem":
                self._has_transitions = True
            elif item.tag == "generatoritem":
                start, end = (_seconds(item, name, self._rate) for name in ("start", "end"))
                if is_on and 0 <= start < end:
                    self._not_understood.append(NotUnderstood("generated part", start, end, place.name))
            else:
                before = items[number - 1] if number else None
                after = items[number + 1] if number + 1 < len(items) else None
                clips += self._clip(item, before, after, place)
        is_cut_off = any(one.gain_db >= _LOUDEST_DB for one in clips)  # it may be louder
        return ImportedTrack(place.name, crossfaded(clips), None if is_cut_off else 0.0)

    def _clip(
        self, item: Element, before: Element | None, after: Element | None, place: _Place
    ) -> Iterator[ImportedClip]:
        """Yield a clip extended by its transitions; -1 marks an edge within a transition."""
        own_rate = _rate(item, self._rate)
        start, end = (_seconds(item, name, self._rate) for name in ("start", "end"))
        first, last = (_seconds(item, name, own_rate) for name in ("in", "out"))
        played = last - first
        left, right = (self._transition(one) for one in (before, after))
        is_whole = start >= 0 and end >= 0
        if left is not None:
            first, start = (first, left[0]) if start < 0 else (first - (start - left[0]), left[0])
        if right is not None:
            last, end = (last, right[1]) if end < 0 else (last + right[1] - end, right[1])
        length = end - start if end >= 0 and start >= 0 else last - first
        start = end - length if start < 0 else start
        if length <= 0 or start < 0:
            return
        for one in _effects(item):
            if text_of(one, "effectid").lower() not in (*_LEVELS, _SPEED):
                self._left_out["effect"] += 1
        is_audible = place.is_on and text_of(item, "enabled", "TRUE").upper() != "FALSE"
        medium = self._medium(item)
        clip = ImportedClip(
            medium or Medium(text_of(item, "name")),
            within(first),
            within(length),
            within(start),
            gain_db=_gain_db(item),
            is_audible=is_audible,
        )
        wrong = self._wrong(item, clip, place.name, played if is_whole and left is right is None else None)
        if wrong is None:
            yield clip
        elif is_audible:
            self._not_understood += wrong

    def _wrong(
        self, item: Element, clip: ImportedClip, name: str, played_s: Fraction | None
    ) -> tuple[NotUnderstood, ...] | None:
        """Return a clip that is not as simple as an edit of Offcut; None for any other.

        `played_s` is the length of the medium that it states, None if transitions change it.
        """
        stop = clip.at_s + clip.length_s
        nested = item.find("sequence")
        if nested is not None:
            return self._nested(nested, clip, name)
        if item.find("multiclip") is not None:
            return (NotUnderstood("multicam clip", clip.at_s, stop, name),)
        if item.find("file") is None or clip.medium != self._medium(item):
            own = clip.start_s + clip.length_s
            medium = clip.medium if clip.medium.name else None
            return (NotUnderstood("clip without a file", clip.at_s, stop, name, medium, clip.start_s, own),)
        offset = text_of(item, "subclipinfo/startoffset")
        if offset and number_of(offset):
            shift = number_of(offset) / self._rate
            reach = clip.start_s + clip.length_s + max(shift, NOTHING)
            part = at_speed(clip, Fraction(1), name, "part of a subclip")
            return (replace(part, medium_stop_s=reach),)
        speed = _speed(item)
        if speed == 1 and played_s is not None and abs(played_s - clip.length_s) * self._rate > 1:
            speed = max(played_s, NOTHING) / clip.length_s
        return None if speed == 1 else (_retimed(clip, speed, name),)

    def _nested(self, nested: Element, clip: ImportedClip, name: str) -> tuple[NotUnderstood, ...]:
        """Return a nested sequence with the parts of recordings that are in it."""
        whole = nested if len(nested) else self._sequences.get(nested.get("id", ""))
        held = () if whole is None else self._held(whole)
        shown = trimmed(held, clip.start_s, clip.start_s + clip.length_s)
        return all_unknown(shown, "nested sequence", clip.at_s, clip.at_s + clip.length_s, name)

    def _held(self, nested: Element) -> tuple[ImportedClip, ...]:
        """Return the clips of a nested sequence, and those of the sequences in it; each is read once."""
        if id(nested) not in self._nests:
            self._nests[id(nested)] = ()  # it may hold itself
            inner = _Reading(self._file, self._root, self._progress, self, nested)
            clips = [one for track in inner.tracks() for one in track.clips if one.is_audible]
            clips += (
                ImportedClip(
                    one.medium, one.medium_start_s, one.medium_stop_s - one.medium_start_s, one.start_s
                )
                for one in inner._not_understood
                if one.medium is not None
            )
            self._nests[id(nested)] = tuple(clips)
        return self._nests[id(nested)]

    def _transition(self, item: Element | None) -> tuple[Fraction, Fraction] | None:
        if item is None or item.tag != "transitionitem":
            return None
        start, end = (_seconds(item, name, self._rate) for name in ("start", "end"))
        return (start, end) if NOTHING <= start < end else None

    def _medium(self, item: Element) -> Medium | None:
        named = item.find("file")
        if named is None:
            return None
        held = named if len(named) else self._files.get(named.get("id", ""))
        if held is None:
            return None
        path = path_of(text_of(held, "pathurl"))
        name = text_of(held, "name") or name_of(path)
        duration = text_of(held, "duration")
        length_s = None
        if duration and number_of(duration) > 0:
            length_s = number_of(duration) / _rate(held, self._rate)
        return Medium(name_of(path) or name, path, length_s)

    def _markers(self) -> Iterator[ImportedMarker]:
        for one in self._sequence.findall("marker"):
            start, stop = _whole(one, "in"), _whole(one, "out")
            name, comment = text_of(one, "name"), text_of(one, "comment")
            is_of_seam = comment.lower().startswith(f"{name.lower()}:")  # as Offcut writes them
            text = comment if is_of_seam else name or comment
            begin_s = within(start / self._rate)
            yield ImportedMarker(text, begin_s, begin_s if stop < start else within(stop / self._rate))


def _rate(element: Element, default: Fraction | None = None) -> Fraction:
    if default is not None and element.find("rate") is None:
        return default
    base = rate_of(text_of(element, "rate/timebase", "25"))
    is_ntsc = text_of(element, "rate/ntsc").upper() == "TRUE"
    return base * Fraction(1000, 1001) if is_ntsc else base


def _whole(element: Element, name: str) -> Fraction:
    return number_of(text_of(element, name, "-1"))


def _seconds(element: Element, name: str, rate: Fraction) -> Fraction:
    return _whole(element, name) / rate


def _effects(item: Element) -> list[Element]:
    """Return the effects of a clip that are switched on."""
    on = [one for one in item.findall("filter") if text_of(one, "enabled", "TRUE").upper() != "FALSE"]
    return [effect for one in on for effect in one.findall("effect")]


def _speed(item: Element) -> Fraction:
    """Return the speed of a clip, below 0 for a reversed one, 0 for one that varies."""
    speed, is_reversed = Fraction(1), False
    for effect in _effects(item):
        if text_of(effect, "effectid").lower() != _SPEED:
            continue
        values = {
            text_of(one, "parameterid").lower(): text_of(one, "value") for one in effect.findall("parameter")
        }
        if values.get("variablespeed", "0") not in ("0", "FALSE"):
            return NOTHING
        if values.get("speed"):
            speed *= number_of(values["speed"]) / 100
        is_reversed ^= values.get("reverse", "FALSE").upper() == "TRUE"
    return -abs(speed) if is_reversed else speed


def _retimed(clip: ImportedClip, speed: Fraction, name: str) -> NotUnderstood:
    """Describe a clip at another speed, whose start may count in the medium or in the changed clip."""
    part, length = at_speed(clip, speed, name), clip.length_s
    starts, stops = [part.medium_start_s, clip.start_s], [part.medium_stop_s, clip.start_s + length]
    if speed:
        starts.append(clip.start_s * abs(speed))
        stops.append((clip.start_s + length) * abs(speed))
    if speed < 0 and clip.medium.length_s is not None:  # counted from the end
        starts.append(clip.medium.length_s - stops[-1])
        stops.append(clip.medium.length_s - starts[-2])
    return replace(part, medium_start_s=max(NOTHING, min(starts)), medium_stop_s=max(stops))


def _gain_db(item: Element) -> float:
    """Return the level of a clip in dB."""
    for effect in _effects(item):
        if text_of(effect, "effectid").lower() == "audiolevels":
            for parameter in effect.findall("parameter"):
                if text_of(parameter, "parameterid").lower() == "level" and text_of(parameter, "value"):
                    level = number_of(text_of(parameter, "value"))
                    return 20.0 * log10(float(max(level, _QUIETEST)))
    return 0.0
