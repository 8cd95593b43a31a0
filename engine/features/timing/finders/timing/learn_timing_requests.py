"""Requests to learn the timing of drums: recordings, their edited files, and the grid; light."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.core.errors import SourceError, UsageError
from engine.core.files.safe_write import shown
from engine.core.wording import counted, reason_of
from engine.features.timing.alignment.division import Division
from engine.features.timing.finders.timing.find_grid import WantedGrid
from engine.sound.folders import audio_files


@dataclass(frozen=True, slots=True)
class RawAndEditedDrums:
    """The files of a performance, one a microphone, and the edited file of each in the same order."""

    raw: tuple[Path, ...]
    edited: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class LearnTimingRequest:
    """Pairs to learn from.

    Attributes
    ----------
    wanted : the grid of the edited files; without a name, detected beats
    division : None for the one that the edited hits follow
    """

    pairs: tuple[RawAndEditedDrums, ...]
    wanted: WantedGrid
    division: Division | None = None


def paired(raw: Sequence[Path], edited: Sequence[Path]) -> RawAndEditedDrums:
    """Return the files of a performance with their edited files: by equal names, else in the given order.

    Parameters
    ----------
    raw, edited : files, or folders for all audio files in them

    Raises
    ------
    SourceError : a folder cannot be read
    UsageError : a file has no edited file, or the other way round
    """
    raws, edits = _listed(raw), _listed(edited)
    by_name = {path.stem: path for path in edits}
    if len(by_name) == len(edits) and {path.stem for path in raws} == set(by_name):
        edits = tuple(by_name[path.stem] for path in raws)
    if len(raws) != len(edits):
        raise UsageError(
            f"{counted(len(raws), 'recording')} and {counted(len(edits), 'edited file')} are not pairs: give "
            "each microphone once in --raw and once in --edited."
        )
    return RawAndEditedDrums(raws, edits)


def _listed(paths: Sequence[Path]) -> tuple[Path, ...]:
    found: list[Path] = []
    for path in paths:
        files = tuple(audio_files(path, _refuse))
        if not files:
            raise UsageError(f"The folder {shown(path)} has no audio files: give one with recordings.")
        found += files
    return tuple(found)


def _refuse(error: OSError) -> None:
    raise SourceError(f"The folder {shown(error.filename)} cannot be read: {reason_of(error)}.") from error
