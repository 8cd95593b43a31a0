"""Clips by mouse and keys: choosing, moving, trimming, splitting, duplicating them.

`Ripple` is the mode of such edits: whether later clips follow. Keys, menu and status bar set it.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, QPoint, Signal
from PySide6.QtWidgets import QWidget

from desktop.shell.actions import popup
from desktop.shell.command import CLIP_LAYER
from desktop.shell.dialogs import form_dialogs
from desktop.shell.dialogs.questions import confirm_removal
from desktop.shell.messages import reporting_refusals
from desktop.shell.shell import Shell
from desktop.timeline.tracks import Tracks
from engine.core.errors import UsageError
from engine.core.timebase import format_time, s_to_samples
from engine.core.wording import counted
from engine.document.analysis import nothing_yet, require_recording
from engine.document.edits.clips import (
    clip_here,
    clip_name,
    clip_of,
    duplicate_clips,
    emptied_by,
    join_tracks,
    nudge_clips,
    place_together,
    remove_clips,
    set_clips,
    split_clips,
    take_clips,
    trim_clip,
)
from engine.document.edits.proposals import set_settings
from engine.document.edits.takes import take_lanes
from engine.document.edits.tracks import LOUDEST_DB, QUIETEST_DB
from engine.document.settings import RIPPLE, Ripple, ripple_of
from engine.document.state import Edit
from engine.document.tracks import Clip
from widgets.chrome.status_bar import StatusBar
from widgets.forms.short_forms import Number, NumbersForm
from widgets.timeline.heads.value_field import STEPS_RUN

_WORDS = {
    Ripple.OFF: "Ripple off",
    Ripple.TRACK: "Ripple: later clips of the track follow",
    Ripple.ALL: "Ripple: later clips of all tracks follow",
}
_SHOWN = {Ripple.OFF: "", Ripple.TRACK: "Ripple: track", Ripple.ALL: "Ripple: all tracks"}


class Rippling(QObject):
    """The ripple mode, a setting of the document, and where it is shown: menu, status bar, timeline.

    Its signal carries the message about a result.
    """

    said = Signal(str)

    def __init__(self, shell: Shell, status_bar: StatusBar, parent: QObject) -> None:
        super().__init__(parent)
        self._shell, self._session, self._bar = shell, shell.session, status_bar
        self._actions = {mode: shell.commands.action(f"clips.ripple_{mode}") for mode in Ripple}
        for action in self._actions.values():
            action.setCheckable(True)
        self._session.changed.connect(self._show)
        self._session.replaced.connect(self._show)
        self._show()

    @property
    def mode(self) -> Ripple:
        """The mode of the document."""
        return ripple_of(self._session.state.settings)

    def choose(self, mode: Ripple) -> None:
        """Let no later clips follow, those of the track, or those of all tracks."""
        self._show()  # the menu moved the check mark
        if not self._session.is_open:
            raise nothing_yet("ripple")
        self._session.apply(set_settings(self._session.state, {RIPPLE: str(mode)}, _WORDS[mode]))
        self.said.emit(_WORDS[mode])

    def choose_next(self) -> None:
        """Switch to the next mode."""
        modes = list(Ripple)
        self.choose(modes[(modes.index(self.mode) + 1) % len(modes)])

    def _show(self) -> None:
        mode = self.mode
        for each, action in self._actions.items():
            action.setChecked(each is mode)
        self._shell.timeline.canvas.ripple = mode
        self._bar.set_mode(_SHOWN[mode])


NUDGE_S = 0.010
KEYS_THERE = (
    "Clip: nudge ‹clips.later›, split at playhead ‹clips.split›, trim ‹clips.trim_start› ‹clips.trim_stop›, "
    "duplicate ‹clips.duplicate›, remove ‹clips.remove›; Esc leaves"
)
KEYS_OF_TAKES = (
    "Take: play it ‹clips.play_take›, play the selected part ‹clips.play_take_here›, "
    "other takes ‹clips.take_above› ‹clips.take_below›; Esc leaves"
)
_TAKES = ("clips.play_take", "clips.play_take_here")
_MENU = (
    ("clips.split", "clips.trim_start", "clips.trim_stop"),
    ("clips.here", "clips.duplicate", "clips.lock", "clips.remove"),
    ("clips.gain", "clips.fades", "clips.rename"),
)


class Clips(QObject):
    """The selected clips, and their edits by keys and mouse; a layer of keys is theirs until Esc.

    Its signals carry the message about a result, and the reason of a refusal.
    """

    said = Signal(str)
    refused = Signal(str)

    def __init__(self, window: QWidget, shell: Shell, tracks: Tracks, status_bar: StatusBar) -> None:
        super().__init__(window)
        self._window, self._shell, self._session = window, shell, shell.session
        self._tracks = tracks
        self.rippling: Rippling = Rippling(shell, status_bar, self)  # stated, as in `desktop.shell.transport`
        self.rippling.said.connect(self.said)
        canvas = shell.timeline.canvas
        canvas.clip_chosen.connect(lambda _id, _choice: self._say_chosen())
        canvas.clips_dragged.connect(reporting_refusals(self._drag, self.refused.emit))
        canvas.clip_trimmed.connect(reporting_refusals(self._trim, self.refused.emit))
        canvas.clip_menu_requested.connect(self._popup)
        shell.selecting.changed.connect(self._follow_selection)
        shell.review.arrived.connect(lambda key: shell.selecting.drop_clips() if key else None)

    @property
    def chosen(self) -> tuple[Clip, ...]:
        """The selected clips."""
        return tuple(clip_of(self._session.state, key)[1] for key in self._ids)

    @property
    def _ids(self) -> tuple[str, ...]:
        return self._shell.selecting.selected.clips

    def choose_here(self) -> None:
        """Select the clips of the selected tracks at the playhead.

        Raises
        ------
        UsageError : no track is selected, or they have no clip there
        """
        require_recording(self._session.state, "choose")
        tracks, here = self._tracks.selected(), self._shell.transport.playhead_samples
        found = [clip.id for track in tracks if (clip := clip_here(track, here)) is not None]
        if not found:
            at = format_time(here / self._session.state.rate_hz, 1)
            raise UsageError(
                f"{tracks[-1].name} has no clip at {at}. Move the playhead into one, or click a clip."
            )
        self.choose(found)

    def choose_next(self, direction: int) -> None:
        """Choose the clip after (1) or before (-1) the chosen one on its track, and go there."""
        track, clip = clip_of(self._session.state, self.required()[-1])
        ordered = sorted(track.clips, key=lambda one: (one.start_samples, one.id))
        place = min(max(ordered.index(clip) + direction, 0), len(ordered) - 1)
        self._shell.zooms.seek(ordered[place].start_samples)
        self.choose((ordered[place].id,))

    def choose_track(self) -> None:
        """Select all clips of the selected tracks."""
        self.choose([clip.id for track in self._tracks.selected() for clip in track.clips])

    def choose(self, keys: Sequence[str]) -> None:
        """Select clips, by id, and no others."""
        self._shell.selecting.choose_clips(keys)
        self._say_chosen()

    def leave(self) -> bool:
        """Leave the keys of clips, and select none; return False where those keys are not active."""
        was = self._shell.selecting.selected.gives_keys
        if was:
            self._shell.selecting.drop_clips()
        return was

    def nudge(self, direction: int, step_s: float | None = NUDGE_S) -> None:
        """Move the chosen clips later (1) or earlier (-1); a step of None is one sample."""
        keys = self.required()
        step = 1 if step_s is None else max(1, round(step_s * self._session.state.rate_hz))
        by, ripple = direction * step, self.rippling.mode
        self.apply(nudge_clips(self._session.state, keys, by, STEPS_RUN, ripple))

    def split(self) -> None:
        """Split the clips of the selected tracks at the playhead.

        Raises
        ------
        UsageError : no track is selected, or no clip of it is there
        """
        state, here = self._session.state, self._shell.transport.playhead_samples
        require_recording(state, "split")
        self.apply(split_clips(state, here, [track.id for track in self._tracks.selected()]))

    def trim_to_playhead(self, *, is_start: bool) -> None:
        """Put the start or the end of the chosen clip at the playhead."""
        state, keys = self._session.state, self.required()
        if len(keys) != 1:
            raise UsageError(f"{len(keys)} clips are chosen. Choose one to trim it.")
        clip, here = clip_of(state, keys[0])[1], self._shell.transport.playhead_samples
        edges = (here, clip.stop_samples) if is_start else (clip.start_samples, here)
        self._trim(clip.id, *edges)

    def place_here(self) -> None:
        """Put the chosen clips at the playhead, the first exactly there."""
        here = self._shell.transport.playhead_samples
        self.apply(place_together(self._session.state, self.required(), here, self.rippling.mode))

    def duplicate(self) -> None:
        """Place copies of the chosen clips right after them."""
        keys = self.required()
        after = max(clip.stop_samples for clip in self.chosen)
        self.apply(duplicate_clips(self._session.state, keys, after, self.rippling.mode))

    def remove(self) -> None:
        """Remove the selected clips from their tracks; ask first if a whole track goes with them."""
        state, keys = self._session.state, self.required()
        edit, emptied = remove_clips(state, keys, self.rippling.mode), emptied_by(state, keys)
        if not emptied or confirm_removal(self._window, [track.name for track in emptied]):
            self.apply(edit)

    def lock(self) -> None:
        """Lock the chosen clips, or unlock them if all are locked."""
        keys = self.required()
        is_locked = all(clip.is_locked for clip in self.chosen)
        self.apply(set_clips(self._session.state, keys, is_locked=not is_locked))

    def ask_gain(self) -> None:
        """Ask for the gain of the chosen clips."""
        keys, now = self.required(), self.chosen[0].gain_db
        values = self._ask("Gain of clips", [Number("&Gain in dB", now, QUIETEST_DB, LOUDEST_DB, decimals=1)])
        if values is not None:
            self.apply(set_clips(self._session.state, keys, gain_db=values[0]))

    def ask_fades(self) -> None:
        """Ask for the fades of the chosen clips."""
        keys, first, rate_hz = self.required(), self.chosen[0], self._session.state.rate_hz
        longest_ms = 1000 * min(clip.length_samples for clip in self.chosen) / rate_hz
        lengths = first.fade_in_samples, first.fade_out_samples
        numbers = [
            Number(label, 1000 * length / rate_hz, 0.0, longest_ms, decimals=1, step=10.0)
            for label, length in zip(("Fade &in, ms", "Fade &out, ms"), lengths, strict=True)
        ]
        values = self._ask("Fades of clips", numbers)
        if values is not None:
            fade_in, fade_out = (s_to_samples(value / 1000, rate_hz) for value in values)
            edit = set_clips(self._session.state, keys, fade_in_samples=fade_in, fade_out_samples=fade_out)
            self.apply(edit)

    def ask_name(self) -> None:
        """Ask for the name of the chosen clips."""
        keys = self.required()
        name = form_dialogs.ask_clip_name(self._window, clip_name(self._session.state, self.chosen[0]))
        if name is not None:
            self.apply(set_clips(self._session.state, keys, name=name))

    def _ask(self, title: str, numbers: Sequence[Number]) -> tuple[float, ...] | None:
        form = NumbersForm(self._shell.look.theme, numbers, "")
        return form_dialogs.ask_numbers(self._window, title, form, "Set")

    def join(self) -> None:
        """Put the clips of the selected tracks onto the first selected one, and remove the other tracks."""
        first, *others = (track.id for track in self._tracks.selected())
        if not others:
            raise UsageError("Select two tracks or more: click one head, then the others with Ctrl or Shift.")
        self.apply(join_tracks(self._session.state, first, others))

    def required(self) -> tuple[str, ...]:
        """Return the ids of the selected clips.

        Raises
        ------
        UsageError : none is selected
        """
        if not self._ids:
            raise UsageError(
                "No clip is chosen. Click it in its lane, or take the one at the playhead ‹clips.choose›."
            )
        return self._ids

    def _follow_selection(self) -> None:
        """Give the keys to the selected clips, or take them back."""
        gives_keys = self._shell.selecting.selected.gives_keys
        if gives_keys != (CLIP_LAYER in self._shell.commands.layers):
            self._shell.commands.enter(CLIP_LAYER, is_in=gives_keys)

    def _say_chosen(self) -> None:
        keys, state = self._ids, self._session.state
        if not keys:
            self.said.emit("No clip is chosen")
            return
        what = clip_name(state, self.chosen[0]) if len(keys) == 1 else counted(len(keys), "clip")
        self.said.emit(f"{what}. {KEYS_OF_TAKES if self._is_take(keys[-1]) else KEYS_THERE}")

    def _is_take(self, clip_id: str) -> bool:
        state = self._session.state
        return len(take_lanes(state, clip_of(state, clip_id)[0])) > 1

    def _drag(self, keys: Sequence[str], by_samples: int, track_id: str) -> None:
        state = self._session.state
        if track_id:
            self.apply(take_clips(state, tuple(keys), track_id, by_samples))
        else:
            self.apply(nudge_clips(state, tuple(keys), by_samples, ripple=self.rippling.mode))

    def _trim(self, clip_id: str, start_samples: int, stop_samples: int) -> None:
        state, ripple = self._session.state, self.rippling.mode
        self.apply(trim_clip(state, clip_id, start_samples, stop_samples, ripple=ripple))

    def apply(self, edit: Edit) -> None:
        """Apply an edit of clips, and report how many edits of their sound moved with them."""
        change = self._session.apply(edit)
        moved = len(change.proposals & self._session.state.proposals.keys())
        self.said.emit(f"{edit.label}, with {counted(moved, 'edit')} inside" if moved else edit.label)

    def _popup(self, clip_id: str, place: QPoint) -> None:
        if clip_id not in self._ids:
            self._shell.selecting.choose_clip(clip_id)
        groups = (_TAKES, *_MENU) if self._is_take(clip_id) else _MENU
        popup(self._shell.commands.menu(self._window, groups, "Clip"), place)
