"""Cuts by the scores of a taste."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from engine.core.progress import Progress
from engine.core.timebase import format_time, samples_to_s
from engine.core.wording import percent
from engine.document.analysis import BeatGrid, Listening, NearestReference, ScoreCurve
from engine.document.kinds.cut import CUT
from engine.document.settings import LIMITS, ThresholdMode, cut_settings
from engine.document.state import DocumentState
from engine.features.taste.finders.cuts.propose import propose, share_of_minutes
from engine.recordings.channel_faults import channel_faults, channel_faults_sentence
from engine.review.finders.finder import Finder, FinderRequest, Found
from engine.review.finders.settings import FinderSettings, limited

_THRESHOLDS = ("keep", "percentile", "score")
"""One of these settings gives the threshold; the mode of each has its name."""


class CutsSettings(FinderSettings):
    """The taste and the threshold; settings that are not given are those of the document."""

    taste: str = Field("", title="Taste", description="the file of a taste; without one, the stored scores")
    threshold_mode: ThresholdMode | None = Field(
        None, title="Threshold", description="where the threshold comes from"
    )
    percentile: float | None = limited(
        LIMITS["percentile"], "Percentile", "cut the scores above this percentile"
    )
    score: float | None = limited(LIMITS["score"], "Score", "cut the scores above it")
    keep: float | None = limited(LIMITS["keep"], "Share to keep", "keep this share of the recording")
    keep_minutes: float | None = Field(
        None, ge=0.0, title="Minutes to keep", description="minutes of the recording to keep"
    )
    minimum_kept_s: float | None = limited(
        LIMITS["minimum_kept_s"],
        "Shortest piece",
        "minimum length of a remaining piece; default two bars, or 1 s without a pulse",
    )
    snap: bool | None = Field(
        None, title="Snap to beats", description="move the edges to beats and quiet places nearby"
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        given = [name for name in (*_THRESHOLDS, "keep_minutes") if getattr(self, name) is not None]
        if len(given) > 1:
            raise ValueError(f"{given[0]} and {given[1]} are two thresholds: give one of them.")
        if given and self.threshold_mode not in (None, given[0].removesuffix("_minutes")):
            raise ValueError(f"The threshold {self.threshold_mode} takes no {given[0]}: give one of them.")
        return self

    def stored(self, state: DocumentState) -> dict[str, object]:
        """Return those that are given, as settings of a document.

        Raises
        ------
        UsageError : the recording is shorter than the minutes to keep
        """
        given = self.model_dump(exclude={"taste", "keep_minutes"}, exclude_none=True)
        if self.keep_minutes is not None:
            length_s = samples_to_s(state.length_samples, state.rate_hz) if state.rate_hz else 0.0
            given["keep"] = share_of_minutes(self.keep_minutes, length_s)
        mode = next((name for name in _THRESHOLDS if name in given), None)
        return given if mode is None or "threshold_mode" in given else {**given, "threshold_mode": mode}


def _settings(request: FinderRequest) -> CutsSettings:
    assert isinstance(request.settings, CutsSettings)
    return request.settings


def _check(request: FinderRequest) -> None:
    cut_settings({**request.state.settings, **_settings(request).stored(request.state)})


def _find_cuts(request: FinderRequest, progress: Progress) -> Found:
    progress.check_cancelled()
    state, known = request.state, request.analyses
    curve, listening, nearest, grid = (known.get(one) for one in ("score", "listening", "nearest", "beats"))
    assert isinstance(listening, Listening), "the finder needs it"
    proposed = propose(
        state,
        curve if isinstance(curve, ScoreCurve) else None,
        grid if isinstance(grid, BeatGrid) else None,
        listening,
        _settings(request).stored(state),
        nearest=nearest if isinstance(nearest, NearestReference) else None,
    )
    plan, faults = proposed.plan, channel_faults(listening, state)
    kept_s = samples_to_s(plan.kept_samples, state.rate_hz)
    summary = (
        f"{proposed.cuts.sentence} proposed{plan.asked}; with all of them {format_time(kept_s, 1)} "
        f"({percent(plan.kept_share)}) would be left"
    )
    return Found(
        plan.proposals,
        "\n".join(filter(None, (summary, channel_faults_sentence(faults)))),
        figures=proposed.figures(faults, state.rate_hz),
        label=proposed.edit.label,
        stored_settings=proposed.stored_settings,
    )


CUTS = Finder(
    "Cuts by taste",
    "Cuts passages that are unlike your edits.",
    _find_cuts,
    CutsSettings,
    needs=("score",),
    check=_check,
    maker="taste",
    replaces=(CUT.name,),
)
