"""The menu bar: which groups of the table of commands are in which menu."""

from __future__ import annotations

from dataclasses import dataclass

# fmt: off
GROUPS = (
    "Review", "Queue", "Edges", "Playback", "Tracks", "Clips", "Chosen clips", "Ripple", "Grid",
    "In the grid", "Drum timing", "Markers", "Sections", "Selection", "By hand", "Sound repair", "Sounds",
    "Takes", "Words", "In the transcript", "Day", "In the overview", "Editors", "Arrangement", "View",
    "Taste", "Edit", "File", "Help",
)
# fmt: on
"""In the order of palette and key sheet."""
PACKAGES = "Packages"
"""The group of all commands of packages; its menu exists if there are any."""


@dataclass(frozen=True, slots=True)
class MenuGroups:
    """One menu of the bar.

    Attributes
    ----------
    title : without a mnemonic, because `Alt` with a letter is a command
    groups : groups in the menu itself, separated by lines
    submenus : groups that open as submenus
    """

    title: str
    groups: tuple[str, ...] = ()
    submenus: tuple[str, ...] = ()


MENUS = (
    MenuGroups("File", ("File",)),
    MenuGroups("Edit", ("Edit", "By hand"), ("Selection", "Arrangement")),
    MenuGroups("View", ("View",)),
    MenuGroups("Play", ("Playback",)),
    MenuGroups("Tracks", ("Tracks", "Clips"), ("Chosen clips", "Ripple")),
    MenuGroups("Review", ("Review",), ("Queue", "Edges")),
    MenuGroups("Taste", ("Taste",)),
    MenuGroups("Day", ("Day",), ("In the overview",)),
    MenuGroups(
        "Tools",
        submenus=(
            "Drum timing",
            "Takes",
            "Sections",
            "Words",
            "In the transcript",
            "Sound repair",
            "Sounds",
            "Editors",
            "Markers",
            "Grid",
            "In the grid",
            PACKAGES,
        ),
    ),
    MenuGroups("Help", ("Help",)),
)
