"""Takes are compared at one level: the louder one is turned down on its way to the sound device."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from engine.core.progress import SILENT
from engine.document.document import Document
from engine.document.edits.proposals import set_analyses
from engine.recordings.analyses import AnalysisRequest
from engine.recordings.listen import listen_to_document
from engine.recordings.media import locate_all
from tests.desktop.conftest import Hands
from tests.desktop.sound_device import RATE_HZ, CapturingDevice, alsa_configuration, on_alsa
from tests.engine.features.day.made import made_day

LOUDER_DB = 6.0


@pytest.fixture
def device(tmp_path: Path) -> Iterator[CapturingDevice]:
    """A sound device that takes what it is given in real time, and keeps it."""
    folder = tmp_path / "device"
    folder.mkdir()
    capturing = CapturingDevice(folder)
    with alsa_configuration(capturing.configuration):
        yield capturing


def analysed_day(folder: Path) -> Path:
    """Return a day whose second take is louder, with its stored loudness."""
    path = made_day(folder, (-LOUDER_DB, 0.0, 0.0, 0.0))
    with Document.open(path) as document:
        state = document.state
        found = listen_to_document(AnalysisRequest(state, locate_all(state, folder)), SILENT)
        edit = set_analyses(state, found.ids, "Recording analysed", by_listening=True)
        document.apply(edit, {found.ids[kind]: one for kind, one in found.analyses.items()})
    return path


@on_alsa
@pytest.mark.plays
def test_tab_plays_the_louder_take_as_loud_as_the_other(
    hands: Hands, tmp_path: Path, device: CapturingDevice
) -> None:
    window = hands.window
    window.session.open(analysed_day(tmp_path))
    hands.finish_work()
    hands.press("Shift+F5")
    said: list[str] = []
    window.day.said.connect(said.append)
    hands.press("Home")
    transport, rate_hz = window.transport, window.session.state.rate_hz
    hands.press("Space")
    hands.qtbot.waitUntil(lambda: transport.playhead_samples > 2.0 * rate_hz)
    hands.press("Tab")
    assert said[-1].endswith("level matched: −6.0 dB")
    hands.qtbot.waitUntil(lambda: transport.playhead_samples > 9.0 * rate_hz)
    hands.press("Space")
    window.player.close()
    played = device.heard()[:, 0].astype(np.float64)
    parts = [played[round(a * RATE_HZ) : round(b * RATE_HZ)] for a, b in ((0.2, 0.7), (1.3, 1.8))]
    first_db, second_db = (10.0 * np.log10(np.mean(part**2)) for part in parts)
    assert second_db == pytest.approx(first_db, abs=1.0)
    hands.press("Shift+F5")
    assert window.player._gain == 1.0
