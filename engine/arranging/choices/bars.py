"""Bars of phrases, where beats are counted twice or four times as fast as the music is felt.

Beat tracking confuses a tempo with its double (M. F. McKinney and D. Moelants, "Ambiguity in tempo
perception", Music Perception 24(2), 2006). Phrases decide: most have 8 bars, of about two seconds each.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log, log2

_FACTORS = (1, 2, 4)
_USUAL_BAR_S, _OCTAVES = 2.2, 0.35
_OF_COUNTS = 0.7
_SHARES = {8: 0.5, 4: 0.25, 16: 0.12, 12: 0.05, 6: 0.03, 2: 0.02, 32: 0.02}
_OTHER_SHARE = 0.005
_SAME_OCTAVES = 0.15


def counted_as_one(lengths_s: Sequence[float], bars: Sequence[int]) -> list[int]:
    """Return how many counted bars of each phrase are one bar of the music, shape (k,).

    Phrases whose bars are of about the same length have the same number.

    Parameters
    ----------
    lengths_s : of phrases, shape (k,)
    bars : counted in each, at least 1, shape (k,)
    """
    bars_s = [length_s / count for length_s, count in zip(lengths_s, bars, strict=True)]
    groups: list[list[int]] = []
    for number in sorted(range(len(bars)), key=bars_s.__getitem__):
        if groups and log2(bars_s[number] / bars_s[groups[-1][-1]]) < _SAME_OCTAVES:
            groups[-1].append(number)
        else:
            groups.append([number])
    found = [1] * len(bars)
    for group in groups:
        likelihoods = {
            factor: sum(_likelihood(bars_s[n] * factor, bars[n] / factor) for n in group)
            for factor in _FACTORS
        }
        for number in group:
            found[number] = max(_FACTORS, key=likelihoods.__getitem__)
    return found


def _likelihood(bar_s: float, count: float) -> float:
    """Return the log-likelihood of bars of a length, and of their number in a phrase."""
    octaves = log2(bar_s / _USUAL_BAR_S) / _OCTAVES
    return _OF_COUNTS * log(_SHARES.get(round(count), _OTHER_SHARE)) - octaves**2 / 2.0
