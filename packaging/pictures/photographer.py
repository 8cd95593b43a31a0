"""A window of the real program, pressed by keys and photographed, in an empty home and without a display."""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PySide6.QtGui import QImage
    from PySide6.QtWidgets import QWidget

    from desktop.main_window import MainWindow

PICTURES = Path(__file__).resolve().parents[2] / "docs" / "pictures"
SHOWN_CACHE = "~/.cache/offcut"
DIALOG_POLL_MS = 50
COARSE = 0xFFF8F8F8
PATIENCE_S = 300
SCREEN = {"name": "desk", "x": 0, "y": 0, "width": 1920, "height": 1080, "logicalDpi": 96, "dpr": 1.0}


@contextmanager
def empty_home() -> Iterator[Path]:
    """Give a folder in which alone the program keeps what is its own, and a screen that is none."""
    os.environ["OMP_WAIT_POLICY"] = "PASSIVE"
    with tempfile.TemporaryDirectory() as home:
        screen = Path(home) / "screen.json"  # else dialogs are made to fit one of 800 by 800
        screen.write_text(json.dumps({"screens": [SCREEN]}))
        os.environ["QT_QPA_PLATFORM"] = f"offscreen:configfile={screen}"
        for name in ("DATA", "CACHE", "CONFIG", "STATE"):
            os.environ[f"XDG_{name}_HOME"] = str(Path(home) / name.lower())
        yield Path(home)


class Photographer:
    """Presses keys in a window and keeps what it shows."""

    def __init__(self, window: MainWindow, out: Path) -> None:
        self.window = window
        self._out = out

    def press(self, *command_ids: str) -> None:
        """Run commands as their keys would."""
        for command_id in command_ids:
            self.window.commands.run(command_id)
        settle()

    def take(self, name: str, widget: QWidget | None = None, *, few_colours: bool = False) -> None:
        """Write what a widget shows, by default the whole window; with few colours it takes less room."""
        settle()
        self._show_what_is_due()
        image = (widget or self.window).grab().toImage()
        write(self._out / f"{name}.png", quantized(image) if few_colours else image)

    def _show_what_is_due(self) -> None:
        """Show at once what follows an answer a moment later."""
        from widgets.controls.later import Later

        for later in self.window.findChildren(Later):
            if later.is_due:
                later.now()
        settle()

    def take_dialog(self, name: str, command_id: str, **fields: str) -> None:
        """Write the dialog that a command opens, its fields filled in by their names, and give it up."""
        self.in_dialog(command_id, lambda dialog: self.take(name, dialog), **fields)

    def in_dialog(self, command_id: str, look: Callable[[QWidget], None], **fields: str) -> None:
        """Open a dialog by a command, fill in fields by their names, look at it, and give it up."""
        from PySide6.QtCore import QTimer
        from PySide6.QtWidgets import QApplication, QLabel, QLineEdit

        from engine.core.files.places import cache_folder

        give_up_s = time.monotonic() + PATIENCE_S

        def take() -> None:
            dialog = QApplication.activeModalWidget()
            if dialog is None:
                if time.monotonic() > give_up_s:
                    raise SystemExit(f"{command_id} opened no dialog")
                QTimer.singleShot(DIALOG_POLL_MS, take)
                return
            for field in dialog.findChildren(QLineEdit):
                field.setText(fields.get(field.accessibleName(), field.text()))
            for label in dialog.findChildren(QLabel):
                label.setText(label.text().replace(str(cache_folder()), SHOWN_CACHE))
            look(dialog)
            dialog.close()

        QTimer.singleShot(DIALOG_POLL_MS, take)
        self.press(command_id)


def wait_for(is_done: Callable[[], bool]) -> None:
    """Let the window live until something is so."""
    from PySide6.QtCore import QEventLoop
    from PySide6.QtWidgets import QApplication

    give_up_s = time.monotonic() + PATIENCE_S
    while not is_done():
        if time.monotonic() > give_up_s:
            raise SystemExit(f"the window was not done after {PATIENCE_S} s")
        QApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)


def settle() -> None:
    """Let the window paint what changed."""
    from PySide6.QtWidgets import QApplication

    for _ in range(5):
        QApplication.processEvents()


def quantized(image: QImage) -> QImage:
    """Return a picture in coarser colours, which look the same to the eye and take half the room."""
    import numpy as np
    from PySide6.QtGui import QImage

    coarse = image.convertToFormat(QImage.Format.Format_RGB32)
    pixels = np.frombuffer(coarse.bits(), np.uint32)
    np.bitwise_and(pixels, COARSE, out=pixels)
    return coarse


def write(path: Path, image: QImage) -> None:
    """Write a picture as small as PNG can be."""
    if not image.save(str(path), "PNG", 0):
        raise SystemExit(f"{path} could not be written")
    print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB")
