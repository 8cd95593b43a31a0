"""The list of steps, of which only what changed is read again, against all of it read anew."""

from __future__ import annotations

import random
from pathlib import Path

from engine.document.document import Document
from engine.document.edits.proposals import decide, replace_proposals
from engine.document.file.history import StepLabel
from engine.document.proposals import Verdict
from tests.engine.document.conftest import a_cut


def one_change(document: Document, dice: random.Random) -> None:
    """Make an edit, one that merges with the one before, an undo or a redo."""
    state, ids = document.state, list(document.state.proposals)
    chosen = dice.randrange(5)
    if chosen == 0:
        document.undo()
    elif chosen == 1:
        document.redo()
    elif chosen == 2:
        document.apply(decide(state, [dice.choice(ids)], dice.choice(list(Verdict))))
    else:
        settings = {"percentile": float(dice.randrange(100))}
        cuts = [a_cut(10, 20 + dice.randrange(5)), *state.proposals.values()]
        document.apply(replace_proposals(state, cuts, settings, "Threshold", "threshold"))


def test_steps_equal_those_of_the_file_whatever_was_done(document: Document, tmp_path: Path) -> None:
    dice = random.Random(11)
    for number in range(120):
        for _ in range(dice.randrange(1, 5)):
            one_change(document, dice)
        if dice.random() < 0.7:  # the list is not asked for after every change
            with Document.open(document.snapshot(str(number))) as again:
                assert document.steps() == again.steps()
            (tmp_path / "Thursday jam snapshots" / f"{number}.offcut").unlink()
    assert any(step.undone for step in document.steps()) or document.undo() is not None


def test_an_answer_reads_no_more_than_the_last_steps(document: Document) -> None:
    cut = next(iter(document.state.proposals))
    for number in range(50):
        verdict = Verdict.ACCEPTED if number % 2 else Verdict.REJECTED
        document.apply(decide(document.state, [cut], verdict))
    known = document.steps()
    document.apply(decide(document.state, [cut], Verdict.UNDECIDED))
    told: list[str] = []
    document._connection.set_trace_callback(told.append)
    fresh = document.steps()
    document._connection.set_trace_callback(None)
    assert [statement.partition("WHERE ")[2] for statement in told if "FROM history" in statement] == [
        f"step >= {known[-1].number} ORDER BY step"
    ]
    assert all(old is new for old, new in zip(known[:-1], fresh, strict=False))
    assert isinstance(fresh[-1], StepLabel)
    assert document.steps() is fresh
