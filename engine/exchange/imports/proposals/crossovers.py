"""Where tracks cross over from one clip to the next."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from engine.core.spans import united
from engine.exchange.imports.document_clips import DocumentClip, Span


class CrossedSeams:
    """Where tracks cross over from one clip to the next: a track that begins or ends in a fade does so there.

    Parameters
    ----------
    crossfades : each from where to where both clips play, on a track or on two
    """

    def __init__(self, crossfades: Iterable[Span]) -> None:
        self._longest: dict[tuple[str, int], Span] = {}
        crossfades = tuple(crossfades)
        for one in crossfades:
            for edge in _edges(one):
                self._longest[edge] = max(self._longest.get(edge, one), one, key=span_length)
        whole = sorted({self._whole(one) for one in crossfades}, key=_middle)
        self._at = [_middle(one) for one in whole]
        self._halves = [span_length(one) - span_length(one) // 2 for one in whole]

    def _whole(self, crossfade: Span) -> Span:
        """Return the longest crossfade that begins or ends with one: a track can end or begin within it."""
        return max((self._longest.get(edge, crossfade) for edge in _edges(crossfade)), key=span_length)

    def holds(self, crossfade: Span) -> bool:
        """Return whether a span begins or ends as a crossfade does."""
        return span_length(crossfade) > 0 and any(edge in self._longest for edge in _edges(crossfade))

    def middle(self, crossfade: Span) -> int:
        """Return where a track takes over that crosses over in a span."""
        return _middle(self._whole(crossfade))

    def length(self, crossfade: Span) -> int:
        """Return how long all of a crossfade is that a track has in a span."""
        return span_length(self._whole(crossfade))

    def beginning(self, start: int) -> int:
        """Return where a track takes over that begins within a crossfade; elsewhere its start."""
        place = bisect_left(self._at, start)
        is_inside = place < len(self._at) and self._at[place] - self._halves[place] <= start
        return self._at[place] if is_inside else start

    def ending(self, stop: int) -> int:
        """Return where a track hands over that ends within a crossfade; elsewhere its end."""
        place = bisect_right(self._at, stop) - 1
        is_inside = place >= 0 and stop <= self._at[place] + self._halves[place]
        return self._at[place] if is_inside else stop


def jumps(one: DocumentClip | None, after: DocumentClip) -> bool:
    """Return whether a clip is elsewhere than where the document would go on after another, or begin."""
    offset = 0 if one is None else one.start_samples - one.at_samples
    return after.start_samples - after.at_samples != offset


def leaves(one: DocumentClip, later: DocumentClip | None) -> bool:
    """Return whether a clip is the last, or the document does not go on to the next as it was recorded."""
    return later is None or jumps(one, later)


def faded_over_silence(by_track: Iterable[Sequence[DocumentClip]], end: int) -> Iterator[Span]:
    """Yield the fades of clips next to a silence of all tracks, inside a result that stops at an end."""
    clips = [one for own in by_track for one in own]
    if not clips:
        return
    sounding = united([(one.at_samples, one.end_samples) for one in clips])
    starts, stops = set(sounding[:, 0].tolist()) - {0}, set(sounding[:, 1].tolist()) - {end}
    for one in clips:
        if one.at_samples in starts and one.fade_in_samples:
            yield one.at_samples, one.at_samples + one.fade_in_samples
        if one.end_samples in stops and one.fade_out_samples:
            yield one.end_samples - one.fade_out_samples, one.end_samples


def crossfade_spans(clips: Sequence[DocumentClip]) -> list[Span]:
    """Return where each clip but the last plays together with the next; empty spans for cuts."""
    return [(after.at_samples, max(one.end_samples, after.at_samples)) for one, after in pairwise(clips)]


def between_tracks(by_track: Iterable[Sequence[DocumentClip]], near: int) -> list[Span]:
    """Return where a clip fades out as one from elsewhere in the document fades in, on whichever track.

    Where one track has a gap before a jump and another one behind it, no track crosses over by itself.
    """
    clips = [one for own in by_track for one in own]
    leaving: dict[Span, set[int]] = {}
    for one in clips:
        if one.fade_out_samples:
            fade = one.end_samples - one.fade_out_samples, one.end_samples
            leaving.setdefault(fade, set()).add(one.start_samples - one.at_samples)
    found: dict[Span, None] = {}
    for one in clips:
        fade = one.at_samples, one.at_samples + one.fade_in_samples
        offset = one.start_samples - one.at_samples
        if one.fade_in_samples and any(abs(offset - other) > near for other in leaving.get(fade, ())):
            found[fade] = None
    return list(found)


def span_length(span: Span) -> int:
    return span[1] - span[0]


def _middle(span: Span) -> int:
    return span[0] + span_length(span) // 2


def _edges(span: Span) -> tuple[tuple[str, int], tuple[str, int]]:
    return ("start", span[0]), ("stop", span[1])
