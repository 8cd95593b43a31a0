"""Pieces at another speed or pitch between the copies in an edited file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from engine.matching.copies import Copies, at_speed, copies_in
from engine.matching.matched import GainPoint, Segment
from engine.matching.searching.features import RATE_HZ, Floats, SearchFeatures, search_features
from engine.matching.searching.search import searched
from engine.matching.sound import Sound, sound_of
from engine.matching.speed import played_back
from engine.matching.stretching.lines import StretchedLine
from engine.matching.stretching.reported import segment_of
from engine.matching.stretching.respun import Respun, respun_spans
from engine.matching.stretching.stretched import stretched_pieces
from engine.matching.verdict import unmatched
from engine.progress import Progress

_LEAST_S = 0.4
_LEFT_S = 0.5


def with_stretched(
    raws: tuple[Sound, ...],
    sources: Sequence[SearchFeatures],
    edited: tuple[Sound, Floats],
    copies: Copies,
    progress: Progress,
) -> Copies:
    """Return copies, and between them the pieces that play recordings at another speed or pitch.

    Pieces whose pitch changes with their speed are played back at their own speed and then matched as copies.

    Parameters
    ----------
    sources : the features of the recordings
    edited : the file, and its mono at the rate of the search

    Raises
    ------
    Cancelled : the user asked for it
    """
    sound, mono = edited
    ratio = sound.rate_hz / RATE_HZ
    monos = [source.mono for source in sources]

    def open_spans(segments: Sequence[Segment]) -> list[tuple[float, float]]:
        spans = unmatched(segments, sound.length_samples)
        return [(start / ratio, stop / ratio) for start, stop in spans]

    spans = open_spans(copies.segments)
    pieces = stretched_pieces(monos, mono, spans, progress.part(0.0, 0.5))
    respun = [one for span in spans for one in respun_spans(monos, mono, pieces, span)]
    segments, covered = list(copies.segments), list(copies.covered)
    for number, one in enumerate(respun):
        more = _respun_copies(raws, sources, sound, one, progress.part(0.5, 1.0).step(number, len(respun)))
        segments += more.segments
        covered += more.covered
    pieces = _clear_of(pieces, open_spans(segments)) if respun else pieces
    segments += [segment_of(piece, monos, mono, sound.rate_hz) for piece in pieces]
    segments.sort(key=lambda one: one.edited_start_samples)
    return Copies(segments, tuple(sorted(covered)))


def _respun_copies(
    raws: tuple[Sound, ...],
    sources: Sequence[SearchFeatures],
    edited: Sound,
    one: Respun,
    progress: Progress,
) -> Copies:
    """Return the copies in a span of an edited file played back at its own speed."""
    ratio = edited.rate_hz / RATE_HZ
    start, stop = round(one.start * ratio), min(edited.length_samples, round(one.stop * ratio))
    if stop - start < _LEAST_S * max(1.0, 1.0 / one.speed) * edited.rate_hz:
        return Copies([], ())
    piece = played_back(sound_of(edited.path, edited.read(start, stop), edited.rate_hz), one.speed)
    target = search_features(piece, progress.part(0.0, 0.1))
    rough = searched(sources, target, progress.part(0.1, 0.4))
    copies = copies_in(raws, sources, (piece, target), rough, progress.part(0.4, 1.0))
    return Copies(
        [_moved(at_speed(segment, one.speed), start) for segment in copies.segments],
        tuple((start + round(a / one.speed), start + round(b / one.speed)) for a, b in copies.covered),
    )


def _moved(segment: Segment, by_samples: int) -> Segment:
    """Return a segment of a part of the edited file as one of all of it."""
    return replace(
        segment,
        edited_start_samples=segment.edited_start_samples + by_samples,
        gain_ride=tuple(GainPoint(one.at_samples + by_samples, one.gain_db) for one in segment.gain_ride),
    )


def _clear_of(
    pieces: Sequence[StretchedLine], spans: Sequence[tuple[float, float]]
) -> list[StretchedLine]:
    """Return the parts of pieces that are in spans."""
    found = []
    for piece in pieces:
        for span in spans:
            start, stop = max(piece.start, span[0]), min(piece.stop, span[1])
            if stop - start >= _LEFT_S * RATE_HZ:
                found.append(replace(piece, start=start, stop=stop))
    return found
