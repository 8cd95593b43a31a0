"""Keys that the user chose: what may change, what is kept, and that the window follows at once."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings

from desktop.commands import BY_ID, COMMANDS
from desktop.shell.command import conflicts
from desktop.shell.user_settings.keymap import Keymap, refusal
from engine.core.errors import UsageError
from tests.as_before import require_sentence

FREE = "Ctrl+F6"


@pytest.fixture
def restarted(tmp_path: Path) -> Callable[[], Keymap]:
    """Make a keymap from what is on disk."""
    return lambda: Keymap(QSettings(str(tmp_path / "keys.ini"), QSettings.Format.IniFormat), COMMANDS)


@pytest.fixture
def keymap(restarted: Callable[[], Keymap]) -> Keymap:
    return restarted()


def keys_of(keymap: Keymap, command_id: str) -> tuple[str, ...]:
    return next(command.keys for command in keymap.commands if command.id == command_id)


def test_without_changes_it_is_the_table(keymap: Keymap) -> None:
    assert keymap.commands == COMMANDS
    assert keymap.changed_ids == frozenset()


def test_a_new_key_replaces_and_survives_a_restart(
    keymap: Keymap, restarted: Callable[[], Keymap], qtbot: object
) -> None:
    with qtbot.waitSignal(keymap.changed):
        keymap.set_keys("edge.snap_toggle", ("Ctrl+F7", "N"))
    assert restarted().commands == keymap.commands
    assert keys_of(restarted(), "edge.snap_toggle") == ("Ctrl+F7", "N")
    assert restarted().changed_ids == {"edge.snap_toggle"}


def test_only_differences_are_stored(keymap: Keymap, tmp_path: Path) -> None:
    keymap.set_keys("edge.snap_toggle", ("Ctrl+F7",))
    stored = QSettings(str(tmp_path / "keys.ini"), QSettings.Format.IniFormat)
    keymap._settings.sync()
    stored.sync()
    assert json.loads(stored.value("keys")) == {"edge.snap_toggle": ["Ctrl+F7"]}
    keymap.set_keys("edge.snap_toggle", BY_ID["edge.snap_toggle"].keys)
    keymap._settings.sync()
    stored.sync()
    assert not stored.contains("keys")


@pytest.mark.parametrize(
    ("command_id", "key", "owner"),
    [
        ("review.flag", "V", "Next alternative"),  # the same context
        ("review.flag", "L", "Play forwards"),  # the window's keys work in the review too
        ("transport.loop", "F", "Flag for later"),
    ],
)
def test_a_key_of_another_command_is_refused_by_its_name(
    keymap: Keymap, command_id: str, key: str, owner: str
) -> None:
    assert keymap.owner(command_id, key).label == owner
    with pytest.raises(UsageError, match=f"^{key} belongs to '{owner}'.$"):
        keymap.set_keys(command_id, (key,))
    assert keymap.commands == COMMANDS


@pytest.mark.parametrize(
    "key",
    [
        "Del", "Backspace", "Ctrl+Del", "Esc", "Shift+Esc", "Space", "Tab", "Shift+Backtab", "Ctrl+C",
        "Ctrl+A", "Alt+F4", "", "Ctrl+", "A, B", "no key at all",
    ],
)  # fmt: skip
def test_keys_that_cannot_be_bound_say_why(keymap: Keymap, key: str) -> None:
    require_sentence("keys", key or "no key", refusal(key))
    with pytest.raises(UsageError) as refused:
        keymap.set_keys("review.flag", (key,))
    assert str(refused.value) == refusal(key)


@pytest.mark.parametrize(
    "key", ["K", "Shift+K", "Ctrl+Alt+F12", "?", "+", "Ctrl++", "Ä", "PgDown", "Ctrl+Space"]
)
def test_keys_that_can(key: str) -> None:
    assert refusal(key) == ""


@pytest.mark.parametrize(("command_id", "key"), [("transport.stop", "Esc"), ("transport.toggle", "Space")])
def test_escape_and_space_stay_but_may_have_company(keymap: Keymap, command_id: str, key: str) -> None:
    for keys in ((), (FREE,)):
        with pytest.raises(UsageError, match=f"^{key} always"):
            keymap.set_keys(command_id, keys)
    keymap.set_keys(command_id, (key, FREE))
    assert keys_of(keymap, command_id) == (key, FREE)


def test_a_swap_gives_each_the_first_key_of_the_other(keymap: Keymap) -> None:
    keymap.swap("review.flag", "V")
    assert keys_of(keymap, "review.flag") == ("V",)
    assert keys_of(keymap, "review.alternative") == ("F",)
    assert conflicts(keymap.commands) == ()
    keymap.swap("review.flag", "P")  # the second key of "Accept"
    assert keys_of(keymap, "review.accept") == ("A", "V", "Return", "Enter", "7")


def test_a_swap_with_a_command_without_a_key_takes_it(keymap: Keymap) -> None:
    keymap.set_keys("review.flag", ())
    keymap.swap("review.flag", "V")
    assert keys_of(keymap, "review.alternative") == ()


@pytest.mark.parametrize(
    ("command_id", "key", "words"),
    [
        ("review.flag", "Esc", "Esc always"),
        ("review.flag", "Space", "Space always"),
        ("transport.toggle", "F", "Space always"),
        ("review.flag", FREE, "is free"),
    ],
)
def test_a_swap_that_cannot_be_changes_nothing(keymap: Keymap, command_id: str, key: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        keymap.swap(command_id, key)
    assert keymap.commands == COMMANDS


def test_reset_of_one_and_of_all(keymap: Keymap) -> None:
    keymap.swap("review.flag", "V")
    with pytest.raises(UsageError, match=r"F belongs to 'Next alternative' now. Reset that one first"):
        keymap.reset("review.flag")
    keymap.set_keys("edge.snap_toggle", (FREE,))
    keymap.reset("edge.snap_toggle")
    assert keymap.changed_ids == {"review.flag", "review.alternative"}
    keymap.reset_all()
    assert keymap.commands == COMMANDS


@pytest.mark.parametrize(
    "stored",
    [
        "not json",
        "[1, 2]",
        '{"review.gone": ["K"]}',
        '{"review.flag": "K"}',
        '{"review.flag": [3]}',
    ],
)
def test_what_is_stored_and_cannot_be_used_is_left_out(
    restarted: Callable[[], Keymap], tmp_path: Path, stored: str
) -> None:
    settings = QSettings(str(tmp_path / "keys.ini"), QSettings.Format.IniFormat)
    settings.setValue("keys", stored)
    settings.sync()
    assert restarted().commands == COMMANDS


def test_what_a_user_chose_stays_when_a_newer_table_gives_that_key_to_another(
    restarted: Callable[[], Keymap], tmp_path: Path
) -> None:
    settings = QSettings(str(tmp_path / "keys.ini"), QSettings.Format.IniFormat)
    settings.setValue("keys", '{"review.flag": ["J"], "transport.removed": ["Ctrl+F6"]}')
    settings.sync()
    keymap = restarted()
    assert keys_of(keymap, "review.flag") == ("J",)
    assert keys_of(keymap, "transport.removed") == ("Ctrl+F6",)
    assert keys_of(keymap, "transport.shuttle_back") == (), "by palette alone, until its key is free again"
    keymap.reset("review.flag")
    keymap.reset("transport.shuttle_back")
    assert keys_of(keymap, "transport.shuttle_back") == ("J",)


def test_of_two_stored_commands_with_one_key_one_has_it(
    restarted: Callable[[], Keymap], tmp_path: Path
) -> None:
    settings = QSettings(str(tmp_path / "keys.ini"), QSettings.Format.IniFormat)
    settings.setValue("keys", '{"review.flag": ["Ctrl+F6"], "edge.switch": ["Ctrl+F6"]}')
    settings.sync()
    found = [keys_of(restarted(), command_id) for command_id in ("review.flag", "edge.switch")]
    assert sorted(found) in ([("Ctrl+F6",), ("E",)], [("Ctrl+F6",), ("F",)])


def test_stored_keys_cannot_take_escape_away_or_bind_delete(
    restarted: Callable[[], Keymap], tmp_path: Path
) -> None:
    settings = QSettings(str(tmp_path / "keys.ini"), QSettings.Format.IniFormat)
    settings.setValue("keys", '{"transport.stop": ["Ctrl+F6"], "review.reject": ["X", "Del"]}')
    settings.sync()
    assert keys_of(restarted(), "transport.stop") == ("Esc", FREE)
    assert keys_of(restarted(), "review.reject") == ("X",)
