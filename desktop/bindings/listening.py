"""Hearing the recording, the result and the edits."""

from __future__ import annotations

from collections.abc import Mapping

from desktop.bindings.window import Handler, Window


def listening(window: Window) -> Mapping[str, Handler]:
    session, review, transport = window.session, window.review, window.transport

    def loop() -> None:
        loops = transport.toggle_loop(review.current_span())
        window.say("Looping the current proposal" if loops else "Playing on")

    def stop() -> None:
        # The window's Esc comes before the timeline's own.
        if not transport.is_playing and window.tasting.leave():
            return
        if not window.timeline.cancel_drag() and not window.tap_tempo.give_up() and not _lets_go(window):
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
        "transport.loop": loop,
        "transport.solo": window.tracks.solo,
        "transport.preview": lambda: transport.play_preview(review.here()),
        "transport.source_result": lambda: transport.choose_result(not transport.plays_result),
        "transport.removed": lambda: transport.play_removed(review.here()),
        "transport.to_start": lambda: window.zooms.seek(0),
        "transport.to_end": lambda: window.zooms.seek(session.state.length_samples),
    }


def _lets_go(window: Window) -> bool:
    """Let go of the selection, unless something plays that Esc is to stop first."""
    return not window.transport.is_playing and window.selecting.let_go()
