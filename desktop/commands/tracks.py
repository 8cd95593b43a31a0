"""What is heard of each track, and how its lane looks."""

from __future__ import annotations

from desktop.commands.command import WINDOW, Command


def _track(name: str, label: str, keys: tuple[str, ...], description: str) -> Command:
    return Command(f"tracks.{name}", label, keys, WINDOW, description, "Tracks")


TRACKS = (
    _track("next", "Next track", ("PgDown",), "Choose the track below; the keys then mean it."),
    _track("previous", "Previous track", ("PgUp",), "Choose the track above."),
    _track(
        "rename",
        "Rename the track",
        ("F2",),
        "Type another name in its head; just after a marker was added, its name.",
    ),
    _track("mute", "Mute the track", ("Alt+M",), "Hear the others without it, or with it again."),
    _track("gain", "Gain of the track", (), "Type a gain in its head; arrow keys step it there."),
    _track("pan", "Pan of the track", (), "Type a pan, such as 30 L; arrow keys step it there."),
    _track("up", "Move the track up", ("Shift+PgUp",), "Put it above the one before it."),
    _track("down", "Move the track down", ("Shift+PgDown",), "Put it below the one after it."),
    _track("taller", "Lane taller", ("Ctrl+Alt+Up",), "Give its lane a quarter more height."),
    _track("shorter", "Lane shorter", ("Ctrl+Alt+Down",), "Take a fifth of its lane's height."),
    _track("wave_higher", "Waveform higher", ("Alt++", "Alt+="), "Draw the wave of its lane twice as high."),
    _track("wave_lower", "Waveform lower", ("Alt+-",), "Draw the wave of its lane half as high."),
    _track("collapse", "Collapse or expand the track", ("Alt+C",), "Show its lane as a thin row, or whole."),
    _track("channels", "Open or close its channels", ("Alt+H",), "Show a row a channel, or one row for all."),
    _track("color", "Colour of the track…", (), "Choose the colour of it and of its group."),
    _track("group", "Group of the track…", (), "Put it into a group, or take it out of one."),
    _track("role", "Role of the track…", (), "Say what it holds, such as vocals."),
    _track("menu", "Everything about the track…", (), "Open the menu of its head."),
    _track("remove", "Remove the track", (), "Take it off the document; the recording on disk stays."),
)
