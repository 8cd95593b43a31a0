"""The stored form of a day: samples of the document in place of seconds, and arrays in place of rows."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan

import numpy as np
from numpy.typing import NDArray

from engine.core.timebase import s_to_samples, samples_to_s_array
from engine.document.analysis import StoredDay
from engine.document.edits.analyses import sound_key
from engine.document.state import DocumentState
from engine.features.day.day import Day, DayKind, DaySong, SongTake, Span


def stored_day(state: DocumentState, day: Day) -> StoredDay:
    """Return a day in the form that a document stores, without stars and choices of the user."""
    takes = [(number, take) for number, song in enumerate(day.songs) for take in song.takes]
    return StoredDay(
        str(day.kind),
        tuple(song.name for song in day.songs),
        np.array([song.is_known for song in day.songs], np.int8),
        np.array([number for number, _ in takes], np.int64),
        _spans(state, [(take.start_s, take.stop_s) for _, take in takes]),
        np.array([take.is_complete for _, take in takes], np.int8),
        np.array([take.semitones for _, take in takes], np.int64),
        np.array([take.speed for _, take in takes], np.float64),
        np.zeros(len(takes), np.int8),
        np.zeros(len(takes), np.int8),
        _spans(state, day.talk),
        _spans(state, day.idle),
        sound_key(state),
        tunings_cents=np.array(
            [np.nan if take.tuning_cents is None else take.tuning_cents for _, take in takes], np.float64
        ),
    )


def _spans(state: DocumentState, spans_s: Sequence[Span]) -> NDArray[np.int64]:
    edges = [
        min(s_to_samples(edge, state.rate_hz), state.length_samples) for span in spans_s for edge in span
    ]
    return np.array(edges, np.int64).reshape(-1, 2)


def day_of(stored: StoredDay, rate_hz: int) -> Day:
    """Return a stored day with its times in seconds; the music of an interview is not a song."""
    starts_s, stops_s = samples_to_s_array(stored.spans_samples, rate_hz).T.tolist()
    songs = tuple(
        DaySong(
            name,
            tuple(
                SongTake(
                    starts_s[row],
                    stops_s[row],
                    bool(stored.are_complete[row]),
                    int(stored.semitones[row]),
                    float(stored.speeds[row]),
                    None if isnan(stored.tunings_cents[row]) else float(stored.tunings_cents[row]),
                )
                for row in stored.takes_of(number).tolist()
            ),
            bool(stored.are_known[number]),
        )
        for number, name in enumerate(stored.names)
    )
    talk, idle = (
        tuple(map(tuple, samples_to_s_array(spans, rate_hz).tolist()))
        for spans in (stored.talk_samples, stored.idle_samples)
    )
    kind = DayKind(stored.kind)
    return Day(kind, () if kind is DayKind.INTERVIEW else songs, talk, idle)
