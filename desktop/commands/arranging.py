"""The blocks of the result, in another order."""

from __future__ import annotations

from desktop.commands.command import WINDOW, Command


def _arrange(name: str, label: str, keys: tuple[str, ...], description: str) -> Command:
    return Command(f"arrange.{name}", label, keys, WINDOW, description, "Arrangement")


ARRANGEMENT = (
    _arrange("previous", "Previous block", ("Ctrl+PgUp",), "Put the playhead on the block before."),
    _arrange("next", "Next block", ("Ctrl+PgDown",), "Put the playhead on the next block."),
    _arrange("earlier", "Block earlier", ("Ctrl+Shift+PgUp",), "Play this block before the one before it."),
    _arrange("later", "Block later", ("Ctrl+Shift+PgDown",), "Play this block after the one after it."),
    _arrange("again", "Repeat block", (), "Play this block again, right after itself."),
    _arrange("take_out", "Take the block out", (), "Take this copy away, or cut the block everywhere."),
    _arrange("select", "Select the block", (), "Select what this block plays."),
    _arrange("show", "Show the arrangement", ("F5",), "Always, or only where a part is repeated or moved."),
)
