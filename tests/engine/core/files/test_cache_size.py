"""The cache's size, its limit, and what is never removed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.core.files.places import (
    CACHE_VARIABLE,
    Freed,
    cache_bytes,
    cache_folder,
    empty_cache,
    mark_used,
    trim_cache,
)
from engine.core.files.safe_write import PartFile


@pytest.fixture
def cached() -> dict[str, Path]:
    """Five files of 100 bytes, "a" used longest ago, and one that is just being written."""
    files = {}
    for age, name in enumerate("edcba"):
        folder, suffix = ("peaks", "peaks") if name in "ace" else ("conformed", "wav")
        files[name] = cache_folder(folder) / f"{name * 32}-48000-v1.{suffix}"
        files[name].write_bytes(bytes(100))
        os.utime(files[name], (1_000_000 - age, 1_000_000 - age))
    (cache_folder("peaks") / ".x.0123abcd.part").write_bytes(bytes(5_000))
    return files


def left(cached: dict[str, Path]) -> str:
    return "".join(sorted(name for name, path in cached.items() if path.exists()))


@pytest.mark.usefixtures("cached")
def test_unfinished_files_do_not_count() -> None:
    assert cache_bytes() == 500


@pytest.mark.parametrize(
    ("limit", "stay"), [(500, "abcde"), (499, "bcde"), (301, "cde"), (100, "e"), (0, "")]
)
def test_the_least_recently_used_go_first(cached: dict[str, Path], limit: int, stay: str) -> None:
    freed = trim_cache(limit, ())
    assert left(cached) == stay
    assert freed == Freed(5 - len(stay), 100 * (5 - len(stay)))
    assert cache_bytes() == 100 * len(stay)


def test_what_is_used_now_goes_last(cached: dict[str, Path]) -> None:
    mark_used(["a" * 32])
    trim_cache(200, ())
    assert left(cached) == "ae"


def test_what_a_dead_writer_left_goes_and_a_living_one_keeps_its_file(cached: dict[str, Path]) -> None:
    living = PartFile(cache_folder("peaks") / "being made")
    trim_cache(500, ())
    assert list(cache_folder().rglob("*.part")) == [living.path]
    assert left(cached) == "abcde"
    living.let_go()


def test_files_of_the_open_document_stay_whatever_the_limit(cached: dict[str, Path]) -> None:
    trim_cache(0, ["a" * 32, "c" * 32])
    assert left(cached) == "ac"
    assert empty_cache(["c" * 32, ""]).files == 1
    assert left(cached) == "c"


def test_another_place_holds_only_our_own(
    cached: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = tmp_path / "holiday.wav"
    theirs.write_bytes(bytes(100))
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path))
    assert cache_bytes() == 0
    ours = cache_folder("peaks") / f"{'f' * 32}-48000-v1.peaks"
    ours.write_bytes(bytes(10))
    assert empty_cache(()) == Freed(1, 10)
    assert theirs.exists()
    assert left(cached) == "abcde"


def test_links_are_not_followed_out_of_the_cache(tmp_path: Path) -> None:
    theirs = tmp_path / "holiday.wav"
    theirs.write_bytes(bytes(100))
    (cache_folder("peaks") / "link").symlink_to(theirs)
    assert empty_cache(()) == Freed(0, 0)
    assert theirs.exists()
