"""A document made with an older version sounds as it did: every kind of edit, one over the other."""

from __future__ import annotations

import random
from collections.abc import Mapping

import numpy as np
import pytest

from engine.document.edits.by_hand import repair_payload
from engine.document.kinds.operations import GAP_FILLS, Fill
from engine.document.state import DocumentState
from engine.sound.edl.build import build
from engine.sound.edl.conflicts import conflicts_of, in_conflict
from engine.sound.edl.loudness import measure
from engine.sound.edl.render import Renderer
from tests.as_before import require_as_before
from tests.engine.sound.edl.heard.test_every_kind import AUDIO, LENGTH, Made, edited, trio  # noqa: F401
from tests.engine.sound.edl.recordings import RATE_HZ, Recording

BLOCK = 160
"""20 ms: what is heard in each is told by one number a channel."""


def _span(dice: random.Random, longest: int = 3_000) -> tuple[int, int]:
    start = dice.randrange(LENGTH - longest)
    return start, start + dice.randrange(60, longest)


def _on(dice: random.Random) -> tuple[int, ...]:
    return dice.choice(((), (0,), (1,), (0, 2), (1, 2)))


def _arranged(dice: random.Random) -> list[Made]:
    """Return what changes when things sound."""
    fade = {"crossfade_ms": dice.choice((0.0, 5.0, 25.0, 60.0))}
    times, to = dice.randrange(2, 4), dice.randrange(LENGTH)
    return [
        Made("cut", _span(dice), fade),
        Made("cut", _span(dice, 300), {}),
        Made("keep", _span(dice, 900), {}),
        Made("move", _span(dice), {**fade, "to_samples": to}),
        Made("repeat", _span(dice), {"times": times}),
        Made("repeat", _span(dice), {**fade, "times": 2, "to_samples": to}),
    ]


def _sounding(dice: random.Random) -> list[Made]:
    """Return what changes what is heard, where it is."""
    tone, by = _span(dice), dice.choice((-700.0, -3.5, 0.25, 12.0, 96.4))
    tones = {"tone_start_samples": tone[0], "tone_stop_samples": tone[1]}
    return [
        Made("mute", _span(dice), {"crossfade_ms": 8.0}, _on(dice)),
        Made("mute", _span(dice), {**tones, "is_silent": dice.random() < 0.2}, _on(dice)),
        Made("slip", _span(dice), {"by_samples": by, "crossfade_ms": 12.0}, _on(dice)),
        Made("gain", _span(dice), {"gain_db": dice.uniform(-30, 6), "ramp_ms": 30.0}, _on(dice)),
        Made("repair", _span(dice), repair_payload(AUDIO[0], dice.randrange(LENGTH), 10.0), _on(dice)),
        Made("repair", _span(dice), repair_payload(AUDIO[1], dice.randrange(LENGTH), 0.0), _on(dice)),
    ]


def _performed(dice: random.Random, fill: Fill) -> list[Made]:
    """Return slices one after another, each moved by its own amount, and a voice lifted out of some."""
    made, start, on = [], dice.randrange(200, 2_000), dice.choice(((), (0, 1)))
    for _ in range(dice.randrange(4, 12)):
        stop = start + dice.randrange(300, 1_200)
        by = dice.choice((0.0, dice.uniform(-150, 150), float(dice.randrange(-150, 150)), 240.5))
        hit = {"by_samples": by, "onset_samples": start + dice.randrange(20, 80), "fill": str(fill)}
        fade = {"crossfade_ms": dice.choice((0.0, 2.0, 5.0))}
        made.append(Made("hit", (start, stop), {**hit, **fade}, on))
        start = stop + (dice.randrange(400) if dice.random() < 0.3 else 0)
    shares = [dice.random() for _ in range(10)]
    lift = {"by_samples": dice.choice((-120.5, 3.0, 96.0)), "bleed": {"t2": shares}}
    return [
        *made,
        Made("flam", _span(dice), lift, (0,)),
        Made("flam", _span(dice), {**lift, "bleed": {}}, (1,)),
    ]


def _clocked(dice: random.Random) -> list[Made]:
    """Return a recorder whose clock runs differently, under other edits."""
    ppm = dice.choice((-300.0, 0.0, 23.0, 1_500.0))
    clock = Made("recorder", (0, LENGTH), {"by_samples": dice.uniform(-700, 700), "drift_ppm": ppm}, (1,))
    return [clock, *_sounding(dice)[:3], *_arranged(dice)[:2]]


ALL: Mapping[str, list[Made]] = {
    **{f"arranged {seed}": _arranged(random.Random(seed)) for seed in range(6)},
    **{f"sounding {seed}": _sounding(random.Random(100 + seed)) for seed in range(6)},
    **{
        f"performed, {fill} {seed}": _performed(random.Random(200 + seed), fill)
        for fill in GAP_FILLS
        for seed in range(3)
    },
    **{f"clocked {seed}": _clocked(random.Random(300 + seed)) for seed in range(3)},
    **{
        f"all {seed}": [
            *_arranged(random.Random(seed)),
            *_sounding(random.Random(seed)),
            *_performed(random.Random(seed), GAP_FILLS[seed % len(GAP_FILLS)]),
        ]
        for seed in range(400, 404)
    },
}


def _told(recorded: Recording, state: DocumentState) -> dict[str, object]:
    """Return what is heard: its length, how it is laid out, its loudness, and a number every 20 ms."""
    found = build(state)
    with Renderer(state, found, recorded.media) as renderer:
        sound = np.concatenate([np.zeros((0, renderer.channels), np.float32), *renderer.blocks(2_999)])
    padded = np.pad(sound.astype(np.float64), ((0, -len(sound) % BLOCK), (0, 0)))
    weights = np.random.default_rng(11).standard_normal(BLOCK)
    numbers = np.einsum("nbc,b->cn", padded.reshape(-1, BLOCK, sound.shape[1]), weights)
    loudness = measure([sound], rate_hz=RATE_HZ)
    conflicts = {number: conflicts_of(state, key) for number, key in enumerate(state.proposals)}
    numbered = {key: number for number, key in enumerate(state.proposals)}
    return {
        "segments": [
            (one.start_samples, one.stop_samples, one.fade_in_samples, one.fade_out_samples)
            for one in found.segments
        ],
        "patched": {track: patches.spans for track, patches in found.patches.items()},
        "conflicts": {one: [numbered[key] for key in found] for one, found in conflicts.items() if found},
        "in conflict": in_conflict(state),
        "loudness": loudness,
        "heard": np.round(numbers, 5),
    }


@pytest.mark.parametrize("name", ALL)
def test_what_was_edited_with_an_older_version_sounds_as_it_did(name: str, trio: Recording) -> None:  # noqa: F811
    state = edited(trio.state, ALL[name])
    # Rounding differs between machines in the seventh digit of a sample, and 160 of them add up.
    require_as_before("sounds", name, _told(trio, state), most_apart=3e-5)
