"""Putting drums in time."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from desktop.bindings.handler import Handler
from desktop.parts import Parts
from engine.document.recorded import require_recording


def timing(window: Parts) -> Mapping[str, Handler]:
    timing, transport = window.timing, window.transport
    answers = timing.answers

    def before() -> None:
        require_recording(window.session.state, "hear")
        transport.choose_before(not transport.plays_before)

    def accept(name: str) -> None:
        group = answers.groups().get(name)
        left = window.timing_proposing.left
        left.before_accepting(() if group is None else group.ids, partial(answers.accept, name))

    return {
        "timing.panel": timing.toggle_panel,
        **{f"timing.accept_{name}": partial(accept, name) for name in ("bar", "voice", "range")},
        "timing.confirm": answers.confirm,
        "timing.loop_bar": answers.loop_bar,
        "timing.before": before,
    }
