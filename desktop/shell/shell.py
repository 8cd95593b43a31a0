"""The shared parts of a window, as its other parts use them.

A part receives the shell, and by name the other parts that it needs. No member of the shell receives it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from desktop.review.finders import Finders
    from desktop.review.review import Review
    from desktop.shell.actions import Actions
    from desktop.shell.session import Session
    from desktop.shell.transport import Transport
    from desktop.shell.user_settings.preferences import Look
    from desktop.shell.work.work import Work
    from desktop.timeline.selecting import Selecting
    from desktop.timeline.zooms import Zooms
    from widgets.timeline.timeline_view import TimelineView


class Shell(Protocol):
    """The shared parts of a window; each exists once the window is built."""

    session: Session
    transport: Transport
    timeline: TimelineView
    zooms: Zooms
    selecting: Selecting
    review: Review
    finders: Finders
    work: Work
    commands: Actions
    look: Look
    caps: dict[str, str]

    def say(self, sentence: str) -> None:
        """Show the result of the last command."""
