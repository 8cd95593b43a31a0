"""Fades where the result begins and ends, as edits by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.core.errors import UsageError
from engine.core.timebase import format_time, s_to_samples, samples_to_s
from engine.document.by_hand import delete_edits, edit_by_hand
from engine.document.change import Edit, merged
from engine.document.file.storage import apply_rows
from engine.document.kinds.sounding import (
    GAIN_DB,
    LONGEST_FADE_MS,
    QUIETEST_DB,
    START_RAMP_MS,
    STOP_RAMP_MS,
    fade_name,
)
from engine.document.proposals import BY_HAND, Proposal
from engine.document.recorded import require_recording
from engine.document.state import DocumentState
from engine.sound.edl.build import build

USUAL_IN_MS, USUAL_OUT_MS = 10.0, 500.0
SHORTEST_FADE_MS = 1.0


@dataclass(frozen=True, slots=True)
class _End:
    """One end of the result and the fade that it gets.

    Attributes
    ----------
    segment : the number of the one that is played there
    ramps_ms : at the start and at the stop of the span
    """

    name: str
    segment: int
    span_samples: tuple[int, int]
    ramps_ms: tuple[float, float]


def fade_ends(state: DocumentState, in_ms: float, out_ms: float) -> tuple[Edit, tuple[Proposal, ...]]:
    """Return the edit that fades all tracks in where the result begins, and out where it ends.

    Each fade is a gain of a span of the recording, accepted at once. The fades that this made before go,
    wherever the result began and ended then.

    Parameters
    ----------
    in_ms, out_ms : lengths; 0 for no fade at this end

    Returns
    -------
    The edit and the gains that it makes, one or two.

    Raises
    ------
    UsageError : the document has no recording or plays nothing, a length is out of range or longer than the
        segment
        that is played at its end, or a fade would sound elsewhere too
    """
    require_ends(state)
    asked = {"in": in_ms, "out": out_ms}
    for name, length_ms in asked.items():
        if length_ms and not SHORTEST_FADE_MS <= length_ms <= LONGEST_FADE_MS:
            raise UsageError(
                f"A fade {name} of {length_ms:g} ms is not possible: give {SHORTEST_FADE_MS:g} to "
                f"{LONGEST_FADE_MS:.0f} ms, or 0 for none."
            )
    ends = [_end(state, name, length_ms) for name, length_ms in asked.items() if length_ms]
    if not ends:
        raise UsageError("Both fades are 0 ms: give one of them a length. To remove fades, delete the edits.")
    for end in ends:
        _require_played_once(state, end)
    return _made(state, ends)


def require_ends(state: DocumentState) -> None:
    """Refuse a document that plays nothing.

    Raises
    ------
    UsageError : the document has no recording, or nothing of it is played
    """
    require_recording(state, "fade")
    if build(state).is_empty:
        raise UsageError("Nothing is played, so there is nothing to fade: reject a cut first.")


def fades_ms(state: DocumentState) -> tuple[float, float] | None:
    """Return the lengths of the fades in and out that `fade_ends` made; None where it made none."""
    own = _own(state)
    if not own:
        return None
    lengths_ms = {
        fade_name(one.payload): 1000 * samples_to_s(one.stop_samples - one.start_samples, state.rate_hz)
        for one in own
    }
    return lengths_ms.get("in", 0.0), lengths_ms.get("out", 0.0)


def _end(state: DocumentState, name: str, length_ms: float) -> _End:
    played = build(state)
    is_out = name == "out"
    segment = int(np.flatnonzero(~played.inserted)[-1 if is_out else 0])
    start, stop = int(played.kept_starts_samples[segment]), int(played.kept_stops_samples[segment])
    length = s_to_samples(length_ms / 1000, state.rate_hz)
    if length > stop - start:
        raise UsageError(
            f"The {'last' if is_out else 'first'} segment that is played lasts "
            f"{1000 * samples_to_s(stop - start, state.rate_hz):.0f} ms, so a fade {name} of {length_ms:g} "
            "ms does not fit: give a shorter one."
        )
    if is_out:
        return _End(name, segment, (stop - length, stop), (length_ms, 0.0))
    return _End(name, segment, (start, start + length), (0.0, length_ms))


def _require_played_once(state: DocumentState, end: _End) -> None:
    """Refuse a fade in audio that is played again, since it would fade there, too."""
    played, (start, stop) = build(state), end.span_samples
    again = (played.kept_starts_samples < stop) & (start < played.kept_stops_samples)
    again[end.segment] = False
    if again.any():
        place = int(np.flatnonzero(again)[0])
        at_s = samples_to_s(int(played.seams_samples[place]), state.rate_hz)
        raise UsageError(
            f"The fade {end.name} would sound a second time: the segment at {format_time(at_s, 1)} of the "
            "result plays the same sound. Give a shorter fade, or fade the exported file instead."
        )


def _made(state: DocumentState, ends: Sequence[_End]) -> tuple[Edit, tuple[Proposal, ...]]:
    changes = delete_edits(state, [one.id for one in _own(state)]).changes
    bare = apply_rows(state, changes)
    proposals = []
    for end in ends:
        start_ms, stop_ms = end.ramps_ms
        payload = {GAIN_DB: QUIETEST_DB, START_RAMP_MS: start_ms, STOP_RAMP_MS: stop_ms}
        edit, proposal = edit_by_hand(bare, "gain", *end.span_samples, payload)
        changes = merged(changes, edit.changes)
        proposals.append(proposal)
    if not changes:
        raise UsageError("The result has these fades already.")
    said = " and ".join(f"{end.name} {max(end.ramps_ms):g} ms" for end in ends)
    return Edit(f"Fade {said}, by hand", changes), tuple(proposals)


def _own(state: DocumentState) -> list[Proposal]:
    """Return the fades that were made here: no other edit by hand has a ramp at one edge alone."""
    return [
        one
        for one in state.proposals.values()
        if one.kind == "gain" and one.maker == BY_HAND and fade_name(one.payload)
    ]
