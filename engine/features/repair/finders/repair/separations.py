"""Result of separating a document: repairs to be decided, with their audio."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from engine.document.change import Edit, Row, row_changes
from engine.document.decisions import Decision, Verdict
from engine.document.file.stored_audio import AUDIO, AUDIO_OF, StoredAudio
from engine.document.kinds.repair import OVER
from engine.document.proposals import Proposal, proposal_id
from engine.document.repairs import repair
from engine.document.state import DocumentState
from engine.features.repair.separation.levels.level_change import LevelChange, combined, refused_words


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

    def taken(self, rows: Sequence[int]) -> Separations:
        """Return some of the pieces."""
        return replace(
            self,
            audio=tuple(self.audio[row] for row in rows),
            windows=tuple(self.windows[row] for row in rows),
            over=tuple(self.over[row] for row in rows),
            changes=tuple(self.changes[row] for row in rows),
        )


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
            reason=f"{change.words}{_over_words(over)}",
            score=1.0 if change.probability is None else change.probability,
            crossfade_ms=0.0,
            over=over,
        )
        proposals.append(proposal)
    return tuple(proposals)


def place_repairs(state: DocumentState, found: Separations) -> Mapping[tuple[int, int], Proposal]:
    """Return one repair for each place, of all tracks on which it lowers anything, by its span.

    A place that is lowered on no track has none.
    """
    made: dict[tuple[int, int], Proposal] = {}
    for span in dict.fromkeys((start, stop) for start, stop, _ in found.windows):
        rows = [
            row
            for row, (start, stop, _) in enumerate(found.windows)
            if (start, stop) == span and found.changes[row].is_noticed
        ]
        if rows:
            made[span] = _of_place(repair_proposals(state, found.taken(rows)), found.taken(rows))
    return made


def _of_place(repairs: Sequence[Proposal], found: Separations) -> Proposal:
    """Return one repair with the audio of several, each of another track and of the same span."""
    first = repairs[0]
    if len(repairs) == 1:
        return first
    tracks = tuple(track for one in repairs for track in one.tracks)
    over = list(dict.fromkeys(key for keys in found.over for key in keys))
    payload = {**first.payload, AUDIO_OF: {one.tracks[0]: one.payload[AUDIO] for one in repairs}}
    payload |= {OVER: over} if over else {}
    key = proposal_id(first.kind, first.start_samples, first.stop_samples, first.maker, tracks, payload)
    reason = f"{found.change.words} on {len(tracks)} tracks{_over_words(over)}"
    return replace(first, id=key, reason=reason, payload=payload, tracks=tracks)


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


def _over_words(over: Sequence[str]) -> str:
    if not over:
        return ""
    return f", over {len(over)} earlier repairs" if len(over) > 1 else ", over an earlier repair"
