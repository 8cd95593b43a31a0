"""Networks over strokes: inputs, training, and how their scores are decoded."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
import torch

from engine.analysis.learning.loop import TrainSettings
from engine.document.analysis import ORNAMENTS, Ornament
from engine.features.timing.alignment.decoder import REACH
from engine.features.timing.alignment.strokes import gather
from engine.lab.simulated.performances.performance import Truth
from engine.lab.simulated.performances.symbolic import Symbolic
from engine.lab.training.timing.fitting import train
from engine.lab.training.timing.inputs import CHANNELS, CHOICES, COLUMNS, KEYS, LINES, View, inputs_of
from engine.lab.training.timing.lessons import UNKNOWN, Lessons, lesson, together
from engine.lab.training.timing.networks import ENCODERS, Placer
from engine.lab.training.timing.placing import (
    STROKES_AT_ONCE,
    Trained,
    assigned,
    assigned_with,
    by_network,
    overlapping,
    probabilities,
)
from tests.engine.features.timing.alignment.strokes_made import RATE_HZ, hits_of, lines_of, ms, rock

SYMBOLIC = [View(channel) for channel in CHANNELS] + [View("metronome", has_decoder=True)]


def example(seed: int, bars: int = 4) -> Symbolic:
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
    return Symbolic(hits, truth, np.arange(len(targets)), lines)


def lessons(seeds: range) -> Lessons:
    return together(lesson(example(seed)) for seed in seeds)


def untrained(kind: str, view: View) -> Trained:
    torch.manual_seed(0)
    return Trained(Placer(kind, view).eval(), view)


def test_a_view_selects_columns() -> None:
    columns = {view: set(view.columns) for view in SYMBOLIC}
    own = [columns[view] - columns[View("none")] for view in SYMBOLIC[1:]]
    assert not own[0] & own[1]
    assert own[1] < own[2]
    assert set.union(*columns.values()) == set(range(COLUMNS))
    assert set(View("none", has_audio=True).columns) < columns[View("none")]
    assert [view.key_columns for view in SYMBOLIC] == [2, 2, KEYS, KEYS]


@pytest.mark.parametrize(("kind", "view"), [*product(ENCODERS, SYMBOLIC)], ids=str)
def test_a_network_is_small_and_takes_long_performances_in_parts(kind: str, view: View) -> None:
    long = example(0, bars=50)
    strokes = gather(long.hits, RATE_HZ)
    inputs = inputs_of(long.hits, strokes, long.lines)
    count = len(strokes.onsets_samples)
    assert inputs.features.shape == (count, COLUMNS)
    assert inputs.keys.shape == (count, LINES, KEYS)
    assert np.isfinite(inputs.features).all()
    assert count > STROKES_AT_ONCE
    trained = untrained(kind, view)
    assert trained.size <= 2_000_000

    taken, confidences = assigned(trained, inputs, strokes)

    used = taken[taken >= 0]
    assert np.all(np.diff(used) >= 0)
    assert np.all((confidences > 0.0) & (confidences <= 1.0))
    if kind != "pointer":
        shares = probabilities(trained, inputs)
        assert shares.shape == (count, CHOICES)
        np.testing.assert_allclose(shares.sum(1), 1.0)
        assert not shares[:, :-1][inputs.candidates.lines < 0].any()


@pytest.mark.parametrize("count", [1, 256, 257, 384, 385, 1_000])
def test_parts_take_each_stroke_once(count: int) -> None:
    parts = list(overlapping(count, 256))
    taken = np.concatenate([np.arange(keep.start, keep.stop) for _, keep in parts])
    np.testing.assert_array_equal(taken, np.arange(count))
    assert all(start <= keep.start and keep.stop <= start + 256 for start, keep in parts)


def test_a_network_learns_a_plain_groove_and_the_same_seed_gives_the_same() -> None:
    training, validation = lessons(range(10)), lessons(range(10, 11))
    settings = TrainSettings(epochs=25, learning_rate=5e-3, weight_decay=0.0, patience=None)
    runs = [train("tcn", View("metronome"), training, validation, 3, settings) for _ in range(2)]
    unknown = example(99)

    one, other = (
        by_network(Trained(run.network, View("metronome")))(unknown.hits, unknown.lines) for run in runs
    )

    np.testing.assert_array_equal(one.targets_samples, other.targets_samples)
    assert np.mean(np.abs(one.targets_samples - unknown.truth.targets_samples) <= 0.5) > 0.95


@pytest.mark.parametrize("kind", ENCODERS)
def test_one_epoch_of_each_kind_has_a_finite_loss(kind: str) -> None:
    settings = TrainSettings(epochs=1, learning_rate=1e-3, weight_decay=0.0, patience=None)
    run = train(kind, View("positional"), lessons(range(2)), lessons(range(2, 3)), 0, settings)
    assert np.isfinite([run.fitted.best.loss, run.fitted.best.validation]).all()


def test_training_data_names_the_lines_that_were_meant() -> None:
    one = lesson(example(0))
    assert set(one.choices) == {REACH}, "the nearest line: strokes are 6 ms off"
    spurious = example(0)
    rows = spurious.rows.copy()
    rows[-1] = -1
    last = lesson(Symbolic(spurious.hits, spurious.truth, rows, spurious.lines))
    assert last.choices[-1] == CHOICES - 1
    assert UNKNOWN not in one.choices
    late = np.full(len(rows), ORNAMENTS.index(Ornament.LATE_VOICE), np.int8)
    assert not np.nansum(one.faults)
    faulty = Truth(**{**_fields(spurious.truth), "ornaments": late})
    assert np.nansum(lesson(Symbolic(spurious.hits, faulty, rows, spurious.lines)).faults) > 0


def _fields(truth: Truth) -> dict[str, np.ndarray]:
    return {name: getattr(truth, name) for name in Truth.__slots__}


@pytest.mark.parametrize("kind", ENCODERS)
def test_no_hits_are_placed_nowhere(kind: str) -> None:
    align = by_network(untrained(kind, View("metronome")))

    assert len(align(hits_of(np.zeros(0), np.zeros(0, int)), lines_of(2)).lines) == 0


def test_a_network_without_weight_leaves_the_decoder_as_it_is() -> None:
    one = example(0)
    strokes = gather(one.hits, RATE_HZ)
    inputs = inputs_of(one.hits, strokes, one.lines)
    networks = [untrained(kind, View("metronome")) for kind in ("tcn", "transformer")]

    taken, confidences = assigned_with(networks, 0.0, inputs, strokes, one.lines)
    heavy, _ = assigned_with(networks, 50.0, inputs, strokes, one.lines)

    np.testing.assert_array_equal(
        one.lines.positions_samples[taken], np.unique(one.truth.targets_samples)[: len(taken)]
    )
    assert confidences.min() > 0.9
    assert not np.array_equal(taken, heavy)
