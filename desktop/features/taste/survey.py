"""Survey of the Taste page: starts when data changes.

Recordings of the Taste page: references, the document and its sources, dropped files.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from desktop.features.taste.learning import survey_recordings
from desktop.shell.session import Session
from desktop.shell.work.job_lanes import JobHandle
from desktop.shell.work.work import Work
from engine.analysis.signal.loudness import playing_level_db
from engine.core.timebase import samples_to_s, samples_to_s_array
from engine.features.taste.overview.requests import (
    DocumentSound,
    FileSound,
    ReferencesScored,
    Sound,
    Survey,
    SurveyRecording,
    SurveyRequest,
)
from engine.features.taste.overview.results import (
    NearestStretches,
    Origin,
    ScoredRecording,
    SegmentMap,
    TasteFacts,
)

if TYPE_CHECKING:
    from desktop.features.taste.widgets.page import Listed


@dataclass(frozen=True, slots=True)
class Known:
    """Location of a recording, and its scores if known."""

    sound: Sound
    scored: ScoredRecording | None


class TasteRecordings:
    """Stores the results of the displayed taste."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.kept: ReferencesScored | None = None
        self.folders: tuple[Path, ...] = ()
        self._files: dict[str, SurveyRecording] = {}
        self._document: ScoredRecording | None = None

    def forget_scores(self) -> None:
        """Discard all scores after a change of the taste."""
        self.kept, self._document = None, None
        self._files = {key: replace(one, scored=None) for key, one in self._files.items()}

    def forget_document(self) -> None:
        """Discard the results of the document and its sources."""
        self._document = None
        self._files = {key: one for key, one in self._files.items() if one.origin is Origin.FILE}

    def add(self, path: Path, origin: Origin = Origin.FILE) -> str:
        """Add a file to score; return its key."""
        sound = FileSound(path.absolute())
        key = str(sound.path)
        self._files.setdefault(key, SurveyRecording(sound, origin))
        return key

    def want(self, key: str) -> bool:
        """Request the analysis of a source; return whether it is not analysed yet."""
        if key not in self._sources() or key in self._files:
            return False
        self.add(Path(key), Origin.SOURCE)
        return True

    def asked(self, maker: str) -> tuple[SurveyRecording, ...]:
        """Return the document and the files with the results of the taste of this maker."""
        session = self._session
        asked = list(self._files.values())
        if session.state.tracks and session.media:
            sound = DocumentSound(session.state, dict(session.media))
            asked.insert(
                0, SurveyRecording(sound, Origin.DOCUMENT, self._from_curve(maker) or self._document)
            )
        return tuple(asked)

    def _from_curve(self, maker: str) -> ScoredRecording | None:
        """Return the stored scores of the document, if they come from this taste."""
        state, curve, listening = self._session.state, self._session.curve, self._session.listening
        if curve is None or curve.maker != maker or listening is None:
            return None
        names = curve.part_names if curve.parts.size else ()
        return ScoredRecording(
            self._session.name,
            Origin.DOCUMENT,
            None,
            "",
            samples_to_s(state.length_samples, state.rate_hz),
            samples_to_s_array(curve.times_samples, state.rate_hz),
            curve.scores,
            playing_level_db(listening.loudness_db),
            {name: curve.parts[:, number] for number, name in enumerate(names)},
            self._nearest(maker),
        )

    def _nearest(self, maker: str) -> NearestStretches | None:
        """Return stored references that match the document, computed with those scores."""
        nearest, rate_hz = self._session.nearest, self._session.state.rate_hz
        if nearest is None or nearest.maker != maker:
            return None
        return NearestStretches(
            samples_to_s_array(nearest.starts_samples, rate_hz),
            samples_to_s(nearest.length_samples, rate_hz),
            tuple(nearest.paths),
            nearest.recordings,
            nearest.kept_starts_s,
        )

    def is_known(self, request: SurveyRequest, shown: SegmentMap) -> bool:
        """Return whether a survey has no new work."""
        on_it = {key for key, origin in shown.recordings if origin is not Origin.KEPT}
        scores = [one.scored for one in request.others]
        if request.references is None or any(one is None for one in scores):
            return False
        same = [one for one in scores if one is not None and one.origin is Origin.DOCUMENT]
        renewed = any(one.scores is not getattr(self._document, "scores", None) for one in same)
        return not renewed and {one.key for one in scores if one is not None} == on_it

    def take(self, survey: Survey) -> None:
        """Store results; unreadable files are removed."""
        self.kept = survey.references
        by_key = {one.key: one for one in survey.others}
        found = by_key.get("")
        self._document = None if found is None else replace(found, name=self._session.name)
        self._files = {
            key: replace(one, scored=by_key[key]) for key, one in self._files.items() if key in by_key
        }

    def found(self, key: str) -> Known | None:
        """Return a recording by its key, see `ScoredRecording.key`."""
        if not key:
            sound = DocumentSound(self._session.state, dict(self._session.media))
            return Known(sound, self._document) if self._session.state.tracks else None
        if key in self._files:
            return Known(self._files[key].sound, self._files[key].scored)
        for one in () if self.kept is None else self.kept.recordings:
            if one.key == key:
                return Known(FileSound(Path(key), one.content_hash, self.folders), one)
        return None

    def listed(self, facts: TasteFacts) -> list[Listed]:
        """Return all recordings for the ranking, the document first."""
        from desktop.features.taste.widgets.page import Listed

        rows = list[Listed]()
        state = self._session.state
        if state.tracks:
            length_s = samples_to_s(state.length_samples, state.rate_hz)
            rows.append(Listed("", self._session.name, Origin.DOCUMENT, length_s, self._document))
        for key, one in self._files.items():
            duration_s = 0.0 if one.scored is None else one.scored.duration_s
            rows.append(Listed(key, Path(key).stem, one.origin, duration_s, one.scored))
        learned_from = {str(one.path) for one in facts.recordings}
        for key, duration_s in self._sources().items():
            if key not in self._files and key not in learned_from:
                rows.append(Listed(key, Path(key).stem, Origin.SOURCE, duration_s))
        scored = {one.key: one for one in (() if self.kept is None else self.kept.recordings)}
        for kept in facts.recordings:
            key = str(kept.path)
            rows.append(Listed(key, kept.name, Origin.KEPT, kept.duration_s, scored.get(key)))
        return rows

    def _sources(self) -> Mapping[str, float]:
        """Return the sources of a document with several, by file, and their durations."""
        state, media = self._session.state, self._session.media
        if len(state.sources) < 2:
            return {}
        return {
            str(media[key].absolute()): samples_to_s(source.frames, source.rate_hz)
            for key, source in state.sources.items()
            if key in media
        }


class TasteSurvey(QObject):
    """Has recordings scored and mapped, one survey after the other, since the next may know more.

    Attributes
    ----------
    recordings : results of the displayed taste
    shown : the map; None until it is made

    Signals
    -------
    renewed : recordings or map are others
    waiting : a survey is waiting for its turn (True), or is being made
    refused : one sentence; a recording cannot be read
    """

    renewed = Signal()
    waiting = Signal(bool)
    refused = Signal(str)

    def __init__(self, session: Session, work: Work, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session, self._work = session, work
        self.recordings = TasteRecordings(session)
        self.shown: SegmentMap | None = None
        self._running: JobHandle | None = None
        self._is_stale = False  # what runs is of a taste that is shown no more
        self._next: TasteFacts | None = None

    @property
    def is_busy(self) -> bool:
        """Whether a survey runs or waits."""
        return self._running is not None

    def forget(self) -> None:
        """Discard all results after a change of the taste."""
        self.recordings.forget_scores()
        self.shown, self._next = None, None
        self._is_stale = self._running is not None

    def forget_document(self) -> None:
        """Discard the results of the document."""
        self.recordings.forget_document()
        self.shown = None

    def renew(self, facts: TasteFacts) -> None:
        """Compute missing results of a taste."""
        if self._running is not None:
            self._next = facts
            return
        request = self._request(facts)
        if self.shown is not None and self.recordings.is_known(request, self.shown):
            self.renewed.emit()
            return
        title = "Analysing for the Taste page"
        handle = self._work.compute(survey_recordings, request, title, self._take)
        self._running, self._is_stale = handle, False
        self.waiting.emit(True)
        handle.started.connect(lambda: self.waiting.emit(False))
        for ended in (handle.finished, handle.failed, handle.cancelled):
            ended.connect(lambda *_: self._end(handle))

    def _request(self, facts: TasteFacts) -> SurveyRequest:
        beside = (facts.path, self._session.path)
        folders = tuple(dict.fromkeys(path.absolute().parent for path in beside if path is not None))
        self.recordings.folders = folders
        others = self.recordings.asked(facts.maker)
        return SurveyRequest(facts.path, facts.recordings, folders, self.recordings.kept, others)

    def _take(self, survey: Survey) -> None:
        """Store results, unless the taste changed meanwhile."""
        if self._is_stale:
            return
        self.recordings.take(survey)
        self.shown = survey.shown
        for sentence in (*survey.references.missing, *survey.warnings)[:1]:
            self.refused.emit(sentence)

    def _end(self, handle: JobHandle) -> None:
        if handle is not self._running:
            return
        self._running = None
        self.renewed.emit()
        wanted, self._next = self._next, None
        if wanted is not None:
            self.renew(wanted)
