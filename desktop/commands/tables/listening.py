"""Playback of the recording, the result and the edits."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil, floor
from typing import TYPE_CHECKING, Protocol

from desktop.shell.command import WINDOW, Command
from desktop.shell.shell import Shell
from engine.core.errors import UsageError
from engine.core.timebase import format_time, s_to_samples, samples_to_s
from engine.document.analysis import nothing_yet
from engine.document.settings import starts_at

if TYPE_CHECKING:
    from desktop.review.arrivals import Arrivals
    from desktop.timeline.clipped import ClippedPlaces
    from desktop.timeline.tracks import Tracks

_SEEK_S, _SEEK_LITTLE_S = 5.0, 1.0


class Parts(Shell, Protocol):
    """The parts of a window that these commands use."""

    arrivals: Arrivals
    clipped: ClippedPlaces
    tracks: Tracks

    def escape(self) -> None:
        """End the drag, leave the mode or clear the selection; else stop."""


Handler = Callable[[Parts], object]


def _transport(name: str, label: str, keys: tuple[str, ...], description: str, do: Handler) -> Command:
    repeats = not name.startswith("shuttle")
    return Command(f"transport.{name}", label, keys, WINDOW, description, "Playback", do, repeats)


def _preroll(parts: Parts) -> None:
    selected = parts.selecting.span
    if selected is None:
        parts.transport.play_around(parts.review.span())
    else:
        parts.transport.play_round(selected)


def _shuttle(parts: Parts, direction: int) -> None:
    speed = parts.transport.shuttle(direction)
    way = "Playing backwards" if speed < 0 else "Playing"
    parts.say(way if abs(speed) == 1 else f"{way}, ×{abs(speed)}")


def _go_to(parts: Parts) -> None:
    """Ask for a time, as the ruler counts it, and put the playhead there."""
    from desktop.shell.dialogs import form_dialogs
    from widgets.forms.short_forms import Number, NumbersForm

    session, transport = parts.session, parts.transport
    rate_hz, shown = session.state.rate_hz, transport.shown_samples
    if not rate_hz:
        raise nothing_yet("go to")
    if parts.timeline.canvas.time_of_day(0):
        _go_to_time_of_day(parts)
        return
    whole = session.state if transport.edit_list is None else transport.edit_list
    length_s = samples_to_s(whole.length_samples, rate_hz)
    time = Number("&Time", samples_to_s(shown, rate_hz), 0.0, length_s, decimals=3, is_time=True)
    said = f"Write 2:50.5, or seconds; the end is {format_time(length_s, 1)}."
    form = NumbersForm(parts.look.theme, [time], said)
    values = form_dialogs.ask_numbers(parts.timeline.window(), "Go to a time", form, "Go")
    if values is not None:
        parts.zooms.go_to(s_to_samples(values[0], rate_hz))


def _go_to_time_of_day(parts: Parts) -> None:
    """Ask for a time of day and put the playhead there, or where the result goes on after it."""
    from desktop.shell.dialogs import form_dialogs
    from widgets.forms.short_forms import Number, NumbersForm

    state, canvas = parts.session.state, parts.timeline.canvas
    start = starts_at(state)
    assert start is not None, "the ruler counts from it"
    start_s, length_s = start.since_midnight_us / 1e6, samples_to_s(state.length_samples, state.rate_hz)
    here_s = start_s + samples_to_s(parts.transport.playhead_samples, state.rate_hz)
    limits_s = floor(start_s * 1000) / 1000, ceil((start_s + length_s) * 1000) / 1000
    time = Number("&Time of day", here_s, *limits_s, decimals=3, is_of_day=True)
    said = f"The recording is from {start.text()} to {start.later(length_s).text()}."
    form = NumbersForm(parts.look.theme, [time], said)
    values = form_dialogs.ask_numbers(parts.timeline.window(), "Go to a time of day", form, "Go")
    if values is not None:
        parts.zooms.go_to(canvas.times.to_view(s_to_samples(values[0] - start_s, state.rate_hz)))


def _copy_time(parts: Parts) -> None:
    """Copy the position of the playhead, formatted as on the clock."""
    from PySide6.QtGui import QGuiApplication

    rate_hz = parts.session.state.rate_hz
    if not rate_hz:
        raise UsageError("No position to copy. Import a recording first ‹file.import›.")
    time = parts.timeline.canvas.time_of_day(parts.transport.playhead_samples)
    time = time or format_time(samples_to_s(parts.transport.shown_samples, rate_hz))
    QGuiApplication.clipboard().setText(time)
    parts.say(f"Copied {time}")


def _loop(parts: Parts) -> None:
    """Loop the current proposal, or stop looping; report it if a loop starts."""
    transport = parts.transport
    span = parts.review.current_span()
    if transport.loops:
        transport.toggle_loop(span)
        parts.say("Playing" if transport.is_playing else "Loop off")
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
        parts.zooms.seek(span[0])  # from behind it, it would never come round
    transport.toggle_loop(span)
    said = "Looping the current proposal" if transport.is_playing else "Loop on: Space repeats the proposal"
    parts.say(said)


# fmt: off
TRANSPORT = (
    _transport("toggle", "Play or stop", ("Space",),
        "Play from the proposal that you went to, else from the playhead; or stop.",
        do=lambda parts: parts.arrivals.play()),
    _transport("each", "Play proposals automatically", ("Alt+V",),
        "Play each proposal when you go to it, or only on request.",
        do=lambda parts: parts.arrivals.toggle()),
    _transport("stop", "Stop", ("Esc",), "Stop playback; changes no decision.",
        do=lambda parts: parts.escape()),
    _transport("preroll", "Play with pre-roll", ("R",), "Play the proposal with pre-roll and post-roll.",
        do=_preroll),
    _transport("shuttle_back", "Play backwards", ("J",), "Play backwards; again: twice as fast, up to ×8.",
        do=lambda parts: _shuttle(parts, -1)),
    _transport("shuttle_stop", "Stop at the playhead", ("K",), "Stop; so do Space and an answer.",
        do=lambda parts: parts.transport.stop()),
    _transport("shuttle_forward", "Play forwards", ("L",),
        "Play from the playhead; again: twice as fast, up to ×8.", do=lambda parts: _shuttle(parts, 1)),
    _transport("loop", "Loop", ("Shift+L",), "Repeat the current proposal, or play on.", do=_loop),
    _transport("solo", "Solo", ("Shift+S",), "Play only the selected track, or all tracks.",
        do=lambda parts: parts.tracks.solo()),
    _transport("preview", "Preview the cut", ("C",), "Play the result around this edit exactly as exported.",
        do=lambda parts: parts.transport.play_preview(parts.review.here())),
    _transport("source_result", "Source or result", ("Q",), "Show and play the recording, or the result.",
        do=lambda parts: parts.transport.choose_result(not parts.transport.plays_result)),
    _transport("removed", "Preview removed audio", ("D",), "Play only the audio that the edit removes.",
        do=lambda parts: parts.transport.play_removed(parts.review.here())),
    _transport("back", "Back 5 s", ("Left",), "Move the playhead 5 s back.",
        do=lambda parts: parts.zooms.step(-_SEEK_S)),
    _transport("forward", "Forward 5 s", ("Right",), "Move the playhead 5 s forward.",
        do=lambda parts: parts.zooms.step(_SEEK_S)),
    _transport("back_little", "Back 1 s", ("Ctrl+Left",), "Move the playhead 1 s back.",
        do=lambda parts: parts.zooms.step(-_SEEK_LITTLE_S)),
    _transport("forward_little", "Forward 1 s", ("Ctrl+Right",), "Move the playhead 1 s forward.",
        do=lambda parts: parts.zooms.step(_SEEK_LITTLE_S)),
    _transport("go_to", "Go to a time…", ("Ctrl+G",), "Type the position of the playhead.", do=_go_to),
    _transport("copy_time", "Copy the time", ("Ctrl+Shift+C",), "Copy the position of the playhead as text.",
        do=_copy_time),
    _transport("to_start", "To the start", ("Home",), "Move the playhead to the start of the recording.",
        do=lambda parts: parts.zooms.seek(0)),
    _transport("to_end", "To the end", ("End",), "Move the playhead to the end of the recording.",
        do=lambda parts: parts.zooms.seek(parts.session.state.length_samples)),
    _transport("next_clip", "Next clipped position", (),
        "Move the playhead to the next full-scale sample of a recording or exported mix.",
        do=lambda parts: parts.say(parts.clipped.go_on())),
    _transport("clear_clips", "Reset clip indicators", (), "Turn all clip indicators off.",
        do=lambda parts: parts.timeline.heads.clear_clips()),
)
