"""What a verb answers with: the same facts for a person and for a program."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer of a verb.

    Attributes
    ----------
    fields : what ``--json`` prints as one object
    text : what is printed without it
    """

    fields: Mapping[str, object]
    text: str
