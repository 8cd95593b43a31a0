"""Commands after a crash."""

from __future__ import annotations

from collections.abc import Mapping

from desktop.bindings.window import Handler, Window


def crashes(window: Window) -> Mapping[str, Handler]:
    return {
        "crash.open": window.crashes.open,
        "crash.report": window.crashes.show_report,
        "crash.forget": window.crashes.forget,
    }
