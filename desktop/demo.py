"""Opening the demo, and importing its day."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer

from desktop.demo_files import DEMO_FOLDER, demo_path, make_demo
from engine.core.files.places import data_folder

if TYPE_CHECKING:
    from desktop.recordings.recordings import Recordings
    from desktop.shell.shell import Shell

DAY_NAME = "Demo day.offcut"


def show_demo(shell: Shell) -> None:
    """Open the demo document; where it is not there yet it is made first, while the window goes on."""
    path = demo_path()
    if path.exists():
        open_demo(shell)
    else:
        # Once the job is over: opening a document cancels those that belong to the one before.
        later = partial(QTimer.singleShot, 0, partial(open_demo, shell))
        shell.work.compute(make_demo, path, "Making the demo", lambda _made: later())


def show_day(shell: Shell, recordings: Recordings) -> None:
    """Import the demo's files of three devices; once that is done, open their document."""
    path = data_folder("demo") / DAY_NAME
    if path.exists():
        shell.session.open(path)
    else:
        shell.session.create(path)
    if not shell.session.state.tracks:
        recordings.import_files(tuple(sorted((DEMO_FOLDER / "day").iterdir())))


def open_demo(shell: Shell) -> None:
    """Open the demo document, created if missing; its decisions stay."""
    path = demo_path()
    if not path.exists():
        make_demo(path)
    shell.session.open(path)
    shell.work.rested.connect(
        lambda: shell.say("Demo: A accepts a cut, X rejects it, C plays it, ? shows all keys"),
        Qt.ConnectionType.SingleShotConnection,
    )
