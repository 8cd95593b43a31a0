"""Hearing the recording, the result and the edits."""

from __future__ import annotations

from desktop.commands.command import WINDOW, Command


def _transport(name: str, label: str, keys: tuple[str, ...], description: str) -> Command:
    repeats = not name.startswith("shuttle")
    return Command(f"transport.{name}", label, keys, WINDOW, description, "Listening", repeats)


TRANSPORT = (
    _transport(
        "toggle",
        "Play or stop",
        ("Space",),
        "Play from the proposal just gone to, else from the playhead; or stop.",
    ),
    _transport(
        "each",
        "Hear each proposal, or not",
        ("Alt+V",),
        "Play every proposal by itself when you come to it, or only when asked.",
    ),
    _transport("stop", "Stop", ("Esc",), "Stop playback; decides nothing."),
    _transport(
        "preroll", "Play with pre-roll", ("R",), "Play the proposal with what comes before and after it."
    ),
    _transport("shuttle_back", "Play backwards", ("J",), "Play backwards; again: twice as fast, up to ×8."),
    _transport("shuttle_stop", "Stop where it is", ("K",), "Stop; so do Space and an answer."),
    _transport(
        "shuttle_forward", "Play forwards", ("L",), "Play from the playhead; again: twice as fast, up to ×8."
    ),
    _transport("loop", "Loop", ("Shift+L",), "Repeat the current proposal, or play on."),
    _transport("solo", "Solo", ("Shift+S",), "Hear only the selected track, or all of them."),
    _transport(
        "preview",
        "Preview the cut",
        ("C",),
        "Hear the result around this edit, exactly as it will be exported.",
    ),
    _transport(
        "source_result", "Source or result", ("Q",), "See and hear the recording, or what is left of it."
    ),
    _transport("removed", "Preview removed audio", ("D",), "Play only what would be removed."),
    _transport("back", "Back 5 s", ("Left",), "Put the playhead five seconds earlier."),
    _transport("forward", "Forward 5 s", ("Right",), "Put the playhead five seconds later."),
    _transport("back_little", "Back 1 s", ("Ctrl+Left",), "Put the playhead a second earlier."),
    _transport("forward_little", "Forward 1 s", ("Ctrl+Right",), "Put the playhead a second later."),
    _transport("go_to", "Go to a time…", ("Ctrl+G",), "Type where the playhead goes."),
    _transport("copy_time", "Copy the time", ("Ctrl+Shift+C",), "Copy where the playhead is, as text."),
    _transport("to_start", "To the start", ("Home",), "Put the playhead at the start of the recording."),
    _transport("to_end", "To the end", ("End",), "Put the playhead at the end of the recording."),
    _transport(
        "next_clip",
        "To the next clipped place",
        (),
        "Put the playhead where a recording next reaches full scale, or a mix that was to be exported.",
    ),
    _transport("clear_clips", "Clear the clip lights", (), "Put out every light that says it clipped."),
)
