"""FCPXML: clips of assets, on the main storyline or connected to it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from fractions import Fraction
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
from engine.edl.imports.times import number_of, rational_seconds, within
from engine.edl.imports.xml_tree import parsed_xml
from engine.progress import Progress

_CLIPS = ("asset-clip", "clip", "audio", "video")
_NESTED = ("sync-clip", "mc-clip", "ref-clip", "audition", "title", "caption")
_LOUDEST_DB, _QUIETEST_DB = 60, -200


def read(file: EditsFile, progress: Progress) -> ImportedEdits:
    """Read the clips of the first project.

    Raises
    ------
    ValueError : it is not FCPXML, or holds no project
    """
    return _Reading(file, parsed_xml(file.content(), "fcpxml"), progress).described()


class _Reading:
    """Reads one project, and counts the parts it leaves out."""

    def __init__(self, file: EditsFile, root: Element, progress: Progress) -> None:
        self._file, self._root, self._progress = file, root, progress
        self._left_out: Counter[str] = Counter()
        self._assets = {one.get("id", ""): _asset(one) for one in root.iter("asset")}
        self._lanes: dict[int, list[ImportedClip]] = {}
        self._names: dict[int, str] = {}
        self._markers: list[ImportedMarker] = []

    def described(self) -> ImportedEdits:
        """Return the edits of the project."""
        sequence = next(self._root.iter("sequence"), None)
        spine = None if sequence is None else sequence.find("spine")
        if sequence is None or spine is None:
            raise ValueError("it holds no project with a storyline")
        self._storyline(spine, NOTHING, 0)
        tracks = tuple(
            ImportedTrack(self._names.get(lane, ""), crossfaded(clips) if lane == 0 else tuple(clips), 0.0)
            for lane, clips in sorted(self._lanes.items(), reverse=True)
        )
        return ImportedEdits(
            self._file.name,
            self._file.form.name,
            tracks,
            tuple(self._markers),
            frame_rate=self._frame_rate(sequence),
            left_out=left_out_sentences(self._left_out),
        )

    def _frame_rate(self, sequence: Element) -> Fraction | None:
        forms: Mapping[str, Element] = {one.get("id", ""): one for one in self._root.iter("format")}
        form = forms.get(sequence.get("format", ""))
        frame = NOTHING if form is None else rational_seconds(form.get("frameDuration", "0s"))
        return 1 / frame if frame > 0 else None

    def _storyline(self, spine: Element, begin: Fraction, lane: int) -> None:
        """Read the items of a storyline that begins at a place of the timeline."""
        here = begin
        for item in spine:
            self._progress.check_cancelled()
            if item.tag == "transition":
                self._left_out["transition"] += 1
                continue
            length = rational_seconds(item.get("duration", "0s"))
            if item.get("offset") is not None and lane == 0:
                here = rational_seconds(item.get("offset", "0s"))
            self._item(item, here, lane)
            here = within(here + length)

    def _item(self, item: Element, at: Fraction, lane: int) -> None:
        """Read a clip or a gap that begins at a place of the timeline, and the items connected to it."""
        start = rational_seconds(item.get("start", "0s"))
        if item.tag in _CLIPS:
            self._clip(item, at, start, lane)
        elif item.tag in _NESTED:
            self._left_out["compound or title"] += 1
        for inner in item:
            offset = rational_seconds(inner.get("offset", "0s"))
            place = within(at + offset - start)
            if inner.tag == "spine":
                self._storyline(inner, place, int(number_of(inner.get("lane", "0"))))
            elif inner.get("lane") is not None and inner.tag in (*_CLIPS, *_NESTED):
                self._item(inner, place, int(number_of(inner.get("lane", "0"))))
            elif inner.tag == "marker":
                self._marker(inner, at - start)

    def _clip(self, item: Element, at: Fraction, start: Fraction, lane: int) -> None:
        length = rational_seconds(item.get("duration", "0s"))
        used = item if item.get("ref") is not None else next(item.iter("audio"), item)
        medium = self._assets.get(used.get("ref", ""))
        if medium is None:
            self._left_out["clip without a file"] += 1
            return
        if length <= 0:
            return
        if item.find("timeMap") is not None:
            self._left_out["change of speed"] += 1
        fades = dict.fromkeys(("fadeIn", "fadeOut"), NOTHING)
        volume = item.find("adjust-volume")
        gain_db = 0.0
        if volume is not None:
            gain_db = _decibels(volume.get("amount", "0dB"))
            for name in fades:
                found = next(volume.iter(name), None)
                fades[name] = NOTHING if found is None else rational_seconds(found.get("duration", "0s"))
            self._left_out["volume curve"] += sum(1 for _ in volume.iter("keyframeAnimation"))
        self._lanes.setdefault(lane, []).append(
            ImportedClip(
                medium[0],
                start - medium[1],
                length,
                at,
                max(fades["fadeIn"], NOTHING),
                max(fades["fadeOut"], NOTHING),
                gain_db,
                item.get("enabled", "1") != "0",
            )
        )
        self._names.setdefault(lane, item.get("name", ""))
        self._left_out = +self._left_out

    def _marker(self, marker: Element, at: Fraction) -> None:
        start = within(at + rational_seconds(marker.get("start", "0s")))
        length = rational_seconds(marker.get("duration", "0s"))
        frame = self._frame_rate_or_none()
        stop = start if frame is not None and length <= 1 / frame else start + max(length, NOTHING)
        self._markers.append(ImportedMarker(marker.get("value", ""), start, stop))

    def _frame_rate_or_none(self) -> Fraction | None:
        sequence = next(self._root.iter("sequence"), None)
        return None if sequence is None else self._frame_rate(sequence)


def _asset(asset: Element) -> tuple[Medium, Fraction]:
    """Return a medium, and the timecode at which it begins."""
    medium = asset.find("media-rep")
    address = asset.get("src", "") if medium is None else medium.get("src", "")
    path = path_of(address)
    length = asset.get("duration")
    length_s = None if length is None else rational_seconds(length)
    name = name_of(path) or asset.get("name", "")
    return Medium(name, path, length_s), rational_seconds(asset.get("start", "0s"))


def _decibels(text: str) -> float:
    level = float(number_of(text.strip().removesuffix("dB").strip()))
    return min(max(level, _QUIETEST_DB), _LOUDEST_DB)
