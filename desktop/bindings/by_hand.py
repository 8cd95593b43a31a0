"""Selecting a span, and editing it by hand."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from desktop.bindings.handler import Handler
from desktop.parts import Parts


def by_hand(window: Parts) -> Mapping[str, Handler]:
    selecting, editing, amounts = window.selecting, window.by_hand, window.amounts
    clipboard = window.by_hand.clipboard
    return {
        "hand.select_left": partial(selecting.extend, -1),
        "hand.select_right": partial(selecting.extend, 1),
        "hand.select_start": partial(selecting.edge_to_playhead, is_start=True),
        "hand.select_stop": partial(selecting.edge_to_playhead, is_start=False),
        "hand.select_home": partial(selecting.to_end, is_start=True),
        "hand.select_end": partial(selecting.to_end, is_start=False),
        "hand.select_all": selecting.everything,
        "hand.select_piece": selecting.piece,
        "hand.select_region": selecting.region,
        "hand.select_bar": selecting.bar,
        "hand.select_beats": selecting.between_beats,
        "hand.select_markers": selecting.between_markers,
        "hand.select_proposal": lambda: selecting.select(*window.review.span()),
        "hand.tracks": editing.toggle_tracks,
        "hand.track": editing.toggle_track,
        "hand.cut": editing.cut_or_delete,
        "hand.delete": editing.delete,
        "hand.copy": clipboard.copy,
        "hand.cut_copy": clipboard.cut,
        "hand.paste": clipboard.paste,
        "hand.duplicate": editing.duplicate,
        "hand.split": editing.split,
        "hand.keep": editing.keep,
        "hand.mute": editing.mute,
        "hand.repeat": editing.repeat,
        "hand.move": editing.move,
        "hand.move_here": editing.move_here,
        "hand.slip": editing.slip,
        "hand.gain": editing.gain,
        "hand.fade_ends": editing.fade_ends,
        "hand.play": lambda: window.transport.play_round(selecting.required()),
        "hand.export": window.exporting.export_selection,
        "hand.let_go": selecting.let_go,
        "hand.less": partial(amounts.nudge, -1),
        "hand.more": partial(amounts.nudge, 1),
        "hand.less_fine": partial(amounts.nudge, -1, fine=True),
        "hand.more_fine": partial(amounts.nudge, 1, fine=True),
        "hand.change": amounts.ask,
        "hand.tone": amounts.fill,
    }
