"""Make the moving picture of the README: ``make_moving_picture.py [OUT.gif]``.

A rehearsal is imported, a cut previewed and accepted, hits of a drum take moved onto the grid, a sneeze
removed, and the result exported, in the real window. Needs ffmpeg, no display and no sound device.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from documents import DEMO, drum_take, sneezed_rag
from photographer import PICTURES, Photographer, empty_home, settle, wait_for

if TYPE_CHECKING:
    from PySide6.QtGui import QImage
    from PySide6.QtWidgets import QWidget

    from desktop.main_window import MainWindow

SIZE = (1024, 640)
CAPTION_HEIGHT = 48
SHORT_S, LONG_S = 0.12, 1.6
MOST_MB = 4.0


@dataclass
class Film:
    """The frames of a moving picture, each with how long it stands, in a folder."""

    folder: Path
    frames: list[tuple[Path, float]] = field(default_factory=list)

    def add(self, image: QImage, keys: str, words: str, lasts_s: float = LONG_S) -> None:
        """Add what is seen, below it the keys that were pressed and what they do."""
        from PySide6.QtCore import QRect, Qt
        from PySide6.QtGui import QColor, QFont, QImage, QPainter

        from widgets.theme import DARK

        whole = QImage(SIZE[0], SIZE[1] + CAPTION_HEIGHT, QImage.Format.Format_RGB32)
        whole.fill(QColor(DARK.bg))
        painter = QPainter(whole)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.drawImage(0, 0, image)
        font = QFont("Inter")
        font.setPixelSize(19)
        painter.setFont(font)
        left = 20
        if keys:
            cap = QRect(left, SIZE[1] + 10, painter.fontMetrics().horizontalAdvance(keys) + 20, 28)
            painter.setPen(QColor(DARK.text))
            painter.drawRoundedRect(cap, 5, 5)
            painter.drawText(cap, Qt.AlignmentFlag.AlignCenter, keys)
            left = cap.right() + 16
        painter.setPen(QColor(DARK.text))
        painter.drawText(
            QRect(left, SIZE[1], SIZE[0] - left, CAPTION_HEIGHT), Qt.AlignmentFlag.AlignVCenter, words
        )
        painter.end()
        path = self.folder / f"{len(self.frames):03d}.png"
        if not whole.save(str(path)):
            raise SystemExit(f"{path} could not be written")
        self.frames.append((path, lasts_s))

    def write(self, out: Path) -> None:
        """Write all of it as one GIF that goes round."""
        listed = "".join(f"file '{path}'\nduration {lasts_s}\n" for path, lasts_s in self.frames)
        names = self.folder / "frames.txt"
        names.write_text(listed + f"file '{self.frames[-1][0]}'\n")
        palette = "split[a][b];[a]palettegen=max_colors=96:stats_mode=full[p]"
        colours = f"{palette};[b][p]paletteuse=dither=none:diff_mode=rectangle"
        command = ["ffmpeg", "-v", "error", "-y", "-f", "concat", "-safe", "0", "-i", str(names)]
        subprocess.run([*command, "-vf", colours, "-fps_mode", "vfr", "-loop", "0", str(out)], check=True)
        size_mb = out.stat().st_size / 1e6
        print(f"{out.name}: {len(self.frames)} frames, {size_mb:.2f} MB")
        if size_mb > MOST_MB:
            raise SystemExit(f"{out} takes more than {MOST_MB} MB: take fewer frames")


class Operator(Photographer):
    """Presses keys in a window and films what it shows."""

    def __init__(self, window: MainWindow, film: Film) -> None:
        super().__init__(window, film.folder)
        self._film = film

    def film(self, keys: str, words: str, lasts_s: float = LONG_S) -> None:
        """Film the window as it is now."""
        settle()
        self._film.add(self.window.grab().toImage(), keys, words, lasts_s)

    def film_dialog(self, command_id: str, keys: str, words: str, **fields: str) -> None:
        """Film a dialog over the window."""
        from PySide6.QtGui import QPainter

        def look(dialog: QWidget) -> None:
            settle()
            image = self.window.grab().toImage()
            painter = QPainter(image)
            painter.fillRect(image.rect(), 0x90000000)
            shown = dialog.grab().toImage()
            left, top = (image.width() - shown.width()) // 2, (image.height() - shown.height()) // 2
            painter.drawImage(left, top, shown)
            painter.end()
            self._film.add(image, keys, words, 2 * LONG_S)

        self.in_dialog(command_id, look, **fields)

    def rest(self) -> None:
        """Wait until nothing is worked on."""
        window = self.window
        wait_for(lambda: not (window.work.is_busy or window.spectrograms.is_busy))
        settle()


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the moving picture; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path, nargs="?", default=PICTURES / "offcut.gif", metavar="OUT.gif")
    options = parser.parse_args(arguments)
    if shutil.which("ffmpeg") is None:
        raise SystemExit("ffmpeg is missing: install it, and start this again.")
    with empty_home() as home, tempfile.TemporaryDirectory() as folder:
        film = Film(Path(folder))
        play(home, film)
        film.write(options.out)
    return 0


def play(home: Path, film: Film) -> None:
    """Go through all scenes in one window."""
    from PySide6.QtCore import QSettings

    from desktop.app import make_application
    from desktop.main_window import MainWindow

    application = make_application()
    settings = QSettings()
    settings.setValue("hears_each_proposal", False)
    window = MainWindow(application, settings)
    window.resize(*SIZE)
    window.show()
    window.look.choose("dark")
    operator = Operator(window, film)
    cut(operator, home)
    hit(operator, home)
    sneeze(operator, home)
    operator.press("view.fit")
    operator.film_dialog(
        "file.export", "Ctrl E", "Export audio, or a project for another program", Folder="/home"
    )
    window.close()
    settle()


def cut(operator: Operator, home: Path) -> None:
    """Import the rehearsal of the demo, preview a proposed cut, and accept it."""
    from desktop.app import show

    window = operator.window
    operator.film("Ctrl O", "Import recordings: each file becomes a track")
    raw = [Path(shutil.copy(one, home)) for one in sorted((DEMO / "raw").iterdir())]
    window.recordings.import_files(tuple(raw))
    operator.rest()
    operator.film("", "Offcut detects the beat, and proposes to cut pauses")
    show(window, ["--demo"])  # the same recordings, with a taste that was learned from edits
    operator.rest()
    operator.film("Ctrl R", "Propose cuts: passages that are unlike your edits")
    start, stop = window.review.span()
    for _ in range(2):
        window.commands.run("view.zoom_in")
    around = (stop - start) // 6
    for at in (*np.linspace(start - around, start, 6), *np.linspace(stop, stop + around, 6)):
        window.transport.seek(round(float(at)))
        operator.film("C", "Preview the cut", SHORT_S)
    operator.press("review.accept")
    operator.film("A", "Accept it, and go to the next one")


def hit(operator: Operator, home: Path) -> None:
    """Move the hits of a bar of a drum take onto the grid."""
    window = operator.window
    window.session.open(drum_take(home))
    operator.rest()
    operator.press("view.fit")
    operator.film("Ctrl Shift T", "Detect the hits of a drum take, and their places on the grid")
    window.transport.seek(window.review.span()[0])
    for _ in range(2):
        window.commands.run("view.zoom_in")
    operator.film("", "Arrows show the moves, the same on all microphones")
    operator.press("timing.accept_bar")
    operator.film("Alt B", "Accept the hits of a bar")


def sneeze(operator: Operator, home: Path) -> None:
    """Remove a sneeze from a song, only within its span."""
    window = operator.window
    document, span = sneezed_rag(home)
    window.session.open(document)
    operator.rest()
    operator.press("view.fit", "view.pictures")
    operator.rest()
    window.selecting.select(*span)
    window.transport.seek(sum(span) // 2)
    window.commands.run("view.zoom_in")
    operator.rest()
    operator.film("Shift →", "A sneeze in the rag: select it")
    operator.press("repair.open")
    for length in range(2, len("sneeze") + 1, 2):
        window.repair_panel.words.line.setText("sneeze"[:length])
        operator.film("W", "Name it", 3 * SHORT_S)
    operator.press("repair.preview")
    operator.rest()
    operator.film("1 2 3", "Play target, remainder and repair", 2 * LONG_S)
    operator.press("repair.accept")
    operator.rest()
    operator.film("A", "Accepted: outside the span nothing changes, bit for bit")


if __name__ == "__main__":
    sys.exit(main())
