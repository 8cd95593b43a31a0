"""Memory that was let go of, but that the C library keeps for what is asked next."""

from __future__ import annotations

import ctypes
import sys
from contextlib import suppress


def give_back_unused() -> None:
    """Give back to the system what was freed; where the C library cannot be asked, it decides itself.

    That of GNU keeps what was freed below anything that is still used, in a place for every thread: hundreds
    of megabytes after hours of work on large recordings.
    """
    if sys.platform != "linux":
        return
    with suppress(OSError, AttributeError):  # another C library than that of GNU
        ctypes.CDLL(None).malloc_trim(0)
