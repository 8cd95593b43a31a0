"""Recognise known songs in a passage: another tempo, key or recorder, or only a part of it.

Two stages. First, patches of ten seconds of chroma are compared as one matrix product, of the passage in all
keys and at five tempos (chroma shingles, M. Casey, C. Rhodes and M. Slaney, "Analysis of minimum distances in
high-dimensional musical spaces", IEEE Trans. Audio Speech Lang. Process. 16, 2008). The few most similar
references are then aligned frame by frame (`engine.features.takes.pairs.search`). Both make the probability.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.core.progress import SILENT, Progress
from engine.features.day.known.fingerprints import Fingerprint
from engine.features.takes.features import FRAMES_PER_S, PITCH_CLASSES
from engine.features.takes.pairs import (
    Pair,
    Side,
    chance_of,
    drawn_from,
    joined,
    one_to_one,
    pairs_of,
    search,
    turned,
)

Floats = NDArray[np.float32]

LEAST_S = 12.0
"""Shorter playing is not compared: its chords are those of many songs."""
SPEEDS = (0.87, 0.93, 1.0, 1.07, 1.15)
"""Tempos relative to the reference; alignment covers those between them."""
PATCH_S, _STEPS = 10.0, 10
_EVERY_S, ASKED_EVERY_S = 1.0, 2.0
_MOST_ASKED = 32
_AT_ONCE = 8192
"""Patches of references in one matrix product: 12 MB of results."""
_TRIED = 6
_LEAST_PATH = 4.0
_LEAST_NORM = 1e-3

CERTAIN, LIKELY = 0.8, 0.5
"""The probability from which a passage has a name, and from which two takes of one song have one together."""
_BIAS, _OF_ALIKE, _OF_PATH = -13.8, 13.2, 15.5
"""Of a logistic regression on eight composed songs that no figure is reported of."""
_MOST_PATH = 0.2
"""More is due to drums that play the same pattern, which alone do not name a song."""


@dataclass(frozen=True, slots=True, eq=False)
class Song:
    """A known song.

    Attributes
    ----------
    id : of the library
    references : fingerprints of takes of it
    """

    id: str
    name: str
    references: tuple[Fingerprint, ...]


@dataclass(frozen=True, slots=True)
class Recognition:
    """A song in a passage.

    Attributes
    ----------
    song, name : of the library
    probability : that it is this song
    semitones : how much higher it is than in the reference, -5 to 6
    speed : how much faster, 1 for as fast
    start_s, stop_s : the part of the passage that was found in the reference
    reference : the number of the reference
    from_s, to_s : where in the reference
    """

    song: str
    name: str
    probability: float
    semitones: int
    speed: float
    start_s: float
    stop_s: float
    reference: int
    from_s: float
    to_s: float


@dataclass(frozen=True, slots=True, eq=False)
class KnownSongs:
    """Known songs, prepared for many comparisons.

    Attributes
    ----------
    patches : of all references, shape (k, size), of length 1
    owners : the song and the reference of each group of patches
    bounds : int64, where the patches of each reference begin, and where the last ones end
    """

    songs: tuple[Song, ...]
    patches: Floats
    owners: tuple[tuple[int, int], ...]
    bounds: NDArray[np.int64]

    @classmethod
    def of(cls, songs: Iterable[Song]) -> KnownSongs:
        """Prepare songs; references that are too short are left out."""
        every = tuple(songs)
        owners = tuple(
            (number, place)
            for number, song in enumerate(every)
            for place, one in enumerate(song.references)
            if one.length_s >= LEAST_S
        )
        made = [patches_of(chroma_of(every[song].references[place]), _EVERY_S) for song, place in owners]
        return cls(every, np.concatenate([_NO_PATCHES, *made]), owners, np.cumsum([0, *map(len, made)]))

    def reference(self, number: int) -> Fingerprint:
        """Return the fingerprint of the reference that a group of patches belongs to."""
        song, place = self.owners[number]
        return self.songs[song].references[place]

    def reference_patches(self, number: int) -> Floats:
        """Return the patches of a reference."""
        return self.patches[self.bounds[number] : self.bounds[number + 1]]


@dataclass(frozen=True, slots=True)
class Evidence:
    """How alike a passage and a reference are.

    Attributes
    ----------
    alike : mean similarity of patches, at most 1
    path : score of the aligned paths for each frame of the passage
    """

    alike: float
    path: float

    @property
    def probability(self) -> float:
        """Return the probability that both are one song."""
        odds = _BIAS + _OF_ALIKE * self.alike + _OF_PATH * np.sqrt(min(self.path, _MOST_PATH))
        return float(1.0 / (1.0 + np.exp(-odds)))


def agreed(takes: Iterable[Recognition]) -> Recognition | None:
    """Return the known song that all takes of one song are; None if they disagree, or none is certain.

    Parameters
    ----------
    takes : the likeliest known song of each
    """
    likely = sorted((one for one in takes if one.probability >= LIKELY), key=lambda one: -one.probability)
    certain = [one for one in likely if one.probability >= CERTAIN]
    voting = certain or (likely if len(likely) > 1 else [])
    return voting[0] if len({one.song for one in voting}) == 1 else None


def likeliest(query: Fingerprint, known: KnownSongs, progress: Progress = SILENT) -> Recognition | None:
    """Return the most probable song, however improbable; None without playing to compare.

    Raises
    ------
    Cancelled : the user asked for it
    """
    best = max(compared(query, known, progress), key=lambda one: one[0].probability, default=None)
    return None if best is None else best[0]


def compared(
    query: Fingerprint, known: KnownSongs, progress: Progress = SILENT
) -> Iterator[tuple[Recognition, Evidence]]:
    """Yield the most similar references and the evidence for each.

    Raises
    ------
    Cancelled : the user asked for it
    """
    if query.length_s < LEAST_S or not len(known.patches):
        return
    alike = _alike(chroma_of(query), known, progress)
    best = alike.max(axis=(0, 1))
    for number in np.argsort(-best, kind="stable")[:_TRIED].tolist():
        progress.check_cancelled()
        speed, turn = np.unravel_index(int(alike[:, :, number].argmax()), alike.shape[:2])
        pairs = aligned(query, known.reference(number), int(turn), SPEEDS[speed])
        evidence = Evidence(float(best[number]), sum(pair.score for pair in pairs) / len(query))
        if pairs:
            song, place = known.owners[number]
            yield recognition(known.songs[song], place, int(turn), pairs, evidence), evidence


def _alike(chroma: Floats, known: KnownSongs, progress: Progress) -> Floats:
    """Return the mean similarity of the patches of a passage, shape (speeds, keys, references)."""
    found = np.zeros((len(SPEEDS), PITCH_CLASSES, len(known.owners)), np.float32)
    groups = list(_groups(known))
    for number, speed in enumerate(SPEEDS):
        progress.check_cancelled()
        progress.report(number / len(SPEEDS), "Comparing with known songs")
        asked = patches_of(stretched(chroma, speed), ASKED_EVERY_S)
        if len(asked) > _MOST_ASKED:
            asked = asked[np.linspace(0, len(asked) - 1, _MOST_ASKED).astype(int)]
        in_keys = in_all_keys(asked)
        for first, last in groups:
            low, high = known.bounds[first], known.bounds[last]
            products = in_keys @ known.patches[low:high].T
            most = np.maximum.reduceat(products, known.bounds[first:last] - low, axis=1)
            found[number, :, first:last] = most.reshape(PITCH_CLASSES, len(asked), -1).mean(axis=1)
    progress.report(1.0, "Comparing with known songs")
    return found


def _groups(known: KnownSongs) -> Iterator[tuple[int, int]]:
    """Yield the numbers [first, last) of references whose patches are compared at once."""
    first, count = 0, len(known.owners)
    for last in range(1, count + 1):
        if last == count or known.bounds[last + 1] - known.bounds[first] > _AT_ONCE:
            yield first, last
            first = last


def chroma_of(one: Fingerprint) -> Floats:
    """Return the chroma of each frame, shape (n, 12)."""
    return one.frames().chroma


def stretched(rows: Floats, speed: float) -> Floats:
    """Return rows of playing that is `speed` times as fast as a reference at the speed of the reference."""
    at = np.arange(round(len(rows) * speed)) / speed
    low = np.minimum(at.astype(np.int64), len(rows) - 1)
    share = (at - low)[:, None].astype(np.float32)
    found: Floats = rows[low] * (1.0 - share) + rows[np.minimum(low + 1, len(rows) - 1)] * share
    return found


def patches_of(chroma: Floats, every_s: float) -> Floats:
    """Return the means of `_STEPS` equal parts of overlapping patches, of length 1, shape (k, size)."""
    width, every = round(PATCH_S * FRAMES_PER_S), round(every_s * FRAMES_PER_S)
    sums = np.concatenate(
        [np.zeros((1, PITCH_CLASSES), np.float64), np.cumsum(chroma, axis=0, dtype=np.float64)]
    )
    starts = np.arange(0, max(len(chroma) - width, 0) + 1, every)
    edges = np.round(np.linspace(0, width, _STEPS + 1)).astype(np.int64)
    parts = np.diff(sums[np.minimum(starts[:, None] + edges, len(chroma))], axis=1).reshape(len(starts), -1)
    lengths = np.linalg.norm(parts, axis=1, keepdims=True)
    found: Floats = (parts / np.maximum(lengths, _LEAST_NORM * width)).astype(np.float32)
    return found


_NO_PATCHES = np.zeros((0, _STEPS * PITCH_CLASSES), np.float32)


def in_all_keys(patches: Floats) -> Floats:
    """Return patches transposed by 0 to 11 semitones, one key after another, shape (12 * k, size)."""
    return np.concatenate([turned_patches(patches, turn) for turn in range(PITCH_CLASSES)])


def turned_patches(patches: Floats, turn: int) -> Floats:
    """Return patches transposed by some semitones."""
    parts = patches.reshape(-1, _STEPS, PITCH_CLASSES)
    return np.roll(parts, turn, axis=2).reshape(patches.shape)


def aligned(query: Fingerprint, reference: Fingerprint, turn: int, speed: float) -> list[Pair]:
    """Return the common parts of a passage and a reference, the strongest first, each moment used once.

    Parameters
    ----------
    turn : semitones by which the passage is transposed before
    speed : how much faster the passage is, approximately; the speeds of the pairs are relative to it

    Returns
    -------
    pairs : the earlier side is the passage, in its own frames
    """
    frames, other = query.frames(), reference.frames()
    rows = stretched(joined(frames), speed)
    rows = turned(rows, [turn])[0]
    columns = joined(other)
    drawn = np.concatenate([drawn_from(rows), drawn_from(columns)])
    paths = search(
        Side(rows[None], chance_of(rows, drawn)),
        Side(columns, chance_of(columns, drawn)),
        np.zeros(len(rows), np.int64),
        _LEAST_PATH,
    )
    return [_slower(pair, speed) for pair in one_to_one(pairs_of(paths))]


def _slower(pair: Pair, speed: float) -> Pair:
    """Return a pair whose earlier side is in the frames before `stretched`."""
    start, stop = (place / speed for place in (pair.starts[0], pair.stops[0]))
    own = (stop - start) / pair.length(1)
    return Pair((start, pair.starts[1]), (stop, pair.stops[1]), pair.semitones, pair.score, 1.0 / own)


def recognition(song: Song, place: int, turn: int, pairs: Sequence[Pair], evidence: Evidence) -> Recognition:
    """Return a recognition by one or more common parts of a passage and a reference.

    Parameters
    ----------
    turn : semitones by which the passage was transposed
    """
    frames = [(pair.starts[0], pair.stops[0], pair.starts[1], pair.stops[1]) for pair in pairs]
    start_s, _, from_s, _ = np.min(frames, axis=0) / FRAMES_PER_S
    _, stop_s, _, to_s = np.max(frames, axis=0) / FRAMES_PER_S
    best = max(pairs, key=lambda pair: pair.score)
    semitones = (5 - turn) % PITCH_CLASSES - 5
    faster = round(best.length(1) / best.length(0), 3)
    places = (float(start_s), float(stop_s), place, float(from_s), float(to_s))
    return Recognition(song.id, song.name, evidence.probability, semitones, faster, *places)
