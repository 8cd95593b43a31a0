"""Sentence that names the roles of microphones that were guessed by sound."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from engine.core.wording import listed
from engine.document.drums.edits import role_of
from engine.document.drums.hits import Hits, Role
from engine.document.state import DocumentState
from engine.recordings.microphone_names import is_other_instrument, role_of_name

_SURE, _UNCERTAIN, _UNKNOWN = "Guessed by sound", "Uncertain", "Not recognised by sound"
SURE_OF_A_ROLE = 0.7
"""Of less confident guesses of a drum by sound, fewer than half are right."""


def guessed_roles_sentence(state: DocumentState, hits: Hits | None) -> str:
    """Report the roles that neither the user nor a name gave; empty without any.

    Uncertain guesses are named as such, and so are microphones that were not recognised.
    """
    groups: dict[str, dict[Role, list[str]]] = defaultdict(lambda: defaultdict(list))
    for name, role, confidence in _by_sound(state, hits):
        kind = _UNKNOWN if role is Role.OTHER else _SURE if confidence >= SURE_OF_A_ROLE else _UNCERTAIN
        groups[kind][role].append(name)
    sentences = [
        f"{kind}: {_words(groups[kind])}." for kind in (_SURE, _UNCERTAIN, _UNKNOWN) if kind in groups
    ]
    return " ".join([*sentences, "Change a role in the menu of its track."] if sentences else [])


def _by_sound(state: DocumentState, hits: Hits | None) -> Iterator[tuple[str, Role, float]]:
    """Yield the name, role and confidence of each microphone that only its sound describes."""
    if hits is None or len(hits.track_ids) < 2:
        return
    tracks = {track.id: track for track in state.tracks}
    for key, role, confidence in zip(hits.track_ids, hits.roles, hits.role_confidences, strict=True):
        track = tracks.get(key)
        if track is None or role_of(track.role) is not None or is_other_instrument(track.name):
            continue
        if role_of_name(track.name) is None:
            yield track.name, role, float(confidence)


def _words(names: Mapping[Role, list[str]]) -> str:
    """Return "Side and Window (room); Bottom (snare)"."""
    return "; ".join(
        listed(of_role) + ("" if role is Role.OTHER else f" ({role})") for role, of_role in names.items()
    )
