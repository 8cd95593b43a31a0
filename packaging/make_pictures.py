"""Make the pictures of the real window: ``make_pictures.py [OUT_DIR]``.

Opens the demo in an empty home, drives the window by its keys as a user would, and writes what it shows to
OUT_DIR (docs/pictures). Needs no display. With QT_SCALE_FACTOR=2 in the environment the same pictures come
out at twice the size, as a dense screen shows them: to look at, not for the repository.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PySide6.QtGui import QImage
    from PySide6.QtWidgets import QWidget

    from desktop.main_window import MainWindow

PICTURES = Path(__file__).resolve().parent.parent / "docs" / "pictures"
SIZE = (1600, 1000)
LEARNED_EPOCHS = 8  # so that the curve has a shape and the time left is known
SAMPLES_SHOWN = 160  # few enough that single samples are drawn
SHOWN_FOLDER = "/home"  # one that is there, so that nothing is found wrong with it
SHOWN_CACHE = "~/.cache/offcut"
DIALOG_POLL_MS = 50
LONG_S = 5.0  # what can be seen well with its neighbours
SMALLER = (1100, 640)  # a spectrogram is noise, which PNG cannot shrink
PAGE = (1280, 860)  # the least width with three columns of cards, or nearly
COARSE = 0xFFF8F8F8
PATIENCE_S = 300


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
        image = (widget or self.window).grab().toImage()
        write(self._out / f"{name}.png", quantized(image) if few_colours else image)

    def take_dialog(self, name: str, command_id: str, **fields: str) -> None:
        """Write the dialog that a command opens, its fields filled in by their names, and give it up."""
        from PySide6.QtCore import QTimer
        from PySide6.QtWidgets import QApplication, QLabel, QLineEdit

        from engine.places import cache_folder

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
            self.take(name, dialog)
            dialog.close()

        QTimer.singleShot(DIALOG_POLL_MS, take)
        self.press(command_id)


SCREEN = {"name": "desk", "x": 0, "y": 0, "width": 1920, "height": 1080, "logicalDpi": 96, "dpr": 1.0}


def main(arguments: Sequence[str] | None = None) -> int:
    """Make all pictures; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path, nargs="?", default=PICTURES, metavar="OUT_DIR")
    options = parser.parse_args(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    os.environ["OMP_WAIT_POLICY"] = "PASSIVE"
    with tempfile.TemporaryDirectory() as home:
        screen = Path(home) / "screen.json"  # else dialogs are made to fit one of 800 by 800
        screen.write_text(json.dumps({"screens": [SCREEN]}))
        os.environ["QT_QPA_PLATFORM"] = f"offscreen:configfile={screen}"
        for name in ("DATA", "CACHE", "CONFIG", "STATE"):
            os.environ[f"XDG_{name}_HOME"] = str(Path(home) / name.lower())
        make_all(options.out)
    return 0


def make_all(out: Path) -> None:
    """Open the demo and take every picture."""
    from PySide6.QtCore import QSettings

    from desktop.app import make_application, show
    from desktop.main_window import MainWindow

    application = make_application()
    window = MainWindow(application, QSettings())
    window.resize(*SIZE)
    window.show()
    window.look.choose("dark")
    show(window, ["--demo"])
    wait_for(lambda: not window.work.is_busy)
    photographer = Photographer(window, out)
    review(photographer)
    photographer.take("review-dark")
    dialogs(photographer)
    palette(photographer)
    samples(photographer)
    views(photographer)
    queue(photographer)
    taste(photographer)
    window.look.choose("light")
    photographer.press("view.fit")
    around_current(window)
    photographer.take("review-light", few_colours=True)
    window.look.choose("dark")
    learning(photographer)
    window.close()
    settle()


def review(photographer: Photographer) -> None:
    """Accept a cut, reject one, take another way to make a third, and look closely at that."""
    window = photographer.window
    long = [key for key in window.review.ids if length_s(window, key) >= LONG_S]
    for key, command_id in zip(long, ("accept_stay", "reject_stay", "alternative"), strict=False):
        window.review.choose(key)
        photographer.press(f"review.{command_id}")
    around_current(window)


def length_s(window: MainWindow, proposal_id: str) -> float:
    """Return how long a proposal is."""
    start, stop = window.session.state.span(proposal_id)
    return (stop - start) / window.session.state.rate_hz


def around_current(window: MainWindow) -> None:
    """Show the current proposal with its neighbours, and put the playhead inside it."""
    start, stop = window.review.span()
    window.transport.seek((start + stop) // 2)
    for _ in range(2):
        window.commands.run("view.zoom_in")
    settle()


def dialogs(photographer: Photographer) -> None:
    """Take what opens over the window."""
    from PySide6.QtWidgets import QApplication

    from widgets.chrome.key_sheet import KeySheet

    photographer.press("help.keys")
    sheet = next(one for one in QApplication.topLevelWidgets() if isinstance(one, KeySheet))
    photographer.take("keys", sheet)
    sheet.close()
    photographer.take_dialog("propose", "taste.propose")
    photographer.take_dialog("export", "file.export", Folder=SHOWN_FOLDER)
    photographer.take_dialog("preferences", "file.preferences")


def palette(photographer: Photographer) -> None:
    """Find a command by a few letters."""
    from PySide6.QtWidgets import QLineEdit

    popup = photographer.window.palette_popup
    photographer.press("help.palette")
    popup.findChildren(QLineEdit)[0].setText("zo")
    photographer.take("palette", popup)
    popup.close()


def views(photographer: Photographer) -> None:
    """Show the result, then the source as spectrograms."""
    window = photographer.window
    photographer.press("view.fit", "transport.source_result", "view.ruler", "view.ruler")
    photographer.take("result")
    photographer.press("transport.source_result", "view.ruler")
    photographer.press("view.pictures", "view.fit")
    around_current(window)
    wait_for(lambda: not window.work.is_busy)
    window.resize(*SMALLER)
    photographer.take("spectrograms", few_colours=True)
    window.resize(*SIZE)
    photographer.press("view.pictures")


def queue(photographer: Photographer) -> None:
    """Group the queue, select in it, and show its figures and the history."""
    from PySide6.QtWidgets import QPushButton

    window = photographer.window
    buttons = window.queue_panel.findChildren(QPushButton)
    figures = next(button for button in buttons if button.text() == "Figures")
    figures.click()
    photographer.press("review.group", "review.extend_down", "review.extend_down", "view.history")
    photographer.take("queue", window.side)
    photographer.press("view.history", "transport.stop", "review.group", "review.group", "review.group")
    figures.click()


def taste(photographer: Photographer) -> None:
    """Open the Taste page and go to the oddest stretch of its map."""
    from PySide6.QtCore import Qt

    window = photographer.window
    photographer.press("taste.page")
    wait_for(lambda: not window.tasting.is_busy and not window.work.is_busy)
    window.tasting.page.map.step(Qt.Key.Key_End, coarse=False)
    wait_for(lambda: not window.tasting.is_busy)
    window.resize(*PAGE)
    photographer.take("taste", few_colours=True)
    window.resize(*SIZE)
    photographer.press("taste.page")


def samples(photographer: Photographer) -> None:
    """Zoom to single samples at the edge of the current proposal."""
    window = photographer.window
    window.transport.seek(window.review.span()[0])
    while window.timeline.viewport.visible_samples > SAMPLES_SHOWN:
        window.commands.run("view.zoom_in")
    photographer.take("samples")


def learning(photographer: Photographer) -> None:
    """Let it learn from the demo's edited recordings, and stop once the curve has a shape."""
    window = photographer.window
    from desktop.demo import edited_examples
    from engine.anomaly.recipes.methods import METHODS
    from engine.places import data_folder
    from widgets.forms.learn_panel import LearnRequest

    heard: list[dict[str, float]] = []
    window.work.learning_progressed.connect(heard.append)
    asked = LearnRequest(tuple(str(path) for path in edited_examples()), "Our edits", METHODS[0].epochs, 0)
    window.work.learn(asked, data_folder("demo") / "Our edits.taste", overwrite=True)
    photographer.press("view.fit")
    wait_for(lambda: sum(bool(figures) for figures in heard) >= LEARNED_EPOCHS)
    photographer.take("learning")
    photographer.press("job.cancel")
    wait_for(lambda: not window.work.is_busy)


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


if __name__ == "__main__":
    sys.exit(main())
