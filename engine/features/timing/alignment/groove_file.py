"""The `.groove` file: the taste of an editor of drum timing; docs/formats/groove.md describes it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from engine.core.errors import SourceError
from engine.core.files.regular_file import read_beginning
from engine.core.files.safe_write import replacing, shown
from engine.core.files.text import parse_json, strict_json
from engine.core.wording import counted, listed, reason_of
from engine.document.analysis import Role
from engine.document.grid_edits import MOST_BEATS_IN_BAR
from engine.features.timing.alignment.lines import PARTS, Division, Groove, groove_of_lines
from engine.features.timing.alignment.settings import LIMITS
from engine.features.timing.alignment.strokes import CARRIERS

if TYPE_CHECKING:  # reading a groove needs none of what learns one
    from engine.features.timing.alignment.learned_fit import Learned, TimingTaste

SUFFIX = ".groove"
_VERSION = 1
_MOST_BYTES = 1 << 20
_NUMBERS = ("strength", "least_ms", "most_ms")
_FLAGS = ("own_feel", "fix_flams")


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class Pair(_Part):
    """A recording and the file edited from it: their names, the hits, and how many were found in both."""

    raw: list[str]
    edited: list[str]
    hits: int = Field(ge=0)
    found: int = Field(ge=0)


class _Shown(_Part):
    hits: int = Field(ge=0)


class _Number(_Shown):
    value: float
    error: float | None = Field(None, ge=0.0)


class _Flag(_Shown):
    value: bool


class _Drum(_Shown):
    late_ms: float = Field(ge=-100.0, le=100.0)


class _Lines(_Part):
    late_beats: list[float | None]
    hits: list[int]


class LearnedGroove(_Part):
    """A learned groove; values that the pairs do not show are missing."""

    format: Literal["offcut groove"] = "offcut groove"
    version: Literal[1] = 1
    division: str
    beats_in_bar: int = Field(ge=1, le=MOST_BEATS_IN_BAR)
    tempo_bpm: float = Field(gt=0.0)
    pairs: list[Pair]
    hits: int = Field(ge=0)
    moved: int = Field(ge=0)
    lines: _Lines
    drums: dict[str, _Drum]
    strength: _Number | None = None
    least_ms: _Number | None = None
    most_ms: _Number | None = None
    own_feel: _Flag | None = None
    fix_flams: _Flag | None = None
    largest_ms: float = Field(ge=0.0)
    unexplained_ms: float = Field(ge=0.0)

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.division not in PARTS:
            raise ValueError(f"division must be {listed(tuple(PARTS), 'or')}")
        lines = self.beats_in_bar * PARTS[self.division]
        if not len(self.lines.late_beats) == len(self.lines.hits) == lines:
            raise ValueError(f"lines must have {lines} values: {self.beats_in_bar} beats of {self.division}")
        if not any(one is not None for one in self.lines.late_beats):
            raise ValueError("lines must have a value")
        if wrong := set(self.drums) - {role.value for role in CARRIERS}:
            raise ValueError(f"drums has no {min(wrong)}")
        for name in _NUMBERS:
            one = getattr(self, name)
            if one is not None and not LIMITS[name][0] <= one.value <= LIMITS[name][1]:
                raise ValueError(f"{name} must be {LIMITS[name][0]:g} to {LIMITS[name][1]:g}")
        return self

    @property
    def groove(self) -> Groove:
        """The feel: the offsets of lines and drums."""
        known = [row for row, one in enumerate(self.lines.late_beats) if one is not None]
        late = np.array([one for one in self.lines.late_beats if one is not None])
        drums = {Role(name): drum.late_ms for name, drum in self.drums.items()}
        lines = len(self.lines.late_beats)
        feel = groove_of_lines(np.array(known, np.int64), late, lines, PARTS[self.division])
        return replace(feel, drums_ms=drums, is_edited=True)

    @property
    def settings(self) -> dict[str, object]:
        """Settings of `engine.features.timing.alignment.settings` that the pairs show, by name."""
        found = {name: getattr(self, name) for name in (*_NUMBERS, *_FLAGS)}
        values: dict[str, object] = {"division": self.division, "swing_percent": 50.0}
        return values | {name: one.value for name, one in found.items() if one is not None}

    def words(self) -> Iterator[str]:
        """Yield a sentence for each thing that was learned, and for each that the pairs do not show."""
        of = f" (of {counted(self.moved, 'moved hit')})"
        bar = counted(self.beats_in_bar, "beat")
        yield f"{self.division} lines, {bar} in a bar, {self.tempo_bpm:.2f} BPM."
        if self.strength is not None:
            yield f"Strength {100 * self.strength.value:.0f} %{of}."
        if self.least_ms is not None:
            hits = counted(self.least_ms.hits, "hit")
            stay = f"within {self.least_ms.value:.1f} ms stay" if self.least_ms.value else "move however near"
            yield f"Hits {stay} ({hits})."
        if self.most_ms is not None:
            hits = counted(self.most_ms.hits, "hit")
            yield f"Hits off by more than {self.most_ms.value:.0f} ms stay ({hits})."
        yield (
            f"The largest move is {self.largest_ms:.0f} ms; half of the moves are within "
            f"{self.unexplained_ms:.1f} ms of these values."
        )
        late = [f"{name} {drum.late_ms:+.1f} ms" for name, drum in self.drums.items()]
        if late:
            yield f"Against the lines: {listed(late)}."
        if self.own_feel is not None:
            yield "The player's push and pull " + ("stays." if self.own_feel.value else "is removed.")
        if self.fix_flams is not None:
            yield "Voices apart from their strokes " + ("are joined." if self.fix_flams.value else "stay.")
        if self.unknown:
            yield f"Not shown by these files, and not stored: {listed(self.unknown)}."

    @property
    def unknown(self) -> tuple[str, ...]:
        """The settings that the pairs do not show."""
        return tuple(name for name in (*_NUMBERS, *_FLAGS) if getattr(self, name) is None)


def learned_groove(
    taste: TimingTaste, division: Division, beats_in_bar: int, tempo_bpm: float, pairs: tuple[Pair, ...]
) -> LearnedGroove:
    """Return a taste as its file has it, rounded."""

    def number(one: Learned | None, digits: int) -> _Number | None:
        if one is None:
            return None
        error = None if one.error is None else round(one.error, 4)
        return _Number(value=round(one.value, digits), hits=one.hits, error=error)

    def flag(one: Learned | None) -> _Flag | None:
        return None if one is None else _Flag(value=bool(one.value), hits=one.hits)

    return LearnedGroove(
        division=division.name,
        beats_in_bar=beats_in_bar,
        tempo_bpm=round(tempo_bpm, 3),
        pairs=list(pairs),
        hits=taste.hits,
        moved=taste.moved,
        lines=_Lines(
            late_beats=[None if one is None else _rounded(one, 4) for one in taste.lines_beats],
            hits=list(taste.line_hits),
        ),
        drums={
            role.value: _Drum(late_ms=_rounded(one.value, 2), hits=one.hits)
            for role, one in taste.drums_ms.items()
        },
        strength=number(taste.strength, 3),
        least_ms=number(taste.least_ms, 2),
        most_ms=number(taste.most_ms, 2),
        own_feel=flag(taste.own_feel),
        fix_flams=flag(taste.fix_flams),
        largest_ms=round(taste.largest_ms, 2),
        unexplained_ms=round(taste.unexplained_ms, 3),
    )


def _rounded(value: float, digits: int) -> float:
    return round(value, digits) + 0.0  # without the sign of a zero


def is_learned(name: str) -> bool:
    """Return whether a groove is named by its file of `offcut learn-timing`."""
    return Path(name).suffix.lower() == SUFFIX


def write_groove(learned: LearnedGroove, path: Path, *, overwrite: bool = False) -> None:
    """Write a learned groove.

    Raises
    ------
    ExportError : it cannot be written, or is there already
    """
    text = strict_json(learned.model_dump(exclude_none=False), indent=1) + "\n"
    with replacing(path, overwrite=overwrite) as part:
        part.write_text(text, encoding="utf-8")


def read_groove(path: Path) -> LearnedGroove:
    """Read a learned groove.

    Raises
    ------
    SourceError : it cannot be read, is not such a file, or is of a newer version
    """
    try:
        content = read_beginning(path, _MOST_BYTES + 1)
    except OSError as error:
        raise SourceError(f"{shown(path)} cannot be read: {reason_of(error)}.") from error
    if len(content) > _MOST_BYTES:
        raise SourceError(f"{shown(path)} has more than 1 MiB: name a file of offcut learn-timing.")
    try:
        values: Any = parse_json(content)
        if (
            isinstance(values, Mapping)
            and isinstance(values.get("version"), int)
            and values["version"] > _VERSION
        ):
            raise SourceError(
                f"{shown(path)} is of a newer Offcut (version {values['version']}): update Offcut."
            )
        return LearnedGroove.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(one) for one in first["loc"])
        reason = f"{where}: {first['msg']}" if where else first["msg"]
        raise SourceError(f"{shown(path)} is not a groove file ({reason}): learn it again.") from error
    except ValueError as error:
        raise SourceError(
            f"{shown(path)} is not a groove file ({error}): name a file of offcut learn-timing."
        ) from error
