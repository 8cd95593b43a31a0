"""Commands of repeated takes."""

from __future__ import annotations

from collections.abc import Mapping

from desktop.bindings.window import Handler, Window


def takes(window: Window) -> Mapping[str, Handler]:
    takes = window.takes
    return {
        "takes.propose": takes.propose,
        "takes.panel": takes.toggle,
        "takes.hear": takes.hear,
        "takes.keep": takes.keep,
    }
