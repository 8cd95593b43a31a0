"""Takes that the accepted edits let play, and the stored form of takes. Imports no heavy package."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from engine.analysis.found_takes import FalseStart, FoundTakes, Take, TakeGroup
from engine.core.timebase import common, s_to_samples
from engine.core.wording import listed
from engine.document.analysis import TAKES, Analysis, StoredTakes
from engine.document.edits.analyses import takes_id
from engine.document.proposals import BY_HAND, BY_IMPORT, BY_MATCH, Decision, Proposal, Verdict
from engine.document.state import DocumentState
from engine.document.table import table_of
from engine.sound.edl.build import dropped
from engine.sound.edl.gathered import gathered

CUT_SHARE = 0.5
"""Share of a take that cuts remove, from which on it does not play."""
_PARTLY, _ONCE = (0.1, 0.9), 1.2
"""Shares of takes that are cut in part, and how often such takes play a passage together that is comped."""
_CHOSEN_BY_USER = (BY_HAND, BY_MATCH, BY_IMPORT)


def span_of(state: DocumentState, take: Take) -> tuple[int, int]:
    """Return where a take is in a document."""
    rate_hz, length = state.rate_hz, state.length_samples
    return min(s_to_samples(take.start_s, rate_hz), length), min(s_to_samples(take.stop_s, rate_hz), length)


def without_answers_to(state: DocumentState, maker: str) -> DocumentState:
    """Return a document without the decisions on the proposals of a maker, which it makes again."""
    own = {key for key, one in state.proposals.items() if one.maker == maker}
    return replace(state, decisions={key: one for key, one in state.decisions.items() if key not in own})


def do_play(state: DocumentState, spans: Sequence[tuple[int, int]]) -> NDArray[np.bool_]:
    """Return which spans the accepted edits let play for the most part, shape (n,)."""
    return _cut_shares(state, spans) < CUT_SHARE


def _cut_shares(state: DocumentState, spans: Sequence[tuple[int, int]]) -> NDArray[np.float64]:
    """Return the share of each span that the accepted edits cut, shape (n,)."""
    cuts = dropped(state, gathered(state, table_of(state).are(Verdict.ACCEPTED)))
    met = [common(cuts, np.array([span], np.int64)) for span in spans]
    return np.array(
        [
            float(np.diff(some).sum()) / max(stop - start, 1)
            for some, (start, stop) in zip(met, spans, strict=True)
        ]
    )


def comped_by_hand(state: DocumentState, found: FoundTakes) -> frozenset[int]:
    """Return the numbers of groups in which the user's cuts leave parts of several takes, each part once."""
    own = {key for key, one in state.proposals.items() if one.maker in _CHOSEN_BY_USER}
    alone = replace(state, decisions={key: one for key, one in state.decisions.items() if key in own})
    comped = set()
    for number, group in enumerate(found.groups):
        shares = _cut_shares(alone, [span_of(state, take) for take in group.takes])
        partly = shares[(shares > _PARTLY[0]) & (shares < _PARTLY[1])]
        if len(partly) > 1 and float((1.0 - partly).sum()) <= _ONCE:
            comped.add(number)
    return frozenset(comped)


def lost_passages(state: DocumentState, found: FoundTakes, proposals: Iterable[Proposal]) -> tuple[str, ...]:
    """Return the names of passages that lose their last playing take if these are accepted as well."""
    fresh = {one.id: one for one in proposals}
    accepted = {key: Decision(key, Verdict.ACCEPTED) for key in fresh}
    after = replace(state, proposals={**state.proposals, **fresh}, decisions={**state.decisions, **accepted})
    return lost_between(state, after, found)


def lost_between(before: DocumentState, after: DocumentState, found: FoundTakes | None) -> tuple[str, ...]:
    """Return the names of passages with a playing take before an answer, and without one after it."""
    if found is None or not found.groups:
        return ()
    spans = [span_of(before, take) for group in found.groups for take in group.takes]
    first = np.cumsum([0, *(len(group.takes) for group in found.groups[:-1])])
    played, plays = (np.logical_or.reduceat(do_play(each, spans), first) for each in (before, after))
    return tuple(found.groups[number].name for number in np.flatnonzero(played & ~plays).tolist())


def lost_sentence(lost: Sequence[str]) -> str:
    """Return the warning after an answer that removed the last takes of passages; empty without any."""
    if not lost:
        return ""
    return f"No take of the {listed(lost)} plays any more. Reject the cut of one take of each to keep it."


def known_takes(state: DocumentState, stored: Analysis | None) -> FoundTakes | None:
    """Return the stored takes if they belong to the tracks as they are; else None."""
    is_current = state.analyses.get(TAKES) == takes_id(state)
    return takes_from(stored) if is_current and isinstance(stored, StoredTakes) else None


def stored_takes(found: FoundTakes) -> StoredTakes:
    """Return takes as a document stores them."""
    takes = [(number, take) for number, group in enumerate(found.groups) for take in group.takes]
    starts = found.false_starts
    return StoredTakes(
        names=[group.name for group in found.groups],
        passages=np.array([number for number, _ in takes], np.int64),
        spans_s=np.array([(take.start_s, take.stop_s) for _, take in takes], np.float64).reshape(-1, 2),
        is_complete=np.array([take.complete for _, take in takes], np.int8),
        semitones=np.array([take.transposed_semitones for _, take in takes], np.int64),
        speeds=np.array([take.speed for _, take in takes], np.float64),
        shares=np.array([(take.from_share, take.to_share) for _, take in takes], np.float64).reshape(-1, 2),
        false_starts_s=np.array(
            [(one.start_s, one.stop_s, one.begins_again_s) for one in starts], np.float64
        ).reshape(-1, 3),
        likelihoods=np.array([one.likelihood for one in starts], np.float64),
        played_s=np.array(found.played_s, np.float64).reshape(-1, 2),
    )


def takes_from(stored: StoredTakes) -> FoundTakes:
    """Return takes that a document stores."""
    columns = (stored.spans_s, stored.is_complete, stored.semitones, stored.speeds, stored.shares)
    rows = zip(*(column.tolist() for column in columns), strict=True)
    takes = [
        Take(start_s, stop_s, bool(is_complete), semitones, speed, from_share, to_share)
        for (start_s, stop_s), is_complete, semitones, speed, (from_share, to_share) in rows
    ]
    groups = (
        TakeGroup(name, tuple(takes[row] for row in np.flatnonzero(stored.passages == number)))
        for number, name in enumerate(stored.names)
    )
    starts = zip(stored.false_starts_s.tolist(), stored.likelihoods.tolist(), strict=True)
    return FoundTakes(
        tuple(groups),
        tuple(FalseStart.of(start, stop, again, likelihood) for (start, stop, again), likelihood in starts),
        tuple((start, stop) for start, stop in stored.played_s.tolist()),
    )
