"""Markers and regions."""

from __future__ import annotations

from desktop.commands.command import WINDOW, Command, Handler


def _marker(name: str, label: str, keys: tuple[str, ...], description: str, do: Handler) -> Command:
    steps = name in ("next", "previous")
    return Command(f"marker.{name}", label, keys, WINDOW, description, "Markers", do, repeats=steps)


# fmt: off
MARKERS = (
    _marker("add", "Add marker", ("M",), "Add a marker at the playhead, also during playback.",
        do=lambda parts: parts.marking.add()),
    _marker("region", "Name the span", ("Shift+M",), "Make the span of the current proposal a region.",
        do=lambda parts: parts.marking.add_region()),
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
