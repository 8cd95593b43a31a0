"""Many recordings scored: what is found in folders, in which order results come, and that all ways agree."""

from __future__ import annotations

import errno
import os
import shutil
import threading
from collections import Counter
from concurrent.futures import Future
from pathlib import Path

import numpy as np
import pytest

from engine.core.errors import OffcutError
from engine.core.progress import SILENT
from engine.features.takes import features
from engine.features.taste.anomaly.recipes.own_faults import network
from engine.features.taste.anomaly.score import score_file
from engine.features.taste.anomaly.taste import Taste
from engine.features.taste.archive import (
    Refused,
    Scored,
    in_order,
    overall_score,
    prediction,
    score_by_processes,
    score_recording,
)
from engine.features.taste.archive_workers import fitting_workers
from engine.sound.decoders.registry import audio_files
from tests.engine.features.taste.archive.conftest import BAD, RECORDINGS


def never(error: OSError) -> None:
    raise error


def test_a_folder_gives_its_recordings_in_order_and_a_file_itself(folder: Path) -> None:
    found = [path.relative_to(folder).as_posix() for path in audio_files(folder, never)]
    assert found == [*RECORDINGS[:3], BAD, RECORDINGS[3]]
    assert list(audio_files(folder / "notes.txt", never)) == [folder / "notes.txt"]
    assert list(audio_files(folder / "gone.wav", never)) == [folder / "gone.wav"]


def test_a_folder_that_cannot_be_listed_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Too deep for a path to name it, since nothing is forbidden to root.
    with monkeypatch.context() as there:
        there.chdir(folder)
        for _ in range(17):
            Path("x" * 250).mkdir()
            os.chdir("x" * 250)
    told: list[OSError] = []
    found = list(audio_files(folder, told.append))
    shutil.rmtree(folder / ("x" * 250))
    assert len(found) == len(RECORDINGS) + 1
    assert [error.errno for error in told] == [errno.ENAMETOOLONG]


@pytest.mark.parametrize(
    ("scores", "wanted"),
    [([], None), ([0.25], 0.25), ([0.5, 0.25], 0.5), ([0.5, 1.0, 0.0, 0.75, *4 * [0.25]], 0.875)],
)
def test_a_recording_scores_the_mean_of_its_oddest_quarter(scores: list[float], wanted: float | None) -> None:
    assert overall_score(np.array(scores, np.float32)) == wanted


def test_what_reaches_the_threshold_is_anomalous() -> None:
    assert [prediction(score, 0.6) for score in (0.59, 0.6, None)] == ["kept", "anomalous", None]


def test_work_is_given_out_a_little_ahead_and_handed_back_in_order() -> None:
    given: list[Future[int]] = []

    def submit(number: int) -> Future[int]:
        assert sum(not future.done() for future in given) < 3
        given.append(Future())
        if number % 3 == 2:  # the last of three is done first, then the others
            for place, future in reversed(list(enumerate(given))):
                if not future.done():
                    future.set_result(place)
        return given[-1]

    assert list(in_order(submit, range(9), ahead=3)) == list(range(9))


def test_what_nobody_waits_for_any_more_is_given_up() -> None:
    given = [Future() for _ in range(3)]
    given[0].set_result(0)
    found = in_order(given.__getitem__, range(3), ahead=3)
    assert next(found) == 0
    found.close()
    assert [future.cancelled() for future in given] == [False, True, True]


def test_two_processes_score_as_one_does(taste_path: Path, taste: Taste, folder: Path) -> None:
    paths = list(audio_files(folder, never))
    found = list(score_by_processes(taste_path, iter(paths), 2))
    assert [outcome.path for outcome in found] == paths
    for outcome in found:
        here = score_recording(taste, outcome.path)
        if isinstance(here, Refused):
            assert outcome == here
            continue
        assert isinstance(outcome, Scored)
        np.testing.assert_array_equal(outcome.scores.scores, here.scores.scores)
        np.testing.assert_array_equal(outcome.scores.times_s, here.scores.times_s)
        np.testing.assert_array_equal(here.scores.scores, score_file(taste, outcome.path, SILENT).scores)
    assert [outcome.path for outcome in found if isinstance(outcome, Refused)] == [folder / BAD]


def test_a_process_that_ends_is_told(folder: Path) -> None:
    scored = score_by_processes(folder / "gone.taste", iter([folder / "01.wav"]), 1)
    with pytest.raises(OffcutError, match="ended before its work was done"):
        next(scored)


def test_few_recordings_are_worth_one_process() -> None:
    assert [fitting_workers(files) for files in (0, 1, 47)] == [1, 1, 1]
    assert fitting_workers(100_000) >= 1


def test_a_short_recording_costs_no_thread_and_no_network_prepared_again(
    taste: Taste, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    score_recording(taste, folder / RECORDINGS[0])
    counts = Counter[str]()

    def counted(owner: object, name: str) -> None:
        whole = getattr(owner, name)

        def count(*given: object) -> object:
            counts[name] += 1
            return whole(*given)

        monkeypatch.setattr(owner, name, count)

    counted(threading.Thread, "start")
    counted(network, "fuse_conv_bn_weights")
    counted(features, "_semitone_bank")
    for name in RECORDINGS:
        assert isinstance(score_recording(taste, folder / name), Scored)
    assert counts == {}
