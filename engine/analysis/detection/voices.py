"""Detect speech, singing and music in a recording.

The rule of speech is a logistic regression over the log odds of the networks of `voice_frames`;
`engine.lab.evaluation.voices.fit` computes its numbers again. Figures and alternatives: decision 31.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import label, maximum_filter1d, uniform_filter1d

from engine.analysis.detection.voice_frames import FRAME_S, MUSIC, SINGING
from engine.core.spans import runs

Frames = NDArray[np.float32]
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


RULE = SpeechRule((0.361, -0.314, 0.064, 0.384), -2.2, 1.5, -0.5, 20)


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
    parts, count = label(scores > rule.goes_on_at)
    begun = np.zeros(count + 1, np.bool_)
    begun[np.unique(parts[scores > rule.begins_at])] = True
    begun[0] = False
    if not len(scores):
        return begun[:0]
    return np.asarray(maximum_filter1d(begun[parts], 2 * rule.padded_frames + 1), np.bool_)


def _spans(found: NDArray[np.bool_], likelihoods: Frames, name: str) -> list[VoiceSpan]:
    """Return spans of frames, those that nearly meet as one, none that is very short."""
    joined: list[list[int]] = []
    for start, stop in runs(found).tolist():
        if joined and start - joined[-1][1] <= _JOINED_FRAMES:
            joined[-1][1] = stop
        else:
            joined.append([start, stop])
    return [
        VoiceSpan(start * FRAME_S, stop * FRAME_S, name, float(likelihoods[start:stop].mean()))
        for start, stop in joined
        if stop - start >= _SHORTEST_FRAMES
    ]


def _smoothed(values: Frames, frames: int) -> Frames:
    return np.asarray(uniform_filter1d(values, frames, axis=0, mode="nearest"), np.float32)
