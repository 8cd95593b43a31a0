"""A small document with known sound, shown in a real timeline."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from engine.document.analysis import BeatGrid, ScoreCurve
from engine.document.proposals import Decision, Proposal, Verdict
from engine.document.state import DocumentState
from engine.document.tracks import Source
from tests.sources import one_source_track
from tests.widgets.timeline.made_up import MadeUp
from widgets import theme
from widgets.theme import DARK, HEADS
from widgets.timeline.timeline_view import TimelineView

RATE_HZ = 1_000
LENGTH = 100_000
SPANS = {"early": (10_000, 20_000), "middle": (40_000, 50_000), "late": (70_000, 80_000)}
VERDICTS = {"early": Verdict.ACCEPTED, "middle": Verdict.UNDECIDED, "late": Verdict.REJECTED}


def make_state() -> DocumentState:
    """Two tracks of 100 s at 1 kHz, with one proposal of each verdict."""
    sources = {
        "one": Source("one", "/one.wav", "", RATE_HZ, 1, LENGTH, "WAV", "PCM_16"),
        "two": Source("two", "/two.wav", "", RATE_HZ, 2, LENGTH // 2, "WAV", "PCM_16"),
    }
    tracks = (
        one_source_track("kick", sources["one"], "Kick", 0, group="Drums"),
        one_source_track("keys", sources["two"], "Keys", 1, 20_000, gain_db=-3.0),
    )
    proposals = {
        name: Proposal(name, "cut", start, stop, 0.8, f"Reason {name}.", "test")
        for name, (start, stop) in SPANS.items()
    }
    decisions = {name: Decision(name, verdict) for name, verdict in VERDICTS.items()}
    return DocumentState(RATE_HZ, sources, tracks, proposals, decisions)


@pytest.fixture
def state() -> DocumentState:
    return make_state()


@pytest.fixture
def waves(rng: np.random.Generator) -> dict[str, MadeUp]:
    return {
        "kick": MadeUp(rng.uniform(-0.9, 0.9, (LENGTH, 1)).astype(np.float32)),
        "keys": MadeUp(rng.uniform(-0.5, 0.5, (LENGTH // 2, 2)).astype(np.float32)),
    }


@pytest.fixture
def curve() -> ScoreCurve:
    times = np.arange(100, LENGTH, 200, dtype=np.int64)
    return ScoreCurve(times, (0.5 + 0.4 * np.sin(times / 9_000)).astype(np.float32), "taste")


@pytest.fixture
def grid() -> BeatGrid:
    beats = np.arange(0, LENGTH, 500, dtype=np.int64)
    return BeatGrid(beats, np.arange(len(beats)) % 4 + 1, 120.0, 1.0, "test")


@pytest.fixture
def view(qtbot: QtBot, state: DocumentState, waves: dict[str, MadeUp]) -> Iterator[TimelineView]:
    """A shown timeline whose canvas holds 1,000 px of 100 samples each, with a taste and no scores yet."""
    theme.load_fonts()
    theme.set_text_scale(1.0)
    shown = TimelineView(DARK)
    qtbot.addWidget(shown)
    shown.resize(HEADS + 1_000, 600)
    with qtbot.waitExposed(shown):
        shown.show()
    shown.lanes.set_document(state)
    shown.set_score(None, None, "Band 2026")
    shown.lanes.set_waves(waves)
    shown.canvas.set_viewport(replace(shown.canvas.viewport, start_samples=0.0, samples_per_px=100.0))
    yield shown
    theme.set_text_scale(None)
