"""``offcut match (RAW... | PROJECT) EDITED``: recover the edit list behind an edited file."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from engine.cli.documents import analysing, media_of, opened
from engine.cli.output import VerbOutput
from engine.errors import UsageError
from engine.files.safe_write import shown
from engine.progress import Progress
from engine.timebase import format_time, samples_to_s
from engine.wording import level_text

if TYPE_CHECKING:
    from engine.matching.matched import Matched, Segment


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes."""
    parser.add_argument(
        "audio",
        type=Path,
        nargs="+",
        metavar="AUDIO",
        help="the raw recordings or a document, then the edited file",
    )


def run(options: argparse.Namespace, progress: Progress) -> Iterator[VerbOutput]:
    """Print the edit list; of a document, make it the document's."""
    *raws, edited = options.audio
    if not raws:
        raise UsageError("Only one file is named: name the raw recordings and, last, the edited file.")
    if raws[0].suffix == ".offcut":
        yield _into_document(raws, edited, progress)
        return
    from engine.jobs.matched.match import MatchRequest, match_edited

    matched = match_edited(MatchRequest(tuple(raws), edited), progress)
    yield VerbOutput(_fields(matched), "\n".join(_table(matched)))


def _into_document(projects: Sequence[Path], edited: Path, progress: Progress) -> VerbOutput:
    if len(projects) > 1:
        raise UsageError("An edit goes into one document: name one, and then the edited file.")
    with opened(projects[0]) as document:
        # What is missing is told before torch is imported, which takes seconds.
        from engine.jobs.matched.edit import MatchedEditRequest, matched_edit

        request = MatchedEditRequest(document.state, media_of(document), edited)
        with analysing(document):
            made = matched_edit(request, progress)
        document.apply(made.put_into(document.state))
    found = replace(made.matched, raws=(projects[0],))
    fields = {"proposals": len(made.proposals), "played_residual_db": made.residual_db, "notes": made.notes}
    return VerbOutput(_fields(found) | fields, "\n".join((*made.notes[1:], made.sentence)))


def _fields(matched: Matched) -> dict[str, object]:
    rate_hz = matched.rate_hz
    return {
        "edited": str(matched.edited),
        "rate_hz": rate_hz,
        "length_s": samples_to_s(matched.length_samples, rate_hz),
        "verdict": matched.verdict,
        "matched_share": matched.matched_share,
        "segments": [_segment_fields(matched, segment) for segment in matched.segments],
        "unmatched": _seconds(matched.unmatched, rate_hz),
        "covered": _seconds(matched.covered, rate_hz),
        "left_out": [
            {"raw": str(raw), "spans": _seconds(spans, rate_hz)}
            for raw, spans in zip(matched.raws, matched.left_out, strict=True)
        ],
    }


def _seconds(spans: Sequence[tuple[int, int]], rate_hz: int) -> list[list[float]]:
    return [[samples_to_s(start, rate_hz), samples_to_s(stop, rate_hz)] for start, stop in spans]


def _segment_fields(matched: Matched, segment: Segment) -> dict[str, object]:
    rate_hz = matched.rate_hz
    return {
        "raw": str(matched.raws[segment.raw]),
        "raw_start_s": samples_to_s(segment.raw_start_samples, rate_hz),
        "raw_stop_s": samples_to_s(segment.raw_stop_samples, rate_hz),
        "edited_start_s": samples_to_s(segment.edited_start_samples, rate_hz),
        "edited_stop_s": samples_to_s(segment.edited_stop_samples, rate_hz),
        "gain_db": round(segment.gain_db, 4),
        "crossfade_s": samples_to_s(segment.crossfade_samples, rate_hz),
        "crossfade_shape": None if segment.crossfade_shape is None else segment.crossfade_shape.value,
        "gain_ride": [
            [samples_to_s(point.at_samples, rate_hz), round(point.gain_db, 4)] for point in segment.gain_ride
        ],
        "delay_samples": round(segment.delay_samples, 4),
        "speed": round(segment.speed, 8),
        "residual_db": segment.residual_db,
        "filtered_residual_db": segment.filtered_residual_db,
        "is_boundary_free": segment.is_boundary_free,
    }


def _table(matched: Matched) -> Iterator[str]:
    rate_hz = matched.rate_hz
    if matched.segments:
        times = f"{'edited':>12}  {'from':>12}  {'to':>12}"
        yield f"{times}  {'gain':>9}  {'crossfade':>22}  {'left':>8}  recording"
    for one in matched.segments:
        spans = (one.edited_start_samples, one.raw_start_samples, one.raw_stop_samples)
        times = "  ".join(f"{format_time(samples_to_s(at, rate_hz)):>12}" for at in spans)
        fade = "hard cut"
        if one.crossfade_shape is not None:
            fade = f"{1000 * samples_to_s(one.crossfade_samples, rate_hz):.1f} ms {one.crossfade_shape.value}"
        left = "" if one.residual_db is None else level_text(one.residual_db)
        notes = _notes(one)
        yield f"{times}  {one.gain_db:+6.2f} dB  {fade:>22}  {left:>8}  {shown(matched.raws[one.raw])}{notes}"
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
    if segment.delay_samples:
        notes.append(f"{segment.delay_samples:+.2f} samples late")
    return f" ({', '.join(notes)})" if notes else ""
