"""The table of commands: one meaning a key, nothing unnamed, and the printed sheet up to date."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtGui import QKeySequence

from desktop.commands import ABSENT, BY_ID, COMMANDS, MENUS, keys_markdown
from desktop.commands.features import with_finders
from desktop.commands.menus import PACKAGES
from desktop.shell.command import Command, conflicts, synonyms
from desktop.shell.run_finder import RunFinder
from engine.core.features import OwnFinder
from engine.features.own import OWN
from engine.features.registry import FINDERS
from widgets.controls.command_entries import key_label, key_labels
from widgets.review.queue_panel import OFFERS

ROOT = Path(__file__).resolve().parents[2]

PROMISED = {
    "review.accept": "A P Return 7",
    "review.accept_stay": "Shift+A",
    "review.reject": "X 9",
    "review.undecided": "U 8",
    "review.next": "Down",
    "review.previous": "Up",
    "review.next_undecided": "Ctrl+Down",
    "review.previous_undecided": "Ctrl+Up",
    "review.alternative": "V",
    "review.flag": "F",
    "review.threshold_up": "Alt+Up",
    "review.threshold_down": "Alt+Down",
    "review.accept_above": "Ctrl+Shift+Return",
    "edge.switch": "E",
    "edge.audition_left": "1",
    "edge.audition_right": "2",
    "edge.set_left": "I",
    "edge.set_right": "O",
    "edge.nudge_left": "Alt+Left",
    "edge.nudge_right_coarse": "Alt+Shift+Right",
    "edge.nudge_left_sample": "Ctrl+Alt+Left",
    "edge.snap_beat": "B",
    "edge.snap_downbeat": "Shift+B",
    "edge.snap_zero": "Z",
    "edge.snap_transient": "T",
    "edge.snap_toggle": "N",
    "transport.toggle": "Space",
    "transport.preroll": "R",
    "transport.shuttle_back": "J",
    "transport.shuttle_stop": "K",
    "transport.shuttle_forward": "L",
    "transport.loop": "Shift+L",
    "transport.solo": "Shift+S",
    "clips.split": "S",
    "transport.preview": "C",
    "transport.source_result": "Q",
    "transport.removed": "D",
    "transport.to_start": "Home",
    "transport.to_end": "End",
    "view.zoom_in": "+",
    "view.zoom_out": "-",
    "view.fit": "Shift+Z",
    "edit.undo": "Ctrl+Z",
    "edit.redo": "Ctrl+Shift+Z",
    "file.snapshot": "Ctrl+S",
    "file.export": "Ctrl+E",
    "help.palette": "Ctrl+Shift+P F1",
    "help.keys": "?",
}


@pytest.mark.parametrize(("command_id", "keys"), PROMISED.items())
def test_promised_keys_are_bound(command_id: str, keys: str) -> None:
    assert set(keys.split()) <= set(BY_ID[command_id].keys)


def test_no_key_has_two_meanings() -> None:
    assert conflicts(COMMANDS) == ()


def test_conflicts_are_found_within_and_across_contexts() -> None:
    play = BY_ID["transport.toggle"]
    twice = replace(play, id="other.play")
    assert conflicts((play, twice)) == (("Space", "transport.toggle", "other.play"),)
    assert conflicts((play, replace(twice, context="review"))), (
        "a key of the window is taken in the review too"
    )
    layered = replace(play, context="grid")
    assert not conflicts((layered, replace(twice, context="review"))), "a layer comes before the review"
    assert not conflicts((layered, twice)), "and before the window"
    assert conflicts((layered, replace(layered, id="other.play")))


def test_ids_and_labels_are_unique() -> None:
    assert len(BY_ID) == len(COMMANDS)
    assert len({command.label for command in COMMANDS}) == len(COMMANDS)


@pytest.mark.parametrize(("command", "label"), [(command, label) for command, label, _ in OFFERS])
def test_what_an_empty_queue_offers_is_a_command_by_its_own_name(command: str, label: str) -> None:
    assert BY_ID[command].label == label


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.id)
def test_command_is_complete(command: Command) -> None:
    assert command.label
    assert command.description.endswith(".")
    assert command.description.count(". ") == 0, "one sentence"
    for key in command.keys:
        sequence = QKeySequence.fromString(key, QKeySequence.SequenceFormat.PortableText)
        assert sequence.count() == 1
        assert sequence.toString(QKeySequence.SequenceFormat.PortableText) == key


def test_delete_and_backspace_cut_what_is_selected_alone_and_escape_never_decides() -> None:
    bound = {key: command.id for command in COMMANDS for key in command.keys}
    assert {bound[key] for key in ("Delete", "Del", "Backspace") if key in bound} == {"hand.cut"}
    assert bound["Esc"] == "transport.stop"


def test_key_sheet_is_up_to_date() -> None:
    text = (ROOT / "resources" / "keys.md").read_text(encoding="utf-8")
    assert text == keys_markdown(COMMANDS), "run: python -m desktop.commands > resources/keys.md"


def test_every_group_is_in_one_menu() -> None:
    shown = [group for menu in MENUS for group in (*menu.groups, *menu.submenus)]
    assert sorted(shown) == sorted({PACKAGES, *(command.group for command in COMMANDS)})


def test_menu_titles_claim_no_key() -> None:
    assert not [menu.title for menu in MENUS if "&" in menu.title], "Alt with a letter is a command"


def test_synonyms_and_absent_functions_name_commands() -> None:
    assert not synonyms().keys() - BY_ID.keys()
    assert not [name for each in ABSENT for name in each.commands if name not in BY_ID]
    names = [name for each in ABSENT for name in each.names]
    assert len(names) == len(set(names))
    assert all(name == name.casefold() for name in names)


def test_each_finder_of_offcut_has_one_command() -> None:
    named = [command.do.name for command in COMMANDS if isinstance(command.do, RunFinder)]
    assert sorted(named) == sorted(FINDERS)


def test_a_finder_without_a_row_has_a_command_in_the_menu_of_finders() -> None:
    rows = {name: replace(row, description="Proposes something.") for name, row in OWN.items()}
    table = tuple(command for command in COMMANDS if command.id != "timing.tempo")
    made = with_finders(table, {**rows, "mains-hum": OwnFinder("engine:HUM", "Propose to filter hum.")})
    (tempo, hum) = (command for command in made if command not in table)
    assert (tempo.id, tempo.label) == ("taste.find_tempo", "Find tempo")
    assert (hum.id, hum.label, hum.keys) == ("taste.find_mains_hum", "Find mains hum", ())
    assert hum.do == RunFinder("mains-hum")
    assert hum.description == "Propose to filter hum."
    places = [place for place, command in enumerate(made) if command.group == hum.group]
    assert places == list(range(places[0], places[-1] + 1)), "the key sheet has one table a group"
    assert with_finders(COMMANDS, rows) == COMMANDS


def test_a_row_describes_the_command_that_is_made_of_it_alone() -> None:
    described = {name for name, row in OWN.items() if row.description}
    made = {command.do.name for command in COMMANDS if command.id.startswith("taste.find_")}
    assert described == made


def test_table_needs_no_qt() -> None:
    code = "import sys, desktop.commands; print([name for name in sys.modules if 'PySide6' in name])"
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("key", "label"),
    [
        ("Ctrl+Shift+Return", "Ctrl Shift Enter"),
        ("+", "+"),
        ("Ctrl++", "Ctrl +"),
        ("Alt+Left", "Alt ←"),
        ("A", "A"),
    ],
)
def test_key_label(key: str, label: str) -> None:
    assert key_label(key) == label


def test_the_two_enter_keys_are_one_cap() -> None:
    assert key_labels(("A", "Return", "Enter")) == ("A", "Enter")
