"""Which window of time is on screen: back and forward, close to a proposal, after the playhead, next time."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from PySide6.QtCore import QObject, QSettings, QTimer

from desktop.review.review import Review
from desktop.shell.session import Session
from desktop.shell.transport import Transport
from desktop.shell.user_settings.remembered import stored_json
from engine.core.errors import UsageError
from engine.core.timebase import s_to_samples
from engine.document.analysis import require_recording
from engine.document.kinds import KINDS
from engine.document.tracks import Track
from widgets.timeline.sound.lanes import LARGEST, STEP, zoom_text, zoomed
from widgets.timeline.timeline_view import TimelineView
from widgets.timeline.viewport import BESIDE_S

_FOLLOWS, _PLACES = "follow", "places"
_KEPT_DOCUMENTS, _KEPT_WINDOWS = 100, 50
_RUN_S = 0.8
"""Scrolls and zooms within this delay count as one step."""
_SAME_SHARE = 0.75
"""Views with at least this overlap count as one."""
_KEEP_EVERY_MS = 2_000
BESIDE_SLICE_S = 0.9
"""Range around a slice: a few milliseconds span a few pixels, and a bar is visible."""


@dataclass(frozen=True, slots=True)
class Window:
    """A view: source position of its left edge, and its displayed length."""

    start_samples: float
    visible_samples: float

    def share_of(self, other: Window) -> float:
        """Return the overlap of two views, 0 to 1."""
        start = max(self.start_samples, other.start_samples)
        stop = min(self._stop_samples, other._stop_samples)
        first = min(self.start_samples, other.start_samples)
        last = max(self._stop_samples, other._stop_samples)
        return max(stop - start, 0.0) / (last - first) if last > first else 1.0

    @property
    def _stop_samples(self) -> float:
        return self.start_samples + self.visible_samples


class WindowHistory:
    """History of views; small steps and runs of steps count as one."""

    def __init__(self, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._clock_s = clock_s
        self.forget(Window(0.0, 0.0))

    def forget(self, here: Window) -> None:
        """Restart the history at a view."""
        self._past: list[Window] = []
        self._future: list[Window] = []
        self.settle(here)

    def settle(self, here: Window) -> None:
        """Set the current view, without a step in the history."""
        self._rest = self._here = here
        self._left_rest = False
        self._noted_s = float("-inf")

    def note(self, here: Window) -> None:
        """Take a step of the user to a window."""
        now_s = self._clock_s()
        if now_s - self._noted_s > _RUN_S:
            self._rest = self._here if self._left_rest else self._rest
            self._left_rest = False
        self._noted_s, self._here = now_s, here
        if not self._left_rest and self._rest.share_of(here) < _SAME_SHARE:
            self._left_rest = True
            self._past = [*self._past, self._rest][-_KEPT_WINDOWS:]
            self._future.clear()

    def back(self) -> Window | None:
        """Return the previous view, or None."""
        return self._turned(self._past, self._future)

    def forward(self) -> Window | None:
        """Return the view that `back` left, or None."""
        return self._turned(self._future, self._past)

    def _turned(self, source: list[Window], target: list[Window]) -> Window | None:
        if not source:
            return None
        target.append(self._here)
        self.settle(source.pop())
        return self._here


@dataclass(frozen=True, slots=True)
class Place:
    """Last view of a document; positions in source samples, the scroll of the lanes in pixels.

    Attributes
    ----------
    wave_zooms : vertical zoom of the waveforms, by the id of the track
    unfolded : ids of the tracks whose takes are shown
    """

    start_samples: float
    visible_samples: float
    scroll_px: int
    shows_result: bool
    current: str
    playhead_samples: int
    wave_zooms: dict[str, float] = field(default_factory=dict)
    unfolded: list[str] = field(default_factory=list)


class Zooms(QObject):
    """Moves the view, and stores it."""

    def __init__(
        self,
        session: Session,
        review: Review,
        transport: Transport,
        timeline: TimelineView,
        settings: QSettings,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._session, self._review, self._transport = session, review, transport
        self._timeline, self._settings = timeline, settings
        self._history = WindowHistory()
        self._width_px = 0
        self._is_turning = False
        self._is_paused = False
        self._revealed: tuple[str | None, tuple[int, int] | None] = (None, None)
        self._clicked = ""
        self._close_to: tuple[str | tuple[int, int], Window, Window] | None = None
        self.follows = settings.value(_FOLLOWS, "paging") != "off"
        self._timer = QTimer(self, singleShot=True, interval=_KEEP_EVERY_MS)
        self._timer.timeout.connect(self.keep)
        timeline.canvas.viewport_changed.connect(self._note)
        transport.playing_changed.connect(self._start_following)
        transport.playhead_moved.connect(self._keep_soon)
        review.moved.connect(self._keep_soon)
        review.arrived.connect(self._arrive)
        session.leaving.connect(self.keep)

    # back and forward

    @property
    def _here(self) -> Window:
        return Window(*self._timeline.zooms.window_samples)

    def _go_to(self, window: Window) -> None:
        self._is_turning = True
        self._timeline.zooms.show_window(window.start_samples, window.visible_samples)
        self._is_turning = False
        self._pause_unless_in_view()

    def back(self) -> None:
        """Show the window of time before this one."""
        self._turn(self._history.back(), "No previous view.")

    def forward(self) -> None:
        """Show the window of time that `back` left."""
        self._turn(self._history.forward(), "No next view.")

    def _turn(self, window: Window | None, why_not: str) -> None:
        if window is None:
            raise UsageError(why_not)
        self._go_to(window)

    def settle(self) -> None:
        """Store the current view as the user's position."""
        self._history.settle(self._here)

    def _note(self) -> None:
        """Add the current view to the history, unless it came from there or from a wider view."""
        width_px, self._width_px = self._width_px, self._timeline.canvas.viewport.width_px
        if self._is_turning or width_px != self._width_px:
            self.settle()
        else:
            self._history.note(self._here)
            self._pause_unless_in_view()
        self._keep_soon()

    # the proposal

    def to_proposal(self) -> None:
        """Zoom to the current proposal, or back to the previous view."""
        self._zoom(self._review.here(), self._review.span())

    def close_in(self, selected: tuple[int, int] | None) -> None:
        """Zoom to the selection, else as `to_proposal` does."""
        if selected is None:
            self.to_proposal()
        else:
            self._zoom(selected, selected)

    def _zoom(self, here: str | tuple[int, int], span: tuple[int, int]) -> None:
        now = self._here
        if self._close_to is not None and self._close_to[::2] == (here, now):
            self._timeline.zooms.show_window(
                self._close_to[1].start_samples, self._close_to[1].visible_samples
            )
            self._close_to = None
            return
        self._timeline.zooms.zoom_to(*span)
        self._close_to = (here, now, self._here)

    def follow_edges(self) -> None:
        """Scroll to the current proposal after its edges moved out of view.

        Nothing else scrolls: an edit, an undo and a proposal that takes the place of another leave the view.
        """
        current, span = self._review.current, self._review.current_span()
        (before, old), self._revealed = self._revealed, (current, span)
        if before != current or span is None or old is None:
            return
        first, last = self._timeline.zooms.visible_span
        edges = zip(old, span, strict=True)
        if any(first <= was <= last and not first <= now <= last for was, now in edges):
            self._timeline.zooms.reveal(*span, self._tracks())

    def _arrive(self, proposal_id: str) -> None:
        """Frame a proposal that the user went to, unless they clicked it in the timeline."""
        if proposal_id and proposal_id != self._clicked:
            self.frame()

    def frame(self) -> None:
        """Show the current proposal with context, at a suitable zoom."""
        span = self._review.current_span()
        self._revealed = (self._review.current, span)
        if span is not None:
            self._timeline.zooms.frame(*span, self._beside_s(), self._tracks())

    def _tracks(self) -> tuple[str, ...]:
        """Return the tracks of the current proposal; none for all."""
        proposal = self._session.state.proposals.get(self._review.current or "")
        return () if proposal is None else proposal.tracks

    def _beside_s(self) -> float:
        """Return the context of the current proposal; of a slice, a range that shows milliseconds."""
        proposal = self._session.state.proposals.get(self._review.current or "")
        kind = None if proposal is None else KINDS.get(proposal.kind)
        return BESIDE_SLICE_S if kind is not None and kind.shape == "slice" else BESIDE_S

    def visit_in_view(self, proposal_id: str) -> None:
        """Go to a clicked proposal; the position under the mouse does not move."""
        self._clicked = proposal_id
        self._review.visit(proposal_id)
        self._clicked = ""

    # the height of waveforms

    def zoom_waves(self, steps: int, track: Track | None = None) -> str:
        """Draw the waveform of a track, or of all, steps higher or lower; return the message."""
        state = self._session.state
        require_recording(state, "zoom")
        tracks = state.tracks if track is None else (track,)
        before = self._timeline.lanes.wave_zooms
        self._timeline.lanes.set_wave_zooms(zoomed(before, [one.id for one in tracks], STEP**steps))
        self._keep_soon()
        highest = max(self._timeline.lanes.wave_zooms.get(one.id, 1.0) for one in tracks)
        return f"{'Waveforms' if track is None else f'Waveform of {track.name}'} {zoom_text(highest)}"

    def reset_waves(self) -> str:
        """Reset the height of all waveforms; return the message."""
        self._timeline.lanes.set_wave_zooms({})
        self._keep_soon()
        return "Waveforms ×1"

    # the playhead

    def toggle_follow(self) -> str:
        """Switch following of the playhead; return the message."""
        self.follows = not self.follows
        self._settings.setValue(_FOLLOWS, "paging" if self.follows else "off")
        self._is_paused = False
        return "The view follows the playhead" if self.follows else "The view does not follow the playhead"

    def follow(self, position_samples: int) -> None:
        """Show the playhead while playing; the page turns, unless the user scrolled away from it."""
        shown = self._transport.shown_samples
        if self._timeline.canvas.viewport.holds(shown):
            self._is_paused = False
        elif self.follows and not self._is_paused and not self._shows_audition():
            self._is_turning = True
            self._timeline.zooms.turn_page(shown, backwards=self._transport.speed < 0)
            self._is_turning = False
        self._timeline.canvas.set_playhead(position_samples, shown)

    def _shows_audition(self) -> bool:
        """Return whether an audition plays around the current proposal, which stays in view."""
        span = self._review.current_span()
        first, last = self._timeline.zooms.visible_span
        is_in_view = span is not None and span[0] < last and first < span[1]
        return is_in_view and self._transport.is_auditioning

    def seek(self, position_samples: int, near_samples: int | None = None) -> None:
        """Move the playhead and scroll to it; see `Transport.seek`."""
        self._is_paused = False
        self._transport.seek(position_samples, near_samples)
        shown = self._transport.shown_samples
        if not self._timeline.canvas.viewport.holds(shown):
            self._timeline.zooms.turn_page(shown)

    def step(self, seconds: float) -> None:
        """Move the playhead by a displayed distance; negative values move it earlier."""
        self.go_to(self._transport.shown_samples + s_to_samples(seconds, self._session.state.rate_hz))

    def go_to(self, shown_samples: int) -> None:
        """Move the playhead to the nearest displayed position."""
        result = self._transport.edit_list
        length = self._session.state.length_samples if result is None else result.length_samples
        shown = min(max(shown_samples, 0), length)
        if result is None:
            self.seek(shown)
        elif length:
            self.seek(result.to_source(shown), shown)

    def _start_following(self, playing: bool) -> None:
        self._is_paused = False
        if playing:
            self._keep_soon()

    def _pause_unless_in_view(self) -> None:
        if self._transport.is_playing:
            self._is_paused = not self._timeline.canvas.viewport.holds(self._transport.shown_samples)

    # next time

    def _keep_soon(self) -> None:
        if self._session.is_open and not self._timer.isActive():
            self._timer.start()

    def keep(self) -> None:
        """Store the view of the open document."""
        self._timer.stop()
        session, path = self._session, self._session.path
        if path is None or not session.state.tracks:
            return
        here, review = self._here, self._review
        place = Place(
            here.start_samples,
            here.visible_samples,
            self._timeline.canvas.frame.layout.scroll,
            self._transport.plays_result,
            review.current or "",
            self._transport.playhead_samples,
            dict(self._timeline.lanes.wave_zooms),
            sorted(self._timeline.lanes.unfolded),
        )
        name = str(path.absolute())
        others = {other: kept for other, kept in self._places().items() if other != name}
        newest = dict(list(others.items())[-(_KEPT_DOCUMENTS - 1) :])
        kept = {each: getattr(place, each) for each in Place.__slots__}
        self._settings.setValue(_PLACES, json.dumps({**newest, name: kept}))

    def restore(self) -> None:
        """Show a document that was just opened as it was left; one that never was shown is shown whole."""
        path, transport = self._session.path, self._transport
        place = None if path is None else _place(self._places().get(str(path.absolute())))
        self._close_to = None
        self._timeline.lanes.set_wave_zooms({} if place is None else place.wave_zooms)
        self._timeline.lanes.set_unfolded(() if place is None else place.unfolded)
        if place is not None and place.shows_result != transport.plays_result:
            transport.choose_result(place.shows_result)
        if place is None:
            self._timeline.zooms.fit()
        else:
            if place.current in self._review.ids:
                self._review.choose(place.current)
            transport.seek(place.playhead_samples)
            self._timeline.zooms.show_window(place.start_samples, place.visible_samples)
            self._timeline.canvas.set_scroll(place.scroll_px)
        self._revealed = (self._review.current, self._review.current_span())
        self._history.forget(self._here)
        self._timer.stop()

    def _places(self) -> dict[str, object]:
        return stored_json(self._settings, _PLACES, {})


def _place(stored: object) -> Place | None:
    """Read a view; return None for an invalid stored value."""
    empty = Place(0.0, 0.0, 0, False, "", 0)
    if not isinstance(stored, dict):
        return None
    stored = {"wave_zooms": {}, "unfolded": [], **stored}  # earlier versions stored neither
    if set(stored) != set(Place.__slots__):
        return None
    for name, value in stored.items():
        wanted = type(getattr(empty, name))
        if not isinstance(value, float | int if wanted is float else wanted):
            return None
    zooms = stored["wave_zooms"]
    if not all(isinstance(zoom, float | int) and 1.0 <= zoom <= LARGEST for zoom in zooms.values()):
        return None
    if not all(isinstance(key, str) for key in stored["unfolded"]):
        return None
    place = replace(empty, **stored)
    return place if place.visible_samples > 0 and place.start_samples >= 0 else None
