"""Result of a diagnosis; light, so that the window shows it without torch."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How much a finding should worry."""

    WRONG = "wrong"
    DOUBTFUL = "doubtful"
    NOTE = "note"


class Action(StrEnum):
    """A possible action on a finding; the window has a button for each, the command line a line."""

    LEARN_AGAIN = "learn again"
    LEARN_LONGER = "learn longer"
    ADD_RECORDINGS = "add recordings"
    OTHER_TASTE = "other taste"
    KEEP_HALF = "keep half"
    CUT_A_TENTH = "cut a tenth"
    FIND_THRESHOLD = "find the threshold"


@dataclass(frozen=True, slots=True)
class Remedy:
    """One thing to do.

    Attributes
    ----------
    label : text of its button
    """

    label: str
    action: Action


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong or may be.

    Attributes
    ----------
    name : which one it is, for programs: "everything-cut", "other-sound", ...
    sentence : the measurement and its meaning
    remedies : one or two things to do, the likelier first
    """

    name: str
    severity: Severity
    sentence: str
    remedies: tuple[Remedy, ...] = ()
