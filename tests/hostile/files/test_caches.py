"""Links and foreign files where Offcut keeps its own: nothing of anybody else is deleted or written over."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest

from engine.analysis.embeddings.preparation import (
    Hearing,
    default_folder,
    entry_path,
    load_vectors,
    store_vectors,
)
from engine.analysis.embeddings.sound_statistics import SoundStatistics
from engine.core.errors import OffcutError
from engine.core.files.places import CACHE_VARIABLE, Freed, cache_bytes, cache_folder, empty_cache, mark_used
from engine.core.files.regular_file import lock_path, take_lock
from engine.document.document import Document
from engine.document.tracks import Source
from engine.sound.conform import conformed_path
from engine.sound.pictures.peak_cache import load_peaks, source_peaks
from engine.sound.pictures.spectrogram import SpectrogramRequest, load_spectrogram, source_spectrogram
from engine.sound.reader import content_hash, probe
from tests.desktop.documents import make_document
from tests.hostile.bad_files import RATE_HZ, good

pytestmark = pytest.mark.skipif(os.name != "posix", reason="links need a right of their own on Windows")

OTHER_HZ = 12_000
SIZE = 4


@pytest.fixture
def source(tmp_path: Path) -> Source:
    path = good(tmp_path / "take.wav", 1.0)
    info = probe(path)
    return Source("s", str(path), content_hash(path), RATE_HZ, 1, info.frames, info.container, info.subtype)


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    """A folder of somebody's own, with one file like each that a cache holds, and one unlike."""
    folder = tmp_path / "Music"
    for name in ("peaks/holiday.peaks", "conformed/holiday.wav", "thesis.txt"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("precious")
    return folder


def untouched(folder: Path) -> bool:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return len(files) == 3 and all(path.read_text() == "precious" for path in files)


def _embedded() -> Path:
    return entry_path(default_folder(), "ab" * 16, SoundStatistics(), Hearing(rate_hz=RATE_HZ))


WRITERS: dict[str, Callable[[Source], object]] = {
    "peaks": lambda source: source_peaks(source, RATE_HZ),
    "conformed": lambda source: conformed_path(source, OTHER_HZ),
    "spectrograms": lambda source: source_spectrogram(
        SpectrogramRequest(Path(source.path), source.content_hash, 1024)
    ),
    "embeddings": lambda _: store_vectors(_embedded(), [np.ones((3, SIZE), np.float32)], SIZE),
}


@pytest.mark.parametrize("kind", WRITERS)
def test_what_offcut_writes_is_known_as_its_own(kind: str, source: Source) -> None:
    WRITERS[kind](source)
    (entry,) = cache_folder(kind).iterdir()
    size = entry.stat().st_size
    assert cache_bytes() == size
    assert empty_cache([source.content_hash, "ab" * 16]) == Freed(0, 0)
    assert empty_cache(()) == Freed(1, size)
    assert not entry.exists()


# Emptying.


def test_a_cache_folder_that_is_a_link_loses_only_what_offcut_wrote(
    tmp_path: Path, theirs: Path, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "offcut-cache").symlink_to(theirs)
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path))
    assert cache_bytes() == 0
    source_peaks(source, RATE_HZ)
    assert empty_cache(()).files == 1
    assert untouched(theirs)


@pytest.mark.parametrize("kind", WRITERS)
def test_a_folder_in_the_cache_that_is_a_link_is_neither_emptied_nor_filled(
    kind: str, theirs: Path, source: Source
) -> None:
    foreign = theirs / f"{'ab' * 16}-{RATE_HZ}-v1.peaks"
    link = cache_folder() / kind
    link.symlink_to(theirs)
    foreign.write_text("precious")
    (theirs / ".x.0123abcd.part").write_text("precious")
    assert cache_bytes() == 0
    assert empty_cache(()) == Freed(0, 0)
    with pytest.raises(OffcutError, match=r"is a link: .*\.$") as caught:
        WRITERS[kind](source)
    assert str(link) in str(caught.value)
    assert foreign.exists()
    assert len(list(theirs.iterdir())) == 5


def test_foreign_files_in_the_cache_stay(theirs: Path, source: Source) -> None:
    shutil.copytree(theirs, cache_folder(), dirs_exist_ok=True)
    own = f"{source.content_hash}-{RATE_HZ}-v1.peaks"
    (cache_folder("peaks") / own).mkdir()
    (cache_folder("conformed") / own).write_text("in the wrong folder")
    os.mkfifo(cache_folder("peaks") / f"{'ab' * 16}-1-v1.peaks")
    before = sorted(cache_folder().rglob("*"))
    assert cache_bytes() == 0
    assert empty_cache(()) == Freed(0, 0)
    assert sorted(cache_folder().rglob("*")) == before


def test_marking_as_used_follows_no_link(theirs: Path, source: Source) -> None:
    os.utime(theirs / "thesis.txt", (1, 1))
    (cache_folder("peaks") / f"{source.content_hash}-{RATE_HZ}-v1.peaks").symlink_to(theirs / "thesis.txt")
    mark_used([source.content_hash])
    assert (theirs / "thesis.txt").stat().st_mtime == 1


# Writing.


def _entry(kind: str, source: Source) -> Path:
    WRITERS[kind](source)
    (entry,) = cache_folder(kind).iterdir()
    return entry


@pytest.mark.parametrize("kind", WRITERS)
@pytest.mark.parametrize("target", ["Music/thesis.txt", "Music", "nowhere"])
def test_an_entry_that_is_a_link_is_replaced_not_written_through(
    kind: str, target: str, theirs: Path, source: Source, tmp_path: Path
) -> None:
    entry = _entry(kind, source)
    content = entry.read_bytes()
    entry.unlink()
    entry.symlink_to(tmp_path / target)
    WRITERS[kind](source)
    assert not entry.is_symlink()
    assert entry.read_bytes() == content
    assert untouched(theirs)
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("kind", WRITERS)
def test_an_entry_that_never_ends_is_not_read(kind: str, source: Source) -> None:
    entry = _entry(kind, source)
    loads: dict[str, Callable[[], object]] = {
        "peaks": lambda: load_peaks(source.content_hash, RATE_HZ),
        "spectrograms": lambda: load_spectrogram(source.content_hash, RATE_HZ, 1024),
        "embeddings": lambda: load_vectors(entry, SIZE),
        "conformed": lambda: None,
    }
    content = entry.read_bytes()
    for make in (os.mkfifo, lambda path: path.symlink_to("/dev/zero")):
        entry.unlink()
        make(entry)
        assert loads[kind]() is None
        WRITERS[kind](source)
        assert entry.read_bytes() == content


@pytest.mark.parametrize("harm", ["../../../Music/x", "/Music/x", "a\0b", "Music/thesis"])
def test_a_hash_that_leads_out_of_the_cache_is_refused(
    harm: str, theirs: Path, source: Source, tmp_path: Path
) -> None:
    before = sorted(tmp_path.rglob("*"))
    hostile = Source("s", source.path, harm, RATE_HZ, 1, source.frames, source.container, source.subtype)
    with pytest.raises(OffcutError, match=r"import .* again"):
        source_peaks(hostile, RATE_HZ)
    with pytest.raises(OffcutError):
        conformed_path(hostile, OTHER_HZ)
    with pytest.raises(OffcutError, match=r"import .* again"):
        source_spectrogram(SpectrogramRequest(Path(source.path), harm, 1024))
    assert untouched(theirs)
    assert sorted(tmp_path.rglob("*")) == before


# The lock beside a document.


def _link_to(name: str) -> Callable[[Path], None]:
    return lambda path: path.symlink_to(path.parent / name)


@pytest.mark.parametrize(
    "make",
    [_link_to("nowhere"), _link_to("thesis.txt"), Path.mkdir, os.mkfifo],
    ids=["dangling link", "link", "folder", "pipe"],
)
def test_what_stands_where_the_lock_goes_is_left_and_told(
    make: Callable[[Path], None], tmp_path: Path
) -> None:
    path = make_document(tmp_path / "jam.offcut", good(tmp_path / "jam.wav"))
    (tmp_path / "thesis.txt").write_text("precious")
    beside = lock_path(path)
    make(beside)
    before, kind = sorted(tmp_path.iterdir()), beside.lstat().st_mode
    with Document.open(path) as document:
        assert document.notice.startswith("jam.offcut is open for reading only because ")
        assert beside.name in document.notice
    assert sorted(tmp_path.iterdir()) == before
    assert beside.lstat().st_mode == kind
    assert (tmp_path / "thesis.txt").read_text() == "precious"


def test_a_file_with_something_in_it_is_locked_and_left(tmp_path: Path) -> None:
    path = make_document(tmp_path / "jam.offcut", good(tmp_path / "jam.wav"))
    lock_path(path).write_text("precious")
    with ExitStack() as open_documents:
        first = open_documents.enter_context(Document.open(path))
        assert not first.notice
        assert take_lock(path) is None
    assert lock_path(path).read_text() == "precious"


def test_a_lock_whose_name_another_took_leaves_that(tmp_path: Path) -> None:
    path = tmp_path / "jam.offcut"
    lock = take_lock(path)
    assert lock is not None
    lock_path(path).unlink()
    lock_path(path).symlink_to(tmp_path / "nowhere")
    lock.release()
    assert lock_path(path).is_symlink()
    assert not (tmp_path / "nowhere").exists()
