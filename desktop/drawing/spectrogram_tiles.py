"""Spectra finer than the pyramid: computed from visible samples on a separate thread, and cached."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from desktop.drawing.tiles import TileLoader, from_recordings
from engine.audio.pictures.spectrogram import (
    BASE_SAMPLES,
    DETAIL_FRAMES,
    Cells,
    Spectrogram,
    detail_cells,
    detail_hop,
)
from engine.audio.reader import SourceReader
from engine.edl.tracks.patched_reader import PatchedReader
from engine.edl.tracks.patches import Patch, Patches
from engine.edl.tracks.unpacked import UnpackedSounds

CACHE_BYTES = 48_000_000


@dataclass(frozen=True, slots=True)
class SpectrogramTile:
    """Some frames of a recording, see `detail_cells`, or of its edited sound.

    Attributes
    ----------
    edits : edited sound in document samples, with unpacked audio
    offset_samples : where the recording begins on the document's timeline
    """

    media: Path
    window_samples: int
    hop_samples: int
    number: int
    edits: tuple[Patch, ...] = ()
    offset_samples: int = 0


SpectrogramTiles = TileLoader[SpectrogramTile]


def _cells(reader: SourceReader, tile: SpectrogramTile) -> Cells:
    if tile.edits:
        patches, channels = Patches(tile.edits, reader.rate_hz), reader.channels
        with UnpackedSounds(reader.rate_hz, channels) as stored:
            edited = PatchedReader(reader, patches, reader.frames, channels, tile.offset_samples, stored)
            return detail_cells(edited, tile.window_samples, tile.hop_samples, tile.number)
    return detail_cells(reader, tile.window_samples, tile.hop_samples, tile.number)


make_tiles = from_recordings(_cells)


class TrackSpectrogram:
    """Drawing source of one track's spectrogram: its pyramid, and tiles at high zoom."""

    def __init__(self, pyramid: Spectrogram, media: Path, tiles: SpectrogramTiles) -> None:
        self._pyramid = pyramid
        self._media = media
        self._tiles = tiles

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

        The base of the pyramid replaces tiles that are not ready.
        """
        cells = self._pyramid.cells(channel, starts_samples, stops_samples, samples_per_column)
        hop = detail_hop(samples_per_column)
        if hop < BASE_SAMPLES:
            middles = (starts_samples + stops_samples) / 2
            self._refine(cells, channel, middles, hop, self._tile, is_mixed=samples_per_column < hop)
        return cells

    def put_edited(
        self,
        cells: Cells,
        channel: int,
        starts_samples: NDArray[np.int64],
        stops_samples: NDArray[np.int64],
        samples_per_column: float,
        patches: Patches,
        offset_samples: int,
    ) -> None:
        """Put the spectra of edited sound where they are made of any, and zoomed in that far.

        They cover the edits only, read by the playback reader.
        """
        hop, window = detail_hop(samples_per_column), self.window_samples
        if hop >= BASE_SAMPLES or not patches.spans:
            return
        middles = (starts_samples + stops_samples) / 2
        begins, ends = np.array(patches.spans, np.int64).T - offset_samples
        reach = window / 2 + hop  # of a frame, whose middle may be half a hop away, or of the next
        place = np.searchsorted(ends, middles - reach, "right")
        touched = np.append(begins, np.iinfo(np.int64).max)[place] < middles + reach
        some = np.flatnonzero(touched)

        def piece_of(hop_samples: int, number: int) -> Cells | None:
            first = number * DETAIL_FRAMES * hop_samples - window + offset_samples
            last = first + DETAIL_FRAMES * hop_samples + 2 * window
            edits = patches.within(first, last)
            offset = offset_samples if edits else 0
            return self._tiles.get(SpectrogramTile(self._media, window, hop_samples, number, edits, offset))

        part = cells[some]
        self._refine(part, channel, middles[some], hop, piece_of, is_mixed=samples_per_column < hop)
        cells[some] = part

    def _refine(
        self,
        cells: Cells,
        channel: int,
        middles_samples: NDArray[np.float64],
        hop_samples: int,
        piece_of: Callable[[int, int], Cells | None],
        *,
        is_mixed: bool,
    ) -> None:
        """Return the frame nearest to each ascending centre, or interpolate its two neighbours, if known."""
        inside = np.flatnonzero((middles_samples >= 0) & (middles_samples < self._pyramid.frames))
        if not len(inside):
            return
        places = middles_samples[inside] / hop_samples
        before = np.maximum(places - 0.5, 0.0).astype(np.int64) if is_mixed else places.astype(np.int64)
        # the tile behind is asked for as well, so that a scroll finds it there
        numbers = _distinct(np.append(before // DETAIL_FRAMES, before[-1] // DETAIL_FRAMES + 1))
        found = [piece_of(hop_samples, int(number)) for number in numbers]
        known = np.array([tile is not None for tile in found])
        if not known.any():
            return
        held = np.concatenate([tile[channel] for tile in found if tile is not None])
        slots = (np.cumsum(known) - 1) * DETAIL_FRAMES

        def frames(index: NDArray[np.int64]) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
            number = index // DETAIL_FRAMES
            place = np.searchsorted(numbers, number)
            return known[place] & (numbers[place] == number), slots[place] + index % DETAIL_FRAMES

        has, first = frames(before)
        if not is_mixed:
            cells[inside[has]] = held[first[has]]
            return
        has_after, second = frames(before + 1)
        second = np.where(has_after, second, first)  # ahead of a cut nothing else is read
        share = (np.maximum(places - 0.5 - before, 0.0)[has] * 256).astype(np.uint16)[:, None]
        mixed = held[first[has]] * (np.uint16(256) - share) + held[second[has]] * share
        cells[inside[has]] = np.right_shift(mixed, 8)

    def _tile(self, hop_samples: int, number: int) -> Cells | None:
        return self._tiles.get(
            SpectrogramTile(self._media, self._pyramid.window_samples, hop_samples, number)
        )


def _distinct(ascending: NDArray[np.int64]) -> NDArray[np.int64]:
    return ascending[np.flatnonzero(np.diff(ascending, prepend=-1))]
