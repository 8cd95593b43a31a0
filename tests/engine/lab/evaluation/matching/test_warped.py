"""The evaluation of stretched edits: the truth scores best, and a place of another second is none."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from engine.features.match.matched import Matched, Segment
from engine.lab.evaluation.matching.warped import warped_found, warped_lines
from engine.lab.evaluation.matching.warped_edits import (
    RATE_HZ,
    Warp,
    WarpedEdit,
    WarpedPiece,
    _after_all,
    _Setting,
)
from tests.engine.features.match.test_match import music


def test_the_truth_scores_one_and_another_place_nothing() -> None:
    raw = music(81, 12.0, RATE_HZ)
    stop = round(6.0 * RATE_HZ / 1.1)
    edited = np.ascontiguousarray(np.concatenate([raw[:stop], raw[-RATE_HZ:]]))
    pieces = (
        WarpedPiece(0, stop, 2.0 * RATE_HZ, 1.1, 0.0, "wsola"),
        WarpedPiece(stop, len(edited), None, 1.0, 0.0, ""),
    )
    edit = WarpedEdit("made", "music", Warp.MIXED, raw, edited, pieces)
    for late_s, right in ((0.0, 1.0), (1.0, 0.0)):
        start = round((2.0 + late_s) * RATE_HZ)
        segment = Segment(0, start, start + 6 * RATE_HZ, 0, 0.0, speed=1.1, similarity=0.9)
        matched = Matched((Path("raw"),), Path("e"), RATE_HZ, len(edited), (segment,), (), (), 1.0, "")
        found = warped_found(edit, "clean", matched, 1.0)
        assert abs(found.right / found.own - right) < 0.01
        assert found.foreign_found == found.foreign > 0
        assert found.speeds_right == found.speeds > 0
        (line, *_) = warped_lines([("match", found)])
        assert abs(line["value"] - right) < 0.01


def test_a_tool_that_plays_too_early_loses_the_start_of_the_first_piece() -> None:
    piece = WarpedPiece(0, 8_000, 1_000.0, 1.0, 0.0, "")
    early = _after_all(piece, _Setting("wsola", 0.8, 0.0), -400.0)
    assert (early.start, early.stop, early.raw_start) == (0, 9_600, 1_000.0 + 0.8 * 400)
    late = _after_all(piece, _Setting("wsola", 0.8, 0.0), 400.0)
    assert (late.start, late.stop, late.raw_start) == (400, 10_400, 1_000.0)
