"""Finding a command by a few letters."""

from __future__ import annotations

from itertools import product

import pytest

from widgets.chrome.demo import COMMANDS
from widgets.chrome.entries import match_score, ranked


@pytest.mark.parametrize(
    ("query", "label"),
    [
        ("acc", "Accept"),
        ("nl", "Nudge left"),
        ("zoom", "Zoom in"),
        ("pwp", "Play with pre-roll"),
        ("EXP", "Export…"),
        ("accept all", "Accept all above"),
        ("before.", "Play with pre-roll"),
    ],
)
def test_the_expected_command_comes_first(query: str, label: str) -> None:
    assert ranked(query, COMMANDS)[0].label == label


def test_no_letters_find_everything_in_order() -> None:
    assert ranked("", COMMANDS) == COMMANDS
    assert ranked("   ", COMMANDS) == COMMANDS


def test_nothing_is_found_for_nonsense() -> None:
    assert ranked("qqqzz", COMMANDS) == ()


def is_subsequence(query: str, text: str) -> bool:
    letters = iter(text)
    return all(letter in letters for letter in query)


def test_a_match_is_exactly_a_subsequence() -> None:
    for length in (1, 2, 3):
        for letters in product("nul d", repeat=length):
            query = "".join(letters)
            wanted = is_subsequence(query.replace(" ", ""), "nudge left")
            assert (match_score(query, "Nudge left") is not None) == wanted
