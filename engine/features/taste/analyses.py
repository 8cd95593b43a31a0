"""The analysis by a taste: scores, and the nearest training examples."""

from __future__ import annotations

from engine.document.analysis import Analysis, ScoreCurve
from engine.features.taste.anomaly.taste_header import maker_of
from engine.recordings.analyses import Analyser, AnalysisRequest, is_of_sound


def _is_score(request: AnalysisRequest, found: Analysis | None) -> bool:
    """Return whether scores are of the requested taste, if any."""
    if request.taste is None:
        return True
    maker = maker_of(request.taste)
    is_of_taste = isinstance(found, ScoreCurve) and found.maker == maker
    return is_of_taste and is_of_sound("score", maker, request, found)


SCORE = Analyser("engine.features.taste.score_document:score", ("listening",), is_current=_is_score)
