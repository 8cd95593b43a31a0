"""Kind of a day by its evidence: a rehearsal, an interview, or a session of one drum kit.

An interview is a recording with talk and hardly any music, with one voice or with several; its talk is not
proposed to be cut. Drums have hardly any energy in single semitones. In doubt a day is a rehearsal.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.core.timebase import runs
from engine.features.day.day import DayKind
from engine.features.day.finding.activity import State, singing, sounding_frames
from engine.features.day.finding.evidence import Evidence
from engine.features.takes.features import FRAMES_PER_S
from engine.features.takes.playing import standing_out

_TALK_S, _OF_TALK, _OTHERS, _BELOW_DB = 10.0, 0.25, 0.5, 16.0
"""Talk of an interview at least; playing, and all that sounds, relative to it at most; level of sounding."""
_JINGLE_S, _REST_S = 45.0, 4.0
"""Playing of an interview at most, with rests up to the second length."""
_SUNG = 0.15
"""Share of singing in the voices of an interview at most."""
_PLAYED_S, _CLEAR, _PITCHED = 10.0, 0.35, 0.25
"""Playing of a drum session at least, and share of its frames with a clear pitch at most."""


def kind_of(evidence: Evidence, states: NDArray[np.int64], *, is_kit: bool = False) -> DayKind:
    """Return the kind of a day.

    Parameters
    ----------
    states : of each frame, see `engine.features.day.finding.activity`
    is_kit : whether all tracks have the roles of one drum kit
    """
    talk_s, played_s = (float((states == one).sum()) / FRAMES_PER_S for one in (State.TALK, State.PLAYING))
    others = sounding_frames(evidence.frames, _BELOW_DB) & (states != State.TALK)
    is_talk = (
        others.sum() / FRAMES_PER_S <= _OTHERS * talk_s
    )  # drums that the networks do not recognise are not
    if is_talk and talk_s >= _TALK_S and played_s <= _OF_TALK * talk_s:
        is_short = _longest_s(states == State.PLAYING) <= _JINGLE_S
        return DayKind.INTERVIEW if is_short and sung_share(evidence) < _SUNG else DayKind.REHEARSAL
    if played_s >= max(_PLAYED_S, talk_s) and (is_kit or _pitched_share(evidence, states) <= _PITCHED):
        return DayKind.DRUMS
    return DayKind.REHEARSAL


def _longest_s(playing: NDArray[np.bool_]) -> float:
    """Return the longest time of playing, in seconds; short rests are part of it."""
    rests = runs(~playing, round(_REST_S * FRAMES_PER_S))
    starts, stops = np.append(0, rests[:, 1]), np.append(rests[:, 0], len(playing))
    lengths = [playing[start:stop].sum() for start, stop in zip(starts, stops, strict=True)]
    return float(max(lengths)) / FRAMES_PER_S


def sung_share(evidence: Evidence) -> float:
    """Return the share of singing in voices without instruments, 0 to 1; 0 without a voice."""
    alone, sung = singing(evidence)
    return float(sung.sum() / max(int(alone.sum()), 1))


def _pitched_share(evidence: Evidence, states: NDArray[np.int64]) -> float:
    """Return the share of playing frames in which single semitones stand out, 0 to 1."""
    sounding, notes = standing_out(evidence.frames.notes_db)
    played = sounding[states[sounding] == State.PLAYING]
    return float((np.square(notes[played]).sum(axis=1) > _CLEAR).mean()) if len(played) else 0.0
