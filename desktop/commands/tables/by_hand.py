"""Selecting a span, and editing it by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from desktop.shell.command import REVIEW, WINDOW, Command
from desktop.shell.shell import Shell

if TYPE_CHECKING:
    from desktop.export.exporting import Exporting
    from desktop.review.by_hand import Amounts, ByHand


class Parts(Shell, Protocol):
    """The parts of a window that these commands use."""

    amounts: Amounts
    by_hand: ByHand
    exporting: Exporting


Handler = Callable[[Parts], object]


def _hand(name: str, label: str, keys: tuple[str, ...], description: str, do: Handler) -> Command:
    group = "Selection" if name.startswith(("select", "track")) else "By hand"
    return Command(f"hand.{name}", label, keys, WINDOW, description, group, do, repeats=name in _REPEATED)


def _amount(name: str, label: str, key: str, description: str, do: Handler) -> Command:
    said = f"Change the current edit: {description}."
    return Command(f"hand.{name}", label, (key,), REVIEW, said, "By hand", do)


_REPEATED = ("select_left", "select_right")

# fmt: off
BY_HAND = (
    _hand("select_left", "Shrink selection", ("Shift+Left",), "Shorten the selection by 1 s.",
        do=lambda parts: parts.selecting.extend(-1)),
    _hand("select_right", "Extend selection", ("Shift+Right",), "Lengthen the selection by 1 s.",
        do=lambda parts: parts.selecting.extend(1)),
    _hand("select_start", "Set selection start", (), "Start the selection at the playhead.",
        do=lambda parts: parts.selecting.edge_to_playhead(is_start=True)),
    _hand("select_stop", "Set selection end", (), "End the selection at the playhead.",
        do=lambda parts: parts.selecting.edge_to_playhead(is_start=False)),
    _hand("select_home", "Extend selection to start", ("Shift+Home",), "Extend the selection to the start.",
        do=lambda parts: parts.selecting.to_end(is_start=True)),
    _hand("select_end", "Extend selection to end", ("Shift+End",), "Extend the selection to the end.",
        do=lambda parts: parts.selecting.to_end(is_start=False)),
    _hand("select_all", "Select the whole recording", ("Ctrl+Shift+A",), "Select from start to end.",
        do=lambda parts: parts.selecting.everything()),
    _hand("select_piece", "Select between cuts", (),
        "Select between the two cuts around the playhead, as a double click in a lane does.",
        do=lambda parts: parts.selecting.piece()),
    _hand("select_region", "Select this region", (), "Select the region at the playhead.",
        do=lambda parts: parts.selecting.region()),
    _hand("select_bar", "Select this bar", (), "Select the bar at the playhead.",
        do=lambda parts: parts.selecting.bar()),
    _hand("select_beats", "Select between grid lines", (), "Select from one grid line to the next.",
        do=lambda parts: parts.selecting.between_beats()),
    _hand("select_markers", "Select between markers", (), "Select from one marker to the next.",
        do=lambda parts: parts.selecting.between_markers()),
    _hand("select_proposal", "Select the proposal", (), "Select the span of the current proposal.",
        do=lambda parts: parts.selecting.select(*parts.review.span())),
    _hand("tracks", "Select on all tracks or some", ("Alt+T",),
        "Let the span be of the selected tracks only, or of all tracks.",
        do=lambda parts: parts.by_hand.toggle_tracks()),
    _hand("track", "Add next track to selection", ("Alt+Shift+T",),
        "Select the track below as well; or click heads with Ctrl or Shift.",
        do=lambda parts: parts.by_hand.add_track()),
    _hand("cut", "Cut the selection", ("Del", "Backspace"),
        "Cut the selected span from the result, else remove the selected clip, else delete the current edit.",
        do=lambda parts: parts.by_hand.cut_or_delete()),
    _hand("delete", "Delete the edit", (), "Remove your own edit, or reject the current proposal.",
        do=lambda parts: parts.by_hand.delete()),
    _hand("copy", "Copy the selection", ("Ctrl+C",), "Copy the selected span, to paste it elsewhere.",
        do=lambda parts: parts.by_hand.clipboard.copy()),
    _hand("cut_copy", "Cut to clipboard", ("Ctrl+X",), "Cut the selected span, to paste it elsewhere.",
        do=lambda parts: parts.by_hand.clipboard.cut()),
    _hand("paste", "Paste at the playhead", ("Ctrl+V",), "Insert the copied span, or move the cut one there.",
        do=lambda parts: parts.by_hand.clipboard.paste()),
    _hand("duplicate", "Duplicate selection", ("Ctrl+D",),
        "Repeat the selected span right after itself; without one, the clip.",
        do=lambda parts: parts.by_hand.duplicate()),
    _hand("split", "Split edit or region at playhead", ("Ctrl+Shift+D",),
        "Split your own cut or keep at the playhead, else the region there.",
        do=lambda parts: parts.by_hand.split()),
    _hand("ripple", "Ripple cut of selected tracks", ("Shift+Del",),
        "Cut the span from the selected tracks only; their later sound moves earlier, the others play on.",
        do=lambda parts: parts.by_hand.ripple()),
    _hand("keep", "Keep the selection", (), "Protect the selected span from every cut.",
        do=lambda parts: parts.by_hand.keep()),
    _hand("mute", "Mute the selection", (), "Fill the selected span with room tone, or silence.",
        do=lambda parts: parts.by_hand.mute()),
    _hand("repeat", "Repeat the selection…", (), "Repeat the selected span several times.",
        do=lambda parts: parts.by_hand.repeat()),
    _hand("move", "Move the selection…", (), "Move the selected span to another position.",
        do=lambda parts: parts.by_hand.move()),
    _hand("move_here", "Move the selection to the playhead", (), "Move the selected span to the playhead.",
        do=lambda parts: parts.by_hand.move_here()),
    _hand("insert", "Insert silence…", (), "Insert silence at the playhead, on all or the selected tracks.",
        do=lambda parts: parts.by_hand.insert()),
    _hand("insert_tone", "Insert room tone…", (),
        "Insert room tone from near the playhead there, on all or the selected tracks.",
        do=lambda parts: parts.by_hand.insert(has_tone=True)),
    _hand("slip", "Slip the selection…", (), "Shift the selected span earlier or later at the same length.",
        do=lambda parts: parts.by_hand.slip()),
    _hand("gain", "Gain of the selection…", (), "Make the selected span louder or quieter.",
        do=lambda parts: parts.by_hand.gain()),
    _hand("fade_ends", "Fade in and out…", (),
        "Fade all tracks in at the start of the result and out at its end, as two gain edits.",
        do=lambda parts: parts.by_hand.fade_ends()),
    _hand("play", "Loop selection", (), "Play the selected span in a loop.",
        do=lambda parts: parts.transport.play_round(parts.selecting.required())),
    _hand("export", "Export the selection…", (), "Export the result of the selected span as a file.",
        do=lambda parts: parts.exporting.export_selection()),
    _hand("let_go", "Clear selection", (), "Select nothing.", do=lambda parts: parts.selecting.let_go()),
    _amount("less", "Decrease amount", "Ctrl+Shift+Left", "1 ms or one beat earlier, 0.5 dB, one repeat less",
        do=lambda parts: parts.amounts.nudge(-1)),
    _amount("more", "Increase amount", "Ctrl+Shift+Right", "1 ms or one beat later, 0.5 dB, one repeat more",
        do=lambda parts: parts.amounts.nudge(1)),
    _amount("less_fine", "Decrease amount (fine)", "Ctrl+Alt+Shift+Left", "a tenth of that, or 1 ms",
        do=lambda parts: parts.amounts.nudge(-1, fine=True)),
    _amount("more_fine", "Increase amount (fine)", "Ctrl+Alt+Shift+Right", "a tenth of that, or 1 ms",
        do=lambda parts: parts.amounts.nudge(1, fine=True)),
    Command("hand.change", "Edit amount…", ("Alt+Enter", "Alt+Return"), REVIEW,
        "Type the distance, gain, count or target of the current edit.", "By hand",
        do=lambda parts: parts.amounts.ask()),
    Command("hand.tone", "Use the selection as room tone", (), REVIEW,
        "Fill the current mute with the selected quiet span.", "By hand",
        do=lambda parts: parts.amounts.fill()),
)
