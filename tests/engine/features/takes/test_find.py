"""Takes and false starts are found in music that is made here, and nothing where nothing comes again."""

from __future__ import annotations

import numpy as np
import pytest

from engine.analysis.found_takes import FoundTakes
from engine.core.errors import Cancelled
from engine.core.progress import ReportingProgress
from engine.features.takes.features import frames_of
from engine.features.takes.find import find_takes, takes_in
from tests.engine.features.takes.playing import RATE_HZ, Sound, joined, passage, quiet

WITHIN_S = 0.5


def found_in(audio: Sound) -> FoundTakes:
    return find_takes([audio], RATE_HZ, len(audio))


def test_takes_of_two_passages_are_told_apart() -> None:
    audio, spans = joined(
        passage(1, 20.0),
        passage(2, 15.0),
        passage(1, 20.0, speed=1.06),
        passage(3, 12.0),
        passage(2, 15.0, semitones=3),
        passage(1, 20.0),
    )
    first, second = found_in(audio).groups
    for group, numbers in ((first, (0, 2, 5)), (second, (1, 4))):
        for take, number in zip(group.takes, numbers, strict=True):
            assert take.start_s == pytest.approx(spans[number][0], abs=WITHIN_S)
            assert take.stop_s == pytest.approx(spans[number][1], abs=WITHIN_S)
            assert take.complete
    assert [take.transposed_semitones for take in first.takes] == [0, 0, 0]
    assert [take.speed for take in first.takes] == pytest.approx([1.0, 1.06, 1.0], abs=0.025)
    assert [take.transposed_semitones for take in second.takes] == [0, 3]
    assert first.name == "passage at 0:00"


def test_in_one_key_a_transposed_take_is_not_looked_for() -> None:
    audio, _ = joined(passage(1, 20.0), passage(2, 15.0), passage(1, 20.0), passage(2, 15.0, semitones=3))
    frames = frames_of([audio], RATE_HZ, len(audio))
    in_all_keys, in_one = takes_in(frames).groups, takes_in(frames, in_all_keys=False).groups
    assert [[take.transposed_semitones for take in one.takes] for one in in_all_keys] == [[0, 0], [0, 3]]
    assert in_one == in_all_keys[:1]


def test_a_beginning_that_stops_and_comes_again_is_a_false_start() -> None:
    whole = passage(1, 20.0)
    audio, spans = joined(passage(4, 8.0), whole[: 5 * RATE_HZ], whole, passage(5, 6.0))
    (start,) = found_in(audio).likely_false_starts()
    assert start.start_s == pytest.approx(spans[1][0], abs=WITHIN_S)
    assert start.stop_s == pytest.approx(spans[1][1], abs=WITHIN_S)
    assert start.begins_again_s == pytest.approx(spans[2][0], abs=WITHIN_S)
    assert start.reason == "Begins as 0:17 does and breaks off after 5 s."


def test_an_incomplete_take_says_how_far_it_came() -> None:
    whole = passage(1, 24.0)
    audio, _ = joined(whole, whole[: 12 * RATE_HZ], whole)
    (group,) = found_in(audio).groups
    assert [take.complete for take in group.takes] == [True, False, True]
    assert group.takes[1].to_share == pytest.approx(0.5, abs=0.05)
    assert group.takes[1].from_share == 0.0


def test_what_repeats_itself_as_it_is_played_on_is_no_take() -> None:
    verse = passage(1, 12.0)
    song = np.concatenate([verse, passage(2, 9.0), verse, passage(3, 9.0), verse])
    found = found_in(song)
    assert (found.groups, found.false_starts) == ((), ())
    assert len(found.played_s) == 1


@pytest.mark.parametrize(
    "audio",
    [
        np.zeros(0, np.float32),
        np.zeros(1, np.float32),
        np.zeros(60 * RATE_HZ, np.float32),
        np.full(RATE_HZ, np.nan, np.float32),
        quiet(60.0),
        100.0 * quiet(60.0),
        passage(1, 2.0),
    ],
    ids=["none", "a sample", "silence", "no numbers", "hiss", "loud noise", "two seconds"],
)
def test_nothing_is_found_where_nothing_is(audio: Sound) -> None:
    found = found_in(audio)
    assert (found.groups, found.likely_false_starts()) == ((), ())


def test_different_pieces_share_nothing() -> None:
    audio, _ = joined(*(passage(seed, 14.0) for seed in range(6)))
    found = found_in(audio)
    assert (found.groups, found.likely_false_starts()) == ((), ())


def test_blocks_do_not_matter() -> None:
    audio, _ = joined(passage(1, 10.0), passage(1, 10.0))
    blocks = np.array_split(audio, 37)
    cut, whole = frames_of(blocks, RATE_HZ), frames_of([audio], RATE_HZ)
    np.testing.assert_allclose(cut.chroma, whole.chroma, atol=2e-3)
    assert takes_in(cut).groups == takes_in(whole).groups != ()


def test_it_can_be_stopped() -> None:
    class Stop:
        def is_set(self) -> bool:
            return True

    audio, _ = joined(passage(1, 6.0))
    with pytest.raises(Cancelled):
        find_takes([audio], RATE_HZ, len(audio), ReportingProgress(None, Stop()))


def test_a_pause_in_which_something_hums_is_still_a_pause() -> None:
    whole = passage(1, 20.0)
    attempt = whole[: 6 * RATE_HZ]
    loud = float(np.sqrt(np.mean(np.square(attempt))))
    noise = np.random.default_rng(3).standard_normal(2 * RATE_HZ).astype(np.float32)
    audio = np.concatenate([attempt, noise * np.float32(loud * 10.0 ** (-18.0 / 20.0)), whole, quiet(2.0)])
    (start,) = found_in(audio).likely_false_starts()
    assert (start.start_s, start.stop_s) == pytest.approx((0.0, 6.0), abs=WITHIN_S)
    assert start.begins_again_s == pytest.approx(8.0, abs=WITHIN_S)


def test_what_comes_again_after_much_else_is_less_likely_a_false_start() -> None:
    whole = passage(1, 20.0)
    attempt = whole[: 6 * RATE_HZ]
    near, _ = joined(attempt, whole)
    far, _ = joined(attempt, passage(2, 40.0), whole)
    (soon,), (late, *_) = found_in(near).false_starts, found_in(far).false_starts
    assert late.start_s == soon.start_s == pytest.approx(0.0, abs=WITHIN_S)
    assert late.likelihood < soon.likelihood - 0.1
