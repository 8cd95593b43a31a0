"""The analysis of a day, which is found in the pass that finds beats, onsets and loudness."""

from __future__ import annotations

from engine.document.analysis import Analysis
from engine.document.edits.analyses import known_day
from engine.recordings.analyses import Analyser, AnalysisRequest


def _is_day(request: AnalysisRequest, found: Analysis | None) -> bool:
    return known_day(request.state, found) is not None


DAY_FOUND = Analyser(
    "engine.features.day.find_in_document:analyse", brings=("listening",), is_current=_is_day
)
