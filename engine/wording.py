"""How the sentences Offcut says are put together."""

from __future__ import annotations


def counted(number: int, noun: str) -> str:
    """Return "1 cut", "2 cuts", "10,000 cuts"."""
    return f"{number} {noun}" if number == 1 else f"{number:,} {noun}s"
