"""What an export is asked for and what it answers, shared by all formats."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from engine.audio.dither import Dither
from engine.document.analysis import BeatGrid
from engine.document.decisions import Verdict
from engine.document.proposals import Proposal
from engine.document.state import DocumentState
from engine.wording import counted


class Depth(StrEnum):
    """The sample format of an audio file."""

    BITS_16 = "16"
    BITS_24 = "24"
    FLOAT_32 = "32f"


class FrameRate(StrEnum):
    """Frames a second, for the formats that count in frames."""

    FPS_23_976 = "23.976"
    FPS_24 = "24"
    FPS_25 = "25"
    FPS_29_97 = "29.97"
    FPS_30 = "30"
    FPS_50 = "50"
    FPS_59_94 = "59.94"
    FPS_60 = "60"


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """How a file is written; the defaults write the whole mix as it is.

    Attributes
    ----------
    stems : one audio file for each track that is heard, instead of the mix
    removed : what the cuts took out, one after another, instead of what they left
    range_samples : the part [start, stop) of the audio file that is written, in samples of the document
    loudness_lufs : normalise the audio to this integrated loudness
    depth : the sample format; None keeps that of the sources
    dither : None adds TPDF where `depth` makes the samples shorter, and nothing elsewhere
    broadcast : write `bext`, `iXML` and cue points into WAV files
    frame_rate : of the timecode in `.edl`, `.xml`, `.fcpxml` and `.aaf`
    """

    stems: bool = False
    removed: bool = False
    range_samples: tuple[int, int] | None = None
    loudness_lufs: float | None = None
    depth: Depth | None = None
    dither: Dither | None = None
    broadcast: bool = True
    frame_rate: FrameRate = FrameRate.FPS_25


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """One file to write.

    Attributes
    ----------
    media : where each source is now, by source id, and which document holds stored audio, by its key
    out : the file to write; its suffix chooses the format
    overwrite : whether the user has agreed to replace an existing file
    document_name : what the user calls the document
    grid : the beats, on the source timeline, for the formats that hold a tempo
    """

    state: DocumentState
    media: Mapping[str, Path]
    out: Path
    overwrite: bool = False
    document_name: str = ""
    options: ExportOptions = ExportOptions()
    grid: BeatGrid | None = None

    @property
    def title(self) -> str:
        """What the next program shows as the name: the document's, else the file's."""
        return self.document_name or self.out.stem


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written.

    Attributes
    ----------
    sentence : what to tell the user
    figures : numbers by name, such as "length_s" and "cuts"
    parts : where stems were written, one for each
    """

    path: Path
    sentence: str
    figures: Mapping[str, float] = field(default_factory=dict)
    parts: tuple[Exported, ...] = ()


@dataclass(frozen=True, slots=True)
class AcceptedEdit:
    """An accepted proposal with the span it has after the user's nudges, on the source timeline."""

    proposal: Proposal
    start_samples: int
    stop_samples: int


def accepted_edits(state: DocumentState) -> tuple[AcceptedEdit, ...]:
    """Return the accepted proposals, by their start."""
    cuts = [
        AcceptedEdit(proposal, *state.span(proposal.id))
        for proposal in state.proposals.values()
        if state.verdict(proposal.id) is Verdict.ACCEPTED
    ]
    return tuple(sorted(cuts, key=lambda cut: (cut.start_samples, cut.stop_samples, cut.proposal.id)))


def counted_edits(edits: Sequence[AcceptedEdit]) -> str:
    """Return how many there are, by the name of their kind where they are all of one."""
    kinds = {edit.proposal.kind for edit in edits}
    return counted(len(edits), kinds.pop() if len(kinds) == 1 else "edit")


def edit_figures(edits: Sequence[AcceptedEdit]) -> dict[str, float]:
    """Return how many edits of each kind there are, as "cuts" or "repeats", and of all as "edits"."""
    found = Counter(f"{edit.proposal.kind}s" for edit in edits)
    return {"cuts": 0.0, **{name: float(count) for name, count in found.items()}, "edits": float(len(edits))}
