"""Which files belong together: splits of one recording, tracks recorded at the same time, takes in folders.

Only names, headers, sizes and dates are read. Each link has a reason. Certain ones make takes, the others are
guesses: sound and stated times win over them.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations, pairwise
from math import inf
from pathlib import Path

from engine.recordings.stated.file_head import FileHead
from engine.recordings.stated.names import NumberedName, follows, numbered, of_one_track
from engine.sound.opening import address_of

_LIMITS_BYTES = (2_000_000_000, 2**31, 4_000_000_000, 2**32)
_NEAR_LIMIT = 0.01
_DAY_S = 86_400
_SAME_START_S = 2.0
_SAME_LENGTH_S, _STOPPED_TOGETHER_S = 0.05, 1.0
_LEAST_SPLIT_S = 60.0
"""Shorter files of equal length are loops, not splits."""
_LEAST_IN_FOLDER = 2


class LinkReason(StrEnum):
    """Why the place of a file follows from that of another one."""

    JOINS_EXACTLY = "joins-exactly"
    """Its time reference is that of the sample after the last one."""
    SPLIT_AT_LIMIT = "split-at-limit"
    """The file before has the largest size that recorders write, and its name is the next one."""
    EQUAL_LENGTHS = "equal-lengths"
    """The files before are equally long, and the names are numbered."""
    NEXT_NUMBER = "next-number"
    """Its number, of three or more digits, is the next one, and no date shows a pause."""
    SAME_FILE = "same-file"
    """Both are audio tracks of one file."""
    SAME_REFERENCE = "same-reference"
    """Both state the same sample as their start."""
    SAME_LENGTH = "same-length"
    """Both have the same number of samples, and are in one folder."""
    SAME_TAKE = "same-take"
    """Both are in the folder of one take, which has a file for each microphone."""


@dataclass(frozen=True, slots=True)
class Link:
    """The place of one file relative to another one.

    Attributes
    ----------
    first, second : numbers of the files
    offset_samples : from the start of the first to that of the second, at their common rate
    """

    first: int
    second: int
    offset_samples: int
    reason: LinkReason
    confidence: float
    is_certain: bool


@dataclass(frozen=True, slots=True)
class Take:
    """Files with certain places relative to each other: one press of Record on one device.

    Attributes
    ----------
    files : their numbers, in the order of their starts
    starts_samples : at `rate_hz`, the earliest is 0
    links : why each is there; None for the first
    device : files with the same text were recorded with the same clock
    """

    files: tuple[int, ...]
    starts_samples: tuple[int, ...]
    links: tuple[Link | None, ...]
    rate_hz: int
    device: str


def takes_and_guesses(heads: Sequence[FileHead]) -> tuple[tuple[Take, ...], tuple[Link, ...]]:
    """Group files whose relative places follow from their headers, names and sizes.

    Returns
    -------
    takes : each file is in one of them; in the order of their first files
    guesses : links between files of two takes that are not certain, the most confident first
    """
    files = _Files(heads)
    links: list[Link] = []
    taken_as_next: set[int] = set()
    for link in (*_exact_joins(files), *_splits(files), *_next_numbers(files)):
        if link.second not in taken_as_next:
            taken_as_next.add(link.second)
            links.append(link)
    continued = {link.second for link in links if link.reason is not LinkReason.NEXT_NUMBER}
    links += _parallel(files, continued)
    of_file: dict[int, list[Link]] = defaultdict(list)
    for link in links:
        if link.is_certain:
            of_file[link.first].append(link)
            of_file[link.second].append(turned(link))
    guesses = (link for link in links if not link.is_certain)
    return tuple(_components(files, of_file)), tuple(sorted(guesses, key=lambda one: -one.confidence))


class _Files:
    """Files with the facts that several rules need."""

    def __init__(self, heads: Sequence[FileHead]) -> None:
        self.heads = heads
        self.names = [numbered(head.path.stem) for head in heads]
        self.grids = _take_folders(heads)
        self.folders = self._folder_keys()
        self.by_folder: dict[Path, list[int]] = defaultdict(list)
        for index, head in enumerate(heads):
            self.by_folder[head.path.parent].append(index)

    def _folder_keys(self) -> list[str]:
        """Return a text for the folder of each file; those of takes are equal.

        Folders are of takes in a grid, and where recorders repeat the name of the folder in each file name.
        """
        folders = [head.path.parent for head in self.heads]
        others = {
            head.path.parent for head in self.heads if not head.path.stem.startswith(head.path.parent.name)
        }
        is_take = {one: one in self.grids or (one not in others and one.name != "") for one in folders}
        return [f"{one.parent}/*" if is_take[one] else str(one) for one in folders]

    def kind(self, index: int) -> tuple[object, ...]:
        """Return the properties that the files of one track share."""
        head = self.heads[index]
        return self.folders[index], head.format, head.rate_hz, head.channels, head.device

    def gap_s(self, first: int, second: int) -> float | None:
        """Return the stated time between the end of a file and the start of another; None if unknown."""
        one, other = (head.time or head.unset_time for head in (self.heads[first], self.heads[second]))
        if one is None or other is None or (one.field, one.doubts) != (other.field, other.doubts):
            return None
        return (other.start - one.start).total_seconds() - self.heads[first].duration_s

    def may_follow(self, first: int, second: int) -> bool:
        """Return whether no stated time contradicts that a file starts where another one ends."""
        gap_s = self.gap_s(first, second)
        return gap_s is None or abs(gap_s) <= _SAME_START_S

    def device(self, indices: Sequence[int]) -> str:
        """Return a text that files recorded with the same clock share."""
        head, words = self.heads[indices[0]], {self.names[index].leading_word for index in indices}
        is_grid = head.path.parent in self.grids
        word = words.pop() if len(words) == 1 and not is_grid else ""
        parts = (self.folders[indices[0]], head.path.suffix.lower(), str(head.rate_hz), head.device, word)
        return "|".join(parts)


def _exact_joins(files: _Files) -> Iterator[Link]:
    """Yield the files whose time reference is that of the sample after another file, past midnight too."""
    starts: dict[tuple[object, ...], list[int]] = defaultdict(list)
    for index, head in enumerate(files.heads):
        if head.reference_samples is not None and head.frames:
            starts[(*files.kind(index), head.reference_samples)].append(index)
    for index, head in enumerate(files.heads):
        if head.reference_samples is None or not head.frames:
            continue
        end = head.reference_samples + head.frames
        candidates = [
            other
            for wanted in {end, end % (_DAY_S * head.rate_hz)}
            for other in starts.get((*files.kind(index), wanted), ())
            if other != index and files.may_follow(index, other)
        ]
        own = [other for other in candidates if of_one_track(files.names[index], files.names[other])]
        chosen = min(own, key=lambda other: _distance(files.names[index], files.names[other]), default=None)
        if chosen is None and len(candidates) == 1:
            chosen = candidates[0]
        if chosen is not None:
            yield Link(index, chosen, head.frames, LinkReason.JOINS_EXACTLY, 1.0, True)


def _distance(first: NumberedName, second: NumberedName) -> tuple[bool, int]:
    """Return how far apart two names of one track are; the next one is the nearest."""
    differing = sum(one != other for one, other in zip(first.numbers, second.numbers, strict=False))
    return not follows(first, second), differing


def _splits(files: _Files) -> Iterator[Link]:
    """Yield the files that continue another one by its size or length."""
    for run in _runs(files):
        lengths = [files.heads[index].frames for index in run]
        is_cut_evenly = len(run) > 2 and len(set(lengths[:-1])) == 1 and lengths[-1] < lengths[0]
        for first, second in pairwise(run):
            one = files.heads[first]
            if not one.frames or not _may_join(files, first, second):
                continue
            if _is_at_limit(one.size_bytes):
                gap_s = files.gap_s(first, second)
                is_timed = gap_s is not None and abs(gap_s) <= _SAME_START_S
                confidence = 0.98 if is_timed else 0.9
                yield Link(first, second, one.frames, LinkReason.SPLIT_AT_LIMIT, confidence, is_timed)
            elif is_cut_evenly and one.duration_s >= _LEAST_SPLIT_S:
                yield Link(first, second, one.frames, LinkReason.EQUAL_LENGTHS, 0.7, False)


def _next_numbers(files: _Files) -> Iterator[Link]:
    """Yield the files that a device may have recorded one after another, where no date shows a pause.

    Dates of files that contradict the numbers of a run anywhere are those of copies: none of them shows one.
    """
    for run in _runs(files):
        pairs = [(files.heads[first], files.heads[second]) for first, second in pairwise(run)]
        is_dated = all(_date_gap_s(one, other) >= -_SAME_START_S for one, other in pairs)
        for first, second in pairwise(run):
            are_takes = files.names[first].long_counters != files.names[second].long_counters
            is_timed = is_dated or files.gap_s(first, second) is not None
            if are_takes and files.heads[first].frames and not is_timed:
                frames = files.heads[first].frames
                yield Link(first, second, frames, LinkReason.NEXT_NUMBER, 0.4, False)


def _date_gap_s(first: FileHead, second: FileHead) -> float:
    """Return the time between two files by their file dates; that of copies is negative."""
    one, other = first.file_time, second.file_time
    if one is None or other is None or not (one.is_plausible and other.is_plausible):
        return -inf
    return (other.start - one.start).total_seconds() - first.duration_s


def _runs(files: _Files) -> Iterator[list[int]]:
    """Yield files of one folder whose names count up by one, two or more at a time."""
    for indices in files.by_folder.values():
        by_number = sorted(indices, key=lambda index: (files.names[index].masked, files.names[index].numbers))
        by_name = sorted(indices, key=lambda index: files.heads[index].path.stem)  # "T01", "T01_1"
        for order in (by_number, by_name):
            run = order[:1]
            for first, second in pairwise(order):
                is_next = follows(files.names[first], files.names[second])
                if is_next and files.kind(first) == files.kind(second):
                    run.append(second)
                    continue
                if len(run) > 1:
                    yield run
                run = [second]
            if len(run) > 1:
                yield run


def _may_join(files: _Files, first: int, second: int) -> bool:
    """Return whether no stated time contradicts that a file continues another one."""
    one, other = files.heads[first], files.heads[second]
    if one.time is not None and other.time is not None and one.time.start == other.time.start:
        return _is_at_limit(one.size_bytes)  # some devices copy the header of the first file
    return files.may_follow(first, second)


def _is_at_limit(size_bytes: int) -> bool:
    return any(limit * (1.0 - _NEAR_LIMIT) <= size_bytes <= limit for limit in _LIMITS_BYTES)


def _parallel(files: _Files, continued: set[int]) -> Iterator[Link]:
    """Yield the files that start together with another one of their folder."""
    of_file: dict[Path, list[int]] = defaultdict(list)
    for index, head in enumerate(files.heads):
        of_file[address_of(head.path).file].append(index)
    for group in of_file.values():
        for first, second in pairwise(group):
            yield Link(first, second, 0, LinkReason.SAME_FILE, 1.0, True)
    for folder, indices in files.by_folder.items():
        groups: dict[tuple[object, ...], list[int]] = defaultdict(list)
        for index in indices:
            if index not in continued:
                groups[_start_key(files, index, folder)].append(index)
        for key, group in groups.items():
            # By take; those named after devices come last.
            group.sort(key=lambda index: (files.names[index].long_counters, files.names[index].names_device))
            for first, second in pairwise(group):
                link = _together(files, first, second, LinkReason(str(key[0])))
                if link is not None:
                    yield link


def _start_key(files: _Files, index: int, folder: Path) -> tuple[object, ...]:
    """Return the properties that files with one start share, after the reason."""
    head = files.heads[index]
    if head.reference_samples is not None:
        day = head.time.start.date() if head.time is not None else None
        return LinkReason.SAME_REFERENCE, head.rate_hz, head.reference_samples, day, head.device
    if folder in files.grids:
        return LinkReason.SAME_TAKE, head.rate_hz
    return LinkReason.SAME_LENGTH, head.rate_hz, head.frames or index + 0.5


def _together(files: _Files, first: int, second: int, reason: LinkReason) -> Link | None:
    one, other = files.heads[first], files.heads[second]
    apart_s = abs(one.duration_s - other.duration_s)
    gap_s = files.gap_s(first, second)
    if gap_s is not None and abs(gap_s + one.duration_s) > _SAME_START_S:
        return None
    names = files.names[first], files.names[second]
    if reason is LinkReason.SAME_LENGTH and names[0].long_counters != names[1].long_counters:
        return None
    are_counted = names[0].masked == names[1].masked
    is_equal = apart_s <= _SAME_LENGTH_S
    if reason is LinkReason.SAME_REFERENCE:
        if are_counted and not is_equal:
            return None  # takes with a copied header
        is_family = bool(one.family) and one.family == other.family
        is_certain = is_family or (apart_s <= _STOPPED_TOGETHER_S and not are_counted)
        return Link(first, second, 0, reason, 1.0 if is_certain else 0.7, is_certain)
    if reason is LinkReason.SAME_TAKE:
        return Link(first, second, 0, reason, 0.95 if is_equal else 0.6, is_equal)
    are_devices = names[0].words != names[1].words and any(name.names_device for name in names)
    is_certain = not are_counted and not are_devices
    return Link(first, second, 0, reason, 0.95 if is_certain else 0.7, is_certain)


def turned(link: Link) -> Link:
    """Return the same link from its second file to its first."""
    return Link(link.second, link.first, -link.offset_samples, link.reason, link.confidence, link.is_certain)


def _components(files: _Files, links: Mapping[int, Sequence[Link]]) -> Iterator[Take]:
    """Yield the files that links connect; the links of least confidence are followed last."""
    seen: set[int] = set()
    for begin in range(len(files.heads)):
        if begin in seen:
            continue
        places: dict[int, int] = {begin: 0}
        by: dict[int, Link | None] = {begin: None}
        waiting = deque([begin])
        while waiting:
            index = waiting.popleft()
            for link in sorted(links.get(index, ()), key=lambda one: -one.confidence):
                if link.second not in places:
                    places[link.second] = places[index] + link.offset_samples
                    by[link.second] = link
                    waiting.append(link.second)
        seen |= places.keys()
        order = sorted(places, key=lambda index: (places[index], index))
        earliest = places[order[0]]
        yield Take(
            tuple(order),
            tuple(places[index] - earliest for index in order),
            tuple(by[index] for index in order),
            files.heads[begin].rate_hz,
            files.device(order),
        )


def _take_folders(heads: Sequence[FileHead]) -> frozenset[Path]:
    """Return the folders that hold one take each: sibling folders with the same names of equal length."""
    stems: dict[Path, set[str]] = defaultdict(set)
    lengths: dict[Path, list[float]] = defaultdict(list)
    for head in heads:
        stems[head.path.parent].add(head.path.stem.casefold())
        lengths[head.path.parent].append(head.duration_s)
    siblings: dict[Path, list[Path]] = defaultdict(list)
    for folder, names in stems.items():
        own = lengths[folder]
        if len(names) >= _LEAST_IN_FOLDER and max(own) - min(own) <= max(1.0, 0.02 * max(own)):
            siblings[folder.parent].append(folder)
    found: set[Path] = set()
    for folders in siblings.values():
        for one, other in combinations(folders, 2):
            if len(stems[one] & stems[other]) >= _LEAST_IN_FOLDER:
                found |= {one, other}
    return frozenset(found)
