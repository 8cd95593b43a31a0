"""Places of speakers: own speech on tracks with one speaker each, or turns of speakers in a mix.

On separate tracks, a moment of detected speech is the track's own if it is louder there than the others'
speech that the microphone picks up. How much of each voice that is, follows from the levels of tracks
(`engine.features.words.speakers`). The decision leans to own speech: a moment of leakage does no harm, a lost
syllable does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.analysis.detection.voices import (
    FRAME_S,
    RATE_HZ,
    features,
    is_speech,
    speech_scores,
    voice_frames,
)
from engine.analysis.signal.streams import resampled
from engine.core.progress import Progress
from engine.core.timebase import inside, runs, s_to_samples, united
from engine.document.analysis import WORDS, Transcript
from engine.document.edits.analyses import known_transcript
from engine.document.state import DocumentState
from engine.document.tracks import Track, audible
from engine.features.voices.leakage import unexplained
from engine.features.words.speakers import (
    all_bands,
    band_powers,
    changes_db,
    frame_samples,
    levels_of,
    speakers_of,
)
from engine.recordings.track_audio import Microphones
from engine.review.finders import FinderRequest

Places = NDArray[np.int64]
Flags = NDArray[np.bool_]

_PIECE_S = 0.4
"""Without a transcript, levels are compared in pieces of detected speech of this length."""
_ABOVE_LEAKAGE_DB, _ABOVE_NOISE_DB = 4.0, 6.0
"""Own speech is this much louder than leakage and noise."""
_BELOW_SPEECH_DB = 8.0
"""Any sound that is up to this much below own speech belongs to the speaker, such as laughter."""
_ECHO_FRAMES = 10
"""Frames of 20 ms around speech in which other microphones may pick it up, or its echo."""
_LEAST_FRAMES, _LEAST_SOUND_FRAMES, _LEAST_UNEXPLAINED_FRAMES = 3, 6, 2
"""Shorter moments of own speech, of other own sounds, and of sound that is not leakage, are errors."""
_BEFORE_S, _AFTER_S = 0.25, 0.4
"""Added to own speech for faint onsets and tails."""
_NOISE_PERCENTILE = 10.0
_TURN_S = 0.5
_OF_LEVELS = 0.2


@dataclass(frozen=True, slots=True, eq=False)
class Speaker:
    """A speaker.

    Attributes
    ----------
    name : of the track or in the transcript; empty if unknown
    tracks : ids of the tracks with the voice
    spans_samples : its speech, shape (n, 2), ascending and apart
    sounds_samples : its speech, and other loud sounds at its microphone such as laughter, shape (m, 2)
    """

    name: str
    tracks: tuple[str, ...]
    spans_samples: Places
    sounds_samples: Places


@dataclass(frozen=True, slots=True)
class Speakers:
    """The speakers of a document, and whether each one has a track alone."""

    speakers: tuple[Speaker, ...]
    are_separate: bool


def find_speakers(request: FinderRequest, progress: Progress) -> Speakers:
    """Return the speakers of the audible tracks, none without speech.

    Raises
    ------
    OffcutError : the networks of voices are not installed
    SourceError : a recording cannot be read
    Cancelled : the user asked for it
    """
    state = request.state
    transcript = known_transcript(state, request.analyses.get(WORDS))
    tracks = [one for one in audible(state.tracks) if one.clips]
    if transcript is not None and not len(transcript):
        transcript = None
    if len(tracks) > 1:
        found = _on_tracks(state, request.media, tracks, transcript, progress)
        if found:
            return Speakers(found, are_separate=True)
    ids = tuple(one.id for one in tracks)
    if transcript is not None and (transcript.speakers >= 0).any():
        return Speakers(tuple(_turns(transcript, ids, state.rate_hz)), are_separate=False)
    with Microphones(state, request.media, ids) as microphones:
        spans = _spoken(microphones, range(len(ids)), progress)
    name = tracks[0].name if len(tracks) == 1 else ""
    return Speakers((Speaker(name, ids, spans, spans),) if len(spans) else (), are_separate=False)


def _on_tracks(
    state: DocumentState,
    media: Mapping[str, Path],
    tracks: list[Track],
    transcript: Transcript | None,
    progress: Progress,
) -> tuple[Speaker, ...]:
    """Return the speakers of tracks with one speaker each; none if the tracks are not separate."""
    frame, length = frame_samples(state.rate_hz), state.length_samples
    with Microphones(state, media, [one.id for one in tracks]) as microphones:
        bands = band_powers(microphones, progress.part(0.0, _OF_LEVELS))
        rest = progress.part(_OF_LEVELS, 1.0)
        spoken = [_spoken(microphones, (row,), rest.step(row, len(tracks))) for row in range(len(tracks))]
    powers = all_bands(bands)
    words = transcript or _pieces(united(np.concatenate(spoken)), state.rate_hz)
    if not len(words):
        return ()
    levels = levels_of(powers, words.spans_samples, frame)
    owners = speakers_of(levels, changes_db(words, state.rate_hz))
    if owners is None:
        return ()
    middles, rows = np.arange(powers.shape[1]) * frame + frame // 2, np.unique(owners).tolist()
    speech, sounds = dict[int, Places](), dict[int, Places]()
    for row in rows:
        is_louder = _is_louder(powers, levels.words_db, owners, row)
        is_own = inside(middles, spoken[row]) & is_louder
        own_db = float(np.median(levels.words_db[owners == row, row])) - _BELOW_SPEECH_DB
        is_sound = is_louder & (powers[row] > 10.0 ** (own_db / 10.0))
        speech[row] = _around(runs(is_own, _LEAST_FRAMES), state.rate_hz, length)
        if transcript is not None:
            speech[row] = united(np.concatenate([speech[row], words.spans_samples[owners == row]]))
        others = _around(runs(is_sound, _LEAST_SOUND_FRAMES), state.rate_hz, length)
        sounds[row] = united(np.concatenate([speech[row], others]))
    alone = {row: _is_alone(middles, speech, sounds, row) for row in rows}
    is_quiet = ~inside(middles, united(np.concatenate(list(sounds.values()))))
    found = []
    for row in rows:
        more = runs(unexplained(bands, row, alone, is_quiet), _LEAST_UNEXPLAINED_FRAMES)
        all_sounds = united(np.concatenate([sounds[row], _around(more, state.rate_hz, length)]))
        found.append(Speaker(tracks[row].name, (tracks[row].id,), speech[row], all_sounds))
    return tuple(found)


def _around(frames: Places, rate_hz: int, length: int) -> Places:
    """Return runs of frames as spans in samples, with onset and tail."""
    around = np.array([-s_to_samples(_BEFORE_S, rate_hz), s_to_samples(_AFTER_S, rate_hz)])
    return united(np.clip(frames * frame_samples(rate_hz) + around, 0, length))


def _is_alone(middles: Places, speech: Mapping[int, Places], sounds: Mapping[int, Places], row: int) -> Flags:
    """Return whether each frame has the speech of one track and no sound of another."""
    found = inside(middles, speech[row])
    for other, spans in sounds.items():
        if other != row:
            found &= ~inside(middles, spans)
    return found


def _spoken(microphones: Microphones, rows: range | tuple[int, ...], progress: Progress) -> Places:
    """Return the spans of speech in the sum of microphones, shape (n, 2), in samples."""
    length = microphones.length_samples

    def blocks() -> Iterator[NDArray[np.float32]]:
        step = 1 << 16
        for start in range(0, length, step):
            progress.check_cancelled()
            progress.report(start / length, "Finding speech")
            stop = min(start + step, length)
            yield np.sum([microphones.read_one(row, start, stop) for row in rows], axis=0, dtype=np.float32)

    frames = voice_frames(resampled(blocks(), microphones.rate_hz, RATE_HZ))
    found = runs(is_speech(speech_scores(features(frames)))) if len(frames) else np.zeros((0, 2))
    return np.asarray(np.clip(np.rint(found * FRAME_S * microphones.rate_hz), 0, length), np.int64)


def _pieces(spans: Places, rate_hz: int) -> Transcript:
    """Return pieces of speech as words without text."""
    step = s_to_samples(_PIECE_S, rate_hz)
    starts = [
        at for start, stop in spans.tolist() for at in range(start, max(start + 1, stop - step // 2), step)
    ]
    pieces = np.array([(at, at + step) for at in starts], np.int64).reshape(-1, 2)
    count = len(pieces)
    return Transcript([""] * count, pieces, np.ones(count, np.float32), np.full(count, -1, np.int16))


def _is_louder(powers: NDArray[np.float32], words_db: NDArray[np.float64], owners: Places, row: int) -> Flags:
    """Return whether each frame of a track is louder than its noise and the leakage of all other speakers."""
    from scipy.ndimage import maximum_filter1d

    loud = 10.0 ** (_ABOVE_NOISE_DB / 10.0) * np.percentile(powers[row], _NOISE_PERCENTILE)
    leakage = np.zeros(powers.shape[1])
    for other in np.unique(owners[owners != row]).tolist():
        of_other = words_db[owners == other]
        passed_db = float(np.median(of_other[:, row] - of_other[:, other])) + _ABOVE_LEAKAGE_DB
        around = maximum_filter1d(powers[other].astype(np.float64), 2 * _ECHO_FRAMES + 1)
        leakage += around * 10.0 ** (passed_db / 10.0)
    return np.asarray(powers[row] > np.maximum(leakage, loud), np.bool_)


def _turns(transcript: Transcript, tracks: tuple[str, ...], rate_hz: int) -> Iterator[Speaker]:
    """Yield the speakers of a transcript with the words of each, joined over short pauses."""
    pause = s_to_samples(_TURN_S, rate_hz)
    for speaker in np.unique(transcript.speakers[transcript.speakers >= 0]).tolist():
        spans = transcript.spans_samples[transcript.speakers == speaker]
        turns = united(spans, pause)
        name = transcript.names[speaker] if speaker < len(transcript.names) else ""
        yield Speaker(name, tracks, turns, turns)
