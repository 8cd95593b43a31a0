"""Every way to change a document but for its tracks: pure functions from its state to an `Edit`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from engine.core.errors import UsageError
from engine.core.timebase import format_time, samples_to_s
from engine.core.wording import counted
from engine.document.kinds import noun_of
from engine.document.limits import LONGEST_NOTE
from engine.document.proposals import Decision, Proposal, Verdict, only_it_replaces
from engine.document.state import CurrentAnalysis, DocumentState, Edit, Row, Setting, row_changes

NOTE = "note"
"""The setting with the user's note on the document."""

_PAST = {Verdict.ACCEPTED: "Accepted", Verdict.REJECTED: "Rejected", Verdict.UNDECIDED: "Left undecided"}


def span_text(state: DocumentState, proposal_id: str) -> str:
    """Name a proposal the way the status line does: ``cut 2:31.0 – 2:44.6``."""
    start, stop = state.span(proposal_id)
    first, last = (format_time(samples_to_s(edge, state.rate_hz), 1) for edge in (start, stop))
    return f"{noun_of(state.proposals[proposal_id].kind)} {first} – {last}"


def _scope_text(state: DocumentState, ids: Sequence[str]) -> str:
    return span_text(state, ids[0]) if len(ids) == 1 else counted(len(ids), "proposal")


def required_proposal(state: DocumentState, proposal_id: str) -> Proposal:
    """Return a proposal by its id.

    Raises
    ------
    UsageError : the document has none of that id
    """
    proposal = state.proposals.get(proposal_id)
    if proposal is None:
        raise UsageError(f"There is no proposal {proposal_id!r} in this document; list them first.")
    return proposal


def _require(state: DocumentState, ids: Iterable[str]) -> None:
    for proposal_id in ids:
        required_proposal(state, proposal_id)


def move_sources(state: DocumentState, paths: Mapping[str, str]) -> Edit:
    """Set the current paths of sources, by id.

    Raises
    ------
    UsageError : a source is not in the document
    """
    for key in paths:
        if key not in state.sources:
            raise UsageError(f"There is no recording {key!r} in this document.")
    moved = [(state.sources[key], replace(state.sources[key], path=path)) for key, path in paths.items()]
    return Edit(f"Found {counted(len(moved), 'recording')} again", row_changes(moved))


def replace_proposals(
    state: DocumentState,
    proposals: Iterable[Proposal],
    settings: Mapping[str, object],
    label: str,
    merges_as: str = "",
    kinds: Collection[str] = (),
    makers: Collection[str] = (),
) -> Edit:
    """Replace the undecided proposals.

    Decided, flagged or annotated proposals stay, and so do those of another planner or the user.

    Parameters
    ----------
    kinds : kinds that their planner makes; empty if it replaces all
    makers : its makers, if others make the same kinds; empty for all except makers with proposals of their
        own
    """
    held = {
        key: proposal
        for key, proposal in state.proposals.items()
        if is_held(state.decisions.get(key)) or _is_of_others(proposal, kinds, makers)
    }
    fresh = {proposal.id: proposal for proposal in proposals}
    rows: list[tuple[Row | None, Row | None]] = []
    for key, proposal in state.proposals.items():
        if key not in held and key not in fresh:
            rows.append((proposal, None))
            if (decision := state.decisions.get(key)) is not None:
                rows.append((decision, None))
    rows += [(state.proposals.get(key), new) for key, new in fresh.items() if key not in held]
    rows += _setting_rows(state, settings)
    return Edit(label, row_changes(rows), merges_as)


def add_proposals(state: DocumentState, proposals: Iterable[Proposal], label: str) -> Edit:
    """Add proposals to the existing ones; decided, flagged or annotated ones stay as they are."""
    return Edit(
        label,
        row_changes(
            (state.proposals.get(one.id), one)
            for one in proposals
            if not is_held(state.decisions.get(one.id))
        ),
    )


def _is_of_others(proposal: Proposal, kinds: Collection[str], makers: Collection[str]) -> bool:
    if not kinds:
        return False
    is_own = proposal.maker in makers if makers else not only_it_replaces(proposal.maker)
    return proposal.kind not in kinds or not is_own


def is_held(decision: Decision | None) -> bool:
    """Return whether the user decided, flagged or annotated a proposal, so that planners leave it."""
    if decision is None:
        return False
    return decision.verdict is not Verdict.UNDECIDED or decision.flagged or bool(decision.note)


def _setting_rows(state: DocumentState, values: Mapping[str, object]) -> list[tuple[Row | None, Row | None]]:
    return [
        (Setting(name, state.settings[name]) if name in state.settings else None, Setting(name, value))
        for name, value in values.items()
    ]


def set_settings(state: DocumentState, values: Mapping[str, object], label: str) -> Edit:
    """Change settings of the document."""
    return Edit(label, row_changes(_setting_rows(state, values)))


def set_analyses(
    state: DocumentState, current: Mapping[str, str], label: str, *, by_listening: bool = False
) -> Edit:
    """Make stored analyses, given by kind and id, the current ones; see `Edit.by_listening`."""
    rows = [
        (
            CurrentAnalysis(kind, state.analyses[kind]) if kind in state.analyses else None,
            CurrentAnalysis(kind, analysis_id),
        )
        for kind, analysis_id in current.items()
    ]
    return Edit(label, row_changes(rows), by_listening=by_listening)


def decide(state: DocumentState, ids: Sequence[str], verdict: Verdict) -> Edit:
    """Answer proposals. Answering twice is the same as once; nudged edges stay."""
    _require(state, ids)
    decisions = state.decisions
    rows = [(decisions.get(key), _answered(state, key, verdict)) for key in ids]
    return Edit(
        f"{_PAST[verdict]} {_scope_text(state, ids)}" if ids else "Nothing to decide", row_changes(rows)
    )


def _answered(state: DocumentState, proposal_id: str, verdict: Verdict) -> Decision | None:
    """Return the decision with this verdict; None for an undecided proposal without a decision."""
    before = state.decisions.get(proposal_id)
    if before is None:
        return None if verdict is Verdict.UNDECIDED else Decision(proposal_id, verdict)
    return before if before.verdict is verdict else replace(before, verdict=verdict)


def _decision(state: DocumentState, proposal_id: str) -> Decision:
    return state.decisions.get(proposal_id) or Decision(proposal_id)


def move_edges(state: DocumentState, proposal_id: str, start_samples: int, stop_samples: int) -> Edit:
    """Move the edges of a proposal, clipped to the recording.

    Raises
    ------
    UsageError : the span is empty or the proposal unknown
    """
    required_proposal(state, proposal_id)
    start = max(0, start_samples)
    stop = min(state.length_samples, stop_samples)
    if stop <= start:
        at_s = format_time(samples_to_s(start, state.rate_hz))
        raise UsageError(
            f"The right edge must stay after the left edge at {at_s}; move the other edge first."
        )
    moved = replace(_decision(state, proposal_id), start_samples=start, stop_samples=stop)
    first, last = (format_time(samples_to_s(edge, state.rate_hz)) for edge in (start, stop))
    label = f"Edges of the {noun_of(state.proposals[proposal_id].kind)} to {first} – {last}"
    if (start, stop) == state.span(proposal_id):
        return Edit(label, ())
    return Edit(label, row_changes([(state.decisions.get(proposal_id), moved)]))


def choose_alternative(state: DocumentState, proposal_id: str, alternative: int) -> Edit:
    """Take another of a proposal's alternatives, 0 being the proposal as made; nudges are dropped."""
    required_proposal(state, proposal_id)
    proposal = state.proposals[proposal_id]
    if not 0 <= alternative <= len(proposal.alternatives):
        raise UsageError(
            f"{proposal_id} has {counted(len(proposal.alternatives), 'alternative')}, not {alternative}."
        )
    decision = _decision(state, proposal_id)
    chosen = replace(decision, alternative=alternative, start_samples=None, stop_samples=None)
    name = proposal.alternatives[alternative - 1].label if alternative else "as proposed"
    varied, decided = {key for one in proposal.alternatives for key in one.payload}, decision.payload or {}
    if varied & decided.keys():
        others = {key: value for key, value in decided.items() if key not in varied}
        chosen = replace(chosen, payload=others or None)
    what = "Other choice" if varied else "Edges"
    return Edit(
        f"{what}: {name[:1].lower()}{name[1:]}", row_changes([(state.decisions.get(proposal_id), chosen)])
    )


def flag(state: DocumentState, proposal_id: str, flagged: bool) -> Edit:
    """Keep a proposal for later, or no longer."""
    return flag_all(state, [proposal_id], flagged)


def flag_all(state: DocumentState, ids: Sequence[str], flagged: bool = True) -> Edit:
    """Keep proposals for later, or no longer; one step of undo."""
    _require(state, ids)
    pairs = ((key, replace(_decision(state, key), flagged=flagged)) for key in ids)
    verb = "Flagged" if flagged else "Unflagged"
    label = f"{verb} {_scope_text(state, ids)}" if ids else "Nothing to flag"
    return Edit(label, row_changes((state.decisions.get(key), marked) for key, marked in pairs))


def document_note(state: DocumentState) -> str:
    """Return the user's note on the document."""
    note = state.settings.get(NOTE, "")
    return note if isinstance(note, str) else ""


def set_document_note(state: DocumentState, note: str) -> Edit:
    """Write down something about the document; an empty note takes away the one there was.

    Raises
    ------
    UsageError : it is too long
    """
    _require_short(note)
    label = "Note about the document" if note else "Took away the note about the document"
    return Edit(
        label, row_changes(_setting_rows(state, {NOTE: note})) if note != document_note(state) else ()
    )


def set_note(state: DocumentState, proposal_id: str, note: str) -> Edit:
    """Set the note on a proposal; an empty note removes it.

    Raises
    ------
    UsageError : it is too long, or the proposal is unknown
    """
    required_proposal(state, proposal_id)
    _require_short(note)
    what = span_text(state, proposal_id)
    before = state.decisions.get(proposal_id)
    noted = replace(_decision(state, proposal_id), note=note)
    changes = row_changes([(before, noted)]) if note != _decision(state, proposal_id).note else ()
    return Edit(f"Note on the {what}" if note else f"Took away the note on the {what}", changes)


def _require_short(note: str) -> None:
    if len(note) > LONGEST_NOTE:
        raise UsageError(
            f"A note holds {LONGEST_NOTE:,} letters, and this one has {len(note):,}: shorten it."
        )
