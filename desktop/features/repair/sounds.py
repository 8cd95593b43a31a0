"""Named sounds in the window: detection, their lane, navigation, and finding similar ones.

A sound can be found in the whole recording, and its removal proposed at every occurrence. Recently used names
of sounds are stored. Jobs import the models when they run.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, QSettings, Signal
from PySide6.QtWidgets import QWidget

from desktop.shell.dialogs import form_dialogs
from desktop.shell.shell import Shell
from desktop.shell.user_settings.remembered import stored_json
from engine.core.errors import UsageError
from engine.core.progress import Progress
from engine.core.timebase import format_time, samples_to_s
from engine.core.wording import begun, counted, percent
from engine.document.analysis import require_recording
from engine.document.state import Change, DocumentState
from engine.document.tracks import sound_of
from engine.features.repair.finders.requests import RepairSettings
from engine.recordings.track_audio import SpanRequest
from widgets.forms.short_forms import LikeForm

if TYPE_CHECKING:
    from engine.features.repair.finders.requests import PreviewRequest, RepairPreview
    from engine.recordings.detect_sounds import FoundSounds
    from engine.review.wording import DetectedWord


def preview_repair(request: PreviewRequest, progress: Progress) -> RepairPreview:
    """Render a repair for playback."""
    from engine.features.repair.finders import separate as job

    return job.preview_in_document(request, progress)


def words_in_span(request: SpanRequest, progress: Progress) -> tuple[DetectedWord, ...]:
    """Rank the known sound names by probability."""
    from engine.features.repair.finders import find_sounds

    return find_sounds.words_in_span(request, progress)


def detect_sounds(request: SpanRequest, progress: Progress) -> FoundSounds:
    """Detect sounds in a document, by name."""
    from engine.recordings import detect_sounds as job

    return job.detect_sounds(request, progress)


MOST = 12
LONGEST = 60
_STORED = "recent_sounds"


class RecentWords:
    """Names of sounds as they were used, the last one first."""

    def __init__(self, settings: QSettings) -> None:
        self._settings = settings

    @property
    def words(self) -> tuple[str, ...]:
        """The stored names; invalid settings count as empty."""
        known = stored_json(self._settings, _STORED, [])
        return tuple(one for one in known if isinstance(one, str) and 0 < len(one) <= LONGEST)[:MOST]

    def note(self, texts: tuple[str, ...]) -> None:
        """Put these first."""
        new = tuple(text for text in texts if len(text) <= LONGEST)
        kept = (*new, *(one for one in self.words if one not in new))[:MOST]
        self._settings.setValue(_STORED, json.dumps(kept))


NOT_HEARD = "No sounds detected yet. Detect them first ‹sounds.hear›."
OUTDATED = "The tracks were changed meanwhile: listen again ‹sounds.hear›."


class Sounds(QObject):
    """Has the document analysed, and shows its named sounds.

    Signals
    -------
    said : message about the result
    """

    said = Signal(str)

    def __init__(self, window: QWidget, shell: Shell, settings: Callable[[], RepairSettings]) -> None:
        super().__init__(window)
        self._window, self._shell, self._session = window, shell, shell.session
        self._settings = settings
        shell.session.replaced.connect(self._show)
        shell.session.changed.connect(self._follow)

    # detection

    def hear(self) -> None:
        """Detect the named sounds of the whole document.

        Raises
        ------
        UsageError : no recording
        """
        state = self._require_recording()
        request = SpanRequest(state, self._session.media)
        take = partial(self._take, request)
        self._shell.work.compute(detect_sounds, request, "Detecting sounds", take)

    def _take(self, request: SpanRequest, found: FoundSounds) -> None:
        state = self._session.state
        if sound_of(request.state.tracks) != sound_of(state.tracks):
            raise UsageError(OUTDATED)
        edit, analyses = found.put_into(state)
        self._session.apply(edit, analyses)
        self.said.emit(found.sentence)

    # showing

    def _follow(self, change: Change) -> None:
        if "sounds" in change.analyses:
            self._show()

    def _show(self) -> None:
        sounds, timeline = self._session.sounds, self._shell.timeline
        timeline.canvas.set_sounds(sounds)
        if sounds is None or not sounds.words:
            return
        counts = Counter(sounds.words)
        total = f"{counts.total():,}"
        said = ", ".join(f"{word} {count}" for word, count in counts.most_common())
        timeline.heads.sounds.show_about(
            "Sounds", f"{total} · {counted(len(counts), 'word')}", f"Detected: {said}"
        )

    # going through them

    def go(self, *, forward: bool) -> None:
        """Select the next sound after the playhead, or the one before, and put the playhead there.

        Raises
        ------
        UsageError : sounds were not detected yet, or none is left in this direction
        """
        self._require_recording()
        sounds, state = self._session.sounds, self._session.state
        if sounds is None:
            raise UsageError(NOT_HEARD)
        starts, here = sounds.spans_samples[:, 0], self._shell.transport.playhead_samples
        place = int(np.searchsorted(starts, here, "right" if forward else "left")) - (not forward)
        if not 0 <= place < len(starts):
            way = "after" if forward else "before"
            raise UsageError(f"No sound is named {way} the playhead.")
        start, stop = sounds.spans_samples[place].tolist()
        self._shell.selecting.select(start, stop)
        self._shell.transport.seek(start)
        self._shell.timeline.zooms.reveal(start, stop)
        likely = percent(float(sounds.likelihoods[place]))
        at = format_time(samples_to_s(start, state.rate_hz), 1)
        word = begun(sounds.words[place])
        self.said.emit(f"{word} at {at}, {likely} likely: {place + 1} of {len(starts)}")

    # more like one of them

    def ask_like(self) -> None:
        """Ask for the action on all sounds similar to the selection, then find them.

        Raises
        ------
        UsageError : nothing is selected
        """
        state = self._require_recording()
        span = self._shell.selecting.required()
        first, last = (format_time(samples_to_s(edge, state.rate_hz), 1) for edge in span)
        form = LikeForm(f"{first} – {last}, {self._shell.selecting.tracks_words}")
        cuts = form_dialogs.ask_like(self._window, form)
        if cuts is None:
            return
        settings = self._settings()
        asked = {
            "start_s": samples_to_s(span[0], state.rate_hz),
            "stop_s": samples_to_s(span[1], state.rate_hz),
            "does": "cut" if cuts else "keep" if settings.keeps else "remove",
            "strength_db": settings.strength_db,
            "fade_ms": max(0.0, settings.fade_ms),
        }
        self._shell.finders.start("like-this", asked, f"Finding more like {first}")

    def _require_recording(self) -> DocumentState:
        state = self._session.state
        require_recording(state, "analyse")
        return state


class Finding(QObject):
    """Asks for words, has all of the recording searched, and fills the queue.

    Attributes
    ----------
    sounds : all named sounds, and sounds similar to the selection

    Signals
    -------
    said : the result
    """

    said = Signal(str)

    def __init__(
        self, window: QWidget, shell: Shell, recent: RecentWords, settings: Callable[[], RepairSettings]
    ) -> None:
        super().__init__(window)
        self._window, self._shell, self._recent = window, shell, recent
        self._session, self._settings = shell.session, settings
        self.sounds: Sounds = Sounds(window, shell, settings)
        self.sounds.said.connect(self.said)
        shell.finders.add_form("repair", self.ask)
        shell.finders.add_form("like-this", self.sounds.ask_like)

    def ask(self) -> None:
        """Ask which sound is meant, then look for it.

        Raises
        ------
        UsageError : no recording
        """
        require_recording(self._session.state, "search")
        settings = self._settings()
        words = settings.words or ", ".join(self._recent.words[:1])
        asked = form_dialogs.ask_sound(self._window, words)
        if asked is not None:
            self.find(RepairSettings(asked, settings.keeps, settings.strength_db, settings.fade_ms))

    def find(self, settings: RepairSettings) -> None:
        """Look for a sound in the whole recording, on the selected tracks or on all."""
        named = settings.texts
        asked = {
            "words": ", ".join(named),
            "does": "keep" if settings.keeps else "remove",
            "strength_db": settings.strength_db,
            "fade_ms": settings.fade_ms,
        }
        self._shell.finders.start("repair", asked, f"Finding {' or '.join(named)}")
        self._recent.note(named)
