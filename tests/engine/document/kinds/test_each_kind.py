"""What each kind takes, does and says: its fields to their borders, its operations, and its numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple

import pytest

from engine.core.errors import DocumentError
from engine.document.kinds import KINDS
from engine.document.kinds.kind import Amount
from engine.document.kinds.operations import (
    Drop,
    Gain,
    Lift,
    Operation,
    Order,
    Reclock,
    Replace,
    Shift,
    Slice,
)
from engine.document.kinds.sounding import MOST_POINTS
from engine.document.proposals import Edited
from tests.kind_examples import EXAMPLES, KEY, OCTAVES, OTHER_KEY, SOUND, START, STOP, TRACKS

RATE_HZ = 48_000
FIELDS = [(kind, field) for kind, one in EXAMPLES.items() for field in one.numbers]


def is_taken(kind: str, payload: Mapping[str, object]) -> bool:
    try:
        KINDS[kind].validate(payload)
    except DocumentError:
        return False
    return True


def test_no_kind_is_forgotten() -> None:
    assert set(EXAMPLES) == set(KINDS)
    assert all(one.effects for one in EXAMPLES.values())


@pytest.mark.parametrize(("kind", "field"), FIELDS)
def test_a_number_of_a_payload_is_taken_up_to_its_limits(kind: str, field: str) -> None:
    lowest, highest, step = EXAMPLES[kind].numbers[field]
    needed = EXAMPLES[kind].needed or {}
    for value in (lowest, highest):
        assert is_taken(kind, {**needed, field: value})
    assert not is_taken(kind, {**needed, field: lowest - step})
    assert not is_taken(kind, {**needed, field: highest + step})
    for value in (None, "1", True, float("nan"), float("inf")):
        assert not is_taken(kind, {**needed, field: value})


@pytest.mark.parametrize(("kind", "field"), FIELDS)
def test_parts_of_a_sample_are_taken_where_sound_moves_and_nowhere_else(kind: str, field: str) -> None:
    example = EXAMPLES[kind]
    lowest, highest, _ = example.numbers[field]
    between = (lowest + min(highest, lowest + 100)) / 2 + 0.25
    assert is_taken(kind, {**(example.needed or {}), field: between}) is not (field in example.whole)


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
        ("insert", {}, False),
        ("insert", {"length_samples": 5, "tone_start_samples": 5}, False),
        ("insert", {"length_samples": 5, "tone_start_samples": 5, "tone_stop_samples": 5}, False),
        ("comp", {}, False),
        ("take", {}, False),
        ("take", {"at_samples": 5, "takes": []}, False),
        ("take", {"at_samples": 5, "takes": [["s1", 0.5]]}, False),
        ("take", {"at_samples": 5, "takes": [["s1"]]}, False),
        ("take", {"at_samples": 5, "takes": [[1, 5]]}, False),
        ("take", {"at_samples": 5, "takes": [["s1", -5], ["s2", 7]]}, True),
        ("take", {"at_samples": 5, "takes": [["s1", 0]] * 1_001}, False),
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


EFFECTS = [(kind, *row) for kind, one in EXAMPLES.items() for row in one.effects]


@pytest.mark.parametrize(("kind", "payload", "expected"), EFFECTS)
def test_it_does_what_its_payload_says_and_the_usual_where_it_says_nothing(
    kind: str, payload: Mapping[str, object], expected: tuple[Operation, ...]
) -> None:
    assert KINDS[kind].effect(Edited(START, STOP, payload, TRACKS)) == expected


@pytest.mark.parametrize(
    "kind", [kind for kind in EXAMPLES if kind not in ("comp", "insert", "recorder", "tempo")]
)
def test_a_span_of_nothing_does_nothing_and_one_of_a_sample_something(kind: str) -> None:
    example = EXAMPLES[kind]
    doing = next(payload for payload, done in example.effects if done)
    payload = {**(example.needed or {}), **doing}
    assert KINDS[kind].effect(Edited(1_000, 1_000, payload, TRACKS)) == ()
    (one,) = KINDS[kind].effect(Edited(1_000, 1_001, payload, TRACKS))
    assert (one.start_samples, one.stop_samples) == (1_000, 1_001)


@pytest.mark.parametrize("kind", EXAMPLES)
def test_what_is_none_of_its_kind_does_nothing_but_is_refused(kind: str) -> None:
    with pytest.raises(DocumentError, match=f"An? {kind} cannot hold 'colour'"):
        KINDS[kind].effect(Edited(1_000, 2_000, {**(EXAMPLES[kind].needed or {}), "colour": "red"}, TRACKS))


@pytest.mark.parametrize(
    "curve",
    [
        *([], [[0, 1.0]], [[0, 1.0], [0, 0.0]], [[5, 1.0], [4, 0.0]], [[-1, 1.0], [4, 0.0]], "curve", None),
        *(
            [[0, 1.0], [1, float("nan")]],
            [[0, 1.0], [1, 101.0]],
            [[0.5, 1.0], [1, 0.0]],
            [[True, 1.0], [2, 0.0]],
        ),
        *([[0, True], [2, 0.0]], [[place, 1.0] for place in range(MOST_POINTS + 1)]),
    ],
)
def test_a_curve_has_ascending_points_with_shares(curve: object) -> None:
    assert not is_taken("gain", {"gain_db": 1.0, "curve": curve})
    assert is_taken("gain", {"gain_db": 1.0, "curve": [[place, -1.0] for place in range(MOST_POINTS)]})


def test_operations_that_say_no_more_than_their_span() -> None:
    assert astuple(Drop(1, 2)) == (1, 2, 0.0, ())
    assert astuple(Order(1, 2, 3)) == (1, 2, 3, 1, True, 0.0, 0)
    assert astuple(Reclock(1, 2)) == (1, 2, (), 0.0, 0.0)
    assert astuple(Replace(1, 2)) == (1, 2, (), None, 0.0, None, ())
    assert astuple(Shift(1, 2)) == (1, 2, (), 0.0, 0.0)
    assert astuple(Gain(1, 2)) == (1, 2, (), 0.0, (0.0, 0.0), ())
    assert astuple(Slice(1, 2)) == (1, 2, (), 0.0, 0.0, "decay", 0.0, None)
    assert astuple(Lift(1, 2)) == (1, 2, (), 0.0, (), 0.0)


def _figures(amount: Amount | None) -> tuple[object, ...] | None:
    return None if amount is None else (amount.field, *astuple(amount)[2:])


@pytest.mark.parametrize("name", EXAMPLES)
def test_its_keys_and_forms_go_by_these_figures(name: str) -> None:
    kind, example = KINDS[name], EXAMPLES[name]
    own = (kind.shape, kind.fine_s, kind.drops_span, kind.is_learned, kind.is_of_tracks)
    assert own == example.figures
    assert kind.has_edges is (example.figures[0] in ("span", "point"))
    assert _figures(kind.amount) == example.amount
    expected = None
    if example.fade_ms is not None:
        usual, longest = example.fade_ms
        expected = ("crossfade_ms", 5.0, 1.0, 0.0, longest, 0, usual, False, 1.0, False, False)
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
    assert [name for name, kind in KINDS.items() if kind.filling] == ["mute", "insert"]
