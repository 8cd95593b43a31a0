"""Proposing drum timing: asking how, the job that finds hits, and what it becomes in the document."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget
from shiboken6 import isValid

from desktop import dialogs
from desktop.jobs import align_drums
from desktop.parts import Parts
from desktop.timing.left_behind import LeftBehind
from engine.alignment.timing_settings import TimingSettings
from engine.document.decisions import Verdict
from engine.document.drums.edits import drum_tracks
from engine.document.edits import decide, set_analyses
from engine.document.grid.edits import tempo_text
from engine.document.kinds.hit import HIT
from engine.document.recorded import require_recording
from engine.document.tracks.track import sound_of
from engine.errors import TimingError, UsageError
from engine.hits.membership import left_behind_sentence, unnamed_kit
from engine.timebase import samples_to_s
from engine.wording import counted
from widgets.theme import Theme
from widgets.timing.form import AlignAsked, AlignForm, Choices

if TYPE_CHECKING:
    from engine.jobs.drums.aligned_files import Aligned

_PROPOSING = "Proposing timing"
_LISTENED_FOR = "listened for first"


class TimingProposing(QObject):
    """Asks how hits are to be put in time, has them found, and puts what is proposed into the queue.

    Signals
    -------
    said : what was found
    """

    said = Signal(str)

    def __init__(self, window: QWidget, parts: Parts, theme: Callable[[], Theme]) -> None:
        super().__init__(window)
        self._window, self._theme = window, theme
        self._parts = parts
        self._session, self._work = parts.session, parts.work
        self._selecting, self._timing = parts.selecting, parts.timing
        self._asked = AlignAsked()
        self.left = LeftBehind(window, parts.session, parts.recordings, self._move_too)
        self._newest: TimingSettings | None = None
        parts.session.replaced.connect(self._start_over)
        parts.timing.proposing_wanted.connect(self._propose_anew)

    def _start_over(self) -> None:
        self._asked = AlignAsked()

    def ask(self) -> None:
        """Ask how, then propose.

        Raises
        ------
        UsageError : there is no recording yet, or the document takes no edits
        """
        require_recording(self._session.state, "put in time")
        form = AlignForm(self._theme(), self._filled_in(), self._choices())
        self.left.once_known(partial(self._show_choices, form))
        asked = dialogs.ask_timing(self._window, form, self._folder)
        if asked is not None:
            self._asked = asked
            self.propose(asked)

    def _show_choices(self, form: AlignForm) -> None:
        """Show in a form that is still open what became known of the tracks."""
        if isValid(form):
            form.set_choices(self._choices())

    @property
    def _folder(self) -> Path:
        path = self._session.path
        return Path.home() if path is None else path.absolute().parent

    def _filled_in(self) -> AlignAsked:
        """Return what the form begins with: what was asked last, and what the document is set to."""
        held, grid = self._timing.settings, self._session.grid
        bpm = self._asked.bpm if grid is None or not grid.tempo_bpm else round(grid.tempo_bpm, 3)
        return replace(
            self._asked,
            grid=self._asked.grid if self._asked.grid in ("click", "file") else "beats",
            bpm=bpm,
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
        tempo = _LISTENED_FOR if grid is None else tempo_text(grid) if len(grid.beats_samples) else ""
        return Choices(
            drums=len(drums),
            chosen=chosen,
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
        """Find hits and propose where they go; to beats that are being listened for, once they are heard."""
        if asked.grid == "beats" and self._session.grid is None and self._parts.analysing.is_listening:
            self._parts.analysing.once_listened(lambda: self.propose(asked))
            self.said.emit("Timing is proposed as soon as the recording was listened to")
            return
        self._work.once_loaded("engine.jobs.drums.aligned_files", _PROPOSING, lambda: self._find_hits(asked))

    def _find_hits(self, asked: AlignAsked) -> None:
        """Find hits and propose where they go."""
        limits = self._timing.settings
        settings = replace(
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
        request = self._request(asked, settings)
        self._work.compute(align_drums, request, _PROPOSING, self._taking(asked))

    def _taking(self, asked: AlignAsked) -> Callable[[Aligned], None]:
        state = self._session.state

        def take(made: Aligned) -> None:
            now = self._session.state
            if now is state:
                self._take(made)
            elif sound_of(now.tracks) == sound_of(state.tracks):
                self._take(made, keep_hits_only=True)
                self.propose(asked)  # something was decided meanwhile; the hits are known now
            else:
                self.propose(asked)

        return take

    def _request(self, asked: AlignAsked, settings: TimingSettings, *, grid_in_force: bool = False) -> object:
        from engine.jobs.drums.aligned_files import AlignRequest
        from engine.jobs.drums.find_grid import WantedGrid

        session, names = self._session, {track.id: track.name for track in self._session.state.tracks}
        wanted = WantedGrid()
        if not grid_in_force and asked.grid == "even":
            wanted = WantedGrid(bpm=asked.bpm, start_s=asked.start_s)
        elif not grid_in_force and asked.grid == "click":
            wanted = WantedGrid(click=names.get(asked.click, ""))
        elif not grid_in_force and asked.grid == "file":
            is_beats = asked.path.lower().endswith(".json")
            wanted = WantedGrid(**{"beats" if is_beats else "midi": Path(asked.path)})  # type: ignore[arg-type]
        return AlignRequest(
            session.state,
            session.media,
            wanted,
            settings,
            (*(asked.tracks or self._drums()), *asked.also) if asked.also else asked.tracks,
            None,
            session.grid,
            session.hits,
            session.promoted,
            session.pickup,
        )

    def _propose_anew(self, settings: TimingSettings) -> None:
        """Propose with other settings where hits were found already; only the newest counts."""
        self._newest = settings
        if self._session.hits is not None:
            again = partial(self._propose_again, settings)
            self._work.once_loaded("engine.jobs.drums.aligned_files", _PROPOSING, again)

    def _propose_again(self, settings: TimingSettings) -> None:
        hits, state = self._session.hits, self._session.state
        if hits is None or settings is not self._newest:
            return
        asked = replace(self._asked, tracks=tuple(hits.track_ids), also=())
        request = self._request(asked, settings, grid_in_force=True)

        def take(made: Aligned) -> None:
            if self._session.state is state:
                self._take(made, merges_as="timing")
            else:
                self._timing.propose_later(settings)  # something was decided meanwhile

        self._timing.run(align_drums, request, take)

    def _take(self, made: Aligned, merges_as: str = "", *, keep_hits_only: bool = False) -> None:
        """Put the hits, which are no step of undo, then grid and proposals as one, into the document."""
        if made.ids:
            heard = set_analyses(self._session.state, made.ids, "Found the drum hits", by_listening=True)
            self._session.apply(heard, {made.ids[name]: found for name, found in made.analyses.items()})
        if keep_hits_only:
            return
        from engine.jobs.drums.aligned_files import proposing

        before = self._session.state.proposals.keys()
        self._session.apply(*proposing(made, self._session.state, self._session.grid, merges_as))
        staying = left_behind_sentence(made.left_behind)
        question = (staying, "Move them too? ‹timing.propose›") if staying and not merges_as else ()
        self.said.emit(" ".join((f"{_sentence(made)}.", *made.notices, *question)))
        new = self._session.state.proposals.keys() - before
        if new and not merges_as:
            self._work.proposed.emit(frozenset(new))


def _sentence(made: Aligned) -> str:
    moved = made.proposed.sentence
    return moved[:1].upper() + moved[1:] if made.proposed.proposals else f"Nothing to move: {_on_line(made)}"


def _on_line(made: Aligned) -> str:
    return f"{counted(len(made.proposed.placed.strokes), 'hit')} are where they belong, or were answered"
