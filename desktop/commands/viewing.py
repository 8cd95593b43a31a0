"""What is on screen, and help."""

from __future__ import annotations

from desktop.commands.command import WINDOW, Command


def _view(name: str, label: str, keys: tuple[str, ...], description: str) -> Command:
    return Command(f"view.{name}", label, keys, WINDOW, description, "View")


VIEW = (
    _view("zoom_in", "Zoom in", ("+", "="), "Show less of the recording in more detail."),
    _view("zoom_out", "Zoom out", ("-",), "Show more of the recording."),
    _view("fit", "Whole recording", ("Shift+Z",), "Fit the whole recording into the window."),
    _view("waves_higher", "All waveforms higher", ("Ctrl++", "Ctrl+="), "Draw all waves twice as high."),
    _view("waves_lower", "All waveforms lower", ("Ctrl+-",), "Draw all waves half as high."),
    _view("waves_reset", "Reset waveform height", ("Ctrl+0",), "Draw all waves at ×1 again."),
    _view("back", "View back", ("[",), "Show the window of time you came from."),
    _view("forward", "View forward", ("]",), "Show the window of time that you went back from."),
    _view(
        "proposal",
        "Zoom to selection or proposal",
        ("Shift+F",),
        "Show the selection, else the current proposal large; again: back.",
    ),
    _view(
        "follow", "Follow the playhead", ("Ctrl+Shift+F",), "Turn pages while playing, or let the view stay."
    ),
    _view("heads", "Show or hide the track heads", ("F7",), "Give the timeline the room of the track heads."),
    _view("queue", "Show or hide the queue", ("F8",), "Give the timeline the room of the review queue."),
    _view("history", "Show or hide the history", ("Ctrl+H",), "List every step of undo and redo; go to any."),
    _view("messages", "Message log…", ("Ctrl+Shift+H",), "List every message with its time; errors marked."),
    _view("ruler", "Ruler in other units", ("F6",), "Count time, samples, or bars and beats on the ruler."),
    _view(
        "picture", "Waveform or spectrogram", ("Alt+W",), "Show the chosen track, or the first, as the other."
    ),
    _view(
        "pictures", "All waveforms or spectrograms", ("Alt+Shift+W",), "Show all tracks as one or the other."
    ),
    _view(
        "spectrogram", "Spectrogram settings…", (), "Choose scale, colours, range and window of spectrograms."
    ),
    _view("menu", "Open the menus", ("F10",), "Open the menu bar, or all menus where the bar is hidden."),
    _view("menu_bar", "Show or hide the menu bar", ("Ctrl+F10",), "Give the timeline the row of the menus."),
    _view("theme", "Dark, light or the system's look", ("F9",), "Step to the next look."),
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
    Command("help.rebind", "Change keys…", ("Ctrl+Shift+K",), WINDOW, "Give commands other keys.", "Help"),
    Command(
        "job.cancel",
        "Cancel the running work",
        ("Ctrl+.",),
        WINDOW,
        "Stop it; the document stays as it was.",
        "Help",
    ),
    Command(
        "job.again",
        "Start stopped work again",
        (),
        WINDOW,
        "Start the work again that stopped when Offcut or the document was closed.",
        "Help",
    ),
    Command("job.forget", "Dismiss stopped work", (), WINDOW, "Offer it no more.", "Help"),
)
