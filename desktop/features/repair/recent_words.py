"""Recently used names of sounds."""

from __future__ import annotations

import json

from PySide6.QtCore import QSettings

from engine.core.files.strict_json import parse_json

MOST = 12
LONGEST = 60
_STORED = "recent_sounds"


class RecentWords:
    """Names of sounds as they were used, the last one first."""

    def __init__(self, settings: QSettings) -> None:
        self._settings = settings

    @property
    def words(self) -> tuple[str, ...]:
        """The stored names; invalid settings count as empty."""
        try:
            stored = parse_json(str(self._settings.value(_STORED, "[]")))
        except ValueError:
            stored = []
        known = stored if isinstance(stored, list) else []
        return tuple(one for one in known if isinstance(one, str) and 0 < len(one) <= LONGEST)[:MOST]

    def note(self, texts: tuple[str, ...]) -> None:
        """Put these first."""
        new = tuple(text for text in texts if len(text) <= LONGEST)
        kept = (*new, *(one for one in self.words if one not in new))[:MOST]
        self._settings.setValue(_STORED, json.dumps(kept))
