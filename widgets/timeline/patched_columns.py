"""Columns of a track whose sound is edited, from the pyramid of the recording.

What is drawn is told column by column: one whose middle lies within an edit shows all of it. Samples that are
drawn one by one come from the renderer instead, with every crossfade and ramp.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from engine.audio.peaks import Columns
from engine.document.kinds.operations import Gain, Replace
from engine.edl.patches import Patches

Positions = NDArray[np.int64]
Read = Callable[[Positions, Positions], Columns]
"""(starts, stops) in document samples to a column for each span of the recording."""


def patched_columns(
    columns: Columns, starts: Positions, stops: Positions, patches: Patches, read: Read
) -> Columns:
    """Return columns of the recording with the edits of its sound.

    Parameters
    ----------
    starts, stops : document samples, shape (n,), the span of each column
    """
    if not len(starts):
        return columns
    made = replace(columns, **{name: getattr(columns, name).copy() for name in ("minimum", "maximum", "rms")})
    middles = (starts + stops) // 2
    for place in patches.touching(int(starts.min()), int(stops.max())):
        one = patches.operations[place]
        inside = np.flatnonzero((middles >= one.start_samples) & (middles < one.stop_samples))
        if not len(inside):
            continue
        if isinstance(one, Gain):
            factor = np.float32(10.0 ** (one.gain_db / 20.0))
            for values in (made.minimum, made.maximum, made.rms):
                values[inside] *= factor
            continue
        if isinstance(one, Replace) and one.stored is not None:
            continue  # drawn as the recording: what is drawn here has no way to the document's audio
        if not isinstance(one, Replace):
            by = round(one.by_samples)
            found = read(starts[inside] - by, stops[inside] - by)
        elif one.tone is None:
            found = Columns(*(np.zeros(1, np.float32) for _ in range(3)))
        else:
            found = read(np.array(one.tone[:1]), np.array(one.tone[1:]))
        made.minimum[inside], made.maximum[inside] = found.minimum, found.maximum
        made.rms[inside] = found.rms
    return made
