"""The registry of kinds, and the one kind there is: the cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.errors import DocumentError
from engine.document.kinds import KINDS, Drop, Edge, NudgeSize, kind_of
from engine.document.proposals import Edited, Proposal

RATE_HZ = 48_000
LENGTH = 10 * RATE_HZ
CUT = KINDS["cut"]


def proposal(kind: str = "cut", **payload: object) -> Proposal:
    return Proposal(f"{kind}-1", kind, 1000, 2000, 0.9, "", "test", payload=payload)


def test_every_kind_is_registered_under_its_own_name():
    assert {name: kind.name for name, kind in KINDS.items()} == {name: name for name in KINDS}
    with pytest.raises(TypeError):
        KINDS["other"] = CUT  # type: ignore[index]


def test_unknown_kind_says_what_to_do():
    with pytest.raises(DocumentError, match=r"Proposal hum-1 cannot.*'hum' is not available here"):
        kind_of(proposal("hum"))
    assert kind_of(proposal()) is CUT


def test_a_cut_drops_the_span_as_the_user_has_it():
    assert CUT.effect(Edited(1500, 1900, {"crossfade_ms": 20})) == (Drop(1500, 1900, 20.0),)
    assert CUT.effect(Edited(1000, 2000, {})) == (Drop(1000, 2000, 0.0),)
    assert CUT.effect(Edited(1500, 1500, {})) == ()


@pytest.mark.parametrize("value", ["20", None, True, -1, 1000.5, float("nan"), float("inf")])
def test_a_bad_crossfade_is_named(value):
    with pytest.raises(DocumentError, match="crossfade_ms cannot be"):
        CUT.validate({"crossfade_ms": value})


def test_a_payload_of_another_kind_is_refused():
    CUT.validate({})
    CUT.validate({"crossfade_ms": 20})
    with pytest.raises(DocumentError, match="'shift_samples'"):
        CUT.validate({"crossfade_ms": 20, "shift_samples": 3.5})


@pytest.mark.parametrize(
    ("length_s", "words"),
    [
        (8.84, "cut 8.8 s"),
        (0.04, "cut 40 ms"),
        (0.1, "cut 0.1 s"),
        (59.94, "cut 59.9 s"),
        (65.4, "cut 1:05"),
        (3700, "cut 1:01:40"),
    ],
)
def test_the_flag_says_how_long(length_s, words):
    assert CUT.label(Edited(500, 500 + round(length_s * RATE_HZ), {}), RATE_HZ) == words


@pytest.mark.parametrize(
    ("size", "rate_hz", "step"),
    [
        (NudgeSize.FINE, 48_000, 480),
        (NudgeSize.COARSE, 48_000, 4800),
        (NudgeSize.SAMPLE, 48_000, 1),
        (NudgeSize.FINE, 44_100, 441),
        (NudgeSize.FINE, 8, 1),
    ],
)
def test_nudge_steps(size, rate_hz, step):
    assert CUT.step_samples(size, rate_hz) == step


@given(
    st.integers(0, LENGTH - 48),
    st.integers(48, LENGTH),
    st.sampled_from(Edge),
    st.integers(-2 * LENGTH, 2 * LENGTH),
)
def test_nudged_edges_stay_inside_and_apart(start, length, edge, by):
    span = (start, min(LENGTH, start + length))
    moved = CUT.nudged(span, edge, by, length_samples=LENGTH, rate_hz=RATE_HZ)
    assert moved[0] >= 0
    assert moved[1] <= LENGTH
    assert moved[1] - moved[0] >= 48
    assert moved[edge is Edge.START] == span[edge is Edge.START]
    free = span[edge is Edge.STOP] + by
    low, high = (0, span[1] - 48) if edge is Edge.START else (span[0] + 48, LENGTH)
    assert moved[edge is Edge.STOP] == min(max(free, low), high)


def test_at_a_rate_without_a_sample_a_millisecond_edges_are_one_sample_apart():
    for edge, by, span in ((Edge.START, 9, (4, 5)), (Edge.STOP, -9, (0, 1))):
        assert CUT.nudged((0, 5), edge, by, length_samples=10, rate_hz=100) == span


def test_a_span_narrower_than_a_millisecond_can_only_be_widened():
    span = (1000, 1010)
    assert CUT.nudged(span, Edge.START, 5, length_samples=LENGTH, rate_hz=RATE_HZ) == span
    assert CUT.nudged(span, Edge.STOP, -5, length_samples=LENGTH, rate_hz=RATE_HZ) == span
    assert CUT.nudged(span, Edge.START, -5, length_samples=LENGTH, rate_hz=RATE_HZ) == (995, 1010)
    assert CUT.nudged(span, Edge.STOP, 5, length_samples=LENGTH, rate_hz=RATE_HZ) == (1000, 1015)
