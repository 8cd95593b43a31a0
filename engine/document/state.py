"""The whole of a document at one moment: frozen, shared freely between threads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.document.decisions import Decision, Verdict, decided_span
from engine.document.marks.markers import Marker
from engine.document.proposals import Proposal
from engine.document.tracks.track import Source, Track, source_length_samples


@dataclass(frozen=True, slots=True)
class DocumentState:
    """The content of a document.

    Attributes
    ----------
    rate_hz : the document's rate; 0 until the first source is imported
    sources : by id
    tracks : in their order on screen
    proposals : by id, ordered by start
    decisions : by proposal id; a proposal without one is undecided
    settings : plain JSON values by name, see `engine.settings`
    analyses : id of the current analysis by kind ("score", "beats", "listening")
    markers : by id, ordered by start
    """

    rate_hz: int = 0
    sources: Mapping[str, Source] = field(default_factory=dict)
    tracks: tuple[Track, ...] = ()
    proposals: Mapping[str, Proposal] = field(default_factory=dict)
    decisions: Mapping[str, Decision] = field(default_factory=dict)
    settings: Mapping[str, object] = field(default_factory=dict)
    analyses: Mapping[str, str] = field(default_factory=dict)
    markers: Mapping[str, Marker] = field(default_factory=dict)

    @property
    def length_samples(self) -> int:
        """The end of the last track."""
        return max((self.track_stop_samples(track) for track in self.tracks), default=0)

    def track_stop_samples(self, track: Track) -> int:
        """Where a track ends on the timeline."""
        return track.start_samples + source_length_samples(self.sources[track.source_id], self.rate_hz)

    def verdict(self, proposal_id: str) -> Verdict:
        """Return the answer to a proposal; without a decision it is undecided."""
        decision = self.decisions.get(proposal_id)
        return Verdict.UNDECIDED if decision is None else decision.verdict

    def span(self, proposal_id: str) -> tuple[int, int]:
        """Return the span [start, stop) of a proposal as the user has it now."""
        return decided_span(self.proposals[proposal_id], self.decisions.get(proposal_id))
