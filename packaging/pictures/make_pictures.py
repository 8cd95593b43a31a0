"""Make the pictures of the real window: ``make_pictures.py [OUT_DIR]``.

Opens the demo in an empty home, drives the window by its keys as a user would, and writes what it shows to
OUT_DIR (docs/pictures). Needs no display. With QT_SCALE_FACTOR=2 in the environment the same pictures come
out at twice the size, as a dense screen shows them: to look at, not for the repository.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from documents import drum_take, rehearsal, sneezed_rag, takes_on_lanes
from photographer import PICTURES, Photographer, empty_home, settle, wait_for

if TYPE_CHECKING:
    from desktop.main_window import MainWindow

SIZE = (1600, 1000)
LEARNED_EPOCHS = 8  # so that the curve has a shape and the time left is known
SAMPLES_SHOWN = 160  # few enough that single samples are drawn
SHOWN_FOLDER = "/home"  # one that is there, so that nothing is found wrong with it
LONG_S = 5.0  # what can be seen well with its neighbours
SMALLER = (1100, 640)  # spectrograms and waveforms are noise, which PNG cannot shrink
PAGE = (1280, 860)  # the least width with three columns of cards, or nearly


def main(arguments: Sequence[str] | None = None) -> int:
    """Make all pictures; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path, nargs="?", default=PICTURES, metavar="OUT_DIR")
    options = parser.parse_args(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    with empty_home() as home:
        make_all(options.out, home)
    return 0


def make_all(out: Path, home: Path) -> None:
    """Open the demo, then a document for each kind of edit, and take every picture."""
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
    photographer.take("review-dark", few_colours=True)
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
    window.resize(*PAGE)
    clips(photographer, home)
    comp(photographer, home)
    timing(photographer, home)
    repair(photographer, home)
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

    from widgets.chrome.palette_and_key_sheet import KeySheet

    photographer.press("help.keys")
    sheet = next(one for one in QApplication.topLevelWidgets() if isinstance(one, KeySheet))
    photographer.take("keys", sheet, few_colours=True)
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
    photographer.take("palette", popup, few_colours=True)
    popup.close()


def views(photographer: Photographer) -> None:
    """Show the result, then the source as spectrograms."""
    window = photographer.window
    photographer.press("view.fit", "transport.source_result", "view.ruler", "view.ruler")
    photographer.take("result", few_colours=True)
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
    """Open the Taste page and go to the highest score of its map."""
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
    settle()  # painting asks for the samples
    wait_for(lambda: not window.recordings.wave_tiles.is_busy)
    photographer.take("samples", few_colours=True)


def learning(photographer: Photographer) -> None:
    """Let it learn from the demo's edited recordings, and stop once the curve has a shape."""
    window = photographer.window
    from desktop.demo_files import edited_examples
    from desktop.features.taste.widgets.learn_panel import LearnRequest
    from engine.core.files.places import data_folder
    from engine.features.taste.anomaly.recipes.methods import METHODS

    heard: list[dict[str, float]] = []
    window.learning.progressed.connect(heard.append)
    asked = LearnRequest(tuple(str(path) for path in edited_examples()), "Our edits", METHODS[0].epochs, 0)
    window.learning.learn(asked, data_folder("demo") / "Our edits.taste", overwrite=True)
    photographer.press("view.fit")
    wait_for(lambda: sum(bool(figures) for figures in heard) >= LEARNED_EPOCHS)
    photographer.take("learning", few_colours=True)
    photographer.press("job.cancel")
    wait_for(lambda: not window.work.is_busy)


def clips(photographer: Photographer, home: Path) -> None:
    """Choose the clip of a camera among those of a rehearsal, and look for all places again."""
    window = photographer.window
    window.session.open(rehearsal(home))
    wait_for(lambda: not window.work.is_busy)
    window.timeline.heads.choose(window.session.state.tracks[1].id)
    photographer.press("clips.choose")
    photographer.take("clips", few_colours=True)
    photographer.press("transport.stop")
    photographer.take_dialog("places", "clips.line_up")
    wait_for(lambda: not window.work.is_busy)


def comp(photographer: Photographer, home: Path) -> None:
    """Accept the first switch of a comp, and show the lanes of the takes."""
    window = photographer.window
    window.resize(*SMALLER)
    window.session.open(takes_on_lanes(home))
    wait_for(lambda: not window.work.is_busy)
    photographer.press("review.accept", "view.fit", "tracks.takes")
    photographer.take("comp", few_colours=True)
    window.resize(*PAGE)


def timing(photographer: Photographer, home: Path) -> None:
    """Accept a bar of a drum take whose hits go onto a grid."""
    window = photographer.window
    window.session.open(drum_take(home))
    wait_for(lambda: not window.work.is_busy)
    window.transport.seek(window.review.span()[0])
    photographer.press("view.zoom_in", "view.zoom_in", "timing.accept_bar")
    photographer.take("timing", few_colours=True)


def repair(photographer: Photographer, home: Path) -> None:
    """Preview a sneeze removed from a song, with its mask over the spectrogram."""
    window = photographer.window
    document, span = sneezed_rag(home)
    window.session.open(document)
    window.resize(*SMALLER)
    wait_for(lambda: not window.work.is_busy)
    window.selecting.select(*span)
    window.transport.seek(sum(span) // 2)
    photographer.press("view.pictures", "view.zoom_in", "repair.open")
    window.repair_panel.words.line.setText("sneeze")
    photographer.press("repair.preview")
    wait_for(lambda: not window.work.is_busy and not window.spectrograms.is_busy)
    photographer.take("repair", few_colours=True)


if __name__ == "__main__":
    sys.exit(main())
