"""Recordings of the document: imported, found again, analysed, and read as far as the timeline draws them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from operator import is_
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QFileInfo, QObject, QStandardPaths, Qt, Signal
from PySide6.QtWidgets import QWidget

from desktop.shell.dialogs import questions
from desktop.shell.session import Session
from desktop.shell.work.job_lanes import JobHandle
from desktop.shell.work.jobs import compare_tracks, copy_recordings, import_recordings, listen_to
from desktop.shell.work.work import Again, Work, existing_files, joined_sentences, stored_number
from desktop.timeline.drawing.waves import CACHE_BYTES, SourceWave, WaveTiles, read_tiles
from engine.core.errors import DocumentError
from engine.core.files.safe_write import is_taken, shown
from engine.core.wording import listed
from engine.document.analysis import StrokePickup
from engine.document.edits.analyses import DRUMS, role_of
from engine.document.edits.proposals import set_analyses, set_settings
from engine.document.edits.takes import take_tracks
from engine.document.grid_edits import is_edited, keeping_edited
from engine.document.pulse import free_notice, steady_beats
from engine.document.state import Change, DocumentState, Edit
from engine.document.tracks import Clip, Track, sound_of, source_length_samples
from engine.features.taste.document_cuts import propose
from engine.features.timing.finders.tempo_proposals import is_clear
from engine.features.timing.hits.membership import left_behind
from engine.recordings.analyses import pickup_id, store_pickup
from engine.recordings.channel_faults import channel_faults, channel_faults_sentence
from engine.recordings.import_audio import Imported, ImportRequest, Split, import_edit, stated_start
from engine.recordings.media import Media, MediaRequest, Relinked, find_media, relink
from engine.recordings.stated.placements import Mode, Placements
from engine.sound.edl.build import played_tracks
from widgets.timeline.sound.clip_wave import track_wave
from widgets.timeline.sound.waves import RecordedWave

if TYPE_CHECKING:
    from engine.recordings.analyses import FoundAnalyses


PREPARING = "Preparing the day"
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

    def listen(self, taste: Path | None, warnings: tuple[str, ...] = (), *, of_day: bool = False) -> None:
        """Analyse the open recording; with a taste, score it and propose cuts.

        Parameters
        ----------
        warnings : sentences about the recordings, shown with the result too
        of_day : whether its songs are found in the same pass, after the import of a day
        """
        self._warnings = warnings or self._warnings
        if not self._session.state.tracks:
            if taste is not None:
                self._work.said.emit(f"Chose taste {taste.stem}; import a recording to analyse")
            return
        title = "Analysing" if taste is None else f"Analysing with {taste.stem}"
        title = PREPARING if of_day else title
        state, media, known = self._session.state, self._session.media, self._session.stored_analyses
        job = partial(listen_to, state, media, taste, of_day=of_day)
        take = partial(self._heard, state.tracks, taste)
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


class Recordings(QObject):
    """Imports recordings, finds those of a document that is opened, and holds their waveforms.

    Parameters
    ----------
    ask_places : asks for the places of files of these lengths in samples; None if cancelled

    Attributes
    ----------
    wave_tiles : close views of the waveforms
    source_waves : those of the recordings, by source id

    Signals
    -------
    waves_changed : the waveforms to draw, by track id
    waves_refined : more of them is known
    missing_changed : ids of the sources that were not found
    """

    waves_changed = Signal(dict)
    waves_refined = Signal()
    missing_changed = Signal(frozenset)
    _some_found = Signal(object, object)  # from the lane's thread

    def __init__(
        self,
        session: Session,
        work: Work,
        analysing: Analysing,
        ask_places: Callable[[Placements, list[int]], Placements | None],
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._window, self._ask_places = window, ask_places
        self._session, self._work, self._analysing = session, work, analysing
        self.source_waves: dict[str, SourceWave] = {}
        self._waves: dict[str, tuple[tuple[object, ...], RecordedWave]] = {}
        self._playing: list[tuple[Clip, ...]] = []
        self._opening: MediaRequest | None = None
        self._missing: frozenset[str] = frozenset()
        self.wave_tiles = WaveTiles(read_tiles, CACHE_BYTES, "waveform", self)
        self.wave_tiles.arrived.connect(self.waves_refined)
        self._some_found.connect(self._take_some, Qt.ConnectionType.QueuedConnection)
        session.replaced.connect(self._start_over)
        session.changed.connect(self._follow_change)

    def close(self) -> None:
        """Close the files."""
        self.wave_tiles.close()

    def import_files(
        self,
        paths: tuple[Path, ...],
        rate_hz: int = 0,
        split: Split = Split.NAMED,
        prepare: Callable[[], object] | None = None,
    ) -> None:
        """Import recordings as tracks, into a new document next to the first one if none is open.

        Parameters
        ----------
        rate_hz : of a document that has none yet; 0 for the highest of the recordings
        split : which files become a track a channel
        prepare : goes on with a day, whose songs are found in the analysis; called once that has begun
        """
        state = self._session.state
        request = ImportRequest(paths, state.rate_hz or rate_hz, state, Mode.AUTO, self._session.media, split)
        asked = {"paths": [str(path) for path in paths], "rate_hz": rate_hz, "split": str(split)}
        again = Again("file.import", asked)
        is_day = prepare is not None
        job, title = partial(import_recordings, of_day=is_day), PREPARING if is_day else "Importing"
        self._work.read(job, request, title, partial(self._imported, request, prepare), again=again)

    def restart(self, request: Mapping[str, object]) -> None:
        """Import by a stored request again.

        Raises
        ------
        UsageError : missing files
        """
        paths = existing_files(request.get("paths"))
        known, stored = [str(one) for one in Split], str(request.get("split"))
        split = Split(stored) if stored in known else Split.NAMED
        self.import_files(paths, stored_number(request.get("rate_hz"), 0), split)

    def _imported(
        self, request: ImportRequest, prepare: Callable[[], object] | None, imported: Imported
    ) -> None:
        """Add the imported tracks; a document is created only now, so that a failure leaves none behind."""
        state = self._session.state
        is_other_rate = state.rate_hz not in (0, request.rate_hz)
        if is_other_rate or (state.sources, state.tracks) != (request.into.sources, request.into.tracks):
            # Another import came first, or clips were moved.
            self.import_files(request.paths, split=request.split, prepare=prepare)
            return
        placed = self._placed(imported)
        note: str | None = ""
        if placed is not None and not self._session.is_open:
            note = self._create_beside(request.paths[0])
        if placed is None or note is None:
            self._work.said.emit("Nothing was imported")
            return
        imported = placed
        start = stated_start(self._session.state, imported)
        change = self._session.apply(import_edit(self._session.state, imported))
        self._take_media(imported.media)
        warnings = _by_name(imported.warnings, request.paths) + ((start.sentence,) if start else ())
        pickup, tracks = imported.pickup, self._session.state.tracks
        if pickup is not None and set(pickup.track_ids) == {track.id for track in tracks}:
            self._session.apply(*store_pickup(self._session.state, pickup))
            warnings = self._outside_the_kit() + warnings  # the bar may have no room for all
        elif len(tracks) > 1:
            self.compare_tracks(self._report_outside)
        warnings = (note, *warnings) if note else warnings
        self._work.said.emit(joined_sentences(change.label, warnings))
        self._analysing.listen(self._analysing.taste, warnings, of_day=prepare is not None)
        if prepare is not None:
            prepare()

    def _placed(self, imported: Imported) -> Imported | None:
        """Return imported files at the places that the user chose; None if the user cancelled."""
        places = imported.places
        if places is None or places.is_plain or not places.has_evidence:
            return replace(imported, places=None)
        lengths = {
            Path(source.path): source_length_samples(source, imported.rate_hz) for source in imported.sources
        }
        self._work.progressed.emit("Importing · waiting for your answer", 1.0, None)
        chosen = self._ask_places(places, [lengths[one.path.absolute()] for one in places.files])
        return None if chosen is None else replace(imported, places=chosen)

    def compare_tracks(self, then: Callable[[], None]) -> None:
        """Find out which tracks of the document were recorded together."""
        state = self._session.state

        def take(pickup: StrokePickup) -> None:
            if pickup_id(self._session.state) == pickup_id(state):
                self._session.apply(*store_pickup(self._session.state, pickup))
                then()

        self._work.read(partial(compare_tracks, state), self._session.media, "Comparing tracks", take)

    def _outside_the_kit(self) -> tuple[str, ...]:
        """Return a sentence about tracks that were recorded with the drums and have no role of a drum."""
        state = self._session.state
        kit = [track.id for track in state.tracks if track.role == DRUMS or role_of(track.role) is not None]
        outside = left_behind(state, self._session.pickup, kit)
        were = "was" if len(outside) == 1 else "were"
        said = f"{listed(outside)} {were} recorded with the drums but not grouped with them."
        return (said,) if outside else ()

    def _report_outside(self) -> None:
        for sentence in self._outside_the_kit():
            self._work.said.emit(sentence)

    def _create_beside(self, recording: Path) -> str | None:
        """Create a document next to a recording, or elsewhere; other imports into the window continue in it.

        Returns
        -------
        A note where the document is elsewhere, since its recordings may be on a card; None if cancelled.
        """
        place: Path | None = free_name(recording.with_name(f"{recording.stem}.offcut"))
        note = ""
        while place is not None:
            try:
                with self._work.staying():
                    self._session.create(place)
                return note
            except DocumentError as error:
                place = questions.ask_document_place(
                    self._window, str(error), free_name(music_folder() / place.name)
                )
                note = (
                    f"The recordings stay in {shown(recording.parent)}: leave that card or disk connected, "
                    "or copy them ‹file.copy_recordings›."
                )
        return None

    def copy_to(self, folder: Path) -> None:
        """Copy the recordings of the document into a folder, and read them there."""
        state = self._session.state
        job = partial(copy_recordings, state, self._session.media)
        self._work.read(job, folder, "Copying recordings", self._copied)

    def _copied(self, edit: Edit) -> None:
        for change in edit.changes:  # close views are read from the files
            self.source_waves.pop(change.key, None)
        self._waves.clear()
        self._work.said.emit(self._session.apply(edit).label)
        self._find_media()

    def _start_over(self) -> None:
        self._opening = None
        self._waves.clear()
        self.source_waves.clear()
        self.wave_tiles.forget()
        self.waves_changed.emit({})
        self._set_missing(frozenset())
        if self._session.state.sources:
            self._find_media()

    def _find_media(self) -> None:
        request = MediaRequest(self._session.state, self._document_folder)
        some_found = partial(self._some_found.emit, request)
        self._opening = request
        self._work.read(partial(find_media, found_some=some_found), request, "Opening", self._found_media)

    def _take_some(self, request: MediaRequest, media: Media) -> None:
        """Draw partial results, unless another document is open."""
        if request is self._opening and self._session.is_open:
            self._take_media(media)

    @property
    def _document_folder(self) -> Path:
        assert self._session.path is not None, "only an open document has sources"
        return self._session.path.absolute().parent

    def relink(self, folder: Path) -> None:
        """Look for the recordings that are missing in a folder, and read them there."""
        state = self._session.state
        job = partial(relink, state, self._document_folder)
        self._work.read(job, folder, "Searching for recordings", self._relinked)

    def _relinked(self, relinked: Relinked) -> None:
        label = self._session.apply(relinked.edit).label
        self._work.said.emit(joined_sentences(label, relinked.refused))
        self._find_media()

    def _found_media(self, media: Media) -> None:
        self._set_missing(frozenset(self._session.state.sources.keys() - media.paths.keys()))
        self._take_media(media)
        for sentence in media.missing:
            self._work.failed.emit(sentence)
        if not media.missing and self._session.grid is None:
            self._analysing.listen(self._analysing.taste)

    def _set_missing(self, missing: frozenset[str]) -> None:
        self._missing = missing
        self.missing_changed.emit(missing)

    def _take_media(self, media: Media) -> None:
        self._session.set_media(media.paths)
        for key, peaks in media.peaks.items():
            if key not in self.source_waves:
                self.source_waves[key] = SourceWave(peaks, media.conformed[key], self.wave_tiles)
        self._put_together()
        self._show_waves()

    def _follow_change(self, change: Change) -> None:
        before, self._playing = self._playing, [track.clips for track in played_tracks(self._session.state)]
        is_same = len(before) == len(self._playing) and all(map(is_, before, self._playing))
        if (change.tracks or not is_same) and self._put_together():
            self._show_waves()

    def _show_waves(self) -> None:
        self.waves_changed.emit({key: wave for key, (_, wave) in self._waves.items()})

    def _put_together(self) -> bool:
        """Make the waveforms of tracks from those of their sources; return whether any is new.

        A track waits until each of its sources is found or known to be missing.
        """
        state, is_new = self._session.state, False
        takes = [take for track in state.tracks for take in take_tracks(state, track)]
        drawn = (*played_tracks(state), *takes)
        for track in drawn:
            own = {key: self.source_waves[key] for key in track.source_ids if key in self.source_waves}
            of = (*((clip.sound, track.start_samples) for clip in track.clips), *own)
            known = self._waves.get(track.id)
            is_whole = self._missing.union(own).issuperset(track.source_ids)
            if not own or not is_whole or (known is not None and known[0] == of):
                continue
            self._waves[track.id] = of, track_wave(state, track, own)
            is_new = True
        return is_new


def _by_name(sentences: tuple[str, ...], paths: tuple[Path, ...]) -> tuple[str, ...]:
    """Name files without their folders if that is unique, because the user has just chosen them."""
    counts = Counter(path.name for path in paths)
    for path in paths:
        if counts[path.name] == 1:
            sentences = tuple(one.replace(shown(path), shown(path.name)) for one in sentences)
    return sentences


def music_folder() -> Path:
    """Return the folder for music of the user, else the home folder."""
    music = Path(QStandardPaths.writableLocation(QStandardPaths.StandardLocation.MusicLocation))
    return music if QFileInfo(music).isDir() else Path.home()


def free_name(path: Path) -> Path:
    """Return a path that is not taken: the one given, or with a number behind its name."""
    number = 2
    candidate = path
    while is_taken(candidate):
        candidate = path.with_stem(f"{path.stem} {number}")
        number += 1
    return candidate
