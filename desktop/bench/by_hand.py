"""A person's actions on a playing window: start playback, and answer the playing proposals."""

from __future__ import annotations

import numpy as np

from desktop.main_window import MainWindow
from engine.core.errors import OffcutError
from engine.document.table import table_of


def start_playing(window: MainWindow) -> None:
    """Start playback.

    Raises
    ------
    OffcutError : the playback device is missing
    """
    window.transport.toggle()
    status = window.player.device_status
    if not status.startswith("default"):
        raise OffcutError(f"This needs ALSA and PortAudio: {status}.")


def choose_at_playhead(window: MainWindow) -> None:
    """Go to the next proposal after the playhead, or to the last."""
    made = table_of(window.session.state).made
    place = int(np.searchsorted(made.starts_samples, window.transport.playhead_samples))
    window.review.choose(made.ids[min(place, len(made.ids) - 1)])
