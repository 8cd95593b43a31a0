"""The log: real exceptions of real processes, with paths that do not name the user."""

from __future__ import annotations

import logging
import subprocess
import sys
from pathlib import Path

import pytest

from desktop.shell.log import MOST_UNCAUGHT, HomeAsTilde, log_file

ROOT = Path(__file__).resolve().parents[3]
PERSON = "Ines Müller"
RAISES = """
import sys, threading
from pathlib import Path
from desktop.shell.log import Log
log = Log()
log.uncaught = lambda: print("uncaught", flush=True)
def fail(): (Path.home() / "Song.wav").read_bytes()
thread = threading.Thread(target=fail)
thread.start()
thread.join()
fail()
"""
FLOODS = """
import logging, sys
from desktop.shell.log import Log
log = Log()
log.uncaught = lambda: print("uncaught", flush=True)
for number in [*range(100), *range(100)]:
    try:
        raise ValueError(number)
    except ValueError as error:
        sys.excepthook(type(error), error, error.__traceback__)
sys.excepthook(KeyboardInterrupt, KeyboardInterrupt(), None)
"""


def run(code: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> subprocess.CompletedProcess[str]:
    """Run a program of a user, whose code is in their home folder."""
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    script = home / "script.py"
    script.write_text(code, encoding="utf-8")
    return subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, check=False, encoding="utf-8"
    )


def test_uncaught_exceptions_of_all_threads_are_logged_with_short_paths(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = run(RAISES, tmp_path / PERSON, monkeypatch)
    assert ended.returncode == 1
    assert ended.stdout == "uncaught\n" * 2
    assert "FileNotFoundError" in ended.stderr, "it is on standard error, too"
    logged = log_file().read_text("utf-8")
    assert logged.count("CRITICAL Uncaught exception in Offcut ") == 2
    assert logged.count("Traceback (most recent call last)") == 2
    assert 'File "~/script.py", line 7, in fail' in logged
    assert "FileNotFoundError: [Errno 2] No such file or directory: '~/Song.wav'" in logged
    assert PERSON not in logged


def test_a_flood_of_exceptions_is_limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ended = run(FLOODS, tmp_path / PERSON, monkeypatch)
    assert ended.returncode == 0
    assert ended.stdout.splitlines() == ["uncaught"] * MOST_UNCAUGHT
    logged = log_file().read_text("utf-8")
    assert logged.count("ValueError: ") == MOST_UNCAUGHT
    assert "KeyboardInterrupt" not in logged


def test_without_a_folder_for_the_log_a_program_runs_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    ended = run(RAISES, tmp_path / PERSON, monkeypatch)
    assert ended.stdout == "uncaught\n" * 2
    assert "Logging error" not in ended.stderr


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("/home/ines/take.wav", "~/take.wav"),
        ("'/home/ines' and /home/ines", "'~' and ~"),
        ("/home/ines2/take.wav", "/home/ines2/take.wav"),
        ("/home/ines-2", "/home/ines-2"),
    ],
)
def test_the_home_folder_is_shortened(text: str, short: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ines")
    record = logging.LogRecord("desktop", logging.ERROR, "", 1, "%s", (text,), None)
    assert HomeAsTilde("%(message)s").format(record) == short


def test_a_home_that_is_a_link_is_shortened_by_both_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "home").symlink_to(tmp_path / "disk")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    text = f"{tmp_path / 'home'}/a {tmp_path / 'disk'}/b"
    record = logging.LogRecord("desktop", logging.ERROR, "", 1, text, None, None)
    assert HomeAsTilde("%(message)s").format(record) == "~/a ~/b"
