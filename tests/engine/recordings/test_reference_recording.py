"""The audio of a kept example is found where it was, or moved with its taste, and never taken for another."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.core.errors import Cancelled, SourceError
from engine.core.progress import SILENT, ReportingProgress
from engine.recordings.media import ReferenceRequest, find_reference, prepare_reference
from engine.sound.reader import content_hash

RATE_HZ = 8_000


def record(path: Path, seed: int = 0, rate_hz: int = RATE_HZ) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    samples = 0.1 * np.random.default_rng(seed).standard_normal((2 * rate_hz, 2)).astype(np.float32)
    soundfile.write(path, samples, rate_hz, "FLOAT")
    return path


def test_it_is_found_where_it_was(tmp_path: Path) -> None:
    path = record(tmp_path / "take 'four' 🎸.wav")
    assert find_reference(path, content_hash(path), (), SILENT) == path


@pytest.mark.parametrize("place", ["take.wav", "edited/take.wav", "a/b/c/take.wav"])
def test_it_is_found_when_it_moved_together_with_the_taste(place: str, tmp_path: Path) -> None:
    was = record(tmp_path / "before" / "take.wav")
    expected = content_hash(was)
    record(tmp_path / "after" / "0 first" / "take.wav", seed=9)  # has the name and is another one
    now = was.rename(record(tmp_path / "after" / place))
    assert find_reference(was, expected, (tmp_path / "gone", tmp_path / "after"), SILENT) == now


def test_one_deep_in_another_place_is_not_looked_for(tmp_path: Path) -> None:
    deep = record(tmp_path / "a" / "b" / "c" / "d" / "take.wav")
    with pytest.raises(SourceError, match=r"take\.wav.*is missing.*next to the taste"):
        find_reference(tmp_path / "take.wav", content_hash(deep), (tmp_path,), SILENT)


def test_one_that_has_changed_is_named(tmp_path: Path) -> None:
    path = record(tmp_path / "take.wav")
    expected = content_hash(path)
    record(path, seed=1)
    with pytest.raises(SourceError, match=r"take\.wav has changed since the taste learned from it"):
        find_reference(path, expected, (tmp_path,), SILENT)


def test_where_nothing_is_known_of_it_only_its_place_counts(tmp_path: Path) -> None:
    path = record(tmp_path / "take.wav")
    assert find_reference(path, "", (), SILENT) == path
    with pytest.raises(SourceError, match="is missing"):
        find_reference(tmp_path / "gone" / "take.wav", "", (tmp_path,), SILENT)


def test_a_cancel_ends_the_search(tmp_path: Path) -> None:
    path, event = record(tmp_path / "take.wav"), threading.Event()
    event.set()
    with pytest.raises(Cancelled):
        find_reference(path, "other", (tmp_path,), ReportingProgress(cancelled=event))


def test_it_is_brought_to_the_rate_of_the_document(tmp_path: Path) -> None:
    path = record(tmp_path / "take.wav", rate_hz=12_000)
    same = prepare_reference(ReferenceRequest(path, content_hash(path), (), 12_000), SILENT)
    other = prepare_reference(ReferenceRequest(path, content_hash(path), (), RATE_HZ), SILENT)
    assert same == path
    assert (soundfile.info(other).samplerate, soundfile.info(other).frames) == (RATE_HZ, 2 * RATE_HZ)


def test_what_is_no_audio_any_more_is_said(tmp_path: Path) -> None:
    path = tmp_path / "take.wav"
    path.write_bytes(b"words")
    with pytest.raises(SourceError, match=r"take\.wav.*is not audio"):
        prepare_reference(ReferenceRequest(path, content_hash(path), (), RATE_HZ), SILENT)
