"""An extension that hangs while it is imported stops no verb, and is tried once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine.core.extensions.names import Extension
from engine.core.extensions.probe import key_of
from tests.engine.core.extensions.conftest import ROOT, register

FINDER_MODULE = """
import pathlib
with open({log!r}, "a") as stream:
    stream.write({name!r} + chr(10))
from engine.review.finders import Finder, Found
FINDER = Finder("T", "About.", lambda request, progress: Found([]))
"""
HANGS = "import threading; threading.Event().wait()\n"
VERB = """
import json, sys
import engine.core.extensions.probe as probe
from engine.features.registry import FINDERS
probe.LIMIT_S = 3.0
print(json.dumps(sorted(FINDERS.added)))
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A folder with two finders, each of which notes that it is imported; one then hangs."""
    folder, log = tmp_path / "site", str(tmp_path / "imported")
    named = {"offcut.finders": {"fine": "fine_finder:FINDER", "hangs": "hanging_finder:FINDER"}}
    fine, hanging = (FINDER_MODULE.format(log=log, name=name) for name in ("fine", "hangs"))
    register(folder, "offcut-hangs", named, fine_finder=fine, hanging_finder=hanging + HANGS)
    return folder


def load(site: Path) -> tuple[list[str], str]:
    """Load all finders in a fresh process; return which can be used, and what was written on stderr."""
    done = subprocess.run(
        [sys.executable, "-c", VERB],
        cwd=ROOT,
        env=os.environ
        | {"PYTHONPATH": f"{site}{os.pathsep}{ROOT}", "OFFCUT_CACHE": str(site.parent / "cache")},
        capture_output=True,
        text=True,
        timeout=100,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1]), done.stderr


def imported(site: Path) -> list[str]:
    return (site.parent / "imported").read_text().split()


def test_one_that_hangs_is_left_out_and_tried_once(site: Path) -> None:
    finders, said = load(site)
    assert finders == ["fine"]
    assert "'hangs' of offcut-hangs 1.0" in said
    assert "3 s" in said
    assert imported(site) == ["fine", "hangs", "fine"], "tried in a process, then the one that works is used"
    assert load(site) == (finders, said)
    assert imported(site) == ["fine", "hangs", "fine", "fine"], "nothing is tried again"


@pytest.mark.long
def test_one_that_was_mended_is_tried_again(site: Path) -> None:
    load(site)
    module = site / "hanging_finder.py"
    module.write_text(module.read_text().replace(HANGS, ""))
    finders, said = load(site)
    assert (finders, said) == (["fine", "hangs"], "")


def test_the_key_changes_with_the_code_of_the_package(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(site))
    one = Extension("offcut.finders", "fine", "offcut-hangs", "1.0", "fine_finder:FINDER")
    before = key_of(one)
    assert key_of(one) == before
    module = site / "fine_finder.py"
    status = module.stat()
    module.write_text(module.read_text().replace("About", "Other"))
    os.utime(module, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert key_of(one) != before, "the same size and time, other content"
    assert "fine_finder" not in sys.modules
