"""Takes: cuts of all but the best take of each passage, and of false starts."""

from __future__ import annotations

from engine.core.progress import Progress
from engine.core.wording import counted
from engine.document.analysis import TAKES as TAKES_KIND
from engine.document.analysis import ScoreCurve, StoredTakes
from engine.document.kinds.order import CUT
from engine.document.proposals import BY_TAKES
from engine.features.takes.finders.takes_that_play import takes_from
from engine.review.finders import Finder, FinderRequest, Found


def _find(request: FinderRequest, progress: Progress) -> Found:
    from engine.features.takes.finders.take_proposals import propose_takes

    progress.check_cancelled()
    stored, curve = request.analyses.get(TAKES_KIND), request.analyses.get("score")
    assert isinstance(stored, StoredTakes), "the finder needs it"
    made = propose_takes(request.state, takes_from(stored), curve if isinstance(curve, ScoreCurve) else None)
    label = f"Proposed {counted(len(made.proposals), 'cut')} of takes"
    return Found(made.proposals, made.sentence, label=label)


TAKES = Finder(
    "Takes",
    "Cuts all but the best take, and false starts.",
    _find,
    needs=(TAKES_KIND,),
    maker=BY_TAKES,
    is_listed=True,
    replaces=(CUT.name,),
)
