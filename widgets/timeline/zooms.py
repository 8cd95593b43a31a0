"""Time window of the timeline, for keys and commands; positions are those of the source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from widgets.timeline.canvas import Canvas
from widgets.timeline.viewport import BESIDE_S


class Zooms:
    """Scrolls and zooms a canvas; `Canvas.viewport` is the result."""

    def __init__(self, canvas: Canvas) -> None:
        self._canvas = canvas

    @property
    def visible_span(self) -> tuple[int, int]:
        """The visible span [start, stop) of the source."""
        view, times = self._canvas.viewport, self._canvas.times
        edges = (
            min(max(0, round(at)), times.length_samples) for at in (view.start_samples, view.stop_samples)
        )
        start, stop = (times.to_source(edge) for edge in edges)
        return start, stop

    @property
    def window_samples(self) -> tuple[float, float]:
        """Source position of the left edge, and the visible length."""
        view, times = self._canvas.viewport, self._canvas.times
        is_source = times.edit_list is None
        start = view.start_samples if is_source else times.to_source(round(view.start_samples))
        return start, view.visible_samples

    def show_window(self, start_samples: float, visible_samples: float) -> None:
        """Restore a window returned by `window_samples`."""
        view, times = self._canvas.viewport, self._canvas.times
        start = start_samples if times.edit_list is None else times.to_view(round(start_samples))
        self._canvas.go_to(replace(view, samples_per_px=visible_samples / view.width_px).moved(start))

    def turn_page(self, view_samples: int, *, backwards: bool = False) -> None:
        """Show the window that starts just before a view position, or ends just after it."""
        self._canvas.go_to(self._canvas.viewport.paged(view_samples, backwards=backwards))

    def zoom(self, factor: float) -> None:
        """Zoom by a factor around the playhead if visible, else around the centre."""
        view, playhead = self._canvas.viewport, self._canvas.playhead_in_view
        about = view.x_at(playhead) if view.holds(playhead) else view.width_px / 2
        self._canvas.go_to(view.zoomed(factor, about))

    def fit(self) -> None:
        """Show the whole recording."""
        self._canvas.go_to(self._canvas.viewport.fitted())

    def reveal(self, start_samples: int, stop_samples: int, tracks: Sequence[str] = ()) -> None:
        """Scroll a span of some tracks into view by the smallest distance."""
        span = self._canvas.times.of_tracks(tracks).view_span(start_samples, stop_samples)
        self._canvas.go_to(self._canvas.viewport.showing(*span))

    def frame(
        self,
        start_samples: int,
        stop_samples: int,
        beside_s: float = BESIDE_S,
        tracks: Sequence[str] = (),
    ) -> None:
        """Show a span of some tracks with context at a suitable zoom; no change if it is already shown so."""
        span = self._canvas.times.of_tracks(tracks).view_span(start_samples, stop_samples)
        self._canvas.go_to(self._canvas.viewport.framing(*span, beside_s))

    def zoom_to(self, start_samples: int, stop_samples: int) -> None:
        """Show a span with a margin, as large as possible."""
        span = self._canvas.times.view_span(start_samples, stop_samples)
        self._canvas.go_to(self._canvas.viewport.close_to(*span))
