"""The time of day of the playhead, typed in a form."""

from __future__ import annotations

from desktop.shell.dialogs import form_dialogs
from desktop.shell.shell import Shell
from engine.document.marks.time_of_day import set_time_of_day
from engine.document.recorded import require_recording
from widgets.forms.time_of_day_form import TimeOfDayForm


def ask_time_of_day(shell: Shell) -> None:
    """Ask for the time of day at the playhead, and set the clock of the document by it."""
    state, here = shell.session.state, shell.transport.playhead_samples
    require_recording(state, "set the time of day of")
    form = TimeOfDayForm(shell.look.theme, state, here)
    if form_dialogs.ask_time_of_day(shell.timeline.window(), form):
        edit = set_time_of_day(state, here, form.value())
        shell.say(shell.session.apply(edit).label)
