"""The analyses of takes: repeated passages, and sections."""

from __future__ import annotations

from engine.document.analysis import TAKES, Analysis
from engine.document.edits.analyses import known_sections, takes_id
from engine.recordings.analyses import Analyser, AnalysisRequest


def _are_takes(request: AnalysisRequest, found: Analysis | None) -> bool:
    return found is not None and request.state.analyses.get(TAKES) == takes_id(request.state)


def _are_sections(request: AnalysisRequest, found: Analysis | None) -> bool:
    return known_sections(request.state, found) is not None


TAKES_PLAYED = Analyser("engine.features.takes.finders.take_proposals:analyse", is_current=_are_takes)
SECTIONS_FOUND = Analyser(
    "engine.features.takes.structure.find:analyse", ("listening",), is_current=_are_sections
)
