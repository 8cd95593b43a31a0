"""Learn an editor model from raw recordings and the files edited from them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from statistics import median

from engine.analysis.beats.listen import listen
from engine.analysis.detection.voices import RATE_HZ as VOICE_RATE_HZ
from engine.analysis.detection.voices import is_installed, talk_between, voice_frames, voice_spans
from engine.analysis.learning.loop import few_threads
from engine.analysis.signal.streams import mono_of
from engine.core.errors import OffcutError, UsageError
from engine.core.files.safe_write import shown
from engine.core.progress import Progress, parallel
from engine.core.side_by_side import side_by_side
from engine.core.timebase import convert_samples, samples_to_s
from engine.core.wording import percent
from engine.document.analysis import BeatGrid
from engine.features.arrangement.editor import Editor, learn_editor, shipped_network
from engine.features.arrangement.finder.requests import (
    LearnEditsRequest,
    LearnedPair,
    PairQuality,
    RawAndEdited,
    pairs_problem,
    require_files,
)
from engine.features.arrangement.habits import LONGEST_RULE, Counted, Habits, Piece, Span, habits_of
from engine.features.arrangement.network import Pair
from engine.features.arrangement.step_features import StepFeatures, hear
from engine.features.arrangement.steps import order_of_spans
from engine.features.match.match import match
from engine.features.match.matched import Matched, Segment
from engine.sound.reader import SourceReader

_LEAST_SHARE = 0.5
"""Minimum matched share of a file: other music with the same sounds reaches a quarter, masters far over half.
"""
_LEAST_S = 5.0
_EDGE_S = 0.1
"""Audio that codecs alone remove at an edge, in seconds."""


@dataclass(frozen=True, slots=True, eq=False)
class MatchedEdits:
    """Edits found by matching files with their recordings.

    Attributes
    ----------
    pairs : as the network takes them
    reports : the same pairs, as facts to report
    habits : statistics of all these edits
    left_out : why some were left out
    """

    pairs: tuple[Pair, ...]
    reports: tuple[LearnedPair, ...]
    habits: Habits
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class LearnedEditor:
    """An editor model and the edits it was learned from."""

    editor: Editor
    edits: MatchedEdits


def learn_edits(request: LearnEditsRequest, progress: Progress) -> LearnedEditor:
    """Match every edited file with its recordings, and adapt the network to the edits.

    Raises
    ------
    UsageError : a file is made of none of its recordings, or they are too short
    SourceError : a file cannot be read
    Cancelled : the user asked for it
    """
    network = shipped_network()
    edits = edits_of(request, progress.part(0.0, 0.88))
    rest = progress.part(0.88, 1.0)
    editor = learn_editor(edits.pairs, request.name, network, rest, seed=request.seed)
    habits = edits.habits
    if editor.method.words is not None:
        habits = replace(habits, rule=editor.method.words[:LONGEST_RULE], rule_fit=editor.method.fit)
    return LearnedEditor(replace(editor, habits=habits), edits)


def edits_of(request: LearnEditsRequest, progress: Progress) -> MatchedEdits:
    """Return the edits of each recording; progress reports include the quality of each pair (`PairQuality`).

    Raises
    ------
    UsageError : a file is made of none of its recordings, or they are too short
    SourceError : a file cannot be read
    Cancelled : the user asked for it
    """
    if problem := pairs_problem(request.pairs):
        raise UsageError(problem)
    matched, left_out = [], []
    matching = progress.part(0.0, 0.6)
    for number, pair in enumerate(request.pairs):
        part = matching.step(number, len(request.pairs))
        try:
            one = _matched(pair, part)
        except OffcutError as error:
            part.report(1.0, str(error), **PairQuality(number, problem=str(error)).figures())
            if not request.goes_on:
                raise
            left_out.append(str(error))
            continue
        matched.append(one)
        part.report(1.0, "", **_quality(number, one).figures())
    if not matched:
        raise UsageError(left_out[0])
    used = sorted({one.raws[piece.raw] for one in matched for piece in one.segments})
    analysed = dict(zip(used, _analyses(used, progress.part(0.6, 1.0)), strict=True))
    pairs, reports = [], []
    for one in matched:
        for raw in sorted({segment.raw for segment in one.segments}):
            pairs.append(_pair(one, raw, analysed[one.raws[raw]].heard))
            reports.append(_report(one, raw, analysed[one.raws[raw]].counted.length_s))
    numbers = {path: number for number, path in enumerate(used)}
    pieces = [tuple(_pieces(one, numbers)) for one in matched]
    counted = {numbers[path]: one.counted for path, one in analysed.items()}
    return MatchedEdits(tuple(pairs), tuple(reports), habits_of(pieces, counted), tuple(left_out))


def _matched(pair: RawAndEdited, progress: Progress) -> Matched:
    """Match a pair, or raise an error with the reason why it cannot be used."""
    require_files(pair)
    matched = match(pair.raws, pair.edited, progress)
    names = " or ".join(shown(path) for path in matched.raws)
    if not matched.segments or matched.found_share < _LEAST_SHARE:
        raise UsageError(
            f"Of {shown(matched.edited)} only {percent(matched.found_share)} comes from {names}: "
            "name the recordings it was made of."
        )
    if _is_whole(matched):
        raise UsageError(
            f"{shown(matched.edited)} is the whole of {names}, uncut: it contains no edits to learn from."
        )
    for raw in sorted({one.raw for one in matched.segments}):
        _require_long(matched.raws[raw])
    return matched


def _require_long(path: Path) -> None:
    with SourceReader(path) as reader:
        if reader.frames < _LEAST_S * reader.rate_hz:
            raise UsageError(
                f"{shown(path)} lasts {samples_to_s(reader.frames, reader.rate_hz):.1f} s: "
                f"it takes {_LEAST_S:g} s to learn from."
            )


def _is_whole(matched: Matched) -> bool:
    """Return whether a recording is unedited: one segment of one file, with hardly anything left out."""
    if len(matched.segments) != 1 or len(matched.raws) != 1:
        return False
    return all(stop - start < _EDGE_S * matched.rate_hz for start, stop in matched.left_out[0])


def _quality(number: int, matched: Matched) -> PairQuality:
    used = {segment.raw for segment in matched.segments}
    return PairQuality(
        number,
        matched.matched_share,
        _residual_db(matched.segments),
        sum(_length_s(matched, raw) for raw in used),
        sum(_left_out_s(matched, raw) for raw in used),
        stretched_share=matched.stretched_share,
    )


def _residual_db(segments: Iterable[Segment]) -> float | None:
    """Return the median residual of segments in dB, None if no segment has one."""
    left = [one.residual_db for one in segments if one.residual_db is not None]
    return median(left) if left else None


def _similarity(segments: Iterable[Segment]) -> float | None:
    """Return the median similarity of segments at another speed or pitch, None without any."""
    alike = [one.similarity for one in segments if one.similarity is not None]
    return median(alike) if alike else None


def _length_s(matched: Matched, raw: int) -> float:
    lengths = (one.raw_stop_samples - one.raw_start_samples for one in matched.segments if one.raw == raw)
    return samples_to_s(sum(lengths), matched.rate_hz)


def _left_out_s(matched: Matched, raw: int) -> float:
    return samples_to_s(sum(stop - start for start, stop in matched.left_out[raw]), matched.rate_hz)


def _pieces(matched: Matched, numbers: Mapping[Path, int]) -> Iterator[Piece]:
    """Yield the played pieces, each from the middle of one crossfade to the middle of the next."""
    following = [*matched.segments[1:], None]
    for one, after in zip(matched.segments, following, strict=True):
        into = one.crossfade_samples * one.speed / 2.0
        out_of = 0.0 if after is None else after.crossfade_samples * one.speed / 2.0
        yield Piece(
            numbers[matched.raws[one.raw]],
            (one.raw_start_samples + into) / matched.rate_hz,
            (one.raw_stop_samples - out_of) / matched.rate_hz,
            not one.is_boundary_free,
        )


@dataclass(frozen=True, slots=True, eq=False)
class _AnalysedRaw:
    heard: StepFeatures
    counted: Counted


def _analyses(paths: Sequence[Path], progress: Progress) -> list[_AnalysedRaw]:
    """Return each recording's beats and steps.

    Talk and beats are found in parallel: networks leave Python's lock to the search for beats. Steps use all
    cores by themselves.
    """
    shares = parallel(progress.part(0.0, 0.6), len(paths))
    talk: dict[int, tuple[Span, ...]] = {}
    grids: dict[int, BeatGrid] = {}

    def find_beats_or_talk(at: tuple[int, bool]) -> None:
        number, is_talk = at
        if is_talk:
            talk[number] = _talk_s(paths[number])
        else:
            grids[number] = _grid(paths[number], shares[number])

    with few_threads():
        side_by_side(find_beats_or_talk, product(range(len(paths)), (False, True)))
        steps = progress.part(0.6, 1.0)
        return [
            _analysed(path, grids[number], talk[number], steps.step(number, len(paths)))
            for number, path in enumerate(paths)
        ]


def _grid(path: Path, progress: Progress) -> BeatGrid:
    with SourceReader(path) as reader:
        rate_hz = reader.rate_hz
        return listen(mono_of(reader, rate_hz), rate_hz, reader.frames, progress).grid


def _analysed(path: Path, grid: BeatGrid, talk_s: tuple[Span, ...], progress: Progress) -> _AnalysedRaw:
    with SourceReader(path) as reader:
        rate_hz, frames = reader.rate_hz, reader.frames
        heard = hear(mono_of(reader, rate_hz), rate_hz, frames, grid, None, progress, talk_s=talk_s)
    beats, downbeats = grid.beats_samples / rate_hz, grid.downbeats_samples / rate_hz
    length_s = samples_to_s(frames, rate_hz)
    return _AnalysedRaw(heard, Counted(length_s, beats, downbeats, heard.takes.played_s))


def _talk_s(path: Path) -> tuple[Span, ...]:
    """Return the talk of a recording; none if the networks of voices are not installed."""
    if not is_installed():
        return ()
    with SourceReader(path) as reader:
        return talk_between(voice_spans(voice_frames(mono_of(reader, VOICE_RATE_HZ))))


def _pair(matched: Matched, raw: int, heard: StepFeatures) -> Pair:
    rate_hz = heard.steps.rate_hz
    spans = [
        (
            convert_samples(one.raw_start_samples, matched.rate_hz, rate_hz),
            convert_samples(one.raw_stop_samples, matched.rate_hz, rate_hz),
        )
        for one in matched.segments
        if one.raw == raw
    ]
    return Pair(matched.edited.name, heard, order_of_spans(spans, heard.steps))


def _report(matched: Matched, raw: int, raw_s: float) -> LearnedPair:
    return LearnedPair(
        matched.raws[raw],
        matched.edited,
        matched.matched_share,
        _residual_db(one for one in matched.segments if one.raw == raw),
        _length_s(matched, raw),
        _left_out_s(matched, raw),
        raw_s,
        matched.stretched_share,
        _similarity(one for one in matched.segments if one.raw == raw),
    )
