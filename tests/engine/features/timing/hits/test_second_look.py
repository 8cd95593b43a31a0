"""Hits judged beside all other drums: strong bleed, late wires, drums without a microphone."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.document.analysis import Role
from engine.features.timing.hits.drums import drums_of, learn_bleed, loud_rises, new_db
from engine.features.timing.hits.evidence import SECOND_NAMES, second_evidence
from engine.features.timing.hits.find import HeldMicrophones, find_hits, hear, judged_rises
from tests.engine.features.timing.hits.kit import RATE_HZ, ROLES, groove, rendered

Sound = NDArray[np.float32]

_KICK, _SNARE = 0, 1


def _in_snare(of_kick: float = 0.0, wires: float = 0.0) -> HeldMicrophones:
    """Return the kit with more of its kick at the snare, and with wires 13.3 ms after each hit of that."""
    samples = dict(rendered(groove(), 13.5).samples)
    samples["Snare"] = samples["Snare"] + of_kick * np.roll(samples["Kick"], 30)
    rng = np.random.default_rng(3)
    at_s = np.arange(round(0.12 * RATE_HZ)) / RATE_HZ
    burst = rng.standard_normal(len(at_s)) * np.exp(-at_s / 0.04) * np.clip(at_s / 0.001, 0.0, 1.0)
    played = groove()
    for start, velocity in zip(
        played.times_samples[played.drums == _SNARE], played.velocities[played.drums == _SNARE], strict=True
    ):
        first = start + round(0.0133 * RATE_HZ)
        samples["Snare"][first : first + len(burst)] += np.asarray(wires * velocity * burst, np.float32)
    return HeldMicrophones(samples, RATE_HZ)


def _of_snare(microphones: HeldMicrophones) -> NDArray[np.float64]:
    hits = find_hits(microphones, ROLES)
    snare: NDArray[np.float64] = hits.onsets_samples[(hits.confidences >= 0.5) & (hits.tracks == _SNARE)]
    return snare


def test_wires_that_answer_each_hit_after_13_ms_are_no_hits() -> None:
    found, played = _of_snare(_in_snare(wires=0.35)), groove()
    true = played.times_samples[played.drums == _SNARE]
    assert len(found) == len(true)
    assert np.abs(found - true).max() <= 0.002 * RATE_HZ


@pytest.mark.parametrize("wires", [0.48, 0.5, 0.52, 0.55])
def test_wires_louder_than_the_hits_do_not_hide_them(wires: float) -> None:
    """At 0.5 and 0.52 half of the loud rises are wires, which the overheads do not pick up."""
    found, played = _of_snare(_in_snare(wires=wires)), groove()
    true = played.times_samples[played.drums == _SNARE]
    assert len(found) >= 0.75 * len(true)
    assert np.abs(found[:, None] - true).min(axis=1).max() <= 0.002 * RATE_HZ


def test_a_kick_that_is_loud_in_the_microphone_of_the_snare_is_no_snare() -> None:
    found, played = _of_snare(_in_snare(of_kick=0.4)), groove()
    assert len(found) == np.count_nonzero(played.drums == _SNARE)


def test_bleed_is_learned_where_every_drum_rises_far_in_every_microphone() -> None:
    """In a quiet room the kick rises by 40 dB in the snare's microphone, as the snare does."""
    heard_db = []
    for of_kick in (0.4, 1.0):
        candidates = hear(_in_snare(of_kick=of_kick))
        drums, new = drums_of(tuple(ROLES.values()), candidates, RATE_HZ), new_db(candidates)
        loud = [loud_rises(candidates, new, drum) for drum in drums]
        heard_db.append(learn_bleed(candidates, new, drums, loud).heard_db[_KICK, _SNARE])
    louder_db = 20.0 * np.log10((1.0 + 0.08) / (0.4 + 0.08))
    np.testing.assert_allclose(heard_db[1] - heard_db[0], louder_db, atol=2.0)


def test_likely_hits_of_others_explain_their_bleed() -> None:
    candidates = hear(_in_snare(of_kick=0.4))
    roles = tuple(ROLES.values())
    drums, new = drums_of(roles, candidates, RATE_HZ), new_db(candidates)
    judged = judged_rises(candidates, new, drums, RATE_HZ)
    evidence = second_evidence(candidates, new, drums, roles, judged, RATE_HZ)
    assert [one.shape for one in evidence] == [(len(one.rows), len(SECOND_NAMES)) for one in judged]
    which = next(place for place, one in enumerate(judged) if drums[one.drum].role is Role.SNARE)
    positions = candidates.positions_samples[judged[which].rows]
    lowest = evidence[which][:, SECOND_NAMES.index("above likely others 4")]
    played = groove()
    of_kick, of_snare = (played.times_samples[played.drums == drum] for drum in (_KICK, _SNARE))
    kick_db, snare_db = (np.median(lowest[_nearest(positions, at)]) for at in (of_kick + 30, of_snare))
    assert kick_db < 2.0
    assert snare_db > kick_db + 5.0


def _nearest(positions: NDArray[np.int64], times: NDArray[np.int64]) -> NDArray[np.int64]:
    rows: NDArray[np.int64] = np.abs(positions[None, :] - times[:, None]).argmin(axis=1)
    return rows
