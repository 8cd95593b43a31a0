"""Edges of words and hesitations at the sound, in made speech with known places."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from engine.features.words.edges import HOP_S, SpokenWord, settled, sounding_runs
from engine.features.words.hesitations import Hesitation, held_sounds, words_and_hesitations
from tests.engine.features.words.made_speech import held, placed, room, syllables

NEAR_S = 0.015


def at(*spans: tuple[float, float]) -> object:
    return pytest.approx(np.array(spans), abs=NEAR_S)


def spans_of(found: Sequence[SpokenWord | Hesitation]) -> np.ndarray:
    return np.array([(one.start_s, one.stop_s) for one in found])


def spoken(*rows: tuple[str, float, float]) -> list[SpokenWord]:
    return [SpokenWord(text, start_s, stop_s, 1.0) for text, start_s, stop_s in rows]


def test_sounding_runs_are_the_sounds() -> None:
    samples = placed([(0.5, syllables(0.4, 1)), (1.2, held(0.3))], 2.0)
    spans = sounding_runs(samples) * HOP_S
    assert spans == at((0.5, 0.9), (1.2, 1.5))


def test_early_words_of_a_recogniser_are_put_on_their_sounds() -> None:
    samples = placed([(0.6, syllables(0.35, 2)), (1.05, syllables(0.3, 3)), (1.9, syllables(0.5, 4))], 3.0)
    found, _ = settled(
        spoken(("winter", 0.0, 0.8), ("comes", 0.8, 1.2), ("tomorrow", 1.5, 2.1)),
        samples,
        sounding_runs(samples),
    )
    assert spans_of(found) == at((0.6, 0.95), (1.05, 1.35), (1.9, 2.4))


def test_words_without_a_pause_meet_and_keep_their_order() -> None:
    samples = placed([(0.5, syllables(0.9, 5))], 2.0)
    found, _ = settled(
        spoken(("one", 0.3, 0.7), ("more", 0.7, 0.9), ("word", 0.9, 1.2)), samples, sounding_runs(samples)
    )
    assert found[0].start_s == pytest.approx(0.5, abs=NEAR_S)
    assert found[-1].stop_s == pytest.approx(1.4, abs=NEAR_S)
    assert all(one.stop_s == two.start_s for one, two in pairwise(found))
    assert all(one.stop_s > one.start_s for one in found)


def test_silence_leaves_words_as_they_are() -> None:
    words = spoken(("ghost", 0.1, 0.4))
    assert settled(words, room(1.0), np.zeros((0, 2), np.int64))[0] == words
    assert words_and_hesitations([], room(1.0), (0.0, 1.0), lambda _: []) == ([], [])


def test_a_held_voice_is_distinguished_from_syllables_and_from_noise() -> None:
    [found] = held_sounds(placed([(0.5, held(0.4))], 1.5))
    assert spans_of([found]) == at((0.5, 0.9))
    assert found.probability > 0.9
    for sound in (syllables(0.4, 6), room(0.4), held(0.05), held(3.0)):
        assert held_sounds(placed([(0.5, sound)], 4.0)) == []


def test_a_held_voice_is_found_between_soft_sounds_of_a_room() -> None:
    creak = np.float32(0.05) * syllables(0.1, 11)
    samples = placed([(0.4, creak), (0.5, held(0.4)), (0.9, creak)], 1.5)
    assert spans_of(held_sounds(samples)) == at((0.5, 0.9))
    assert held_sounds(placed([(0.4, 20.0 * creak), (0.5, held(0.4)), (0.9, 20.0 * creak)], 1.5)) == []


def test_a_hesitation_is_apart_from_the_word_that_the_recogniser_gave_it_to() -> None:
    samples = placed([(0.5, syllables(0.4, 7)), (1.1, held(0.35)), (1.7, syllables(0.45, 8))], 2.8)
    written = spoken(("winter", 0.4, 0.8), ("comes", 0.9, 2.0))
    words, found = words_and_hesitations(written, samples, (0.0, 2.8), lambda _: written)
    assert spans_of(found) == at((1.1, 1.45))
    assert spans_of(words) == at((0.5, 0.9), (1.7, 2.15))


def test_a_held_sound_is_a_word_if_the_text_lacks_it_without_the_sound() -> None:
    samples = placed([(0.5, syllables(0.4, 9)), (1.1, held(0.35)), (1.7, syllables(0.45, 10))], 2.8)
    written = spoken(("press", 0.4, 0.8), ("1", 1.0, 1.3), ("twice", 1.6, 2.0))
    others = [written[0], written[2]]
    words, found = words_and_hesitations(written, samples, (0.0, 2.8), lambda _: others)
    assert found == []
    assert spans_of(words) == at((0.5, 0.9), (1.1, 1.45), (1.7, 2.15))


def test_a_doubtful_word_is_written_for_a_hesitation() -> None:
    samples = placed([(0.5, syllables(0.4, 9)), (1.1, held(0.35)), (1.7, syllables(0.45, 10))], 2.8)
    written = spoken(("We", 0.4, 0.8), ("Oh,", 1.0, 1.3), ("left", 1.6, 2.0))
    written[1] = replace(written[1], probability=0.2)
    others = [written[0], written[2]]
    words, found = words_and_hesitations(written, samples, (0.0, 2.8), lambda _: others)
    assert spans_of(found) == at((1.1, 1.45))
    assert [one.text for one in words] == ["We", "left"]


def test_a_held_sound_is_a_word_if_the_words_near_it_become_improbable() -> None:
    samples = placed([(0.5, syllables(0.4, 7)), (1.1, held(0.25)), (1.7, syllables(0.45, 8))], 2.8)
    written = spoken(("winter", 0.4, 0.8), ("comes", 0.9, 2.0))
    others = [written[0], replace(written[1], probability=0.1)]
    assert words_and_hesitations(written, samples, (0.0, 2.8), lambda _: others)[1] == []
    assert words_and_hesitations(written, samples, (0.0, 2.8), lambda _: written)[1] != []


def test_a_hesitation_outside_of_the_window_is_found() -> None:
    samples = placed([(0.5, held(0.35)), (1.7, syllables(0.45, 8))], 2.8)
    written = spoken(("winter", 1.7, 2.0))
    words, found = words_and_hesitations(written, samples, (1.5, 2.8), lambda _: [])
    assert spans_of(found) == at((0.5, 0.85))
    assert spans_of(words) == at((1.7, 2.15))


def test_a_word_that_stays_elsewhere_is_missing_at_its_place() -> None:
    samples = placed([(1.5, syllables(0.4, 9)), (2.4, syllables(0.3, 8)), (3.1, held(0.35))], 4.5)
    written = spoken(("see", 1.4, 1.8), ("eye", 3.0, 3.4))
    others = [written[0], replace(written[1], start_s=0.4, stop_s=0.8)]
    assert words_and_hesitations(written, samples, (0.0, 4.5), lambda _: others)[1] == []
    assert words_and_hesitations(written, samples, (0.0, 4.5), lambda _: written)[1] != []


def test_a_sound_with_many_words_is_not_a_hesitation() -> None:
    samples = placed([(0.5, syllables(0.4, 9)), (1.5, held(1.0))], 3.0)
    written = spoken(("see", 0.4, 0.8), ("at", 1.4, 1.7), ("the", 1.7, 1.9), ("tone", 1.9, 2.4))
    assert words_and_hesitations(written, samples, (0.0, 3.0), lambda _: written)[1] == []
