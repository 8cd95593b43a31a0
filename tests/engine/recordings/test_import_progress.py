"""Progress of an import: a long silent file is read once, with reports all along."""

from __future__ import annotations

import itertools
import struct
from pathlib import Path

import pytest

from engine.core.progress import Progress, ReportingProgress
from engine.recordings.import_audio import ImportRequest, import_audio, rates_of
from engine.sound.reader import SourceReader, probe

FRAMES = 48_000 * 600


@pytest.fixture
def silent(tmp_path: Path) -> Path:
    """Return ten minutes of silence that take no room on the disk."""
    path = tmp_path / "silent.wav"
    head = b"fmt " + struct.pack("<IHHIIHH", 16, 1, 1, 48_000, 96_000, 2, 16)
    head = b"RIFF" + struct.pack("<I", 36 + 2 * FRAMES) + b"WAVE" + head
    with path.open("wb") as stream:
        stream.write(head + b"data" + struct.pack("<I", 2 * FRAMES))
        stream.truncate(44 + 2 * FRAMES)
    return path


def _counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    read: list[int] = []
    fill = SourceReader.read

    def counted(self: SourceReader, start: int, stop: int, *more: object) -> object:
        read.append(stop - start)
        return fill(self, start, stop, *more)

    monkeypatch.setattr(SourceReader, "read", counted)
    return read


def test_silence_is_found_while_the_peaks_are_built(silent: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read, told = _counted(monkeypatch), list[tuple[int, float]]()
    progress: Progress = ReportingProgress(lambda share, _text, _figures: told.append((sum(read), share)))
    imported = import_audio(ImportRequest((silent,)), progress)
    assert any("is silent from start to end" in one for one in imported.warnings)
    assert len(imported.warnings) == 1
    assert sum(read) < 1.1 * FRAMES, "read once"
    assert max(after - before for (before, _), (after, _) in itertools.pairwise(told)) < FRAMES / 5
    assert len({round(share, 2) for _, share in told}) > 5


def test_only_a_probe_that_is_asked_to_reads_for_silence(
    silent: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = _counted(monkeypatch)
    assert probe(silent, is_listened_to=False).warning == ""
    assert rates_of((silent,)) == {48_000: 1}
    assert not sum(read)
    assert "silent" in probe(silent).warning
