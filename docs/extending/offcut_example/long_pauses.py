"""The maker "long-pauses": where nothing is heard for three seconds, it proposes to leave one."""

from collections.abc import Sequence

import numpy as np

from engine.document.proposals import Proposal
from engine.edl.build import whole
from engine.edl.render import Renderer
from engine.jobs.makers import Maker, MakerRequest
from engine.progress import Progress

QUIET = 10 ** (-50 / 20)  # peak of full scale
LEAST_S, KEPT_S, STEPS_A_S, STEPS = 3, 1, 10, 100


def propose(request: MakerRequest, progress: Progress) -> Sequence[Proposal]:
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
    return [
        request.proposal(
            "tighten", a, b, 0.9, "Nothing is heard here.", {"kept_samples": KEPT_S * state.rate_hz}
        )
        for a, b in edges.reshape(-1, 2).tolist()
        if b - a >= LEAST_S * state.rate_hz
    ]


LONG_PAUSES = Maker("Long pauses", "Shortens what is silent for three seconds to one.", propose)
