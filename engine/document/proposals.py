"""Proposals of the program or the user, frozen once they are made, and the decisions of the user on them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import blake2b

AUDIO, AUDIO_OF = "audio", "audio_of"
"""The payload of a proposal holds keys of stored audio under these names."""

KEY = re.compile(r"audio-[0-9a-f]{32}")
"""A key of stored audio."""

BY_HAND = "you"
"""The maker of the user's own edits."""

BY_TAKES = "takes"
"""The maker of cuts of repeated takes; planners by scores leave them as they are."""

BY_MATCH = "match"
"""The maker of edits that were read from an edited file; planners leave them as well."""

BY_IMPORT = "import"
"""The maker of edits that were read from the project of another program; planners leave them as well."""

BY_ARRANGING = "arranging"
"""The maker of edits that are one arrangement; planners by scores leave them as they are, too."""

BY_COMPING = "comping"
"""The maker of edits that are one comp of takes; planners leave them as they are."""

BY_EXAMPLE = "example"
"""The maker of cuts of segments that sound like a marked one; planners leave them as they are."""

BY_SHORTENING = "shorter pauses"
"""The maker of cuts that leave a shorter pause; planners leave them as they are."""

BY_TALK = "talk"
"""The maker of cuts of talk outside of songs; planners by scores leave them as they are."""

BY_DAY = "day"
"""The maker of cuts between the songs of a day; planners by scores leave them as they are."""

ADDED_MAKER = "added:"
"""What `Proposal.maker` begins with if its finder names no maker; the name of the finder follows.

This is the case for all finders of packages, installed or not, and for new finders of Offcut: a finder that
moves from a package into Offcut has the same maker, and still replaces its earlier proposals.
"""

SEPARATION_MAKER = "separation:"
"""What `Proposal.maker` begins with where a separator made a repair."""

UNSCORED = frozenset({BY_HAND, BY_MATCH, BY_IMPORT})
"""Makers without a rating: the score of their proposals has no meaning."""
OWN_MAKERS = frozenset(
    {
        *(BY_HAND, BY_TAKES, BY_MATCH, BY_IMPORT, BY_ARRANGING, BY_COMPING, BY_EXAMPLE, BY_SHORTENING),
        *(BY_TALK, BY_DAY),
    }
)
"""Makers with a name of their own whose proposals only they themselves replace.

Those of all other makers, such as tastes, are replaced by whichever of these proposes the same kinds again.
"""


def only_it_replaces(maker: str) -> bool:
    """Return whether only the maker itself replaces its proposals."""
    return maker in OWN_MAKERS or maker.startswith(ADDED_MAKER)


class Evidence(StrEnum):
    """How reliably a listener can verify a proposal; see `engine.review.answers`."""

    STRONG = "strong"
    WEAK = "weak"


WEAK_EVIDENCE = "weak evidence"

QUESTION, UNFAMILIAR = "question", "unfamiliar"
"""The key in the payload of a cut that asks about a passage without evidence against it, and its value."""


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another way to make the same edit, such as edges on downbeats instead of beats.

    Attributes
    ----------
    payload : its changes of the proposal's payload
    """

    label: str
    start_samples: int
    stop_samples: int
    payload: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ReferenceExample:
    """A passage of reference audio, to compare a proposal with.

    Attributes
    ----------
    path : of the recording the taste was learned from
    distance : from the proposal, in the taste's own units; smaller is nearer
    offset_s : from the original start of the proposal to the start of the passage that resembles the example;
        negative if that is earlier
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
    id : derived from the content, so that the same proposal made again has the same id
    kind : the name of a registered kind (see `engine.document.kinds`)
    score : 0 to 1, anomaly score of the span; the queue and the threshold use it
    reason : one sentence that a musician understands
    maker : recipe and taste; `BY_HAND` for the user's own
    alternatives : other edges the user can step through
    payload : parameters of the kind in addition to the span, as plain JSON values
    nearest_kept : the most similar reference example, if the taste has one
    tracks : ids of the affected ones; empty for all
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
    """Return the id of a proposal: short, and the same for the same content.

    Parameters
    ----------
    payload : distinguishes it from others of its kind on the same span; None if unneeded
    """
    text = f"{kind}/{start_samples}/{stop_samples}/{maker}"
    if tracks or payload:
        text += json.dumps([sorted(tracks), payload], sort_keys=True)
    digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=6)
    return f"{kind}-{digest.hexdigest()}"


class Verdict(StrEnum):
    """The user's answer to a proposal."""

    UNDECIDED = "undecided"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer to one proposal, with the edges the user moved.

    Attributes
    ----------
    alternative : 0 is the proposal as made, n the n-th of its alternatives
    start_samples, stop_samples : the nudged edges, or None if unchanged
    flagged : marked for later
    payload : the user's changes of the payload, such as the slip of a slice; None without changes
    note : the user's note
    """

    proposal_id: str
    verdict: Verdict = Verdict.UNDECIDED
    alternative: int = 0
    start_samples: int | None = None
    stop_samples: int | None = None
    flagged: bool = False
    payload: dict[str, object] | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Edited:
    """An edit with the user's changes: a proposal with its chosen alternative, edges and payload.

    Attributes
    ----------
    tracks : ids of the affected ones; empty for all
    """

    start_samples: int
    stop_samples: int
    payload: Mapping[str, object]
    tracks: tuple[str, ...] = ()

    @property
    def span(self) -> tuple[int, int]:
        """The span [start, stop)."""
        return self.start_samples, self.stop_samples


def decided_span(proposal: Proposal, decision: Decision | None) -> tuple[int, int]:
    """Return the span [start, stop) that holds once the decision's alternative and nudges are applied."""
    start, stop = proposal.start_samples, proposal.stop_samples
    if decision is None:
        return start, stop
    if decision.alternative:
        chosen = proposal.alternatives[decision.alternative - 1]
        start, stop = chosen.start_samples, chosen.stop_samples
    return (
        start if decision.start_samples is None else decision.start_samples,
        stop if decision.stop_samples is None else decision.stop_samples,
    )


def edited(proposal: Proposal, decision: Decision | None) -> Edited:
    """Return the edit that holds once the decision's alternative, nudges and changes are applied."""
    start, stop = decided_span(proposal, decision)
    payload = proposal.payload
    if decision is not None:
        chosen = proposal.alternatives[decision.alternative - 1].payload if decision.alternative else {}
        if chosen or decision.payload:
            payload = {**payload, **chosen, **(decision.payload or {})}
    return Edited(start, stop, payload, proposal.tracks)


def is_key(value: object) -> bool:
    """Return whether a value is a valid key of stored audio."""
    return isinstance(value, str) and KEY.fullmatch(value) is not None
