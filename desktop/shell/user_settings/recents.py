"""The documents opened last, and the tastes and editors used last."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, QSettings, Signal

from engine.core.files.strict_json import parse_json

LIMIT = 10
DOCUMENTS, TASTES, EDITORS = "recent", "recent_tastes", "recent_editors"


@dataclass(frozen=True, slots=True)
class Recent:
    """A file used before.

    Attributes
    ----------
    is_there : whether its file can be found now
    """

    path: Path
    is_there: bool


class Recents(QObject):
    """Stores recently used files, last one first.

    Parameters
    ----------
    stored : under which name of the settings: `DOCUMENTS`, `TASTES` or `EDITORS`

    Signals
    -------
    changed : the list is another one
    """

    changed = Signal()

    def __init__(self, settings: QSettings, parent: QObject | None = None, stored: str = DOCUMENTS) -> None:
        super().__init__(parent)
        self._settings = settings
        self._stored = stored

    @property
    def paths(self) -> tuple[Path, ...]:
        """The files, whether they are there or not."""
        try:
            stored = parse_json(str(self._settings.value(self._stored, "[]")))
        except ValueError:
            stored = []
        known = stored if isinstance(stored, list) else []
        return tuple(Path(each) for each in known if isinstance(each, str) and each)[:LIMIT]

    def look(self) -> tuple[Recent, ...]:
        """Return the files, each with whether its file is there."""
        return tuple(Recent(path, _is_there(path)) for path in self.paths)

    def note(self, path: Path) -> None:
        """Put a file first."""
        path = path.absolute()
        self._keep((path, *(each for each in self.paths if each != path)))

    def forget(self, path: Path) -> None:
        """Remove a file from the list; the file on disk stays."""
        self._keep(tuple(each for each in self.paths if each != path))

    def _keep(self, paths: tuple[Path, ...]) -> None:
        self._settings.setValue(self._stored, json.dumps([str(path) for path in paths[:LIMIT]]))
        self.changed.emit()


def _is_there(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        return False
