"""The blocks of the result, in another order."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from desktop.bindings.handler import Handler
from desktop.parts import Parts


def arranging(window: Parts) -> Mapping[str, Handler]:
    blocks = window.arranging
    return {
        "arrange.previous": partial(blocks.step, -1),
        "arrange.next": partial(blocks.step, 1),
        "arrange.earlier": partial(blocks.move, -1),
        "arrange.later": partial(blocks.move, 1),
        "arrange.again": blocks.again,
        "arrange.take_out": blocks.take_out,
        "arrange.select": blocks.select,
        "arrange.show": lambda: window.say(blocks.toggle()),
    }
