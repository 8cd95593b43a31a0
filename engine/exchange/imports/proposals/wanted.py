"""Edits requested by an import, before they are compared with the document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.document.decisions import Edited
from engine.document.kinds import KINDS
from engine.document.kinds.operations import Drop, Hold, Insert, Operation, Order
from engine.document.marks.edits import NamedSpan
from engine.exchange.imports.described import NotUnderstood
from engine.sound.edl.edit_list import EditList

TIMING: tuple[type[Operation], ...] = (Drop, Hold, Order, Insert)
"""Operations that determine when something plays."""


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
    heard : the resulting edit list; None if the file does not specify all of it
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
    heard: EditList | None = None
    has_crossfades: bool = True
    has_edge_fades: bool = True
    left_out: tuple[str, ...] = ()
    stays: frozenset[str] = frozenset()
    not_understood: tuple[NotUnderstood, ...] = ()
    premises: tuple[str, ...] = ()

    def is_same(self, edit_list: EditList) -> bool:
        """Return whether the document already plays exactly this, as precisely as the file specifies it."""
        if self.heard is None:
            return False
        mine, theirs = (
            {key: self._compared(own) for key, own in [("", one), *one.own.items()]}
            for one in (self.heard, edit_list)
        )
        return mine == theirs

    def _compared(self, one: EditList) -> tuple[list[int], ...]:
        positions = [edge for span in one.played_spans for edge in span]
        if not self.has_crossfades:
            return (positions,)
        edges = () if not self.has_edge_fades else (one.fades_in_samples[:1], one.fades_out_samples[-1:])
        return (positions, one.fades_in_samples[1:].tolist(), *(edge.tolist() for edge in edges))
