"""Files that verbs write: never one that they read, never through a link; endless names get a sentence."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.cli.main import main
from engine.core.errors import ExportError
from engine.core.files.safe_write import replacing, require_unread, target_key
from tests.hostile.bad_files import good
from tests.hostile.verbs import ROOT

TINY = "hidden_dims: [4, 8]\nlatent_dim: 8\nepochs: 1\nsegments_per_epoch: 8\n"
ENDLESS = "x" * 5_000
Make = Callable[[Path, Path], None]
OTHER_NAMES: dict[str, Make] = {
    "symbolic link": lambda link, real: link.symlink_to(real),
    "hard link": lambda link, real: link.hardlink_to(real),
}
WRITING = {
    "separate": ("separate", "in/jam.wav", "--text", "dog", "--window", 0, 1, "--out", "OUT.wav"),
    "learn": ("learn", "in/jam.wav", "--config", "in/tiny.yaml", "--out", "OUT.taste"),
    "learn from a recipe": ("learn", "in/jam.wav", "--config", "in/tiny.yaml", "--out", "OUT.taste"),
    "score": ("score", "in/ours.taste", "in/jam.wav", "--csv", "OUT.csv"),
    "score folders": ("score", "in/ours.taste", "in", "--threshold", 0.5, "--csv", "OUT.csv"),
    "export": ("export", "in/jam.offcut", "--out", "OUT.wav"),
    "export a list": ("export", "in/jam.offcut", "--out", "OUT.json"),
    "export of the document": ("export", "in/jam.offcut", "--out", "OUT.json"),
    "learn-edits": ("learn-edits", "--raw", "in/jam.wav", "--edited", "in/edit.wav", "--out", "OUT.editor"),
    "learn-timing": ("learn-timing", "--raw", "in/jam.wav", "--edited", "in/edit.wav", "--out", "OUT.groove"),
    "align": ("align", "in/jam.wav", "in/edit.wav", "--bpm", 120, "--out", "OUT"),
}
READ = {
    "learn from a recipe": "in/tiny.yaml",
    "export of the document": "in/jam.offcut",
    "score": "in/ours.taste",
    "learn-edits": "in/edit.wav",
    "learn-timing": "in/edit.wav",
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    inputs = tmp_path / "in"
    inputs.mkdir()
    good(inputs / "jam.wav")
    good(inputs / "edit.wav", 2.0)
    (inputs / "tiny.yaml").write_text(TINY)
    (taste,) = (ROOT / "resources" / "demo").glob("*.taste")
    (inputs / "ours.taste").write_bytes(taste.read_bytes())
    assert main(["new", "in/jam.offcut", "in/jam.wav"]) == 0
    return inputs


def words_of(name: str, out: str) -> list[str]:
    return [str(word).replace("OUT", out, 1) for word in WRITING[name]]


@pytest.mark.parametrize("kind", OTHER_NAMES)
@pytest.mark.parametrize("name", WRITING)
def test_no_verb_writes_over_what_it_reads(
    name: str, kind: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    read = Path(READ.get(name, "in/jam.wav"))
    before = read.read_bytes()
    if name == "align":  # which names its files after the recordings
        Path("out").mkdir()
        OTHER_NAMES[kind](Path("out/jam.wav"), read.absolute())
    else:
        (out,) = (Path(word) for word in words_of(name, "out") if word.startswith("out."))
        OTHER_NAMES[kind](out, read.absolute())
    capsys.readouterr()
    assert main([*words_of(name, "out"), "--force"]) == 1
    assert "never written over" in capsys.readouterr().err
    assert read.read_bytes() == before
    assert folder.exists()


def test_a_recording_is_not_written_over_by_its_own_name(folder: Path) -> None:
    before = (folder / "jam.wav").read_bytes()
    words = ("separate", "in/jam.wav", "--text", "dog", "--window", "0", "1", "--out", "in/../in/jam.wav")
    assert main([*words, "--force"]) == 1
    assert (folder / "jam.wav").read_bytes() == before


@pytest.mark.parametrize("is_there", [True, False])
@pytest.mark.parametrize("suffix", [".wav", ".json", ".rpp"])
def test_a_link_is_replaced_and_not_written_through(suffix: str, is_there: bool, folder: Path) -> None:
    theirs, link = Path("theirs"), Path(f"out{suffix}")
    if is_there:
        theirs.write_bytes(b"precious")
    link.symlink_to(theirs)
    assert main(["export", "in/jam.offcut", "--out", str(link)]) == 1
    assert link.is_symlink()
    assert main(["export", "in/jam.offcut", "--out", str(link), "--force"]) == 0
    assert not link.is_symlink()
    assert link.stat().st_size > 50
    assert theirs.exists() is is_there
    assert not is_there or theirs.read_bytes() == b"precious"
    assert folder.exists()


@pytest.mark.parametrize("name", WRITING)
def test_an_endless_folder_is_refused_in_a_sentence(
    name: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    out = ENDLESS if name == "align" else f"{ENDLESS}/out"
    assert main(words_of(name, out)) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert len(said) < 1_000
    assert folder.exists()


def test_a_table_is_replaced_only_where_that_is_agreed(folder: Path) -> None:
    table = Path("table.csv")
    table.write_text("precious")
    words = ["score", "in/ours.taste", "in/jam.wav", "--csv", "table.csv"]
    assert main(words) == 1
    assert table.read_text() == "precious"
    assert main([*words, "--force"]) == 0
    assert table.read_text().startswith("path,")
    assert main(["score", "in/ours.taste", "in", "--threshold", "0.5", "--csv", "table.csv", "--force"]) == 0
    assert "prediction" in table.read_text()
    assert folder.exists()


@pytest.mark.skipif(os.name != "posix", reason="there are no such files")
def test_pipes_and_devices_are_never_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.wav")
    (tmp_path / "device.wav").symlink_to("/dev/null")
    for name in ("pipe.wav", "device.wav"):
        with pytest.raises(ExportError), replacing(tmp_path / name, overwrite=True):
            pass
    assert (tmp_path / "pipe.wav").is_fifo()
    assert (tmp_path / "device.wav").is_symlink()


def test_two_names_of_one_target_have_one_key(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "linked").symlink_to("folder")
    assert target_key(tmp_path / "folder/mix.wav") == target_key(tmp_path / "linked/../folder/mix.wav")
    assert target_key(tmp_path / "folder/mix.wav") == target_key(tmp_path / "linked/mix.wav")
    assert target_key(tmp_path / "folder/mix.wav") != target_key(tmp_path / "folder/other.wav")


def test_a_name_in_another_case_is_the_same_file_where_the_disk_says_so(tmp_path: Path) -> None:
    """A disk that does not distinguish case answers to both names with one file, as a hard link does."""
    (tmp_path / "Take.wav").write_bytes(b"precious")
    is_one = (tmp_path / "TAKE.WAV").exists()
    if not is_one:
        (tmp_path / "TAKE.WAV").hardlink_to(tmp_path / "Take.wav")
    with pytest.raises(ExportError):
        require_unread(tmp_path / "TAKE.WAV", [tmp_path / "Take.wav"])
