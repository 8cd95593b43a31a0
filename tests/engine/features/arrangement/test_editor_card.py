"""What a list of editors says of each is read from the head of its file, whatever the file is."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.features.arrangement.editor import Editor, load_editor, save_editor
from engine.features.arrangement.editor_files import card_of, cards_of
from engine.features.arrangement.habits import Counted, Piece, habits_of
from engine.features.arrangement.network import Adapter, Pair
from engine.features.arrangement.steps import order_of
from tests.engine.features.arrangement import made


@pytest.fixture
def editor() -> Editor:
    heard = made.heard(np.random.default_rng(0), [(20, True), (10, False)])
    beats_s = np.arange(0.0, 60.0, 0.5)
    music = Counted(60.0, beats_s, beats_s[::4], ((0.0, 60.0),))
    habits = habits_of([[Piece(0, 2.0, 14.0), Piece(0, 20.0, 30.0)]], {0: music})
    pairs = (Pair("song.wav", heard, order_of([(0, 12), (14, 20)])),)
    return Editor("mine", pairs, Adapter().requires_grad_(False), habits)


def test_the_card_says_what_the_file_does(editor: Editor, tmp_path: Path) -> None:
    path = tmp_path / "mine.editor"
    save_editor(editor, path)
    card = card_of(path)
    assert card is not None
    assert (card.pairs, card.habits) == (1, load_editor(path).habits)
    assert card.words == "1 edit, 11.0 s pieces, 100 % of cuts on downbeats, 37 % retained"


def test_an_older_file_has_a_card_without_words(editor: Editor, tmp_path: Path) -> None:
    save_editor(replace(editor, habits=None), tmp_path / "old.editor")
    card = card_of(tmp_path / "old.editor")
    assert card is not None
    assert card.words == "1 edit"


def test_what_is_no_editor_has_no_card(editor: Editor, tmp_path: Path) -> None:
    path = tmp_path / "mine.editor"
    save_editor(editor, path)
    whole = path.read_bytes()
    bad = tmp_path / "bad.editor"
    for content in (b"", b"no editor at all", b"\xff" * 100, whole[:5], whole[:40], whole[8:]):
        bad.write_bytes(content)
        assert card_of(bad) is None
    assert card_of(tmp_path / "gone.editor") is None
    assert card_of(tmp_path) is None
    listed = cards_of([path, tmp_path / "gone.editor"], [tmp_path, tmp_path / "no folder"])
    assert [card.path.name for card in listed] == ["mine.editor"]


@pytest.mark.skipif(os.name != "posix", reason="there are no pipes with names")
def test_a_list_does_not_wait_for_a_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.editor")
    assert cards_of([], [tmp_path]) == ()


def test_reading_a_card_loads_no_model() -> None:
    code = "import engine.features.arrangement.editor_files, sys; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
