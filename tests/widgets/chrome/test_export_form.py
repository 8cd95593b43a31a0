"""The export form: what it offers, what it says at which field, and what it returns."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QPushButton, QScrollArea, QWidget
from pytestqt.qtbot import QtBot

from engine.exchange.export.formats import FORMATS
from engine.exchange.export.placing.timecode import FrameRate
from engine.exchange.export.request import RATES_HZ, Depth, ExportOptions
from engine.sound.codecs import Quality
from engine.sound.writer import Dither
from tests.as_before import require_sentence
from tests.widgets.conftest import Dress
from widgets.controls.fields import CheckBox, ChoiceField
from widgets.forms.export_form import ExportForm, WrittenList
from widgets.forms.export_options import (
    WHOLE,
    ExportChoice,
    ExportOutlook,
    SpanOffer,
    WrittenLine,
)
from widgets.theme import DARK, LIGHT, Theme

EVERYTHING = ExportChoice(
    "/music",
    "jam",
    tuple(FORMATS),
    ExportOptions(
        stems=True,
        regions=True,
        removed=True,
        quality=Quality.BEST,
        fade_in_s=0.5,
        fade_out_s=2.0,
        loudness_lufs=-23.0,
        rate_hz=44_100,
        depth=Depth.BITS_24,
        dither=Dither.TPDF,
        broadcast=False,
        collect=True,
        frame_rate=FrameRate.FPS_29_97,
    ),
    "window",
)
SPANS = (WHOLE, SpanOffer("window", "What is in view, 1:00.0 – 2:00.0"))
Make = Callable[..., ExportForm]


def well(choice: ExportChoice) -> ExportOutlook:
    """Say of every export that it writes one file a format."""
    return ExportOutlook(tuple(WrittenLine(path, "1:00.0") for path in choice.paths), "9 MB in all")


@pytest.fixture
def make(qtbot: QtBot, dress: Dress) -> Iterator[Make]:
    def shown(
        choice: ExportChoice = ExportChoice("/music", "jam"),  # noqa: B008 - it is frozen
        look: Callable[[ExportChoice], ExportOutlook] = well,
        theme: Theme = DARK,
        scale: float = 1.0,
        video_rate: FrameRate | None = None,
    ) -> ExportForm:
        left = "4:57.0 of 10:41.0 are left."
        form = ExportForm(dress(theme, scale), choice, look, SPANS, left, "", 48_000, video_rate)
        qtbot.addWidget(form)
        form.adjustSize()
        with qtbot.waitExposed(form):
            form.show()
        form.activateWindow()
        return form

    return shown


def part(form: ExportForm, kind: type, start: str) -> QWidget:
    found = [
        each
        for each in form.findChildren(kind)
        if each.accessibleName().startswith(start) or getattr(each, "text", str)().startswith(start)
    ]
    assert len(found) == 1, start
    return found[0]


def errors(form: ExportForm) -> list[str]:
    labels = form.findChildren(QLabel)
    return [each.text() for each in labels if each.property("role") == "error" and each.isVisible()]


def written(form: ExportForm) -> list[str]:
    found = form.findChild(WrittenList)
    assert found is not None
    return found.text().split("\n")


@pytest.mark.parametrize("choice", [ExportChoice("/music", "jam"), EVERYTHING])
def test_what_is_put_in_comes_out(make: Make, choice: ExportChoice) -> None:
    assert make(choice).values() == choice


def test_it_lists_what_it_will_write(make: Make, qtbot: QtBot) -> None:
    form = make()
    assert written(form) == ["Will write 1 file, 9 MB in all", "/music/jam.wav, 1:00.0"]
    for box in form.findChildren(CheckBox)[1 : len(FORMATS)]:
        qtbot.mouseClick(box, Qt.MouseButton.LeftButton)
    assert form.values().suffixes == tuple(FORMATS)
    assert written(form)[1:] == [f"/music/jam{suffix}, 1:00.0" for suffix in FORMATS]
    with qtbot.waitSignal(form.folder_requested):
        qtbot.mouseClick(part(form, QPushButton, "Choose"), Qt.MouseButton.LeftButton)
    form.set_folder("/else where")
    assert form.values().paths[0] == "/else where/jam.wav"


def test_a_file_that_is_replaced_says_so(make: Make) -> None:
    line = WrittenLine("jam.wav", "1:00.0 · 9 MB", replaces=True)
    form = make(look=lambda _choice: ExportOutlook((line,)))
    assert written(form)[1] == "jam.wav, 1:00.0 · 9 MB, replaces the existing file"
    before = form.grab().toImage()
    plain = make(look=lambda _choice: ExportOutlook((WrittenLine("jam.wav", "1:00.0 · 9 MB"),)))
    assert plain.grab().toImage() != before


@pytest.mark.parametrize(
    ("name", "choice"),
    [
        ("no folder", ExportChoice(" ", "jam")),
        ("no name", ExportChoice("/m", "")),
        ("a name with slashes", ExportChoice("/m", "../jam")),
        ("a name of dots", ExportChoice("/m", "..")),
        ("no format", ExportChoice("/m", "jam", ())),
    ],
)
def test_it_names_the_missing_field(make: Make, name: str, choice: ExportChoice) -> None:
    form = make(choice)
    sentence = form.problem()
    require_sentence("forms", f"export, {name}", sentence)
    assert errors(form) == [sentence]
    assert written(form) == [""]


@pytest.mark.parametrize(
    "field", ["formats", "range", "rate", "bits", "loudness", "folder", "name", "files", "?"]
)
def test_a_problem_stands_at_its_field_once(make: Make, field: str) -> None:
    problems = iter(["That will not do: choose another."] * 2 + [""])
    form = make(look=lambda _choice: ExportOutlook(field=field, problem=next(problems)))
    assert errors(form) == ["That will not do: choose another."]
    form.set_folder("/other")
    form.set_folder("/good")
    assert (errors(form), form.problem()) == ([], "")


def test_what_a_format_has_not_is_off_with_the_reason(make: Make, qtbot: QtBot) -> None:
    form = make(ExportChoice("/m", "jam", (".edl",)))

    def is_on(start: str, kind: type = ChoiceField) -> bool:
        return part(form, kind, start).isEnabled()

    def reasons() -> list[str]:
        return [each.text() for each in form.findChildren(QLabel) if each.text().startswith("for ")]

    assert "for .wav, .flac, .mp3, .ogg and .opus" in reasons()
    assert "for .otio, .aaf, .fcpxml, .xml and .edl" not in reasons()
    names = ("Range", "Sample rate", "Bits", "Dither", "Frame")
    assert [is_on(name) for name in names] == [False, False, False, False, True]
    qtbot.mouseClick(part(form, CheckBox, "FLAC"), Qt.MouseButton.LeftButton)
    assert [is_on(name) for name in names[:4]] == [True, True, True, True]
    assert not is_on("Cue points", CheckBox)
    qtbot.mouseClick(part(form, CheckBox, "CMX"), Qt.MouseButton.LeftButton)
    assert not is_on("Frame")
    bits = part(form, ChoiceField, "Bits")
    qtbot.keyClick(bits, Qt.Key.Key_End)
    assert form.values().options.depth is Depth.FLOAT_32
    assert not is_on("Dither")


def test_coded_formats_have_a_quality_and_no_depth(make: Make, qtbot: QtBot) -> None:
    form = make(ExportChoice("/m", "jam", (".mp3",)))
    names = ("Range", "Bits", "Dither", "Quality")
    assert [part(form, ChoiceField, name).isEnabled() for name in names] == [True, False, False, True]
    qtbot.keyClick(part(form, ChoiceField, "Quality"), Qt.Key.Key_End)
    assert form.values().options.quality is Quality.BEST
    form = make()
    assert [part(form, ChoiceField, name).isEnabled() for name in names] == [True, True, True, False]


def test_the_sample_rate_is_the_documents_until_another_is_chosen(make: Make, qtbot: QtBot) -> None:
    form = make()
    field = part(form, ChoiceField, "Sample rate")
    labels = [field.itemText(row) for row in range(field.count())]
    assert labels[0] == "Same as document, 48 kHz"
    assert labels[1:] == [f"{rate_hz / 1_000:g} kHz" for rate_hz in RATES_HZ]
    assert form.values().options.rate_hz is None
    field.setFocus()
    qtbot.keyClicks(field, "44")
    assert form.values().options.rate_hz == 44_100
    qtbot.keyClick(field, Qt.Key.Key_Home)
    assert form.values().options.rate_hz is None
    qtbot.mouseClick(part(form, CheckBox, "WAV"), Qt.MouseButton.LeftButton)
    assert not field.isEnabled()


@pytest.mark.parametrize(
    ("video_rate", "label"),
    [
        (None, "Automatic, 25 fps"),
        (FrameRate.FPS_29_97, "Same as video, 29.97 fps"),
    ],
)
def test_the_frame_rate_is_that_of_the_video(
    make: Make, qtbot: QtBot, video_rate: FrameRate | None, label: str
) -> None:
    form = make(ExportChoice("/music", "jam", (".edl",)), video_rate=video_rate)
    field = part(form, ChoiceField, "Frame rate")
    assert field.currentText() == label
    assert form.values().options.frame_rate is None
    field.setFocus()
    qtbot.keyClicks(field, "24")
    assert form.values().options.frame_rate is FrameRate.FPS_24


def test_fades_are_typed_in_milliseconds(make: Make, qtbot: QtBot) -> None:
    form = make()
    field = part(form, QLineEdit, "Fade out")
    field.setFocus()
    field.selectAll()
    qtbot.keyClicks(field, "1500")
    options = form.values().options
    assert (options.fade_in_s, options.fade_out_s) == (0.0, 1.5)
    field.clear()
    assert errors(form) == ["The fade out must be a whole number from 0 to 600,000."]


def test_it_fits_a_small_screen_with_everything_chosen(make: Make) -> None:
    size = make(EVERYTHING).sizeHint()
    # 1280 by 800 without the margins and the buttons of the dialog and what it leaves of the screen
    assert size.width() <= 1_280 - 42
    assert size.height() <= 800 - 96 - 90


def test_the_loudness_is_asked_for_by_typing_it(make: Make, qtbot: QtBot) -> None:
    form = make()
    field = part(form, QLineEdit, "Loudness")
    field.setFocus()
    field.selectAll()
    qtbot.keyClicks(field, "-23")
    assert form.values().options.loudness_lufs == -23.0
    field.clear()
    assert errors(form) == ["Loudness must be a whole number from -69 to 0."]
    qtbot.mouseClick(part(form, CheckBox, "Normalise"), Qt.MouseButton.LeftButton)
    assert form.problem() == ""
    assert form.values().options.loudness_lufs is None


def test_every_field_is_reached_and_changed_by_keys(make: Make, qtbot: QtBot) -> None:
    form = make(ExportChoice("/m", "jam", (".wav", ".edl")))
    form.findChildren(CheckBox)[0].setFocus()
    names = []
    for _ in range(40):
        now = form.focusWidget()
        assert now is not None
        names.append(now.accessibleName() or now.text())
        qtbot.keyClick(now, Qt.Key.Key_Tab)
        if form.focusWidget() is form.findChildren(CheckBox)[0]:
            break
    assert len(names) == len(set(names))
    assert [name.split(" (")[0] for name in names[: len(FORMATS)]] == [each.name for each in FORMATS.values()]
    assert names[len(FORMATS) :] == [
        *("Folder", "Choose a folder", "File name without extension"),
        *("One file for each track", "One file for each region", "Removed audio only"),
        *("Range", "Sample rate", "Bits", "Dither"),
        *("Fade in in milliseconds", "Fade out in milliseconds"),
        *("Normalise to", "Loudness in LUFS", "Cue points, chapters, notes", "Frame rate"),
        "Copy recordings next to the file",
    ]
    box = part(form, ChoiceField, "Range")
    qtbot.keyClick(box, Qt.Key.Key_Down)
    assert form.values().span == "window"


def test_the_wheel_changes_nothing_in_passing(make: Make) -> None:
    form = make()
    field = part(form, ChoiceField, "Bits")
    turn = QWheelEvent(
        QPointF(5, 5),
        QPointF(5, 5),
        QPoint(),
        QPoint(0, -120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(field, turn)
    assert form.values().options.depth is None


@pytest.mark.parametrize("scale", [1.0, 1.5, 2.0])
def test_it_cuts_no_text(make: Make, scale: float) -> None:
    form = make(EVERYTHING, theme=LIGHT, scale=scale)
    for each in (*form.findChildren(QLabel), *form.findChildren(CheckBox)):
        if each.isVisible() and isinstance(each, QLabel) and each.wordWrap():
            assert each.height() >= each.heightForWidth(each.width()), each.text()
        elif each.isVisible():
            assert each.width() >= each.sizeHint().width(), each.text()
    for field in form.findChildren(ChoiceField):
        assert field.width() >= field.sizeHint().width(), field.accessibleName()


def test_a_long_list_scrolls_by_keys(make: Make, qtbot: QtBot) -> None:
    form = make(EVERYTHING)
    area = form.findChild(QScrollArea)
    assert area is not None
    area.setFocus()
    qtbot.keyClick(area, Qt.Key.Key_Down)
    assert area.verticalScrollBar().value() > 0


def test_it_follows_the_theme(make: Make) -> None:
    form = make(EVERYTHING)
    before = form.grab().toImage()
    form.set_theme(LIGHT)
    assert form.grab().toImage() != before
