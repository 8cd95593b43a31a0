"""What a taste is, and what it makes of a recording."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.features.taste.overview.results import Origin, ScoredRecording
from engine.web.tastes import ODD, worst_moments
from tests.engine.web.client import Client

DEMO = "shipped/demo.taste"


def test_the_taste_that_ships_is_shown_with_its_figures(pages: Client) -> None:
    """As the window's page shows it: facts, curves, and how what was kept scores."""
    (listed,) = pages.get("api/folder").fields["tastes"]
    assert (listed["taste"], listed["recordings"], listed["trouble"]) == (DEMO, 3, "")
    job = pages.done("api/tastes", {"taste": DEMO})
    assert job["state"] == "done", job["text"]
    shown = job["answer"]
    assert dict(shown["figures"])["parameters"] == "475,365"
    assert shown["steps"][0]["title"] == "Recording"
    assert len(shown["training"]) == len(shown["validation"]) == 32
    assert [one["name"] for one in shown["recordings"]] == ["1-lets-go-fishin", "2-ragtime", "3-medley"]
    # They were kept: what sounds as expected is nearly all of each.
    assert all(one["high"] < ODD for one in shown["recordings"])
    assert sum(shown["distribution"]) == pytest.approx(1.0)


def test_a_recording_that_is_sent_is_scored(pages: Client, data_dir: Path) -> None:
    """Noise in the middle of it is its worst moment."""
    rng = np.random.default_rng(2)
    path = data_dir.parents[1] / "resources" / "demo" / "edited" / "3-medley.ogg"
    samples, rate_hz = soundfile.read(path, stop=20 * 44_100, dtype="float32", always_2d=True)
    samples[10 * rate_hz : 13 * rate_hz] = 0.2 * rng.standard_normal((3 * rate_hz, samples.shape[1]))
    sent = io.BytesIO()
    soundfile.write(sent, samples, rate_hz, format="WAV")
    key = pages.upload(sent.getvalue(), "medley.wav").fields["key"]
    job = pages.done(f"api/recordings/{key}/score", {"taste": DEMO})
    assert job["state"] == "done", job["text"]
    scored = job["answer"]
    assert len(scored["times_s"]) == len(scored["scores"]) > 50
    worst = scored["moments"][0]
    assert 9.0 <= worst["at_s"] <= 14.0
    assert worst["score"] == pytest.approx(max(scored["scores"]))
    assert worst["why"]
    assert scored["verdict"].endswith("sound unlike your edits.")


def test_a_taste_that_is_none_is_told(serve, tmp_path: Path) -> None:
    """In the list, and where it is asked for all the same."""
    (tmp_path / "broken.taste").write_bytes(b"nothing")
    pages: Client = serve(tmp_path)
    broken, _shipped = pages.get("api/folder").fields["tastes"]
    assert broken["trouble"] == "The file is damaged or not a taste."
    job = pages.done("api/tastes", {"taste": "folder/broken.taste"})
    assert job["state"] == "failed"
    assert "broken.taste" in job["text"]


def _scored(scores: list[float]) -> ScoredRecording:
    times_s = np.arange(len(scores), dtype=np.float64)
    values = np.array(scores, np.float32)
    parts = {"noise": 1.0 - values, "talk": values}
    return ScoredRecording("a", Origin.FILE, None, "", float(len(scores)), times_s, values, 0.0, parts)


def test_a_passage_that_is_odd_is_one_moment() -> None:
    """However long it lasts; what is near to it is no moment of its own."""
    scores = [0.99] * 3 + [0.3] * 6 + [0.9, 0.95, 0.97, 0.9, 0.4] + [0.2] * 5 + [0.6, 0.98]
    found = worst_moments(_scored(scores))
    assert [(one["start_s"], one["stop_s"], one["at_s"]) for one in found[:3]] == [
        (0.0, 2.0, 0.0),
        (20.0, 20.0, 20.0),
        (9.0, 12.0, 11.0),
    ]
    assert found[0]["why"] == "talk"
    assert worst_moments(_scored([])) == []
    assert [one["at_s"] for one in worst_moments(_scored([0.5] * 4))] == [0.0, 3.0]
