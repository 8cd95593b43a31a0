"""Curves of packages in a document: stored, read again, undone, and refused where they are invalid."""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.document.analysis import StoredCurve
from engine.document.document import Document
from engine.document.edits import tracks as track_edits
from engine.document.edits.proposals import set_analyses
from engine.document.file.storage import TABLE_NAMES
from engine.document.file.stored_analyses import require_analysis
from engine.document.file.transaction import digest, write_anew
from engine.document.limits import LONGEST_TEXT
from tests.engine.document.conftest import a_source
from tests.sources import each_alone

LEVELS = StoredCurve(
    np.array([-12.5, -80.0, 3.25], np.float32), 4_410, "dB", -72.0, 0.0, "Level", "added:levels 1"
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A document with a recording and its curve."""
    path = tmp_path / "jam.offcut"
    with Document.create(path) as made:
        made.apply(track_edits.add_tracks(made.state, each_alone([a_source("one")], ["Band"])))
        edit = set_analyses(made.state, {"levels": "levels-1"}, "Recording analysed", by_listening=True)
        assert made.apply(edit, {"levels-1": LEVELS}).analyses == {"levels"}
    return path


def test_a_curve_is_read_as_it_was_stored(path: Path) -> None:
    with Document.open(path) as document:
        found = document.analysis("levels")
        assert isinstance(found, StoredCurve)
        assert found.values.dtype == np.float32
        np.testing.assert_array_equal(found.values, LEVELS.values)
        assert replace(found, values=LEVELS.values).__repr__() == LEVELS.__repr__()
        assert not document.notice


def test_a_curve_is_undone_with_the_recording_and_comes_back(path: Path) -> None:
    with Document.open(path) as document:
        change = document.undo()
        assert change is not None
        assert change.analyses == {"levels"}
        assert document.analysis("levels") is None
        document.redo()
        assert document.state.analyses == {"levels": "levels-1"}
        assert document.analysis("levels") is not None


def test_a_curve_that_is_computed_again_is_the_change_that_views_follow(path: Path) -> None:
    with Document.open(path) as document:
        edit = set_analyses(document.state, {"levels": "levels-1"}, "Recording analysed", by_listening=True)
        steps = len(document.steps())
        assert document.apply(edit, {"levels-1": LEVELS}).analyses == {"levels"}
        assert len(document.steps()) == steps


@pytest.mark.parametrize("facts", [{"hop_samples": 0}, {"lowest": 0.0}, {"unit": 7}, {"title": ["Level"]}])
def test_a_forged_curve_is_left_out_by_its_name(path: Path, facts: dict[str, object]) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as raw:
        raw.execute("BEGIN")
        text, block = raw.execute("SELECT facts, arrays FROM analysis").fetchone()
        forged = json.dumps({**json.loads(text), **facts})
        raw.execute("UPDATE analysis SET facts = ?, digest = ?", (forged, digest(forged.encode() + block)))
        write_anew(raw, TABLE_NAMES)
        raw.execute("COMMIT")
    with Document.open(path) as document:
        assert document.analysis("levels") is None
        assert document.notice == (
            "Of jam.offcut the analysis 'levels' cannot be read and were left out, the rest is intact: "
            "analyse the recording again."
        )
        assert document.state.tracks


def test_another_analysis_in_the_place_of_a_curve_is_left_out(path: Path) -> None:
    from tests.engine.document.scripted import ANALYSES

    with Document.open(path) as document:
        edit = set_analyses(document.state, {"levels": "beats-1"}, "Forged")
        document.apply(edit, {"beats-1": ANALYSES["beats-1"]})
    with Document.open(path) as document:
        assert document.analysis("levels") is None
        assert "'levels'" in document.notice


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"values": np.array([1.0, np.nan], np.float32)}, "the value nan in frame 1"),
        ({"values": np.array([np.inf], np.float32)}, "the value inf in frame 0"),
        ({"values": np.zeros(2)}, "float64 (2,) instead of float32 (n,)"),
        ({"values": np.zeros((2, 1), np.float32)}, "float32 (2, 1) instead of"),
        ({"values": [0.5]}, "list instead of"),
        ({"hop_samples": 0}, "a hop of 0"),
        ({"hop_samples": 10.5}, "a hop of 10.5"),
        ({"hop_samples": True}, "a hop of True"),
        ({"hop_samples": 2**60}, "a hop of"),
        ({"lowest": 0.0}, "a range from 0.0 to 0.0"),
        ({"highest": np.nan}, "a range from -72.0 to nan"),
        ({"lowest": "low"}, "a range from 'low'"),
        ({"unit": None}, "text"),
        ({"title": "x" * (LONGEST_TEXT + 1)}, "text"),
        ({"maker": None}, "maker"),
    ],
)
def test_an_invalid_curve_is_refused_with_its_value(fault: dict[str, object], words: str) -> None:
    require_analysis(LEVELS)
    require_analysis(replace(LEVELS, values=np.zeros(0, np.float32), title="", unit=""))
    with pytest.raises(ValueError, match=re.escape(words)):
        require_analysis(replace(LEVELS, **fault))
