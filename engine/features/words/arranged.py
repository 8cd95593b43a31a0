"""Words in the order in which they play, and moves of them by the blocks of the arrangement."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from engine.core.errors import UsageError
from engine.core.wording import quoted
from engine.document.analysis import Transcript
from engine.document.edits.by_hand import delete_edits, edit_by_hand
from engine.document.file.storage import apply_rows
from engine.document.kinds.order import MOVE
from engine.document.proposals import BY_HAND, Verdict, edited
from engine.document.state import DocumentState, Edit, Marker, RowChange, merged
from engine.features.words.sentences import sentence_starts, span_of_words
from engine.features.words.text import joined
from engine.sound.edl.arrangement import Arrangement, arrangement, moved_block
from engine.sound.edl.gathered import is_arranged

Words = NDArray[np.int64]
Span = tuple[int, int]
_LABEL_LETTERS = 40


def order_of(state: DocumentState, transcript: Transcript) -> Words:
    """Return the words in the order in which they play, shape (n,).

    Words that do not play follow those before them in the recording. A repeated word comes once, at its own
    place.
    """
    every = np.arange(len(transcript))
    if not len(transcript) or not is_arranged(state):
        return every
    blocks = _blocks_of(arrangement(state), transcript.spans_samples.sum(axis=1) // 2)
    last = np.maximum.accumulate(np.where(blocks >= 0, every, 0))
    return np.argsort(blocks[last], kind="stable")


def _blocks_of(made: Arrangement, places: Words) -> Words:
    """Return the block that plays each place of the recording, without copies; -1 if it does not play."""
    is_copy = np.append(made.orders.stays, False)[made.order_of]
    own = np.flatnonzero(~is_copy)
    own = own[np.argsort(made.starts[own])]
    if not len(own):
        return np.full(len(places), -1)
    near = own[np.maximum(np.searchsorted(made.starts[own], places, side="right") - 1, 0)]
    return np.where((made.starts[near] <= places) & (places < made.stops[near]), near, -1)


def in_order(transcript: Transcript, order: Words) -> Transcript:
    """Return a transcript with its words in an order."""
    return replace(
        transcript,
        texts=[transcript.texts[word] for word in order.tolist()],
        spans_samples=transcript.spans_samples[order],
        probabilities=transcript.probabilities[order],
        speakers=transcript.speakers[order],
    )


def runs_in(values: Words, first: int, stop: int, step: int = 1) -> Iterator[Span]:
    """Yield the runs of places [first, stop) with values that rise by a step."""
    parts = np.flatnonzero(np.diff(values[first:stop]) != step) + 1 + first
    yield from pairwise([first, *parts.tolist(), stop])


def bounds_of_sentences(transcript: Transcript, order: Words) -> Words:
    """Return the places in an order of words where a sentence begins, or moved words do, ascending."""
    begins = np.zeros(len(order), np.bool_)
    begins[sentence_starts(transcript)] = True
    return np.flatnonzero(begins[order] | (np.diff(order, prepend=-2) != 1))


def moved_words(
    state: DocumentState, transcript: Transcript, first: int, stop: int, following: Sequence[int]
) -> tuple[Edit, str]:
    """Return the edit that plays words [first, stop) before others, and the id of the proposal that does.

    The words take a part of the pauses around them along. Words that were moved before have the same edits.

    Parameters
    ----------
    following : the words that are to follow, in the order in which they play; none for the end

    Raises
    ------
    UsageError : the words or the place are inside a passage that is repeated or moved by another edit than
        one by hand, or the words are there already
    """
    length, rate_hz = state.length_samples, state.rate_hz
    own = span_of_words(transcript, first, stop, rate_hz, length)
    after = [word for word in following if not first <= word < stop]
    place = span_of_words(transcript, after[0], after[0] + 1, rate_hz, length)[0] if after else length
    parted, changes = _parted(state, (*own, place))
    proposal_id = ""
    _, blocks = _blocks(parted, transcript, own, place)
    for run in runs_in(blocks, first, stop, step=0):  # words that were moved one by one are several blocks
        edit, proposal_id = _moved(parted, transcript, run, after, place)
        parted, changes = apply_rows(parted, edit.changes), merged(changes, edit.changes)
    shown = quoted(joined(transcript.texts[first:stop]), _LABEL_LETTERS)
    return Edit(f"Moved {shown}", changes), proposal_id


def _moved(
    state: DocumentState, transcript: Transcript, run: tuple[int, int], after: Sequence[int], place: int
) -> tuple[Edit, str]:
    """Return the edit that plays the words of one block before others."""
    own = span_of_words(transcript, *run, state.rate_hz, state.length_samples)
    made, blocks = _blocks(state, transcript, own, place)
    number = int(blocks[run[0]])
    if number < 0 or np.flatnonzero(blocks == number).tolist() != list(range(*run)):
        raise UsageError(
            "These words are cut, or part of a passage that is moved or repeated. Select all of it, or "
            "restore them first ‹words.restore›."
        )
    before = next((int(blocks[word]) for word in after if blocks[word] >= 0), len(made))
    if after and 0 < after[0] != run[1] and blocks[after[0] - 1] == blocks[after[0]] == before:
        raise UsageError("This place is inside a passage that is moved or repeated. Choose one next to it.")
    if before in (number, number + 1):
        raise UsageError("These words are there already.")
    return moved_block(state, made, number, before)


def _blocks(state: DocumentState, transcript: Transcript, own: Span, place: int) -> tuple[Arrangement, Words]:
    """Return the blocks, parted where a span and a place begin and end, and the block of each word."""
    # regions part blocks; those of the user do not matter here
    edges = [Marker("words", *own, "words"), Marker("place", place, state.length_samples, "place")]
    made = arrangement(replace(state, markers={one.id: one for one in edges if one.is_region}))
    return made, _blocks_of(made, transcript.spans_samples.sum(axis=1) // 2)


def _parted(state: DocumentState, places: Sequence[int]) -> tuple[DocumentState, tuple[RowChange, ...]]:
    """Return a state with moves by hand split at some places of the recording, and the changes that do it."""
    changes = tuple[RowChange, ...]()
    for place in places:
        for key, one in state.proposals.items():
            start, stop = state.span(key)
            is_own = one.kind == MOVE.name and one.maker == BY_HAND
            if not (is_own and start < place < stop and state.verdict(key) is Verdict.ACCEPTED):
                continue
            payload = edited(one, state.decisions.get(key)).payload
            parts = delete_edits(state, [key]).changes
            for span in ((start, place), (place, stop)):
                parts = merged(parts, edit_by_hand(state, one.kind, *span, payload)[0].changes)
            state, changes = apply_rows(state, parts), merged(changes, parts)
            break
    return state, changes
