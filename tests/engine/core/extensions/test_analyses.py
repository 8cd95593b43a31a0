"""Analyses of packages: run with listening, stored, read by finders, left out with a sentence if invalid."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.engine.core.extensions.conftest import ROOT, environment, register, run

RATE_HZ, SECONDS = 22_050, 4.03

LISTEN = """
import json, sys
from pathlib import Path
from engine.document.document import Document
from engine.document.edits.proposals import set_analyses
from engine.core.progress import SILENT
from engine.recordings.analyses import ANALYSES, AnalysisRequest
from engine.recordings.listen import listen_to_document
from engine.recordings.media import locate_all
path = Path(sys.argv[1])
rows = []
for _ in range(2):
    with Document.open(path) as document:
        state = document.state
        known = {kind: document.analysis(kind) for kind in state.analyses}
        request = AnalysisRequest(state, locate_all(state, path.parent), None, known)
        found = listen_to_document(request, SILENT)
        edit = set_analyses(state, found.ids, "Recording analysed", by_listening=True)
        document.apply(edit, {found.ids[kind]: one for kind, one in found.analyses.items()})
        rows.append([sorted(found.ids), list(found.notices)])
print(json.dumps({"registered": list(ANALYSES), "runs": rows}))
"""

BROKEN = """
from types import SimpleNamespace
import numpy as np
from engine.document.analysis import StoredCurve
from engine.review.finders import Finder, Found
from engine.recordings.analyses import Analyser, FoundAnalyses
HOP = 2_205
def frames(request):
    return -(-request.state.length_samples // HOP)
def raises(request, progress):
    return [1 / 0]
def rubbish(request, progress):
    return [0.5]
def invalid(request, progress):
    values = np.zeros(frames(request), np.float32)
    values[3] = np.nan
    return StoredCurve(values, HOP)
def short(request, progress):
    return StoredCurve(np.zeros(7, np.float32), HOP)
def steals(request, progress):
    return FoundAnalyses({"beats": None}, {"beats": "beats-0"})
def fine(request, progress):
    onsets = request.analyses["listening"].onsets_samples
    counts = np.bincount(onsets // HOP, minlength=frames(request))
    return StoredCurve(counts.astype(np.float32), HOP, "onsets")
RAISES, RUBBISH, INVALID, SHORT, STEALS = map(Analyser, (raises, rubbish, invalid, short, steals))
FINE = Analyser("broken_analyses:fine", ("listening",), version=3)
WANTS_SOUNDS = Analyser(fine, ("sounds",))
NUMBER, NOTHING, UNKNOWN = 7, Analyser(None), Analyser(fine, ("of tomorrow",))
def find(name):
    def found(request, progress):
        values = request.analyses[name].values
        number = int(values.argmax())
        span = number * HOP, min((number + 1) * HOP, request.state.length_samples)
        return Found([request.proposal("cut", *span, 0.5, f"The most of {len(values)} steps.")])
    return Finder("T", "About.", found, needs=(name,))
OF_FINE, OF_RAISES, OF_NONE = find("fine"), find("raises"), find("nothing at all")
"""


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("broken") / "site"
    names = ("raises", "rubbish", "invalid", "short", "steals", "fine", "wants-sounds")
    analyses = {
        name: f"broken_analyses:{name.upper().replace('-', '_')}"
        for name in (*names, "number", "nothing", "unknown")
    }
    finders = {f"of-{name}": f"broken_analyses:OF_{name.upper()}" for name in ("fine", "raises", "none")}
    named = {
        "offcut.analyses": analyses | {"beats": "broken_analyses:FINE", "sounds": "broken_analyses:FINE"},
        "offcut.finders": finders,
    }
    register(folder, "offcut-broken", named, broken_analyses=BROKEN)
    return folder


@pytest.fixture
def jam(tmp_path: Path) -> Path:
    """Noise that swells, at a length that no hop divides."""
    rng = np.random.default_rng(7)
    noise = rng.uniform(-1.0, 1.0, round(SECONDS * RATE_HZ)) * np.linspace(
        0.01, 0.5, round(SECONDS * RATE_HZ)
    )
    soundfile.write(tmp_path / "jam.wav", noise, RATE_HZ, "FLOAT")
    return tmp_path / "jam.wav"


def listened(project: Path, packages: Path | None) -> Mapping[str, list]:
    done = subprocess.run(
        [sys.executable, "-c", LISTEN, str(project)],
        cwd=ROOT,
        env=environment(packages),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_the_levels_of_the_example_are_stored_once_and_outlive_the_package(packages: Path, jam: Path) -> None:
    from engine.document.analysis import StoredCurve
    from engine.document.document import Document

    project = jam.with_suffix(".offcut")
    run(["new", project, jam], packages=packages)
    told = listened(project, packages)
    assert told["registered"][-1] == "levels"
    assert told["runs"] == [[["beats", "levels", "listening"], []], [[], []]], (
        "what is current is not repeated"
    )
    with Document.open(project) as document:
        found = document.analysis("levels")
        assert isinstance(found, StoredCurve)
        assert (found.title, found.unit, found.maker) == ("Level", "dB", "added:levels 1")
        assert not document.notice
        steps = len(document.steps())
        document.undo()
        assert "levels" not in document.state.analyses, "it is undone with its recording"
        document.redo()
        assert len(document.steps()) == steps
    samples, hop = soundfile.read(jam, dtype="float32")[0], RATE_HZ // 10
    plain = [samples[at : at + hop] for at in range(0, len(samples), hop)]
    np.testing.assert_allclose(
        found.values, [10 * np.log10(np.mean(one.astype(float) ** 2)) for one in plain], atol=1e-3
    )
    assert listened(project, None)["runs"][0] == [[], []]


def test_one_that_fails_is_left_out_with_a_sentence_and_the_others_are_stored(
    broken: Path, jam: Path
) -> None:
    project = jam.with_suffix(".offcut")
    made = run(
        ["new", project, jam],
        ["propose", project, "of-fine", "--json"],
        ["propose", project, "of-raises"],
        ["propose", project, "of-none"],
        ["proposals", project, "--json"],
        packages=broken,
    )
    assert made.statuses == (0, 0, 2, 2, 0)
    (one,) = made.json(1)["found"]
    assert one["reason"] == "The most of 41 steps."
    assert len(made.json(4)["proposals"]) == 1
    raised = (
        "The package offcut-broken 1.0 failed in broken_analyses, line 11: ZeroDivisionError (division by "
        "zero). Its curve was left out: update or uninstall the package."
    )
    assert raised in made.errors
    assert "There is no finder 'of-none'" in made.errors
    told = listened(project, broken)
    (ids, notices), (again, same) = told["runs"]
    assert "wants-sounds" in told["registered"], "it waits for a finder that needs it"
    assert (ids, again, same) == ([], [], notices), "the finder had listening and its curve stored"
    returned = {
        "invalid": "the value nan in frame 3",
        "rubbish": "a list instead of a `StoredCurve`",
        "short": "7 values for 41 frames",
        "steals": "a FoundAnalyses instead of a `StoredCurve`",
    }
    sentences = [
        f"The analysis {name!r} of offcut-broken 1.0 failed: it returns {words}. "
        "Its curve was left out: update or uninstall the package."
        for name, words in returned.items()
    ]
    assert sorted(notices) == [*sentences, raised]


def test_those_that_cannot_be_used_are_named(broken: Path) -> None:
    told = run(["doctor", "--json"], packages=broken)
    troubles = {
        (row["group"], row["name"]): row["trouble"].partition(" is left out: ")[2]
        for row in told.json(0)["extensions"]
    }
    own = "day, listening, score, sections, sounds, takes, words"
    for name, said in {
        "number": "it is of the type int, not Analyser.",
        "nothing": "it has something in the place of a function that cannot be called.",
        "unknown": f"it needs 'of tomorrow': an analysis needs some of {own}.",
        "beats": "it has the name of an analysis that Offcut stores.",
        "sounds": "Offcut has one of that name itself.",
        "fine": "",
    }.items():
        assert troubles["offcut.analyses", name] == said
    assert "needs 'nothing at all': an analysis is one of" in troubles["offcut.finders", "of-none"]
    assert not troubles["offcut.finders", "of-fine"]


INSIDE = """
from dataclasses import replace
from engine.features.takes import feature
row = {"levels": "offcut_example.levels:LEVELS"}
feature.FEATURE = replace(feature.FEATURE, analyses={**feature.FEATURE.analyses, **row})
"""


def test_a_curve_of_a_feature_is_stored_whenever_a_recording_is_analysed(jam: Path) -> None:
    """A row in the record of a feature is all it takes."""
    project = jam.with_suffix(".offcut")
    run(["new", project, jam])
    made = subprocess.run(
        [sys.executable, "-c", INSIDE + LISTEN, str(project)],
        cwd=ROOT,
        env=environment(ROOT / "docs" / "extending"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    found = json.loads(made.stdout.splitlines()[-1])
    assert found["registered"].count("levels") == 1
    assert [("levels" in names, notices) for names, notices in found["runs"]] == [(True, []), (False, [])]
