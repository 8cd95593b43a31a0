"""Which windows of a recording can be separated with a credible result."""

from __future__ import annotations

from collections.abc import Sequence

from engine.errors import NotCredibleError
from engine.separation.outcomes.outcome import outcome_of
from engine.separation.separate import Asked, Recording, heard_around, piece_spans
from engine.separation.separator import Separator

Window = tuple[int, int]


def credible_windows(
    recording: Recording, windows: Sequence[Window], asked: Asked, separator: Separator
) -> tuple[Window, ...]:
    """Return the windows expected to be at least as good as the recording; all if masks are painted.

    Windows are judged as they are separated: together, so that none counts as the surroundings of another. If
    some are left out, the others are judged again.

    Parameters
    ----------
    separator : asked again for the same by `separate`; one that remembers answers at once

    Raises
    ------
    NotCredibleError : no window qualifies
    """
    left = tuple(windows)
    while asked.is_judged and not asked.paint:
        refusals: list[NotCredibleError] = []
        credible = tuple(
            each for each in left if _is_credible(recording, left, each, asked, separator, refusals)
        )
        if not credible:
            raise refusals[0]
        if credible == left:
            break
        left = credible
    return left


def _is_credible(
    recording: Recording,
    windows: Sequence[Window],
    window: Window,
    asked: Asked,
    separator: Separator,
    refusals: list[NotCredibleError],
) -> bool:
    for span in piece_spans(window, recording.rate_hz):
        segment, _first, _last = heard_around(recording, windows, span)
        try:
            outcome_of(segment, asked.prompts, separator).require_credible(asked.prompts, asked.mode)
        except NotCredibleError as error:
            refusals.append(error)
            return False
    return True
