"""Markers, regions and sections."""

from __future__ import annotations

from desktop.parts import Handler
from desktop.shell.command import WINDOW, Command


def _marker(name: str, label: str, keys: tuple[str, ...], description: str, do: Handler) -> Command:
    steps = name in ("next", "previous")
    return Command(f"marker.{name}", label, keys, WINDOW, description, "Markers", do, repeats=steps)


def _section(name: str, label: str, keys: tuple[str, ...], description: str, do: Handler) -> Command:
    return Command(f"sections.{name}", label, keys, WINDOW, description, "Sections", do, repeats=False)


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
SECTIONS = (
    _section("find", "Find sections", ("Alt+Shift+F",),
        "Find sections such as verse and chorus, with the same label where one repeats.",
        do=lambda parts: parts.sections.find()),
    _section("select", "Select section", ("Alt+Shift+D",), "Select the section at the playhead.",
        do=lambda parts: parts.sections.select()),
    _section("repeat", "Repeat section", ("Alt+Shift+A",),
        "Repeat the section at the playhead right after itself.",
        do=lambda parts: parts.sections.repeat()),
    _section("swap", "Swap two sections…", ("Alt+Shift+X",),
        "Swap the section at the playhead with another one, in one step.",
        do=lambda parts: parts.sections.swap()),
    _section("rename", "Rename label…", (), "Rename the label of the section at the playhead.",
        do=lambda parts: parts.sections.rename()),
)
