"""Names of tracks in little room."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from widgets.timeline.heads.head import fitted, shared_letters

TAKE = "Rehearsal 2024-05-01 Drums "


def shown(names: list[str], room: int) -> list[str]:
    """Return names as they fit into so many letters."""
    pairs = zip(names, shared_letters(names), strict=True)
    return [fitted(name, shared, room, len) for name, shared in pairs]


def test_what_siblings_share_is_trimmed_in_the_middle() -> None:
    names = [f"{TAKE}{mic}" for mic in ("Kick", "Snare top", "OH L", "OH R")] + ["Vocals"]
    assert shown(names, 15) == ["Reh…Kick", "Reh…Snare top", "Reh…OH L", "Reh…OH R", "Vocals"]
    assert shown(names, 60) == names, "all of it where there is room"
    assert shown(names, 10) == ["Reh…Kick", "…Snare top", "Reh…OH L", "Reh…OH R", "Vocals"]


@pytest.mark.parametrize(
    "names",
    [
        ["Rehearsal of the first of May"],
        ["Guitar left and right", "Guitars of the second take"],
        ["OH L of the drum kit", "OH R of the drum kit"],
        ["A very long name of a track", "Another very long name of a track"],
        ["the same long name", "the same long name"],
        [""],
    ],
)
def test_names_that_share_no_words_are_left(names: list[str]) -> None:
    assert shown(names, 5) == names


@pytest.mark.parametrize("gap", [" ", "_", "-", ".", " - "])
def test_words_end_at_what_names_of_files_part_them_by(gap: str) -> None:
    names = [gap.join(("session", "07", part)) for part in ("bass", "keys")]
    assert shown(names, 8) == ["ses…bass", "ses…keys"]


@given(st.lists(st.text("ab _-", max_size=30), max_size=8), st.integers(1, 40))
def test_what_tells_names_apart_stays(names: list[str], room: int) -> None:
    for name, shared in zip(names, shared_letters(names), strict=True):
        assert name[:shared].endswith((" ", "_", "-")) or not shared
        assert fitted(name, shared, room, len).endswith(name[shared:])
