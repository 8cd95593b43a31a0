"""Begun before there is a window: it fills the cache, is waited for, and harms nothing where it fails."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.core.errors import Cancelled
from engine.core.files.places import cache_file
from engine.core.progress import SILENT, ReportingProgress
from engine.recordings import import_ahead
from engine.sound.pictures.peak_cache import load_peaks
from engine.sound.reader import content_hash

RATE_HZ = 44_100


def recording(path: Path, seconds: int, rate_hz: int = RATE_HZ) -> Path:
    noise = np.random.default_rng(1).uniform(-1, 1, (seconds * rate_hz, 2))
    soundfile.write(path, noise, rate_hz, "PCM_16")
    return path


def leftovers() -> list[Path]:
    return [one for one in cache_file("peaks", "x").parent.iterdir() if one.suffix != ".peaks"]


def test_it_leaves_the_peaks_in_the_cache_and_says_how_far_it_is(tmp_path: Path) -> None:
    path = recording(tmp_path / "a.wav", 60)
    told: list[float] = []
    import_ahead.begin([str(path)])
    import_ahead.finish(ReportingProgress(lambda fraction, *_: told.append(fraction)))
    peaks = load_peaks(content_hash(path), RATE_HZ)
    assert peaks is not None
    assert peaks.frames == 60 * RATE_HZ
    assert told == sorted(told)
    import_ahead.finish(SILENT)  # nothing was begun since


def test_cancelled_it_ends_and_leaves_nothing_half_written(tmp_path: Path) -> None:
    path = recording(tmp_path / "a.wav", 300)
    cancelled = threading.Event()
    import_ahead.begin([str(path)])
    with pytest.raises(Cancelled):
        import_ahead.finish(ReportingProgress(lambda *_: cancelled.set(), cancelled))
    assert load_peaks(content_hash(path), RATE_HZ) is None
    assert leftovers() == []


@pytest.mark.parametrize("what", ["nothing there", "no sound", "several rates"])
def test_what_cannot_be_read_ahead_is_left_to_the_import(tmp_path: Path, what: str) -> None:
    paths = [tmp_path / "a.wav"]
    if what == "no sound":
        paths[0].write_bytes(b"RIFF, but no more")
    elif what == "several rates":
        paths = [recording(tmp_path / "a.wav", 1), recording(tmp_path / "b.wav", 1, 48_000)]
    import_ahead.begin([str(path) for path in paths])
    import_ahead.finish(SILENT)
    assert not [path for path in paths if path.exists() and load_peaks(content_hash(path), RATE_HZ)]


def test_what_lies_in_the_folder_it_is_started_in_is_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = recording(tmp_path / "a.wav", 2)
    (tmp_path / "engine").mkdir()
    (tmp_path / "engine" / "__init__.py").write_text(f"open({str(tmp_path / 'was run')!r}, 'w').close()\n")
    monkeypatch.chdir(tmp_path)
    import_ahead.begin([str(path)])
    import_ahead.finish(SILENT)
    assert not (tmp_path / "was run").exists()
