"""Overlay of the lanes: the tint of proposals, and the fading of removed waveforms."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QColor

from engine.document.decisions import Verdict
from engine.document.table import VERDICTS
from widgets.theme import Theme

PIXELS = NDArray[np.uint32]
WEAK_TO_STRONG = (Verdict.REJECTED, Verdict.ACCEPTED, Verdict.UNDECIDED)
TINT = 0.12
FADES_ACCEPTED, FADES_UNDECIDED = 0.7, 0.4
"""Strength of the fading of removed waveforms."""


def fading(shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the fading of waveforms for the coverage of columns by each verdict, shape (columns,)."""
    accepted, undecided = (shares[VERDICTS.index(each)] for each in (Verdict.ACCEPTED, Verdict.UNDECIDED))
    fades: NDArray[np.float64] = np.maximum(accepted * FADES_ACCEPTED, undecided * FADES_UNDECIDED)
    return fades


@dataclass(frozen=True, slots=True, eq=False)
class Veil:
    """Colours over columns, mixed once for all that is seen through them.

    Attributes
    ----------
    over : float32, shape (columns, 4), colour added to blue, green, red and alpha
    clear : float32, shape (columns, 1), transparency of the overlay
    ground : float32, shape (4,), colour at full fading
    fades : float32, shape (columns, 1), strength of the fading
    """

    over: NDArray[np.float32]
    clear: NDArray[np.float32]
    ground: NDArray[np.float32]
    fades: NDArray[np.float32]

    @classmethod
    def of(cls, tokens: Theme, shares: NDArray[np.float64], fades: NDArray[np.float64]) -> Veil:
        """Blend the tints of all verdicts, weighted by the coverage of a column.

        Parameters
        ----------
        shares : coverage by each of `VERDICTS`, 0 to 1, shape (3, columns)
        fades : see `fading`
        """
        over = np.zeros((shares.shape[1], 4), np.float32)
        clear = np.ones((shares.shape[1], 1), np.float32)
        for verdict in WEAK_TO_STRONG:
            alpha = (TINT * shares[VERDICTS.index(verdict), :, None]).astype(np.float32)
            if alpha.any():
                over += alpha * (_parts(tokens.verdict(verdict)) - over)
                clear -= alpha * clear
        return cls(over, clear, _parts(tokens.bg), fades.astype(np.float32)[:, None])

    @property
    def is_clear(self) -> bool:
        """Whether nothing is covered."""
        return not self.over.any()

    def tinted(self, rows: PIXELS) -> PIXELS:
        """Return opaque colours of columns, shape (n, columns), seen through the tint."""
        return rows if self.is_clear else _through(rows, self.over, self.clear)

    def inked(self, rows: PIXELS) -> PIXELS:
        """Return the same for waveforms, which fade where audio is removed."""
        if self.is_clear:
            return rows
        fades = self.fades * self.clear
        return _through(rows, self.over + fades * self.ground, self.clear - fades)


def _through(rows: PIXELS, over: NDArray[np.float32], clear: NDArray[np.float32]) -> PIXELS:
    below = rows[..., None].view(np.uint8)
    mixed = below * clear
    mixed += over
    np.rint(mixed, out=mixed)
    made: PIXELS = mixed.astype(np.uint8).view(np.uint32)[..., 0]
    made |= np.uint32(0xFF000000)
    return made


def _parts(token: str) -> NDArray[np.float32]:
    """Return blue, green, red and alpha of a token in memory order, 0 to 255."""
    return np.array([QColor(token).rgba()], np.uint32).view(np.uint8).astype(np.float32)
