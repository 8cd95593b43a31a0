"""What is weighed of a proposal and what the same answers teach stays what it was, figure by figure.

That learning helps is measured (docs/evaluation); plain loops say what single figures are. Here are all of
them together, weights and scales included, so that none changes without anybody's wanting it.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.document.analysis import BeatGrid, Listening, NearestReference
from engine.document.proposals import Verdict
from engine.review.calibration import (
    Answer,
    Reviewed,
    answers_of,
    calibrate,
    findings,
    sentence,
    surprises_alike,
    surprises_beside,
    surprises_touching,
    to_json,
    verdicts_of,
    with_document,
)
from engine.review.evidence import OWN, Analyses, evidence, logit
from tests.as_before import require_as_before
from tests.engine.review.calibration.material import RATE_HZ, cuts_the_quiet, decided, document

SPANS = np.array([[0, 4_000], [3_000, 3_001], [40_000, 200_000], [250_000, 262_144], [470_000, 480_000]])
SCORES = np.array([0.0, 0.3, 0.85, 0.999, 1.0])


def test_what_is_weighed_of_spans_is_what_it_was() -> None:
    _, heard = document(6)
    require_as_before("taught", "evidence", evidence(SPANS, SCORES, RATE_HZ, heard), most_apart=1e-6)
    require_as_before("taught", "log odds", logit(np.array([0.0, 1e-9, 0.001, 0.5, 0.9, 1.0])))


def _column(name: str, heard: Analyses, spans: np.ndarray) -> list[float]:
    found = evidence(spans, np.full(len(spans), 0.5), RATE_HZ, heard)
    return found.rows[:, OWN.index(name)].tolist()


def test_length_is_told_in_powers_of_four_of_six_seconds() -> None:
    spans = np.array([[0, 6], [0, 24], [0, 3], [5, 5], [0, 6_000]]) * RATE_HZ
    told = _column("length", Analyses(), spans)
    assert told == pytest.approx([0.0, 1.0, -0.5, -3.0, 3.0])


def test_hits_are_told_in_powers_of_two_of_the_usual_number_and_a_fifth_of_it() -> None:
    onsets = np.concatenate([np.arange(0, 8_000, 400), np.arange(8_000, 80_000, 4_000)])
    heard = Analyses(listening=Listening(onsets, np.zeros(80, np.float32), 1_000, "m"))
    usual = len(onsets) / 80_000
    told = _column("hits", heard, np.array([[0, 8_000], [8_001, 11_999], [40_000, 80_000]]))
    here = np.array([20 / 8_000, 0.0, 10 / 40_000])
    np.testing.assert_allclose(told, np.log2((here + 0.2 * usual) / (1.2 * usual)))


def test_evenness_is_how_far_levels_stray_from_six_db() -> None:
    levels = np.concatenate([np.full(8, -20.0), np.tile([-30.0, -10.0], 4), np.full(8, -200.0)])
    heard = Analyses(listening=Listening(np.zeros(0, np.int64), levels.astype(np.float32), 1_000, "m"))
    spans = np.array([[0, 8_000], [8_000, 16_000], [16_000, 24_000]])
    np.testing.assert_allclose(_column("evenness", heard, spans), [-1.2, 0.8, -1.2])
    # The middle of -20, and of -30, -10 and -80, below which nothing counts, is between -20 and -30.
    middle = np.median(np.maximum(levels, -80.0))
    np.testing.assert_allclose(
        _column("loudness", heard, spans), np.clip((np.array([-20, -20, -80]) - middle) / 10, -3, 3)
    )


def _nearest(
    starts: np.ndarray, kept_s: np.ndarray, recordings: np.ndarray, distances: np.ndarray
) -> Analyses:
    found = NearestReference(
        starts,
        1_000,
        recordings.astype(np.int32),
        kept_s,
        distances.astype(np.float32),
        ("a", "b"),
        ("", ""),
        np.ones(2),
        "m",
    )
    return Analyses(nearest=found)


def test_distance_and_jumps_are_those_of_plain_loops() -> None:
    rng = np.random.default_rng(5)
    starts = np.arange(0, 40_000, 1_000)
    kept_s = np.where(rng.random(40) < 0.7, np.arange(40) * 0.125, rng.uniform(0, 60, 40))
    recordings, distances = rng.integers(0, 2, 40), rng.uniform(0.0005, 0.9, 40)
    distances[3] = 0.0
    heard = _nearest(starts, kept_s, recordings, distances)
    spans = np.array([[0, 9_000], [10_000, 30_000], [30_500, 39_000], [12_345, 12_346]])
    hop_s, usual = np.median(np.diff(kept_s)), np.median(np.maximum(distances.astype(np.float32), 1e-3))
    jumps = [False] + [
        abs(kept_s[k] - kept_s[k - 1] - hop_s) > 1.0 or recordings[k] != recordings[k - 1]
        for k in range(1, 40)
    ]
    jumps[0] = abs(0.0 - hop_s) > 1.0
    for place, (start, stop) in enumerate(spans.tolist()):
        inside = [k for k in range(40) if start <= starts[k] + 500 < stop] or [12]
        far = np.mean([np.log2(max(distances[k], 1e-3) / usual) for k in inside])
        often = 2.0 * (np.mean([jumps[k] for k in inside]) - np.mean(jumps))
        assert _column("distance", heard, spans)[place] == pytest.approx(np.clip(far, -3, 3), abs=1e-4)
        assert _column("jumps", heard, spans)[place] == pytest.approx(often, abs=1e-9)


def test_a_single_kept_stretch_or_beat_says_nothing() -> None:
    one = np.zeros(1, np.int64)
    heard = Analyses(
        grid=BeatGrid(one, one + 1, 100.0, 1.0, "m"),
        nearest=_nearest(one, np.zeros(1), one, np.ones(1)).nearest,
    )
    rows = evidence(SPANS, SCORES, RATE_HZ, heard).rows
    assert not rows[:, [OWN.index(name) for name in ("off beat", "downbeats", "distance", "jumps")]].any()


def test_neighbours_are_weighed_as_they_were() -> None:
    rng = np.random.default_rng(9)
    starts = np.sort(rng.integers(0, 600 * RATE_HZ, 90))
    spans = np.stack([starts, starts + rng.integers(RATE_HZ, 9 * RATE_HZ, 90)], axis=1)
    known = rng.random(90) < 0.9
    surprises = np.where(known, rng.uniform(-1, 1, 90), 0.0)
    found = {
        "beside": surprises_beside(spans, known, surprises, RATE_HZ),
        "touching": surprises_touching(spans, known, surprises, RATE_HZ),
        "alike": surprises_alike(rng.normal(size=(90, 6)), known, surprises),
        "none": surprises_beside(spans, np.zeros(90, bool), surprises, RATE_HZ),
    }
    assert known.sum() > 64, "of more than 64 some are asked"
    require_as_before("taught", "neighbours", found, most_apart=1e-5)


VERDICTS = {
    "the quiet": cuts_the_quiet(range(24)),
    "all": dict.fromkeys(range(0, 30, 2), Verdict.ACCEPTED),
    "few": cuts_the_quiet(range(3)),
    "the first half": {place: Verdict.ACCEPTED if place < 15 else Verdict.REJECTED for place in range(30)},
    "in pairs": {place: Verdict.ACCEPTED if place // 2 % 2 else Verdict.REJECTED for place in range(28)},
    "eight": {place: Verdict.ACCEPTED if place % 2 else Verdict.REJECTED for place in range(8)},
    "three of nine": {place: Verdict.ACCEPTED if place % 3 else Verdict.REJECTED for place in range(9)},
    "two of nine": {place: Verdict.REJECTED if place in (3, 7) else Verdict.ACCEPTED for place in range(9)},
}


@pytest.mark.parametrize("name", VERDICTS)
def test_the_same_answers_teach_what_they_taught(name: str) -> None:
    state, heard = document(40)
    state = decided(state, VERDICTS[name])
    found = calibrate(state, heard)
    told = {
        "names": found.names,
        "prior": found.prior,
        "posterior": found.posterior.means,
        "spread": np.diag(found.posterior.covariance),
        "chances": found.learned.chances,
        "usefulness": found.learned.usefulness,
        "count": [found.count, found.accepted],
        "said": [sentence(found), findings(found)],
        "verdicts": verdicts_of(state, found),
    }
    require_as_before("taught", name, told, most_apart=1e-5)


def test_what_a_taste_keeps_of_answers_is_what_it_kept() -> None:
    state, heard = document(12)
    state = decided(state, cuts_the_quiet(range(7)))
    answers = answers_of(state, calibrate(state, heard))
    other = tuple(replace(one, proposal_id=f"o{number}") for number, one in enumerate(answers))
    kept = with_document(
        (Reviewed("o", (*other, answers[2])), Reviewed("here", answers[:2])), Reviewed("here", answers)
    )
    require_as_before("taught", "kept", to_json(kept), most_apart=2e-4)


def test_a_taste_keeps_two_thousand_answers_the_latest_ones() -> None:
    def some(name: str, count: int) -> Reviewed:
        return Reviewed(name, tuple(Answer(f"{name}-{number}", True) for number in range(count)))

    kept = with_document((some("oldest", 500), some("older", 900), some("old", 600)), some("new", 700))
    assert [(one.document, len(one.answers)) for one in kept] == [("older", 700), ("old", 600), ("new", 700)]
    assert kept[0].answers[0].proposal_id == "older-200"
    assert with_document((some("old", 5),), some("new", 0)) == (some("old", 5),)
    assert with_document((some("old", 5),), some("new", 2_000)) == (some("new", 2_000),)
