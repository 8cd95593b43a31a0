"""Faults of single channels of a recording: clipping, and a channel that is dead while others play.

Rule-based detection, without training; it proposes nothing. Clipping flattens the tops of a wave at one
level, so the samples there are equal and the slopes to them are steep; that level is full scale, or lower
where the recording was turned down afterwards. Music that merely touches full scale does so with single
samples, and the round top of a low note is flat only as far as the steps of its samples are coarse. Clipped
audio that was converted to another rate or to MP3 has no flat tops left and is not detected.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from operator import attrgetter

import numpy as np
from numpy.typing import NDArray

from engine.core.timebase import runs, samples_to_s
from engine.core.wording import counted
from engine.document.analysis import Listening
from engine.document.proposals import Proposal
from engine.document.state import DocumentState

Floats = NDArray[np.float32]
Samples = NDArray[np.int64]

CLIPPING, DEAD_CHANNEL = "clipping", "dead-channel"

LEAST_DEAD_S = 3.0
"""Silence of a channel, while another plays, that makes it dead."""

LEAST_FLAT_SAMPLES = 3
LEAST_AT_CEILING = 5
"""Minimum number of flat tops at the same value that make it a ceiling."""

LEAST_IN_SPAN = 3
"""Spans with fewer flat tops are not dense enough to report."""

_SEGMENT_HOPS = 10
_HOP_S = 0.1
_GAP_S = 1.0
_QUIETEST_CEILING, _CEILING_TO_PEAK = 0.02, 0.25
_LEAST_STEP, _LEAST_STEP_SHARE = 3, 1e-3
_CONSTANT = 1e-6
_PLAYING = 10.0 ** (-50.0 / 20.0)
_MOST_LISTED = 3
_COUNTS = ("", "once", "twice")


@dataclass(frozen=True, slots=True, eq=False)
class ChannelFaults:
    """Faults in the channels of one source.

    Attributes
    ----------
    spans : int64, shape (n, 2), in samples, by start
    kinds : shape (n,), `CLIPPING` or `DEAD_CHANNEL`
    channels : int64, shape (n,), from 0
    counts : int64, shape (n,), number of clips; 1 for a dead channel
    """

    spans: Samples
    kinds: tuple[str, ...]
    channels: Samples
    counts: Samples


@dataclass(frozen=True, slots=True)
class _FlatTops:
    """The flat tops of one second of a channel at its highest or its lowest value."""

    value: float
    start: int
    stop: int
    count: int


class ChannelFaultDetector:
    """Detects faults in the samples of a source, given in blocks of any lengths.

    Memory: a few bytes per tenth of a second and channel.

    Parameters
    ----------
    rate_hz, channels : of the source
    """

    def __init__(self, rate_hz: int, channels: int) -> None:
        self._hop = max(1, round(_HOP_S * rate_hz))
        self._rate_hz = rate_hz
        self._waiting = np.zeros((0, channels), np.float32)
        self._samples = 0
        self._tops: list[list[_FlatTops]] = [[] for _ in range(channels)]
        self._peaks = np.zeros(channels)
        self._lows: list[Floats] = []
        self._highs: list[Floats] = []

    def push(self, block: Floats) -> None:
        """Process the next samples, shape (n, channels); non-finite ones count as silence."""
        segment, first = _SEGMENT_HOPS * self._hop, 0
        if len(self._waiting):
            first = segment - len(self._waiting)
            self._waiting = np.concatenate([self._waiting, block[:first]])
            if len(self._waiting) < segment:
                return
            self._measure(self._waiting)
        whole = first + (len(block) - first) // segment * segment
        for start in range(first, whole, segment):
            self._measure(block[start : start + segment])
        self._waiting = block[whole:].copy()

    def finish(self) -> ChannelFaults:
        """Return the faults."""
        if len(self._waiting):
            self._measure(self._waiting)
            self._waiting = self._waiting[:0]
        found = [*self._clipping(), *self._dead()]
        found.sort(key=lambda row: (row[0], row[3]))
        return ChannelFaults(
            np.array([row[:2] for row in found], np.int64).reshape(-1, 2),
            tuple(row[2] for row in found),
            np.array([row[3] for row in found], np.int64),
            np.array([row[4] for row in found], np.int64),
        )

    def _measure(self, samples: Floats) -> None:
        hops = np.arange(0, len(samples), self._hop)
        lows, highs = np.minimum.reduceat(samples, hops), np.maximum.reduceat(samples, hops)
        if not np.isfinite([lows, highs]).all():
            samples = np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0)
            lows, highs = np.minimum.reduceat(samples, hops), np.maximum.reduceat(samples, hops)
        self._lows.append(lows)
        self._highs.append(highs)
        lowest, highest = lows.min(axis=0), highs.max(axis=0)
        self._peaks = np.maximum(self._peaks, np.maximum(-lowest, highest))
        for channel in np.flatnonzero(highest > lowest).tolist():
            for value in (lowest[channel], highest[channel]):
                if abs(value) < _QUIETEST_CEILING:
                    continue
                at_extreme = samples[:, channel] == value
                if np.count_nonzero(at_extreme) >= LEAST_FLAT_SAMPLES:
                    self._tops[channel] += _flat_tops(
                        samples[:, channel], at_extreme, float(value), self._samples
                    )
        self._samples += len(samples)

    def _clipping(self) -> Iterable[tuple[int, int, str, int, int]]:
        gap = round(_GAP_S * self._rate_hz)
        for channel, tops in enumerate(self._tops):
            at_value: Counter[float] = Counter()
            for one in tops:
                at_value[one.value] += one.count
            least = _CEILING_TO_PEAK * self._peaks[channel]
            ceilings = {v for v, count in at_value.items() if count >= LEAST_AT_CEILING and abs(v) >= least}
            spans: list[list[int]] = []
            for one in sorted((one for one in tops if one.value in ceilings), key=lambda one: one.start):
                if spans and one.start - spans[-1][1] <= gap:
                    spans[-1][1] = max(spans[-1][1], one.stop)
                    spans[-1][2] += one.count
                else:
                    spans.append([one.start, one.stop, one.count])
            for start, stop, count in spans:
                if count >= LEAST_IN_SPAN:
                    yield start, stop, CLIPPING, channel, count

    def _dead(self) -> Iterable[tuple[int, int, str, int, int]]:
        """Yield the runs of one value in a channel while another plays, and channels that give nothing."""
        if not self._lows or self._lows[0].shape[1] < 2:
            return
        lows, highs = np.concatenate(self._lows), np.concatenate(self._highs)
        constant, playing = highs - lows <= _CONSTANT, (highs - lows) / 2 > _PLAYING
        least = round(LEAST_DEAD_S / _HOP_S)
        for channel in np.flatnonzero(constant.any(axis=0)).tolist():
            others = np.delete(playing, channel, axis=1).any(axis=1)
            played = np.concatenate([[0], np.cumsum(others)])
            for start, stop in _constant_runs(constant[:, channel], lows[:, channel]).tolist():
                plays = int(played[stop] - played[start])
                is_throughout = stop - start == len(lows)
                if plays >= least or (is_throughout and plays):
                    yield start * self._hop, min(stop * self._hop, self._samples), DEAD_CHANNEL, channel, 1


def _flat_tops(samples: Floats, at_extreme: NDArray[np.bool_], value: float, first: int) -> list[_FlatTops]:
    """Return the flat tops of a second, which begins at sample `first`, as one entry; [] without any."""
    starts, stops = runs(at_extreme, LEAST_FLAT_SAMPLES).T
    if not len(starts):
        return []
    around = np.abs(np.concatenate([[np.inf], samples, [np.inf]]) - value)
    step = np.minimum(around[starts], around[stops + 1])
    # A round top is flat only within the steps of its samples, and those lead to it one at a time.
    moves = np.abs(np.diff(samples.astype(np.float64)))
    finest = float(moves[moves > 0].min())
    steep = step >= max(_LEAST_STEP * finest, _LEAST_STEP_SHARE * abs(value))
    starts, stops = starts[steep], stops[steep]
    if not len(starts):
        return []
    return [_FlatTops(value, first + int(starts[0]), first + int(stops[-1]), len(starts))]


def _constant_runs(constant: NDArray[np.bool_], values: Floats) -> Samples:
    """Return the runs [start, stop) of hops that are constant and of the same value, shape (n, 2)."""
    joins = constant[1:] & constant[:-1] & (np.abs(np.diff(values)) <= _CONSTANT)
    begins = constant & ~np.concatenate([[False], joins])
    ends = constant & ~np.concatenate([joins, [False]])
    runs: Samples = np.stack([np.flatnonzero(begins), np.flatnonzero(ends) + 1], axis=1)
    return runs


@dataclass(frozen=True, slots=True)
class ChannelFault:
    """A fault in a segment of one channel.

    Attributes
    ----------
    kind : `CLIPPING` or `DEAD_CHANNEL`
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
        ChannelFault(kind, tracks[key].name, channel + 1, state.channels(tracks[key]), start, stop, count)
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
    """Return the faults as one sentence; empty without any."""
    texts = list(_described(faults))
    more = len(texts) - _MOST_LISTED
    if more > 0:
        texts = [*texts[:_MOST_LISTED], f"there is more of it in {counted(more, 'other place')}"]
    return f"Channels to look at: {'; '.join(texts)}." if texts else ""


def with_channel_faults(
    proposals: Iterable[Proposal], faults: Sequence[ChannelFault]
) -> tuple[Proposal, ...]:
    """Return proposals whose reasons also mention the channel faults inside them."""
    if not faults:
        return tuple(proposals)
    spans = np.array([(one.start_samples, one.stop_samples) for one in faults], np.int64)

    def with_faults(proposal: Proposal) -> Proposal:
        start, stop = proposal.start_samples, proposal.stop_samples
        overlap = np.flatnonzero((spans[:, 0] < stop) & (start < spans[:, 1])).tolist()
        if not overlap:
            return proposal
        # How often it clips is not known of a part.
        within = [
            one if start <= one.start_samples and one.stop_samples <= stop else replace(one, count=0)
            for one in (faults[k] for k in overlap)
        ]
        texts = "; ".join(_described(within))
        return replace(proposal, reason=f"{proposal.reason.removesuffix('.')}; {texts}.")

    return tuple(map(with_faults, proposals))


def _described(faults: Sequence[ChannelFault]) -> Iterator[str]:
    """Describe per track how often it clips, and its dead channels."""
    by = attrgetter("track", "kind")
    for (track, kind), group in groupby(sorted(faults, key=by), key=by):
        found = list(group)
        if kind == CLIPPING:
            counts = [one.count for one in found]
            times = sum(counts)
            how = f" {_COUNTS[times] if times < len(_COUNTS) else f'{times:,} times'}" if all(counts) else ""
            yield f"clipped{how} in {track}"
        else:
            for channel in sorted({one.channel for one in found}):
                is_stereo = found[0].channels == 2
                name = f"the {('left', 'right')[channel - 1]} channel" if is_stereo else f"channel {channel}"
                yield f"{name} of {track} is dead"
