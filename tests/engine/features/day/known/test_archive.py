"""The index of an archive: only new recordings are analysed, and a killed run goes on where it was."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import soundfile

from engine.core.errors import Cancelled, UsageError
from engine.core.progress import ReportingProgress
from engine.features.day.known.archive import fingerprint_of, takes_of_song, update
from engine.features.day.known.library import Library
from engine.features.day.known.matching import Song
from engine.features.day.known.passages import Sought
from tests.engine.features.day.known.songs_played import played
from tests.engine.features.takes.playing import RATE_HZ, joined, passage

UPDATES = """
import sys
import threading
from pathlib import Path
from engine.core.progress import ReportingProgress
from engine.features.day.known.archive import update

def wait(fraction, text, figures):
    if fraction > 0.7:  # the first recordings are stored
        print(flush=True)
        sys.stdin.readline()

update([Path(sys.argv[1])], Path(sys.argv[2]), ReportingProgress(wait))
"""
PARTS = {
    "2025/one.wav": (passage(7, 15.0), passage(1, 40.0)),
    "2025/two.flac": (passage(8, 20.0),),
    "2026/three.wav": (passage(1, 40.0, semitones=-2, speed=0.93),),
}


@pytest.fixture(scope="module")
def sought() -> Sought:
    return Sought.of(Song("id", "Golden", (played(1),)))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "archive"
    for name, parts in PARTS.items():
        path = made / name
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, joined(*parts)[0], RATE_HZ)
        os.utime(path, (1_750_000_000, 1_750_000_000))
    return made


def test_takes_are_found_with_place_date_key_and_tempo(folder: Path, tmp_path: Path, sought: Sought) -> None:
    index = tmp_path / "archive.sqlite"
    done = update([folder], index)
    assert (done.files, done.added, done.removed, done.refusals) == (3, 3, 0, ())
    first, second = takes_of_song(sought, index)
    assert first.path == folder / "2025" / "one.wav"
    assert first.found.start_s == pytest.approx(17.0, abs=1.0)
    assert first.found.stop_s == pytest.approx(57.0, abs=2.0)
    assert first.day == "2025-06-15"
    assert second.path == folder / "2026" / "three.wav"
    assert second.found.semitones == -2
    assert second.found.speed == pytest.approx(0.93, abs=0.02)
    assert [take.path.name for take in takes_of_song(sought, index, [folder / "2026"])] == ["three.wav"]


def test_only_new_and_changed_recordings_are_analysed(folder: Path, tmp_path: Path, sought: Sought) -> None:
    index = tmp_path / "archive.sqlite"
    update([folder], index)
    assert update([folder], index).added == 0
    soundfile.write(folder / "2026" / "four.wav", passage(1, 30.0), RATE_HZ)
    assert update([folder / "2026"], index).added == 1
    (folder / "2025" / "one.wav").unlink()
    soundfile.write(folder / "2025" / "two.flac", passage(1, 30.0), RATE_HZ)
    done = update([folder], index)
    assert (done.files, done.added, done.removed) == (3, 1, 1)
    found = [take.path.name for take in takes_of_song(sought, index)]
    assert found == ["two.flac", "four.wav", "three.wav"]


def test_what_cannot_be_read_stops_nothing(folder: Path, tmp_path: Path) -> None:
    (folder / "broken.wav").write_text("no audio")
    done = update([folder], tmp_path / "archive.sqlite")
    assert (done.files, done.added) == (4, 3)
    assert [str(folder / "broken.wav") in sentence for sentence in done.refusals] == [True]


def test_a_stopped_run_goes_on_where_it_was(folder: Path, tmp_path: Path) -> None:
    index = tmp_path / "archive.sqlite"

    def stop_late(fraction: float, _text: str, _figures: object) -> None:
        if fraction > 0.7:
            raise Cancelled

    with pytest.raises(Cancelled):
        update([folder], index, ReportingProgress(stop_late))
    left = update([folder], index).added
    assert 0 < left < 3


def test_a_killed_run_goes_on_where_it_was(folder: Path, tmp_path: Path) -> None:
    index = tmp_path / "archive.sqlite"
    command = [sys.executable, "-c", UPDATES, str(folder), str(index)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as run:
        assert run.stdout is not None
        run.stdout.readline()
        run.kill()
    left = update([folder], index).added
    assert 0 < left < 3


def test_processes_give_the_same_index(folder: Path, tmp_path: Path, sought: Sought) -> None:
    update([folder], tmp_path / "one.sqlite")
    update([folder], tmp_path / "two.sqlite", workers=2)
    one, two = (list(takes_of_song(sought, tmp_path / f"{name}.sqlite")) for name in ("one", "two"))
    assert one == two
    assert len(one) == 2


def test_a_folder_that_is_empty_or_missing_is_refused_and_the_index_stays(
    folder: Path, tmp_path: Path, sought: Sought
) -> None:
    index = tmp_path / "archive.sqlite"
    update([folder], index)
    (tmp_path / "empty").mkdir()
    for name in ("empty", "missing"):
        with pytest.raises(UsageError, match=name):
            update([tmp_path / name], index)
    assert len(list(takes_of_song(sought, index))) == 2


def test_the_fingerprint_of_a_file_is_that_of_its_sound(folder: Path) -> None:
    one = fingerprint_of(folder / "2026" / "three.wav")
    assert one.length_s == pytest.approx(40.0 / 0.93 + 2.0, abs=0.5)


def test_a_cluster_gives_the_same_index(folder: Path, tmp_path: Path) -> None:
    Library().allow(True)
    song = tmp_path / "song.wav"
    soundfile.write(song, passage(1, 40.0), RATE_HZ)
    command = [sys.executable, "-m", "tests.engine.features.taste.archive.local_cluster", "find"]
    done = subprocess.run(
        [*command, str(song), "--in", str(folder)], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    takes = json.loads(done.stdout)["takes"]
    assert [Path(take["path"]).name for take in takes] == ["one.wav", "three.wav"]
    assert [take["semitones"] for take in takes] == [0, -2]


def test_processes_are_cancelled_before_the_first_result(
    folder: Path, tmp_path: Path, sought: Sought
) -> None:
    cancelled = threading.Event()
    cancelled.set()
    with pytest.raises(Cancelled):
        update([folder], tmp_path / "archive.sqlite", ReportingProgress(cancelled=cancelled), workers=2)
    assert list(takes_of_song(sought, tmp_path / "archive.sqlite")) == []
