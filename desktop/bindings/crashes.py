"""Commands after a crash."""

from __future__ import annotations

from collections.abc import Mapping

from desktop.bindings.handler import Handler
from desktop.parts import Parts


def crashes(window: Parts) -> Mapping[str, Handler]:
    return {
        "crash.open": window.crashes.open,
        "crash.report": window.crashes.show_report,
        "crash.forget": window.crashes.forget,
    }
