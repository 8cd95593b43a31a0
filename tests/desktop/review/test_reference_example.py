"""A proposal beside what was kept: by turns, through the same player, and the playhead stays."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from desktop.features.taste.reference_playback import ReferenceSegment
from desktop.main_window import MainWindow
from desktop.shell.playback.play_source import PlaySource
from engine.document.analysis import NearestReference
from engine.document.document import Document
from engine.document.edits.proposals import replace_proposals, set_analyses
from engine.document.proposals import ReferenceExample
from engine.sound.reader import content_hash
from tests.desktop.conftest import Hands
from tests.desktop.documents import CUTS, make_document
from widgets.controls.key_caps import KeyButton
from widgets.review.card import Card

RATE_HZ = 8_000


def sound(seconds: float, seed: int, rate_hz: int = RATE_HZ) -> NDArray[np.float32]:
    samples = 0.1 * np.random.default_rng(seed).standard_normal((round(seconds * rate_hz), 2))
    return samples.astype(np.float32)


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    path = tmp_path / "kept" / "take 4.wav"
    path.parent.mkdir()
    soundfile.write(path, sound(6.0, 1), RATE_HZ, "FLOAT")
    return path


def document_with(tmp_path: Path, kept: Path) -> Path:
    """A document whose first cut has a kept example, and whose second has none."""
    raw = tmp_path / "raw.wav"
    soundfile.write(raw, sound(4.0, 2), RATE_HZ, "FLOAT")
    path = make_document(tmp_path / "raw.offcut", raw)
    with Document.open(path) as document:
        first, second = document.state.proposals.values()
        example = ReferenceExample(str(kept), 1.0, 1.4, 0.25, 0.05)
        rows = [replace(first, nearest_kept=example), second]
        document.apply(replace_proposals(document.state, rows, {}, "Proposed"))
        nearest = NearestReference(
            np.zeros(0, np.int64), 1, np.zeros(0, np.int32), np.zeros(0), np.zeros(0, np.float32),
            [str(kept)], [content_hash(kept)], np.array([6.0]), "test",
        )  # fmt: skip
        edit = set_analyses(document.state, {"nearest": "nearest-0"}, "Heard")
        document.apply(edit, {"nearest-0": nearest})
    return path


@pytest.fixture
def opened(window: MainWindow, hands: Hands, tmp_path: Path, kept: Path) -> MainWindow:
    window.session.open(document_with(tmp_path, kept))
    hands.finish_work()
    window.kept.said.connect(hands.said.append)
    return window


def playing(window: MainWindow) -> PlaySource:
    """What the player would open now."""
    factory = window.player._factory
    assert factory is not None
    return factory()


def hear(window: MainWindow, hands: Hands, qtbot: QtBot) -> None:
    with qtbot.waitSignal(window.kept.said):
        hands.press("Shift+C")


def test_the_example_and_the_proposal_play_by_turns(
    opened: MainWindow, hands: Hands, qtbot: QtBot, kept: Path
) -> None:
    opened.transport.seek(1_234)
    for _ in range(2):
        hear(opened, hands, qtbot)
        assert hands.said[-1].startswith("Reference: take 4 at 0:01; ")
        assert any(
            "take 4 at 0:01; again (Shift C)" in label.text()
            for label in opened.status_bar.findChildren(QLabel)
        )
        source = playing(opened)
        assert (source.rate_hz, source.channels, source.length_samples) == (RATE_HZ, 2, 3_200)
        expected, _ = soundfile.read(kept, start=8_000, frames=3_200, dtype="float32")
        np.testing.assert_array_equal(source.read(0, 3_200), expected)
        source.close()
        assert opened.transport.is_playing
        assert opened.transport.playhead_samples == 1_234
        hear(opened, hands, qtbot)
        assert hands.said[-1].startswith("The proposal")
        source = playing(opened)
        assert source.length_samples == opened.session.state.length_samples
        source.close()
        assert opened.transport.is_playing
    hands.press("Esc")
    assert not opened.transport.is_playing
    assert opened.transport.playhead_samples == 1_234


def test_it_ends_by_itself_and_the_recording_plays_on_from_the_playhead(
    opened: MainWindow, hands: Hands, qtbot: QtBot
) -> None:
    opened.transport.seek(20_000)
    hear(opened, hands, qtbot)
    qtbot.waitUntil(lambda: not opened.transport.is_playing)
    assert opened.transport.playhead_samples == 20_000
    hands.press("Space")
    qtbot.waitUntil(lambda: opened.transport.playhead_samples > 20_000)
    hands.press("Esc")


def test_a_click_on_the_timeline_ends_the_example(opened: MainWindow, hands: Hands, qtbot: QtBot) -> None:
    hear(opened, hands, qtbot)
    opened.transport.seek(9_000)
    assert not opened.transport.is_playing
    assert opened.transport.playhead_samples == 9_000


def test_it_loops_where_looping_is_on(opened: MainWindow, hands: Hands, qtbot: QtBot) -> None:
    hands.press("Shift+L")
    hear(opened, hands, qtbot)
    assert opened.player._loop == (0, 3_200)
    hear(opened, hands, qtbot)
    made = CUTS[0][0] + 400  # where the proposal is like it: 0.05 s after its start
    assert opened.player._loop == (made, made + 3_200)
    hands.press("Shift+L")
    hands.press("Esc")


def test_another_proposal_begins_with_its_example(opened: MainWindow, hands: Hands, qtbot: QtBot) -> None:
    hear(opened, hands, qtbot)
    hands.press("Down")
    hands.press("Shift+C")
    assert hands.refused[-1].startswith("No reference for this proposal")
    hands.press("Up")
    hear(opened, hands, qtbot)
    assert hands.said[-1].startswith("Reference: ")


def test_a_missing_file_is_named_and_one_that_moved_is_found(
    opened: MainWindow, hands: Hands, qtbot: QtBot, kept: Path, tmp_path: Path
) -> None:
    away = kept.rename(tmp_path.parent / f"{tmp_path.name} away.wav")
    with qtbot.waitSignal(opened.work.failed):
        hands.press("Shift+C")
    assert str(kept) in hands.refused[-1]
    assert "next to the taste" in hands.refused[-1]
    assert not opened.transport.is_playing
    away.rename(tmp_path / kept.name)  # beside the document
    hear(opened, hands, qtbot)
    source = playing(opened)
    assert isinstance(source, ReferenceSegment)
    source.close()


def test_a_file_at_another_rate_is_converted(
    opened: MainWindow, hands: Hands, qtbot: QtBot, kept: Path
) -> None:
    soundfile.write(kept, sound(6.0, 1, 12_000), 12_000, "FLOAT")
    nearest = opened.session.nearest
    assert nearest is not None
    changed = replace(nearest, content_hashes=[content_hash(kept)])
    edit = set_analyses(opened.session.state, {"nearest": "nearest-1"}, "Heard")
    opened.session.apply(edit, {"nearest-1": changed})
    hear(opened, hands, qtbot)
    source = playing(opened)
    assert (source.rate_hz, source.length_samples) == (RATE_HZ, 3_200)
    source.close()


def test_going_on_while_it_is_fetched_plays_nothing(opened: MainWindow, hands: Hands) -> None:
    hands.press("Shift+C")
    hands.press("Down")
    hands.finish_work()
    assert not opened.transport.is_playing


def test_the_card_names_it_and_its_button_plays_it(opened: MainWindow, hands: Hands, qtbot: QtBot) -> None:
    card = opened.findChild(Card)
    (button,) = [one for one in card.findChildren(KeyButton) if one.text() == "Play"]
    assert button.key == "Shift C"
    assert button.accessibleName() == "Play nearest reference, take 4 at 0:01"
    assert button.isVisible()
    with qtbot.waitSignal(opened.kept.said):
        button.click()
    hands.press("Down")
    assert not button.isVisible()
