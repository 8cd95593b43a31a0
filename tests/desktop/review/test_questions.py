"""Questions in the window: to keep one passage withdraws questions about its like, in one step of undo."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.core.progress import SILENT
from engine.document.analysis import analysis_id
from engine.document.document import Document
from engine.document.edits.analyses import mix_inputs
from engine.document.edits.proposals import set_analyses
from engine.document.proposals import Verdict
from engine.features.taste.document_cuts import propose
from engine.recordings.import_audio import ImportRequest, import_audio, import_edit
from tests.desktop.conftest import Hands
from tests.engine.features.taste.finders.test_answering import LENGTH_S, NEW, RATE_HZ, curve, questions


@pytest.fixture
def asking(hands: Hands, tmp_path: Path) -> Hands:
    """A document with two questions about the same unfamiliar music."""
    noise = 0.01 * np.random.default_rng(1).standard_normal(LENGTH_S * RATE_HZ)
    soundfile.write(tmp_path / "day.wav", noise, RATE_HZ)
    path = tmp_path / "day.offcut"
    with Document.create(path) as document:
        document.apply(
            import_edit(document.state, import_audio(ImportRequest((tmp_path / "day.wav",)), SILENT))
        )
        scored = curve()
        key = analysis_id("score", mix_inputs(document.state), scored.maker)
        document.apply(set_analyses(document.state, {"score": key}, "Scored"), {key: scored})
        document.apply(propose(document.state, scored, None, None, {}).edit)
    hands.window.session.open(path)
    hands.finish_work()
    return hands


def test_one_key_keeps_and_withdraws_and_one_undo_brings_all_back(asking: Hands) -> None:
    session, review = asking.window.session, asking.window.review
    before = session.state
    first, _ = questions(before)
    review.visit(first)
    asking.press("X")
    assert questions(session.state) == []
    assert session.state.verdict(first) is Verdict.REJECTED
    asking.press("Ctrl+Z")
    assert (session.state.proposals, session.state.decisions) == (before.proposals, before.decisions)


def test_an_answer_to_many_counts_the_answered(asking: Hands) -> None:
    session, review = asking.window.session, asking.window.review
    review.select_all()
    asking.press("Alt+X")
    assert "2 selected" in asking.said[-1]
    assert all(session.state.verdict(key) is Verdict.REJECTED for key in session.state.proposals)


def test_another_threshold_leads_to_the_proposal_nearest_to_the_last_one(asking: Hands) -> None:
    session, review = asking.window.session, asking.window.review
    _, second = questions(session.state)
    review.visit(second)
    settings = {"threshold_mode": "score", "score": 0.6}
    session.apply(propose(session.state, session.curve, None, None, settings).edit)
    assert review.current not in (None, second)
    assert session.state.span(str(review.current))[0] / RATE_HZ == pytest.approx(NEW[1][0], abs=2.0)
