"""Edits by hand without a window: which options each kind takes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.cli.main import main

RATE_HZ = 8_000


@pytest.fixture
def project(tmp_path: Path) -> str:
    soundfile.write(tmp_path / "a.wav", np.zeros(10 * RATE_HZ), RATE_HZ)
    path = str(tmp_path / "a.offcut")
    assert main(["new", path, str(tmp_path / "a.wav")]) == 0
    return path


def edit(project: str, kind: str, *words: str) -> int:
    return main(["edit", project, kind, "--start-s", "2", "--stop-s", "4", "--json", *words])


def test_a_repeat_may_come_elsewhere(project: str, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert edit(project, "repeat", "--times", "3", "--to-s", "8") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["payload"]["to_samples"] == 8 * RATE_HZ
    assert told["result_s"] == 14.0


@pytest.mark.parametrize(
    ("kind", "words", "said"),
    [
        ("cut", ("--to-s", "3"), "--to-s goes with move, repeat, place and duplicate, not with cut"),
        ("gain", ("--db", "3", "--times", "2"), "--times goes with repeat, not with gain"),
        ("move", (), "'edit move' needs --to-s"),
        ("slip", (), "'edit slip' needs --by-s"),
        ("hit", (), "'edit hit' needs --by-s"),
        ("hit", ("--by-s", "0.01", "--onset-s", "5"), "--onset-s 5 is not within the slice"),
        ("slip", ("--by-s", "0.01", "--fill", "decay"), "--fill goes with hit, not with slip"),
        ("recorder", ("--by-s", "0.1"), "A recorder is lined up as a whole: leave out --start-s"),
        ("gain", (), "'edit gain' needs --db"),
        ("repeat", ("--to-s", "11"), "--to-s 11 is not within the recording, which ends at 0:10.000"),
        ("repeat", ("--to-s", "-1"), "--to-s -1 is not within the recording"),
    ],
)
def test_what_a_kind_does_not_take_is_refused(
    project: str, capsys: pytest.CaptureFixture[str], kind: str, words: tuple[str, ...], said: str
) -> None:
    assert edit(project, kind, *words) == 2
    assert said in capsys.readouterr().err


def test_a_hit_is_moved_and_its_gap_filled_as_asked(project: str, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert edit(project, "hit", "--by-s", "-0.01", "--onset-s", "2.005", "--fill", "stretch") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["kind"], told["state"]) == ("hit", "accepted")
    assert told["payload"]["by_samples"] == -80.0
    assert told["payload"]["onset_samples"] == 16_040
    assert told["payload"]["fill"] == "stretch"
    assert told["result_s"] == 10.0


def test_a_recorder_is_lined_up_as_a_whole(project: str, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    words = ["edit", project, "recorder", "--by-s", "0.4125", "--ppm", "23", "--json"]
    assert main(words) == 2
    assert "needs --tracks" in capsys.readouterr().err
    assert main([*words, "--tracks", "a"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["start_s"], told["stop_s"], told["tracks"]) == (0.0, 10.0, ["a"])
    assert told["payload"] == {"by_samples": 3_300.0, "drift_ppm": 23.0}
    assert main(["edit", project, "recorder", "--by-s", "0", "--ppm", "5000", "--tracks", "a"]) != 0
    assert "from -2000 to 2000" in capsys.readouterr().err


def test_what_was_made_is_listed_with_maker_tracks_and_amount(
    project: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert edit(project, "gain", "--db", "-3", "--tracks", "a") == 0
    assert edit(project, "repeat", "--times", "3") == 0
    capsys.readouterr()
    assert main(["proposals", project, "--json"]) == 0
    gain, repeat = sorted(json.loads(capsys.readouterr().out)["proposals"], key=lambda one: one["kind"])
    assert (gain["maker"], gain["tracks"], gain["payload"]["gain_db"]) == ("you", ["a"], -3.0)
    assert (repeat["maker"], repeat["tracks"], repeat["payload"]["times"]) == ("you", [], 3)
    assert main(["proposals", project]) == 0
    listed = capsys.readouterr().out
    assert "gain \N{MINUS SIGN}3.0 dB for 2.0 s on a · you · Made by hand." in listed
    assert "repeat 2.0 s ×3 · you · Made by hand." in listed
