"""Markers and regions."""

from __future__ import annotations

from desktop.commands.command import WINDOW, Command


def _marker(name: str, label: str, keys: tuple[str, ...], description: str) -> Command:
    steps = name in ("next", "previous")
    return Command(f"marker.{name}", label, keys, WINDOW, description, "Markers", repeats=steps)


MARKERS = (
    _marker("add", "Add marker", ("M",), "Add a marker at the playhead, also during playback."),
    _marker("region", "Name the span", ("Shift+M",), "Make the span of the current proposal a region."),
    _marker("previous", "Previous marker", (",",), "Move the playhead to the previous marker."),
    _marker("next", "Next marker", (".",), "Move the playhead to the next marker."),
    _marker("list", "Markers…", ("Ctrl+M",), "List all markers: filter, go to, rename and delete them."),
    _marker("rename", "Rename marker…", (), "Rename the marker nearest to the playhead."),
    _marker("import_labels", "Import labels…", (), "Add the labels of an Audacity label file as markers."),
)
