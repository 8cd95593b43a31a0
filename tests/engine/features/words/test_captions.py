"""Captions of words, written as subtitles and read again; subtitles of other programs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.exchange.captions import Caption, read_captions, srt, vtt
from engine.features.words.captions import captions, spread


def words(text: str, start_s: float = 0.0, each_s: float = 0.3) -> list[Caption]:
    return [
        Caption(start_s + each_s * number, start_s + each_s * (number + 1), word)
        for number, word in enumerate(text.split())
    ]


def test_a_caption_ends_with_its_sentence() -> None:
    assert [one.text for one in captions(words("We came home. It rained?  Yes"))] == [
        "We came home.",
        "It rained?",
        "Yes",
    ]


def test_a_caption_ends_at_a_pause_at_six_seconds_and_at_two_full_lines() -> None:
    paused = [*words("one two"), *words("three four", start_s=2.0)]
    assert [one.text for one in captions(paused)] == ["one two", "three four"]
    assert all(one.stop_s - one.start_s <= 6.0 for one in captions(words("a " * 50)))
    assert all(len(one.text) <= 84 for one in captions(words("considerable " * 50, each_s=0.05)))


def test_every_word_is_in_a_caption_in_order() -> None:
    text = "so it was. and then, well, we went on! for a long long time until the end"
    assert " ".join(one.text for one in captions(words(text))) == text


def test_subrip_and_webvtt() -> None:
    made = [Caption(0.0, 1.5, "Fish & chips <now>"), Caption(3661.25, 3662.0, "x" * 30 + " " + "y" * 30)]
    assert srt(made) == (
        "1\n00:00:00,000 --> 00:00:01,500\nFish & chips <now>\n\n"
        f"2\n01:01:01,250 --> 01:01:02,000\n{'x' * 30}\n{'y' * 30}\n"
    )
    assert vtt(made).startswith("WEBVTT\n\n00:00:00.000 --> 00:00:01.500\nFish &amp; chips &lt;now&gt;\n\n")


_TEXTS = st.text(
    st.characters(categories=("L", "N", "P"), exclude_characters="<>&{}\\"), min_size=1, max_size=40
)


@given(st.lists(st.tuples(st.integers(0, 10**7), st.integers(1, 10**4), _TEXTS), min_size=1, max_size=8))
def test_written_subtitles_are_read_again(rows: list[tuple[int, int, str]]) -> None:
    made = [Caption(start / 1000, (start + length) / 1000, text) for start, length, text in sorted(rows)]
    for written in (srt(made), vtt(made)):
        read = list(read_captions(written))
        assert [one.text for one in read] == [one.text for one in made]
        for one, two in zip(read, made, strict=True):
            assert (one.start_s, one.stop_s) == pytest.approx((two.start_s, two.stop_s), abs=1e-6)


def test_subtitles_of_other_programs() -> None:
    text = (
        "WEBVTT - a talk\n\nNOTE made by hand\n\nintro\n00:01.000 --> 00:02.500 align:start\n"
        "<v Anna>Good &amp; bad</v>\nmorning\n\n2\n00:00:03.000 --> 00:00:04.000\n{\\an8}Up <i>there</i>\n"
    )
    assert list(read_captions(text)) == [
        Caption(1.0, 2.5, "Good & bad morning"),
        Caption(3.0, 4.0, "Up there"),
    ]


@pytest.mark.parametrize("line", ["00:03 --> 00:01", "now --> then", "1 -->"])
def test_times_that_cannot_be_read_are_named(line: str) -> None:
    with pytest.raises(ValueError, match="line 2"):
        list(read_captions(f"1\n{line}\nHello\n"))


def test_words_share_the_time_of_their_caption_by_letters() -> None:
    assert list(spread([Caption(0.0, 1.0, "a bcd")])) == [Caption(0.0, 0.25, "a"), Caption(0.25, 1.0, "bcd")]
