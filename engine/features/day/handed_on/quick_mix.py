"""A quick mix: every track at one loudness, measured where it plays, by gains within limits.

The loudness of a track is the gated loudness of ITU-R BS.1770-4 over all takes of the mix, so that pauses of
a player do not count and the balance is the same in every take. The target is the median track. A track that
would need a larger gain than `MOST_GAIN_DB` gets that one, and a silent one none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from math import isfinite, log10
from pathlib import Path
from statistics import median

from engine.core.progress import SILENT, Progress
from engine.document.state import DocumentState
from engine.document.tracks import Track, audible
from engine.sound.edl.build import build
from engine.sound.edl.crossfade import Block
from engine.sound.edl.loudness import measure
from engine.sound.edl.render import Renderer, mix_channels

MOST_GAIN_DB = 12.0
"""A higher gain would make the bleed of an unused microphone audible."""
LOUDNESS_LUFS = -16.0
"""Default for a quick mix: the usual loudness for phones."""
_BLOCK_FRAMES = 65_536


def quick_mix(
    state: DocumentState,
    media: Mapping[str, Path],
    spans_samples: Sequence[tuple[int, int]],
    progress: Progress = SILENT,
) -> DocumentState:
    """Return the document with the gains of a quick mix.

    Parameters
    ----------
    media : where each source is now, by source id
    spans_samples : spans [start, stop) of the result in which the tracks are measured

    Raises
    ------
    SourceError : a recording is missing or cannot be read
    Cancelled : the user cancelled
    """
    tracks = audible(state.tracks)
    loudness: dict[str, float] = {}
    for number, track in enumerate(tracks):
        found = _loudness_lufs(state, media, track, spans_samples, progress.step(number, len(tracks)))
        if isfinite(found):
            loudness[track.id] = found
    gains = gains_db(loudness)
    levelled = (replace(one, gain_db=one.gain_db + gains.get(one.id, 0.0)) for one in state.tracks)
    return replace(state, tracks=tuple(levelled))


def gains_db(loudness_lufs: Mapping[str, float]) -> dict[str, float]:
    """Return the gain that brings each track to the median loudness, in tenths of a decibel."""
    if not loudness_lufs:
        return {}
    target = median(loudness_lufs.values())
    wanted = {key: round(target - own, 1) for key, own in loudness_lufs.items()}
    return {key: min(max(gain, -MOST_GAIN_DB), MOST_GAIN_DB) for key, gain in wanted.items()}


def _loudness_lufs(
    state: DocumentState,
    media: Mapping[str, Path],
    track: Track,
    spans_samples: Sequence[tuple[int, int]],
    progress: Progress,
) -> float:
    """Return the loudness that a track has in the mix, which plays a mono track on every channel."""
    alone = replace(state, tracks=(replace(track, mute=False, solo=False),))
    with Renderer(alone, build(alone), media) as renderer:
        blocks = _blocks(renderer, spans_samples, track.name, progress)
        found = measure(blocks, rate_hz=renderer.rate_hz).integrated_lufs
        copies = mix_channels(state) if renderer.channels == 1 else 1
    return found + 10.0 * log10(copies)


def _blocks(
    renderer: Renderer, spans_samples: Sequence[tuple[int, int]], name: str, progress: Progress
) -> Iterator[Block]:
    total, done = sum(stop - start for start, stop in spans_samples), 0
    for start, stop in spans_samples:
        for begin in range(start, stop, _BLOCK_FRAMES):
            progress.check_cancelled()
            end = min(begin + _BLOCK_FRAMES, stop)
            yield renderer.read(begin, end)
            done += end - begin
            progress.report(done / total, f"Measuring {name}")
