"""Markers and regions."""

from __future__ import annotations

from desktop.commands.command import WINDOW, Command


def _marker(name: str, label: str, keys: tuple[str, ...], description: str) -> Command:
    steps = name in ("next", "previous")
    return Command(f"marker.{name}", label, keys, WINDOW, description, "Markers", repeats=steps)


MARKERS = (
    _marker("add", "Add marker", ("M",), "Mark where the playhead is, also while playing."),
    _marker("region", "Name the span", ("Shift+M",), "Make the span of the current proposal a region."),
    _marker("previous", "Previous marker", (",",), "Put the playhead on the marker before."),
    _marker("next", "Next marker", (".",), "Put the playhead on the next marker."),
    _marker("list", "Markers…", ("Ctrl+M",), "List all markers: filter, go to, rename and delete them."),
    _marker("rename", "Rename marker…", (), "Write the name of the marker nearest to the playhead anew."),
    _marker("import_labels", "Import labels…", (), "Add the labels of an Audacity label file as markers."),
)
