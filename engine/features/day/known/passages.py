"""Find the takes of one song in recordings of hours, such as those of an archive.

Patches of the song at all tempos and in all keys are compared with those of the recording as one matrix
product; where some seconds are alike in one key and tempo, both are aligned frame by frame. An archive
is compared at several thousand times real time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

from engine.core.errors import UsageError
from engine.core.timebase import runs
from engine.features.day.day import Span
from engine.features.day.known.fingerprints import Fingerprint
from engine.features.day.known.matching import (
    ASKED_EVERY_S,
    CERTAIN,
    LEAST_S,
    PATCH_S,
    SPEEDS,
    Evidence,
    Floats,
    KnownSongs,
    Recognition,
    Song,
    aligned,
    chroma_of,
    in_all_keys,
    patches_of,
    recognition,
    stretched,
    turned_patches,
)
from engine.features.takes.features import FRAMES_PER_S, PITCH_CLASSES
from engine.features.takes.find import Edges
from engine.features.takes.pairs import Pair
from engine.features.takes.playing import performances

_SOUGHT_EVERY_S, _LOOKED_EVERY_S = 1.0, 5.0
_SMOOTHED = 3
_LOOKED_AT_ONCE = 256
_POSSIBLE = 0.6
"""Similarity of patches from which a part of a recording is aligned."""
_AROUND_S = 15.0
_APART_S, _OFF_S = 30.0, 10.0
"""Two parts of one take are at most so far apart, and the gap in the reference is as long within this."""
_LEAST_TAKE_S = 15.0
_REFERENCES = 2
_EARLY_S, _COUNTED_S, _RINGS_S = 1.0, 6.0, 4.0


@dataclass(frozen=True, slots=True, eq=False)
class Sought:
    """A song prepared for the search in long recordings.

    Attributes
    ----------
    patches : of each reference in use, at all tempos and in all keys, shape (speeds * keys * k, size)
    """

    song: Song
    patches: tuple[Floats, ...]
    known: KnownSongs

    @classmethod
    def of(cls, song: Song) -> Sought:
        """Prepare a song.

        Raises
        ------
        UsageError : its takes are too short
        """
        long = Song(song.id, song.name, tuple(one for one in song.references if one.length_s >= LEAST_S))
        if not long.references:
            raise UsageError(f"{song.name} has no take of {LEAST_S:.0f} s or more: play a longer part of it.")
        used = Song(song.id, song.name, long.references[:_REFERENCES])
        return cls(used, tuple(map(_at_all_tempos, used.references)), KnownSongs.of([used]))


def _at_all_tempos(reference: Fingerprint) -> Floats:
    chroma = chroma_of(reference)
    each = [patches_of(stretched(chroma, 1.0 / speed), _SOUGHT_EVERY_S) for speed in SPEEDS]
    fewest = min(map(len, each))
    return np.concatenate([in_all_keys(one[:fewest]) for one in each])


def passages(sought: Sought, recording: Fingerprint) -> list[Recognition]:
    """Return the takes of a song in a recording of any length, in order."""
    found: list[Recognition] = []
    if recording.length_s < LEAST_S:
        return found
    looked = patches_of(chroma_of(recording), _LOOKED_EVERY_S)
    for place, patches in enumerate(sought.patches):
        for start_s, stop_s, turn, speed in _possible(patches, looked):
            found += _takes_between(sought, place, recording, (start_s, stop_s), turn, speed)
    best: list[Recognition] = []
    for one in sorted(found, key=lambda one: one.start_s - one.stop_s):
        if all(min(one.stop_s, other.stop_s) <= max(one.start_s, other.start_s) for other in best):
            best.append(one)
    return sorted(best, key=lambda one: one.start_s)


def _possible(patches: Floats, looked: Floats) -> Iterator[tuple[float, float, int, float]]:
    """Yield the parts of a recording that may be the song, in seconds, with key and tempo of each."""
    variants = len(SPEEDS) * PITCH_CLASSES
    curves = np.zeros((variants, len(looked)), np.float32)
    for begin in range(0, len(looked), _LOOKED_AT_ONCE):
        some = slice(begin, begin + _LOOKED_AT_ONCE)
        curves[:, some] = (patches @ looked[some].T).reshape(variants, -1, len(looked[some])).max(axis=1)
    smooth = uniform_filter1d(curves, min(_SMOOTHED, len(looked)), axis=1, mode="nearest")
    for start, stop in runs(smooth.max(axis=0) >= _POSSIBLE).tolist():
        speed, turn = divmod(int(smooth[:, start:stop].mean(axis=1).argmax()), PITCH_CLASSES)
        # The song was transposed here, and the recording is elsewhere.
        yield start * _LOOKED_EVERY_S, stop * _LOOKED_EVERY_S + PATCH_S, -turn % PITCH_CLASSES, SPEEDS[speed]


def _takes_between(
    sought: Sought, place: int, recording: Fingerprint, span_s: Span, turn: int, speed: float
) -> Iterator[Recognition]:
    """Yield the certain takes in a part of a recording."""
    first_s = max(0.0, span_s[0] - _AROUND_S)
    part = recording.part(first_s, span_s[1] + _AROUND_S)
    edges = performances(part.frames().levels_db)
    for pairs in _together(aligned(part, sought.song.references[place], turn, speed)):
        frames = min(pair.starts[0] for pair in pairs), max(pair.stops[0] for pair in pairs)
        start_s, stop_s = (one / FRAMES_PER_S for one in frames)
        if stop_s - start_s < _LEAST_TAKE_S:
            continue
        own = part.part(start_s, stop_s)
        asked = turned_patches(patches_of(stretched(chroma_of(own), speed), ASKED_EVERY_S), turn)
        alike = float((asked @ sought.known.reference_patches(place).T).max(axis=1).mean())
        evidence = Evidence(alike, sum(pair.score for pair in pairs) / len(own))
        if evidence.probability >= CERTAIN:
            one = recognition(sought.song, place, turn, pairs, evidence)
            begun, ended = _settled(edges, *frames)
            yield replace(one, start_s=first_s + begun / FRAMES_PER_S, stop_s=first_s + ended / FRAMES_PER_S)


def _together(pairs: Sequence[Pair]) -> list[list[Pair]]:
    """Return the pairs of each take, the strongest first: one goes on where the other stops."""
    takes: list[list[Pair]] = []
    for pair in pairs:
        own = next((take for take in takes if all(_goes_on(pair, other) for other in take)), None)
        if own is None:
            takes.append([pair])
        else:
            own.append(pair)
    return takes


def _goes_on(one: Pair, other: Pair) -> bool:
    """Return whether two pairs are parts of one take: the gap between them is as long on both sides."""
    first, second = sorted((one, other), key=lambda pair: pair.starts[0])
    gaps = [(second.starts[side] - first.stops[side]) / FRAMES_PER_S for side in (0, 1)]
    return max(gaps) < _APART_S and min(gaps) > -_OFF_S and abs(gaps[0] - gaps[1]) < _OFF_S


def _settled(spans: NDArray[np.int64], start: float, stop: float) -> tuple[float, float]:
    """Return start and stop moved to edges of playing nearby."""
    edges = Edges(spans[:, 0], spans[:, 1])
    begun = edges.start_before(start, _EARLY_S, _COUNTED_S)
    ended = edges.stop_after(stop, _EARLY_S, _RINGS_S)
    return start if begun is None else begun, stop if ended is None else ended
