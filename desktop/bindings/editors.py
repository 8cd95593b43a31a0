"""Commands of learned editors."""

from __future__ import annotations

from collections.abc import Mapping

from desktop.bindings.handler import Handler
from desktop.parts import Parts


def editors(window: Parts) -> Mapping[str, Handler]:
    editors = window.editors
    return {
        "editor.surprise": editors.surprise,
        "editor.length": editors.ask_length,
        "editor.choose": editors.choose,
        "editor.learn": editors.learning.open,
        "editor.compare": editors.comparing.turn,
        "editor.take": editors.comparing.take,
    }
