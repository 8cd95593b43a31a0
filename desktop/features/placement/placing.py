"""Places of recordings: the user confirms those of an import, and has clips lined up by their sound."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Protocol

from PySide6.QtWidgets import QWidget

from desktop.features.placement.places_form import PlacesForm
from desktop.shell.dialogs.form_dialogs import ask
from desktop.shell.shell import Shell
from desktop.shell.user_settings.preferences import Look
from desktop.timeline.clips import Clips
from engine.core.errors import UsageError
from engine.document.analysis import require_recording
from engine.document.tracks import source_length_samples
from engine.features.placement.line_up import LineUpRequest, line_up_edit, places_again
from engine.recordings.stated.placements import Placements


class Parts(Shell, Protocol):
    """The parts of a window that these functions use."""

    clips: Clips


def ask_places(
    parent: QWidget,
    look: Look,
    places: Placements,
    lengths_samples: Sequence[int],
    do: str = "Import",
    *,
    names_are_fixed: bool = False,
) -> Placements | None:
    """Ask where files are placed; None if cancelled. The parameters are those of `PlacesForm`."""
    form = PlacesForm(look.theme, places, lengths_samples, names_are_fixed=names_are_fixed)
    return form.values() if ask(parent, "Places of the recordings", form, form.problem, do) else None


def line_up(parts: Parts) -> None:
    """Look for the places of the chosen clips, else of all, by their sound and stated times."""
    state, chosen = parts.session.state, parts.selecting.selected.clips
    require_recording(state, "line up")
    every = tuple(clip.id for track in state.tracks for clip in track.clips)
    request = LineUpRequest(state, parts.session.media, chosen if len(chosen) > 1 else every)
    parts.work.read(places_again, request, "Comparing sound", partial(_lined_up, parts, request))


def _lined_up(parts: Parts, request: LineUpRequest, places: Placements) -> None:
    state = parts.session.state
    if state.tracks != request.state.tracks:
        raise UsageError("The clips changed meanwhile. Line them up again ‹clips.line_up›.")
    lengths = [source_length_samples(state.sources[key], state.rate_hz) for key in request.sources]
    window = parts.timeline.window()
    chosen = ask_places(window, parts.look, places, lengths, "Line up", names_are_fixed=True)
    if chosen is not None:
        parts.clips.apply(line_up_edit(replace(request, state=state), chosen))
