"""The time of day of the start, as files at their places state it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.cli.main import main
from engine.core.progress import SILENT
from engine.document.document import Document
from engine.document.settings import TimeOfDay, set_time_of_day, starts_at
from engine.features.placement.plan import propose_places
from engine.features.timing.kit import import_with_kit
from engine.recordings.import_audio import ImportRequest, import_edit, stated_start
from engine.recordings.stated.file_head import TimeField, read_heads
from engine.recordings.stated.placements import Mode, Reason
from engine.recordings.stated.start_time import StartTime, start_time
from tests.engine.features.placement.files import NOON, NOW, dated, m4a, silence, wav

NOISE = np.random.default_rng(0).standard_normal(16_000).astype(np.float32) * 0.1


@pytest.fixture(autouse=True)
def _zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Put this computer two hours east of UTC."""
    monkeypatch.setenv("TZ", "XXX-2")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def later(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)


def found(paths: list[Path], mode: Mode = Mode.TIME) -> StartTime | None:
    heads = read_heads(paths, now=NOW)
    return start_time(heads, propose_places(heads, mode))


def at(start: StartTime | None) -> str:
    assert start is not None
    return start.at.iso


def test_a_time_reference_is_the_start(tmp_path: Path) -> None:
    first = wav(tmp_path / "R_0001.wav", silence(1.0), NOON + later(0.25))
    second = wav(tmp_path / "R_0002.wav", silence(1.0), NOON + later(600))
    start = found([second, first])
    assert start is not None
    assert start.at.iso == "2026-05-03T12:00:00.250000"
    assert (start.field, start.path, start.is_converted) == (TimeField.TIME_REFERENCE, first, False)
    assert "R_0001.wav" in start.sentence


def test_most_files_decide(tmp_path: Path) -> None:
    """The clock of a camera is an hour off; the recorder has two files."""
    one = wav(tmp_path / "rec/R_0001.wav", silence(1.0), NOON)
    two = wav(tmp_path / "rec/R_0002.wav", silence(1.0), NOON + later(60))
    camera = wav(tmp_path / "cam/C0001.wav", silence(2.0), NOON + later(3600))
    heads = read_heads([camera, one, two], now=NOW)
    places = propose_places(heads, Mode.TIME)
    # The sound placed the camera where its clock does not.
    moved = [replace(files, start_samples=0.0, reason=Reason.SAME_SOUND) for files in places.files[:1]]
    changed = replace(places, files=(*moved, *places.files[1:]))
    start = start_time(heads, changed)
    assert at(start) == "2026-05-03T12:00:00"
    # Whoever puts all files elsewhere by hand leaves nothing that a time rests on.
    by_hand = [replace(one, reason=Reason.CHOSEN, start_samples=0.0) for one in places.files]
    assert start_time(heads, replace(places, files=tuple(by_hand))) is None


@pytest.mark.parametrize("mode", [Mode.ZERO, Mode.AFTER])
def test_chosen_places_have_to_agree(tmp_path: Path, mode: Mode) -> None:
    first = wav(tmp_path / "a/one.wav", silence(1.0), NOON)
    second = wav(tmp_path / "b/two.wav", silence(1.0), NOON + later(600))
    assert found([first, second], mode) is None
    assert at(found([first], mode)) == "2026-05-03T12:00:00"


def test_utc_is_converted_and_local_time_wins(tmp_path: Path) -> None:
    phone = m4a(tmp_path / "phone/memo.m4a", silence(1.0), NOON)
    start = found([phone], Mode.ZERO)
    assert start is not None
    assert start.is_converted
    assert start.at.iso == "2026-05-03T14:00:00"
    recorder = wav(tmp_path / "rec/R_0001.wav", silence(1.0), NOON + later(10))
    both = found([phone, recorder])
    assert both is not None
    assert (both.field, both.is_converted) == (TimeField.TIME_REFERENCE, False)


def test_file_dates_count_only_where_a_place_rests_on_them(tmp_path: Path) -> None:
    one, two = (wav(tmp_path / folder / f"{folder}.wav", silence(1.0)) for folder in ("a", "b"))
    dated(one, NOON)
    dated(two, NOON + later(60))
    start = found([one, two])
    assert start is not None
    assert start.field is TimeField.FILE_DATE
    assert start.at.iso == "2026-05-03T13:59:59"
    assert found([one, two], Mode.ZERO) is None
    assert found([one], Mode.AFTER) is None


def test_without_times_there_is_none(tmp_path: Path) -> None:
    assert found([wav(tmp_path / "jam.wav", silence(1.0))], Mode.ZERO) is None
    assert start_time((), None) is None


def test_an_import_gives_its_time_to_an_empty_document_only(tmp_path: Path) -> None:
    first = wav(tmp_path / "R_0001.wav", NOISE, NOON)
    other = wav(tmp_path / "later/R_0009.wav", NOISE[::-1].copy(), NOON + later(900))
    with Document.create(tmp_path / "day.offcut") as document:
        imported = import_with_kit(ImportRequest((first,)), SILENT)
        document.apply(import_edit(document.state, imported))
        assert starts_at(document.state) == TimeOfDay.of(NOON)
        again = import_with_kit(ImportRequest((other,), into=document.state), SILENT)
        assert stated_start(document.state, again) is None
        document.apply(set_time_of_day(document.state, 0, None))
        assert stated_start(document.state, again) is None, "it would not be that of the other track"
        document.undo()
        document.undo()
        assert starts_at(document.state) is None, "undone with the import"
        document.redo()
        assert starts_at(document.state) == TimeOfDay.of(NOON)


def told(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    assert main([*words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_the_command_line_reports_and_sets_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = wav(tmp_path / "R_0001.wav", NOISE, NOON - later(1.0))
    second = wav(tmp_path / "R_0002.wav", NOISE[::-1].copy(), NOON + later(60))
    project = str(tmp_path / "day.offcut")
    made = told(capsys, "new", project, str(first), str(second), "--place", "time")
    assert made["starts_at"] == "2026-05-03T11:59:59"
    assert made["starts_at_by"] == {"file": str(first), "field": "bext time reference"}
    tracks = told(capsys, "tracks", project)
    clips = [clip["time_of_day"] for track in tracks["tracks"] for clip in track["clips"]]
    assert (tracks["starts_at"], clips) == (
        "2026-05-03T11:59:59",
        ["2026-05-03T11:59:59", "2026-05-03T12:01:00"],
    )
    assert told(capsys, "edit", project, "clock", "--time", "0:00:01.5", "--at-s", "2")["starts_at"] == (
        "2026-05-02T23:59:59.500000"
    ), "on the day of that moment"
    dated_anew = told(capsys, "edit", project, "clock", "--time", "14:03", "--date", "2026-05-02")
    assert dated_anew["starts_at"] == "2026-05-02T14:03:00"
    assert told(capsys, "edit", project, "clock", "--time", "none")["starts_at"] is None
    bare = told(capsys, "edit", project, "clock", "--time", "14:03")
    assert bare["starts_at"] == "14:03:00"
    assert told(capsys, "tracks", project)["tracks"][0]["clips"][0]["time_of_day"] == "14:03:00"
    assert main(["tracks", project]) == 0
    assert "14:03:00" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words",
    [
        ("clock",),
        ("clock", "--time", "25:00"),
        ("clock", "--time", "14:03", "--date", "tomorrow"),
        ("clock", "--time", "none", "--date", "2026-05-02"),
        ("cut", "--start-s", "0", "--stop-s", "1", "--time", "14:03"),
    ],
)
def test_wrong_times_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    project = str(tmp_path / "day.offcut")
    told(capsys, "new", project, str(wav(tmp_path / "a.wav", NOISE)))
    assert main(["edit", project, *words]) == 2
    assert told(capsys, "tracks", project)["starts_at"] is None
