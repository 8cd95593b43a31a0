"""Playback and appearance of tracks."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from desktop.bindings.handler import Handler
from desktop.parts import Parts
from widgets.timeline.sound.wave_zoom import STEP


def tracks(window: Parts) -> Mapping[str, Handler]:
    tracks = window.tracks

    def rename() -> None:
        if not window.marking.name_offered():
            tracks.rename()

    return {
        "tracks.next": partial(tracks.choose_next, 1),
        "tracks.previous": partial(tracks.choose_next, -1),
        "tracks.rename": rename,
        "tracks.mute": tracks.mute,
        "tracks.gain": partial(tracks.type_value, "gain"),
        "tracks.pan": partial(tracks.type_value, "pan"),
        "tracks.up": partial(tracks.move, -1),
        "tracks.down": partial(tracks.move, 1),
        "tracks.taller": partial(tracks.stretch, 1.25),
        "tracks.shorter": partial(tracks.stretch, 0.8),
        "tracks.wave_higher": lambda: window.say(window.zooms.zoom_waves(STEP, tracks.current())),
        "tracks.wave_lower": lambda: window.say(window.zooms.zoom_waves(1 / STEP, tracks.current())),
        "tracks.collapse": tracks.collapse,
        "tracks.channels": tracks.open_channels,
        **{f"tracks.{name}": partial(tracks.show_menu, name) for name in ("menu", "color", "group", "role")},
        "tracks.remove": tracks.remove,
    }
