"""False starts in the scores of a taste: music that breaks off and begins again, scored by its likelihood.

A taste analyses a few seconds at a time, and an attempt sounds like the training data. Its sign is that the
same music begins again afterwards and continues. If the training data break off like that as well, it is not
a fault.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from engine.analysis.found_takes import LIKELY, FalseStart
from engine.features.taste.anomaly.dead_air import SURELY_ODD, least_above

_LIKELIER = 0.1
_BACK_WITHIN_S = 30.0
"""Players return to a broken-off passage within this time; a later repetition is the same music continuing.
"""


def likelier_than(found: Sequence[FalseStart], likeliest_kept: float) -> tuple[FalseStart, ...]:
    """Return the false starts that are clearly likelier than the likeliest in the training data, 0 for none.

    False starts repeated after more than half a minute are left out.
    """
    least = max(LIKELY, likeliest_kept + _LIKELIER if likeliest_kept else 0.0)
    return tuple(
        one for one in found if one.likelihood >= least and one.begins_again_s - one.stop_s <= _BACK_WITHIN_S
    )


def raised_over(
    scores: NDArray[np.float32], times_s: NDArray[np.float64], found: Sequence[FalseStart], limit: float
) -> NDArray[np.float32]:
    """Return scores, shape (n,), no lower over false starts than these are likely, and above the limit.

    Parameters
    ----------
    times_s : of the scores, shape (n,)
    limit : the highest score that is not proposed by default, at most `HIGHEST_LIMIT`
    """
    raised, lowest = scores, least_above(limit)
    for one in found:
        share = (one.likelihood - LIKELY) / (1.0 - LIKELY)
        least = np.float32(lowest + share * (SURELY_ODD - lowest))
        over = (times_s >= one.start_s) & (times_s < one.stop_s)
        raised = np.where(over, np.maximum(raised, least), raised)
    return raised
