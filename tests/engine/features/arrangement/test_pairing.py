"""Names say which file was made of which recording; where they do not, nothing is guessed."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.features.arrangement.finder.requests import guessed_pairs


def guessed(*names: str) -> list[tuple[tuple[str, ...], str | None]]:
    found = guessed_pairs([Path(name) for name in names])
    return [
        (tuple(str(raw) for raw in one.raws), None if one.edited is None else str(one.edited))
        for one in found
    ]


@pytest.mark.parametrize(
    ("names", "pairs"),
    [
        (("jam1 raw.flac", "jam1 edit.wav"), [(("jam1 raw.flac",), "jam1 edit.wav")]),
        (("jam1.flac", "jam1_edited.wav"), [(("jam1.flac",), "jam1_edited.wav")]),
        (("monday_raw.wav", "monday.wav"), [(("monday_raw.wav",), "monday.wav")]),
        (("raw/monday.wav", "edited/monday.wav"), [(("raw/monday.wav",), "edited/monday.wav")]),
        (("monday.wav", "monday radio.wav"), [(("monday.wav",), "monday radio.wav")]),
        (
            ("may 1 raw.wav", "may 2 raw.wav", "may 1 final.wav", "may 2 final.wav"),
            [(("may 1 raw.wav",), "may 1 final.wav"), (("may 2 raw.wav",), "may 2 final.wav")],
        ),
        (
            ("monday take 1.wav", "tuesday edit.wav"),
            [((), "tuesday edit.wav"), (("monday take 1.wav",), None)],
        ),
        (("monday.wav", "tuesday.wav"), [((), "monday.wav"), ((), "tuesday.wav")]),
        (("a/monday.wav", "b/monday.wav"), [((), "a/monday.wav"), ((), "b/monday.wav")]),
        (("raw.wav", "edit.wav"), [((), "edit.wav"), (("raw.wav",), None)]),
        ((), []),
    ],
)
def test_files_are_put_together_where_their_names_say_so(
    names: tuple[str, ...], pairs: list[tuple[tuple[str, ...], str | None]]
) -> None:
    assert sorted(guessed(*names), key=str) == sorted(pairs, key=str)
