"""Documents with generated edits over real files, for round trips through every format."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from hypothesis import strategies as st

from engine.document.proposals import Decision, Proposal, Verdict, proposal_id
from engine.document.state import DocumentState
from engine.document.tracks import within
from engine.exchange.export import export
from engine.exchange.export.placing.timecode import FrameRate
from engine.exchange.export.request import ExportRequest
from engine.exchange.imports import read_edits
from engine.exchange.imports.proposals.edit import ImportedEdit, ImportRequest, imported_edit
from engine.sound.edl.build import build, without_rest
from engine.sound.edl.edit_list import EditList
from tests.engine.sound.edl.recordings import Recording, recording

RATE_HZ = 8_000
LENGTH_S = 40
LENGTH = RATE_HZ * LENGTH_S
FRAME = RATE_HZ // 25
LEAST = 4 * FRAME
"""What is cut or kept lasts longer than what a format rounds to."""
_MAKER = "test"


def made_recording(folder: Path) -> Recording:
    """Write three recordings: one throughout, a stereo one that begins later, and a short one."""
    rng = np.random.default_rng(11)
    lengths = (LENGTH, LENGTH - 30_001, 123_456)
    tracks = [0.1 * rng.standard_normal((length, 1 + (n == 1))) for n, length in enumerate(lengths)]
    return recording(
        folder,
        tracks,
        rate_hz=RATE_HZ,
        names=("bass.wav", "drum kit.wav", "voice & room.wav"),
        start_samples=(0, 20_011, 77_777),
    )


Moved = tuple[int, int, int]
"""A split: the number of the track, the place, and how much later all behind it plays."""


@dataclass(frozen=True)
class Asked:
    """An edit: its kind, its span, what it needs, and the numbers of its tracks."""

    kind: str
    start: int
    stop: int
    payload: tuple[tuple[str, object], ...] = ()
    tracks: tuple[int, ...] = ()


@st.composite
def timing(draw: st.DrawFn) -> tuple[Asked, ...]:
    """Cuts, moves, repeats and inserts that each take, or leave, enough to be seen in frames.

    One crossfade is used for what lies elsewhere: such edits have but one for all of their seams.
    """
    count = draw(st.integers(0, 9))
    edges = sorted(draw(st.sets(st.integers(1, LENGTH // LEAST - 1), min_size=2 * count, max_size=2 * count)))
    jitter = [draw(st.integers(0, LEAST // 2 - 1)) for _ in edges]
    places = [edge * LEAST + more for edge, more in zip(edges, jitter, strict=True)]
    fade = draw(st.integers(0, 60))
    asked = []
    for start, stop in zip(places[::2], places[1::2], strict=True):
        if stop - start < LEAST // 2:
            continue
        kind = draw(st.sampled_from(("cut", "cut", "cut", "move", "repeat", "insert")))
        if kind == "cut":
            own = draw(st.sampled_from((fade, 0, 7, 33)))
            asked.append(Asked("cut", start, stop, (("crossfade_ms", float(own)),)))
            continue
        if kind == "insert":  # with silence between its fades; frames cannot tell a hard edge from a fade
            own = max(fade, 1)
            shortest = 2 * own * RATE_HZ // 1000 + 1
            length = draw(st.integers(shortest, LEAST) | st.integers(LEAST, 20 * LEAST))
            asked.append(
                Asked(kind, start, start, (("length_samples", length), ("crossfade_ms", float(own))))
            )
            continue
        to = draw(st.sampled_from([0, LENGTH, *places]))
        more: tuple[tuple[str, object], ...] = (("to_samples", to), ("crossfade_ms", float(fade)))
        if kind == "repeat":
            more += (("times", draw(st.integers(2, 3))),)
        asked.append(Asked(kind, start, stop, more))
    return tuple(asked)


@st.composite
def of_some_tracks(draw: st.DrawFn) -> tuple[Asked, ...]:
    """Ripple cuts and inserts of one or two tracks."""
    asked = []
    for _ in range(draw(st.integers(0, 3))):
        tracks = tuple(sorted(draw(st.sets(st.integers(0, 2), min_size=1, max_size=2))))
        start = draw(st.integers(1, LENGTH // LEAST - 22)) * LEAST + draw(st.integers(0, LEAST // 2))
        length, fade = draw(st.integers(LEAST, 20 * LEAST)), ("crossfade_ms", float(draw(st.integers(1, 60))))
        if draw(st.booleans()):
            asked.append(Asked("ripple", start, start + length, (fade,), tracks))
        else:
            asked.append(Asked("insert", start, start, (("length_samples", length), fade), tracks))
    return tuple(asked)


@st.composite
def sounding(draw: st.DrawFn) -> tuple[Asked, ...]:
    """Mutes, gains and slips of some tracks."""
    asked = []
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, LENGTH - LEAST - 1))
        stop = draw(st.integers(start + LEAST, min(LENGTH, start + 20 * LEAST)))
        kind = draw(st.sampled_from(("mute", "gain", "slip")))
        payload: dict[str, tuple[tuple[str, object], ...]] = {
            "mute": (("is_silent", True),),
            "gain": (("gain_db", draw(st.integers(-12, 6)) + 0.5), ("ramp_ms", 5.0)),
            "slip": (("by_samples", draw(st.integers(-400, 400)) + 0.25),),
        }
        tracks = tuple(sorted(draw(st.sets(st.integers(0, 2), max_size=2))))
        asked.append(Asked(kind, start, stop, payload[kind], tracks))
    return tuple(asked)


@st.composite
def moved(draw: st.DrawFn, first: int = 0) -> tuple[Moved, ...]:
    """Splits of tracks from `first` on; from 1 on, there is no span in which nothing plays."""
    count, farthest = draw(st.integers(0, 3)), 2 * LEAST + 17 if first else 20 * LEAST + 1
    return tuple(
        (
            draw(st.integers(first, 2)),
            draw(st.integers(3, LENGTH // LEAST)) * LEAST + draw(st.integers(0, LEAST // 2)),
            draw(st.sampled_from((0, LEAST, farthest))),
        )
        for _ in range(count)
    )


def with_moved_clips(state: DocumentState, asked: tuple[Moved, ...]) -> DocumentState:
    """Return a document whose clips are split and moved; no part is shorter than what frames can hold."""
    tracks = list(state.tracks)
    for number, at, by in asked:
        clips = []
        for one in tracks[number].clips:
            is_split = one.start_samples + LEAST <= at <= one.stop_samples - LEAST
            parts = [(one.start_samples, at), (at, one.stop_samples)] if is_split else [one.opaque]
            for start, stop in parts:
                part = within(replace(one, id=f"{one.id}-{start}"), start, stop)
                clips.append(replace(part, start_samples=start + by * (start >= at)))
        tracks[number] = replace(tracks[number], clips=tuple(clips))
    return replace(state, tracks=tuple(tracks))


def with_edits(state: DocumentState, asked: tuple[Asked, ...]) -> DocumentState:
    """Return a document in which these edits are accepted."""
    proposals, decisions = {}, {}
    for one in asked:
        tracks = tuple(state.tracks[number].id for number in one.tracks)
        key = proposal_id(one.kind, one.start, one.stop, _MAKER, tracks, dict(one.payload))
        proposals[key] = Proposal(
            key, one.kind, one.start, one.stop, 0.5, "Generated.", _MAKER, (), dict(one.payload), None, tracks
        )
        decisions[key] = Decision(key, Verdict.ACCEPTED)
    return replace(state, proposals=proposals, decisions=decisions)


def ends_with_sound(edit_list: EditList) -> bool:
    """Tell whether the result is not empty and ends with the recording: no clip shows silence at the end."""
    return not edit_list.is_empty and not edit_list.inserted[-1]


def is_clear(state: DocumentState, *, insert_samples: int = 2 * FRAME) -> bool:
    """Tell whether every piece that is heard is long enough to be seen in frames, and so is every jump.

    Parameters
    ----------
    insert_samples : the shortest insert; another document cannot tell one of two frames from a rounding
    """
    edit_list = without_rest(build(state))
    lists = (edit_list, *edit_list.own.values())
    return ends_with_sound(edit_list) and all(_is_clear(one, insert_samples) for one in lists)


def _is_clear(edit_list: EditList, insert_samples: int) -> bool:
    starts, stops = edit_list.kept_starts_samples, edit_list.kept_stops_samples
    least = np.where(edit_list.inserted, insert_samples, 2 * FRAME)
    return bool((stops - starts >= least).all() and (np.abs(starts[1:] - stops[:-1]) >= 2 * FRAME).all())


def come_back(
    jam: Recording, state: DocumentState, path: Path, change: Callable[[str], str] = str
) -> ImportedEdit:
    """Export a document, change the text of the file, and import it into the same document."""
    export(ExportRequest(state, jam.media, path, overwrite=True))
    if change is not str:
        path.write_text(change(path.read_text("utf-8")), encoding="utf-8")
    imported = read_edits(path, state.rate_hz, frame_rate=FrameRate.FPS_25)
    return imported_edit(ImportRequest(state, jam.media, imported))
