"""Exporting from the window: what it would do, what it remembers, and the whole way by keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr
from PySide6.QtCore import QObject, QSettings, Qt, QUrl, Slot
from PySide6.QtGui import QDesktopServices
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QMessageBox, QPushButton, QWidget

from desktop.export.exporting import ExportSubject, look_at, made_edits, result_text
from desktop.export.memory import recall, remember
from desktop.user_settings.per_document import PerDocument
from engine.audio.codecs import Quality
from engine.audio.dither import Dither
from engine.by_hand.payloads import repeat_payload
from engine.document.by_hand import edit_by_hand
from engine.document.decisions import Verdict
from engine.document.file.storage import apply_rows
from engine.document.marks.markers import Marker
from engine.document.tracks.edits import set_track
from engine.edl.build import build
from engine.edl.export import ExportOptions, ExportRequest
from engine.edl.export.audio_files.audio_plan import source_depth
from engine.edl.export.placing.frame_rates import FrameRate
from engine.edl.export.plan import plan
from engine.edl.export.request import Depth
from engine.edl.render import render
from engine.errors import ExportError
from engine.timebase import convert_samples
from tests.desktop.conftest import Hands, fill, named_field
from tests.desktop.documents import make_document
from tests.engine.edl.recordings import recording, with_cuts
from tests.hostile.status import said
from widgets.controls.check_box import CheckBox
from widgets.controls.choice_field import ChoiceField
from widgets.forms.export.choice import ExportChoice


@pytest.fixture
def subject(tmp_path: Path) -> ExportSubject:
    """Ten seconds on two tracks with a cut from 1 to 3 s, and parts before, inside and across it."""
    rng = np.random.default_rng(1)
    recorded = recording(tmp_path, [rng.uniform(-0.2, 0.2, (80_000, 1)) for _ in range(2)], subtype="PCM_24")
    whole = ExportRequest(with_cuts(recorded.state, (8_000, 24_000)), recorded.media, tmp_path)
    spans = {"before": (1_000, 5_000), "inside": (9_000, 20_000), "across": (4_000, 28_000)}
    return ExportSubject(whole, spans)


@pytest.fixture
def choice(tmp_path: Path) -> ExportChoice:
    return ExportChoice(str(tmp_path), "out", (".wav",))


def with_options(choice: ExportChoice, span: str = "", **options: object) -> ExportChoice:
    return replace(choice, span=span, options=ExportOptions(**options))


@pytest.mark.parametrize(
    ("span", "removed", "expected"),
    [
        ("", False, None),
        ("before", False, (1_000, 5_000)),
        ("across", False, (4_000, 12_000)),
        ("inside", True, (1_000, 12_000)),
        ("across", True, (0, 16_000)),
    ],
)
def test_a_part_of_the_recording_is_found_in_the_file(
    subject: ExportSubject, choice: ExportChoice, span: str, removed: bool, expected: tuple[int, int] | None
) -> None:
    (request,) = subject.requests(with_options(choice, span, removed=removed))
    assert request.options.range_samples == expected
    assert plan(request)


@pytest.mark.parametrize(("span", "removed"), [("inside", False), ("before", True)])
def test_a_part_with_nothing_in_it_is_told_at_the_range(
    subject: ExportSubject, choice: ExportChoice, span: str, removed: bool
) -> None:
    asked = with_options(choice, span, removed=removed)
    with pytest.raises(ExportError, match="choose another"):
        subject.requests(asked)
    outlook = look_at(subject, asked)
    assert (outlook.field, "choose another" in outlook.problem) == ("range", True)
    assert look_at(subject, replace(asked, suffixes=(".edl",))).problem == ""  # it has no range


def test_the_outlook_names_files_lengths_and_sizes(subject: ExportSubject, choice: ExportChoice) -> None:
    Path(choice.folder, "out.edl").write_text("old")
    outlook = look_at(subject, replace(choice, suffixes=(".wav", ".flac", ".edl")))
    assert [(line.name, line.detail, line.replaces) for line in outlook.files] == [
        ("out.wav", "0:08.0 · 192 kB", False),
        ("out.flac", "0:08.0 · ≤ 192 kB", False),
        ("out.edl", "about 5 kB", True),
    ]
    assert outlook.total == "about 389 kB total"
    stems = look_at(subject, with_options(choice, stems=True))
    assert [line.name for line in stems.files] == ["out 01 Track 0.wav", "out 02 Track 1.wav"]
    assert stems.total == "384 kB total"
    assert [path.name for path in Path(choice.folder).glob("out*")] == ["out.edl"]


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"folder": "{f}/gone"}, "folder", "not an existing folder"),
        ({"folder": "{f}/s0.wav"}, "folder", "not an existing folder"),
        ({"folder": "{f}/" + "y" * 5_000}, "folder", "not an existing folder"),
        ({"folder": "~nobody of that name/out"}, "folder", "not an existing folder"),
        ({"name": "y" * 300}, "name", "too long"),
        ({"name": "a\0b"}, "name", "does not allow"),
        ({"name": "s0"}, "name", "never written over"),
        ({"name": "taken"}, "name", "is a folder"),
        ({"suffixes": (".flac",), "options": ExportOptions(depth=Depth.FLOAT_32)}, "bits", "16 or 24"),
        (
            {"suffixes": (".wav", ".mp3"), "options": ExportOptions(rate_hz=96_000)},
            "rate",
            "as MP3 at 96000 Hz: choose 8000,",
        ),
    ],
)
def test_a_problem_names_its_field(
    subject: ExportSubject, choice: ExportChoice, change: dict[str, object], field: str, words: str
) -> None:
    Path(choice.folder, "taken.wav").mkdir()
    before = sorted(Path(choice.folder).iterdir())
    if "folder" in change:
        change = {"folder": str(change["folder"]).format(f=choice.folder)}
    outlook = look_at(subject, replace(choice, **change))  # type: ignore[arg-type]
    assert (outlook.field, words in outlook.problem) == (field, True), outlook.problem
    assert outlook.problem.endswith(".")
    assert sorted(Path(choice.folder).iterdir()) == before


def test_what_is_left_is_told_with_what_is_not_decided(subject: ExportSubject) -> None:
    state = subject.whole.state
    assert made_edits(subject.whole) == "1 cut"
    assert "0:08.0 long, 0:02.0 shorter" in result_text(subject.whole)
    assert "undecided" not in result_text(subject.whole)
    nothing = replace(subject.whole, state=replace(state, decisions={}))
    assert made_edits(nothing) == ""
    assert "0:10.0" in result_text(nothing)
    assert "1 proposal is undecided" in result_text(nothing)
    assert source_depth(state) == "24 bit"


def test_a_result_that_is_arranged_is_not_what_is_left(subject: ExportSubject) -> None:
    state = subject.whole.state
    edit, _ = edit_by_hand(state, "repeat", 0, 2 * state.rate_hz, repeat_payload(5))
    whole = replace(subject.whole, state=apply_rows(state, edit.changes))
    assert made_edits(whole) == "1 cut and 1 repeat"
    assert "0:12.0 long, 0:02.0 longer" in result_text(whole)


def test_the_summary_counts_edits_that_change_no_length(subject: ExportSubject) -> None:
    state = subject.whole.state
    edits = (("gain", {"gain_db": -3.0}), ("mute", {}), ("keep", {}))
    for number, (kind, payload) in enumerate(edits):
        edit, _ = edit_by_hand(state, kind, 4_000 * number + 30_000, 4_000 * number + 32_000, payload)
        state = apply_rows(state, edit.changes)
    assert made_edits(replace(subject.whole, state=state)) == "1 gain, 1 mute, 1 cut and 1 keep"


def test_only_what_was_agreed_to_is_written_over(subject: ExportSubject, choice: ExportChoice) -> None:
    both = replace(choice, suffixes=(".wav", ".edl"))
    assert [request.overwrite for request in subject.requests(both)] == [False, False]
    assert [request.overwrite for request in subject.requests(both, {"out.edl"})] == [False, True]
    stems = with_options(choice, stems=True)
    assert [request.overwrite for request in subject.requests(stems, {"out 02 Track 1.wav"})] == [True]


def test_regions_are_listed_and_their_lack_is_told_at_the_range(
    subject: ExportSubject, choice: ExportChoice
) -> None:
    asked = with_options(replace(choice, suffixes=(".mp3", ".edl")), regions=True)
    outlook = look_at(subject, asked)
    assert (outlook.field, "name a span first" in outlook.problem) == ("range", True)
    markers = {"a": Marker("a", 0, 16_000, "One"), "b": Marker("b", 30_000, 46_000, "Two")}
    state = replace(subject.whole.state, markers=markers)
    outlook = look_at(replace(subject, whole=replace(subject.whole, state=state)), asked)
    assert [(line.name, line.detail) for line in outlook.files] == [
        ("out 01 One.mp3", "0:01.0 · about 12 kB"),
        ("out 02 Two.mp3", "0:02.0 · about 24 kB"),
        ("out.edl", "about 5 kB"),
    ]


def test_all_muted_has_no_stems(subject: ExportSubject, choice: ExportChoice) -> None:
    state = subject.whole.state
    muted = replace(state, tracks=tuple(replace(track, mute=True) for track in state.tracks))
    silent = replace(subject, whole=replace(subject.whole, state=muted))
    assert "unmute one first" in look_at(silent, with_options(choice, stems=True)).problem


def test_the_last_options_come_back(tmp_path: Path) -> None:
    options = ExportOptions(
        stems=True,
        regions=True,
        removed=True,
        quality=Quality.SMALL,
        fade_in_s=0.25,
        fade_out_s=3.0,
        loudness_lufs=-23.0,
        rate_hz=96_000,
        depth=Depth.BITS_16,
        dither=Dither.NONE,
        broadcast=False,
        collect=True,
        frame_rate=FrameRate.FPS_24,
    )
    path = str(tmp_path / "settings.ini")
    settings = QSettings(path, QSettings.Format.IniFormat)
    jam, talk = (PerDocument(settings, tmp_path / f"{name}.offcut") for name in ("jam", "talk"))
    assert recall(jam, "/f", "n") == ExportChoice("/f", "n")
    remember(jam, ExportChoice("/a", "b", (".edl", ".flac"), options, "window"))
    settings.sync()
    again = PerDocument(QSettings(path, QSettings.Format.IniFormat), tmp_path / "jam.offcut")
    kept = replace(options, removed=False)
    assert recall(again, "/f", "n") == ExportChoice("/f", "n", (".flac", ".edl"), kept)
    assert not recall(again, "/f", "n", has_regions=False).options.regions
    assert recall(talk, "/f", "n") == ExportChoice("/f", "n"), "another document has its own"
    remember(jam, ExportChoice("/a", "b", (".edl",)))
    assert recall(jam, "/f", "n").options.frame_rate is None, "that of the videos, whichever they are then"


@pytest.mark.parametrize("nonsense", ["", "x", "-70", "nan", "1e9", ".m4a .wav"])
def test_stored_nonsense_counts_as_never_chosen(tmp_path: Path, nonsense: str) -> None:
    settings = QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)
    names = ("formats", "stems", "loudness_lufs", "depth", "dither", "broadcast", "frame_rate")
    document = PerDocument(settings, tmp_path / "jam.offcut")
    document.write(
        "export",
        dict.fromkeys((*names, "rate_hz", "quality", "regions", "fade_in_s", "fade_out_s"), nonsense),
    )
    assert recall(document, "/f", "n") == ExportChoice("/f", "n")
    settings.setValue("documents", nonsense)
    assert recall(document, "/f", "n") == ExportChoice("/f", "n")


# By keys.


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
    assert found == ["Audacity labels (.txt)", "Cue points and notes (bext, iXML)"]


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
