"""Requests and results of repairs: undecided repairs with their audio.

The window imports this module, without torch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from engine.core.timebase import format_time, samples_to_s
from engine.document.edits.by_hand import repair
from engine.document.file.stored_audio import StoredAudio
from engine.document.kinds.sounding import OVER
from engine.document.proposals import AUDIO, AUDIO_OF, Decision, Proposal, Verdict, proposal_id
from engine.document.state import DocumentState, Edit, Row, row_changes
from engine.features.repair.separation.paint import MaskMemory, Paint
from engine.features.repair.separation.settings import DEFAULT, LevelChange, combined, refused_words
from engine.recordings.track_audio import Span, SpanRequest


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


FADE_MS = 70.0


def example_words(example: Span, rate_hz: int) -> str:
    """Return where an example is: "0:12.3"."""
    return format_time(samples_to_s(example[0], rate_hz), 1)


@dataclass(frozen=True, slots=True)
class RepairSettings:
    """Sounds to remove or keep, and how.

    Attributes
    ----------
    words : names of sounds, a comma between them
    keeps : whether all else goes
    strength_db : lower the sound by up to this many dB; None removes it
    fade_ms : how long the change comes and goes, inside each window
    paint : strokes painted on the masks, which without words select nothing else
    example : [start, stop) of the timeline with an example of the sound
    separator : by name
    """

    words: str = ""
    keeps: bool = False
    strength_db: float | None = None
    fade_ms: float = FADE_MS
    paint: tuple[Paint, ...] = ()
    example: Span | None = None
    separator: str = DEFAULT

    @property
    def texts(self) -> tuple[str, ...]:
        """The names one by one."""
        return tuple(dict.fromkeys(filter(None, (" ".join(one.split()) for one in self.words.split(",")))))


@dataclass(frozen=True, slots=True)
class PreviewRequest:
    """A repair to prepare for playback; `memory` caches the masks."""

    spans: SpanRequest
    settings: RepairSettings
    memory: MaskMemory


@dataclass(frozen=True, slots=True, eq=False)
class ShownMask:
    """Which share of each moment and band of a window is meant, on one track.

    Attributes
    ----------
    start_samples : of the timeline, the middle of the first frame
    hop_samples : from one frame to the next
    shares : float32 within [0, 1], shape (frames, bands)
    centres_hz : the middle of each band, rising, shape (bands,)
    window : [start, stop) of the window, or of the part of it that this is
    """

    track: str
    start_samples: float
    hop_samples: float
    shares: NDArray[np.float32]
    centres_hz: NDArray[np.float64]
    window: Span

    @classmethod
    def of_nothing(cls, track: str, window: Span) -> Self:
        """Return a mask that means nothing, to be painted on."""
        return cls(track, window[0], 1.0, np.zeros((1, 1), np.float32), np.zeros(1), window)


@dataclass(frozen=True, slots=True, eq=False)
class RepairPreview:
    """Preview of a repair, to be played before the decision.

    Attributes
    ----------
    target : the sounds that the words mean, alone
    remainder : all but that
    result : the result of the settings
    """

    settings: RepairSettings
    windows: tuple[Span, ...]
    target: Separations
    remainder: Separations
    result: Separations
    masks: tuple[ShownMask, ...]
