"""Common parts of the widget demos: a themed application, and a window or picture of a widget."""

from __future__ import annotations

import argparse
import sys

from PySide6.QtWidgets import QApplication, QWidget

from widgets.theme import DARK, LIGHT, Theme, load_fonts, palette, set_text_scale, style_sheet


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add options of a demo: look, and a picture instead of a window."""
    parser.add_argument("--light", action="store_true")
    parser.add_argument("--scale", type=float, help="text scale, 1 to 2")
    parser.add_argument("--save", metavar="F.png")


def dressed(options: argparse.Namespace) -> tuple[QApplication, Theme]:
    """Return the application in the requested look, and its theme."""
    app = QApplication(sys.argv[:1])
    load_fonts()
    set_text_scale(options.scale)
    theme = LIGHT if options.light else DARK
    app.setPalette(palette(theme))
    app.setStyleSheet(style_sheet(theme))
    return app, theme


def show_or_save(app: QApplication, shown: QWidget, save: str | None) -> int:
    """Let the user try a widget that is shown, or save a picture of it; return the exit status."""
    if save is None:
        return app.exec()
    app.processEvents()
    return 0 if shown.grab().save(save) else 1
