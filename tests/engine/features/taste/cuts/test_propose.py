"""From scores to proposed cuts: what every plan must respect, and where its edges go."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.document.analysis import BeatGrid, Listening, ScoreCurve
from engine.document.kinds import kind_of
from engine.document.proposals import Verdict
from engine.document.settings import CutSettings
from engine.features.taste.cuts.edges import ATTACK_S
from engine.features.taste.cuts.propose import CutPlan, propose_cuts
from tests.counting import calls_of
from tests.timing import fastest_cpu_s, slowness

RATE_HZ = 8000
HOP = 200
ATTACK = round(ATTACK_S * RATE_HZ)


def curve_of(scores, hop_s: float = 0.2) -> ScoreCurve:
    times = np.rint((np.arange(len(scores)) + 0.5) * hop_s * RATE_HZ).astype(np.int64)
    return ScoreCurve(times, np.asarray(scores, np.float32), "taste 1")


def steps(*parts: tuple[float, float]) -> ScoreCurve:
    """A curve of (seconds, score) stretches."""
    return curve_of(np.concatenate([np.full(round(seconds / 0.2), score) for seconds, score in parts]))


def smooth_noise(seed: int, length_s: float, roughness: int) -> ScoreCurve:
    """Random, and as smooth as scores of overlapping segments are."""
    rng = np.random.default_rng(seed)
    wave = np.convolve(
        rng.standard_normal(round(length_s / 0.2) + roughness), np.hanning(roughness + 2), "same"
    )
    return curve_of(1 / (1 + np.exp(-2 * wave[: round(length_s / 0.2)] / (wave.std() + 1e-9))))


def grid_of(length_s: float, beat_s: float = 0.5, first_s: float = 0.13) -> BeatGrid:
    beats = np.rint(np.arange(first_s, length_s, beat_s) * RATE_HZ).astype(np.int64)
    return BeatGrid(beats, np.arange(len(beats)) % 4 + 1, 60 / beat_s, 1.0, "beats 1")


def plan_of(curve: ScoreCurve, length_s: float, listening=None, grid=None, decided=(), **values) -> CutPlan:
    return propose_cuts(
        curve,
        listening,
        grid,
        length_samples=round(length_s * RATE_HZ),
        rate_hz=RATE_HZ,
        settings=CutSettings(**{"minimum_kept_s": 4.0, **values}),
        decided=decided,
    )


def spans_of(plan: CutPlan) -> list[tuple[int, int]]:
    return [(p.start_samples, p.stop_samples) for p in plan.proposals]


def kept_of(spans, length: int) -> list[int]:
    """The lengths of the kept pieces between sorted spans."""
    ends = [0, *(stop for _, stop in spans)]
    begins = [*(start for start, _ in spans), length]
    return [b - a for a, b in zip(ends, begins, strict=True) if b > a]


@pytest.mark.parametrize("seed", range(5))
def test_the_default_threshold_is_the_limit_of_the_taste_and_of_no_recording(seed: int) -> None:
    curve = replace(smooth_noise(seed, 120.0, 10 + 10 * seed), limit=0.87)
    plan = plan_of(curve, 120.0)
    assert plan.threshold == 0.87
    assert all(one.score > 0.87 for one in plan.proposals)


MODES = st.sampled_from(
    [
        {"threshold_mode": "percentile", "percentile": 40},
        {"threshold_mode": "percentile", "percentile": 80},
        {"threshold_mode": "score", "score": 0.6},
        {"threshold_mode": "keep", "keep": 0.42},
        {"threshold_mode": "keep", "keep": 0.8},
    ]
)
LENGTHS = st.integers(1, 600)


@given(st.integers(0, 10_000), LENGTHS, st.integers(3, 60), MODES, st.booleans(), st.booleans())
def test_what_every_plan_respects(seed, length_s, roughness, mode, snap, with_grid):
    length = length_s * RATE_HZ
    rng = np.random.default_rng(seed)
    onsets = np.sort(rng.integers(0, length, length_s * 3))
    loudness = rng.uniform(-60, -10, length // HOP + 1).astype(np.float32)
    listening = Listening(onsets, loudness, HOP, "ears 1")
    grid = grid_of(length_s) if with_grid else None
    plan = plan_of(smooth_noise(seed, length_s, roughness), length_s, listening, grid, snap=snap, **mode)
    spans = spans_of(plan)
    assert all(0 <= start < stop <= length for start, stop in spans)
    assert all(before[1] < after[0] for before, after in pairwise(spans))
    kept = kept_of(spans, length)
    assert all(piece >= 4 * RATE_HZ for piece in kept) or kept == [length]
    assert all(stop - start >= RATE_HZ // 2 for start, stop in spans)
    assert plan.kept_samples == sum(kept)
    assert plan.kept_share == pytest.approx(sum(kept) / length)
    assert len({p.id for p in plan.proposals}) == len(spans)
    for proposal in plan.proposals:
        assert plan.threshold <= proposal.score <= 1
        kind_of(proposal).validate(proposal.payload)
        assert 0 <= proposal.payload["crossfade_ms"] <= 20
        ways = [(a.start_samples, a.stop_samples) for a in proposal.alternatives]
        assert len(ways) <= 4
        assert len({*ways, (proposal.start_samples, proposal.stop_samples)}) == len(ways) + 1
        assert all(0 <= start < stop <= length for start, stop in ways)


@given(st.integers(0, 10_000), st.integers(60, 900), st.integers(3, 60), st.floats(0.15, 0.95), st.booleans())
def test_the_wished_length_is_hit_within_two_per_cent(seed, length_s, roughness, keep, with_grid):
    if keep * length_s < 4 or (1 - keep) * length_s < 1:
        return
    grid = grid_of(length_s, beat_s=0.7) if with_grid else None
    curve = smooth_noise(seed, length_s, roughness)
    plan = plan_of(curve, length_s, None, grid, threshold_mode="keep", keep=keep)
    assert plan.kept_share == pytest.approx(keep, abs=0.02)


@pytest.mark.parametrize("keep", [0.25, 0.5, 0.75, 0.9])
@pytest.mark.parametrize(
    "curve",
    [
        steps((120, 0.5)),
        steps((60, 0.2), (60, 0.9)),
        steps((40, 1.0), (40, 0.3), (40, 1.0)),
        steps((30, 0.2), (3, 1.0), (30, 0.2), (3, 0.9), (54, 0.2)),
    ],
    ids=["flat", "two levels", "plateaus at one", "spikes"],
)
def test_a_wished_length_is_hit_where_the_score_is_flat(curve, keep):
    assert plan_of(curve, 120, threshold_mode="keep", keep=keep).kept_share == pytest.approx(keep, abs=0.02)


def test_a_wish_that_the_shortest_piece_forbids_is_met_as_nearly_as_it_can_be():
    plan = plan_of(smooth_noise(1, 60, 20), 60, threshold_mode="keep", keep=0.05)
    assert 4.0 <= plan.kept_samples / RATE_HZ <= 5.0
    assert plan_of(smooth_noise(1, 60, 20), 60, threshold_mode="keep", keep=1.0).proposals == ()


def test_the_percentile_and_the_score_cut_what_lies_above():
    curve = steps((40, 0.3), (20, 0.9), (40, 0.3))
    by_score = plan_of(curve, 100, threshold_mode="score", score=0.6)
    assert spans_of(by_score) == [(40 * RATE_HZ, 60 * RATE_HZ)]
    assert by_score.threshold == 0.6
    assert plan_of(curve, 100, threshold_mode="score", score=0.95).proposals == ()
    by_percentile = plan_of(curve, 100, threshold_mode="percentile", percentile=75)
    (span,) = spans_of(by_percentile)
    assert span == pytest.approx((40 * RATE_HZ, 60 * RATE_HZ), abs=RATE_HZ)  # the smoothing is a second wide
    assert by_percentile.threshold == pytest.approx(0.3)


@pytest.mark.parametrize("length_samples", [0, 1, 10, RATE_HZ])
@pytest.mark.parametrize("points", [0, 1, 2, 50])
@pytest.mark.parametrize("mode", ["percentile", "score", "keep"])
def test_next_to_nothing_gives_a_plan_all_the_same(length_samples, points, mode):
    curve = ScoreCurve(np.arange(points) * 20, np.linspace(0.1, 0.9, points).astype(np.float32), "m")
    plan = propose_cuts(
        curve,
        Listening(),
        None,
        length_samples=length_samples,
        rate_hz=RATE_HZ,
        settings=CutSettings(threshold_mode=mode),
    )
    assert 0 <= plan.kept_samples <= length_samples
    if not points or not length_samples:
        assert plan.proposals == ()
        assert plan.kept_share == 1.0


def test_a_flat_curve_tells_nothing_apart():
    for mode in ("percentile", "score"):
        assert plan_of(steps((100, 0.5)), 100, threshold_mode=mode).proposals == ()


def one_cut(listening=None, grid=None, **values) -> tuple[int, int]:
    """The edges of a cut that the score alone puts near 40 s and 60 s."""
    curve = steps((40, 0.3), (20, 0.9), (40, 0.3))
    (span,) = spans_of(plan_of(curve, 100, listening, grid, threshold_mode="score", score=0.6, **values))
    return span


def test_edges_go_to_a_beat_else_an_onset_else_a_quiet_moment():
    start, stop = free = one_cut()
    onsets = np.array([start - 900, start + 1000, stop - 1300, stop + 5000])
    loudness = np.full(100 * RATE_HZ // HOP, -20, np.float32)
    loudness[[(start + 1500) // HOP, (stop - 800) // HOP]] = -50
    ears = Listening(onsets, loudness, HOP, "ears 1")
    grid = grid_of(100)

    assert all(edge + ATTACK in grid.beats_samples for edge in one_cut(ears, grid))
    assert one_cut(ears) == (start - 900 - ATTACK, (stop - 800) // HOP * HOP + HOP // 2)
    assert (
        one_cut(Listening(np.zeros(0, np.int64), loudness, HOP, "ears 1"))[0]
        == (start + 1500) // HOP * HOP + 100
    )
    assert one_cut(ears, grid, snap=False) == free
    no_pulse = BeatGrid(grid.beats_samples, grid.bar_positions, 0.0, 0.0, "beats 1")
    assert one_cut(ears, no_pulse) == one_cut(ears)


def test_alternatives_are_named_and_lie_where_they_say():
    curve = steps((40, 0.3), (20, 0.9), (40, 0.3))
    grid = grid_of(100, first_s=1.13)
    (proposal,) = plan_of(curve, 100, None, grid, threshold_mode="score", score=0.6).proposals
    ways = {a.label: (a.start_samples, a.stop_samples) for a in proposal.alternatives}
    assert set(ways) == {"Whole bars", "A beat tighter", "Not snapped"}
    assert all(edge + ATTACK in grid.downbeats_samples for edge in ways["Whole bars"])
    assert ways["Not snapped"] == one_cut()
    beat = RATE_HZ // 2
    assert ways["A beat tighter"] == (proposal.start_samples + beat, proposal.stop_samples - beat)


def test_an_edge_at_an_end_of_the_recording_stays_there():
    (proposal,) = plan_of(steps((12, 0.9), (88, 0.3)), 100, None, grid_of(100), percentile=70).proposals
    assert proposal.start_samples == 0
    assert {a.start_samples for a in proposal.alternatives} == {0}


def test_a_crossfade_takes_no_more_than_the_pieces_beside_it():
    values = {"threshold_mode": "score", "score": 0.6, "minimum_kept_s": 0.3, "crossfade_ms": 1000.0}
    curve = steps((40, 0.2), (10, 0.9), (2.4, 0.2), (10, 0.9), (40, 0.2))
    plan = plan_of(curve, 102.4, snap=False, **values)
    wide = [p.payload["crossfade_ms"] for p in plan.proposals]
    assert len(wide) == 2
    (_, stop), (start, _) = spans_of(plan)
    assert wide == pytest.approx([min(1000.0, (start - stop) / RATE_HZ * 1000)] * 2, abs=0.001)


A, R, U = Verdict.ACCEPTED, Verdict.REJECTED, Verdict.UNDECIDED


def covered_samples(spans: list[tuple[int, int]], length: int) -> int:
    covered = np.zeros(length, bool)
    for start, stop in spans:
        covered[max(0, start) : max(0, stop)] = True
    return int(covered.sum())


@given(
    st.integers(0, 10_000),
    MODES,
    st.lists(st.tuples(st.integers(0, 290), st.integers(1, 30), st.sampled_from([A, R, U])), max_size=6),
    st.booleans(),
)
def test_what_was_decided_is_not_proposed_again(seed, mode, answers, with_grid):
    length = 300 * RATE_HZ
    decided = tuple((a * RATE_HZ, (a + n) * RATE_HZ, verdict) for a, n, verdict in answers)
    grid = grid_of(300) if with_grid else None
    plan = plan_of(smooth_noise(seed, 300, 20), 300, None, grid, decided, **mode)
    spans = spans_of(plan)
    fixed = [(max(0, a), min(b, length)) for a, b, verdict in decided if verdict is not U]
    for start, stop in spans:
        assert all(stop <= a or b <= start for a, b in fixed)
        assert stop - start >= RATE_HZ // 2
    accepted = [(a, b) for a, b, verdict in decided if verdict is A]
    assert plan.kept_samples == length - covered_samples(spans + accepted, length)
    assert all(p.score >= plan.threshold for p in plan.proposals)


@given(st.integers(0, 10_000), st.data())
def test_deciding_one_never_moves_another(seed, data):
    """The plan made again, with some of its own cuts accepted, holds just the other ones, span by span."""
    curve, grid = smooth_noise(seed, 300, 25), grid_of(300)
    threshold = plan_of(curve, 300, None, grid).threshold
    plan = plan_of(curve, 300, None, grid, threshold_mode="score", score=threshold)
    count = len(plan.proposals)
    verdicts = data.draw(st.lists(st.sampled_from([A, U]), min_size=count, max_size=count))
    decided = tuple((*span, verdict) for span, verdict in zip(spans_of(plan), verdicts, strict=True))
    again = plan_of(curve, 300, None, grid, decided, threshold_mode="score", score=plan.threshold)
    undecided = [span for span, verdict in zip(spans_of(plan), verdicts, strict=True) if verdict is U]
    assert spans_of(again) == undecided
    assert {p.id for p in again.proposals} <= {p.id for p in plan.proposals}
    assert again.kept_samples == plan.kept_samples


def test_the_same_input_gives_the_same_plan():
    curve, grid = smooth_noise(3, 300, 20), grid_of(300)
    assert plan_of(curve, 300, None, grid) == plan_of(curve, 300, None, grid)
    other = ScoreCurve(curve.times_samples, curve.scores, "taste 2")
    ids = {p.id for p in plan_of(curve, 300, None, grid).proposals}
    assert ids.isdisjoint(p.id for p in plan_of(other, 300, None, grid).proposals)


def of_hours(hours: int, rng: np.random.Generator, **mode: object) -> Callable[[], CutPlan]:
    """Return what proposes cuts in a long recording with many onsets."""
    length_s = hours * 3600
    listening = Listening(
        np.sort(rng.integers(0, length_s * RATE_HZ, hours * 16_667)),
        rng.uniform(-60, -10, length_s * RATE_HZ // HOP).astype(np.float32),
        HOP,
        "ears 1",
    )
    curve, grid = smooth_noise(5, length_s, 8), grid_of(length_s)
    return lambda: plan_of(curve, length_s, listening, grid, **mode)


def test_an_hour_is_proposed_with_few_calls_a_cut(rng):
    propose = of_hours(1, rng, threshold_mode="score", score=0.6)
    assert calls_of(propose) < 280 * len(propose().proposals)


@pytest.mark.parametrize(
    ("mode", "most"),
    [
        ({"threshold_mode": "keep", "keep": 0.42}, 100),
        ({"threshold_mode": "score", "score": 0.6}, 100),
        ({}, 50),
    ],
)
@pytest.mark.alone
def test_three_hours_are_proposed_while_a_key_is_held(mode, most, rng):
    propose = of_hours(3, rng, **mode)
    plan, took_s = propose(), fastest_cpu_s(propose)
    assert len(plan.proposals) > most
    assert took_s < 0.25 * slowness()  # 0.05 s alone on one core; the bound leaves room for a busy machine


def test_proposing_imports_no_torch():
    heavy = "{'torch', 'librosa', 'scipy', 'soundfile'}"
    code = f"import sys, engine.features.taste.cuts.propose; sys.exit(bool({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
