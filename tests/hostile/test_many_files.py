"""Thousands of short recordings: what each costs does not grow with how many there are."""

from __future__ import annotations

import itertools
import os
import resource
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.core.errors import SourceError
from engine.core.files.places import CACHE_VARIABLE
from engine.core.files.safe_write import PartFile, replacing
from engine.core.progress import SILENT
from engine.document.state import DocumentState
from engine.document.tracks import Source
from engine.recordings.import_audio import ImportRequest, import_audio

RATE_HZ = 8_000
COUNT = 700


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of recordings of a tenth of a second, each another."""
    folder, rng = tmp_path_factory.mktemp("many"), np.random.default_rng(1)
    for number in range(COUNT):
        samples = rng.integers(-3_000, 3_000, RATE_HZ // 10, dtype=np.int16)
        soundfile.write(folder / f"{number:04d}.wav", samples, RATE_HZ)
    return folder


@pytest.fixture
def own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Give the test a cache of its own."""
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "cache"))


@pytest.mark.usefixtures("own_cache")
@pytest.mark.skipif(sys.platform == "win32", reason="the limit on open files is POSIX")
def test_importing_needs_no_open_file_for_each_recording(folder: Path) -> None:
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(256, limits[1]), limits[1]))
    try:
        imported = import_audio(ImportRequest(tuple(sorted(folder.iterdir()))), SILENT)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    assert len(imported.sources) == COUNT
    assert not imported.warnings


@pytest.mark.usefixtures("own_cache")
def test_importing_waits_for_no_disk(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flushed = []
    monkeypatch.setattr(os, "fsync", flushed.append)
    import_audio(ImportRequest(tuple(sorted(folder.iterdir())[:20])), SILENT)
    assert not flushed, "peaks have a checksum and can be built again"


def test_looking_for_what_was_left_grows_with_the_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks = itertools.count()
    monkeypatch.setattr(time, "monotonic", lambda: next(ticks) / 1_000)  # each look takes a millisecond
    looks = _counted_looks(monkeypatch)
    for number in range(COUNT):
        with replacing(tmp_path / f"{number}.peaks", is_own_name=True, has_checksum=True):
            pass
    assert sum(looks) < COUNT * 250


def _counted_looks(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    looks, scandir = [], os.scandir

    def counted(folder: Path) -> os._ScandirIterator[str]:  # type: ignore[name-defined]
        looks.append(len(os.listdir(folder)))  # noqa: PTH208
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", counted)
    return looks


def test_a_crowded_folder_is_swept_again_after_a_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks_s = itertools.count()
    for number in range(600):
        (tmp_path / str(number)).touch()
    monkeypatch.setattr(time, "monotonic", lambda: float(next(ticks_s)))
    for number in range(110):
        with replacing(tmp_path / "mix.peaks", is_own_name=True, overwrite=True, has_checksum=True):
            pass
        if not number:
            PartFile(tmp_path / "left").let_go()
        elif number == 1:
            assert any(path.suffix == ".part" for path in tmp_path.iterdir()), "the folder rests"
    assert not any(path.suffix == ".part" for path in tmp_path.iterdir())


def test_more_recordings_than_a_document_takes_are_refused_at_once() -> None:
    for paths, known in ((10_001, 0), (2, 9_999)):
        source = Source("0", "none.wav", "0", RATE_HZ, 1, 1, "WAV", "PCM_16")
        into = DocumentState(sources=dict.fromkeys(map(str, range(known)), source))
        request = ImportRequest((Path("none.wav"),) * paths, into=into)
        with pytest.raises(SourceError, match="10,000"):
            import_audio(request, SILENT)
