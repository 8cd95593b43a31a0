"""Share of one drum in a distant microphone's sound of a stroke, by octave.

Each drum is estimated from its other hits: the added power of a microphone in an octave after them.
Simultaneous drums divide the power in proportion (N. Wiener's filter, from the powers of the sources).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from engine.core.timebase import s_to_samples
from engine.document.drums.hits import Hits
from engine.document.kinds.hit import OCTAVES_HZ

Sound = NDArray[np.float32]

AFTER_S = 0.06
BEFORE_S = 0.02
_MOST_HITS = 40


class Bleed:
    """Estimates one voice's share of other microphones in a stroke; reads around a few hits of each drum.

    Parameters
    ----------
    read : (start, stop) to samples of all microphones in the order of `hits.track_ids`, shape
        (microphones, stop - start)
    hits : each drum is estimated from its other hits
    """

    def __init__(self, read: Callable[[int, int], Sound], hits: Hits, rate_hz: int) -> None:
        self._read, self._hits, self._rate_hz = read, hits, rate_hz
        _, voices_of_stroke, counts = np.unique(hits.strokes, return_inverse=True, return_counts=True)
        self._is_alone = counts[voices_of_stroke] == 1
        self._known: dict[int, NDArray[np.float64]] = {}

    def __call__(self, row: int) -> dict[str, list[float]]:
        """Return the share in each octave of `OCTAVES_HZ` of a row of the hits, by the id of the microphone.

        Microphones without it are left out; the result is the payload of a flam.
        """
        hits, own = self._hits, int(self._hits.tracks[row])
        onset = max(0, int(hits.onsets_samples[row]))
        together = {int(track) for track in hits.tracks[hits.strokes == hits.strokes[row]]}
        begin = int(hits.onsets_samples[hits.strokes == hits.strokes[row]].min(initial=onset))
        ringing = self._powers(max(0, begin - s_to_samples(BEFORE_S, self._rate_hz)), max(0, begin))
        heard = self._added(own)
        whole = sum((self._added(track) for track in together), np.zeros(heard.shape)) + ringing
        shares = np.divide(heard, whole, out=np.zeros(heard.shape), where=whole > 0.0).round(3)
        return {
            key: of_octave.tolist()
            for track, (key, of_octave) in enumerate(zip(hits.track_ids, shares, strict=True))
            if track != own and of_octave.any()
        }

    def _added(self, drum: int) -> NDArray[np.float64]:
        """Return the power that hits of a drum add to each microphone, shape (microphones, octaves).

        The median over at most 40 of its hits, where there are any of those that sound alone.
        """
        if drum not in self._known:
            of_drum = self._hits.tracks == drum
            alone = of_drum & self._is_alone
            onsets = self._hits.onsets_samples[alone if alone.any() else of_drum]
            chosen = onsets[np.linspace(0, len(onsets) - 1, _MOST_HITS).astype(int)]
            before, after = s_to_samples(BEFORE_S, self._rate_hz), s_to_samples(AFTER_S, self._rate_hz)
            found = [
                self._powers(onset, onset + after) - self._powers(max(0, onset - before), onset)
                for onset in np.unique(np.maximum(chosen, 0).astype(np.int64)).tolist()
            ]
            self._known[drum] = np.maximum(np.median(np.array(found), axis=0), 0.0)
        return self._known[drum]

    def _powers(self, start: int, stop: int) -> NDArray[np.float64]:
        return np.array([_powers(sound, self._rate_hz) for sound in self._read(start, stop)])


def _powers(sound: Sound, rate_hz: int) -> NDArray[np.float64]:
    """Return the mean power of a sound by octave; the lowest and the highest reach to the ends.

    Its window falls, so that a sudden end adds no high frequencies.
    """
    if not len(sound):
        return np.zeros(len(OCTAVES_HZ))
    window = np.hanning(2 * len(sound) + 1)[len(sound) + 1 :]
    spectrum = np.square(np.abs(np.fft.rfft(sound * window))) / (
        len(sound) * np.sum(np.square(window)) + 1e-12
    )
    frequencies = np.fft.rfftfreq(len(sound), 1 / rate_hz)
    edges = np.sqrt(np.array(OCTAVES_HZ[:-1]) * np.array(OCTAVES_HZ[1:]))
    octaves = np.searchsorted(edges, frequencies)
    return np.array([np.sum(spectrum[octaves == octave]) for octave in range(len(OCTAVES_HZ))])
