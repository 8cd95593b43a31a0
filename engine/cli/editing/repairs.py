"""Repairs on the command line: in one span, or at every occurrence of a sound."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine.cli.documents import media_of, opened_to_edit, tracks_named
from engine.cli.numbers import proposal_row
from engine.cli.output import VerbOutput
from engine.core.errors import UsageError
from engine.core.progress import Progress
from engine.core.timebase import s_to_samples
from engine.core.wording import counted
from engine.document.decisions import Verdict
from engine.document.proposals import Proposal
from engine.document.state import DocumentState
from engine.features.repair.finders.repair.requests import FADE_MS, RepairSettings, separations_edit
from engine.features.repair.separation.paint import Paint, Range
from engine.features.repair.separation.settings import mute_offer
from engine.recordings.spans import SpanRequest

if TYPE_CHECKING:
    pass

MODES = ("remove", "keep")


def repair(options: argparse.Namespace, progress: Progress) -> VerbOutput:
    """Isolate or remove named sounds in a span; accepted at once, unless the sound is uncertain."""
    from engine.features.repair.finders.repair.separate import asked_for, separate_in_document

    with opened_to_edit(options.project) as document:
        state = document.state
        span = s_to_samples(options.start_s, state.rate_hz), s_to_samples(options.stop_s, state.rate_hz)
        settings = RepairSettings(
            ", ".join(options.text or ()),
            options.mode == "keep",
            options.strength_db,
            FADE_MS if options.fade_ms is None else options.fade_ms,
            _band(options.band_hz, span),
        )
        spans = SpanRequest(state, media_of(document), tracks_named(state, options.tracks), (span,))
        found = separate_in_document(asked_for(spans, settings), progress)
        is_sure = found.change.is_sure
        edit, proposals = separations_edit(state, found, accepted=is_sure)
        document.apply(edit, audio=found.audio)
    on = counted(len(proposals), "track")
    return VerbOutput(
        {
            "repairs": [
                {**_row(state, one), **change.fields()}
                for one, change in zip(proposals, found.changes, strict=True)
            ],
            **found.change.fields(),
            "state": str(Verdict.ACCEPTED if is_sure else Verdict.UNDECIDED),
            "refused_places": found.refused,
        },
        f"{edit.label}, on {on} ({', '.join(one.id for one in proposals)}). {found.change.levels_words}."
        f"{mute_offer(found.change)}",
    )


def _band(band_hz: Sequence[float] | None, span: tuple[int, int]) -> tuple[Paint, ...]:
    """Return a range of frequencies as it would be painted.

    Raises
    ------
    UsageError : it ends before it begins, or begins below 0
    """
    if band_hz is None:
        return ()
    low, high = band_hz
    if not 0 <= low < high:
        raise UsageError(
            f"--band-hz {low:g} {high:g} is not a range: give the lower frequency first, 0 or more."
        )
    return (Range(*span, low, high),)


def _row(state: DocumentState, one: Proposal) -> dict[str, object]:
    names = {track.id: track.name for track in state.tracks}
    row = proposal_row(one, state.rate_hz, "reason", "maker", "payload")
    return row | {"tracks": [names[track] for track in one.tracks]}
