"""Which files that edits name are opened: those near the document and the edits, and no others."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.exchange.imports import read_edits
from engine.exchange.imports.described import NOTHING, Medium
from engine.exchange.imports.media import Media
from engine.sound.reader import content_hash
from tests.engine.exchange.imports.edit_lists import RATE_HZ
from tests.engine.sound.edl.recordings import Recording, recording

SHARE = "\\\\server\\share\\take.wav"


@pytest.fixture
def jam(tmp_path: Path) -> Recording:
    """Make a recording whose document knows the content of its files."""
    folder = tmp_path / "session"
    folder.mkdir()
    sound = np.random.default_rng(3).normal(0, 0.1, RATE_HZ)
    made = recording(folder, [sound], rate_hz=RATE_HZ, names=("a.wav",))
    source = replace(made.state.sources["s0"], content_hash=content_hash(made.media["s0"]))
    return replace(made, state=replace(made.state, sources={"s0": source}))


def found(jam: Recording, named: str, folder: Path) -> bool:
    return Media(jam.state, jam.media, NOTHING, folder).find(Medium("other name", named)) is not None


@pytest.mark.parametrize("name", ["copy.wav", "deeper/copy.wav", "../lists/copy.wav"])
def test_a_renamed_file_below_the_folders_is_found_by_its_content(
    jam: Recording, tmp_path: Path, name: str
) -> None:
    (lists := tmp_path / "lists").mkdir()
    copy = lists / name
    copy.parent.mkdir(exist_ok=True)
    shutil.copy(jam.media["s0"], copy)
    assert found(jam, str(copy), lists)
    assert found(jam, name, lists)


def test_no_file_elsewhere_and_none_of_a_share_is_opened(jam: Recording, tmp_path: Path) -> None:
    (lists := tmp_path / "lists").mkdir()
    (elsewhere := tmp_path / "elsewhere").mkdir()
    shutil.copy(jam.media["s0"], elsewhere / "copy.wav")
    shutil.copy(jam.media["s0"], lists / SHARE)  # a name like any other, but on Windows
    (lists / "link.wav").symlink_to(elsewhere / "copy.wav")
    for name in (
        str(elsewhere / "copy.wav"),
        "../elsewhere/copy.wav",
        SHARE,
        "//server/take.wav",
        "link.wav",
        "a\0",
    ):
        assert not found(jam, name, lists), name


def test_a_list_finds_a_renamed_file_by_a_path_from_its_own_folder(jam: Recording, tmp_path: Path) -> None:
    (lists := tmp_path / "lists").mkdir()
    shutil.copy(jam.media["s0"], lists / "copy.wav")
    path = lists / "list.rpp"
    path.write_text(
        '<REAPER_PROJECT 0.1\n<TRACK\n<ITEM\nLENGTH 1\n<SOURCE WAVE\nFILE "copy.wav"\n>\n>\n>\n>\n'
    )
    imported = read_edits(path, RATE_HZ)
    assert imported.folder == lists
    medium = imported.tracks[0].clips[0].medium
    assert Media(jam.state, jam.media, NOTHING, imported.folder).find(medium) is not None
    assert Media(jam.state, jam.media, NOTHING).find(medium) is None
