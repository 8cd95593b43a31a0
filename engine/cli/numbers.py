"""Numbers on the command line."""

from __future__ import annotations

import argparse
import math


def finite(text: str) -> float:
    """Read a number; "nan" and "inf" are numbers to Python and to nobody else.

    Raises
    ------
    argparse.ArgumentTypeError : it is none
    """
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number")
    return number
