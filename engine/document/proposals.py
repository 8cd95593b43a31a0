"""What is proposed, by the machine or by the user: frozen, never changed after it is made."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import blake2b

BY_HAND = "you"
"""The maker of what the user edits."""

BY_TAKES = "takes"
"""The maker of cuts of what was played more than once; planners by scores leave them as they are."""

BY_MATCH = "match"
"""The maker of edits that were read from an edited file; planners leave them as well."""

BY_IMPORT = "import"
"""The maker of edits that were read from the project of another program; planners leave them as well."""

BY_ARRANGING = "arranging"
"""The maker of edits that are one arrangement; planners by scores leave them as they are, too."""

BY_EXAMPLE = "example"
"""The maker of cuts of what sounds like something that was marked; planners leave them as they are."""

BY_SHORTENING = "shorter pauses"
"""The maker of cuts that leave a shorter pause; planners leave them as they are."""

BY_TALK = "talk"
"""The maker of cuts of talk outside of songs; planners by scores leave them as they are."""

ADDED_MAKER = "added:"
"""What `Proposal.maker` begins with where a maker of another package made it, installed or not."""

SEPARATION_MAKER = "separation:"
"""What `Proposal.maker` begins with where a separator made a repair."""

UNSCORED = frozenset({BY_HAND, BY_MATCH, BY_IMPORT})
"""Makers that know what was done and rate nothing: the score of their proposals means nothing."""
OWN_MAKERS = frozenset(
    {BY_HAND, BY_TAKES, BY_MATCH, BY_IMPORT, BY_ARRANGING, BY_EXAMPLE, BY_SHORTENING, BY_TALK}
)
"""Makers of Offcut whose proposals only they themselves replace."""


def only_it_replaces(maker: str) -> bool:
    """Tell whether nobody but a maker itself replaces its proposals."""
    return maker in OWN_MAKERS or maker.startswith(ADDED_MAKER)


class Evidence(StrEnum):
    """How well a proposal can be checked by ear; see `engine.review.bulk`."""

    STRONG = "strong"
    WEAK = "weak"


WEAK_EVIDENCE = "weak evidence"


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another way to make the same edit, such as edges on downbeats instead of beats.

    Attributes
    ----------
    payload : what it changes of the proposal's own
    """

    label: str
    start_samples: int
    stop_samples: int
    payload: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ReferenceExample:
    """A stretch of audio the user kept before, to hear a proposal against.

    Attributes
    ----------
    path : of the recording the taste was learned from
    distance : from what is proposed, in the taste's own units; smaller is nearer
    offset_s : from the start of the proposal as it was made to where the stretch that is like the example
        begins; below 0 where it begins before
    """

    path: str
    start_s: float
    stop_s: float
    distance: float
    offset_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Proposal:
    """One suggested edit over the half-open span [start, stop) of document samples.

    Attributes
    ----------
    id : derived from what is proposed, so that the same proposal made again has the same id
    kind : the name of a registered kind (see `engine.document.kinds`)
    score : 0 to 1, how odd the span is; the queue and the threshold use it
    reason : one sentence that a musician understands
    maker : which recipe and taste made it; `BY_HAND` for the user's own
    alternatives : other edges the user can step through
    payload : what the kind needs beside the span, as plain JSON values
    nearest_kept : what it resembles most of all that the user kept, where the taste can tell
    tracks : the ids of those it is about; none for all of them
    evidence : weak evidence is marked in the queue, and bulk answers do not accept the proposal
    """

    id: str
    kind: str
    start_samples: int
    stop_samples: int
    score: float
    reason: str
    maker: str
    alternatives: tuple[Alternative, ...] = ()
    payload: dict[str, object] = field(default_factory=dict)
    nearest_kept: ReferenceExample | None = None
    tracks: tuple[str, ...] = ()
    evidence: Evidence = Evidence.STRONG


def proposal_id(
    kind: str,
    start_samples: int,
    stop_samples: int,
    maker: str,
    tracks: Sequence[str] = (),
    payload: Mapping[str, object] | None = None,
) -> str:
    """Return the id of a proposal: short, and the same whenever the same thing is proposed.

    Parameters
    ----------
    payload : what tells it from another of its kind on the same span; None where nothing does
    """
    text = f"{kind}/{start_samples}/{stop_samples}/{maker}"
    if tracks or payload:
        text += json.dumps([sorted(tracks), payload], sort_keys=True)
    digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=6)
    return f"{kind}-{digest.hexdigest()}"
