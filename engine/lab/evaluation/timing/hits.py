"""Detection of hits, against peaks of spectral flux at each close microphone.

On held-out kits and drummers: the recorded kit with twelve microphones for the same
hits, and one-shots on a stage. A hit is found where one of the same drum is within 5 ms of its rise.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path
from time import perf_counter
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from engine.core.progress import SILENT, Progress
from engine.document.analysis import Hits, Role, taken
from engine.features.timing.hits.find import HeldMicrophones, find_hits
from engine.features.timing.hits.strokes import SURE
from engine.lab.evaluation.timing.baselines.simple_hits import simple_hits
from engine.lab.evaluation.timing.hit_scores import WITHIN_MS, HitScore, hit_score, together
from engine.lab.evaluation.timing.matching import f_measure, matched
from engine.lab.simulated.performances.parts import performances
from engine.lab.simulated.performances.performance import Performance
from engine.lab.simulated.recordings import converted, whole

Line = dict[str, str | float | int]

_OF_A_SEED = 12
_SHORT = 3
_SHORT_S = 20.0
_ROOM_WITHIN_MS = 25.0
_BARE_S = 20.0
_WITHOUT_DRUMS_S = 60.0
_NO_ROLES: Mapping[str, Role] = MappingProxyType({})
_WITHOUT_DRUMS: Mapping[str, str] = MappingProxyType(
    {
        "piano": "loops/RGTM-PNO/*.mp3",
        "strings": "music/Hungarian*.ogg",
        "voice": "esc50/audio/1-187207-A-20.flac",
    }
)
"""Recordings without drums."""


def evaluate(
    data_dir: Path, *, seeds: int = 5, short: bool = False, progress: Progress = SILENT
) -> Iterator[Line]:
    """Yield one line a figure: metric, value, its deviation between seeds, baseline, n performances.

    Parameters
    ----------
    data_dir : holds `multimic`
    seeds : each draws 12 other performances of a minute

    Raises
    ------
    UsageError : the recordings are not there
    Cancelled : the user asked for it
    """
    ours: dict[tuple[str, int], list[HitScore]] = defaultdict(list)
    simple: dict[tuple[str, int], list[HitScore]] = defaultdict(list)
    named: list[float] = []
    spent_s = heard_s = 0.0
    made = _performances(data_dir, 1 if short else seeds, short=short)
    total = _SHORT if short else seeds * _OF_A_SEED
    for number, (seed, performance) in enumerate(made):
        progress.check_cancelled()
        progress.report(number / total, f"Finding the hits of {performance.name}")
        kit = performance.name.rpartition(" on ")[2]
        began = perf_counter()
        found = found_in(performance.microphones, performance.rate_hz)
        spent_s += perf_counter() - began
        heard_s += len(performance.mix()) / performance.rate_hz * len(performance.microphones) / 8
        ours[kit, seed].append(hit_score(performance, found))
        simple[kit, seed].append(hit_score(performance, simple_hits(performance)))
        named.append(_roles_told(performance))
        if number < 3:
            yield from _with_less(performance, kit)
    yield from _figures(ours, simple)
    yield _line("roles_told_without_names", float(np.mean(named)), float("nan"), len(named))
    yield _line("s_for_a_minute_of_8_microphones", spent_s / heard_s * 60.0, float("nan"), len(named))
    yield from _without_drums(data_dir)


def sure(hits: Hits) -> Hits:
    """Return the hits that are more likely than not."""
    return taken(hits, np.flatnonzero(hits.confidences >= SURE))


def _performances(data_dir: Path, seeds: int, *, short: bool) -> Iterator[tuple[int, Performance]]:
    for seed in range(seeds):
        if short:
            some = performances(data_dir, "test", _SHORT, seed, longest_s=_SHORT_S)
        else:
            some = performances(data_dir, "test", _OF_A_SEED, seed)
        yield from ((seed, one) for one in some)


def found_in(
    microphones: Mapping[str, NDArray[np.float32]], rate_hz: int, roles: Mapping[str, Role] = _NO_ROLES
) -> Hits:
    """Return the detected hits with a probability above one half.

    Parameters
    ----------
    roles : those that the user gives
    """
    return sure(find_hits(HeldMicrophones(microphones, rate_hz), roles))


def _figures(
    ours: Mapping[tuple[str, int], list[HitScore]], simple: Mapping[tuple[str, int], list[HitScore]]
) -> Iterator[Line]:
    """Yield the figures of each kit, then of all."""
    kits = sorted({kit for kit, _ in ours})
    for group in (*([kit] for kit in kits), kits):
        keys = [key for key in ours if key[0] in group]
        value = together(chain.from_iterable(ours[key] for key in keys)).figures()
        baseline = together(chain.from_iterable(simple[key] for key in keys)).figures()
        by_seed = [
            together(chain.from_iterable(ours[key] for key in keys if key[1] == seed)).figures()
            for seed in sorted({seed for _, seed in keys})
        ]
        count = sum(len(ours[key]) for key in keys)
        name = group[0] if len(group) == 1 and len(kits) > 1 else "all"
        for metric in value:
            if np.isfinite(value[metric]):
                seeds = [figures[metric] for figures in by_seed]
                spread = float(np.std(seeds)) if len(seeds) > 1 else float("nan")
                yield _line(f"{name}_{metric}", value[metric], baseline[metric], count, spread)


def _roles_told(performance: Performance) -> float:
    """Return the share of microphones with a correct role from their audio alone."""
    few = {
        f"Audio {number}": sound[: round(_BARE_S * performance.rate_hz)]
        for number, sound in enumerate(performance.microphones.values(), start=1)
    }
    told = find_hits(HeldMicrophones(few, performance.rate_hz)).roles
    return float(np.mean([one is true for one, true in zip(told, performance.roles.values(), strict=True)]))


def _with_less(performance: Performance, kit: str) -> Iterator[Line]:
    """Yield how well hits are found by one close microphone, by the overheads, and by the room alone."""
    roles = performance.roles
    snare = [name for name, role in roles.items() if role is Role.SNARE][:1]
    alone = found_in({name: performance.microphones[name] for name in snare}, performance.rate_hz)
    microphone = list(roles).index(snare[0])
    true = performance.truth.onsets_samples[performance.truth.microphones == microphone]
    f = _f_of(true, alone.onsets_samples, performance.rate_hz, WITHIN_MS)
    yield _line(f"{kit}_snare_alone_f", f, float("nan"), 1)
    strokes = _strokes_of(performance)
    for role in (Role.OVERHEAD, Role.ROOM):
        heard = {name: performance.microphones[name] for name, one in roles.items() if one is role}
        if heard:
            found = found_in(heard, performance.rate_hz)
            first = found.onsets_samples[np.unique(found.strokes, return_index=True)[1]]
            f = _f_of(strokes, first, performance.rate_hz, _ROOM_WITHIN_MS)
            yield _line(f"{kit}_{role}_alone_strokes_f_25_ms", f, float("nan"), 1)


def _strokes_of(performance: Performance) -> NDArray[np.float64]:
    truth = performance.truth
    first = np.unique(truth.strokes, return_index=True)[1]
    return np.sort(truth.onsets_samples[first])


def _f_of(true: NDArray[np.float64], found: NDArray[np.float64], rate_hz: int, within_ms: float) -> float:
    rows, _ = matched(true, np.sort(found), within_ms / 1000.0 * rate_hz)
    return f_measure(len(rows), len(true), len(found))


def _without_drums(data_dir: Path) -> Iterator[Line]:
    """Yield the number of false hits per minute in recordings without drums."""
    rate_hz = 44_100
    frames = round(_BARE_S * rate_hz)
    rng = np.random.default_rng(0)
    silent = {f"Mic {number}": np.zeros(frames, np.float32) for number in range(4)}
    noisy = {name: rng.normal(0.0, 0.01, frames).astype(np.float32) for name in silent}
    yield _line("silence_hits_a_minute", _a_minute(silent, rate_hz), 0.0, 1)
    yield _line("noise_hits_a_minute", _a_minute(noisy, rate_hz), 0.0, 1)
    for name, pattern in _WITHOUT_DRUMS.items():
        for path in sorted(data_dir.glob(pattern))[:1]:
            sound, own_hz = whole(path)
            few = sound[: round(_WITHOUT_DRUMS_S * own_hz)].mean(axis=1, dtype=np.float32)
            mono = converted(few, own_hz, rate_hz)
            yield _line(f"{name}_hits_a_minute", _a_minute({"Audio 1": mono}, rate_hz), 0.0, 1)


def _a_minute(microphones: Mapping[str, NDArray[np.float32]], rate_hz: int) -> float:
    found = found_in(microphones, rate_hz)
    length = max(len(one) for one in microphones.values())
    return len(found.onsets_samples) / (length / rate_hz) * 60.0


def _line(metric: str, value: float, baseline: float, n: int, spread: float = float("nan")) -> Line:
    line: Line = {"metric": metric, "value": value, "n": n}
    if np.isfinite(spread):
        line["deviation"] = spread
    if np.isfinite(baseline):
        line["baseline"] = baseline
    return line
