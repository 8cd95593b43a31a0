"""What a person does with a window that plays: begins to play, and answers what is heard."""

from __future__ import annotations

import numpy as np

from desktop.main_window import MainWindow
from engine.document.table import table_of
from engine.errors import OffcutError


def start_playing(window: MainWindow) -> None:
    """Begin to play.

    Raises
    ------
    OffcutError : there is no device to play on
    """
    window.transport.toggle()
    status = window.player.device_status
    if not status.startswith("default"):
        raise OffcutError(f"This needs ALSA and PortAudio: {status}.")


def choose_at_playhead(window: MainWindow) -> None:
    """Go to the proposal that is heard next, or to the last."""
    made = table_of(window.session.state).made
    place = int(np.searchsorted(made.starts_samples, window.transport.playhead_samples))
    window.review.choose(made.ids[min(place, len(made.ids) - 1)])
