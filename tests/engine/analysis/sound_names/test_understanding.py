"""Prompts that name a known sound are understood, all others are refused; measured on the half held back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.analysis.sound_names.prompts import (
    NEAREST,
    meanings,
    require_understood,
    require_words,
)
from engine.analysis.sound_names.vocabulary import vocabulary
from engine.core.errors import UnknownPromptError, UsageError

PROMPTS = json.loads(Path(__file__).with_name("prompts.json").read_text("utf-8"))


def held_back(kind: str) -> list[str]:
    """Return every second prompt of each group: those that no threshold was chosen on."""
    return [prompt for group in PROMPTS[kind].values() for prompt in group[1::2]]


def is_refused(prompt: str) -> bool:
    try:
        require_understood(prompt)
    except UsageError:
        return True
    return False


def test_nearly_all_prompts_without_meaning_are_refused() -> None:
    prompts = held_back("nonsense")
    assert len(prompts) > 100
    assert sum(map(is_refused, prompts)) >= 0.95 * len(prompts)


def test_nearly_all_names_of_known_sounds_are_understood() -> None:
    prompts = held_back("legitimate")
    assert len(prompts) > 100
    assert sum(map(is_refused, prompts)) <= 0.05 * len(prompts)


def test_all_words_that_networks_learn_from_are_understood() -> None:
    said = [word for name, sound in vocabulary().items() for word in (name, *sound.said)]
    assert [word for word in said if is_refused(word)] == []


@pytest.mark.parametrize(
    ("prompt", "nearest"),
    [
        ("dgo barking", "dog"),
        ("coughnig", "coughing"),
        ("roostre", "rooster"),
        ("vaccum claener", "vacuum cleaner"),
        ("SIERN", "siren"),
    ],
)
def test_the_sound_that_was_misspelled_is_named_first(prompt: str, nearest: str) -> None:
    with pytest.raises(UnknownPromptError) as raised:
        require_understood(prompt)
    assert raised.value.prompt == prompt
    assert raised.value.nearest[0] == nearest
    assert len(set(raised.value.nearest)) == NEAREST


@pytest.mark.parametrize("prompt", ["", " ", "x" * 500, "12345", "...", "dog 🐶", "dog_bark", "\x00", "犬"])
def test_whatever_is_no_word_is_refused(prompt: str) -> None:
    assert is_refused(prompt)


def test_words_of_any_meaning_are_distinguished_from_letters() -> None:
    require_words("hum")
    with pytest.raises(UnknownPromptError):
        require_words("xqzzt")


@pytest.mark.parametrize(
    ("prompt", "names"),
    [
        ("door", ("door", "door wood creaks", "door wood knock")),
        ("Doors", ("Doors", "door wood creaks", "door wood knock")),
        ("bell", ("bell", "church bells")),
        ("cough", ("cough",)),  # a phrase that the networks learned
        ("Dog", ("Dog",)),
        ("door bell", ("door bell",)),
        ("thunder and rain", ("thunder and rain",)),
        ("", ("",)),
    ],
)
def test_a_word_means_all_sounds_whose_names_hold_it(prompt: str, names: tuple[str, ...]) -> None:
    assert meanings(prompt) == names
