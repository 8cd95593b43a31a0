"""Documents whose edits every format must carry, and what is heard of them, worked out the plain way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from engine.document.state import DocumentState
from engine.document.tracks import Source, Track, source_length_samples
from engine.exchange.export import ExportOptions, ExportRequest
from engine.sound.edl.build import build
from tests.engine.sound.edl.recordings import with_cuts
from tests.sources import one_source_track

MEDIA = Path("/music/a jam & more/Jäm #1")


@dataclass(frozen=True)
class Piece:
    """A stretch of one track: samples at the document's rate, half-open."""

    result_start: int
    start: int
    length: int


@dataclass(frozen=True)
class Case:
    """A document without files behind it."""

    name: str
    state: DocumentState
    media: Mapping[str, Path]

    def request(self, out: Path, **options: object) -> ExportRequest:
        return ExportRequest(self.state, self.media, out, True, "Jäm & <Co>", ExportOptions(**options))

    def pieces(self, track: Track) -> list[Piece]:
        """Walk over the cuts and collect what a track plays, hard edges throughout."""
        source = self.state.sources[track.clips[0].source_id]
        begin = track.start_samples
        end = begin + source_length_samples(source, self.state.rate_hz)
        found, result = [], 0
        edit_list = build(self.state)
        for kept_start, kept_stop in zip(
            edit_list.kept_starts_samples, edit_list.kept_stops_samples, strict=True
        ):
            start, stop = max(int(kept_start), begin), min(int(kept_stop), end)
            if start < stop:
                found.append(Piece(result + start - int(kept_start), start - begin, stop - start))
            result += int(kept_stop - kept_start)
        return found

    @property
    def seams(self) -> list[int]:
        return build(self.state).seams_samples[1:].tolist()


def _case(
    name: str,
    rate_hz: int,
    tracks: list[tuple[int, int, int, dict]],
    cuts: list[tuple[int, int]],
    fade_ms: float,
) -> Case:
    """Make a case; each track has a rate, channels, a length in source samples and values of its own."""
    sources, placed, media = {}, [], {}
    for number, (source_rate_hz, channels, frames, values) in enumerate(tracks):
        path = MEDIA / f"take {number}.wav"
        sources[f"s{number}"] = Source(
            f"s{number}", str(path), "", source_rate_hz, channels, frames, "WAV", "PCM_24"
        )
        source = sources[f"s{number}"]
        placed.append(
            one_source_track(f"t{number}", source, f"Track {number} <é>", number, rate_hz=rate_hz, **values)
        )
        media[f"s{number}"] = path
    state = DocumentState(rate_hz=rate_hz, sources=sources, tracks=tuple(placed))
    return Case(name, with_cuts(state, *cuts, crossfade_ms=fade_ms), media)


def _many_cuts(rate_hz: int) -> list[tuple[int, int]]:
    """Return 500 cuts at odd places over twenty minutes."""
    rng = np.random.default_rng(44)
    edges = np.sort(rng.choice(np.arange(1000, 20 * 60 * rate_hz, 7001), 1000, replace=False))
    return [(int(start), int(stop)) for start, stop in edges.reshape(-1, 2) + rng.integers(0, 3000)]


_ONE = [(44_100, 1, 44_100 * 30, {})]
_BAND = [
    (48_000, 2, 48_000 * 60, {"gain_db": -6.0, "pan": 0.5, "group": "drums"}),
    (48_000, 1, 48_000 * 20 + 11, {"start_samples": 48_000 * 9 + 5, "pan": -0.3}),
    (48_000, 1, 48_000 * 60, {"mute": True}),
]
_RATES = [(48_000, 1, 48_000 * 60, {}), (44_100, 2, 44_100 * 60 + 1, {}), (96_000, 1, 96_000 * 60 + 1, {})]
_LONG = [(44_100, 2, 44_100 * 1200, {}), (44_100, 1, 44_100 * 1200, {"start_samples": 12_345})]

CASES = (
    _case("no cuts", 44_100, _ONE, [], 20.0),
    _case("no cuts, three tracks", 48_000, _BAND, [], 20.0),
    _case("one track", 44_100, _ONE, [(44_101, 99_999), (400_000, 400_500)], 20.0),
    _case(
        "cut at start and end", 48_000, _BAND, [(0, 12_345), (500_001, 700_003), (2_000_000, 2_880_000)], 30.0
    ),
    _case(
        "hard cuts", 48_000, _BAND, [(432_005, 700_003), (1_000_001, 1_392_016), (2_000_000, 2_000_001)], 0.0
    ),
    _case("other rates", 48_000, _RATES, [(1, 77_777), (1_000_001, 1_300_003)], 500.0),
    _case("50 cuts", 44_100, _LONG, _many_cuts(44_100)[::10], 20.0),
    _case("500 cuts", 44_100, _LONG, _many_cuts(44_100), 20.0),
)
EVERYTHING_CUT = replace(CASES[0], name="everything", state=with_cuts(CASES[0].state, (0, 44_100 * 30)))
