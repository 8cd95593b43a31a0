"""How much foreign sound in an edited file is reported as foreign, and how much of the rest is by mistake."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

from engine.core.progress import SILENT, Progress
from engine.features.match.match import match_sounds
from engine.features.match.matched import Matched, Segment
from engine.features.match.sound import sound_of
from engine.lab.evaluation.matching.foreign_material import inserted_edits
from engine.lab.evaluation.matching.inserts import FOREIGN, InsertedEdit
from engine.lab.evaluation.matching.treatments import TREATMENTS

Line = dict[str, str | float | int]

_STEP_S = 0.001
_AUDIBLE_S, _AUDIBLE_DB = 0.02, -70.0
_WITHIN_S = 0.001
_SAME_DB, _SAME_S = -60.0, 0.02
_WORST_SHARE = 0.1


@dataclass(frozen=True, slots=True)
class InsertFound:
    """One insert: how many of its audible moments are reported as foreign."""

    nominal_s: float
    found: int
    moments: int


@dataclass(frozen=True, slots=True)
class ForeignFound:
    """Report on one edit in one version, in moments of 1 ms.

    Attributes
    ----------
    false, right, own : moments of the recording: reported as foreign; put to the right place; all
    """

    name: str
    kind: str
    version: str
    inserts: tuple[InsertFound, ...]
    false: int
    right: int
    own: int


def evaluate_foreign(data_dir: Path, *, short: bool, progress: Progress = SILENT) -> Iterator[Line]:
    """Yield one line for each kind of foreign sound and each version.

    Raises
    ------
    UsageError : the recordings are missing
    Cancelled : the user asked for it
    """
    edits = inserted_edits(data_dir, is_chosen=False, short=short)
    yield from foreign_lines(foreign_tried(edits, progress=progress))


def foreign_tried(
    edits: Iterable[InsertedEdit],
    *,
    versions: Sequence[str] = tuple(TREATMENTS),
    progress: Progress = SILENT,
) -> Iterator[ForeignFound]:
    """Yield the report on every edit in every version."""
    for number, edit in enumerate(edits):
        raw = sound_of(Path("raw"), edit.raw, edit.rate_hz)
        for version in versions:
            progress.check_cancelled()
            progress.report(0.0, f"{edit.name} with {edit.kind}, {version}")
            samples = TREATMENTS[version](edit.edited, edit.rate_hz, np.random.default_rng(number))
            found = match_sounds((raw,), sound_of(Path(edit.name), samples, edit.rate_hz))
            yield foreign_found(edit, version, found)


def foreign_found(edit: InsertedEdit, version: str, found: Matched) -> ForeignFound:
    """Compare the report with the origin of each audible moment."""
    step = round(_STEP_S * edit.rate_hz)
    at = np.arange(step // 2, len(edit.edited), step)
    is_audible = audible(edit.edited, edit.rate_hz)[at]
    origin = edit.origin[at]
    claimed, right = np.zeros(len(at), bool), np.zeros(len(at), bool)
    for segment in found.segments:
        inside = (at >= segment.edited_start_samples) & (at < segment.edited_stop_samples)
        claimed |= inside
        right |= inside & _is_right(edit, segment, at, origin)
    is_foreign, is_own = is_audible & (origin == FOREIGN), is_audible & (origin >= 0)
    inserts = []
    for one in edit.inserts:
        inside = is_foreign & (at >= one.start_samples) & (at < one.stop_samples)
        inserts.append(InsertFound(one.nominal_s, _count(inside & ~claimed), _count(inside)))
    return ForeignFound(
        edit.name,
        edit.kind,
        version,
        tuple(inserts),
        _count(is_own & ~claimed),
        _count(is_own & right),
        _count(is_own),
    )


def audible(samples: NDArray[np.float32], rate_hz: int) -> NDArray[np.bool_]:
    """Return which samples are louder than -70 dB over 20 ms, shape (n,)."""
    power = np.mean(np.square(samples, dtype=np.float64), axis=1)
    level = uniform_filter1d(power, round(_AUDIBLE_S * rate_hz), mode="nearest")
    loud: NDArray[np.bool_] = level > 10.0 ** (_AUDIBLE_DB / 10.0)
    return loud


def _is_right(
    edit: InsertedEdit, segment: Segment, at: NDArray[np.int64], origin: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Return at which moments a segment plays the right place of the recording, or the same samples."""
    ahead = (at - segment.edited_start_samples) * segment.speed
    place = segment.raw_start_samples + np.rint(ahead).astype(np.int64)
    is_right = np.abs(place - origin) <= _WITHIN_S * edit.rate_hz
    half = round(_SAME_S * edit.rate_hz) // 2
    reach = np.arange(-half, half)
    is_other = ~is_right & (origin >= half) & (origin < len(edit.raw) - half)
    is_other &= (place >= half) & (place < len(edit.raw) - half)
    rows = np.flatnonzero(is_other)
    mine, theirs = (edit.raw[one[rows, None] + reach].mean(axis=2) for one in (origin, place))
    apart, power = np.sum((mine - theirs) ** 2, axis=1), np.sum(mine**2, axis=1)
    is_right[rows] = apart <= 10.0 ** (_SAME_DB / 10.0) * power
    return np.asarray(is_right, np.bool_)


def _count(which: NDArray[np.bool_]) -> int:
    return int(np.count_nonzero(which))


def foreign_lines(results: Iterable[ForeignFound]) -> Iterator[Line]:
    """Yield the figures of each kind and version, then those of each length."""
    every = list(results)
    for kind in dict.fromkeys(one.kind for one in every):
        for version in dict.fromkeys(one.version for one in every):
            of_it = [one for one in every if (one.kind, one.version) == (kind, version)]
            inserts = [insert for one in of_it for insert in one.inserts if insert.moments]
            own = max(1, sum(one.own for one in of_it))
            yield {
                "metric": f"foreign, {kind}, {version}: found",
                **_recall(inserts),
                "false": sum(one.false for one in of_it) / own,
                "right": sum(one.right for one in of_it) / own,
            }
    for length_s in sorted({insert.nominal_s for one in every for insert in one.inserts}):
        inserts = [one for each in every for one in each.inserts if one.nominal_s == length_s and one.moments]
        yield {"metric": f"foreign, {length_s:g} s: found", **_recall(inserts)}


def _recall(inserts: Sequence[InsertFound]) -> Line:
    """Return the share of moments found, and of single inserts the mean, median and worst decile."""
    shares = np.sort([one.found / one.moments for one in inserts] or [np.nan])
    worst = shares[: max(1, round(_WORST_SHARE * len(shares)))]
    moments = max(1, sum(one.moments for one in inserts))
    return {
        "value": sum(one.found for one in inserts) / moments,
        "mean": float(np.mean(shares)),
        "median": float(np.median(shares)),
        "worst_decile": float(np.mean(worst)),
        "n": len(inserts),
    }
