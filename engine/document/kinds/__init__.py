"""The kinds of proposals this version knows.

A new kind is one module that makes a `Kind`, and one name in the tuple below.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from engine.document.kinds.cut import CUT
from engine.document.kinds.hit import FLAM, HIT
from engine.document.kinds.hold import KEEP
from engine.document.kinds.kind import Edge, Kind, NudgeSize
from engine.document.kinds.operations import Drop
from engine.document.kinds.ordering import MOVE, REPEAT
from engine.document.kinds.recorder import RECORDER
from engine.document.kinds.repair import REPAIR
from engine.document.kinds.sounding import GAIN, MUTE, SLIP
from engine.document.kinds.tempo import TEMPO
from engine.document.proposals import Proposal
from engine.errors import DocumentError

KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        kind.name: kind
        for kind in (CUT, KEEP, MUTE, REPEAT, MOVE, SLIP, GAIN, REPAIR, HIT, FLAM, RECORDER, TEMPO)
    }
)


def kind_of(proposal: Proposal) -> Kind:
    """Return the kind of a proposal.

    Raises
    ------
    DocumentError : this version does not know the kind
    """
    kind = KINDS.get(proposal.kind)
    if kind is None:
        raise DocumentError(
            f"Proposal {proposal.id} is a {proposal.kind!r}, which this version of Offcut does not know: "
            "open the document with a newer version."
        )
    return kind


__all__ = ["KINDS", "Drop", "Edge", "Kind", "NudgeSize", "kind_of"]
