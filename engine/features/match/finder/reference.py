"""The reference sound of a match: the mix of a document, or one track that the file plays alone.

A few windows of the file show whether it plays one track alone. A window is placed in the mix at every lag,
beneath the other tracks; in each track if the mix explains few windows. At these places, each track and the
mix are compared with the window after one gain. A track that dominates another balance of the mix is not
alone: the other tracks explain its residual.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.analysis.signal.streams import resampled
from engine.core.errors import SourceError
from engine.core.progress import Progress
from engine.document.state import DocumentState
from engine.document.tracks import Track, audible
from engine.features.match.match import require_long
from engine.features.match.seams import aligned
from engine.features.match.searching.lags import WINDOW_SAMPLES, faint_places
from engine.features.match.searching.places import Places
from engine.features.match.sound import RATE_HZ, Floats, SearchFeatures, Sound, one_at_a_time, search_features
from engine.sound.edl.build import whole
from engine.sound.edl.render import Renderer

_Wide = NDArray[np.float64]

WINDOWS = 12
"""Most windows of a file that are compared."""
_MOST_PLACES = 2  # of a window: music that repeats has many, equally good
_QUIETEST = 1e-5  # of the power of the loudest window
_EXPLAINED = 0.2  # of a window is left at most: a coder at a low bit rate leaves half of that
_CLEARLY_LESS = 0.25
_ALSO_OTHERS = 0.5
_LEAST_SHARE = 0.5
_LEAST_WINDOWS = 2


@dataclass(frozen=True, slots=True)
class DetectedTrack:
    """The track that a few windows show.

    Attributes
    ----------
    track : index of the track that plays alone; None for the mix and for other sound
    compared : number of comparisons of a window with a track or the mix
    """

    track: int | None
    compared: int


@dataclass(frozen=True, slots=True)
class _Residuals:
    """Shares of the power of a window that remain without the mix, each track, or all tracks at once."""

    mix: float
    tracks: _Wide
    together: float


def detect_alone(
    mix: tuple[Sound, SearchFeatures],
    tracks: Sequence[Sound],
    edited: tuple[Sound, SearchFeatures],
    progress: Progress,
) -> DetectedTrack:
    """Detect whether an edited file plays one track alone.

    Parameters
    ----------
    mix, edited : with their features; all sounds have one rate

    Raises
    ------
    Cancelled : the user asked for it
    """
    if len(tracks) < 2:
        return DetectedTrack(None, 0)
    sound, features = edited
    spans = _windows(features.mono)
    best: dict[tuple[int, int], _Residuals] = {}
    compared = 0

    def compare(places: Places) -> None:
        nonlocal compared
        for span in spans:
            progress.check_cancelled()
            tried = [_residuals(mix[0], tracks, sound, span, offset) for offset in _offsets(places, span)]
            compared += len(tried) * (len(tracks) + 1)
            tried += [best[span]] if span in best else []
            if tried:
                best[span] = min(tried, key=lambda one: one.together)

    share = progress.part(0.0, 0.9)
    compare(faint_places([mix[1].mono], features.mono, spans, share.step(0, len(tracks) + 1)))
    unknown = [span for span in spans if span not in best or best[span].together > _EXPLAINED]
    if len(unknown) > _LEAST_SHARE * len(spans):
        for number, track in enumerate(tracks, 1):
            mono = np.concatenate(list(resampled(track.mono_blocks(), track.rate_hz, RATE_HZ)))
            compare(faint_places([mono], features.mono, unknown, share.step(number, len(tracks) + 1)))
    return DetectedTrack(_decided(list(best.values()), len(spans)), compared)


def _windows(mono: Floats) -> list[tuple[int, int]]:
    """Return the loudest window of each part of a file, without silent ones."""
    length = min(WINDOW_SAMPLES, len(mono))
    count = max(1, min(WINDOWS, len(mono) // length))
    sums = np.concatenate([[0.0], np.cumsum(np.square(mono, dtype=np.float64))])
    powers = sums[length:] - sums[:-length]
    edges = np.linspace(0, len(powers), count + 1).astype(int)
    starts = [first + int(np.argmax(powers[first:stop])) for first, stop in pairwise(edges)]
    least = _QUIETEST * float(powers.max())
    return [(start, start + length) for start in starts if powers[start] > least]


def _offsets(places: Places, span: tuple[int, int]) -> list[float]:
    offsets: list[float] = places.offset[places.at == (span[0] + span[1]) / 2][:_MOST_PLACES].tolist()
    return offsets


def _residuals(
    mix: Sound, tracks: Sequence[Sound], edited: Sound, span: tuple[int, int], offset: float
) -> _Residuals:
    """Compute the residuals of a window at an offset, each after one gain."""
    ratio = edited.rate_hz / RATE_HZ
    start, stop = round(span[0] * ratio), min(edited.length_samples, round(span[1] * ratio))
    raws = (mix, *tracks)
    mine = edited.mono(start, stop).astype(np.float64)
    power = max(float(mine @ mine), 1e-30)

    def left(columns: _Wide) -> float:
        gains = np.linalg.lstsq(columns, mine, rcond=None)[0]
        return float(np.sum((mine - columns @ gains) ** 2)) / power

    lines = [aligned(raws, edited, number, offset * ratio, (start, stop)) for number in range(len(raws))]
    parts = [line.read(raws, start, stop).mean(axis=1) for line in lines]
    alone = np.array([left(one[:, None]) for one in parts])
    # All tracks are read where the best of them is: where each agrees best alone says nothing of a sum.
    line = lines[int(np.argmin(alone))]
    together = [
        replace(line, raw=number).read(raws, start, stop).mean(axis=1) for number in range(1, len(raws))
    ]
    return _Residuals(float(alone[0]), alone[1:], min(left(np.stack(together, axis=1)), float(alone.min())))


def _decided(windows: Sequence[_Residuals], count: int) -> int | None:
    """Return the track that explains nearly all windows clearly better than the mix and the others can."""
    if not windows:
        return None
    left = np.stack([one.tracks for one in windows])
    mix = np.array([one.mix for one in windows])
    together = np.array([one.together for one in windows])
    track = int(np.argmax(np.sum(left <= _EXPLAINED, axis=0) - np.median(left, axis=0)))
    own = left[:, track]
    is_explained = own <= _EXPLAINED
    is_better = is_explained & (own < _CLEARLY_LESS * mix)
    is_elsewhere = ~is_explained & (np.minimum(mix, together) <= _EXPLAINED)
    # Rounding to 16 bits is left by all alike.
    is_sum = is_explained & (together + 1e-9 < _ALSO_OTHERS * own)
    if is_elsewhere.any() or is_sum.any() or np.sum(is_explained) < _LEAST_SHARE * count:
        return None
    return track if np.sum(is_better) >= min(_LEAST_WINDOWS, count) else None


@dataclass(frozen=True, slots=True)
class Reference:
    """The sound that a file is matched with.

    Attributes
    ----------
    state : the document, where only the tracks of the reference are audible
    sound : the reference, unedited
    track : the track of the reference; None for the mix
    features : features of the file and of the mix
    compared : number of comparisons of a window of the file with a track or the mix
    """

    state: DocumentState
    sound: Sound
    track: Track | None
    features: Mapping[Sound, SearchFeatures]
    compared: int


@contextmanager
def open_reference(
    state: DocumentState, media: Mapping[str, Path], edited: Sound, progress: Progress
) -> Iterator[Reference]:
    """Open the mix of a document, or the track that an edited file plays alone.

    Raises
    ------
    SourceError : an audible source is missing or cannot be read
    UsageError : the file is too short
    Cancelled : the user asked for it
    """
    require_long(edited)
    in_mix = {one.id for one in audible(state.tracks)}
    with ExitStack() as opened:
        mix = opened.enter_context(_sound(state, media))
        features = {
            sound: search_features(sound, progress.part(0.0, 0.8).step(number, 2))
            for number, sound in enumerate((edited, mix))
        }
        of_tracks: list[tuple[Track, Sound]] = []
        for track in state.tracks:
            # A muted track may miss its recordings: the mix has been opened without them.
            with suppress(*(() if track.id in in_mix else (SourceError,))):
                of_tracks.append((track, opened.enter_context(_sound(_alone(state, track), media))))
        found = detect_alone(
            (mix, features[mix]),
            [sound for _, sound in of_tracks],
            (edited, features[edited]),
            progress.part(0.8, 1.0),
        )
        if found.track is None:
            yield Reference(state, mix, None, features, found.compared)
        else:
            track, sound = of_tracks[found.track]
            yield Reference(_alone(state, track), sound, track, features, found.compared)


def _alone(state: DocumentState, track: Track) -> DocumentState:
    tracks = tuple(replace(one, solo=one.id == track.id, mute=False) for one in state.tracks)
    return replace(state, tracks=tracks)


@contextmanager
def _sound(state: DocumentState, media: Mapping[str, Path]) -> Iterator[Sound]:
    with Renderer(state, whole(state), media) as renderer:
        read = one_at_a_time(renderer.read)
        yield Sound(Path("this recording"), state.length_samples, state.rate_hz, renderer.channels, read)
