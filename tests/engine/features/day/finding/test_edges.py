"""Edges of takes by the other takes of their song: noodling beside the song is left out, an intro stays."""

from __future__ import annotations

from engine.features.day.finding.edges import without_noodling_at_edges
from engine.features.day.finding.links import links_of
from engine.features.day.finding.segments import Segment
from engine.features.takes.features import FRAMES_PER_S
from engine.features.takes.pairs import Pair
from tests.engine.features.day.finding.test_segments import (
    C_MAJOR,
    F_SHARP,
    Sound,
    band,
    evidence_of,
    noise,
    notes,
)

EDGE_S, SONG_S = 9.0, 40.0


def _edges(before: Sound, after: Sound) -> Segment:
    """Return the first of two takes, which plays more than the other one before the song and after it."""
    silence = noise(2.0, 1e-5)
    evidence = evidence_of(before, band(SONG_S), after, silence, band(SONG_S))
    first, stop, last, again, end = (
        round(FRAMES_PER_S * place_s)
        for place_s in (
            len(before) / 22_050,
            len(before) / 22_050 + SONG_S,
            (len(before) + len(after)) / 22_050 + SONG_S,
            (len(before) + len(after)) / 22_050 + SONG_S + 2.0,
            (len(before) + len(after)) / 22_050 + 2.0 * SONG_S + 2.0,
        )
    )
    takes = (Segment(0, last), Segment(again, end))
    links = links_of(takes, [Pair((first, again), (stop, end), 0, 300.0)])
    made = without_noodling_at_edges(evidence.frames, takes, [(0, 1)], links)
    assert made[1] == takes[1]
    return Segment(made[0].start - first, made[0].stop - stop)


def test_noodling_before_and_after_a_song_is_not_of_it() -> None:
    noodling = notes(EDGE_S, F_SHARP[:1], 0.2, 0.37)
    assert _edges(noodling, noodling) == Segment(0, 0)


def test_an_intro_and_an_ending_in_time_stay() -> None:
    alone = notes(EDGE_S, C_MAJOR, 0.2)
    edge = round(EDGE_S * FRAMES_PER_S)
    assert _edges(alone, alone) == Segment(-edge, edge)


def test_a_chord_that_rings_stays() -> None:
    edge = round(EDGE_S * FRAMES_PER_S)
    assert _edges(notes(EDGE_S, C_MAJOR, 0.2), notes(EDGE_S, C_MAJOR, 0.3, EDGE_S)).stop == edge
