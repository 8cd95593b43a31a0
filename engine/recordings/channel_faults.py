"""Faults of single channels from the analysis: clipping or dead. Proposes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from engine.core.timebase import samples_to_s
from engine.core.wording import counted
from engine.document.analysis import Listening
from engine.document.proposals import Proposal
from engine.document.state import DocumentState

_CLIPPING = "clipping"
_MOST_SAID = 3
_COUNTS = ("", "once", "twice")


@dataclass(frozen=True, slots=True)
class ChannelFault:
    """A fault in a segment of one channel.

    Attributes
    ----------
    kind : see `engine.analysis.signal.channel_faults`
    track : its name
    channel : from 1 to `channels`
    count : how often it clips; 1 for a dead channel
    """

    kind: str
    track: str
    channel: int
    channels: int
    start_samples: int
    stop_samples: int
    count: int


def channel_faults(listening: Listening | None, state: DocumentState) -> tuple[ChannelFault, ...]:
    """Return the channel faults of the tracks still in the document, by track and start."""
    if listening is None:
        return ()
    tracks = {track.id: track for track in state.tracks}
    rows = zip(
        listening.channel_fault_kinds,
        listening.channel_fault_tracks,
        listening.faulty_channels.tolist(),
        listening.channel_fault_samples.tolist(),
        listening.channel_fault_counts.tolist(),
        strict=True,
    )
    return tuple(
        ChannelFault(
            kind,
            tracks[key].name,
            channel + 1,
            state.channels(tracks[key]),
            start,
            stop,
            count,
        )
        for kind, key, channel, (start, stop), count in rows
        if key in tracks
    )


def channel_fault_rows(faults: Iterable[ChannelFault], rate_hz: int) -> list[dict[str, object]]:
    """Return the faults as plain JSON values."""
    return [
        {
            "kind": one.kind,
            "track": one.track,
            "channel": one.channel,
            "start_s": samples_to_s(one.start_samples, rate_hz),
            "stop_s": samples_to_s(one.stop_samples, rate_hz),
            "count": one.count,
        }
        for one in faults
    ]


def channel_faults_sentence(faults: Sequence[ChannelFault]) -> str:
    """Return all that was found as one sentence; an empty one where it is nothing."""
    said = list(_said(faults))
    more = len(said) - _MOST_SAID
    if more > 0:
        said = [*said[:_MOST_SAID], f"there is more of it in {counted(more, 'other place')}"]
    return f"Channels to look at: {'; '.join(said)}." if said else ""


def with_channel_faults(
    proposals: Iterable[Proposal], faults: Sequence[ChannelFault]
) -> tuple[Proposal, ...]:
    """Return proposals whose reasons also mention the channel faults inside them."""
    if not faults:
        return tuple(proposals)
    spans = np.array([(one.start_samples, one.stop_samples) for one in faults], np.int64)
    return tuple(_with(proposal, faults, spans) for proposal in proposals)


def _with(proposal: Proposal, faults: Sequence[ChannelFault], spans: NDArray[np.int64]) -> Proposal:
    start, stop = proposal.start_samples, proposal.stop_samples
    overlap = np.flatnonzero((spans[:, 0] < stop) & (start < spans[:, 1])).tolist()
    if not overlap:
        return proposal
    # How often it clips is not known of a part.
    within = [
        one if start <= one.start_samples and one.stop_samples <= stop else replace(one, count=0)
        for one in (faults[k] for k in overlap)
    ]
    return replace(proposal, reason=f"{proposal.reason.removesuffix('.')}; {'; '.join(_said(within))}.")


def _said(faults: Sequence[ChannelFault]) -> Iterator[str]:
    """Describe per track how often it clips, and its dead channels."""
    for (track, kind), group in groupby(
        sorted(faults, key=lambda one: (one.track, one.kind)), key=lambda one: (one.track, one.kind)
    ):
        found = list(group)
        if kind == _CLIPPING:
            counts = [one.count for one in found]
            times = sum(counts)
            how = f" {_COUNTS[times] if times < len(_COUNTS) else f'{times:,} times'}" if all(counts) else ""
            yield f"clipped{how} in {track}"
        else:
            for channel in sorted({one.channel for one in found}):
                yield f"{_channel_name(channel, found[0].channels)} of {track} is dead"


def _channel_name(channel: int, channels: int) -> str:
    return f"the {('left', 'right')[channel - 1]} channel" if channels == 2 else f"channel {channel}"
