"""Crossfades of edits, so that each seam has the length that it is wanted to have.

A seam is as long as the longest crossfade of the edits that meet there, and no longer than there is material
for. So each edit gets the shortest of what its seams are wanted to have, not counting those that are as long
as they can be.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from engine.document.decisions import Edited
from engine.document.kinds import KINDS
from engine.document.kinds.operations import Drop, Order
from engine.document.kinds.ordering import TO_SAMPLES
from engine.document.kinds.payload import CROSSFADE_MS, HAND_CROSSFADE_MS, LONGEST_CROSSFADE_MS
from engine.edl.edit_list import EditList
from engine.edl.programme import NO_HOLDS, Orders, programme
from engine.jobs.arrangements.arranged import Wanted

Seam = tuple[int, int]
"""Where the document stops being heard and where it goes on; -1 at the start and the end of the result."""


def played_by(wanted: Sequence[Wanted], length_samples: int, rate_hz: int) -> EditList:
    """Return what is heard of a document once edits are made of when it sounds."""
    effects = [
        operation
        for one in wanted
        for operation in KINDS[one.kind].effect(Edited(one.start_samples, one.stop_samples, one.payload))
    ]
    drops = [one for one in effects if isinstance(one, Drop)]
    rows = [(one.start_samples, one.stop_samples) for one in drops]
    starts, stops = np.array(rows, np.int64).reshape(-1, 2).T
    fades_ms = np.array([one.crossfade_ms for one in drops], np.float64)
    orders = Orders.of([one for one in effects if isinstance(one, Order)])
    return programme(starts, stops, fades_ms, NO_HOLDS, orders, length_samples, rate_hz)


def fades_of(edit_list: EditList) -> dict[Seam, int]:
    """Return the length of each crossfade in samples, and of the fades at the ends."""
    stops = [-1, *edit_list.kept_stops_samples.tolist()]
    starts = [*edit_list.kept_starts_samples.tolist(), -1]
    lengths = [*edit_list.fades_in_samples.tolist(), *edit_list.fades_out_samples[-1:].tolist()]
    return dict(zip(zip(stops, starts, strict=True), lengths, strict=True)) if len(starts) > 1 else {}


def with_crossfades(
    wanted: Sequence[Wanted], seams: Mapping[Seam, int | None], length_samples: int, rate_hz: int
) -> tuple[Wanted, ...]:
    """Return edits whose crossfades make the seams as long as they are wanted to be.

    Parameters
    ----------
    seams : length of each in samples; None where it is unknown, which makes it as long as one made by hand
    """
    usual = round(HAND_CROSSFADE_MS * rate_hz / 1000)
    longest = [_with_fade(one, LONGEST_CROSSFADE_MS) for one in wanted]
    most = fades_of(played_by(longest, length_samples, rate_hz))
    asked = {seam: usual if length is None else length for seam, length in seams.items()}
    at: dict[int, list[Seam]] = {}
    for seam in most:
        for edge in seam:
            at.setdefault(edge, []).append(seam)
    found = []
    for one in wanted:
        edges = {one.start_samples, one.stop_samples}
        if TO_SAMPLES in one.payload:
            edges.add(int(str(one.payload[TO_SAMPLES])))
        touched = dict.fromkeys(seam for edge in edges for seam in at.get(edge, ()))
        if one.kind == "cut":
            touched = dict.fromkeys(
                seam for seam in touched if seam[0] == one.start_samples or seam[1] == one.stop_samples
            )
        known = [(asked[seam], most[seam]) for seam in touched if seam in asked]
        binding = [length for length, limit in known if length < limit]
        free = [length for length, _ in known]
        samples = min(binding) if binding else max(free, default=0)
        found.append(_with_fade(one, min(1000 * samples / rate_hz, LONGEST_CROSSFADE_MS)))
    return tuple(found)


def _with_fade(one: Wanted, fade_ms: float) -> Wanted:
    return replace(one, payload={**one.payload, CROSSFADE_MS: fade_ms})
