"""Dead air in cuts: what is sure, where cuts end, and that a whole recording is proposed right."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.core.progress import SILENT
from engine.document.analysis import Listening, ScoreCurve
from engine.document.document import Document
from engine.features.taste.cuts.profile import (
    PAUSES,
    curve_of_pauses,
    ending_with,
    surely_dead,
)
from engine.features.taste.document_cuts import propose, propose_pauses
from engine.recordings.analyses import AnalysisRequest
from engine.recordings.import_audio import ImportRequest, import_audio, import_edit
from engine.recordings.listen import listen_to_document
from engine.recordings.media import locate_all

RATE_HZ = 1000
DEMO = Path(__file__).resolve().parents[5] / "resources" / "demo"
NONE = np.zeros((0, 2), np.int64)


def spans_of(*spans):
    return np.array(spans, np.int64).reshape(-1, 2)


def heard(*spans):
    return Listening(dead_air_samples=spans_of(*spans), dead_air_kinds=["hiss"] * len(spans))


@pytest.mark.parametrize(
    ("odd_from", "is_sure"), [(10_000, True), (10_900, True), (12_000, False), (30_000, False)]
)
def test_dead_air_is_sure_where_the_score_is_odd_throughout(odd_from, is_sure):
    times = np.arange(0, 40_000, 100)
    scores = np.where(times >= odd_from, 0.99, 0.2).astype(np.float32)
    listening = heard((10_000, 20_000), (39_950, 40_000))
    sure = surely_dead(ScoreCurve(times, scores, "taste"), listening)
    assert sure.tolist() == ([[10_000, 20_000]] if is_sure else [])
    assert surely_dead(ScoreCurve(times, scores, "taste"), None).shape == (0, 2)


@pytest.mark.parametrize(
    ("cut", "ends"),
    [
        ((9_000, 21_000), (10_000, 20_000)),  # blurred on both sides
        ((7_100, 20_000), (10_000, 20_000)),
        ((6_900, 23_100), (6_900, 23_100)),  # seconds beyond are odd too
        ((10_500, 19_500), (10_500, 19_500)),
        ((10_000, 20_000), (10_000, 20_000)),
        ((1_000, 5_000), (1_000, 5_000)),
        ((29_000, 51_000), (30_000, 50_000)),  # from one into another
    ],
)
def test_cuts_end_where_dead_air_ends(cut, ends):
    dead = spans_of((10_000, 20_000), (30_000, 35_000), (45_000, 50_000))
    assert ending_with(spans_of(cut), dead, RATE_HZ).tolist() == [list(ends)]


def test_without_cuts_or_dead_air_nothing_ends_elsewhere():
    assert ending_with(NONE, spans_of((1, 2)), RATE_HZ).shape == (0, 2)
    assert ending_with(spans_of((1, 2)), NONE, RATE_HZ).tolist() == [[1, 2]]


@pytest.mark.parametrize("spans", [(), ((100, 300),), ((0, 300), (700, 1_000)), ((5, 6), (8, 9))])
def test_the_curve_of_pauses_steps_at_their_edges(spans):
    curve = curve_of_pauses(heard(*spans), 1_000)
    assert curve.maker == PAUSES
    assert (np.diff(curve.times_samples) >= 0).all()
    positions = np.arange(0, 1_000)
    at = np.interp(positions, curve.times_samples, curve.scores) > 0.5
    plain = np.zeros(1_000, bool)
    for start, stop in spans:
        plain[start:stop] = True
    assert np.count_nonzero(at != plain) <= 2 * len(spans)


@pytest.fixture(scope="module")
def with_gaps(tmp_path_factory):
    """48 s of music, a minute of hiss, music, a minute of digital zero, music, a minute of hum, music."""
    pieces = [soundfile.read(path, dtype="float32")[0] for path in sorted((DEMO / "edited").glob("*.ogg"))]
    minute = np.arange(60 * 44_100)
    hiss = np.random.default_rng(1).standard_normal((len(minute), 1)).repeat(2, axis=1) * 10 ** (-62 / 20)
    hum = sum(
        a * np.sin(2 * np.pi * 50 * k * minute / 44_100 + k) for k, a in ((1, 1.0), (2, 0.5), (3, 0.35))
    )
    hum = np.stack([hum] * 2, axis=1) / np.sqrt(np.mean(hum**2)) * 10 ** (-40 / 20)
    parts = [pieces[0], hiss, pieces[1], np.zeros_like(hiss), pieces[2], hum, pieces[0]]
    path = tmp_path_factory.mktemp("gaps") / "rehearsal.wav"
    soundfile.write(path, np.concatenate(parts), 44_100, "FLOAT")
    dead = np.concatenate([np.full(len(part), k % 2 == 1) for k, part in enumerate(parts)])
    return path, dead


@pytest.fixture(scope="module")
def proposed(with_gaps, tmp_path_factory):
    """The cuts with the taste of the demonstration and default settings, and those of pauses alone."""
    path, dead = with_gaps
    folder = tmp_path_factory.mktemp("document")
    with pytest.MonkeyPatch.context() as patch, Document.create(folder / "rehearsal.offcut") as document:
        patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        document.apply(import_edit(document.state, import_audio(ImportRequest((path,)), SILENT)))
        media = locate_all(document.state, folder)
        found = listen_to_document(
            AnalysisRequest(document.state, media, DEMO / "demo.taste"), SILENT
        ).analyses
        with_taste = propose(
            document.state, found["score"], found["beats"], found["listening"], {}, nearest=found["nearest"]
        )
        return with_taste.plan, propose_pauses(document.state, found["listening"]).plan, dead


def cut_by(plan, length):
    cut = np.zeros(length, bool)
    for proposal in plan.proposals:
        cut[proposal.start_samples : proposal.stop_samples] = True
    return cut


@pytest.mark.parametrize("which", [0, 1], ids=["demo-taste", "pauses"])
def test_every_second_of_three_gaps_is_proposed_and_their_edges_are_kept(proposed, which):
    plan, dead = proposed[which], proposed[2]
    cut = cut_by(plan, len(dead))
    edges = np.flatnonzero(np.diff(dead)).tolist()
    for start, stop in zip(edges[::2], edges[1::2], strict=True):
        assert cut[start:stop].mean() > 0.99
    assert np.count_nonzero(cut & ~dead) < len(edges) * 0.2 * 44_100
    if which == 1:
        said = [p.reason.removeprefix("A pause in the playing: ") for p in plan.proposals]
        ends = ("of hiss at −62 dBFS.", "of digital silence.", "of mains hum at −40 dBFS.")
        assert [one.split(" ", 2)[2] for one in said] == list(ends)


def test_with_the_taste_of_the_demonstration_pauses_are_cut_at_their_edges_and_named(proposed):
    plan, _, dead = proposed
    pauses = [one for one in plan.proposals if dead[one.start_samples : one.stop_samples].any()]
    assert [one.reason.split(" of ", 1) for one in pauses] == [
        ["A pause in the playing: 1:00 min", ends]
        for ends in ("hiss at −62 dBFS.", "digital silence.", "mains hum at −40 dBFS.")
    ]
    for one in pauses:
        assert np.count_nonzero(~dead[one.start_samples : one.stop_samples]) < 2 * 0.2 * 44_100
