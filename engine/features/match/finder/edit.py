"""The edit behind an edited file, as accepted proposals of the document that it was made of."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from statistics import median

import numpy as np

from engine.core.errors import UsageError
from engine.core.files.safe_write import shown
from engine.core.progress import Progress
from engine.core.timebase import format_time, s_to_samples, samples_to_s
from engine.core.wording import counted, level_text, listed, percent
from engine.document.analysis import require_recording
from engine.document.file.storage import apply_rows
from engine.document.kinds import KINDS
from engine.document.kinds.kind import CROSSFADE_MS, LONGEST_CROSSFADE_MS
from engine.document.kinds.order import TO_SAMPLES
from engine.document.kinds.sounding import GAIN_DB, IS_SILENT, QUIETEST_DB
from engine.document.proposals import BY_MATCH, Proposal, proposal_id
from engine.document.state import DocumentState
from engine.document.tracks import Track
from engine.features.match.finder.gains import Levels, gain_edits, levels, louder_text
from engine.features.match.finder.reference import Reference, open_reference
from engine.features.match.match import match_sounds
from engine.features.match.matched import Matched, Segment
from engine.features.match.seams import as_channels
from engine.features.match.sound import Sound, opened
from engine.sound.edl.build import build
from engine.sound.edl.edits_that_play import Played, Wanted, accept_instead, counted_kinds, edits_that_play
from engine.sound.edl.render import Renderer

_JOINED_S, _MET_S = 0.25, 0.001
SLIDE_S = 0.005
"""Maximum shift of a seam from its detected position, so that replaced material still fits."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A span of the document that is played.

    Attributes
    ----------
    edited_start_samples : where in the edited file it begins
    is_instead : whether the file has other audio there, which the recording fills in for
    """

    played: Played
    edited_start_samples: int
    is_instead: bool = False


def pieces(segments: Sequence[Segment], state: DocumentState) -> tuple[Piece, ...]:
    """Return the played span of each segment; neighbours meet in or near the middle of their crossfade.

    Moving a seam moves the material on both sides alike, so that the timing stays intact. If other audio
    replaces the recording, the recording is played through; if it was inserted, the recording continues where
    it stopped.
    """
    edges = _slid([_seam(segments, number) for number in range(len(segments))], segments, state.rate_hz)
    known = [0, state.length_samples, *_edges(edges, segments)]
    found: list[Piece] = []
    for number, one in enumerate(segments):
        offset = one.raw_start_samples - one.edited_start_samples
        before = segments[number - 1] if number else None
        after = segments[number + 1] if number + 1 < len(segments) else None
        start, edge = edges[number], edges[number + 1] if after is not None else None
        if start is None:
            start = _start(one) if before is None else _joined(before, one, state.rate_hz)[1] - offset
        stop = edge
        if stop is None:
            last = one.raw_stop_samples if after is None else _joined(one, after, state.rate_hz)[0]
            stop = last - offset
        if before is None:
            start = _met(start + offset, known, state.rate_hz) - offset
        if after is None:
            stop = _met(stop + offset, known, state.rate_hz) - offset
        if before is not None and edges[number] is None and goes_through(before, one, state.rate_hz):
            found += _piece(before.raw_stop_samples, one.raw_start_samples, 0, 0, state, is_instead=True)
        found += _piece(start + offset, stop + offset, offset, one.crossfade_samples, state)
    return tuple(found)


def _piece(
    start: int, stop: int, offset: int, fade_samples: int, state: DocumentState, *, is_instead: bool = False
) -> Iterator[Piece]:
    first, last = max(0, start), min(stop, state.length_samples)
    if first < last:
        fade_ms = min(1000 * samples_to_s(fade_samples, state.rate_hz), LONGEST_CROSSFADE_MS)
        yield Piece(Played(first, last, fade_ms), first - offset, is_instead)


def goes_through(before: Segment, after: Segment, rate_hz: int) -> bool:
    """Return whether other audio replaces the recording between two segments."""
    raw = after.raw_start_samples - before.raw_stop_samples
    other = after.edited_start_samples - before.edited_stop_samples
    return raw > 0 and other > 0 and abs(raw - other) <= s_to_samples(SLIDE_S, rate_hz)


def _joined(before: Segment, after: Segment, rate_hz: int) -> tuple[int, int]:
    """Return the end of a segment and the start of the next in the document, around the audio between them.

    The edges of that audio are not exact to the sample; segments separated only by it stay joined.
    """
    stop, start = before.raw_stop_samples, after.raw_start_samples
    if abs(start - stop) <= s_to_samples(_JOINED_S, rate_hz) and not goes_through(before, after, rate_hz):
        return (stop + start) // 2, (stop + start) // 2
    return stop, start


def _start(segment: Segment) -> int:
    return segment.edited_start_samples + segment.crossfade_samples // 2


def _seam(segments: Sequence[Segment], number: int) -> int | None:
    """Return where in the edited file a segment takes over from the one before; None where none is before."""
    if not number or segments[number].edited_start_samples > segments[number - 1].edited_stop_samples:
        return None
    return min(_start(segments[number]), segments[number - 1].edited_stop_samples)


def _edges(seams: Sequence[int | None], segments: Sequence[Segment]) -> Iterator[int]:
    """Yield both edges of each seam in the document."""
    for number, seam in enumerate(seams):
        if seam is not None:
            for one in segments[number - 1 : number + 1]:
                yield seam + one.raw_start_samples - one.edited_start_samples


def _met(place: int, known: Sequence[int], rate_hz: int) -> int:
    """Return the nearest known edge where the file begins or ends within a millisecond of it."""
    nearest = min(known, key=lambda edge: abs(edge - place))
    return nearest if abs(nearest - place) <= s_to_samples(_MET_S, rate_hz) else place


def _slid(seams: Sequence[int | None], segments: Sequence[Segment], rate_hz: int) -> list[int | None]:
    """Return seams slid so that their edges in the document meet those of seams before."""
    most = s_to_samples(SLIDE_S, rate_hz)
    known: list[int] = []
    slid: list[int | None] = []
    for number, seam in enumerate(seams):
        if seam is None:
            slid.append(None)
            continue
        offsets = [
            one.raw_start_samples - one.edited_start_samples for one in segments[number - 1 : number + 1]
        ]
        aways = np.subtract.outer(np.array(known, np.int64), np.array([seam + offset for offset in offsets]))
        away = int(aways.flat[np.argmin(np.abs(aways))]) if aways.size else 0
        first, last = segments[number - 1].edited_start_samples, segments[number].edited_stop_samples
        if abs(away) <= most and first < seam + away < last:
            seam += away
        known += [seam + offset for offset in offsets]
        slid.append(seam)
    return slid


LEAST_SHARE = 0.2
"""Minimum share of a file's sounding part found in the document, for its edits to be imported."""
_SCORE = 1.0
_BLOCK_SAMPLES = 1 << 17
_LEAST_POWER = 1e-20
_SILENT = 1e-4
_NOTHING_DB = -100.0
_MOST_TOLD = 20
_LEAST_SPEED = 5e-5


@dataclass(frozen=True, slots=True)
class MatchedEditRequest:
    """A document and a file that was made of it.

    Attributes
    ----------
    media : where each source is now, by source id
    edited : the file
    """

    state: DocumentState
    media: Mapping[str, Path]
    edited: Path


@dataclass(frozen=True, slots=True)
class MatchedEdit:
    """Edits found by matching a file with a document, as proposals.

    Attributes
    ----------
    matched : the edit list that was found, at the document's rate
    residual_db : level left after subtracting the file from the document with these edits, where both play
    notes : parts that cannot be reproduced, a sentence each
    louder : by how much all of the file is louder or quieter, in words
    alone : the track that the file plays alone; None for the mix
    compared : number of comparisons of a window of the file with a track or the mix
    """

    matched: Matched
    proposals: tuple[Proposal, ...]
    residual_db: float | None
    notes: tuple[str, ...]
    louder: str
    alone: Track | None
    compared: int

    @property
    def sentence(self) -> str:
        """Summarize the imported edits and their residual."""
        said = f"Imported {self._edits}: {percent(self.matched.matched_share, 1)} of it found"
        if self.residual_db is not None:
            left = "nothing" if self.residual_db < _NOTHING_DB else level_text(self.residual_db)
            said += f", and {left} left when subtracted"
        said += f"; {listed(counted_kinds(self.proposals))}, accepted"
        if self.louder:
            said += f"; all of it is {self.louder} there"
        if self.alone is not None:
            said = f"This is {self.alone.name} alone: the other tracks are not in it. {said}"
        return f"{said}. {self.notes[0]}" if self.notes else said

    @property
    def label(self) -> str:
        """Name the step in the history."""
        return f"Import of {self._edits}"

    @property
    def _edits(self) -> str:
        return f"{counted(len(self.proposals), 'edit')} from {shown(self.matched.edited.name)}"


def matched_edit(request: MatchedEditRequest, progress: Progress) -> MatchedEdit:
    """Find the edits of a document from a file that was made of its unedited mix.

    Raises
    ------
    SourceError : the file or a recording cannot be read
    UsageError : the file has too little of this document, it is the whole recording, or the document has none
    Cancelled : the user asked for it
    """
    state = request.state
    require_recording(state, "compare a file with")
    with (
        opened(request.edited, progress.part(0.0, 0.05), state.rate_hz) as target,
        open_reference(state, request.media, target, progress.part(0.05, 0.3)) as reference,
    ):
        mix = reference.sound
        matched = match_sounds((mix,), target, progress.part(0.3, 0.9), reference.features)
        # Segments at the speed and pitch they were recorded at: a document can play no others.
        segments = tuple(one for one in matched.segments if not _is_changed(one))
        _require_own(matched, segments)
        found, silent = levels(segments, mix, target), dict(_mutes(segments, target))
        played = [one.played for one in pieces(segments, state)]
        gains, as_elsewhere, ridden = gain_edits(found, state.rate_hz, state.length_samples)
        wanted = (*edits_that_play(played, state.length_samples), *gains, *silent.values())
        if not wanted:
            raise UsageError(_whole_text(shown(request.edited.name), reference.track))
        proposals = _proposals(wanted, reference, request.edited)
        notes = _notes(matched, silent, ridden, as_elsewhere)
        made = MatchedEdit(
            matched, proposals, None, notes, louder_text(found), reference.track, reference.compared
        )
        request = replace(request, state=reference.state)
        residual_db = _residual_db(request, made, segments, target, found, progress.part(0.9, 1.0))
    return replace(made, residual_db=residual_db)


def _whole_text(name: str, track: Track | None) -> str:
    if track is None:
        return f"{name} is the whole recording: it has no edits to import."
    return f"{name} is {track.name} alone, all of it: it has no edits to import."


def _is_changed(segment: Segment) -> bool:
    return segment.speed != 1.0 or segment.pitch_semitones != 0.0


def _require_own(matched: Matched, segments: Sequence[Segment]) -> None:
    name = shown(matched.edited.name)
    if matched.found_share < LEAST_SHARE:
        raise UsageError(
            f"{name} is hardly made of this recording: {percent(matched.found_share, 1)} of its "
            "sound was found. Nothing was changed."
        )
    if not segments:
        raise UsageError(
            f"{name} runs {_changes_text(matched.segments)} than this recording; "
            "edits cannot change speed and pitch: write it as it was recorded first. Nothing was changed."
        )


def _changes_text(segments: Sequence[Segment]) -> str:
    """Describe how the speed and the pitch of segments differ from the recording, by their medians."""
    speed = median(one.speed for one in segments)
    semitones = median(one.pitch_semitones for one in segments)
    texts = []
    if abs(speed - 1.0) >= _LEAST_SPEED or not semitones:
        texts.append(f"{abs(speed - 1.0):.2%} {'faster' if speed > 1.0 else 'slower'}")
    if semitones:
        texts.append(f"{abs(semitones):.2g} semitones {'higher' if semitones > 0.0 else 'lower'}")
    return " and ".join(texts)


def _mutes(segments: Sequence[Segment], edited: Sound) -> Iterator[tuple[tuple[int, int], Wanted]]:
    """Yield spans of silence of the edited file in the place of the recording, and the mutes of that."""
    for before, after in pairwise(segments):
        if not goes_through(before, after, edited.rate_hz):
            continue
        start, stop = before.edited_stop_samples, after.edited_start_samples
        spans = ((at, min(stop, at + _BLOCK_SAMPLES)) for at in range(start, stop, _BLOCK_SAMPLES))
        if all(float(np.abs(edited.read(*span)).max(initial=0.0)) <= _SILENT for span in spans):
            place = (before.raw_stop_samples, after.raw_start_samples)
            yield (start, stop), Wanted("mute", *place, {IS_SILENT: True, CROSSFADE_MS: 0.0})


def _proposals(wanted: Sequence[Wanted], reference: Reference, path: Path) -> tuple[Proposal, ...]:
    name = shown(path.name)
    made = {}
    for one in wanted:
        # Levels are those of the reference: the other tracks keep their own.
        tracks = (reference.track.id,) if reference.track and KINDS[one.kind].is_of_tracks else ()
        # The target of an edit distinguishes it from another of the same span.
        key = proposal_id(one.kind, one.start_samples, one.stop_samples, BY_MATCH, tracks, one.payload)
        made[key] = Proposal(
            key,
            one.kind,
            one.start_samples,
            one.stop_samples,
            _SCORE,
            _reason(one, name, reference.state.rate_hz),
            BY_MATCH,
            payload=one.payload,
            tracks=tracks,
        )
    return tuple(sorted(made.values(), key=lambda one: one.start_samples))


def _reason(one: Wanted, name: str, rate_hz: int) -> str:
    kind = KINDS[one.kind]
    if kind.drops_span:
        return f"Not in {name}."
    if TO_SAMPLES in one.payload:
        to_s = samples_to_s(int(str(one.payload[TO_SAMPLES])), rate_hz)
        return f"{name} plays it before {format_time(to_s, 1)}."
    if one.payload.get(GAIN_DB) == QUIETEST_DB:
        return f"{name} fades here."
    return f"So it is in {name}."


def _notes(
    matched: Matched, silent: Collection[tuple[int, int]], ridden: int, as_elsewhere: int
) -> tuple[str, ...]:
    """Describe the parts of the file that the document cannot play, the largest first."""
    rate_hz, notes = matched.rate_hz, []
    long = [(first, last) for first, last in matched.unmatched if last - first >= rate_hz // 100]
    if spans := [span for span in long if span not in silent]:
        texts = [_span_text(span, rate_hz) for span in spans[:_MOST_TOLD]]
        more = [f"{len(spans) - _MOST_TOLD:,} more"] if len(spans) > _MOST_TOLD else []
        notes.append(f"Not of this recording, and not played: {listed([*texts, *more])} of the file.")
    if matched.covered:
        texts = [_span_text(span, rate_hz) for span in matched.covered[:_MOST_TOLD]]
        notes.append(
            f"Something else sounds over the recording, and is not played: {listed(texts)} of the file."
        )
    changed = [one for one in matched.segments if _is_changed(one)]
    if changed:
        texts = [
            f"{_span_text((one.edited_start_samples, one.edited_stop_samples), rate_hz)} "
            f"({_changes_text([one])})"
            for one in changed[:_MOST_TOLD]
        ]
        more = [f"{len(changed) - _MOST_TOLD:,} more"] if len(changed) > _MOST_TOLD else []
        notes.append(f"At another speed or pitch, and not played: {listed([*texts, *more])} of the file.")
    equalised = [one for one in matched.segments if one.eq_db and not _is_changed(one)]
    if equalised:
        most = max((point for one in equalised for point in one.eq_db), key=lambda one: abs(one.gain_db))
        notes.append(
            f"{counted(len(equalised), 'span')} with an equaliser, which edits do not follow: at most "
            f"{most.gain_db:+.1f} dB around {most.at_hz:,} Hz."
        )
    if ridden:
        notes.append(f"The level changes along {counted(ridden, 'span')}, which gain edits follow in part.")
    if as_elsewhere:
        notes.append(f"{counted(as_elsewhere, 'span')}, repeated at another level: the first level is used.")
    return tuple(notes)


def _span_text(span: tuple[int, int], rate_hz: int) -> str:
    return " – ".join(format_time(samples_to_s(edge, rate_hz), 1) for edge in span)


def _residual_db(
    request: MatchedEditRequest,
    made: MatchedEdit,
    segments: Sequence[Segment],
    target: Sound,
    found: Levels,
    progress: Progress,
) -> float | None:
    """Render the document with the edits; return the level of the residual relative to the file, in dB."""
    state = request.state
    after = apply_rows(state, accept_instead(state, made.proposals, state.decisions, BY_MATCH))
    usual = 10.0 ** (found.usual_db / 20.0)
    power = left = 0.0
    with Renderer(after, build(after), request.media) as renderer:
        at, played = 0, pieces(segments, request.state)
        for number, piece in enumerate(played):
            progress.report(number / len(played), "Playing the edit")
            length = piece.played.stop_samples - piece.played.start_samples
            for first in range(0, 0 if piece.is_instead else length, _BLOCK_SAMPLES):
                progress.check_cancelled()
                last = min(length, first + _BLOCK_SAMPLES)
                theirs = target.read(piece.edited_start_samples + first, piece.edited_start_samples + last)
                mine = as_channels(renderer.read(at + first, at + last).astype(np.float64), target.channels)
                power += float(np.sum(theirs.astype(np.float64) ** 2))
                left += float(np.sum((theirs - usual * mine) ** 2))
            at += length
    return 10.0 * float(np.log10(max(left / power, _LEAST_POWER))) if power > 0.0 else None
