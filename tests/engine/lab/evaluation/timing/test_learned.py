"""Networks over strokes: what they are told, how they learn, and how what they say is decoded."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from engine.alignment.strokes import gather
from engine.lab.evaluation.timing.learned.inputs import input_size, inputs_of
from engine.lab.evaluation.timing.learned.networks import NETWORKS, OUTPUTS
from engine.lab.evaluation.timing.learned.placing import LONGEST, Trained, answers, by_network
from engine.lab.evaluation.timing.learned.resynthesis import MicroTcn, SoundPair, metronome, resynthesised
from engine.lab.evaluation.timing.learned.training import Example, train
from engine.lab.simulated.performances.performance import Truth
from engine.learning.loop import TrainSettings
from tests.engine.alignment.strokes_made import RATE_HZ, hits_of, lines_of, ms, rock


def _example(seed: int, bars: int = 4) -> Example:
    lines = lines_of(bars)
    numbers, tracks = rock(bars)
    off = np.random.default_rng(seed).normal(0.0, ms(6.0), len(lines.beats))
    targets = lines.positions_samples[numbers]
    hits = hits_of(targets + off[numbers], tracks)
    truth = Truth(
        onsets_samples=hits.onsets_samples,
        targets_samples=targets,
        microphones=hits.tracks,
        velocities=np.full(len(targets), 0.8, np.float32),
        ornaments=hits.ornaments,
        strokes=hits.strokes,
        missing_samples=np.zeros(0),
    )
    return Example(hits, lines, truth, np.arange(len(targets)))


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("positional", [True, False])
def test_a_network_is_small_and_hears_long_performances_in_parts(network: str, positional: bool) -> None:
    example = _example(0, bars=50)
    strokes = gather(example.hits, RATE_HZ)
    told = inputs_of(example.hits, strokes, example.lines, positional)
    assert told.features.shape == (len(strokes.onsets_samples), input_size(positional))
    assert len(told.features) > LONGEST
    torch.manual_seed(0)
    model = NETWORKS[network](input_size(positional))

    said = answers(model, told.features)

    assert said.shape == (len(told.features), OUTPUTS)
    assert np.isfinite(said).all()
    assert sum(weights.numel() for weights in model.parameters()) <= 2_000_000


def test_a_network_learns_a_plain_groove_and_the_same_seed_gives_the_same() -> None:
    examples = [_example(seed) for seed in range(10)]
    settings = TrainSettings(epochs=12, learning_rate=5e-3, weight_decay=0.0, patience=None)
    trained = [train("tcn", True, examples, examples[:1], 3, settings) for _ in range(2)]
    unheard = _example(99)

    one, other = (by_network(each)(unheard.hits, unheard.lines) for each in trained)

    assert np.mean(one.targets_samples == other.targets_samples) == 1.0
    assert np.mean(np.abs(one.targets_samples - unheard.truth.targets_samples) <= 0.5) > 0.95


def test_nothing_is_placed_nowhere() -> None:
    torch.manual_seed(0)
    align = by_network(Trained(NETWORKS["tcn"](input_size(True)), positional=True))

    assert len(align(hits_of(np.zeros(0), np.zeros(0, int)), lines_of(2)).lines) == 0


def test_resynthesis_returns_as_much_sound_as_it_takes() -> None:
    sound = np.random.default_rng(0).normal(0.0, 0.1, 8_000).astype(np.float32)
    ramp = metronome(np.array([0.0, 4_800.0, 9_600.0]), 8_000, RATE_HZ)
    assert ramp[0] == 1.0
    assert 0.0 <= ramp.min() <= ramp.max() <= 1.0

    assert resynthesised(MicroTcn(), SoundPair(sound, ramp, sound)).shape == sound.shape
