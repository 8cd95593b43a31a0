"""What is offered after a crash."""

from __future__ import annotations

from desktop.commands.command import WINDOW, Command

CRASHES = (
    Command(
        "crash.open",
        "Open what was open at the crash",
        ("Ctrl+Shift+B",),
        WINDOW,
        "Open the document that was open, or its newest backup where opening it ended Offcut twice.",
        "After a crash",
    ),
    Command(
        "crash.report",
        "Show the crash report…",
        ("Ctrl+Shift+V",),
        WINDOW,
        "Read the newest report, copy or save it; it holds no sound, paths or names.",
        "After a crash",
    ),
    Command(
        "crash.forget",
        "Forget the crash",
        ("Ctrl+Shift+X",),
        WINDOW,
        "Remove the reports of crashes, and what is said of the last one.",
        "After a crash",
    ),
)
