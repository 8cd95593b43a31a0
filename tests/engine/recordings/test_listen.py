"""Listening to a document before anything is proposed in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.core.errors import TasteError
from engine.core.progress import SILENT
from engine.document.state import DocumentState
from engine.document.tracks import Source
from engine.recordings.analyses import AnalysisRequest
from engine.recordings.listen import listen_to_document
from tests.sources import one_source_track


def test_a_taste_that_is_none_is_told_before_a_recording_is_opened(tmp_path: Path) -> None:
    an_hour = Source("s", "jam.wav", "0", 48_000, 1, 48_000 * 3600, "WAV", "PCM_16")
    state = DocumentState(48_000, {"s": an_hour}, (one_source_track("t", an_hour, "jam", 0),))
    path = tmp_path / "jam.taste"
    path.write_bytes(b"RIFF....WAVE")
    with pytest.raises(TasteError, match="is not a taste"):
        listen_to_document(AnalysisRequest(state, {"s": tmp_path / "gone.wav"}, path), SILENT)
