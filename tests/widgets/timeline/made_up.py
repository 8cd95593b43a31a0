"""A document with made-up music."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from engine.document.analysis import BeatGrid, ScoreCurve
from engine.document.proposals import Decision, Proposal, Verdict
from engine.document.state import DocumentState
from engine.document.tracks import Source
from engine.sound.pictures.peaks import Columns, PeakPyramid, sample_columns
from tests.sources import one_source_track
from widgets.timeline.timeline_view import TimelineView

RATE_HZ = 8_000
LENGTH_S = 641
TEMPO_BPM = 124.0
TRACKS = (
    ("Kick", "Drums", 1, 0.0),
    ("Snare", "Drums", 1, -1.5),
    ("Overheads", "Drums", 2, -3.0),
    ("Bass", "", 1, -2.0),
    ("Guitar", "", 2, -4.5),
)
ROLES = {"Kick": "close mic", "Snare": "close mic"}
CUTS_S = ((24, 42, "A"), (73, 91, "A"), (127, 140, "R"), (173, 199.6, "A"), (180.8, 189.6, "A"),
          (190.3, 191.7, "R"), (192.7, 201.5, "U"), (207.2, 210.6, "U"), (315, 339, "U"),
          (388, 397, "U"), (436, 478, "U"), (580, 610, "U"))  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class MadeUp:
    """A wave source over samples in memory, float32, shape (frames, channels)."""

    sound: NDArray[np.float32]
    sampled_below: float = 256.0

    @property
    def channels(self) -> int:
        """How many channels it has."""
        return self.sound.shape[1]

    def columns(
        self, channel: int, start_samples: float, samples_per_column: float, n_columns: int
    ) -> Columns:
        """Return columns of the samples themselves."""
        return sample_columns(self.sound[:, channel], 0, start_samples, samples_per_column, n_columns)

    def cell_samples(self, samples_per_column: float) -> int:  # noqa: ARG002 - samples at every width
        """Return the width of what `spans` reads."""
        return 1

    def spans(
        self,
        channel: int,
        starts_samples: NDArray[np.int64],
        stops_samples: NDArray[np.int64],
        samples_per_column: float,  # noqa: ARG002 - samples are exact at every width
    ) -> Columns:
        """Return one column for each span."""
        values = self.sound[:, channel]
        level = np.stack([values, values, np.square(values)])[:, None]
        peaks = PeakPyramid((level,), RATE_HZ, 1, len(values), base_samples=1)
        return peaks.spans(0, starts_samples, stops_samples, 1.0)

    def samples(self, start: int, stop: int) -> NDArray[np.float32]:
        """Return samples [start, stop)."""
        return self.sound[start:stop]


def made_up_sound(index: int, channels: int) -> NDArray[np.float32]:
    """Return a voice: hits that die away on the beat for drums, slow swells of noise for the others."""
    rng = np.random.default_rng(index)
    n = RATE_HZ * LENGTH_S
    time_s = np.arange(n) / RATE_HZ
    beat_s = 60 / TEMPO_BPM * (2 if index == 1 else 1)
    phase_s = (time_s + (60 / TEMPO_BPM if index == 1 else 0)) % beat_s
    strength = rng.uniform(0.5, 1.0, int(LENGTH_S / beat_s) + 2)[(time_s / beat_s).astype(int)]
    hits = strength * np.exp(-phase_s * (14 if index < 2 else 5))
    swell = 0.35 + 0.2 * np.sin(time_s / (7 + index))
    shape = hits + 0.02 if index < 2 else hits * (0.6 if index == 2 else 0.1) + swell * 0.4
    for start_s in (196.0, 199.3):
        shape *= np.where(np.abs(time_s - start_s) < 0.5, 0.05, 1.0)
    noise = rng.normal(0, 0.3, (n, channels))
    return np.asarray((shape[:, None] * noise).clip(-1, 1), np.float32)


def made_up_document() -> DocumentState:
    """Return five tracks with a dozen proposals in all states."""
    n = RATE_HZ * LENGTH_S
    sources = {
        name: Source(name, f"/{name}.wav", "", RATE_HZ, channels, n, "WAV", "PCM_16")
        for name, _, channels, _ in TRACKS
    }
    tracks = tuple(
        one_source_track(
            name, sources[name], name, position, group=group, gain_db=gain, role=ROLES.get(name, "")
        )
        for position, (name, group, _, gain) in enumerate(TRACKS)
    )
    verdicts = {"A": Verdict.ACCEPTED, "R": Verdict.REJECTED, "U": Verdict.UNDECIDED}
    reason = "Three false starts of the verse; the band stops twice."
    proposals = {
        f"cut-{start}": Proposal(
            f"cut-{start}", "cut", int(start * RATE_HZ), int(stop * RATE_HZ), 0.9, reason, "demo"
        )
        for start, stop, _ in CUTS_S
    }
    decisions = {
        f"cut-{start}": Decision(f"cut-{start}", verdicts[letter])
        for start, _, letter in CUTS_S
        if letter != "U"
    }
    del proposals["cut-173"], decisions["cut-173"]
    return DocumentState(RATE_HZ, sources, tracks, proposals, decisions)


def made_up_score() -> ScoreCurve:
    """Return a curve that is high where the cuts are."""
    times_s = np.arange(0.4, LENGTH_S, 0.19)
    scores = 0.35 + 0.08 * np.sin(times_s / 1.4) + 0.05 * np.sin(times_s / 0.61)
    for start, stop, _ in CUTS_S:
        scores += 0.4 * np.exp(-(((times_s - (start + stop) / 2) / (stop - start) * 2.5) ** 2))
    return ScoreCurve((times_s * RATE_HZ).astype(np.int64), scores.clip(0, 1).astype(np.float32), "Band 2026")


def made_up_grid() -> BeatGrid:
    """Return four beats a bar."""
    beats = np.arange(0, LENGTH_S, 60 / TEMPO_BPM)
    positions = np.arange(len(beats)) % 4 + 1
    return BeatGrid((beats * RATE_HZ).astype(np.int64), positions, TEMPO_BPM, 0.9, "demo")


def show_made_up(view: TimelineView) -> None:
    """Fill a view with the made-up document, at the window of time of the drawings."""
    view.lanes.set_document(made_up_document())
    view.lanes.set_waves({track[0]: MadeUp(made_up_sound(i, track[2])) for i, track in enumerate(TRACKS)})
    view.set_score(made_up_score(), 0.62, "Band 2026")
    view.canvas.set_grid(made_up_grid())
    view.canvas.set_current("cut-192.7")
    view.canvas.set_playhead(int(197.052 * RATE_HZ))
    start, stop = 187.2 * RATE_HZ, 212.8 * RATE_HZ
    width = view.canvas.viewport.width_px
    view.canvas.set_viewport(
        replace(view.canvas.viewport, start_samples=start, samples_per_px=(stop - start) / width)
    )
