"""Colours of loudness: maps that grow evenly brighter, so that they read the same without colour vision.

Magma, inferno and viridis are those of matplotlib by Nathaniel J. Smith, Stéfan van der Walt and Eric Firing
(CC0), here every 17th of their 256 colours, with interpolation. Grey goes from the theme's background
to its text, so that silence is paper.
"""

from __future__ import annotations

from enum import StrEnum
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QColor

from widgets.theme import Theme

N_COLORS = 256


class ColorMap(StrEnum):
    """The maps to choose from."""

    MAGMA = "magma"
    INFERNO = "inferno"
    VIRIDIS = "viridis"
    GREY = "grey"


_STOPS = {
    ColorMap.MAGMA: (
        "000004 0b0924 20114b 3b0f70 57157e 721f81 8c2981 a8327d "
        "c43c75 de4968 f1605d fa7f5e fe9f6d febf84 fddea0 fcfdbf"
    ),
    ColorMap.INFERNO: (
        "000004 0c0826 240c4f 420a68 5d126e 781c6d 932667 ae305c "
        "c73e4c dd513a ed6925 f8850f fca50a fac62d f2e661 fcffa4"
    ),
    ColorMap.VIRIDIS: (
        "440154 481a6c 472f7d 414487 39568c 31688e 2a788e 23888e "
        "1f988b 22a884 35b779 54c568 7ad151 a5db36 d2e21b fde725"
    ),
}


@cache
def colors(color_map: ColorMap, theme: Theme) -> NDArray[np.float64]:
    """Return red, green and blue from silent to loud, 0 to 255, shape (256, 3)."""
    if color_map is ColorMap.GREY:
        stops = np.stack([rgb(theme.bg), rgb(theme.text)])
    else:
        stops = np.frombuffer(bytes.fromhex(_STOPS[color_map]), np.uint8).reshape(-1, 3).astype(np.float64)
    places = np.linspace(0.0, 1.0, len(stops))
    shares = np.linspace(0.0, 1.0, N_COLORS)
    return np.stack([np.interp(shares, places, stops[:, part]) for part in range(3)], axis=1)


def rgb(token: str) -> NDArray[np.float64]:
    """Return red, green and blue of a token of the theme, 0 to 255, shape (3,)."""
    found = QColor(token)
    return np.array([found.red(), found.green(), found.blue()], np.float64)
