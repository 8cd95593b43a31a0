"""What each command does: the one place where the table of commands meets the parts of the window."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Protocol

from PySide6.QtWidgets import QWidget

from desktop.choices import Choices
from desktop.files import Files
from desktop.history_walk import HistoryWalk
from desktop.look import Look
from desktop.queue_side import QueueSide
from desktop.review import Review
from desktop.ruler import Ruler
from desktop.session import Session
from desktop.transport import Transport
from desktop.work import Work
from engine.document.decisions import Verdict
from engine.document.kinds import Edge, NudgeSize
from engine.errors import UsageError
from widgets.timeline.timeline_view import TimelineView

Handler = Callable[[], object]
ZOOM_STEP = 1.5


class Window(Protocol):
    """What the commands need of a window."""

    session: Session
    review: Review
    transport: Transport
    work: Work
    files: Files
    choices: Choices
    look: Look
    timeline: TimelineView
    ruler: Ruler
    side: QWidget
    queue: QueueSide
    history: HistoryWalk

    def say(self, sentence: str) -> None:
        """Say what the last command did."""

    def set_track(self, track_id: str, values: Mapping[str, object]) -> None:
        """Change a track."""

    def show_keys(self) -> None:
        """Show the key sheet."""

    def show_palette(self) -> None:
        """Show the command palette."""

    def close(self) -> bool:
        """Close the window."""


def handlers(window: Window) -> Mapping[str, Handler]:
    """Return what to do for every command id."""
    return {
        **_review(window),
        **_edges(window),
        **_transport(window),
        **_view(window),
        **_file(window),
    }


def _review(window: Window) -> Mapping[str, Handler]:
    review, work, many = window.review, window.work, window.queue.many
    answers = {"accept": Verdict.ACCEPTED, "reject": Verdict.REJECTED, "undecided": Verdict.UNDECIDED}

    def threshold(direction: int) -> None:
        work.propose(review.step_threshold(direction), merges_as="threshold")

    def search() -> None:
        window.side.show()
        window.queue.panel.focus_search()

    return {
        **{f"review.{name}": partial(review.decide, verdict) for name, verdict in answers.items()},
        **{
            f"review.{name}_stay": partial(review.decide, verdict, stay=True)
            for name, verdict in answers.items()
        },
        "review.next": partial(review.go, forward=True),
        "review.previous": partial(review.go, forward=False),
        "review.next_undecided": partial(review.go, forward=True, undecided_only=True),
        "review.previous_undecided": partial(review.go, forward=False, undecided_only=True),
        "review.alternative": review.next_alternative,
        "review.flag": review.flag,
        "review.threshold_up": partial(threshold, 1),
        "review.threshold_down": partial(threshold, -1),
        "review.accept_above": review.accept_above,
        "review.search": search,
        "review.sort": review.sort,
        "review.group": review.group,
        "review.fold": review.fold_here,
        "review.select_all": review.select_all,
        **{f"review.{name}_many": partial(many.decide, verdict) for name, verdict in answers.items()},
        "review.flag_many": many.flag,
    }


def _edges(window: Window) -> Mapping[str, Handler]:
    review, transport = window.review, window.transport
    nudges = {"": NudgeSize.FINE, "_coarse": NudgeSize.COARSE, "_sample": NudgeSize.SAMPLE}
    return {
        "edge.switch": review.switch_edge,
        "edge.audition_left": lambda: transport.play_edge(review.span(), Edge.START),
        "edge.audition_right": lambda: transport.play_edge(review.span(), Edge.STOP),
        "edge.set_left": partial(review.edge_to_playhead, Edge.START),
        "edge.set_right": partial(review.edge_to_playhead, Edge.STOP),
        **{f"edge.nudge_left{name}": partial(review.nudge, -1, size) for name, size in nudges.items()},
        **{f"edge.nudge_right{name}": partial(review.nudge, 1, size) for name, size in nudges.items()},
        "edge.snap_beat": partial(review.snap_to_beat, downbeat=False),
        "edge.snap_downbeat": partial(review.snap_to_beat, downbeat=True),
        "edge.snap_zero": review.snap_to_zero_crossing,
        "edge.snap_transient": review.snap_to_transient,
        "edge.snap_toggle": review.toggle_snapping,
    }


def _transport(window: Window) -> Mapping[str, Handler]:
    session, review, transport = window.session, window.review, window.transport

    def loop() -> None:
        loops = transport.toggle_loop(review.current_span())
        window.say("Looping the current proposal" if loops else "Playing on")

    def stop() -> None:
        # The window's Esc comes before the timeline's own.
        if not window.timeline.canvas.cancel_drag():
            transport.stop()
            window.review.select_none()
            window.history.stop()

    def solo() -> None:
        track = window.timeline.heads.current_track()
        if track is None:
            raise UsageError("Choose a track by its name first; S then solos it.")
        window.set_track(track.id, {"solo": not track.solo})

    return {
        "transport.toggle": lambda: transport.toggle(review.current_span()),
        "transport.stop": stop,
        "transport.preroll": lambda: transport.play_around(review.span()),
        "transport.loop": loop,
        "transport.solo": solo,
        "transport.preview": lambda: transport.play_preview(review.here()),
        "transport.source_result": lambda: transport.choose_result(not transport.plays_result),
        "transport.removed": lambda: transport.play_removed(review.here()),
        "transport.to_start": lambda: transport.seek(0),
        "transport.to_end": lambda: transport.seek(session.state.length_samples),
    }


def _view(window: Window) -> Mapping[str, Handler]:
    return {
        "view.zoom_in": lambda: window.timeline.zoom(ZOOM_STEP),
        "view.zoom_out": lambda: window.timeline.zoom(1 / ZOOM_STEP),
        "view.fit": window.timeline.fit,
        "view.heads": lambda: window.timeline.heads.setVisible(window.timeline.heads.isHidden()),
        "view.queue": lambda: window.side.setVisible(window.side.isHidden()),
        "view.history": window.history.toggle,
        "view.theme": window.look.step,
        "view.ruler": lambda: window.say(window.ruler.step()),
        "help.palette": window.show_palette,
        "help.keys": window.show_keys,
        "help.rebind": window.choices.change_keys,
    }


def _file(window: Window) -> Mapping[str, Handler]:
    session, files, work = window.session, window.files, window.work

    def undo() -> None:
        change = session.undo() if session.is_open else None
        window.say(f"Took back: {change.label}" if change else "There is nothing to take back")

    def redo() -> None:
        change = session.redo() if session.is_open else None
        window.say(f"Made again: {change.label}" if change else "There is nothing to make again")

    def listen() -> None:
        if not session.state.tracks:
            raise UsageError("There is nothing to listen to; import a recording first (Ctrl+O).")
        work.listen(work.taste)

    return {
        "file.new": files.new,
        "file.open": files.open,
        "file.open_backup": files.open_backup,
        "file.relink": files.relink,
        "file.recent": window.choices.open_recent,
        "file.preferences": window.choices.show_preferences,
        "file.import": files.import_recordings,
        "file.snapshot": files.snapshot,
        "file.export": files.export,
        "file.quit": window.close,
        "edit.undo": undo,
        "edit.redo": redo,
        "taste.learn": files.learn,
        "taste.open": files.use_taste,
        "taste.listen": listen,
        "taste.propose": files.propose,
        "job.cancel": work.cancel,
    }
