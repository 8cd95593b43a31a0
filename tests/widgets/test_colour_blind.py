"""What the colours are to eyes that lack a cone: told apart where they can be, and never needed alone.

The matrices are those of Machado, Oliveira and Fernandes, "A Physiologically-based Model for Simulation of
Color Vision Deficiency", 2009, for full deficiency, and work on linear RGB.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QImage, QPainter

from engine.document.proposals import Verdict
from tests.widgets.conftest import Dress
from widgets.review.queue_view import RowDelegate
from widgets.review.rows import QueueRow
from widgets.theme import DARK, LIGHT, Theme, px
from widgets.timeline.edits.proposals import Span, paint_span
from widgets.timeline.frame import Frame, Wish, lay_out
from widgets.timeline.viewport import Viewport

BOTH = pytest.mark.parametrize("tokens", [DARK, LIGHT], ids=lambda tokens: tokens.name)
EYES = {
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
GREY = [[0.2126, 0.7152, 0.0722]] * 3
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
WHITE_XYZ = np.array([0.9505, 1.0, 1.089])
Numbers = NDArray[np.float64]


def seen(rgb: Numbers, matrix: list[list[float]]) -> Numbers:
    """Return colours, shape (..., 3), 0 to 1, as eyes see them; in CIE Lab."""
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    found = np.clip(linear @ np.array(matrix).T, 0, 1) @ TO_XYZ.T / WHITE_XYZ
    curved = np.where(found > 0.008856, np.cbrt(found), 7.787 * found + 16 / 116)
    x, y, z = np.moveaxis(curved, -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def rgb_of(token: str) -> Numbers:
    colour = QColor(token)
    return np.array([colour.redF(), colour.greenF(), colour.blueF()])


def pixels(image: QImage) -> Numbers:
    """Return the colours of an image, shape (height, width, 3), 0 to 1."""
    plain = image.convertToFormat(QImage.Format.Format_RGB32)
    rows = np.frombuffer(plain.constBits(), np.uint8).reshape(plain.height(), plain.bytesPerLine() // 4, 4)
    return rows[:, : plain.width(), 2::-1] / 255.0


@BOTH
@pytest.mark.parametrize("eyes", EYES)
def test_the_colours_of_verdicts_are_told_apart(tokens: Theme, eyes: str) -> None:
    labs = {verdict: seen(rgb_of(tokens.verdict(verdict)), EYES[eyes]) for verdict in Verdict}
    for one, other in combinations(Verdict, 2):
        assert np.linalg.norm(labs[one] - labs[other]) >= 15, f"{one} and {other} look alike"


def painted_row(tokens: Theme, verdict: Verdict) -> QImage:
    image = QImage(px(372), px(30), QImage.Format.Format_RGB32)
    image.fill(QColor(tokens.panel))
    painter = QPainter(image)
    row = QueueRow("a", "scissors", "cut", "0:10.0", "0:18.0", "8.0 s", 0.9, verdict, False)
    RowDelegate(tokens).paint_row(painter, QRectF(image.rect()), row, hovered=False)
    painter.end()
    return image


def painted_span(tokens: Theme, verdict: Verdict) -> QImage:
    image = QImage(px(400), px(400), QImage.Format.Format_RGB32)
    image.fill(QColor(tokens.bg))
    frame = Frame(Viewport(0.0, 1.0, px(400), px(400)), lay_out(px(400), px(400), (Wish(1),)), tokens, 1.0)
    painter = QPainter(image)
    paint_span(painter, frame, Span(60.0, 340.0, verdict, ("cut 8.0 s", "cut"), current=True))
    painter.end()
    return image


@BOTH
@pytest.mark.parametrize("paint", [painted_row, painted_span])
def test_without_any_colour_a_state_is_told_by_sign_and_word(dress: Dress, tokens: Theme, paint) -> None:
    """Each state's picture differs from the others in lightness where the signs stand, not only in hue."""
    dress(tokens)
    pictures = {verdict: seen(pixels(paint(tokens, verdict)), GREY)[..., 0] for verdict in Verdict}
    for one, other in combinations(Verdict, 2):
        ink_one, ink_other = (_ink(pictures[verdict]) for verdict in (one, other))
        assert np.count_nonzero(ink_one != ink_other) >= 40, f"{one} and {other} have the same signs"


def _ink(lightness: Numbers) -> NDArray[np.bool_]:
    """Return where an image differs from what is left of it: the outlines of everything in it."""
    edges: NDArray[np.bool_] = np.abs(np.diff(lightness, axis=1)) > 8
    return edges
