"""The whole of a document at one moment: frozen, shared freely between threads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from engine.document.decisions import Decision, Verdict, decided_span
from engine.document.marks.markers import Marker
from engine.document.proposals import Proposal
from engine.document.tracks.clip import rejoined
from engine.document.tracks.track import Source, Track, is_whole


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
    settings : plain JSON values by name, see `engine.document.settings`
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
        return max((track.stop_samples for track in self.tracks), default=0)

    def channels(self, track: Track) -> int:
        """Return the number of channels of a track: that of its widest source."""
        return max(self.sources[key].channels for key in track.source_ids)

    def is_one_source(self, track: Track) -> bool:
        """Return whether a track plays all of one source unchanged."""
        first = track.clips[0]
        return len(track.clips) == 1 and is_whole(first, self.sources[first.source_id], self.rate_hz)

    def recorded(self, track: Track) -> tuple[object, ...]:
        """Return the identity of a track's audio: equal where the same samples play at the same places."""
        alike = replace(track, clips=rejoined(track.clips))
        if self.is_one_source(alike):  # as before a track had clips, for ids that are stored
            return track.clips[0].source_id, track.start_samples
        return tuple(clip.sound for clip in alike.clips), track.start_samples

    def verdict(self, proposal_id: str) -> Verdict:
        """Return the answer to a proposal; without a decision it is undecided."""
        decision = self.decisions.get(proposal_id)
        return Verdict.UNDECIDED if decision is None else decision.verdict

    def span(self, proposal_id: str) -> tuple[int, int]:
        """Return the span [start, stop) of a proposal as the user has it now."""
        return decided_span(self.proposals[proposal_id], self.decisions.get(proposal_id))
