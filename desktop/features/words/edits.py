"""Edits of words: cuts, mutes and markers of many places as one step, and cuts taken back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from desktop.features.words.marks import are_cut
from engine.core.errors import UsageError
from engine.core.progress import Progress
from engine.core.wording import counted, quoted
from engine.document.analysis import Transcript
from engine.document.edits.by_hand import delete_edits, edit_by_hand
from engine.document.edits.markers import NamedSpan, add_all
from engine.document.edits.proposals import move_edges
from engine.document.kinds import KINDS
from engine.document.proposals import BY_HAND, QUESTION, Verdict, edited
from engine.document.state import DocumentState, Edit, RowChange, merged
from engine.features.words.sentences import span_of_words
from engine.features.words.text import joined
from engine.review.by_hand import Payload, cut_payload, mute_payload

Span = tuple[int, int]
MUTE = "mute"
_LABEL_LETTERS = 40


@dataclass(frozen=True, slots=True)
class MuteRequest:
    """Places to fill with room tone, [start, stop) in document samples."""

    state: DocumentState
    media: Mapping[str, Path]
    spans: tuple[Span, ...]
    words: str


@dataclass(frozen=True, slots=True)
class Mutes:
    """A request, and the payload of each of its places."""

    request: MuteRequest
    payloads: tuple[Payload, ...]


def find_tones(request: MuteRequest, progress: Progress) -> Mutes:
    """Find the room tone near each place, as a job."""
    made = []
    for number, span in enumerate(request.spans):
        progress.check_cancelled()
        progress.report(number / len(request.spans), "Finding room tone")
        made.append(mute_payload(request.state, request.media, span, ()))
    return Mutes(request, tuple(made))


def mute_all(state: DocumentState, mutes: Mutes) -> Edit:
    """Return the edit that mutes all places, one step of undo."""
    made = zip(mutes.request.spans, mutes.payloads, strict=True)
    return _made(state, MUTE, made, f"Muted {_places(mutes.request.spans, mutes.request.words)}")


def cut_all(state: DocumentState, spans: Sequence[Span], words: str) -> Edit:
    """Return the edit that cuts all places, one step of undo."""
    payload = cut_payload(state)
    return _made(state, "cut", ((span, payload) for span in spans), f"Cut {_places(spans, words)}")


def mark_all(state: DocumentState, spans: Iterable[Span], words: str) -> Edit:
    """Return the edit that marks the start of each place with a marker of these words, one step of undo."""
    marked = [NamedSpan(start, start, words) for start, _ in spans]
    return add_all(state, marked, f"Marked {counted(len(marked), 'place')} of {quoted(words)}")


def _places(spans: Sequence[Span], words: str) -> str:
    return f"{counted(len(spans), 'place')} of {quoted(words)}"


def _made(state: DocumentState, kind: str, places: Iterable[tuple[Span, Payload]], label: str) -> Edit:
    changes = [edit_by_hand(state, kind, *span, payload)[0].changes for span, payload in places]
    return Edit(label, merged((), tuple(chain.from_iterable(changes))))


def muted_spans(state: DocumentState) -> list[Span]:
    """Return the spans that accepted edits mute on all tracks."""
    return [
        state.span(key)
        for key, proposal in state.proposals.items()
        if proposal.kind == MUTE and not proposal.tracks and state.verdict(key) is Verdict.ACCEPTED
    ]


def silencing(state: DocumentState) -> tuple[str, ...]:
    """Return the ids of the accepted edits that leave sound of all tracks out of the result, or mute it."""
    return tuple(
        key
        for key, proposal in state.proposals.items()
        if state.verdict(key) is Verdict.ACCEPTED
        and (kind := KINDS.get(proposal.kind)) is not None
        and (kind.drops_span or (proposal.kind == MUTE and not proposal.tracks))
    )


def restored(state: DocumentState, spans: Sequence[Span]) -> Edit:
    """Return the edit that removes or rejects all cuts and mutes of some spans.

    Raises
    ------
    UsageError : none of them is cut or muted
    """
    ids = [
        key
        for key in silencing(state)
        if any(start < state.span(key)[1] and state.span(key)[0] < stop for start, stop in spans)
    ]
    if not ids:
        raise UsageError("These words are not cut.")
    return delete_edits(state, ids)


def restored_words(state: DocumentState, transcript: Transcript, first: int, stop: int) -> Edit:
    """Return the edit that takes words [first, stop) out of the cuts and mutes that they are in.

    A longer cut is shortened, or split in two; a part of it without a word goes as well.

    Raises
    ------
    UsageError : none of the words is cut or muted
    """
    spans = transcript.spans_samples
    back = span_of_words(transcript, first, stop, state.rate_hz, state.length_samples)
    words = int(spans[first:stop, 0].min()), int(spans[first:stop, 1].max())
    whole, changes = list[str](), tuple[RowChange, ...]()
    for key in silencing(state):
        begin, end = state.span(key)
        if begin >= words[1] or end <= words[0]:
            continue
        parts = [(begin, min(end, back[0])), (max(begin, back[1]), end)]
        left = [part for part in parts if part[0] < part[1] and are_cut(spans, [part]).any()]
        if left:
            changes = merged(changes, _shortened(state, key, left))
        else:
            whole.append(key)
    if not changes:
        return restored(state, [words])
    if whole:
        changes = merged(changes, delete_edits(state, whole).changes)
    shown = quoted(joined(transcript.texts[first:stop]), _LABEL_LETTERS)
    return Edit(f"Restored {shown}", changes)


def _shortened(state: DocumentState, key: str, parts: Sequence[Span]) -> tuple[RowChange, ...]:
    """Return the changes that leave parts of an edit: the first of a proposal, the others by hand."""
    proposal = state.proposals[key]
    now = edited(proposal, state.decisions.get(key))
    payload = {name: value for name, value in now.payload.items() if name != QUESTION}
    is_own = proposal.maker == BY_HAND
    changes = (delete_edits(state, [key]) if is_own else move_edges(state, key, *parts[0])).changes
    for part in parts if is_own else parts[1:]:
        made, _ = edit_by_hand(state, proposal.kind, *part, payload, now.tracks)
        changes = merged(changes, made.changes)
    return changes
