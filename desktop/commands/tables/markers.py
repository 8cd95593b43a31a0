"""Markers and regions, and the blocks of the result."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from desktop.shell.command import WINDOW, Command
from desktop.shell.shell import Shell

if TYPE_CHECKING:
    from desktop.timeline.arranging import Arranging
    from desktop.timeline.markers import Marking


class Parts(Shell, Protocol):
    """The parts of a window that these commands use."""

    arranging: Arranging
    marking: Marking


Handler = Callable[[Parts], object]


def _marker(name: str, label: str, keys: tuple[str, ...], description: str, do: Handler) -> Command:
    steps = name in ("next", "previous")
    return Command(f"marker.{name}", label, keys, WINDOW, description, "Markers", do, repeats=steps)


def _arrange(name: str, label: str, keys: tuple[str, ...], description: str, do: Handler) -> Command:
    return Command(f"arrange.{name}", label, keys, WINDOW, description, "Arrangement", do)


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
ARRANGEMENT = (
    _arrange("previous", "Previous block", ("Ctrl+PgUp",), "Move the playhead to the previous block.",
        do=lambda parts: parts.arranging.step(-1)),
    _arrange("next", "Next block", ("Ctrl+PgDown",), "Move the playhead to the next block.",
        do=lambda parts: parts.arranging.step(1)),
    _arrange("earlier", "Move block earlier", ("Ctrl+Shift+PgUp",),
        "Move this block before the previous one.", do=lambda parts: parts.arranging.move(-1)),
    _arrange("later", "Move block later", ("Ctrl+Shift+PgDown",), "Move this block after the next one.",
        do=lambda parts: parts.arranging.move(1)),
    _arrange("again", "Repeat block", (), "Repeat this block right after itself.",
        do=lambda parts: parts.arranging.again()),
    _arrange("take_out", "Remove block", (), "Remove this copy, or cut the block everywhere.",
        do=lambda parts: parts.arranging.take_out()),
    _arrange("select", "Select block", (), "Select the span that this block plays.",
        do=lambda parts: parts.arranging.select()),
    _arrange("show", "Show or hide arrangement", ("F5",),
        "Show it always, or only if a part is repeated or moved.",
        do=lambda parts: parts.say(parts.arranging.toggle())),
)
