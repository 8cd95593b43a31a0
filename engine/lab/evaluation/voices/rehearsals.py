"""Rehearsals with known songs and talk, and how well both are found."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.analysis.detection.detector import detector
from engine.analysis.detection.voices import RATE_HZ as ANALYSIS_HZ
from engine.analysis.detection.voices import SHORTEST_SONG_S, Rehearsal, songs_and_talk
from engine.analysis.detection.what_sounds import analysed
from engine.analysis.signal.streams import resampled
from engine.core.progress import SILENT, Progress
from engine.lab.evaluation.separation.unseen_sources import RATE_HZ, Background, Part, beds
from engine.lab.evaluation.voices.scenes import activity, mono

Line = dict[str, str | float | int]
Samples = NDArray[np.float32]
Spans = list[tuple[float, float]]
SEED = 19
_COUNT, _FEW = 10, 1
_LENGTH_S, _SHORT_LENGTH_S = 1200.0, 240.0
_SONG_S = 40.0, 240.0
_PAUSE_S = 2.0, 12.0
_SENTENCES = 2, 14
_LOOP_TIMES_S = 40.0
_TOLERANCE_S = 2.0
_NOODLING_S = 2.0, 8.0
_TALK_RMS, _SONG_RMS, _ROOM_RMS = 0.03, 0.1, 0.001


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """A rehearsal, mono at `RATE_HZ`, with its songs and sentences in seconds."""

    samples: Samples
    songs: Spans
    spoken: Spans


def rehearsal_lines(data_dir: Path, *, short: bool = False, progress: Progress = SILENT) -> Iterator[Line]:
    """Yield F of song borders, how much talk is found, and how much music is proposed to be cut."""
    count = _FEW if short else _COUNT
    hits = wanted = said = 0
    level_hits = level_said = 0
    talk_found: list[float] = []
    music_cut: list[float] = []
    for number in range(count):
        progress.check_cancelled()
        progress.report(number / count, "Analysing rehearsals")
        made = rehearsal(data_dir, Part.REPORTED, number, _SHORT_LENGTH_S if short else _LENGTH_S)
        found = _found(made)
        hits += _matched(made.songs, found.songs)
        wanted, said = wanted + 2 * len(made.songs), said + 2 * len(found.songs)
        loud = _loud(made.samples)
        level_hits, level_said = level_hits + _matched(made.songs, loud), level_said + 2 * len(loud)
        cuts = [(one.start_s, one.stop_s) for one in found.talk]
        talk_found.append(_shared_s(made.spoken, cuts) / _length_s(made.spoken))
        music_cut.append(_shared_s(made.songs, cuts) / _length_s(made.songs))
    yield {
        "metric": "rehearsals: F of song borders within 2 s",
        "value": 2.0 * hits / max(1, wanted + said),
        "level": 2.0 * level_hits / max(1, wanted + level_said),
        "precision": hits / max(1, said),
        "recall": hits / max(1, wanted),
        "n": wanted,
    }
    yield {
        "metric": "rehearsals: share of talk found",
        "value": float(np.mean(talk_found)),
        "minimum": float(np.min(talk_found)),
        "n": count,
    }
    yield {
        "metric": "rehearsals: share of music proposed",
        "value": float(np.mean(music_cut)),
        "maximum": float(np.max(music_cut)),
        "n": count,
    }


def rehearsal(data_dir: Path, part: Part, number: int, length_s: float) -> Made:
    """Make a rehearsal: songs, pauses, a few notes played alone, and talk in a room with noise.

    Songs are pieces or repeated loops, 40 s to 4 min; talk is 2 to 14 sentences 10 dB softer than songs, with
    0.3 to 3 s between them. Between two songs there always is some talk.
    """
    rng = np.random.default_rng([SEED, number])
    voices = [path for bed in beds(data_dir, part, Background.SPEECH) for path in bed.paths]
    pieces = [bed.paths[0] for bed in beds(data_dir, part, Background.MUSIC)]
    parts: list[Samples] = []
    songs: Spans = []
    spoken: Spans = []
    at_s = 0.0

    def put(samples: Samples) -> tuple[float, float]:
        nonlocal at_s
        parts.append(samples)
        start_s, at_s = at_s, at_s + len(samples) / RATE_HZ
        return start_s, at_s

    def pause() -> None:
        put(np.zeros(round(rng.uniform(*_PAUSE_S) * RATE_HZ), np.float32))

    while at_s < length_s:
        if rng.random() < 0.5:
            pause()
            played = mono(pieces[int(rng.integers(len(pieces)))])
            long = min(len(played), round(rng.uniform(*_NOODLING_S) * RATE_HZ))
            first = int(rng.integers(len(played) - long + 1))
            put(_at_level(played[first : first + long], _SONG_RMS / 2))
            pause()
        for _ in range(int(rng.integers(*_SENTENCES))):
            voice = _spoken(mono(voices[int(rng.integers(len(voices)))]))
            spoken.append(put(_at_level(voice, _TALK_RMS)))
            put(np.zeros(round(rng.uniform(0.3, 3.0) * RATE_HZ), np.float32))
        pause()
        songs.append(put(_at_level(_song(pieces[int(rng.integers(len(pieces)))], rng), _SONG_RMS)))
        pause()
    whole = np.concatenate(parts)
    places = beds(data_dir, part, Background.PLACES)
    room = mono(places[int(rng.integers(len(places)))].paths[0])
    whole = whole + _at_level(np.resize(room, len(whole)), _ROOM_RMS)
    return Made(np.asarray(whole / max(1.0, float(np.abs(whole).max())), np.float32), songs, spoken)


def _song(path: Path, rng: np.random.Generator) -> Samples:
    """Return a piece from its start, or a loop over and over, without silence at its ends."""
    played = _spoken(mono(path))
    if len(played) < _LOOP_TIMES_S * RATE_HZ:
        played = np.tile(played, int(np.ceil(rng.uniform(*_SONG_S) * RATE_HZ / len(played))))
    return played[: round(rng.uniform(*_SONG_S) * RATE_HZ)]


def _spoken(samples: Samples) -> Samples:
    """Return samples trimmed at both ends to 30 dB below the peak."""
    active = np.flatnonzero(activity(samples))
    hop = round(0.01 * RATE_HZ)
    return samples[active[0] * hop : (active[-1] + 1) * hop]


def _at_level(samples: Samples, rms: float) -> Samples:
    now = float(np.sqrt(np.mean(samples.astype(np.float64) ** 2)))
    return samples * np.float32(rms / max(now, 1e-9))


def _found(made: Made) -> Rehearsal:
    blocks = (made.samples[at : at + (1 << 18)] for at in range(0, len(made.samples), 1 << 18))
    _, spans = analysed(detector(), resampled(blocks, RATE_HZ, ANALYSIS_HZ))
    return songs_and_talk(spans)


def _loud(samples: Samples) -> Spans:
    """Return spans that are loud for as long as a song: the baseline."""
    length = round(RATE_HZ)
    power = (samples[: len(samples) // length * length].reshape(-1, length).astype(np.float64) ** 2).mean(1)
    loud = power > np.median(power) * 10 ** (-6 / 10)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], loud.astype(np.int8), [0]]))).reshape(-1, 2)
    return [(float(a), float(b)) for a, b in edges.tolist() if b - a >= SHORTEST_SONG_S]


def _matched(songs: Spans, found: tuple[tuple[float, float], ...] | Spans) -> int:
    """Count borders that are found, each with one of the same kind within 2 s."""
    hits = 0
    for side in (0, 1):
        left = [one[side] for one in found]
        for song in songs:
            near = [place for place in left if abs(place - song[side]) <= _TOLERANCE_S]
            if near:
                left.remove(min(near, key=lambda place: abs(place - song[side])))
                hits += 1
    return hits


def _shared_s(one: Spans, other: Spans) -> float:
    return sum(max(0.0, min(a[1], b[1]) - max(a[0], b[0])) for a in one for b in other)


def _length_s(spans: Spans) -> float:
    return sum(stop - start for start, stop in spans)
