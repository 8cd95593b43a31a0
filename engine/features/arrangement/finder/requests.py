"""Requests and results of arranging and of learning an editor, and pairs of files guessed by their names.

The window imports this module, so it loads no models.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from filecmp import cmp
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.analysis.found_takes import FoundTakes
from engine.core.errors import UsageError
from engine.core.files.safe_write import shown
from engine.core.timebase import format_time
from engine.core.wording import counted, level_text, listed, percent
from engine.document.analysis import BeatGrid, ScoreCurve, StoredSections, require_recording
from engine.document.kinds.order import CUT, MOVE, REPEAT
from engine.document.proposals import Proposal
from engine.document.state import DocumentState
from engine.features.arrangement.habits import Habits
from engine.sound.opening import require_file

_OF_EDITS = re.compile("edit(ed|s)?|cuts?|final|master(ed)?|mix(ed|down)?|bounce|song|short|trimmed|arranged")
_OF_RAWS = re.compile("raws?|rehearsal|jam|takes?|original|full|long|session|recording|unedited|live")
_WORDS = re.compile(r"[^\W\d_]+|\d+")


@dataclass(frozen=True, slots=True)
class GuessedPair:
    """A file and the recordings it was made of; either may be missing.

    Attributes
    ----------
    edited : None without an edited file of the recordings
    """

    raws: tuple[Path, ...]
    edited: Path | None


@dataclass(frozen=True, slots=True)
class _Named:
    path: Path
    words: tuple[str, ...]
    is_raw: bool
    is_edited: bool


def guessed_pairs(paths: Sequence[Path]) -> tuple[GuessedPair, ...]:
    """Pair files by the common part of their names, and leave the others unpaired.

    Files belong together if their names are the same but for words such as "raw" or "edit", or if the name of
    one begins with all of another's; the folder distinguishes them if the names do not.
    """
    named = [_words_of(path) for path in dict.fromkeys(paths)]
    taken: set[Path] = set()
    found = []
    for one in named:
        if one.is_raw and not one.is_edited:
            continue
        raws = _raws_of(one, named)
        if raws and not taken & {one.path, *raws}:
            found.append(GuessedPair(raws, one.path))
            taken |= {one.path, *raws}
    for one in named:
        if one.path not in taken:
            is_raw = one.is_raw and not one.is_edited
            found.append(GuessedPair((one.path,), None) if is_raw else GuessedPair((), one.path))
    return tuple(found)


def _words_of(path: Path) -> _Named:
    """Return the properties of a file according to its name, else its folder."""
    words = [word.lower() for word in _WORDS.findall(path.stem)]
    is_edited, is_raw = _has_word(_OF_EDITS, words), _has_word(_OF_RAWS, words)
    if is_edited == is_raw:
        folder = [word.lower() for word in _WORDS.findall(path.parent.name)]
        by_folder = _has_word(_OF_EDITS, folder), _has_word(_OF_RAWS, folder)
        if by_folder[0] != by_folder[1]:
            is_edited, is_raw = by_folder
    left = tuple(
        word for word in words if not _has_word(_OF_EDITS, [word]) and not _has_word(_OF_RAWS, [word])
    )
    return _Named(path, left, is_raw, is_edited)


def _has_word(what: re.Pattern[str], words: Sequence[str]) -> bool:
    return any(what.fullmatch(word) for word in words)


def _raws_of(one: _Named, named: Sequence[_Named]) -> tuple[Path, ...]:
    """Return the recordings that a file is plainly made of."""
    others = [
        other for other in named if other.path != one.path and not (other.is_edited and not other.is_raw)
    ]
    same = [other for other in others if other.words == one.words and other.words]
    if one.is_edited and same:
        return tuple(other.path for other in same)
    if same and all(other.is_raw for other in same):
        return tuple(other.path for other in same)
    # "jam 3 radio.wav" was made of "jam 3.wav": the later file has the longer name.
    begun = [other for other in others if other.words and one.words[: len(other.words)] == other.words]
    longer = [other for other in begun if len(other.words) < len(one.words)]
    most = max((len(other.words) for other in longer), default=0)
    return tuple(other.path for other in longer if len(other.words) == most)


@dataclass(frozen=True, slots=True)
class RawAndEdited:
    """A file and the recordings it was made of, one or more."""

    raws: tuple[Path, ...]
    edited: Path


@dataclass(frozen=True, slots=True)
class LearnEditsRequest:
    """Pairs of files to learn from.

    Attributes
    ----------
    name : of the editor
    goes_on : whether an unusable pair is reported and skipped, so that the others are used
    """

    pairs: tuple[RawAndEdited, ...]
    name: str = "editor"
    seed: int = 0
    goes_on: bool = False


@dataclass(frozen=True, slots=True)
class PairQuality:
    """How well an edited file and its recordings fit.

    Attributes
    ----------
    number : of the pair, from 0
    matched_share : share of the sounding part of the edited file that nulls, 0 to 1
    stretched_share : share of it that plays the recordings at another speed or pitch
    residual_db : level left after subtracting the recordings; None if not measured
    kept_s, left_out_s : total length played, counting repeats, and length never played
    problem : why nothing is learned from it, "" where something is
    """

    number: int
    matched_share: float = 0.0
    residual_db: float | None = None
    kept_s: float = 0.0
    left_out_s: float = 0.0
    problem: str = ""
    stretched_share: float = 0.0

    def figures(self) -> dict[str, float]:
        """Return the figures as progress carries them; `problem` is the text of the report."""
        left = {} if self.residual_db is None else {"residual_db": self.residual_db}
        return {
            "pair": float(self.number),
            "matched_share": self.matched_share,
            "stretched_share": self.stretched_share,
            "kept_s": self.kept_s,
            "left_out_s": self.left_out_s,
            "is_refused": float(bool(self.problem)),
            **left,
        }

    @classmethod
    def reported(cls, text: str, figures: Mapping[str, float]) -> PairQuality | None:
        """Return the quality of a pair from a progress report; None if the report is about something else."""
        if "pair" not in figures:
            return None
        return cls(
            int(figures["pair"]),
            figures["matched_share"],
            figures.get("residual_db"),
            figures["kept_s"],
            figures["left_out_s"],
            text if figures["is_refused"] else "",
            figures["stretched_share"],
        )

    @property
    def words(self) -> str:
        """Summarize the quality in one line."""
        if self.problem:
            return self.problem
        share = self.matched_share + self.stretched_share
        found = f"{percent(share)} found{_left_text(self.residual_db)}{_stretched_text(self.stretched_share)}"
        return f"{found}; {format_time(self.left_out_s, 0)} left out"


@dataclass(frozen=True, slots=True)
class LearnedPair:
    """Match of one edited file with one recording used in it.

    Attributes
    ----------
    matched_share : share of the sounding part of the edited file that nulls, 0 to 1
    residual_db : level left of the edited file without the recording, None if not measured
    kept_s, left_out_s : total length of the recording played, counting repeats, and length never played
    stretched_share : share of the sounding part that plays recordings at another speed or pitch, 0 to 1
    similarity : median of the segments at another speed or pitch, None without any
    """

    raw: Path
    edited: Path
    matched_share: float
    residual_db: float | None
    kept_s: float
    left_out_s: float
    raw_s: float
    stretched_share: float = 0.0
    similarity: float | None = None


@dataclass(frozen=True, slots=True)
class EditorWritten:
    """An editor that was learned and written.

    Attributes
    ----------
    left_out : why nothing was learned from some of the pairs
    """

    path: Path
    pairs: tuple[LearnedPair, ...]
    habits: Habits
    left_out: tuple[str, ...] = ()


def pair_problem(raws: Sequence[Path], edited: Path | None) -> str:
    """Return the problem with the file names of a pair, "" if they are valid; no file is opened."""
    if edited is None:
        if not raws:
            return "Choose a recording and its edited file."
        return f"Which file was made of {listed([shown(path.name) for path in raws])}?"
    if not raws:
        return f"Which recording was {shown(edited.name)} made of?"
    if edited in raws:
        return f"{shown(edited.name)} is named as the recording and as its edited file: choose two files."
    if len(set(raws)) < len(raws):
        return f"A recording is named twice for {shown(edited.name)}: name it once."
    return ""


def pairs_problem(pairs: Sequence[RawAndEdited]) -> str:
    """Return the problem with the file names of some pairs, "" if they are valid; no file is opened."""
    if not pairs:
        return "There is nothing to learn from: name raw recordings and their edited files."
    seen: set[Path] = set()
    for one in pairs:
        if problem := pair_problem(one.raws, one.edited):
            return problem
        if one.edited in seen:
            return f"{shown(one.edited.name)} is named twice as an edited file: name it once."
        seen.add(one.edited)
    return ""


def require_files(pair: RawAndEdited) -> None:
    """Refuse a pair whose files are not there, or are the same.

    Raises
    ------
    SourceError : one of the files cannot be read
    UsageError : the edited file is a copy of a recording
    """
    edited_bytes = require_file(pair.edited)
    for raw in pair.raws:
        if require_file(raw) == edited_bytes and cmp(raw, pair.edited, shallow=False):
            raise UsageError(
                f"{shown(pair.edited)} is the same file as {shown(raw)}: choose its edited file."
            )


def pair_lines(pairs: Sequence[LearnedPair]) -> list[str]:
    """Return one line per pair about its match."""
    lines = []
    for one in pairs:
        lines.append(
            f"{shown(one.edited.name)}: {percent(one.matched_share + one.stretched_share)} of it is found in "
            f"{shown(one.raw.name)}{_left_text(one.residual_db)}"
            f"{_stretched_text(one.stretched_share, one.similarity)}; "
            f"{one.kept_s:.0f} s are made of {one.raw_s:.0f} s"
        )
    return lines


def _left_text(residual_db: float | None) -> str:
    return "" if residual_db is None else f", {level_text(residual_db)} left"


def _stretched_text(share: float, similarity: float | None = None) -> str:
    if share <= 0.0:
        return ""
    alike = "" if similarity is None else f" ({percent(similarity)} alike)"
    return f", {percent(share)} at another speed or pitch{alike}"


@dataclass(frozen=True, slots=True)
class ArrangeRequest:
    """Arrangement request: document, editor model, target length.

    Attributes
    ----------
    media : where each source is now, by source id
    grid, curve : the beats, and the anomaly scores if a taste was used
    sections : those of the document, which the user may have corrected; None to find them
    editor : an .editor file; None for the shipped model
    like : a raw recording and an edit of it that this one is to resemble
    minutes : how long the result is to be; None for as long as the editor would
    seed : 0 for the likeliest arrangement, another number for another one
    onsets_samples : int64, shape (n,), ascending; edges are placed before them
    talk_s : detected talk outside of songs, [start, stop) each, ascending; it is not a take
    """

    state: DocumentState
    media: Mapping[str, Path]
    grid: BeatGrid
    curve: ScoreCurve | None = None
    editor: Path | None = None
    like: tuple[Path, Path] | None = None
    minutes: float | None = None
    seed: int = 0
    sections: StoredSections | None = None
    onsets_samples: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    talk_s: tuple[tuple[float, float], ...] = ()

    @property
    def is_anybody(self) -> bool:
        """Whether the request names no editor, no example and no length."""
        return self.editor is None and self.like is None and self.minutes is None


@dataclass(frozen=True, slots=True)
class ProposedArrangement:
    """An arrangement as proposals.

    Attributes
    ----------
    result_s, recording_s : how long the result is with all of them, and the recording
    others_s : lengths of the other arrangements, which the alternatives come from
    references_samples : the takes that others are compared with, [start, stop) each
    takes : passages played more than once, as far as they are known
    has_old_rules : whether the editor has rules of another version, which were not used
    """

    proposals: tuple[Proposal, ...]
    result_s: float
    recording_s: float
    others_s: tuple[float, ...]
    references_samples: tuple[tuple[int, int], ...] = ()
    takes: FoundTakes | None = None
    has_old_rules: bool = False

    @property
    def sentence(self) -> str:
        """Summarize the proposals."""
        old = " The rules of this editor are of another version of Offcut and were not used: learn it again."
        return f"{self._proposed}{old if self.has_old_rules else ''}"

    @property
    def _proposed(self) -> str:
        if not self.proposals:
            return "This editor would leave the recording as it is."
        kinds = [
            counted(sum(one.kind == kind.name for one in self.proposals), kind.name)
            for kind in (CUT, REPEAT, MOVE)
            if any(one.kind == kind.name for one in self.proposals)
        ]
        length = f"{format_time(self.result_s, 1)} of {format_time(self.recording_s, 1)}"
        return f"{listed(kinds)} proposed; with all of them {length} would be left."


def require_arranging(state: DocumentState, minutes: float | None) -> None:
    """Refuse to arrange where there is nothing, or to a length that is none.

    Raises
    ------
    UsageError : the document has no track, or the length is not above 0
    """
    require_recording(state, "arrange")
    if minutes is not None and not minutes > 0.0:
        raise UsageError(f"An arrangement of {minutes:g} minutes is not possible: give a length above 0.")
