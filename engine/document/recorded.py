"""What is said where something is asked for and no recording is there yet."""

from __future__ import annotations

from engine.document.analysis import Listening
from engine.document.state import DocumentState
from engine.errors import UsageError


def require_recording(state: DocumentState, to: str) -> None:
    """Refuse a document that has no track.

    Parameters
    ----------
    to : what is asked for: "listen to", "count"

    Raises
    ------
    UsageError : it has none
    """
    if not state.tracks:
        raise nothing_yet(to)


def nothing_yet(to: str) -> UsageError:
    """Return what says that nothing is there to do something with."""
    return UsageError(f"There is nothing to {to} yet; import a recording first ‹file.import›.")


def require_listening(listening: Listening | None) -> Listening:
    """Return what was heard.

    Raises
    ------
    UsageError : nobody has listened yet
    """
    if listening is None:
        raise UsageError(
            "Nobody has listened to these recordings yet: wait for it, then look for pauses again."
        )
    return listening
