"""Finished trials in a file, one a line, so that hours of evaluation can be stopped and go on."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

from pydantic import TypeAdapter

from engine.core.errors import UsageError
from engine.core.files.regular_file import read_beginning
from engine.core.files.safe_write import shown
from engine.core.files.text import parse_json
from engine.core.wording import reason_of

VERSION = 1
"""Of the materials and the figures; results of another version are not compared."""


@dataclass(frozen=True, slots=True)
class Key:
    """Identity of a trial: results of equal trials are computed once.

    Attributes
    ----------
    digest : of the row's settings and code
    data : of the files that the material is made from
    """

    row: str
    digest: str
    material: str
    data: str
    seed: int


@dataclass(frozen=True, slots=True)
class Measured:
    """The figures of one recording, or of a set of whole files.

    Attributes
    ----------
    figures : by the names in `engine.lab.evaluation.figures.MEASURES`
    kinds : the AUC by kind of fault
    """

    name: str
    figures: Mapping[str, float]
    kinds: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Trial:
    """A row that learned once and was tried on other recordings.

    Attributes
    ----------
    learned_s : how long learning took
    """

    key: Key
    group: str
    learned_s: float
    measured: tuple[Measured, ...]


_TRIAL = TypeAdapter(Trial)
_MOST_BYTES = 1 << 26


class Results:
    """The trials that are known, in a file where one is named.

    Raises
    ------
    UsageError : the file cannot be read or written, or holds something else
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._trials: dict[Key, Trial] = {}
        self._length = 0
        if path is not None and path.exists():
            content = _whole_lines(path)
            self._length = len(content)
            self._trials = {trial.key: trial for trial in _parsed(path, content)}

    def trials(self) -> tuple[Trial, ...]:
        """Return every trial; of a row whose settings or code changed since, the newest at each seed."""
        newest = {(key.row, key.material, key.seed): trial for key, trial in self._trials.items()}
        return tuple(newest.values())

    def of(self, key: Key) -> Trial | None:
        """Return the trial of a key; None where it was not tried."""
        return self._trials.get(key)

    def add(self, trial: Trial) -> None:
        """Take a trial, and have it on the disk before returning."""
        self._trials.pop(trial.key, None)
        self._trials[trial.key] = trial
        if self._path is None:
            return
        line = json.dumps({"version": VERSION, **asdict(trial)}).encode() + b"\n"
        try:
            with self._path.open("ab") as stream:
                stream.truncate(self._length)  # half a line that a stopped process left
                stream.write(line)
                stream.flush()
                os.fsync(stream.fileno())
        except OSError as error:
            raise UsageError(f"{shown(self._path)} cannot be written: {reason_of(error)}.") from error
        self._length += len(line)


def _whole_lines(path: Path) -> bytes:
    try:
        content = read_beginning(path, _MOST_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{shown(path)} cannot be read: {reason_of(error)}.") from error
    if len(content) > _MOST_BYTES:
        raise UsageError(f"{shown(path)} is longer than {_MOST_BYTES >> 20} MiB: name a file of results.")
    return content[: content.rfind(b"\n") + 1]


def _parsed(path: Path, content: bytes) -> Iterator[Trial]:
    for number, line in enumerate(content.splitlines(), start=1):
        try:
            values = parse_json(line)
            if values.pop("version") == VERSION:
                yield _TRIAL.validate_python(values)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise UsageError(
                f"{shown(path)}, line {number}, is no result of an evaluation: "
                "take the line out or name another file."
            ) from error
