"""Playback and appearance of tracks."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from desktop.shell.command import WINDOW, Command
from desktop.shell.shell import Shell

if TYPE_CHECKING:
    from desktop.timeline.markers import Marking
    from desktop.timeline.tracks import Tracks


class Parts(Shell, Protocol):
    """The parts of a window that these commands use."""

    marking: Marking
    tracks: Tracks


Handler = Callable[[Parts], object]


def _track(name: str, label: str, keys: tuple[str, ...], description: str, do: Handler) -> Command:
    return Command(f"tracks.{name}", label, keys, WINDOW, description, "Tracks", do)


def _rename(parts: Parts) -> None:
    if not parts.marking.name_offered():
        parts.tracks.rename()


# fmt: off
TRACKS = (
    _track("next", "Next track", ("PgDown",), "Choose the track below.",
        do=lambda parts: parts.tracks.choose_next(1)),
    _track("previous", "Previous track", ("PgUp",), "Choose the track above.",
        do=lambda parts: parts.tracks.choose_next(-1)),
    _track("rename", "Rename the track", ("F2",), "Rename the track, or a marker that you just added.",
        do=_rename),
    _track("mute", "Mute the track", ("Alt+M",), "Mute the track, or unmute it.",
        do=lambda parts: parts.tracks.mute()),
    _track("gain", "Gain of the track", (), "Type a gain in its head; arrow keys step it there.",
        do=lambda parts: parts.tracks.type_value("gain")),
    _track("pan", "Pan of the track", (), "Type a pan, such as 30 L; arrow keys step it there.",
        do=lambda parts: parts.tracks.type_value("pan")),
    _track("up", "Move the track up", ("Shift+PgUp",), "Move it above the previous track.",
        do=lambda parts: parts.tracks.move(-1)),
    _track("down", "Move the track down", ("Shift+PgDown",), "Move it below the next track.",
        do=lambda parts: parts.tracks.move(1)),
    _track("taller", "Lane taller", ("Ctrl+Alt+Up",), "Make its lane a quarter taller.",
        do=lambda parts: parts.tracks.stretch(1.25)),
    _track("shorter", "Lane shorter", ("Ctrl+Alt+Down",), "Make its lane a fifth shorter.",
        do=lambda parts: parts.tracks.stretch(0.8)),
    _track("wave_higher", "Waveform higher", ("Alt++", "Alt+="), "Draw its waveform twice as high.",
        do=lambda parts: parts.say(parts.zooms.zoom_waves(1, parts.tracks.current()))),
    _track("wave_lower", "Waveform lower", ("Alt+-",), "Draw its waveform half as high.",
        do=lambda parts: parts.say(parts.zooms.zoom_waves(-1, parts.tracks.current()))),
    _track("collapse", "Collapse or expand the track", ("Alt+C",),
        "Collapse its lane to a thin row, or expand it.", do=lambda parts: parts.tracks.collapse()),
    _track("channels", "Show or hide channels", ("Alt+H",), "Show one row for each channel, or one for all.",
        do=lambda parts: parts.tracks.open_channels()),
    _track("color", "Colour of the track…", (), "Set the colour of the track and its group.",
        do=lambda parts: parts.tracks.show_menu("color")),
    _track("group", "Group of the track…", (), "Add it to a group, or remove it from one.",
        do=lambda parts: parts.tracks.show_menu("group")),
    _track("role", "Role of the track…", (), "Set its role, such as vocals.",
        do=lambda parts: parts.tracks.show_menu("role")),
    _track("menu", "Track menu…", (), "Open the menu of the track.",
        do=lambda parts: parts.tracks.show_menu("menu")),
    _track("remove", "Remove the track", (), "Remove it from the document; the file on disk stays.",
        do=lambda parts: parts.tracks.remove()),
)
