"""The long work: import, learning, listening, proposing, exporting; each a job and then one edit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Qt, Signal

from desktop.again import Again, again_of
from desktop.drawing.wave_tiles import CACHE_BYTES, WaveTiles, read_tiles
from desktop.drawing.waves import TrackWave
from desktop.heavy_modules import is_loaded, load
from desktop.job_lanes import JobHandle, JobLanes
from desktop.jobs import (
    clipping_of,
    compare_tracks,
    export_files,
    import_recordings,
    improve_taste,
    learn_taste,
    listen_to,
)
from desktop.session import Session
from engine.document.drums.edits import DRUMS, role_of
from engine.document.drums.pickup import StrokePickup
from engine.document.edits import set_analyses, set_settings
from engine.document.grid.edits import is_edited, keeping_edited
from engine.document.grid.steady import steady_beats
from engine.document.state import DocumentState
from engine.document.tracks.track import Track, sound_of
from engine.errors import OffcutError
from engine.files.safe_write import shown
from engine.hits.membership import left_behind
from engine.jobs.drums.stored_pickup import pickup_id, store_pickup
from engine.jobs.propose import propose
from engine.jobs.recordings.import_audio import Imported, ImportRequest, import_edit
from engine.jobs.recordings.kept_recording import KeptRequest, prepare_kept
from engine.jobs.recordings.media import Media, MediaRequest, Relinked, find_media, relink
from engine.jobs.tastes.improve import Improved, ImproveRequest
from engine.jobs.tastes.learn import TasteWritten
from engine.jobs.told import told_of, told_sentence
from engine.wording import listed
from widgets.forms.taste.learn_panel import LearnRequest

if TYPE_CHECKING:
    from engine.edl.export import Exported, ExportRequest
    from engine.jobs.listen import FoundAnalyses


UNSURE_TEMPO = "Tempo is ambiguous. Show alternatives ‹timing.tempo›"


class Work(QObject):
    """Starts jobs on the lanes and turns what they return into edits, on the window's thread.

    Signals
    -------
    said, failed : one sentence
    began : the `JobHandle` of a job that can be started again, and an `Again`
    progressed : title, fraction, seconds left or None, of the job that is running
    rested : nothing is running
    waves_changed : the sounds to draw, by track id
    waves_refined : more of them is known
    learning_started(name), learning_progressed(figures), learning_stepped(text), learning_ended : of learning
    exported : the files that were written, after they were told
    learned : the file of a taste that was just learned
    proposed : the ids of proposals that were not there before, where they were asked for
    """

    began = Signal(object, object)
    said = Signal(str)
    failed = Signal(str)
    progressed = Signal(str, float, object)
    rested = Signal()
    waves_changed = Signal(dict)
    waves_refined = Signal()
    learning_started = Signal(str)
    learning_progressed = Signal(object)
    learning_stepped = Signal(str)
    learning_ended = Signal()
    exported = Signal(object)
    learned = Signal(object)
    proposed = Signal(object)
    _some_found = Signal(object, object)  # from the lane's thread

    def __init__(self, session: Session, lanes: JobLanes, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._lanes = lanes
        # Whether each running job ends with the document it was started in.
        self._running: dict[JobHandle, bool] = {}
        self._can_start_again = set[JobHandle]()
        self._makes_document = False
        self._warnings: tuple[str, ...] = ()
        self._waves: dict[str, TrackWave] = {}
        self.wave_tiles = WaveTiles(read_tiles, CACHE_BYTES, "waveform", self)
        self.wave_tiles.arrived.connect(self.waves_refined)
        self._opening: MediaRequest | None = None
        self._listening: JobHandle | None = None
        self._scoring: JobHandle | None = None
        self._wants_cuts = False
        self._once_listened: Callable[[], None] | None = None
        self._some_found.connect(self._take_some, Qt.ConnectionType.QueuedConnection)
        session.replaced.connect(self._start_over)

    @property
    def taste(self) -> Path | None:
        """The taste in force."""
        found = self._session.state.settings.get("taste")
        return Path(found) if isinstance(found, str) else None

    @property
    def is_busy(self) -> bool:
        """Whether a job is running or waiting."""
        return bool(self._running)

    @property
    def lost_titles(self) -> tuple[str, ...]:
        """Titles of the jobs whose work would be lost if they stopped now."""
        return tuple(handle.title for handle in self._running if handle in self._can_start_again)

    def cancel(self) -> None:
        """Cancel all running work; the document stays as it was."""
        for handle in list(self._running):
            handle.cancel()

    def close(self) -> None:
        """Cancel everything and let go of the files."""
        self._lanes.close()
        self.wave_tiles.close()

    def import_recordings(self, paths: tuple[Path, ...], rate_hz: int = 0) -> None:
        """Import recordings as tracks, into a new document beside the first where none is open.

        Parameters
        ----------
        rate_hz : of a document that has none yet; 0 for the highest of the recordings
        """
        state = self._session.state
        request = ImportRequest(paths, state.rate_hz or rate_hz, frozenset(state.sources))
        handle = self._lanes.io.submit(import_recordings, request, title="Importing")
        again = Again("file.import", {"paths": [str(path) for path in paths], "rate_hz": rate_hz})
        self.watch(handle, partial(self._imported, request), again=again)

    def _imported(self, request: ImportRequest, imported: Imported) -> None:
        """Place what was imported; a document is made only now, so that a failure leaves none behind."""
        state = self._session.state
        if state.rate_hz not in (0, request.rate_hz) or state.sources.keys() != request.known:
            self.import_recordings(request.paths)  # another import came first and set the rate
            return
        if not self._session.is_open:
            self._create_beside(request.paths[0])
        change = self._session.apply(import_edit(self._session.state, imported))
        self._take_media(imported.media)
        self._warnings = _by_name(imported.warnings, request.paths)
        pickup, tracks = imported.pickup, self._session.state.tracks
        if pickup is not None and len(pickup.track_ids) == len(tracks):
            self._session.apply(*store_pickup(self._session.state, pickup))
            self._warnings = self._outside_the_kit() + self._warnings  # the bar may have no room for all
        elif len(tracks) > 1:
            self.compare_tracks(self._tell_outside)
        self.said.emit(_sentences(change.label, self._warnings))
        self.listen(self.taste)

    def compare_tracks(self, then: Callable[[], None]) -> None:
        """Find out which tracks of the document were recorded together."""
        state = self._session.state

        def take(pickup: StrokePickup) -> None:
            if pickup_id(self._session.state) == pickup_id(state):
                self._session.apply(*store_pickup(self._session.state, pickup))
                then()

        handle = self._lanes.io.submit(compare_tracks, state, self._session.media, title="Comparing tracks")
        self.watch(handle, take)

    def _outside_the_kit(self) -> tuple[str, ...]:
        """Return a sentence about tracks that were recorded with the drums and have no role of a drum."""
        state = self._session.state
        kit = [track.id for track in state.tracks if track.role == DRUMS or role_of(track.role) is not None]
        outside = left_behind(state, self._session.pickup, kit)
        were = "was" if len(outside) == 1 else "were"
        said = f"{listed(outside)} {were} recorded with the drums but not grouped with them."
        return (said,) if outside else ()

    def _tell_outside(self) -> None:
        for sentence in self._outside_the_kit():
            self.said.emit(sentence)

    def _create_beside(self, recording: Path) -> None:
        """Make a document beside a recording; other imports into the empty window go on into it."""
        self._makes_document = True
        try:
            self._session.create(free_name(recording.with_name(f"{recording.stem}.offcut")))
        finally:
            self._makes_document = False

    def _start_over(self) -> None:
        """Let go of the document before; learning and exporting do not depend on it and go on."""
        for handle, ends_with_document in list(self._running.items()):
            if ends_with_document and not self._makes_document:
                handle.cancel()
        self._warnings, self._opening = (), None
        self._scoring, self._wants_cuts = None, False
        self._forget_listening()
        self._waves.clear()
        self.wave_tiles.forget()
        self.waves_changed.emit({})
        if self._session.state.sources:
            self._find_media()

    def _find_media(self) -> None:
        request = MediaRequest(self._session.state, self._document_folder)
        some_found = partial(self._some_found.emit, request)
        self._opening = request
        handle = self._lanes.io.submit(partial(find_media, found_some=some_found), request, title="Opening")
        self.watch(handle, self._found_media)

    def _take_some(self, request: MediaRequest, media: Media) -> None:
        """Draw what was found so far, unless another document is open by now."""
        if request is self._opening and self._session.is_open:
            self._take_media(media)

    @property
    def _document_folder(self) -> Path:
        assert self._session.path is not None, "only an open document has sources"
        return self._session.path.absolute().parent

    def relink(self, folder: Path) -> None:
        """Look for the recordings that are missing in a folder, and read them there."""
        state = self._session.state
        handle = self._lanes.io.submit(
            relink, state, self._document_folder, folder, title="Searching for recordings"
        )
        self.watch(handle, self._relinked)

    def _relinked(self, relinked: Relinked) -> None:
        self.said.emit(_sentences(self._session.apply(relinked.edit).label, relinked.refused))
        self._find_media()

    def _found_media(self, media: Media) -> None:
        self._take_media(media)
        for sentence in media.missing:
            self.failed.emit(sentence)
        if not media.missing and self._session.grid is None:
            self.listen(self.taste)

    def _take_media(self, media: Media) -> None:
        self._session.set_media(media.paths)
        for track in self._session.state.tracks:
            if track.id not in self._waves and track.source_id in media.peaks:
                peaks = media.peaks[track.source_id]
                self._waves[track.id] = TrackWave(peaks, media.conformed[track.source_id], self.wave_tiles)
        self.waves_changed.emit(dict(self._waves))

    def learn(self, asked: LearnRequest, out: Path, overwrite: bool) -> None:
        """Learn a taste and, where a recording is open, listen to it with that taste."""
        job = self._lanes.compute.submit(learn_taste, asked, out, overwrite, title=f"Learning {asked.name}")
        again = {**asdict(asked), "edited": list(asked.edited), "out": str(out), "overwrite": overwrite}
        self._follow_learning(job, asked.name, Again("taste.learn", again))

    def improve(self, request: ImproveRequest) -> None:
        """Learn a taste anew with what was decided and, as after `learn`, listen with it."""
        name = request.out.stem
        job = self._lanes.compute.submit(improve_taste, request, title=f"Learning {name}")
        self._follow_learning(job, name, Again("taste.improve"))

    def _follow_learning(self, handle: JobHandle, name: str, again: Again) -> None:
        def follow(_fraction: float, text: str, figures: object, _left_s: float | None) -> None:
            self.learning_progressed.emit(figures)
            self.learning_stepped.emit(text)

        handle.progressed.connect(follow)
        for ended in (handle.finished, handle.failed, handle.cancelled):
            ended.connect(lambda *_: self.learning_ended.emit())
        self.learning_started.emit(name)
        learned = partial(self._learned, self._session.path)
        self.watch(handle, learned, ends_with_document=False, again=again)
        self._await_scores(handle)

    def _learned(self, asked_in: Path | None, learned: TasteWritten | Improved) -> None:
        without = learned.missing if isinstance(learned, Improved) else ()
        self.said.emit(_sentences(f"Learned {learned.path.stem}", without))
        self.learned.emit(learned.path)
        if self._session.is_open and asked_in in (None, self._session.path):
            self.use_taste(learned.path)

    def use_taste(self, path: Path) -> None:
        """Make a taste the one in force and listen with it."""
        edit = set_settings(self._session.state, {"taste": str(path.absolute())}, f"Chose taste {path.stem}")
        self.said.emit(self._session.apply(edit).label)
        self.listen(path)

    def listen(self, taste: Path | None) -> None:
        """Listen to the open recording; with a taste, score it and propose cuts."""
        if not self._session.state.tracks:
            if taste is not None:
                self.said.emit(f"Chose taste {taste.stem}; import a recording to analyse")
            return
        title = "Analysing" if taste is None else f"Analysing with {taste.stem}"
        state, media, known = self._session.state, self._session.media, self._session.listening
        handle = self._lanes.compute.submit(listen_to, state, media, taste, known, title=title)
        self._listening = handle
        self.watch(handle, partial(self._heard, state.tracks, taste), again=Again("taste.listen"))
        if taste is not None:
            self._await_scores(handle)
        handle.finished.connect(lambda *_: self._listened(handle, is_heard=True))
        for ended in (handle.failed, handle.cancelled):
            ended.connect(lambda *_: self._listened(handle, is_heard=False))

    def _listened(self, handle: JobHandle, *, is_heard: bool) -> None:
        """Do what waited for it; unless what was heard has to be heard again."""
        if self._listening is handle:
            waiting = self._once_listened
            self._forget_listening()
            if is_heard and waiting is not None:
                waiting()

    def _await_scores(self, handle: JobHandle) -> None:
        """Expect scores from a job that learns a taste or scores the recording; of several, from the last."""
        self._scoring = handle
        for ended in (handle.finished, handle.failed, handle.cancelled):
            ended.connect(lambda *_: self._scores_ended(handle))

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
        self.said.emit("Cuts will be proposed after the analysis")

    def _forget_listening(self) -> None:
        self._listening, self._once_listened = None, None

    @property
    def is_listening(self) -> bool:
        """Whether the open recording is being listened to."""
        return self._listening is not None

    def once_listened(self, then: Callable[[], None]) -> None:
        """Do something once the recording was listened to, unless that fails; only what was asked last."""
        self._once_listened = then

    def _heard(self, tracks: tuple[Track, ...], taste: Path | None, heard: FoundAnalyses) -> None:
        if sound_of(tracks) != sound_of(self._session.state.tracks):
            self.listen(taste)  # what was heard is not what is there now
            return
        if heard.ids:
            self._take_heard(heard)
        if taste is not None and self._wants_cuts:
            self.propose({})
        elif "score" in heard.ids:
            self._propose({})  # who reviews meanwhile stays where they are

    def _take_heard(self, heard: FoundAnalyses) -> None:
        title = "Recording analysed"
        in_force = keeping_edited(self._session.state, heard.ids)
        edit = set_analyses(self._session.state, in_force, title, by_listening=True)
        self._session.apply(edit, {heard.ids[kind]: found for kind, found in heard.analyses.items()})
        if len(in_force) < len(heard.ids):
            title += "; your edited grid stays"
        told = () if "listening" not in heard.ids else self._told()
        if heard.tempo is not None and heard.tempo.proposals and self._shows_grid_of_its_own():
            told = (*told, UNSURE_TEMPO)
        self.said.emit(_sentences(title, (*self._warnings, *told)))
        self._warnings = ()

    def _shows_grid_of_its_own(self) -> bool:
        """Report whether a grid that the user did not edit is drawn: none is over talk."""
        grid = self._session.grid
        return grid is not None and not is_edited(self._session.state) and bool(steady_beats(grid).any())

    def _told(self) -> tuple[str, ...]:
        """Return what was found wrong with single channels, as sentences."""
        sentence = told_sentence(told_of(self._session.listening, self._session.state))
        return (sentence,) if sentence else ()

    def propose(self, settings: Mapping[str, object], merges_as: str = "") -> None:
        """Propose cuts under the settings in force, changed by these."""
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
        self.said.emit(session.apply(made.edit).label)

    def _tell_proposed(self, before: DocumentState) -> None:
        new = self._session.state.proposals.keys() - before.proposals.keys()
        if new:
            self.proposed.emit(frozenset(new))

    def fetch_kept(self, request: KeptRequest, take: Callable[[Path], None]) -> None:
        """Make a kept recording ready to be heard, and hand its file over."""
        title = f"Fetching {shown(request.path.name)}"
        self.watch(self._lanes.io.submit(prepare_kept, request, title=title), take)

    def compute(
        self,
        job: Callable[..., object],
        request: object,
        title: str,
        take: Callable[[Any], None],
        *,
        ends_with_document: bool = True,
        again: Again | None = None,
    ) -> JobHandle:
        """Run a heavy job that edits nothing, and hand over what it found; `again` as in `watch`."""
        handle = self._lanes.compute.submit(job, request, title=title)
        self.watch(handle, take, ends_with_document=ends_with_document, again=again or again_of(job))
        return handle

    def read(
        self, job: Callable[..., object], request: object, title: str, take: Callable[[Any], None]
    ) -> None:
        """Run a short job that edits nothing while a heavy one goes on, and hand over what it read."""
        self.watch(self._lanes.io.submit(job, request, title=title), take, again=again_of(job))

    def once_loaded(self, module: str, title: str, then: Callable[[], object]) -> None:
        """Do something once a heavy module is imported: now, or after a worker imported it."""

        def go_on(_: object) -> None:
            then()

        if is_loaded(module):
            then()
        else:
            self.compute(load, module, title, go_on)

    def read_aside(self, job: Callable[..., object], title: str, take: Callable[[Any], None]) -> None:
        """Read what no document knows of, and hand it over whichever is open then."""
        self.watch(self._lanes.io.submit(job, title=title), take, ends_with_document=False)

    def export(self, requests: tuple[ExportRequest, ...]) -> None:
        """Write files; the document may go on, or another be opened."""
        from engine.edl.export.plan import written_before

        written: list[Exported] = []
        handle = self._lanes.io.submit(export_files, requests, written, title="Exporting")
        self.watch(handle, self._exported, ends_with_document=False, again=Again("file.export"))
        handle.cancelled.connect(
            lambda: self.said.emit(f"Cancelled: Exporting. {written_before(written)}") if written else None
        )

    def look_for_clipping(self, requests: tuple[ExportRequest, ...]) -> JobHandle:
        """Find out whether exports would clip; who asks follows the job."""
        return self._lanes.io.submit(clipping_of, requests, title="Checking for clipping")

    def _exported(self, written: tuple[Exported, ...]) -> None:
        self.said.emit(" ".join(one.sentence for one in written))
        self.exported.emit(written)

    def watch(
        self,
        handle: JobHandle,
        apply: Callable[[Any], None],
        *,
        ends_with_document: bool = True,
        again: Again | None = None,
    ) -> None:
        """Follow a job to its end; what it returns becomes an edit, or a sentence why it cannot.

        Parameters
        ----------
        again : how it is started again, for work that the user would miss
        """

        def take(result: object) -> None:
            try:
                apply(result)
            except OffcutError as error:
                self.failed.emit(str(error))

        def tell(fraction: float, text: str, _figures: object, left_s: float | None) -> None:
            says_more = text and text != handle.title
            self.progressed.emit(f"{handle.title} · {text}" if says_more else handle.title, fraction, left_s)

        self._running[handle] = ends_with_document
        if again is not None:
            self._can_start_again.add(handle)
            self.began.emit(handle, again)
        self.progressed.emit(handle.title, 0.0, None)
        handle.progressed.connect(tell)
        handle.finished.connect(take)
        handle.failed.connect(self.failed)
        handle.cancelled.connect(lambda: self.said.emit(f"Cancelled: {handle.title}"))
        # After the result was taken: where that starts the next job, the work has not rested in between.
        for ended in (handle.finished, handle.failed, handle.cancelled):
            ended.connect(lambda *_: self._ended(handle))

    def _ended(self, handle: JobHandle) -> None:
        del self._running[handle]
        self._can_start_again.discard(handle)
        if not self._running:
            self.rested.emit()


def _by_name(sentences: tuple[str, ...], paths: tuple[Path, ...]) -> tuple[str, ...]:
    """Name files by their names where those tell them apart: the user has just chosen them."""
    counts = Counter(path.name for path in paths)
    for path in paths:
        if counts[path.name] == 1:
            sentences = tuple(one.replace(shown(path), shown(path.name)) for one in sentences)
    return sentences


def _sentences(done: str, warnings: tuple[str, ...]) -> str:
    """Join what was done with what the user should know of it."""
    return ". ".join((done, " ".join(warnings))) if warnings else done


def free_name(path: Path) -> Path:
    """Return a path that is not taken: the one given, or with a number behind its name."""
    number = 2
    candidate = path
    while candidate.exists():
        candidate = path.with_stem(f"{path.stem} {number}")
        number += 1
    return candidate
