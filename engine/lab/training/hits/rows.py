"""Training data of the hit networks: simulated performances, a set of rows for each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from engine.analysis.signal.loudness import Floats
from engine.document.analysis import Hits, Role
from engine.features.timing.hits.candidates import Candidates
from engine.features.timing.hits.drums import Drum, new_db
from engine.features.timing.hits.evidence import NAMES, second_evidence
from engine.features.timing.hits.find import HeldMicrophones, first_look, hear, judged_rises
from engine.features.timing.hits.roles import HEARD_ROLES, evidence_of_microphones
from engine.features.timing.hits.strokes import evidence_of_ornaments, strokes_of
from engine.lab.simulated.performances.parts import Part, takes, takes_on_drawn_stages
from engine.lab.simulated.performances.performance import Performance
from engine.lab.simulated.performances.takes import Take
from engine.lab.training.hits.analysed import Analysed, read_analysed, write_analysed

SAME_HIT_S = 0.005
_GAINS_DB = (-14.0, 6.0)
_NOISES_DB = (-100.0, -55.0)
_LOUDNESS_OF_VELOCITY = (0.7, 1.7)
_LOUDNESS_SPREAD_DB = 1.2
_TIME_SPREAD_S = 0.00015
_FOUND = 0.99
_ALL_LEFT_OUT = {Role.HAT: 0.3, Role.TOM: 0.3, Role.OVERHEAD: 0.15, Role.ROOM: 0.5}
_ONE_LEFT_OUT = {Role.TOM: 0.12, Role.OVERHEAD: 0.15, Role.ROOM: 0.3, Role.SNARE: 0.25}
"""Of the microphones of a role: how often all are missing, and how often each is."""
_ON_ITS_WAY_S = 0.003
_WITH_NOISE = 0.7
_OVERDRIVEN, _CLIPPED_AT = 0.15, (0.2, 0.8)
_CLEAR_DB, _UNLIKELY = 9.0, 0.004
_OF_UNCLEAR, _OF_UNLIKELY = 0.25, 0.12
"""Share of the rises that are hardly hits: most of them add nothing."""

Labels = NDArray[np.int64]
Rows = tuple[Floats, Labels]


def rows_of_hits(analysed: Analysed, rng: np.random.Generator) -> Rows:
    """Return the evidence of rises of a performance, and 1 for those that are hits."""
    drums, new = analysed.drums, new_db(analysed.candidates)
    inputs, labels = [], []
    for which, rows, evidence in first_look(analysed.candidates, new, drums, analysed.rate_hz):
        are_hits = _are_hits(analysed, rows, drums[which])
        is_clear = evidence[:, NAMES.index("strength")] > _CLEAR_DB
        kept = is_clear | (are_hits == 1) | (rng.random(len(are_hits)) < _OF_UNCLEAR)
        inputs.append(evidence[kept])
        labels.append(are_hits[kept])
    return np.concatenate(inputs), np.concatenate(labels)


def rows_of_second_look(analysed: Analysed, rng: np.random.Generator) -> Rows:
    """Return the evidence of both looks of rises of a performance, and 1 for those that are hits.

    The first look is that of the network that ships.
    """
    drums, new, rate_hz = analysed.drums, new_db(analysed.candidates), analysed.rate_hz
    every = judged_rises(analysed.candidates, new, drums, rate_hz)
    further = second_evidence(analysed.candidates, new, drums, analysed.roles, every, rate_hz)
    inputs, labels = [], []
    for judged, evidence in zip(every, further, strict=True):
        are_hits = _are_hits(analysed, judged.rows, drums[judged.drum])
        is_likely = judged.likelihoods > _UNLIKELY
        kept = is_likely | (are_hits == 1) | (rng.random(len(are_hits)) < _OF_UNLIKELY)
        inputs.append(np.concatenate([judged.evidence, evidence], axis=1)[kept])
        labels.append(are_hits[kept])
    return np.concatenate(inputs), np.concatenate(labels)


def rows_of_ornaments(take: Take, rng: np.random.Generator) -> Rows:
    """Return the evidence of the hits of a performance as they would be found, and their ornaments.

    Nothing is rendered: levels of hits follow their velocities approximately, and some are missed.
    """
    truth, rate_hz = take.truth(), take.kit.rate_hz
    power = rng.uniform(*_LOUDNESS_OF_VELOCITY)
    loud_db = 20.0 * power * np.log10(np.maximum(truth.velocities, 0.02))
    loud_db += rng.normal(0.0, _LOUDNESS_SPREAD_DB, len(loud_db))
    onsets = truth.onsets_samples + rng.normal(0.0, _TIME_SPREAD_S * rate_hz, len(loud_db))
    found = np.flatnonzero(rng.random(len(onsets)) < _FOUND)
    found = found[np.argsort(onsets[found], kind="stable")]
    roles = tuple(take.kit.roles.values())
    hits = Hits(
        onsets_samples=onsets[found],
        tracks=truth.microphones[found],
        strengths_db=loud_db[found].astype(np.float32),
        strokes=strokes_of(onsets[found], np.ones(len(found), bool), rate_hz),
        ornaments=np.zeros(len(found), np.int8),
        confidences=np.ones(len(found), np.float32),
        track_ids=tuple(take.kit.roles),
        roles=roles,
        delays_samples=np.zeros(len(roles)),
    )
    return evidence_of_ornaments(hits, rate_hz), truth.ornaments[found].astype(np.int64)


def rows_of_roles(take: Take, rng: np.random.Generator) -> Rows:
    """Return the evidence of each microphone of a performance, and the place of its role in `HEARD_ROLES`."""
    performance = take.rendered()
    evidence, is_heard = evidence_of_microphones(_heard(performance, rng), performance.rate_hz)
    places = np.array([HEARD_ROLES.index(role) for role in performance.roles.values()], np.int64)
    return evidence[is_heard], places[is_heard]


OF_TAKES: Mapping[str, Callable[[Take, np.random.Generator], Rows]] = MappingProxyType(
    {"ornaments": rows_of_ornaments, "roles": rows_of_roles}
)
OF_ANALYSED: Mapping[str, Callable[[Analysed, np.random.Generator], Rows]] = MappingProxyType(
    {"hits": rows_of_hits, "second_look": rows_of_second_look}
)
"""Makers of rows by the name of the network."""


def all_rows(
    name: str, data_dir: Path, cache: Path, part: Part, count: int, seed: int, longest_s: float
) -> Iterator[Rows]:
    """Yield the rows of performances; stored performances are read from the folder `cache`.

    Raises
    ------
    UsageError : the recordings are not there
    """
    if name in OF_TAKES:
        for number, take in enumerate(takes(data_dir, part, count, seed, longest_s=longest_s)):
            yield OF_TAKES[name](take, np.random.default_rng((seed, number)))
        return
    cache.mkdir(parents=True, exist_ok=True)
    for number, take in enumerate(takes_on_drawn_stages(data_dir, part, count, seed, longest_s)):
        path = cache / f"analysed-{part}-{seed}-{longest_s:g}-{number}.npz"
        if not path.is_file():
            write_analysed(path, _analysed(take, np.random.default_rng((seed, number))))
        yield OF_ANALYSED[name](read_analysed(path), np.random.default_rng((seed, number, 1)))


def _analysed(take: Take, rng: np.random.Generator) -> Analysed:
    """Return the candidates of a rendered performance, without some of its microphones, often with noise.

    The microphone of hits at those is -1: overheads pick them up, later.
    """
    performance = take.rendered()
    roles = performance.roles
    gone = {role for role, share in _ALL_LEFT_OUT.items() if rng.random() < share}
    kept = [
        name
        for name, role in roles.items()
        if role not in gone and rng.random() >= _ONE_LEFT_OUT.get(role, 0.0)
    ]
    if not any(roles[name] is Role.SNARE for name in kept):
        kept.append(next(name for name, role in roles.items() if role is Role.SNARE))
    places = np.array([kept.index(name) if name in kept else -1 for name in roles], np.int16)
    fewer = replace(
        performance,
        microphones=_overdriven({name: performance.microphones[name] for name in kept}, rng.spawn(1)[0]),
        roles={name: roles[name] for name in kept},
    )
    return Analysed(
        candidates=_heard(fewer, rng if rng.random() < _WITH_NOISE else None),
        roles=tuple(fewer.roles.values()),
        rate_hz=performance.rate_hz,
        onsets_samples=performance.truth.onsets_samples,
        microphones=places[performance.truth.microphones],
    )


def _heard(performance: Performance, rng: np.random.Generator | None) -> Candidates:
    """Return the candidates of a performance; with a generator, at other gains and with more noise."""
    samples = dict(performance.microphones)
    if rng is not None:
        for name, one in samples.items():
            gain = np.float32(10.0 ** (rng.uniform(*_GAINS_DB) / 20.0))
            noise = np.float32(10.0 ** (rng.uniform(*_NOISES_DB) / 20.0))
            samples[name] = one * gain + noise * rng.standard_normal(len(one), np.float32)
    return hear(HeldMicrophones(samples, performance.rate_hz))


def _overdriven(samples: Mapping[str, Floats], rng: np.random.Generator) -> Mapping[str, Floats]:
    """Return microphones that are clipped at a share of their peaks, now and then."""
    if rng.random() >= _OVERDRIVEN:
        return samples
    limits = {name: rng.uniform(*_CLIPPED_AT) * np.abs(one).max(initial=0.0) for name, one in samples.items()}
    return {
        name: np.clip(one, -limits[name], limits[name]).astype(np.float32) for name, one in samples.items()
    }


def _are_hits(analysed: Analysed, rows: NDArray[np.int64], drum: Drum) -> Labels:
    """Return 1 for the rise nearest to each true hit of a drum, int64, shape (n,).

    A cymbal counts in each overhead: the one that gives its time is chosen later.

    Parameters
    ----------
    rows : int64, shape (n,), of the candidates that are rises of the drum
    """
    positions, rate_hz = analysed.candidates.positions_samples[rows], analysed.rate_hz
    is_far = drum.role is Role.OVERHEAD
    overheads = [track for track, role in enumerate(analysed.roles) if role is Role.OVERHEAD]
    own = overheads if is_far and overheads else list(drum.tracks)
    labels = np.zeros(len(positions), np.int64)
    onsets = analysed.onsets_samples[np.isin(analysed.microphones, own)]
    if is_far:
        without = analysed.onsets_samples[analysed.microphones < 0] + _ON_ITS_WAY_S * rate_hz
        onsets = np.concatenate([onsets, without])
    for onset in onsets:
        away = np.where(labels == 1, np.inf, np.abs(positions - onset))
        nearest = int(np.argmin(away)) if len(away) else -1
        if nearest >= 0 and away[nearest] < SAME_HIT_S * rate_hz:
            labels[nearest] = 1
    return labels
