"""Messages of the command line name the flag, the file or the verb that is to be changed."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.cli.main import main
from engine.core.errors import FileExistsAlreadyError, UsageError
from engine.core.files.safe_write import replacing
from engine.features.match.finder.finder import MATCH
from engine.features.registry import FINDERS
from engine.review.finders import SettingError, fields_of, settings_from

RATE_HZ = 8_000


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    soundfile.write("a.wav", np.random.default_rng(0).normal(0.0, 0.1, 4 * RATE_HZ), RATE_HZ)
    assert main(["new", "p.offcut", "a.wav"]) == 0
    return tmp_path / "p.offcut"


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(
    ("words", "status", "named"),
    [
        ("edit p.offcut gain --start-s 1 --stop-s 2", 2, "'edit gain' needs --db"),
        ("edit p.offcut cut --start-s 1", 2, "'edit cut' needs --start-s and --stop-s"),
        ("edit p.offcut recorder --by-s 1", 2, "'edit recorder' needs --tracks"),
        ("edit p.offcut place --to-s 1", 2, "'edit place' needs --clips or --tracks"),
        ("propose p.offcut", 2, "add cuts, dead-air"),
        ("propose p.offcut nobody --help", 2, "no finder 'nobody': use cuts, dead-air"),
        ("propose p.offcut --talk", 2, "offcut propose --help"),
        (
            "propose p.offcut tempo talk",
            2,
            "tempo has no option 'talk': its options are --tracks and --json.",
        ),
        ("propose p.offcut takes --leave-s=3", 2, "'--leave-s': it belongs to pauses."),
        ("propose p.offcut takes --division 1/8", 2, "'--division': it belongs to timing and notes."),
        ("propose p.offcut pauses --leave-s soon", 2, "offcut propose PROJECT pauses --help"),
        ("propose p.offcut pauses --longer-than-s 99999", 2, "--longer-than-s cannot be 99999:"),
        ("propose p.offcut pauses --foo 3", 2, "--longer-than-s, --up-to-s, --leave-s"),
        ("propose p.offcut like-this", 2, "--start-s is missing"),
        ("propose p.offcut match", 2, "--edited is missing"),
        ("export p.offcut --out c.wav --frame-rate 25", 2, "--frame-rate"),
        ("export p.offcut --out c.json --frame-rate 25", 2, "--frame-rate"),
        ("export p.offcut --out a.txt", 1, "--force"),
        ("import-edits p.offcut .", 1, ". is a folder"),
        ("import-edits p.offcut labels.txt", 1, "labels.txt is a folder"),
    ],
)
def test_a_message_names_the_remedy(
    words: str, status: int, named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("labels.txt").mkdir()
    Path("a.txt").write_text("old", "utf-8")
    before = sorted(Path().iterdir())
    capsys.readouterr()
    try:
        code = main(words.split())
    except SystemExit as refused:  # by the parser
        code = int(refused.code or 0)
    assert code == status
    assert named in capsys.readouterr().err
    assert sorted(Path().iterdir()) == before, "nothing is written"
    assert Path("a.txt").read_text("utf-8") == "old"


@pytest.mark.usefixtures("project")
def test_a_frame_rate_goes_with_audio_next_to_a_timecode() -> None:
    assert main(["export", "p.offcut", "--out", "c.wav", "c.edl", "--frame-rate", "30"]) == 0
    assert Path("c.wav").exists()
    assert Path("c.edl").exists()


def test_help_says_which_kinds_take_no_stop(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["edit", "--help"])
    about = " ".join(capsys.readouterr().out.split()).split("--stop-s B end of the span")[1]
    assert "not with insert" in about[:80]


@pytest.mark.parametrize("words", [["--help"], ["p.offcut", "--help"]])
def test_help_of_propose_lists_the_finders(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    listed = help_of(["propose", *words], capsys)
    for name, finder in FINDERS.items():
        assert f" {name} {finder.about} " in listed
    assert "--longer-than-s" not in listed


@pytest.mark.parametrize("name", FINDERS.own)
def test_help_of_a_finder_lists_its_own_options(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    listed = help_of(["propose", "p.offcut", name, "--help"], capsys)
    assert listed.startswith(f"usage: offcut propose PROJECT {name} [-h] ")
    assert FINDERS[name].about in listed
    options = set(re.findall(r"\[(--[a-z-]+)", listed))
    settings = {f"--{field.name.replace('_', '-')}" for field in fields_of(FINDERS[name].settings)}
    assert options == {*settings, "--tracks", "--json"}


def help_of(words: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert not ended.value.code
    return " ".join(capsys.readouterr().out.split())


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize("words", ["--json p.offcut pauses", "p.offcut pauses --tracks a --json"])
def test_common_options_of_propose(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert main(["propose", *words.split()]) == 0
    assert json.loads(capsys.readouterr().out)["finder"] == "pauses"


def test_a_setting_has_the_name_of_its_surface() -> None:
    with pytest.raises(SettingError) as caught:
        settings_from(MATCH.settings, {"edited": 3})
    assert "edited" in caught.value.sentence()
    assert "EDITED" in caught.value.sentence(str.upper)
    assert isinstance(caught.value, UsageError)


def test_the_window_reads_no_flag_of_an_existing_file(tmp_path: Path) -> None:
    target = tmp_path / "a.wav"
    target.write_bytes(b"old")
    with pytest.raises(FileExistsAlreadyError) as caught, replacing(target):
        pass
    assert str(target) in str(caught.value)
    assert "--" not in str(caught.value)
