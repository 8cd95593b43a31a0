"""Names that are not UTF-8 and numbers that are none, in JSON that strict readers take."""

from __future__ import annotations

import json
import math
import os
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.cli.main import main
from engine.cli.output import Listing, VerbOutput
from engine.core.files.text import bytes_of, escaped, strict_json
from tests.hostile.bad_files import good
from tests.hostile.verbs import run_verb, strictly_read

TINY = "hidden_dims: [4, 8]\nlatent_dim: 8\nepochs: 1\nsegments_per_epoch: 8\n"
NAMES = [
    b"caf\xe9.wav",
    b"\xff\xfe.wav",
    "own \uefe9 \uef7f \uf000.wav".encode(),
    "both \uefe9 ".encode() + b"\x80.wav",
]


@pytest.mark.long
@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_scores_of_files_with_any_name(tmp_path: Path) -> None:
    (tmp_path / "tiny.yaml").write_text(TINY)
    taste = tmp_path / "ours.taste"
    edited = good(tmp_path / "edited.wav", 12.0)
    words = ("learn", edited, "--config", tmp_path / "tiny.yaml", "--out", taste)
    assert main([str(word) for word in words]) == 0
    takes = tmp_path / "takes"
    takes.mkdir()
    for name in NAMES:
        good(tmp_path / "plain.wav").rename(takes / os.fsdecode(name))
    table = tmp_path / "scores.csv"
    for words in ((taste, *sorted(takes.iterdir())), (taste, takes, "--csv", table)):
        files = strictly_read(run_verb("score", *words, "--json").stdout)["files"]
        assert sorted(bytes_of(file["path"]) for file in files) == sorted(map(os.fsencode, takes.iterdir()))
    table.read_text("utf-8")


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_a_document_of_any_name(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"caf\xe9.offcut")
    done = run_verb("new", path, good(tmp_path / "take.wav"), "--json")
    assert b"caf\\uefe9.offcut" in done.stdout
    assert bytes_of(strictly_read(done.stdout)["project"]) == os.fsencode(path)
    written = run_verb("export", path, "--out", tmp_path / "out.json", "--json")
    assert strictly_read(written.stdout)["files"]
    strictly_read((tmp_path / "out.json").read_bytes())


@given(st.binary(max_size=40))
def test_every_name_comes_back(name: bytes) -> None:
    text = escaped(os.fsdecode(name))
    text.encode("utf-8")
    assert bytes_of(text) == name


def test_what_is_text_stays_as_it_is() -> None:
    for text in ("take 🥁.wav", "C:\\takes\\a.wav", "\uef7f\uf000", ""):
        assert escaped(text) == text


def test_numbers_that_are_none_become_null() -> None:
    fields = {"a": math.nan, "b": [1.5, -math.inf, (math.inf, 2)], "c": {"d": math.nan, "caf\udce9": True}}
    expected = {"a": None, "b": [1.5, None, [None, 2]], "c": {"d": None, "caf\uefe9": True}}
    assert json.loads(strict_json(fields)) == expected
    assert json.loads("".join(VerbOutput(fields, "").json_pieces())) == expected
    listed = "".join(Listing("files", iter([VerbOutput(fields, "")] * 2)).json_pieces())
    assert json.loads(listed) == {"files": [expected] * 2}
