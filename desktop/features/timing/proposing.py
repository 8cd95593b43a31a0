"""Proposals of drum timing: the form, the job that detects hits, and the edits of the document.

Before many hits are accepted, the user is asked once about tracks that were recorded with those that move.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from functools import partial
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QWidget
from shiboken6 import isValid

from desktop.features.timing.form import AlignAsked, AlignForm, Choices
from desktop.features.timing.timing import Timing
from desktop.recordings.recordings import Analysing, Recordings
from desktop.shell.dialogs import questions
from desktop.shell.dialogs.form_dialogs import ask
from desktop.shell.dialogs.questions import GROOVES
from desktop.shell.session import Session
from desktop.shell.shell import Shell
from desktop.shell.work.jobs import find_edits
from engine.core.errors import OffcutError, TimingError, UsageError
from engine.core.timebase import samples_to_s
from engine.core.wording import counted
from engine.document.analysis import require_recording
from engine.document.edits.analyses import drum_tracks
from engine.document.edits.proposals import decide
from engine.document.grid_edits import even_tempo_bpm, follows_player, tempo_text
from engine.document.kinds.timing import HIT
from engine.document.proposals import Verdict
from engine.document.tracks import sound_of
from engine.features.timing.alignment.settings import TimingSettings
from engine.features.timing.hits.membership import (
    guessed_roles_sentence,
    holds_drums,
    left_behind_sentence,
    microphones_words,
    recorded_with,
    tracks_of_moves,
    unnamed_kit,
)

if TYPE_CHECKING:
    from engine.features.registry import FoundEdits


class LeftBehind(QObject):
    """Knows which tracks were recorded with others, and asks whether they move too.

    Parameters
    ----------
    move_too : proposes again with these tracks as well
    """

    def __init__(
        self,
        window: QWidget,
        session: Session,
        recordings: Recordings,
        move_too: Callable[[Sequence[str]], None],
    ) -> None:
        super().__init__(window)
        self._window, self._session, self._move_too = window, session, move_too
        self._recordings = recordings
        self._asked: set[frozenset[str]] = set()
        session.replaced.connect(self._asked.clear)

    def once_known(self, then: Callable[[], None]) -> None:
        """Call back once the tracks were compared; not at all where they are known or cannot be compared."""
        if self._session.pickup is None and len(self._session.state.tracks) > 1:
            self._recordings.compare_tracks(then)

    def of(self, moved: Sequence[str]) -> Mapping[str, str]:
        """Return the tracks that stay although they were recorded with those that move: names by id."""
        pickup = self._session.pickup
        found = {} if pickup is None else recorded_with(pickup, moved)
        return {track.id: track.name for track in self._session.state.tracks if track.id in found}

    def before_accepting(self, ids: Sequence[str], accept: Callable[[], None]) -> None:
        """Accept proposals; where tracks stay behind, ask first, once for the same tracks."""
        staying = self.of(tracks_of_moves(self._session.state, ids))
        if not staying or frozenset(staying) in self._asked:
            accept()
            return
        moves_too = questions.ask_left_behind(self._window, tuple(staying.values()))
        if moves_too is None:
            return
        self._asked.add(frozenset(staying))
        if moves_too:
            self._move_too(tuple(staying))
        else:
            accept()


_PROPOSING = "Proposing timing"
_FOLLOWS = ", follows the drummer"
_DETECTED_FIRST = "detected first"


class TimingProposing(QObject):
    """Asks for the settings, detects hits, and adds the proposals to the queue.

    Signals
    -------
    said : message about the result
    """

    said = Signal(str)

    def __init__(
        self,
        window: QWidget,
        shell: Shell,
        timing: Timing,
        recordings: Recordings,
        analysing: Analysing,
    ) -> None:
        super().__init__(window)
        self._window = window
        self._session, self._work, self._shell = shell.session, shell.work, shell
        self._selecting, self._timing, self._analysing = shell.selecting, timing, analysing
        self._asked = AlignAsked()
        self.left = LeftBehind(window, shell.session, recordings, self._move_too)
        shell.finders.add_form("timing", self.ask)
        shell.review.before_accepting = self.left.before_accepting
        shell.session.replaced.connect(self._start_over)
        timing.proposing_wanted.connect(self._propose_anew)

    def _start_over(self) -> None:
        self._asked = AlignAsked()

    def ask(self) -> None:
        """Ask how, then propose.

        Raises
        ------
        UsageError : the document has no recording, or takes no edits
        """
        require_recording(self._session.state, "put in time")
        form = AlignForm(self._shell.look.theme, self._filled_in(), self._choices())
        self.left.once_known(partial(self._show_choices, form))
        asked = ask_timing(self._window, form, self._folder)
        if asked is not None:
            self._asked = asked
            self.propose(asked)

    def _show_choices(self, form: AlignForm) -> None:
        """Update an open form with new results about the tracks."""
        if isValid(form):
            form.set_choices(self._choices())

    @property
    def _folder(self) -> Path:
        path = self._session.path
        return Path.home() if path is None else path.absolute().parent

    def _filled_in(self) -> AlignAsked:
        """Return the initial values of the form: the last ones, and the settings of the document."""
        held, grid = self._timing.settings, self._session.grid
        bpm, start_s = self._asked.bpm, self._asked.start_s
        if grid is not None and grid.tempo_bpm:
            rate_hz = self._session.state.rate_hz
            bpm = even_tempo_bpm(grid, rate_hz)
            if not start_s and len(grid.downbeats_samples):
                start_s = round(samples_to_s(int(grid.downbeats_samples[0]), rate_hz), 3)
        return replace(
            self._asked,
            grid=self._asked.grid if self._asked.grid in ("click", "file") else "beats",
            bpm=bpm,
            start_s=start_s,
            division=held.division,
            swing_percent=held.swing_percent,
            strength=held.strength,
            sensitivity=held.sensitivity,
            pad_ms=held.pad_ms,
            least_ms=held.least_ms,
            keeps_feel=held.own_feel,
            keeps_drums=held.drum_feel,
        )

    def _choices(self) -> Choices:
        state, grid = self._session.state, self._session.grid
        drums, chosen = self._drums(), self._selecting.tracks
        are_drums = holds_drums(state, drums)
        tempo = _DETECTED_FIRST if grid is None else tempo_text(grid) if len(grid.beats_samples) else ""
        if grid is not None and follows_player(grid, state.rate_hz):
            tempo += _FOLLOWS
        return Choices(
            drums=len(drums),
            drums_words=microphones_words(state, drums, "microphone" if are_drums else "track"),
            are_drums=are_drums,
            chosen=chosen,
            guessed=guessed_roles_sentence(state, self._session.hits),
            left_by_drums=self.left.of(drums),
            left_by_chosen=self.left.of(chosen),
            chosen_words=self._selecting.tracks_words if chosen else "",
            tempo=tempo,
            tracks={track.id: track.name for track in state.tracks},
            length_s=samples_to_s(state.length_samples, state.rate_hz),
        )

    def _drums(self) -> tuple[str, ...]:
        state = self._session.state
        try:
            return drum_tracks(state, (), unnamed_kit(state, self._session.pickup))
        except (UsageError, TimingError):
            return ()

    def _move_too(self, staying: Sequence[str]) -> None:
        """Propose again with tracks that were left behind; hits that were accepted without them are open."""
        state, hits = self._session.state, self._session.hits
        accepted = [
            key
            for key, one in state.proposals.items()
            if one.kind == HIT.name and state.verdict(key) is Verdict.ACCEPTED
        ]
        if accepted:
            self._session.apply(decide(state, accepted, Verdict.UNDECIDED))
        moved = self._drums() if hits is None else tuple(hits.track_ids)
        self.propose(replace(self._asked, tracks=(*moved, *staying), also=()))

    def propose(self, asked: AlignAsked) -> None:
        """Have hits found and moved; to the beats of a recording that is being analysed, once it is."""
        if asked.grid == "beats" and self._session.grid is None and self._analysing.is_listening:
            self._analysing.once_listened(lambda: self.propose(asked))
            self.said.emit("Timing is proposed as soon as the recording was listened to")
            return
        limits = self._timing.settings
        moves = replace(
            limits,
            division=asked.division,
            swing_percent=asked.swing_percent,
            strength=asked.strength,
            sensitivity=asked.sensitivity,
            pad_ms=asked.pad_ms,
            least_ms=asked.least_ms,
            most_ms=limits.most_ms if asked.most_ms == inf else asked.most_ms,
            own_feel=asked.keeps_feel,
            drum_feel=asked.keeps_drums,
        )
        tracks = (*(asked.tracks or self._drums()), *asked.also) if asked.also else asked.tracks
        settings = {**self._grid(asked), **_settings(moves), "groove": asked.groove}
        self._shell.finders.start("timing", settings, _PROPOSING, partial(self._take, asked), tracks)

    def _grid(self, asked: AlignAsked) -> Mapping[str, object]:
        """Return the settings that name the grid; none for that of the document."""
        if asked.grid == "even":
            return {"bpm": asked.bpm, "first_beat_s": asked.start_s}
        if asked.grid == "click":
            names = {track.id: track.name for track in self._session.state.tracks}
            return {"click": names.get(asked.click, "")}
        if asked.grid == "file":
            return {"beats" if asked.path.lower().endswith(".json") else "midi": asked.path}
        return {}

    def _take(self, asked: AlignAsked, found: FoundEdits) -> None:
        before, now = found.request.state, self._session.state
        if now is before:
            self._put(found)
            return
        if sound_of(now.tracks) == sound_of(before.tracks):
            edit, analyses, _ = found.analysing(now)
            self._session.apply(edit, analyses)
        self.propose(asked)  # something was decided meanwhile; the hits are known now

    def _propose_anew(self, settings: TimingSettings) -> None:
        """Propose with other settings where hits were found already; only the newest counts."""
        hits, state = self._session.hits, self._session.state
        if hits is None:
            return

        def take(found: FoundEdits) -> None:
            if self._session.state is state:
                self._put(found, "timing")
            else:
                self._timing.propose_later(settings)  # something was decided meanwhile

        wanted = {**_settings(settings), "groove": self._asked.groove}
        request = self._shell.finders.request("timing", wanted, tuple(hits.track_ids))
        self._timing.run(find_edits, request, take)

    def _put(self, found: FoundEdits, merges_as: str = "") -> None:
        sentence = " ".join((f"{_sentence(found)}.", *self._notices(found, asks=not merges_as)))
        self._shell.finders.take(found, (sentence,), merges_as)

    def _notices(self, found: FoundEdits, *, asks: bool) -> Iterator[str]:
        figures = found.found.figures
        notices, left_behind = (cast(list[str], figures[key]) for key in ("notices", "left_behind"))
        yield from notices
        if left_behind and asks:
            yield f"{left_behind_sentence(left_behind)} Move them too? ‹timing.propose›"


def _settings(moves: TimingSettings) -> Mapping[str, object]:
    """Return how hits are moved as settings of the finder."""
    from engine.features.timing.finders.timing.finder import TimingFinderSettings

    names = TimingFinderSettings.model_fields
    return {name: value for name, value in asdict(moves).items() if name in names}


def _sentence(found: FoundEdits) -> str:
    if found.found.proposals:
        return found.sentence.splitlines()[0]
    hits = counted(cast(int, found.found.figures["strokes"]), "hit")
    return f"Nothing to move: {hits} are where they belong, or were answered"


BEATS = "MIDI or beats (*.mid *.midi *.json);;All files (*)"


def ask_timing(parent: QWidget, form: AlignForm, folder: Path) -> AlignAsked | None:
    """Ask how hits are to be put in time."""

    def choose() -> None:
        chosen, _ = QFileDialog.getOpenFileName(form, "Beats", str(folder), BEATS)
        if chosen:
            form.set_file(chosen)

    def choose_groove() -> None:
        from engine.features.timing.alignment.groove_file import read_groove

        chosen, _ = QFileDialog.getOpenFileName(form, "Learned groove", str(folder), GROOVES)
        if not chosen:
            return
        try:
            form.set_groove(chosen, read_groove(Path(chosen)).settings)
        except OffcutError as error:
            form.refuse_groove(str(error))

    form.file_requested.connect(choose)
    form.groove_requested.connect(choose_groove)
    accepted = ask(parent, "Propose timing", form, form.problem, "Propose", scrolls=True)
    return form.values() if accepted else None
