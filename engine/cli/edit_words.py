"""Edits that name words of the transcript: ``offcut edit PROJECT (cut|mute|move) --words "FROM … TO"``."""

from __future__ import annotations

import argparse

import numpy as np

from engine.core.errors import UsageError
from engine.core.timebase import s_to_samples
from engine.document.analysis import WORDS, Transcript
from engine.document.document import Document
from engine.document.edits.analyses import known_transcript
from engine.document.state import Edit
from engine.features.words.arranged import moved_words, order_of
from engine.features.words.search import only_place, span_of, words_between
from engine.features.words.spoken import spoken_text


def span_of_words(options: argparse.Namespace, document: Document) -> tuple[int, int]:
    """Return the span of a phrase of the transcript, or from one phrase to another, in samples.

    Raises
    ------
    UsageError : another span is given, the document has no transcript, or no single place has the words
    """
    transcript = _transcript(options, document)
    return span_of(transcript, words_between(transcript, options.words, document.state.rate_hz))


def words_moved(options: argparse.Namespace, document: Document) -> tuple[Edit, str]:
    """Return the edit that moves words as the text of the window does, and the id of its proposal.

    Raises
    ------
    UsageError : as `span_of_words` does; or the place is missing, inside the words, or takes no words
    """
    if options.words is None:
        raise UsageError("--before names a phrase that words are moved to: give them with --words.")
    if options.tracks:
        raise UsageError("Words are moved on all tracks: leave out --tracks.")
    if (options.to_s is None) == (options.before is None):
        raise UsageError("'edit move --words' needs one of --before and --to-s.")
    state, transcript = document.state, _transcript(options, document)
    first, stop = words_between(transcript, options.words, state.rate_hz)
    before = _word_after(options, transcript, state.rate_hz)
    if first < before < stop:
        raise UsageError("The place is inside the words that are moved: choose one before or after them.")
    spoken = spoken_text(transcript)
    item_of = np.flatnonzero(spoken.words >= 0)
    order = order_of(state, spoken.items)
    place = len(order) if before == len(transcript) else order.tolist().index(item_of[before])
    items = int(item_of[first]), int(item_of[stop - 1]) + 1
    return moved_words(state, spoken.items, *items, order[place:].tolist())


def _word_after(options: argparse.Namespace, transcript: Transcript, rate_hz: int) -> int:
    """Return the word that moved words are played before; the number of words for the end."""
    if options.before is not None:
        return only_place(transcript, options.before, rate_hz)[0]
    starts = transcript.spans_samples[:, 0]
    return int(starts.searchsorted(s_to_samples(options.to_s, rate_hz)))


def _transcript(options: argparse.Namespace, document: Document) -> Transcript:
    if (options.start_s, options.stop_s) != (None, None):
        raise UsageError("--words names the span: leave out --start-s and --stop-s.")
    transcript = known_transcript(document.state, document.analysis(WORDS))
    if transcript is None:
        raise UsageError("The document has no transcript: use 'offcut words' first.")
    return transcript
