"""Ornaments that were played on purpose, and voices that came late by mistake."""

from __future__ import annotations

import numpy as np

from engine.document.analysis import ORNAMENTS, Hits, Ornament, Role
from engine.features.timing.hits.strokes import by_rule, ornament_likelihoods, strokes_of, with_ornaments

RATE_HZ = 44_100
ROLES = (Role.KICK, Role.SNARE, Role.HAT)


def beat() -> tuple[list[tuple[float, int, float]], dict[Ornament, tuple[float, int]]]:
    """Return twelve bars as (time in seconds, track, dB), and where in it is what."""
    rng = np.random.default_rng(2)
    rows = []
    for eighth in range(96):
        time_s = 1.0 + 0.25 * eighth
        rows.append((time_s + rng.normal(0.0, 0.001), 2, -18.0 + rng.normal()))
        if eighth % 8 in (0, 4):
            late_s = 0.034 if eighth == 44 else 0.0
            rows.append((time_s + late_s + rng.normal(0.0, 0.001), 0, -8.0 + rng.normal()))
        if eighth % 8 in (2, 6):
            rows.append((time_s + rng.normal(0.0, 0.001), 1, -6.0 + rng.normal()))
    ghost, flam, drag = 1.0 + 0.25 * 20 + 0.125, 1.0 + 0.25 * 30 - 0.027, 1.0 + 0.25 * 50 - 0.05
    rows += [(ghost, 1, -27.0), (flam, 1, -15.0), (drag, 1, -17.0), (drag + 0.025, 1, -16.0)]
    told = {
        Ornament.GHOST: (ghost, 1),
        Ornament.FLAM: (flam, 1),
        Ornament.DRAG: (drag, 1),
        Ornament.LATE_VOICE: (1.0 + 0.25 * 44 + 0.034, 0),
    }
    return sorted(rows), told


def hits_of(rows: list[tuple[float, int, float]]) -> Hits:
    onsets = np.array([row[0] for row in rows]) * RATE_HZ
    count = len(rows)
    return Hits(
        onsets_samples=onsets,
        tracks=np.array([row[1] for row in rows], np.int16),
        strengths_db=np.array([row[2] for row in rows], np.float32),
        strokes=strokes_of(onsets, np.ones(count, bool), RATE_HZ),
        ornaments=np.zeros(count, np.int8),
        confidences=np.ones(count, np.float32),
        track_ids=("Kick", "Snare", "Hat"),
        roles=ROLES,
        delays_samples=np.zeros(3),
    )


def test_each_is_told_where_it_is_and_nowhere_else() -> None:
    rows, told = beat()
    hits = with_ornaments(hits_of(rows), RATE_HZ)
    for ornament, (time_s, track) in told.items():
        here = np.flatnonzero((np.abs(hits.onsets_samples - time_s * RATE_HZ) < 200) & (hits.tracks == track))
        stroke = hits.strokes == hits.strokes[here[0]]
        kinds = {ORNAMENTS[code] for code in hits.ornaments[stroke]}
        assert ornament in kinds, ornament
    assert np.count_nonzero(hits.ornaments) <= 7


def test_how_likely_each_is_adds_up() -> None:
    rows, _ = beat()
    likely = ornament_likelihoods(hits_of(rows), RATE_HZ)
    assert likely.shape == (len(rows), len(ORNAMENTS))
    np.testing.assert_allclose(likely.sum(axis=1), 1.0, rtol=1e-5)


def test_a_tight_beat_has_no_mistakes_by_rule_either() -> None:
    rows, _ = beat()
    plain = [row for row in rows if row[2] > -14.0 or row[1] == 2]
    told = by_rule(hits_of(plain), RATE_HZ)
    assert np.count_nonzero(told) == 1  # the late kick
    assert not len(by_rule(hits_of([]), RATE_HZ))


def test_strokes_hold_what_sounds_together() -> None:
    times = np.array([0.0, 0.004, 0.5, 0.53, 1.0, 1.02, 1.3]) * RATE_HZ
    sure = np.array([True, True, True, True, True, False, False])
    assert strokes_of(times, sure, RATE_HZ).tolist() == [0, 0, 1, 1, 2, 2, 3]
    assert strokes_of(times[:0], sure[:0], RATE_HZ).tolist() == []
    assert strokes_of(times[:2], np.zeros(2, bool), RATE_HZ).tolist() == [0, 1]
