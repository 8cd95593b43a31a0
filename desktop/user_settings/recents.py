"""The documents opened last."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, QSettings, Signal

from engine.strict_json import parse_json

LIMIT = 10
_STORED = "recent"


@dataclass(frozen=True, slots=True)
class Recent:
    """A document opened before.

    Attributes
    ----------
    is_there : whether its file can be found now
    """

    path: Path
    is_there: bool


class Recents(QObject):
    """Remembers which documents were opened, the last one first; opens nothing by itself.

    Signals
    -------
    changed : the list is another one
    """

    changed = Signal()

    def __init__(self, settings: QSettings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._settings = settings

    @property
    def paths(self) -> tuple[Path, ...]:
        """The documents, whether they are there or not."""
        try:
            stored = parse_json(str(self._settings.value(_STORED, "[]")))
        except ValueError:
            stored = []
        known = stored if isinstance(stored, list) else []
        return tuple(Path(each) for each in known if isinstance(each, str) and each)[:LIMIT]

    def look(self) -> tuple[Recent, ...]:
        """Return the documents, each with whether its file is there."""
        return tuple(Recent(path, _is_there(path)) for path in self.paths)

    def note(self, path: Path) -> None:
        """Put a document first."""
        path = path.absolute()
        self._keep((path, *(each for each in self.paths if each != path)))

    def forget(self, path: Path) -> None:
        """Take a document off the list; its file stays."""
        self._keep(tuple(each for each in self.paths if each != path))

    def _keep(self, paths: tuple[Path, ...]) -> None:
        self._settings.setValue(_STORED, json.dumps([str(path) for path in paths[:LIMIT]]))
        self.changed.emit()


def _is_there(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        return False
