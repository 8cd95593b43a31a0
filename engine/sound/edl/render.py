"""The one path from sources to sound: playback, previews, pictures and export all read it.

Every sample depends only on its position: segments are summed sample by sample in the order of the
tracks, and a seam is always computed whole, then cut to the requested span. So the block size changes
nothing, and for a single unedited track at 0 dB the output is the source bit for bit.

The mix has as many channels as the widest track, and two where a track is panned. A mono track plays on all
of them, any other on the first ones : stereo in an eight-channel mix fills channels 1 and 2. Pan changes
channels 1 and 2 only, as a balance (`engine.sound.edl.tracks.voice.sides`).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import DTypeLike, NDArray

from engine.core.progress import SILENT, Progress
from engine.document.file.stored_audio import StoredAudio
from engine.document.state import DocumentState
from engine.document.tracks import audible
from engine.sound.edl.crossfade import Block, crossfade
from engine.sound.edl.edit_list import EditList
from engine.sound.edl.loudness import TrackPeaks, cell_samples
from engine.sound.edl.tracks.stored_sounds import NOTHING_AT_HAND
from engine.sound.edl.tracks.voice import Voice, open_voice, sides

SEAMS_HELD = 8
"""Cached seams: a block and its neighbours rarely touch more."""


@dataclass(frozen=True, slots=True)
class _Seam:
    """A mixed crossfade, and the peaks of each voice in it if requested."""

    mix: Block
    peaks: TrackPeaks | None


class VoiceRenderer:
    """Renders any span of the result from opened voices; used by one thread at a time.

    Parameters
    ----------
    voices : in the order of their tracks
    channels : of the mix
    dtype : of the voices
    seams_held : number of cached seams
    """

    def __init__(
        self,
        edit_list: EditList,
        voices: Sequence[Voice],
        channels: int,
        dtype: DTypeLike = np.float32,
        seams_held: int = SEAMS_HELD,
    ) -> None:
        self.rate_hz = edit_list.rate_hz
        self.length_samples = edit_list.length_samples
        self.channels = channels
        self._dtype = np.dtype(dtype)
        self._voices = voices
        timed: dict[int, tuple[EditList, list[int]]] = {}
        for number, voice in enumerate(voices):
            own = edit_list.of_track(voice.track.id)
            timed.setdefault(id(own.starts_samples), (own, []))[1].append(number)
        self._programmes = [
            _Programme(own, voices, numbers, channels, seams_held) for own, numbers in timed.values()
        ]

    def read(self, start_samples: int, stop_samples: int) -> Block:
        """Render the result span [start, stop), shape (stop - start, channels); zero outside the result."""
        return self._read(start_samples, stop_samples, None)

    def read_metered(self, start_samples: int, stop_samples: int) -> tuple[Block, TrackPeaks]:
        """Render a span and return the peaks of each voice."""
        peaks = TrackPeaks(len(self._voices), start_samples, stop_samples, cell_samples(self.rate_hz))
        return self._read(start_samples, stop_samples, peaks), peaks

    @property
    def track_ids(self) -> tuple[str, ...]:
        """The track of each voice."""
        return tuple(voice.track.id for voice in self._voices)

    def _read(self, start_samples: int, stop_samples: int, peaks: TrackPeaks | None) -> Block:
        block: Block = np.zeros((max(0, stop_samples - start_samples), self.channels), self._dtype)
        begin, end = max(start_samples, 0), min(stop_samples, self.length_samples)
        if begin >= end:
            return block
        for number, one in enumerate(self._programmes):
            own = block if number == 0 else np.zeros_like(block)
            one.fill(own, start_samples, begin, end, peaks)
            if number:
                block += own
        return block

    def blocks(self, block_frames: int) -> Iterator[Block]:
        """Yield the whole result in blocks of `block_frames`, the last one shorter."""
        for start in range(0, self.length_samples, block_frames):
            yield self.read(start, min(start + block_frames, self.length_samples))


class _Programme:
    """The voices that share a programme: all of them, or those of tracks with cuts of their own.

    Parameters
    ----------
    voices : all of the mix, in the order of their tracks
    numbers : those that share the programme
    """

    def __init__(
        self,
        edit_list: EditList,
        voices: Sequence[Voice],
        numbers: Sequence[int],
        channels: int,
        seams_held: int,
    ) -> None:
        self._edit_list, self._channels, self._rate_hz = edit_list, channels, edit_list.rate_hz
        self._voices, self._mixed = [(number, voices[number]) for number in numbers], len(voices)
        self._bounds = edit_list.bounds_samples
        self._seams: OrderedDict[int, _Seam] = OrderedDict()
        self._seams_held = seams_held

    def fill(self, block: Block, first: int, begin: int, end: int, peaks: TrackPeaks | None) -> None:
        """Fill zeros, which start at the result position `first`, with the result span [begin, end)."""
        end = min(end, self._edit_list.length_samples)
        part = int(np.searchsorted(self._bounds, begin, side="right")) - 1
        while begin < end:
            part_stop = min(end, int(self._bounds[part + 1]))
            if begin < part_stop:
                self._render_part(part, begin, part_stop, block[begin - first : part_stop - first], peaks)
                begin = part_stop
            part += 1

    def _render_part(self, part: int, begin: int, end: int, target: Block, peaks: TrackPeaks | None) -> None:
        """Fill `target` with the result span [begin, end), which is within one part of the bounds."""
        index, is_alone = divmod(part, 2)
        if is_alone:
            edits = self._edit_list
            offset = int(edits.starts_samples[index] - edits.result_starts_samples[index])
            pieces = (voice.read(begin + offset, end + offset) for _, voice in self._voices)
            self._mix(target, pieces, begin, peaks)
        else:
            first = int(self._bounds[part])
            seam = self._seam(index, target.dtype, is_metered=peaks is not None)
            target[...] = seam.mix[begin - first : end - first]
            if peaks is not None and seam.peaks is not None:
                peaks.take(seam.peaks, begin, end)

    def _seam(self, index: int, dtype: np.dtype[Any], *, is_metered: bool) -> _Seam:
        """Return the whole mixed crossfade at which segment `index` takes over."""
        cached = self._seams.get(index)
        if cached is not None and (cached.peaks is not None or not is_metered):
            self._seams.move_to_end(index)
            return cached
        start, stop = (int(bound) for bound in self._bounds[2 * index : 2 * index + 2])
        faded: Block = np.zeros((stop - start, self._channels), dtype)
        cell = cell_samples(self._rate_hz)
        peaks = TrackPeaks(self._mixed, start, stop, cell) if is_metered else None
        pieces = (crossfade(*voice.seam(self._edit_list, index)) for _, voice in self._voices)
        self._mix(faded, pieces, start, peaks)
        self._seams[index] = seam = _Seam(faded, peaks)
        if len(self._seams) > self._seams_held:
            self._seams.popitem(last=False)
        return seam

    def _mix(
        self, target: Block, pieces: Iterator[Block], start_samples: int, peaks: TrackPeaks | None
    ) -> None:
        """Sum the pieces, one a voice and in their order, into `target`, which holds zeros."""
        for place, ((number, voice), piece) in enumerate(zip(self._voices, pieces, strict=True)):
            sound = piece if voice.gain == 1.0 else piece * voice.gain
            into = target if voice.channels == 1 else target[:, : voice.channels]
            if voice.pan and into.shape[1] > 1:
                sound = _panned(sound, voice.pan, into.shape[1])
            if place == 0:
                into[...] = sound  # assigned, not added: 0.0 + -0.0 would not be the source's bits
            else:
                into += sound
            if peaks is not None:
                peaks.note(number, start_samples, sound)


class Renderer(VoiceRenderer):
    """Renders any span of the result; holds the sources open and is used by one thread at a time.

    Parameters
    ----------
    media : current path of each source, by source id, and of the document with stored audio, by its key
    dtype : float32, or float64 to preserve 32-bit integers
    progress : reports conversion of sources to the document's rate
    at_hand : audio of previewed edits, see `engine.sound.edl.tracks.stored_sounds.StoredSounds`

    Raises
    ------
    SourceError : an audible source is missing or cannot be read, here or while reading
    """

    def __init__(
        self,
        state: DocumentState,
        edit_list: EditList,
        media: Mapping[str, Path],
        dtype: DTypeLike = np.float32,
        progress: Progress = SILENT,
        at_hand: Mapping[str, StoredAudio] = NOTHING_AT_HAND,
    ) -> None:
        voices: list[Voice] = []
        with ExitStack() as opened:
            for track in audible(state.tracks):
                patches = edit_list.patches.get(track.id)
                played = edit_list.as_played(track)
                voice = open_voice(state, played, media, np.dtype(dtype), progress, patches, at_hand)
                opened.callback(voice.close)
                voices.append(voice)
            self._opened = opened.pop_all()
        super().__init__(edit_list, voices, mix_channels(state), dtype)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def left_out(self) -> tuple[str, ...]:
        """Notices for each track with invalid samples or unreadable stored audio."""
        return tuple(dict.fromkeys(filter(None, (voice.left_out for voice in self._voices))))

    def close(self) -> None:
        """Close the sources."""
        self._opened.close()


def render(
    state: DocumentState,
    edit_list: EditList,
    media: Mapping[str, Path],
    start_samples: int,
    stop_samples: int,
) -> NDArray[np.float32]:
    """Render the result span [start, stop), shape (stop - start, channels)."""
    with Renderer(state, edit_list, media) as renderer:
        block: NDArray[np.float32] = renderer.read(start_samples, stop_samples)
        return block


def mix_channels(state: DocumentState) -> int:
    """Return the number of channels of the mix: that of the widest track, audible or not; 0 without tracks.

    A panned track needs two.
    """
    widths = (max(state.channels(track), 2 if track.pan else 1) for track in state.tracks)
    return max(widths, default=0)


def _panned(piece: Block, pan: float, channels: int) -> Block:
    """Pan a piece and return it on one or on all of `channels` channels, at least 2."""
    sound = np.repeat(piece, channels, axis=1) if piece.shape[1] == 1 else piece.copy()
    for channel, gain in enumerate(sides(pan)):
        if gain != 1.0:
            sound[:, channel] *= gain
    return sound
