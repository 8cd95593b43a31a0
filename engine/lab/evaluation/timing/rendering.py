"""How well aligned recordings sound, held against the same performance played without a fault.

Displaced hits are detected, placed and rendered as for a user, and compared with the same hits
rendered at their intended positions. All material is held out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from engine.core.progress import SILENT, Progress
from engine.document.kinds.kind import CROSSFADE_MS, real
from engine.document.kinds.sounding import BY_SAMPLES
from engine.document.kinds.timing import FLAM, HIT, ONSET_SAMPLES
from engine.features.timing.finders.timing.aligned_files import Aligned
from engine.lab.evaluation.timing.aligned import Recorded, recorded
from engine.lab.evaluation.timing.fills import SILENCE, compare_fills
from engine.lab.evaluation.timing.hit_scores import rows_found
from engine.lab.evaluation.timing.hits import found_in
from engine.lab.evaluation.timing.placement_scores import ends_of
from engine.lab.simulated.performances.displacement import Displacement
from engine.lab.simulated.performances.parts import takes
from engine.lab.simulated.performances.performance import Performance
from engine.lab.simulated.performances.takes import Take
from engine.sound.edl.tracks.delay import delayed

Line = dict[str, str | float | int]
Heard = Mapping[str, NDArray[np.float32]]

_OF_A_SEED = 3
_SHORT_S, _LONG_S = 12.0, 30.0
_DISPLACED = Displacement(
    jitter_ms=12.0, voice_jitter_ms=0.3, drift_ms=8.0, flams=0.05, drags=0.02, ghosts=0.05, faulty_flams=0.03
)
_ATTACK_MS = (1.0, 10.0)
_LAG_MS = (0.5, 15.0)
_ALIKE_DB = 0.5
_WHOLE_STROKES = Displacement(jitter_ms=15.0, drift_ms=8.0)


def evaluate(
    data_dir: Path, *, seeds: int = 5, short: bool = False, progress: Progress = SILENT
) -> Iterator[Line]:
    """Yield one line a figure: metric, value, its baseline where there is one, n.

    Parameters
    ----------
    data_dir : holds `multimic`
    seeds : each draws three other performances

    Raises
    ------
    UsageError : the recordings are not there
    Cancelled : the user asked for it
    """
    figures: dict[str, list[float]] = defaultdict(list)
    for seed in range(1 if short else seeds):
        longest_s = _SHORT_S if short else _LONG_S
        for number, take in enumerate(takes(data_dir, "test", _OF_A_SEED, seed, _DISPLACED, longest_s)):
            progress.check_cancelled()
            progress.report((seed + number / _OF_A_SEED) / seeds, f"Rendering {take.name}")
            with TemporaryDirectory() as folder:
                for name, values in _of_take(take, Path(folder), progress).items():
                    figures[name] += values
    yield from _summed(figures)
    yield from _fills(data_dir, _OF_A_SEED * (1 if short else seeds), 0, _SHORT_S)


def _of_take(take: Take, folder: Path, progress: Progress) -> dict[str, list[float]]:
    """Return the figures of one performance, a list each."""
    played, meant = take.rendered(), take.faultless().rendered()
    files = recorded(played, folder)
    done = files.aligned(progress)
    heard = files.rendered(done)
    figures = {
        "attack_db": _attacks_db(played, done, heard),
        "lag_samples": _lags_samples(files, done, heard),
    }
    figures |= _doubled(meant, heard)
    figures |= _untouched(meant, folder / "meant", progress)
    return figures


def _summed(figures: Mapping[str, list[float]]) -> Iterator[Line]:
    lags = np.array(figures["lag_samples"])
    yield _line("channel_to_channel_samples_max", float(lags.max(initial=0.0)), len(lags))
    yield _line("channel_to_channel_samples_p95", float(np.quantile(lags, 0.95)), len(lags))
    levels = np.abs(figures["attack_db"])
    yield _line("attack_level_within_half_a_db", float(np.mean(levels <= _ALIKE_DB)), len(levels))
    yield _line("attack_level_db_p95", float(np.quantile(levels, 0.95)), len(levels))
    for name in ("doubled_attacks_a_thousand_hits", "on_grid_samples_identical", "on_grid_hits_proposed"):
        yield _line(name, float(np.mean(figures[name])), len(figures[name]))


def _fills(data_dir: Path, count: int, seed: int, longest_s: float) -> Iterator[Line]:
    """Yield the distance of each fill of a gap to the true audio, with silence as reference."""
    every = list(compare_fills(takes(data_dir, "test", count, seed, _WHOLE_STROKES, longest_s)))
    silent = next(one.distance_db for one in every if one.fill == SILENCE)
    for one in every:
        if one.fill != SILENCE:
            line = _line(f"gap_distance_db_{one.fill}", one.distance_db, one.gaps)
            line["baseline"] = silent
            yield line
            yield _line(f"doubled_attacks_{one.fill}", one.doubled, one.attacks)
            yield _line(f"attack_level_db_{one.fill}", one.attack_db, one.attacks)


def _lags_samples(files: Recorded, done: Aligned, heard: Heard) -> list[float]:
    """Return how far each microphone is off where its stroke was to go, as the largest of all, a stroke each.

    To the first order a sound that is late by d differs by d times its slope. Strokes with one voice
    moved by itself are left out, also those with the decay of such a voice, and the fade into the next slice.
    """
    alone = [
        (one.start_samples, one.stop_samples + max(0.0, real(one.payload, BY_SAMPLES, 0.0)))
        for one in done.proposed.proposals
        if one.kind == FLAM.name
    ]
    first, last = (round(ms / 1000.0 * files.performance.rate_hz) for ms in _LAG_MS)
    lags = []
    for proposal in done.proposed.proposals:
        if proposal.kind != HIT.name or not proposal.payload[BY_SAMPLES]:
            continue
        start, stop = proposal.start_samples, proposal.stop_samples
        if any(begin < stop and start < end for begin, end in alone):
            continue
        onset = real(proposal.payload, ONSET_SAMPLES, 0.0)
        by = real(proposal.payload, BY_SAMPLES, 0.0)
        at = round(onset + by)
        fades = round(real(proposal.payload, CROSSFADE_MS, 0.0) / 1000.0 * files.performance.rate_hz)
        begins, ends = at + first, at + min(last, round(stop - onset) - fades)
        if begins >= 0 and begins + first < ends <= files.state.length_samples:
            lags.append(max(_lag(files, heard, name, begins, ends, by) for name in heard))
    return lags


def _lag(files: Recorded, heard: Heard, name: str, start: int, stop: int, by: float) -> float:
    sound = files.performance.microphones[name].astype(np.float64)[:, None]

    def read(first: int, last: int) -> NDArray[np.float64]:
        inside = np.zeros((last - first, 1))
        a, b = max(0, first), min(len(sound), last)
        inside[a - first : b - first] = sound[a:b]
        return inside

    meant = delayed(read, start - 1, stop + 1, by)[:, 0]
    slope = (meant[2:] - meant[:-2]) / 2.0
    power = float(np.sum(np.square(slope)))
    return abs(float(np.sum((meant[1:-1] - heard[name][start:stop]) * slope)) / power) if power else 0.0


def _attacks_db(played: Performance, done: Aligned, heard: Heard) -> list[float]:
    """Return how much louder the attack of each true hit is where it ends up, at its own microphone."""
    placed = done.proposed.placed
    rows = rows_found(played, placed.hits)
    ends = ends_of(played.truth, placed.hits, rows, placed.placement, played.rate_hz)
    names = list(played.microphones)
    before, after = (round(ms / 1000.0 * played.rate_hz) for ms in _ATTACK_MS)
    louder = []
    for row in np.unique(rows[rows >= 0]):
        name = names[played.truth.microphones[row]]
        was, now = round(float(played.truth.onsets_samples[row])), round(float(ends[row]))
        if min(was, now) < before or max(was, now) + after > len(heard[name]):
            continue
        peak_was = np.abs(played.microphones[name][was - before : was + after]).max()
        peak_now = np.abs(heard[name][now - before : now + after]).max()
        louder.append(float(20.0 * np.log10(max(peak_now, 1e-9) / max(peak_was, 1e-9))))
    return louder


def _doubled(meant: Performance, heard: Heard) -> dict[str, list[float]]:
    """Return how many more hits are found that are none than in the performance without a fault."""
    count = len(meant.truth.onsets_samples)
    false = [_false(meant, sounds) for sounds in (heard, meant.microphones)]
    return {"doubled_attacks_a_thousand_hits": [1000.0 * (false[0] - false[1]) / max(1, count)]}


def _false(meant: Performance, heard: Heard) -> int:
    """Return the number of extra hits within 80 ms after a true one of the same drum."""
    hits = found_in(heard, meant.rate_hz)
    rows = rows_found(meant, hits)
    names = list(meant.microphones)
    near = 0.08 * meant.rate_hz
    false = 0
    for row in np.flatnonzero(rows < 0):
        own = names.index(hits.track_ids[hits.tracks[row]])
        same = meant.truth.onsets_samples[meant.truth.microphones == own]
        false += bool(np.any(np.abs(same - hits.onsets_samples[row]) < near))
    return false


def _untouched(meant: Performance, folder: Path, progress: Progress) -> dict[str, list[float]]:
    """Return which share of a performance that is on the grid comes out as it went in."""
    folder.mkdir()
    files = recorded(meant, folder)
    done = files.aligned(progress)
    heard = files.rendered(done)
    same = [float(np.mean(heard[name] == meant.microphones[name])) for name in heard]
    moved = sum(bool(one.payload[BY_SAMPLES]) for one in done.proposed.proposals)
    strokes = max(1, len(done.proposed.placed.strokes))
    return {"on_grid_samples_identical": [float(np.mean(same))], "on_grid_hits_proposed": [moved / strokes]}


def _line(metric: str, value: float, n: int) -> Line:
    return {"metric": metric, "value": value, "n": n}
