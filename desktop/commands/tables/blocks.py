"""The blocks of the result, in another order."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from desktop.shell.command import WINDOW, Command
from desktop.shell.shell import Shell

if TYPE_CHECKING:
    from desktop.timeline.arranging import Arranging


class Parts(Shell, Protocol):
    """The parts of a window that these commands use."""

    arranging: Arranging


Handler = Callable[[Parts], object]


def _arrange(name: str, label: str, keys: tuple[str, ...], description: str, do: Handler) -> Command:
    return Command(f"arrange.{name}", label, keys, WINDOW, description, "Arrangement", do)


# fmt: off
ARRANGEMENT = (
    _arrange("previous", "Previous block", ("Ctrl+PgUp",), "Move the playhead to the previous block.",
        do=lambda parts: parts.arranging.step(-1)),
    _arrange("next", "Next block", ("Ctrl+PgDown",), "Move the playhead to the next block.",
        do=lambda parts: parts.arranging.step(1)),
    _arrange("earlier", "Move block earlier", ("Ctrl+Shift+PgUp",),
        "Move this block before the previous one.", do=lambda parts: parts.arranging.move(-1)),
    _arrange("later", "Move block later", ("Ctrl+Shift+PgDown",), "Move this block after the next one.",
        do=lambda parts: parts.arranging.move(1)),
    _arrange("again", "Repeat block", (), "Repeat this block right after itself.",
        do=lambda parts: parts.arranging.again()),
    _arrange("take_out", "Remove block", (), "Remove this copy, or cut the block everywhere.",
        do=lambda parts: parts.arranging.take_out()),
    _arrange("select", "Select block", (), "Select the span that this block plays.",
        do=lambda parts: parts.arranging.select()),
    _arrange("show", "Show or hide arrangement", ("F5",),
        "Show it always, or only if a part is repeated or moved.",
        do=lambda parts: parts.say(parts.arranging.toggle())),
)
