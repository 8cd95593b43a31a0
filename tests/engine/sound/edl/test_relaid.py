"""Slices laid out again after answers come to what they come to laid out from nothing."""

from __future__ import annotations

from dataclasses import fields, replace
from itertools import pairwise
from random import Random

import numpy as np
import pytest

from engine.document.kinds.operations import Fill, Gain, Lift, Replace, Shift, Slice, Sounding
from engine.sound.edl import relaid
from engine.sound.edl.relaid import laid_out_near
from engine.sound.edl.slices import LaidOut, Segments, laid_out, ordered
from engine.sound.edl.tracks.patches import Patches, patches_by_track
from tests.timing import fastest_cpu_s

RATE_HZ = 8_000


def performance(random: Random, count: int, *, is_wild: bool) -> list[Slice]:
    """Return hits side by side; wild ones also lie over each other, pass each other, or know no attack."""
    found, start = [], 0
    steps = [random.choice((240, 600, 1_200, 4_000)) for _ in range(count + 1)]
    for step, following in pairwise(steps):
        start += step
        stop = start + following
        onset: float = start + random.choice((0, 40, 80))
        by = float(random.choice((0, 0, -30, 25, 60, -90, 12.25)))
        if is_wild and random.random() < 0.2:
            stop = start + random.choice((50, 300, 2_000, 9_000))
            onset = random.choice((start - 100.0, start + 20.0, float(stop), stop + 500.0))
            by = float(random.choice((-3_000, -700, 900, 5_000)))
        after = random.choice((None, onset - step, start - 10.0))
        fill = random.choice(tuple(Fill))
        found.append(Slice(start, stop, ("t",), by, random.choice((0.0, 5.0, 20.0)), fill, onset, after))
    return found


def require_same(found: LaidOut, expected: LaidOut) -> None:
    assert found.slices == expected.slices
    assert found.pieces == expected.pieces
    for name in ("spans", "opens", "begins", "owners", "columns", "by_samples"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name), err_msg=name)
    for one in fields(Segments):
        pair = getattr(found.segments, one.name), getattr(expected.segments, one.name)
        np.testing.assert_array_equal(*pair, err_msg=one.name)


@pytest.mark.parametrize("seed", range(12))
def test_answers_in_any_order_come_to_what_laying_all_out_comes_to(seed: int) -> None:
    random = Random(seed)
    every = performance(random, 90, is_wild=seed % 3 > 0)
    if seed % 4 == 3:  # one lies under many others, so that nothing is apart
        every.append(
            Slice(every[20].start_samples, every[60].stop_samples, ("t",), 45.0, 5.0, onset_samples=0.0)
        )
    accepted = [random.random() < 0.8 for _ in every]
    known: LaidOut | None = None
    for _ in range(40):
        place = random.randrange(len(every))
        if random.random() < 0.15:  # a nudge: another slice in its place
            every[place] = replace(every[place], by_samples=every[place].by_samples + random.choice((-40, 8)))
        for answered in range(place, min(place + random.choice((1, 1, 1, 6)), len(every))):
            accepted[answered] = not accepted[answered]
        chosen = [one for one, is_on in zip(every, accepted, strict=True) if is_on]
        if random.random() < 0.1:
            random.shuffle(chosen)
        known = laid_out_near(known, chosen, RATE_HZ)
        require_same(known, laid_out(ordered(chosen), RATE_HZ))


def test_one_answer_among_thousands_lays_out_a_few(monkeypatch: pytest.MonkeyPatch) -> None:
    every = performance(Random(1), 2_000, is_wild=False)
    before = laid_out(ordered(every), RATE_HZ)
    sizes: list[int] = []

    def counted(slices: tuple[Slice, ...], rate_hz: int) -> LaidOut:
        sizes.append(len(slices))
        return laid_out(slices, rate_hz)

    monkeypatch.setattr(relaid, "laid_out", counted)
    for place in range(0, 2_000, 97):
        rest = every[:place] + every[place + 1 :]
        again = laid_out_near(laid_out_near(before, rest, RATE_HZ), every, RATE_HZ)
        require_same(again, before)
    assert max(sizes) <= 2 * relaid.AROUND[0] + 3


def test_one_answer_costs_a_fraction_of_laying_all_out() -> None:
    every = performance(Random(2), 2_000, is_wild=False)
    rest = every[:900] + every[901:]
    before = laid_out(ordered(every), RATE_HZ)
    all_s = fastest_cpu_s(lambda: laid_out(ordered(rest), RATE_HZ))
    assert fastest_cpu_s(lambda: laid_out_near(before, rest, RATE_HZ), 5) < all_s / 4


def test_nothing_changed_is_the_same_object() -> None:
    every = performance(Random(3), 60, is_wild=False)
    before = laid_out(ordered(every), RATE_HZ)
    assert laid_out_near(before, list(every), RATE_HZ) is before
    assert laid_out_near(before, every[::-1], RATE_HZ) is before
    assert laid_out_near(before, [every[1], every[0], *every[2:]], RATE_HZ) is before


def test_a_document_read_again_changed_nothing() -> None:
    every = performance(Random(3), 60, is_wild=False)
    before = laid_out(ordered(every), RATE_HZ)
    assert laid_out_near(before, [replace(one) for one in every], RATE_HZ) is before


def plainly(operations: list[Sounding]) -> Patches:
    """Return the patches of operations of which nothing is known yet, and all found one by one."""
    found = Patches.of(operations, RATE_HZ)
    return Patches(found.operations, RATE_HZ)


@pytest.mark.parametrize("seed", range(6))
def test_patches_near_others_are_those_made_from_nothing(seed: int) -> None:
    random = Random(seed)
    every: list[Sounding] = [*performance(random, 60, is_wild=seed % 2 > 0)]
    for start in range(0, 60_000, 4_000):
        span, tracks = (start, start + 2_000), ("t",)
        every += [Gain(*span, tracks, -6.0, (10.0, 10.0)), Shift(*span, tracks, 12.0, 5.0)]
        every += [Replace(*span, tracks, (0, 500), 5.0), Lift(*span, tracks, -20.5, (0.5,) * 10, 5.0)]
    near = None
    for _ in range(15):
        chosen = [one for one in every if random.random() < 0.97]
        random.shuffle(chosen)
        near = Patches.of(chosen, RATE_HZ, near)
        plain = plainly(chosen)
        assert near == plain
        np.testing.assert_array_equal(near.reaches, plain.reaches)
        np.testing.assert_array_equal(near.edges, plain.edges)
        np.testing.assert_array_equal(near.shifts, plain.shifts)
        assert near.layers == plain.layers
        assert near.spans == plain.spans
        assert near.touching(10_000, 20_000) == plain.touching(10_000, 20_000)


def test_microphones_share_what_is_laid_out_again() -> None:
    every = [replace(one, tracks=("a", "b")) for one in performance(Random(4), 60, is_wild=False)]
    lift = Lift(9_000, 9_500, ("b",), 20.0)
    tracks = ("a", "b", "c")
    before = patches_by_track([*every, lift], tracks, RATE_HZ)
    after = patches_by_track([*every[:30], *every[31:], lift], tracks, RATE_HZ, before)
    assert list(after) == ["a", "b"]
    assert after == patches_by_track([*every[:30], *every[31:], lift], tracks, RATE_HZ)
