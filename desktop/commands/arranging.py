"""The blocks of the result, in another order."""

from __future__ import annotations

from desktop.commands.command import WINDOW, Command


def _arrange(name: str, label: str, keys: tuple[str, ...], description: str) -> Command:
    return Command(f"arrange.{name}", label, keys, WINDOW, description, "Arrangement")


ARRANGEMENT = (
    _arrange("previous", "Previous block", ("Ctrl+PgUp",), "Move the playhead to the previous block."),
    _arrange("next", "Next block", ("Ctrl+PgDown",), "Move the playhead to the next block."),
    _arrange(
        "earlier", "Move block earlier", ("Ctrl+Shift+PgUp",), "Move this block before the previous one."
    ),
    _arrange("later", "Move block later", ("Ctrl+Shift+PgDown",), "Move this block after the next one."),
    _arrange("again", "Repeat block", (), "Repeat this block right after itself."),
    _arrange("take_out", "Remove block", (), "Remove this copy, or cut the block everywhere."),
    _arrange("select", "Select block", (), "Select the span that this block plays."),
    _arrange(
        "show", "Show or hide arrangement", ("F5",), "Show it always, or only if a part is repeated or moved."
    ),
)
