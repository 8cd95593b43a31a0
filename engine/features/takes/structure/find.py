"""Find the sections of a recording or a document, and their labels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from engine.core.progress import SILENT, Progress
from engine.core.timebase import runs, s_to_samples_array
from engine.core.wording import counted
from engine.document.analysis import SECTIONS, Analysis, BeatGrid, StoredSections, require_recording
from engine.document.edits.analyses import set_sections, sound_key
from engine.document.edits.proposals import set_analyses
from engine.document.grid_edits import keeping_edited
from engine.document.grid_readings import grid_in_force
from engine.document.state import DocumentState, Edit, merged
from engine.features.takes.features import FRAMES_PER_S, Frames, frames_of
from engine.features.takes.playing import performances
from engine.features.takes.structure.segments import boundaries, groups_of, same_label, section_similarity
from engine.features.takes.structure.similarity import Bars, BarSounds, bars_of, sounds_of
from engine.recordings.analyses import AnalysisRequest, FoundAnalyses, Stored
from engine.recordings.listen import find_beats_and_onsets, mono_blocks

Floats = NDArray[np.float32]
Scores = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Section:
    """A passage of a recording, such as a verse or a chorus.

    Attributes
    ----------
    start_s, stop_s : on downbeats where there is a steady pulse
    label : "A", "B", ... by first appearance; sections with the same label repeat each other
    confidence : 0 to 1, how clearly the section starts and belongs to its label
    """

    start_s: float
    stop_s: float
    label: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Structure:
    """Sections of a recording, ascending and disjoint; talk, tuning and silence are in none."""

    sections: tuple[Section, ...] = ()

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels in order of first appearance."""
        return tuple(dict.fromkeys(section.label for section in self.sections))

    @property
    def has_repeats(self) -> bool:
        """Whether any label appears more than once."""
        return len(self.labels) < len(self.sections)

    @property
    def sentence(self) -> str:
        """Summarize the result."""
        if not self.sections:
            return "No sections: no music with a steady pulse or with repeated passages was found."
        found = f"{counted(len(self.sections), 'section')}: {' '.join(one.label for one in self.sections)}"
        return f"{found}." if self.has_repeats else f"{found}. None of them repeats another."


def label_of(number: int) -> str:
    """Return the label of the group with a number from 0: A to Z, then AA, AB, ..."""
    letters = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


_LEAST_RUN_S = 8.0
"""Shorter passages between breaks have no sections."""
_REPEATS = 0.6
"""Sections without a pulse are reported if another one is that similar: talk and noise have none."""
_SURELY = 1.5
"""Logit of halves of a section that are another section again."""
_LEAST_UNITS = 4
"""Shorter ones are like a passage of anything by chance."""


def find_structure(
    blocks: Iterable[Floats], rate_hz: int, length_samples: int, grid: BeatGrid, progress: Progress = SILENT
) -> Structure:
    """Analyse a mono stream with known beats and find its sections.

    Parameters
    ----------
    blocks : float32 at `rate_hz`, each of shape (n,); non-finite samples count as silence
    length_samples : of the recording
    grid : the active grid, in samples at `rate_hz`; empty without a pulse

    Raises
    ------
    Cancelled : the user asked for it
    """
    frames = frames_of(blocks, rate_hz, length_samples, progress.part(0.0, 0.8))
    progress.report(0.8, "Finding sections")
    progress.check_cancelled()
    return structure_in(frames, grid, rate_hz)


def structure_in(frames: Frames, grid: BeatGrid, rate_hz: int) -> Structure:
    """Find the sections in analysed frames."""
    bars = bars_of(grid, rate_hz, len(frames) / FRAMES_PER_S)
    is_played = played_bars(frames, bars)
    if not is_played.any():
        return Structure()
    sounds = sounds_of(frames, bars, is_played)
    spans, clear = _spans(sounds, bars, is_played)
    if not spans:
        return Structure()
    spans, clear = _without_noise(sounds, *_parted(sounds, spans, clear), bars)
    return _labelled(spans, clear, same_label(sounds, spans), bars)


def played_bars(frames: Frames, bars: Bars) -> NDArray[np.bool_]:
    """Return which bars are mostly between one break in the playing and the next."""
    covered = np.zeros(len(frames) + 1)
    for start, stop in performances(frames.levels_db).tolist():
        covered[start + 1 : stop + 1] = 1.0
    sums = np.cumsum(covered)
    at = np.clip(np.round(bars.edges_s * FRAMES_PER_S).astype(np.int64), 0, len(frames))
    return np.diff(sums[at]) > 0.5 * np.maximum(np.diff(at), 1)


def _spans(
    sounds: BarSounds, bars: Bars, is_played: NDArray[np.bool_]
) -> tuple[list[tuple[int, int]], list[float]]:
    """Return the bars [first, last) of each section, and how clearly it starts, 0 to 1."""
    spans: list[tuple[int, int]] = []
    clear: list[float] = []
    for first, last in played_runs(bars, is_played):
        has_pulse = bool(bars.has_pulse[first:last].mean() >= 0.5)
        lines, scores = boundaries(sounds.part(first, last), bars.lengths_s[first:last], has_pulse=has_pulse)
        for start, stop in pairwise(lines):
            spans.append((first + start, first + stop))
            clear.append(1.0 if start == 0 else _share(float(scores[start])))
    return spans, clear


def _parted(
    sounds: BarSounds, spans: Sequence[tuple[int, int]], clear: Sequence[float]
) -> tuple[list[tuple[int, int]], list[float]]:
    """Return the sections; one is divided if both of its halves are another whole section again."""
    parted: list[tuple[int, int]] = []
    clear_of: list[float] = []
    for (first, last), one_clear in zip(spans, clear, strict=True):
        middle = (first + last) // 2
        halves = [(first, middle), (middle, last)]
        singles = [one for one in spans if abs(2 * (one[1] - one[0]) - (last - first)) <= 1]
        is_double = last - first >= 2 * _LEAST_UNITS and any(
            (same_label(sounds, [one, *halves])[0, 1:] > _SURELY).all() for one in singles
        )
        parted += halves if is_double else [(first, last)]
        clear_of += [one_clear, one_clear] if is_double else [one_clear]
    return parted, clear_of


def played_runs(bars: Bars, is_played: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return the runs of bars [first, last) between breaks that are long enough to have sections."""
    return [
        (first, last)
        for first, last in runs(is_played).tolist()
        if bars.edges_s[last] - bars.edges_s[first] >= _LEAST_RUN_S
    ]


def _without_noise(
    sounds: BarSounds, spans: list[tuple[int, int]], clear: list[float], bars: Bars
) -> tuple[list[tuple[int, int]], list[float]]:
    """Return the sections that have a pulse or repeat another one."""
    others = section_similarity(sounds.alike, spans) - np.eye(len(spans), dtype=np.float32)
    is_short = np.array([last - first < _LEAST_UNITS for first, last in spans])
    others[is_short], others[:, is_short] = -1.0, -1.0
    retained = [
        number
        for number, (first, last) in enumerate(spans)
        if bars.has_pulse[first:last].mean() >= 0.5 or others[number].max(initial=-1.0) >= _REPEATS
    ]
    return [spans[one] for one in retained], [clear[one] for one in retained]


def _labelled(
    spans: Sequence[tuple[int, int]], clear: Sequence[float], same: Scores, bars: Bars
) -> Structure:
    groups = np.array(groups_of(same), np.int64)
    sections = []
    for number, (first, last) in enumerate(spans):
        own = (groups == groups[number]) & (np.arange(len(spans)) != number)
        rest = float(same[number][groups != groups[number]].max(initial=-np.inf))
        fits = _share(float(same[number][own].mean()) if own.any() else -rest)
        confidence = round(float(np.sqrt(clear[number] * fits)), 3)
        start_s, stop_s = float(bars.edges_s[first]), float(bars.edges_s[last])
        sections.append(Section(start_s, stop_s, label_of(int(groups[number])), confidence))
    return Structure(tuple(sections))


def _share(logit: float) -> float:
    return float(1.0 / (1.0 + np.exp(-logit)))


@dataclass(frozen=True, slots=True, eq=False)
class FoundSections:
    """Sections found in a document.

    Attributes
    ----------
    analysed : beats and onsets that the document did not have: id and analysis by kind
    """

    structure: Structure
    stored: StoredSections
    analysed: Stored = field(default_factory=dict)

    @property
    def sentence(self) -> str:
        """Summarize the result."""
        return self.structure.sentence

    def put_into(self, state: DocumentState) -> tuple[Edit, dict[str, Analysis]]:
        """Return the edit that stores the sections in a document, and the analyses it refers to."""
        edit, analyses = set_sections(state, self.stored, "Found sections")
        ids = keeping_edited(state, {kind: key for kind, (key, _) in self.analysed.items()})
        before = set_analyses(state, ids, edit.label)
        changes = merged(before.changes, edit.changes)
        return Edit(edit.label, changes, by_listening=True), {**dict(self.analysed.values()), **analyses}


def find_sections(request: AnalysisRequest, progress: Progress) -> FoundSections:
    """Find the sections of the unedited mix.

    Raises
    ------
    UsageError : the document has no recording
    SourceError : a recording is missing or cannot be read
    Cancelled : the user asked for it
    """
    state, grid = request.state, grid_in_force(request.state, request.analyses.get("beats"))
    require_recording(state, "analyse")
    analysed: Stored = {}
    if grid is None:
        found = find_beats_and_onsets(request, progress.part(0.0, 0.7))
        analysed, found_beats = found.stored, found.analyses["beats"]
        assert isinstance(found_beats, BeatGrid), "a document without a grid is analysed"
        grid = found_beats
        progress = progress.part(0.7, 1.0)
    blocks = mono_blocks(state, request.media)
    structure = find_structure(blocks, state.rate_hz, state.length_samples, grid, progress)
    return FoundSections(structure, stored_sections(structure, state), analysed)


def analyse(request: AnalysisRequest, progress: Progress) -> FoundAnalyses:
    """Find the sections on the active grid, as `engine.recordings.analyses` asks for them."""
    _, stored = set_sections(request.state, find_sections(request, progress).stored, "")
    ((key, sections),) = stored.items()
    return FoundAnalyses({SECTIONS: sections}, {SECTIONS: key})


def stored_sections(structure: Structure, state: DocumentState) -> StoredSections:
    """Return sections as a document stores them."""
    sections = structure.sections
    spans_s = np.array([(one.start_s, one.stop_s) for one in sections], np.float64).reshape(-1, 2)
    spans = np.minimum(s_to_samples_array(spans_s, state.rate_hz), state.length_samples)
    labels = [one.label for one in sections]
    confidences = np.array([one.confidence for one in sections], np.float64)
    return StoredSections(spans, labels, confidences, sound_key(state))
