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
        if not window.timeline.cancel_drag() and not window.tap_tempo.give_up():
            transport.stop()
            window.review.select_none()
            window.history.stop()

    return {
        "transport.toggle": lambda: transport.toggle(review.current_span()),
        "transport.stop": stop,
        "transport.preroll": lambda: transport.play_around(review.span()),
        "transport.loop": loop,
        "transport.solo": window.tracks.solo,
        "transport.preview": lambda: transport.play_preview(review.here()),
        "transport.source_result": lambda: transport.choose_result(not transport.plays_result),
        "transport.removed": lambda: transport.play_removed(review.here()),
        "transport.to_start": lambda: window.zooms.seek(0),
        "transport.to_end": lambda: window.zooms.seek(session.state.length_samples),
    }
