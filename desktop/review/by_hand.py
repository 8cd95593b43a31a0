"""Edits that the user makes of the selected span, each accepted at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from desktop import dialogs
from desktop.review.amounts import asked, length_ahead
from desktop.review.review import Review
from desktop.session import Session
from desktop.slots import telling_refusals
from desktop.timeline.selecting import Selecting
from desktop.timeline.tracks import Tracks
from desktop.transport import Transport
from engine.document.by_hand import edit_by_hand
from engine.document.kinds import KINDS
from engine.errors import UsageError
from engine.jobs.hand_payloads import (
    Payload,
    cut_payload,
    gain_payload,
    move_payload,
    mute_payload,
    repeat_payload,
    slip_payload,
)
from engine.timebase import format_time, s_to_samples, samples_to_s
from widgets.edit_words import conflict_sentence, taken_in_sentence
from widgets.forms.numbers_form import NumbersForm
from widgets.theme import Theme
from widgets.timeline.timeline_view import TimelineView


class Window(Protocol):
    """What editing by hand needs of a window."""

    session: Session
    transport: Transport
    review: Review
    selecting: Selecting
    tracks: Tracks
    timeline: TimelineView


class ByHand(QObject):
    """Makes an edit of the selection, chooses it in the queue, and lets the selection go.

    Signals
    -------
    said, refused : what was done, or why not
    shown(words, tracks) : what is selected, or nothing, and the tracks that would be edited
    """

    said = Signal(str)
    refused = Signal(str)
    shown = Signal(str, str)

    def __init__(self, window: QWidget, parts: Window, theme: Callable[[], Theme]) -> None:
        super().__init__(window)
        self._window, self._session, self._transport = window, parts.session, parts.transport
        self._review, self._selecting, self._tracks = parts.review, parts.selecting, parts.tracks
        self._theme = theme
        self._selecting.changed.connect(self._show)
        canvas = parts.timeline.canvas
        canvas.selection_slipped.connect(telling_refusals(self.slip_by, self.refused.emit))
        canvas.selection_moved.connect(telling_refusals(self.move_to, self.refused.emit))

    def toggle_tracks(self) -> None:
        """Let the selection be of the chosen track alone, or of all again."""
        self._selecting.toggle_all(self._tracks.current_or_first())
        self._say_tracks()

    def toggle_track(self) -> None:
        """Take the chosen track into those the selection is of, or out."""
        self._selecting.toggle_track(self._tracks.current_or_first().id)
        self._say_tracks()

    def _say_tracks(self) -> None:
        self.said.emit(f"The selection is of {self._selecting.tracks_words}")

    def cut(self) -> None:
        """Leave the selected span out of the result."""
        self._make("cut", cut_payload(self._session.state))

    def keep(self) -> None:
        """Hold the selected span against every cut."""
        self._make("keep", {})

    def mute(self) -> None:
        """Fill the selected span with room tone where there is any near, else with silence."""
        span = self._selecting.required()
        self._make(
            "mute", mute_payload(self._session.state, self._session.media, span, self._selecting.tracks)
        )

    def repeat(self) -> None:
        """Ask how often the selected span is heard in a row."""
        span, state = self._required_of_all("repeat"), self._session.state
        length = format_time(samples_to_s(span[1] - span[0], state.rate_hz), 1)

        def outlook(values: tuple[float, ...]) -> str:
            edit, _ = edit_by_hand(state, "repeat", *span, repeat_payload(int(values[0])))
            return length_ahead(state, edit)

        times = self._ask("repeat", 2, f"How often the selection, {length} long, is heard.", outlook)
        if times is not None:
            self._make("repeat", repeat_payload(int(times)))

    def move(self) -> None:
        """Ask where the selected span comes back."""
        self._required_of_all("move")
        state = self._session.state
        here_s = samples_to_s(self._transport.playhead_samples, state.rate_hz)
        said = (
            "It is taken out where it is, and heard right before this moment of the recording. Write it as "
            "2:50.5, or in seconds."
        )
        to_s = self._ask("move", round(here_s, 3), said)
        if to_s is not None:
            self.move_to(s_to_samples(to_s, state.rate_hz))

    def move_here(self) -> None:
        """Bring the selected span back before the playhead."""
        self.move_to(self._transport.playhead_samples)

    def move_to(self, to_samples: int) -> None:
        """Bring the selected span back before a moment of the recording."""
        self._make("move", move_payload(to_samples))

    def slip(self) -> None:
        """Ask how far the selected span slips in time."""
        self._selecting.required()
        said = "Above 0 is later; fractions of a sample are kept. The length stays."
        by_ms = self._ask("slip", 10, f"Of {self._selecting.tracks_words}. {said}")
        if by_ms is not None:
            self._make("slip", slip_payload(by_ms / 1000.0, self._session.state.rate_hz))

    def slip_by(self, by_samples: int) -> None:
        """Let the selected span slip by so many samples."""
        rate_hz = self._session.state.rate_hz
        self._make("slip", slip_payload(by_samples / rate_hz, rate_hz))

    def gain(self) -> None:
        """Ask for the gain of the selected span."""
        self._selecting.required()
        said = f"Of {self._selecting.tracks_words}. Below 0 is quieter, above 0 louder."
        gain_db = self._ask("gain", -3, said)
        if gain_db is not None:
            self._make("gain", gain_payload(gain_db))

    def _show(self) -> None:
        self.shown.emit(self._selecting.words, self._selecting.tracks_words)

    def _ask(
        self, name: str, value: float, said: str, outlook: Callable[[tuple[float, ...]], str] = lambda _: ""
    ) -> float | None:
        kind, state = KINDS[name], self._session.state
        assert kind.amount is not None
        length_s = samples_to_s(state.length_samples, state.rate_hz)
        form = NumbersForm(self._theme(), [asked(kind.amount, value, length_s)], said, outlook)
        values = dialogs.ask_numbers(self._window, kind.title, form, kind.title)
        return values[0] if values else None

    def _required_of_all(self, name: str) -> tuple[int, int]:
        """Return the selected span; what changes when things sound does so for all tracks, so it is of all.

        Raises
        ------
        UsageError : nothing is selected, or on some tracks alone
        """
        span = self._selecting.required()
        if self._selecting.tracks:
            raise UsageError(
                f"To {KINDS[name].verb} changes when all tracks sound, and {self._selecting.tracks_words} "
                "is selected: select all tracks ‹hand.tracks›, or mute these ‹hand.mute›."
            )
        return span

    def _make(self, name: str, payload: Payload) -> None:
        if not KINDS[name].is_of_tracks:
            self._required_of_all(name)
        span, tracks = self._selecting.required(), self._selecting.tracks
        edit, proposal = edit_by_hand(self._session.state, name, *span, payload, tracks)
        self._session.apply(edit)
        self._selecting.let_go()
        self._review.choose(proposal.id)
        state = self._session.state
        more = (taken_in_sentence(state, proposal.id), conflict_sentence(state, proposal.id))
        said = " ".join(filter(None, more))
        self.said.emit(f"{edit.label}. {said}" if said else edit.label)
