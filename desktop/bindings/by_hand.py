"""Selecting a span, and editing it by hand."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from desktop.bindings.window import Handler, Window


def by_hand(window: Window) -> Mapping[str, Handler]:
    selecting, editing = window.selecting, window.by_hand
    return {
        "hand.select_left": partial(selecting.extend, -1),
        "hand.select_right": partial(selecting.extend, 1),
        "hand.select_start": partial(selecting.edge_to_playhead, is_start=True),
        "hand.select_stop": partial(selecting.edge_to_playhead, is_start=False),
        "hand.select_bar": selecting.bar,
        "hand.select_beats": selecting.between_beats,
        "hand.select_markers": selecting.between_markers,
        "hand.select_proposal": lambda: selecting.select(*window.review.span()),
        "hand.tracks": editing.toggle_tracks,
        "hand.cut": editing.cut,
        "hand.keep": editing.keep,
        "hand.mute": editing.mute,
        "hand.repeat": editing.repeat,
        "hand.move": editing.move,
        "hand.move_here": editing.move_here,
        "hand.slip": editing.slip,
        "hand.gain": editing.gain,
    }
