"""What cannot be used is left out with a sentence, what fails later ends in one, and all else works."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.engine.core.extensions.conftest import ROOT, environment, register, run

KINDS = """
from engine.document.kinds.kind import Kind
from engine.document.kinds.sounding import GAIN
from dataclasses import replace
NUMBER = 7
CUT = replace(GAIN, name="cut")
OTHER_NAME = replace(GAIN, name="another")
NO_PICTURE = replace(GAIN, name="no-picture", icon="../../secret")
DROPS = replace(GAIN, name="drops", drops_span=True)
def fail(edited):
    return 1 / 0
FAILS = replace(GAIN, name="fails", effect=fail, words=lambda *_: 1 / 0)
ODD = replace(GAIN, name="odd", effect=lambda edited: ["no operation"])
"""
FINDERS = """
from engine.exchange.export.formats import Format
from engine.review.finders import Finder, Found
def fail(request, progress):
    return [1 / 0]
def rubbish(request, progress):
    return Found(["cut here"])
def beyond(request, progress):
    return Found([request.proposal("cut", 0, 10**12, 0.5, "Too long.")])
def forged(request, progress):
    from dataclasses import replace
    return Found([replace(request.proposal("cut", 0, 10, 0.5, "Not mine."), maker="you")])
def of_kind(name):
    return lambda request, _: Found([request.proposal(name, 0, 9_000, 0.5, "Try.", {"gain_db": 3.0})])
def bare(request, progress):
    return []
GREEDY = Finder("T", "About.", bare, accepts=True)
FAIL, BARE, RUBBISH, BEYOND, FORGED, FAILS, ODD, GONE = (
    Finder("T", "About.", one)
    for one in (fail, bare, rubbish, beyond, forged, of_kind("fails"), of_kind("odd"), of_kind("gone"))
)
def write(request, progress):
    raise RuntimeError("no room\\nfor it")
BAD = Format(".bad", "Bad", "for nothing", __name__)
SOUND = Format(".snd", "Sound", "for nothing", __name__, is_audio=True)
from engine.review.finders import FinderSettings
class OfTracks(FinderSettings):
    tracks: str = ""
CLASHES = Finder("T", "About.", bare, OfTracks)
"""


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("broken") / "site"
    named = {
        "offcut.kinds": {
            "raises": "broken_raises:KIND",
            "leaves": "broken_leaves:KIND",
            "missing": "no_such_module_at_all:KIND",
            "number": "broken_kinds:NUMBER",
            "cut": "broken_kinds:CUT",
            "other": "broken_kinds:OTHER_NAME",
            "no-picture": "broken_kinds:NO_PICTURE",
            "drops": "broken_kinds:DROPS",
            "fails": "broken_kinds:FAILS",
            "odd": "broken_kinds:ODD",
        },
        "offcut.finders": {
            name.lower(): f"broken_finders:{name}"
            for name in (
                "FAIL",
                "BARE",
                "RUBBISH",
                "BEYOND",
                "FORGED",
                "FAILS",
                "ODD",
                "GONE",
                "GREEDY",
                "CLASHES",
            )
        },
        "offcut.export_formats": {".bad": "broken_finders:BAD", ".snd": "broken_finders:SOUND"},
        "offcut.separator": {"hum": "broken_finders:BAD"},
        "offcut.separators": {"hum": "broken_kinds:NUMBER"},
        "offcut.recipes": {"own-faults": "broken_kinds:NUMBER"},
    }
    modules = {
        "broken_raises": "raise OSError('the disk\\nis gone.')",
        "broken_leaves": "import sys; sys.exit(3)",
        "broken_kinds": KINDS,
        "broken_finders": FINDERS,
    }
    register(folder, "offcut-broken", named, **modules)
    register(folder, "offcut-again", {"offcut.kinds": {"fails": "broken_kinds:FAILS"}})
    return folder


def test_each_is_left_out_with_one_sentence(broken: Path) -> None:
    told = run(["doctor", "--json"], packages=broken)
    assert told.statuses == (0,)
    troubles = {
        (row["group"], row["name"]): row["trouble"]
        for row in told.json(0)["extensions"]
        if row["package"] == "offcut-broken"
    }
    kind = "The kind '{}' of offcut-broken 1.0 is left out: "
    for name, said in {
        "raises": "it raises OSError (the disk is gone).",
        "leaves": "it raises SystemExit (3).",
        "missing": "it raises ModuleNotFoundError (No module named 'no_such_module_at_all').",
        "number": "it is of the type int, not Kind.",
        "cut": "Offcut has one of that name itself.",
        "other": "it calls itself 'another'.",
        "no-picture": "it has the icon '../../secret', which does not exist.",
        "drops": "it drops its span, as a cut does.",
        "fails": "another package adds one of that name.",
    }.items():
        assert troubles["offcut.kinds", name] == kind.format(name) + said
    assert not troubles["offcut.kinds", "odd"]
    assert "accepts its proposals" in troubles["offcut.finders", "greedy"]
    assert "the setting 'tracks', which is an option of every" in troubles["offcut.finders", "clashes"]
    assert "of audio or of video frames" in troubles["offcut.export_formats", ".snd"]
    assert "there is no group 'offcut.separator', use offcut.kinds" in troubles["offcut.separator", "hum"]
    assert "which cannot be called" in troubles["offcut.separators", "hum"]
    assert "Offcut has one of that name itself" in troubles["offcut.recipes", "own-faults"]
    assert not told.errors


def test_a_package_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    about = tmp_path / "offcut_torn-1.0.dist-info"
    about.mkdir()
    (about / "entry_points.txt").write_bytes(b"[offcut.kinds]\nx = \xff\xfe\n")
    told = run(["doctor"], packages=tmp_path)
    assert "What offcut_torn adds is left out: its offcut_torn-1.0.dist-info cannot be read." in told.texts[0]


@pytest.fixture
def jam(tmp_path: Path) -> Path:
    rng = np.random.default_rng(7)
    soundfile.write(tmp_path / "jam.wav", rng.uniform(-0.3, 0.3, 44_100), 22_050, "PCM_16")
    return tmp_path / "jam.wav"


def test_what_fails_when_it_is_used_ends_in_one_sentence(broken: Path, jam: Path) -> None:
    project = jam.with_suffix(".offcut")
    names = ("fail", "bare", "rubbish", "beyond", "forged", "fails", "odd", "gone")
    done = run(
        ["new", project, jam],
        *(["propose", project, name] for name in names),
        ["export", project, "--out", jam.with_suffix(".bad")],
        ["proposals", project, "--json"],
        packages=broken,
    )
    assert done.statuses == (0, 1, 2, 2, 2, 2, 2, 2, 2, 1, 0)
    assert done.json(10)["proposals"] == []
    assert not jam.with_suffix(".bad").exists()
    said = done.errors.splitlines()
    assert len(said) == 9
    for sentence, words in zip(
        said,
        (
            "The package offcut-broken 1.0 failed in broken_finders, line 5: ZeroDivisionError (",
            "it returns a list instead of `Found`.",
            "its proposal 1 is a str.",
            "its proposal 1 is not a span within the recording, which has 44,100 samples.",
            "its proposal 1 is made in the name of 'you'.",
            "not one of its kind: The kind 'fails' of offcut-again 1.0 failed: ZeroDivisionError",
            "not one of its kind: The kind 'odd' of offcut-broken 1.0 failed: its effect is not an operation",
            "The kind 'gone' is not available here",
            "The package offcut-broken 1.0 failed in broken_finders, line 23: RuntimeError (no room for it).",
        ),
        strict=True,
    ):
        assert words in sentence


PAGE = """
from broken_finders import fail
from engine.web.work import Work
work = Work()
job = work.submit(lambda progress: fail(None, progress))
while not job.is_over:
    job.cancelled.wait(0.01)
work.close()
print(job.state.name, job.text)
"""


def test_a_page_names_the_package_that_failed(broken: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PAGE],
        cwd=ROOT,
        env=environment(broken),
        capture_output=True,
        text=True,
        check=True,
    )
    said = "FAILED The package offcut-broken 1.0 failed in broken_finders, line 5: ZeroDivisionError ("
    assert done.stdout.startswith(said)


OPEN = """
import json, sys, time
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication
from desktop.main_window import MainWindow
application = QApplication([])
window = MainWindow(application, QSettings(sys.argv[1], QSettings.Format.IniFormat))
window.show()
if len(sys.argv) > 2:
    from pathlib import Path
    window.session.open(Path(sys.argv[2]))
for _ in range(1_000):
    application.processEvents()
    if any("left out" in message.text for message in window.messages.messages):
        break
    time.sleep(0.02)
print(json.dumps([message.text for message in window.messages.messages]))
window.close()
"""


def test_the_window_says_once_what_is_left_out(broken: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", OPEN, str(tmp_path / "settings.ini")],
        cwd=ROOT,
        env=environment(broken),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    (said,) = [one for one in json.loads(done.stdout.splitlines()[-1]) if "left out" in one]
    assert "'offcut doctor'" in said


HANGING = """
import sys, json
from engine.core.extensions.probe import probed
print(json.dumps([[one.extension.name, one.trouble] for one in probed(limit_s=float(sys.argv[1]))]))
from engine.document.kinds import KINDS
print(json.dumps(sorted(KINDS.added)))
"""


def test_one_that_dies_or_hangs_stops_nothing_else(tmp_path: Path) -> None:
    named = {
        "offcut.kinds": {
            "a-fine": "fine:A",
            "b-dies": "dies:KIND",
            "c-hangs": "hangs:KIND",
            "d-fine": "fine:D",
        }
    }
    modules = {
        "fine": KINDS + "A, D = replace(GAIN, name='a-fine'), replace(GAIN, name='d-fine')\nprint('noise')",
        "dies": "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
        "hangs": "import threading; threading.Event().wait()",
    }
    register(tmp_path, "offcut-hostile", named, **modules)
    done = subprocess.run(
        [sys.executable, "-c", HANGING, "5"],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(map(str, (tmp_path, ROOT)))},
        capture_output=True,
        text=True,
        timeout=100,
        check=True,
    )
    first, second = (json.loads(line) for line in done.stdout.splitlines() if line.startswith("["))
    troubles = dict(first)
    assert troubles["a-fine"] == troubles["d-fine"] == ""
    assert "ends the process that imports it (signal 9)" in troubles["b-dies"]
    assert "longer than 5 s" in troubles["c-hangs"]
    assert second == ["a-fine", "d-fine"]  # the others are not imported here either


def test_doctor_names_one_that_ends_its_process(tmp_path: Path) -> None:
    named = {"offcut.kinds": {"dies": "dies:KIND"}}
    register(tmp_path, "offcut-hostile", named, dies="import os; os._exit(3)")
    told = run(["doctor", "--json"], packages=tmp_path)
    assert told.statuses == (0,)
    (row,) = told.json(0)["extensions"]
    assert "(status 3)" in row["trouble"]
