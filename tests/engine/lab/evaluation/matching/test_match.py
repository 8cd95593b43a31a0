"""The evaluation of `offcut match`: what it draws is what it says, and what it counts is right."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.core.errors import UsageError
from engine.features.match.matched import Matched, Segment
from engine.lab.evaluation.matching.edits import FOREIGN, edit
from engine.lab.evaluation.matching.match import evaluate, lines_of, tried
from engine.lab.evaluation.matching.scoring import scored
from tests.engine.features.match.test_match import RATE_HZ, music


def _pair():
    rng = np.random.default_rng(3)
    return edit("made", (music(21, 30.0),), music(22, 12.0), RATE_HZ, length_s=15.0, rng=rng)


def test_the_truth_has_the_highest_score_and_a_shift_of_three_samples_none() -> None:
    pair = _pair()
    for shift in (0, 3):
        segments = tuple(
            Segment(
                piece.raw,
                piece.raw_start_samples + shift,
                piece.raw_start_samples + shift + piece.length_samples,
                piece.edited_start_samples,
                piece.gain_db,
                piece.crossfade_samples,
                piece.shape,
            )
            for piece in pair.pieces
            if piece.raw != FOREIGN
        )
        truth = Matched((Path("raw"),), Path("e"), RATE_HZ, len(pair.edited), segments, (), (), 1.0, "")
        found = scored(pair, truth, 1.0)
        assert (found.cuts_right, found.fades_right) == (found.cuts, found.fades)
        assert found.right == (0 if shift else found.moments)
        assert found.moments > 0


def test_a_pair_is_tried_and_told() -> None:
    lines = {
        line["metric"]: line
        for line in lines_of(tried(iter([_pair()]), with_plain=False, versions=("clean",)))
    }
    assert lines["clean: edited time put to the right raw place"]["value"] > 0.99
    assert lines["clean: foreign found"]["n"] == 1


def test_a_folder_without_music_is_refused(tmp_path: Path) -> None:
    (tmp_path / "music").mkdir()
    with pytest.raises(UsageError, match="too little music"):
        list(evaluate(tmp_path, short=True))
