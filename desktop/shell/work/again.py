"""How jobs that were stopped are started again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from engine.core.errors import UsageError
from engine.core.files.safe_write import shown


@dataclass(frozen=True, slots=True)
class Again:
    """Restart information of a job.

    Attributes
    ----------
    command : id of the command that asks for it
    request : JSON values of the job's request, if it can restart without a question
    """

    command: str
    request: Mapping[str, object] = field(default_factory=dict)


_COMMANDS: Mapping[str, str] = {
    "guess_frame_rate": "file.import_edits",
    "detect_sounds": "sounds.hear",
    "find_sections": "sections.find",
    "import_edits": "file.import_edits",
    "learn_editor": "editor.learn",
    "preview_repair": "repair.open",
    "survey_recordings": "taste.page",
}
"""The command of each job that `Work.compute` or `Work.read` runs, by the name of its function."""


def again_of(job: Callable[..., object]) -> Again | None:
    """Return how to restart a job of either lane, or None if a restart is not worth an offer."""
    function = job.func if isinstance(job, partial) else job
    command = _COMMANDS.get(getattr(function, "__name__", ""))
    return None if command is None else Again(command)


def existing_files(stored: object) -> tuple[Path, ...]:
    """Return the files of a stored request.

    Raises
    ------
    UsageError : none, or one that no longer exists
    """
    paths = tuple(map(Path, map(str, stored))) if isinstance(stored, list) else ()
    gone = next((path for path in paths if not path.is_file()), None)
    if gone is not None or not paths:
        what = "A required file" if gone is None else shown(gone.name)
        raise UsageError(f"{what} no longer exists: start the work again from the menus.")
    return paths


def stored_number(stored: object, usual: int) -> int:
    """Return a number of a stored request; the usual one if it is unusable."""
    return stored if isinstance(stored, int) and not isinstance(stored, bool) and stored >= 0 else usual
