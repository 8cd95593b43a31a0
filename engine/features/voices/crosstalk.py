"""Crosstalk: the microphones of silent speakers are lowered while another one speaks.

A microphone is never lowered in the speech of its own speaker, with onset and tail, nor in other loud sounds
of its own. In pauses of all speakers it is as recorded, so that rooms do not come and go.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np
from pydantic import Field

from engine.core.progress import Progress
from engine.core.timebase import common, outside, s_to_samples, united
from engine.core.wording import counted, listed
from engine.document.proposals import Proposal
from engine.features.voices.curves import gain_proposals
from engine.features.voices.speaking import Places, Speaker, find_speakers
from engine.review.finders import Finder, FinderRequest, FinderSettings, Found

_RAMP_S = 0.1
"""Of the gain, at either edge of a lowered span."""
_REST_S, _SHORTEST_S = 1.0, 0.5
"""A rest between two sentences of others that stays lowered, and the shortest lowered span."""


class CrosstalkSettings(FinderSettings):
    """How far microphones are lowered."""

    lower_by_db: float = Field(
        12.0,
        ge=1.0,
        le=60.0,
        title="Lower other microphones by",
        description="lower the microphone of a silent speaker by this many dB while another one speaks",
    )


def _find(request: FinderRequest, progress: Progress) -> Found:
    """Propose one gain for each microphone, over all places where only others speak."""
    settings = cast("CrosstalkSettings", request.settings)
    found = find_speakers(request, progress)
    if not found.are_separate:
        return Found((), "The tracks do not have one speaker each, so there is no crosstalk to lower.")
    proposals, rate_hz = list[Proposal](), request.state.rate_hz
    for one in found.speakers:
        if request.tracks and not set(one.tracks) & set(request.tracks):
            continue
        others = [other for other in found.speakers if other is not one]
        spans = lowered_spans(one, others, rate_hz)
        if len(spans):
            proposals += gain_proposals(
                request,
                one.tracks,
                -settings.lower_by_db,
                _shares(spans, rate_hz),
                _reason(request, one, spans, others),
            )
    count = len({one.tracks for one in proposals})
    return Found(proposals, f"{counted(count, 'microphone')} lowered while others speak." if count else "")


def lowered_spans(own: Speaker, others: Sequence[Speaker], rate_hz: int) -> Places:
    """Return where others speak and a speaker does not, shape (n, 2), in samples."""
    rest, shortest = (s_to_samples(one, rate_hz) for one in (_REST_S, _SHORTEST_S))
    spoken = united(np.concatenate([one.spans_samples for one in others]), rest)
    if not len(spoken):
        return np.zeros((0, 2), np.int64)
    silent = outside(own.sounds_samples, 0, int(spoken[-1, 1]))
    spans = common(silent, spoken)
    return np.asarray(spans[np.diff(spans, axis=1)[:, 0] >= shortest], np.int64)


def _shares(spans: Places, rate_hz: int) -> list[tuple[int, float]]:
    """Return the curve of a gain that comes and goes within each span."""
    ramp = s_to_samples(_RAMP_S, rate_hz)
    return [
        point
        for start, stop in spans.tolist()
        for point in ((start, 0.0), (start + ramp, 1.0), (stop - ramp, 1.0), (stop, 0.0))
    ]


def _reason(request: FinderRequest, own: Speaker, spans: Places, others: Sequence[Speaker]) -> str:
    lowered_s = int(np.diff(spans, axis=1).sum()) / request.state.rate_hz
    names = listed([one.name for one in others], "or")
    places = f"{counted(len(spans), 'place')} ({lowered_s / 60.0:.1f} min)"
    return f"{own.name} lowered in {places} where {names} speaks."


CROSSTALK = Finder(
    "Crosstalk",
    "Lowers the microphones of silent speakers while another one speaks, on tracks with one speaker each.",
    _find,
    CrosstalkSettings,
)
