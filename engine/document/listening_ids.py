"""Inputs of analysis: the same sound gives analyses with the same ids."""

from __future__ import annotations

from engine.document.document import analysis_id
from engine.document.state import DocumentState
from engine.document.takes import TAKES, TAKES_MAKER
from engine.document.tracks.track import audible

LISTENING_MAKER = "offcut-listening-2"
"""The maker of `Listening` and beats; the first detected no dead air and no faults of channels."""


def mix_inputs(state: DocumentState) -> list[tuple[object, ...]]:
    """Return the inputs of the analysed mix."""
    return [(*state.recorded(track), track.gain_db) for track in audible(state.tracks)]


def listening_ids(state: DocumentState) -> dict[str, str]:
    """Return the ids of the beats and the onsets that listening to the document as it is gives."""
    return {kind: analysis_id(kind, mix_inputs(state)) for kind in ("beats", "listening")}


def takes_id(state: DocumentState) -> str:
    """Return the id of the takes that a search of the document as it is finds."""
    return analysis_id(TAKES, TAKES_MAKER, mix_inputs(state))
