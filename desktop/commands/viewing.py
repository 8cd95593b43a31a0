"""View and help commands."""

from __future__ import annotations

from desktop.commands.command import WINDOW, Command


def _view(name: str, label: str, keys: tuple[str, ...], description: str) -> Command:
    return Command(f"view.{name}", label, keys, WINDOW, description, "View")


VIEW = (
    _view("zoom_in", "Zoom in", ("+", "="), "Show less of the recording in more detail."),
    _view("zoom_out", "Zoom out", ("-",), "Show more of the recording."),
    _view("fit", "Whole recording", ("Shift+Z",), "Fit the whole recording into the window."),
    _view("waves_higher", "All waveforms higher", ("Ctrl++", "Ctrl+="), "Draw all waveforms twice as high."),
    _view("waves_lower", "All waveforms lower", ("Ctrl+-",), "Draw all waveforms half as high."),
    _view("waves_reset", "Reset waveform height", ("Ctrl+0",), "Draw all waveforms at ×1 again."),
    _view("back", "View back", ("[",), "Return to the previous view."),
    _view("forward", "View forward", ("]",), "Return to the next view."),
    _view(
        "proposal",
        "Zoom to selection or proposal",
        ("Shift+F",),
        "Zoom to the selection, else the current proposal; again: back.",
    ),
    _view("follow", "Follow the playhead", ("Ctrl+Shift+F",), "Scroll during playback, or not."),
    _view("heads", "Show or hide the track heads", ("F7",), "Show the track heads, or hide them."),
    _view("queue", "Show or hide the queue", ("F8",), "Show the review queue, or hide it."),
    _view(
        "history",
        "Show or hide the history",
        ("Ctrl+H",),
        "List every step of undo and redo; go to any of them.",
    ),
    _view(
        "messages", "Message log…", ("Ctrl+Shift+H",), "List every message with its time; errors are marked."
    ),
    _view(
        "ruler", "Change ruler units", ("F6",), "Switch the ruler between time, samples, and bars and beats."
    ),
    _view("picture", "Waveform or spectrogram", ("Alt+W",), "Switch the chosen track, or the first."),
    _view("pictures", "All waveforms or spectrograms", ("Alt+Shift+W",), "Switch all tracks."),
    _view(
        "spectrogram", "Spectrogram settings…", (), "Set scale, colours, range and window of spectrograms."
    ),
    _view("menu", "Open the menus", ("F10",), "Open the menu bar, or all menus where the bar is hidden."),
    _view("menu_bar", "Show or hide the menu bar", ("Ctrl+F10",), "Show the menu bar, or hide it."),
    _view("theme", "Dark, light or system look", ("F9",), "Switch to the next look."),
)

HELP = (
    Command(
        "help.palette",
        "Find a command",
        ("Ctrl+Shift+P", "F1"),
        WINDOW,
        "Find any command by its name.",
        "Help",
    ),
    Command("help.keys", "Keys", ("?",), WINDOW, "Show every key on one sheet.", "Help"),
    Command(
        "help.rebind", "Change keys…", ("Ctrl+Shift+K",), WINDOW, "Assign other keys to commands.", "Help"
    ),
    Command(
        "job.cancel",
        "Cancel the running work",
        ("Ctrl+.",),
        WINDOW,
        "Stop it; the document does not change.",
        "Help",
    ),
    Command(
        "job.again",
        "Restart stopped work",
        (),
        WINDOW,
        "Restart work that stopped when Offcut or the document was closed.",
        "Help",
    ),
    Command("job.forget", "Dismiss stopped work", (), WINDOW, "Hide the offer to restart it.", "Help"),
)
