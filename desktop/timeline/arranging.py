"""Arrangement lane: its visibility, and moving of blocks by keys and mouse."""

from __future__ import annotations

from PySide6.QtCore import QObject, QPoint, QSettings, Signal
from PySide6.QtWidgets import QWidget

from desktop.shell.actions import popup
from desktop.shell.messages import reporting_refusals
from desktop.shell.shell import Shell
from engine.core.errors import UsageError
from engine.document.analysis import require_recording
from engine.document.state import DocumentState, Edit
from engine.sound.edl.arrangement import (
    Arrangement,
    arrangement,
    block_again,
    block_taken_out,
    copied_block,
    moved_block,
)
from engine.sound.edl.gathered import is_arranged

_KEY = "arrangement"
MENU = ("earlier", "later", "again", "take_out", "select")


class Arranging(QObject):
    """Shows the blocks of the result, and lays them elsewhere.

    The lane is there where something is arranged, or where the user asked for it.

    Signals
    -------
    said : message about the result
    refused : why not
    """

    said = Signal(str)
    refused = Signal(str)

    def __init__(self, window: QWidget, shell: Shell, settings: QSettings) -> None:
        super().__init__(window)
        self._window, self._shell, self._settings = window, shell, settings
        self._shown: Arrangement | None = None
        self._is_wanted = settings.value(_KEY, "off") == "on"
        canvas = shell.timeline.canvas
        canvas.block_moved.connect(reporting_refusals(self._drop, self.refused.emit))
        canvas.block_chosen.connect(self._choose)
        canvas.block_menu_requested.connect(self._open_menu)

    def show(self) -> None:
        """Update the lane for the document and the active view."""
        state = self._state
        has_lane = bool(state.tracks) and (self._is_wanted or is_arranged(state))
        self._shown = arrangement(state) if has_lane else None
        self._shell.timeline.set_arrangement(self._shown)

    @property
    def _state(self) -> DocumentState:
        """The document of the playing result, also while an arrangement is compared."""
        tried = self._shell.transport.tried
        return self._shell.session.state if tried is None else tried

    def toggle(self) -> str:
        """Show the lane always, or only with arranged blocks; return the message."""
        self._is_wanted = not self._is_wanted
        self._settings.setValue(_KEY, "on" if self._is_wanted else "off")
        self.show()
        if self._is_wanted:
            return "The arrangement is always shown"
        return "The arrangement is shown if a block is repeated or moved"

    def step(self, direction: int) -> None:
        """Move the playhead to the previous (-1) or next (1) block."""
        made, here = self._all(), self._shell.transport.result_samples
        number = self._block(made)
        begins = int(made.result_starts[number])
        if direction < 0 and here > begins:
            direction = 0
        number = min(max(number + direction, 0), len(made) - 1)
        self._go_to(made, number)

    def move(self, direction: int) -> None:
        """Move the block at the playhead one place earlier (-1) or later (1)."""
        made = self._taken()
        number = self._block(made)
        before = number - 1 if direction < 0 else number + 2
        if not 0 <= before <= len(made):
            raise UsageError(f"This block is the {'first' if direction < 0 else 'last'} already.")
        self._apply(moved_block(self._shell.session.state, made, number, before))

    def again(self) -> None:
        """Repeat the block at the playhead."""
        made = self._taken()
        if len(made) == 1 and not made.laid_by:
            raise UsageError(
                "The whole recording is one block. Select a span and duplicate it first ‹hand.duplicate›."
            )
        self._apply(block_again(self._shell.session.state, made, self._block(made)))

    def take_out(self) -> None:
        """Remove the copy at the playhead, or cut the block everywhere."""
        made = self._taken()
        if len(made) == 1 and not made.laid_by:
            raise UsageError("The whole recording is one block. Select a span to cut.")
        self._apply(block_taken_out(self._shell.session.state, made, self._block(made)))

    def select(self) -> None:
        """Select the span of the block at the playhead."""
        made = self._all()
        self._shell.selecting.select(*made.block(self._block(made)).span)

    def _all(self) -> Arrangement:
        """Return the blocks, also while they are not shown."""
        state = self._state
        require_recording(state, "arrange")
        made = arrangement(state) if self._shown is None else self._shown
        if not len(made):
            raise UsageError("No blocks: everything is cut.")
        return made

    def _taken(self) -> Arrangement:
        """Return the blocks of the document for rearrangement."""
        if self._shell.transport.tried is not None:
            raise UsageError("Accept this arrangement first ‹editor.take›; then move its blocks.")
        return self._all()

    def _block(self, made: Arrangement) -> int:
        number = made.block_at(self._shell.transport.result_samples)
        return len(made) - 1 if number is None else number

    def _go_to(self, made: Arrangement, number: int) -> None:
        block = made.block(number)
        begins = self._shell.transport.result.to_source(block.result_start_samples)
        self._shell.zooms.seek(begins, block.result_start_samples)

    def _apply(self, done: tuple[Edit, str]) -> None:
        """Apply an edit, and move the playhead to the inserted block."""
        edit, proposal_id = done
        shell = self._shell
        shell.session.apply(edit)
        shell.review.choose(proposal_id)
        self.said.emit(edit.label)
        made = self._all()
        for number, block in enumerate(made.blocks):
            if block.laid_by == proposal_id:
                self._go_to(made, number)
                return

    def _drop(self, number: int, before: int, is_copy: bool) -> None:
        lay = copied_block if is_copy else moved_block
        self._apply(lay(self._shell.session.state, self._taken(), number, before))

    def _choose(self, number: int) -> None:
        laid_by = self._all().block(number).laid_by
        if laid_by in self._shell.session.state.proposals:
            self._shell.review.choose(laid_by)

    def _open_menu(self, number: int, place: QPoint) -> None:
        self._go_to(self._all(), number)
        names = [f"arrange.{name}" for name in MENU]
        popup(self._shell.commands.menu(self._window, [names], "Block"), place)
