"""Read a file of edits and compare it with a document: the whole of an import except storing it.

Offcut's own edit list comes in as its edits if they reproduce its segments; else, as other files, by edits
that play the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import floor
from pathlib import Path

from engine.core.errors import DocumentError, EditsError
from engine.core.progress import SILENT, Progress
from engine.core.timebase import format_time, samples_to_s
from engine.core.wording import counted, listed
from engine.document.analysis import require_recording
from engine.document.edits.markers import NamedSpan, add_all
from engine.document.edits.tracks import LOUDEST_DB, QUIETEST_DB, set_track
from engine.document.file.storage import apply_rows
from engine.document.kinds import KINDS, not_available
from engine.document.kinds.kind import length_words
from engine.document.kinds.operations import (
    Gain,
    Lift,
    Operation,
    Raise,
    Reclock,
    Replace,
    Shift,
    Slice,
)
from engine.document.kinds.order import TO_SAMPLES
from engine.document.proposals import BY_IMPORT, Decision, Edited, Proposal, Verdict, edited, proposal_id
from engine.document.state import DocumentState, Edit, Row, RowChange, row_changes
from engine.exchange.export.placing.timecode import FrameRate
from engine.exchange.imports.described import ImportedEdits, NotUnderstood, WrittenEdit, named_parts
from engine.exchange.imports.document_clips import document_clips
from engine.exchange.imports.formats import ReadEditsRequest, read_edits
from engine.exchange.imports.proposals.from_clips import from_clips
from engine.exchange.imports.proposals.from_labels import from_labels, from_session
from engine.exchange.imports.proposals.wanted import TIMING, WantedEdits, WantedOnTracks, played_in
from engine.sound.edl.build import build
from engine.sound.edl.edit_list import EditList, Segment, as_insert
from engine.sound.edl.edits_that_play import accept_instead, accepted_effect, counted_kinds

_SOUND: tuple[type[Operation], ...] = (Raise, Reclock, Replace, Lift, Slice, Shift, Gain)
_ALL = (*TIMING, *_SOUND)
_SCORE = 1.0
_LEAST_DB = 0.05
"""Smaller changes of a gain are rounding."""


def read_into(request: ReadEditsRequest, progress: Progress) -> ImportedEdit:
    """Return the changes to a document from the edits of a file.

    Raises
    ------
    EditsError : the file cannot be read, or is of other recordings
    UsageError : the document holds no recording
    Cancelled : the user asked for it
    """
    require_recording(request.state, "import edits into")
    imported = read_edits(
        request.path,
        request.state.rate_hz,
        labels_as=request.labels_as,
        frame_rate=request.frame_rate,
        progress=progress.part(0.0, 0.5),
    )
    return imported_edit(ImportRequest(request.state, request.media, imported), progress.part(0.5, 1.0))


def guessed_rate(request: ReadEditsRequest, progress: Progress) -> FrameRate | None:
    """Return the frame rate assumed for a list without one; None if the list specifies it.

    Raises
    ------
    EditsError : the file cannot be read
    Cancelled : the user asked for it
    """
    imported = read_edits(request.path, request.state.rate_hz, progress=progress)
    return FrameRate(str(imported.frame_rate)) if imported.is_rate_guessed else None


@dataclass(frozen=True, slots=True)
class ImportRequest:
    """A document, and edits that were read from a file.

    Attributes
    ----------
    media : where each source is now, by source id, and which document holds stored audio, by its key
    """

    state: DocumentState
    media: Mapping[str, Path]
    imported: ImportedEdits


@dataclass(frozen=True, slots=True)
class ImportedEdit:
    """Changes to a document from imported edits, as proposals.

    Attributes
    ----------
    decisions : the document's when the edits were compared with it, by proposal id
    proposals : the new ones
    stays : ids of accepted proposals that the imported edits hold as well
    gives_way : classes of operations whose accepted proposals are undone
    markers : that are new, on the timeline of the recordings
    gains_db : of tracks that become louder or quieter, by id
    longer_samples : by how much the result becomes longer; shorter below 0
    returned : how many accepted edits go back to the queue
    left_out : edits that a document cannot represent, a sentence each
    not_understood : missing parts of the file that change the order or the time of sound; with any, the
        proposals stay undecided, and nothing else of the document changes but its markers
    premises : assumptions of the import where the file states nothing, a sentence each
    """

    file_name: str
    rate_hz: int
    decisions: Mapping[str, Decision]
    proposals: tuple[Proposal, ...]
    stays: frozenset[str]
    gives_way: tuple[type[Operation], ...]
    markers: tuple[NamedSpan, ...]
    gains_db: Mapping[str, float]
    longer_samples: int
    returned: int
    left_out: tuple[str, ...]
    not_understood: tuple[NotUnderstood, ...] = ()
    premises: tuple[str, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """Premises and omissions, a sentence each."""
        return (*self.premises, *self.left_out)

    @property
    def is_accepted(self) -> bool:
        """Whether the file was understood, so that its edits are accepted."""
        return not self.not_understood

    @property
    def is_empty(self) -> bool:
        """Whether the document has all of it already."""
        return not (self.proposals or self.markers or self.gains_db or self.returned)

    @property
    def sentence(self) -> str:
        """Summarize the changes of the import."""
        if self.not_understood:
            missing = listed(named_parts(self.not_understood))
            changes = self._changes or "no edits"
            sentence = f"{self.file_name}: {changes} proposed, since Offcut cannot import {missing}"
        elif self.is_empty:
            sentence = f"{self.file_name} holds the edits of this document: nothing changes"
        else:
            sentence = f"{self.file_name}: {self._changes}; {self._length}"
        if self.left_out:
            sentence += f"; {counted(len(self.left_out), 'omission')}"
        return f"{sentence}."

    @property
    def label(self) -> str:
        """Name the step in the history."""
        return f"Import of edits from {self.file_name}"

    @property
    def counts(self) -> Mapping[str, int]:
        """How many new edits there are, by kind."""
        return Counter(one.kind for one in self.proposals)

    @property
    def _changes(self) -> str:
        words = counted_kinds(self.proposals)
        if self.markers:
            words.append(counted(len(self.markers), "marker"))
        if self.gains_db:
            words.append(f"the gain of {counted(len(self.gains_db), 'track')}")
        if self.returned:
            words.append(f"{counted(self.returned, 'accepted edit')} back in the queue")
        return listed(words)

    @property
    def _length(self) -> str:
        if not self.longer_samples:
            return "the length stays"
        length_s = samples_to_s(abs(self.longer_samples), self.rate_hz)
        return f"{length_words(length_s)} {'longer' if self.longer_samples > 0 else 'shorter'}"

    def put_into(self, state: DocumentState) -> Edit:
        """Return one edit that accepts the new proposals and undoes those they replace.

        Proposals of a file that was not understood as a whole are added to the queue, and replace undecided
        ones of an import.
        """
        if self.is_accepted:
            changes = accept_instead(
                state,
                self.proposals,
                self.decisions,
                BY_IMPORT,
                lambda effect: any(isinstance(one, self.gives_way) for one in effect),
                stays=self.stays,
            )
        else:
            changes = _proposed(state, self.proposals, self.stays)
        gains = [set_track(state, key, gain_db=gain_db) for key, gain_db in self.gains_db.items()]
        others = (*gains, add_all(state, self.markers, self.label))
        return Edit(self.label, (*changes, *(change for one in others for change in one.changes)))


def _proposed(
    state: DocumentState, proposals: Sequence[Proposal], stays: Collection[str]
) -> tuple[RowChange, ...]:
    """Return the changes that add proposals to the queue, in place of undecided ones of an earlier import."""
    rows: list[tuple[Row | None, Row | None]] = [(None, one) for one in proposals]
    for key, one in state.proposals.items():
        if one.maker == BY_IMPORT and key not in stays and state.verdict(key) is Verdict.UNDECIDED:
            rows += [(one, None), (state.decisions.get(key), None)]
    return row_changes(rows)


def imported_edit(request: ImportRequest, progress: Progress = SILENT) -> ImportedEdit:
    """Compare edits of another program with a document.

    Raises
    ------
    EditsError : the edits refer to other recordings, or their recordings are ambiguous
    UsageError : the document holds no recording
    Cancelled : the user asked for it
    """
    state, imported = request.state, request.imported
    require_recording(state, "import edits into")
    progress.check_cancelled()
    if not imported.states_parts:
        wanted = from_session(imported, state, request.media)
    elif imported.labels:
        wanted = from_labels(imported, state)
    elif imported.written is not None:
        wanted = from_list(imported, state, request.media)
    else:
        wanted = from_clips(imported, state, request.media)
    progress.report(0.8, "Comparing the edits")
    return _compared(request, wanted)


def _compared(request: ImportRequest, wanted: WantedEdits) -> ImportedEdit:
    """Return the changes; edits that the document already has stay as they are."""
    state = request.state
    before = build(state)
    known = {_key(effect): key for key, effect in _effects(state, wanted.gives_way).items()}
    stays, fresh = set(wanted.stays), list[WantedOnTracks]()
    for one in wanted.edits:
        own = known.get(_key(one.effect))
        if own is None and one.effect:
            fresh.append(one)
        elif own is not None:
            stays.add(own)
    if wanted.is_same(before):  # by other edits: those stay
        stays |= set(_effects(state, TIMING))
        fresh = [one for one in fresh if not any(isinstance(each, TIMING) for each in one.effect)]
    proposals = _proposals(fresh, request.imported.file_name, state.rate_hz)
    here = {one.id for one in proposals if one.id in state.proposals}
    stays |= here if wanted.not_understood else {key for key in here if _is_accepted_unchanged(state, key)}
    proposals = tuple(one for one in proposals if one.id not in stays)
    made = ImportedEdit(
        request.imported.file_name,
        state.rate_hz,
        state.decisions,
        proposals,
        frozenset(stays),
        wanted.gives_way,
        wanted.markers,
        {} if wanted.not_understood else dict(_gains(state, wanted)),
        0,
        0,
        (*request.imported.left_out, *wanted.left_out),
        wanted.not_understood,
        (*request.imported.premises, *wanted.premises),
    )
    if not made.is_accepted:
        return made
    returned = len(_effects(state, wanted.gives_way).keys() - stays)
    after = build(apply_rows(state, made.put_into(state).changes))
    longer = after.length_samples - before.length_samples
    return replace(made, longer_samples=longer, returned=returned)


def _is_accepted_unchanged(state: DocumentState, key: str) -> bool:
    """Return whether a proposal is accepted as it was made."""
    one, decision = state.proposals[key], state.decisions.get(key)
    is_accepted = decision is not None and decision.verdict is Verdict.ACCEPTED
    return is_accepted and edited(one, decision) == edited(one, None)


def _gains(state: DocumentState, wanted: WantedEdits) -> Iterator[tuple[str, float]]:
    """Yield the missing gains of tracks, in dB, limited to the range of a track."""
    for track in state.tracks:
        gain_db = min(max(wanted.gains_db.get(track.id, track.gain_db), QUIETEST_DB), LOUDEST_DB)
        if abs(gain_db - track.gain_db) > _LEAST_DB:
            yield track.id, round(gain_db, 2)


def _effects(
    state: DocumentState, gives_way: tuple[type[Operation], ...]
) -> dict[str, tuple[Operation, ...]]:
    """Return the operations of accepted proposals that could be undone, by id."""
    found = {
        key: accepted_effect(proposal, state.decisions.get(key)) for key, proposal in state.proposals.items()
    }
    return {key: effect for key, effect in found.items() if any(isinstance(one, gives_way) for one in effect)}


def _key(effect: tuple[Operation, ...]) -> tuple[object, ...]:
    return tuple((type(one), one) for one in effect)


def _proposals(wanted: Sequence[WantedOnTracks], name: str, rate_hz: int) -> tuple[Proposal, ...]:
    made = {}
    for one in wanted:
        key = proposal_id(one.kind, one.start_samples, one.stop_samples, BY_IMPORT, one.tracks, one.payload)
        made[key] = Proposal(
            key,
            one.kind,
            one.start_samples,
            one.stop_samples,
            _SCORE,
            one.reason or _reason(one, name, rate_hz),
            BY_IMPORT,
            (),
            dict(one.payload),
            None,
            one.tracks,
        )
    return tuple(sorted(made.values(), key=lambda one: one.start_samples))


def _reason(one: WantedOnTracks, name: str, rate_hz: int) -> str:
    if KINDS[one.kind].drops_span:
        return f"Not in {name}."
    if TO_SAMPLES in one.payload:
        to_s = samples_to_s(int(str(one.payload[TO_SAMPLES])), rate_hz)
        return f"{name} plays it before {format_time(to_s, 1)}."
    return f"So it is in {name}."


def from_list(imported: ImportedEdits, state: DocumentState, places: Mapping[str, Path]) -> WantedEdits:
    """Return the edits of an edit list.

    Raises
    ------
    EditsError : it is of other recordings or another rate, or an edit of it is not one of its kind
    """
    played = from_clips(imported, state, places)
    assert imported.written is not None
    tracks = _tracks(imported, state, places)
    left_out: dict[str, int] = {}
    edits = []
    for one in imported.written:
        reason = _unusable(one, tracks, places)
        own = None if reason else _wanted(imported, one, tracks, state)
        if own is not None and own.effect:
            edits.append(own)
        elif own is None or not _is_accepted(own, state):
            reason = reason or f"{one.kind} changes no audio."
            left_out[reason] = left_out.get(reason, 0) + 1
    timing = [one for one in edits if any(isinstance(effect, TIMING) for effect in _effect(imported, one))]
    markers = tuple(_markers(imported, state))
    omissions = tuple(f"{counted(number, 'edit')} left out: {reason}" for reason, number in left_out.items())
    made = played_in(state, timing)
    if imported.rate_hz == state.rate_hz and _is_played(imported, state, places, tracks, made):
        return WantedEdits(
            tuple(edits),
            _ALL,
            markers,
            played.gains_db,
            made,
            left_out=omissions,
            not_understood=played.not_understood,
        )
    sounding = [one for one in edits if one not in timing] if imported.rate_hz == state.rate_hz else []
    if not omissions and imported.written:
        omissions = ("The segments of the list are not those of its edits: the segments count.",)
    return replace(
        played,
        edits=(*played.edits, *sounding),
        gives_way=_ALL,
        markers=markers,
        left_out=(*omissions, *played.left_out),
    )


def _is_played(
    imported: ImportedEdits,
    state: DocumentState,
    places: Mapping[str, Path],
    tracks: Sequence[str | None],
    made: EditList,
) -> bool:
    """Return whether an edit list plays the segments of an imported one, its clips at their places."""
    own = {key: own for number, own in imported.own_segments.items() if (key := tracks[number]) is not None}
    if imported.segments != _inserts_alike(made) or own.keys() != made.own.keys():
        return False
    if any(segments != _inserts_alike(made.own[key]) for key, segments in own.items()):
        return False
    played = {key: _by_shift(segments) for key, segments in own.items()}
    shared = _by_shift(imported.segments)
    return all(
        any(
            segment.start_samples <= one.start_samples < segment.stop_samples
            for segment in played.get(key, shared).get(one.start_samples - one.at_samples, ())
        )
        for key, clips in document_clips(imported, state, places).by_track.items()
        for one in clips
    )


def _inserts_alike(one: EditList) -> tuple[Segment, ...]:
    return tuple(as_insert(each) if each.is_inserted else each for each in one.segments)


def _by_shift(segments: Sequence[Segment]) -> dict[int, list[Segment]]:
    found: dict[int, list[Segment]] = {}
    for one in segments:
        found.setdefault(one.start_samples - one.result_start_samples, []).append(one)
    return found


def _tracks(
    imported: ImportedEdits, state: DocumentState, places: Mapping[str, Path]
) -> tuple[str | None, ...]:
    """Return the id of each track of the list in the document; None for one that it does not have."""
    found: list[str | None] = []
    for track in imported.tracks:
        try:
            own = document_clips(replace(imported, tracks=(track,)), state, places).by_track
        except EditsError:
            own = {}
        found.append(next(iter(own), None))
    return tuple(found)


def _unusable(one: WrittenEdit, tracks: Sequence[str | None], places: Mapping[str, Path]) -> str:
    """Return the reason why an edit cannot be made in this document, "" if it can."""
    if one.kind not in KINDS:
        return not_available(one.kind)
    if any(tracks[place] is None for place in one.tracks):
        return "a track of it is not in this document."
    if one.kind == "repair" and not any(str(value) in places for value in one.payload.values()):
        return "the audio of a repair is not in this document."
    return ""


def _is_accepted(made: WantedOnTracks, state: DocumentState) -> bool:
    """Return whether an edit is already accepted in a document."""
    wanted = Edited(made.start_samples, made.stop_samples, dict(made.payload), made.tracks)
    return any(
        one.kind == made.kind
        and state.verdict(key) is Verdict.ACCEPTED
        and edited(one, state.decisions.get(key)) == wanted
        for key, one in state.proposals.items()
    )


def _wanted(
    imported: ImportedEdits, one: WrittenEdit, tracks: Sequence[str | None], state: DocumentState
) -> WantedOnTracks:
    own = tuple(key for place in one.tracks if (key := tracks[place]) is not None)
    made = WantedOnTracks(
        one.kind,
        min(one.start_samples, state.length_samples),
        min(one.stop_samples, state.length_samples),
        one.payload,
        own,
        one.reason,
    )
    _effect(imported, made)
    return made


def _effect(imported: ImportedEdits, one: WantedOnTracks) -> tuple[Operation, ...]:
    try:
        KINDS[one.kind].validate(one.payload)
        return one.effect
    except DocumentError as error:
        raise EditsError(f"{imported.file_name} holds an edit that cannot be: {error}") from error


def _markers(imported: ImportedEdits, state: DocumentState) -> Iterator[NamedSpan]:
    """Yield the new markers of the list, at their positions on the timeline."""
    ratio, length = Fraction(state.rate_hz, imported.rate_hz), state.length_samples
    known = {one.name for one in state.markers.values()}
    for one in imported.markers:
        start, stop = (min(floor(at * ratio + Fraction(1, 2)), length) for at in (one.start_s, one.stop_s))
        if one.name not in known:
            yield NamedSpan(start, stop, one.name)
