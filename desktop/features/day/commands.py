"""The day: preparing it, its overview, and choices of takes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Protocol

from desktop.shell.command import DAY_LAYER, WINDOW, Command
from desktop.shell.run_finder import RunFinder
from desktop.shell.shell import Shell

if TYPE_CHECKING:
    from desktop.features.day.exporting import DayExporting
    from desktop.features.day.overview import Overview
    from desktop.features.day.preparing import Preparing
    from desktop.features.day.song_search import SongSearch


class Parts(Shell, Protocol):
    """The parts of a window that these commands use."""

    day: Overview
    day_exporting: DayExporting
    preparing: Preparing
    song_search: SongSearch


Handler = Callable[[Parts], object]


def _day(name: str, label: str, keys: tuple[str, ...], description: str, do: Handler) -> Command:
    return Command(f"day.{name}", label, keys, WINDOW, description, "Day", do, repeats=False)


def _take(name: str, label: str, keys: tuple[str, ...], description: str, do: Handler) -> Command:
    return Command(f"day.{name}", label, keys, DAY_LAYER, description, "In the overview", do, repeats=False)


def _stars(count: int) -> Command:
    name = f"{count} star{'s' if count != 1 else ''}"
    about = f"Give the take {name}; again: none."
    return _take(f"stars_{count}", name.capitalize(), (str(count),), about, partial(_give, count))


def _give(count: int, parts: Parts) -> None:
    parts.day.stars(count)


# fmt: off
COMMANDS = (
    _day("prepare", "Prepare the day…", ("Ctrl+Shift+Y",),
        "Import the files of a day, find its songs and takes, and show them in an overview.",
        do=lambda parts: parts.preparing.ask()),
    _day("prepare_folder", "Prepare the folder of a day…", (),
        "Import all recordings of a folder and the folders below it, and go on as with chosen files.",
        do=lambda parts: parts.preparing.ask_folder()),
    _day("find", "Find songs of the day", (),
        "Find songs, takes, talk and idle time; name the takes, and propose to cut the rest.",
        do=RunFinder("day")),
    _day("page", "Overview of the day", ("Shift+F5",),
        "Show the songs of the day with their takes in place of the timeline; again: the timeline.",
        do=lambda parts: parts.day.toggle()),
    _day("export", "Export takes…", ("Ctrl+Alt+E",),
        "Write the takes that you keep as files, with names by a pattern and a playlist.",
        do=lambda parts: parts.day_exporting.export()),
    _day("share", "Page for the band…", (),
        "Write a page with the takes that you keep, which plays them without a server.",
        do=lambda parts: parts.day_exporting.share()),
    _day("find_song", "Find a song in an archive…", (),
        "Find every take of a song in the recordings of a folder, in any key and tempo.",
        do=lambda parts: parts.song_search.ask()),
    _take("kind", "Kind of the day", ("T",), "Take the day for a rehearsal, an interview or a drum session.",
        do=lambda parts: parts.day.change_kind()),
    _take("open", "Open take", (), "Go to the take in the timeline.", do=lambda parts: parts.day.open()),
    _take("keep", "Keep take", ("K",), "Keep the take and mark the others of its song; again: no longer.",
        do=lambda parts: parts.day.keep()),
    _take("keep_suggested", "Keep suggested takes", ("Shift+K",),
        "Keep the suggested take, or the only complete one, of each song without a choice.",
        do=lambda parts: parts.day.keep_suggested()),
    _take("name", "Name of the song…", ("F2",), "Name the song, for all of its takes.",
        do=lambda parts: parts.day.name()),
    _take("next_take", "Same place in the next take", (), "Go on at the same bar of the next take.",
        do=lambda parts: parts.day.compare()),
    _take("comp", "Make a comp of these takes", ("C",), "Propose the best bars of the takes of the song.",
        do=lambda parts: parts.day.comp()),
    *(_stars(count) for count in range(1, 6)),
)
