"""Edits made by the user: proposals of their own, accepted as they are made, and changes of any proposal.

A copied span is pasted as such an edit. A repair lays stored audio over a span of some tracks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from engine.core.errors import UsageError
from engine.core.timebase import format_time, samples_to_s
from engine.core.wording import begun, counted
from engine.document.edits.proposals import decide, required_proposal, span_text
from engine.document.file.stored_audio import StoredAudio
from engine.document.kinds import KINDS, kind_of, noun_of
from engine.document.kinds.kind import CROSSFADE_MS, HAND_CROSSFADE_MS, MINIMUM_SPAN_S, Amount, integer
from engine.document.kinds.operations import (
    Drop,
    Insert,
    Lift,
    Operation,
    Order,
    Reclock,
    Replace,
    Shift,
    Slice,
    Sounding,
)
from engine.document.kinds.order import MOST_TIMES, RANK, TIMES, TO_SAMPLES
from engine.document.kinds.sounding import AUDIO_START, AUDIO_STOP, OVER
from engine.document.limits import LONGEST_DOCUMENT_SAMPLES, MOST_PIECES
from engine.document.proposals import AUDIO, BY_HAND, Decision, Edited, Proposal, Verdict, edited, proposal_id
from engine.document.state import DocumentState, Edit, Row, merged, row_changes
from engine.document.table import table_of

REPAIR = "repair"


def repair_payload(
    audio: StoredAudio,
    at_samples: int,
    crossfade_ms: float = HAND_CROSSFADE_MS,
    over: Sequence[str] = (),
) -> dict[str, object]:
    """Return the payload of a repair that plays audio from a position of the timeline."""
    payload: dict[str, object] = {
        AUDIO: audio.key,
        AUDIO_START: at_samples,
        AUDIO_STOP: at_samples + audio.frames,
        CROSSFADE_MS: crossfade_ms,
    }
    return {**payload, OVER: list(over)} if over else payload


def repair(
    state: DocumentState,
    audio: StoredAudio,
    span_samples: tuple[int, int],
    tracks: Sequence[str],
    *,
    at_samples: int,
    maker: str,
    reason: str,
    score: float = 1.0,
    crossfade_ms: float = HAND_CROSSFADE_MS,
    over: Sequence[str] = (),
) -> tuple[Edit, Proposal]:
    """Return a repair as a proposal to be decided; `Document.apply(edit, audio=[audio])` stores both.

    Parameters
    ----------
    span_samples : its place, [start, stop) of the timeline
    tracks : ids; empty for all
    at_samples : position of the first sample of the audio; half a crossfade of it plays beyond each edge
    over : keys of the audio of repairs that it was made from and covers

    Raises
    ------
    UsageError : the audio does not cover the span, or has another rate or other channels than the tracks
    DocumentError : the payload is invalid
    """
    start, stop = span_samples
    if not 0 <= start < stop <= state.length_samples:
        raise UsageError("A repair must be of a span within the recording.")
    if not at_samples <= start < stop <= at_samples + audio.frames:
        raise UsageError("The audio of a repair must cover its span: store as much as is replaced.")
    require_fitting(state, audio, tracks)
    payload = repair_payload(audio, at_samples, crossfade_ms, over)
    KINDS[REPAIR].validate(payload)
    key = proposal_id(REPAIR, start, stop, maker, tracks, payload)
    proposal = Proposal(key, REPAIR, start, stop, score, reason, maker, (), payload, None, tuple(tracks))
    return Edit("Proposed a repair", row_changes([(state.proposals.get(key), proposal)])), proposal


def require_fitting(state: DocumentState, audio: StoredAudio, tracks: Sequence[str]) -> None:
    """Refuse audio that these tracks cannot play.

    Raises
    ------
    UsageError : it has another rate than the document, or neither one channel nor as many as a track
    """
    if audio.rate_hz != state.rate_hz:
        raise UsageError(
            f"Audio of {audio.rate_hz} Hz cannot play in a document of {state.rate_hz} Hz: convert it first."
        )
    known = {track.id: track for track in state.tracks}
    for key in tracks or known:
        if key not in known:
            raise UsageError(f"There is no track {key!r} in this document.")
        channels = state.channels(known[key])
        if audio.channels not in (1, channels):
            raise UsageError(
                f"Audio of {audio.channels} channels cannot play on track {known[key].name!r}, which has "
                f"{channels}: give it one, or as many."
            )


REASON = "Made by hand."
_SCORE = 1.0


def edit_by_hand(
    state: DocumentState,
    kind_name: str,
    start_samples: int,
    stop_samples: int,
    payload: Mapping[str, object],
    tracks: Sequence[str] = (),
) -> tuple[Edit, Proposal]:
    """Return the edit that adds an accepted proposal by hand, and the proposal.

    Parameters
    ----------
    tracks : ids of the affected ones; empty for all, as most operations on timing require

    Raises
    ------
    UsageError : the span, the tracks or the operation is invalid
    DocumentError : the payload does not fit the kind
    """
    kind = KINDS[kind_name]
    start, stop = max(0, start_samples), min(state.length_samples, stop_samples)
    stop = start if kind.shape == "point" and start <= state.length_samples else stop
    shortest = max(1, round(MINIMUM_SPAN_S * state.rate_hz)) if kind.shape != "point" else 0
    if stop - start < shortest:
        first, last = (
            format_time(samples_to_s(edge, state.rate_hz)) for edge in (start_samples, stop_samples)
        )
        raise UsageError(
            f"There is nothing to {kind.verb} from {first} to {last}: give a span of a millisecond or more "
            f"within the recording, which ends at {_time(state, state.length_samples)}."
            if shortest
            else f"To {kind.verb} at {first} leads past the recording, which ends at "
            f"{_time(state, state.length_samples)}."
        )
    known = {track.id for track in state.tracks}
    for track in tracks:
        if track not in known:
            raise UsageError(f"There is no track {track!r} in this document.")
    kind.validate(payload)
    wanted = Edited(start, stop, payload, tuple(tracks))
    done = kind.effect(wanted)
    _require_sense(state, kind.verb, start, stop, done)
    if tracks and not all(isinstance(one, Sounding | Drop | Insert) and one.tracks for one in done):
        raise UsageError(
            f"To {kind.verb} changes when things sound, on all tracks alike: leave out the tracks."
        )
    own = proposal_id(kind_name, start, stop, BY_HAND, tracks, payload)
    proposal = Proposal(
        own, kind_name, start, stop, _SCORE, REASON, BY_HAND, (), dict(payload), None, tuple(tracks)
    )
    rows: list[tuple[Row | None, Row | None]] = [
        (state.proposals.get(own), proposal),
        (state.decisions.get(own), Decision(own, Verdict.ACCEPTED)),
    ]
    label = kind.label(wanted, state.rate_hz)
    return Edit(f"{begun(label)}, by hand", row_changes(rows)), proposal


def delete_edits(state: DocumentState, ids: Sequence[str]) -> Edit:
    """Return the edit that removes the user's own edits of these ids and rejects all other proposals of them.

    Raises
    ------
    UsageError : a proposal is unknown
    """
    own = [key for key in ids if required_proposal(state, key).maker == BY_HAND]
    others = [key for key in ids if key not in own]
    removed = [(row, None) for key in own for row in _rows_of(state, key)]
    rejected = decide(state, others, Verdict.REJECTED)
    parts = [f"removed {span_text(state, own[0]) if len(own) == 1 else counted(len(own), 'edit')}"] * bool(
        own
    )
    parts += [rejected.label.lower()] * bool(others)
    label = " and ".join(parts)
    return Edit(f"{label[:1].upper()}{label[1:]}", (*row_changes(removed), *rejected.changes))


def split_edit(
    state: DocumentState, at_samples: int, preferred: str | None = None
) -> tuple[Edit, str] | None:
    """Split one of the user's own accepted edits in two, without a change of the result.

    Parameters
    ----------
    at_samples : where; of several edits there the preferred one is split, else the shortest
    preferred : the id of a proposal

    Returns
    -------
    The edit and the id of the part after `at_samples`; None if no own edit is there that can be split.
    """
    around = [key for key in state.proposals if _can_split(state, key, at_samples)]
    if not around:
        return None
    key = preferred if preferred in around else min(around, key=lambda one: np.diff(state.span(one))[0])
    (start, stop), proposal = state.span(key), state.proposals[key]
    now = edited(proposal, state.decisions.get(key))
    rows: list[tuple[Row | None, Row | None]] = [(row, None) for row in _rows_of(state, key)]
    changes, made = row_changes(rows), ""
    for span in ((start, at_samples), (at_samples, stop)):
        edit, part = edit_by_hand(state, proposal.kind, *span, now.payload, now.tracks)
        changes, made = merged(changes, edit.changes), part.id
    return Edit(f"Split {span_text(state, key)} at {_time(state, at_samples)}", changes), made


def _can_split(state: DocumentState, proposal_id: str, at_samples: int) -> bool:
    proposal, (start, stop) = state.proposals[proposal_id], state.span(proposal_id)
    kind, apart = KINDS.get(proposal.kind), round(MINIMUM_SPAN_S * state.rate_hz)
    return (
        kind is not None
        and kind.splits
        and proposal.maker == BY_HAND
        and state.verdict(proposal_id) is Verdict.ACCEPTED
        and start + apart <= at_samples <= stop - apart
    )


def _rows_of(state: DocumentState, proposal_id: str) -> list[Row]:
    """Return the rows that a proposal has in the document."""
    decision = state.decisions.get(proposal_id)
    return [state.proposals[proposal_id], *([] if decision is None else [decision])]


def change_payload(state: DocumentState, proposal_id: str, changes: Mapping[str, object]) -> Edit:
    """Change the payload of an edit, such as the slip of a slice; the proposal stays as it is.

    Raises
    ------
    UsageError : the proposal is unknown
    DocumentError : its kind is unknown, or the payload would not fit it
    """
    proposal = required_proposal(state, proposal_id)
    decision = state.decisions.get(proposal_id) or Decision(proposal_id)
    changed = replace(decision, payload={**(decision.payload or {}), **changes})
    kind = kind_of(proposal)
    now = edited(proposal, changed)
    kind.validate(now.payload)
    if done := kind.effect(now):  # on its way a nudge may come to where nothing changes
        _require_sense(state, kind.verb, now.start_samples, now.stop_samples, done)
    label = kind.label(now, state.rate_hz)
    return Edit(begun(label), row_changes([(state.decisions.get(proposal_id), changed)]))


def fade_ms_of(state: DocumentState, proposal_id: str) -> float | None:
    """Return the length of an edit's crossfade, in milliseconds; None without one."""
    proposal = state.proposals[proposal_id]
    kind = KINDS.get(proposal.kind)
    payload = edited(proposal, state.decisions.get(proposal_id)).payload
    if kind is None or kind.fade is None or not isinstance(payload.get(kind.fade.field, 0.0), int | float):
        return None
    return kind.fade.shown(payload, state.rate_hz)


def change_fade(state: DocumentState, proposal_id: str, fade_ms: float) -> Edit:
    """Set the length of an edit's crossfade, within the limits of its kind and its span.

    Raises
    ------
    UsageError : nothing of it is faded; or its crossfade is so long already, or can be no longer
    """
    proposal = required_proposal(state, proposal_id)
    kind, before = KINDS.get(proposal.kind), fade_ms_of(state, proposal_id)
    if kind is None or kind.fade is None or before is None:
        raise UsageError(f"A {noun_of(proposal.kind)} has no crossfade.")
    start, stop = state.span(proposal_id)
    longest_ms = 1000 * samples_to_s(stop - start, state.rate_hz)
    changes = kind.fade.stored(round(min(fade_ms, longest_ms), 1), state.rate_hz)
    after = kind.fade.shown(changes, state.rate_hz)
    if after == before:
        raise UsageError(f"The crossfade stays at {before:g} ms, its limit.")
    label = f"Crossfade of the {noun_of(proposal.kind)}: {after:g} ms"
    return replace(change_payload(state, proposal_id, changes), label=label)


def amount_of(state: DocumentState, proposal_id: str) -> tuple[Amount, float]:
    """Return the amount of an edit, and its present value.

    Raises
    ------
    UsageError : the proposal is unknown, or has no amount
    """
    proposal = required_proposal(state, proposal_id)
    kind = KINDS.get(proposal.kind)
    if kind is None or kind.amount is None:
        raise UsageError(f"A {noun_of(proposal.kind)} has no amount to change; nudge its edges instead.")
    now = edited(proposal, state.decisions.get(proposal_id))
    return kind.amount, kind.amount.shown(now.payload, state.rate_hz)


def change_amount(state: DocumentState, proposal_id: str, value: float) -> Edit:
    """Change the number that an edit is about, as `amount_of` counts it.

    Raises
    ------
    UsageError : see `amount_of`; or it is that number already, or can be no further
    """
    amount, before = amount_of(state, proposal_id)
    length_s = samples_to_s(state.length_samples, state.rate_hz)
    changes = amount.stored(min(value, length_s) if amount.is_moment else value, state.rate_hz)
    if amount.shown(changes, state.rate_hz) == before:
        raise UsageError(f"It stays at {before:g}, its limit.")
    return change_payload(state, proposal_id, changes)


def change_filling(state: DocumentState, proposal_id: str, start_samples: int, stop_samples: int) -> Edit:
    """Fill an edit with a segment of the recording, such as a mute with room tone.

    Raises
    ------
    UsageError : its kind has no fill, or the segment overlaps the span
    """
    proposal = state.proposals[proposal_id]
    kind = KINDS.get(proposal.kind)
    if kind is None or kind.filling is None:
        raise UsageError(f"A {noun_of(proposal.kind)} has no fill: choose a mute in the queue first.")
    start, stop = state.span(proposal_id)
    if start_samples < stop and start < stop_samples:
        raise UsageError("Room tone cannot come from the muted span: select a quiet span outside it.")
    return change_payload(state, proposal_id, kind.filling(start_samples, stop_samples))


def change_way(state: DocumentState, proposal_id: str) -> Edit | None:
    """Return the edit that switches a proposal to its other mode, such as silence; None without one."""
    proposal = state.proposals[proposal_id]
    kind = KINDS.get(proposal.kind)
    found = None if kind is None else kind.other(edited(proposal, state.decisions.get(proposal_id)))
    return None if found is None else change_payload(state, proposal_id, found)


def _require_sense(state: DocumentState, verb: str, start: int, stop: int, done: Sequence[Operation]) -> None:
    """Refuse an edit without effect, or beyond the limits of a document."""
    if not done:
        raise UsageError(f"To {verb} this would change nothing: give a target, an amount or a count.")
    room = LONGEST_DOCUMENT_SAMPLES - state.length_samples
    length = _time(state, state.length_samples)
    for one in done:
        if isinstance(one, Order) and one.at_samples > state.length_samples:
            raise UsageError(
                f"To {verb} it to {_time(state, one.at_samples)} leads past the recording, which ends at "
                f"{length}."
            )
        if isinstance(one, Replace | Insert) and one.tone is not None and one.tone[1] > state.length_samples:
            raise UsageError(
                f"There is no room tone at {_time(state, one.tone[0])}: the recording ends at {length}."
            )
        if isinstance(one, Order) and one.times * (stop - start) > room:
            raise UsageError(
                f"To {verb} {_time(state, stop - start)} so often would last longer than a document can."
            )
        if isinstance(one, Insert) and one.length_samples > room:
            raise UsageError(
                f"To {verb} {_time(state, one.length_samples)} would last longer than a document can."
            )
        if isinstance(one, Shift | Slice | Lift | Reclock) and abs(one.by_samples) >= state.length_samples:
            raise UsageError(
                f"To {verb} by {one.by_samples / state.rate_hz:+.3f} s leads past the recording, which lasts "
                f"{length}."
            )
    pieces = sum(one.times for one in done if isinstance(one, Order))
    if not pieces:
        return
    table = table_of(state)
    places = np.flatnonzero(table.are(Verdict.ACCEPTED) & table.made.is_known & ~table.made.drops)
    others = (one for place in places.tolist() for one in table.effect(place) if isinstance(one, Order))
    if pieces + sum(one.times for one in others) > MOST_PIECES:
        raise UsageError(
            f"To {verb} this makes more than {MOST_PIECES:,} pieces with the repeats there are: undo some of "
            "them, or repeat it less often."
        )


def _time(state: DocumentState, samples: int) -> str:
    return format_time(samples_to_s(samples, state.rate_hz))


_FADED = {CROSSFADE_MS: HAND_CROSSFADE_MS}


@dataclass(frozen=True, slots=True)
class CopiedSpan:
    """A copied span of the recording, [start, stop) in samples, on all tracks.

    Attributes
    ----------
    cut_id : the cut that took the span out when it was copied; "" where it stayed
    """

    start_samples: int
    stop_samples: int
    cut_id: str = ""

    @property
    def span(self) -> tuple[int, int]:
        """The span, [start, stop)."""
        return self.start_samples, self.stop_samples


def paste(state: DocumentState, clip: CopiedSpan, to_samples: int) -> tuple[Edit, str]:
    """Return the edit that plays a copied span before a source position, and the id of its proposal.

    A span that was cut is moved there, once; any other is repeated there.

    Raises
    ------
    UsageError : the position is inside the span that is moved, or nothing can be played there
    """
    is_cut = clip.cut_id in state.proposals and state.verdict(clip.cut_id) is Verdict.ACCEPTED
    if not is_cut:
        return _placed(state, "repeat", clip, {TIMES: 2, TO_SAMPLES: to_samples})
    if clip.start_samples <= to_samples <= clip.stop_samples:
        raise UsageError(
            "The playhead is inside the span that was cut: move it to where the span is to play."
        )
    removed = delete_edits(state, [clip.cut_id])
    laid, own = _placed(state, "move", clip, {TO_SAMPLES: to_samples})
    return replace(laid, changes=merged(removed.changes, laid.changes)), own


def duplicate(state: DocumentState, start_samples: int, stop_samples: int) -> tuple[Edit, str]:
    """Return the edit that repeats a span right after itself, and the id of its proposal.

    Raises
    ------
    UsageError : it has the maximum number of repeats
    """
    clip = CopiedSpan(start_samples, stop_samples)
    for key, proposal in state.proposals.items():
        now = edited(proposal, state.decisions.get(key))
        is_own = proposal.maker == BY_HAND and state.verdict(key) is Verdict.ACCEPTED
        if (
            is_own
            and proposal.kind == "repeat"
            and state.span(key) == clip.span
            and TO_SAMPLES not in now.payload
        ):
            times = integer(now.payload, TIMES, 2) + 1
            if times > MOST_TIMES:
                raise UsageError(f"The selection plays {MOST_TIMES:,} times already, the most there is.")
            return change_payload(state, key, {TIMES: times}), key
    return _placed(state, "repeat", clip, {TIMES: 2})


def _placed(
    state: DocumentState, kind: str, clip: CopiedSpan, payload: Mapping[str, object]
) -> tuple[Edit, str]:
    """Return a new edit by hand; earlier ones of the same span stay, and this one plays after them."""
    rank, wanted = 0, {**payload, **_FADED}
    while proposal_id(kind, *clip.span, BY_HAND, (), wanted) in state.proposals:
        rank += 1
        wanted = {**payload, **_FADED, RANK: rank}
    edit, proposal = edit_by_hand(state, kind, *clip.span, wanted)
    return edit, proposal.id
