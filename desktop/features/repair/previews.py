"""The last two previews of a repair: their playback, paint on their mask, and acceptance.

Paint is a brush and its strokes on the mask, with their undo.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from desktop.features.repair.panel import RepairPanel
from desktop.shell.command import PAINT_LAYER
from desktop.shell.dialogs import form_dialogs
from desktop.shell.session import Session
from desktop.shell.shell import Shell
from desktop.shell.transport import Transport
from engine.core.errors import UsageError
from engine.core.timebase import s_to_samples
from engine.core.wording import counted
from engine.document.file.storage import apply_rows
from engine.document.proposals import Proposal
from engine.document.state import Edit
from engine.features.repair.finders.requests import RepairPreview, separations_edit
from engine.features.repair.separation.paint import Paint, Range
from engine.recordings.track_audio import Span
from widgets.forms.short_forms import Number, NumbersForm
from widgets.timeline.sound.brush import Brush

OUTSIDE = "That is outside the selection of the repair. Nothing was painted."


@dataclass(frozen=True, slots=True)
class Meant:
    """Where a repair is made: its windows, and its tracks by id, none for all."""

    windows: tuple[Span, ...]
    tracks: tuple[str, ...]

    def holds(self, one: Paint) -> bool:
        """Return whether the paint overlaps the repair."""
        first, last = one.span_samples
        on_it = not self.tracks or not one.tracks or bool(set(one.tracks) & set(self.tracks))
        return on_it and any(first < stop and start < last for start, stop in self.windows)


class Painting(QObject):
    """Switches the brush, and holds the paint as steps that are undone one by one.

    Parameters
    ----------
    meant : where the repair is made

    Signals
    -------
    changed : something else is painted now
    said, refused : message about the result, or the reason of a refusal
    """

    changed = Signal()
    said = Signal(str)
    refused = Signal(str)

    def __init__(self, window: QWidget, shell: Shell, panel: RepairPanel, meant: Callable[[], Meant]) -> None:
        super().__init__(window)
        self._window, self._shell, self._panel, self._meant = window, shell, panel, meant
        self._canvas = shell.timeline.canvas
        self._steps: list[tuple[Paint, ...]] = [()]
        self._at = 0
        self._brush = Brush()
        self._canvas.stroke_painted.connect(self._take)

    @property
    def paint(self) -> tuple[Paint, ...]:
        """The present paint."""
        return self._steps[self._at]

    @property
    def is_on(self) -> bool:
        """Whether the brush is active."""
        return self._canvas.brush is not None

    def toggle(self) -> None:
        """Take the brush, or put it away.

        Raises
        ------
        UsageError : no track shows a spectrogram
        """
        if not self.is_on and not self._canvas.pictured[0]:
            raise UsageError("Painting needs a spectrogram: show one of the track first ‹view.picture›.")
        self._switch(is_on=not self.is_on)
        self._shell.timeline.setFocus()
        does = "subtracts from" if self._brush.takes else "adds to"
        said = f"Painting: the brush {does} the mask" if self.is_on else "Painting ended"
        self.said.emit(said)

    def leave(self) -> bool:
        """Put the brush away; False where it is already."""
        was_on = self.is_on
        if was_on:
            self._switch(is_on=False)
            self.said.emit("Painting ended")
        return was_on

    def _switch(self, *, is_on: bool) -> None:
        self._canvas.brush = self._brush if is_on else None
        self._canvas.unsetCursor()
        self._shell.commands.enter(PAINT_LAYER, is_in=is_on)
        self._show()

    def _show(self) -> None:
        self._panel.show_brush(self._canvas.brush, len(self.paint))

    # the brush

    def turn(self) -> None:
        """Let the brush take away instead of adding, or the other way round."""
        self._change(Brush(self._brush.radius_px, not self._brush.takes))
        self.said.emit("The brush takes away" if self._brush.takes else "The brush adds")

    def resize(self, steps: int) -> None:
        """Take a larger brush or, below 0, a smaller one."""
        self._change(self._brush.resized(steps))
        self.said.emit(f"The brush is {2 * self._brush.radius_px} px wide")

    def _change(self, brush: Brush) -> None:
        self._brush = brush
        if self.is_on:
            self._canvas.brush = brush
            self._canvas.unsetCursor()
        self._show()

    # the paint

    def _take(self, one: Paint) -> None:
        if not self._meant().holds(one):
            self.refused.emit(OUTSIDE)
            return
        self.put((*self.paint, one))

    def put(self, paint: tuple[Paint, ...]) -> None:
        """Have this painted, as one more step."""
        if paint != self.paint:
            self._steps = [*self._steps[: self._at + 1], paint]
            self._go(self._at + 1)

    def forget(self) -> None:
        """Put the brush away and forget all that is painted, without a step."""
        if self.is_on:
            self._switch(is_on=False)
        self._steps, self._at = [()], 0
        self._show()

    def clear(self) -> None:
        """Take away all that is painted, as one step.

        Raises
        ------
        UsageError : nothing is
        """
        if not self.paint:
            raise UsageError("Nothing is painted.")
        self.put(())
        self.said.emit("Nothing is painted any more")

    def undo(self) -> None:
        """Undo the last step.

        Raises
        ------
        UsageError : no step is left
        """
        if not self._at:
            raise UsageError(
                "Nothing painted is left to undo; outside of painting this undoes edits ‹repair.paint›."
            )
        self._go(self._at - 1)
        self.said.emit(f"Stroke undone; {counted(len(self.paint), 'stroke')} left")

    def redo(self) -> None:
        """Redo the step that was undone.

        Raises
        ------
        UsageError : no step was undone
        """
        if self._at + 1 == len(self._steps):
            raise UsageError("No stroke was undone.")
        self._go(self._at + 1)
        self.said.emit(f"{counted(len(self.paint), 'stroke')} painted")

    def _go(self, at: int) -> None:
        self._at = at
        self._show()
        self.changed.emit()

    def ask_range(self) -> None:
        """Ask between which frequencies the selection is painted, on the tracks that are meant."""
        meant = self._meant()
        span = self._shell.selecting.span
        spans = meant.windows if span is None else (span,)
        takes = self._brush.takes
        asked = form_dialogs.ask_numbers(
            self._window, "Take a range away" if takes else "Add a range", self._form(), "Paint"
        )
        if asked is None:
            return
        low_hz, high_hz = asked
        ranges = [Range(*each, low_hz, high_hz, takes, meant.tracks) for each in spans]
        held = [one for one in ranges if meant.holds(one)]
        if not held:
            raise UsageError(OUTSIDE)
        if not self.is_on:
            self._switch(is_on=True)  # so that its keys undo strokes
        self.put((*self.paint, *held))
        does = "subtracted from" if takes else "added to"
        self.said.emit(f"{low_hz:g} to {high_hz:g} Hz {does} the mask")

    def _form(self) -> NumbersForm:
        highest = self._shell.session.state.rate_hz / 2
        numbers = [Number("&From, Hz", 0.0, 0.0, highest, 1), Number("&To, Hz", highest, 0.0, highest, 1)]
        said = "The range between the two, within the selection, on the tracks of the repair."

        def refuse(values: tuple[float, ...]) -> str:
            if values[0] >= values[1]:
                raise UsageError("The range ends below where it begins.")
            return ""

        return NumbersForm(self._canvas.theme, numbers, said, refuse)


AROUND_S = 1.0
TOGETHER_S = 20.0
"""Windows play in their context if all of them together are no longer than this."""
NO_PREVIEW = "No preview yet. Name a sound and render one ‹repair.preview›."
_NAMES = ("A", "B")


class Previews(QObject):
    """Holds two previews by turns, plays them, and makes an edit of the one that is meant."""

    def __init__(self, session: Session, transport: Transport, parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._transport = session, transport
        self._held: list[RepairPreview] = []
        self._at = 0

    @property
    def current(self) -> RepairPreview | None:
        """The preview that is meant."""
        return self._held[self._at] if self._held else None

    @property
    def said(self) -> str:
        """Which one that is, in words."""
        return self._said(self._at) if self._held else ""

    @property
    def other(self) -> str:
        """Which one it can be compared with, in words."""
        return self._said(1 - self._at) if len(self._held) > 1 else ""

    def _said(self, at: int) -> str:
        preview = self._held[at]
        limit_db = preview.settings.strength_db
        limit = "" if limit_db is None else f" (limit {limit_db:g} dB)"
        return f"{_NAMES[at]}: {preview.result.change.words}{limit}"

    def forget(self) -> None:
        """Hold none any more."""
        self._held, self._at = [], 0

    def take(self, preview: RepairPreview) -> None:
        """Hold one more in the place of the older one; in that of its like where only paint differs."""
        now = self.current
        if now is not None and replace(now.settings, paint=preview.settings.paint) == preview.settings:
            self._held[self._at] = preview
        elif len(self._held) < len(_NAMES):
            self._held.append(preview)
            self._at = len(self._held) - 1
        else:
            self._at = 1 - self._at
            self._held[self._at] = preview

    def turn(self) -> RepairPreview:
        """Switch to the other one.

        Raises
        ------
        UsageError : fewer than two exist
        """
        if len(self._held) < len(_NAMES):
            raise UsageError("Two previews are needed. Change the words or a setting to render another one.")
        self._at = 1 - self._at
        return self._held[self._at]

    def required(self) -> RepairPreview:
        """Return the current preview.

        Raises
        ------
        UsageError : no preview exists
        """
        if self.current is None:
            raise UsageError(NO_PREVIEW)
        return self.current

    def hear(self, what: str) -> None:
        """Play the "target", the "remainder" or the "result" of the current preview.

        Raises
        ------
        UsageError : no preview exists, or the windows are cut from the result
        """
        preview, state = self.required(), self._session.state
        found = getattr(preview, what)
        edit, _proposals = separations_edit(state, found, accepted=True)
        at_hand = {one.key: one for one in found.audio}
        start, stop = preview.windows[0]
        if preview.windows[-1][1] - start <= s_to_samples(TOGETHER_S, state.rate_hz):
            stop = preview.windows[-1][1]
        around_s = AROUND_S if what == "result" else 0.0
        self._transport.play_trial(apply_rows(state, edit.changes), at_hand, (start, stop), around_s)

    def apply(self, *, accepted: bool) -> tuple[Edit, tuple[Proposal, ...]]:
        """Make repairs of the current preview, accepted or undecided, as one step of undo.

        Raises
        ------
        UsageError : no preview exists, or its tracks are gone
        """
        found = self.required().result
        edit, proposals = separations_edit(self._session.state, found, accepted=accepted)
        self._session.apply(edit, audio=found.audio)
        return edit, proposals
