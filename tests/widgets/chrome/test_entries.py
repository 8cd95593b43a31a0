"""Finding a command by a few letters."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import pytest

from tests.widgets.chrome.made_up import COMMANDS
from widgets.controls.command_entries import match_score, ranked


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
        ("roll play", "Play with pre-roll"),
    ],
)
def test_the_expected_command_comes_first(query: str, label: str) -> None:
    assert ranked(query, COMMANDS)[0].label == label


@dataclass(frozen=True)
class Entry:
    label: str
    description: str = ""
    group: str = ""
    id: str = ""
    keys: tuple[str, ...] = ()
    synonyms: tuple[str, ...] = ()


def test_words_of_the_name_come_first_then_the_description_then_strewn_letters() -> None:
    strewn = Entry("Fold or unfold the group")
    described = Entry("Keep a diary", "Write a log of the day.")
    inside = Entry("Catalogue")
    second = Entry("Show the log", "Everything.")
    first = Entry("Log of messages")
    grouped = Entry("Empty", group="Log")
    everything = (strewn, described, inside, second, first, grouped)
    assert ranked("log", everything) == (first, second, inside, described, grouped, strewn)
    assert ranked("of log", everything)[0] is first, "words in any order"


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
