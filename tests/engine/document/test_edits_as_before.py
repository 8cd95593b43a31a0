"""What every edit of a document changes, and what it says, stays what it was: the label and row by row.

Sentences are part of it, refusals too: they are what the status line says, and scripts read them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, replace

import numpy as np
import pytest

from engine.core.errors import OffcutError
from engine.document.analysis import Hits, Role, confirmed, sure_enough, taken
from engine.document.edits import analyses as drum_edits
from engine.document.edits import by_hand
from engine.document.edits import markers as marks
from engine.document.edits import tracks as track_edits
from engine.document.edits.by_hand import repair
from engine.document.edits.markers import NamedSpan
from engine.document.edits.proposals import (
    add_proposals,
    choose_alternative,
    decide,
    flag,
    flag_all,
    move_edges,
    move_sources,
    replace_proposals,
    set_analyses,
    set_document_note,
    set_note,
    set_settings,
)
from engine.document.edits.tracks import set_pictures
from engine.document.file.stored_audio import stored
from engine.document.kinds import KINDS
from engine.document.limits import LONGEST_NOTE
from engine.document.proposals import Alternative, Decision, Edited, Proposal, Verdict, proposal_id
from engine.document.state import DocumentState, Marker
from engine.document.table import table_of
from engine.document.tracks import Picture, Source
from tests.as_before import require_as_before
from tests.sources import begun_at, each_alone

RATE_HZ = 48_000
LENGTH = 600 * RATE_HZ
SILENCE = stored(np.zeros((4_800, 1), np.float32), RATE_HZ)
ACCEPTED, REJECTED, UNDECIDED = Verdict.ACCEPTED, Verdict.REJECTED, Verdict.UNDECIDED


def _source(key: str, frames: int = LENGTH, rate_hz: int = RATE_HZ, channels: int = 2) -> Source:
    return Source(key, f"/band/{key}.wav", f"hash-{key}", rate_hz, channels, frames, "WAV", "PCM_24")


def _proposal(
    key: str, kind: str, span: tuple[float, float], tracks: tuple[str, ...] = (), **payload: object
) -> Proposal:
    start, stop = (round(edge * RATE_HZ) for edge in span)
    ways = (
        Alternative("On the bar", start - 480, stop + 480),
        Alternative("Sooner", start - 960, stop, {"crossfade_ms": 7.0}),
    )
    return Proposal(key, kind, start, stop, 0.4 + start / LENGTH, "Why", "test", ways, payload, None, tracks)


def _session() -> DocumentState:
    """Four tracks, two of them a group; proposals of all kinds, some answered; markers and settings."""
    state = DocumentState(0)
    empty = track_edits.add_tracks(
        state,
        each_alone(
            [
                _source("one"),
                _source("two", LENGTH // 2),
                _source("three", 96_000, 44_100, 1),
                _source("four"),
            ],
            ["Kick", "Room", "Snare", "Voice"],
        ),
        kit={"one": "kick", "three": "snare"},
    )
    tracks = sorted(
        (row.after for row in empty.changes if row.key.startswith("track-")), key=lambda one: one.position
    )
    sources = {row.key: row.after for row in empty.changes if isinstance(row.after, Source)}
    made = (
        _proposal("c1", "cut", (10, 20), crossfade_ms=20.0),
        _proposal("c2", "cut", (40.5, 55)),
        _proposal("c3", "cut", (200, 260)),
        _proposal("k1", "keep", (12, 13)),
        _proposal("m1", "mute", (30, 31), ("track-one",), tone_start_samples=100, tone_stop_samples=5_000),
        _proposal("s1", "slip", (60, 61), ("track-two",), by_samples=96.0),
        _proposal("g1", "gain", (70, 80), gain_db=-3.0),
        _proposal("v1", "move", (100, 110), to_samples=9_600_000),
        _proposal("r1", "repeat", (120, 125), times=3),
        _proposal("h1", "hit", (130, 130.5), by_samples=-40.5, onset_samples=130 * RATE_HZ + 200),
        _proposal("x1", "unheard of", (140, 150)),
    )
    decisions = (
        Decision("c1", ACCEPTED, start_samples=470_000, stop_samples=970_000),
        Decision("c2", REJECTED, flagged=True),
        Decision("r1", ACCEPTED, payload={"times": 4}),
        Decision("v1", ACCEPTED),
        Decision("s1", UNDECIDED, note="late?", payload={"crossfade_ms": 3.0}, alternative=2),
    )
    return replace(
        state,
        rate_hz=RATE_HZ,
        sources=sources,
        tracks=tuple(tracks),
        proposals={one.id: one for one in made},
        decisions={one.proposal_id: one for one in decisions},
        markers={
            "marker-1": Marker("marker-1", 48_000, 48_000, "Marker 1"),
            "marker-4": Marker("marker-4", 96_000, 480_000, "Region 7"),
            "marker-9": Marker("marker-9", 960_000, 960_000, "Verse"),
        },
        settings={"rate_hz": RATE_HZ, "minimum_kept_s": 2.0},
        analyses={"beats": "beats-1"},
    )


STATE = _session()
EMPTY = DocumentState(0)
HITS = Hits(
    np.array([4_800.5, 4_900.0, 9_600.0, 20_000.0, 20_470.0]),
    np.array([0, 1, 0, 1, 0], np.int16),
    np.array([-3.0, -9.0, -6.0, -12.0, -20.0], np.float32),
    np.array([0, 0, 1, 2, 3], np.int32),
    np.array([0, 0, 1, 0, 0], np.int8),
    np.array([0.75, 0.5, 0.625, 0.25, 1.0], np.float32),
    ("track-one", "track-three"),
    (Role.KICK, Role.SNARE),
    np.array([0.0, 12.5]),
    "test",
    np.array([0.0, 10.0, 0.0, 5.0, 1.0], np.float32),
)
CONFIRMED = replace(
    taken(HITS, np.array([0, 2, 3])),
    onsets_samples=np.array([4_800.5 + 480.0, 9_600.0 - 480.5, 30_000.0]),
    track_ids=("track-three", "track-one"),
    tracks=np.array([1, 1, 0], np.int16),
)

Make = Callable[[], object]
TRACKS: Mapping[str, Make] = {
    "first import": lambda: track_edits.add_tracks(
        EMPTY, each_alone([_source("a", rate_hz=44_100), _source("b")], ["A", "B"])
    ),
    "first import at a rate": lambda: track_edits.add_tracks(
        EMPTY, each_alone([_source("a")], ["A"]), 44_100
    ),
    "another kit": lambda: track_edits.add_tracks(
        STATE, each_alone([_source("a"), _source("b")], ["A", "B"]), kit={"a": "tom", "b": "hat"}
    ),
    "part a kit": lambda: track_edits.add_tracks(
        STATE, each_alone([_source("a"), _source("b")], ["A", "B"]), kit={"b": "hat"}
    ),
    "twice": lambda: track_edits.add_tracks(STATE, each_alone([_source("one")], ["Kick"])),
    "remove": lambda: track_edits.remove_track(STATE, "track-two"),
    "remove none": lambda: track_edits.remove_track(STATE, "gone"),
    **{
        f"move {key} to {place}": lambda key=key, place=place: track_edits.move_track(
            STATE, f"track-{key}", place, "keys" if place else ""
        )
        for key in ("one", "three")
        for place in (-1, 0, 1, 2, 9)
    },
    "own colour": lambda: track_edits.set_track(STATE, "track-two", color="#5fa8b5"),
    "colour of the group": lambda: track_edits.set_track(STATE, "track-one", color="#5fa8b5", run="r"),
    "into the group": lambda: track_edits.set_track(STATE, "track-four", group="Drums"),
    "out of the group": lambda: track_edits.set_track(STATE, "track-one", group=""),
    "another group": lambda: track_edits.set_track(STATE, "track-one", group="Others"),
    "two fields": lambda: track_edits.set_track(STATE, "track-one", mute=False, solo=True),
    "of the group": lambda: track_edits.set_group(STATE, "track-one", gain_db=2.0, mute=True),
    "of no group": lambda: track_edits.set_group(STATE, "track-two", solo=True),
    "start": lambda: track_edits.set_track(
        STATE, "track-two", clips=begun_at(STATE.tracks[1], 5).clips, run="x"
    ),
    **{
        f"{name} {value!r}": lambda name=name, value=value: track_edits.set_track(
            STATE, "track-one", run="r", **{name: value}
        )
        for name, value in (
            ("name", " "),
            ("name", "Bass"),
            ("gain_db", -60.0),
            ("gain_db", 24.0),
            ("gain_db", 24.1),
            ("gain_db", -60.1),
            ("pan", 1.0),
            ("pan", -1.0),
            ("pan", 1.01),
            ("pan", -1.01),
            ("color", "#5fa8b"),
            ("color", ""),
            ("height_px", -1),
            ("height_px", 0),
            ("height_px", 90),
            ("mute", True),
            ("solo", True),
            ("role", ""),
            ("role", "tom"),
            ("is_collapsed", True),
            ("channels_open", False),
            ("channels_open", True),
            ("picture", Picture.SPECTROGRAM),
        )
    },
    "pictures": lambda: set_pictures(STATE, ("track-one", "track-two"), Picture.SPECTROGRAM),
    "moved": lambda: move_sources(STATE, {"one": "/b/one.wav", "two": "/band/two.wav"}),
    "moved none": lambda: move_sources(STATE, {"none": "/b/one.wav"}),
}

S = RATE_HZ
DECIDED: Mapping[str, Make] = {
    **{
        f"{verdict} {ids}": lambda verdict=verdict, ids=ids: decide(STATE, ids.split(), verdict)
        for verdict in Verdict
        for ids in ("", "c1", "c2 c3", "k1 x1 r1 c1", "none")
    },
    **{
        f"edges {span}": lambda span=span: move_edges(STATE, "c1", *span)
        for span in ((0, S), (-5, LENGTH + 5), (S, S), (S, S - 1), (470_000, 970_000), (S, S + 1))
    },
    **{
        f"way {key} {number}": lambda key=key, number=number: choose_alternative(STATE, key, number)
        for key in ("c1", "s1", "none")
        for number in (-1, 0, 1, 2, 3)
    },
    "flag": lambda: flag_all(STATE, ["c1", "c2"]),
    "unflag": lambda: flag(STATE, "c2", False),
    "flag none": lambda: flag_all(STATE, []),
    "note": lambda: set_note(STATE, "c1", "asks Ana"),
    "no note": lambda: set_note(STATE, "s1", ""),
    "the same note": lambda: set_note(STATE, "s1", "late?"),
    "the longest note": lambda: len(set_note(STATE, "s1", "a" * LONGEST_NOTE).changes),
    "too long a note": lambda: set_note(STATE, "s1", "a" * (LONGEST_NOTE + 1)),
    "document's note": lambda: set_document_note(STATE, "Thursday"),
    "no document's note": lambda: set_document_note(STATE, ""),
    "settings": lambda: set_settings(STATE, {"minimum_kept_s": 2.0, "new": [1]}, "Set"),
    "analyses": lambda: set_analyses(STATE, {"beats": "b2", "score": "s"}, "Heard", by_listening=True),
    "add": lambda: add_proposals(
        STATE,
        [_proposal("c1", "cut", (1, 2)), _proposal("c3", "cut", (1, 2)), _proposal("n", "cut", (3, 4))],
        "Added",
    ),
    **{
        f"replace {kinds} {makers}": lambda kinds=kinds, makers=makers: replace_proposals(
            STATE,
            [
                _proposal("c3", "cut", (200, 260)),
                _proposal("c2", "cut", (1, 2)),
                _proposal("n", "cut", (3, 4)),
            ],
            {"score": 0.5},
            "Again",
            "again",
            kinds,
            makers,
        )
        for kinds in ((), ("cut",), ("cut", "keep"))
        for makers in ((), ("test",), ("other",))
    },
}
MADE: Mapping[str, Make] = {
    **{
        f"{kind} {number}": lambda kind=kind, span=span, payload=payload, tracks=tracks: by_hand.edit_by_hand(
            STATE, kind, *span, payload, tracks
        )
        for number, (kind, span, payload, tracks) in enumerate(
            (
                ("cut", (-10, S), {}, ()),
                ("cut", (S, S + 48), {}, ()),
                ("cut", (S, S + 47), {}, ()),
                ("cut", (LENGTH - S, LENGTH + 9), {}, ()),
                ("cut", (S, 2 * S), {}, ("track-one",)),
                ("mute", (S, 2 * S), {}, ("gone",)),
                ("mute", (S, 2 * S), {}, ("track-one",)),
                ("mute", (S, 2 * S), {"tone_start_samples": LENGTH - S, "tone_stop_samples": LENGTH}, ()),
                ("mute", (S, 2 * S), {"tone_start_samples": LENGTH - S, "tone_stop_samples": LENGTH + 1}, ()),
                ("move", (S, 2 * S), {"to_samples": LENGTH}, ()),
                ("move", (S, 2 * S), {"to_samples": LENGTH + 1}, ()),
                ("move", (S, 2 * S), {"to_samples": S}, ()),
                ("move", (S, 2 * S), {"to_samples": 2 * S}, ()),
                ("move", (S, 2 * S), {"to_samples": 3 * S}, ()),
                ("repeat", (S, 2 * S), {"times": 10_000}, ()),
                ("repeat", (0, LENGTH), {"times": 9_999}, ()),
                ("slip", (S, 2 * S), {"by_samples": float(LENGTH)}, ()),
                ("slip", (S, 2 * S), {"by_samples": float(1 - LENGTH)}, ()),
                ("slip", (S, 2 * S), {"by_samples": 0.0}, ()),
                ("gain", (S, 2 * S), {"gain_db": 0.0}, ("track-two",)),
                ("gain", (S, 2 * S), {"gain_db": -6.0}, ("track-two", "track-one")),
                ("recorder", (0, LENGTH), {"by_samples": 5.5, "drift_ppm": 12.0}, ("track-two",)),
                ("keep", (S, 2 * S), {}, ()),
            )
        )
    },
    **{
        f"fade {key} {fade}": lambda key=key, fade=fade: by_hand.change_fade(STATE, key, fade)
        for key in ("c1", "k1", "s1", "x1", "g1", "h1", "none")
        for fade in (-1.0, 0.0, 3.0, 20.0, 35.04, 1e6)
    },
    "fades": lambda: {key: by_hand.fade_ms_of(STATE, key) for key in STATE.proposals},
    **{
        f"amount {key} {value}": lambda key=key, value=value: by_hand.change_amount(STATE, key, value)
        for key in ("c1", "s1", "g1", "v1", "r1", "h1", "x1")
        for value in (-1e6, -3.0, 0.0, 2.0, 3.0, 1e6)
    },
    **{f"amount of {key}": lambda key=key: by_hand.amount_of(STATE, key)[1] for key in STATE.proposals},
    **{
        f"filled {key} {span}": lambda key=key, span=span: by_hand.change_filling(STATE, key, *span)
        for key in ("m1", "c1")
        for span in ((0, 30 * S), (0, 30 * S + 1), (31 * S, 32 * S), (31 * S - 1, 32 * S))
    },
    **{f"other way {key}": lambda key=key: by_hand.change_way(STATE, key) for key in STATE.proposals},
    **{
        f"repair {span} {at}": lambda span=span, at=at: repair(
            STATE, SILENCE, span, ("track-one",), at_samples=at, maker="m", reason="r"
        )
        for span, at in (
            ((0, 4_800), 0),
            ((0, 4_801), 0),
            ((10, 20), 11),
            ((10, 20), 10),
            ((20, 20), 0),
            ((-1, 20), -1),
            ((LENGTH - 1, LENGTH), LENGTH - 1),
            ((LENGTH - 1, LENGTH + 1), LENGTH - 1),
        )
    },
    "repair elsewhere": lambda: repair(
        STATE, SILENCE, (0, 9), ("gone",), at_samples=0, maker="m", reason="r"
    ),
    "repair of two channels": lambda: repair(
        STATE, stored(np.zeros((99, 2), np.float32), S), (0, 9), (), at_samples=0, maker="m", reason="r"
    ),
    "repair of another rate": lambda: repair(
        STATE, stored(np.zeros((99, 1), np.float32), 44_100), (0, 9), (), at_samples=0, maker="m", reason="r"
    ),
}
MARKED: Mapping[str, Make] = {
    "marker": lambda: marks.add_marker(STATE, 7 * S),
    "region": lambda: marks.add_region(STATE, 7 * S, 7 * S + 1),
    "empty region": lambda: marks.add_region(STATE, 7 * S, 7 * S),
    "first marker": lambda: marks.add_marker(EMPTY, 0),
    "many": lambda: marks.add_all(
        STATE,
        [
            NamedSpan(1, 1),
            NamedSpan(2, 5),
            NamedSpan(3, 3),
            NamedSpan(960_000, 960_000, " Verse "),
            NamedSpan(1, 2, "a\nb" + "c" * 300),
        ],
        "Read",
    ),
    **{
        f"move {key} {span}": lambda key=key, span=span: marks.move_marker(STATE, key, *span)
        for key in ("marker-1", "marker-4", "gone")
        for span in (
            (5, 9),
            (-5, 9),
            (LENGTH - 1, LENGTH + 9),
            (LENGTH + 1, LENGTH + 9),
            (9, 9),
            (9, 8),
            (96_000, 480_000),
        )
    },
    "rename": lambda: marks.rename_marker(STATE, "marker-1", "  Bridge \n 2"),
    "rename to nothing": lambda: marks.rename_marker(STATE, "marker-1", " "),
    "same name": lambda: marks.rename_marker(STATE, "marker-1", "Marker 1"),
    "name new": lambda: marks.name_new(STATE, "marker-1", "Solo"),
    "delete": lambda: marks.delete_markers(STATE, ["marker-1"]),
    "delete two": lambda: marks.delete_markers(STATE, ["marker-1", "marker-9"]),
    **{
        f"neighbour {at} {forward}": lambda at=at, forward=forward: marks.neighbour(
            STATE, at, forward=forward
        )
        for at in (47_999, 48_000, 48_001, 960_000, 960_001)
        for forward in (True, False)
    },
    "neighbour of none": lambda: marks.neighbour(EMPTY, 0, forward=True),
    "drum tracks": lambda: drum_edits.drum_tracks(STATE),
    "drum tracks chosen": lambda: drum_edits.drum_tracks(STATE, ("track-four", "gone")),
    "drum tracks without any": lambda: drum_edits.drum_tracks(EMPTY),
    "drum tracks without roles": lambda: drum_edits.drum_tracks(
        replace(STATE, tracks=tuple(replace(one, role="") for one in STATE.tracks))
    ),
    "drum tracks of others": lambda: drum_edits.drum_tracks(
        replace(STATE, tracks=tuple(replace(one, role="bass") for one in STATE.tracks))
    ),
}
DRUMS: Mapping[str, Make] = {
    "taken": lambda: taken(HITS, np.array([1, 3])),
    **{
        f"sure {share}": lambda share=share: sure_enough(HITS, share) for share in (0.0, 0.25, 0.5, 0.75, 1.0)
    },
    "confirmed": lambda: confirmed(HITS, CONFIRMED, S),
    "confirmed where a microphone is gone": lambda: confirmed(
        HITS, replace(CONFIRMED, track_ids=("gone", "track-one")), S
    ),
    "confirmed among none": lambda: confirmed(taken(HITS, np.array([], np.int64)), CONFIRMED, S),
    "none confirmed": lambda: confirmed(HITS, None, S),
    "promoted first": lambda: drum_edits.promote(STATE, HITS, None, np.array([1])),
    "promoted more": lambda: drum_edits.promote(STATE, HITS, CONFIRMED, np.array([3, 4])),
    "promoted again": lambda: drum_edits.promote(STATE, HITS, CONFIRMED, np.array([0])),
}
GROUPS = {"drums": DRUMS, "tracks": TRACKS, "decided": DECIDED, "made": MADE, "marked": MARKED}


def _outcome(make: Make) -> object:
    try:
        return make()
    except (OffcutError, KeyError) as error:
        return str(error)


@pytest.mark.parametrize("group", GROUPS)
def test_an_edit_changes_and_says_what_it_did(group: str) -> None:
    for name, make in GROUPS[group].items():
        require_as_before("edits", f"{group}, {name}", _outcome(make))


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_says_and_does_what_it_did(kind: str) -> None:
    payloads = [one.payload for one in STATE.proposals.values() if one.kind == kind] or [{}]
    for number, payload in enumerate((*payloads, {})):
        asked = Edited(5 * S, 7 * S + 77, payload, ("track-one",))
        told = [
            _outcome(lambda asked=asked, one=one: one(asked))
            for one in (
                KINDS[kind].effect,
                KINDS[kind].other,
                lambda asked: KINDS[kind].label(asked, S),
                lambda asked: KINDS[kind].how_much(asked, S),
            )
        ]
        require_as_before("edits", f"kind, {kind} {number}", told)


def test_the_table_of_proposals_has_the_columns_it_had() -> None:
    table = table_of(STATE)
    made = table.made
    told = {
        "ids": made.ids,
        "spans": [table.starts_samples, table.stops_samples, made.starts_samples, made.stops_samples],
        "scores": made.scores,
        "verdicts": table.verdicts,
        "flagged": table.flagged,
        "orders": [made.by_score, made.by_length],
        "kinds": [made.kinds, made.is_known, made.drops, made.is_by_hand],
        "words": made.words,
    }
    require_as_before("edits", "table", told)


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_is_what_it_was(kind: str) -> None:
    own = {one.name: getattr(KINDS[kind], one.name) for one in fields(KINDS[kind])}
    told = {name: value for name, value in own.items() if not callable(value)}
    require_as_before("edits", f"kind {kind}", told)


def test_the_same_proposal_has_the_same_id_in_whatever_order_it_is_told() -> None:
    one = proposal_id("hit", 1, 2, "m", ("a", "b"), {"x": 1, "y": {"p": 1, "q": 2}})
    assert one == proposal_id("hit", 1, 2, "m", ("b", "a"), {"y": {"q": 2, "p": 1}, "x": 1})
    assert one != proposal_id("hit", 1, 2, "m", ("b", "a"), {"x": 2})
