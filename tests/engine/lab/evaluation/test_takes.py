"""Rehearsals are made of which all is known, a perfect answer scores 1, and ours comes near it."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.analysis.found_takes import Take, TakeGroup
from engine.core.errors import UsageError
from engine.features.takes.find import find_takes
from engine.lab.evaluation.takes.plain import chroma_pairs, short_stretches
from engine.lab.evaluation.takes.scores import (
    attempt_scores,
    auc_of,
    borders_off,
    moment_scores,
    pairs_of,
    score_pairs,
    told_of,
    true_pairs,
)
from engine.lab.simulated.recordings import HEARD_RATE_HZ
from engine.lab.simulated.rehearsals.changes import AGAIN
from engine.lab.simulated.rehearsals.passages import MUSIC, Pool, pools_in
from engine.lab.simulated.rehearsals.sessions import Session, session
from tests.engine.features.takes.playing import RATE_HZ, passage

NOISE = np.random.default_rng(0).standard_normal(HEARD_RATE_HZ // 2).astype(np.float32)


@pytest.fixture(scope="module")
def rehearsal(tmp_path_factory: pytest.TempPathFactory) -> Session:
    folder = tmp_path_factory.mktemp("music")
    paths = []
    for seed in range(4):
        path = folder / f"{seed}.wav"
        soundfile.write(path, passage(seed, 41.0), RATE_HZ)
        paths.append((path,))
    return session("test", Pool({MUSIC: tuple(paths)}), (MUSIC,), (AGAIN,), {"talk": [NOISE]}, 0)


def test_a_rehearsal_is_the_same_every_time_and_knows_what_is_in_it(rehearsal: Session) -> None:
    played = rehearsal.performed
    assert all(one.stop_s <= other.start_s for one, other in pairwise(played))
    assert {one.passage for one in played} >= {0, 1, 2}
    assert any(one.ending for one in played)
    assert played[-1].stop_s <= len(rehearsal.audio) / HEARD_RATE_HZ


def test_the_truth_scores_one(rehearsal: Session) -> None:
    groups = []
    for number in range(3):
        of = [one for one in rehearsal.performed if one.passage == number]
        takes = [Take(one.start_s, one.stop_s, not one.ending, 0, 1.0, 0.0, one.stop_share) for one in of]
        groups.append(TakeGroup(str(number), tuple(takes)))
    counts = score_pairs(rehearsal, pairs_of(groups))
    assert (counts.missed, counts.wrong) == (0, 0)
    assert counts.found == len(true_pairs(rehearsal)[0])
    assert max(max(borders_off(rehearsal, groups)[0]), 0.0) == 0.0
    told = [(one.start_s, one.stop_s, 1.0) for one in rehearsal.performed if one.ending]
    assert auc_of(*attempt_scores(rehearsal, told)) == 1.0
    assert auc_of(*moment_scores(rehearsal, told)) == 1.0
    assert score_pairs(rehearsal, []).found == 0


def test_ours_finds_what_plain_chroma_mistakes(rehearsal: Session) -> None:
    found = find_takes([rehearsal.audio], HEARD_RATE_HZ)
    counts = score_pairs(rehearsal, pairs_of(found.groups))
    assert counts.found >= 0.9 * (counts.found + counts.missed)
    assert counts.wrong <= 0.1 * counts.found
    assert np.median(borders_off(rehearsal, found.groups)[0]) < 0.5
    of, said = attempt_scores(rehearsal, told_of(found.false_starts))
    short = attempt_scores(rehearsal, short_stretches(np.array(found.played_s)))[1]
    assert auc_of(of, said) >= max(0.9, auc_of(of, short))
    assert all(one[1] <= other[0] for one, other in chroma_pairs(rehearsal.audio[: 60 * HEARD_RATE_HZ], 0.9))


def test_recordings_are_varied_by_a_seed_in_speed_and_colour(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "song.wav", passage(0, 41.0), RATE_HZ)
    pool = Pool({MUSIC: ((tmp_path / "song.wav",),)})
    plain = pool.drawn(MUSIC, 0)
    varied = [replace(pool, varied_by=seed).drawn(MUSIC, 0) for seed in (1, 1, 2)]
    np.testing.assert_array_equal(varied[0], varied[1])
    assert len({len(plain), len(varied[0]), len(varied[2])}) == 3
    for one in varied:
        assert 2.0 ** (-400 / 1200) < len(one) / len(plain) < 2.0 ** (400 / 1200)
        assert np.max(np.abs(one)) <= 1.0
        assert np.all(np.isfinite(one))


def test_a_folder_without_music_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="music is missing"):
        pools_in(tmp_path)
    (tmp_path / "music").mkdir()
    with pytest.raises(UsageError, match="mdbdrums is missing"):
        pools_in(tmp_path)
