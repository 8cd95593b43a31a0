"""False starts beside a taste: what breaks off and comes again is odd, the more so the likelier it is.

A taste hears seconds at a time, and an attempt sounds as what is kept does. What gives it away is that the
same comes again after it and goes on. Where what was kept breaks off like that as well, it is no fault.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from engine.anomaly.dead_air import SURELY_ODD
from engine.takes.takes import LIKELY, FalseStart

_LIKELIER = 0.1
_BACK_WITHIN_S = 30.0
"""Players come back to what they broke off; what is like it later is the same music going on."""
_LEAST = 0.95
"""The score of an attempt that is just told; one of which nothing is doubted has `SURELY_ODD`."""


def likelier_than(found: Sequence[FalseStart], likeliest_kept: float) -> tuple[FalseStart, ...]:
    """Return the false starts that are odd: clearly likelier than the likeliest of what was kept, 0 for none.

    What comes again only after half a minute is left out.
    """
    least = max(LIKELY, likeliest_kept + _LIKELIER if likeliest_kept else 0.0)
    return tuple(
        one for one in found if one.likelihood >= least and one.begins_again_s - one.stop_s <= _BACK_WITHIN_S
    )


def raised_over(
    scores: NDArray[np.float32], times_s: NDArray[np.float64], found: Sequence[FalseStart]
) -> NDArray[np.float32]:
    """Return scores, shape (n,), no lower over false starts than these are likely.

    Parameters
    ----------
    times_s : of the scores, shape (n,)
    """
    raised = scores
    for one in found:
        share = (one.likelihood - LIKELY) / (1.0 - LIKELY)
        least = np.float32(_LEAST + share * (SURELY_ODD - _LEAST))
        over = (times_s >= one.start_s) & (times_s < one.stop_s)
        raised = np.where(over, np.maximum(raised, least), raised)
    return raised
