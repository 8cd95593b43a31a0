"""A day in a document: it is one step of undo, and belongs to the tracks as they are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from engine.document.analysis import DAY, StoredDay
from engine.document.document import Document
from engine.document.edits.analyses import known_day, set_day
from tests.engine.features.day.made import NAMES, STARS


def test_a_day_is_stored_changed_and_undone(document: Path) -> None:
    with Document.open(document) as opened:
        day = known_day(opened.state, opened.analysis(DAY))
        assert isinstance(day, StoredDay)
        assert (tuple(day.names), tuple(day.stars)) == (NAMES, STARS)
        starred = replace(day, stars=np.array([0, 0, 0, 5], np.int8))
        opened.apply(*set_day(opened.state, starred, "5 stars for Über – take 2"))
    with Document.open(document) as opened:
        assert known_day(opened.state, opened.analysis(DAY)).stars.tolist() == [0, 0, 0, 5]
        opened.undo()
        assert known_day(opened.state, opened.analysis(DAY)).stars.tolist() == list(STARS)
        same, _ = set_day(opened.state, day, "the same")
        assert same.changes == ()


def test_a_day_of_other_tracks_is_not_known(document: Path) -> None:
    with Document.open(document, to_read=True) as opened:
        state, day = opened.state, opened.analysis(DAY)
        assert known_day(replace(state, tracks=state.tracks[:1]), day) is None
        assert known_day(state, None) is None
