"""Fixtures every test may use, and the alarms that fail a test for what it leaves behind."""

from __future__ import annotations

import gc
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
APART = ("alone", "plays")
"""The marks of tests that do not run beside all others."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the choice of a long run."""
    text = "run the tests marked long and alone too, and 500 examples of each property"
    parser.addoption("--long", action="store_true", help=text)


def pytest_configure(config: pytest.Config) -> None:
    """Set the number of examples; each run tries the same ones, so that a failure is found again."""
    examples = 500 if config.getoption("--long") else 25
    settings.register_profile("fixed", derandomize=True, deadline=None, max_examples=examples)
    settings.load_profile("fixed")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out files without such a test where only tests that run apart are wanted."""
    wanted = config.getoption("markexpr")
    is_apart = wanted in APART and collection_path.name.startswith("test_")
    if is_apart and f"pytest.mark.{wanted}" not in collection_path.read_text("utf-8"):
        return True
    return None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave long tests out of a short run; begin a long run with their files, so that none is waited for."""
    long, short = list[pytest.Item](), list[pytest.Item]()
    for item in items:
        is_long = item.get_closest_marker("long") or item.get_closest_marker("alone")
        (long if is_long else short).append(item)
    if config.getoption("--long"):
        files = {item.path for item in long}
        items.sort(key=lambda item: item.path not in files)
    elif long:
        config.hook.pytest_deselected(items=long)
        items[:] = short


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Put what all tests are made of, a million objects, out of the garbage collector's sight."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def tests_stay_out_of_sight(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep a window from walking over all that the other tests are made of, which took half its time.

    Python can thaw all that is frozen or nothing. So what a test makes is not frozen: it is collected as
    ever, only walked over more often. Tests that run alone see the real thing.
    """
    if request.node.get_closest_marker("alone") is None:
        monkeypatch.setattr(gc, "freeze", lambda: None)
        monkeypatch.setattr(gc, "unfreeze", lambda: None)


@pytest.fixture(autouse=True)
def no_leaked_threads() -> Iterator[None]:
    """Fail a test that leaves a thread running."""
    before = set(threading.enumerate())
    yield
    extra = set(threading.enumerate()) - before
    for thread in extra:
        thread.join(timeout=2.0)
    assert not [thread.name for thread in extra if thread.is_alive()]


@pytest.fixture(autouse=True)
def own_folders(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep caches, settings and data of the tests out of the user's folders."""
    live_in(tmp_path_factory.mktemp("home"), monkeypatch)


def live_in(home: Path, patch: pytest.MonkeyPatch) -> None:
    """Have Offcut keep all it keeps of its own below a folder."""
    for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"):
        patch.setenv(name, str(home / name.lower()))


@pytest.fixture
def rng() -> np.random.Generator:
    """A random generator with a fixed seed."""
    return np.random.default_rng(20_260)


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The recordings the tests listen to, laid out as evaluations expect them; CREDITS.md says whose."""
    return Path(__file__).resolve().parent / "data"


@pytest.fixture(scope="session")
def yard_once(tmp_path_factory: pytest.TempPathFactory, data_dir: Path) -> Path:
    """A document of a yard in which a dog barks; to be read only."""
    from tests.engine.recordings.yard import made_yard  # what only some tests need

    return made_yard(tmp_path_factory.mktemp("yard"), data_dir)


@pytest.fixture
def yard_copy(yard_once: Path, tmp_path: Path) -> Path:
    """The yard, to be changed, beside its recordings."""
    return _copied(yard_once, tmp_path)


@pytest.fixture(scope="session")
def room_once(tmp_path_factory: pytest.TempPathFactory, data_dir: Path) -> Path:
    """A document of a room in which somebody sneezes; to be read only."""
    from tests.engine.recordings.room import made_room

    return made_room(tmp_path_factory.mktemp("room"), data_dir)


@pytest.fixture
def room_copy(room_once: Path, tmp_path: Path) -> Path:
    """The room, to be changed, beside its recording."""
    return _copied(room_once, tmp_path)


def _copied(document: Path, folder: Path) -> Path:
    for name in (document.name, *(path.name for path in document.parent.glob("*.wav"))):
        (folder / name).write_bytes((document.parent / name).read_bytes())
    return folder / document.name
