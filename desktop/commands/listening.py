"""Playback of the recording, the result and the edits."""

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
        "Play from the proposal that you went to, else from the playhead; or stop.",
    ),
    _transport(
        "each",
        "Play proposals automatically",
        ("Alt+V",),
        "Play each proposal when you go to it, or only on request.",
    ),
    _transport("stop", "Stop", ("Esc",), "Stop playback; changes no decision."),
    _transport("preroll", "Play with pre-roll", ("R",), "Play the proposal with pre-roll and post-roll."),
    _transport("shuttle_back", "Play backwards", ("J",), "Play backwards; again: twice as fast, up to ×8."),
    _transport("shuttle_stop", "Stop at the playhead", ("K",), "Stop; so do Space and an answer."),
    _transport(
        "shuttle_forward", "Play forwards", ("L",), "Play from the playhead; again: twice as fast, up to ×8."
    ),
    _transport("loop", "Loop", ("Shift+L",), "Repeat the current proposal, or play on."),
    _transport("solo", "Solo", ("Shift+S",), "Play only the selected track, or all tracks."),
    _transport(
        "preview",
        "Preview the cut",
        ("C",),
        "Play the result around this edit exactly as exported.",
    ),
    _transport("source_result", "Source or result", ("Q",), "Show and play the recording, or the result."),
    _transport("removed", "Preview removed audio", ("D",), "Play only the audio that the edit removes."),
    _transport("back", "Back 5 s", ("Left",), "Move the playhead 5 s back."),
    _transport("forward", "Forward 5 s", ("Right",), "Move the playhead 5 s forward."),
    _transport("back_little", "Back 1 s", ("Ctrl+Left",), "Move the playhead 1 s back."),
    _transport("forward_little", "Forward 1 s", ("Ctrl+Right",), "Move the playhead 1 s forward."),
    _transport("go_to", "Go to a time…", ("Ctrl+G",), "Type the position of the playhead."),
    _transport("copy_time", "Copy the time", ("Ctrl+Shift+C",), "Copy the position of the playhead as text."),
    _transport("to_start", "To the start", ("Home",), "Move the playhead to the start of the recording."),
    _transport("to_end", "To the end", ("End",), "Move the playhead to the end of the recording."),
    _transport(
        "next_clip",
        "Next clipped position",
        (),
        "Move the playhead to the next full-scale sample of a recording or exported mix.",
    ),
    _transport("clear_clips", "Reset clip indicators", (), "Turn all clip indicators off."),
)
