"""The feature "pauses": a command that finds long pauses, and a panel that counts them."""

from desktop.shell.command import WINDOW, Command
from desktop.shell.run_finder import RunFinder
from engine.core.features import Feature

COMMANDS = (
    Command(
        id="pauses.find",
        label="Find long pauses",
        keys=("Alt+Shift+F2",),
        context=WINDOW,
        description="Propose to shorten each long pause to one second.",
        group="Pauses",
        do=RunFinder("long-pauses"),
    ),
)

PAUSES = Feature(
    title="Pauses", commands="offcut_example.pauses:COMMANDS", panel="offcut_example.pauses_panel:PausesPanel"
)
