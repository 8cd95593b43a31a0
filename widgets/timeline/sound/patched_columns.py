"""Columns of a track whose sound is edited, from the pyramid of the recording.

Edits are drawn column by column: a column with its centre in an edit shows all of it. Samples that are
drawn one by one, and spectra finer than the pyramid, come from the reader that plays and exports instead,
with every crossfade.

Stored audio of edits has peaks, samples and spectra of its own. Missing or unreadable audio is left out of
the drawn edits: the recording is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from threading import Lock
from typing import Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from engine.document.kinds.operations import Gain, Lift, Reclock, Replace, Stored
from engine.sound.edl.tracks.delay import Sound
from engine.sound.edl.tracks.patches import Patches, gains_at
from engine.sound.edl.tracks.stored_sounds import fits
from engine.sound.pictures.peaks import Columns
from engine.sound.pictures.spectrogram import STEP_DB, Cells
from widgets.timeline.sound.waves import NotYetReadError, Positions, RecordedWave

Picture = TypeVar("Picture")
Read = Callable[[Positions, Positions], Picture]
"""(starts, stops) in document samples to a column for each span of the recording."""
ReadStored = Callable[[Stored, Positions, Positions], Picture]
"""The same of stored audio, at its place of the timeline."""


SHARE_SEEN = 64
"""A shift below this fraction of a column's width is not drawn."""


class _Columns(Protocol[Picture]):
    """How columns of one sort are changed."""

    def copied(self, one: Picture) -> Picture: ...

    def silence(self, one: Picture, places: Positions) -> None: ...

    def put(self, one: Picture, places: Positions, found: Picture) -> None: ...

    def amplify(self, one: Picture, places: Positions, gains: NDArray[np.float64]) -> None: ...


def patched_columns(
    columns: Columns,
    starts: Positions,
    stops: Positions,
    patches: Patches,
    read: Read[Columns],
    read_stored: ReadStored[Columns],
) -> Columns:
    """Return columns of the recording with the edits of its sound.

    Parameters
    ----------
    starts, stops : document samples, shape (n,), the span of each column
    patches : edits, with available stored audio only
    """
    return _clocked(columns, starts, stops, _Sources(patches, read, read_stored), _Waves())


def patched_cells(
    cells: Cells,
    starts: Positions,
    stops: Positions,
    patches: Patches,
    read: Read[Cells],
    read_stored: ReadStored[Cells],
) -> Cells:
    """Return the same of a spectrogram, shape (n, bands)."""
    return _clocked(cells, starts, stops, _Sources(patches, read, read_stored), _Spectra())


@dataclass(frozen=True, slots=True, eq=False)
class _Sources(Generic[Picture]):
    """The edits, and the sources of their columns."""

    patches: Patches
    read: Read[Picture]
    read_stored: ReadStored[Picture]


def _clocked(
    columns: Picture, starts: Positions, stops: Positions, sources: _Sources[Picture], how: _Columns[Picture]
) -> Picture:
    """Return columns with all edits, over the recording by the clock of the others."""
    clock = sources.patches.clock
    if clock is None or not len(starts):
        return _edited(columns, starts, stops, sources, how)

    def read(starts: Positions, stops: Positions) -> Picture:
        rate, by = 1.0 + clock.drift_ppm / 1e6, clock.by_samples
        first, last = (np.rint(at.astype(np.float64) * rate - by).astype(np.int64) for at in (starts, stops))
        return sources.read(first, np.maximum(last, first + 1))

    made = how.copied(columns)
    how.put(made, np.arange(len(starts), dtype=np.int64), read(starts, stops))
    return _edited(made, starts, stops, replace(sources, read=read), how)


def _edited(
    columns: Picture,
    starts: Positions,
    stops: Positions,
    sources: _Sources[Picture],
    how: _Columns[Picture],
    *,
    only_replaced: bool = False,
) -> Picture:
    """Return columns with the edits of some layers, or of all; thousands cost little more than a few."""
    if not len(starts):
        return columns
    over = _edits_over(sources.patches, starts, stops)
    if over is None:
        return columns
    made = how.copied(columns)
    for one, places in over.replaced:
        _fill(made, one, places, starts, stops, sources, how)
    if not only_replaced:
        if len(over.shifted):  # the replaced parts are shifted with what they replace
            first, last = over.shifted_starts, over.shifted_stops
            found = _edited(sources.read(first, last), first, last, sources, how, only_replaced=True)
            how.put(made, over.shifted, found)
        how.amplify(made, over.amplified, over.gains)
    return made


@dataclass(frozen=True, slots=True, eq=False)
class _Over:
    """Topmost edits of each layer over columns.

    Attributes
    ----------
    replaced : edit of each replacement, and the filled columns
    shifted : visibly shifted columns, in the order in which they are read
    shifted_starts, shifted_stops : the spans of the recording that they show
    amplified, gains : columns with gain, and their factors
    """

    replaced: tuple[tuple[Replace, Positions], ...]
    shifted: Positions
    shifted_starts: Positions
    shifted_stops: Positions
    amplified: Positions
    gains: NDArray[np.float64]


_MOST_FOUND = 8
_found: dict[tuple[int, bytes, bytes], tuple[Patches, _Over | None]] = {}
_finding = Lock()  # close views are read on a thread of their own


def _edits_over(patches: Patches, starts: Positions, stops: Positions) -> _Over | None:
    """Return the edits over columns; None without any. Neighbouring lanes usually request the same."""
    request = id(patches), starts.tobytes(), stops.tobytes()
    with _finding:
        known = _found.pop(request, None)
        if known is None:
            known = patches, _find_over(patches, starts, stops)
        _found[request] = known  # the patches are held, so that no others get their id
        while len(_found) > _MOST_FOUND:
            del _found[next(iter(_found))]
    return known[1]


def _find_over(patches: Patches, starts: Positions, stops: Positions) -> _Over | None:
    middles = (starts + stops) // 2
    order = np.argsort(middles, kind="stable")
    first, last = np.searchsorted(middles[order], patches.edges).T
    is_seen = first < last
    if not is_seen.any():
        return None
    replaced, shifted = np.full((2, len(order)), -1)
    gains = np.ones(len(order))
    # moved hits, of which there may be thousands, are side by side and below all that shifts and amplifies
    laid = np.arange(*patches.laid_places.indices(len(is_seen)))
    laid = laid[is_seen[laid]]
    is_seen[laid] = False
    counts = last[laid] - first[laid]
    begins = np.cumsum(counts) - counts
    shifted[np.arange(counts.sum()) + np.repeat(first[laid] - begins, counts)] = np.repeat(laid, counts)
    for place in np.flatnonzero(is_seen).tolist():
        one, here = patches.operations[place], slice(first[place], last[place])
        if isinstance(one, Replace):
            replaced[here] = place
        elif isinstance(one, Gain):
            gains[here] *= gains_at(one, middles[order[here]], patches.rate_hz)
        elif not isinstance(one, Lift | Reclock):
            shifted[here] = place
    amplified = np.flatnonzero(gains != 1.0)
    filled = tuple(_filled(patches, order, replaced, starts, stops))
    moved = _moved(patches, order, shifted, starts, stops)
    return _Over(filled, *moved, order[amplified], gains[amplified])


def _filled(
    patches: Patches, order: Positions, owner: Positions, starts: Positions, stops: Positions
) -> Iterator[tuple[Replace, Positions]]:
    """Yield the fills of columns, grouped by room tone, and the columns to read."""
    places_of: dict[object, list[int]] = {}
    for place in np.unique(owner[owner >= 0]).tolist():
        one = patches.operations[place]
        assert isinstance(one, Replace)
        places_of.setdefault(one.stored or ("tone", one.tone), []).append(place)
    for places in places_of.values():
        one = patches.operations[places[0]]
        assert isinstance(one, Replace)
        inside = order[np.isin(owner, places)]
        yield one, inside[np.lexsort((stops[inside], starts[inside]))]


def _moved(
    patches: Patches, order: Positions, owner: Positions, starts: Positions, stops: Positions
) -> tuple[Positions, Positions, Positions]:
    """Return the visibly moved columns, the columns to read, and their content."""
    held = np.flatnonzero(owner >= 0)
    by = patches.shifts[owner[held]]
    widest = int((stops - starts).max())  # in the result a column may be of several pieces
    seen = np.abs(by) * SHARE_SEEN > widest
    columns, by = order[held[seen]], by[seen]
    first, last = starts[columns] - by, stops[columns] - by
    ascending = np.lexsort((last, first))
    return columns[ascending], first[ascending], last[ascending]


def _fill(
    made: Picture,
    one: Replace,
    places: Positions,
    starts: Positions,
    stops: Positions,
    sources: _Sources[Picture],
    how: _Columns[Picture],
) -> None:
    """Fill replaced columns with stored audio, silence, or all of the room tone per column."""
    if one.stored is not None:
        how.put(made, places, sources.read_stored(one.stored, starts[places], stops[places]))
    elif one.tone is None:
        how.silence(made, places)
    else:
        how.put(made, places, sources.read(np.array(one.tone[:1]), np.array(one.tone[1:])))


class _Waves:
    """Minimum, maximum and RMS."""

    def copied(self, one: Columns) -> Columns:
        return replace(one, minimum=one.minimum.copy(), maximum=one.maximum.copy(), rms=one.rms.copy())

    def silence(self, one: Columns, places: Positions) -> None:
        one.minimum[places] = one.maximum[places] = one.rms[places] = 0.0

    def put(self, one: Columns, places: Positions, found: Columns) -> None:
        one.minimum[places], one.maximum[places] = found.minimum, found.maximum
        one.rms[places] = found.rms

    def amplify(self, one: Columns, places: Positions, gains: NDArray[np.float64]) -> None:
        for values in (one.minimum, one.maximum, one.rms):
            values[places] *= gains.astype(np.float32)


class _Spectra:
    """Levels in steps of half a decibel; 0 for silence, which no gain changes."""

    def copied(self, one: Cells) -> Cells:
        return one.copy()

    def silence(self, one: Cells, places: Positions) -> None:
        one[places] = np.minimum(one[places], 1)

    def put(self, one: Cells, places: Positions, found: Cells) -> None:
        # what comes from before the start of a recording is silence within it
        one[places] = np.where(one[places] > 0, np.maximum(found, 1), 0)

    def amplify(self, one: Cells, places: Positions, gains: NDArray[np.float64]) -> None:
        steps = np.rint(20.0 * np.log10(np.maximum(gains, 1e-9)) / STEP_DB).astype(np.int16)
        louder = np.clip(one[places].astype(np.int16) + steps[:, None], 1, 255)
        one[places] = np.where(one[places] > 0, louder, 0)


class Sized(Protocol):
    """Facts about any stored audio."""

    @property
    def frames(self) -> int: ...

    @property
    def channels(self) -> int: ...


class StoredWave(Sized, RecordedWave, Protocol):
    """Peaks and samples of stored audio, counted from its start."""


class StoredCells(Sized, Protocol):
    """Spectra of stored audio, counted from its start."""

    def cells(
        self, channel: int, starts_samples: Positions, stops_samples: Positions, samples_per_column: float
    ) -> Cells:
        """Return the loudest of each span [start, stop), shape (n, bands); 0 outside of the audio."""


Known = TypeVar("Known", bound=Sized)


class _Laid(Generic[Known]):
    """The stored audio that is there to be drawn, as tracks of some channels play it.

    Parameters
    ----------
    known : by key
    """

    def __init__(self, known: Mapping[str, Known], channels: int) -> None:
        self._known, self._channels = known, channels

    def holds(self, stored: Stored) -> bool:
        """Return whether it is available and compatible with these tracks."""
        one = self._known.get(stored.key)
        return one is not None and fits(stored, one.frames, one.channels, self._channels)

    def _of(self, stored: Stored, channel: int) -> tuple[Known, int]:
        """Return its drawing source, and its channel for a channel of the track."""
        one = self._known[stored.key]
        return one, min(channel, one.channels - 1)


class StoredWaves(_Laid[StoredWave]):
    """The waves of stored audio."""

    def read(self, stored: Stored, start: int, stop: int) -> Sound:
        """Return the samples in [start, stop) of the timeline, shape (stop - start, channels).

        Raises
        ------
        NotYetReadError : they are still being read
        """
        first = stored.start_samples
        samples = self._known[stored.key].samples(start - first, stop - first)
        if samples is None:
            raise NotYetReadError
        return np.broadcast_to(samples.astype(np.float64), (stop - start, self._channels))

    def columns(
        self, stored: Stored, channel: int, starts: Positions, stops: Positions, width: float
    ) -> Columns:
        """Return a column for each ascending span of the timeline."""
        (wave, number), first = self._of(stored, channel), stored.start_samples
        return wave.spans(number, starts - first, stops - first, width)


class StoredSpectra(_Laid[StoredCells]):
    """The spectra of stored audio."""

    def cells(self, stored: Stored, channel: int, starts: Positions, stops: Positions, width: float) -> Cells:
        """Return the spectra of each ascending span of the timeline."""
        (spectra, number), first = self._of(stored, channel), stored.start_samples
        return spectra.cells(number, starts - first, stops - first, width)


def drawn_patches(
    patches: Mapping[str, Patches], channels: Mapping[str, int], known: Mapping[str, Sized]
) -> Mapping[str, Patches]:
    """Return the edits of tracks without those whose audio is not there to be drawn.

    Parameters
    ----------
    channels : of each track, by its id
    known : the audio that is there, by key
    """
    made: dict[tuple[int, int], Patches | None] = {}  # tracks that share their edits share what is left
    for track, own in patches.items():
        key = id(own), channels[track]
        if key not in made:
            made[key] = own.without_missing(_Laid(known, channels[track]).holds)
    drawn = {track: made[id(own), channels[track]] for track, own in patches.items()}
    if all(drawn[track] is own for track, own in patches.items()):
        return patches
    return {track: own for track, own in drawn.items() if own is not None}
