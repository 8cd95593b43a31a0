"""Commands after a crash."""

from __future__ import annotations

from desktop.commands.command import WINDOW, Command

# fmt: off
CRASHES = (
    Command("crash.open", "Reopen document after crash", ("Ctrl+Shift+B",), WINDOW,
        "Open the last document, or its newest backup if Offcut crashed twice while opening it.",
        "After a crash", do=lambda parts: parts.crashes.open()),
    Command("crash.report", "Crash report…", ("Ctrl+Shift+V",), WINDOW,
        "Read, copy or save the newest report; it contains no audio, paths or names.", "After a crash",
        do=lambda parts: parts.crashes.show_report()),
    Command("crash.forget", "Delete crash reports", ("Ctrl+Shift+X",), WINDOW,
        "Delete all crash reports and hide the message about the last one.", "After a crash",
        do=lambda parts: parts.crashes.forget()),
)
