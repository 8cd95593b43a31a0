"""Boundaries of sections are the best of all divisions; evidence and groups by plain computations."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.features.takes.structure.segments import (
    EVIDENCE,
    LABELS,
    LENGTHS,
    OF_LABELS,
    SAME_LABEL,
    best_lines,
    boundaries,
    evidence_of,
    groups_of,
    length_features,
    novelty,
    repetition_change,
    same_label,
    section_similarity,
)
from engine.features.takes.structure.similarity import BarSounds

Floats = NDArray[np.float32]


def sounds(form: str, levels: dict[str, float] | None = None) -> BarSounds:
    """Return bars of letters: equal letters are alike, others are not."""
    letters = np.array(list(form))
    alike = (letters[:, None] == letters).astype(np.float32)
    own = np.array([(levels or {}).get(letter, 0.5) for letter in form], np.float32)
    bands = np.repeat(np.repeat(own[:, None, None], 8, axis=1), 10, axis=2)
    return BarSounds(alike, alike, alike, alike, bands, own)


@pytest.mark.parametrize("seed", range(12))
def test_the_best_lines_are_those_of_all_divisions(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n, most = 9, int(rng.integers(3, 10))
    of_borders, of_lengths = rng.normal(0.0, 1.0, n + 1), rng.normal(0.0, 1.0, most)
    divisions = [(0, *inner, n) for count in range(n) for inner in combinations(range(1, n), count)]

    def score(lines: tuple[int, ...]) -> float:
        lengths = np.diff(lines)
        if lengths.max() > most:
            return -np.inf
        return float(of_borders[list(lines[1:])].sum() + of_lengths[lengths - 1].sum())

    assert tuple(best_lines(of_borders, of_lengths)) == max(divisions, key=score)


def test_a_single_bar_is_one_section_and_equal_divisions_have_the_longest_last_section() -> None:
    assert best_lines(np.zeros(2), np.array([-5.0])) == [0, 1]
    assert best_lines(np.zeros(1), np.array([1.0])) == [0]
    assert best_lines(np.zeros(5), np.zeros(4)) == [0, 4]
    assert best_lines(np.zeros(5), np.zeros(3)) == [0, 1, 4]
    assert best_lines(np.zeros(5), np.array([0.0, 1.0])) == [0, 2, 4]


def test_lengths_are_octaves_from_the_usual_one_and_no_multiples_of_bars() -> None:
    found = length_features(2.125, has_pulse=True)
    assert found.shape == (20, len(LENGTHS))  # up to 44 s
    octaves = np.log2(np.arange(1, 21) / 8.0)  # 17 s are eight bars
    np.testing.assert_allclose(found[:, 1], np.where(octaves > 0, octaves**2, 0.0))
    np.testing.assert_allclose(found[:, 2], np.where(octaves < 0, octaves**2, 0.0))
    assert found[[0, 1, 3, 7, 15], 3:].tolist() == [
        [1.0, 1.0, 1.0],
        [1.0, 1.0, 0.0],
        [1.0, 0.0, 0.0],
        [0.0, 0.0, 0.0],
        [0.0, 0.0, 0.0],
    ]
    assert not length_features(1.0, has_pulse=False)[:, 3:].any()
    assert length_features(30.0, has_pulse=True).shape == (8, len(LENGTHS))  # at least eight bars


def test_novelty_is_one_between_two_blocks_and_zero_within_them() -> None:
    blocks = sounds("AAAABBBB").alike
    found = novelty(blocks, 2)
    at = np.array([-1.5, -0.5, 0.5, 1.5])
    taper = np.sign(at) * np.exp(-0.5 * at**2)
    kernel = np.outer(taper, taper) / np.abs(taper).sum() ** 2
    wanted = [
        float((kernel * np.pad(blocks, 2)[line : line + 4, line : line + 4]).sum()) for line in range(9)
    ]
    np.testing.assert_allclose(found, wanted, atol=1e-6)
    assert found[4] == pytest.approx(0.5)  # the other half of the kernel meets zeros
    np.testing.assert_allclose(found[[2, 6]], 0.0, atol=1e-6)
    np.testing.assert_allclose(novelty(2.0 * blocks - 1.0, 2)[4], 1.0, atol=1e-6)
    assert novelty(blocks[:1, :1], 3).shape == (2,)


def slow_repetition_change(alike: Floats, length: int) -> list[float]:
    """Return the change at each line, by the definition: bar by bar along diagonals."""
    n = len(alike)
    found = [0.0] * (n + 1)
    for line in range(1, n):
        apart = []
        for other in range(1, n):
            after = [alike[line + k, other + k] for k in range(length) if line + k < n and other + k < n]
            past = range(1, length + 1)
            before = [alike[line - k, other - k] for k in past if line - k >= 0 and other - k >= 0]
            apart.append((np.mean(after) - np.mean(before)) ** 2)
        found[line] = float(np.sqrt(np.mean(apart)))
    return found


@pytest.mark.parametrize("length", [1, 2, 3, 9])
def test_repetition_changes_where_other_bars_come_again(length: int, rng: np.random.Generator) -> None:
    alike = rng.uniform(-1.0, 1.0, (7, 7)).astype(np.float32)
    alike = (alike + alike.T) / 2
    np.testing.assert_allclose(
        repetition_change(alike, length), slow_repetition_change(alike, length), atol=1e-5
    )
    assert repetition_change(alike[:1, :1], length).tolist() == [0.0, 0.0]


def test_evidence_is_in_standard_deviations_and_zero_at_the_ends() -> None:
    made = sounds("AAAABBBBAAAA", {"A": 0.3, "B": 0.9})
    found = evidence_of(made, np.full(12, 2.0))
    assert found.shape == (13, len(EVIDENCE))
    assert not found[[0, -1]].any()
    for name in ("contrast of rhythm over 8 s", "cymbal", "step of loudness"):
        column = found[:, EVIDENCE.index(name)]
        assert column[1:-1].std() in (pytest.approx(1.0, abs=1e-3), 0.0)
    loudness = found[:, EVIDENCE.index("step of loudness")]
    assert set(np.argsort(-loudness)[:2].tolist()) == {4, 8}
    one = evidence_of(sounds("A"), np.array([2.0]))
    assert one.tolist() == [[0.0] * len(EVIDENCE)] * 2


def test_boundaries_are_where_blocks_of_eight_bars_change() -> None:
    lines, scores = boundaries(sounds("A" * 8 + "B" * 8 + "A" * 8, {"B": 0.9}), np.full(24, 2.0))
    assert lines == [0, 8, 16, 24]
    assert (scores.shape, scores[0], scores[-1]) == ((25,), 0.0, 0.0)
    assert set(np.argsort(-scores)[:2].tolist()) == {8, 16}
    assert boundaries(sounds("A"), np.array([2.0]))[0] == [0, 1]


def slow_groups(same: NDArray[np.float64]) -> list[int]:
    """Return groups by joining the two with the highest mean score of their pairs, again and again."""
    groups = [[number] for number in range(len(same))]
    while len(groups) > 1:
        means = {
            (one, other): float(np.mean([same[a, b] for a in groups[one] for b in groups[other]]))
            for one, other in combinations(range(len(groups)), 2)
        }
        (one, other), best = max(means.items(), key=lambda item: item[1])
        if best < 0.0:
            break
        groups[one] += groups.pop(other)
    numbers = {section: number for number, own in enumerate(sorted(groups, key=min)) for section in own}
    return [numbers[section] for section in range(len(same))]


@pytest.mark.parametrize("seed", range(12))
def test_groups_are_those_of_plain_average_linkage(seed: int) -> None:
    rng = np.random.default_rng(seed)
    same = rng.normal(-0.2, 1.0, (8, 8))
    same = (same + same.T) / 2
    before = same.copy()
    assert groups_of(same) == slow_groups(same)
    np.testing.assert_array_equal(same, before)


def test_groups_are_numbered_by_first_appearance_and_zero_joins() -> None:
    assert groups_of(np.zeros((0, 0))) == []
    assert groups_of(np.array([[-3.0]])) == [0]
    assert groups_of(np.zeros((3, 3))) == [0, 0, 0]
    assert groups_of(np.full((3, 3), -1e-9)) == [0, 1, 2]
    apart = np.full((4, 4), -5.0)
    apart[1, 3] = apart[3, 1] = 2.0
    assert groups_of(apart) == [0, 1, 2, 1]


def test_sections_are_alike_at_their_best_offset() -> None:
    made = sounds("ABCDABCDXABCE")
    spans = [(0, 4), (4, 8), (8, 13), (9, 13)]
    alike = section_similarity(made.alike, spans)
    np.testing.assert_allclose(alike, alike.T)
    np.testing.assert_allclose(np.diagonal(alike), 1.0)
    assert alike[0, 1] == 1.0
    assert alike[0, 3] == pytest.approx(3 / 4)
    assert alike[0, 2] == pytest.approx(3 / 4)  # from the second bar on


def test_the_same_label_is_likelier_for_sections_with_the_same_bars() -> None:
    made = sounds("ABCDABCDEFGH")
    spans = [(0, 4), (4, 8), (8, 12)]
    same = same_label(made, spans)
    np.testing.assert_allclose(same, same.T)
    assert same[0, 1] > 0.0 > same[0, 2]
    assert same[0, 2] == same[1, 2]
    assert len(LABELS) == len(OF_LABELS)
    # Between the two, five columns are 1 in place of 0, and a quarter of all pairs of bars is alike.
    assert same[0, 1] - same[0, 2] == pytest.approx(sum(OF_LABELS[:5]) + OF_LABELS[5] * 0.25, abs=1e-5)
    assert same[0, 2] == pytest.approx(SAME_LABEL, abs=1e-5)
