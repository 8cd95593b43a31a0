"""Exporting from the window: the whole way by keys, and exports that would clip."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr
from PySide6.QtCore import QObject, Qt, QUrl, Slot
from PySide6.QtGui import QDesktopServices
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QMessageBox, QPushButton, QWidget

from engine.core.timebase import convert_samples
from engine.document.edits.tracks import set_track
from engine.document.proposals import Verdict
from engine.document.state import Marker
from engine.exchange.export import ExportRequest
from engine.sound.edl.build import build
from engine.sound.edl.render import render
from tests.desktop.conftest import Hands, fill, named_field
from tests.desktop.documents import make_document
from tests.hostile.status import said
from widgets.controls.fields import CheckBox, ChoiceField


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "a folder"
    made.mkdir()
    return made


@pytest.fixture
def exporting(hands: Hands, folder: Path) -> Hands:
    """A window with a stereo recording of ten seconds and two cuts, the first accepted."""
    rng = np.random.default_rng(2)
    soundfile.write(folder / "jam.wav", rng.uniform(-0.2, 0.2, (80_000, 2)), 8_000, subtype="PCM_24")
    hands.window.session.open(make_document(folder / "jam.offcut", folder / "jam.wav"))
    hands.finish_work()
    hands.press("A")
    assert hands.window.session.state.verdict("cut-4000") is Verdict.ACCEPTED
    return hands


def tick(dialog: QWidget, *names: str) -> None:
    for box in dialog.findChildren(CheckBox):
        if any(box.text().startswith(name) for name in names):
            box.setFocus()
            QTest.keyClick(box, Qt.Key.Key_Space)


def choose(dialog: QWidget, name: str, label: str) -> None:
    (field,) = (each for each in dialog.findChildren(ChoiceField) if each.accessibleName() == name)
    field.setFocus()
    while not field.currentText().startswith(label):
        before = field.currentText()
        QTest.keyClick(field, Qt.Key.Key_Down)
        assert field.currentText() != before, label


def enter(dialog: QWidget) -> None:
    QTest.keyClick(dialog.focusWidget() or dialog, Qt.Key.Key_Return)


def test_a_range_as_stems_in_two_formats_by_keys_alone(exporting: Hands, folder: Path) -> None:
    def answer(dialog: QWidget) -> None:
        tick(dialog, "FLAC", "CMX", "One file for each track")
        choose(dialog, "Bits", "16 bit")
        choose(dialog, "Dither", "Never")
        choose(dialog, "Range", "Current cut")
        enter(dialog)  # from a closed list, not from a field

    exporting.press_and_answer("Ctrl+E", answer)
    exporting.finish_work()
    written = sorted(path.name for path in folder.glob("jam edited*"))
    assert written == ["jam edited 01 jam.flac", "jam edited 01 jam.wav", "jam edited.edl"]
    state, media = exporting.window.session.state, exporting.window.session.media
    span = tuple(build(state).to_result(edge) for edge in state.span("cut-12000"))
    expected = render(state, build(state), media, *span)
    for suffix in (".flac", ".wav"):
        heard, _ = soundfile.read(folder / f"jam edited 01 jam{suffix}", dtype="float32")
        np.testing.assert_array_equal(heard, np.rint(expected * 2.0**15) / 2.0**15)


def test_another_sample_rate_by_keys_alone(exporting: Hands, folder: Path) -> None:
    def answer(dialog: QWidget) -> None:
        choose(dialog, "Sample rate", "44.1 kHz")
        choose(dialog, "Bits", "32 bit float")
        enter(dialog)

    exporting.press_and_answer("Ctrl+E", answer)
    exporting.finish_work()
    state, media = exporting.window.session.state, exporting.window.session.media
    whole = render(state, build(state), media, 0, build(state).length_samples)
    heard, rate_hz = soundfile.read(folder / "jam edited.wav", dtype="float32")
    assert (rate_hz, len(heard)) == (44_100, convert_samples(len(whole), 8_000, 44_100))
    converted = soxr.resample(whole, 8_000, 44_100, quality="VHQ")
    np.testing.assert_array_equal(heard[: len(converted)], converted[: len(heard)])


def test_what_was_chosen_is_there_the_next_time(exporting: Hands) -> None:
    def first(dialog: QWidget) -> None:
        tick(dialog, "WAV", "Audacity")
        enter(dialog)

    found = []

    def second(dialog: QWidget) -> None:
        found.extend(box.text() for box in dialog.findChildren(CheckBox) if box.isChecked())
        QTest.keyClick(dialog, Qt.Key.Key_Escape)

    exporting.press_and_answer("Ctrl+E", first)
    exporting.finish_work()
    exporting.press_and_answer("Ctrl+E", second)
    assert found == ["Audacity labels (.txt)", "Cue points, chapters, notes"]


def test_files_that_exist_are_named_and_asked_about_once(exporting: Hands, folder: Path) -> None:
    for name in ("mix.wav", "mix.edl"):
        (folder / name).write_text("precious")
    asked = []

    def ask(dialog: QWidget) -> None:
        tick(dialog, "CMX")
        fill(File="mix")(dialog)

    def keep(box: QWidget) -> None:
        assert isinstance(box, QMessageBox)
        asked.append(box.text())
        QTest.keyClick(box, Qt.Key.Key_Escape)

    def go_on(box: QWidget) -> None:
        (replacing,) = (each for each in box.findChildren(QPushButton) if each.text() == "Replace")
        QTest.mouseClick(replacing, Qt.MouseButton.LeftButton)

    def leave(dialog: QWidget) -> None:
        """Answer the question with no, then give the form up."""
        ask(dialog)
        QTest.keyClick(dialog, Qt.Key.Key_Escape)

    exporting.press_and_answer("Ctrl+E", leave, keep)
    assert asked == ["These files already exist:\nmix.wav\nmix.edl"]
    assert (folder / "mix.wav").read_text() == "precious"
    exporting.press_and_answer(
        "Ctrl+E", lambda dialog: (tick(dialog, "CMX"), fill(File="mix")(dialog)), go_on
    )
    exporting.finish_work()
    assert (folder / "mix.wav").stat().st_size > 100_000


def test_enter_does_nothing_while_something_is_wrong(exporting: Hands, folder: Path) -> None:
    seen: list[str] = []

    def answer(dialog: QWidget) -> None:
        field = named_field(dialog, "Folder")
        field.setText(str(folder / "gone"))
        field.setFocus()
        QTest.keyClick(field, Qt.Key.Key_Return)
        labels = dialog.findChildren(QLabel)
        seen.extend(each.text() for each in labels if each.property("role") == "error" and each.isVisible())
        assert dialog.isVisible()
        QTest.keyClick(dialog, Qt.Key.Key_Escape)

    exporting.press_and_answer("Ctrl+E", answer)
    assert seen == [f"{folder / 'gone'} is not an existing folder: choose another one."]
    assert not exporting.window.work.is_busy


class Opener(QObject):
    """Stands where the system's file manager does."""

    def __init__(self) -> None:
        super().__init__()
        self.opened: list[str] = []

    @Slot(QUrl)
    def open(self, url: QUrl) -> None:
        self.opened.append(url.toLocalFile())


@pytest.fixture
def opener() -> Iterator[Opener]:
    made = Opener()
    QDesktopServices.setUrlHandler("file", made, "open")
    yield made
    QDesktopServices.unsetUrlHandler("file")


def offered(hands: Hands) -> list[QPushButton]:
    buttons = hands.window.status_bar.findChildren(QPushButton)
    return [each for each in buttons if each.text() == "Show in folder" and each.isVisible()]


def test_the_exported_file_is_shown(exporting: Hands, folder: Path, opener: Opener) -> None:
    exporting.window.commands.run("file.show_exported")
    assert "Export first" in said(exporting.window)
    assert not offered(exporting)
    exporting.press_and_answer("Ctrl+E", fill(File="mix"))
    exporting.finish_work()
    assert "mix.wav" in said(exporting.window)
    (button,) = offered(exporting)
    exporting.qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert opener.opened == [str(folder)]
    assert not offered(exporting)  # another sentence took its place
    exporting.window.commands.run("file.show_exported")
    assert len(opener.opened) == 2


def test_several_exports_are_one_line_with_details(exporting: Hands, folder: Path) -> None:
    window = exporting.window
    session = window.session
    paths = [folder / f"mix.{suffix}" for suffix in ("wav", "flac", "json", "rpp", "txt")]
    window.exporting.write(tuple(ExportRequest(session.state, session.media, path) for path in paths))
    exporting.finish_work()
    assert len(said(window)) < 60
    buttons = window.status_bar.findChildren(QPushButton)
    (details,) = [each for each in buttons if each.text() == "Details" and each.isVisible()]
    exporting.qtbot.mouseClick(details, Qt.MouseButton.LeftButton)
    logged = [message.text for message in window.messages.messages]
    assert all(any(path.name in text for text in logged) for path in paths)
    assert window.messages.log is not None
    assert window.messages.log.isVisible()
    window.messages.log.close()


def test_a_region_can_be_exported(exporting: Hands) -> None:
    window = exporting.window
    marker = Marker("m1", 8_000, 12_000, "Chorus")
    offers, spans = window.exporting.offers(replace(window.session.state, markers={"m1": marker}))
    assert spans["marker:m1"] == (8_000, 12_000)
    assert offers[-1].label == "Chorus, 0:01.0 – 0:01.5"
    assert [offer.key for offer in offers] == ["", "window", "current", "marker:m1"]
    assert spans["window"] == (0, 80_000)
    assert spans["current"] == (12_000, 16_000)


# What would clip.


@pytest.fixture
def loud(hands: Hands, folder: Path) -> Hands:
    """A window with a recording that is 1.2 dB over full scale at three places once its track is louder."""
    sound = np.full((80_000, 2), 0.1)
    sound[[16_000, 40_000, 56_000], 0] = (0.5, -0.5 * 10 ** (1.19 / 20), 0.52)
    soundfile.write(folder / "jam.wav", sound, 8_000, subtype="PCM_24")
    session = hands.window.session
    session.open(make_document(folder / "jam.offcut", folder / "jam.wav", ()))
    hands.finish_work()
    (track,) = session.state.tracks
    session.apply(set_track(session.state, track.id, gain_db=20 * np.log10(2.0) + 0.005))
    return hands


def name_it(dialog: QWidget) -> None:
    fill(File="mix")(dialog)


def press_in(text: str) -> Callable[[QWidget], None]:
    """Answer a question with a button."""

    def answer(box: QWidget) -> None:
        (button,) = (each for each in box.findChildren(QPushButton) if each.text() == text)
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)

    return answer


def test_what_would_clip_is_asked_about_and_lowered_by_enter(loud: Hands, folder: Path) -> None:
    said: list[str] = []

    def answer(box: QWidget) -> None:
        assert isinstance(box, QMessageBox)
        said.extend((box.text(), *(button.text() for button in box.buttons())))
        enter(box)

    before = loud.window.session.state
    loud.press_and_answer("Ctrl+E", name_it, answer)
    loud.finish_work()
    assert said[0] == "The mix goes 1.2 dB over full scale at 3 places, first at 0:02.0."
    assert sorted(said[1:]) == ["Cancel", "Export as it is", "Lower by 1.2 dB"]
    assert loud.window.session.state is before
    written = soundfile.read(folder / "mix.wav")[0]
    assert 0.99 < np.abs(written).max() <= 1.0
    assert "It is 1.2 dB quieter than the document." in loud.said[-1]
    assert "too loud" not in loud.said[-1]


def test_what_would_clip_is_exported_as_it_is_or_not_at_all(loud: Hands, folder: Path) -> None:
    def leave(dialog: QWidget) -> None:
        """Go back from the question to the form, and give that up."""
        name_it(dialog)
        assert dialog.isVisible()
        QTest.keyClick(dialog, Qt.Key.Key_Escape)

    loud.press_and_answer("Ctrl+E", leave, press_in("Cancel"))
    assert not (folder / "mix.wav").exists()
    loud.window.commands.run("transport.next_clip")  # no recording clips, but what was to be exported does
    assert loud.window.transport.playhead_samples == pytest.approx(16_000, abs=160)
    loud.press_and_answer("Ctrl+E", name_it, press_in("Export as it is"))
    loud.finish_work()
    assert "3 samples were too loud, up to 1.2 dB over full scale, and were clipped" in loud.said[-1]


def test_what_does_not_clip_is_not_asked_about(loud: Hands, folder: Path) -> None:
    def floats(dialog: QWidget) -> None:
        choose(dialog, "Bits", "32 bit float")
        name_it(dialog)

    loud.press_and_answer("Ctrl+E", floats)
    loud.finish_work()
    assert np.abs(soundfile.read(folder / "mix.wav")[0]).max() > 1.1
