"""The document the timeline is measured on, and the same waveforms drawn by plain pyqtgraph curves."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QApplication

from engine.audio.peaks import PeakPyramid
from engine.bench.long_recording import write_sparse
from engine.bench.sound import write
from engine.document.analysis import Analysis, BeatGrid, Listening, ScoreCurve
from engine.document.decisions import Verdict
from engine.document.document import Document
from engine.document.edits import decide, replace_proposals, set_analyses
from engine.document.proposals import Proposal, proposal_id
from engine.jobs.import_audio import ImportRequest, import_audio, import_edit
from engine.progress import SILENT
from widgets.timeline.frame_times import walk
from widgets.timeline.viewport import Viewport

RATE_HZ = 48_000


@dataclass(frozen=True, slots=True)
class Load:
    """What a measured document holds.

    Attributes
    ----------
    is_sparse : recordings of hours, silent but for a burst every ten seconds
    """

    tracks: int
    length_s: int
    proposals: int
    is_sparse: bool = False


SMALL = Load(tracks=8, length_s=600, proposals=100)
TARGET = Load(tracks=16, length_s=3 * 3600, proposals=10_000, is_sparse=True)


def made_up_document(folder: Path, load: Load) -> tuple[Path, list[PeakPyramid]]:
    """Write recordings and a document with a score, a grid and proposals in every state."""
    paths = tuple(_recording(folder / f"track {number}.wav", load, number) for number in range(load.tracks))
    imported = import_audio(ImportRequest(paths), SILENT)
    target = folder / "bench.offcut"
    with Document.create(target) as document:
        document.apply(import_edit(document.state, imported))
        length = document.state.length_samples
        _add_analyses(document, length)
        step = length // load.proposals
        cuts = [_cut(number * step, number * step + step // 2) for number in range(load.proposals)]
        document.apply(replace_proposals(document.state, cuts, {"threshold": 0.6}, "Proposed"))
        document.apply(decide(document.state, [cut.id for cut in cuts[::3]], Verdict.ACCEPTED))
        document.apply(decide(document.state, [cut.id for cut in cuts[1::3]], Verdict.REJECTED))
    return target, list(imported.media.peaks.values())


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


def _cut(start: int, stop: int) -> Proposal:
    return Proposal(proposal_id("cut", start, stop, "bench"), "cut", start, stop, 0.8, "Bench.", "bench")


def pyqtgraph_frame_times(
    application: QApplication, peaks: list[PeakPyramid], frames: int, size: tuple[int, int]
) -> NDArray[np.float64]:
    """Return the time of each frame in ms, shape (frames,), of one `PlotCurveItem` a track on that walk."""
    width, height = size
    plot = pg.PlotWidget()
    plot.resize(width, height)
    plot.getPlotItem().setMouseEnabled(x=False, y=False)
    plot.setYRange(0, len(peaks), padding=0)
    curves = [plot.plot(connect="pairs") for _ in peaks]
    plot.show()
    application.processEvents()
    image = QImage(width, height, QImage.Format.Format_RGB32)
    times = np.zeros(frames)
    whole = Viewport(0.0, 1.0, width, peaks[0].frames, RATE_HZ).fitted()
    for step, window in enumerate(walk(whole, frames)):
        begun = perf_counter()
        for lane, (curve, pyramid) in enumerate(zip(curves, peaks, strict=True)):
            columns = pyramid.columns(0, window.start_samples, window.samples_per_px, width)
            x = np.repeat(np.arange(width), 2)
            y = np.column_stack([columns.minimum, columns.maximum]).ravel() / 2 + lane + 0.5
            curve.setData(x, y)
        plot.setXRange(0, width, padding=0)
        painter = QPainter(image)
        plot.render(painter)
        painter.end()
        times[step] = (perf_counter() - begun) * 1000
    plot.close()
    return times
