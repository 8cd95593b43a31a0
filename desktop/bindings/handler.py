"""The function of a command."""

from __future__ import annotations

from collections.abc import Callable

Handler = Callable[[], object]
