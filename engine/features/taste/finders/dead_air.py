"""Dead air: cuts of silence, without a taste."""

from __future__ import annotations

from engine.analysis.signal.dead_air import LEAST_S
from engine.core.progress import Progress
from engine.core.timebase import format_time, samples_to_s
from engine.core.wording import percent
from engine.document.analysis import Listening
from engine.features.taste.cuts.dead_air import PAUSES
from engine.features.taste.finders.cuts.propose import propose_pauses
from engine.recordings.channel_faults import channel_faults, channel_faults_sentence
from engine.review.finders.finder import Finder, FinderRequest, Found


def _find_dead_air(request: FinderRequest, progress: Progress) -> Found:
    progress.check_cancelled()
    state, listening = request.state, request.analyses.get("listening")
    assert isinstance(listening, Listening), "the finder needs it"
    proposed = propose_pauses(state, listening)
    faults = channel_faults(listening, state)
    kept_s = samples_to_s(proposed.plan.kept_samples, state.rate_hz)
    cuts = proposed.plan.proposals
    summary = f"No pause of {LEAST_S:g} s or longer is left to propose"
    if cuts:
        left = f"{format_time(kept_s, 1)} ({percent(proposed.plan.kept_share)})"
        summary = f"{proposed.cuts.sentence} proposed; {left} would be left"
    return Found(
        cuts,
        ". ".join(filter(None, (summary, channel_faults_sentence(faults)))),
        figures=proposed.figures(faults, state.rate_hz),
    )


DEAD_AIR = Finder("Dead air", "Cuts pauses in the music.", _find_dead_air, needs=("listening",), maker=PAUSES)
