"""Curves of packages in the window: a lane while the document has one, and a message where one failed."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from engine.document.analysis import StoredCurve
from engine.recordings.analyses import FoundAnalyses
from tests.desktop.conftest import Hands
from tests.desktop.documents import make_document
from tests.hostile.bad_files import good


def found_in(length_samples: int) -> FoundAnalyses:
    values = np.linspace(-60.0, 0.0, -(-length_samples // 800), dtype=np.float32)
    curve = StoredCurve(values, 800, "dB", -60.0, 0.0, "Level", "added:levels 1")
    silent = StoredCurve(values, 800, maker="added:silent 1")
    return FoundAnalyses({"levels": curve, "silent": silent}, {"levels": "levels-1", "silent": "silent-1"})


def test_a_curve_has_a_lane_until_its_recording_is_undone(hands: Hands, tmp_path: Path) -> None:
    window = hands.window
    path = make_document(tmp_path / "jam.offcut", good(tmp_path / "jam.wav", 20), is_analysed=False)
    window.session.open(path)
    assert not window.timeline.canvas.shown.curves.curves
    state = window.session.state
    window.analysing._heard(state.tracks, None, found_in(state.length_samples))
    assert [one.title for one in window.timeline.canvas.shown.curves.curves] == ["Level"], "one has no lane"
    assert window.session.stored_analyses.keys() >= {"levels", "silent", "score"}
    window.session.open(path)
    assert [head.accessibleName() for head in window.timeline.heads.curves] == ["Level"]
    window.session.travel(-len(window.session.steps()))
    assert not window.timeline.heads.curves


def test_a_failed_analysis_is_a_message_and_changes_nothing(hands: Hands, tmp_path: Path) -> None:
    window = hands.window
    window.session.open(make_document(tmp_path / "jam.offcut", good(tmp_path / "jam.wav", 20)))
    before = window.session.state
    notice = "The analysis 'levels' of a-package 1.0 failed: it returns a list instead of a `StoredCurve`."
    window.analysing._heard(before.tracks, None, FoundAnalyses({}, {}, notices=(notice,)))
    assert any(notice in said for said in hands.said)
    assert window.session.state == before
