"""Requests and progress reports of learning an editor model; light, so that the window imports no network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from filecmp import cmp
from pathlib import Path

from engine.core.errors import UsageError
from engine.core.files.safe_write import shown
from engine.core.timebase import format_time
from engine.core.wording import level_text, listed, percent
from engine.features.arrangement.habits import Habits
from engine.sound.opening import require_file


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
        return (
            f"Which file was made of {_named(raws)}?" if raws else "Choose a recording and its edited file."
        )
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


def told_lines(pairs: Sequence[LearnedPair]) -> list[str]:
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


def _named(paths: Sequence[Path]) -> str:
    return listed([shown(path.name) for path in paths])
