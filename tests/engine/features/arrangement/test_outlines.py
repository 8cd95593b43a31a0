"""The form that rules see: talk, sections without a pulse, playing outside sections, levels and tempo."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.features.arrangement.rules.outline import Outline, Stretch, outlines_of
from engine.features.arrangement.rules.search import Choices, sort_of
from engine.features.arrangement.step_features import HAS_BEAT, IS_PLAYED, StepFeatures, powers_of
from engine.features.arrangement.steps import Section, Steps
from engine.features.takes.features import Frames
from tests.engine.features.arrangement import made

MUSIC, TALK, REST = "music", "talk", "rest"


def recording(
    parts: list[tuple[str, int]], sections: list[tuple[int, int]], labels: list[int]
) -> StepFeatures:
    """Return a recording of parts, each so many half seconds long; music alone has beats."""
    one = made.heard(np.random.default_rng(1), [(length, kind != REST) for kind, length in parts])
    kinds = np.repeat([kind for kind, _ in parts], [length for _, length in parts])
    one.features[:, IS_PLAYED] = kinds != REST
    one.features[:, HAS_BEAT] = kinds == MUSIC
    found = [Section(*span, label) for span, label in zip(sections, labels, strict=True)]
    return replace(one, sections=tuple(found))


def likeliest(heard: StepFeatures) -> Outline:
    return max(outlines_of(heard), key=lambda one: one.likelihood)


def spans(outline: Outline) -> list[tuple[int, int, bool]]:
    """Return the steps of each stretch, and whether it is a section."""
    return [(*one.span, one.label >= 0) for one in outline.stretches]


def test_pauses_for_thought_are_within_a_block_of_talk_and_a_long_rest_is_not() -> None:
    parts = [(MUSIC, 40), (REST, 6), (TALK, 20), (REST, 8), (TALK, 20), (REST, 6), (MUSIC, 40)]
    music = [(0, 40), (100, 140)]
    heard = recording(parts, music, [0, 0])
    assert spans(likeliest(heard)) == [(0, 40, True), (46, 94, False), (100, 140, True)]
    assert any(len(one.stretches) == 4 for one in outlines_of(heard))
    parts[3] = (REST, 40)
    apart = recording(parts, [(0, 40), (132, 172)], [0, 0])
    assert spans(likeliest(apart)) == [
        (0, 40, True),
        (46, 66, False),
        (106, 126, False),
        (132, 172, True),
    ]


def test_sections_without_a_pulse_are_talk_where_others_have_one() -> None:
    parts = [(MUSIC, 40), (REST, 6), (TALK, 30), (REST, 6), (MUSIC, 40), (REST, 6), (TALK, 30)]
    heard = recording(parts, [(0, 40), (50, 70), (82, 122), (130, 150)], [0, 1, 0, 1])
    assert spans(likeliest(heard)) == [
        (0, 40, True),
        (46, 76, False),
        (82, 122, True),
        (128, 158, False),
    ]
    free = replace(heard, features=heard.features.copy())
    free.features[:, HAS_BEAT] = 0.0
    assert all(is_section for *_, is_section in spans(likeliest(free)))


def test_long_playing_outside_sections_is_a_section_and_short_playing_is_not() -> None:
    heard = recording([(MUSIC, 120)], [(4, 40), (40, 80)], [0, 1])
    (take,) = likeliest(heard).pieces[0]
    assert [one.span for one in take.sections] == [(0, 40), (40, 80), (80, 120)]
    assert len({one.label for one in take.sections}) == 3
    longer = recording([(MUSIC, 120)], [(30, 70), (100, 116)], [0, 1])
    (take,) = likeliest(longer).pieces[0]
    assert [one.span for one in take.sections] == [(0, 30), (30, 70), (70, 100), (100, 120)]


def test_the_level_of_steps_is_that_of_their_power_without_their_neighbours() -> None:
    levels_db = np.full(40, -60.0, np.float32)
    levels_db[10:20:2] = -10.0
    levels_db[20:] = 0.0
    steps = Steps(np.array([0, 1000, 2000, 4000]), np.array([1, 2, 3]), 1000)
    powers_db = powers_of(Frames(np.zeros((20, 12)), np.zeros((20, 10)), levels_db), steps)
    np.testing.assert_allclose(powers_db, [-60.0, -13.01, 0.0], atol=0.01)
    heard = made.heard(np.random.default_rng(0), [(3, True)])
    heard = replace(heard, steps=steps, powers_db=powers_db)
    assert heard.level_db(0, 2) == pytest.approx(-16.02, abs=0.01)
    assert heard.level_db(1, 3) == pytest.approx(10 * np.log10((0.05 + 2.0) / 3.0), abs=0.01)


def test_pieces_are_sorted_by_tempo_although_beats_are_found_at_double_speed() -> None:
    def piece(beat_s: float) -> list[Stretch]:
        return [Stretch(0, 8, 0, -10.0, 8 * beat_s, beat_s)]

    pieces = [piece(0.5), piece(0.33), piece(0.7), piece(0.42)]
    by_tempo = sort_of(Choices((0.68, 0.9)))
    assert by_tempo(pieces) == [2, 1, 0, 3]
    by_beats = sort_of(Choices((0.62, 0.9)))
    assert by_beats(pieces) == [2, 0, 3, 1]
