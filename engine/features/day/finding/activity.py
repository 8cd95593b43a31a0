"""Activity of each moment of a day: playing, talk, or neither.

Five frames a second are decoded as states with a price for each change (Viterbi): probabilities of music,
singing and speech by the networks of voices, and the level relative to the playing around.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from engine.analysis.detection.voices import (
    FRAME_S,
    MUSIC,
    SINGING,
    SPEECH,
    features,
    speech_scores,
)
from engine.analysis.signal.span_means import means_around
from engine.analysis.signal.viterbi import stay_or_jump, traced
from engine.features.day.finding.evidence import Evidence
from engine.features.takes.features import FRAMES_PER_S, STEPS_PER_S, Frames
from engine.features.takes.playing import sounding

Floats = NDArray[np.float32]
States = NDArray[np.int64]


class State(IntEnum):
    """Activity of a moment."""

    IDLE = 0
    TALK = 1
    PLAYING = 2


_CHANGE = 4.0
"""Price of a change in log odds: a second of weak evidence changes nothing."""
_LEAST = 0.02
_SILENT_BELOW_DB = 34.0
_QUIET_COST = 2.5
_OF_KIT = 0.9
_PROBABLE, _SINGERS_S, _SUNG = 0.5, 40.0, 0.25
"""Probability of a voice, and share of singing in the voices around from which on they are singers."""


def pooled(values: Floats, count: int) -> Floats:
    """Return the means of 10-ms frames over frames of a fifth of a second, shape (count, ...)."""
    per = round(1.0 / FRAMES_PER_S / FRAME_S)
    missing = max(0, count * per - len(values))
    if missing:
        padding = (
            np.repeat(values[-1:], missing, axis=0) if len(values) else np.zeros((missing, *values.shape[1:]))
        )
        values = np.concatenate([values, padding.astype(np.float32)])
    means: Floats = values[: count * per].reshape(count, per, *values.shape[1:]).mean(axis=1)
    return means


def sounding_frames(frames: Frames, below_db: float) -> NDArray[np.bool_]:
    """Return whether each frame sounds, relative to the playing around it; see `sounding`."""
    count, per = len(frames), round(STEPS_PER_S / FRAMES_PER_S)
    if not count:
        return np.zeros(0, np.bool_)
    steps = sounding(frames.levels_db, below_db)
    steps = np.concatenate([steps, np.zeros(max(0, count * per - len(steps)), np.bool_)])[: count * per]
    return np.asarray(steps.reshape(count, per).any(axis=1), np.bool_)


def music_and_speech(evidence: Evidence, *, is_kit: bool = False) -> tuple[Floats, Floats]:
    """Return the probabilities of music or singing, and of speech, shape (frames,) each.

    Words that are sung without instruments sound like speech: voices are singers where they sing now and
    then. The networks do not recognise soft drums, as with brushes: of a kit, what is not speech is music.

    Parameters
    ----------
    is_kit : whether all tracks have the roles of one drum kit
    """
    count = len(evidence.frames)
    voices = evidence.voices
    music = pooled(voices[:, [MUSIC, SINGING]].max(axis=1), count)
    scores = speech_scores(features(voices)) if len(voices) else np.zeros(0, np.float32)
    speech = pooled((1.0 / (1.0 + np.exp(-scores))).astype(np.float32), count)
    music = np.maximum(music, _OF_KIT * (1.0 - speech)) if is_kit else music
    alone, sung = singing(evidence)
    width = round(_SINGERS_S * FRAMES_PER_S)
    both = means_around(np.stack([alone, sung], axis=1).astype(np.float64), width)
    by_singers = alone & (both[:, 1] > _SUNG * both[:, 0])
    music = np.where(by_singers, np.maximum(music, speech), music)
    return music, np.where(by_singers, np.float32(0.0), speech)


def singing(evidence: Evidence) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return of each frame whether a voice without instruments is audible, and whether it sings."""
    voices = pooled(evidence.voices[:, [SPEECH, SINGING, MUSIC]], len(evidence.frames))
    alone = (voices[:, :2].max(axis=1, initial=0.0) > _PROBABLE) & (voices[:, 2] < _PROBABLE)
    return alone, alone & (voices[:, 1] > voices[:, 0])


def activity(frames: Frames, music: Floats, speech: Floats) -> States:
    """Return the state of each frame, shape (frames,).

    Parameters
    ----------
    music, speech : of each frame, see `music_and_speech`
    """
    count = len(frames)
    if not count:
        return np.zeros(0, np.int64)
    music, speech = (np.clip(one, _LEAST, 1.0 - _LEAST) for one in (music, speech))
    quiet = np.where(sounding_frames(frames, _SILENT_BELOW_DB), 0.0, _QUIET_COST)
    gains = np.stack(
        [
            np.log((1.0 - music) * (1.0 - speech)) + quiet,
            np.log(speech * (1.0 - music)) - quiet,
            np.log(music) - quiet,
        ],
        axis=1,
    )
    came_from, totals = stay_or_jump(gains[0], np.arange(3), gains[1:], _CHANGE)
    return traced(came_from, int(totals.argmax()))
