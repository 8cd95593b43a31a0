"""Change the amount of an edit in the queue: distance, level, repeats, position or fill."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from desktop.shell.dialogs import form_dialogs
from desktop.shell.shell import Shell
from engine.core.errors import OffcutError
from engine.core.timebase import format_time, s_to_samples, samples_to_s
from engine.document.by_hand import amount_of, change_amount, change_fade, change_filling, fade_ms_of
from engine.document.change import Edit
from engine.document.kinds import kind_of
from engine.document.kinds.amount import Amount
from engine.document.state import DocumentState
from engine.sound.edl.build import heard_samples, heard_samples_after
from widgets.forms.numbers_form import Number, NumbersForm
from widgets.theme import Theme


def asked(amount: Amount, value: float, length_s: float) -> Number:
    """Return a number for a form; moments are limited to the recording."""
    highest = min(amount.highest, length_s) if amount.is_moment else amount.highest
    return Number(amount.name, value, amount.lowest, highest, amount.decimals, is_time=amount.is_moment)


def length_ahead(state: DocumentState, edit: Edit) -> str:
    """Describe the change of the result's length, "" if it stays the same."""
    now, then = heard_samples(state), heard_samples_after(state, edit)
    if now == then:
        return ""
    before, after = (format_time(samples_to_s(length, state.rate_hz), 1) for length in (now, then))
    return f"The result will be {after} long; it is {before} now."


class Amounts(QObject):
    """Nudges the amount of the current edit and asks for it; the kind defines the amount.

    Signals
    -------
    said, refused : message about the result, or the reason of a refusal
    """

    said = Signal(str)
    refused = Signal(str)

    def __init__(self, window: QWidget, shell: Shell, theme: Callable[[], Theme]) -> None:
        super().__init__(window)
        self._window, self._session, self._transport = window, shell.session, shell.transport
        self._review, self._selecting, self._theme = shell.review, shell.selecting, theme
        shell.timeline.canvas.fade_dragged.connect(self._drag_fade)

    def nudge(self, direction: int, *, fine: bool = False) -> None:
        """Make the amount of the current edit one step more (1) or less (-1)."""
        state, here = self._session.state, self._review.here()
        amount, value = amount_of(state, here)
        to = value + direction * (amount.fine_step if fine else amount.step)
        if amount.is_moment and not fine:
            to = self._beside(value, direction, to)
        self._apply(change_amount(state, here, round(to, 9)))

    def _beside(self, value_s: float, direction: int, without_s: float) -> float:
        """Return the beat before or after a moment, in seconds; where no beats are known, `without_s`."""
        grid, rate_hz = self._session.grid, self._session.state.rate_hz
        beats = np.array([], np.int64) if grid is None else grid.beats_samples
        here = s_to_samples(value_s, rate_hz)
        found = beats[beats > here][:1] if direction > 0 else beats[beats < here][-1:]
        return samples_to_s(int(found[0]), rate_hz) if len(found) else without_s

    def nudge_fade(self, direction: int, *, fine: bool = False) -> None:
        """Make the crossfade of the current edit one step longer (1) or shorter (-1)."""
        state, here = self._session.state, self._review.here()
        kind, now_ms = kind_of(state.proposals[here]), fade_ms_of(state, here) or 0.0
        step_ms = 0.0 if kind.fade is None else kind.fade.fine_step if fine else kind.fade.step
        # onto whole steps, from any length it was proposed with
        steps = (np.floor if direction > 0 else np.ceil)(round(now_ms / (step_ms or 1.0), 6))
        self._apply(change_fade(state, here, float(steps + direction) * step_ms))

    def _drag_fade(self, proposal_id: str, fade_ms: float) -> None:
        try:
            self._apply(change_fade(self._session.state, proposal_id, fade_ms))
        except OffcutError as error:
            self.refused.emit(str(error))

    def ask(self) -> None:
        """Ask for the amount of the current edit, with the present one as default."""
        state, here = self._session.state, self._review.here()
        amount, value = amount_of(state, here)
        title = kind_of(state.proposals[here]).title
        length_s = samples_to_s(state.length_samples, state.rate_hz)
        said = f"{title} at {self._start_text(here)}. It stays one edit: undo brings the number before back."
        number = asked(amount, value, length_s)
        # An amount set without the form may have more decimals than it shows.
        number = replace(number, value=round(value, amount.decimals))

        def outlook(values: tuple[float, ...]) -> str:
            same = values[0] == number.value
            return "" if same else length_ahead(state, change_amount(state, here, values[0]))

        form = NumbersForm(self._theme(), [number], said, outlook)
        values = form_dialogs.ask_numbers(self._window, title, form, "Change")
        if values is not None and values[0] != number.value:
            self._apply(change_amount(state, here, values[0]))

    def fill(self) -> None:
        """Fill the current mute with the selection as its room tone."""
        span = self._selecting.required()
        self._apply(change_filling(self._session.state, self._review.here(), *span))
        self._selecting.let_go()

    def _start_text(self, proposal_id: str) -> str:
        state = self._session.state
        return format_time(samples_to_s(state.span(proposal_id)[0], state.rate_hz), 1)

    def _apply(self, edit: Edit) -> None:
        self.said.emit(self._session.apply(edit).label)
        if self._transport.is_auditioning:
            self._transport.play_preview(self._review.here())
