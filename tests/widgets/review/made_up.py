"""A queue of made-up cuts, and keys of its commands."""

from __future__ import annotations

import random
from dataclasses import replace

from engine.document.proposals import Alternative, Decision, Proposal, ReferenceExample, Verdict
from engine.document.state import DocumentState
from engine.document.tracks import Source
from engine.review.answers import ReviewStatistics
from engine.review.queue import Learned, Listing
from tests.sources import one_source_track
from widgets.review.queue_panel import QueuePanel

RATE_HZ = 48_000
KEYS = {
    "taste.pauses": "Alt R",
    "taste.shorten": "Ctrl Alt R",
    "review.accept": "A",
    "review.reject": "X",
    "review.flag": "F",
    "transport.preview": "C",
    "review.alternative": "V",
    "edge.switch": "E",
    "review.hear_kept": "Shift C",
    "review.search": "Ctrl F",
    "review.sort": "Alt S",
    "review.group": "Alt G",
    "review.accept_many": "Alt A",
    "review.reject_many": "Alt X",
    "review.undecided_many": "Alt U",
    "review.flag_many": "Alt F",
    "review.learn": "Alt L",
    "review.accept_above": "Ctrl Shift Enter",
    "file.import": "Ctrl O",
    "file.export": "Ctrl E",
    "taste.learn": "Ctrl L",
    "taste.listen": "Ctrl Shift L",
    "taste.propose": "Ctrl R",
}
_REASONS = (
    "Three false starts of the verse; the band stops twice. "
    "Least similar to the reference of the last 40 minutes.",
    "Talking between two takes.",
    "The guitar is tuned for nine seconds.",
    "The drums drop out and come back half a bar late.",
)


def demo_state(count: int, seed: int = 7) -> DocumentState:
    """Make a document of `count` cuts, about a third of them answered."""
    dice = random.Random(seed)
    state = DocumentState(rate_hz=RATE_HZ)
    position, proposals, decisions = 4 * RATE_HZ, {}, {}
    for number in range(count):
        stop = position + round(dice.uniform(0.6, 24.0) * RATE_HZ)
        name = f"cut-{number}"
        others = (
            Alternative("downbeats", position - 4800, stop + 4800),
            Alternative("beats", position, stop - 2400),
        )
        proposals[name] = Proposal(
            name, "cut", position, stop, dice.uniform(0.3, 0.98), dice.choice(_REASONS), "demo", others
        )
        if number % 5 != 4:
            kept = ReferenceExample("/edited/take 4.wav", dice.uniform(3.0, 400.0), 440.0, 0.2)
            proposals[name] = replace(proposals[name], nearest_kept=kept)
        if number < count // 3:
            verdict = Verdict.ACCEPTED if dice.random() < 0.6 else Verdict.REJECTED
            decisions[name] = Decision(name, verdict, flagged=dice.random() < 0.1)
        position = stop + round(dice.uniform(2.0, 20.0) * RATE_HZ)
    source = Source("s1", "Thursday jam.wav", "", RATE_HZ, 2, position, "WAV", "PCM_24")
    return replace(
        state,
        sources={"s1": source},
        tracks=(one_source_track("t1", source, "Jam", 0),),
        proposals=proposals,
        decisions=decisions,
    )


def show_review(
    panel: QueuePanel,
    state: DocumentState,
    shown: Listing,
    current: str | None,
    edge: str,
    figures: ReviewStatistics,
    threshold: float,
    above_count: int,
    learned: Learned | None = None,
) -> None:
    """Show a queue and its figures."""
    panel.set_figures(state, figures, threshold, above_count)
    panel.set_queue(state, shown, current, edge, learned)
