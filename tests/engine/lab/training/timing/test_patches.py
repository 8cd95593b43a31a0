"""Spectra around the strokes of a rendered performance as inputs of a network."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.analysis.learning.loop import TrainSettings
from engine.document.analysis import Role
from engine.features.timing.alignment.strokes import gather
from engine.lab.simulated.performances.displacement import Displacement
from engine.lab.simulated.performances.parts import takes
from engine.lab.simulated.performances.performance import Performance
from engine.lab.simulated.performances.symbolic import TYPICAL_ERRORS, Symbolic, told
from engine.lab.training.timing.fitting import train
from engine.lab.training.timing.inputs import CHANNELS, Channel, View
from engine.lab.training.timing.lessons import lesson
from engine.lab.training.timing.networks import ENCODERS, Placer
from engine.lab.training.timing.patches import BANDS, FRAMES, GROUPS, patches_of
from engine.lab.training.timing.placing import Trained, by_network
from tests.engine.features.timing.alignment.strokes_made import hits_of

RATE_HZ = 44_100


@pytest.fixture(scope="module")
def played(data_dir: Path) -> tuple[Symbolic, Performance]:
    take = next(takes(data_dir, "test", 1, 0, Displacement(jitter_ms=10.0), 8.0))
    return told(take, TYPICAL_ERRORS, np.random.default_rng(0)), take.rendered()


@pytest.mark.parametrize(("kind", "channel"), [*product(ENCODERS, CHANNELS)])
def test_a_network_listens_to_a_performance(
    played: tuple[Symbolic, Performance], kind: str, channel: Channel
) -> None:
    found, performance = played
    patches = patches_of(performance, gather(found.hits, found.lines.rate_hz))
    view = View(channel, has_audio=True)
    torch.manual_seed(0)
    trained = Trained(Placer(kind, view).eval(), view)

    placement = by_network(trained, patches)(found.hits, found.lines)
    other = by_network(trained, np.zeros_like(patches))(found.hits, found.lines)

    assert np.isfinite(placement.targets_samples).all()
    assert not np.array_equal(placement.confidences, other.confidences)


def test_a_network_that_listens_is_trained(played: tuple[Symbolic, Performance]) -> None:
    one = lesson(*played)
    assert len(one.patches) == len(one.choices)
    settings = TrainSettings(epochs=1, learning_rate=1e-3, weight_decay=0.0, patience=None)

    run = train("tcn", View("none", has_audio=True), one, one, 0, settings)

    assert np.isfinite(run.fitted.best.validation)


def test_a_patch_begins_before_its_stroke_and_is_of_the_microphone_that_sounds(
    played: tuple[Symbolic, Performance],
) -> None:
    click = np.zeros(RATE_HZ, np.float32)
    click[RATE_HZ // 2] = 0.5
    silence = np.zeros(RATE_HZ, np.float32)
    roles = {"1": Role.KICK, "2": Role.SNARE, "3": Role.ROOM}
    sounds = {"1": silence, "2": click, "3": click}
    performance = Performance("click", RATE_HZ, sounds, roles, played[1].truth, played[1].grid)
    strokes = gather(hits_of(np.array([10.0, RATE_HZ / 2]), np.array([1, 1])), RATE_HZ)

    first, last = patches_of(performance, strokes)

    assert first.shape == (GROUPS, FRAMES, BANDS)
    assert (first == -2.0).all()
    assert {*np.flatnonzero((last > -2.0).any((1, 2)))} == {1}, "the snare alone: a room is left out"
    loudest = last[1].max(1)
    assert loudest.argmax() == 3
    assert loudest[3] == 2.0
    assert (loudest[:2] == -2.0).all()
    assert (loudest[5:] == -2.0).all()

    louder = replace(performance, microphones={**sounds, "2": 1.9 * click})
    np.testing.assert_allclose(patches_of(louder, strokes)[1], last, atol=2e-3)
