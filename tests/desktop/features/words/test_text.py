"""The text of a transcript: paragraphs, heads, and places as Qt counts them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from desktop.features.words.text import Page, page_of, shown_word
from engine.document.analysis import Transcript
from tests.desktop.features.words.transcripts import RATE_HZ, SAID, transcript_of


def words_of(page: Page) -> list[str]:
    units = page.text.encode("utf-16-le")
    return [
        units[2 * start : 2 * stop].decode("utf-16-le")
        for start, stop in zip(page.starts, page.stops, strict=True)
    ]


@pytest.mark.parametrize(
    "said",
    [
        SAID,
        (("", "one"),),
        (("שרה", "שלום לכולם, ברוכים הבאים"), ("Ben", "مرحبا بكم")),
        (("", "smile 😀 then 𝄞 clef"), ("", "next")),
        (),
    ],
)
def test_places_are_those_of_the_words(said: tuple[tuple[str, str], ...]) -> None:
    transcript = transcript_of(said)
    page = page_of(transcript, RATE_HZ)
    assert words_of(page) == list(transcript.texts)
    assert len(page.firsts) == len(said)
    assert all(page.word_at(int(place)) == word for word, place in enumerate(page.starts))
    assert [page.paragraph_of(first) for first in page.firsts] == list(range(len(said)))


def test_words_of_scripts_without_spaces_stand_together() -> None:
    transcript = transcript_of([("", "これ|は|長い|文章|です。|OK|です")], split="|")
    assert page_of(transcript, RATE_HZ).text.split("\n")[1] == "これは長い文章です。 OK です"


def test_heads_begin_where_their_words_do() -> None:
    page = page_of(transcript_of([("Ben", "שלום"), ("שרה", "hello")]), RATE_HZ)
    heads = page.text.split("\n")[::2]
    assert [head[0] for head in heads] == ["\u200f", "\u200e"]


def test_a_long_paragraph_ends_with_a_sentence() -> None:
    text = " ".join(["word"] * 99 + ["end."] + ["word"] * 300)
    page = page_of(transcript_of([("Ben", text)]), RATE_HZ)
    assert page.firsts.tolist() == [0, 100, 260]


def test_characters_that_cannot_be_shown_are_left_out() -> None:
    assert [shown_word(text) for text in ("a\nb", "\u2028", "x\ufdd0\x00y", "می\u200cخواهم")] == [
        "a b",
        "…",
        "xy",
        "می\u200cخواهم",
    ]


def test_a_pause_counts_from_the_last_sound() -> None:
    long = Transcript(
        ["A", "B", "C"],
        np.array([[0, 10], [1, 2], [11, 12]], np.int64) * RATE_HZ,
        np.ones(3, np.float32),
        np.full(3, -1, np.int16),
    )
    assert page_of(long, RATE_HZ).firsts.tolist() == [0]
    apart = replace(long, spans_samples=np.array([[0, 5], [1, 2], [11, 12]], np.int64) * RATE_HZ)
    assert page_of(apart, RATE_HZ).firsts.tolist() == [0, 2]
