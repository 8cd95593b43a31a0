"""A REAPER project: items of tracks, with the offset in their source, their fades and volumes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import log10

from engine.core.progress import Progress
from engine.exchange.imports.described import (
    NOTHING,
    ImportedClip,
    ImportedEdits,
    ImportedMarker,
    ImportedTrack,
    Medium,
    NotUnderstood,
    at_speed,
    left_out_sentences,
    repeated,
)
from engine.exchange.imports.formats import EditsFile
from engine.exchange.imports.values import name_of, number_of, seconds_of

_DEEPEST = 100
_MOST_WORDS = 64
_QUOTES = "\"'`"
_QUIETEST = 1e-6
_ENVELOPES = ("VOLENV", "VOLENV2", "PANENV", "PANENV2", "MUTEENV", "PITCHENV")
_REVERSED = (2, 3)
_NEAR_S = Fraction(1, 1_000_000)
_MOST_REPEATS = 100_000


@dataclass(slots=True)
class _Block:
    """A part of the project: its words, and the lines and parts in it, in order."""

    words: list[str]
    parts: list[list[str] | _Block] = field(default_factory=list)

    @property
    def blocks(self) -> list[_Block]:
        """Its parts, without its lines."""
        return [one for one in self.parts if isinstance(one, _Block)]

    def lines(self, name: str) -> list[list[str]]:
        """Return the values of each line that begins with a word."""
        return [one[1:] for one in self.parts if isinstance(one, list) and one[0] == name]

    def values(self, name: str) -> list[str]:
        """Return the values after a word on its first line, [] if the word is missing."""
        return next(iter(self.lines(name)), [])


@dataclass(frozen=True, slots=True)
class _Source:
    """A file, and the section [start, stop) of it that an item plays; no stop for all of it.

    Attributes
    ----------
    problem : why it cannot be imported, as a noun; "" if it can
    """

    path: str
    start_s: Fraction = NOTHING
    stop_s: Fraction | None = None
    problem: str = ""
    is_reversed: bool = False


def read(file: EditsFile, progress: Progress) -> ImportedEdits:
    """Read the items of a project.

    Raises
    ------
    ValueError : it is not a project
    """
    text = file.content().decode("utf-8", "surrogateescape")
    return _Reading(file, _parsed(text, progress), progress).described()


class _Reading:
    """Reads one project, and counts the parts it leaves out."""

    def __init__(self, file: EditsFile, project: _Block, progress: Progress) -> None:
        self._file, self._project, self._progress = file, project, progress
        self._left_out: Counter[str] = Counter()
        self._unknown: list[NotUnderstood] = []
        self._repeats = NOTHING

    def described(self) -> ImportedEdits:
        """Return the edits of the project."""
        tracks = tuple(self._track(one) for one in self._project.blocks if one.words[0] == "TRACK")
        if not tracks:
            raise ValueError("it holds no tracks")
        return ImportedEdits(
            self._file.name,
            self._file.form.name,
            tracks,
            tuple(self._markers()),
            left_out=left_out_sentences(self._left_out),
            not_understood=tuple(self._unknown),
        )

    def _track(self, track: _Block) -> ImportedTrack:
        name = (track.values("NAME") or [""])[0]
        clips: list[ImportedClip] = []
        for one in track.blocks:
            self._progress.check_cancelled()
            if one.words[0] == "ITEM":
                clips += self._item(one, name)
        self._count_envelopes(track)
        found = tuple(sorted(clips, key=lambda one: one.at_s))
        if found and track.values("FIXEDLANES"):
            stop_s = max(one.at_s + one.length_s for one in found)
            self._unknown.append(NotUnderstood("track with fixed lanes", found[0].at_s, stop_s, name))
        return ImportedTrack(name, found, _decibels(track.values("VOLPAN")[:1]))

    def _count_envelopes(self, block: _Block) -> None:
        for one in block.blocks:
            if one.words[0] in _ENVELOPES and one.lines("PT") and one.values("ACT")[:1] != ["0"]:
                self._left_out["envelope"] += 1

    def _item(self, item: _Block, track: str) -> Iterator[ImportedClip]:
        """Yield the clips of an item: one, or one for each time that its loop begins again."""
        takes, chosen = _takes(item)
        take, length = takes[chosen], _time(item, "LENGTH")
        source = next((_source_of(one) for one in take.blocks if one.words[0] == "SOURCE"), None)
        if source is None or not source.path:
            self._left_out["item without a file"] += 1
            return
        if len(takes) > 1:
            self._left_out["other take"] += len(takes) - 1
        self._count_envelopes(take)
        if length <= 0:
            return
        played = _clip(item, take, source, is_first=chosen == 0)
        problem = self._problem(item, take, source, played, track, len(takes))
        if problem is not None:
            self._unknown.append(problem)
            return
        is_looped = (item.values("LOOP") or ["0"])[0] != "0"
        if is_looped and source.stop_s is not None:
            self._repeats += length / (source.stop_s - source.start_s)
        if self._repeats > _MOST_REPEATS:
            raise ValueError(f"its items repeat their sources more than {_MOST_REPEATS:,} times")
        yield from _looped(played, source, is_looped=is_looped)

    def _problem(
        self, item: _Block, take: _Block, source: _Source, clip: ImportedClip, track: str, takes: int
    ) -> NotUnderstood | None:
        """Describe an item that no edit expresses; None if it only plays its source."""
        own = take.values("PLAYRATE")
        rate, pitch = number_of((own or ["1"])[0]), number_of((own[2:3] or ["0"])[0])
        if pitch and rate == 1:
            self._left_out["change of pitch"] += 1
        if take.values("CHANMODE")[:1] not in ([], ["0"]):
            self._left_out["choice of channels"] += 1
        if rate != 1 and not source.is_reversed:
            return at_speed(clip, rate, track, "item")
        noun = source.problem
        if source.is_reversed:
            noun = "reversed item" if rate == 1 else "reversed item with a change of speed"
        if any(map(_is_stretched, take.lines("SM"))):
            noun = noun or "item with stretch markers"
        if takes > 1 and (item.values("ALLTAKES") or ["0"])[0] != "0":
            noun = noun or "item with all takes played"
        if not noun:
            return None
        first, last = clip.start_s, clip.start_s + clip.length_s * rate
        if source.is_reversed and source.stop_s is not None:
            last = source.stop_s - (clip.start_s - source.start_s)
            first = max(source.start_s, last - clip.length_s * rate)
        return NotUnderstood(noun, clip.at_s, clip.at_s + clip.length_s, track, clip.medium, first, last)

    def _markers(self) -> Iterator[ImportedMarker]:
        """Yield markers and regions; the second line with the number of a region is its end."""
        open_regions: dict[str, ImportedMarker] = {}
        for words in self._project.lines("MARKER"):
            if len(words) < 2:
                continue
            number, at = words[0], seconds_of(words[1])
            marker = ImportedMarker(words[2] if len(words) > 2 else "", at, at)
            if len(words) < 4 or not words[3].isdecimal() or int(words[3][-1]) % 2 == 0:
                yield marker
            elif number in open_regions:
                begun = open_regions.pop(number)
                yield ImportedMarker(begun.name, begun.start_s, max(at, begun.start_s))
            else:
                open_regions[number] = marker


def _takes(item: _Block) -> tuple[list[_Block], int]:
    """Return the takes of an item, the first with its own lines, and the number of the one that plays."""
    takes, chosen = [_Block(["TAKE"])], 0
    for one in item.parts:
        if isinstance(one, list) and one[0] == "TAKE":
            takes.append(_Block(one))
            chosen = len(takes) - 1 if "SEL" in one else chosen
        else:
            takes[-1].parts.append(one)
    return takes, chosen


def _source_of(source: _Block) -> _Source:
    """Return the file of a source; a section of it holds another source."""
    named = source.values("FILE")
    if named:
        return _Source(named[0])
    inner = next((found for one in source.blocks if (found := _source_of(one)).path), _Source(""))
    if source.words[1:2] != ["SECTION"]:
        return inner
    mode = number_of((source.values("MODE") or ["0"])[0])
    start, length = inner.start_s + _time(source, "STARTPOS"), _time(source, "LENGTH")
    is_reversed = mode in _REVERSED or inner.is_reversed
    problem = inner.problem or ("" if mode in (0, *_REVERSED) else "item with a section of another mode")
    return _Source(inner.path, start, start + length if length > 0 else None, problem, is_reversed)


def _clip(item: _Block, take: _Block, source: _Source, *, is_first: bool) -> ImportedClip:
    """Return an item with the take that plays as one clip, as if its source had no end."""
    volume = item.values("VOLPAN")[:1]
    volume += item.values("VOLPAN")[2:3] if is_first else take.values("TAKEVOLPAN")[1:2]
    return ImportedClip(
        Medium(name_of(source.path), source.path),
        source.start_s + _time(take, "SOFFS"),
        _time(item, "LENGTH"),
        _time(item, "POSITION"),
        max(_time(item, "FADEIN", 1), NOTHING),
        max(_time(item, "FADEOUT", 1), NOTHING),
        _decibels(volume),
        (item.values("MUTE") or ["0"])[0] == "0",
    )


def _looped(clip: ImportedClip, source: _Source, *, is_looped: bool) -> Iterator[ImportedClip]:
    """Yield the clips of an item in a section of its source, which it repeats or which ends it.

    The length of a whole file is known to the document alone: there the clip is marked as looped.
    """
    if source.stop_s is None:
        yield replace(clip, is_looped=is_looped)
        return
    section = source.stop_s - source.start_s
    if is_looped:
        yield from repeated(clip, source.start_s, section)
    elif (left := source.stop_s - clip.start_s) > 0:
        ends = left < clip.length_s
        fade = NOTHING if ends else clip.fade_out_s
        yield replace(clip, length_s=min(left, clip.length_s), fade_out_s=fade)


def _is_stretched(markers: list[str]) -> bool:
    """Return whether stretch markers move anything: pairs of a place in the item and one in the source."""
    shifts, pair = set(), list[Fraction]()
    for word in [*markers, "+"]:
        if word == "+":
            shifts |= {pair[1] - pair[0]} if len(pair) > 1 else set()
            pair = []
        else:
            pair.append(seconds_of(word))
    return len(shifts) > 1 and max(shifts) - min(shifts) > _NEAR_S


def _time(item: _Block, name: str, place: int = 0) -> Fraction:
    words = item.values(name)
    return seconds_of(words[place]) if len(words) > place else NOTHING


def _decibels(factors: list[str]) -> float:
    """Return the level of factors that are multiplied, in dB."""
    level = 1.0
    for one in factors:
        level *= abs(float(number_of(one)))
    return 20.0 * log10(max(level, _QUIETEST))


def _parsed(text: str, progress: Progress) -> _Block:
    """Return the project that lines hold; `<` opens a part and `>` closes it."""
    root: _Block | None = None
    open_blocks: list[_Block] = []
    for number, line in enumerate(text.splitlines(), 1):
        if not number % 1000:
            progress.check_cancelled()
        plain = line.strip()
        if plain.startswith("<"):
            block = _Block(_words(plain[1:]) or [""])
            if open_blocks:
                open_blocks[-1].parts.append(block)
            elif root is None:
                root = block
            open_blocks.append(block)
            if len(open_blocks) > _DEEPEST:
                raise ValueError(f"line {number} is nested too deeply")
        elif plain == ">":
            if not open_blocks:
                raise ValueError(f"line {number} closes a block that was not opened")
            open_blocks.pop()
        elif plain and open_blocks:
            open_blocks[-1].parts.append(_words(plain))
    if root is None or root.words[0] != "REAPER_PROJECT":
        raise ValueError("it does not begin as a REAPER project does")
    if open_blocks:
        raise ValueError("it ends before it is complete")
    return root


def _words(line: str) -> list[str]:
    """Return the words of a line; quotes of three kinds hold words with spaces."""
    found: list[str] = []
    rest = line
    while rest and len(found) < _MOST_WORDS:
        if rest[0] in _QUOTES:
            word, _, rest = rest[1:].partition(rest[0])
        else:
            word, _, rest = rest.partition(" ")
        found.append(word)
        rest = rest.lstrip()
    return found or [""]
