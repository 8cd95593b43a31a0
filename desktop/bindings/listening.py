"""Playback of the recording, the result and the edits."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from PySide6.QtGui import QGuiApplication

from desktop import dialogs
from desktop.bindings.handler import Handler
from desktop.parts import Parts
from engine.document.recorded import nothing_yet
from engine.errors import UsageError
from engine.timebase import format_time, s_to_samples, samples_to_s
from widgets.forms.numbers_form import Number, NumbersForm

SEEK_S, SEEK_LITTLE_S = 5.0, 1.0


def listening(window: Parts) -> Mapping[str, Handler]:
    session, review, transport = window.session, window.review, window.transport

    def shuttle(direction: int) -> None:
        speed = transport.shuttle(direction)
        way = "Playing backwards" if speed < 0 else "Playing"
        window.say(way if abs(speed) == 1 else f"{way}, ×{abs(speed)}")

    def stop() -> None:
        # The window's Esc comes before the timeline's own.
        if not transport.is_playing and window.tasting.leave():
            return
        if window.timeline.cancel_drag() or window.tap_tempo.give_up() or window.grid_layer.leave():
            return
        if not transport.is_playing and (window.repairing.leave() or window.editors.comparing.leave()):
            return
        if not _lets_go(window):
            transport.stop()
            window.review.select_none()
            window.history.stop()

    def preroll() -> None:
        selected = window.selecting.span
        if selected is None:
            transport.play_around(review.span())
        else:
            transport.play_round(selected)

    return {
        "transport.toggle": window.arrivals.play,
        "transport.each": window.arrivals.toggle,
        "transport.stop": stop,
        "transport.preroll": preroll,
        "transport.shuttle_back": partial(shuttle, -1),
        "transport.shuttle_stop": transport.stop,
        "transport.shuttle_forward": partial(shuttle, 1),
        "transport.loop": partial(_loop, window),
        "transport.solo": window.tracks.solo,
        "transport.preview": lambda: transport.play_preview(review.here()),
        "transport.source_result": lambda: transport.choose_result(not transport.plays_result),
        "transport.removed": lambda: transport.play_removed(review.here()),
        "transport.back": partial(window.zooms.step, -SEEK_S),
        "transport.forward": partial(window.zooms.step, SEEK_S),
        "transport.back_little": partial(window.zooms.step, -SEEK_LITTLE_S),
        "transport.forward_little": partial(window.zooms.step, SEEK_LITTLE_S),
        "transport.go_to": partial(_go_to, window),
        "transport.copy_time": partial(_copy_time, window),
        "transport.to_start": lambda: window.zooms.seek(0),
        "transport.next_clip": lambda: window.say(window.clipped.go_on()),
        "transport.clear_clips": window.timeline.heads.clear_clips,
        "transport.to_end": lambda: window.zooms.seek(session.state.length_samples),
    }


def _go_to(window: Parts) -> None:
    """Ask for a time and put the playhead there."""
    session, transport = window.session, window.transport
    rate_hz, shown = session.state.rate_hz, transport.shown_samples
    if not rate_hz:
        raise nothing_yet("go to")
    whole = session.state if transport.edit_list is None else transport.edit_list
    length_s = samples_to_s(whole.length_samples, rate_hz)
    time = Number("&Time", samples_to_s(shown, rate_hz), 0.0, length_s, decimals=3, is_time=True)
    said = f"Write 2:50.5, or seconds; the end is {format_time(length_s, 1)}."
    form = NumbersForm(window.look.theme, [time], said)
    values = dialogs.ask_numbers(window.side.window(), "Go to a time", form, "Go")
    if values is not None:
        window.zooms.go_to(s_to_samples(values[0], rate_hz))


def _copy_time(window: Parts) -> None:
    """Copy the position of the playhead, formatted as on the clock."""
    rate_hz = window.session.state.rate_hz
    if not rate_hz:
        raise UsageError("No position to copy. Import a recording first ‹file.import›.")
    time = format_time(samples_to_s(window.transport.shown_samples, rate_hz))
    QGuiApplication.clipboard().setText(time)
    window.say(f"Copied {time}")


def _lets_go(window: Parts) -> bool:
    """Clear the selection, unless Esc has to stop playback first."""
    return not window.transport.is_playing and window.selecting.let_go()


def _loop(window: Parts) -> None:
    """Loop the current proposal, or stop looping; report it if a loop starts."""
    transport = window.transport
    span = window.review.current_span()
    if transport.loops:
        transport.toggle_loop(span)
        window.say("Playing" if transport.is_playing else "Loop off")
        return
    if span is None:
        raise UsageError("Nothing to loop. Choose a proposal or select a span.")
    result = transport.edit_list
    first, last = span if result is None else result.result_span(*span)
    if first >= last:
        raise UsageError(
            "The span is cut from the result. Show the source to loop it ‹transport.source_result›."
        )
    if not transport.is_auditioning and transport.playhead_samples >= span[1]:
        window.zooms.seek(span[0])  # from behind it, it would never come round
    transport.toggle_loop(span)
    said = "Looping the current proposal" if transport.is_playing else "Loop on: Space repeats the proposal"
    window.say(said)
