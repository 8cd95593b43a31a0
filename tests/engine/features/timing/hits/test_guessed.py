"""Roles guessed by sound are reported with the names of their tracks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.document.analysis import Hits, Role
from engine.document.state import DocumentState
from engine.features.timing.hits.membership import guessed_roles_sentence
from tests.engine.features.timing.hits.played import played


def _document(names: dict[str, str], roles: dict[str, str]) -> DocumentState:
    _, state, _ = played(8)
    tracks = [
        replace(one, name=names.get(one.id, one.name), role=roles.get(one.id, "")) for one in state.tracks
    ]
    return replace(state, tracks=tuple(tracks))


def _hits(**guessed: tuple[Role, float]) -> Hits:
    hits, _, _ = played(8)
    return replace(
        hits,
        roles=tuple(
            guessed[key][0] if key in guessed else role
            for key, role in zip(hits.track_ids, hits.roles, strict=True)
        ),
        role_confidences=np.array([guessed.get(key, (None, 1.0))[1] for key in hits.track_ids], np.float32),
    )


def test_names_and_the_user_are_not_guesses() -> None:
    assert not guessed_roles_sentence(_document({"OHL": "Side"}, {"OHL": "overhead"}), _hits())
    assert not guessed_roles_sentence(_document({}, {}), None)


@pytest.mark.parametrize(
    ("confidence", "word"), [(0.9, "Guessed by sound: Window (room)."), (0.4, "Uncertain: Window (room).")]
)
def test_guesses_are_named_with_their_confidence(confidence: float, word: str) -> None:
    state = _document({"OHL": "Window"}, {"OHL": "drums"})
    assert guessed_roles_sentence(state, _hits(OHL=(Role.ROOM, confidence))).startswith(word)


def test_a_microphone_whose_sound_shows_no_drum_is_reported() -> None:
    sentence = guessed_roles_sentence(_document({"Hat": "Audio 3"}, {}), _hits(Hat=(Role.OTHER, 0.0)))
    assert sentence.startswith("Not recognised by sound: Audio 3.")


def test_hits_of_before_have_confident_roles() -> None:
    hits, _, _ = played(8)
    assert hits.role_confidences.tolist() == [1.0] * len(hits.track_ids)
