"""Several recordings with several tastes: what the page Visualise and compare is given."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from engine.core.errors import OffcutError, UsageError
from engine.core.progress import SILENT
from engine.features.taste.overview.jobs import score_sound
from engine.web import comparing
from engine.web.comparing import MOST_TASTES, Compared, compared
from engine.web.session import Session
from tests.counting import calls_of
from tests.engine.conftest import RATE_HZ, music
from tests.engine.web.client import Client

ROOT = Path(__file__).resolve().parents[3]
DEMO = "shipped/demo.taste"
TINY = "folder/tiny.taste"


@pytest.fixture(scope="module")
def compared_folder(tmp_path_factory: pytest.TempPathFactory, taste_path: Path) -> Path:
    """Return a folder with a taste, what it learned from, noise, a click, and a broken taste."""
    root = tmp_path_factory.mktemp("compared")
    shutil.copy(taste_path, root / "tiny.taste")
    (root / "broken.taste").write_bytes(b"nothing")
    noise = 0.2 * np.random.default_rng(1).standard_normal(9 * RATE_HZ)
    for name, samples in (("kept", music(11.0)), ("noise", noise), ("click", music(0.5))):
        soundfile.write(root / f"{name}.wav", samples, RATE_HZ)
    return root


def _compared(session: Session, keys: list[str]) -> dict[str, Any]:
    return dict(compared(session, Compared(recordings=keys, tastes=[TINY]), SILENT))


def test_recordings_are_compared_and_what_cannot_be_is_named(
    serve: Callable[[Path], Client], compared_folder: Path
) -> None:
    pages = serve(compared_folder)
    keys = [pages.open(f"{name}.wav")["key"] for name in ("kept", "noise", "click")]
    job = pages.done("api/compare", {"recordings": keys, "tastes": [DEMO, TINY, "folder/broken.taste"]})
    assert job["state"] == "done", job["text"]
    shown = job["answer"]
    assert shown["tastes"] == ["demo", "tiny"]
    kept, noise = shown["recordings"]
    assert (kept["name"], noise["name"]) == ("kept.wav", "noise.wav")
    assert kept["mean"][1] < 0.7 < noise["mean"][1]
    broken, click = shown["left_out"]
    assert "broken.taste" in broken
    assert "click.wav" in click
    passages = shown["passages"]
    assert passages["recording"] == [0] * 5 + [1] * 4
    assert passages["start_s"] == [0.0, 2.0, 4.0, 6.0, 8.0, 0.0, 2.0, 4.0, 6.0]
    assert passages["stop_s"][4] == 11.0  # what is left belongs to the last passage
    assert np.shape(passages["scores"]) == (2, 9)
    music_x, noise_x = np.array(passages["x"][:5]), np.array(passages["x"][5:])
    assert abs(music_x.mean() - noise_x.mean()) > 0.5 > np.ptp(music_x) + np.ptp(noise_x)


def test_the_score_of_a_passage_is_the_mean_of_its_moments(compared_folder: Path) -> None:
    session = Session(compared_folder)
    try:
        key = session.pick("noise.wav").key
        shown = _compared(session, [key])
    finally:
        session.close()
    (recording,) = shown["recordings"]
    times_s, scores = (np.array(recording["curves"][0][name]) for name in ("times_s", "scores"))
    second = (times_s >= 2.0) & (times_s < 4.0)
    assert shown["passages"]["scores"][0][1] == pytest.approx(scores[second].mean(), abs=2e-4)


def test_what_was_scored_is_not_scored_again_until_its_file_changes(tmp_path: Path, taste_path: Path) -> None:
    """Also for the page Score; names that occur twice are numbered."""
    shutil.copy(taste_path, tmp_path / "tiny.taste")
    (tmp_path / "below").mkdir()
    names = ("a.wav", "below/a.wav")
    for name in names:
        soundfile.write(tmp_path / name, music(5.0), RATE_HZ)
    session = Session(tmp_path)
    try:
        asked = Compared(recordings=[session.pick(name).key for name in names], tastes=[TINY])
        assert calls_of(lambda: compared(session, asked, SILENT), score_sound) == 2
        assert calls_of(lambda: compared(session, asked, SILENT), score_sound) == 0
        soundfile.write(tmp_path / "a.wav", music(6.0), RATE_HZ)
        assert calls_of(lambda: compared(session, asked, SILENT), score_sound) == 1
        shown = _compared(session, asked.recordings)
    finally:
        session.close()
    assert [one["name"] for one in shown["recordings"]] == ["a.wav", "a.wav (2)"]


def test_a_cluster_compares_as_this_program_does(compared_folder: Path) -> None:
    command = [sys.executable, "-m", "tests.engine.web.compared_on_cluster", str(compared_folder), TINY]
    done = subprocess.run(
        [*command, "kept.wav", "noise.wav"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    session = Session(compared_folder)
    try:
        shown = _compared(session, [session.pick(f"{name}.wav").key for name in ("kept", "noise")])
    finally:
        session.close()
    found = json.loads(done.stdout.splitlines()[-1])
    assert (found["here"], found["left_out"], found["passages"]) == (0, [], shown["passages"])


def test_a_cluster_that_does_not_answer_is_named(compared_folder: Path) -> None:
    session = Session(compared_folder, cluster="tcp://127.0.0.1:9")
    try:
        with pytest.raises(UsageError, match=r"tcp://127\.0\.0\.1:9"):
            _compared(session, [session.pick("kept.wav").key])
    finally:
        session.close()


def test_too_many_and_none_are_refused(compared_folder: Path) -> None:
    session = Session(compared_folder)
    try:
        key = session.pick("click.wav").key
        with pytest.raises(OffcutError, match=r"click\.wav"):
            compared(session, Compared(recordings=[key], tastes=[TINY]), SILENT)
        with pytest.raises(OffcutError, match=r"broken\.taste"):
            compared(session, Compared(recordings=[key], tastes=["folder/broken.taste"]), SILENT)
        many = [f"folder/{number}.taste" for number in range(MOST_TASTES + 1)]
        with pytest.raises(UsageError, match=str(MOST_TASTES)):
            compared(session, Compared(recordings=[key], tastes=many), SILENT)
    finally:
        session.close()


def test_no_more_passages_are_shown_than_a_page_has_room_for(
    compared_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of long recordings are longer instead, and reach to the end."""
    monkeypatch.setattr(comparing, "MOST_PASSAGES", 3)
    session = Session(compared_folder)
    try:
        passages = _compared(session, [session.pick("kept.wav").key])["passages"]
    finally:
        session.close()
    assert passages["start_s"] == [0.0, 4.0, 8.0]
    assert passages["stop_s"] == [4.0, 8.0, 11.0]
