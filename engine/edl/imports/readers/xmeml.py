"""Final Cut Pro 7 XML: clip items of files on tracks of one channel each, in frames."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from math import log10
from xml.etree.ElementTree import Element

from engine.edl.imports import EditsFile
from engine.edl.imports.crossfaded import crossfaded
from engine.edl.imports.described import (
    NOTHING,
    ImportedClip,
    ImportedEdits,
    ImportedMarker,
    ImportedTrack,
    Medium,
    left_out_sentences,
)
from engine.edl.imports.media_names import name_of, path_of
from engine.edl.imports.times import number_of, rate_of, within
from engine.edl.imports.xml_tree import parsed_xml, text_of
from engine.progress import Progress

_QUIETEST = Fraction(1, 1_000_000)
_LOUDEST_DB = 11.999
"""The level filter ends at 12 dB."""


def read(file: EditsFile, progress: Progress) -> ImportedEdits:
    """Read the audio tracks of the first sequence.

    Raises
    ------
    ValueError : it is not such XML, or holds no sequence with sound
    """
    return _Reading(file, parsed_xml(file.content(), "xmeml"), progress).described()


class _Reading:
    """Reads one sequence, and counts the parts it leaves out."""

    def __init__(self, file: EditsFile, root: Element, progress: Progress) -> None:
        self._file, self._progress = file, progress
        self._left_out: Counter[str] = Counter()
        sequence = next(root.iter("sequence"), None)
        if sequence is None:
            raise ValueError("it holds no sequence")
        self._sequence: Element = sequence
        self._rate = _rate(sequence)
        self._files = {one.get("id", ""): one for one in root.iter("file") if len(one)}
        self._has_transitions = False

    def described(self) -> ImportedEdits:
        """Return the edits of the sequence."""
        tracks = [self._track(one) for one in self._sequence.findall("media/audio/track")]
        if not any(track.clips for track in tracks):
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
        )

    def _track(self, track: Element) -> ImportedTrack:
        is_on = text_of(track, "enabled", "TRUE").upper() != "FALSE"
        items = [one for one in track if one.tag in ("clipitem", "transitionitem", "generatoritem")]
        clips: list[ImportedClip] = []
        for number, item in enumerate(items):
            self._progress.check_cancelled()
            if item.tag == "transitionitem":
                self._has_transitions = True
            elif item.tag == "generatoritem":
                self._left_out["generated part"] += 1
            else:
                before = items[number - 1] if number else None
                after = items[number + 1] if number + 1 < len(items) else None
                clips += self._clip(item, before, after, is_on=is_on)
        is_cut_off = any(one.gain_db >= _LOUDEST_DB for one in clips)  # it may be louder
        return ImportedTrack("", crossfaded(clips), None if is_cut_off else 0.0)

    def _clip(
        self, item: Element, before: Element | None, after: Element | None, *, is_on: bool
    ) -> Iterator[ImportedClip]:
        """Yield a clip extended by its transitions; -1 marks an edge within a transition."""
        start, end = _whole(item, "start"), _whole(item, "end")
        first, last = _whole(item, "in"), _whole(item, "out")
        left, right = _transition(before), _transition(after)
        if left is not None:
            first, start = (first, left[0]) if start < 0 else (first - (start - left[0]), left[0])
        if right is not None:
            last, end = (last, right[1]) if end < 0 else (last + right[1] - end, right[1])
        length = end - start if end >= 0 and start >= 0 else last - first
        start = end - length if start < 0 else start
        medium = self._medium(item)
        if medium is None:
            self._left_out["clip without a file"] += 1
            return
        if length <= 0 or start < 0:
            return
        for one in item.findall("filter/effect"):
            if text_of(one, "effectid").lower() not in ("audiolevels", "audiopan"):
                self._left_out["effect"] += 1
        is_heard = is_on and text_of(item, "enabled", "TRUE").upper() != "FALSE"
        rate = self._rate
        yield ImportedClip(
            medium,
            within(first / rate),
            within(length / rate),
            within(start / rate),
            gain_db=_gain_db(item),
            is_heard=is_heard,
        )

    def _medium(self, item: Element) -> Medium | None:
        named = item.find("file")
        if named is None:
            return None
        held = named if len(named) else self._files.get(named.get("id", ""))
        if held is None:
            return None
        path = path_of(text_of(held, "pathurl"))
        name = text_of(held, "name") or name_of(path)
        duration, rate = text_of(held, "duration"), held.find("rate")
        length_s = None
        if duration and number_of(duration) > 0:
            length_s = number_of(duration) / (self._rate if rate is None else _rate(held))
        return Medium(name_of(path) or name, path, length_s)

    def _markers(self) -> Iterator[ImportedMarker]:
        for one in self._sequence.findall("marker"):
            start, stop = _whole(one, "in"), _whole(one, "out")
            name, comment = text_of(one, "name"), text_of(one, "comment")
            is_of_seam = comment.lower().startswith(f"{name.lower()}:")  # as Offcut writes them
            text = comment if is_of_seam else name or comment
            begin_s = within(start / self._rate)
            yield ImportedMarker(text, begin_s, begin_s if stop < start else within(stop / self._rate))


def _rate(element: Element) -> Fraction:
    base = rate_of(text_of(element, "rate/timebase", "25"))
    is_ntsc = text_of(element, "rate/ntsc").upper() == "TRUE"
    return base * Fraction(1000, 1001) if is_ntsc else base


def _whole(element: Element, name: str) -> Fraction:
    return number_of(text_of(element, name, "-1"))


def _transition(item: Element | None) -> tuple[Fraction, Fraction] | None:
    if item is None or item.tag != "transitionitem":
        return None
    start, end = _whole(item, "start"), _whole(item, "end")
    return (start, end) if NOTHING <= start < end else None


def _gain_db(item: Element) -> float:
    """Return the level of a clip in dB."""
    for effect in item.findall("filter/effect"):
        if text_of(effect, "effectid").lower() == "audiolevels":
            for parameter in effect.findall("parameter"):
                if text_of(parameter, "parameterid").lower() == "level" and text_of(parameter, "value"):
                    level = number_of(text_of(parameter, "value"))
                    return 20.0 * log10(float(max(level, _QUIETEST)))
    return 0.0
