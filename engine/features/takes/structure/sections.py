"""Result of the analysis of musical structure."""

from __future__ import annotations

from dataclasses import dataclass

from engine.core.wording import counted


@dataclass(frozen=True, slots=True)
class Section:
    """A passage of a recording, such as a verse or a chorus.

    Attributes
    ----------
    start_s, stop_s : on downbeats where there is a steady pulse
    label : "A", "B", ... by first appearance; sections with the same label repeat each other
    confidence : 0 to 1, how clearly the section starts and belongs to its label
    """

    start_s: float
    stop_s: float
    label: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Structure:
    """Sections of a recording, ascending and disjoint; talk, tuning and silence are in none."""

    sections: tuple[Section, ...] = ()

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels in order of first appearance."""
        return tuple(dict.fromkeys(section.label for section in self.sections))

    @property
    def has_repeats(self) -> bool:
        """Whether any label appears more than once."""
        return len(self.labels) < len(self.sections)

    @property
    def sentence(self) -> str:
        """Summarize the result."""
        if not self.sections:
            return "No sections: no music with a steady pulse or with repeated passages was found."
        found = f"{counted(len(self.sections), 'section')}: {' '.join(one.label for one in self.sections)}"
        return f"{found}." if self.has_repeats else f"{found}. None of them repeats another."


def label_of(number: int) -> str:
    """Return the label of the group with a number from 0: A to Z, then AA, AB, ..."""
    letters = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
