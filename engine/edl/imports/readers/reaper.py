"""A REAPER project: items of tracks, with the offset in their source, their fades and volumes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from math import log10

from engine.edl.imports import EditsFile
from engine.edl.imports.described import (
    NOTHING,
    ImportedClip,
    ImportedEdits,
    ImportedMarker,
    ImportedTrack,
    Medium,
    left_out_sentences,
)
from engine.edl.imports.media_names import name_of
from engine.edl.imports.times import number_of, seconds_of
from engine.progress import Progress

_DEEPEST = 100
_MOST_WORDS = 64
_QUOTES = "\"'`"
_QUIETEST = 1e-6


@dataclass(slots=True)
class _Block:
    """A part of the project: its words, the lines in it by their first word, and the parts in it."""

    words: list[str]
    lines: dict[str, list[list[str]]] = field(default_factory=dict)
    blocks: list[_Block] = field(default_factory=list)

    def values(self, name: str) -> list[str]:
        """Return the values after a word on its first line, [] if the word is missing."""
        return self.lines.get(name, [[]])[0]


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
        )

    def _track(self, track: _Block) -> ImportedTrack:
        clips: list[ImportedClip] = []
        for one in track.blocks:
            self._progress.check_cancelled()
            if one.words[0] == "ITEM":
                clips += self._item(one)
            elif one.words[0] in ("VOLENV", "VOLENV2", "PANENV", "PANENV2"):
                self._left_out["envelope"] += "PT" in one.lines
        self._left_out = +self._left_out
        name = (track.values("NAME") or [""])[0]
        found = tuple(sorted(clips, key=lambda one: one.at_s))
        return ImportedTrack(name, found, _decibels(track.values("VOLPAN")[:1]))

    def _item(self, item: _Block) -> Iterator[ImportedClip]:
        sources = [one for one in item.blocks if one.words[0] == "SOURCE"]
        path = next((named for one in sources if (named := _file_of(one))), "")
        if not path:
            self._left_out["item without a file"] += 1
            return
        if len(sources) > 1:
            self._left_out["other take"] += len(sources) - 1
        rate = number_of((item.values("PLAYRATE") or ["1"])[0])
        if rate != 1:
            self._left_out["change of speed"] += 1
        length = _time(item, "LENGTH")
        if length <= 0:
            return
        volume = [*item.values("VOLPAN")[:1], *item.values("VOLPAN")[2:3]]
        yield ImportedClip(
            Medium(name_of(path), path),
            _time(item, "SOFFS"),
            length,
            _time(item, "POSITION"),
            max(_time(item, "FADEIN", 1), NOTHING),
            max(_time(item, "FADEOUT", 1), NOTHING),
            _decibels(volume),
            (item.values("MUTE") or ["0"])[0] == "0",
        )

    def _markers(self) -> Iterator[ImportedMarker]:
        """Yield markers and regions; the second line with the number of a region is its end."""
        open_regions: dict[str, ImportedMarker] = {}
        for words in self._project.lines.get("MARKER", []):
            if len(words) < 2:
                continue
            number, at = words[0], seconds_of(words[1])
            marker = ImportedMarker(words[2] if len(words) > 2 else "", at, at)
            if len(words) < 4 or not _is_region(words[3]):
                yield marker
            elif number in open_regions:
                begun = open_regions.pop(number)
                yield ImportedMarker(begun.name, begun.start_s, max(at, begun.start_s))
            else:
                open_regions[number] = marker


def _is_region(flags: str) -> bool:
    return flags.isdecimal() and int(flags[-1]) % 2 == 1


def _file_of(source: _Block) -> str:
    """Return the file of a source; one of a section or reversed holds another."""
    named = source.values("FILE")
    return named[0] if named else next((name for one in source.blocks if (name := _file_of(one))), "")


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
                open_blocks[-1].blocks.append(block)
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
            words = _words(plain)
            open_blocks[-1].lines.setdefault(words[0], []).append(words[1:])
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
