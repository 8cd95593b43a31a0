"""The documents the window is measured on, and the same drawn by plain pyqtgraph curves and regions.

A drum performance of eight microphones that is measured: thousands of hits, each with where it goes.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from time import perf_counter

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QApplication

from desktop.features.taste.learning import learn_taste
from desktop.features.taste.widgets.learn_panel import LearnRequest
from engine.core.progress import SILENT, Progress
from engine.document.analysis import Analysis, BeatGrid, Hits, Listening, Role, ScoreCurve
from engine.document.document import Document
from engine.document.edits.clips import place_clips, split_clips
from engine.document.edits.proposals import decide, replace_proposals, set_analyses
from engine.document.proposals import Proposal, Verdict, proposal_id
from engine.features.taste.anomaly.recipes.methods import METHODS
from engine.features.timing.alignment.settings import TimingSettings
from engine.lab.bench.long_recording import write_sparse
from engine.lab.bench.sound import write
from engine.recordings.import_audio import ImportRequest, import_audio, import_edit
from engine.sound.pictures.peaks import PeakPyramid
from widgets.timeline.viewport import Viewport

_ROLES = (Role.KICK, Role.SNARE, Role.HAT, Role.TOM, Role.TOM, Role.OVERHEAD, Role.OVERHEAD, Role.ROOM)
_JITTER_S = 0.01
_KICKS, _SNARES = (0, 4, 5), (2, 6)
"""Where in eight strokes of the hat."""


def add_moved_hits(document: Document, count: int) -> None:
    """Store hits over the tracks of a document, propose to move them, and accept three of four."""
    from engine.features.timing.finders.timing.align import propose_moves
    from engine.features.timing.finders.timing.aligned_files import hits_id

    state = document.state
    step = state.length_samples // (count + 8)
    tracks = tuple(track.id for track in state.tracks)
    hits, grid = _played(tracks, count, step, state.rate_hz)
    key = hits_id(state, tracks)
    found: dict[str, Analysis] = {"beats-bench": grid, key: hits}
    document.apply(set_analyses(state, {"beats": "beats-bench", "hits": key}, "Heard"), found)
    proposed = propose_moves(document.state, hits, grid, TimingSettings(division="1/8"))
    document.apply(proposed.edit)
    accepted = [one.id for place, one in enumerate(proposed.proposals) if place % 4]
    document.apply(decide(document.state, accepted, Verdict.ACCEPTED))


def _played(track_ids: tuple[str, ...], count: int, step: int, rate_hz: int) -> tuple[Hits, BeatGrid]:
    """Return eighths of a hat with kicks and snares, off by some 10 ms, and the beats they belong to."""
    rng = np.random.default_rng(0)
    onsets = (1 + np.arange(count)) * step + np.rint(rng.normal(0.0, _JITTER_S * rate_hz, count))
    inside = np.arange(count) % 8
    rows = [(stroke, 2) for stroke in range(count)]
    for track, places in ((0, _KICKS), (1, _SNARES)):
        rows += [(stroke, track) for stroke in np.flatnonzero(np.isin(inside, places)).tolist()]
    strokes, tracks = np.array(sorted(rows)).T
    hits = Hits(
        onsets_samples=onsets[strokes],
        tracks=tracks.astype(np.int16),
        strengths_db=rng.uniform(-30.0, -8.0, len(strokes)).astype(np.float32),
        strokes=strokes.astype(np.int32),
        ornaments=np.zeros(len(strokes), np.int8),
        confidences=np.ones(len(strokes), np.float32),
        track_ids=track_ids,
        roles=_ROLES[: len(track_ids)],
        delays_samples=np.zeros(len(track_ids)),
        maker="bench",
    )
    beats = np.arange(0, count + 4, 2, dtype=np.int64) * step
    tempo_bpm = 60.0 * rate_hz / (2 * step)
    return hits, BeatGrid(beats, np.arange(len(beats)) % 4 + 1, tempo_bpm, 1.0, "bench")


RATE_HZ = 48_000


@dataclass(frozen=True, slots=True)
class Load:
    """Contents of a measured document.

    Attributes
    ----------
    is_sparse : recordings of hours, silent but for a burst every ten seconds
    recordings_of : the load whose recordings it holds, made before it; "" for its own
    orders : how many repeats and moves are accepted; where there are any, all kinds are proposed
    are_hits : the proposals are moves of drum hits, three of four accepted
    clips : how many each recording is split into, each other one a little later
    """

    tracks: int
    length_s: int
    proposals: int
    is_sparse: bool = False
    recordings_of: str = ""
    orders: int = 0
    are_hits: bool = False
    clips: int = 1


SMALL = Load(tracks=8, length_s=600, proposals=100)
TARGET = Load(tracks=16, length_s=3 * 3600, proposals=10_000, is_sparse=True)
LOADS = {
    "small": SMALL,
    "target": TARGET,
    "arranged": replace(TARGET, recordings_of="target", orders=500),
    "clips": replace(TARGET, recordings_of="target", clips=31),
    "drums": Load(tracks=8, length_s=600, proposals=2_000, recordings_of="small", are_hits=True),
    "drums_5000": Load(tracks=8, length_s=600, proposals=5_000, recordings_of="small", are_hits=True),
    "one_hour": Load(tracks=4, length_s=3600, proposals=2_000, is_sparse=True),
    "ten_hours": Load(tracks=4, length_s=10 * 3600, proposals=2_000, is_sparse=True),
}
EDITED_S = 120
_EDITS: tuple[tuple[str, dict[str, object]], ...] = (
    ("cut", {}),
    ("mute", {}),
    ("slip", {"by_samples": 100.5}),
    ("cut", {}),
    ("gain", {"gain_db": -6.0}),
    ("keep", {}),
)


def document_of(folder: Path, load: str) -> Path:
    """Return where the document of a load is, one of `LOADS`."""
    return folder / load / "bench.offcut"


def made_up_document(folder: Path, load: Load) -> tuple[Path, list[PeakPyramid]]:
    """Write recordings and a document with a score, a grid and proposals in every state."""
    place = folder.parent / load.recordings_of if load.recordings_of else folder
    paths = tuple(place / f"track {number}.wav" for number in range(load.tracks))
    for number, path in enumerate(paths):
        if not load.recordings_of:
            _recording(path, load, number)
    imported = import_audio(ImportRequest(paths), SILENT)
    target = folder / "bench.offcut"
    with Document.create(target) as document:
        document.apply(import_edit(document.state, imported))
        _split(document, load.clips)
        length = document.state.length_samples
        if load.are_hits:
            add_moved_hits(document, load.proposals)
            return target, list(imported.media.peaks.values())
        _add_analyses(document, length)
        step = length // load.proposals
        made = _of_all_kinds(load, step) if load.orders else _cuts(load.proposals, step)
        document.apply(replace_proposals(document.state, made, {"threshold": 0.6}, "Proposed"))
        others = [one for one in made if one.kind not in ("repeat", "move")]
        accepted = [one for one in made if one.kind in ("repeat", "move")] + others[::3]
        document.apply(decide(document.state, [one.id for one in accepted], Verdict.ACCEPTED))
        document.apply(decide(document.state, [one.id for one in others[1::3]], Verdict.REJECTED))
    return target, list(imported.media.peaks.values())


def _split(document: Document, count: int) -> None:
    """Split every recording into clips of about one length, each other one half a second later."""
    for number in range(1, count):
        document.apply(split_clips(document.state, number * document.state.length_samples // count))
    for track in document.state.tracks if count > 1 else ():
        later = {one.id: one.start_samples + RATE_HZ // 2 for one in track.clips[1::2]}
        document.apply(place_clips(document.state, later))


def _recording(path: Path, load: Load, seed: int) -> Path:
    if load.is_sparse:
        return write_sparse(path, load.length_s, RATE_HZ, seed)
    return write(path, load.length_s, RATE_HZ, channels=1, seed=seed)


def _add_analyses(document: Document, length: int) -> None:
    times = np.arange(0, length, RATE_HZ // 5, dtype=np.int64)
    beats = np.arange(0, length, RATE_HZ // 2, dtype=np.int64)
    found: dict[str, Analysis] = {
        "score": ScoreCurve(times, (0.5 + 0.4 * np.sin(times / 1e6)).astype(np.float32), "bench"),
        "beats": BeatGrid(beats, np.arange(len(beats)) % 4 + 1, 120.0, 1.0, "bench"),
        "listening": Listening(beats, np.full(length // 1024, -20.0, np.float32), 1024, "bench"),
    }
    ids = {kind: f"{kind}-bench" for kind in found}
    document.apply(
        set_analyses(document.state, ids, "Listened"), {ids[kind]: one for kind, one in found.items()}
    )


def _cuts(count: int, step: int) -> list[Proposal]:
    return [cut(number * step, number * step + step // 2) for number in range(count)]


def _of_all_kinds(load: Load, step: int) -> list[Proposal]:
    """Return consecutive edits of alternating kinds, `orders` of them repeats and moves."""
    made = []
    every = load.proposals // load.orders
    for number in range(load.proposals):
        start = number * step
        if number % every:
            kind, payload = _EDITS[number % len(_EDITS)]
        elif number % (2 * every):
            kind, payload = "repeat", {"times": 2}
        else:
            kind, payload = "move", {"to_samples": (number + every // 2) * step}
        made.append(_proposal(kind, start, start + step // 2, payload))
    return made


def cut(start: int, stop: int) -> Proposal:
    """Return a made-up proposal."""
    return _proposal("cut", start, stop, {})


def _proposal(kind: str, start: int, stop: int, payload: Mapping[str, object]) -> Proposal:
    own = proposal_id(kind, start, stop, "bench", (), payload)
    return Proposal(own, kind, start, stop, 0.8, "Bench.", "bench", (), dict(payload))


def train_until_cancelled(folder: Path, progress: Progress) -> None:
    """Learn a taste as users do, again and again: each time practice is made first, then a network learns."""
    edited = write(folder / "edited.wav", EDITED_S, RATE_HZ, channels=1, seed=99)
    for seed in count():
        asked = LearnRequest((str(edited),), "bench", METHODS[0].epochs, seed)
        learn_taste(asked, folder / "bench.taste", True, progress)


def pyqtgraph_frame_times(
    application: QApplication,
    peaks: Sequence[PeakPyramid],
    spans: NDArray[np.int64],
    windows: Sequence[Viewport],
    size: tuple[int, int],
) -> NDArray[np.float64]:
    """Return the time of each frame in ms, shape (n,), of one curve a track and one region a span.

    Parameters
    ----------
    spans : shape (m, 2), in samples
    windows : the visible range of each frame, n of them
    """
    width, height = size
    plot = pg.PlotWidget()
    plot.resize(width, height)
    plot.getPlotItem().setMouseEnabled(x=False, y=False)
    plot.setYRange(0, len(peaks), padding=0)
    curves = [plot.plot(connect="pairs") for _ in peaks]
    for start, stop in spans.tolist():
        plot.addItem(pg.LinearRegionItem((start, stop), movable=False), ignoreBounds=True)
    plot.show()
    application.processEvents()
    image = QImage(width, height, QImage.Format.Format_RGB32)
    times = np.zeros(len(windows))
    for step, window in enumerate(windows):
        begun = perf_counter()
        x = np.repeat(window.start_samples + np.arange(width) * window.samples_per_px, 2)
        for lane, (curve, pyramid) in enumerate(zip(curves, peaks, strict=True)):
            columns = pyramid.columns(0, window.start_samples, window.samples_per_px, width)
            y = np.column_stack([columns.minimum, columns.maximum]).ravel() / 2 + lane + 0.5
            curve.setData(x, y)
        plot.setXRange(window.start_samples, window.stop_samples, padding=0)
        painter = QPainter(image)
        plot.render(painter)
        painter.end()
        times[step] = (perf_counter() - begun) * 1000
    plot.close()
    return times


if __name__ == "__main__":
    for name in sys.argv[2:]:
        place = document_of(Path(sys.argv[1]), name).parent
        place.mkdir()
        made_up_document(place, LOADS[name])
