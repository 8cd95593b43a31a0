"""The stored audio of one track, read on first use; the recording plays in place of unreadable audio."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

import numpy as np

from engine.core.timebase import format_time, samples_to_s
from engine.document.file.stored_audio import Samples, StoredAudio, audio_in_file
from engine.document.kinds.operations import Replace, Stored
from engine.sound.edl.tracks.delay import Sound

MOST_CACHED_SAMPLES = 2**24
"""Cache limit, 64 MB; the audio used last stays, however long it is."""
NOTHING_AT_HAND: Mapping[str, StoredAudio] = MappingProxyType({})


class Stores(Protocol):
    """Where a track finds the stored audio that it plays."""

    def holds(self, stored: Stored) -> bool:
        """Return whether it exists in a form that this track can play."""

    def read(self, stored: Stored, start: int, stop: int) -> Sound:
        """Return samples [start, stop) of the timeline, shape (stop - start, channels of the track)."""


def fits(stored: Stored, frames: int, channels: int, track_channels: int) -> bool:
    """Return whether audio has the length that an edit states, and channels that the track can play."""
    return frames == stored.stop_samples - stored.start_samples and channels in (1, track_channels)


class StoredSounds:
    """Finds stored audio as a track of some channels plays it; used by one thread at a time.

    Parameters
    ----------
    media : names the file that holds a key
    at_hand : audio by its key that no document holds yet, such as that of an edit which is tried out
    """

    def __init__(
        self,
        media: Mapping[str, Path],
        rate_hz: int,
        channels: int,
        at_hand: Mapping[str, StoredAudio] = NOTHING_AT_HAND,
    ) -> None:
        self.media, self._rate_hz, self._channels = media, rate_hz, channels
        self._at_hand = at_hand
        self._cached: OrderedDict[Stored, Samples] = OrderedDict()
        self._lost: set[Stored] = set()

    def holds(self, stored: Stored) -> bool:
        """Return whether it can be read."""
        return self._sound(stored) is not None

    def read(self, stored: Stored, start: int, stop: int) -> Sound:
        """Return samples [start, stop) of the timeline."""
        sound, first = self._sound(stored), stored.start_samples
        assert sound is not None, "an edit without its audio is passed over"
        return sound[start - first : stop - first].astype(np.float64)

    def _sound(self, stored: Stored) -> Samples | None:
        """Return audio as this track plays it, shape (frames, channels); None if it is unreadable."""
        if stored in self._lost:
            return None
        if stored in self._cached:
            self._cached.move_to_end(stored)
            return self._cached[stored]
        found = self._read(stored)
        if found is None:
            self._lost.add(stored)  # the recording plays from now on, also where the disk recovers
            return None
        self._cached[stored] = found
        while len(self._cached) > 1 and sum(one.size for one in self._cached.values()) > MOST_CACHED_SAMPLES:
            self._cached.popitem(last=False)
        return found

    def _read(self, stored: Stored) -> Samples | None:
        path, audio = self.media.get(stored.key), self._at_hand.get(stored.key)
        if audio is None and path is not None:
            audio = audio_in_file(path, stored.key)
        if audio is None or audio.rate_hz != self._rate_hz:
            return None
        if not fits(stored, audio.frames, audio.channels, self._channels):
            return None
        return np.broadcast_to(audio.samples, (audio.frames, self._channels))


def lost_on_track(track: str, lost: Collection[Replace], rate_hz: int) -> str:
    """Return the message about the edits of one track whose audio is unreadable.

    Parameters
    ----------
    track : its name
    """
    which, it = _repairs(lost, rate_hz)
    return (
        f"On track {track!r} the recording plays in place of {which}: the audio stored for {it} is "
        "missing or damaged."
    )


def lost_in_document(lost: Collection[Replace], rate_hz: int) -> str:
    """Return the same notice for all tracks, with the remedy."""
    which, it = _repairs(lost, rate_hz)
    return (
        f"The recording is shown and played in place of {which}, since the audio stored for {it} is missing "
        f"or damaged: open a backup of the document ‹file.open_backup›, or make {it} again."
    )


def _repairs(lost: Collection[Replace], rate_hz: int) -> tuple[str, str]:
    """Return which repairs are meant, and the word for them."""
    first_s = samples_to_s(min(one.start_samples for one in lost), rate_hz)
    if len(lost) == 1:
        return f"the repair at {format_time(first_s, 1)}", "it"
    return f"{len(lost)} repairs, the first at {format_time(first_s, 1)}", "them"
