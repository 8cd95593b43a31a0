"""Putting drums in time."""

from __future__ import annotations

from functools import partial

from desktop.commands.finders import RunFinder
from desktop.parts import Handler, Parts
from desktop.shell.command import REVIEW, WINDOW, Command
from engine.document.recorded import require_recording


def _timing(
    name: str, label: str, keys: tuple[str, ...], context: str, description: str, do: Handler
) -> Command:
    return Command(f"timing.{name}", label, keys, context, description, "Drum timing", do)


def _accept(parts: Parts, name: str) -> None:
    answers = parts.timing.answers
    group = answers.groups().get(name)
    ids = () if group is None else group.ids
    parts.timing_proposing.left.before_accepting(ids, partial(answers.accept, name))


def _compare(parts: Parts) -> None:
    require_recording(parts.session.state, "hear")
    parts.transport.choose_before(not parts.transport.plays_before)


# fmt: off
TIMING = (
    _timing("propose", "Propose timing…", ("Ctrl+Shift+T",), WINDOW,
        "Detect drum hits and propose their timing; decisions stay.", do=RunFinder("timing")),
    _timing("notes", "Propose timing of notes…", ("Ctrl+Alt+N",), WINDOW,
        "Detect notes of bass, guitar, keys or voice; propose to move them onto the grid or to a track.",
        do=RunFinder("notes")),
    _timing("recorders", "Align recorders", ("Alt+Shift+R",), WINDOW,
        "Compare the chosen tracks, or all; propose to align and stretch those of another recorder.",
        do=RunFinder("recorders")),
    _timing("tempo", "Propose tempo alternatives", ("Alt+Shift+C",), WINDOW,
        "Rank half, double and other tempi of each song, and other downbeats.", do=RunFinder("tempo")),
    _timing("panel", "Timing panel", ("F3",), WINDOW,
        "Show how early or late each drum is, with strength and range; again: close it.",
        do=lambda parts: parts.timing.toggle_panel()),
    _timing("accept_bar", "Accept the hits of this bar", ("Alt+B",), REVIEW,
        "Accept every undecided move in the current bar.", do=lambda parts: _accept(parts, "bar")),
    _timing("accept_voice", "Accept the hits of this drum", ("Alt+D",), REVIEW,
        "Accept every undecided move of this drum.", do=lambda parts: _accept(parts, "voice")),
    _timing("accept_range", "Accept all hits in the range", ("Alt+E",), REVIEW,
        "Accept every undecided move in the range of the timing panel.",
        do=lambda parts: _accept(parts, "range")),
    _timing("confirm", "Confirm this hit", ("Alt+P",), REVIEW,
        "Keep the current hit at any sensitivity in later timing proposals.",
        do=lambda parts: parts.timing.answers.confirm()),
    _timing("loop_bar", "Loop this bar", ("Alt+Shift+L",), WINDOW,
        "Loop the current bar; accepted hits are audible at once.",
        do=lambda parts: parts.timing.answers.loop_bar()),
    _timing("before", "Compare before and after", ("Shift+Q",), WINDOW,
        "Show and play the recorded or the edited sound, also during playback.", do=_compare),
)
