"""Clips: choosing, moving, trimming and splitting them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from desktop.shell.command import CLIP_LAYER, WINDOW, Command
from desktop.shell.shell import Shell
from engine.document.settings import Ripple

if TYPE_CHECKING:
    from desktop.timeline.clips import Clips

_STEPS = ("later", "earlier", "later_coarse", "earlier_coarse", "later_sample", "earlier_sample")
_REPEATED = ("next", "previous", *_STEPS)


class Parts(Shell, Protocol):
    """The parts of a window that these commands use."""

    clips: Clips


Handler = Callable[[Parts], object]


def _clip(name: str, label: str, keys: tuple[str, ...], description: str, do: Handler) -> Command:
    return Command(f"clips.{name}", label, keys, WINDOW, description, "Clips", do, repeats=False)


def _chosen(name: str, label: str, keys: tuple[str, ...], description: str, do: Handler) -> Command:
    repeats = name in _REPEATED
    return Command(f"clips.{name}", label, keys, CLIP_LAYER, description, "Chosen clips", do, repeats=repeats)


def _ask_time_of_day(parts: Parts) -> None:
    from desktop.timeline.clock import ask_time_of_day

    ask_time_of_day(parts)


def _ripple(name: str, label: str, keys: tuple[str, ...], description: str, do: Handler) -> Command:
    return Command(f"clips.{name}", label, keys, WINDOW, description, "Ripple", do, repeats=False)


# fmt: off
CLIPS = (
    _clip("choose", "Choose clip at playhead", ("Y",),
        "Choose the clip of the selected track at the playhead; until Esc the keys below are for clips.",
        do=lambda parts: parts.clips.choose_here()),
    _clip("choose_track", "Choose all clips of the track", ("Shift+Y",),
        "Choose every clip of the selected tracks.", do=lambda parts: parts.clips.choose_track()),
    _clip("join", "Join tracks", (),
        "Put the clips of the selected tracks onto the first selected one, such as parts of a recording.",
        do=lambda parts: parts.clips.join()),
    _clip("time_of_day", "Set time of day at the playhead…", ("Shift+F6",),
        "Set the clock of the timeline: the time of day at the playhead, and its date.", do=_ask_time_of_day),
    _clip("split", "Split clips at playhead", ("S",),
        "Split the clips of the selected tracks at the playhead; the sound stays the same.",
        do=lambda parts: parts.clips.split()),
    _chosen("next", "Next clip", ("Down",), "Choose the next clip of the track, and go there.",
        do=lambda parts: parts.clips.choose_next(1)),
    _chosen("previous", "Previous clip", ("Up",), "Choose the previous clip of the track, and go there.",
        do=lambda parts: parts.clips.choose_next(-1)),
    _chosen("later", "Nudge clips later", ("Alt+Right",), "Move the chosen clips 10 ms later.",
        do=lambda parts: parts.clips.nudge(1)),
    _chosen("earlier", "Nudge clips earlier", ("Alt+Left",), "Move the chosen clips 10 ms earlier.",
        do=lambda parts: parts.clips.nudge(-1)),
    _chosen("later_coarse", "Nudge clips later, coarse", ("Alt+Shift+Right",),
        "Move the chosen clips 100 ms later.", do=lambda parts: parts.clips.nudge(1, 0.1)),
    _chosen("earlier_coarse", "Nudge clips earlier, coarse", ("Alt+Shift+Left",),
        "Move the chosen clips 100 ms earlier.", do=lambda parts: parts.clips.nudge(-1, 0.1)),
    _chosen("later_sample", "Nudge clips one sample later", ("Ctrl+Alt+Right",),
        "Move the chosen clips one sample later.", do=lambda parts: parts.clips.nudge(1, None)),
    _chosen("earlier_sample", "Nudge clips one sample earlier", ("Ctrl+Alt+Left",),
        "Move the chosen clips one sample earlier.", do=lambda parts: parts.clips.nudge(-1, None)),
    _chosen("here", "Place clips at playhead", ("P",), "Move the chosen clips so that the first begins here.",
        do=lambda parts: parts.clips.place_here()),
    _chosen("trim_start", "Trim clip start to playhead", ("I",), "Let the chosen clip begin at the playhead.",
        do=lambda parts: parts.clips.trim_to_playhead(is_start=True)),
    _chosen("trim_stop", "Trim clip end to playhead", ("O",), "Let the chosen clip end at the playhead.",
        do=lambda parts: parts.clips.trim_to_playhead(is_start=False)),
    _chosen("duplicate", "Duplicate clips", ("Ctrl+D",), "Place copies of the chosen clips right after them.",
        do=lambda parts: parts.clips.duplicate()),
    _chosen("lock", "Lock or unlock clips", ("L",),
        "Keep the chosen clips from being moved, trimmed and split.", do=lambda parts: parts.clips.lock()),
    _chosen("gain", "Gain of clips…", (), "Set the gain of the chosen clips.",
        do=lambda parts: parts.clips.ask_gain()),
    _chosen("fades", "Fades of clips…", (), "Set the fades at both ends of the chosen clips.",
        do=lambda parts: parts.clips.ask_fades()),
    _chosen("rename", "Rename clip…", ("F2",), "Give the chosen clips a name instead of that of their file.",
        do=lambda parts: parts.clips.ask_name()),
    _chosen("remove", "Remove clips", ("Del", "Backspace"),
        "Remove the chosen clips from their tracks; files on disk stay.",
        do=lambda parts: parts.clips.remove()),
    _ripple("ripple", "Next ripple mode", ("Shift+N",),
        "Switch to the next: ripple off, on the track, on all tracks.",
        do=lambda parts: parts.clips.rippling.choose_next()),
    _ripple("ripple_off", "Ripple off", (), "Later clips stay where they are when clips are edited.",
        do=lambda parts: parts.clips.rippling.choose(Ripple.OFF)),
    _ripple("ripple_track", "Ripple on the track", (),
        "Later clips of the track follow when clips are moved, trimmed, duplicated or removed.",
        do=lambda parts: parts.clips.rippling.choose(Ripple.TRACK)),
    _ripple("ripple_all", "Ripple on all tracks", (),
        "Later clips of all tracks follow when clips are edited.",
        do=lambda parts: parts.clips.rippling.choose(Ripple.ALL)),
)
