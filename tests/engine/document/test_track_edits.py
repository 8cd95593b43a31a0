"""What users change of tracks: what the edits are called, what they refuse and what they leave alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.core.errors import UsageError
from engine.document.document import Document
from engine.document.edits.tracks import add_tracks, move_track, remove_track, set_group, set_track, track_of
from engine.document.state import DocumentState
from engine.document.tracks import Clip, Picture, Track
from tests.engine.document.conftest import a_source
from tests.sources import each_alone, one_source_track

NAMES = ("kick", "snare", "room", "bass")


def band(**values: Any) -> DocumentState:
    """Four tracks of one recording; kick and snare are the group Drums."""
    source = a_source("one")
    tracks = tuple(
        one_source_track(name, source, name.capitalize(), place, group="Drums" if place < 2 else "", **values)
        for place, name in enumerate(NAMES)
    )
    return DocumentState(48_000, {"one": source}, tracks)


def after(state: DocumentState, edit: Any) -> dict[str, Track]:
    """Return the tracks by id once an edit is made."""
    made = {track.id: track for track in state.tracks}
    for change in edit.changes:
        made[change.key] = change.after
    return made


@pytest.mark.parametrize(
    ("values", "label"),
    [
        ({"name": "Snare top"}, "Renamed Bass to Snare top"),
        ({"mute": True}, "Muted Bass"),
        ({"solo": True}, "Soloed Bass"),
        ({"gain_db": -1.5}, "Gain of Bass: −1.5 dB"),
        ({"pan": 0.3}, "Pan of Bass: 30 % right"),
        ({"pan": -1.0}, "Pan of Bass: 100 % left"),
        ({"color": "#5fa8b5"}, "Coloured Bass"),
        ({"group": "Drums"}, "Put Bass into group Drums"),
        ({"role": "bass"}, "Role of Bass: bass"),
        ({"height_px": 90}, "Lane of Bass: 90 px high"),
        ({"is_collapsed": True}, "Collapsed Bass"),
        ({"channels_open": False}, "Closed Bass into one row"),
        ({"picture": Picture.SPECTROGRAM}, "Bass drawn as spectrogram"),
        ({"clips": (Clip("c", "one", 5, 0, 9),)}, "Set clips of Bass"),
        ({"height_px": 90, "is_collapsed": False}, "Lane of Bass: 90 px high"),
        ({"is_collapsed": True, "height_px": 0}, "Collapsed Bass"),
        ({"group": "Low", "color": "#5fa8b5"}, "Put Bass into group Low"),
    ],
)
def test_an_edit_says_what_happened(values: dict[str, Any], label: str) -> None:
    state = band()
    edit = set_track(state, "bass", **values)
    assert edit.label == label
    assert {field: getattr(after(state, edit)["bass"], field) for field in values} == values
    assert not edit.merges_as


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"name": " "}, "needs a name"),
        ({"gain_db": 30.0}, r"\+30.0 dB is out of reach; choose −60.0 dB to \+24.0 dB"),
        ({"gain_db": float("nan")}, "out of reach"),
        ({"pan": -1.01}, "choose 100 left to 100 right"),
        ({"color": "red"}, "'red' is not a colour"),
        ({"height_px": -1}, "cannot be -1 px high"),
    ],
)
def test_what_cannot_be_is_refused(values: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        set_track(band(), "bass", **values)
    with pytest.raises(UsageError, match="no track 'tuba'"):
        set_track(band(), "tuba", mute=True)


def test_a_group_has_one_colour() -> None:
    state = band()
    coloured = set_track(state, "kick", color="#c9a24b")
    assert coloured.label == "Coloured group Drums"
    assert [track.color for track in after(state, coloured).values()] == ["#c9a24b", "#c9a24b", "", ""]
    state = DocumentState(48_000, state.sources, tuple(after(state, coloured).values()))
    joined = after(state, set_track(state, "room", group="Drums"))["room"]
    assert (joined.group, joined.color) == ("Drums", "#c9a24b")
    left = set_track(state, "snare", group="")
    assert left.label == "Took Snare out of group Drums"
    assert after(state, left)["snare"].color == ""


def test_a_track_keeps_its_colour_in_a_group_of_its_own() -> None:
    state = band(color="#5fa8b5")
    assert after(state, set_track(state, "bass", group="Low"))["bass"].color == "#5fa8b5"


def test_mute_and_solo_for_the_whole_group() -> None:
    state = band()
    edit = set_group(state, "snare", mute=True)
    assert edit.label == "Muted group Drums"
    assert [track.mute for track in after(state, edit).values()] == [True, True, False, False]
    assert set_group(state, "bass", solo=True) == set_track(state, "bass", solo=True)


@pytest.mark.parametrize(
    ("track", "place", "order", "label"),
    [
        ("kick", 1, "snare kick room bass", "Moved Kick below Snare"),
        ("bass", 0, "bass kick snare room", "Moved Bass to the top"),
        ("snare", 99, "kick room bass snare", "Moved Snare below Bass"),
        ("room", -1, "room kick snare bass", "Moved Room to the top"),
        ("room", 2, "kick snare room bass", "Moved Room below Snare"),
    ],
)
def test_a_track_is_moved(track: str, place: int, order: str, label: str) -> None:
    state = band()
    edit = move_track(state, track, place)
    assert edit.label == label
    moved = after(state, edit)
    assert sorted(moved, key=lambda name: moved[name].position) == order.split()
    assert sorted(one.position for one in moved.values()) == [0, 1, 2, 3]
    assert (not edit.changes) == (order.split() == list(NAMES))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(NAMES), st.integers(-1, 4), st.booleans()), max_size=12))
def test_places_stay_a_row_without_gaps(moves: list[tuple[str, int, bool]]) -> None:
    state = band()
    for name, place, is_removed in moves:
        if name not in {track.id for track in state.tracks}:
            continue
        edit = remove_track(state, name) if is_removed else move_track(state, name, place)
        rows = after(state, edit)
        kept = sorted((row for row in rows.values() if isinstance(row, Track)), key=lambda row: row.position)
        state = DocumentState(48_000, state.sources, tuple(kept))
        assert [track.position for track in state.tracks] == list(range(len(state.tracks)))


def test_a_drag_is_one_step_and_the_next_one_another(document: Document) -> None:
    before = document.state
    for run, values in (("drag 1", (-1.0, -2.0, -3.5)), ("drag 2", (-4.0, -6.0))):
        for gain_db in values:
            document.apply(set_track(document.state, "track-one", gain_db=gain_db, run=run))
    document.undo()
    assert track_of(document.state, "track-one").gain_db == -3.5
    document.undo()
    assert document.state == before


def test_runs_of_different_fields_and_tracks_stay_apart(document: Document) -> None:
    for track_id, values in (
        ("track-one", {"pan": 0.1}),
        ("track-two", {"pan": 0.1}),
        ("track-two", {"gain_db": 1.0}),
    ):
        document.apply(set_track(document.state, track_id, run="keys", **values))
    assert [step.label for step in document.steps()][-3:] == [
        "Pan of Kick: 10 % right",
        "Pan of Room: 10 % right",
        "Gain of Room: +1.0 dB",
    ]


def test_the_microphones_of_a_kit_become_one_group() -> None:
    names = ("Kick", "Snare", "OHL", "Vocals")
    kit = {"Kick": "kick", "Snare": "snare", "OHL": "overhead"}
    edit = add_tracks(DocumentState(), each_alone([a_source(name) for name in names], names), 48_000, kit)
    made = {
        track.name: (track.group, track.role)
        for track in after(DocumentState(), edit).values()
        if isinstance(track, Track)
    }
    assert made == {
        "Kick": ("Drums", "kick"),
        "Snare": ("Drums", "snare"),
        "OHL": ("Drums", "overhead"),
        "Vocals": ("", ""),
    }
    assert edit.label == "Imported 4 recordings, 3 as group Drums"
    names = (("Kick", "/take.wav#ch1"), ("Snare", "/take.wav#ch2"))
    channels = [replace(a_source(name), path=path) for name, path in names]
    split = add_tracks(DocumentState(), each_alone(channels, ["Kick", "Snare"]))
    assert split.label == "Imported 1 recording on 2 tracks"
    second = add_tracks(band(), each_alone([a_source("Kick 2")], ["Kick 2"]), kit={"Kick 2": "kick"})
    assert second.label == "Imported Kick 2 as group Drums 2"


def test_a_third_kit_has_a_third_name() -> None:
    state = band()
    other = replace(state.tracks[0], id="other", group="Drums 2")
    both = replace(state, tracks=(*state.tracks, other))
    third = add_tracks(both, each_alone([a_source("Kick 3")], ["Kick 3"]), kit={"Kick 3": "kick"})
    assert third.label == "Imported Kick 3 as group Drums 3"
