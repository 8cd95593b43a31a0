"""Edits that the user makes of the selected span, each accepted at once, and their amounts.

An amount is the distance, level, repeats, position or fill of an edit in the queue. The clipboard holds one
span.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from desktop.shell.dialogs import form_dialogs
from desktop.shell.messages import reporting_refusals
from desktop.shell.session import Session
from desktop.shell.shell import Shell
from desktop.shell.transport import Transport
from desktop.timeline.clips import Clips
from desktop.timeline.tracks import Tracks
from engine.core.errors import UsageError
from engine.core.timebase import format_time, s_to_samples, samples_to_s
from engine.core.wording import listed, quoted
from engine.document.analysis import require_recording
from engine.document.edits.by_hand import (
    CopiedSpan,
    amount_of,
    change_amount,
    change_fade,
    change_filling,
    delete_edits,
    duplicate,
    edit_by_hand,
    fade_ms_of,
    paste,
    split_edit,
)
from engine.document.edits.markers import split_region
from engine.document.kinds import KINDS, kind_of
from engine.document.kinds.kind import Amount, length_words
from engine.document.kinds.order import LENGTH_SAMPLES
from engine.document.kinds.sounding import LONGEST_FADE_MS
from engine.document.proposals import BY_HAND, Proposal
from engine.document.state import DocumentState, Edit
from engine.review.by_hand import (
    USUAL_IN_MS,
    USUAL_OUT_MS,
    Payload,
    cut_payload,
    fade_ends,
    fades_ms,
    gain_payload,
    insert_payload,
    move_payload,
    mute_payload,
    repeat_payload,
    require_ends,
    ripple_payload,
    slip_payload,
)
from engine.sound.edl.build import played_samples, played_samples_after
from widgets.edit_words import conflict_sentence, taken_in_sentence
from widgets.forms.short_forms import Number, NumbersForm


def asked(amount: Amount, value: float, length_s: float) -> Number:
    """Return a number for a form; moments are limited to the recording."""
    highest = min(amount.highest, length_s) if amount.is_moment else amount.highest
    return Number(amount.name, value, amount.lowest, highest, amount.decimals, is_time=amount.is_moment)


def length_ahead(state: DocumentState, edit: Edit) -> str:
    """Describe the change of the result's length, "" if it stays the same."""
    now, then = played_samples(state), played_samples_after(state, edit)
    if now == then:
        return ""
    before, after = (format_time(samples_to_s(length, state.rate_hz), 1) for length in (now, then))
    return f"The result will be {after} long; it is {before} now."


class Amounts(QObject):
    """Nudges the amount of the current edit and asks for it; the kind defines the amount.

    Signals
    -------
    said, refused : message about the result, or the reason of a refusal
    """

    said = Signal(str)
    refused = Signal(str)

    def __init__(self, window: QWidget, shell: Shell) -> None:
        super().__init__(window)
        self._window, self._session, self._transport = window, shell.session, shell.transport
        self._review, self._selecting, self._look = shell.review, shell.selecting, shell.look
        drag_fade = reporting_refusals(self._drag_fade, self.refused.emit)
        shell.timeline.canvas.fade_dragged.connect(drag_fade)

    def nudge(self, direction: int, *, fine: bool = False) -> None:
        """Make the amount of the current edit one step more (1) or less (-1)."""
        state, here = self._session.state, self._review.here()
        amount, value = amount_of(state, here)
        to = value + direction * (amount.fine_step if fine else amount.step)
        if amount.is_moment and not fine:
            to = self._beside(value, direction, to)
        self._apply(change_amount(state, here, round(to, 9)))

    def _beside(self, value_s: float, direction: int, without_s: float) -> float:
        """Return the beat before or after a moment, in seconds; where no beats are known, `without_s`."""
        grid, rate_hz = self._session.grid, self._session.state.rate_hz
        beats = np.array([], np.int64) if grid is None else grid.beats_samples
        here = s_to_samples(value_s, rate_hz)
        found = beats[beats > here][:1] if direction > 0 else beats[beats < here][-1:]
        return samples_to_s(int(found[0]), rate_hz) if len(found) else without_s

    def nudge_fade(self, direction: int, *, fine: bool = False) -> None:
        """Make the crossfade of the current edit one step longer (1) or shorter (-1)."""
        state, here = self._session.state, self._review.here()
        kind, now_ms = kind_of(state.proposals[here]), fade_ms_of(state, here) or 0.0
        step_ms = 0.0 if kind.fade is None else kind.fade.fine_step if fine else kind.fade.step
        # onto whole steps, from any length it was proposed with
        steps = (np.floor if direction > 0 else np.ceil)(round(now_ms / (step_ms or 1.0), 6))
        self._apply(change_fade(state, here, float(steps + direction) * step_ms))

    def _drag_fade(self, proposal_id: str, fade_ms: float) -> None:
        self._apply(change_fade(self._session.state, proposal_id, fade_ms))

    def ask(self) -> None:
        """Ask for the amount of the current edit, with the present one as default."""
        state, here = self._session.state, self._review.here()
        amount, value = amount_of(state, here)
        title = kind_of(state.proposals[here]).title
        length_s = samples_to_s(state.length_samples, state.rate_hz)
        at = format_time(samples_to_s(state.span(here)[0], state.rate_hz), 1)
        said = f"{title} at {at}. It stays one edit: undo brings the number before back."
        number = asked(amount, value, length_s)
        # An amount set without the form may have more decimals than it shows.
        number = replace(number, value=round(value, amount.decimals))

        def outlook(values: tuple[float, ...]) -> str:
            same = values[0] == number.value
            return "" if same else length_ahead(state, change_amount(state, here, values[0]))

        form = NumbersForm(self._look.theme, [number], said, outlook)
        values = form_dialogs.ask_numbers(self._window, title, form, "Change")
        if values is not None and values[0] != number.value:
            self._apply(change_amount(state, here, values[0]))

    def fill(self) -> None:
        """Fill the current mute with the selection as its room tone."""
        span = self._selecting.required()
        self._apply(change_filling(self._session.state, self._review.here(), *span))
        self._selecting.let_go()

    def _apply(self, edit: Edit) -> None:
        self.said.emit(self._session.apply(edit).label)
        if self._transport.is_auditioning:
            self._transport.play_preview(self._review.here())


class SpanClipboard:
    """Holds one copied span of the open document.

    Parameters
    ----------
    say : takes a message about the result
    """

    def __init__(
        self, session: Session, transport: Transport, editing: ByHand, say: Callable[[str], object]
    ) -> None:
        self._session, self._transport, self._editing, self._say = session, transport, editing, say
        session.replaced.connect(self.clear)
        self.clear()

    def clear(self) -> None:
        """Forget the copied span."""
        self._clip: CopiedSpan | None = None

    def copy(self) -> None:
        """Copy the selected span.

        Raises
        ------
        UsageError : nothing is selected, or on some tracks alone
        """
        self._clip = CopiedSpan(*self._editing.required_of_all("repeat"))
        start, stop = self._clip.span
        length_s = samples_to_s(stop - start, self._session.state.rate_hz)
        self._say(f"Copied {length_words(length_s)}. Paste it at the playhead ‹hand.paste›")

    def cut(self) -> None:
        """Copy the selected span and cut it; raises as `copy` does."""
        span = self._editing.required_of_all("move")
        self._clip = CopiedSpan(*span, self._editing.cut())

    def paste(self) -> None:
        """Play the copied span from the playhead on; one that was cut is moved there, once.

        Raises
        ------
        UsageError : nothing was copied, or it cannot be played there
        """
        if self._clip is None:
            raise UsageError("Nothing copied yet. Select a span and copy it first ‹hand.copy›.")
        made = paste(self._session.state, self._clip, self._transport.playhead_samples)
        self._editing.make(*made)
        self._clip = CopiedSpan(*self._clip.span)


class ByHand(QObject):
    """Makes an edit of the selection, chooses it in the queue, and clears the selection.

    Signals
    -------
    said, refused : message about the result, or the reason of a refusal
    shown(words, tracks, length) : the selection or nothing, the tracks that would be edited, its length
    """

    said = Signal(str)
    refused = Signal(str)
    shown = Signal(str, str, str)

    def __init__(self, window: QWidget, shell: Shell, tracks: Tracks, clips: Clips) -> None:
        super().__init__(window)
        self._window, self._session, self._transport = window, shell.session, shell.transport
        self._review, self._selecting, self._tracks = shell.review, shell.selecting, tracks
        self._clips, self._look = clips, shell.look
        self.clipboard: SpanClipboard = SpanClipboard(self._session, self._transport, self, self.said.emit)
        self._selecting.changed.connect(self._show)
        canvas = shell.timeline.canvas
        canvas.selection_slipped.connect(reporting_refusals(self.slip_by, self.refused.emit))
        canvas.selection_moved.connect(reporting_refusals(self.move_to, self.refused.emit))

    def toggle_tracks(self) -> None:
        """Let the span be of the selected tracks only, or of all again."""
        self._tracks.selected()
        self._selecting.toggle_all()
        self._say_tracks()

    def add_track(self) -> None:
        """Add the next track to the selected ones."""
        self._selecting.add_next_track()
        self._say_tracks()

    def _say_tracks(self) -> None:
        self.said.emit(f"The selection is of {self._selecting.tracks_words}")

    def cut(self) -> str:
        """Leave the selected span out of the result; return the id of the cut."""
        return self._make("cut", cut_payload(self._session.state))

    def cut_or_delete(self) -> None:
        """Cut the selected span, else remove the selected clips, else delete the selected edits."""
        if self._selecting.span is not None:
            self.cut()
        elif self._selecting.selected.clips:
            self._clips.remove()
        else:
            self.delete()

    def delete(self) -> None:
        """Remove own edits and reject other proposals: the selected rows of the queue, else the current one.

        Raises
        ------
        UsageError : no edit is selected or current, or the user did not choose the current one
        """
        review, state = self._review, self._session.state
        ids = tuple(key for key in review.ids if key in review.selected)
        if not ids and (review.current is None or review.current not in review.ids):
            raise UsageError("No selection. Drag in a lane, or choose an edit in the queue.")
        if not ids and review.is_led:
            raise UsageError("Choose this proposal first with a click, or reject it ‹review.reject›.")
        ids = ids or (review.here(),)
        edit = delete_edits(state, ids)
        removed = {key for key in ids if state.proposals[key].maker == BY_HAND}
        moves_on = review.current in removed
        onward = review.neighbour_of(removed) if moves_on else review.current
        self._session.apply(edit)
        (review.lead_to if moves_on else review.choose)(onward)
        self.said.emit(edit.label)

    def duplicate(self) -> None:
        """Repeat the selected span right after itself, and keep it selected; else duplicate the clips."""
        if self._selecting.span is None and self._selecting.selected.clips:
            self._clips.duplicate()
            return
        span = self.required_of_all("repeat")
        self._require_in_step(span, ())
        edit, own = duplicate(self._session.state, *span)
        self.make(edit, own, lets_go=False)

    def split(self) -> None:
        """Split an own edit at the playhead in two, else the region there.

        Raises
        ------
        UsageError : no recording, or neither is there
        """
        state, at = self._session.state, self._transport.playhead_samples
        require_recording(state, "split")
        if (made := split_edit(state, at, self._review.current)) is not None:
            self.make(*made, lets_go=False)
        elif (parted := split_region(state, at)) is not None:
            self.said.emit(self._session.apply(parted).label)
        else:
            raise UsageError(
                f"No edit of yours and no region at {format_time(samples_to_s(at, state.rate_hz), 1)}. "
                "Split the clip there ‹clips.split›, or add a marker ‹marker.add›."
            )

    def ripple(self) -> None:
        """Cut the selected span from the selected tracks; their later sound moves earlier.

        Raises
        ------
        UsageError : nothing is selected, or on all tracks
        """
        self._selecting.required()
        if not self._selecting.tracks:
            raise UsageError(
                "A ripple cut is of some tracks: select those ‹hand.tracks›, or cut all tracks ‹hand.cut›."
            )
        self._make("ripple", ripple_payload())

    def keep(self) -> None:
        """Hold the selected span against every cut."""
        self._make("keep", {})

    def mute(self) -> None:
        """Fill the selected span with room tone where there is any near, else with silence."""
        span = self._selecting.required()
        self._make(
            "mute", mute_payload(self._session.state, self._session.media, span, self._selecting.tracks)
        )

    def repeat(self) -> None:
        """Ask for the number of plays of the selected span."""
        span, state = self.required_of_all("repeat"), self._session.state
        length = format_time(samples_to_s(span[1] - span[0], state.rate_hz), 1)

        def outlook(values: tuple[float, ...]) -> str:
            edit, _ = edit_by_hand(state, "repeat", *span, repeat_payload(int(values[0])))
            return length_ahead(state, edit)

        times = self._ask("repeat", 2, f"Number of times the selection ({length}) plays.", outlook)
        if times is not None:
            self._make("repeat", repeat_payload(int(times)))

    def insert(self, *, has_tone: bool = False) -> None:
        """Ask for the length of silence, or of room tone, that is inserted at the playhead.

        It is of the tracks that the selection is of: all, or the selected ones.

        Raises
        ------
        UsageError : no recording, or no room tone near
        """
        state, at, tracks = self._session.state, self._transport.playhead_samples, self._selecting.tracks
        require_recording(state, "insert silence into")
        self._require_in_step((at, at), tracks)
        media = self._session.media
        payload = insert_payload(state, media, at, state.rate_hz, has_tone=has_tone, tracks=tracks)

        def made(length_s: float) -> tuple[Edit, Proposal]:
            asked = {**payload, LENGTH_SAMPLES: max(1, s_to_samples(length_s, state.rate_hz))}
            return edit_by_hand(state, "insert", at, at, asked, tracks)

        def outlook(values: tuple[float, ...]) -> str:
            return length_ahead(state, made(values[0])[0])

        filled = "Room tone" if has_tone else "Silence"
        place = format_time(samples_to_s(at, state.rate_hz), 1)
        where = self._selecting.tracks_words
        said = f"{filled} on {where} before {place} of the recording. The rest moves later."
        length_s = self._ask("insert", 1.0, said, outlook)
        if length_s is not None:
            edit, proposal = made(length_s)
            self.make(edit, proposal.id, lets_go=False)

    def move(self) -> None:
        """Ask where the selected span comes back."""
        self.required_of_all("move")
        state = self._session.state
        here_s = samples_to_s(self._transport.playhead_samples, state.rate_hz)
        said = "Moves the selection before this position of the recording. Write it as 2:50.5, or in seconds."
        to_s = self._ask("move", round(here_s, 3), said)
        if to_s is not None:
            self.move_to(s_to_samples(to_s, state.rate_hz))

    def move_here(self) -> None:
        """Bring the selected span back before the playhead."""
        self.move_to(self._transport.playhead_samples)

    def move_to(self, to_samples: int) -> None:
        """Bring the selected span back before a moment of the recording."""
        self._require_in_step((to_samples, to_samples), ())
        self._make("move", move_payload(to_samples))

    def slip(self) -> None:
        """Ask how far the selected span slips in time."""
        self._selecting.required()
        said = f"Moves the sound of {self._selecting.tracks_words} later inside the selection."
        by_ms = self._ask("slip", 10, f"{said} A number below 0 moves it earlier.")
        if by_ms is not None:
            self._make("slip", slip_payload(by_ms / 1000.0, self._session.state.rate_hz))

    def slip_by(self, by_samples: int) -> None:
        """Slip the selected span by a number of samples."""
        rate_hz = self._session.state.rate_hz
        self._make("slip", slip_payload(by_samples / rate_hz, rate_hz))

    def gain(self) -> None:
        """Ask for the gain of the selected span."""
        self._selecting.required()
        said = f"Of {self._selecting.tracks_words}. Below 0 is quieter, above 0 louder."
        gain_db = self._ask("gain", -3, said)
        if gain_db is not None:
            self._make("gain", gain_payload(gain_db))

    def fade_ends(self) -> None:
        """Ask for the lengths of the fades where the result begins and ends; those there are are replaced."""
        state = self._session.state
        require_ends(state)
        in_ms, out_ms = fades_ms(state) or (USUAL_IN_MS, USUAL_OUT_MS)
        numbers = [
            Number(f"{label}, milliseconds", value, 0, LONGEST_FADE_MS, decimals=1, step=10)
            for label, value in (("Fade &in", in_ms), ("Fade &out", out_ms))
        ]
        said = "Each fade is a gain edit on all tracks. It replaces an earlier one; 0 for none."

        def outlook(values: tuple[float, ...]) -> str:
            _, made = fade_ends(state, *values)
            at = [format_time(samples_to_s(one.start_samples, state.rate_hz), 1) for one in made]
            return f"From {' and '.join(at)} of the recording."

        form = NumbersForm(self._look.theme, numbers, said, outlook)
        values = form_dialogs.ask_numbers(self._window, "Fade in and out", form, "Fade")
        if values is not None:
            edit, made = fade_ends(state, *values)
            self.make(edit, made[-1].id, lets_go=False)

    def _show(self) -> None:
        selecting = self._selecting
        self.shown.emit(selecting.words, selecting.tracks_briefly, selecting.length_words)

    def _ask(
        self, name: str, value: float, said: str, outlook: Callable[[tuple[float, ...]], str] = lambda _: ""
    ) -> float | None:
        kind, state = KINDS[name], self._session.state
        assert kind.amount is not None
        length_s = samples_to_s(state.length_samples, state.rate_hz)
        form = NumbersForm(self._look.theme, [asked(kind.amount, value, length_s)], said, outlook)
        values = form_dialogs.ask_numbers(self._window, kind.title, form, kind.title)
        return values[0] if values else None

    def required_of_all(self, name: str) -> tuple[int, int]:
        """Return the selected span for edits of timing, which apply to all tracks, so all must be selected.

        Raises
        ------
        UsageError : nothing is selected, or on some tracks alone
        """
        span = self._selecting.required()
        if self._selecting.tracks:
            raise UsageError(
                f"To {KINDS[name].verb} changes when all tracks sound, and {self._selecting.tracks_words} "
                "is selected: select all tracks ‹hand.tracks›, or mute these ‹hand.mute›."
            )
        return span

    def _make(self, name: str, payload: Payload) -> str:
        if not KINDS[name].is_of_tracks:
            self.required_of_all(name)
        span, tracks = self._selecting.required(), self._selecting.tracks
        self._require_in_step(span, tracks)
        edit, proposal = edit_by_hand(self._session.state, name, *span, payload, tracks)
        self.make(edit, proposal.id)
        return proposal.id

    def _require_in_step(self, span: tuple[int, int], tracks: Sequence[str]) -> None:
        """Refuse an edit of a span that the result plays at other times on some of its tracks, or of all."""
        result, state = self._transport.edit_list, self._session.state
        moved = [] if result is None else result.tracks_out_of_step(*span)
        names = [one.name for one in state.tracks if one.id in moved and (not tracks or one.id in tracks)]
        if names:
            verb = "play" if names[1:] else "plays"
            raise UsageError(
                f"{listed([quoted(name) for name in names])} {verb} at another time than the rest, after a "
                "ripple cut or an insert: edit the selection in the source ‹transport.source_result›."
            )

    def make(self, edit: Edit, proposal_id: str, *, lets_go: bool = True) -> None:
        """Make an edit by hand and choose it in the queue; the view stays where it is.

        Parameters
        ----------
        lets_go : whether nothing is selected any more
        """
        self._session.apply(edit)
        if lets_go:
            self._selecting.let_go()
        self._review.choose(proposal_id)
        state = self._session.state
        more = (taken_in_sentence(state, proposal_id), conflict_sentence(state, proposal_id))
        said = " ".join(filter(None, more))
        self.said.emit(f"{edit.label}. {said}" if said else edit.label)
