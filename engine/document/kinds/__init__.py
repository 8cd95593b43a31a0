"""The kinds of proposals that are known: those of Offcut, and those that other packages add.

A new kind of Offcut is one module that makes a `Kind`, and one name in the tuple below.
"""

from __future__ import annotations

from engine.core.errors import DocumentError
from engine.core.extensions import Extended
from engine.core.wording import quoted
from engine.document.kinds.added import added_kind
from engine.document.kinds.kind import Edge, Kind, NudgeSize
from engine.document.kinds.operations import Drop
from engine.document.kinds.order import COMP, CUT, INSERT, KEEP, MOVE, REPEAT, RIPPLE
from engine.document.kinds.sounding import GAIN, MUTE, REPAIR, SLIP, TAKE
from engine.document.kinds.timing import FLAM, HIT, NOTE, RECORDER, TEMPO
from engine.document.proposals import Proposal

# fmt: off
_OWN = (
    CUT, RIPPLE, KEEP, MUTE, REPEAT, MOVE, INSERT, COMP, TAKE, SLIP, GAIN, REPAIR, HIT, FLAM, NOTE,
    RECORDER, TEMPO,
)
# fmt: on
KINDS: Extended[Kind] = Extended("offcut.kinds", {kind.name: kind for kind in _OWN}, added_kind)


def kind_of(proposal: Proposal) -> Kind:
    """Return the kind of a proposal.

    Raises
    ------
    DocumentError : the kind is not known here
    """
    kind = KINDS.get(proposal.kind)
    if kind is None:
        raise DocumentError(f"Proposal {proposal.id} cannot be changed. {not_available(proposal.kind)}")
    return kind


def noun_of(kind_name: str) -> str:
    """Return the noun for an edit of a kind within a sentence, such as "ripple cut"."""
    kind = KINDS.get(kind_name)
    return kind_name if kind is None else kind.title.lower()


def not_available(kind_name: str) -> str:
    """Return the message about proposals of an unknown kind."""
    return (
        f"The kind {quoted(kind_name)} is not available here: its edits are stored unchanged and have no "
        "effect until the package that adds it, or a newer Offcut, is installed."
    )


__all__ = ["KINDS", "Drop", "Edge", "Kind", "NudgeSize", "kind_of", "not_available", "noun_of"]
