"""Speakers of words on tracks with one speaker each: the track that is loudest for its own voice.

Microphones have different gains, and each one picks up the other speakers. So the level of each track in a
word is compared with the level it has in the words of its own speaker.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from engine.analysis.signal.bands import equal_mel_edges_hz
from engine.core.progress import SILENT, Progress
from engine.core.timebase import inside
from engine.document.analysis import Transcript
from engine.document.state import DocumentState
from engine.document.tracks import audible
from engine.features.words.sentences import ends_sentence
from engine.recordings.track_audio import Microphones

Floats = NDArray[np.float64]
Places = NDArray[np.int64]

_FRAME_S = 0.02
_FRAMES_READ = 256
_BANDS = 20
_EDGES_HZ = equal_mel_edges_hz(100.0, 8_000.0, _BANDS)
"""Of the bands in which tracks are compared."""
_COMPARED_HZ = 4_000.0
"""The level of a track is that of the bands below: noise above hides how different the tracks are."""
_FAINT_DB = -160.0
_NOISE_PERCENTILE = 10.0
_LOUDEST_PERCENTILE = 98.0
"""Of the words: a guest may speak as few as 2 % of them."""
_APART_DB = 10.0
"""Two tracks have a speaker each if their difference changes by this much; that of two microphones of one
scene hardly changes."""
_ABOVE_REST_DB = 6.0
"""Speech is this much louder in its words than the track is outside all words; music is not."""
_ROUNDS = 4
_DEEPEST_DB = 40.0
"""How far below the loudest track of a word another one counts: gates make it silent."""
_PAUSE_S = 0.5
_MOST_DB, _CHANGE_DB, _CHANGE_AT_PAUSE_DB = 10.0, 6.0, 1.5
"""The most that one word counts, and the cost of a change of speaker within a sentence and after one."""


@dataclass(frozen=True, slots=True)
class TrackLevels:
    """Levels of tracks.

    Attributes
    ----------
    words_db : of each word on each track without the noise of the track, shape (words, tracks)
    rest_db : the usual level of each track outside all words, shape (tracks,)
    """

    words_db: Floats
    rest_db: Floats


def with_speakers_of_tracks(
    transcript: Transcript,
    state: DocumentState,
    media: Mapping[str, Path],
    progress: Progress = SILENT,
) -> Transcript:
    """Return a transcript whose speakers are the tracks of a document; as it is if they are not separate.

    Raises
    ------
    SourceError : a recording cannot be read
    Cancelled : the user asked for it
    """
    tracks = [one for one in audible(state.tracks) if one.clips]
    if len(tracks) < 2 or not len(transcript):
        return transcript
    with Microphones(state, media, [one.id for one in tracks]) as microphones:
        levels = track_levels(microphones, transcript.spans_samples, progress)
    found = speakers_of(levels, changes_db(transcript, state.rate_hz))
    if found is None:
        return transcript
    chosen, speakers = np.unique(found, return_inverse=True)
    names = tuple(tracks[one].name for one in chosen.tolist())
    return replace(transcript, speakers=speakers.astype(np.int16), names=names)


def track_levels(microphones: Microphones, spans_samples: Places, progress: Progress = SILENT) -> TrackLevels:
    """Compute the levels of tracks in one pass; see `frame_powers` and `levels_of`."""
    return levels_of(frame_powers(microphones, progress), spans_samples, frame_samples(microphones.rate_hz))


def frame_samples(rate_hz: int) -> int:
    """Return the length of a frame of `frame_powers`, 20 ms."""
    return round(_FRAME_S * rate_hz)


def frame_powers(microphones: Microphones, progress: Progress = SILENT) -> NDArray[np.float32]:
    """Compute the power of tracks in frames, float32, shape (tracks, frames).

    Low frequencies, such as those of rooms, count less, as in a differentiated signal, and those above speech
    do not count. Memory holds four bytes for each track and 20 ms.

    Raises
    ------
    SourceError : a recording cannot be read
    Cancelled : the user asked for it
    """
    blocks = [np.zeros((len(microphones.track_ids), 0), np.float32)]
    return np.concatenate([*blocks, *map(all_bands, _blocks_in_bands(microphones, progress))], axis=1)


def all_bands(bands: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the power of `frame_powers` from that in bands, shape (tracks, frames)."""
    middles_hz = np.sqrt(_EDGES_HZ[1:] * _EDGES_HZ[:-1])
    weights = np.where(middles_hz < _COMPARED_HZ, np.square(middles_hz / _COMPARED_HZ), 0.0)
    return np.asarray(bands @ weights.astype(np.float32), np.float32)


def band_powers(microphones: Microphones, progress: Progress = SILENT) -> NDArray[np.float32]:
    """Compute the power of tracks in frames and bands of speech, float32, shape (tracks, frames, bands).

    Memory holds 80 bytes for each track and 20 ms. Raises as `frame_powers`.
    """
    blocks = [np.zeros((len(microphones.track_ids), 0, _BANDS), np.float32)]
    return np.concatenate([*blocks, *_blocks_in_bands(microphones, progress)], axis=1)


def _blocks_in_bands(microphones: Microphones, progress: Progress) -> Iterator[NDArray[np.float32]]:
    """Yield the powers of `band_powers` in blocks of frames, each analysed with the frame after it."""
    frame = frame_samples(microphones.rate_hz)
    count, window = -(-microphones.length_samples // frame), np.hanning(2 * frame).astype(np.float32)
    edges = np.minimum(np.rint(_EDGES_HZ * (2 * frame) / microphones.rate_hz).astype(np.int64), frame)
    for first in range(0, count, _FRAMES_READ):
        progress.check_cancelled()
        progress.report(first / count, "Comparing tracks")
        last = min(first + _FRAMES_READ, count)
        audio = microphones.read(first * frame, (last + 1) * frame)
        spectrum = np.fft.rfft(sliding_window_view(audio, 2 * frame, axis=1)[:, ::frame] * window)
        power = np.square(np.abs(spectrum)) / frame**2
        yield np.asarray(np.add.reduceat(power, edges, axis=2)[:, :, :-1], np.float32)


def levels_of(powers: NDArray[np.float32], spans_samples: Places, frame: int) -> TrackLevels:
    """Return the levels of tracks.

    Parameters
    ----------
    powers : as `frame_powers` returns them
    spans_samples : of the words, shape (words, 2)
    frame : length of a frame in samples
    """
    tracks, count = powers.shape
    noise = np.percentile(powers, _NOISE_PERCENTILE, axis=1)
    means = [
        powers[:, start // frame : max(-(-stop // frame), start // frame + 1)].mean(axis=1, dtype=np.float64)
        for start, stop in np.minimum(spans_samples, count * frame - 1).tolist()
    ]
    between = ~inside(np.arange(count) * frame + frame // 2, np.sort(spans_samples, axis=0))
    rest = np.median(powers[:, between], axis=1) if between.any() else np.zeros(tracks)
    return TrackLevels(_in_db(np.maximum(np.array(means) - noise, noise / 10.0)), _in_db(rest))


def changes_db(transcript: Transcript, rate_hz: int) -> Floats:
    """Return the cost of a change of speaker before each word, shape (words,), see `speakers_of`."""
    pauses_samples = transcript.spans_samples[1:, 0] - transcript.spans_samples[:-1, 1]
    ends = list(map(ends_sentence, transcript.texts[:-1]))
    is_between = (pauses_samples > _PAUSE_S * rate_hz) | np.array(ends, np.bool_)
    return np.concatenate([[0.0], np.where(is_between, _CHANGE_AT_PAUSE_DB, _CHANGE_DB)])


def speakers_of(levels: TrackLevels, change_db: Floats) -> Places | None:
    """Return the track of the speaker of each word, shape (words,); None if the tracks are not separate.

    Of tracks that do not differ in their words, as two microphones of one scene, one remains.

    Parameters
    ----------
    change_db : cost of a change of speaker before each word, shape (words,)
    """
    chosen = list(range(levels.words_db.shape[1]))
    while len(chosen) > 1:
        words_db = levels.words_db[:, chosen]
        words_db = np.maximum(words_db, words_db.max(axis=1, keepdims=True) - _DEEPEST_DB)
        closeness_db = _closeness(words_db)
        nearest = closeness_db.argmax(axis=1)
        own_db = [_own_level(words_db[:, at], nearest == at) for at in range(len(chosen))]
        is_speech = own_db >= levels.rest_db[chosen] + _ABOVE_REST_DB
        if not is_speech.all():
            chosen = [one for one, speaks in zip(chosen, is_speech, strict=True) if speaks]
            continue
        alike = _alike(closeness_db, nearest)
        if alike is None:
            costs = np.minimum(closeness_db.max(axis=1, keepdims=True) - closeness_db, _MOST_DB)
            return np.array(chosen)[fewest_changes(costs, change_db)]
        spreads_db = np.ptp(np.percentile(_above_others(words_db), (2, 98), axis=0), axis=0)
        del chosen[min(alike, key=lambda at: spreads_db[at])]
    return None


def _own_level(words_db: Floats, is_own: NDArray[np.bool_]) -> float:
    """Return the usual level of a track in its own words; lowest without any."""
    return float(np.median(words_db[is_own])) if is_own.any() else -np.inf


def _above_others(words_db: Floats) -> Floats:
    """Return the level of each track relative to the loudest of the others, shape (words, tracks)."""
    count = words_db.shape[1]
    others = [np.delete(words_db, one, axis=1).max(axis=1) for one in range(count)]
    return np.asarray(words_db - np.column_stack(others))


def _closeness(words_db: Floats) -> Floats:
    """Return the closeness of each word to those of each track, shape (words, tracks): 0 dB or below.

    At first, the words of a track are those in which it is farthest above the others, at any gain. Then a
    word belongs to the track whose words have the most similar differences between tracks; loudness does not
    count.
    """
    above_db = _above_others(words_db)
    found = above_db - np.percentile(above_db, _LOUDEST_PERCENTILE, axis=0)
    between_db = words_db - words_db.mean(axis=1, keepdims=True)
    for _ in range(_ROUNDS):
        nearest = found.argmax(axis=1)
        if len(np.unique(nearest)) < words_db.shape[1]:
            return found
        usual = [np.median(between_db[nearest == one], axis=0) for one in range(words_db.shape[1])]
        found = -np.abs(between_db[:, None] - np.array(usual)[None]).sum(axis=2)
    return found


def _alike(closeness_db: Floats, nearest: Places) -> tuple[int, int] | None:
    """Return the two tracks that differ least in the words of either, None if all differ."""
    least, found = _APART_DB, None
    for one in range(closeness_db.shape[1]):
        for other in range(one):
            of_either = (nearest == one) | (nearest == other)
            apart_db = np.abs(closeness_db[of_either, one] - closeness_db[of_either, other])
            between_db = float(np.median(apart_db)) if of_either.any() else 0.0
            if between_db < least:
                least, found = between_db, (one, other)
    return found


def fewest_changes(costs: Floats, change: Floats) -> Places:
    """Return the speaker of each word with the least cost in all, shape (words,), by dynamic programming.

    Parameters
    ----------
    costs : of each speaker in each word, shape (words, speakers)
    change : of a change of speaker before each word, shape (words,)
    """
    total, ways = costs[0], list[Places]()
    for cost, more in zip(costs[1:], change[1:], strict=True):
        cheapest = int(total.argmin())
        changes = total[cheapest] + more < total
        ways.append(np.where(changes, cheapest, np.arange(len(total))))
        total = np.minimum(total, total[cheapest] + more) + cost
    found = [int(total.argmin())]
    for way in reversed(ways):
        found.append(int(way[found[-1]]))
    return np.array(found[::-1], np.int64)


def _in_db(powers: NDArray[np.floating]) -> Floats:
    return np.asarray(10.0 * np.log10(np.maximum(powers, 10.0 ** (_FAINT_DB / 10.0))))
