"""An editor at a window of the usual size, who hears each proposal."""

from __future__ import annotations

import pytest

from tests.desktop.conftest import Hands
from tests.desktop.hour.editor import Editor


@pytest.fixture
def editor(hands: Hands) -> Editor:
    hands.press("Alt+V")
    assert hands.window.arrivals.is_on
    hands.window.resize(1600, 1000)
    return Editor(hands)
