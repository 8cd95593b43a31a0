"""The finder "long-pauses": where nothing sounds for three seconds, it proposes to leave one."""

import numpy as np
from pydantic import Field

from engine.core.progress import Progress
from engine.review.finders import Finder, FinderRequest, FinderSettings, Found
from engine.sound.edl.build import whole
from engine.sound.edl.render import Renderer

QUIET = 10 ** (-50 / 20)  # peak of full scale
KEPT_S, STEPS_A_S, STEPS = 1, 10, 100


class Settings(FinderSettings):
    """Flags, the form and their help are made from this."""

    longer_than_s: float = Field(3.0, ge=1.5, le=60.0, title="Pauses longer than", description="these stay")


def find(request: FinderRequest, progress: Progress) -> Found:
    """Look at the peak of every tenth of a second of the unedited mix."""
    state, quiet = request.state, []
    step = state.rate_hz // STEPS_A_S
    with Renderer(state, whole(state), request.media) as renderer:
        for block in renderer.blocks(STEPS * step):
            progress.check_cancelled()
            progress.report(len(quiet) * step / state.length_samples, "Looking for pauses")
            peaks = np.abs(block).max(axis=1)
            quiet += (peaks[: len(peaks) // step * step].reshape(-1, step).max(axis=1) < QUIET).tolist()
    edges = np.flatnonzero(np.diff([False, *quiet, False])) * step
    payload, least = {"kept_samples": KEPT_S * state.rate_hz}, request.settings.longer_than_s * state.rate_hz
    spans = [(a, b) for a, b in edges.reshape(-1, 2).tolist() if b - a >= least]
    return Found([request.proposal("tighten", a, b, 0.9, "Nothing sounds.", payload) for a, b in spans])


LONG_PAUSES = Finder("Long pauses", "Shortens long silence to one second.", find, Settings)
