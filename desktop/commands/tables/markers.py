"""Markers and regions."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from desktop.shell.command import WINDOW, Command

if TYPE_CHECKING:
    from desktop.timeline.markers import Marking


class Parts(Protocol):
    """The parts of a window that these commands use."""

    marking: Marking


Handler = Callable[[Parts], object]


def _marker(name: str, label: str, keys: tuple[str, ...], description: str, do: Handler) -> Command:
    steps = name in ("next", "previous")
    return Command(f"marker.{name}", label, keys, WINDOW, description, "Markers", do, repeats=steps)


# fmt: off
MARKERS = (
    _marker("add", "Add marker", ("M",), "Add a marker at the playhead, also during playback.",
        do=lambda parts: parts.marking.add()),
    _marker("region", "Name the span", ("Shift+M",), "Make the span of the current proposal a region.",
        do=lambda parts: parts.marking.add_region()),
    _marker("star", "Star the bar", ("6",), "Give the bar at the playhead, or the selection, one star more.",
        do=lambda parts: parts.marking.rate(1)),
    _marker("unstar", "Take a star from the bar", ("5",),
        "Give the bar at the playhead, or the selection, one star fewer; without stars, avoid it.",
        do=lambda parts: parts.marking.rate(-1)),
    _marker("previous", "Previous marker", (",",), "Move the playhead to the previous marker.",
        do=lambda parts: parts.marking.go(forward=False)),
    _marker("next", "Next marker", (".",), "Move the playhead to the next marker.",
        do=lambda parts: parts.marking.go(forward=True)),
    _marker("list", "Markers…", ("Ctrl+M",), "List all markers: filter, go to, rename and delete them.",
        do=lambda parts: parts.marking.show_list()),
    _marker("rename", "Rename marker…", (), "Rename the marker nearest to the playhead.",
        do=lambda parts: parts.marking.rename_here()),
    _marker("import_labels", "Import labels…", (), "Add the labels of an Audacity label file as markers.",
        do=lambda parts: parts.marking.import_labels()),
)
