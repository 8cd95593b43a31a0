"""The sentence that says why: what it says is planted here, and nothing is said that was not."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from engine.document.analysis import Listening, NearestReference, ScoreCurve
from engine.document.settings import CutSettings
from engine.features.taste.cuts.profile import PAUSES
from engine.features.taste.cuts.propose import propose_cuts

RATE_HZ = 8000
HOP = 80
LENGTH_S = 200
CUT_S = (100, 120)


def reason(
    span=CUT_S, *, level_db=-20.0, hits_per_s=4.0, uneven=False, stops=(), silent=None, parts=None
) -> str:
    """Why `span` (seconds) is cut from steady playing at -20 dB with four hits a second.

    Inside the span the level and the hits are as given; it falls silent for a second at each of `stops` and
    over the whole of `silent`.
    """
    at_s = np.arange(LENGTH_S * RATE_HZ // HOP) * HOP / RATE_HZ
    inside = (at_s >= span[0]) & (at_s < span[1])
    loudness = np.where(inside, level_db, -20.0)
    for begin, end in [*((s, s + 1) for s in stops), *([silent] if silent else [])]:
        loudness[(at_s >= begin) & (at_s < end)] = -90.0
    hits = np.arange(0, LENGTH_S, 0.25)
    hits = hits[(hits < span[0]) | (hits >= span[1])]
    if hits_per_s:
        gaps = np.full(round((span[1] - span[0]) * hits_per_s), 1 / hits_per_s)
        gaps[::2] *= 1.7 if uneven else 1.0
        gaps[1::2] *= 0.3 if uneven else 1.0
        hits = np.sort(np.concatenate([hits, span[0] + np.cumsum(gaps) - gaps[0]]))
    if silent:
        hits = hits[(hits < silent[0]) | (hits >= silent[1])]
    listening = Listening(
        np.rint(hits * RATE_HZ).astype(np.int64), loudness.astype(np.float32), HOP, "ears 1"
    )
    return propose(listening, span, parts=parts)


def propose(
    listening: Listening | None,
    *bad: tuple[float, float],
    nearest: NearestReference | None = None,
    parts: dict[str, float] | None = None,
) -> str:
    times_s = np.arange(0.1, LENGTH_S, 0.2)
    scores = np.full(len(times_s), 0.2)
    for rank, (start, stop) in enumerate(bad):
        scores[(times_s >= start) & (times_s < stop)] = 0.9 - 0.05 * rank
    inside = (scores > 0.5)[:, None]
    heights = np.where(inside, np.array(list((parts or {}).values())), 0.0).astype(np.float32)
    times = np.rint(times_s * RATE_HZ).astype(np.int64)
    plan = propose_cuts(
        ScoreCurve(times, scores.astype(np.float32), "taste 1", tuple(parts or ()), heights),
        listening,
        None,
        length_samples=LENGTH_S * RATE_HZ,
        rate_hz=RATE_HZ,
        settings=CutSettings(threshold_mode="score", score=0.55, snap=False),
        nearest=nearest,
    )
    return " ".join(proposal.reason for proposal in plan.proposals)


SCORE = "; clearly unlike your edits."
ORDINARY = "; hardly like anything you keep."


@pytest.mark.parametrize(
    ("planted", "said"),
    [
        ({}, "20 s"),
        ({"level_db": -30}, "20 s, quieter than the rest"),
        ({"level_db": -35}, "20 s, much quieter than the rest"),
        ({"level_db": -12}, "20 s, louder than the rest"),
        ({"level_db": -5}, "20 s, much louder than the rest"),
        (
            {"level_db": -75, "hits_per_s": 0},
            "A pause in the playing: 20 s of near silence",
        ),
        ({"hits_per_s": 1.5}, "20 s, few hits"),
        ({"hits_per_s": 0}, "20 s, hardly any hits"),
        ({"hits_per_s": 10}, "20 s, many more hits than the rest"),
        ({"uneven": True}, "20 s, no steady pulse"),
        ({"stops": (105,)}, "20 s in which the playing stops once"),
        ({"stops": (103, 110)}, "20 s in which the playing stops twice"),
        ({"stops": range(101, 119, 2)}, "20 s in which the playing stops 9 times"),
        (
            {"level_db": -35, "hits_per_s": 1.5, "uneven": True},
            "20 s, much quieter than the rest, few hits",
        ),
        ({"span": (0, 20), "silent": (0, 20)}, "Before the playing starts: 20 s of near silence"),
        ({"span": (180, 200), "silent": (180, 200)}, "After the last note: 20 s of near silence"),
    ],
)
def test_what_is_planted_is_said_and_nothing_else(planted, said):
    assert reason(**planted) in (said + SCORE, said + ORDINARY)


def test_without_listening_only_length_and_score_are_said():
    assert propose(None, CUT_S) in ("20 s" + SCORE, "20 s" + ORDINARY)
    assert propose(Listening(), CUT_S) in ("20 s" + SCORE, "20 s" + ORDINARY)


def test_the_cut_least_like_the_rest_says_so_when_there_are_several():
    said = propose(None, (20, 30), (60, 70), (100, 110))
    assert said.count("it has the highest score of the recording") == 1
    assert said.startswith("10 s; it has the highest score")
    assert "moment" not in propose(None, (20, 30), (60, 70))


@pytest.mark.parametrize("planted", [{}, {"level_db": -35, "uneven": True}, {"stops": (103, 110)}])
def test_it_is_one_sentence_without_jargon(planted):
    said = reason(**planted)
    assert re.fullmatch(r"[A-Z0-9][^.]*(\.\d[^.]*)*\.", said)
    assert not re.search(r"anomal|percentile|score|dB|median|threshold", said, re.IGNORECASE)


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"false-start": 5.0, "talk": 1.0, "noise": 1.9}, "keep, and sounds like a false start."),
        ({"false-start": 1.0, "out-of-tune": 6.0}, "keep, and sounds out of tune."),
        ({"false-start": 4.0, "talk": 2.5}, "keep, perhaps a false start."),
        ({"false-start": 4.0, "talk": 3.5}, "keep."),
        ({"false-start": 0.5, "talk": -3.0}, "keep."),
        ({"talk": 1.0, "unlike-kept": 9.0, "noise": 4.1}, "keep, and sounds like a noise."),
        ({"unlike-kept": 9.0, "unusual-mix": 1.0}, "keep."),
    ],
)
def test_a_kind_of_fault_is_named_where_it_is_clearly_ahead(parts, said):
    assert propose(None, CUT_S, parts=parts).endswith(said)


@pytest.mark.parametrize(
    ("parts", "stops", "is_said"),
    [
        ({"unlike-rest-rhythm": 2.0}, (), True),
        ({"unlike-rest-rhythm": 1.0}, (), False),
        ({"unlike-rest-rhythm": 2.0}, (105,), False),  # the playing stops: that says more
        ({"unlike-rest-rhythm": 2.0, "talk": 5.0, "noise": 0.0}, (), False),  # so does what it sounds like
        ({"talk": 0.0, "noise": 0.0}, (), False),
    ],
)
def test_another_rhythm_is_said_where_nothing_says_more(parts, stops, is_said):
    assert (", in another rhythm than the rest;" in reason(stops=stops, parts=parts)) == is_said


@pytest.mark.parametrize(("inside", "said"), [(0.9, True), (0.41, True), (0.39, False), (0.1, False)])
def test_what_sounds_like_nothing_that_was_kept_says_so(inside, said):
    nearest = kept_at(inside)
    assert ("unlike all of the training data" in propose(None, CUT_S, nearest=nearest)) == said


def test_of_a_cut_too_short_and_with_another_taste_nothing_is_said_of_what_was_kept():
    assert "sounds like it" not in propose(None, (100, 101.5), nearest=kept_at(0.9))
    other = replace(kept_at(0.9), maker="taste 2")
    assert "sounds like it" not in propose(None, CUT_S, nearest=other)


def kept_at(distance: float) -> NearestReference:
    """Stretches of two seconds 0.2 from what was kept, and `distance` from it in the cut."""
    starts_s = np.arange(0, LENGTH_S - 2, 0.5)
    inside = (starts_s >= CUT_S[0]) & (starts_s < CUT_S[1])
    count = len(starts_s)
    return NearestReference(
        np.rint(starts_s * RATE_HZ).astype(np.int64),
        2 * RATE_HZ,
        np.zeros(count, np.int32),
        np.full(count, 10.0),
        np.where(inside, distance, 0.2).astype(np.float32),
        ["kept.wav"],
        ["0"],
        np.array([60.0]),
        "taste 1",
    )


def dead_air(*rows: tuple[float, float, str, float], maker: str = "taste 1") -> str:
    """Why `CUT_S` is cut where (start in seconds, stop, kind, level) are dead air and all else is played."""
    at_s = np.arange(LENGTH_S * RATE_HZ // HOP) * HOP / RATE_HZ
    loudness = np.full(len(at_s), -20.0)
    for start, stop, _, level_db in rows:
        loudness[(at_s >= start) & (at_s < stop)] = level_db
    listening = Listening(
        np.rint(np.arange(0, LENGTH_S, 0.25) * RATE_HZ).astype(np.int64),
        loudness.astype(np.float32),
        HOP,
        "ears 1",
        dead_air_samples=np.array([row[:2] for row in rows], np.int64) * RATE_HZ,
        dead_air_kinds=[row[2] for row in rows],
        dead_air_db=np.array([row[3] for row in rows], np.float32),
    )
    times = np.arange(0, LENGTH_S * RATE_HZ, RATE_HZ // 5)
    inside = (times >= CUT_S[0] * RATE_HZ) & (times < CUT_S[1] * RATE_HZ)
    scores = np.where(inside, 0.9, 0.2).astype(np.float32)
    settings = CutSettings(threshold_mode="score", score=0.55, snap=False)
    plan = propose_cuts(
        ScoreCurve(times, scores, maker),
        listening,
        None,
        length_samples=LENGTH_S * RATE_HZ,
        rate_hz=RATE_HZ,
        settings=settings,
    )
    return " ".join(proposal.reason for proposal in plan.proposals)


PAUSE = "A pause in the playing: 20 s of "


@pytest.mark.parametrize(
    ("kind", "level_db", "said"),
    [
        ("hiss", -62.0, "hiss at −62 dBFS."),
        ("silence", -120.0, "digital silence."),
        ("hum", -40.4, "mains hum at −40 dBFS."),
        ("room", -58.0, "an empty room at −58 dBFS."),
    ],
)
@pytest.mark.parametrize("maker", ["taste 1", PAUSES])
def test_a_pause_says_what_it_is_made_of_and_nothing_of_likeness(kind, level_db, said, maker):
    assert dead_air((100, 120, kind, level_db), maker=maker) == PAUSE + said


def test_a_pause_of_two_kinds_names_both():
    assert dead_air((100, 107, "hum", -40), (107, 120, "hiss", -60)) == PAUSE + "hiss and mains hum."
    assert dead_air((100, 101, "hum", -40), (101, 120, "hiss", -60)) == PAUSE + "hiss at −60 dBFS."


def test_dead_air_beside_other_things_is_said_too():
    assert dead_air((103, 107, "silence", -120)).startswith("20 s, 4.0 s of it digital silence; ")
    assert dead_air((103, 115, "hiss", -60)) == (
        "A pause in the playing: 20 s, 12 s of it hiss at −60 dBFS, much quieter than the rest."
    )
    assert dead_air((103, 107, "hum", -40), maker=PAUSES) == "20 s, 4.0 s of it mains hum at −40 dBFS."


def test_dead_air_elsewhere_is_not_spoken_of():
    assert dead_air((10, 30, "hiss", -60), (121, 140, "hum", -40)) in ("20 s" + SCORE, "20 s" + ORDINARY)


def broken_off(*rows: tuple[float, float, float]) -> str:
    """Why `CUT_S` is cut where (start, stop, begins again) in seconds are false starts."""
    times = np.arange(0, LENGTH_S * RATE_HZ, RATE_HZ // 5)
    inside = (times >= CUT_S[0] * RATE_HZ) & (times < CUT_S[1] * RATE_HZ)
    curve = ScoreCurve(
        times,
        np.where(inside, 0.97, 0.2).astype(np.float32),
        "taste 1",
        false_starts_samples=np.array(rows, np.int64).reshape(-1, 3) * RATE_HZ,
    )
    settings = CutSettings(threshold_mode="score", score=0.55, snap=False)
    length = LENGTH_S * RATE_HZ
    plan = propose_cuts(curve, None, None, length_samples=length, rate_hz=RATE_HZ, settings=settings)
    return " ".join(proposal.reason for proposal in plan.proposals)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([(101, 119, 150)], "20 s: it begins, stops and comes again at 2:30, where it goes on; "),
        (
            [(100, 108, 112), (112, 119, 121)],
            "20 s: it begins, stops twice and comes again at 2:01, where it goes on; ",
        ),
        ([(101, 103, 150)], "20 s; "),
        ([(10, 30, 150)], "20 s; "),
        ([], "20 s; "),
    ],
)
def test_what_breaks_off_and_comes_again_says_where(rows, said):
    assert broken_off(*rows).startswith(said)
