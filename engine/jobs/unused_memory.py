"""Memory that was let go of, but that the C library keeps for what is asked next."""

from __future__ import annotations

import ctypes
import os
import sys
from contextlib import suppress

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
"""What `mallopt` of the GNU C library calls them (malloc.h)."""
_LARGE_BYTES = 4 * 2**20
"""From here on NumPy asks for huge pages; what rendering and peaks are computed in is smaller."""


def keep_large_apart() -> None:
    """Have what is large lie in pages of its own from now on, which go back to the system when it is freed.

    Unless told, the C library of GNU puts ever larger arrays, up to 32 MB, among all else once one as large
    was freed, and small things that stay keep their pages then: 200 MB more than were used after 27 rounds of
    ``offcut bench soak``. torch reads its variable, with which it too asks for huge pages, when it is first
    imported; without them scoring takes a fifth longer.
    """
    if sys.platform != "linux":
        return
    os.environ.setdefault("THP_MEM_ALLOC_ENABLE", "1")
    with suppress(OSError, AttributeError):  # another C library than that of GNU
        library = ctypes.CDLL(None)
        library.mallopt(_MMAP_THRESHOLD, _LARGE_BYTES)
        # As the library chooses by itself; at what it begins with, rendering took twice as long.
        library.mallopt(_TRIM_THRESHOLD, 2 * _LARGE_BYTES)


def give_back_unused() -> None:
    """Give back to the system what was freed; where the C library cannot be asked, it decides itself.

    That of GNU keeps what was freed below anything that is still used, in a place for every thread: hundreds
    of megabytes after hours of work on large recordings.
    """
    if sys.platform != "linux":
        return
    with suppress(OSError, AttributeError):  # another C library than that of GNU
        ctypes.CDLL(None).malloc_trim(0)
