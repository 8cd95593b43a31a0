"""Stars of bars: regions named by stars alone, by which a comp prefers or avoids the bars of a take."""

from __future__ import annotations

from dataclasses import replace

from engine.core.errors import UsageError
from engine.document.change import Edit, RowChange
from engine.document.marks.edits import NamedSpan, add_all
from engine.document.marks.markers import Marker
from engine.document.state import DocumentState

MOST_STARS = 3
AVOIDED = -1
"""The rating of a bar to avoid."""
_STAR, _AVOID = "★", "☆"
_WORDS = {AVOIDED: "to be avoided", 1: "1 star", 2: "2 stars", 3: "3 stars"}


def rating_of(marker: Marker) -> int:
    """Return the stars that a marker gives, 1 to 3, or `AVOIDED`; 0 for a marker of another name."""
    if marker.name == _AVOID:
        return AVOIDED
    return len(marker.name) if set(marker.name) == {_STAR} and len(marker.name) <= MOST_STARS else 0


def ratings_of(state: DocumentState) -> list[tuple[int, int, int]]:
    """Return the rated spans [start, stop) of a document, and the rating of each."""
    rated = ((one, rating_of(one)) for one in state.markers.values())
    return [(one.start_samples, one.stop_samples, rating) for one, rating in rated if rating]


def rate(state: DocumentState, span_samples: tuple[int, int], by: int) -> Edit:
    """Give a span, such as a bar, one star more or one fewer; one fewer than none avoids it.

    Parameters
    ----------
    span_samples : [start, stop)
    by : 1 or -1

    Raises
    ------
    UsageError : the span has all stars, or is avoided already
    """
    before = next((one for one in state.markers.values() if _is_rating_of(one, span_samples)), None)
    had = 0 if before is None else rating_of(before)
    now = had + by
    if not AVOIDED <= now <= MOST_STARS:
        raise UsageError(f"The rating is {_WORDS[had]} already.")
    if before is not None and not now:
        return Edit("Removed the rating", (RowChange(before, None),))
    name = _AVOID if now == AVOIDED else _STAR * now
    label = f"Rated {_WORDS[now]}"
    if before is None:
        return add_all(state, [NamedSpan(*span_samples, name)], label)
    return Edit(label, (RowChange(before, replace(before, name=name)),))


def _is_rating_of(marker: Marker, span_samples: tuple[int, int]) -> bool:
    return (marker.start_samples, marker.stop_samples) == span_samples and bool(rating_of(marker))
