"""Captions of words, and words of captions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from engine.exchange.captions import Caption

_LONGEST_S, _PAUSE_S, _MOST_LETTERS = 6.0, 0.8, 84
ENDS = (".", "?", "!", "…", "。", "？", "！", "؟")
"""Signs at the end of a sentence."""


def captions(words: Iterable[Caption]) -> list[Caption]:
    """Return captions of words: to the end of a sentence, a pause, six seconds, or two full lines."""
    made: list[Caption] = []
    is_open = False
    for word in words:
        last = made[-1] if made else None
        fits = (
            last is not None
            and is_open
            and word.start_s - last.stop_s <= _PAUSE_S
            and word.stop_s - last.start_s <= _LONGEST_S
            and len(last.text) + 1 + len(word.text) <= _MOST_LETTERS
        )
        if last is not None and fits:
            made[-1] = Caption(last.start_s, word.stop_s, f"{last.text} {word.text}")
        else:
            made.append(word)
        is_open = not word.text.endswith(ENDS)
    return made


def spread(found: Iterable[Caption]) -> Iterator[Caption]:
    """Yield the words of captions, each with a part of its time in proportion to its letters."""
    for one in found:
        words = one.text.split()
        letters = sum(map(len, words))
        at_s = one.start_s
        for word in words:
            stop_s = at_s + (one.stop_s - one.start_s) * len(word) / letters
            yield Caption(at_s, stop_s, word)
            at_s = stop_s
