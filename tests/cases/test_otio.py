"""OpenTimelineIO as other programs write it: what is not understood is named, and never accepted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.cli.main import main
from engine.core.errors import EditsError
from tests.cases.imported import Edit, imported, noise

CASE_32 = "32-otio-warp-nested-missing"


@pytest.mark.parametrize(
    ("name", "edits", "parts"),
    [
        ("warped", [("cut", 20, 30), ("cut", 55, 60)], [("clip at 125 % speed", 20, 40)]),
        ("nested", [("cut", 20, 30), ("cut", 50, 60)], []),
        ("disabled clip", [("mute", 20, 30), ("cut", 50, 60)], []),
        ("missing", [("cut", 50, 60)], [("clip without a file", 20, 30)]),
    ],
)
def test_warped_nested_disabled_and_missing_clips(
    tmp_path: Path, inputs: Path, name: str, edits: list[Edit], parts: list[Edit]
) -> None:
    case = inputs / CASE_32
    found = imported(tmp_path, [case / "day.flac"], case / f"{name}.otio")
    assert found.parts == parts
    assert found.edits == edits
    assert found.accepted == ([] if parts else edits)


def test_the_command_line_lists_the_parts_and_stores_proposals_alone(
    tmp_path: Path, inputs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case, document = inputs / CASE_32, str(tmp_path / "d.offcut")
    assert main(["new", document, str(case / "day.flac")]) == 0
    capsys.readouterr()
    assert main(["import-edits", document, str(case / "warped.otio"), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["is_accepted"], said["is_stored"], said["edits"]) == (False, True, {"cut": 2})
    assert said["not_understood"] == [
        {"part": "clip at 125 % speed", "start_s": 20.0, "stop_s": 40.0, "track": "A1"}
    ]
    assert main(["import-edits", document, str(case / "warped.otio"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["is_stored"] is False


def test_infinity_in_metadata_is_ignored(tmp_path: Path, inputs: Path) -> None:
    guitar = noise(tmp_path / "guitar.wav", 20)
    found = imported(tmp_path, [guitar], inputs / "h10-otio-infinity" / "meta-inf.otio")
    assert found.accepted == [("cut", 1, 20)]


@pytest.mark.parametrize("suffix", ["otio", "xml", "edl"])
def test_a_rate_below_one_frame_in_a_thousand_seconds_is_refused(
    tmp_path: Path, inputs: Path, suffix: str
) -> None:
    path = inputs / "h02-otio-rate-tiny" / f"tiny-rate.{suffix}"
    with pytest.raises(EditsError, match="is not a rate"):
        imported(tmp_path, [noise(tmp_path / "guitar.wav", 20)], path)
