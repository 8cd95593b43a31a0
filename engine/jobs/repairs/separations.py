"""What a separation of a document leads to: repairs to be decided, with the audio that they play."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from engine.document.change import Edit, Row, row_changes
from engine.document.decisions import Decision, Verdict
from engine.document.file.stored_audio import StoredAudio
from engine.document.proposals import Proposal
from engine.document.repairs import repair
from engine.document.state import DocumentState


@dataclass(frozen=True, slots=True, eq=False)
class Separations:
    """Repairs to be decided; `audio` is stored with the edit that proposes them.

    Attributes
    ----------
    windows : the span and the track of each piece of audio
    over : the keys of the audio of repairs that each was made over
    """

    audio: tuple[StoredAudio, ...]
    windows: tuple[tuple[int, int, str], ...]
    over: tuple[tuple[str, ...], ...]
    reason: str
    maker: str


def repair_proposals(state: DocumentState, found: Separations) -> tuple[Proposal, ...]:
    """Return the repairs, one a piece of audio, undecided."""
    proposals: list[Proposal] = []
    for audio, (start, stop, track), over in zip(found.audio, found.windows, found.over, strict=True):
        _edit, proposal = repair(
            state,
            audio,
            (start, stop),
            (track,),
            at_samples=start,
            maker=found.maker,
            reason=f"{found.reason}, {_said_of(over)}" if over else found.reason,
            crossfade_ms=0.0,
            over=over,
        )
        proposals.append(proposal)
    return tuple(proposals)


def separations_edit(
    state: DocumentState, found: Separations, *, accepted: bool = False
) -> tuple[Edit, tuple[Proposal, ...]]:
    """Return the repairs as one edit, undecided or accepted; apply it with `audio=found.audio`."""
    changes: list[tuple[Row | None, Row | None]] = []
    proposals = repair_proposals(state, found)
    for proposal in proposals:
        changes.append((state.proposals.get(proposal.id), proposal))
        if accepted:
            before = state.decisions.get(proposal.id) or Decision(proposal.id)
            changes.append((state.decisions.get(proposal.id), replace(before, verdict=Verdict.ACCEPTED)))
    label = found.reason if accepted else f"Proposed: {found.reason[:1].lower()}{found.reason[1:]}"
    return Edit(label, row_changes(changes)), proposals


def _said_of(over: Sequence[str]) -> str:
    return f"over {f'{len(over)} repairs' if len(over) > 1 else 'a repair'} before"
