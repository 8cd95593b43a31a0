"""Demo of the queue: ``python -m widgets.review.demo --help`` lists its options."""

from __future__ import annotations

import argparse
import random
import sys
from dataclasses import replace

import numpy as np

from engine.document.analysis import BeatGrid, ScoreCurve
from engine.document.decisions import Decision, Verdict
from engine.document.proposals import Alternative, Proposal, ReferenceExample
from engine.document.state import DocumentState
from engine.document.table import table_of
from engine.document.tracks.track import Source, Track
from engine.review.learned import Learned
from engine.review.listing import Grouping, listing
from engine.review.statistics import statistics
from widgets.review.queue_panel import QueuePanel
from widgets.review.rows import Surroundings
from widgets.stage import add_options, dressed, show_or_save
from widgets.theme import QUEUE, Theme, px

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
        tracks=(Track("t1", "s1", "Jam", 0),),
        proposals=proposals,
        decisions=decisions,
    )


def demo_panel(theme: Theme, count: int, grouping: Grouping = "") -> QueuePanel:
    """Make the panel with its queue, open at the first undecided proposal."""
    panel = QueuePanel(theme, KEYS)
    state = demo_state(count)
    ids = tuple(state.proposals)
    current = ids[count // 3] if ids else None
    start = state.span(current)[0] if current else 0
    beats = np.arange(start - 96 * 4 * 24_000, start + 24_000 * 400, 24_000, dtype=np.int64)
    grid = BeatGrid(beats, np.arange(len(beats)) % 4 + 1, 120.0, 0.9, "demo")
    times = np.arange(0, state.length_samples, RATE_HZ // 4, dtype=np.int64)
    wave = 0.55 + 0.25 * np.sin(times / RATE_HZ / 3.1) + 0.15 * np.sin(times / RATE_HZ / 0.7)
    parts = np.stack([6.0 * wave, 2.5 * wave, 1.5 * wave], axis=1).astype(np.float32)
    names = ("talk", "unlike-kept", "out-of-tune")
    curve = ScoreCurve(times, wave.astype(np.float32), "demo", names, parts)
    panel.set_surroundings(Surroundings(grid, (), curve))
    panel.set_taste("Band 2026")
    shown = listing(state, ids, grouping)
    scores = table_of(state).made.scores
    learned = Learned(scores**2, scores) if count else None
    selected = frozenset(ids[count // 3 + 1 : count // 3 + 4])

    def show(chosen: str | None) -> None:
        panel.set_review(state, shown, chosen, "left", statistics(state), 0.8, 9, learned)

    show(current)
    panel.set_choices("all", "time", grouping)
    said = f"You keep quiet passages and cut loud ones. From {count // 3:,} decisions."
    panel.set_learning(said if count else "", is_on=True)
    panel.set_scope(selected, len(selected), "selected" if selected else "")
    panel.proposal_chosen.connect(show)
    panel.command_requested.connect(print)
    panel.filter_chosen.connect(print)
    return panel


def main() -> int:
    """Show the queue, or save a picture of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--many", action="store_true", help="ten thousand proposals")
    parser.add_argument("--groups", choices=("state", "kind", "maker"), default="")
    parser.add_argument("--empty", action="store_true")
    add_options(parser)
    options = parser.parse_args()
    app, theme = dressed(options)
    panel = demo_panel(theme, 0 if options.empty else 10_000 if options.many else 38, options.groups)
    panel.resize(px(QUEUE), px(880))
    panel.show()
    return show_or_save(app, panel, options.save)


if __name__ == "__main__":
    sys.exit(main())
