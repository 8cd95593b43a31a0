"""Transport: playing material, start position, and its position on the source timeline."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from desktop.shell.playback import Player
from desktop.shell.playback.play_source import SPEEDS, PlaySource, Shuttle, SourceFactory
from desktop.shell.session import Session
from engine.core.errors import UsageError
from engine.core.timebase import format_time, s_to_samples, samples_to_s
from engine.document.analysis import nothing_yet
from engine.document.file.stored_audio import StoredAudio
from engine.document.kinds import Edge
from engine.document.state import Change, DocumentState
from engine.document.tracks import sound_of
from engine.recordings.media import without_missing
from engine.sound.edl.arrangement import laid_at
from engine.sound.edl.build import build, in_place, preview, removed_only, whole
from engine.sound.edl.edit_list import EditList, place_in
from engine.sound.edl.render import Renderer
from engine.sound.edl.tracks.patches import Patches
from engine.sound.edl.tracks.stored_sounds import NOTHING_AT_HAND

AROUND_S = 2.0
"""Pre-roll and post-roll."""
EDGE_AUDITION_S = 1.0


class Transport(QObject):
    """Plays the original or the result, and auditions single edits through the code that exports them.

    The playhead is a position on the source timeline, in every view: one inside a cut is played and shown
    at the seam, and is unchanged in the source view. If a position plays several times,
    the transport also stores the current occurrence.

    Signals
    -------
    playhead_moved : the new position in samples
    playing_changed : whether playback is running
    result_chosen : whether Space plays the result instead of the original
    before_chosen : whether playback and display use the recorded sound, without edits
    looping_changed : whether a span is repeated
    """

    playhead_moved = Signal(object)
    playing_changed = Signal(bool)
    result_chosen = Signal(bool)
    before_chosen = Signal(bool)
    looping_changed = Signal(bool)

    def __init__(self, session: Session, player: Player, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._player = player
        self._programme: EditList | None = None
        self._made_of: tuple[object, ...] = ()
        self._sounding: object = None
        self._shuttle = Shuttle()
        self._return_to: int | None = None
        self._built: dict[bool, tuple[DocumentState, EditList]] = {}
        self._before: tuple[EditList, EditList] | None = None
        self._goes_round = False
        self.plays_result: bool = False  # stated: the tables of commands are part of a cycle of types
        self.plays_before = False
        self.playhead_samples = 0
        self._near_samples: int | None = None  # in the result
        self._tried: DocumentState | None = None
        self.loops = False
        player.position_changed.connect(self._follow_player)
        player.playing_changed.connect(self._follow_playing)
        session.changed.connect(self._follow_change)
        session.replaced.connect(self._start_over)
        session.media_found.connect(self._prepare)

    @property
    def edit_list(self) -> EditList | None:
        """Edit list of the result view; None in the source view."""
        return self._chosen() if self.plays_result else None

    @property
    def patches(self) -> Mapping[str, Patches]:
        """Edited sound of tracks, by id, in the active view."""
        return self._chosen().patches

    @property
    def lengths(self) -> str:
        """The chosen view and its length, in words."""
        state = self._session.state
        rate_hz, lengths = max(state.rate_hz, 1), [state.length_samples]
        if self.plays_result:
            lengths.insert(0, self.result.length_samples)
        times = " of ".join(format_time(samples_to_s(length, rate_hz), 0) for length in lengths)
        return f"{'Result' if self.plays_result else 'Source'}: {times}"

    @property
    def result(self) -> EditList:
        """Edit list of the document, independent of the view."""
        return self._programme_of(True, build)

    @property
    def result_samples(self) -> int:
        """Where the playhead is in the result."""
        return self._at(self.result, self.playhead_samples)

    @property
    def shown_samples(self) -> int:
        """Where the playhead is in the chosen view."""
        return self.result_samples if self.plays_result else self.playhead_samples

    def shown_at(self, source_samples: int) -> int:
        """Return where a moment of the source is in the chosen view."""
        return self._at(self.result, source_samples) if self.plays_result else source_samples

    @property
    def is_playing(self) -> bool:
        """Whether playback is running."""
        return self._player.is_playing

    @property
    def is_auditioning(self) -> bool:
        """Whether a temporary segment is playing, such as a preview, after which the playhead returns."""
        return self.is_playing and self._return_to is not None

    @property
    def goes_round(self) -> bool:
        """Whether a span of the active view is looped."""
        return self.is_auditioning and self._goes_round

    @property
    def speed(self) -> int:
        """Speed of the playhead, negative for backwards; 0 when stopped."""
        return self._shuttle.speed if self.is_playing else 0

    @property
    def is_shuttling(self) -> bool:
        """Whether it plays faster than it was recorded, or backwards."""
        return self.speed not in (0, 1)

    def shuttle(self, direction: int) -> int:
        """Play on (1) or back (-1), or faster where it goes that way; return the speed.

        Raises
        ------
        UsageError : there is nothing further that way
        """
        if self._return_to is not None or self._programme is None:
            self._player.stop()
        speed = direction
        if self.speed * direction > 0:
            speed *= SPEEDS[min(SPEEDS.index(abs(self.speed)) + 1, len(SPEEDS) - 1)]
        if self.is_playing:
            if speed != self.speed:
                self._player.set_loop(None)
                self._swap(self._chosen(), speed)
            return speed
        programme = self._chosen()
        here = self._at(programme, self.playhead_samples)
        if here == (programme.length_samples if direction > 0 else 0) and programme.rate_hz:
            raise UsageError(f"The playhead is at the {'end' if direction > 0 else 'start'}.")
        self._load(programme, speed)
        self._player.set_loop(None)
        self._player.play(self._shuttle.to_heard(here))
        return speed

    def toggle(self, looped_span: tuple[int, int] | None = None) -> None:
        """Play from the playhead, or stop."""
        if self.is_playing:
            self.stop()
            return
        self._load(self._chosen())
        start = self._programme_at(self.playhead_samples)
        self._player.set_loop(self._loop_of(looped_span))
        at_end = self._programme is not None and start >= self._programme.length_samples
        self._player.play(0 if at_end else start)

    def stop(self) -> None:
        """Stop; after an audition the playhead goes back to where it was."""
        self._player.stop()

    def seek(self, position_samples: int, near_samples: int | None = None) -> None:
        """Put the playhead somewhere, and play on from there when playing; an audition ends.

        Parameters
        ----------
        near_samples : position in the result, for spans that play several times; None for the first
        """
        if not self._session.is_open:
            return
        position = max(0, min(position_samples, self._session.state.length_samples))
        auditioned = self.is_auditioning
        self._return_to, self._near_samples = None, near_samples
        if self._programme is None or self.is_shuttling or auditioned:
            self._player.stop()  # what plays beside the timeline has no place on it
        if self.is_playing:
            self._player.seek(self._programme_at(position))
        else:
            self._place(position)

    def play_around(self, span: tuple[int, int]) -> None:
        """Play a span with pre-roll and post-roll, in the original or the result as chosen."""
        self._audition(self._chosen(), *span, AROUND_S)

    def play_preview(self, proposal_id: str) -> None:
        """Play the result around an edit as if it were accepted."""
        start, stop = self._session.state.span(proposal_id)
        programme, laid = preview(self._session.state, proposal_id), laid_at(self._session.state, proposal_id)
        tracks = self._session.state.proposals[proposal_id].tracks
        if tracks and tracks[0] in programme.own:  # which plays it at another time than the others
            laid = programme.of_track(tracks[0]).result_span(start, stop, self._near_samples)
        self._audition(programme, start, stop, AROUND_S, laid)

    def play_removed(self, proposal_id: str) -> None:
        """Play only the audio that an edit removes."""
        start, stop = self._session.state.span(proposal_id)
        self._audition(removed_only(self._session.state, proposal_id), start, stop, 0.0)

    def play_trial(
        self,
        state: DocumentState,
        at_hand: Mapping[str, StoredAudio],
        span: tuple[int, int],
        around_s: float,
    ) -> None:
        """Play a span of the chosen view as it would be with an edit that is tried out.

        Parameters
        ----------
        state : the document as it would be
        at_hand : the audio of the edit, by its key
        """
        programme = build(state) if self.plays_result else in_place(state)
        self._audition(programme, *span, around_s, at_hand=at_hand)

    def play_edge(self, span: tuple[int, int], edge: Edge) -> None:
        """Play the original across one edge."""
        position = span[0] if edge is Edge.START else span[1]
        self._audition(whole(self._session.state), position, position, EDGE_AUDITION_S)

    def play_span(self, span: tuple[int, int]) -> None:
        """Play the original of a span and nothing around it."""
        self._audition(whole(self._session.state), *span, 0.0)

    def play_round(self, span: tuple[int, int]) -> None:
        """Play a span over and over, in the original or the result as chosen."""
        loops, self.loops = self.loops, True
        try:
            self._audition(self._chosen(), *span, 0.0)
        finally:
            self.loops = loops
        self._goes_round = True

    def play_beside(self, source: SourceFactory, length_samples: int, rate_hz: int = 0) -> None:
        """Play something that is not on the timeline, at this rate or the document's; the playhead stays."""
        self._player.stop()
        self._programme, self._return_to, self._made_of = None, None, ()
        self._shuttle = Shuttle()
        self._player.set_source(source, rate_hz or self._session.state.rate_hz)
        self._player.set_loop((0, length_samples) if self.loops else None)
        self._player.play(0)

    def choose_result(self, result: bool) -> None:
        """Play the result or the original, going over at the same moment when playing."""
        self.plays_result = result
        self._swap(self._chosen())
        self.result_chosen.emit(result)

    @property
    def tried(self) -> DocumentState | None:
        """The trial document, played and shown as the result; None: the document itself."""
        return self._tried

    def try_out(self, state: DocumentState | None, plays_result: bool) -> None:
        """Have the result be that of another state of the document, until None, and choose whether it plays.

        If it does not contain the playing position, playback continues at the nearest common one.
        """
        before = self.result
        self._tried = state
        if self._near_samples is not None:
            self._near_samples = place_in(self.result, before, self._near_samples)
        self.plays_result = plays_result
        self._swap(self._chosen(), is_other=True)
        self.result_chosen.emit(self.plays_result)

    def choose_before(self, before: bool) -> None:
        """Switch between recorded and edited sound, at the same position during playback."""
        self.plays_before = before
        self._swap(self._chosen())
        self.before_chosen.emit(before)

    @property
    def compared(self) -> str:
        """A sentence about the sound that plays: with repairs and moved hits or notes, or without."""
        if not self._edited().patches:
            return "No edit changes the sound itself: the recording and the edited sound are the same"
        return "Sound as recorded, without repairs and moves" if self.plays_before else "With edited sound"

    def toggle_loop(self, span: tuple[int, int] | None) -> bool:
        """Go round in a span, or play on; return whether it loops now."""
        self.loops = not self.loops
        self._player.set_loop(self._loop_of(span))
        self.looping_changed.emit(self.loops)
        return self.loops

    def set_gain(self, gain_db: float) -> None:
        """Play with a gain that no edit, meter or export has, such as one that matches levels; 0 dB: none."""
        self._player.set_gain(gain_db)

    def close(self) -> None:
        """Stop and release device and files."""
        self._player.close()

    def _start_over(self) -> None:
        self._player.stop()
        self._programme, self._return_to, self._tried = None, None, None
        self._place(0)

    def _prepare(self) -> None:
        """Open the recording before the first key needs it."""
        tracks, media = self._session.state.tracks, self._session.media
        if tracks and not self.is_playing and all(media.keys() >= set(one.source_ids) for one in tracks):
            self._load(self._chosen())
            self._player.prepare()

    def _edited(self) -> EditList:
        return self.result if self.plays_result else self._programme_of(False, in_place)

    def _chosen(self) -> EditList:
        programme = self._edited()
        if not self.plays_before:
            return programme
        if self._before is None or self._before[0] is not programme:
            self._before = programme, replace(programme, patches={})
        return self._before[1]

    def _programme_of(self, result: bool, make: Callable[[DocumentState], EditList]) -> EditList:
        """Return a programme of the document as it is, made once for each of its states."""
        tried = self._tried if result else None
        state = self._session.state if tried is None else tried
        if result not in self._built or self._built[result][0] is not state:
            self._built[result] = state, make(state)
        return self._built[result][1]

    def _audition(
        self,
        programme: EditList,
        start: int,
        stop: int,
        around_s: float,
        span: tuple[int, int] | None = None,
        at_hand: Mapping[str, StoredAudio] = NOTHING_AT_HAND,
    ) -> None:
        """Play a source span, or one of the result, with context."""
        return_to = self.playhead_samples if self._return_to is None else self._return_to
        self._player.stop()
        self._load(programme, at_hand=at_hand)
        around = s_to_samples(around_s, programme.rate_hz)
        heard = programme.result_span(start, stop, self._near_samples) if span is None else span
        first, last = max(0, heard[0] - around), min(programme.length_samples, heard[1] + around)
        if last <= first:
            raise UsageError("Nothing to play. The result is empty.")
        self._player.set_loop((first, last) if self.loops else None)
        self._player.play(first, None if self.loops else last)
        self._return_to = return_to

    def _load(
        self,
        programme: EditList,
        speed: int = 1,
        at_hand: Mapping[str, StoredAudio] = NOTHING_AT_HAND,
    ) -> None:
        if not self._session.is_open or not programme.rate_hz or not self._session.state.tracks:
            raise nothing_yet("play")
        self._programme, self._return_to, self._goes_round = programme, None, False
        media = self._session.media
        self._shuttle = Shuttle(speed, programme.length_samples)
        self._sounding = sound_of(self._session.state.tracks)
        made_of = (programme, speed, self._sounding, media, [_stamp(path) for path in media.values()])
        if made_of == self._made_of:  # its files are open already
            self._player.stop()
            self._player.set_loop(None)
        else:
            self._made_of = made_of
            self._player.set_source(self._renderer(programme, at_hand), programme.rate_hz)

    def _renderer(
        self, programme: EditList, at_hand: Mapping[str, StoredAudio] = NOTHING_AT_HAND
    ) -> Callable[[], PlaySource]:
        media, shuttle = dict(self._session.media), self._shuttle
        state = without_missing(self._session.state, media)
        return lambda: shuttle.of(Renderer(state, programme, media, at_hand=at_hand))

    def _swap(self, programme: EditList, speed: int | None = None, *, is_other: bool = False) -> None:
        """Go over to another programme, or to another speed, at the same moment of the source.

        Parameters
        ----------
        is_other : whether the programme is another arrangement, which goes on where both play
        """
        before, was = self._programme, self._shuttle
        if before is None or not self.is_playing:
            return
        shuttle = Shuttle(was.speed if speed is None else speed, programme.length_samples)

        def to_new(position: int) -> int:
            at = was.to_programme(position)
            if programme is before:
                return shuttle.to_heard(at)
            if is_other:
                return shuttle.to_heard(place_in(programme, before, at))
            return shuttle.to_heard(programme.nearest_result(before.to_source(at), at))

        self._programme, self._shuttle, self._made_of = programme, shuttle, ()
        self._sounding = sound_of(self._session.state.tracks)
        self._player.swap_source(self._renderer(programme), to_new)

    def _follow_change(self, change: Change) -> None:
        if self.playhead_samples > self._session.state.length_samples:
            self._near_samples = None
            self._place(self._session.state.length_samples)
        # in the source a cut is heard as before, and what changes the sound of a track is not
        hears_decisions = bool(change.proposals) and (self.plays_result or self._chosen() != self._programme)
        hears_tracks = change.tracks and sound_of(self._session.state.tracks) != self._sounding
        if self.is_playing and self._goes_on_with_changes() and (hears_decisions or hears_tracks):
            self._swap(self._chosen())

    def _goes_on_with_changes(self) -> bool:
        """Return whether the active view, or a fixed loop in it, is playing."""
        if self._return_to is None:
            return True
        return self._goes_round and self._programme is not None and self._chosen().plays_as(self._programme)

    def _programme_at(self, source_samples: int) -> int:
        return 0 if self._programme is None else self._at(self._programme, source_samples)

    def _at(self, programme: EditList, source_samples: int) -> int:
        """Return where a programme plays a moment; of several places the one that the playhead is at."""
        if self._near_samples is None:
            return programme.to_result(source_samples)
        return programme.nearest_result(source_samples, self._near_samples)

    def _loop_of(self, span: tuple[int, int] | None) -> tuple[int, int] | None:
        if not self.loops or span is None or self._programme is None:
            return None
        return self._programme.result_span(*span, self._near_samples)

    def _follow_player(self, heard_samples: int) -> None:
        if self._programme is not None and self.is_playing:
            position = self._shuttle.to_programme(heard_samples)
            if self._return_to is None:  # an audition leaves the playhead where it was
                self._near_samples = position if self.plays_result else None
            self._place(self._programme.to_source(position))

    def _follow_playing(self, playing: bool) -> None:
        if not playing and self._return_to is not None:
            self._place(self._return_to)
            self._return_to = None
        self.playing_changed.emit(playing)

    def _place(self, position_samples: int) -> None:
        self.playhead_samples = position_samples
        self.playhead_moved.emit(position_samples)


def _stamp(path: Path) -> tuple[int, int] | None:
    """Return the identity of an opened file; None if it no longer exists."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size
