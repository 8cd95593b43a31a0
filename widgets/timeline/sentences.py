"""What the timeline says in words."""

from __future__ import annotations

from engine.document.state import DocumentState
from engine.document.track import Source, Track
from engine.timebase import format_time, samples_to_s

_CHANNELS = {1: "mono", 2: "stereo"}


def proposal_tip(state: DocumentState, proposal_id: str) -> str:
    """Return a proposal's kind, span, state and reason."""
    proposal = state.proposals[proposal_id]
    start, stop = (format_time(samples_to_s(edge, state.rate_hz), 1) for edge in state.span(proposal_id))
    verdict = state.verdict(proposal_id)
    return f"{proposal.kind.capitalize()} {start} – {stop} · {verdict}\n{proposal.reason}"


def track_detail(track: Track, source: Source) -> str:
    """Return the second line of a track's head."""
    channels = _CHANNELS.get(source.channels, f"{source.channels} ch")
    return f"{channels} · group {track.group}" if track.group else channels
