"""Evaluation of edits with stretched pieces: places, speeds, pitches and foreign sound."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

from engine.core.progress import SILENT, Progress
from engine.features.match.match import match_sounds
from engine.features.match.matched import Matched, Segment
from engine.features.match.sound import sound_of
from engine.lab.evaluation.matching.chroma_path import chroma_matched
from engine.lab.evaluation.matching.versions import VERSIONS
from engine.lab.evaluation.matching.warped_edits import RATE_HZ, WarpedEdit, WarpedPiece, warped_edits

Line = dict[str, str | float | int]

_STEP_S, _WITHIN_S, _BASELINE_WITHIN_S = 0.001, 0.005, 0.1
_AUDIBLE_S, _AUDIBLE_DB = 0.02, -60.0
_SAME_S, _SAME_DB = 0.04, -15.0
_SPEED_WITHIN = 1e-3
_WORST_SHARE = 0.1
_SPEEDS_BEFORE = 0.032
_VERSIONS = ("clean", "coded")


@dataclass(frozen=True, slots=True)
class WarpedFound:
    """Result of one edit, in moments of 1 ms.

    Attributes
    ----------
    right, near, own : moments of the recording, those put within 5 ms, and those within 100 ms
    false : those that are reported as foreign
    foreign_found, foreign : foreign moments, and those reported
    speeds_right, speeds : moments of stretched pieces that were found, and those at a speed within 0.1 %
    semitones_off : of the same pieces
    by_tool : right and all moments of the pieces of each tool
    """

    edit: str
    kind: str
    warp: str
    version: str
    right: int
    near: int
    own: int
    false: int
    foreign_found: int
    foreign: int
    speeds_right: int
    speeds: int
    semitones_off: tuple[float, ...]
    by_tool: tuple[tuple[str, int, int], ...]
    took_s: float


def evaluate_warped(
    data_dir: Path, *, short: bool, is_chosen: bool = False, progress: Progress = SILENT
) -> Iterator[Line]:
    """Yield one line for each kind of sound, each way to warp and each tool, and the baselines.

    Raises
    ------
    Cancelled : the user asked for it
    """
    edits = warped_edits(data_dir, is_chosen=is_chosen, short=short)
    versions = _VERSIONS[:1] if short else _VERSIONS
    yield from warped_lines(
        warped_tried(edits, with_baselines=not short, versions=versions, progress=progress)
    )


def warped_tried(
    edits: Iterable[WarpedEdit],
    *,
    with_baselines: bool,
    versions: Sequence[str] = _VERSIONS,
    progress: Progress = SILENT,
) -> Iterator[tuple[str, WarpedFound]]:
    """Yield the name of a method and its result, for every edit in every version."""
    for number, edit in enumerate(edits):
        raw = sound_of(Path("raw"), edit.raw, RATE_HZ)
        for version in versions:
            progress.check_cancelled()
            progress.report(0.0, f"{edit.name}, {edit.warp.value}, {version}")
            samples = VERSIONS[version](edit.edited, RATE_HZ, np.random.default_rng(number))
            edited = sound_of(Path(edit.name), samples, RATE_HZ)
            started_s = perf_counter()
            found = match_sounds((raw,), edited)
            yield "match", warped_found(edit, version, found, perf_counter() - started_s)
            if with_baselines and version == versions[0]:
                yield "copies", warped_found(edit, version, _copies_alone(found), 0.0)
                yield "chroma", warped_found(edit, version, chroma_matched((raw,), edited), 0.0)


def _copies_alone(found: Matched) -> Matched:
    """Return the result of copies alone, at up to 3.2 % more or less speed."""
    kept = [
        one for one in found.segments if one.similarity is None and abs(one.speed - 1.0) <= _SPEEDS_BEFORE
    ]
    return replace(found, segments=tuple(kept))


def warped_found(edit: WarpedEdit, version: str, found: Matched, took_s: float) -> WarpedFound:
    """Compare a result with the pieces of an edit."""
    step = round(_STEP_S * RATE_HZ)
    at = np.arange(step // 2, len(edit.edited), step)
    power = np.mean(edit.edited.astype(np.float64) ** 2, axis=1)
    is_audible = uniform_filter1d(power, round(_AUDIBLE_S * RATE_HZ))[at] > 10.0 ** (_AUDIBLE_DB / 10.0)
    place = np.full(len(at), np.nan)
    for segment in found.segments:
        inside = (at >= segment.edited_start_samples) & (at < segment.edited_stop_samples)
        place[inside] = (
            segment.raw_start_samples + (at[inside] - segment.edited_start_samples) * segment.speed
        )
    truth = np.full(len(at), np.nan)
    for piece in edit.pieces:
        inside = (at >= piece.start) & (at < piece.stop)
        if piece.raw_start is not None:
            truth[inside] = piece.raw_start + (at[inside] - piece.start) * piece.speed
    is_own = is_audible & ~np.isnan(truth)
    is_foreign = is_audible & np.isnan(truth)
    is_found = ~np.isnan(place)
    off_s = np.abs(place - truth) / RATE_HZ
    same = _same_sound(edit.raw, place, truth, is_own & is_found & ~(off_s <= _WITHIN_S))
    right = is_own & ((off_s <= _WITHIN_S) | same)
    near = is_own & ((off_s <= _BASELINE_WITHIN_S) | same)
    speeds = [_speed_of(piece, found.segments) for piece in edit.pieces]
    told = [(piece, one) for piece, one in zip(edit.pieces, speeds, strict=True) if one is not None]
    tools = []
    for piece in edit.pieces:
        mine = is_own & (at >= piece.start) & (at < piece.stop)
        tools.append((piece.tool or "none", _count(right & mine), _count(mine)))
    return WarpedFound(
        edit.name,
        edit.kind,
        edit.warp.value,
        version,
        _count(right),
        _count(near),
        _count(is_own),
        _count(is_own & ~is_found),
        _count(is_foreign & ~is_found),
        _count(is_foreign),
        sum(
            piece.stop - piece.start
            for piece, one in told
            if abs(one.speed / piece.speed - 1.0) <= _SPEED_WITHIN
        ),
        sum(piece.stop - piece.start for piece, _ in told),
        tuple(abs(one.pitch_semitones - piece.semitones) for piece, one in told),
        tuple(tools),
        took_s,
    )


def _speed_of(piece: WarpedPiece, segments: Sequence[Segment]) -> Segment | None:
    """Return the segment that holds most of a stretched piece, if it is more than half of it."""
    if piece.raw_start is None or not piece.tool:
        return None
    shared = [
        min(piece.stop, one.edited_stop_samples) - max(piece.start, one.edited_start_samples)
        for one in segments
    ]
    best = int(np.argmax(shared)) if shared else 0
    return segments[best] if shared and 2 * shared[best] > piece.stop - piece.start else None


def _same_sound(
    raw: NDArray[np.float32],
    place: NDArray[np.float64],
    truth: NDArray[np.float64],
    asked: NDArray[np.bool_],
) -> NDArray[np.bool_]:
    """Return at which moments two places of the recording hold the same samples, within 2 ms."""
    half, reach = round(_SAME_S * RATE_HZ / 2), round(0.002 * RATE_HZ)
    mono = raw.mean(axis=1).astype(np.float64)
    found = np.zeros(len(asked), np.bool_)
    for row in np.flatnonzero(asked):
        one, other = round(place[row]), round(truth[row])
        if min(one, other) < half + reach or max(one, other) + half + reach >= len(mono):
            continue
        mine = mono[other - half : other + half]
        near = mono[one - half - reach : one + half + reach]
        at = int(np.argmax(np.correlate(near, mine, "valid")))
        apart = float(np.sum((near[at : at + 2 * half] - mine) ** 2))
        found[row] = apart <= 10.0 ** (_SAME_DB / 10.0) * float(np.sum(mine**2))
    return found


def _count(which: NDArray[np.bool_]) -> int:
    return int(np.count_nonzero(which))


def warped_lines(results: Iterable[tuple[str, WarpedFound]]) -> Iterator[Line]:
    """Yield the figures of each method, kind, way to warp and version, then those of each tool."""
    every = list(results)
    ours = [one for method, one in every if method == "match"]
    for version in dict.fromkeys(one.version for one in ours):
        for kind in ["all", *dict.fromkeys(one.kind for one in ours)]:
            of_it = [one for one in ours if one.version == version and kind in ("all", one.kind)]
            yield from _figures(f"stretched, {kind}, {version}", of_it)
    for warp in dict.fromkeys(one.warp for one in ours):
        yield _places(f"stretched, {warp}", [one for one in ours if one.warp == warp])
    for tool in sorted({name for one in ours for name, _, _ in one.by_tool}):
        parts = [part for one in ours for part in one.by_tool if part[0] == tool and part[2]]
        yield {
            "metric": f"stretched, {tool}: within 5 ms",
            "value": sum(part[1] for part in parts) / max(1, sum(part[2] for part in parts)),
            "n": len(parts),
        }
    for method in ("copies", "chroma"):
        of_it = [one for name, one in every if name == method]
        if of_it:
            yield {**_places(f"stretched, baseline {method}", of_it), "within_100_ms": _near(of_it)}


def _figures(name: str, found: Sequence[WarpedFound]) -> Iterator[Line]:
    yield {**_places(name, found), "false": _ratio([one.false for one in found], [one.own for one in found])}
    recalls = [one.foreign_found / one.foreign for one in found if one.foreign]
    yield {
        "metric": f"{name}: foreign found",
        "value": _ratio([one.foreign_found for one in found], [one.foreign for one in found]),
        **_spread(recalls),
    }
    off = [off for one in found for off in one.semitones_off]
    yield {
        "metric": f"{name}: speed within 0.1 %",
        "value": _ratio([one.speeds_right for one in found], [one.speeds for one in found]),
        "semitones_off_median": float(np.median(off or [np.nan])),
        "n": len(found),
    }
    yield {
        "metric": f"{name}: seconds an edit",
        "value": float(np.mean([one.took_s for one in found])),
        "n": len(found),
    }


def _places(name: str, found: Sequence[WarpedFound]) -> Line:
    shares = [one.right / one.own for one in found if one.own]
    worst = min((one for one in found if one.own), key=lambda one: one.right / one.own)
    return {
        "metric": f"{name}: within 5 ms",
        "value": _ratio([one.right for one in found], [one.own for one in found]),
        **_spread(shares),
        "worst_edit": f"{worst.edit}, {worst.warp}",
    }


def _near(found: Sequence[WarpedFound]) -> float:
    return _ratio([one.near for one in found], [one.own for one in found])


def _ratio(parts: Sequence[int], wholes: Sequence[int]) -> float:
    return sum(parts) / max(1, sum(wholes))


def _spread(shares: Sequence[float]) -> Line:
    """Return mean, median and the mean of the worst tenth of single edits."""
    ordered = np.sort(np.array(shares or [np.nan]))
    worst = ordered[: max(1, round(_WORST_SHARE * len(ordered)))]
    return {
        "mean": float(np.mean(ordered)),
        "median": float(np.median(ordered)),
        "worst_decile": float(np.mean(worst)),
        "n": len(ordered),
    }
