"""Names of recordings tell what their microphones stood at."""

from __future__ import annotations

import pytest

from engine.document.analysis import Role
from engine.recordings.stated.names import kit_of_names, role_of_name


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("KdrumR", Role.KICK),
        ("01_Kick In", Role.KICK),
        ("bass drum", Role.KICK),
        ("Snare_bottom", Role.SNARE),
        ("SnareTop", Role.SNARE),
        ("SN btm", Role.SNARE),
        ("Hihat", Role.HAT),
        ("Hi-Hat", Role.HAT),
        ("HH", Role.HAT),
        ("Tom4", Role.TOM),
        ("floor tom", Role.TOM),
        ("RideR", Role.CYMBAL),
        ("OHL", Role.OVERHEAD),
        ("Overheads-R", Role.OVERHEAD),
        ("AmbL", Role.ROOM),
        ("Room far", Role.ROOM),
        ("Große Trommel", Role.KICK),
        ("Kleine Trommel oben", Role.SNARE),
        ("Hängetom", Role.TOM),
        ("Becken L", Role.CYMBAL),
        ("Raum", Role.ROOM),
        ("Caja", Role.SNARE),
        ("Bombo", Role.KICK),
        ("Aéreos", Role.OVERHEAD),
        ("Caisse claire", Role.SNARE),
        ("Charley", Role.HAT),
        ("Bass DI", None),
        ("Vocals", None),
        ("Guitar", None),
        ("hotel", None),
        ("take 12", None),
        ("", None),
    ],
)
def test_a_name_tells_what_its_microphone_stands_at(name: str, role: Role | None) -> None:
    assert role_of_name(name) is role


def test_a_kit_is_three_or_more_of_them() -> None:
    kit = kit_of_names(["Kick", "Snare", "OHL", "OHR", "Vocals"])
    assert kit == {"Kick": Role.KICK, "Snare": Role.SNARE, "OHL": Role.OVERHEAD, "OHR": Role.OVERHEAD}
    assert not kit_of_names(["Kick", "Snare", "Vocals"])
    assert not kit_of_names(["Room L", "Room R", "Amb"])
    assert not kit_of_names([])
