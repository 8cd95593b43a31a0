"""View and help commands."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from desktop.shell.command import WINDOW, Command
from desktop.shell.shell import Shell

if TYPE_CHECKING:
    from desktop.review.history_walk import HistoryWalk
    from desktop.shell.after_crash import AfterCrash
    from desktop.shell.menus import Menus
    from desktop.shell.messages import Messages
    from desktop.shell.side import Side
    from desktop.shell.user_settings.user_settings import UserSettings
    from desktop.shell.work.unfinished import Unfinished
    from desktop.timeline.clock import Ruler
    from desktop.timeline.drawing.spectrograms import Spectrograms


class Parts(Shell, Protocol):
    """The parts of a window that these commands use."""

    crashes: AfterCrash
    history: HistoryWalk
    menus: Menus
    messages: Messages
    ruler: Ruler
    side: Side
    spectrograms: Spectrograms
    unfinished: Unfinished
    user_settings: UserSettings

    def show_palette(self) -> None:
        """Show the command palette."""


Handler = Callable[[Parts], object]


def _view(name: str, label: str, keys: tuple[str, ...], description: str, do: Handler) -> Command:
    return Command(f"view.{name}", label, keys, WINDOW, description, "View", do)


_ZOOM_STEP = 1.5

# fmt: off
VIEW = (
    _view("zoom_in", "Zoom in", ("+", "="), "Show less of the recording in more detail.",
        do=lambda parts: parts.timeline.zooms.zoom(_ZOOM_STEP)),
    _view("zoom_out", "Zoom out", ("-",), "Show more of the recording.",
        do=lambda parts: parts.timeline.zooms.zoom(1 / _ZOOM_STEP)),
    _view("fit", "Whole recording", ("Shift+Z",), "Fit the whole recording into the window.",
        do=lambda parts: parts.timeline.zooms.fit()),
    _view("waves_higher", "All waveforms higher", ("Ctrl++", "Ctrl+="), "Draw all waveforms twice as high.",
        do=lambda parts: parts.say(parts.zooms.zoom_waves(1))),
    _view("waves_lower", "All waveforms lower", ("Ctrl+-",), "Draw all waveforms half as high.",
        do=lambda parts: parts.say(parts.zooms.zoom_waves(-1))),
    _view("waves_reset", "Reset waveform height", ("Ctrl+0",), "Draw all waveforms at ×1 again.",
        do=lambda parts: parts.say(parts.zooms.reset_waves())),
    _view("back", "View back", ("[",), "Return to the previous view.", do=lambda parts: parts.zooms.back()),
    _view("forward", "View forward", ("]",), "Return to the next view.",
        do=lambda parts: parts.zooms.forward()),
    _view("proposal", "Zoom to selection or proposal", ("Shift+F",),
        "Zoom to the selection, else the current proposal; again: back.",
        do=lambda parts: parts.zooms.close_in(parts.selecting.span)),
    _view("follow", "Follow the playhead", ("Ctrl+Shift+F",), "Scroll during playback, or not.",
        do=lambda parts: parts.say(parts.zooms.toggle_follow())),
    _view("heads", "Show or hide the track heads", ("F7",), "Show the track heads, or hide them.",
        do=lambda parts: parts.timeline.heads.setVisible(parts.timeline.heads.isHidden())),
    _view("queue", "Show or hide the queue", ("F8",), "Show the review queue, or hide it.",
        do=lambda parts: parts.side.setVisible(parts.side.isHidden())),
    _view("history", "Show or hide the history", ("Ctrl+H",),
        "List every step of undo and redo; go to any of them.", do=lambda parts: parts.history.toggle()),
    _view("messages", "Message log…", ("Ctrl+Shift+H",),
        "List every message with its time; errors are marked.", do=lambda parts: parts.messages.show_log()),
    _view("ruler", "Change ruler units", ("F6",),
        "Switch the ruler between time, samples, bars and beats, and time of day.",
        do=lambda parts: parts.say(parts.ruler.step())),
    _view("picture", "Waveform or spectrogram", ("Alt+W",), "Switch the chosen track, or the first.",
        do=lambda parts: parts.spectrograms.toggle()),
    _view("pictures", "All waveforms or spectrograms", ("Alt+Shift+W",), "Switch all tracks.",
        do=lambda parts: parts.spectrograms.toggle_all()),
    _view("spectrogram", "Spectrogram settings…", (), "Set scale, colours, range and window of spectrograms.",
        do=lambda parts: parts.spectrograms.ask_look()),
    _view("menu", "Open the menus", ("F10",), "Open the menu bar, or all menus where the bar is hidden.",
        do=lambda parts: parts.menus.open()),
    _view("menu_bar", "Show or hide the menu bar", ("Ctrl+F10",), "Show the menu bar, or hide it.",
        do=lambda parts: parts.say(parts.menus.toggle())),
    _view("theme", "Dark, light or system look", ("F9",), "Switch to the next look.",
        do=lambda parts: parts.say(parts.look.step())),
)

HELP = (
    Command("help.palette", "Find a command", ("Ctrl+Shift+P", "F1"), WINDOW, "Find any command by its name.",
        "Help", do=lambda parts: parts.show_palette()),
    Command("help.keys", "Keys", ("?",), WINDOW, "Show every key on one sheet.", "Help",
        do=lambda parts: parts.user_settings.show_keys()),
    Command("help.rebind", "Change keys…", ("Ctrl+Shift+K",), WINDOW, "Assign other keys to commands.",
        "Help", do=lambda parts: parts.user_settings.change_keys()),
    Command("job.cancel", "Cancel the running work", ("Ctrl+.",), WINDOW,
        "Stop it; the document does not change.", "Help", do=lambda parts: parts.work.cancel()),
    Command("job.again", "Restart stopped work", (), WINDOW,
        "Restart work that stopped when Offcut or the document was closed.", "Help",
        do=lambda parts: parts.unfinished.start_again()),
    Command("job.forget", "Dismiss stopped work", (), WINDOW, "Hide the offer to restart it.", "Help",
        do=lambda parts: parts.unfinished.dismiss()),
    Command("crash.open", "Reopen document after crash", ("Ctrl+Shift+B",), WINDOW,
        "Open the last document, or its newest backup if Offcut crashed twice while opening it.", "Help",
        do=lambda parts: parts.crashes.open()),
    Command("crash.forget", "Dismiss message after crash", ("Ctrl+Shift+X",), WINDOW,
        "Hide the offer to reopen the document.", "Help", do=lambda parts: parts.crashes.dismiss()),
    Command("help.log_folder", "Open the log folder", (), WINDOW,
        "Open the folder of the log in the file browser, to attach the log to a report.", "Help",
        do=lambda parts: parts.crashes.open_log_folder()),
)
