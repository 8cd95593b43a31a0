"""Commands of repeated takes."""

from __future__ import annotations

from collections.abc import Mapping

from desktop.bindings.handler import Handler
from desktop.parts import Parts


def takes(window: Parts) -> Mapping[str, Handler]:
    takes = window.takes
    return {
        "takes.panel": takes.toggle,
        "takes.hear": takes.hear,
        "takes.keep": takes.keep,
    }
