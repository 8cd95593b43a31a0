"""``offcut edit PROJECT fade-ends``: a fade where the result begins, and one where it ends."""

from __future__ import annotations

import argparse

from engine.cli.documents import opened
from engine.cli.numbers import proposal_row
from engine.cli.output import VerbOutput
from engine.core.errors import UsageError
from engine.core.timebase import samples_to_s
from engine.document.decisions import Verdict
from engine.review.by_hand.fade_ends import USUAL_IN_MS, USUAL_OUT_MS, fade_ends
from engine.sound.edl.build import build

FADE_ENDS = "fade-ends"


def run_fade_ends(options: argparse.Namespace) -> VerbOutput:
    """Fade the ends of the result, accepted at once, as one step of the document's history."""
    if options.tracks or (options.start_s, options.stop_s) != (None, None):
        raise UsageError(
            "The ends are those of the result, on all tracks: leave out --start-s, --stop-s and --tracks."
        )
    in_ms = USUAL_IN_MS if options.in_ms is None else options.in_ms
    out_ms = USUAL_OUT_MS if options.out_ms is None else options.out_ms
    with opened(options.project) as document:
        edit, proposals = fade_ends(document.state, in_ms, out_ms)
        document.apply(edit)
        state = document.state
        result_s = samples_to_s(build(state).length_samples, state.rate_hz)
    rows = [proposal_row(one, state.rate_hz, "kind", "maker", "payload") for one in proposals]
    said = f"{edit.label} ({', '.join(one.id for one in proposals)})."
    return VerbOutput({"fades": rows, "state": str(Verdict.ACCEPTED), "result_s": result_s}, said)
