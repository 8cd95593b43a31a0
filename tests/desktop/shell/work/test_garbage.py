"""What is freed in cycles is freed on the window's thread, whoever allocates."""

from __future__ import annotations

import gc
import importlib
import threading
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QWidget

from desktop.shell.work.job_lanes import JobLane
from desktop.shell.work.window_thread import WindowGarbage
from engine.core.progress import Progress

alone = pytest.mark.alone  # thaws what all tests are made of


class Form(QWidget):
    """A widget that holds a function that names it, as forms do."""

    def __init__(self) -> None:
        super().__init__()
        self.renew = lambda: self.update()


def litter(progress: Progress) -> int:
    """Allocate enough to make Python collect, many times over."""
    for _ in range(50_000):
        progress.check_cancelled()
        cycle: list[object] = []
        cycle.append(cycle)
    return threading.get_ident()


@pytest.fixture
def lane(qapp) -> Iterator[JobLane]:  # noqa: ARG001 - signals need an application
    made = JobLane("test lane")
    yield made
    assert made.close()


@pytest.fixture
def garbage(qapp) -> Iterator[WindowGarbage]:  # noqa: ARG001
    made = WindowGarbage()
    yield made
    made.close()


def thread_of_the_end_of_a_form() -> list[int]:
    """Drop a form and return a list that the thread which frees it is written to."""
    freed_on: list[int] = []
    form = Form()
    weakref.finalize(form, lambda: freed_on.append(threading.get_ident()))
    return freed_on


def test_a_dropped_form_is_freed_on_the_windows_thread(qtbot, lane: JobLane, garbage: WindowGarbage) -> None:
    assert garbage is not None
    freed_on = thread_of_the_end_of_a_form()
    with qtbot.waitSignal(lane.submit(litter, title="Littering").finished, timeout=20_000) as littered:
        pass
    qtbot.waitUntil(lambda: bool(freed_on))
    assert freed_on == [threading.get_ident()]
    assert littered.args[0] != threading.get_ident()


def test_python_collects_by_itself_before_and_after(qapp) -> None:  # noqa: ARG001
    assert gc.isenabled()
    first, second = WindowGarbage(), WindowGarbage()
    assert not gc.isenabled()
    first.close()
    first.close()
    assert not gc.isenabled()
    second.close()
    assert gc.isenabled()


@alone
def test_what_stands_is_walked_over_no_more_until_it_is_dropped(garbage: WindowGarbage) -> None:
    standing = [[number] for number in range(10_000)]
    standing.append(standing)
    dropped = Node()
    dropped.itself = dropped
    is_freed = weakref.finalize(dropped, lambda: None)
    garbage.let_stand()
    assert gc.get_freeze_count() > len(standing)
    del dropped
    gc.collect()
    assert is_freed.alive
    garbage.let_stand()
    assert not is_freed.alive


OBJECTS_A_MODULE, MODULES = 4_000, 50


def imported(name: str, progress: Progress) -> None:
    """Import a module."""
    progress.check_cancelled()
    importlib.import_module(name)


@pytest.fixture
def heavy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The name of a package with as many modules and objects as a tenth of torch."""
    folder = tmp_path / "heavy_for_this_test"
    folder.mkdir()
    names = [f"part{number}" for number in range(MODULES)]
    for name in names:
        (folder / f"{name}.py").write_text(f"made = [[number] for number in range({OBJECTS_A_MODULE})]\n")
    (folder / "__init__.py").write_text(
        "\n".join(f"from heavy_for_this_test import {name}" for name in names)
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    yield folder.name
    gc.unfreeze()


@alone
def test_what_a_worker_imports_is_never_walked_over(
    qtbot, lane: JobLane, garbage: WindowGarbage, heavy: str
) -> None:
    garbage.let_stand()
    walked: list[int] = []

    def note(phase: str, info: dict[str, int]) -> None:
        if phase == "start":
            walked.append(sum(len(gc.get_objects(number)) for number in range(info["generation"] + 1)))

    frozen = gc.get_freeze_count()
    gc.callbacks.append(note)
    try:
        with qtbot.waitSignal(lane.submit(imported, heavy, title="Importing").finished, timeout=20_000):
            pass
        qtbot.waitUntil(lambda: bool(walked) or gc.get_freeze_count() > frozen)
    finally:
        gc.callbacks.remove(note)
    made = MODULES * OBJECTS_A_MODULE
    assert max(walked, default=0) < 0.1 * made
    assert gc.get_freeze_count() - frozen > 0.5 * made


class Node:
    """Something that names itself."""

    itself: Node
