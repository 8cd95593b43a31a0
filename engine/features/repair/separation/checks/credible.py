"""Which windows of a recording can be separated with a credible result."""

from __future__ import annotations

from collections.abc import Sequence

from engine.analysis.learning.torch_threads import few_threads
from engine.core.errors import NotCredibleError
from engine.core.processes.side_by_side import in_groups
from engine.features.repair.separation.outcomes.outcome import outcome_of
from engine.features.repair.separation.separate import Asked, Recording, neighbourhoods
from engine.features.repair.separation.separator import Separator, Stretch

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
        refusals = _refusals(recording, left, asked, separator)
        credible = tuple(window for window in left if window not in refusals)
        if not credible:
            raise refusals[left[0]]
        if credible == left:
            break
        left = credible
    return left


def _refusals(
    recording: Recording, windows: Sequence[Window], asked: Asked, separator: Separator
) -> dict[Window, NotCredibleError]:
    """Return the windows with a piece that may be worse than the recording, and why."""

    def refusal(near: tuple[Stretch, tuple[Window, ...]]) -> dict[Window, NotCredibleError]:
        stretch, inside = near
        try:
            outcome_of(stretch, asked.prompts, separator).require_credible(asked.prompts, asked.mode)
        except NotCredibleError as error:
            return dict.fromkeys(inside, error)
        return {}

    with few_threads():
        found = list(in_groups(refusal, neighbourhoods(recording, windows)))
    return {window: error for refused in found for window, error in refused.items()}
