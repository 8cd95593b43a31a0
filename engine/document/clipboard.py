"""A copied span of the recording, pasted elsewhere as an edit by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from engine.core.errors import UsageError
from engine.document.by_hand import change_payload, delete_edits, edit_by_hand
from engine.document.change import Edit, merged
from engine.document.decisions import Verdict, edited
from engine.document.kinds.ordering import MOST_TIMES, RANK, TIMES, TO_SAMPLES
from engine.document.kinds.payload import CROSSFADE_MS, HAND_CROSSFADE_MS, integer
from engine.document.proposals import BY_HAND, proposal_id
from engine.document.state import DocumentState

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
