"""Stored audio in the cache: sample for sample as the document holds it, written once, or not at all."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.core.errors import Cancelled
from engine.core.progress import ReportingProgress
from engine.document.document import Document
from engine.document.edits.proposals import set_settings
from engine.document.file.stored_audio import stored
from engine.document.kinds.operations import Stored
from engine.sound.edl.tracks.unpacked import UnpackedSounds, UnpackRequest, unpack, unpacked_file
from engine.sound.reader import SourceReader

RATE_HZ = 8_000
LONG = stored(np.random.default_rng(2).standard_normal((150_000, 2)).astype(np.float32), RATE_HZ)
SHORT = stored(np.random.default_rng(3).standard_normal((100, 1)).astype(np.float32), RATE_HZ)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "jam.offcut"
    with Document.create(path) as document:
        edit = set_settings(document.state, {"minimum_kept_s": 4.0}, "Shortest piece")
        document.apply(edit, audio=[LONG, SHORT])
    return path


@pytest.mark.parametrize("audio", [LONG, SHORT], ids=["long", "short"])
def test_any_stretch_of_it_is_what_the_document_holds(path: Path, audio: object) -> None:
    assert isinstance(audio, type(LONG))
    request = UnpackRequest(path, audio.key, RATE_HZ)
    found = unpack(request)
    assert found is not None
    with SourceReader(found.path) as reader:
        np.testing.assert_array_equal(reader.read(0, audio.frames), audio.samples)
    assert (found.peaks.frames, found.peaks.channels) == audio.samples.shape
    written = found.path.stat().st_mtime_ns
    again = unpack(request)
    assert again is not None
    assert (again.path, again.path.stat().st_mtime_ns) == (found.path, written), "it is written once"
    where = Stored(audio.key, 5_000, 5_000 + audio.frames)
    with UnpackedSounds(RATE_HZ, 2) as sounds:
        for start, stop in ((5_000, 5_100), (5_010, 5_090), (5_099, 5_100)):
            heard = sounds.read(where, start, stop)
            assert heard.shape == (stop - start, 2)
            np.testing.assert_array_equal(heard - audio.samples[start - 5_000 : stop - 5_000], 0.0)


def test_what_is_not_there_or_of_another_rate_is_none(path: Path) -> None:
    assert unpack(UnpackRequest(path, "audio-" + "0" * 32, RATE_HZ)) is None
    assert unpack(UnpackRequest(path, SHORT.key, 44_100)) is None


def test_cancelled_it_leaves_nothing(path: Path) -> None:
    class Set:
        def is_set(self) -> bool:
            return True

    with pytest.raises(Cancelled):
        unpack(UnpackRequest(path, LONG.key, RATE_HZ), ReportingProgress(lambda *_: None, Set()))
    assert not unpacked_file(LONG.key, RATE_HZ).exists()
