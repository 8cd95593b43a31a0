"""What an export is asked for and what it answers, shared by all formats."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from engine.document.decisions import Verdict
from engine.document.proposals import Proposal
from engine.document.state import DocumentState


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """One file to write.

    Attributes
    ----------
    media : where each source is now, by source id
    out : the file to write; its suffix chooses the format
    overwrite : whether the user has agreed to replace an existing file
    document_name : what the user calls the document
    """

    state: DocumentState
    media: Mapping[str, Path]
    out: Path
    overwrite: bool = False
    document_name: str = ""


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written.

    Attributes
    ----------
    sentence : what to tell the user
    figures : numbers by name, such as "length_s" and "cuts"
    """

    path: Path
    sentence: str
    figures: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AcceptedCut:
    """An accepted proposal with the span it has after the user's nudges, on the source timeline."""

    proposal: Proposal
    start_samples: int
    stop_samples: int


def accepted_cuts(state: DocumentState) -> tuple[AcceptedCut, ...]:
    """Return the accepted proposals, by their start."""
    cuts = [
        AcceptedCut(proposal, *state.span(proposal.id))
        for proposal in state.proposals.values()
        if state.verdict(proposal.id) is Verdict.ACCEPTED
    ]
    return tuple(sorted(cuts, key=lambda cut: (cut.start_samples, cut.stop_samples, cut.proposal.id)))
