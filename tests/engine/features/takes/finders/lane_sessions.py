"""Sessions recorded in a loop: takes over each other on tracks, with a fault in a known bar of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import soundfile

from engine.analysis.found_takes import FoundTakes
from engine.core.progress import SILENT
from engine.document.analysis import TAKES, BeatGrid
from engine.document.proposals import BY_COMPING, Decision, Proposal, Verdict
from engine.document.state import DocumentState
from engine.document.tracks import Clip, Source, Track
from engine.features.registry import FINDERS, request_of
from engine.features.takes.finders.takes_that_play import stored_takes
from engine.review.finders import Found
from engine.sound.reader import content_hash
from tests.engine.features.takes.made_takes import RATE_HZ, take
from tests.engine.sound.edl.recordings import Recording

_EARLY_S = (0.0, 0.012, -0.009, 0.005)
"""How much later than the first each take is played."""


def looped(folder: Path, faults: Sequence[int | None], tracks: int = 1) -> tuple[Recording, np.ndarray]:
    """Return a document with takes on lanes, the last on top, and where its bars begin."""
    sources: dict[str, Source] = {}
    media: dict[str, Path] = {}
    made, lines = [], np.zeros(0, np.int64)
    for number in range(tracks):
        clips = []
        for place, fault in enumerate(faults):
            sound, own = take(10 * number + place, 1.0, fault)
            lines = own if not len(lines) else lines
            late = round(_EARLY_S[place % len(_EARLY_S)] * RATE_HZ)
            sound = np.roll(sound, late)
            key = f"s{number}-{place}"
            media[key] = folder / f"{key}.wav"
            soundfile.write(media[key], sound, RATE_HZ, subtype="FLOAT")
            sources[key] = Source(
                key, str(media[key]), content_hash(media[key]), RATE_HZ, 1, len(sound), "WAV", "FLOAT"
            )
            clips.append(Clip(f"clip-{key}", key, 0, 0, len(sound)))
        made.append(Track(f"t{number}", f"Track {number}", number, clips=tuple(clips)))
    return Recording(DocumentState(RATE_HZ, sources, tuple(made)), media), lines


def comped(one: Recording, lines: np.ndarray, tracks: tuple[str, ...] = (), **settings: object) -> Found:
    """Return the result of the finder."""
    grid = BeatGrid(lines[:-1], np.ones(len(lines) - 1, np.int64), 120.0, 1.0, "test")
    known = {TAKES: stored_takes(FoundTakes(())), "beats": grid}
    request = request_of("comp", one.state, one.media, known, settings, tracks)
    return FINDERS["comp"].find(request, SILENT)


def switch(start_s: float, stop_s: float, take: int, track: int = 0) -> Proposal:
    """Return a switch of one track to a take, from 0."""
    start, stop = round(start_s * RATE_HZ), round(stop_s * RATE_HZ)
    payload = {"at_samples": start, "takes": [[f"s{track}-{take}", start]], "number": take + 1}
    key = f"take-{start}-{take}"
    return Proposal(key, "take", start, stop, 0.9, "", BY_COMPING, (), payload, None, (f"t{track}",))


def with_switches(state: DocumentState, *proposals: Proposal, leaving: tuple[str, ...] = ()) -> DocumentState:
    """Return a document with these switches, all but some accepted."""
    decisions = {one.id: Decision(one.id, Verdict.ACCEPTED) for one in proposals if one.id not in leaving}
    return replace(state, proposals={one.id: one for one in proposals}, decisions=decisions)
