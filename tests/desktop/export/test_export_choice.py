"""The choices of an export: its outlook, its problems, and what is remembered of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QSettings

from desktop.export.dialog import recall, remember
from desktop.export.exporting import ExportSubject, look_at, made_edits, result_text
from desktop.shell.user_settings.remembered import PerDocument
from engine.core.errors import ExportError
from engine.document.edits.by_hand import edit_by_hand
from engine.document.file.storage import apply_rows
from engine.document.state import Marker
from engine.exchange.export import ExportOptions, ExportRequest
from engine.exchange.export.audio_plan import source_depth
from engine.exchange.export.placing.timecode import FrameRate
from engine.exchange.export.plan import plan
from engine.exchange.export.request import Depth
from engine.review.by_hand import repeat_payload
from engine.sound.codecs import Quality
from engine.sound.writer import Dither
from tests.engine.sound.edl.recordings import recording, with_cuts
from widgets.forms.export_options import ExportChoice


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
