"""Names of files made of any name: within the limit of the disk, and no character is cut in two."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.exchange.names import beginning_of, name_of_file, named_after

FAMILY = "👨‍👩‍👧‍👦"
FLAG, SCOTLAND, THUMB, ACCENTED = "🇩🇪", "🏴󠁧󠁢󠁳󠁣󠁴󠁿", "👍🏽", "e\u0301\u0323"


@pytest.mark.parametrize("one", [FAMILY, FLAG, SCOTLAND, THUMB, ACCENTED, "a", "ß", "鼓"])
def test_a_name_is_cut_between_what_is_read_as_characters(one: str) -> None:
    size_bytes = len(os.fsencode(one))
    for most_bytes in range(5 * size_bytes):
        assert beginning_of(one * 4, 1_000, most_bytes) == one * min(4, most_bytes // size_bytes)
    assert beginning_of(one * 4, len(one) * 3 - 1) == one * 2
    assert name_of_file(one) == one


@pytest.mark.parametrize("one", [FAMILY, SCOTLAND, "🥁", "鼓", "x"])
@pytest.mark.parametrize("stem", ["jam", "j" * 240, "🎸" * 30])
def test_any_name_makes_a_file(tmp_path: Path, one: str, stem: str) -> None:
    path = named_after(tmp_path / f"{stem}.wav", f"01 {name_of_file(one * 60)}")
    path.write_bytes(b"sound")
    assert path.name.startswith(f"{stem} 01")
    assert path.suffix == ".wav"


def test_what_no_name_can_hold_is_replaced() -> None:
    assert name_of_file("a/b:\tc\u202ed ") == "a-b- c d"
