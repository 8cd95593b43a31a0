"""Arrangement: cuts, repeats and moves that an editor would make, as one arrangement."""

from __future__ import annotations

from pathlib import Path
from typing import Self

import numpy as np
from pydantic import Field, model_validator

from engine.core.progress import Progress
from engine.core.timebase import samples_to_s
from engine.core.wording import counted
from engine.document.analysis import SECTIONS, SOUNDS, BeatGrid, DetectedSounds, Listening, ScoreCurve
from engine.document.edits.analyses import known_sections
from engine.document.kinds.order import CUT, MOVE, REPEAT
from engine.document.proposals import BY_ARRANGING
from engine.features.arrangement.editor_files import require_editor
from engine.features.arrangement.finder.requests import (
    ArrangeRequest,
    RawAndEdited,
    require_arranging,
    require_files,
)
from engine.review.finders import Finder, FinderRequest, FinderSettings, Found


class ArrangementSettings(FinderSettings):
    """As whom to arrange, like what, to which length, and which arrangement of many."""

    editor: str = Field(
        "", title="Editor", description="an .editor file; without one, the average of all learned editors"
    )
    like_raw: str = Field("", title="Example recording", description="the recording of an example edit")
    like_edited: str = Field("", title="Example edit", description="the edited file of that recording")
    minutes: float | None = Field(None, title="Minutes", description="the length of the result")
    seed: int = Field(
        0,
        ge=0,
        le=1_000_000_000,
        title="Seed",
        description="0: the most probable arrangement; any other number: a random one",
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        if bool(self.like_raw) != bool(self.like_edited):
            raise ValueError("An example is a recording and its edit: give like_raw and like_edited.")
        return self

    @property
    def like(self) -> tuple[Path, Path] | None:
        """The example, if one is given: the recording and its edit."""
        return (Path(self.like_raw), Path(self.like_edited)) if self.like_raw else None


def arrangement_settings(request: FinderRequest) -> ArrangementSettings:
    """Return the settings of a request for this finder."""
    assert isinstance(request.settings, ArrangementSettings)
    return request.settings


def _check(request: FinderRequest) -> None:
    settings = arrangement_settings(request)
    require_arranging(request.state, settings.minutes)
    if settings.editor:
        require_editor(Path(settings.editor))
    if settings.like is not None:
        raw, edited = settings.like
        require_files(RawAndEdited((raw,), edited))


def _find(request: FinderRequest, progress: Progress) -> Found:
    from engine.features.arrangement.finder.arrange import arrange

    state, settings = request.state, arrangement_settings(request)
    grid, curve = request.analyses.get("beats"), request.analyses.get("score")
    listening = request.analyses.get("listening")
    assert isinstance(grid, BeatGrid), "it is computed with the listening that the finder needs"
    arranging = ArrangeRequest(
        state,
        request.media,
        grid,
        curve if isinstance(curve, ScoreCurve) else None,
        Path(settings.editor) if settings.editor else None,
        settings.like,
        settings.minutes,
        settings.seed,
        known_sections(state, request.analyses.get(SECTIONS)),
        listening.onsets_samples if isinstance(listening, Listening) else np.zeros(0, np.int64),
        _talk_s(request),
    )
    made = arrange(arranging, progress)
    spans = [[samples_to_s(edge, state.rate_hz) for edge in span] for span in made.references_samples]
    figures = {
        "result_s": made.result_s,
        "recording_s": made.recording_s,
        "others_s": list(made.others_s),
        "references": [{"start_s": start_s, "stop_s": stop_s} for start_s, stop_s in spans],
    }
    label = f"Proposed an arrangement of {counted(len(made.proposals), 'edit')}"
    return Found(made.proposals, made.sentence, figures=figures, label=label, takes=made.takes)


def _talk_s(request: FinderRequest) -> tuple[tuple[float, float], ...]:
    """Return the talk between and around music."""
    from engine.analysis.detection.voices import talk_between
    from engine.analysis.detection.what_sounds import voices_of

    sounds = request.analyses.get(SOUNDS)
    if not isinstance(sounds, DetectedSounds):
        return ()
    return talk_between(voices_of(sounds, request.state.rate_hz))


ARRANGEMENT = Finder(
    "Arrangement",
    "Cuts, repeats and moves passages as an editor would.",
    _find,
    ArrangementSettings,
    needs=("listening", SOUNDS),
    reads=("beats", "score", SECTIONS),
    check=_check,
    maker=BY_ARRANGING,
    replaces=(CUT.name, REPEAT.name, MOVE.name),
)
