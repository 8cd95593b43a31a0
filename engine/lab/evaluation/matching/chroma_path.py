"""The plain way to line an edited file up: one monotone path through chroma (dynamic time warping)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.features.match.matched import Matched, Segment
from engine.features.match.sound import Sound

_RATE_HZ = 11_025
_HOP = 1024
_FLOOR = 1e-3  # silence has a direction too


def chroma_matched(raws: tuple[Sound, ...], edited: Sound) -> Matched:
    """Return a segment for each frame of the edited file, where subsequence DTW over all raws puts it."""
    import librosa

    lengths = [raw.length_samples for raw in raws]
    whole = np.concatenate([raw.mono(0, raw.length_samples) for raw in raws])
    chroma = [
        librosa.feature.chroma_stft(y=_low(samples, edited.rate_hz), sr=_RATE_HZ, hop_length=_HOP) + _FLOOR
        for samples in (edited.mono(0, edited.length_samples), whole)
    ]
    _, path = librosa.sequence.dtw(chroma[0], chroma[1], metric="cosine", subseq=True)
    hop = _HOP * edited.rate_hz / _RATE_HZ
    first_raw = np.concatenate([[0], np.cumsum(lengths)])
    segments = []
    placed: dict[int, int] = {}
    for mine, theirs in path[::-1]:
        placed.setdefault(int(mine), int(theirs))
    for mine, theirs in placed.items():
        at = round(theirs * hop)
        raw = min(len(raws) - 1, int(np.searchsorted(first_raw, at, side="right")) - 1)
        start = at - int(first_raw[raw])
        segments.append(Segment(raw, start, start + round(hop), round(mine * hop), 0.0))
    return Matched(
        tuple(raw.path for raw in raws),
        edited.path,
        edited.rate_hz,
        edited.length_samples,
        tuple(segments),
        (),
        (),
        1.0,
        "",
    )


def _low(samples: NDArray[np.float32], rate_hz: int) -> NDArray[np.float32]:
    import librosa

    low: NDArray[np.float32] = librosa.resample(samples, orig_sr=rate_hz, target_sr=_RATE_HZ)
    return low
