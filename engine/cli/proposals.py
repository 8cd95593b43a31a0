"""``offcut proposals PROJECT``: list the proposals and the answers."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from engine.cli.documents import analyses_of, opened
from engine.cli.output import Listing, VerbOutput
from engine.core.progress import Progress
from engine.core.timebase import format_time, samples_to_s_array
from engine.document.analysis import DetectedSounds
from engine.document.document import Document
from engine.document.file.storage import without_collection
from engine.document.kinds import KINDS
from engine.document.proposals import WEAK_EVIDENCE, Evidence, Proposal, ReferenceExample, Verdict, edited
from engine.document.state import DocumentState
from engine.document.table import VERDICTS, table_of
from engine.review.calibration import calibrate
from engine.review.wording import sounds_in_cut, sounds_sentence


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the verb."""
    parser.add_argument("project", type=Path, metavar="PROJECT")


def run(options: argparse.Namespace, progress: Progress) -> Iterator[VerbOutput | Listing]:  # noqa: ARG001
    """List the proposals in the order of their start."""
    with without_collection():
        with opened(options.project, to_read=True) as document:
            state, chances, sounds = document.state, _chances(document), document.analysis("sounds")
        if state.proposals:
            sounding = sounds if isinstance(sounds, DetectedSounds) else None
            yield Listing("proposals", _entries(state, chances, sounding, with_text=not options.json))
        else:
            yield VerbOutput({"proposals": []}, "Nothing is proposed.")


def _entries(
    state: DocumentState, chances: Mapping[str, float], sounds: DetectedSounds | None, *, with_text: bool
) -> Iterator[VerbOutput]:
    """Yield each proposal; its line takes longer to write than all the rest, and JSON needs none."""
    table = table_of(state)
    starts_s = samples_to_s_array(table.starts_samples, state.rate_hz).tolist()
    stops_s = samples_to_s_array(table.stops_samples, state.rate_hz).tolist()
    names = [verdict.value for verdict in VERDICTS]
    verdicts = [names[code] for code in table.verdicts.tolist()]
    tracks = {track.id: track.name for track in state.tracks}
    for proposal, start_s, stop_s, verdict in zip(table.made.rows, starts_s, stops_s, verdicts, strict=True):
        decision = state.decisions.get(proposal.id)
        payload = proposal.payload if decision is None else edited(proposal, decision).payload
        on = [tracks.get(track, track) for track in proposal.tracks]
        sounding = sounds_in_cut(state, proposal.id, sounds)
        fields = {
            "id": proposal.id,
            "kind": proposal.kind,
            "start_s": start_s,
            "stop_s": stop_s,
            "score": proposal.score,
            "chance": chances.get(proposal.id),
            "state": verdict,
            "reason": proposal.reason,
            "evidence": str(proposal.evidence),
            "maker": proposal.maker,
            "tracks": on,
            "payload": dict(payload),
            "nearest_kept": _reference(proposal.nearest_kept),
            "note": "" if decision is None else decision.note,
            "heard": [{"text": one.text, "likelihood": one.likelihood} for one in sounding],
        }
        text = ""
        if with_text:
            span = f"{format_time(start_s, 1)} – {format_time(stop_s, 1)}"
            text = f"{proposal.id}  {span:>19}  {proposal.score:.2f}  {verdict:<9}  "
            text += _words(state, proposal, on)
            text += f" {sounds_sentence(sounding)}" if sounding else ""
            if decision is not None and decision.note:
                text += f" · note: {' '.join(decision.note.split())}"
        yield VerbOutput(fields, text)


def _words(state: DocumentState, proposal: Proposal, on: Sequence[str]) -> str:
    """Describe its effect, its tracks, its maker and its reason."""
    kind = KINDS.get(proposal.kind)
    as_edited = edited(proposal, state.decisions.get(proposal.id))
    done = f"{proposal.kind} (not available)" if kind is None else kind.label(as_edited, state.rate_hz)
    where = f" on {', '.join(on)}" if on else ""
    weak = f" ({WEAK_EVIDENCE})" if proposal.evidence is Evidence.WEAK else ""
    return f"{done}{where} · {proposal.maker} · {proposal.reason}{weak}"


def _chances(document: Document) -> dict[str, float]:
    """Return the probability that the user would accept each undecided proposal, from the answers so far."""
    chances = calibrate(document.state, analyses_of(document)).learned.chances
    if chances is None:
        return {}
    table = table_of(document.state)
    undecided = table.are(Verdict.UNDECIDED)
    return {key: round(float(chances[k]), 4) for k, key in enumerate(table.made.ids) if undecided[k]}


def _reference(example: ReferenceExample | None) -> dict[str, object] | None:
    if example is None:
        return None
    return {
        "path": example.path,
        "start_s": example.start_s,
        "stop_s": example.stop_s,
        "distance": example.distance,
    }
