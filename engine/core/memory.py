"""Errors caused by a lack of memory, as any library raises them, and the return of freed memory."""

from __future__ import annotations

import ctypes
import errno
import os
import sys
from contextlib import suppress

from engine.core.errors import OffcutError

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
"""What `mallopt` of the GNU C library calls them (malloc.h)."""
_LARGE_BYTES = 4 * 2**20
"""From this size NumPy requests huge pages; buffers of rendering and peaks are smaller."""

SHORTAGE = "There is not enough memory for this: close other programs, or give it less, and try again."
_SHORTAGE_TEXTS = (
    "can't allocate memory",  # torch on Linux
    "not enough memory",  # torch on Windows
    "could not create a primitive",  # oneDNN, with which torch computes convolutions
    "Cannot allocate memory",  # what loads libraries and reads weights, on Linux
    "can't start new thread",  # Python, where a thread gets no stack
    "without setting an exception",  # Python, where nothing is left to say it with
    "without exception set",
)


def keep_large_apart() -> None:
    """Allocate large arrays in pages of their own, which go back to the system when they are freed.

    By default, GNU's C library mixes ever larger arrays, up to 32 MB, with other data after freeing one as
    large, and small long-lived objects then retain their pages: 200 MB more than were used after 27 rounds of
    ``offcut bench soak``. torch reads its variable, with which it too requests huge pages, when it is first
    imported; without them scoring takes a fifth longer.
    """
    if sys.platform != "linux":
        return
    os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")
    with suppress(OSError, AttributeError):  # another C library than that of GNU
        library = ctypes.CDLL(None)
        library.mallopt(_MMAP_THRESHOLD, _LARGE_BYTES)
        # The library's own adaptive value; with its initial one, rendering took twice as long.
        library.mallopt(_TRIM_THRESHOLD, 2 * _LARGE_BYTES)


def give_back_unused() -> None:
    """Return freed memory to the system; without GNU's C library nothing happens.

    GNU's C library retains memory freed below anything still used, in an arena per thread: hundreds of
    megabytes after hours of work on large recordings.
    """
    if sys.platform != "linux":
        return
    with suppress(OSError, AttributeError):  # another C library than that of GNU
        ctypes.CDLL(None).malloc_trim(0)


def shortage_message(error: BaseException) -> str:
    """Return the sentence for an error that comes of too little memory; empty for any other."""
    is_one = isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno == errno.ENOMEM)
    return SHORTAGE if is_one or any(text in str(error) for text in _SHORTAGE_TEXTS) else ""


def raise_shortage(error: BaseException) -> None:
    """Raise a message if an error is due to a lack of memory: the file need not be damaged.

    Raises
    ------
    OffcutError : it is
    """
    if sentence := shortage_message(error):
        raise OffcutError(sentence) from error
