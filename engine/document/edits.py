"""Every way to change a document: pure functions from its state to an `Edit`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from engine.document.change import CurrentAnalysis, Edit, Row, RowChange, Setting
from engine.document.decisions import Decision, Verdict
from engine.document.proposals import Proposal
from engine.document.state import DocumentState
from engine.document.track import Source, Track
from engine.errors import UsageError
from engine.timebase import format_time, samples_to_s
from engine.wording import counted

_PAST = {Verdict.ACCEPTED: "Accepted", Verdict.REJECTED: "Rejected", Verdict.UNDECIDED: "Left undecided"}


def _rows(pairs: Iterable[tuple[Row | None, Row | None]]) -> tuple[RowChange, ...]:
    return tuple(RowChange(before, after) for before, after in pairs if before != after)


def span_text(state: DocumentState, proposal_id: str) -> str:
    """Name a proposal the way the status line does: ``cut 2:31.0 – 2:44.6``."""
    start, stop = state.span(proposal_id)
    first, last = (format_time(samples_to_s(edge, state.rate_hz), 1) for edge in (start, stop))
    return f"{state.proposals[proposal_id].kind} {first} – {last}"


def _scope_text(state: DocumentState, ids: Sequence[str]) -> str:
    return span_text(state, ids[0]) if len(ids) == 1 else counted(len(ids), "proposal")


def _require(state: DocumentState, ids: Iterable[str]) -> None:
    for proposal_id in ids:
        if proposal_id not in state.proposals:
            raise UsageError(f"There is no proposal {proposal_id!r} in this document; list them first.")


def add_tracks(state: DocumentState, sources: Sequence[Source], names: Sequence[str]) -> Edit:
    """Place whole sources as new tracks below the others, from the start of the timeline.

    The first import sets the document's rate to that of its first source.

    Raises
    ------
    UsageError : a source is in the document already
    """
    for source, name in zip(sources, names, strict=True):
        if source.id in state.sources:
            raise UsageError(f"{name} is in the document already; nothing was imported.")
    rows: list[tuple[Row | None, Row | None]] = []
    if not state.rate_hz:
        rows.append((None, Setting("rate_hz", sources[0].rate_hz)))
    position = len(state.tracks)
    for offset, (source, name) in enumerate(zip(sources, names, strict=True)):
        track = Track(id=f"track-{source.id}", source_id=source.id, name=name, position=position + offset)
        rows += [(None, source), (None, track)]
    what = names[0] if len(names) == 1 else counted(len(names), "recording")
    return Edit(f"Imported {what}", _rows(rows))


def remove_track(state: DocumentState, track_id: str) -> Edit:
    """Take a track and its source off the document; the file on disk is not touched."""
    track = _track(state, track_id)
    rows: list[tuple[Row | None, Row | None]] = [(track, None)]
    if not any(other.source_id == track.source_id for other in state.tracks if other is not track):
        rows.append((state.sources[track.source_id], None))
    rows += [
        (other, replace(other, position=other.position - 1))
        for other in state.tracks
        if other.position > track.position
    ]
    return Edit(f"Removed track {track.name}", _rows(rows))


def _track(state: DocumentState, track_id: str) -> Track:
    for track in state.tracks:
        if track.id == track_id:
            return track
    raise UsageError(f"There is no track {track_id!r} in this document.")


def set_track(state: DocumentState, track_id: str, **values: object) -> Edit:
    """Change fields of a track, such as ``mute=True`` or ``gain_db=-3.0``."""
    track = _track(state, track_id)
    changed = replace(track, **values)  # type: ignore[arg-type]
    words = {"mute": ("Muted", "Unmuted"), "solo": ("Soloed", "Unsoloed")}
    name, value = next(iter(values.items()))
    verb = words[name][0 if value else 1] if name in words else f"Set {name.replace('_', ' ')} of"
    return Edit(f"{verb} {track.name}", _rows([(track, changed)]))


def move_sources(state: DocumentState, paths: Mapping[str, str]) -> Edit:
    """Say where sources, given by id, lie now.

    Raises
    ------
    UsageError : a source is not in the document
    """
    for key in paths:
        if key not in state.sources:
            raise UsageError(f"There is no recording {key!r} in this document.")
    moved = [(state.sources[key], replace(state.sources[key], path=path)) for key, path in paths.items()]
    return Edit(f"Found {counted(len(moved), 'recording')} again", _rows(moved))


def replace_proposals(
    state: DocumentState,
    proposals: Iterable[Proposal],
    settings: Mapping[str, object],
    label: str,
    merges_as: str = "",
) -> Edit:
    """Put new proposals in the place of the undecided ones. What was decided or flagged stays as it is."""
    held = {key: proposal for key, proposal in state.proposals.items() if _is_held(state.decisions.get(key))}
    fresh = {proposal.id: proposal for proposal in proposals}
    rows: list[tuple[Row | None, Row | None]] = []
    for key, proposal in state.proposals.items():
        if key not in held and key not in fresh:
            rows.append((proposal, None))
            if (decision := state.decisions.get(key)) is not None:
                rows.append((decision, None))
    rows += [(state.proposals.get(key), new) for key, new in fresh.items() if key not in held]
    rows += _setting_rows(state, settings)
    return Edit(label, _rows(rows), merges_as)


def _is_held(decision: Decision | None) -> bool:
    return decision is not None and (decision.verdict is not Verdict.UNDECIDED or decision.flagged)


def _setting_rows(state: DocumentState, values: Mapping[str, object]) -> list[tuple[Row | None, Row | None]]:
    return [
        (Setting(name, state.settings[name]) if name in state.settings else None, Setting(name, value))
        for name, value in values.items()
    ]


def set_settings(state: DocumentState, values: Mapping[str, object], label: str) -> Edit:
    """Change settings of the document."""
    return Edit(label, _rows(_setting_rows(state, values)))


def set_analyses(state: DocumentState, current: Mapping[str, str], label: str) -> Edit:
    """Make stored analyses, given by kind and id, the ones in force."""
    rows = [
        (
            CurrentAnalysis(kind, state.analyses[kind]) if kind in state.analyses else None,
            CurrentAnalysis(kind, analysis_id),
        )
        for kind, analysis_id in current.items()
    ]
    return Edit(label, _rows(rows))


def decide(state: DocumentState, ids: Sequence[str], verdict: Verdict) -> Edit:
    """Answer proposals. Answering twice is the same as once; nudged edges stay."""
    _require(state, ids)
    rows = [
        (state.decisions.get(key), replace(_decision(state, key), verdict=verdict))
        for key in ids
        if state.verdict(key) is not verdict
    ]
    return Edit(f"{_PAST[verdict]} {_scope_text(state, ids)}" if ids else "Nothing to decide", _rows(rows))


def _decision(state: DocumentState, proposal_id: str) -> Decision:
    return state.decisions.get(proposal_id) or Decision(proposal_id)


def move_edges(state: DocumentState, proposal_id: str, start_samples: int, stop_samples: int) -> Edit:
    """Put the edges of a proposal where the user wants them, kept inside the recording and in order.

    Raises
    ------
    UsageError : the span is empty or the proposal unknown
    """
    _require(state, [proposal_id])
    start = max(0, start_samples)
    stop = min(state.length_samples, stop_samples)
    if stop <= start:
        at_s = format_time(samples_to_s(start, state.rate_hz))
        raise UsageError(
            f"The right edge must stay after the left edge at {at_s}; move the other edge first."
        )
    moved = replace(_decision(state, proposal_id), start_samples=start, stop_samples=stop)
    first, last = (format_time(samples_to_s(edge, state.rate_hz)) for edge in (start, stop))
    label = f"Moved {state.proposals[proposal_id].kind} to {first} – {last}"
    if (start, stop) == state.span(proposal_id):
        return Edit(label, ())
    return Edit(label, _rows([(state.decisions.get(proposal_id), moved)]))


def choose_alternative(state: DocumentState, proposal_id: str, alternative: int) -> Edit:
    """Take another of a proposal's alternatives, 0 being the proposal as made; nudges are dropped."""
    _require(state, [proposal_id])
    proposal = state.proposals[proposal_id]
    if not 0 <= alternative <= len(proposal.alternatives):
        raise UsageError(f"{proposal_id} has {len(proposal.alternatives)} alternatives, not {alternative}.")
    decision = _decision(state, proposal_id)
    chosen = replace(decision, alternative=alternative, start_samples=None, stop_samples=None)
    name = proposal.alternatives[alternative - 1].label if alternative else "as proposed"
    return Edit(f"Edges: {name[:1].lower()}{name[1:]}", _rows([(state.decisions.get(proposal_id), chosen)]))


def flag(state: DocumentState, proposal_id: str, flagged: bool) -> Edit:
    """Keep a proposal for later, or no longer."""
    return flag_all(state, [proposal_id], flagged)


def flag_all(state: DocumentState, ids: Sequence[str], flagged: bool = True) -> Edit:
    """Keep proposals for later, or no longer; one step of undo."""
    _require(state, ids)
    pairs = ((key, replace(_decision(state, key), flagged=flagged)) for key in ids)
    verb = "Flagged" if flagged else "Unflagged"
    label = f"{verb} {_scope_text(state, ids)}" if ids else "Nothing to flag"
    return Edit(label, _rows((state.decisions.get(key), marked) for key, marked in pairs))
