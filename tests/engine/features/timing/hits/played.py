"""A drum performance that was made up: its hits, and a document that proposes where they go."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.document.analysis import BeatGrid, Hits, Role
from engine.document.proposals import Decision, Proposal, Verdict
from engine.document.state import DocumentState
from engine.document.tracks import Source
from tests.sources import one_source_track

RATE_HZ = 48_000
EIGHTH = RATE_HZ // 4
"""At 120 BPM."""
MICROPHONES = (
    ("Kick", Role.KICK),
    ("Snare", Role.SNARE),
    ("Hat", Role.HAT),
    ("OHL", Role.OVERHEAD),
)
PAD = 480


def played(count: int, seed: int = 0) -> tuple[Hits, DocumentState, BeatGrid]:
    """Return eighths of a hat with kick and snare on the beats, each off by some 10 ms, with a move for each.

    Every fifth of the moves is accepted, every seventh rejected.
    """
    rng = np.random.default_rng(seed)
    lines = (1 + np.arange(count)) * EIGHTH
    off = np.rint(rng.normal(0.0, 0.010, count) * RATE_HZ)
    onsets = lines + off
    beat = np.arange(count) % 8
    others = [(row, 0) for row in np.flatnonzero(np.isin(beat, (0, 4)))]
    others += [(row, 1) for row in np.flatnonzero(np.isin(beat, (2, 6)))]
    strokes = np.array([*range(count), *(row for row, _ in others)])
    tracks = np.array([2] * count + [track for _, track in others])
    order = np.lexsort((tracks, strokes))
    strokes, tracks = strokes[order], tracks[order]
    hits = Hits(
        onsets_samples=onsets[strokes].astype(np.float64),
        tracks=tracks.astype(np.int16),
        strengths_db=rng.uniform(-36.0, -8.0, len(strokes)).astype(np.float32),
        strokes=strokes.astype(np.int32),
        ornaments=np.zeros(len(strokes), np.int8),
        confidences=np.ones(len(strokes), np.float32),
        track_ids=tuple(name for name, _ in MICROPHONES),
        roles=tuple(role for _, role in MICROPHONES),
        delays_samples=np.array([0.0, 0.0, 0.0, 120.0]),
        maker="made up",
    )
    voices = {
        row: "+".join(str(hits.roles[track]) for track in sorted(tracks[strokes == row]))
        for row in range(count)
    }
    stops = [*(onsets[1:] - PAD), (count + 2) * EIGHTH]
    proposals, decisions = {}, {}
    for row in range(count):
        key = f"hit-{row:05d}"
        payload = {"onset_samples": float(onsets[row]), "by_samples": float(-off[row]), "voices": voices[row]}
        start, stop = int(onsets[row]) - PAD, int(stops[row])
        reason = f"{voices[row].capitalize()} off by {1000 * abs(off[row]) / RATE_HZ:.0f} ms."
        proposals[key] = Proposal(key, "hit", start, stop, 0.9, reason, "align", payload=payload)
        if row % 5 == 4:
            decisions[key] = Decision(key, Verdict.ACCEPTED)
        elif row % 7 == 6:
            decisions[key] = Decision(key, Verdict.REJECTED)
    length = (count + 2) * EIGHTH
    source = {
        name: Source(name, f"/{name}.wav", name, RATE_HZ, 1, length, "WAV", "PCM_16")
        for name, _ in MICROPHONES
    }
    placed = tuple(
        one_source_track(name, source[name], name, place, group="Drums", role=str(role))
        for place, (name, role) in enumerate(MICROPHONES)
    )
    beats = np.arange(0, count + 2, 2, dtype=np.int64) * EIGHTH
    grid = BeatGrid(beats, np.arange(len(beats)) % 4 + 1, 120.0, 1.0, "made up")
    return hits, DocumentState(RATE_HZ, source, placed, proposals, decisions), grid


def sound_of(hits: Hits, length_samples: int) -> dict[str, NDArray[np.float32]]:
    """Return what each microphone hears of hits: short bursts that die away, each on its own drum alone."""
    heard = {name: np.zeros(length_samples, np.float32) for name, _ in MICROPHONES}
    time_s = np.arange(RATE_HZ // 8) / RATE_HZ
    pitches_hz = {"Kick": 60.0, "Snare": 220.0, "Hat": 5_000.0}
    for onset, track, level_db in zip(hits.onsets_samples, hits.tracks, hits.strengths_db, strict=True):
        name, start = hits.track_ids[track], round(float(onset))
        burst = np.sin(2 * np.pi * pitches_hz[name] * time_s) * np.exp(-time_s * 30) * 10 ** (level_db / 20)
        stop = min(start + len(burst), length_samples)
        heard[name][start:stop] += burst[: stop - start].astype(np.float32)
    heard["OHL"] = 0.5 * np.roll(np.sum(list(heard.values()), axis=0, dtype=np.float32), 120)
    return heard
