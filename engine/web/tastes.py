"""Jobs of the taste pages: list tastes, show one, and score a recording with it."""

from __future__ import annotations

import os
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from engine.core.errors import SourceError
from engine.core.progress import Progress
from engine.features.taste.anomaly.taste_header import summary_of
from engine.features.taste.anomaly.threshold import USUAL_LIMIT, to_scores
from engine.features.taste.overview.requests import FileSound
from engine.features.taste.overview.results import LearnedFrom, Origin, ScoredRecording, verdict
from engine.recordings.media import find_reference
from engine.review.wording import part_wording
from engine.web.session import OpenRecording, Session
from engine.web.work import Answer

MOST_POINTS = 2_000
MOST_MOMENTS = 12
APART_S = 3.0
"""Moments closer than this are the same event, as are all of a continuously anomalous passage."""
ODD = float(to_scores(np.array([USUAL_LIMIT]))[0])
"""Score above which moments are anomalous for most tastes."""


class OfTaste(BaseModel):
    """Which taste is meant, by the name that the list gives it."""

    model_config = ConfigDict(extra="forbid")
    taste: str


def listed(session: Session) -> list[dict[str, object]]:
    """Return the available tastes, with the summaries of their files."""
    found = []
    for listed_name, (root, name) in session.tastes().items():
        summary = summary_of(root / name)
        found.append(
            {
                "taste": listed_name,
                "name": name.rpartition("/")[2].removesuffix(".taste"),
                "shelf": listed_name.partition("/")[0],
                "recordings": summary.recordings,
                "duration_s": summary.duration_s,
                "trouble": session.for_pages(summary.trouble),
            }
        )
    return found


def overview(session: Session, request: OfTaste, progress: Progress) -> Answer:
    """Return the facts of a taste, and the scores of its training recordings.

    Raises
    ------
    UsageError, TasteError : the taste does not exist or cannot be read
    """
    from engine.features.taste.overview.jobs import look_at, score_references

    path, root = session.taste(request.taste)
    facts = look_at(path, progress.part(0.0, 0.1))
    # A taste can name any path: only files inside its own folder are opened.
    served = {one: where for one in facts.recordings if (where := _found_inside(one, root, progress))}
    there = [replace(one, path=where) for one, where in served.items()]
    scored_references = score_references(path, there, (), progress.part(0.1, 1.0))
    by_path = {one.key: one for one in scored_references.recordings}
    scored = {one: by_path.get(str(where)) for one, where in served.items()}
    return {
        "name": facts.name,
        "maker": facts.maker,
        "recipe": facts.recipe,
        "steps": [asdict(step) for step in facts.steps],
        "settings": [list(pair) for pair in facts.settings],
        "figures": [list(pair) for pair in facts.figures],
        "training": list(facts.training),
        "validation": list(facts.validation),
        "odd": ODD,
        "recordings": [
            {"name": one.name, "duration_s": one.duration_s, **_summary(scored.get(one))}
            for one in facts.recordings
        ],
        "distribution": _distribution(scored_references.recordings),
    }


def scores(session: Session, recording: OpenRecording, request: OfTaste, progress: Progress) -> Answer:
    """Score a recording: a curve, and its worst moments.

    Raises
    ------
    UsageError, TasteError, SourceError : the taste or the recording cannot be read
    """
    scored = scored_with(session, recording, request.taste, progress)
    times_s, curve = thinned(scored.times_s, scored.scores, MOST_POINTS)
    return {
        "name": recording.name,
        "duration_s": scored.duration_s,
        "times_s": times_s,
        "scores": curve,
        "odd": ODD,
        "moments": worst_moments(scored),
        **_summary(scored),
    }


def scored_with(
    session: Session, recording: OpenRecording, taste: str, progress: Progress
) -> ScoredRecording:
    """Score a recording with a taste by its name, once while neither file changes.

    Raises
    ------
    UsageError, TasteError, SourceError : the taste or the recording cannot be read
    """
    from engine.features.taste.overview.jobs import score_sound

    path, _root = session.taste(taste)
    return session.once(
        score_key(recording, path),
        lambda: replace(score_sound(path, FileSound(recording.path), Origin.FILE, progress), nearest=None),
    )


def score_key(recording: OpenRecording, taste: Path) -> tuple[object, ...]:
    """Return the key of the scores of a recording with a taste, see `Session.once`."""
    return ("scores", recording.key, written_ns(recording.path), str(taste), written_ns(taste))


def written_ns(path: Path) -> int | None:
    """Return the time at which a file was last written, None if it is missing."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return None


def worst_moments(scored: ScoredRecording) -> list[dict[str, object]]:
    """Return the moments of the highest scores, one for each anomalous passage, highest first."""
    left = scored.scores.astype(np.float64)
    is_odd = np.concatenate([[False], left >= ODD, [False]])
    found: list[dict[str, object]] = []
    while len(found) < MOST_MOMENTS and len(left) and left.max() >= 0.0:
        at = int(left.argmax())
        why = max(scored.parts, key=lambda name: float(scored.parts[name][at]), default="")
        first = at - int(np.argmin(is_odd[at + 1 :: -1])) + 1 if is_odd[at + 1] else at
        last = at + int(np.argmin(is_odd[at + 1 :])) - 1 if is_odd[at + 1] else at
        found.append(
            {
                "at_s": float(scored.times_s[at]),
                "start_s": float(scored.times_s[first]),
                "stop_s": float(scored.times_s[last]),
                "score": float(scored.scores[at]),
                "why": part_wording(why) if why else "",
            }
        )
        begin_s, end_s = scored.times_s[first] - APART_S, scored.times_s[last] + APART_S
        left[(scored.times_s > begin_s) & (scored.times_s < end_s)] = -1.0
    return found


def _summary(scored: ScoredRecording | None) -> dict[str, object]:
    if scored is None:
        return {"mean": None, "high": None, "verdict": ""}
    return {"mean": scored.mean, "high": scored.high, "verdict": verdict(scored, ODD, ODD, None)}


def _distribution(recordings: tuple[ScoredRecording, ...]) -> list[float]:
    """Return which share of all moments scores within each twentieth of 0 to 1; empty without any."""
    together = np.concatenate([np.zeros(0, np.float32), *(one.scores for one in recordings)])
    if not len(together):
        return []
    counts, _edges = np.histogram(together, bins=20, range=(0.0, 1.0))
    shares: list[float] = (counts / len(together)).tolist()
    return shares


def thinned(
    times_s: NDArray[np.float64], values: NDArray[np.floating[Any]], most: int
) -> tuple[list[float], list[float]]:
    """Return a curve of no more points than are drawn, each the highest of those it stands for."""
    each = max(1, -(-len(values) // most))
    starts = np.arange(0, len(values), each)
    if not len(starts):
        return [], []
    return times_s[starts].tolist(), np.maximum.reduceat(values, starts).tolist()


def _found_inside(one: LearnedFrom, root: Path, progress: Progress) -> Path | None:
    """Return the path of a recording inside a folder, found by its name and content."""
    expected = one.path if _lies_in(one.path, root) else root / one.path.name
    try:
        found = find_reference(expected, one.content_hash, (root,), progress)
    except SourceError:
        return None
    return found if _lies_in(found, root) else None


def _lies_in(path: Path, root: Path) -> bool:
    try:
        return Path(os.path.realpath(path, strict=True)).is_relative_to(os.path.realpath(root))
    except (OSError, ValueError):
        return False
