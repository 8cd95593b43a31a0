"""``offcut match (RAW... | PROJECT) EDITED``: recover the edit list behind an edited file."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

from engine.cli.documents import opened
from engine.cli.editing.propose import propose_in
from engine.cli.output import Verb, VerbOutput
from engine.core.errors import UsageError
from engine.core.files.safe_write import shown
from engine.core.progress import Progress
from engine.core.timebase import format_time, samples_to_s
from engine.core.wording import level_text, percent

if TYPE_CHECKING:
    from engine.features.match.matched import Matched, Segment


def add_match_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the verb."""
    parser.add_argument(
        "audio",
        type=Path,
        nargs="+",
        metavar="AUDIO",
        help="the raw recordings or a document, then the edited file",
    )


def run_match(options: argparse.Namespace, progress: Progress) -> Iterator[VerbOutput]:
    """Print the edit list; of a document, make it the document's."""
    *raws, edited = options.audio
    if not raws:
        raise UsageError("Only one file is named: name the raw recordings and, last, the edited file.")
    if raws[0].suffix == ".offcut":
        yield _into_document(raws, edited, progress)
        return
    from engine.features.match.match import match
    from engine.features.match.matched import figures_of

    matched = match(raws, edited, progress)
    yield VerbOutput(figures_of(matched), "\n".join(_table(matched)))


MATCH = Verb(add_match_arguments, run_match)


def _into_document(projects: Sequence[Path], edited: Path, progress: Progress) -> VerbOutput:
    """Have the finder match make the edit that of a document."""
    if len(projects) > 1:
        raise UsageError("An edit goes into one document: name one, and then the edited file.")
    with opened(projects[0]) as document:
        found = propose_in(document, "match", {"edited": str(edited)}, progress)
    figures = {**found.found.figures, "proposals": len(found.found.proposals)}
    for key in ("segments", "left_out"):
        rows = cast(list[dict[str, object]], figures[key])
        figures[key] = [{**row, "raw": str(projects[0])} for row in rows]
    return VerbOutput(figures, found.sentence)


def _table(matched: Matched) -> Iterator[str]:
    rate_hz = matched.rate_hz
    if matched.segments:
        times = f"{'edited':>12}  {'from':>12}  {'to':>12}"
        yield f"{times}  {'gain':>9}  {'crossfade':>22}  {'left':>9}  recording"
    for one in matched.segments:
        spans = (one.edited_start_samples, one.raw_start_samples, one.raw_stop_samples)
        times = "  ".join(f"{format_time(samples_to_s(at, rate_hz)):>12}" for at in spans)
        fade = "hard cut"
        if one.crossfade_shape is not None:
            fade = f"{1000 * samples_to_s(one.crossfade_samples, rate_hz):.1f} ms {one.crossfade_shape.value}"
        left = "" if one.residual_db is None else level_text(one.residual_db)
        left = f"{percent(one.similarity)} alike" if one.similarity is not None else left
        notes = _notes(one)
        yield f"{times}  {one.gain_db:+6.2f} dB  {fade:>22}  {left:>9}  {shown(matched.raws[one.raw])}{notes}"
    for span in matched.unmatched:
        yield f"{_span_text(span, rate_hz)} of the edited file comes from none of the recordings."
    for span in matched.covered:
        yield f"{_span_text(span, rate_hz)} of the edited file has something else over the recording."
    yield matched.verdict


def _span_text(span: tuple[int, int], rate_hz: int) -> str:
    return " to ".join(format_time(samples_to_s(at, rate_hz)) for at in span)


def _notes(segment: Segment) -> str:
    notes = [f"gain ridden over {len(segment.gain_ride)} points"] if segment.gain_ride else []
    if segment.speed != 1.0:
        notes.append(f"speed {segment.speed:.5f}")
    if segment.pitch_semitones:
        notes.append(f"{segment.pitch_semitones:+.2f} semitones")
    if segment.eq_db:
        notes.append(", ".join(f"{point.at_hz:,} Hz {point.gain_db:+.1f} dB" for point in segment.eq_db))
    if segment.delay_samples:
        notes.append(f"{segment.delay_samples:+.2f} samples late")
    return f" ({', '.join(notes)})" if notes else ""
