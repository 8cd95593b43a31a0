"""Links between segments on one diagonal, and songs made of them, on hand-made passages."""

from __future__ import annotations

from engine.features.day.finding.links import links_of
from engine.features.day.finding.medleys import divided
from engine.features.day.finding.segments import Segment
from engine.features.day.finding.songs import grouped_songs, with_false_starts
from engine.features.takes.pairs import Pair

FIRST, SECOND, OTHER = Segment(0, 600), Segment(700, 1300), Segment(1500, 2000)
ALIKE = Pair((20, 720), (580, 1280), 0, 300.0)


def test_passages_off_the_diagonal_do_not_count() -> None:
    verse = Pair((100, 1000), (200, 1100), 0, 60.0)
    link = links_of((FIRST, SECOND), [ALIKE, verse])[0, 1]
    assert link.score == 300.0
    assert link.spans == ((20, 580), (720, 1280))
    assert link.other(0, 0) == 700
    assert link.other(1, 1300) == 600


def test_passages_in_another_key_do_not_count() -> None:
    link = links_of((FIRST, SECOND), [ALIKE, Pair((30, 730), (90, 790), 5, 20.0)])[0, 1]
    assert (link.semitones, link.score) == (0, 300.0)


def test_two_takes_and_another_song() -> None:
    songs = grouped_songs((FIRST, SECOND, OTHER), [ALIKE])
    assert [[take.start_s for take in song.takes] for song in songs] == [[0.0, 140.0], [300.0]]
    assert [take.is_complete for take in songs[0].takes] == [True, True]


def test_a_take_that_breaks_off_is_a_part() -> None:
    short = Segment(700, 900)
    songs = grouped_songs((FIRST, short), [Pair((0, 700), (195, 895), -2, 120.0)])
    assert [(take.is_complete, take.semitones) for take in songs[0].takes] == [(True, 0), (False, -2)]


def test_alike_for_seconds_is_not_one_song() -> None:
    songs = grouped_songs((FIRST, OTHER), [Pair((100, 1600), (140, 1640), 0, 14.0)])
    assert len(songs) == 2


def test_a_faster_take_is_placed_by_its_speed() -> None:
    fast = Segment(700, 1200)
    songs = grouped_songs((FIRST, fast), [Pair((0, 700), (600, 1200), 0, 300.0, 1.2)])
    assert songs[0].takes[1].speed == 1.2
    assert songs[0].takes[1].is_complete


def test_short_playing_that_is_like_nothing_is_no_song() -> None:
    assert grouped_songs((Segment(0, 80),), []) == []


def test_a_thin_take_is_a_false_start_where_it_plays_the_first_notes_of_a_song() -> None:
    thin, other = Segment(700, 760, is_thin=True), Segment(800, 860, is_thin=True)
    from_start, from_middle = Pair((0, 700), (60, 760), 0, 40.0), Pair((300, 800), (360, 860), 0, 40.0)
    takes = (FIRST, thin, other)
    assert with_false_starts(takes, links_of(takes, [from_start, from_middle])) == [FIRST, thin]
    assert with_false_starts(takes, {}) == [FIRST]


def test_a_medley_is_divided_where_another_song_begins() -> None:
    second, again = Segment(1500, 2000), Segment(2200, 2800)
    begins = Pair((300, 1500), (600, 1800), 0, 200.0)
    medley = (FIRST, second, again)
    assert divided(medley, links_of(medley, [begins]), medley) == (
        Segment(0, 300),
        Segment(300, 600),
        second,
        again,
    )
    across = Pair((0, 2200), (600, 2800), 0, 400.0)
    assert divided(medley, links_of(medley, [begins, across]), medley) == medley


def test_a_medley_is_divided_where_two_takes_of_its_first_song_end() -> None:
    one, again, medley = Segment(0, 400), Segment(500, 900), Segment(1000, 1800)
    first, second = Pair((0, 1000), (400, 1400), 0, 200.0), Pair((500, 1000), (900, 1400), 0, 200.0)
    parts = (one, again, Segment(1000, 1402), Segment(1404, 1800))
    takes = (one, again, medley)
    both = links_of(takes, [first, second])
    assert divided(takes, both, parts) == (one, again, Segment(1000, 1402), Segment(1404, 1800))
    only = links_of(takes, [first])
    assert divided(takes, only, parts) == takes
    with_a_break = (one, again, Segment(1000, 1402), Segment(1430, 1800))
    assert divided(takes, only, with_a_break) == with_a_break


def test_where_a_practised_part_ends_no_song_ends() -> None:
    part, again, whole = Segment(0, 300), Segment(400, 700), Segment(1000, 1800)
    pairs = [Pair((0, 1100), (300, 1400), 0, 200.0), Pair((400, 1100), (700, 1400), 0, 200.0)]
    takes = (part, again, whole)
    assert (
        divided(takes, links_of(takes, pairs), (*takes[:2], Segment(1000, 1400), Segment(1440, 1800)))
        == takes
    )
