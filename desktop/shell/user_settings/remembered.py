"""What the program remembers: size of the window, recent files, and the choices of each document.

Choices are stored by the path of the document, for the documents used last.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QObject, QSettings, QSize, Signal
from PySide6.QtWidgets import QMainWindow, QStyle, QWidget

from engine.core.files.text import parse_json

_FIRST = QSize(1600, 1000)
_GEOMETRY = "geometry"


def room_for(window: QWidget) -> QSize:
    """Return the available size of a screen within the frame of a window.

    How thick the frame will be is not known before the window is shown; its title bar is about as high as the
    style draws one.
    """
    frame = QSize(0, window.style().pixelMetric(QStyle.PixelMetric.PM_TitleBarHeight))
    return window.screen().availableSize() - frame


def restore_size(window: QMainWindow, settings: QSettings) -> None:
    """Restore the last size of the window; the first time, use the largest that fits."""
    geometry = settings.value(_GEOMETRY)
    if geometry is None or not window.restoreGeometry(geometry):
        window.resize(_FIRST.boundedTo(room_for(window)))


def keep_size(window: QMainWindow, settings: QSettings) -> None:
    """Remember how large the window is left."""
    settings.setValue(_GEOMETRY, window.saveGeometry())


_Stored = TypeVar("_Stored", list[object], dict[str, object])


def stored_json(settings: QSettings, name: str, empty: _Stored) -> _Stored:
    """Return a stored list or object; one that cannot be read counts as empty."""
    try:
        stored = parse_json(str(settings.value(name, "")) or "null")
    except ValueError:
        return empty
    return stored if isinstance(stored, type(empty)) else empty


_STORED, _MOST_DOCUMENTS = "documents", 100


class PerDocument:
    """Reads and writes the choices of the document that is open.

    Parameters
    ----------
    path : of that document; None for choices without a document
    """

    def __init__(self, settings: QSettings, path: Path | None) -> None:
        self._settings = settings
        self._key = "" if path is None else str(path.absolute())

    def read(self, section: str) -> Mapping[str, object]:
        """Return a stored section; an unreadable value counts as empty."""
        own = self._all().get(self._key)
        found = own.get(section) if isinstance(own, dict) else None
        return found if isinstance(found, dict) else {}

    def write(self, section: str, values: Mapping[str, object]) -> None:
        """Store a section; an empty one removes it."""
        documents = self._all()
        own = documents.pop(self._key, None)
        sections = {**own} if isinstance(own, dict) else {}
        sections.pop(section, None)
        if values:
            sections[section] = dict(values)
        newest = dict(list(documents.items())[-(_MOST_DOCUMENTS - 1) :])
        if sections:
            newest[self._key] = sections
        self._settings.setValue(_STORED, json.dumps(newest))

    def _all(self) -> dict[str, object]:
        return stored_json(self._settings, _STORED, {})


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
        known = stored_json(self._settings, self._stored, [])
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
