"""The queue in groups by region, against a plain search for each proposal."""

from __future__ import annotations

import numpy as np
import pytest

from engine.document.proposals import Proposal
from engine.document.state import DocumentState, Marker
from engine.review.queue import OUTSIDE, listing


def document(regions: list[tuple[int, int, str]], starts: list[int]) -> DocumentState:
    made = {f"p{start}": Proposal(f"p{start}", "cut", start, start + 50, 0.5, "", "t") for start in starts}
    markers = {f"m{n}": Marker(f"m{n}", *region) for n, region in enumerate(regions)}
    return DocumentState(1_000, {}, (), made, {}, markers=markers)


def test_regions_come_in_the_order_of_time_and_what_is_outside_last() -> None:
    state = document(
        [(2_000, 3_000, "Song 2"), (0, 1_000, "Song 1"), (1_500, 1_500, "a marker")],
        [100, 900, 1_200, 1_500, 2_000, 2_999, 3_000],
    )
    found = listing(state, tuple(state.proposals), "region")
    assert [(group.name, group.ids) for group in found.groups] == [
        ("Song 1", ("p100", "p900")),
        ("Song 2", ("p2000", "p2999")),
        (OUTSIDE, ("p1200", "p1500", "p3000")),
    ]
    assert listing(state, ("p2000",), "region", ["Song 2"]).groups[0].folded


@pytest.mark.parametrize("seed", range(5))
def test_groups_equal_asking_each_region(seed: int) -> None:
    rng = np.random.default_rng(seed)
    edges = np.sort(rng.choice(10_000, 12, replace=False)).reshape(-1, 2).tolist()
    regions = [(start, stop, f"r{n}") for n, (start, stop) in enumerate(edges)]
    starts = rng.choice(10_000, 200, replace=False).tolist()
    state = document(regions, starts)
    groups = listing(state, tuple(state.proposals), "region").groups
    found = {key: group.name for group in groups for key in group.ids}
    for start in starts:
        inside = [name for first, stop, name in regions if first <= start < stop]
        assert found[f"p{start}"] == (inside[-1] if inside else OUTSIDE)


def test_regions_of_one_name_are_one_group() -> None:
    state = document([(0, 1_000, "Chorus"), (2_000, 3_000, "Chorus")], [500, 2_500])
    (group,) = listing(state, tuple(state.proposals), "region").groups
    assert group.ids == ("p500", "p2500")
