"""Separate a sound in a file: checked, written and measured, in the same order on every surface."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from engine.core.progress import SILENT, Progress
from engine.features.repair.separation.checks.credible import credible_windows
from engine.features.repair.separation.checks.refusals import require_present
from engine.features.repair.separation.levels.level_change import LevelChange
from engine.features.repair.separation.mask_memory import MaskMemory
from engine.features.repair.separation.names import DEFAULT
from engine.features.repair.separation.registry import separator_named
from engine.features.repair.separation.remembered import RememberingSeparator
from engine.features.repair.separation.separate import Asked, Recording
from engine.features.repair.separation.written import check_separated, level_change_in_file, write_separated
from engine.sound.reader import SourceReader


@dataclass(frozen=True, slots=True)
class SeparatedFile:
    """Result of a written separation.

    Attributes
    ----------
    windows_samples : [start, stop) of the windows that were separated
    refused : how many windows were left as they were, since the result may be worse
    separator : its name
    """

    windows_samples: tuple[tuple[int, int], ...]
    refused: int
    clipped_samples: int
    separator: str
    change: LevelChange


def separate_in_file(
    path: Path,
    reader: SourceReader,
    windows: Sequence[tuple[int, int]],
    asked: Asked,
    separator: str = DEFAULT,
    progress: Progress = SILENT,
    *,
    overwrite: bool = False,
) -> SeparatedFile:
    """Write a recording with a sound isolated or removed inside windows.

    Parameters
    ----------
    windows : as `engine.features.repair.separation.windows.joined` returns them
    separator : name, see `engine.features.repair.separation.registry.separator_named`

    Raises
    ------
    UsageError : the separator does not exist
    SoundNotFoundError, NotCredibleError : see `engine.features.repair.separation.checks`
    ExportError : see `engine.features.repair.separation.written`
    """
    separating = RememberingSeparator(separator_named(separator), MaskMemory())
    check_separated(path, reader, overwrite=overwrite)
    recording = Recording(reader.read, reader.frames, reader.rate_hz)
    probability = require_present((recording,), windows, asked.prompts, separator, progress)
    credible = credible_windows(recording, windows, asked, separating)
    written = write_separated(path, reader, credible, asked, separating, progress, overwrite=overwrite)
    change = level_change_in_file(reader, path, credible, asked, separating)
    return SeparatedFile(
        credible,
        len(windows) - len(credible),
        written.clipped_samples,
        separating.name,
        replace(change, probability=probability),
    )
