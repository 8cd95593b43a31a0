"""What an editor does on any recording: an edit of every kind by hand, and all of it taken back."""

from __future__ import annotations

from tests.desktop.conftest import fill
from tests.desktop.hour.editor import Editor

_EDITS = (
    ("cut", 5, 2, "", {}),
    ("keep", 12, 3, "Keep the selection", {}),
    ("mute", 20, 2, "Mute the selection", {}),
    ("repeat", 30, 4, "Repeat the selection…", {"Times in a row": "3"}),
    ("move", 40, 4, "Move the selection…", {"To time": "0:28"}),
    ("slip", 50, 1, "Slip the selection…", {"Milliseconds": "12"}),
    ("gain", 55, 2, "Gain of the selection…", {"Decibels": "-6"}),
)
"""Kind, where it begins and how long it is in seconds, its command (none: Delete), and what is typed."""


def make_edits(editor: Editor) -> None:
    """Select, make and hear an edit of every kind."""
    window = editor.window
    rate_hz = window.session.state.rate_hz
    with editor.point("an edit of every kind, by hand"):
        for kind, start_s, length_s, command, typed in _EDITS:
            before = len(window.session.state.proposals)
            window.zooms.go_to(start_s * rate_hz)
            editor.press(*["Shift+Right"] * length_s)
            if command:
                editor.find(command, *([fill(**typed)] if typed else []))
            else:
                editor.press("Delete")
            assert len(window.session.state.proposals) == before + 1, kind
            assert window.session.state.proposals[window.review.here()].kind == kind
            editor.press("C", "Esc")
    editor.picture("own-edits")


def undo_all(editor: Editor) -> None:
    """Take everything back, and make it again."""
    window = editor.window
    with editor.point("everything taken back and made again"):
        after, steps = window.session.state, 0
        while window.session.undo_label:
            editor.press("Ctrl+Z")
            steps += 1
        assert not window.session.state.tracks
        for _ in range(steps):
            editor.press("Ctrl+Shift+Z")
        assert window.session.state == after
