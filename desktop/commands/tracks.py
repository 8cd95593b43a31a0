"""Playback and appearance of tracks."""

from __future__ import annotations

from desktop.commands.command import WINDOW, Command


def _track(name: str, label: str, keys: tuple[str, ...], description: str) -> Command:
    return Command(f"tracks.{name}", label, keys, WINDOW, description, "Tracks")


TRACKS = (
    _track("next", "Next track", ("PgDown",), "Choose the track below."),
    _track("previous", "Previous track", ("PgUp",), "Choose the track above."),
    _track(
        "rename",
        "Rename the track",
        ("F2",),
        "Rename the track, or a marker that you just added.",
    ),
    _track("mute", "Mute the track", ("Alt+M",), "Mute the track, or unmute it."),
    _track("gain", "Gain of the track", (), "Type a gain in its head; arrow keys step it there."),
    _track("pan", "Pan of the track", (), "Type a pan, such as 30 L; arrow keys step it there."),
    _track("up", "Move the track up", ("Shift+PgUp",), "Move it above the previous track."),
    _track("down", "Move the track down", ("Shift+PgDown",), "Move it below the next track."),
    _track("taller", "Lane taller", ("Ctrl+Alt+Up",), "Make its lane a quarter taller."),
    _track("shorter", "Lane shorter", ("Ctrl+Alt+Down",), "Make its lane a fifth shorter."),
    _track("wave_higher", "Waveform higher", ("Alt++", "Alt+="), "Draw its waveform twice as high."),
    _track("wave_lower", "Waveform lower", ("Alt+-",), "Draw its waveform half as high."),
    _track(
        "collapse",
        "Collapse or expand the track",
        ("Alt+C",),
        "Collapse its lane to a thin row, or expand it.",
    ),
    _track("channels", "Show or hide channels", ("Alt+H",), "Show one row for each channel, or one for all."),
    _track("color", "Colour of the track…", (), "Set the colour of the track and its group."),
    _track("group", "Group of the track…", (), "Add it to a group, or remove it from one."),
    _track("role", "Role of the track…", (), "Set its role, such as vocals."),
    _track("menu", "Track menu…", (), "Open the menu of the track."),
    _track("remove", "Remove the track", (), "Remove it from the document; the file on disk stays."),
)
