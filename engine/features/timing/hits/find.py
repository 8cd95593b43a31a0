"""The hits of a drum performance, found over all of its microphones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from engine.analysis.signal.loudness import Floats, Octaves, finite
from engine.core.progress import SILENT, Progress
from engine.document.analysis import Hits, Role
from engine.features.timing.hits.candidates import (
    LATE_S,
    Candidates,
    Steadied,
    candidates_of,
    joined,
    steadied,
)
from engine.features.timing.hits.drums import Drum, drums_of, learn_bleed, loud_rises, new_db, rise_at_all
from engine.features.timing.hits.evidence import (
    HIT_WEIGHTS,
    NAMES,
    SECOND_LOOK_WEIGHTS,
    Judged,
    evidence_of,
    network_of,
    second_evidence,
)
from engine.features.timing.hits.roles import GuessedRole, guess_roles, is_of_a_kit
from engine.features.timing.hits.strokes import (
    SURE,
    Struck,
    apart,
    delays_of,
    doubting_bleed,
    numbered_in_order,
    strengths_db,
    strokes_of,
    with_ornaments,
    without_doubles,
)

HITS_MAKER = "offcut-hits-4"
LOWEST_RATE_HZ, HIGHEST_RATE_HZ = 8_000, 192_000
LEAST_CONFIDENCE = 0.1
_SEGMENT_S, _CONTEXT_S, _END_S = 20.0, 0.1, 0.005
_DOUBTS = (NAMES.index("above bleed, mean"), NAMES.index("below loud"))
_NO_ROLES: Mapping[str, Role] = MappingProxyType({})


class Microphones(Protocol):
    """Audio of one performance, all at one rate."""

    @property
    def rate_hz(self) -> int:
        """The rate of all."""
        ...

    @property
    def length_samples(self) -> int:
        """How long the longest is."""
        ...

    @property
    def track_ids(self) -> Sequence[str]:
        """The microphones, in the order of the rows that are read."""
        ...

    def read(self, start_samples: int, stop_samples: int) -> Floats:
        """Return the span [start, stop), shape (microphones, stop - start); zeros outside a recording."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class HeldMicrophones:
    """Microphones whose samples are in memory, float32, shape (n,), of any lengths, by track id."""

    samples: Mapping[str, Floats]
    rate_hz: int

    @property
    def track_ids(self) -> tuple[str, ...]:
        """In their order."""
        return tuple(self.samples)

    @property
    def length_samples(self) -> int:
        """The longest."""
        return max((len(one) for one in self.samples.values()), default=0)

    def read(self, start_samples: int, stop_samples: int) -> Floats:
        """Return the span [start, stop), shape (microphones, stop - start); zeros outside a recording."""
        heard = np.zeros((len(self.samples), stop_samples - start_samples), np.float32)
        for row, one in zip(heard, self.samples.values(), strict=True):
            piece = one[max(0, start_samples) : max(0, stop_samples)]
            first = max(0, -start_samples)
            row[first : first + len(piece)] = piece
        return heard


def find_hits(
    microphones: Microphones,
    given: Mapping[str, Role] = _NO_ROLES,
    progress: Progress = SILENT,
    names: Mapping[str, str] | None = None,
) -> Hits:
    """Find all hits of a drum performance, including those with low confidence.

    Parameters
    ----------
    given : the user's roles for some microphones, by track id; the others are guessed from their
        names and their sound
    names : how microphones are called, by track id; where it lacks one, its id

    Returns
    -------
    hits : none at a rate outside `LOWEST_RATE_HZ` to `HIGHEST_RATE_HZ`, in silence, and where nothing rises

    Raises
    ------
    Cancelled : the user asked for it
    """
    ids = tuple(microphones.track_ids)
    if not ids:
        return _gathered_nothing()
    called = [(names or {}).get(key, key) for key in ids]
    candidates = hear(microphones, progress.part(0.0, 0.8))
    progress.check_cancelled()
    guesses = guess_roles(called, [given.get(key) for key in ids], candidates, microphones.rate_hz)
    roles = tuple(guess.role for guess in guesses)
    progress.report(0.82, "Finding the hits")
    drums = drums_of(roles, candidates, microphones.rate_hz)
    is_known_kit = any(role is not Role.OTHER for role in roles)
    struck = _struck(candidates, drums, roles, microphones.rate_hz, is_known_kit=is_known_kit)
    again = steadied(
        microphones.read,
        candidates.positions_samples[struck.rows],
        candidates.tracks[struck.rows],
        struck.likelihoods >= SURE,
        microphones.rate_hz,
        progress.part(0.85, 1.0),
    )
    return _gathered(candidates, struck, again, drums, ids, guesses, microphones.rate_hz)


def hear(microphones: Microphones, progress: Progress = SILENT) -> Candidates:
    """Find all that may be a hit, 20 s of all microphones at a time.

    Raises
    ------
    Cancelled : the user asked for it
    """
    rate_hz, count = microphones.rate_hz, len(microphones.track_ids)
    octaves = Octaves(rate_hz)
    if not LOWEST_RATE_HZ <= rate_hz <= HIGHEST_RATE_HZ:
        return candidates_of(np.zeros((count, 0), np.float32), octaves, 0, 0, 0)
    hop = octaves.hop_samples
    segment = round(_SEGMENT_S * rate_hz / hop) * hop
    context = round(max(_CONTEXT_S, LATE_S) * rate_hz / hop) * hop
    parts = []
    for start in range(0, max(1, microphones.length_samples), segment):
        progress.check_cancelled()
        stop = min(start + segment, microphones.length_samples)
        first = max(0, start - context)
        heard = finite(microphones.read(first, stop + context))
        parts.append(candidates_of(heard, octaves, start - first, stop - first, first))
        progress.report(stop / max(1, microphones.length_samples), "Analysing the drums")
    every = joined(parts)
    # Sound that ends in the middle makes a click there.
    return every.take(every.positions_samples < microphones.length_samples - _END_S * rate_hz)


def first_look(
    candidates: Candidates, new: Floats, drums: Sequence[Drum], rate_hz: int
) -> Iterator[tuple[int, NDArray[np.int64], Floats]]:
    """Yield the place of each drum that rises at all, the rows of its rises, and the evidence for each.

    Parameters
    ----------
    new : float32, shape (n, tracks, octaves), of `engine.features.timing.hits.drums.new_db`
    """
    loud = [loud_rises(candidates, new, drum) for drum in drums]
    bleed = learn_bleed(candidates, new, drums, loud)
    for which in np.flatnonzero(rise_at_all(candidates, drums)).tolist():
        yield which, *evidence_of(candidates, new, drums, bleed, loud, which, rate_hz)


def judged_rises(candidates: Candidates, new: Floats, drums: Sequence[Drum], rate_hz: int) -> list[Judged]:
    """Return the rises of each drum that rises at all, each judged by itself."""
    network = network_of(HIT_WEIGHTS)
    return [
        Judged(which, rows, evidence, network.likelihoods(evidence))
        for which, rows, evidence in first_look(candidates, new, drums, rate_hz)
    ]


def _struck(
    candidates: Candidates,
    drums: Sequence[Drum],
    roles: Sequence[Role],
    rate_hz: int,
    *,
    is_known_kit: bool = True,
) -> Struck:
    """Return the likely hits, in the order of time.

    Parameters
    ----------
    is_known_kit : whether a microphone is known to be at a drum kit; else the sounds may be anything
    """
    network = network_of(SECOND_LOOK_WEIGHTS)
    new = new_db(candidates)
    judged = judged_rises(candidates, new, drums, rate_hz)
    rows: list[NDArray[np.int64]] = [np.zeros(0, np.int64)]
    likely: list[NDArray[np.float32]] = [np.zeros(0, np.float32)]
    levels_db: list[Floats] = [np.zeros((0, len(_DOUBTS)), np.float32)]
    of_drums: list[NDArray[np.int64]] = [np.zeros(0, np.int64)]
    further = second_evidence(candidates, new, drums, roles, judged, rate_hz)
    for one, evidence in zip(judged, further, strict=True):
        likelihoods = network.likelihoods(np.concatenate([one.evidence, evidence], axis=1))
        is_likely = likelihoods >= LEAST_CONFIDENCE
        rows.append(one.rows[is_likely])
        likely.append(likelihoods[is_likely])
        levels_db.append(one.evidence[is_likely][:, _DOUBTS])
        of_drums.append(np.full(len(rows[-1]), one.drum))
    every = np.concatenate(rows)
    order = np.argsort(every, kind="stable")  # rows of candidates are in the order of time
    struck = Struck(every[order], np.concatenate(of_drums)[order], np.concatenate(likely)[order])
    above_db, below_db = np.concatenate(levels_db)[order].T
    struck = doubting_bleed(struck, above_db, below_db, candidates, drums, rate_hz)
    struck = without_doubles(struck, candidates, drums, rate_hz)
    return (
        struck
        if is_known_kit or is_of_a_kit(struck, candidates, rate_hz)
        else struck.take(np.zeros(0, np.int64))
    )


def _gathered_nothing() -> Hits:
    return Hits(
        onsets_samples=np.zeros(0),
        tracks=np.zeros(0, np.int16),
        strengths_db=np.zeros(0, np.float32),
        strokes=np.zeros(0, np.int32),
        ornaments=np.zeros(0, np.int8),
        confidences=np.zeros(0, np.float32),
        track_ids=(),
        roles=(),
        delays_samples=np.zeros(0),
        maker=HITS_MAKER,
    )


def _gathered(
    candidates: Candidates,
    struck: Struck,
    again: Steadied,
    drums: Sequence[Drum],
    ids: Sequence[str],
    guesses: Sequence[GuessedRole],
    rate_hz: int,
) -> Hits:
    retained = apart(again.positions_samples, candidates.tracks[struck.rows], struck.likelihoods, rate_hz)
    struck = struck.take(retained)
    onsets = again.positions_samples[retained].astype(np.float64)
    tracks = candidates.tracks[struck.rows]
    delays = delays_of(candidates, struck, drums)
    strengths = strengths_db(candidates, struck.rows)
    played = onsets - delays[tracks]
    in_time = np.argsort(played, kind="stable")
    strokes = np.zeros(len(onsets), np.int32)
    strokes[in_time] = strokes_of(played[in_time], struck.likelihoods[in_time] >= SURE, rate_hz)
    order = np.lexsort((strokes, onsets))
    hits = Hits(
        onsets_samples=onsets[order],
        tracks=tracks[order],
        strengths_db=strengths[order],
        strokes=numbered_in_order(strokes[order]),
        ornaments=np.zeros(len(onsets), np.int8),
        confidences=struck.likelihoods[order],
        track_ids=tuple(ids),
        roles=tuple(guess.role for guess in guesses),
        delays_samples=delays,
        maker=HITS_MAKER,
        unsure_samples=again.unsure_samples[retained][order],
        role_confidences=np.array([guess.confidence for guess in guesses], np.float32),
    )
    return with_ornaments(hits, rate_hz)
