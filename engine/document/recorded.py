"""Errors for requests that need a recording."""

from __future__ import annotations

from engine.core.errors import UsageError
from engine.document.analysis import Listening
from engine.document.state import DocumentState


def require_recording(state: DocumentState, to: str) -> None:
    """Refuse a document that has no track.

    Parameters
    ----------
    to : the requested action: "listen to", "count"

    Raises
    ------
    UsageError : it has no track
    """
    if not state.tracks:
        raise nothing_yet(to)


def nothing_yet(to: str) -> UsageError:
    """Return the error for an action without a recording."""
    return UsageError(f"There is nothing to {to} yet; import a recording first ‹file.import›.")


def require_listening(listening: Listening | None) -> Listening:
    """Return the audio features.

    Raises
    ------
    UsageError : the recordings are not analysed yet
    """
    if listening is None:
        raise UsageError(
            "The recordings are not analysed yet: wait for the analysis, then propose pauses again."
        )
    return listening
