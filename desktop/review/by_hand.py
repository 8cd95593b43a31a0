"""Edits that the user makes of the selected span, each accepted at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from desktop import dialogs
from desktop.review.review import Review
from desktop.session import Session
from desktop.timeline.selecting import Selecting
from desktop.timeline.tracks import Tracks
from desktop.transport import Transport
from engine.document.by_hand import edit_by_hand
from engine.document.kinds.ordering import MOST_TIMES
from engine.document.kinds.sounding import LOUDEST_DB, QUIETEST_DB
from engine.edl.build import build
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
from widgets.chrome.numbers_form import Number, NumbersForm
from widgets.theme import Theme

_MOST_SLIP_MS = 60_000.0


class Window(Protocol):
    """What editing by hand needs of a window."""

    session: Session
    transport: Transport
    review: Review
    selecting: Selecting
    tracks: Tracks


class ByHand(QObject):
    """Makes an edit of the selection, chooses it in the queue, and lets the selection go.

    Signals
    -------
    said : what was done
    shown(words, tracks) : what is selected, or nothing, and the tracks that would be edited
    """

    said = Signal(str)
    shown = Signal(str, str)

    def __init__(self, window: QWidget, parts: Window, theme: Callable[[], Theme]) -> None:
        super().__init__(window)
        self._window, self._session, self._transport = window, parts.session, parts.transport
        self._review, self._selecting, self._tracks = parts.review, parts.selecting, parts.tracks
        self._theme = theme
        self._is_of_one = False
        self._selecting.changed.connect(self._show)

    @property
    def tracks_text(self) -> str:
        """Which tracks would be edited, where an edit can be of some."""
        chosen = self._chosen()
        names = {track.id: track.name for track in self._session.state.tracks}
        return f"{names[chosen[0]]} alone" if chosen else "all tracks"

    def toggle_tracks(self) -> None:
        """Edit the chosen track alone, or all of them."""
        self._is_of_one = not self._is_of_one
        if self._is_of_one:
            self._tracks.current()  # says so where none is chosen
        self._show()
        self.said.emit(f"Mute, slip and gain are of {self.tracks_text}")

    def cut(self) -> None:
        """Leave the selected span out of the result."""
        self._make("cut", cut_payload(self._session.state))

    def keep(self) -> None:
        """Hold the selected span against every cut."""
        self._make("keep", {})

    def mute(self) -> None:
        """Fill the selected span with room tone where there is any near, else with silence."""
        span, chosen = self._selecting.required(), self._chosen()
        payload = mute_payload(self._session.state, self._session.media, span, chosen)
        self._make("mute", payload, chosen)

    def repeat(self) -> None:
        """Ask how often the selected span is heard in a row."""
        start, stop = self._selecting.required()
        rate_hz = self._session.state.rate_hz
        length = format_time(samples_to_s(stop - start, rate_hz), 1)
        result = format_time(samples_to_s(build(self._session.state).length_samples, rate_hz), 1)
        said = f"Each time more makes the result, now {result} long, longer by {length}."
        times = self._ask("Repeat", [Number("&Times in a row", 2, 2, MOST_TIMES)], said)
        if times is not None:
            self._make("repeat", repeat_payload(int(times)))

    def move(self) -> None:
        """Ask where the selected span comes back."""
        self._selecting.required()
        state = self._session.state
        length_s = samples_to_s(state.length_samples, state.rate_hz)
        here_s = samples_to_s(self._transport.playhead_samples, state.rate_hz)
        said = "It is taken out where it is, and heard right before this moment of the recording."
        to_s = self._ask("Move", [Number("To &second", round(here_s, 3), 0, length_s, 3)], said)
        if to_s is not None:
            self._move_to(s_to_samples(to_s, state.rate_hz))

    def move_here(self) -> None:
        """Bring the selected span back before the playhead."""
        self._move_to(self._transport.playhead_samples)

    def _move_to(self, to_samples: int) -> None:
        self._make("move", move_payload(to_samples))

    def slip(self) -> None:
        """Ask how far the selected span slips in time."""
        self._selecting.required()
        said = f"Of {self.tracks_text}. Above 0 is later; fractions of a sample are kept. The length stays."
        by_ms = self._ask("Slip", [Number("&Milliseconds", 10, -_MOST_SLIP_MS, _MOST_SLIP_MS, 3)], said)
        if by_ms is not None:
            rate_hz = self._session.state.rate_hz
            self._make("slip", slip_payload(by_ms / 1000.0, rate_hz), self._chosen())

    def gain(self) -> None:
        """Ask for the gain of the selected span."""
        self._selecting.required()
        gain_db = self._ask(
            "Gain", [Number("&Decibels", -3, QUIETEST_DB, LOUDEST_DB, 1)], f"Of {self.tracks_text}."
        )
        if gain_db is not None:
            self._make("gain", gain_payload(gain_db), self._chosen())

    def _chosen(self) -> tuple[str, ...]:
        """Return the tracks that an edit of some is about; none is all."""
        return (self._tracks.current().id,) if self._is_of_one and self._session.state.tracks else ()

    def _show(self) -> None:
        self.shown.emit(self._selecting.words, self.tracks_text if self._session.state.tracks else "")

    def _ask(self, title: str, numbers: list[Number], said: str) -> float | None:
        form = NumbersForm(self._theme(), numbers, said)
        values = dialogs.ask_numbers(self._window, title, form, title)
        return values[0] if values else None

    def _make(self, kind: str, payload: Payload, tracks: tuple[str, ...] = ()) -> None:
        edit, proposal = edit_by_hand(self._session.state, kind, *self._selecting.required(), payload, tracks)
        self._session.apply(edit)
        self._selecting.let_go()
        self._review.choose(proposal.id)
        self.said.emit(edit.label)
