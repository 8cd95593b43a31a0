"""Detect errors caused by a lack of memory, as raised by any library."""

from __future__ import annotations

import errno

from engine.core.errors import OffcutError

SHORTAGE = "There is not enough memory for this: close other programs, or give it less, and try again."
_SAYINGS = (
    "can't allocate memory",  # torch on Linux
    "not enough memory",  # torch on Windows
    "could not create a primitive",  # oneDNN, with which torch computes convolutions
    "Cannot allocate memory",  # what loads libraries and reads weights, on Linux
    "can't start new thread",  # Python, where a thread gets no stack
    "without setting an exception",  # Python, where nothing is left to say it with
    "without exception set",
)


def said_of_shortage(error: BaseException) -> str:
    """Return the sentence for an error that comes of too little memory; empty for any other."""
    is_one = isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno == errno.ENOMEM)
    return SHORTAGE if is_one or any(saying in str(error) for saying in _SAYINGS) else ""


def raise_shortage(error: BaseException) -> None:
    """Raise a message if an error is due to a lack of memory: the file need not be damaged.

    Raises
    ------
    OffcutError : it is
    """
    if sentence := said_of_shortage(error):
        raise OffcutError(sentence) from error
