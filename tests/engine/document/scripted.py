"""A review as a person makes one, step by step and the same every time: for kills and migrations."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from engine.document.analysis import BeatGrid, ScoreCurve
from engine.document.document import Document
from engine.document.edits import clips as clip_edits
from engine.document.edits import tracks as track_edits
from engine.document.edits.proposals import (
    choose_alternative,
    decide,
    flag,
    move_edges,
    replace_proposals,
    set_analyses,
    set_settings,
)
from engine.document.proposals import Verdict
from engine.document.settings import Ripple
from engine.document.state import DocumentState, Edit
from tests.engine.document.conftest import RATE_HZ, a_cut, a_source
from tests.sources import each_alone

CUTS = tuple(a_cut(start, start + 9, 0.5 + start / 1000) for start in range(0, 400, 10))
IDS = tuple(cut.id for cut in CUTS)
BEATS = np.arange(0, 600 * RATE_HZ, RATE_HZ // 2, dtype=np.int64)
ANALYSES = {
    "score-1": ScoreCurve(BEATS, np.linspace(0, 1, len(BEATS), dtype=np.float32), "slicer-ae Band"),
    "beats-1": BeatGrid(BEATS, np.arange(len(BEATS)) % 4 + 1, 120.0, 0.9, "offcut-beats"),
}

Step = Callable[[Document], object]


def _edit(make: Callable[[DocumentState], Edit]) -> Step:
    return lambda document: document.apply(make(document.state))


def _decided(number: int, verdict: Verdict) -> Step:
    return _edit(lambda state: decide(state, [IDS[number]], verdict))


def _threshold(score: float) -> Step:
    kept = [cut for cut in CUTS if cut.score >= score]
    return _edit(
        lambda state: replace_proposals(state, kept, {"score": score}, f"Threshold {score}", "threshold")
    )


def _listened(document: Document) -> None:
    current = {name.partition("-")[0]: name for name in ANALYSES}
    document.apply(set_analyses(document.state, current, "Listened"), ANALYSES)


def _nudged(number: int) -> Step:
    return _edit(
        lambda state: move_edges(
            state, IDS[number], CUTS[number].start_samples + 100, CUTS[number].stop_samples - 250
        )
    )


STEPS: tuple[Step, ...] = (
    _edit(
        lambda state: track_edits.add_tracks(
            state, each_alone([a_source("one"), a_source("two")], ["Kick", 'Räum "2" 🎸'])
        )
    ),
    _listened,
    _edit(lambda state: replace_proposals(state, CUTS, {"percentile": 40.0}, "Proposed 40 cuts")),
    _decided(0, Verdict.ACCEPTED),
    _decided(1, Verdict.REJECTED),
    _nudged(2),
    _decided(2, Verdict.ACCEPTED),
    Document.undo,
    Document.redo,
    _threshold(0.55),
    _threshold(0.6),
    _threshold(0.7),
    Document.undo,
    _edit(lambda state: flag(state, IDS[30], True)),
    _edit(lambda state: choose_alternative(state, IDS[31], 1)),
    _edit(lambda state: track_edits.set_track(state, "track-one", gain_db=-3.0)),
    _edit(lambda state: track_edits.set_track(state, "track-two", mute=True)),
    _edit(lambda state: set_settings(state, {"minimum_kept_s": 4.0}, "Shortest piece 4 s")),
    _edit(lambda state: decide(state, IDS[10:30], Verdict.ACCEPTED)),
    Document.undo,
    Document.undo,
    Document.redo,
    _edit(lambda state: track_edits.remove_track(state, "track-two")),
    Document.undo,
)
CLIP_STEPS: tuple[Step, ...] = (
    _edit(lambda state: clip_edits.split_clips(state, 300 * RATE_HZ)),
    _edit(lambda state: clip_edits.nudge_clips(state, ["clip-one~2", "clip-two~2"], RATE_HZ)),
    _edit(lambda state: clip_edits.set_clips(state, ["clip-one"], fade_out_samples=480, gain_db=-3.0)),
    Document.undo,
    _edit(lambda state: clip_edits.take_clips(state, ["clip-two"], "track-one")),
    _edit(lambda state: clip_edits.duplicate_clips(state, ["clip-one"], 900 * RATE_HZ)),
    Document.undo,
    _edit(lambda state: clip_edits.trim_clip(state, "clip-one", 9, 200 * RATE_HZ, ripple=Ripple.ALL)),
    Document.undo,
    _edit(lambda state: clip_edits.join_tracks(state, "track-one", ["track-two"])),
    _edit(lambda state: clip_edits.raise_clips(state, ["clip-one"], (100 * RATE_HZ, 200 * RATE_HZ))),
    Document.undo,
    _edit(lambda state: clip_edits.raise_clips(state, ["clip-one"])),
    _edit(lambda state: clip_edits.remove_clips(state, ["clip-two~2"])),
    Document.undo,
)


def review(path: Path, steps: int = len(STEPS)) -> DocumentState:
    """Make a document, review it as far as asked, and return its state."""
    with Document.create(path) as document:
        for step in STEPS[:steps]:
            step(document)
        return document.state
