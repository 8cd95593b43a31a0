"""Finders of cuts by the scores of a taste, of dead air, and of long pauses, which are shortened."""

from __future__ import annotations

from typing import Any, Self

from pydantic import Field, model_validator

from engine.analysis.signal.dead_air import LEAST_S, pauses
from engine.core.progress import Progress
from engine.core.timebase import format_time, s_to_samples, samples_to_s
from engine.core.wording import counted, percent
from engine.document.analysis import BeatGrid, Listening, NearestReference, ScoreCurve
from engine.document.kinds.order import CUT
from engine.document.proposals import BY_SHORTENING, Proposal
from engine.document.settings import LIMITS, ThresholdMode, cut_settings
from engine.document.state import DocumentState
from engine.features.taste.cuts.profile import PAUSES
from engine.features.taste.document_cuts import propose, propose_pauses, share_of_minutes
from engine.recordings.channel_faults import channel_faults, channel_faults_sentence
from engine.review.finders import Finder, FinderRequest, FinderSettings, Found, limited

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
        f"{proposed.cuts.sentence} proposed{plan.questions_text}; with all of them {format_time(kept_s, 1)} "
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


_LEAST_CUT_S = 0.05
_SCORES = (0.5, 0.95)
"""Scores of a pause hardly longer than the limit, and of an endless one."""


class PausesSettings(FinderSettings):
    """Which pauses are shortened, and how much of them is left."""

    longer_than_s: float = Field(
        0.8, ge=0.1, le=600.0, title="Pauses longer than", description="pauses up to this length stay"
    )
    up_to_s: float | None = limited(
        (0.1, 3_600.0),
        "Pauses up to",
        "longer ones are left as they are, such as breaks between songs; default: no limit",
        "no limit",
    )
    leave_s: float = Field(
        0.4,
        ge=0.0,
        le=600.0,
        title="Leave of each",
        description="the length that is left, half of it at either end",
    )

    @model_validator(mode="before")
    @classmethod
    def _leave_no_more(cls, values: dict[str, Any]) -> dict[str, Any]:
        """Leave no more than a pause is long, where only the one length is given."""
        longest_s = values.get("longer_than_s")
        if "leave_s" in values or not isinstance(longest_s, int | float):
            return values
        return {**values, "leave_s": min(0.4, longest_s)}

    @model_validator(mode="after")
    def _require_shorter(self) -> Self:
        if self.leave_s > self.longer_than_s:
            raise ValueError(
                f"{self.leave_s:g} s cannot be left of pauses longer than {self.longer_than_s:g} s: "
                f"give 0 to {self.longer_than_s:g} s."
            )
        if self.up_to_s is not None and self.up_to_s <= self.longer_than_s:
            raise ValueError(
                f"Pauses up to {self.up_to_s:g} s cannot be longer than {self.longer_than_s:g} s: "
                f"give a limit above {self.longer_than_s:g} s, or none."
            )
        return self


def find_pauses(request: FinderRequest, progress: Progress) -> Found:
    """Propose to shorten each pause whose length is between those of the settings.

    Half of the remaining pause is at either end; at the start and the end of the recording only that half
    remains.
    """
    progress.check_cancelled()
    state, settings, listening = request.state, request.settings, request.analyses.get("listening")
    assert isinstance(listening, Listening), "the finder needs it"
    assert isinstance(settings, PausesSettings)
    hop = listening.hop_samples
    found = pauses(listening.loudness_db, hop / state.rate_hz, settings.longer_than_s) * hop
    found[:, 1] = found[:, 1].clip(max=state.length_samples)
    short = found
    if settings.up_to_s is not None:
        short = found[found[:, 1] - found[:, 0] <= s_to_samples(settings.up_to_s, state.rate_hz)]
    cuts, leave = short.copy(), s_to_samples(settings.leave_s, state.rate_hz)
    cuts[short[:, 0] > 0, 0] += leave // 2
    cuts[short[:, 1] < state.length_samples, 1] -= leave - leave // 2
    long = cuts[:, 1] - cuts[:, 0] >= s_to_samples(_LEAST_CUT_S, state.rate_hz)
    made = tuple(
        _cut(request, cut, (stop - start) / state.rate_hz, settings.longer_than_s)
        for cut, (start, stop) in zip(cuts[long].tolist(), short[long].tolist(), strict=True)
    )
    cut_s = samples_to_s(sum(one.stop_samples - one.start_samples for one in made), state.rate_hz)
    left = len(found) - len(short)
    summary = "No pause to shorten." if left else "No pause is that long."
    if made:
        shorter = format_time(cut_s, 1)
        summary = f"{counted(len(made), 'pause')} to shorten; the result is {shorter} shorter."
    if left:
        summary += f" Unchanged: {counted(left, 'pause')} over {settings.up_to_s:g} s."
    return Found(made, summary, figures={"cut_s": cut_s, "left_pauses": left})


def _cut(request: FinderRequest, cut: tuple[int, int], pause_s: float, longest_s: float) -> Proposal:
    start, stop = cut
    left_s = pause_s - (stop - start) / request.state.rate_hz
    reason = f"A pause of {pause_s:.1f} s, of which {left_s:.1f} s is left."
    least, most = _SCORES
    score = most - (most - least) * min(1.0, longest_s / pause_s)
    return request.cut(start, stop, score, reason)


SHORTER_PAUSES = Finder(
    "Shorten pauses",
    "Leaves less of long pauses, half of it at either end, so that no word is cut off.",
    find_pauses,
    PausesSettings,
    needs=("listening",),
    is_quick=True,
    maker=BY_SHORTENING,
)
