"""Sentences are put together as a person would write them."""

from __future__ import annotations

import pytest

from engine.core.wording import counted, gain_text, level_text, listed, one_line, unbroken


@pytest.mark.parametrize(
    ("level", "unit", "decimals", "said"),
    [
        (-58.2, "dBFS", 0, "−58 dBFS"),
        (-0.2, "dB", 0, "0 dB"),
        (-0.04, "LUFS", 1, "0.0 LUFS"),
        (-14.0, "LUFS", 1, "−14.0 LUFS"),
        (3.26, "dBTP", 1, "3.3 dBTP"),
    ],
)
def test_levels_have_a_real_minus_and_zero_has_none(level, unit, decimals, said):
    assert level_text(level, unit, decimals) == said


def test_gains_have_a_sign_but_for_nothing():
    assert [gain_text(gain) for gain in (-6.0, 0.0, -0.04, 3.0)] == ["−6.0 dB", "0.0 dB", "0.0 dB", "+3.0 dB"]


def test_numbers_and_names_are_told_as_in_a_sentence():
    assert [counted(number, "cut") for number in (0, 1, 10_000)] == ["0 cuts", "1 cut", "10,000 cuts"]
    assert [listed(list("abc")[:number]) for number in range(4)] == ["", "a", "a and b", "a, b and c"]
    assert one_line("a\n b\u2028c ") == "a b c"


@pytest.mark.parametrize("value", ["+950 ms", "−3.0 dB", "61 %", "0.4 s", "23.0 ppm", "1 sample", "96 kHz"])
def test_a_value_stays_with_its_unit_where_a_line_wraps(value):
    assert unbroken(f"moved {value}, as 2 scores") == f"moved {value.replace(' ', chr(160))}, as 2 scores"
