"""Choices that belong to one document: stored by its path, for the documents used last."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from PySide6.QtCore import QSettings

from engine.core.files.strict_json import parse_json

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
        found = _section(self._all().get(self._key), section)
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
        try:
            stored = parse_json(str(self._settings.value(_STORED, "{}")))
        except ValueError:
            return {}
        return stored if isinstance(stored, dict) else {}


def _section(document: object, name: str) -> object:
    return document.get(name) if isinstance(document, dict) else None
