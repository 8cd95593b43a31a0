"""The time of day of the playhead, typed in a form."""

from __future__ import annotations

from desktop.dialogs import form_dialogs
from desktop.parts import Parts
from engine.document.marks.time_of_day import set_time_of_day
from engine.document.recorded import require_recording
from widgets.forms.time_of_day_form import TimeOfDayForm


def ask_time_of_day(parts: Parts) -> None:
    """Ask for the time of day at the playhead, and set the clock of the document by it."""
    state, here = parts.session.state, parts.transport.playhead_samples
    require_recording(state, "set the time of day of")
    form = TimeOfDayForm(parts.look.theme, state, here)
    if form_dialogs.ask_time_of_day(parts.side.window(), form):
        edit = set_time_of_day(state, here, form.value())
        parts.say(parts.session.apply(edit).label)
