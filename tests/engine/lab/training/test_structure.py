"""Drawn songs have consecutive sections, and learned weights find the borders of their lessons."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from engine.document.analysis import BeatGrid
from engine.features.takes.features import frames_of
from engine.features.takes.structure.segments import EVIDENCE, LABELS, best_lines
from engine.lab.training.structure.fitting import BorderLesson, border_weights, label_weights, unlikelihood
from engine.lab.training.structure.lessons import analysed, border_lessons, label_lessons
from engine.lab.training.structure.songs import drawn_song
from tests.engine.features.takes.structure.songs import BAR_S, RATE_HZ, grid_of, song

FORM = "ABAB"


def made() -> tuple[np.ndarray, BeatGrid, list[tuple[float, float, str]]]:
    audio = song(FORM)
    spans = [(8 * BAR_S * at, 8 * BAR_S * (at + 1), label) for at, label in enumerate(FORM)]
    return audio, grid_of(audio), spans


def test_drawn_songs_are_the_same_for_a_seed_and_have_consecutive_sections() -> None:
    for seed in range(20):
        one = drawn_song(seed)
        assert one == drawn_song(seed)
        assert all(first[1] == second[0] for first, second in pairwise(one.sections))
        assert max(note.start_s for note in one.notes) < one.length_s
    assert drawn_song(1) != drawn_song(2)


def test_weights_find_the_borders_that_they_were_learned_from() -> None:
    audio, grid, spans = made()
    one = analysed(frames_of([audio], RATE_HZ, len(audio)), grid, RATE_HZ, spans)
    lessons = list(border_lessons(one))
    assert lessons[0].lines == (0, 8, 16, 24, 32)
    weights = border_weights(lessons)
    of_evidence, of_lengths = weights[: len(EVIDENCE)], weights[len(EVIDENCE) :]
    lines = best_lines(lessons[0].evidence @ of_evidence, lessons[0].lengths @ of_lengths)
    assert lines == [0, 8, 16, 24, 32]
    known, found = label_lessons(one, of_evidence, of_lengths)
    np.testing.assert_array_equal(known.same, [0, 1, 0, 0, 1, 0])
    np.testing.assert_array_equal(found.same, known.same)
    learned = label_weights([known, found])
    assert learned.shape == (len(LABELS) + 1,)
    assert ((known.pairs @ learned[:-1] + learned[-1] > 0.0) == (known.same > 0.5)).all()


def test_the_likelihood_of_borders_has_its_slope() -> None:
    rng = np.random.default_rng(3)
    lesson = BorderLesson(rng.standard_normal((13, 3)), rng.standard_normal((5, 2)), (0, 4, 7, 12))
    weights = rng.standard_normal(5)
    slope = unlikelihood(lesson, weights[:3], weights[3:])[1]
    for number in range(5):
        step = 1e-5 * np.eye(5)[number]
        high, low = (unlikelihood(lesson, at[:3], at[3:])[0] for at in (weights + step, weights - step))
        assert (high - low) / 2e-5 == pytest.approx(slope[number], abs=1e-5)
