"""Spectra finer than the pyramid: made of the samples in view on a thread of their own, and kept a while."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from desktop.details import Details, Kept
from engine.audio.reader import SourceReader
from engine.audio.spectrogram import (
    BASE_SAMPLES,
    DETAIL_FRAMES,
    Cells,
    Spectrogram,
    detail_cells,
    detail_hop,
)
from engine.errors import SourceError
from engine.progress import Progress

KEPT_BYTES = 48_000_000


@dataclass(frozen=True, slots=True)
class Piece:
    """Some frames of a recording, see `detail_cells`."""

    media: Path
    window_samples: int
    hop_samples: int
    number: int


SpectrogramDetails = Details[Piece]


def make_pieces(wanted: tuple[Piece, ...], kept: Kept[Piece], progress: Progress) -> None:
    """Make pieces, in their order; a recording that cannot be read has none, and the pyramid stands in."""
    with ExitStack() as opened:
        readers: dict[Path, SourceReader | None] = {}
        for done, piece in enumerate(wanted, start=1):
            progress.check_cancelled()
            try:
                if piece.media not in readers:
                    readers[piece.media] = None  # stays where opening fails
                    readers[piece.media] = opened.enter_context(SourceReader(piece.media))
                reader = readers[piece.media]
                if reader is not None:
                    made = detail_cells(reader, piece.window_samples, piece.hop_samples, piece.number)
                    kept.put(piece, made)
            except SourceError:
                readers[piece.media] = None
            progress.report(done / len(wanted), "")


class TrackSpectrogram:
    """What the timeline draws one track's spectrogram from: its pyramid, and details where zoomed in."""

    def __init__(self, pyramid: Spectrogram, media: Path, details: SpectrogramDetails) -> None:
        self._pyramid = pyramid
        self._media = media
        self._details = details

    @property
    def window_samples(self) -> int:
        """Window of the transform."""
        return self._pyramid.window_samples

    @property
    def rate_hz(self) -> int:
        """Rate of the samples."""
        return self._pyramid.rate_hz

    def cells(
        self,
        channel: int,
        starts_samples: NDArray[np.int64],
        stops_samples: NDArray[np.int64],
        samples_per_column: float,
    ) -> Cells:
        """Return the loudest of each span, shape (n, bands); narrow spans show the spectrum at their middle.

        The base of the pyramid stands in for details that are still being made.
        """
        cells = self._pyramid.cells(channel, starts_samples, stops_samples, samples_per_column)
        hop = detail_hop(samples_per_column)
        if hop < BASE_SAMPLES:
            self._refine(cells, channel, (starts_samples + stops_samples) / 2, hop)
        return cells

    def _refine(
        self, cells: Cells, channel: int, middles_samples: NDArray[np.float64], hop_samples: int
    ) -> None:
        """Mix the two frames nearest to each middle, where both are known and inside the recording."""
        inside = np.flatnonzero((middles_samples >= 0) & (middles_samples < self._pyramid.frames))
        if not len(inside):
            return
        places = np.maximum(middles_samples[inside] / hop_samples - 0.5, 0.0)
        before = places.astype(np.int64)
        numbers = np.unique(np.stack([before, before + 1]) // DETAIL_FRAMES)
        found = [self._piece(hop_samples, int(number)) for number in numbers]
        known = np.array([piece is not None for piece in found])
        if not known.any():
            return
        held = np.concatenate([piece[channel] for piece in found if piece is not None])
        slots = np.cumsum(known) - 1

        def frames(index: NDArray[np.int64]) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
            place = np.searchsorted(numbers, index // DETAIL_FRAMES)
            return known[place], slots[place] * DETAIL_FRAMES + index % DETAIL_FRAMES

        (has_before, first), (has_after, second) = frames(before), frames(before + 1)
        both = has_before & has_after
        share = ((places - before)[both] * 256).astype(np.uint16)[:, None]
        mixed = held[first[both]] * (np.uint16(256) - share) + held[second[both]] * share
        cells[inside[both]] = np.right_shift(mixed, 8)

    def _piece(self, hop_samples: int, number: int) -> Cells | None:
        return self._details.get(Piece(self._media, self._pyramid.window_samples, hop_samples, number))
