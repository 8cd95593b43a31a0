"""Result of separating a document: repairs to be decided, with their audio."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from engine.document.change import Edit, Row, row_changes
from engine.document.decisions import Decision, Verdict
from engine.document.file.stored_audio import StoredAudio
from engine.document.proposals import Proposal
from engine.document.repairs import repair
from engine.document.state import DocumentState
from engine.separation.levels.level_change import LevelChange, combined, refused_words


@dataclass(frozen=True, slots=True, eq=False)
class Separations:
    """Repairs to be decided; `audio` is stored with the edit that proposes them.

    Attributes
    ----------
    windows : the span and the track of each piece of audio
    over : the keys of the audio of repairs that each was made over
    changes : the levels before and after, of each piece of audio
    refused : count of windows of tracks left as they are, since the result would be worse
    """

    audio: tuple[StoredAudio, ...]
    windows: tuple[tuple[int, int, str], ...]
    over: tuple[tuple[str, ...], ...]
    changes: tuple[LevelChange, ...]
    maker: str
    refused: int = 0

    @property
    def change(self) -> LevelChange:
        """The levels before and after, of all pieces together."""
        return combined(self.changes)


def repair_proposals(state: DocumentState, found: Separations) -> tuple[Proposal, ...]:
    """Return the repairs, one a piece of audio, undecided."""
    proposals: list[Proposal] = []
    rows = zip(found.audio, found.windows, found.over, found.changes, strict=True)
    for audio, (start, stop, track), over, change in rows:
        _edit, proposal = repair(
            state,
            audio,
            (start, stop),
            (track,),
            at_samples=start,
            maker=found.maker,
            reason=f"{change.words}, over {_counted_repairs(over)}" if over else change.words,
            score=1.0 if change.probability is None else change.probability,
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
    words = found.change.words + refused_words(found.refused)
    label = words if accepted else f"Proposed: {words[:1].lower()}{words[1:]}"
    return Edit(label, row_changes(changes)), proposals


def _counted_repairs(over: Sequence[str]) -> str:
    return f"{len(over)} earlier repairs" if len(over) > 1 else "an earlier repair"
