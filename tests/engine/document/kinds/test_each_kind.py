"""What each kind takes, does and says: its fields to their borders, its operations, and its numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple

import pytest

from engine.document.decisions import Edited
from engine.document.kinds import KINDS
from engine.document.kinds.amount import Amount
from engine.document.kinds.operations import (
    Drop,
    Fill,
    Gain,
    Hold,
    Lift,
    Operation,
    Order,
    Reclock,
    Replace,
    Shift,
    Slice,
    Stored,
)
from engine.errors import DocumentError

RATE_HZ = 48_000
FARTHEST = 2**43
LONGEST_TONE = 2**22
KEY = f"audio-{'0' * 32}"
OTHER_KEY = f"audio-{'1' * 32}"
SOUND = {"audio": KEY, "audio_start_samples": 900, "audio_stop_samples": 2_100}
OCTAVES = [0.5] * 10

# Of each field the lowest and the highest that it takes, and the step from there to what it refuses.
NUMBERS: dict[str, dict[str, tuple[float, float, float]]] = {
    "cut": {"crossfade_ms": (0.0, 1_000.0, 0.01)},
    "keep": {},
    "mute": {
        "tone_start_samples": (0, LONGEST_TONE - 1, 1),
        "tone_stop_samples": (1, LONGEST_TONE, 1),
        "crossfade_ms": (0.0, 1_000.0, 0.01),
    },
    "slip": {"by_samples": (-FARTHEST, FARTHEST, 1), "crossfade_ms": (0.0, 1_000.0, 0.01)},
    "gain": {
        "gain_db": (-120.0, 40.0, 0.01),
        "ramp_ms": (0.0, 10_000.0, 0.01),
        "start_ramp_ms": (0.0, 60_000.0, 0.01),
        "stop_ramp_ms": (0.0, 60_000.0, 0.01),
    },
    "repeat": {
        "times": (2, 10_000, 1),
        "to_samples": (0, FARTHEST, 1),
        "rank": (-FARTHEST, FARTHEST, 1),
        "crossfade_ms": (0.0, 1_000.0, 0.01),
    },
    "move": {
        "to_samples": (0, FARTHEST, 1),
        "rank": (-FARTHEST, FARTHEST, 1),
        "crossfade_ms": (0.0, 1_000.0, 0.01),
    },
    "repair": {
        "audio_start_samples": (0, 2_099, 1),
        "audio_stop_samples": (901, FARTHEST, 1),
        "crossfade_ms": (0.0, 120.0, 0.01),
    },
    "hit": {
        "by_samples": (-FARTHEST, FARTHEST, 1),
        "onset_samples": (-FARTHEST, FARTHEST, 1),
        "after_samples": (-FARTHEST, FARTHEST, 1),
        "line": (-1, FARTHEST, 1),
        "crossfade_ms": (0.0, 1_000.0, 0.01),
    },
    "flam": {
        "by_samples": (-FARTHEST, FARTHEST, 1),
        "onset_samples": (-FARTHEST, FARTHEST, 1),
        "crossfade_ms": (0.0, 1_000.0, 0.01),
    },
    "recorder": {"by_samples": (-FARTHEST, FARTHEST, 1), "drift_ppm": (-2_000.0, 2_000.0, 0.01)},
    "tempo": {"bars_later_beats": (0, 31, 1), "tempo_bpm": (0.0, 10_000.0, 0.01)},
}
NEEDED: dict[str, Mapping[str, object]] = {
    "mute": {"tone_start_samples": 0, "tone_stop_samples": LONGEST_TONE},
    "move": {"to_samples": 5_000},
    "repair": SOUND,
}
FIELDS = [(kind, field) for kind, fields in NUMBERS.items() for field in fields]


def is_taken(kind: str, payload: Mapping[str, object]) -> bool:
    try:
        KINDS[kind].validate(payload)
    except DocumentError:
        return False
    return True


def test_no_kind_is_forgotten() -> None:
    assert set(NUMBERS) == set(KINDS) == {kind for kind, *_ in EFFECTS} == set(FIGURES)


@pytest.mark.parametrize(("kind", "field"), FIELDS)
def test_a_number_of_a_payload_is_taken_up_to_its_limits(kind: str, field: str) -> None:
    lowest, highest, step = NUMBERS[kind][field]
    needed = NEEDED.get(kind, {})
    for value in (lowest, highest):
        assert is_taken(kind, {**needed, field: value})
    assert not is_taken(kind, {**needed, field: lowest - step})
    assert not is_taken(kind, {**needed, field: highest + step})
    for value in (None, "1", True, float("nan"), float("inf")):
        assert not is_taken(kind, {**needed, field: value})


WHOLE = {
    "times",
    "to_samples",
    "rank",
    "line",
    "bars_later_beats",
    "audio_start_samples",
    "audio_stop_samples",
}


@pytest.mark.parametrize(("kind", "field"), FIELDS)
def test_parts_of_a_sample_are_taken_where_sound_moves_and_nowhere_else(kind: str, field: str) -> None:
    lowest, highest, _ = NUMBERS[kind][field]
    between = (lowest + min(highest, lowest + 100)) / 2 + 0.25
    is_whole = field in WHOLE or field.startswith(("tone_st", "audio_st"))
    assert is_taken(kind, {**NEEDED.get(kind, {}), field: between}) is not is_whole


@pytest.mark.parametrize(
    ("kind", "payload", "is_one"),
    [
        ("mute", {"tone_start_samples": 5, "tone_stop_samples": 6}, True),
        ("mute", {"tone_start_samples": 5, "tone_stop_samples": 5}, False),
        ("mute", {"tone_start_samples": 5}, False),
        ("mute", {"tone_stop_samples": 5}, False),
        ("mute", {"is_silent": True}, True),
        ("mute", {"is_silent": 1}, False),
        ("move", {}, False),
        ("repair", {}, False),
        ("repair", {**SOUND, "audio_stop_samples": 900}, False),
        ("repair", {**SOUND, "audio": KEY[:-1]}, False),
        ("repair", {**SOUND, "over": [OTHER_KEY]}, True),
        ("repair", {**SOUND, "over": (OTHER_KEY,) * 1_000}, True),
        ("repair", {**SOUND, "over": [OTHER_KEY] * 1_001}, False),
        ("repair", {**SOUND, "over": []}, False),
        ("repair", {**SOUND, "over": OTHER_KEY}, False),
        ("repair", {**SOUND, "over": [OTHER_KEY, "audio"]}, False),
        ("hit", {"voices": "k" * 200}, True),
        ("hit", {"voices": "k" * 201}, False),
        ("hit", {"fill": "pre-roll"}, True),
        ("hit", {"fill": "reverb"}, False),
        ("flam", {"bleed": {"t1": OCTAVES}}, True),
        ("flam", {"bleed": {"t1": [0.0, *OCTAVES[2:], 1.0]}}, True),
        ("flam", {"bleed": {"t1": OCTAVES[1:]}}, False),
        ("flam", {"bleed": {"t1": [*OCTAVES, 0.5]}}, False),
        ("flam", {"bleed": {"t1": [*OCTAVES[1:], 1.001]}}, False),
        ("flam", {"bleed": {"t1": [*OCTAVES[1:], -0.001]}}, False),
        ("flam", {"bleed": {"t1": "0123456789"}}, False),
        ("flam", {"bleed": {1: OCTAVES}}, False),
        ("flam", {"bleed": [OCTAVES]}, False),
        ("flam", {"line": 1}, False),
        ("tempo", {"grid": "g" * 200, "reading": "third"}, True),
        ("tempo", {"grid": "g" * 201}, False),
        ("tempo", {"reading": "fifth"}, False),
        ("keep", {"crossfade_ms": 5.0}, False),
    ],
)
def test_what_is_no_number_is_checked_too(kind: str, payload: Mapping[str, object], is_one: bool) -> None:
    assert is_taken(kind, payload) is is_one


TRACKS = ("t1",)
EFFECTS: list[tuple[str, Mapping[str, object], tuple[Operation, ...]]] = [
    ("cut", {}, (Drop(1_000, 2_000, 0.0),)),
    ("cut", {"crossfade_ms": 20}, (Drop(1_000, 2_000, 20.0),)),
    ("keep", {}, (Hold(1_000, 2_000),)),
    ("mute", {}, (Replace(1_000, 2_000, TRACKS, None, 10.0),)),
    (
        "mute",
        {"tone_start_samples": 0, "tone_stop_samples": 300, "crossfade_ms": 4.0},
        (Replace(1_000, 2_000, TRACKS, (0, 300), 4.0),),
    ),
    (
        "mute",
        {"tone_start_samples": 0, "tone_stop_samples": 300, "is_silent": True},
        (Replace(1_000, 2_000, TRACKS, None, 10.0),),
    ),
    ("slip", {}, ()),
    ("slip", {"by_samples": -0.5}, (Shift(1_000, 2_000, TRACKS, -0.5, 10.0),)),
    ("slip", {"by_samples": 3, "crossfade_ms": 0}, (Shift(1_000, 2_000, TRACKS, 3.0, 0.0),)),
    ("gain", {}, ()),
    ("gain", {"gain_db": 0.0}, ()),
    ("gain", {"gain_db": -3.0}, (Gain(1_000, 2_000, TRACKS, -3.0, (10.0, 10.0)),)),
    ("gain", {"gain_db": 1.0, "ramp_ms": 7.0}, (Gain(1_000, 2_000, TRACKS, 1.0, (7.0, 7.0)),)),
    (
        "gain",
        {"gain_db": 1.0, "ramp_ms": 7.0, "stop_ramp_ms": 0},
        (Gain(1_000, 2_000, TRACKS, 1.0, (7.0, 0.0)),),
    ),
    ("gain", {"gain_db": 1.0, "start_ramp_ms": 20}, (Gain(1_000, 2_000, TRACKS, 1.0, (20.0, 10.0)),)),
    ("repeat", {}, (Order(1_000, 2_000, 2_000, 1, True, 10.0, 0),)),
    (
        "repeat",
        {"times": 4, "to_samples": 700, "rank": -2, "crossfade_ms": 3.0},
        (Order(1_000, 2_000, 700, 3, True, 3.0, -2),),
    ),
    ("move", {"to_samples": 0}, (Order(1_000, 2_000, 0, 1, False, 10.0, 0),)),
    ("move", {"to_samples": 999}, (Order(1_000, 2_000, 999, 1, False, 10.0, 0),)),
    ("move", {"to_samples": 1_000}, ()),
    ("move", {"to_samples": 1_001}, ()),
    ("move", {"to_samples": 1_999, "rank": 1}, ()),
    ("move", {"to_samples": 2_000}, ()),
    ("move", {"to_samples": 2_000, "rank": 1}, (Order(1_000, 2_000, 2_000, 1, False, 10.0, 1),)),
    ("move", {"to_samples": 2_001, "crossfade_ms": 1}, (Order(1_000, 2_000, 2_001, 1, False, 1.0, 0),)),
    ("repair", SOUND, (Replace(1_000, 2_000, TRACKS, None, 10.0, Stored(KEY, 900, 2_100)),)),
    (
        "repair",
        {**SOUND, "over": [OTHER_KEY], "crossfade_ms": 2.0},
        (Replace(1_000, 2_000, TRACKS, None, 2.0, Stored(KEY, 900, 2_100), (OTHER_KEY,)),),
    ),
    ("hit", {}, (Slice(1_000, 2_000, TRACKS, 0.0, 5.0, Fill.DECAY, 1_000.0, None),)),
    (
        "hit",
        {
            "by_samples": 2.5,
            "onset_samples": 1_040,
            "after_samples": 0,
            "fill": "stretch",
            "crossfade_ms": 1.0,
        },
        (Slice(1_000, 2_000, TRACKS, 2.5, 1.0, Fill.STRETCH, 1_040.0, 0.0),),
    ),
    ("flam", {}, ()),
    ("flam", {"by_samples": 9.0}, (Lift(1_000, 2_000, TRACKS, 9.0, (), 5.0),)),
    (
        "flam",
        {
            "by_samples": 9.0,
            "bleed": {"t3": OCTAVES, "t2": OCTAVES, "t1": OCTAVES, "t4": [0.0] * 10},
            "crossfade_ms": 2.0,
        },
        (
            Lift(1_000, 2_000, TRACKS, 9.0, (), 2.0),
            Lift(1_000, 2_000, ("t2",), 9.0, tuple(OCTAVES), 2.0),
            Lift(1_000, 2_000, ("t3",), 9.0, tuple(OCTAVES), 2.0),
        ),
    ),
    ("recorder", {}, ()),
    ("recorder", {"by_samples": 4.0}, (Reclock(0, FARTHEST, TRACKS, 4.0, 0.0),)),
    ("recorder", {"drift_ppm": -1.5}, (Reclock(0, FARTHEST, TRACKS, 0.0, -1.5),)),
    ("tempo", {"reading": "half"}, ()),
]


@pytest.mark.parametrize(("kind", "payload", "expected"), EFFECTS)
def test_it_does_what_its_payload_says_and_the_usual_where_it_says_nothing(
    kind: str, payload: Mapping[str, object], expected: tuple[Operation, ...]
) -> None:
    assert KINDS[kind].effect(Edited(1_000, 2_000, payload, TRACKS)) == expected


@pytest.mark.parametrize("kind", [kind for kind in NUMBERS if kind not in ("recorder", "tempo")])
def test_a_span_of_nothing_does_nothing_and_one_of_a_sample_something(kind: str) -> None:
    moving = {"by_samples": 3.0} if kind in ("slip", "hit", "flam") else {}
    louder = {"gain_db": 3.0} if kind == "gain" else {}
    payload = {**NEEDED.get(kind, {}), **moving, **louder}
    assert KINDS[kind].effect(Edited(1_000, 1_000, payload, TRACKS)) == ()
    (one,) = KINDS[kind].effect(Edited(1_000, 1_001, payload, TRACKS))
    assert (one.start_samples, one.stop_samples) == (1_000, 1_001)


@pytest.mark.parametrize("kind", NUMBERS)
def test_what_is_none_of_its_kind_does_nothing_but_is_refused(kind: str) -> None:
    with pytest.raises(DocumentError, match=f"A {kind} cannot hold 'colour'"):
        KINDS[kind].effect(Edited(1_000, 2_000, {**NEEDED.get(kind, {}), "colour": "red"}, TRACKS))


def test_operations_that_say_no_more_than_their_span() -> None:
    assert astuple(Drop(1, 2)) == (1, 2, 0.0)
    assert astuple(Order(1, 2, 3)) == (1, 2, 3, 1, True, 0.0, 0)
    assert astuple(Reclock(1, 2)) == (1, 2, (), 0.0, 0.0)
    assert astuple(Replace(1, 2)) == (1, 2, (), None, 0.0, None, ())
    assert astuple(Shift(1, 2)) == (1, 2, (), 0.0, 0.0)
    assert astuple(Gain(1, 2)) == (1, 2, (), 0.0, (0.0, 0.0))
    assert astuple(Slice(1, 2)) == (1, 2, (), 0.0, 0.0, "decay", 0.0, None)
    assert astuple(Lift(1, 2)) == (1, 2, (), 0.0, (), 0.0)


SHIFT = ("by_samples", 1.0, 0.1, -60_000.0, 60_000.0, 3, 0.0, True, 0.001, False, False)
# Shape, nudge in s, whether it drops its span, is learned and of tracks; its amount, and its usual fade and
# the longest, in ms.
FIGURES: dict[str, tuple[tuple[object, ...], tuple[object, ...] | None, tuple[float, float] | None]] = {
    "cut": (("span", 0.010, True, True, False), None, (0.0, 1_000.0)),
    "keep": (("span", 0.010, False, False, False), None, None),
    "mute": (("span", 0.010, False, False, True), None, (10.0, 1_000.0)),
    "repeat": (
        ("span", 0.010, False, False, False),
        ("times", 1, 1, 2, 10_000, 0, 2, False, 1.0, True, False),
        (10.0, 1_000.0),
    ),
    "move": (
        ("span", 0.010, False, False, False),
        ("to_samples", 0.01, 0.001, 0.0, 1e9, 3, 0.0, True, 1.0, True, True),
        (10.0, 1_000.0),
    ),
    "slip": (("span", 0.001, False, False, True), SHIFT, (10.0, 1_000.0)),
    "gain": (
        ("span", 0.010, False, False, True),
        ("gain_db", 0.5, 0.1, -120.0, 40.0, 1, 0.0, False, 1.0, False, False),
        None,
    ),
    "repair": (("span", 0.010, False, False, False), None, (10.0, 120.0)),
    "hit": (("slice", 0.001, False, False, True), SHIFT, (5.0, 1_000.0)),
    "flam": (("slice", 0.001, False, False, True), SHIFT, (5.0, 1_000.0)),
    "recorder": (("whole", 0.001, False, False, True), SHIFT, None),
    "tempo": (("span", 0.010, False, False, False), None, None),
}


def _figures(amount: Amount | None) -> tuple[object, ...] | None:
    return None if amount is None else (amount.field, *astuple(amount)[2:])


@pytest.mark.parametrize("name", FIGURES)
def test_its_keys_and_forms_go_by_these_figures(name: str) -> None:
    kind, (own, amount, fade) = KINDS[name], FIGURES[name]
    assert (kind.shape, kind.fine_s, kind.drops_span, kind.is_learned, kind.is_of_tracks) == own
    assert kind.has_edges is (own[0] == "span")
    assert _figures(kind.amount) == amount
    expected = None
    if fade is not None:
        expected = ("crossfade_ms", 5.0, 1.0, 0.0, fade[1], 0, fade[0], False, 1.0, False, False)
    assert _figures(kind.fade) == expected


@pytest.mark.parametrize(
    ("name", "payload", "shown", "typed", "stored"),
    [
        ("slip", {}, 0.0, 12.5, 600.0),
        ("slip", {"by_samples": 48.0}, 1.0, 0.01, 0.48),
        ("slip", {"by_samples": -24.0}, -0.5, 60_001.0, 2_880_000.0),
        ("gain", {"gain_db": -6.0}, -6.0, -121.0, -120.0),
        ("repeat", {}, 2.0, 1.0, 2),
        ("repeat", {"times": 5}, 5.0, 3.4, 3),
        ("move", {"to_samples": 96_000}, 2.0, 1.50001, 72_000),
        ("move", {"to_samples": 0}, 0.0, -1.0, 0),
    ],
)
def test_an_amount_is_shown_and_typed_in_the_unit_that_people_count_in(
    name: str, payload: Mapping[str, object], shown: float, typed: float, stored: float
) -> None:
    amount = KINDS[name].amount
    assert amount is not None
    assert amount.shown(payload, RATE_HZ) == shown
    found = amount.stored(typed, RATE_HZ)
    assert found == {amount.field: stored}
    assert type(found[amount.field]) is type(stored)


@pytest.mark.parametrize(
    ("name", "payload", "label", "brief"),
    [
        ("keep", {}, "keep 0.5 s", "keep"),
        ("cut", {}, "cut 0.5 s", "cut 0.5 s"),
        ("mute", {}, "mute 0.5 s, silent", "mute"),
        ("mute", {"tone_start_samples": 0, "tone_stop_samples": 9}, "mute 0.5 s, room tone", "mute"),
        (
            "mute",
            {"tone_start_samples": 0, "tone_stop_samples": 9, "is_silent": True},
            "mute 0.5 s, silent",
            "mute",
        ),
        ("slip", {"by_samples": 576.0}, "slip +12.0 ms for 0.5 s", "slip +12.0 ms"),
        ("slip", {"by_samples": -48.0}, "slip −1.0 ms for 0.5 s", "slip −1.0 ms"),
        ("gain", {"gain_db": -3}, "gain −3.0 dB for 0.5 s", "gain −3.0 dB"),
        ("repeat", {}, "repeat 0.5 s ×2", "repeat ×2"),
        ("repeat", {"times": 3, "to_samples": 48_000}, "repeat 0.5 s ×3 at 0:01.0", "repeat ×3 at 0:01.0"),
        ("move", {"to_samples": 60_000}, "move 0.5 s to 0:01.25", "move to 0:01.25"),
        ("repair", SOUND, "repair 0.5 s", "repair"),
        ("hit", {"by_samples": 480, "voices": "snare"}, "move hit +10.0 ms snare", "move hit +10.0 ms"),
        ("flam", {}, "move voice +0.0 ms", "move voice +0.0 ms"),
        ("recorder", {"by_samples": 48}, "line up recorder +1.0 ms", "line up recorder +1.0 ms"),
        (
            "recorder",
            {"drift_ppm": 2.5},
            "line up recorder +0.0 ms, 2.5 ppm faster",
            "line up recorder +0.0 ms, 2.5 ppm faster",
        ),
        (
            "recorder",
            {"drift_ppm": -2.5},
            "line up recorder +0.0 ms, 2.5 ppm slower",
            "line up recorder +0.0 ms, 2.5 ppm slower",
        ),
        ("tempo", {}, "count as detected", "count as detected"),
        (
            "tempo",
            {"reading": "half", "tempo_bpm": 60, "bars_later_beats": 1},
            "count half tempo, bars 1 beat later, 60.0 BPM",
            "count half tempo, bars 1 beat later, 60.0 BPM",
        ),
    ],
)
def test_it_is_said_with_its_span_and_without(
    name: str, payload: Mapping[str, object], label: str, brief: str
) -> None:
    edited = Edited(24_000, 48_000, payload)
    assert KINDS[name].label(edited, RATE_HZ) == label
    assert KINDS[name].brief(edited, RATE_HZ) == brief


def test_the_other_way_to_do_it() -> None:
    tone = {"tone_start_samples": 0, "tone_stop_samples": 9}

    def other(name: str, payload: Mapping[str, object]) -> Mapping[str, object] | None:
        return KINDS[name].other(Edited(1_000, 2_000, payload))

    assert other("cut", {}) is None
    assert other("mute", {}) is None
    assert other("mute", tone) == {"is_silent": True}
    assert other("mute", {**tone, "is_silent": False}) == {"is_silent": True}
    assert other("mute", {**tone, "is_silent": True}) == {"is_silent": False}
    assert [other("hit", {"fill": one}) for one in ("pre-roll", "decay", "stretch")] == [
        {"fill": one} for one in ("decay", "stretch", "pre-roll")
    ]
    assert other("hit", {}) == {"fill": "stretch"}
    filling = KINDS["mute"].filling
    assert filling is not None
    assert filling(5, 9) == {"tone_start_samples": 5, "tone_stop_samples": 9, "is_silent": False}
    assert [name for name, kind in KINDS.items() if kind.filling] == ["mute"]
