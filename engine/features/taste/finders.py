"""Finders of cuts by the scores of a taste, of dead air, and of long pauses, which are shortened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from engine.analysis.signal.dead_air import LEAST_S, pauses
from engine.core.progress import Progress
from engine.core.timebase import common, format_time, outside, s_to_samples, samples_to_s
from engine.core.wording import counted, percent
from engine.document.analysis import WORDS, BeatGrid, Listening, NearestReference, ScoreCurve, Transcript
from engine.document.edits.analyses import known_transcript
from engine.document.kinds.order import CUT
from engine.document.proposals import BY_SHORTENING, Proposal
from engine.document.settings import LIMITS, ThresholdMode, cut_settings
from engine.document.state import DocumentState
from engine.features.taste.cuts.profile import PAUSES
from engine.features.taste.document_cuts import propose, propose_pauses, share_of_minutes
from engine.features.words.sentences import sentence_starts
from engine.features.words.text import in_context
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
_LEFT_S, _MORE = 0.4, 1.5
"""Left of a pause, and how many times as much at the end of a sentence."""
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
        _LEFT_S,
        ge=0.0,
        le=600.0,
        title="Leave of each",
        description="the length that is left, half of it at either end",
    )
    leave_after_sentence_s: float | None = limited(
        (0.0, 600.0),
        "Leave after a sentence",
        "the length that is left between two sentences of a transcript; default: 1.5 times as much",
        "1.5 times",
    )

    @model_validator(mode="before")
    @classmethod
    def _leave_no_more(cls, values: dict[str, Any]) -> dict[str, Any]:
        """Leave no more than a pause is long, where only the one length is given."""
        longest_s = values.get("longer_than_s")
        if "leave_s" in values or not isinstance(longest_s, int | float):
            return values
        return {**values, "leave_s": min(_LEFT_S, longest_s)}

    @model_validator(mode="after")
    def _require_shorter(self) -> Self:
        for left_s in (self.leave_s, self.left_after_sentence_s):
            if left_s > self.longer_than_s:
                raise ValueError(
                    f"{left_s:g} s cannot be left of pauses longer than {self.longer_than_s:g} s: "
                    f"give 0 to {self.longer_than_s:g} s."
                )
        if self.up_to_s is not None and self.up_to_s <= self.longer_than_s:
            raise ValueError(
                f"Pauses up to {self.up_to_s:g} s cannot be longer than {self.longer_than_s:g} s: "
                f"give a limit above {self.longer_than_s:g} s, or none."
            )
        return self

    @property
    def left_after_sentence_s(self) -> float:
        """The length that is left between two sentences."""
        if self.leave_after_sentence_s is not None:
            return self.leave_after_sentence_s
        return max(self.leave_s, min(_MORE * self.leave_s, self.longer_than_s))


@dataclass(frozen=True, slots=True)
class _Pause:
    """A pause [start, stop) in samples, the words around it if known, and whether a sentence ends before."""

    start: int
    stop: int
    context: str = ""
    is_after_sentence: bool = False


def find_pauses(request: FinderRequest, progress: Progress) -> Found:
    """Propose to shorten each pause whose length is between those of the settings.

    Half of the remaining pause is at either end; at the start and the end of the recording only that half
    remains. With a transcript, a pause has no part of a word, and more of it remains after a sentence.
    """
    progress.check_cancelled()
    state, settings, listening = request.state, request.settings, request.analyses.get("listening")
    assert isinstance(listening, Listening), "the finder needs it"
    assert isinstance(settings, PausesSettings)
    hop = listening.hop_samples
    spans = pauses(listening.loudness_db, hop / state.rate_hz, settings.longer_than_s) * hop
    spans[:, 1] = spans[:, 1].clip(max=state.length_samples)
    transcript = known_transcript(state, request.analyses.get(WORDS))
    # subtitles of another program have no exact edges: their words cover pauses
    if transcript is not None and transcript.model and len(transcript):
        found = _between_words(spans, transcript, s_to_samples(settings.longer_than_s, state.rate_hz))
    else:
        found = [_Pause(start, stop) for start, stop in spans.tolist()]
    most = state.length_samples
    if settings.up_to_s is not None:
        most = s_to_samples(settings.up_to_s, state.rate_hz)
    short = [one for one in found if one.stop - one.start <= most]
    made = tuple(filter(None, (_shortened(request, settings, one) for one in short)))
    cut_s = samples_to_s(sum(one.stop_samples - one.start_samples for one in made), state.rate_hz)
    left = len(found) - len(short)
    summary = "No pause to shorten." if left else "No pause is that long."
    if made:
        shorter = format_time(cut_s, 1)
        summary = f"{counted(len(made), 'pause')} to shorten; the result is {shorter} shorter."
    if left:
        summary += f" Unchanged: {counted(left, 'pause')} over {settings.up_to_s:g} s."
    return Found(made, summary, figures={"cut_s": cut_s, "left_pauses": left})


def _between_words(spans: NDArray[np.int64], transcript: Transcript, least: int) -> list[_Pause]:
    """Return the parts of pauses that are in no word and have a least length, in samples."""
    words, starts = transcript.spans_samples, frozenset(sentence_starts(transcript).tolist())
    free = common(spans, outside(words, 0, int(max(spans.max(initial=0), words.max()))))
    found = list[_Pause]()
    for start, stop in free[np.diff(free)[:, 0] >= least].tolist():
        after = int(words[:, 0].searchsorted(start))
        context = in_context(transcript.texts, after, after, "pause")
        found.append(_Pause(start, stop, context, after > 0 and after in starts))
    return found


def _shortened(request: FinderRequest, settings: PausesSettings, pause: _Pause) -> Proposal | None:
    """Return the cut that shortens a pause; None if it is too short."""
    state = request.state
    left_s = settings.left_after_sentence_s if pause.is_after_sentence else settings.leave_s
    leave = s_to_samples(left_s, state.rate_hz)
    start = pause.start + (leave // 2 if pause.start > 0 else 0)
    stop = pause.stop - (leave - leave // 2 if pause.stop < state.length_samples else 0)
    if stop - start < s_to_samples(_LEAST_CUT_S, state.rate_hz):
        return None
    pause_s = samples_to_s(pause.stop - pause.start, state.rate_hz)
    rest_s = pause_s - samples_to_s(stop - start, state.rate_hz)
    where = " after a sentence" if pause.is_after_sentence else ""
    words = f": {pause.context}" if pause.context else "."
    reason = f"A pause of {pause_s:.1f} s{where}, of which {rest_s:.1f} s is left{words}"
    least, most = _SCORES
    score = most - (most - least) * min(1.0, settings.longer_than_s / pause_s)
    return request.cut(start, stop, score, reason)


SHORTER_PAUSES = Finder(
    "Shorten pauses",
    "Leaves less of long pauses, half of it at either end, so that no word is cut off. With a transcript, "
    "leaves more between sentences.",
    find_pauses,
    PausesSettings,
    needs=("listening",),
    is_quick=True,
    maker=BY_SHORTENING,
)
