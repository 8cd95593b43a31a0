"""The analysis of the open recording: beats and onsets, its scores by a taste, and the cuts that follow."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from desktop.shell.session import Session
from desktop.shell.work.job_lanes import JobHandle
from desktop.shell.work.jobs import listen_to
from desktop.shell.work.work import Again, Work, joined_sentences
from engine.document.edits.proposals import set_analyses, set_settings
from engine.document.grid.edits import is_edited, keeping_edited
from engine.document.grid.pulse import free_notice, steady_beats
from engine.document.state import DocumentState
from engine.document.tracks import Track, sound_of
from engine.features.taste.document_cuts import propose
from engine.features.timing.finders.tempo_proposals import is_clear
from engine.recordings.channel_faults import channel_faults, channel_faults_sentence

if TYPE_CHECKING:
    from engine.recordings.analyses import FoundAnalyses

UNSURE_TEMPO = "Tempo is ambiguous: show alternatives ‹timing.tempo›."


class Analysing(QObject):
    """Has the open recording analysed and scored, and proposes cuts by the scores."""

    def __init__(self, session: Session, work: Work, parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._work = session, work
        self._warnings: tuple[str, ...] = ()
        self._listening: JobHandle | None = None
        self._scoring: JobHandle | None = None
        self._wants_cuts = False
        self._once_listened: Callable[[], None] | None = None
        session.replaced.connect(self._start_over)

    @property
    def taste(self) -> Path | None:
        """The active taste."""
        found = self._session.state.settings.get("taste")
        return Path(found) if isinstance(found, str) else None

    def _start_over(self) -> None:
        self._warnings = ()
        self._scoring, self._wants_cuts = None, False
        self._forget_listening()

    def use_taste(self, path: Path) -> None:
        """Activate a taste and analyse with it."""
        edit = set_settings(self._session.state, {"taste": str(path.absolute())}, f"Chose taste {path.stem}")
        self._work.said.emit(self._session.apply(edit).label)
        self.listen(path)

    def listen(self, taste: Path | None, warnings: tuple[str, ...] = ()) -> None:
        """Analyse the open recording; with a taste, score it and propose cuts.

        Parameters
        ----------
        warnings : sentences about the recordings, shown with the result too
        """
        self._warnings = warnings or self._warnings
        if not self._session.state.tracks:
            if taste is not None:
                self._work.said.emit(f"Chose taste {taste.stem}; import a recording to analyse")
            return
        title = "Analysing" if taste is None else f"Analysing with {taste.stem}"
        state, media, known = self._session.state, self._session.media, self._session.stored_analyses
        job, take = partial(listen_to, state, media, taste), partial(self._heard, state.tracks, taste)
        handle = self._work.compute(job, known, title, take, again=Again("taste.listen"))
        self._listening = handle
        if taste is not None:
            self.await_scores(handle)
        handle.finished.connect(lambda *_: self._listened(handle, is_heard=True))
        for ended in (handle.failed, handle.cancelled):
            ended.connect(lambda *_: self._listened(handle, is_heard=False))

    def _listened(self, handle: JobHandle, *, is_heard: bool) -> None:
        """Run the waiting action, unless the analysis is outdated and must be repeated."""
        if self._listening is handle:
            waiting = self._once_listened
            self._forget_listening()
            if is_heard and waiting is not None:
                waiting()

    def await_scores(self, handle: JobHandle) -> None:
        """Expect scores from a job that learns a taste or scores the recording; of several, from the last."""
        self._scoring = handle
        handle.ended.connect(lambda: self._scores_ended(handle))

    def _scores_ended(self, handle: JobHandle) -> None:
        if self._scoring is handle:
            self._scoring, self._wants_cuts = None, False

    @property
    def is_scoring(self) -> bool:
        """Whether a taste is being learned, or scores the open recording."""
        return self._scoring is not None

    def propose_once_scored(self) -> None:
        """Propose cuts as soon as the running job has scored the recording, unless that job fails."""
        self._wants_cuts = True
        self._work.said.emit("Cuts will be proposed after the analysis")

    def _forget_listening(self) -> None:
        self._listening, self._once_listened = None, None

    @property
    def is_listening(self) -> bool:
        """Whether the open recording is being listened to."""
        return self._listening is not None

    def once_listened(self, then: Callable[[], None]) -> None:
        """Run an action after a successful analysis; a later action replaces it."""
        self._once_listened = then

    def _heard(self, tracks: tuple[Track, ...], taste: Path | None, heard: FoundAnalyses) -> None:
        if sound_of(tracks) != sound_of(self._session.state.tracks):
            self.listen(taste)  # the tracks were changed meanwhile
            return
        if heard.ids or heard.notices:
            self._take_heard(heard)
        if taste is not None and self._wants_cuts:
            self.propose({})
        elif "score" in heard.ids:
            self._propose({})  # the user stays at the current proposal

    def _take_heard(self, heard: FoundAnalyses) -> None:
        title = "Recording analysed"
        in_force = keeping_edited(self._session.state, heard.ids)
        edit = set_analyses(self._session.state, in_force, title, by_listening=True)
        self._session.apply(edit, {heard.ids[kind]: found for kind, found in heard.analyses.items()})
        if len(in_force) < len(heard.ids):
            title += "; your edited grid stays"
        told = () if "listening" not in heard.ids else self._told()
        if not all(map(is_clear, heard.songs)) and self._shows_grid_of_its_own():
            told = (*told, UNSURE_TEMPO)
        if self._shows_grid_of_its_own() and (free := self._free_passages()):
            told = (*told, free)
        self._work.said.emit(joined_sentences(title, (*self._warnings, *told, *heard.notices)))
        self._warnings = ()

    def _free_passages(self) -> str:
        """Name the passages without a steady pulse; "" for none."""
        grid, rate_hz = self._session.grid, self._session.state.rate_hz
        return "" if grid is None else free_notice(grid, grid.free_samples[:, 0], rate_hz, "hits")

    def _shows_grid_of_its_own(self) -> bool:
        """Report whether a grid that the user did not edit is drawn: none is over talk."""
        grid = self._session.grid
        return grid is not None and not is_edited(self._session.state) and bool(steady_beats(grid).any())

    def _told(self) -> tuple[str, ...]:
        """Return problems of single channels, as sentences."""
        sentence = channel_faults_sentence(channel_faults(self._session.listening, self._session.state))
        return (sentence,) if sentence else ()

    def propose(self, settings: Mapping[str, object], merges_as: str = "") -> None:
        """Propose cuts with the active settings, changed by these."""
        before = self._session.state
        self._propose(settings, merges_as)
        if not merges_as:
            self._tell_proposed(before)

    def _propose(self, settings: Mapping[str, object], merges_as: str = "") -> None:
        session = self._session
        made = propose(
            session.state,
            session.curve,
            session.grid,
            session.listening,
            settings,
            merges_as,
            session.nearest,
        )
        self._work.said.emit(session.apply(made.edit).label)

    def _tell_proposed(self, before: DocumentState) -> None:
        new = self._session.state.proposals.keys() - before.proposals.keys()
        if new:
            self._work.proposed.emit(frozenset(new))
