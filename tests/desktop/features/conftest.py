"""The fixture of the tests of widgets, for the widgets of features."""

from __future__ import annotations

from tests.widgets.conftest import dress

__all__ = ["dress"]
