"""Answers to proposals; that to a question changes at once which other cuts are proposed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from engine.core.wording import counted
from engine.document.change import Edit
from engine.document.decisions import Verdict
from engine.document.edits import decide
from engine.document.file.storage import apply_rows
from engine.document.proposals import QUESTION
from engine.document.settings import cut_settings
from engine.document.state import DocumentState
from engine.features.taste.finders.cuts.propose import propose
from engine.review.calibration.evidence import Analyses


def answer(state: DocumentState, ids: Sequence[str], verdict: Verdict, known: Analyses) -> Edit:
    """Answer proposals, and propose cuts again if a question of the current taste is among them.

    A passage that stays is familiar from then on: cuts and questions like it are withdrawn. Taking the answer
    back proposes them again.
    """
    edit, curve = decide(state, ids, verdict), known.curve
    asked = [key for key in ids if QUESTION in state.proposals[key].payload]
    is_by_default = cut_settings(state.settings).threshold_mode == "automatic"
    if (
        curve is None
        or not is_by_default
        or not any(state.proposals[key].maker == curve.maker for key in asked)
    ):
        return edit
    if all(state.verdict(key) is not Verdict.REJECTED for key in asked) and verdict is not Verdict.REJECTED:
        return edit
    after = apply_rows(state, edit.changes)
    made = propose(after, curve, known.grid, known.listening, {}, nearest=known.nearest)
    proposed = apply_rows(after, made.edit.changes).proposals
    gone, come = after.proposals.keys() - proposed.keys(), proposed.keys() - after.proposals.keys()
    changed = [
        f"{counted(len(keys), 'proposal')} {done}"
        for keys, done in ((gone, "withdrawn"), (come, "added"))
        if keys
    ]
    label = "; ".join([edit.label, *changed])
    return replace(edit, label=label, changes=(*edit.changes, *made.edit.changes))
