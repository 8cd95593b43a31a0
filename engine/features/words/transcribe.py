"""Transcribe a document: find its speech, recognise it window by window, and settle the edges of words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from engine.analysis.detection.voices import (
    FRAME_S,
    features,
    is_speech,
    joined_spans,
    speech_scores,
    voice_frames,
)
from engine.analysis.signal.streams import folded, resampled
from engine.core.progress import Progress
from engine.core.timebase import runs
from engine.document.analysis import Transcript
from engine.document.edits.analyses import tracks_key
from engine.document.state import DocumentState
from engine.features.words.edges import SpokenWord, expected_s
from engine.features.words.held import RATE_HZ
from engine.features.words.hesitations import Hesitation, words_and_hesitations
from engine.features.words.recogniser import Recogniser, without_repeats
from engine.features.words.repeats import repeated_breaths
from engine.features.words.similarity import compared, similarity
from engine.features.words.speakers import with_speakers_of_tracks
from engine.features.words.voices import with_speakers_by_voice
from engine.sound.edl.build import whole
from engine.sound.edl.render import Renderer
from engine.sound.reader import SourceReader

Span = tuple[float, float]
Floats = NDArray[np.float32]
Timed = TypeVar("Timed", SpokenWord, Hesitation)

_LONGEST_S, _LEAST_S = 28.0, 14.0
"""Length of a window at most, and where speech without a pause is divided at the earliest."""
_AROUND_S, _JOINED_S = 0.25, 4.0
"""Sound around speech that the recogniser gets, and the longest rest within a window."""
_COVERED = 0.4
"""The part of a word that detected speech covers, at least."""
_NEAR_S = 2.0
"""A hesitation is this near to detected speech: it may not be detected as speech itself."""
_SKIPPED_S = 0.6
"""Speech of this length without a word is recognised again by itself."""
_SLOW_S, _BREATH_S = 0.6, 0.2
"""A word that is this much longer than expected may have another one in its sound; a rest between breaths."""
_SAME_TEXT = 0.7
"""Least similarity of the words of passages that sound alike."""
_LANGUAGE_WINDOWS = 3
_OF_SPEECH, _OF_WORDS = 0.2, 0.95
_BLOCK_SAMPLES = 1 << 16


def transcribe_document(
    state: DocumentState, media: Mapping[str, Path], model: Path, language: str, progress: Progress
) -> Transcript:
    """Return the words of the mix of a document and their speakers; see `transcribed`.

    Parameters
    ----------
    media : where each source is now, by source id
    """
    words, speakers = progress.part(0.0, _OF_WORDS), progress.part(_OF_WORDS, 1.0)
    with Renderer(state, whole(state), media) as renderer:
        found = transcribed(renderer.read, state.length_samples, state.rate_hz, model, language, words)
        found = with_speakers_of_tracks(found, state, media, speakers.part(0.0, 0.5))
        if not found.names:
            found = with_speakers_by_voice(found, renderer.read, state.rate_hz, speakers.part(0.5, 1.0))
    return replace(found, of_sound=tracks_key(state))


def transcribe_recording(path: Path, model: Path, language: str, progress: Progress) -> Transcript:
    """Return the words of a file and their speakers; see `transcribed`."""
    words, speakers = progress.part(0.0, _OF_WORDS), progress.part(_OF_WORDS, 1.0)
    with SourceReader(path) as reader:
        found = transcribed(reader.read, reader.frames, reader.rate_hz, model, language, words)
        return with_speakers_by_voice(found, reader.read, reader.rate_hz, speakers)


def transcribed(
    read: Callable[[int, int], Floats],
    length_samples: int,
    rate_hz: int,
    model: Path,
    language: str,
    progress: Progress,
) -> Transcript:
    """Return the words of a recording.

    Parameters
    ----------
    read : returns samples [start, stop), shape (frames, channels)
    model : folder of the recogniser's model
    language : code, such as "en"; empty to detect it

    Raises
    ------
    UsageError : the model or the language is unknown
    OffcutError : the networks of voices are not installed
    SourceError : a recording cannot be read
    Cancelled : the user asked for it
    """
    scores = _scores(read, length_samples, rate_hz, progress.part(0.0, _OF_SPEECH))
    speech = [(start * FRAME_S, stop * FRAME_S) for start, stop in runs(is_speech(scores)).tolist()]
    spoken, length_s = windows_of(speech, scores), length_samples / rate_hz
    windows, wider = (_with_sound_around(spoken, length_s, around_s) for around_s in (_AROUND_S, _NEAR_S))

    def samples_of(window: Span) -> Floats:
        start, stop = (round(place_s * rate_hz) for place_s in window)
        return np.concatenate([*resampled([folded(read(start, stop))], rate_hz, RATE_HZ)])

    recogniser, words, hesitations = Recogniser(model, language), list[SpokenWord](), list[Hesitation]()
    if not language:
        longest = sorted(windows, key=lambda one: one[0] - one[1])[:_LANGUAGE_WINDOWS]
        recogniser.choose_language([samples_of(one) for one in longest])
    recognising = progress.part(_OF_SPEECH, 1.0)
    for number, (window, around) in enumerate(zip(windows, wider, strict=True)):
        recognising.check_cancelled()
        recognising.report(number / len(windows), "Recognising words")
        found, held = _all_recognised(recogniser, samples_of, window, around, speech)
        words += found
        hesitations += held

    def samples(spans: Sequence[SpokenWord | Hesitation]) -> NDArray[np.int64]:
        seconds = np.array([(one.start_s, one.stop_s) for one in spans]).reshape(-1, 2)
        return np.asarray(np.clip(np.rint(seconds * rate_hz), 0, length_samples), np.int64)

    return Transcript(
        texts=[one.text for one in words],
        spans_samples=samples(words),
        probabilities=np.array([one.probability for one in words], np.float32),
        speakers=np.full(len(words), -1, np.int16),
        hesitations_samples=samples(hesitations),
        hesitation_scores=np.array([one.probability for one in hesitations], np.float32),
        language=recogniser.language,
        model=model.name,
    )


def _all_recognised(
    recogniser: Recogniser,
    samples_of: Callable[[Span], Floats],
    window: Span,
    around: Span,
    speech: Sequence[Span],
) -> tuple[list[SpokenWord], list[Hesitation]]:
    """Return the words and the hesitations of a window, ascending, with those of parts recognised again.

    They are speech without words, breaths with a word that is far too long, and passages that sound alike
    without the same words, until one of these has other words by itself as well.
    """

    def apart(part: Span) -> list[SpokenWord]:
        return _recognised(recogniser, samples_of(part), part, part, speech)[0]

    samples = samples_of(around)
    found, held = _recognised(recogniser, samples, window, around, speech)
    doubtful = [*_left_out([*found, *held], window, speech), *_too_slow(found, window)]
    for part in joined_spans(doubtful, _BREATH_S):
        found = _with_more_words(found, apart(part), part)
    for pair in _alike(held, samples, window, around):
        if _have_similar_words(found, *pair):
            continue
        again = [[*_inside(apart(part), part)] for part in pair]
        if not _have_similar_words([*again[0], *again[1]], *pair):
            break
        others = [word for word in found if not any(_is_inside(word, part) for part in pair)]
        found = [*others, *again[0], *again[1]]
    return sorted(found, key=lambda one: one.start_s), held


def _alike(
    held: Sequence[Hesitation], samples: Floats, window: Span, around: Span
) -> Iterator[tuple[Span, Span]]:
    """Yield pairs of passages that sound alike, without those that begin with a hesitation."""
    for pair in repeated_breaths(samples):
        first, again = (
            _within((start_s + around[0], stop_s + around[0]), window) for start_s, stop_s in pair
        )
        is_held = any(
            part[0] <= one.start_s <= part[0] + _AROUND_S for part in (first, again) for one in held
        )
        is_empty = first[1] <= first[0] or again[1] <= again[0]
        if not is_held and not is_empty:
            yield first, again


def _within(span: Span, window: Span) -> Span:
    """Return a span with a part of the rest around it, inside a window."""
    return max(span[0] - _AROUND_S / 4, window[0]), min(span[1] + _AROUND_S / 4, window[1])


def _is_inside(word: SpokenWord, span: Span) -> bool:
    return span[0] <= word.middle_s <= span[1]


def _inside(words: Sequence[SpokenWord], span: Span) -> Iterator[SpokenWord]:
    return (one for one in sorted(words, key=lambda one: one.start_s) if _is_inside(one, span))


def _have_similar_words(words: Sequence[SpokenWord], first: Span, again: Span) -> bool:
    """Return whether a passage has the words of another one, each from its start on."""
    found = [[*_inside(words, part)] for part in (first, again)]
    if not all(found) or any(
        one[0].start_s - part[0] > _AROUND_S for one, part in zip(found, (first, again), strict=True)
    ):
        return False
    texts = [compared(one.text for one in each) for each in found]
    return similarity(texts[0], texts[1][: len(texts[0]) + 2]) >= _SAME_TEXT


def _recognised(
    recogniser: Recogniser, samples: Floats, window: Span, around: Span, speech: Sequence[Span]
) -> tuple[list[SpokenWord], list[Hesitation]]:
    """Return the words and the hesitations of a window on the timeline, with edges at the sound.

    Parameters
    ----------
    samples : of the window and the sound around it
    """
    first_s = window[0] - around[0]
    inside_s = first_s, first_s + window[1] - window[0]

    def recognised(sound: Floats) -> list[SpokenWord]:
        start, stop = (round(place_s * RATE_HZ) for place_s in inside_s)
        words = without_repeats(recogniser.words(sound[start:stop]))
        return [_moved(one, first_s) for one in words]

    words, held = words_and_hesitations(recognised(samples), samples, inside_s, recognised)
    moved = [_moved(one, around[0]) for one in held]
    near = [one for one in moved if _away_s((one.start_s, one.stop_s), speech) <= _NEAR_S]
    return [*_covered([_moved(one, around[0]) for one in words], window, speech)], near


def _moved(one: Timed, by_s: float) -> Timed:
    return replace(one, start_s=one.start_s + by_s, stop_s=one.stop_s + by_s)


def _away_s(span: Span, speech: Sequence[Span]) -> float:
    """Return the time from a span to the nearest speech."""
    return min((max(start_s - span[1], span[0] - stop_s, 0.0) for start_s, stop_s in speech), default=np.inf)


def _left_out(words: Sequence[SpokenWord | Hesitation], window: Span, speech: Sequence[Span]) -> list[Span]:
    """Return the speech of a window without words: a recogniser now and then skips the start of one."""
    parts: list[Span] = []
    for start_s, stop_s in speech:
        at_s, last_s = max(start_s, window[0]), min(stop_s, window[1])
        inside = [one for one in words if one.stop_s > at_s and one.start_s < last_s]
        for word in sorted(inside, key=lambda one: one.start_s):
            parts.append((at_s, word.start_s))
            at_s = max(at_s, word.stop_s)
        parts.append((at_s, last_s))
    around = (
        (start_s - _AROUND_S / 2, stop_s + _AROUND_S / 2)
        for start_s, stop_s in parts
        if stop_s - start_s >= _SKIPPED_S
    )
    return [(max(start_s, window[0]), min(stop_s, window[1])) for start_s, stop_s in around]


def _too_slow(words: Sequence[SpokenWord], window: Span) -> list[Span]:
    """Return the breaths with a word that is far too long: the recogniser writes a repeated sentence once."""
    slow = [one for one in words if one.stop_s - one.start_s - expected_s(one.text) >= _SLOW_S]
    return [
        (max(start_s - _AROUND_S / 2, window[0]), min(stop_s + _AROUND_S / 2, window[1]))
        for start_s, stop_s in joined_spans(((one.start_s, one.stop_s) for one in words), _BREATH_S)
        if any(start_s <= one.start_s < stop_s for one in slow)
    ]


def _with_more_words(
    words: Sequence[SpokenWord], again: Sequence[SpokenWord], part: Span
) -> list[SpokenWord]:
    """Return words with those that a part has when it is recognised by itself, if they are more."""
    inside = [one for one in words if part[0] <= one.middle_s <= part[1]]
    others = [one for one in words if one not in inside]
    apart = [one for one in again if not any(other.start_s < one.middle_s < other.stop_s for other in others)]
    return [*others, *apart] if len(apart) > len(inside) else list(words)


def _scores(
    read: Callable[[int, int], Floats], length_samples: int, rate_hz: int, progress: Progress
) -> Floats:
    """Return the scores of speech, shape (frames,), one each `FRAME_S`."""

    def blocks() -> Iterator[Floats]:
        for start in range(0, length_samples, _BLOCK_SAMPLES):
            progress.check_cancelled()
            progress.report(start / length_samples, "Finding speech")
            yield folded(read(start, min(start + _BLOCK_SAMPLES, length_samples)))

    found = voice_frames(resampled(blocks(), rate_hz, RATE_HZ))
    return speech_scores(features(found)) if len(found) else np.zeros(0, np.float32)


def windows_of(speech: Sequence[Span], scores: Floats) -> list[Span]:
    """Return windows of up to `_LONGEST_S` that hold all speech, in seconds, ascending and apart.

    Speech without a pause is divided where it is least like speech.

    Parameters
    ----------
    speech : spans, ascending and apart
    scores : of speech, one each `FRAME_S`
    """
    parts: list[Span] = []
    for start_s, stop_s in speech:
        while stop_s - start_s > _LONGEST_S:
            first, last = (round((start_s + by_s) / FRAME_S) for by_s in (_LEAST_S, _LONGEST_S))
            middle_s = (first + int(np.argmin(scores[first:last]))) * FRAME_S
            parts.append((start_s, middle_s))
            start_s = middle_s
        parts.append((start_s, stop_s))
    windows: list[Span] = []
    for start_s, stop_s in parts:
        is_near = bool(windows) and start_s - windows[-1][1] <= _JOINED_S
        if is_near and stop_s - windows[-1][0] <= _LONGEST_S:
            windows[-1] = windows[-1][0], stop_s
        else:
            windows.append((start_s, stop_s))
    return windows


def _with_sound_around(windows: Sequence[Span], length_s: float, around_s: float) -> list[Span]:
    """Return windows with up to `around_s` of sound before and after them, still apart."""
    made, last_s = [], 0.0
    for number, (start_s, stop_s) in enumerate(windows):
        next_s = windows[number + 1][0] if number + 1 < len(windows) else length_s
        first_s = max(start_s - around_s, last_s, 0.0)
        last_s = min(stop_s + around_s, (stop_s + max(next_s, stop_s)) / 2.0)
        made.append((first_s, last_s))
    return made


def _covered(words: Sequence[SpokenWord], window: Span, speech: Sequence[Span]) -> Iterator[SpokenWord]:
    """Yield words, without those that detected speech does not cover."""
    near = [one for one in speech if one[0] < window[1] + _AROUND_S and one[1] > window[0] - _AROUND_S]
    for word in words:
        covered_s = sum(max(0.0, min(word.stop_s, last) - max(word.start_s, first)) for first, last in near)
        if covered_s >= _COVERED * (word.stop_s - word.start_s):
            yield word
