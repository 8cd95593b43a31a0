"""View and help commands."""

from __future__ import annotations

from collections.abc import Mapping

from desktop.bindings.handler import Handler
from desktop.parts import Parts
from widgets.timeline.sound.wave_zoom import STEP

ZOOM_STEP = 1.5


def viewing(window: Parts) -> Mapping[str, Handler]:
    return {
        "view.zoom_in": lambda: window.timeline.zoom(ZOOM_STEP),
        "view.zoom_out": lambda: window.timeline.zoom(1 / ZOOM_STEP),
        "view.fit": window.timeline.fit,
        "view.waves_higher": lambda: window.say(window.zooms.zoom_waves(STEP)),
        "view.waves_lower": lambda: window.say(window.zooms.zoom_waves(1 / STEP)),
        "view.waves_reset": lambda: window.say(window.zooms.reset_waves()),
        "view.back": window.zooms.back,
        "view.forward": window.zooms.forward,
        "view.proposal": lambda: window.zooms.close_in(window.selecting.span),
        "view.follow": lambda: window.say(window.zooms.toggle_follow()),
        "view.heads": lambda: window.timeline.heads.setVisible(window.timeline.heads.isHidden()),
        "view.queue": lambda: window.side.setVisible(window.side.isHidden()),
        "view.history": window.history.toggle,
        "view.messages": window.messages.show_log,
        "view.picture": window.spectrograms.toggle,
        "view.pictures": window.spectrograms.toggle_all,
        "view.spectrogram": window.spectrograms.ask_look,
        "view.menu": window.menus.open,
        "view.menu_bar": lambda: window.say(window.menus.toggle()),
        "view.theme": lambda: window.say(window.look.step()),
        "view.ruler": lambda: window.say(window.ruler.step()),
        "help.palette": window.show_palette,
        "help.keys": window.user_settings.show_keys,
        "help.rebind": window.user_settings.change_keys,
    }
