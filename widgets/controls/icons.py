"""The shipped line icons, drawn in any token of the theme at any scale."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from PySide6.QtCore import QByteArray, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QIcon, QImage, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

ICONS_DIR = Path(__file__).resolve().parents[2] / "resources" / "icons"


WINDOW_SIDES = (16, 24, 32, 48, 64, 128, 256)


def window_icon() -> QIcon:
    """Return the icon of the program, drawn at the sides that window managers and task bars ask for."""
    icon = QIcon()
    for side in WINDOW_SIDES:
        icon.addPixmap(QPixmap.fromImage(icon_image("own/offcut", "", side)))
    return icon


@lru_cache(maxsize=256)
def icon_image(name: str, token: str, side: int) -> QImage:
    """Draw an icon of `side` device pixels in the colour `token`.

    Raises
    ------
    FileNotFoundError : unknown icon
    """
    text = (ICONS_DIR / f"{name}.svg").read_text(encoding="utf-8").replace("currentColor", token)
    image = QImage(side, side, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    QSvgRenderer(QByteArray(text.encode())).render(painter, QRectF(0, 0, side, side))
    painter.end()
    return image


def paint_icon(painter: QPainter, name: str, rect: QRectF, token: str) -> None:
    """Paint an icon into `rect`, sharp at the painter's device pixel ratio."""
    ratio = painter.device().devicePixelRatio()
    side = max(1, round(rect.width() * ratio))
    image = icon_image(name, QColor(token).name(), side)
    target = QRectF(rect.topLeft(), QSizeF(side, side) / ratio)
    painter.drawImage(target, image)
