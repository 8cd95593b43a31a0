"""Scores of hand-made cases, the plain method on made sound, and runs that go on after a stop."""

from __future__ import annotations

import json
from collections.abc import Iterator
from math import isnan
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.core.errors import UsageError
from engine.core.progress import SILENT, Progress
from engine.features.day.day import Day, DayKind, DaySong, SongTake
from engine.lab.evaluation.days import plain
from engine.lab.evaluation.days.day import MadeDay
from engine.lab.evaluation.days.evaluate import Asked, evaluate
from engine.lab.evaluation.days.planning import Kind
from engine.lab.evaluation.days.scores import scores_of
from engine.lab.evaluation.days.session import PlayedTake
from tests.engine.lab.evaluation.days.conftest import sines

RATE_HZ = 8_000


def take(song: str, start_s: float, stop_s: float, kind: Kind = Kind.WHOLE) -> PlayedTake:
    return PlayedTake(song, start_s, stop_s, kind is Kind.WHOLE, 0, 1.0, kind)


TAKES = (
    take("a", 10.0, 110.0),
    take("a", 120.0, 150.0, Kind.BROKEN_OFF),
    take("b", 155.0, 160.0, Kind.FALSE_START),  # neutral: shorter than 8 s
    take("b", 170.0, 270.0),
    take("b", 280.0, 300.0, Kind.PART),  # neutral
    take("a", 310.0, 410.0),
)
MADE = MadeDay(
    Path("day.wav"),
    0,
    RATE_HZ,
    420.0,
    TAKES,
    ((111.0, 118.0), (160.0, 168.0)),
    {"count-in": ((118.0, 119.5),)},
)


def found(*songs: tuple[SongTake, ...], talk: tuple[tuple[float, float], ...] = (), idle=()) -> Day:
    named = tuple(DaySong(str(at), takes) for at, takes in enumerate(songs))
    return Day(DayKind.REHEARSAL, named, talk, idle)


def test_the_truth_scores_one_with_and_without_neutral_attempts() -> None:
    of_a = tuple(SongTake(one.start_s, one.stop_s, one.is_complete) for one in TAKES if one.song == "a")
    of_b = tuple(SongTake(one.start_s, one.stop_s, one.is_complete) for one in TAKES if one.song == "b")
    for some in (of_b, of_b[1:2]):
        scores = scores_of(MADE, found(of_a, some, talk=MADE.talk))
        assert set(scores.figures().values()) == {1.0, 0.0}
        assert scores.lost == 0.0


def test_borders_count_once_within_two_seconds() -> None:
    # Of the 8 true borders two are right; one is 3 s off, and one, near a neutral attempt, is not counted.
    scores = scores_of(MADE, found((SongTake(11.9, 113.0), SongTake(121.0, 161.0))))
    assert scores.recall == pytest.approx(2 / 8)
    assert scores.precision == pytest.approx(2 / 3)
    assert scores.borders == pytest.approx(2 * (2 / 3) * (2 / 8) / (2 / 3 + 2 / 8))
    twice = scores_of(MADE, found((SongTake(10.0, 110.0),), (SongTake(10.5, 110.5),)))
    assert twice.precision == pytest.approx(2 / 4)


def test_a_start_is_no_stop() -> None:
    scores = scores_of(MADE, found((SongTake(110.0, 170.0),)))
    assert scores.recall == 0.0
    assert scores.borders == 0.0


def test_pairs_of_takes_that_are_grouped() -> None:
    # True pairs: three of song a. Found: one of them, and one with a take of song b.
    first, second, b, third = (
        SongTake(one.start_s, one.stop_s) for one in (TAKES[0], TAKES[1], TAKES[3], TAKES[5])
    )
    assert scores_of(MADE, found((first, second), (third, b))).grouped == pytest.approx(2 / (3 + 2))
    assert scores_of(MADE, found((first,), (second,), (b,), (third,))).grouped == 0.0
    # A take with a foreign border is not the true one: its pairs are wrong.
    merged = SongTake(120.0, 270.0)
    assert scores_of(MADE, found((first, third), (b,))).grouped == pytest.approx(2 / (3 + 1))
    assert scores_of(MADE, found((first, merged, third))).grouped == pytest.approx(2 / (3 + 3))


def test_complete_takes_are_told_from_others() -> None:
    right = SongTake(10.0, 110.0, True)
    wrong = SongTake(120.0, 150.0, True)
    scores = scores_of(MADE, found((right, wrong)))
    assert scores.complete == pytest.approx(1 / 2)
    assert isnan(scores_of(MADE, found()).complete)


def test_talk_and_lost_music_are_measured_in_seconds() -> None:
    # Truth: 7 s and 8 s of talk. Found: 5 s of it, 10 s in a take, and a count-in, which is not counted.
    scores = scores_of(MADE, found(talk=((100.0, 116.0), (118.0, 119.5)), idle=((405.0, 420.0),)))
    assert scores.talk == pytest.approx(5 / 15)
    assert scores.talk_precision == pytest.approx(5 / 16)
    # 10 s of the first take as talk, 5 s of the last one as idle, of 330 s.
    assert scores.lost == pytest.approx(15 / 330)
    assert isnan(scores_of(MADE, found()).talk_precision)


def test_a_found_day_without_anything() -> None:
    scores = scores_of(MADE, found())
    assert (scores.borders, scores.recall, scores.grouped, scores.lost) == (0.0, 0.0, 0.0, 0.0)


@pytest.mark.parametrize("block", [100, 8_000, 1_000_000])
def test_pauses_divide_made_sound(block: int) -> None:
    rng = np.random.default_rng(0)
    level = np.full(100 * RATE_HZ, 1e-4)
    for start_s, stop_s in ((5.0, 30.0), (31.0, 40.0), (45.0, 50.0), (60.0, 90.0)):
        level[round(start_s * RATE_HZ) : round(stop_s * RATE_HZ)] = 0.1
    sound = (level * rng.standard_normal(len(level))).astype(np.float32)
    blocks = (sound[at : at + block] for at in range(0, len(sound), block))
    day = plain.find_day(blocks, RATE_HZ, len(sound), SILENT)
    # A pause of 1 s does not divide; 5 s of sound are talk.
    spans = [(one.takes[0].start_s, one.takes[0].stop_s) for one in day.songs]
    np.testing.assert_allclose(spans, [(5.0, 40.0), (60.0, 90.0)], atol=0.11)
    np.testing.assert_allclose(day.talk, [(45.0, 50.0)], atol=0.11)
    np.testing.assert_allclose(day.idle, [(0.0, 5.0), (40.0, 45.0), (50.0, 60.0), (90.0, 100.0)], atol=0.11)
    assert all(one.takes[0].is_complete for one in day.songs)


def test_nothing_is_found_in_nothing() -> None:
    day = plain.find_day(iter(()), RATE_HZ, 0, SILENT)
    assert (day.songs, day.talk, day.idle) == ((), (), ())


def test_a_run_goes_on_where_it_was_stopped(little_data: Path, tmp_path: Path) -> None:
    calls = []

    def counted(blocks: Iterator[NDArray[np.float32]], rate_hz: int, total: int, progress: Progress) -> Day:
        calls.append(total)
        assert sum(map(len, blocks)) == total
        return plain.find_day(iter(()), rate_hz, 0, progress)

    asked = Asked(
        is_development=True, is_short=True, made=tmp_path, results=tmp_path / "results.jsonl", player=sines
    )
    methods = {"pauses": plain.find_day, "counted": counted}
    first = list(evaluate(little_data, asked, SILENT, methods))
    assert [line.get("day", line.get("days")) for line in first] == [
        *("0-100 short",) * 2,
        *("mean", "median", "worst") * 2,
    ]
    # A stopped process leaves half a line.
    with (tmp_path / "results.jsonl").open("a", encoding="utf-8") as stream:
        stream.write('\n{"version": 1, "day": "0-1')
    second = list(evaluate(little_data, asked, SILENT, methods))
    assert len(calls) == 1
    assert json.dumps(second) == json.dumps(first)
    list(evaluate(little_data, asked, SILENT, {**methods, "more": counted}))
    assert len(calls) == 2


def test_a_run_without_days_is_refused(little_data: Path) -> None:
    with pytest.raises(UsageError, match="nothing to measure"):
        list(evaluate(little_data, Asked(days=-1, player=sines), SILENT))
