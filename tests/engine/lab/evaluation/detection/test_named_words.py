"""How likely a word is right: what is fitted is the least of its loss; what is scored counts both ways."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import minimize

from engine.analysis.detection.spectra import MEL
from engine.analysis.detection.what_sounds import WORDS, Place
from engine.analysis.sound_names.vocabulary import vocabulary
from engine.lab.evaluation.separation.word_fit import ScoredWord, _design, fitted, likelihoods
from engine.lab.evaluation.separation.words import noises, pieces, word_lines
from engine.lab.training.detection.sounds import Sound
from tests.engine.lab.evaluation.detection.test_scored_events import clip


def rows(rng: np.random.Generator, count: int = 400) -> list[ScoredWord]:
    """Places of which the surer are right more often, those of cats most of all."""
    made = []
    for _ in range(count):
        word = str(rng.choice(["cat", "crow", "rain"]))
        odds, stands_out = float(rng.normal()), float(rng.uniform(0.0, 1.4))
        logit = 1.5 * odds + stands_out + (1.0 if word == "cat" else -1.0)
        right = bool(rng.random() < 1.0 / (1.0 + np.exp(-logit)))
        place = Place(word, (0.0, 1.0), odds, stands_out)
        made.append(ScoredWord(place, right, 0, not right, float(rng.uniform(0.5, 2.0))))
    return made


def test_what_is_fitted_is_the_least_of_the_loss_as_a_plain_search_finds_it(rng: np.random.Generator) -> None:
    told = rows(rng)
    design = _design(told)
    right, weights = np.array([one.is_right for one in told]), np.array([one.weight for one in told])

    def loss(found: np.ndarray) -> float:
        logits = design @ found
        likely = np.where(right, np.logaddexp(0.0, -logits), np.logaddexp(0.0, logits))
        return float(weights @ likely + 0.5 * np.square(found[:-1]).sum())

    found = fitted(told)
    assert loss(found) <= minimize(loss, np.zeros(design.shape[1]), method="L-BFGS-B").fun + 1e-6
    names = list(vocabulary())
    assert found[2 + names.index("cat")] > found[2 + names.index("rain")]
    assert found[2 + names.index("dog")] == pytest.approx(0.0, abs=1e-6), (
        "of what was never said nothing is known"
    )
    assert likelihoods(told, found)[right].mean() > likelihoods(told, found)[~right].mean()


@pytest.fixture(scope="module")
def sounds() -> tuple[Sound, ...]:
    """Clips of two names that are said and of backgrounds, none of which sounds like its name."""
    names = (*list(WORDS)[:4], "rain", "wind", "engine", "train")
    made = [
        clip(name, 10 * number + k, f"{number}-{k}")
        for number, name in enumerate(names[:4])
        for k in range(4)
    ]
    made += [
        clip(name, 100 + 10 * number + k, f"b{number}-{k}", goes_on=True)
        for number, name in enumerate(names[4:])
        for k in range(4)
    ]
    return tuple(made)


def test_words_are_scored_in_what_is_known_and_elsewhere(sounds: tuple[Sound, ...], tmp_path: Path) -> None:
    lines = {str(line["metric"]): line for line in word_lines(sounds, tmp_path / "gone", short=True)}
    assert {f"words: right where {word} is said" for word in WORDS} <= lines.keys()
    overall = lines["words: right where one is said"]
    assert 0.0 <= float(overall["value"]) <= 1.0
    assert lines["words: said in an hour of noise and silence"]["value"] == 0.0
    assert "words: said in an hour of music" not in lines
    assert not list(pieces(tmp_path / "gone"))
    assert {len(one) for one in noises(0.01)} == {round(3.0 * MEL.rate_hz)}
