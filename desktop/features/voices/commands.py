"""Loudness of speakers, and crosstalk of their microphones."""

from __future__ import annotations

from desktop.shell.command import WINDOW, Command
from desktop.shell.run_finder import RunFinder

# fmt: off
COMMANDS = (
    Command("voices.level", "Level voices…", (), WINDOW,
        "Propose gains that bring each speaker to one loudness.", "Sounds",
        do=RunFinder("level-voices"), after="sounds.clean_voice"),
    Command("voices.crosstalk", "Lower crosstalk…", (), WINDOW,
        "Propose to lower the microphones of silent speakers while another one speaks.", "Sounds",
        do=RunFinder("crosstalk"), after="voices.level"),
)
