"""The arrangement lane: which blocks it shows, in both views, and that a thousand cost little."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtGui import QImage

from engine.document.state import Marker
from engine.sound.edl.arrangement import arrangement
from tests.counting import calls_of
from tests.engine.sound.edl.test_arrangement import LENGTH, RATE_HZ, edited, recording, with_regions
from tests.timing import fastest_cpu_s
from widgets import theme
from widgets.theme import DARK
from widgets.timeline.edits.arrangement import (
    NO_SLABS,
    Slabs,
    arrangement_image,
    slabs_of_result,
    slabs_of_source,
)
from widgets.timeline.frame import Frame, lay_out
from widgets.timeline.mouse.drags import gap_at
from widgets.timeline.viewport import Viewport

pytestmark = pytest.mark.usefixtures("qapp")

REGIONS = ((0, 10_000, "Verse"), (10_000, 20_000, "Chorus"), (20_000, 30_000, "Verse 2"))


def song():
    state = edited(
        with_regions(recording(), *REGIONS),
        ("repeat", 10_000, 20_000, {"times": 2}),
        ("move", 20_000, 30_000, {"to_samples": 0}),
        ("cut", 30_000, LENGTH, {}),
    )
    return with_regions(state, *REGIONS)


def both(state) -> tuple[Slabs, Slabs]:
    made, markers = arrangement(state), state.markers.values()
    return slabs_of_result(made, markers, RATE_HZ), slabs_of_source(made, markers, LENGTH)


def painted(shown: Slabs, length: int, width: int = 800) -> QImage:
    layout = lay_out(width, 400, (), has_arrangement=True)
    return arrangement_image(
        Frame(Viewport(0.0, 1.0, width, length, RATE_HZ), layout, DARK, 1.0), shown, length
    )


def test_the_result_is_shown_in_its_order_with_arcs() -> None:
    result, _ = both(song())
    assert [slab.name(RATE_HZ) for slab in result.slabs] == ["Verse 2", "Verse", "Chorus", "Chorus"]
    assert [slab.arc_text for slab in result.slabs] == ["moved from 0:20", "", "", "again"]
    assert result.slabs[3].arc_from == (result.slabs[2].start + result.slabs[2].stop) // 2
    assert result.slabs[0].hue == result.slabs[1].hue != result.slabs[2].hue  # verses are verses
    assert result.at(0) == result.slabs[0]
    assert result.at(10**9) is None
    assert [gap_at(result, place) for place in (0, 6_000, 10**9)] == [0, 1, 4]


def test_the_source_says_how_often_and_where_each_part_is_heard() -> None:
    _, source = both(song())
    assert [slab.name(RATE_HZ) for slab in source.slabs] == ["Verse", "Chorus ×2", "Verse 2", "0:30"]
    assert source.slabs[3].block == -1
    assert "not played" in source.slabs[3].tip(RATE_HZ)
    assert "played at 0:20.0, 0:30.0" in source.slabs[1].tip(RATE_HZ)


def test_every_block_is_painted_in_its_place() -> None:
    result, source = both(song())
    for shown, length in ((result, arrangement(song()).length_samples), (source, LENGTH)):
        image, bare = painted(shown, length), painted(NO_SLABS, length)
        for slab in shown.slabs:
            x = round((slab.start + slab.stop) / 2 / length * 800)
            y = theme.px(40)
            assert image.pixel(x, y) != bare.pixel(x, y)


def test_no_arc_strikes_words_through() -> None:
    state = edited(
        recording(),
        ("move", LENGTH - 4_000, LENGTH - 2_000, {"to_samples": 0}),
        ("move", LENGTH - 2_000, LENGTH, {"to_samples": 4_000}),
    )
    result, _ = both(state)
    image = painted(result, LENGTH)
    first = next(slab for slab in result.slabs if slab.arc_text)
    middle = round((first.arc_from + (first.start + first.stop) // 2) / 2 / LENGTH * 800)
    ink = theme.color(DARK.undecided).rgb()
    near = range(middle - 15, middle + 15)
    assert not [(x, y) for x in near for y in range(1, 16) if image.pixel(x, y) == ink]


def of_repeats(count: int):
    return edited(recording(), *[("repeat", 40 * n, 40 * n + 20, {"times": 2}) for n in range(count)])


def test_blocks_cost_few_calls_each() -> None:
    calls = []
    for count in (20, 120):
        state = of_repeats(count)
        made = arrangement(state)
        shown = slabs_of_result(made, (), RATE_HZ)
        calls.append(
            [
                calls_of(lambda state=state: arrangement(replace(state))),
                calls_of(lambda made=made: slabs_of_result(made, (), RATE_HZ)),
                calls_of(lambda shown=shown, made=made: painted(shown, made.length_samples, 1_600)),
            ]
        )
    assert max((many - few) / 100 for few, many in zip(*calls, strict=True)) < 2.0, calls


@pytest.mark.alone
def test_a_thousand_blocks_are_laid_out_and_painted_in_a_moment() -> None:
    rng = np.random.default_rng(3)
    steps = [("repeat", 40 * n, 40 * n + 20, {"times": 2}) for n in range(500)]
    steps += [
        ("move", 20_000 + 40 * n, 20_000 + 40 * n + 20, {"to_samples": int(to)})
        for n, to in enumerate(rng.integers(0, 19_000, 400))
    ]
    state = edited(recording(), *steps)
    made = arrangement(state)
    assert len(made.blocks) > 1_000
    assert fastest_cpu_s(lambda: arrangement(replace(state))) < 0.1  # 2 ms alone
    shown = slabs_of_result(made, (), RATE_HZ)
    assert fastest_cpu_s(lambda: slabs_of_result(made, (), RATE_HZ)) < 0.1
    assert fastest_cpu_s(lambda: painted(shown, made.length_samples, 1_600)) < 0.2
    assert len(slabs_of_source(made, (Marker("m", 5, 50, "a"),), LENGTH).slabs) > 500
