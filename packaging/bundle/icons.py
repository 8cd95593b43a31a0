"""The icon of the program, drawn from one picture into what each system wants."""

from __future__ import annotations

import os
import sys
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2] / "resources" / "icons" / "own" / "offcut.svg"
SIDES = (16, 32, 48, 64, 128, 256, 512)
LARGEST_ICO = 256


def draw(folder: Path) -> None:
    """Write offcut.svg, offcut-SIDE.png, and offcut.ico and offcut.icns where Qt can write them."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtCore import QSize
    from PySide6.QtGui import QGuiApplication, QIcon, QImageWriter

    application = QGuiApplication(sys.argv[:1])
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "offcut.svg").write_bytes(SOURCE.read_bytes())
    icon = QIcon(str(SOURCE))
    for side in SIDES:
        icon.pixmap(QSize(side, side)).toImage().save(str(folder / f"offcut-{side}.png"))
    kinds = {bytes(kind).decode() for kind in QImageWriter.supportedImageFormats()}
    for kind, side in (("ico", LARGEST_ICO), ("icns", SIDES[-1])):
        if kind in kinds:
            icon.pixmap(QSize(side, side)).toImage().save(str(folder / f"offcut.{kind}"))
    application.quit()


if __name__ == "__main__":
    draw(Path(sys.argv[1]))
