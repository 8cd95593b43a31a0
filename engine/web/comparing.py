"""The job of the page Visualise and compare: several recordings scored with several tastes, on one map.

The map is made of sound alone, in the same way for all tastes: spectra of two-second segments, as in
`engine.features.taste.anomaly.neighbours`, at default settings, projected on the two directions in which they
differ most. Positions on axes of each taste's own could not be compared with each other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from engine.analysis.signal.bands import MelSettings
from engine.core.errors import OffcutError, UsageError
from engine.core.progress import Progress
from engine.features.taste.overview.requests import FileSound
from engine.features.taste.overview.results import Origin, ScoredRecording, principal_plane
from engine.web.session import OpenRecording, Session
from engine.web.tastes import ODD, score_key, scored_with, thinned, written_ns
from engine.web.work import Answer

if TYPE_CHECKING:
    from engine.features.taste.anomaly.score import Scores

MOST_RECORDINGS = 20
MOST_TASTES = 5
MOST_PASSAGES = 2_400
"""Points of the map and rows of the ranking; more cannot be distinguished on a page."""
MOST_POINTS = 24_000
"""Of all curves together."""
SEGMENT_S = 2.0
_CLUSTER_SHARE = 0.9
_MAP_SHARE = 0.4
"""Time for the map of a recording, as a share of the time that one taste takes to score it."""


class Compared(BaseModel):
    """Which recordings and tastes are compared, by the keys and names that the page knows."""

    model_config = ConfigDict(extra="forbid")
    recordings: list[str] = Field(min_length=1)
    tastes: list[str] = Field(min_length=1)


@dataclass(frozen=True, slots=True, eq=False)
class _Row:
    """A recording, its scores with each taste, and the embeddings of its segments, shape (n, d).

    Attributes
    ----------
    key : of the embeddings, see `Session.once`
    """

    of: OpenRecording
    key: tuple[object, ...]
    scored: tuple[ScoredRecording, ...]
    embeddings: NDArray[np.float32]


def compared(session: Session, request: Compared, progress: Progress) -> Answer:
    """Score recordings with tastes, each pair once while its files do not change.

    A recording or taste that cannot be used is named in `left_out`, and the others are shown.

    Raises
    ------
    UsageError : too many are asked for, or a recording is no longer open
    OffcutError : none can be used
    """
    recordings = [session.recording(key) for key in dict.fromkeys(request.recordings)]
    if len(recordings) > MOST_RECORDINGS or len(request.tastes) > MOST_TASTES:
        raise UsageError(f"Choose up to {MOST_RECORDINGS} recordings and {MOST_TASTES} tastes.")
    progress.report(0.0, "Reading the tastes")
    tastes, left_out = _usable(session, dict.fromkeys(request.tastes))
    if session.cluster:
        _score_on_cluster(session, recordings, tastes, progress.part(0.0, _CLUSTER_SHARE))
        progress = progress.part(_CLUSTER_SHARE, 1.0)
    rows: list[_Row] = []
    whole_s = sum(one.duration_s for one in recordings)
    done_s = 0.0
    for recording in recordings if tastes else ():
        begin, done_s = done_s / whole_s, done_s + recording.duration_s
        try:
            rows.append(_row(session, recording, tastes, progress.part(begin, done_s / whole_s)))
        except OffcutError as error:
            left_out.append(recording.for_pages(session.for_pages(str(error))))
    if not rows:
        raise OffcutError(" ".join(left_out))
    return {**_shown(session, rows, [name.rpartition("/")[2] for name in tastes]), "left_out": left_out}


def _usable(session: Session, request: Iterable[str]) -> tuple[list[str], list[str]]:
    """Return the tastes that can be read, and a sentence for each of the others."""
    usable, left_out = [], []
    for name in request:
        try:
            path, _root = session.taste(name)
            session.once(("taste", path, written_ns(path)), partial(_readable, path))
            usable.append(name)
        except OffcutError as error:
            left_out.append(session.for_pages(str(error)))
    return usable, left_out


def _score_on_cluster(
    session: Session, recordings: list[OpenRecording], tastes: list[str], progress: Progress
) -> None:
    """Store the scores from the workers of the cluster, which do not see uploaded files."""
    from engine.features.taste.archive import Scored, score_on_cluster

    for number, taste in enumerate(tastes):
        path, _root = session.taste(taste)
        share = progress.step(number, len(tastes))
        keys = {score_key(one, path): one for one in recordings}
        left = [(key, one) for key, one in keys.items() if not session.has(key)]
        if not left:
            continue
        with closing(score_on_cluster(path, [one.path for _key, one in left], session.cluster)) as outcomes:
            for done, ((key, one), outcome) in enumerate(zip(left, outcomes, strict=True), start=1):
                share.check_cancelled()
                share.report(done / len(left), "Scoring on the cluster")
                if isinstance(outcome, Scored):
                    session.once(key, partial(_of_worker, one, outcome.scores))


def _of_worker(recording: OpenRecording, scores: Scores) -> ScoredRecording:
    """Convert the scores of a worker to the stored form, without the level, which is not shown."""
    return ScoredRecording(
        recording.path.stem,
        Origin.FILE,
        recording.path,
        "",
        recording.duration_s,
        scores.times_s,
        scores.scores,
        level_db=0.0,
        parts=scores.parts,
    )


def _readable(path: Path) -> bool:
    from engine.features.taste.anomaly.taste import load_taste

    load_taste(path)
    return True


def _row(session: Session, recording: OpenRecording, tastes: list[str], progress: Progress) -> _Row:
    whole = len(tastes) + _MAP_SHARE
    parts = [progress.part(number / whole, (number + 1) / whole) for number in range(len(tastes))]
    placing = progress.part(len(tastes) / whole, 1.0)
    scored = tuple(
        scored_with(session, recording, taste, part) for taste, part in zip(tastes, parts, strict=True)
    )
    key = ("embeddings", recording.key, written_ns(recording.path))
    embeddings = session.once(key, partial(_embeddings, recording, placing))
    if not len(embeddings) or not all(len(one.scores) for one in scored):
        raise OffcutError(f"{recording.name} is too short to be compared: choose a longer recording.")
    return _Row(recording, key, scored, embeddings)


def _embeddings(recording: OpenRecording, progress: Progress) -> NDArray[np.float32]:
    from engine.features.taste.overview.jobs import embedded

    found, _starts_s = embedded(MelSettings(), FileSound(recording.path), SEGMENT_S, progress)
    return found.astype(np.float16).astype(np.float32)


def _shown(session: Session, rows: list[_Row], tastes: list[str]) -> dict[str, object]:
    """Return the content of the plots: curves of all recordings, and their passages on one map."""
    segments = -(-sum(len(row.embeddings) for row in rows) // MOST_PASSAGES)
    points = MOST_POINTS // (len(rows) * len(tastes))
    passages = [_passages(row, segments) for row in rows]
    together = np.concatenate([one.embeddings for one in passages])
    # On a busy machine this takes a second: once for the same recordings, whatever the tastes.
    plane = session.once(("plane", *(row.key for row in rows)), partial(principal_plane, together))
    return {
        "odd": ODD,
        "tastes": _distinct(tastes),
        "explained": plane.explained,
        "recordings": [
            {
                "key": row.of.key,
                "name": name,
                "duration_s": row.of.duration_s,
                "curves": [_curve(one, points) for one in row.scored],
                "mean": [one.mean for one in row.scored],
                "high": [one.high for one in row.scored],
                "above": [one.share_above(ODD) for one in row.scored],
            }
            for row, name in zip(rows, _distinct([row.of.name for row in rows]), strict=True)
        ],
        "passages": {
            "recording": np.repeat(np.arange(len(rows)), [len(one.starts_s) for one in passages]).tolist(),
            "start_s": np.concatenate([one.starts_s for one in passages]).tolist(),
            "stop_s": np.concatenate([one.stops_s for one in passages]).round(3).tolist(),
            "x": plane.points[:, 0].round(4).tolist(),
            "y": plane.points[:, 1].round(4).tolist(),
            "scores": np.concatenate([one.scores for one in passages], axis=1).round(4).tolist(),
        },
    }


@dataclass(frozen=True, slots=True, eq=False)
class _Passages:
    """Passages of a recording: spans, mean embeddings, shape (n, d), and mean scores, shape (tastes, n)."""

    starts_s: NDArray[np.float64]
    stops_s: NDArray[np.float64]
    embeddings: NDArray[np.float32]
    scores: NDArray[np.float64]


def _passages(row: _Row, segments: int) -> _Passages:
    """Divide a recording into passages of `segments` segments; the last one includes the remainder."""
    first = np.arange(0, len(row.embeddings), segments)
    counts = np.diff(np.append(first, len(row.embeddings)))
    starts_s = first.astype(np.float64) * SEGMENT_S
    stops_s = np.append(starts_s[1:], row.of.duration_s)
    means = np.add.reduceat(row.embeddings, first, axis=0) / counts[:, None]
    scores = np.array([_means(one, starts_s, stops_s) for one in row.scored])
    return _Passages(starts_s, stops_s, means.astype(np.float32), scores)


def _means(
    scored: ScoredRecording, starts_s: NDArray[np.float64], stops_s: NDArray[np.float64]
) -> NDArray[np.float64]:
    sums = np.append(0.0, np.cumsum(scored.scores, dtype=np.float64))
    first, last = np.searchsorted(scored.times_s, starts_s), np.searchsorted(scored.times_s, stops_s)
    between = np.interp((starts_s + stops_s) / 2, scored.times_s, scored.scores)
    inside: NDArray[np.float64] = (sums[last] - sums[first]) / np.maximum(last - first, 1)
    return np.where(last > first, inside, between)


def _curve(scored: ScoredRecording, points: int) -> dict[str, list[float]]:
    times_s, scores = thinned(scored.times_s.round(2), scored.scores.astype(np.float64).round(4), points)
    return {"times_s": times_s, "scores": scores}


def _distinct(names: list[str]) -> list[str]:
    """Number the names that occur again, so that each is shown once."""
    seen: Counter[str] = Counter()
    found = []
    for name in (one.removesuffix(".taste") for one in names):
        seen[name] += 1
        found.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return found
