"""The analysis "levels": how loud each tenth of a second is, as a curve with a lane of its own."""

import numpy as np

from engine.core.progress import Progress
from engine.document.analysis import StoredCurve
from engine.recordings.analyses import Analyser, AnalysisRequest
from engine.sound.edl.build import whole
from engine.sound.edl.render import Renderer

STEPS_A_S, STEPS = 10, 100
LOWEST_DB, HIGHEST_DB = -72.0, 0.0


def analyse(request: AnalysisRequest, progress: Progress) -> StoredCurve:
    """Measure the RMS level of the unedited mix; the last step may be shorter."""
    state, levels_db = request.state, []
    step = state.rate_hz // STEPS_A_S
    with Renderer(state, whole(state), request.media) as renderer:
        for block in renderer.blocks(STEPS * step):
            progress.check_cancelled()
            progress.report(len(levels_db) * step / state.length_samples, "Measuring levels")
            starts = np.arange(0, len(block), step)
            power = np.add.reduceat((block**2).mean(axis=1), starts) / np.diff([*starts, len(block)])
            levels_db += (10 * np.log10(np.maximum(power, 1e-12))).tolist()
    return StoredCurve(np.array(levels_db, np.float32), step, "dB", LOWEST_DB, HIGHEST_DB)


LEVELS = Analyser(analyse, lane="Level")
