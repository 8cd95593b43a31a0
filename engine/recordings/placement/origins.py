"""Evidence that the recording which places are counted from belongs to the others."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from enum import IntEnum

from engine.recordings.placement.continuations import Take
from engine.recordings.placement.placements import Reason
from engine.recordings.placement.positions import Group
from engine.recordings.placement.take_times import TakeTime

_FAINT = (Reason.FAINT_SOUND, Reason.SIMILAR_RISES)


class Backing(IntEnum):
    """How surely the origin of a group belongs to the other recordings; more is better."""

    NOTHING = 0
    """A stray memo is as likely."""
    MAYBE = 1
    """A time of its own, or an uncertain link to another recording."""
    SURE = 2
    """Its sound, its clock or a file of the same press of Record."""


def origin_backing(
    group: Group, guessed: Collection[int], takes: Sequence[Take], times: Mapping[int, TakeTime]
) -> Backing:
    """Return how surely the origin of a group is related to other recordings.

    Parameters
    ----------
    guessed : takes whose place in the group depends on a guess
    times : of the takes that state one, by their numbers
    """
    origin = next((number for number, one in group.items() if one.reason is Reason.ORIGIN), min(group))
    others = {number: one for number, one in group.items() if number != origin}
    own = times.get(origin)
    shares_clock = own is not None and any(
        number != origin and time.clock == own.clock for number, time in times.items()
    )
    has_sure = any(one.is_certain and number not in guessed for number, one in others.items())
    if has_sure or shares_clock or len(takes[origin].files) > 1:
        return Backing.SURE
    has_link = any(number in guessed or one.reason not in _FAINT for number, one in others.items())
    return Backing.MAYBE if has_link or (own is not None and own.was_set) else Backing.NOTHING
