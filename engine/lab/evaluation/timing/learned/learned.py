"""Accuracy of the taste that is learned from pairs of made editors, and of the edits that it makes elsewhere.

A performance of a held-out drummer is edited by four editors, whose taste is known, and learned from the
files alone. The groove is then applied to another performance of the drummer on the kit, and compared with
the edit that the editor would make of it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from engine.core.errors import OffcutError
from engine.core.progress import SILENT, Progress
from engine.document.analysis import Hits, Role
from engine.features.timing.alignment.groove_file import LearnedGroove, write_groove
from engine.features.timing.alignment.lines import PARTS
from engine.features.timing.alignment.settings import TimingSettings
from engine.features.timing.finders.timing.align import place
from engine.features.timing.finders.timing.find_grid import WantedGrid
from engine.features.timing.finders.timing.finder import TimingFinderSettings
from engine.features.timing.finders.timing.learn_timing import Compared, compare_pair, learn_from, paired
from engine.lab.evaluation.timing.aligned import Recorded, recorded
from engine.lab.evaluation.timing.hit_scores import rows_found
from engine.lab.evaluation.timing.hits import found_in
from engine.lab.evaluation.timing.learned.editors import EDITORS, Editor, carriers
from engine.lab.evaluation.timing.matching import f_measure
from engine.lab.evaluation.timing.placement_scores import GRACES, ends_of
from engine.lab.simulated.performances.displacement import Displacement
from engine.lab.simulated.performances.parts import drummers_of, takes
from engine.lab.simulated.performances.takes import Take

Line = dict[str, str | float | int]
Floats = NDArray[np.float64]

_PLAYED = Displacement(own_timing=1.0)
_SHORT_S, _LONG_S = 20.0, 40.0
_DRAWN = 12
_SAME_HIT_MS, _SAME_PLACE_MS = 5.0, 2.0
_FIGURES: Mapping[str, Callable[[Floats], float]] = MappingProxyType(
    {
        "mean": lambda values: float(np.mean(values)),
        "median": lambda values: float(np.median(values)),
        "worst decile": lambda values: float(np.mean(values[values >= np.quantile(values, 0.9)])),
        "p95": lambda values: float(np.quantile(values, 0.95)),
    }
)


@dataclass(frozen=True, slots=True, eq=False)
class _Other:
    """Another take of the drummer, its files and its detected hits."""

    take: Take
    files: Recorded
    hits: Hits


def evaluate(
    data_dir: Path, *, seeds: int = 5, short: bool = False, progress: Progress = SILENT
) -> Iterator[Line]:
    """Yield one line a figure: metric, value, n.

    Parameters
    ----------
    data_dir : holds `multimic`
    seeds : each draws two other performances of each drummer

    Raises
    ------
    UsageError : the recordings are not there
    Cancelled : the user asked for it
    """
    seeds, drummers = (1, drummers_of("test")[:1]) if short else (seeds, drummers_of("test"))
    figures: dict[str, list[Floats]] = defaultdict(list)
    pairs = [(seed, drummer) for seed in range(seeds) for drummer in drummers]
    for number, (seed, drummer) in enumerate(pairs):
        two = _two_takes(data_dir, drummer, seed, _SHORT_S if short else _LONG_S)
        if len(two) < 2:
            continue
        for editor in EDITORS:
            progress.check_cancelled()
            progress.report(number / len(pairs), f"Learning the taste {editor.name} on {two[0].name}")
            with TemporaryDirectory() as folder:
                for name, values in _of_editor(editor, two[0], two[1], Path(folder)):
                    figures[f"{editor.name}, {name}"].append(values)
    for metric, every in figures.items():
        yield from _summed(metric, np.concatenate(every))


def _two_takes(data_dir: Path, drummer: str, seed: int, longest_s: float) -> tuple[Take, ...]:
    """Return two takes of a drummer on one kit, in one division and metre; empty without such a pair."""
    known: dict[tuple[str, int, int], Take] = {}
    for take in takes(data_dir, "test", _DRAWN, seed, _PLAYED, longest_s, (drummer,)):
        score = take.played.score
        key = take.kit.name, score.divisions, score.beats_in_bar
        if key in known and known[key].name != take.name:
            return known[key], take
        known.setdefault(key, take)
    return ()


def _summed(metric: str, values: Floats) -> Iterator[Line]:
    if metric.endswith("_ms"):
        for name, figure in _FIGURES.items():
            value = figure(values) if len(values) else float("nan")
            yield {"metric": f"{metric}, {name}", "value": value, "n": len(values)}
    else:
        yield {
            "metric": metric,
            "value": float(np.mean(values)) if len(values) else float("nan"),
            "n": len(values),
        }


def _of_editor(editor: Editor, take: Take, other: Take, folder: Path) -> Iterator[tuple[str, Floats]]:
    """Yield the figures of an editor on a pair of takes: a name, and values over hits or pairs."""
    raw, edited, applied = (folder / name for name in ("raw", "edited", "other"))
    for made in (raw, edited, applied):
        made.mkdir()
    recorded(take.rendered(), raw)
    recorded(editor.edited(take).rendered(), edited)
    played = other.rendered()
    hits = found_in(played.microphones, played.rate_hz)
    against = _Other(other, recorded(played, applied), hits)
    score = take.played.score
    even = WantedGrid(60.0 / score.beat_s, take.first_beat_s, score.beats_in_bar)
    for kind, wanted in (("tempo given", even), ("tempo detected", WantedGrid())):
        try:
            compared = compare_pair(paired([raw], [edited]), wanted, SILENT)
            learned = learn_from([compared])
        except OffcutError:
            yield f"{kind}, learned", np.zeros(1)
            continue
        yield f"{kind}, learned", np.ones(1)
        if wanted is even:
            yield "hits matched_f", _matched(editor, take, compared)
        yield from ((f"{kind}, {name}", values) for name, values in _taste(editor, take, learned))
        groove = folder / f"{kind}.groove"
        write_groove(learned, groove)
        settings = TimingFinderSettings.model_validate({"groove": str(groove)}).moves(against.files.state)
        yield f"{kind}, applied_ms", _off_ms(editor, against, settings, learned)
    division = next(name for name, parts in PARTS.items() if parts == score.divisions)
    yield "default settings_ms", _off_ms(editor, against, TimingSettings(division=division))
    own = TimingSettings(division=division, strength=editor.strength)
    yield "default settings, own strength_ms", _off_ms(editor, against, own)
    yield "as it is_ms", _off_ms(editor, against, None)


def _taste(editor: Editor, take: Take, learned: LearnedGroove) -> Iterator[tuple[str, Floats]]:
    """Yield the errors of the learned values; of missing ones whether they are missing."""
    for name, value in (("strength", editor.strength), ("least_ms", editor.near_ms)):
        one = getattr(learned, name)
        yield f"{name} stored", np.array([float(one is not None)])
        off = np.zeros(0) if one is None else np.array([abs(one.value - value)])
        yield ("strength error", off) if name == "strength" else ("dead zone error_ms", off)
    yield "goal error_ms", _goals_off_ms(editor, take, learned)


def _goals_off_ms(editor: Editor, take: Take, learned: LearnedGroove) -> Floats:
    """Return how far the learned goal of each stroke is from that of the editor, shape (strokes,)."""
    score, truth = take.played.score, take.truth()
    if learned.division != next(name for name, parts in PARTS.items() if parts == score.divisions):
        return np.zeros(0)
    roles = tuple(take.kit.roles.values())
    mains = carriers(truth, roles)
    mains = mains[~take.played.is_extra[mains]]
    beats = score.lines[mains] / score.divisions
    beat_ms = 1000.0 * score.beat_s
    snares = np.array([roles[one] is Role.SNARE for one in truth.microphones[mains].tolist()])
    wanted = editor.swung_beats(beats) * beat_ms + snares * editor.snare_ms
    groove = learned.groove
    drums = np.array([groove.drums_ms.get(roles[one], 0.0) for one in truth.microphones[mains].tolist()])
    late = groove.offsets_beats[score.lines[mains] % len(groove.offsets_beats)] * beat_ms + drums
    off: Floats = np.abs(late - wanted)
    return off


def _matched(editor: Editor, take: Take, compared: Compared) -> Floats:
    """Return the F measure of strokes found at their place in the edited file."""
    truth, rate_hz = take.truth(), take.kit.rate_hz
    shifts = editor.shifts_s(take) * rate_hz
    strokes, copies = compared.strokes, compared.copies
    near = np.abs(truth.onsets_samples[None] - strokes.onsets_samples[:, None]).argmin(1)
    is_hit = np.abs(truth.onsets_samples[near] - strokes.onsets_samples) <= _SAME_HIT_MS / 1000.0 * rate_hz
    moved = copies.edited_samples - strokes.onsets_samples
    right = is_hit & (np.abs(moved - shifts[near]) <= _SAME_PLACE_MS / 1000.0 * rate_hz)
    strokes_played = len(np.unique(truth.strokes[~take.played.is_extra]))
    found = int(copies.found.sum())
    hits = min(len(np.unique(truth.strokes[near[right]])), strokes_played, found)
    return np.array([f_measure(hits, strokes_played, found)])


def _off_ms(
    editor: Editor, other: _Other, settings: TimingSettings | None, learned: LearnedGroove | None = None
) -> Floats:
    """Return how far each hit ends from where the editor would put it, grace notes aside."""
    take, performance = other.take, other.files.performance
    truth, rate_hz = performance.truth, performance.rate_hz
    wanted = truth.onsets_samples + editor.shifts_s(take) * rate_hz
    ends = truth.onsets_samples
    if settings is not None:
        groove = None if learned is None else learned.groove
        placed = place(other.files.state, other.hits, performance.grid, settings, groove)
        rows = rows_found(performance, placed.hits)
        ends = ends_of(truth, placed.hits, rows, placed.placement, rate_hz)
    counts = ~take.played.is_extra & ~np.isin(truth.ornaments, GRACES)
    off: Floats = np.abs(ends - wanted)[counts] / rate_hz * 1000.0
    return off
