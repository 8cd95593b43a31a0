"""Message about an unexpected error."""

from __future__ import annotations

from engine.core.extensions import blamed
from engine.core.processes.memory import said_of_shortage


def said_of_unexpected(error: BaseException) -> str:
    """Return the sentence for too little memory or a package that failed; empty for a fault of Offcut's."""
    return said_of_shortage(error) or blamed(error)
