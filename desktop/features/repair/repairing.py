"""Removing a sound in the window: the panel, its jobs, and their previews."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from PySide6.QtCore import QObject, QSettings, Signal
from PySide6.QtWidgets import QWidget

from desktop.features.repair.panel import RepairPanel
from desktop.features.repair.previews import Meant, Painting, Previews
from desktop.features.repair.sounds import Finding, RecentWords, preview_repair, words_in_span
from desktop.features.repair.words_field import KnownWords, Suggestion
from desktop.review.arrivals import Arrivals
from desktop.shell.command import REPAIR_LAYER
from desktop.shell.dialogs import questions
from desktop.shell.shell import Shell
from desktop.shell.work.job_lanes import JobHandle
from engine.analysis.sound_names.vocabulary import NOTHING_NAMED, separable_sounds, without_not
from engine.core.errors import OffcutError, SeparationError, UnknownPromptError, UsageError
from engine.core.timebase import format_time, s_to_samples, samples_to_s
from engine.core.wording import counted
from engine.document.analysis import require_recording
from engine.document.edits.by_hand import edit_by_hand
from engine.document.kinds.sounding import TONE_START
from engine.document.state import Edit, RowChange
from engine.document.tracks import sound_of
from engine.features.repair.finders.requests import (
    PreviewRequest,
    RepairPreview,
    RepairSettings,
    ShownMask,
    example_words,
)
from engine.features.repair.separation.paint import MaskMemory
from engine.features.repair.separation.settings import DEFAULT, known_separators, mute_offer
from engine.features.repair.separation.windows import joined
from engine.recordings.track_audio import Span, SpanRequest
from engine.review.by_hand import mute_payload
from engine.review.wording import DetectedWord

WAITING = "Waiting for other work"
LEAST_WIDER_S = 0.25
"""A longer window gains this much on either side at least."""


class Repairing(QObject):
    """Opens the panel for the selection, and makes repairs of its sounds.

    Attributes
    ----------
    finding : proposes to remove a sound at every occurrence
    painting : the paint on the mask

    Signals
    -------
    said, refused : message about the result, or the reason of a refusal
    opened : whether the panel is open
    """

    said = Signal(str)
    refused = Signal(str)
    opened = Signal(bool)

    def __init__(
        self, window: QWidget, shell: Shell, panel: RepairPanel, arrivals: Arrivals, settings: QSettings
    ) -> None:
        super().__init__(window)
        self._window = window
        self._session, self._work, self._shell = shell.session, shell.work, shell
        self._panel, self._selecting, self._canvas = panel, shell.selecting, shell.timeline.canvas
        self._arrivals = arrivals
        self._recent = RecentWords(settings)
        self._previews = Previews(shell.session, shell.transport, self)
        self._memory = MaskMemory()
        self._windows: tuple[Span, ...] = ()
        self._tracks: tuple[str, ...] = ()
        self._example: Span | None = None
        self._separator = DEFAULT
        self._job: JobHandle | None = None
        self.finding: Finding = Finding(window, shell, self._recent, self._panel.settings)
        self.finding.said.connect(self.said)
        self.painting: Painting = Painting(window, shell, panel, lambda: Meant(self._windows, self._tracks))
        self.painting.said.connect(self.said)
        self.painting.refused.connect(self.refused)
        self.painting.changed.connect(self._follow_paint)
        self._heard_next = ""
        panel.hide()
        panel.preview_wanted.connect(self.preview)
        panel.settings_chosen.connect(self._choose)
        panel.words_changed.connect(self._follow_words)
        panel.command_requested.connect(shell.commands.run)
        panel.cancel_requested.connect(self._cancel)
        shell.session.replaced.connect(self._start_over)
        shell.session.changed.connect(lambda _change: self._show_where())

    @property
    def is_open(self) -> bool:
        """Whether the panel is open."""
        return not self._panel.isHidden()

    # the panel

    def open(self) -> None:
        """Open the panel for the selection, or focus its field and switch to the present selection.

        Raises
        ------
        UsageError : nothing is selected, or there is nothing to take out of
        """
        require_recording(self._session.state, "take a sound out of")
        if not self.is_open:
            self._set_windows((self._selecting.required(),))
            self._panel.words.set_known(
                KnownWords({name: one.said for name, one in separable_sounds().items()}, self._recent.words)
            )
            self._panel.show_rest()
            self._panel.show()
            self._shell.commands.enter(REPAIR_LAYER, is_in=True)
            self.opened.emit(True)
        elif self._selecting.span is not None and not self._means_selection():
            self.painting.forget()
            self._set_windows((self._selecting.span,))
        self._panel.words.begin()

    def leave(self) -> bool:
        """Cancel the running preview, or close the panel; False if it is already closed."""
        if not self.is_open:
            return False
        if not self.painting.leave() and not self._cancel():
            self._close()
        return True

    def add_window(self) -> None:
        """Add the selection to the windows.

        Raises
        ------
        UsageError : nothing is selected
        """
        if not self.is_open:
            self.open()
            return
        span = self._selecting.required()
        self._set_windows(tuple(sorted({*self._windows, span})))
        self.said.emit(f"The sound is meant in {counted(len(self._windows), 'window')}")

    def _start_over(self) -> None:
        self._memory = MaskMemory()
        self._close()

    def _close(self) -> None:
        was_open = self.is_open
        self._cancel()
        self.painting.forget()
        self._forget()
        self._windows = ()
        self._panel.words.offer_heard(())
        self._panel.show_problem("")
        self._panel.hide()
        if was_open:
            self._shell.commands.enter(REPAIR_LAYER, is_in=False)
            self._shell.timeline.setFocus()
            self.opened.emit(False)

    def _forget(self) -> None:
        self._previews.forget()
        self._show_preview()

    def _means_selection(self) -> bool:
        return self._selecting.span in self._windows and self._selecting.tracks == self._tracks

    def _set_windows(self, windows: tuple[Span, ...]) -> None:
        self._cancel()
        self._windows, self._tracks = windows, self._selecting.tracks
        self._example = None
        self._forget()
        self._panel.words.offer_heard(())
        self._show_where()

    @property
    def _where(self) -> str:
        if len(self._windows) != 1:
            return counted(len(self._windows), "window")
        rate_hz = max(self._session.state.rate_hz, 1)
        first, last = (format_time(samples_to_s(edge, rate_hz), 1) for edge in self._windows[0])
        return f"{first} – {last}"

    def _show_where(self) -> None:
        if not self._windows:
            return
        rate_hz = max(self._session.state.rate_hz, 1)
        chosen = f", {self._selecting.tracks_words}" if self._tracks else ""
        example = "" if self._example is None else f", like {example_words(self._example, rate_hz)}"
        by = "" if self._separator == DEFAULT else f", by {self._separator}"
        self._panel.show_where(f"{self._where}{chosen}{example}{by}")

    # the request

    @property
    def _spans(self) -> SpanRequest:
        return SpanRequest(self._session.state, self._session.media, self._tracks, self._windows)

    def _require_open(self) -> None:
        if not self.is_open:
            raise UsageError("Select where the sound is, and open the panel for it ‹repair.open›.")

    def ask_what(self) -> None:
        """Rank the known names of sounds for the windows."""
        self._require_open()
        self._run(words_in_span, self._spans, "Analysing the selection", self._take_words)

    def preview(self) -> None:
        """Render a preview of the panel's settings, or play it if it exists."""
        self._require_open()
        settings, before = self._settings, self._previews.current
        if not settings.texts and not settings.paint and settings.example is None:
            self._panel.show_problem(NOTHING_NAMED)
            return
        if before is not None and before.settings == settings:
            self._after_field()
            self.hear("result")
            return
        request = PreviewRequest(self._spans, settings, self._memory)
        self._run(preview_repair, request, "Taking it out", partial(self._take, request))

    @property
    def _settings(self) -> RepairSettings:
        """The panel's settings, the paint, and the example."""
        return replace(
            self._panel.settings(),
            paint=self.painting.paint,
            example=self._example,
            separator=self._separator,
        )

    def choose_separator(self) -> None:
        """Ask for the separator to use; a preview is rendered again with it."""
        chosen = questions.ask_separator(self._window, known_separators(), self._separator)
        if chosen is None or chosen == self._separator:
            return
        self._separator = chosen
        self._panel.show_problem("")
        self._show_where()
        self.said.emit(f"Sounds are taken out by {chosen}")
        self._choose()

    def _follow_words(self) -> None:
        """Forget the last refusal, and the example once words are written in its place."""
        self._panel.show_problem("")
        if self._example is not None and self._panel.settings().texts:
            self._example = None
            self._show_where()

    # remedies after a refusal

    def widen(self) -> None:
        """Mean longer windows, by half of each on either side, and make the preview again."""
        self._require_open()
        length, rate_hz = self._session.state.length_samples, self._session.state.rate_hz
        longer = []
        for start, stop in self._windows:
            more = max((stop - start) // 2, s_to_samples(LEAST_WIDER_S, rate_hz))
            longer.append((max(0, start - more), min(length, stop + more)))
        self._set_windows(joined(longer, length, rate_hz))
        self.said.emit(f"The window is {self._where}")
        if self._panel.settings().texts:
            self.preview()

    def use_example(self) -> None:
        """Target sounds like the selection, or like the window if nothing else is selected."""
        self._require_open()
        self._example = self._selecting.span or self._windows[0]
        self._panel.words.set_text("")
        self._show_where()
        self.preview()

    def mute(self) -> None:
        """Mute the windows, filled with room tone if there is any near; accepted, as one step of undo."""
        self._require_open()
        state = self._session.state
        changes: list[RowChange] = []
        proposals = []
        for start, stop in self._windows:
            payload = mute_payload(state, self._session.media, (start, stop), self._tracks)
            edit, proposal = edit_by_hand(state, "mute", start, stop, payload, self._tracks)
            changes += edit.changes
            proposals.append(proposal)
        label = edit.label if len(proposals) == 1 else f"Muted {counted(len(proposals), 'window')}"
        self._session.apply(Edit(label, tuple(changes)))
        self._leave_for(proposals[0].id)
        self.said.emit(f"{label}, with room tone" if TONE_START in proposals[0].payload else label)

    def paint(self) -> None:
        """Take the brush, or put it away."""
        self._require_open()
        self.painting.toggle()

    def paint_range(self) -> None:
        """Ask which range of frequencies is painted."""
        self._require_open()
        self.painting.ask_range()

    def _follow_paint(self) -> None:
        """Draw the paint, and render its preview."""
        self._show_masks()
        settings, current = self._settings, self._previews.current
        if settings.texts or settings.paint or settings.example is not None:
            if current is None or current.settings != settings:
                self.preview()
            else:
                self._cancel()
        else:
            self._cancel()
            self._forget()

    @property
    def _is_repainted(self) -> bool:
        """Whether a preview of the present paint is still being rendered."""
        current = self._previews.current
        painted = () if current is None else current.settings.paint
        return self._job is not None and painted != self.painting.paint

    def _choose(self) -> None:
        """Follow the sliders once there is a preview; before, they wait for the words."""
        if self._previews.current is not None:
            self.preview()

    def _run(
        self, job: Callable[..., object], request: object, title: str, take: Callable[..., None]
    ) -> None:
        self._cancel()
        self._heard_next = ""
        handle = self._work.compute(job, request, title, take)
        self._job = handle
        self._panel.show_work(0.0, WAITING, None)

        def begin() -> None:
            if self._job is handle:
                self._panel.show_work(0.0, title, None)

        def tell(fraction: float, text: str, _figures: object, left_s: float | None) -> None:
            if self._job is handle:
                self._panel.show_work(fraction, text or title, left_s)

        def fail(sentence: str) -> None:
            if self._job is handle:
                self._refuse(sentence, handle.error)

        def rest() -> None:
            if self._job is handle:
                self._job = None
                self._panel.show_rest()

        handle.started.connect(begin)
        handle.progressed.connect(tell)
        handle.failed.connect(fail)
        handle.ended.connect(rest)

    def _refuse(self, sentence: str, error: OffcutError | None) -> None:
        """Show why the preview failed; for a refused prompt with remedies, and with known names near it."""
        self._forget()
        ways_on: tuple[str, ...] = ()
        if isinstance(error, SeparationError):
            ways_on = ("repair.widen", "repair.example")
        if isinstance(error, UnknownPromptError):
            ways_on = ("repair.example",)
            self._panel.words.offer_nearest(error.nearest)
        self._panel.show_problem(sentence, ways_on)

    def _cancel(self) -> bool:
        """Cancel the running job; False if none is running."""
        job, self._job = self._job, None
        if job is not None:
            job.cancel()
            self._panel.show_rest()
        return job is not None

    def _take_words(self, words: tuple[DetectedWord, ...]) -> None:
        if self.is_open:
            self._panel.words.offer_heard(tuple(Suggestion(one.text, "", one.likelihood) for one in words))

    def _take(self, request: PreviewRequest, preview: RepairPreview) -> None:
        """Show and play a preview, unless its target changed meanwhile."""
        asked = request.spans
        if not self.is_open or (asked.windows, asked.tracks) != (self._windows, self._tracks):
            return
        if sound_of(asked.state.tracks) != sound_of(self._session.state.tracks):
            raise UsageError("The tracks were changed meanwhile: make the preview again ‹repair.preview›.")
        before, next_heard = self._previews.current, self._heard_next
        is_painted = preview.settings.paint != (() if before is None else before.settings.paint)
        self._previews.take(preview)
        self._recent.note(tuple(without_not(text) for text in preview.settings.texts))
        self._show_preview()
        if self._settings == preview.settings:
            self._after_field()
        self.said.emit(f"Preview {self._previews.said}")
        if next_heard or (self._arrivals.is_on and not is_painted):
            self.hear(next_heard or "result")

    def _after_field(self) -> None:
        """Leave the field, so that letter keys act on the preview."""
        if self._panel.words.line.hasFocus():
            self._shell.timeline.setFocus()

    def _show_preview(self) -> None:
        current = self._previews.current
        offers_mute = current is not None and bool(mute_offer(current.result.change))
        levels = "" if current is None else f"\n{current.result.change.levels_words}"
        said = f"{self._previews.said}{levels}"
        self._panel.show_preview(said, self._previews.other, offers_mute=offers_mute)
        self._show_masks()

    def _show_masks(self) -> None:
        current = self._previews.current
        paint = self.painting.paint
        masks = () if current is None else current.masks
        if current is None and paint:
            tracks = self._tracks or tuple(track.id for track in self._session.state.tracks)
            masks = tuple(ShownMask.of_nothing(track, each) for track in tracks for each in self._windows)
        self._canvas.set_masks(masks, paint)

    # actions on a preview

    def hear(self, what: str) -> None:
        """Play the "target", the "remainder" or the "result"; once it is there, where it is being painted."""
        self._require_open()
        if self._is_repainted:
            self._heard_next = what
            return
        self._previews.hear(what)
        said = {"target": "Target", "remainder": "Remainder", "result": "Result"}
        self.said.emit(f"{said[what]}, {self._previews.said}")

    def compare(self) -> None:
        """Switch to the other of the last two previews, and play it."""
        self._require_open()
        self._cancel()
        settings = self._previews.turn().settings
        self._panel.show_settings(settings)
        self.painting.put(settings.paint)
        self._show_preview()
        self.hear("result")

    def accept(self) -> None:
        """Take the preview into the document, accepted."""
        self._apply(accepted=True)

    def put_into_queue(self) -> None:
        """Take the preview into the document, undecided."""
        self._apply(accepted=False)

    def _apply(self, *, accepted: bool) -> None:
        self._require_open()
        if self._is_repainted:
            raise UsageError("The preview does not include the last stroke yet. Accept it after rendering.")
        preview = self._previews.required()
        try:
            edit, proposals = self._previews.apply(accepted=accepted)
        except OffcutError as error:
            self._panel.show_problem(str(error))
            raise
        self._leave_for(proposals[0].id)
        done = "Accepted" if accepted else "In the queue"
        tracks = len({proposal.tracks for proposal in proposals})
        where = f", on {counted(tracks, 'track')}" if tracks > 1 else ""
        self.said.emit(
            f"{done}: {preview.result.change.words}{where}" if edit.changes else "It is there already"
        )

    def _leave_for(self, proposal: str) -> None:
        """Close the panel and show an edit that was made."""
        self._shell.transport.stop()
        self._close()
        self._selecting.let_go()
        self._shell.review.choose(proposal)
