"""The palette finds commands by the words of other programs, and explains what Offcut does not have."""

from __future__ import annotations

import pytest

from desktop.commands import ABSENT, COMMANDS
from desktop.shell.command import WINDOW, Command
from tests.counting import calls_of
from widgets.controls.command_entries import search


def first(query: str) -> str:
    return search(query, COMMANDS, ABSENT).commands[0].id


@pytest.mark.parametrize(
    ("query", "command_id"),
    [
        ("open the document", "file.open"),
        ("line up the clips", "clips.line_up"),
        ("learn from my edits", "taste.learn"),
    ],
)
def test_small_words_of_a_sentence_do_not_hide_the_command(query: str, command_id: str) -> None:
    assert first(query) == command_id


@pytest.mark.parametrize(
    ("query", "command_id"),
    [
        ("quantize", "timing.propose"),
        ("beat detective", "timing.propose"),
        ("duplicate", "hand.duplicate"),
        ("razor", "clips.split"),
        ("copy", "hand.copy"),
        ("paste", "hand.paste"),
        ("strip silence", "taste.pauses"),
        ("truncate silence", "taste.shorten"),
        ("trim", "clips.trim_stop"),
        ("render", "file.export"),
        ("bounce", "file.export"),
        ("amplify", "hand.gain"),
        ("fade", "hand.fade_ends"),
        ("fade out", "hand.fade_ends"),
        ("restart", "transport.to_start"),
        ("return to zero", "transport.to_start"),
        ("tab to transient", "edge.snap_transient"),
        ("spectral repair", "repair.open"),
        ("action list", "help.palette"),
        ("ripple delete", "hand.cut"),
        ("settings", "file.preferences"),
        ("exit", "file.quit"),
    ],
)
def test_words_of_other_programs_find_the_command(query: str, command_id: str) -> None:
    assert first(query) == command_id
    assert search(query, COMMANDS, ABSENT).note == ""


@pytest.mark.parametrize(
    ("query", "command_id"),
    [
        ("save as", "file.snapshot"),
        ("Save", "file.snapshot"),
        ("normalize", "file.export"),
        ("reverse", "transport.shuttle_back"),
        ("eq", "file.export"),
    ],
)
def test_what_offcut_does_not_have_is_explained_with_what_it_has(query: str, command_id: str) -> None:
    found = search(query, COMMANDS, ABSENT)
    assert found.note in {each.sentence for each in ABSENT}
    assert found.commands[0].id == command_id
    assert not found.is_guess


def test_the_explanation_goes_once_a_command_has_that_name() -> None:
    record = Command("track.record", "Record", (), WINDOW, "Record a track.", "Tracks", do=id)
    assert search("record", COMMANDS, ABSENT).note
    found = search("record", (*COMMANDS, record), ABSENT)
    assert found.note == ""
    assert found.commands[0].id == "track.record"


@pytest.mark.parametrize(
    ("query", "command_id"),
    [("quantzie", "timing.propose"), ("exprot", "file.export"), ("markr", "marker.add")],
)
def test_a_misspelt_word_finds_what_is_near_and_says_so(query: str, command_id: str) -> None:
    found = search(query, COMMANDS, ABSENT)
    assert query in found.note
    assert found.is_guess
    assert command_id in {command.id for command in found.commands}


def test_nonsense_finds_nothing_and_says_so() -> None:
    found = search("xqzzt flurb", COMMANDS, ABSENT)
    assert found.commands == ()
    assert "xqzzt flurb" in found.note


def test_every_command_carries_a_word_of_another_program() -> None:
    assert len([command for command in COMMANDS if command.synonyms]) >= 0.95 * len(COMMANDS)


def test_stretching_leads_to_notes() -> None:
    found = search("time stretch", COMMANDS, ABSENT)

    assert found.commands[0].id == "timing.notes"
    assert not found.is_guess


@pytest.mark.parametrize("letters", ["x", "quantzie ", "e ", "take ", "öx1_"])
def test_a_long_query_costs_no_more_than_a_short_one(letters: str) -> None:
    search("quantzie", COMMANDS, ABSENT)  # the words of the commands are remembered
    short = calls_of(lambda: search("take cut quantzie", COMMANDS, ABSENT))
    text = letters * (32_000 // len(letters))
    costs = [calls_of(lambda cut=cut: search(text[:cut], COMMANDS, ABSENT)) for cut in range(1, 90, 4)]
    assert max(costs) < 3 * short
    assert calls_of(lambda: search(text, COMMANDS, ABSENT)) < short / 100
    assert len(search(text, COMMANDS, ABSENT).note) < 150
