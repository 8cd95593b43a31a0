"""The evaluation of foreign sound: the origin of each sample is right, and the truth scores best."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from engine.core.timebase import runs
from engine.features.match.matched import Matched, Segment
from engine.lab.evaluation.matching.foreign import foreign_found, foreign_lines
from engine.lab.evaluation.matching.inserts import FOREIGN, InsertedEdit, inserted_edit
from tests.engine.features.match.test_match import RATE_HZ, music


def _edit() -> InsertedEdit:
    rng = np.random.default_rng(71)
    return inserted_edit("made", "noise", music(72, 30.0), music(73, 10.0), RATE_HZ, rng, (0.5, 2.0))


def _matched(edit: InsertedEdit, spans: np.ndarray) -> Matched:
    segments = tuple(
        Segment(0, int(edit.origin[start]), int(edit.origin[start]) + int(stop - start), int(start), 0.0)
        for start, stop in spans
    )
    return Matched((Path("raw"),), Path("e"), RATE_HZ, len(edit.edited), segments, (), (), 1.0, "")


def test_the_samples_of_an_edit_are_those_of_their_origin() -> None:
    edit = _edit()
    own = edit.origin >= 0
    scale = np.sum(edit.edited[own] * edit.raw[edit.origin[own]]) / np.sum(edit.raw[edit.origin[own]] ** 2)
    np.testing.assert_allclose(edit.edited[own], scale * edit.raw[edit.origin[own]], atol=1e-6)
    for one in edit.inserts:
        inside = edit.origin[one.start_samples : one.stop_samples]
        assert len(inside) == round(one.nominal_s * RATE_HZ)
        assert np.all(inside < 0)
        assert np.mean(inside == FOREIGN) > 0.35


def test_the_truth_finds_all_and_a_segment_over_an_insert_finds_none_of_it() -> None:
    edit = _edit()
    pieces = runs(edit.origin >= 0)
    truth = foreign_found(edit, "clean", _matched(edit, pieces))
    assert (truth.false, truth.right) == (0, truth.own)
    assert all(one.found == one.moments > 0 for one in truth.inserts)
    (line, *_) = foreign_lines([truth])
    assert (line["value"], line["worst_decile"], line["false"]) == (1.0, 1.0, 0.0)
    over = np.array([[0, len(edit.edited)]])
    wrong = foreign_found(edit, "clean", _matched(edit, over))
    assert all(one.found == 0 for one in wrong.inserts)
    nothing = foreign_found(edit, "clean", _matched(edit, np.zeros((0, 2), int)))
    assert nothing.false == nothing.own
