"""Decisions stored in a taste, from which the next document's calibration starts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

MOST_ANSWERS = 2_000
"""Above it, those of the documents reviewed last are stored: some 400 KB in the file."""

_DIGITS = 4


@dataclass(frozen=True, slots=True)
class Answer:
    """One decision on a proposal of a taste, with the evidence at that time.

    Attributes
    ----------
    proposal_id : of the proposal; the same proposal of the same taste is never counted twice
    evidence : features, by name; see `engine.review.calibration.evidence`
    """

    proposal_id: str
    accepted: bool
    evidence: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reviewed:
    """The decisions of one document.

    Attributes
    ----------
    document : id of the document, see `engine.features.taste.stored_answers.document_key`
    """

    document: str
    answers: tuple[Answer, ...]


def with_document(reviewed: Iterable[Reviewed], latest: Reviewed) -> tuple[Reviewed, ...]:
    """Return the decisions a taste stores after an update by a document; each document counts once.

    A proposal that another document also decided (for example in a copy of the file) counts in the latest
    one. Decisions beyond the limit are dropped, the oldest first.
    """
    here = {answer.proposal_id for answer in latest.answers}
    kept: list[Reviewed] = [latest] if latest.answers else []
    room = MOST_ANSWERS - len(latest.answers)
    for one in reversed(tuple(reviewed)):
        answers = tuple(answer for answer in one.answers if answer.proposal_id not in here)
        if one.document != latest.document and answers and room > 0:
            kept.append(Reviewed(one.document, answers[-room:]))
            room -= len(answers)
    return tuple(reversed(kept))


def to_json(reviewed: Iterable[Reviewed]) -> list[dict[str, Any]]:
    """Write decisions as JSON, with the names of features once per document."""
    written = []
    for one in reviewed:
        names = list(dict.fromkeys(name for answer in one.answers for name in answer.evidence))
        rows = [
            [answer.proposal_id, int(answer.accepted)]
            + [round(float(answer.evidence.get(name, 0.0)), _DIGITS) for name in names]
            for answer in one.answers
        ]
        written.append({"document": one.document, "weighed": names, "answers": rows})
    return written


def from_json(written: Iterable[Mapping[str, Any]]) -> tuple[Reviewed, ...]:
    """Read what `to_json` wrote.

    Raises
    ------
    KeyError, TypeError, ValueError : it is something else
    """
    return tuple(
        Reviewed(
            str(one["document"]),
            tuple(
                Answer(
                    str(key), bool(accepted), dict(zip(one["weighed"], map(_finite, weights), strict=True))
                )
                for key, accepted, *weights in one["answers"]
            ),
        )
        for one in written
    )


def _finite(value: object) -> float:
    number = float(value)  # type: ignore[arg-type]
    if not isfinite(number):
        raise ValueError(f"{number} is not a number")
    return number
