"""Copy, cut and paste of the selected span."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from desktop.shell.session import Session
from desktop.shell.transport import Transport
from engine.document.change import Edit
from engine.document.clipboard import CopiedSpan, paste
from engine.document.kinds.kind import length_words
from engine.errors import UsageError
from engine.timebase import samples_to_s


class Editing(Protocol):
    """Functions of editing by hand that the clipboard uses."""

    def required_of_all(self, name: str) -> tuple[int, int]: ...

    def make(self, edit: Edit, proposal_id: str) -> None: ...

    def cut(self) -> str: ...


class SpanClipboard:
    """Holds one copied span of the open document.

    Parameters
    ----------
    say : takes a message about the result
    """

    def __init__(
        self, session: Session, transport: Transport, editing: Editing, say: Callable[[str], object]
    ) -> None:
        self._session, self._transport, self._editing, self._say = session, transport, editing, say
        self._clip: CopiedSpan | None = None
        session.replaced.connect(self._clear)

    def _clear(self) -> None:
        self._clip = None

    def copy(self) -> None:
        """Copy the selected span.

        Raises
        ------
        UsageError : nothing is selected, or on some tracks alone
        """
        self._clip = CopiedSpan(*self._editing.required_of_all("repeat"))
        start, stop = self._clip.span
        length_s = samples_to_s(stop - start, self._session.state.rate_hz)
        self._say(f"Copied {length_words(length_s)}. Paste it at the playhead ‹hand.paste›")

    def cut(self) -> None:
        """Copy the selected span and cut it; raises as `copy` does."""
        span = self._editing.required_of_all("move")
        self._clip = CopiedSpan(*span, self._editing.cut())

    def paste(self) -> None:
        """Play the copied span from the playhead on; one that was cut is moved there, once.

        Raises
        ------
        UsageError : nothing was copied, or it cannot be played there
        """
        if self._clip is None:
            raise UsageError("Nothing copied yet. Select a span and copy it first ‹hand.copy›.")
        made = paste(self._session.state, self._clip, self._transport.playhead_samples)
        self._editing.make(*made)
        self._clip = CopiedSpan(*self._clip.span)
