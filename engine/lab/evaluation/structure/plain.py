"""Methods to compare: librosa's two segmentations, the novelty of Foote, and trivial answers."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from engine.analysis.beats.activations import RATE_HZ
from engine.lab.evaluation.structure.songs import Samples, Span

Floats = NDArray[np.floating]

_HOP = 512
_TYPES = 3
"""Of the Laplacian row; 3 to 8 were tried on the songs that settings were chosen on."""
_SECTION_S = 17.0
"""Mean length of a section of those songs: the agglomerative row gets its number of sections from it."""
_KERNEL_BEATS = 32
_EQUAL_S = 15.0


def laplacian(audio: Samples, beats_s: Floats) -> tuple[Span, ...]:
    """Return sections by spectral clustering, as in librosa's gallery, on given beats.

    B. McFee and D. P. W. Ellis, "Analyzing song structure with spectral clustering", ISMIR 2014.
    """
    import librosa
    import scipy
    from sklearn.cluster import KMeans

    constant_q = librosa.amplitude_to_db(
        np.abs(librosa.cqt(y=audio, sr=RATE_HZ, bins_per_octave=36, n_bins=252)), ref=np.max
    )
    frames, times_s = _beat_frames(beats_s, constant_q.shape[1])
    synchronous = librosa.util.sync(constant_q, frames.tolist(), aggregate=np.median)
    recurrence = librosa.segment.recurrence_matrix(synchronous, width=3, mode="affinity", sym=True)
    recurrence = librosa.segment.timelag_filter(scipy.ndimage.median_filter)(recurrence, size=(1, 7))
    timbre = librosa.util.sync(librosa.feature.mfcc(y=audio, sr=RATE_HZ), frames.tolist())
    distance = np.sum(np.diff(timbre, axis=1) ** 2, axis=0)
    path = np.exp(-distance / max(float(np.median(distance)), 1e-9))
    chain = np.diag(path, k=1) + np.diag(path, k=-1)
    of_path, of_recurrence = chain.sum(axis=1), recurrence.sum(axis=1)
    share = of_path.dot(of_path + of_recurrence) / np.sum((of_path + of_recurrence) ** 2)
    laplace = scipy.sparse.csgraph.laplacian(share * recurrence + (1 - share) * chain, normed=True)
    vectors = scipy.ndimage.median_filter(scipy.linalg.eigh(laplace)[1], size=(9, 1))
    norm = np.cumsum(vectors**2, axis=1) ** 0.5 + 1e-9
    reduced = vectors[:, :_TYPES] / norm[:, _TYPES - 1 : _TYPES]
    types = KMeans(n_clusters=_TYPES, n_init=10, random_state=0).fit_predict(reduced)
    lines = [0, *(1 + np.flatnonzero(np.diff(types))).tolist(), len(types)]
    return tuple((float(times_s[a]), float(times_s[b]), str(types[a])) for a, b in pairwise(lines))


def agglomerative(audio: Samples, beats_s: Floats) -> tuple[Span, ...]:
    """Return boundaries by `librosa.segment.agglomerative` on chroma and MFCC; labels are their numbers."""
    import librosa

    rows, times_s = _beat_rows(audio, beats_s)
    count = int(np.clip(round(len(audio) / RATE_HZ / _SECTION_S), 1, rows.shape[1]))
    lines = [*librosa.segment.agglomerative(rows, count).tolist(), rows.shape[1]]
    return _numbered([float(times_s[line]) for line in lines])


def foote(audio: Samples, beats_s: Floats) -> tuple[Span, ...]:
    """Return boundaries at peaks of checkerboard novelty of chroma and MFCC; labels are their numbers.

    J. Foote, "Automatic audio segmentation using a measure of audio novelty", ICME 2000.
    """
    rows, times_s = _beat_rows(audio, beats_s)
    unit = rows / np.maximum(np.linalg.norm(rows, axis=0), 1e-6)
    alike = np.pad(unit.T @ unit, _KERNEL_BEATS)
    at = (np.arange(-_KERNEL_BEATS, _KERNEL_BEATS) + 0.5) / _KERNEL_BEATS
    taper = np.sign(at) * np.exp(-2.0 * at**2)
    kernel, size = np.outer(taper, taper), 2 * _KERNEL_BEATS
    novelty = np.array([(kernel * alike[b : b + size, b : b + size]).sum() for b in range(rows.shape[1] + 1)])
    limit = novelty.mean() + 0.5 * novelty.std()
    half = _KERNEL_BEATS // 2
    peaks = [
        line
        for line in range(half, len(novelty) - half)
        if novelty[line] > limit and novelty[line] == novelty[line - half : line + half + 1].max()
    ]
    return _numbered([float(times_s[line]) for line in (0, *peaks, rows.shape[1])])


def equal(audio: Samples) -> tuple[Span, ...]:
    """Return sections of 15 s with one label."""
    length_s = len(audio) / RATE_HZ
    starts = np.arange(0.0, length_s, _EQUAL_S)
    return tuple((float(start), float(min(start + _EQUAL_S, length_s)), "A") for start in starts)


def _beat_rows(audio: Samples, beats_s: Floats) -> tuple[Floats, Floats]:
    """Return standardised chroma and MFCC of each beat, shape (rows, beats), and the times of their edges."""
    import librosa

    chroma = librosa.feature.chroma_cqt(y=audio, sr=RATE_HZ, hop_length=_HOP)
    timbre = librosa.feature.mfcc(y=audio, sr=RATE_HZ, hop_length=_HOP)[:, : chroma.shape[1]]
    frames, times_s = _beat_frames(beats_s, chroma.shape[1])
    parts = []
    for rows in (chroma, timbre):
        synchronous = librosa.util.sync(rows, frames.tolist())
        centred = synchronous - synchronous.mean(axis=1, keepdims=True)
        parts.append(centred / (np.sqrt(np.square(centred).sum(axis=0).mean()) + 1e-9))
    return np.concatenate(parts), times_s


def _beat_frames(beats_s: Floats, count: int) -> tuple[NDArray[np.int64], Floats]:
    """Return inner edges of beats in frames, and the times of all edges; half seconds without beats."""
    length_s = count * _HOP / RATE_HZ
    inner = beats_s if len(beats_s) > 8 else np.arange(0.5, length_s, 0.5)
    frames = np.unique(np.clip(np.round(inner * RATE_HZ / _HOP).astype(np.int64), 1, count - 1))
    edges = np.concatenate([[0], frames, [count]])
    return frames, edges * _HOP / RATE_HZ


def _numbered(times_s: list[float]) -> tuple[Span, ...]:
    return tuple((start, stop, str(number)) for number, (start, stop) in enumerate(pairwise(times_s)))
