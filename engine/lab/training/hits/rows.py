"""Training data of the hit networks: simulated performances, a set of rows for each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from engine.document.drums.hits import Hits, Role
from engine.hits.candidates import Candidates
from engine.hits.drums import Drum, drums_of, learn_bleed, new_db
from engine.hits.evidence import evidence_of
from engine.hits.find import HeldMicrophones, hear
from engine.hits.octaves import Floats
from engine.hits.ornaments import evidence_of_ornaments
from engine.hits.roles import HEARD_ROLES, evidence_of_microphones
from engine.hits.strokes import strokes_of
from engine.lab.simulated.performances.parts import Part, takes
from engine.lab.simulated.performances.performance import Performance
from engine.lab.simulated.performances.takes import Take

SAME_HIT_S = 0.005
_GAINS_DB = (-14.0, 6.0)
_NOISES_DB = (-100.0, -55.0)
_LOUDNESS_OF_VELOCITY = (0.7, 1.7)
_LOUDNESS_SPREAD_DB = 1.2
_TIME_SPREAD_S = 0.00015
_FOUND = 0.99
_LEFT_OUT = {Role.HAT: 0.1, Role.TOM: 0.2, Role.OVERHEAD: 0.15, Role.ROOM: 0.8}
_ON_ITS_WAY_S = 0.003

Labels = NDArray[np.int64]
Rows = tuple[Floats, Labels]


def rows_of_hits(take: Take, rng: np.random.Generator) -> Rows:
    """Return the evidence of all rises of a performance, and 1 for those that are hits."""
    performance = _with_fewer_microphones(take.rendered(), rng)
    roles = tuple(performance.roles.values())
    candidates = _heard(performance, rng if rng.random() < 0.5 else None)
    drums, new = drums_of(roles, candidates, performance.rate_hz), new_db(candidates)
    bleed = learn_bleed(candidates, new, drums)
    inputs, labels = [], []
    for which, drum in enumerate(drums):
        rows, evidence = evidence_of(candidates, new, drums, bleed, which, performance.rate_hz)
        inputs.append(evidence)
        labels.append(_are_hits(candidates.positions_samples[rows], performance, drum))
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


ROWS: Mapping[str, Callable[[Take, np.random.Generator], Rows]] = MappingProxyType(
    {"hits": rows_of_hits, "ornaments": rows_of_ornaments, "roles": rows_of_roles}
)
"""By the name of the network."""


def all_rows(
    name: str, data_dir: Path, cache: Path, part: Part, count: int, seed: int, longest_s: float
) -> Iterator[Rows]:
    """Yield the rows of performances; those that were made before are read from the folder `cache`.

    Raises
    ------
    UsageError : the recordings are not there
    """
    cache.mkdir(parents=True, exist_ok=True)
    for number, take in enumerate(takes(data_dir, part, count, seed, longest_s=longest_s)):
        path = cache / f"{name}-{part}-{seed}-{longest_s:g}-{number}.npz"
        if not path.is_file():
            inputs, labels = ROWS[name](take, np.random.default_rng((seed, number)))
            # Named so that numpy adds no suffix of its own, and whole or not there at all.
            partial = path.with_suffix(".part.npz")
            np.savez_compressed(partial, inputs=inputs.astype(np.float16), labels=labels)
            partial.replace(path)
        with np.load(path) as stored:
            yield stored["inputs"].astype(np.float32), stored["labels"]


def _heard(performance: Performance, rng: np.random.Generator | None) -> Candidates:
    """Return the candidates of a performance; with a generator, at other gains and with more noise."""
    samples = dict(performance.microphones)
    if rng is not None:
        for name, one in samples.items():
            gain = np.float32(10.0 ** (rng.uniform(*_GAINS_DB) / 20.0))
            noise = np.float32(10.0 ** (rng.uniform(*_NOISES_DB) / 20.0))
            samples[name] = one * gain + noise * rng.standard_normal(len(one), np.float32)
    return hear(HeldMicrophones(samples, performance.rate_hz))


def _with_fewer_microphones(performance: Performance, rng: np.random.Generator) -> Performance:
    """Return a performance without some of its microphones; hits at those are picked up by overheads, later.

    In the truth their microphone is -1.
    """
    kept = [
        name
        for place, (name, role) in enumerate(performance.roles.items())
        if rng.random() >= _LEFT_OUT.get(role, 0.0)
    ]
    truth, names = performance.truth, list(performance.roles)
    places = np.array([kept.index(name) if name in kept else -1 for name in names], np.int16)
    return replace(
        performance,
        microphones={name: performance.microphones[name] for name in kept},
        roles={name: performance.roles[name] for name in kept},
        truth=replace(truth, microphones=places[truth.microphones]),
    )


def _are_hits(positions: NDArray[np.int64], performance: Performance, drum: Drum) -> Labels:
    """Return 1 for the rise nearest to each true hit of a drum, int64, shape (n,).

    A cymbal counts in each overhead: the one that gives its time is chosen later.
    """
    truth, roles = performance.truth, tuple(performance.roles.values())
    is_far = drum.role is Role.OVERHEAD
    own = [track for track, role in enumerate(roles) if is_far and role is Role.OVERHEAD] or list(drum.tracks)
    labels = np.zeros(len(positions), np.int64)
    onsets = truth.onsets_samples[np.isin(truth.microphones, own)]
    if is_far:
        without = truth.onsets_samples[truth.microphones < 0] + _ON_ITS_WAY_S * performance.rate_hz
        onsets = np.concatenate([onsets, without])
    for onset in onsets:
        away = np.where(labels == 1, np.inf, np.abs(positions - onset))
        nearest = int(np.argmin(away)) if len(away) else -1
        if nearest >= 0 and away[nearest] < SAME_HIT_S * performance.rate_hz:
            labels[nearest] = 1
    return labels
