"""Overall sound of a recording, and whether its audio is in another one.

Both use the segments of `engine.features.taste.anomaly.neighbours`, whose four spectra are scaled to one
length: a gain moves neither.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from engine.analysis.signal.mel import hz_to_mel, mel_to_hz
from engine.analysis.signal.mel_settings import MelSettings
from engine.features.taste.anomaly.neighbours import (
    HEARD_HOP_S,
    PARTS,
    NearestSearch,
    ReferenceRecording,
    ReferenceSegments,
    keep_examples,
)
from engine.features.taste.diagnoses.symptoms import Tilt

Numbers = NDArray[np.float64]

SAME_SOUND = 0.14
"""Two stretches nearer than this are the same audio: it stays within 0.13 through a loss of everything above
3 kHz and 0.09 through a saturation, while another piece begins at 0.28 (docs/decisions/0023)."""

_RUN_S = 5.0
_BLOCK = 4096
_REGION_BANDS = 8
_LEAST_SHARE = 1e-12
_HIGHEST_HZ = 8_000.0
"""Frequencies above this differ between codecs."""


def typical_spectrum_db(embeddings: NDArray[np.float32], mel: MelSettings) -> Numbers:
    """Return the median spectrum of segments, in dB with a median of 0, shape (n_mels,).

    Parameters
    ----------
    embeddings : of the segments, shape (n, PARTS * n_mels), n > 0
    """
    powers = embeddings.reshape(-1, PARTS, mel.n_mels).astype(np.float64) ** 3
    level_db = 10.0 * np.log10(np.maximum(powers.mean(axis=1), _LEAST_SHARE))
    typical: Numbers = np.median(level_db, axis=0)
    return typical - np.median(typical)


def stretches_of(frame_blocks: Iterable[NDArray[np.float32]], mel: MelSettings) -> NDArray[np.float32]:
    """Return the embeddings of a stream's stretches, shape (n, PARTS * n_mels); the stream is not held.

    Parameters
    ----------
    frame_blocks : log-mel in dB, each of shape (frames, n_mels)
    """
    found = [np.zeros((0, PARTS * mel.n_mels), np.float32)]
    waiting: list[NDArray[np.float32]] = []
    for block in chain(frame_blocks, [None]):
        if block is not None:
            waiting.append(block)
        if waiting and (block is None or sum(map(len, waiting)) >= _BLOCK):
            of_them = keep_examples([np.concatenate(waiting)], [ReferenceRecording("", "", 0.0)], mel, seed=0)
            found.append(of_them.embeddings)
            waiting = []
    return np.concatenate(found)


def of_recording(examples: ReferenceSegments, number: int) -> ReferenceSegments:
    """Return the segments of one of the recordings."""
    of_it = examples.recording == number
    return replace(
        examples,
        embeddings=examples.embeddings[of_it],
        recording=examples.recording[of_it],
        frame=examples.frame[of_it],
    )


def widest_tilt(one_db: Numbers, other_db: Numbers, mel: MelSettings) -> Tilt:
    """Return the region of the spectrum in which two sounds differ most, bands of mel as in both."""
    edges_hz = _band_edges_hz(mel)
    difference_db = (one_db - other_db)[edges_hz[2:] <= _HIGHEST_HZ + 1.0]
    width = min(_REGION_BANDS, len(difference_db))
    regions = np.convolve(difference_db - np.median(difference_db), np.full(width, 1.0 / width), "valid")
    at = int(np.abs(regions).argmax())
    return Tilt(float(regions[at]), float(edges_hz[at]), float(edges_hz[at + width + 1]))


def _band_edges_hz(mel: MelSettings) -> Numbers:
    """Return where the bands of mel begin, peak and end, shape (n_mels + 2,)."""
    top = float(hz_to_mel(np.array([mel.rate_hz / 2.0]))[0])
    edges_hz: Numbers = mel_to_hz(np.linspace(0.0, top, mel.n_mels + 2))
    return edges_hz


def share_found(frames_db: NDArray[np.float32], among: ReferenceSegments, mel: MelSettings) -> float:
    """Return the share of a recording that is the same audio as some of the examples, 0 to 1.

    A run of five seconds is found if one segment of it is: segments are compared every 0.19 s with examples
    every 0.5 s, so that in a run one falls within 10 ms of an example.
    """
    search = NearestSearch(among, mel)
    for _ in search.passing(np.array_split(frames_db, range(_BLOCK, len(frames_db), _BLOCK))):
        pass
    return share_alike(search.finish().distances)


def share_alike(found: NDArray[np.float32]) -> float:
    """Return how much of a recording is the same audio, from the distances of its stretches, shape (n,)."""
    nearest = _runs(found)
    return float((nearest < SAME_SOUND).mean()) if len(nearest) else 0.0


def _runs(found: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the smallest distance of each run of five seconds; a shorter recording is one run."""
    length = round(_RUN_S / HEARD_HOP_S)
    if 0 < len(found) < length:
        return np.array([found.min()])
    count = len(found) // length
    nearest: NDArray[np.float32] = found[: count * length].reshape(count, length).min(axis=1)
    return nearest
