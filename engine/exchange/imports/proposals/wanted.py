"""Edits of an import before they are compared with the document, and the crossfades of their seams.

A seam is as long as the longest crossfade of the edits that meet there, limited by the material available. So
each edit gets the shortest length requested by its seams, except those already at their limit.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from engine.document.edits.markers import NamedSpan
from engine.document.kinds import KINDS
from engine.document.kinds.kind import CROSSFADE_MS, HAND_CROSSFADE_MS, LONGEST_CROSSFADE_MS
from engine.document.kinds.operations import Drop, Hold, Insert, Operation, Order
from engine.document.kinds.order import RANK, TIMES, TO_SAMPLES
from engine.document.proposals import Edited
from engine.document.state import DocumentState
from engine.exchange.imports.described import NotUnderstood
from engine.sound.edl.build import programme_of
from engine.sound.edl.edit_list import EditList
from engine.sound.edl.edits_that_play import Wanted, accepted_effect
from engine.sound.edl.gathered import gathered_operations
from engine.sound.edl.programme import NO_HOLDS, programme

TIMING: tuple[type[Operation], ...] = (Drop, Hold, Order, Insert)
"""Operations that determine when something plays."""
_MOST_TRIED = 100
Seam = tuple[int, int]
"""Positions where playback leaves the document and continues; -1 at the start and end of the result."""
_Laid = tuple[str, int, int, object, object]


@dataclass(frozen=True, slots=True)
class WantedOnTracks:
    """An edit to be made.

    Attributes
    ----------
    tracks : ids; none for all
    reason : empty for that of the import
    """

    kind: str
    start_samples: int
    stop_samples: int
    payload: Mapping[str, object] = field(default_factory=dict)
    tracks: tuple[str, ...] = ()
    reason: str = ""

    @property
    def effect(self) -> tuple[Operation, ...]:
        """Operations of the edit.

        Raises
        ------
        DocumentError : the payload is not one of the kind
        """
        edited = Edited(self.start_samples, self.stop_samples, self.payload, self.tracks)
        return KINDS[self.kind].effect(edited)


@dataclass(frozen=True, slots=True)
class WantedEdits:
    """All that a file wants.

    Attributes
    ----------
    gives_way : classes of operations; accepted proposals of them that are not wanted are taken back
    markers : on the timeline of the recordings
    gains_db : of tracks, by id
    result : the resulting edit list; None if the file does not specify all of it
    has_crossfades, has_edge_fades : whether it specifies the lengths of fades, between clips and at the ends
    left_out : a sentence each
    stays : ids of accepted proposals that remain in any class
    not_understood : parts of the file that are missing here
    premises : assumptions where the file states nothing, a sentence each
    """

    edits: tuple[WantedOnTracks, ...]
    gives_way: tuple[type[Operation], ...] = TIMING
    markers: tuple[NamedSpan, ...] = ()
    gains_db: Mapping[str, float] = field(default_factory=dict)
    result: EditList | None = None
    has_crossfades: bool = True
    has_edge_fades: bool = True
    left_out: tuple[str, ...] = ()
    stays: frozenset[str] = frozenset()
    not_understood: tuple[NotUnderstood, ...] = ()
    premises: tuple[str, ...] = ()

    def is_same(self, edit_list: EditList) -> bool:
        """Return whether the document already plays exactly this, as precisely as the file specifies it."""
        if self.result is None:
            return False
        mine, theirs = (
            {key: self._compared(own) for key, own in [("", one), *one.own.items()]}
            for one in (self.result, edit_list)
        )
        return mine == theirs

    def _compared(self, one: EditList) -> tuple[list[int], ...]:
        positions = [edge for span in one.played_spans for edge in span]
        if not self.has_crossfades:
            return (positions,)
        edges = () if not self.has_edge_fades else (one.fades_in_samples[:1], one.fades_out_samples[-1:])
        return (positions, one.fades_in_samples[1:].tolist(), *(edge.tolist() for edge in edges))


def played_by(wanted: Sequence[Wanted], length_samples: int, rate_hz: int) -> EditList:
    """Return the edit list of a document with these edits of all tracks."""
    done = gathered_operations(
        [
            operation
            for one in wanted
            for operation in KINDS[one.kind].effect(Edited(one.start_samples, one.stop_samples, one.payload))
        ]
    )
    return programme(
        done.drop_starts, done.drop_stops, done.crossfades_ms, NO_HOLDS, done.orders, length_samples, rate_hz
    )


def played_in(
    state: DocumentState, wanted: Sequence[WantedOnTracks], stays: Collection[str] = ()
) -> EditList:
    """Return the timing of a document with these edits.

    Parameters
    ----------
    stays : ids of accepted proposals that it keeps
    """
    effects = [effect for one in wanted for effect in one.effect]
    for key in stays:
        effects += accepted_effect(state.proposals[key], state.decisions.get(key))
    return programme_of(state, gathered_operations(effects))


def fades_of(edit_list: EditList) -> dict[Seam, int]:
    """Return the length of each crossfade in samples, and of the fades at the ends."""
    spans = edit_list.played_spans
    stops, starts = [-1, *(stop for _, stop in spans)], [*(start for start, _ in spans), -1]
    lengths = [*edit_list.fades_in_samples.tolist(), *edit_list.fades_out_samples[-1:].tolist()]
    return dict(zip(zip(stops, starts, strict=True), lengths, strict=True)) if len(starts) > 1 else {}


def with_crossfades(
    wanted: Sequence[Wanted], seams: Mapping[Seam, int | None], length_samples: int, rate_hz: int
) -> tuple[Wanted, ...]:
    """Return edits with crossfades that give the seams their requested lengths.

    A seam between a cut and an inserted span depends on the side of the cut the span is inserted at, and on
    whether it includes the cut. Variants are tried while a seam differs from its requested length.

    Parameters
    ----------
    seams : length of each in samples; None where it is unknown, which makes it as long as one made by hand
    """
    wished = {seam: length for seam, length in seams.items() if length is not None}
    fitting = _Fitting(wished, length_samples, rate_hz)
    best, wrong = fitting.fitted(_as_blocks(wanted))
    if wrong:
        best, wrong = min((best, wrong), fitting.fitted(wanted), key=lambda one: one[1])
    for change in list(_changes(best))[:_MOST_TRIED] if wrong else ():
        tried, others = fitting.fitted([change.get(_laid_at(one), one) for one in best])
        if others < wrong:
            best, wrong = tried, others
    return best


def _laid_at(one: Wanted) -> _Laid:
    return one.kind, one.start_samples, one.stop_samples, one.payload.get(TO_SAMPLES), one.payload.get(RANK)


def _moved_to(one: Wanted, to: int) -> Wanted:
    """Return an edit that lays the same before another position."""
    if TO_SAMPLES in one.payload:
        return replace(one, payload={**one.payload, TO_SAMPLES: to})
    return replace(one, start_samples=to, stop_samples=to)


def _changes(wanted: Sequence[Wanted]) -> Iterator[dict[_Laid, Wanted]]:
    """Yield placements with the same audible result: on the other side of a cut, or including the cut."""
    starts = {one.stop_samples: one.start_samples for one in wanted if one.kind == "cut"}
    stops = {start: stop for stop, start in starts.items()}
    laid = [one for one in wanted if _target(one) is not None]
    for to in dict.fromkeys(map(_target, laid)):
        if to in starts:
            there = [one for one in laid if _target(one) == to]
            yield {_laid_at(one): _moved_to(one, starts[to]) for one in there}
    for one in laid:
        if TO_SAMPLES not in one.payload:
            continue
        if one.start_samples in starts:
            yield {_laid_at(one): replace(one, start_samples=starts[one.start_samples])}
        if one.stop_samples in stops:
            yield {_laid_at(one): replace(one, stop_samples=stops[one.stop_samples])}


def _as_blocks(wanted: Sequence[Wanted]) -> list[Wanted]:
    """Join inserted spans that follow each other, separated only by cuts, into one block."""
    cuts = {(one.start_samples, one.stop_samples) for one in wanted if one.kind == "cut"}
    found: list[Wanted] = []
    for one in wanted:
        before = found[-1] if found else None
        if before is not None and _is_next(before, one) and (before.stop_samples, one.start_samples) in cuts:
            found[-1] = replace(before, stop_samples=one.stop_samples)
        else:
            found.append(one)
    return found


def _is_next(before: Wanted, one: Wanted) -> bool:
    is_laid = TO_SAMPLES in one.payload and one.payload.get(TIMES, 2) == before.payload.get(TIMES, 2) == 2
    return is_laid and before.kind == one.kind and _target(before) == _target(one)


class _Fitting:
    """Chooses crossfades, and counts how many seams they miss."""

    def __init__(self, wished: Mapping[Seam, int], length_samples: int, rate_hz: int) -> None:
        self._wished, self._length, self._rate_hz = wished, length_samples, rate_hz

    def fitted(self, wanted: Sequence[Wanted]) -> tuple[tuple[Wanted, ...], int]:
        """Return edits with crossfades, and the number of seams of another length than is wished for."""
        longest = [_with_fade(one, LONGEST_CROSSFADE_MS) for one in wanted]
        most = fades_of(played_by(longest, self._length, self._rate_hz))
        at: dict[int, list[Seam]] = {}
        for seam in most:
            for edge in seam:
                at.setdefault(edge, []).append(seam)
        parted = _parted_at(wanted)
        found = tuple(
            _with_fade(
                one, min(1000 * self._longest(one, at, parted, most) / self._rate_hz, LONGEST_CROSSFADE_MS)
            )
            for one in wanted
        )
        made = fades_of(played_by(found, self._length, self._rate_hz))
        return found, sum(made.get(seam) != length for seam, length in self._wished.items())

    def _longest(
        self,
        one: Wanted,
        at: Mapping[int, Sequence[Seam]],
        parted: Collection[int],
        most: Mapping[Seam, int],
    ) -> int:
        """Return the longest crossfade in samples that makes no seam of an edit too long."""
        start, stop = one.start_samples, one.stop_samples
        if one.kind == "cut":
            touched = [seam for seam in at.get(start, ()) if seam[0] == start and start not in parted]
            touched += [seam for seam in at.get(stop, ()) if seam[1] == stop and stop not in parted]
        else:
            edges = {start, stop, _target(one)}
            touched = [seam for edge in edges if edge is not None for seam in at.get(edge, ())]
        known = [(self._wished[seam], most[seam]) for seam in touched if seam in self._wished]
        binding = [length for length, limit in known if length < limit]
        usual = round(HAND_CROSSFADE_MS * self._rate_hz / 1000)
        return min(binding) if binding else max((length for length, _ in known), default=usual)


def _target(one: Wanted) -> int | None:
    """Return the position before which an edit lays something; None for a cut."""
    if one.start_samples == one.stop_samples:
        return one.start_samples
    return int(str(one.payload[TO_SAMPLES])) if TO_SAMPLES in one.payload else None


def _parted_at(wanted: Sequence[Wanted]) -> set[int]:
    """Return where something is laid, or taken away: there it decides, and not a cut."""
    edges = {to for one in wanted if (to := _target(one)) is not None}
    for one in wanted:
        if one.kind == "move":
            edges |= {one.start_samples, one.stop_samples}
    return edges


def _with_fade(one: Wanted, fade_ms: float) -> Wanted:
    return replace(one, payload={**one.payload, CROSSFADE_MS: fade_ms})
