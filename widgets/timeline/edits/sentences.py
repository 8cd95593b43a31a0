"""Texts of the timeline."""

from __future__ import annotations

from engine.core.timebase import format_time, samples_to_s
from engine.core.wording import counted, gain_text, pan_text
from engine.document.kinds import KINDS
from engine.document.proposals import BY_HAND, edited
from engine.document.state import DocumentState
from engine.document.table import table_of
from engine.document.tracks import Source, Track
from engine.review.answers import statistics
from widgets.edit_words import YOURS, conflict_sentence
from widgets.timeline.viewport import Viewport

_CHANNELS = {1: "mono", 2: "stereo"}


def proposal_tip(state: DocumentState, proposal_id: str) -> str:
    """Return a proposal's kind and effect, span, tracks, state and reason, and its conflicts."""
    proposal = state.proposals[proposal_id]
    start, stop = (format_time(samples_to_s(edge, state.rate_hz), 1) for edge in state.span(proposal_id))
    verdict, kind = state.verdict(proposal_id), KINDS.get(proposal.kind)
    now = edited(proposal, state.decisions.get(proposal_id))
    what = proposal.kind if kind is None or kind.drops_span else kind.brief(now, state.rate_hz)
    tracks = [track.name for track in state.tracks if track.id in proposal.tracks]
    facts = [f"{what[:1].upper()}{what[1:]} {start} – {stop}", ", ".join(tracks), verdict]
    facts.append(YOURS if proposal.maker == BY_HAND else "")
    lines = [" · ".join(filter(None, facts)), proposal.reason, conflict_sentence(state, proposal_id)]
    return "\n".join(filter(None, lines))


def edits_words(state: DocumentState) -> tuple[str, str, str]:
    """Return the title of the proposals, their number and removed time, and a sentence."""
    table, found = table_of(state), statistics(state)
    name = "Cuts" if table.made.drops.all() else "Edits"
    goes = found.length_samples - found.result_if_all_accepted_samples
    if goes <= 0 or not state.rate_hz:
        return name, f"{found.total:,}", f"{counted(found.total, 'proposal')}."
    away, length = (format_time(each / state.rate_hz, 0) for each in (goes, found.length_samples))
    sentence = f"{counted(found.total, 'proposal')}. Without rejected ones, {away} of {length} are removed."
    limit = "up to " if found.undecided else ""
    return name, f"{found.total:,} · {limit}{away} cut", sentence


def canvas_sentence(state: DocumentState, caption: str) -> str:
    """Format the amount of the displayed items."""
    marked = counted(len(state.markers), "marker") if state.markers else ""
    parts = (
        counted(len(state.tracks), "track"),
        counted(len(state.proposals), "proposal"),
        marked,
        caption,
    )
    return ", ".join(filter(None, parts))


def view_sentence(viewport: Viewport, proposals: int, playhead_samples: int) -> str:
    """Describe the visible range, the number of proposals, and the playhead."""
    rate_hz = viewport.rate_hz
    if not viewport.length_samples:
        return "No tracks yet"
    seen = min(viewport.stop_samples, viewport.length_samples)
    start, stop, length, playhead = (
        format_time(position / rate_hz, 1)
        for position in (viewport.start_samples, seen, viewport.length_samples, playhead_samples)
    )
    return f"{start} to {stop} of {length}, {counted(proposals, 'proposal')}, playhead at {playhead}"


def track_detail(track: Track, source: Source) -> str:
    """Return the second line of a track's head: role or channels, and group."""
    what = track.role or channels_text(source)
    return f"{what} · group {track.group}" if track.group else what


def track_facts(track: Track, source: Source) -> str:
    """Return the description of a track for screen readers, without its name."""
    facts = [channels_text(source), track.role, track.group and f"group {track.group}"]
    facts.append(f"gain {gain_text(track.gain_db)}")
    facts.append(f"pan {pan_text(track.pan)}" if track.pan else "")
    facts += ["muted" if track.mute else "", "soloed" if track.solo else ""]
    facts.append("collapsed" if track.is_collapsed else "")
    return ", ".join(fact for fact in facts if fact)


def channels_text(source: Source) -> str:
    """Format the number of channels of a source."""
    return _CHANNELS.get(source.channels, f"{source.channels} ch")


def channel_letter(channel: int, channels: int) -> str:
    """Return the label of one channel of several."""
    return "LR"[channel] if channels == 2 else str(channel + 1)
