"""The outline of a recording: its pieces of music, their takes and sections, and other runs of playing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from engine.core.timebase import runs
from engine.features.arrangement.step_features import HAS_BEAT, IS_PLAYED, StepFeatures
from engine.features.arrangement.steps import Section, Span

REST_S = 1.0
"""Shorter rests are within a run of playing."""
_THOUGHTS_S = ((0.3, 2.0), (0.7, 8.0))
"""Likelihoods of pauses in seconds; shorter ones are within a block of talk."""
_WITHOUT_PULSE = 0.7
"""Likelihood that sections without a pulse are talk where others have one."""
_PULSE = 0.5
"""A section with at least this share of beats among its steps has a pulse."""
_WHOLE = 0.8
"""A take that has less of the longest one's length is broken off."""
_SOFTER_DB = 2.5
_LONG_BARS = 16
_OWN_S = 6.0
"""Longer playing outside sections is a section."""
_UNLABELLED = 1_000_000
"""Labels from this number on belong to playing outside sections."""
_SAME = 0.5
"""Runs with this share of labels in common are takes of the same piece."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Steps [first, last) of a section, or of a run of playing without sections.

    Attributes
    ----------
    label : number of the section's label; -1 without one
    level_db : of its sound, relative to the loud steps
    lasts_s : how long
    beat_s : length of a step
    """

    first: int
    last: int
    label: int
    level_db: float
    lasts_s: float
    beat_s: float

    @property
    def span(self) -> Span:
        """Its steps [first, last)."""
        return self.first, self.last


@dataclass(frozen=True, slots=True, eq=False)
class Take:
    """One time that a piece is played: its sections in order, at least one, and the roles of their labels."""

    sections: tuple[Stretch, ...]
    is_whole: bool
    roles: dict[str, int] = field(default_factory=dict)
    _places: dict[int, list[int]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        """Find the sections of each label, because thousands of rules ask for them."""
        for at, one in enumerate(self.sections):
            self._places.setdefault(one.label, []).append(at)

    def of_role(self, role: str) -> list[int]:
        """Return the places of the sections whose label has a role."""
        return self._places.get(self.roles[role], [])

    @property
    def steps(self) -> int:
        """How many steps it has."""
        return self.sections[-1].last - self.sections[0].first


@dataclass(frozen=True, slots=True, eq=False)
class Outline:
    """A recording of `steps` steps, `beats` to the bar.

    Attributes
    ----------
    pieces : the takes of each piece of music, as they appear
    stretches : sections and runs without any, in order
    middles : for each run without sections the edge in its middle, by its first step
    likelihood : of this way to see the form
    """

    steps: int
    beats: int
    pieces: tuple[tuple[Take, ...], ...]
    stretches: tuple[Stretch, ...]
    middles: dict[int, int]
    likelihood: float
    _whole_takes: list[Take] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        """Find the whole takes of the longest piece, because thousands of rules ask for them."""
        if self.pieces:
            longest = max(self.pieces, key=lambda takes: max(one.steps for one in takes))
            self._whole_takes.extend(one for one in longest if one.is_whole)

    def take(self, which: int) -> Take:
        """Return a whole take of the longest piece, counted as in a list; the last where there are fewer."""
        takes = self._whole_takes
        return takes[which] if -len(takes) <= which < len(takes) else takes[-1]


def outlines_of(heard: StepFeatures) -> tuple[Outline, ...]:
    """Return the ways to see the form of a recording.

    With the sections as found; neighbours of a label as one; labels parted by loudness; long sections halved.
    Sections without a pulse may be talk where others have one, and pauses within talk may be long.
    """
    likelihoods: dict[tuple[tuple[Section, ...], tuple[Span, ...]], float] = {}
    for of_found, found in _with_talk(heard):
        ways = [
            (0.4, found),
            (0.25, _joined(found)),
            (0.2, _by_level(heard, found)),
            (0.15, _halved(heard, found)),
        ]
        for of_sections, sections in ways:
            numbers: dict[int, int] = {}
            same = tuple(
                Section(one.first, one.last, numbers.setdefault(one.label, len(numbers))) for one in sections
            )
            for of_pause, pause_s in _THOUGHTS_S:
                way = same, tuple(_blocks(heard, same, pause_s))
                likelihoods[way] = likelihoods.get(way, 0.0) + of_found * of_sections * of_pause
    return tuple(
        _outline(heard, sections, blocks, likelihood)
        for (sections, blocks), likelihood in likelihoods.items()
    )


def _with_talk(heard: StepFeatures) -> list[tuple[float, Sequence[Section]]]:
    """Return the sections, and those with a pulse alone if others have none, with likelihoods."""
    beats = heard.features[:, HAS_BEAT] > 0.5
    steady = [one for one in heard.sections if beats[one.first : one.last].mean() >= _PULSE]
    if not steady or len(steady) == len(heard.sections):
        return [(1.0, heard.sections)]
    return [(_WITHOUT_PULSE, steady), (1.0 - _WITHOUT_PULSE, heard.sections)]


def _by_level(heard: StepFeatures, sections: Sequence[Section]) -> list[Section]:
    """Return sections, of each label those that are much softer than its loudest with another label."""
    found: list[Section] = []
    loudest: dict[int, float] = {}
    levels = [heard.level_db(one.first, one.last) for one in sections]
    for one, level in zip(sections, levels, strict=True):
        loudest[one.label] = max(level, loudest.get(one.label, level))
    for one, level in zip(sections, levels, strict=True):
        is_soft = level < loudest[one.label] - _SOFTER_DB
        found.append(Section(one.first, one.last, 2 * one.label + int(is_soft)))
    return found


def _halved(heard: StepFeatures, sections: Sequence[Section]) -> list[Section]:
    """Return sections, those that are long in halves."""
    found: list[Section] = []
    bar = heard.steps.bar_beats
    for one in sections:
        bars = (one.last - one.first) // bar
        if bars < _LONG_BARS:
            found.append(one)
            continue
        middle = one.first + bar * (bars // 2)
        found += [Section(one.first, middle, one.label), Section(middle, one.last, one.label)]
    return found


def runs_of(heard: StepFeatures) -> list[Span]:
    """Return the runs of playing [first, last), joined where they rest for less than `REST_S`."""
    edges = heard.steps.edges_s
    joined: list[Span] = []
    for first, last in runs(heard.features[:, IS_PLAYED] > 0.5).tolist():
        if joined and edges[first] - edges[joined[-1][1]] < REST_S:
            joined[-1] = (joined[-1][0], last)
        else:
            joined.append((first, last))
    return joined


def _joined(sections: Sequence[Section]) -> list[Section]:
    found: list[Section] = []
    for one in sections:
        if found and found[-1].label == one.label and found[-1].last == one.first:
            found[-1] = Section(found[-1].first, one.last, one.label)
        else:
            found.append(one)
    return found


def _outline(
    heard: StepFeatures, sections: Sequence[Section], blocks: Sequence[Span], likelihood: float
) -> Outline:
    stretches: list[Stretch] = []
    middles: dict[int, int] = {}
    pieces: list[tuple[set[int], list[list[Stretch]]]] = []
    edges = heard.steps.edges_s
    for first, last in blocks:
        own = _within(sections, first, last)
        if not own:
            stretches.append(_stretch(heard, first, last, -1))
            middles[first] = heard.steps.nearest_edge(float(edges[first] + edges[last]) / 2.0)
            continue
        made = [_stretch(heard, one.first, one.last, one.label) for one in _filled(heard, own, first, last)]
        stretches += made
        _piece_of({one.label for one in made}, pieces).append(made)
    return Outline(
        len(heard),
        heard.steps.bar_beats,
        tuple(_takes(takes) for _, takes in pieces),
        tuple(stretches),
        middles,
        likelihood,
    )


def _filled(heard: StepFeatures, own: Sequence[Section], first: int, last: int) -> list[Section]:
    """Return the sections of a run of playing without gaps.

    Up to `_OWN_S` of playing outside sections belongs to the one before, or to the first one; more is a
    section with a label of its own.
    """
    edges = heard.steps.edges_s
    found: list[Section] = []
    at = first
    for one in [*own, Section(last, last, -1)]:
        start = max(at, min(one.first, last))
        if edges[start] - edges[at] > _OWN_S:
            found.append(Section(at, start, _UNLABELLED + at))
        elif found:
            found[-1] = Section(found[-1].first, start, found[-1].label)
        else:
            start = at
        at = max(start, min(one.last, last))
        if at > start:
            found.append(Section(start, at, one.label))
    return found


def _within(sections: Sequence[Section], first: int, last: int) -> list[Section]:
    return [one for one in sections if first <= (one.first + one.last) // 2 < last]


def _blocks(heard: StepFeatures, sections: Sequence[Section], pause_s: float) -> list[Span]:
    """Return the runs of playing, those without sections joined over pauses shorter than some seconds."""
    edges = heard.steps.edges_s
    found: list[Span] = []
    is_talk = False
    for first, last in runs_of(heard):
        was_talk, is_talk = is_talk, not _within(sections, first, last)
        if found and was_talk and is_talk and edges[first] - edges[found[-1][1]] < pause_s:
            found[-1] = (found[-1][0], last)
        else:
            found.append((first, last))
    return found


def _piece_of(labels: set[int], pieces: list[tuple[set[int], list[list[Stretch]]]]) -> list[list[Stretch]]:
    """Return the takes of the piece with such labels, which may be a new one."""
    for known, takes in pieces:
        if len(labels & known) >= _SAME * min(len(labels), len(known)):
            known |= labels
            return takes
    pieces.append((set(labels), []))
    return pieces[-1][1]


def _takes(takes: Sequence[Sequence[Stretch]]) -> tuple[Take, ...]:
    lengths = [one[-1].last - one[0].first for one in takes]
    return tuple(
        Take(tuple(one), length >= _WHOLE * max(lengths), _roles(one))
        for one, length in zip(takes, lengths, strict=True)
    )


def _stretch(heard: StepFeatures, first: int, last: int, label: int) -> Stretch:
    lengths: NDArray[np.float64] = heard.steps.lengths_s[first:last]
    level = heard.level_db(first, last)
    return Stretch(first, last, label, level, float(lengths.sum()), float(np.median(lengths)))


def _roles(sections: Sequence[Stretch]) -> dict[str, int]:
    """Return the label that has each role: the hook is the loudest one that comes again."""
    labels = [one.label for one in sections]
    distinct = list(dict.fromkeys(labels))
    level = {
        label: sum(one.level_db for one in sections if one.label == label) / labels.count(label)
        for label in distinct
    }
    again = [label for label in distinct if labels.count(label) > 1] or distinct
    hook = max(again, key=lambda label: level[label])
    verses = [label for label in again if label != hook] or again
    once = [one.label for one in sections[1:-1] if labels.count(one.label) == 1] or [labels[-1]]
    by_level = sorted(sections, key=lambda one: one.level_db)
    return {
        "hook": hook,
        "verse": verses[0],
        "bridge": once[0],
        "opening": labels[0],
        "ending": labels[-1],
        "loudest": by_level[-1].label,
        "softest": by_level[0].label,
        "longest": max(sections, key=lambda one: one.last - one.first).label,
    }
