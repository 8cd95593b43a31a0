"""Examples of each kind of edit: a kind of Offcut has one entry here, and all tests of every kind use it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st

from engine.document.edits.by_hand import repair_payload
from engine.document.file.stored_audio import stored
from engine.document.kinds.operations import (
    GAP_FILLS,
    Drop,
    Fill,
    Gain,
    Hold,
    Insert,
    Lift,
    Operation,
    Order,
    Raise,
    Reclock,
    Replace,
    Shift,
    Slice,
    Sounding,
    Stored,
)

Payload = Mapping[str, object]
Payloads = st.SearchStrategy[dict[str, object]]

RATE_HZ = 8_000
LENGTH = 2 * RATE_HZ
"""Of the recording that payloads by chance are of."""
START, STOP, TRACKS = 1_000, 2_000, ("t1",)
"""Span and tracks of `KindExamples.effects`."""
FARTHEST = 2**43
LONGEST_TONE = 2**22
KEY, OTHER_KEY = f"audio-{'0' * 32}", f"audio-{'1' * 32}"
SOUND = {"audio": KEY, "audio_start_samples": 900, "audio_stop_samples": 2_100}
OCTAVES = [0.5] * 10


@dataclass(frozen=True, kw_only=True)
class KindExamples:
    """Payloads of one kind, and their outcome.

    Attributes
    ----------
    payload : of an edit that has an effect
    drawn : the same for the flag; None for `payload`
    flag : words of the flag of an edit by hand on [10, 18) s at 1,000 Hz, the longest first
    numbers : the lowest and the highest value of each number, and the step from there to a refused one
    whole : numbers that take no fractions
    needed : fields without which another field is refused
    effects : payloads with their operations on the span [START, STOP) of TRACKS
    figures : shape, nudge in s, whether it drops its span, is learned and is of tracks
    amount : its number, as `Amount` without the name
    fade_ms : the default of its crossfade and the longest one; None without any
    payloads : payloads by chance of an edit of a recording of LENGTH; None for `payload` alone
    """

    payload: Payload
    drawn: Payload | None = None
    flag: tuple[str, ...]
    numbers: Mapping[str, tuple[float, float, float]]
    whole: Collection[str] = ()
    needed: Payload | None = None
    effects: tuple[tuple[Payload, tuple[Operation, ...]], ...]
    figures: tuple[str, float, bool, bool, bool]
    amount: tuple[object, ...] | None = None
    fade_ms: tuple[float, float] | None = None
    payloads: Payloads | None = None

    @property
    def takes_tracks(self) -> bool:
        """Whether it can be of some tracks."""
        done = [one for _, operations in self.effects for one in operations]
        return bool(done) and all(isinstance(one, Sounding | Drop | Insert) and one.tracks for one in done)


PLACES = st.integers(0, LENGTH)
SPANS = st.tuples(PLACES, PLACES).map(sorted).filter(lambda span: span[1] - span[0] > 40)
FADES_MS = st.sampled_from((0.0, 5.0, 25.0))
RAMPS_MS = st.sampled_from((0.0, 5.0, 60_000.0))
RNG = np.random.default_rng(8)
AUDIO = tuple(
    stored(samples.astype(np.float32)[:, None], RATE_HZ)
    for samples in (0.2 * RNG.standard_normal(3_000), np.rint(RNG.uniform(-9e5, 9e5, 700)) / 2**23)
)


def _with_fade(**fields: st.SearchStrategy[object]) -> Payloads:
    return st.fixed_dictionaries({**fields, "crossfade_ms": FADES_MS})


TONES = st.builds(
    lambda span, silent: {"tone_start_samples": span[0], "tone_stop_samples": span[1], "is_silent": silent},
    SPANS,
    st.booleans(),
)
CROSSFADE = {"crossfade_ms": (0.0, 1_000.0, 0.01)}
PLACED = {"to_samples": (0, FARTHEST, 1), "rank": (-FARTHEST, FARTHEST, 1), **CROSSFADE}
ANYWHERE = (-FARTHEST, FARTHEST, 1)
NUMBERED = {"take": 2, "first_bar": 5, "last_bar": 8}
RAISED = {"at_samples": 1_000, "takes": [["s1", 1_500]]}
COMPED = {
    "covered_start_samples": 5_000,
    "covered_stop_samples": 6_100,
    "take_start_samples": 1_000,
    "take_stop_samples": 2_000,
}
SHIFT = ("by_samples", 1.0, 0.1, -60_000.0, 60_000.0, 3, 0.0, True, 0.001, False, False)
SHIFTS = st.sampled_from((-700.0, -3.5, 0.25, 12.0, 96.0))

SLICED = {
    "by_samples": ANYWHERE,
    "onset_samples": ANYWHERE,
    "after_samples": ANYWHERE,
    "line": (-1, FARTHEST, 1),
    **CROSSFADE,
}

EXAMPLES: Mapping[str, KindExamples] = {
    "cut": KindExamples(
        payload={"crossfade_ms": 5.0},
        flag=("cut 8.0 s · yours", "cut 8.0 s", "cut"),
        numbers=CROSSFADE,
        effects=(
            ({}, (Drop(1_000, 2_000, 0.0),)),
            ({"crossfade_ms": 20}, (Drop(1_000, 2_000, 20.0),)),
        ),
        figures=("span", 0.010, True, True, False),
        fade_ms=(0.0, 1_000.0),
        payloads=_with_fade(),
    ),
    "ripple": KindExamples(
        payload={"crossfade_ms": 5.0},
        flag=("ripple cut 8.0 s · yours", "ripple cut 8.0 s", "ripple cut"),
        numbers=CROSSFADE,
        effects=(
            ({}, (Drop(1_000, 2_000, 10.0, TRACKS),)),
            ({"crossfade_ms": 20}, (Drop(1_000, 2_000, 20.0, TRACKS),)),
        ),
        figures=("span", 0.010, False, False, True),
        fade_ms=(10.0, 1_000.0),
        payloads=_with_fade(),
    ),
    "keep": KindExamples(
        payload={},
        flag=("keep 8.0 s · yours", "keep · yours", "keep"),
        numbers={},
        effects=(({}, (Hold(1_000, 2_000),)),),
        figures=("span", 0.010, False, False, False),
    ),
    "mute": KindExamples(
        payload={"tone_start_samples": 100, "tone_stop_samples": 900, "is_silent": False},
        drawn={},
        flag=("mute 8.0 s, silent · yours", "mute · yours", "mute"),
        numbers={
            "tone_start_samples": (0, LONGEST_TONE - 1, 1),
            "tone_stop_samples": (1, LONGEST_TONE, 1),
            **CROSSFADE,
        },
        whole=("tone_start_samples", "tone_stop_samples"),
        needed={"tone_start_samples": 0, "tone_stop_samples": LONGEST_TONE},
        effects=(
            ({}, (Replace(1_000, 2_000, TRACKS, None, 10.0),)),
            (
                {"tone_start_samples": 0, "tone_stop_samples": 300, "crossfade_ms": 4.0},
                (Replace(1_000, 2_000, TRACKS, (0, 300), 4.0),),
            ),
            (
                {"tone_start_samples": 0, "tone_stop_samples": 300, "is_silent": True},
                (Replace(1_000, 2_000, TRACKS, None, 10.0),),
            ),
        ),
        figures=("span", 0.010, False, False, True),
        fade_ms=(10.0, 1_000.0),
        payloads=st.builds(lambda tone, fade: {**tone, **fade}, st.one_of(st.just({}), TONES), _with_fade()),
    ),
    "repeat": KindExamples(
        payload={"times": 3, "crossfade_ms": 5.0},
        flag=("repeat 8.0 s ×3 · yours", "repeat ×3 · yours", "repeat ×3", "repeat"),
        numbers={"times": (2, 10_000, 1), **PLACED},
        whole=("times", "to_samples", "rank"),
        effects=(
            ({}, (Order(1_000, 2_000, 2_000, 1, True, 10.0, 0),)),
            (
                {"times": 4, "to_samples": 700, "rank": -2, "crossfade_ms": 3.0},
                (Order(1_000, 2_000, 700, 3, True, 3.0, -2),),
            ),
        ),
        figures=("span", 0.010, False, False, False),
        amount=("times", 1, 1, 2, 10_000, 0, 2, False, 1.0, True, False),
        fade_ms=(10.0, 1_000.0),
        payloads=_with_fade(times=st.integers(2, 4)),
    ),
    "move": KindExamples(
        payload={"to_samples": 20_000},
        drawn={"to_samples": 80_000},
        flag=("move 8.0 s to 1:20.00 · yours", "move to 1:20.00 · yours", "move to 1:20.00", "move"),
        numbers=PLACED,
        whole=("to_samples", "rank"),
        needed={"to_samples": 5_000},
        effects=(
            ({"to_samples": 0}, (Order(1_000, 2_000, 0, 1, False, 10.0, 0),)),
            ({"to_samples": 999}, (Order(1_000, 2_000, 999, 1, False, 10.0, 0),)),
            ({"to_samples": 1_000}, ()),
            ({"to_samples": 1_001}, ()),
            ({"to_samples": 1_999, "rank": 1}, ()),
            ({"to_samples": 2_000}, ()),
            ({"to_samples": 2_000, "rank": 1}, (Order(1_000, 2_000, 2_000, 1, False, 10.0, 1),)),
            ({"to_samples": 2_001, "crossfade_ms": 1}, (Order(1_000, 2_000, 2_001, 1, False, 1.0, 0),)),
        ),
        figures=("span", 0.010, False, False, False),
        amount=("to_samples", 0.01, 0.001, 0.0, 1e9, 3, 0.0, True, 1.0, True, True),
        fade_ms=(10.0, 1_000.0),
        payloads=_with_fade(to_samples=PLACES),
    ),
    "insert": KindExamples(
        payload={"length_samples": 1_600, "crossfade_ms": 5.0},
        drawn={"length_samples": 1_500},
        flag=("insert 1.5 s of silence · yours", "insert 1.5 s · yours", "insert 1.5 s", "insert"),
        numbers={
            "length_samples": (1, 2**40, 1),
            "rank": (-FARTHEST, FARTHEST, 1),
            "tone_start_samples": (0, LONGEST_TONE - 1, 1),
            "tone_stop_samples": (1, LONGEST_TONE, 1),
            **CROSSFADE,
        },
        whole=("length_samples", "rank", "tone_start_samples", "tone_stop_samples"),
        needed={"length_samples": 900, "tone_start_samples": 0, "tone_stop_samples": LONGEST_TONE},
        effects=(
            ({"length_samples": 900}, (Insert(1_000, 1_000, 900, TRACKS, None, 10.0, 0),)),
            (
                {
                    "length_samples": 900,
                    "rank": -2,
                    "tone_start_samples": 0,
                    "tone_stop_samples": 300,
                    "crossfade_ms": 3.0,
                },
                (Insert(1_000, 1_000, 900, TRACKS, (0, 300), 3.0, -2),),
            ),
            (
                {"length_samples": 1, "tone_start_samples": 0, "tone_stop_samples": 9, "is_silent": True},
                (Insert(1_000, 1_000, 1, TRACKS, None, 10.0, 0),),
            ),
        ),
        figures=("point", 0.010, False, False, False),
        amount=("length_samples", 0.1, 0.01, 0.001, 1e9, 3, 0.0, True, 1.0, True, False),
        fade_ms=(10.0, 1_000.0),
        payloads=st.builds(
            lambda length, tone, fade: {"length_samples": length, **tone, **fade},
            st.integers(1, 4_000),
            st.one_of(st.just({}), TONES),
            _with_fade(),
        ),
    ),
    "comp": KindExamples(
        payload=COMPED,
        drawn={
            "covered_start_samples": 60_000,
            "covered_stop_samples": 68_000,
            "take_start_samples": 10_000,
            "take_stop_samples": 18_000,
            **NUMBERED,
        },
        flag=(
            "comp 8.0 s at 1:00.0 · yours",
            "comp take 2, bars 5–8 · yours",
            "comp take 2, bars 5–8",
            "comp",
        ),
        numbers={
            **dict.fromkeys(COMPED, (0, FARTHEST, 1)),
            **dict.fromkeys(NUMBERED, (1, 1_000_000, 1)),
            **CROSSFADE,
        },
        whole=(*COMPED, *NUMBERED),
        needed=COMPED,
        effects=(
            (
                COMPED,
                (Hold(1_000, 2_000), Order(1_000, 2_000, 5_000, 1, False, 10.0), Drop(5_000, 6_100, 10.0)),
            ),
            (
                {**COMPED, "take_start_samples": 1_200, "take_stop_samples": 1_900, "crossfade_ms": 3},
                (Hold(1_000, 2_000), Order(1_000, 2_000, 4_800, 1, False, 3.0), Drop(4_800, 6_200, 3.0)),
            ),
            ({**COMPED, "covered_start_samples": 1_500}, ()),
        ),
        figures=("span", 0.010, False, False, False),
        fade_ms=(10.0, 1_000.0),
        payloads=_with_fade(**dict.fromkeys(COMPED, PLACES)),
    ),
    "take": KindExamples(
        payload=RAISED,
        drawn={"at_samples": 10_000, "takes": [["s1", 4_000]], "number": 3},
        flag=("swap 8.0 s to take 3 · yours", "swap to take 3 · yours", "swap to take 3", "swap"),
        numbers={"at_samples": (0, FARTHEST, 1), "number": (1, 100, 1), **CROSSFADE},
        whole=("at_samples", "number"),
        needed=RAISED,
        effects=(
            (RAISED, (Raise(1_000, 2_000, TRACKS, (("s1", -500),), 10.0),)),
            (
                {"at_samples": 1_100, "takes": [["s1", 0], ["s2", 1_200]], "number": 2, "crossfade_ms": 3},
                (Raise(1_000, 2_000, TRACKS, (("s1", 1_100), ("s2", -100)), 3.0),),
            ),
        ),
        figures=("span", 0.010, False, False, True),
        fade_ms=(10.0, 1_000.0),
        payloads=_with_fade(
            at_samples=PLACES,
            takes=st.lists(
                st.tuples(st.sampled_from(["s1", "s2"]), PLACES).map(list), min_size=1, max_size=3
            ),
        ),
    ),
    "slip": KindExamples(
        payload={"by_samples": -3.5},
        drawn={"by_samples": 12.0},
        flag=("slip +12.0 ms for 8.0 s · yours", "slip +12.0 ms · yours", "slip +12.0 ms", "slip"),
        numbers={"by_samples": ANYWHERE, **CROSSFADE},
        effects=(
            ({}, ()),
            ({"by_samples": -0.5}, (Shift(1_000, 2_000, TRACKS, -0.5, 10.0),)),
            ({"by_samples": 3, "crossfade_ms": 0}, (Shift(1_000, 2_000, TRACKS, 3.0, 0.0),)),
        ),
        figures=("span", 0.001, False, False, True),
        amount=SHIFT,
        fade_ms=(10.0, 1_000.0),
        payloads=_with_fade(by_samples=SHIFTS),
    ),
    "gain": KindExamples(
        payload={"gain_db": -6.0, "ramp_ms": 5.0, "stop_ramp_ms": 0.0},
        drawn={"gain_db": -3.0},
        flag=("gain −3.0 dB for 8.0 s · yours", "gain −3.0 dB · yours", "gain −3.0 dB", "gain"),
        numbers={
            "gain_db": (-120.0, 40.0, 0.01),
            "ramp_ms": (0.0, 10_000.0, 0.01),
            "start_ramp_ms": (0.0, 60_000.0, 0.01),
            "stop_ramp_ms": (0.0, 60_000.0, 0.01),
            "curve_start_samples": (0, 2**43, 1),
        },
        whole=("curve_start_samples",),
        effects=(
            ({}, ()),
            ({"gain_db": 0.0}, ()),
            ({"gain_db": -3.0}, (Gain(1_000, 2_000, TRACKS, -3.0, (10.0, 10.0)),)),
            ({"gain_db": 1.0, "ramp_ms": 7.0}, (Gain(1_000, 2_000, TRACKS, 1.0, (7.0, 7.0)),)),
            (
                {"gain_db": 1.0, "ramp_ms": 7.0, "stop_ramp_ms": 0},
                (Gain(1_000, 2_000, TRACKS, 1.0, (7.0, 0.0)),),
            ),
            ({"gain_db": 1.0, "start_ramp_ms": 20}, (Gain(1_000, 2_000, TRACKS, 1.0, (20.0, 10.0)),)),
            (
                {
                    "gain_db": 1.0,
                    "curve_start_samples": 900,
                    "curve": [[0, 1], [200, 0], [300, 0], [400, 2.5]],
                },
                (
                    Gain(1_000, 1_100, TRACKS, 1.0, curve=((900, 1.0), (1_100, 0.0))),
                    Gain(1_200, 1_300, TRACKS, 1.0, curve=((1_200, 0.0), (1_300, 2.5))),
                ),
            ),
        ),
        figures=("span", 0.010, False, False, True),
        amount=("gain_db", 0.5, 0.1, -120.0, 40.0, 1, 0.0, False, 1.0, False, False),
        payloads=st.fixed_dictionaries(
            {"gain_db": st.floats(-30, 6).filter(bool)},
            optional={"ramp_ms": FADES_MS, "start_ramp_ms": RAMPS_MS, "stop_ramp_ms": RAMPS_MS},
        ),
    ),
    "repair": KindExamples(
        payload={"audio": f"audio-{0:032}", "audio_start_samples": 9_000, "audio_stop_samples": 19_000},
        flag=("repair 8.0 s · yours", "repair · yours", "repair"),
        numbers={
            "audio_start_samples": (0, 2_099, 1),
            "audio_stop_samples": (901, FARTHEST, 1),
            "crossfade_ms": (0.0, 120.0, 0.01),
        },
        whole=("audio_start_samples", "audio_stop_samples"),
        needed=SOUND,
        effects=(
            (SOUND, (Replace(1_000, 2_000, TRACKS, None, 10.0, Stored(KEY, 900, 2_100)),)),
            (
                {**SOUND, "over": [OTHER_KEY], "crossfade_ms": 2.0},
                (Replace(1_000, 2_000, TRACKS, None, 2.0, Stored(KEY, 900, 2_100), (OTHER_KEY,)),),
            ),
        ),
        figures=("span", 0.010, False, False, False),
        fade_ms=(10.0, 120.0),
        payloads=st.builds(
            lambda one, at, fade: repair_payload(AUDIO[one], at, fade), st.integers(0, 1), PLACES, FADES_MS
        ),
    ),
    "hit": KindExamples(
        payload={"by_samples": 12.25, "onset_samples": 9_300},
        drawn={"by_samples": 12.0, "onset_samples": 10_010.0, "voices": "snare"},
        flag=(
            "move hit +12.0 ms snare · yours",
            "move hit +12.0 ms · yours",
            "move hit +12.0 ms",
            "move hit",
        ),
        numbers=SLICED,
        whole=("line",),
        effects=(
            ({}, (Slice(1_000, 2_000, TRACKS, 0.0, 5.0, Fill.DECAY, 1_000.0, None),)),
            (
                {
                    "by_samples": 2.5,
                    "onset_samples": 1_040,
                    "after_samples": 0,
                    "fill": "stretch",
                    "crossfade_ms": 1.0,
                },
                (Slice(1_000, 2_000, TRACKS, 2.5, 1.0, Fill.STRETCH, 1_040.0, 0.0),),
            ),
        ),
        figures=("slice", 0.001, False, False, True),
        amount=SHIFT,
        fade_ms=(5.0, 1_000.0),
        payloads=_with_fade(
            by_samples=st.sampled_from((-700.0, -3.5, 0.0, 0.25, 96.0)),
            onset_samples=PLACES,
            fill=st.sampled_from(tuple(map(str, GAP_FILLS))),
        ),
    ),
    "note": KindExamples(
        payload={"by_samples": 12.25, "onset_samples": 9_300},
        drawn={"by_samples": 12.0, "onset_samples": 10_010.0},
        flag=("move note +12.0 ms · yours", "move note +12.0 ms", "move note"),
        numbers=SLICED,
        whole=("line",),
        effects=(
            ({}, (Slice(1_000, 2_000, TRACKS, 0.0, 5.0, Fill.ELASTIC, 1_000.0, None),)),
            (
                {"by_samples": 2.5, "onset_samples": 1_040, "after_samples": 0, "crossfade_ms": 1.0},
                (Slice(1_000, 2_000, TRACKS, 2.5, 1.0, Fill.ELASTIC, 1_040.0, 0.0),),
            ),
        ),
        figures=("slice", 0.001, False, False, True),
        amount=SHIFT,
        fade_ms=(5.0, 1_000.0),
        payloads=_with_fade(
            by_samples=st.sampled_from((-700.0, -3.5, 0.0, 0.25, 96.0)),
            onset_samples=PLACES,
            after_samples=PLACES,
        ),
    ),
    "flam": KindExamples(
        payload={"by_samples": 3.0, "bleed": {}},
        drawn={"by_samples": 12.0, "onset_samples": 10_010.0},
        flag=("move voice +12.0 ms · yours", "move voice +12.0 ms", "move voice"),
        numbers={"by_samples": ANYWHERE, "onset_samples": ANYWHERE, **CROSSFADE},
        effects=(
            ({}, ()),
            ({"by_samples": 9.0}, (Lift(1_000, 2_000, TRACKS, 9.0, (), 5.0),)),
            (
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
        ),
        figures=("slice", 0.001, False, False, True),
        amount=SHIFT,
        fade_ms=(5.0, 1_000.0),
        payloads=st.builds(
            lambda by, shares: {"by_samples": by, "bleed": {"t2": shares}},
            st.sampled_from((-120.5, 3.0, 96.0)),
            st.lists(st.floats(0, 1), min_size=10, max_size=10),
        ),
    ),
    "recorder": KindExamples(
        payload={"by_samples": 7.5, "drift_ppm": 23.0},
        drawn={"by_samples": 412.0, "drift_ppm": 23.0},
        flag=(
            "line up recorder +412.0 ms, 23.0 ppm faster · yours",
            "line up recorder +412.0 ms, 23.0 ppm faster",
            "line up recorder",
        ),
        numbers={"by_samples": ANYWHERE, "drift_ppm": (-2_000.0, 2_000.0, 0.01)},
        effects=(
            ({}, ()),
            ({"by_samples": 4.0}, (Reclock(0, FARTHEST, TRACKS, 4.0, 0.0),)),
            ({"drift_ppm": -1.5}, (Reclock(0, FARTHEST, TRACKS, 0.0, -1.5),)),
        ),
        figures=("whole", 0.001, False, False, True),
        amount=SHIFT,
        payloads=st.fixed_dictionaries(
            {
                "by_samples": st.sampled_from((-700.0, 3.5, 250.0, 12.0)),
                "drift_ppm": st.sampled_from((-300.0, 0.0, 23.0, 1_500.0)),
            }
        ),
    ),
    "tempo": KindExamples(
        payload={"grid": "beats-1", "reading": "half", "bars_later_beats": 1, "tempo_bpm": 60.0},
        flag=(
            "count half tempo, bars 1 beat later, 60.0 BPM · yours",
            "count half tempo, bars 1 beat later, 60.0 BPM",
            "count",
        ),
        numbers={"bars_later_beats": (0, 31, 1), "tempo_bpm": (0.0, 10_000.0, 0.01)},
        whole=("bars_later_beats",),
        effects=(({"reading": "half"}, ()),),
        figures=("span", 0.010, False, False, False),
        payloads=st.just({"reading": "half", "grid": "beats-1"}),
    ),
}
