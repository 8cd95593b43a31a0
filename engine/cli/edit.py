"""``offcut edit PROJECT (cut|ripple|keep|mute|repeat|move|insert|slip|gain|hit|recorder|repair|…) ...``.

``offcut edit PROJECT repair --text cough``: remove or isolate a sound in a span.
``offcut edit PROJECT fade-ends``: a fade where the result begins, and one where it ends.
``offcut edit PROJECT clock --time 14:03:11``: the time of day of a moment of the timeline.
Edits of clips are in `engine.cli.clips`.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from engine.cli.arguments import finite, proposal_row, span_s, whole
from engine.cli.clips import CLIP_EDITS, run_clip_edit
from engine.cli.documents import media_of, opened, opened_to_edit, tracks_named
from engine.cli.edit_words import span_of_words, words_moved
from engine.cli.output import VerbOutput
from engine.core.errors import UsageError
from engine.core.progress import Progress
from engine.core.timebase import format_time, s_to_samples, samples_to_s
from engine.core.wording import counted, listed
from engine.document.analysis import require_recording
from engine.document.document import Document
from engine.document.edits.by_hand import REPAIR, edit_by_hand
from engine.document.kinds.operations import GAP_FILLS
from engine.document.kinds.order import INSERT, MOVE, RIPPLE
from engine.document.kinds.timing import RECORDER
from engine.document.proposals import Proposal, Verdict
from engine.document.settings import (
    TIME_FORM,
    Ripple,
    TimeOfDay,
    read_day,
    read_time_of_day,
    set_time_of_day,
    starts_at,
    time_of_day_at,
)
from engine.document.state import DocumentState
from engine.features.repair.finders.requests import FADE_MS, RepairSettings, separations_edit
from engine.features.repair.separation.paint import Paint, Range
from engine.features.repair.separation.settings import mute_offer
from engine.recordings.track_audio import SpanRequest
from engine.review.by_hand import (
    USUAL_IN_MS,
    USUAL_OUT_MS,
    Payload,
    cut_payload,
    fade_ends,
    gain_payload,
    hit_payload,
    insert_payload,
    move_payload,
    mute_payload,
    recorder_payload,
    repeat_payload,
    ripple_payload,
    slip_payload,
)
from engine.sound.edl.build import build
from engine.sound.edl.conflicts import conflicts_of


def repair(options: argparse.Namespace, progress: Progress) -> VerbOutput:
    """Isolate or remove named sounds in a span; accepted at once, unless the sound is uncertain."""
    from engine.features.repair.finders.separate import separate_in_document, separate_request

    with opened_to_edit(options.project) as document:
        state = document.state
        span = s_to_samples(options.start_s, state.rate_hz), s_to_samples(options.stop_s, state.rate_hz)
        settings = RepairSettings(
            ", ".join(options.text or ()),
            options.mode == "keep",
            options.strength_db,
            FADE_MS if options.fade_ms is None else options.fade_ms,
            _band(options.band_hz, span),
        )
        spans = SpanRequest(state, media_of(document), tracks_named(state, options.tracks), (span,))
        found = separate_in_document(separate_request(spans, settings), progress)
        is_sure = found.change.is_sure
        edit, proposals = separations_edit(state, found, accepted=is_sure)
        document.apply(edit, audio=found.audio)
    on = counted(len(proposals), "track")
    return VerbOutput(
        {
            "repairs": [
                {**_row(state, one), **change.fields()}
                for one, change in zip(proposals, found.changes, strict=True)
            ],
            **found.change.fields(),
            "state": str(Verdict.ACCEPTED if is_sure else Verdict.UNDECIDED),
            "refused_places": found.refused,
        },
        f"{edit.label}, on {on} ({', '.join(one.id for one in proposals)}). {found.change.levels_words}."
        f"{mute_offer(found.change)}",
    )


def _band(band_hz: Sequence[float] | None, span: tuple[int, int]) -> tuple[Paint, ...]:
    """Return a range of frequencies as it would be painted."""
    if band_hz is None:
        return ()
    low, high = band_hz
    if not 0 <= low < high:
        raise UsageError(
            f"--band-hz {low:g} {high:g} is not a range: give the lower frequency first, 0 or more."
        )
    return (Range(*span, low, high),)


def _row(state: DocumentState, one: Proposal) -> dict[str, object]:
    names = {track.id: track.name for track in state.tracks}
    row = proposal_row(one, state.rate_hz, "reason", "maker", "payload")
    return row | {"tracks": [names[track] for track in one.tracks]}


FADE_ENDS = "fade-ends"


def run_fade_ends(options: argparse.Namespace) -> VerbOutput:
    """Fade the ends of the result, accepted at once, as one step of the document's history."""
    if options.tracks or (options.start_s, options.stop_s) != (None, None):
        raise UsageError(
            "The ends are those of the result, on all tracks: leave out --start-s, --stop-s and --tracks."
        )
    in_ms = USUAL_IN_MS if options.in_ms is None else options.in_ms
    out_ms = USUAL_OUT_MS if options.out_ms is None else options.out_ms
    with opened(options.project) as document:
        edit, proposals = fade_ends(document.state, in_ms, out_ms)
        document.apply(edit)
        state = document.state
        result_s = samples_to_s(build(state).length_samples, state.rate_hz)
    rows = [proposal_row(one, state.rate_hz, "kind", "maker", "payload") for one in proposals]
    summary = f"{edit.label} ({', '.join(one.id for one in proposals)})."
    return VerbOutput({"fades": rows, "state": str(Verdict.ACCEPTED), "result_s": result_s}, summary)


CLOCK = "clock"
_NONE = "none"


def run_clock(options: argparse.Namespace) -> VerbOutput:
    """Set or remove the time of day, as one step of the document's history."""
    with opened(options.project) as document:
        state = document.state
        require_recording(state, "set the time of day of")
        at = s_to_samples(options.at_s or 0.0, state.rate_hz)
        edit = set_time_of_day(state, at, _time_of_day(options, state, at))
        document.apply(edit)
        start = starts_at(document.state)
    return VerbOutput({"starts_at": start.iso if start else None}, f"{edit.label}.")


def _time_of_day(options: argparse.Namespace, state: DocumentState, at_samples: int) -> TimeOfDay | None:
    """Return the given time, without --date on the date that the moment has already; None to remove it."""
    if options.time == _NONE:
        if options.date is not None:
            raise UsageError("--date goes with a time, not with --time none.")
        return None
    time = read_time_of_day(options.time)
    if time is None:
        raise UsageError(f"--time {options.time!r} is not a time of day: give {TIME_FORM}, or none.")
    before = time_of_day_at(state, at_samples)
    day = before.day if before else None
    if options.date is not None:
        day = read_day(options.date)
        if day is None:
            raise UsageError(f"--date {options.date!r} is not a date: give one such as 2026-05-02.")
    return replace(time, day=day)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the verb."""
    parser.add_argument("project", type=Path, metavar="PROJECT")
    parser.add_argument("kind", choices=(*_PAYLOADS, REPAIR, FADE_ENDS, CLOCK, *CLIP_EDITS))
    parser.add_argument(
        "--start-s",
        type=finite,
        metavar="A",
        help="start of the span in the recording; trim: new edge of the clip; raise: of a part",
    )
    parser.add_argument(
        "--stop-s",
        type=finite,
        metavar="B",
        help="end of the span, with --start-s; not with insert (--at-s, --length-s) and recorder",
    )
    _add_words_arguments(parser)
    parser.add_argument("--tracks", nargs="+", default=[], metavar="NAME", help="tracks; default all")
    parser.add_argument("--clips", nargs="+", metavar="CLIP", help="place, trim, ...: ids or names of clips")
    parser.add_argument(
        "--ripple",
        choices=[str(mode) for mode in Ripple],
        help="place, trim, duplicate, remove: later clips of the track, or of all, follow; default off",
    )
    parser.add_argument(
        "--at-s",
        type=finite,
        metavar="T",
        help="insert: before this moment; split, clock: at it; clock: default the start",
    )
    parser.add_argument(
        "--length-s",
        type=finite,
        metavar="L",
        help="insert: length of the silence, with --at-s in place of --stop-s",
    )
    parser.add_argument(
        "--tone", choices=("silence", "room"), help="insert: silence, or room tone from near; default silence"
    )
    parser.add_argument("--time", metavar="HH:MM:SS", help="clock: time of day at T; none removes it")
    parser.add_argument("--date", metavar="YYYY-MM-DD", help="clock: date at T")
    parser.add_argument("--times", type=whole, metavar="N", help="repeat: number of times it plays in a row")
    parser.add_argument(
        "--to-s",
        type=finite,
        metavar="T",
        help="move, repeat: before this moment; place, duplicate: new start",
    )
    parser.add_argument(
        "--by-s", type=finite, metavar="X", help="slip, hit, recorder, place: later by X, earlier below 0"
    )
    parser.add_argument("--onset-s", type=finite, metavar="O", help="hit: time of its attack; default A")
    parser.add_argument("--fill", choices=GAP_FILLS, help="hit: fill of the gap that it leaves")
    parser.add_argument("--ppm", type=finite, metavar="P", help="recorder: samples in a million too many")
    _add_repair_arguments(parser)
    parser.add_argument("--db", type=finite, metavar="D", help="gain, level: louder by D, quieter below 0")
    for name, usual_ms in (("in", USUAL_IN_MS), ("out", USUAL_OUT_MS)):
        about = f"fade, fade-ends: length of the fade {name}, 0 for none; default of fade-ends {usual_ms:g}"
        parser.add_argument(f"--{name}-ms", type=finite, metavar="MS", help=about)


def _add_words_arguments(parser: argparse.ArgumentParser) -> None:
    about = "cut, mute, move: the span from one phrase of the transcript to another, or that of one phrase"
    parser.add_argument("--words", metavar="'FROM … TO'", help=about)
    about = "move --words: before this phrase; with --to-s, before the first word after this moment"
    parser.add_argument("--before", metavar="PHRASE", help=about)


def _add_repair_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--text", nargs="+", metavar="T", help="repair: names of the sounds")
    parser.add_argument(
        "--band-hz",
        nargs=2,
        type=finite,
        metavar=("LOW", "HIGH"),
        help="repair: frequency range to add to the mask; without --text, only this range",
    )
    parser.add_argument(
        "--mode", choices=("remove", "keep"), help="repair: remove or keep them; default remove"
    )
    parser.add_argument(
        "--strength-db",
        type=finite,
        metavar="D",
        help="repair: lower by up to this many dB; default: no limit",
    )
    parser.add_argument(
        "--fade-ms", type=finite, metavar="MS", help="repair: length of the fade at both ends"
    )


def run(options: argparse.Namespace, progress: Progress) -> Iterator[VerbOutput]:
    """Make the edit, accepted at once, as one step of the document's history."""
    _refuse_others(options)
    if options.kind == REPAIR:
        if None in (options.start_s, options.stop_s):
            raise UsageError("'edit repair' needs --start-s and --stop-s.")
        yield repair(options, progress)
    elif options.kind == FADE_ENDS:
        yield run_fade_ends(options)
    elif options.kind == CLOCK:
        yield run_clock(options)
    elif options.kind in CLIP_EDITS:
        yield run_clip_edit(options)
    else:
        yield _span_edit(options, progress)


def _span_edit(options: argparse.Namespace, progress: Progress) -> VerbOutput:
    """Edit a span on some tracks."""
    with opened_to_edit(options.project) as document:
        state = document.state
        if options.kind == MOVE.name and (options.words, options.before) != (None, None):
            edit, key = words_moved(options, document)
        else:
            span = _span(options, state) if options.words is None else span_of_words(options, document)
            tracks = tracks_named(state, options.tracks)
            payload = _PAYLOADS[options.kind](_HandEdit(options, document, span, tracks, progress))
            edit, made = edit_by_hand(state, options.kind, *span, payload, tracks)
            key = made.id
        document.apply(edit)
        proposal = document.state.proposals[key]
        result_s = samples_to_s(build(document.state).length_samples, state.rate_hz)
        clashes = conflicts_of(document.state, proposal.id)
    names = {track.id: track.name for track in state.tracks}
    fields = {
        "id": proposal.id,
        "kind": proposal.kind,
        **span_s(proposal, state.rate_hz),
        "state": str(Verdict.ACCEPTED),
        "maker": proposal.maker,
        "tracks": [names[track] for track in proposal.tracks],
        "payload": proposal.payload,
        "result_s": result_s,
        "conflicts": list(clashes),
    }
    summary = f"{edit.label}; the result is {format_time(result_s, 1)} long ({proposal.id})."
    if clashes:
        summary += f" It conflicts with {', '.join(clashes)}: undo or reject one of them."
    return VerbOutput(fields, summary)


def _span(options: argparse.Namespace, state: DocumentState) -> tuple[int, int]:
    """Return the span, which is all that there is where another recorder is lined up."""
    edges = options.start_s, options.stop_s
    if options.kind == RECORDER.name:
        if edges != (None, None):
            raise UsageError("A recorder is lined up as a whole: leave out --start-s and --stop-s.")
        if not options.tracks:
            raise UsageError("'edit recorder' needs --tracks with the names of its own tracks.")
        return 0, state.length_samples
    if options.kind == INSERT.name:
        if edges != (None, None):
            raise UsageError("'edit insert' needs --at-s and --length-s: leave out --start-s and --stop-s.")
        at = s_to_samples(options.at_s, state.rate_hz)
        return at, at
    if None in edges:
        raise UsageError(f"'edit {options.kind}' needs --start-s and --stop-s.")
    start, stop = (s_to_samples(edge, state.rate_hz) for edge in edges)
    return start, stop


def _refuse_others(options: argparse.Namespace) -> None:
    """Refuse options that do not apply to this kind of edit, and require the one that it needs."""
    for name, kinds in _OPTIONS.items():
        flag, given = f"--{name.replace('_', '-')}", getattr(options, name) is not None
        if given and options.kind not in kinds:
            raise UsageError(f"{flag} goes with {listed(kinds)}, not with {options.kind}.")
        is_needed = (
            name in _NEEDED
            and options.kind not in ("repeat", "place")
            and (name, options.kind) != ("at_s", CLOCK)
            and not (name == "to_s" and options.before is not None)
            and not (name == "text" and options.band_hz)
        )
        if options.kind in kinds and not given and is_needed:
            raise UsageError(f"'edit {options.kind}' needs {flag}{' or --band-hz' * (name == 'text')}.")


@dataclass(frozen=True, slots=True)
class _HandEdit:
    """An edit of a span on some tracks, as the flags give it."""

    options: argparse.Namespace
    document: Document
    span: tuple[int, int]
    tracks: tuple[str, ...]
    progress: Progress

    @property
    def state(self) -> DocumentState:
        """The document before the edit."""
        return self.document.state

    @property
    def to_samples(self) -> int:
        """The position of --to-s, which is within the recording."""
        to = s_to_samples(self.options.to_s, self.state.rate_hz)
        if not 0 <= to <= self.state.length_samples:
            end = format_time(samples_to_s(self.state.length_samples, self.state.rate_hz))
            raise UsageError(
                f"--to-s {self.options.to_s:g} is not within the recording, which ends at {end}."
            )
        return to


def _ripple(edit: _HandEdit) -> Payload:
    if not edit.tracks:
        raise UsageError("A ripple cut needs --tracks: which of them? To cut all tracks alike, use cut.")
    return ripple_payload()


def _insert(edit: _HandEdit) -> Payload:
    length = s_to_samples(edit.options.length_s, edit.state.rate_hz)
    if length < 1:
        raise UsageError(
            f"--length-s {edit.options.length_s:g} is not the length of a silence: give seconds."
        )
    return insert_payload(
        edit.state,
        media_of(edit.document),
        edit.span[0],
        length,
        has_tone=edit.options.tone == "room",
        tracks=edit.tracks,
        progress=edit.progress,
    )


def _repeat(edit: _HandEdit) -> Payload:
    times = 2 if edit.options.times is None else edit.options.times
    return repeat_payload(times, None if edit.options.to_s is None else edit.to_samples)


def _hit(edit: _HandEdit) -> Payload:
    options, (start, stop), rate_hz = edit.options, edit.span, edit.state.rate_hz
    onset = start if options.onset_s is None else s_to_samples(options.onset_s, rate_hz)
    if options.onset_s is not None and not start <= onset < stop:
        raise UsageError(f"--onset-s {options.onset_s:g} is not within the slice.")
    return hit_payload(options.by_s, onset, rate_hz, options.fill)


_OPTIONS = MappingProxyType(
    {
        "times": ("repeat",),
        "clips": tuple(CLIP_EDITS),
        "ripple": ("place", "trim", "duplicate", "remove"),
        "at_s": (INSERT.name, "split", CLOCK),
        "length_s": (INSERT.name,),
        "tone": (INSERT.name,),
        "time": (CLOCK,),
        "date": (CLOCK,),
        "to_s": ("move", "repeat", "place", "duplicate"),
        "by_s": ("slip", "hit", "recorder", "place"),
        "onset_s": ("hit",),
        "fill": ("hit",),
        "ppm": ("recorder",),
        "db": ("gain", "level"),
        "text": (REPAIR,),
        "words": ("cut", "mute", MOVE.name),
        "before": (MOVE.name,),
        "band_hz": (REPAIR,),
        "mode": (REPAIR,),
        "strength_db": (REPAIR,),
        "fade_ms": (REPAIR,),
        "in_ms": (FADE_ENDS, "fade"),
        "out_ms": (FADE_ENDS, "fade"),
    }
)
"""The kinds that take an option."""
_NEEDED = ("to_s", "by_s", "at_s", "length_s", "time", "db", "text")
"""Required options; a repeat without a position comes right after itself, a clock is set at the start, and
place takes one of two."""
_PAYLOADS: Mapping[str, Callable[[_HandEdit], Payload]] = MappingProxyType(
    {
        "cut": lambda edit: cut_payload(edit.state),
        RIPPLE.name: _ripple,
        "keep": lambda _: {},
        "mute": lambda edit: mute_payload(
            edit.state, media_of(edit.document), edit.span, edit.tracks, edit.progress
        ),
        "repeat": _repeat,
        "move": lambda edit: move_payload(edit.to_samples),
        INSERT.name: _insert,
        "slip": lambda edit: slip_payload(edit.options.by_s, edit.state.rate_hz),
        "gain": lambda edit: gain_payload(edit.options.db),
        "hit": _hit,
        "recorder": lambda edit: recorder_payload(
            edit.options.by_s, edit.options.ppm or 0.0, edit.state.rate_hz
        ),
    }
)
