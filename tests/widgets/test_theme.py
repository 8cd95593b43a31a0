"""The colour table is readable, whole, and the only place where colours are written."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PySide6.QtGui import QColor, QFontInfo, QPalette

from widgets import theme
from widgets.theme import DARK, LIGHT, Theme, mix
from widgets.timeline.heads.parts import OUTLINE_SHARE

WIDGETS = Path(theme.__file__).parent
BOTH = pytest.mark.parametrize("tokens", [DARK, LIGHT], ids=lambda tokens: tokens.name)


def luminance(token: str) -> float:
    """Relative luminance of WCAG 2.1."""
    channels = [QColor(token).redF(), QColor(token).greenF(), QColor(token).blueF()]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@BOTH
@pytest.mark.parametrize("ink", ["text", "dim", "rejected_text", "error"])
@pytest.mark.parametrize("ground", ["bg", "panel", "panel2", "control", "current_row"])
def test_text_reaches_four_and_a_half(tokens: Theme, ink: str, ground: str) -> None:
    assert contrast(getattr(tokens, ink), getattr(tokens, ground)) >= 4.5


@BOTH
@pytest.mark.parametrize("verdict", ["undecided", "accepted", "rejected"])
def test_words_on_flags_and_names_of_verdicts_are_readable(tokens: Theme, verdict: str) -> None:
    assert contrast(tokens.on_verdict(verdict), tokens.verdict(verdict)) >= 4.5
    assert contrast(tokens.verdict_text(verdict), tokens.panel) >= 4.5


@BOTH
@pytest.mark.parametrize("verdict", ["undecided", "accepted", "rejected"])
@pytest.mark.parametrize("ground", ["bg", "panel", "panel2", "current_row"])
def test_a_verdict_is_read_in_any_row(tokens: Theme, verdict: str, ground: str) -> None:
    assert contrast(tokens.verdict_text(verdict), getattr(tokens, ground)) >= 4.5


@BOTH
@pytest.mark.parametrize("ground", ["bg", "panel", "current_row"])
def test_groups_and_waves_are_seen(tokens: Theme, ground: str) -> None:
    grounds = getattr(tokens, ground)
    assert all(contrast(accent, grounds) >= 3.0 for accent in tokens.accents)
    assert ground == "current_row" or contrast(tokens.wave2, grounds) >= 3.0


FAINT_WORDS = re.compile(r"setPen\([^)]*\.faint(?! if self.isEnabled)")


def test_no_word_is_painted_faint_unless_what_it_names_is_off() -> None:
    painters = {path.name: path.read_text(encoding="utf-8") for path in WIDGETS.rglob("*.py")}
    guilty = {name for name, text in painters.items() for _ in FAINT_WORDS.finditer(text)}
    # The border of the palette and the edge of a cap are lines.
    assert guilty <= {"palette_and_key_sheet.py", "key_caps.py"}


@BOTH
@pytest.mark.parametrize(
    "sign", ["undecided", "accepted", "rejected", "score_line", "wave", "playhead", "marker", "faint"]
)
@pytest.mark.parametrize("ground", ["bg", "panel"])
def test_signs_reach_three(tokens: Theme, sign: str, ground: str) -> None:
    floor = 2.9 if sign == "faint" else 3.0  # faint is only for what may be missed
    assert contrast(getattr(tokens, sign), getattr(tokens, ground)) >= floor


@BOTH
def test_every_token_is_a_colour(tokens: Theme) -> None:
    named = {name: getattr(tokens, name) for name in tokens.__slots__ if name not in ("name", "accents")}
    bad = {name: value for name, value in named.items() if not re.fullmatch(r"#[0-9a-f]{6}", value)}
    assert bad == {}
    assert all(re.fullmatch(r"#[0-9a-f]{6}", accent) for accent in tokens.accents)


def test_no_colour_is_written_elsewhere() -> None:
    pattern = re.compile(
        r"#[0-9a-fA-F]{6}\b|GlobalColor\.(?!transparent)|Qt\.(white|black|red|gray)\b|QColor\(\d"
    )
    guilty = [
        f"{path.name}: {match.group()}"
        for path in WIDGETS.rglob("*.py")
        if path.name != "theme.py"
        for match in pattern.finditer(path.read_text(encoding="utf-8"))
    ]
    assert guilty == []


@BOTH
@pytest.mark.usefixtures("qapp")
def test_palette_and_style_sheet_come_from_the_table(tokens: Theme) -> None:
    made = theme.palette(tokens)
    assert made.color(QPalette.ColorRole.Window).name() == tokens.panel
    assert made.color(QPalette.ColorRole.WindowText).name() == tokens.text
    sheet = theme.style_sheet(tokens)
    assert tokens.undecided in sheet
    assert "{" in sheet
    assert "{{" not in sheet


@pytest.mark.usefixtures("qapp")
def test_shipped_fonts_are_used_and_scale() -> None:
    assert theme.load_fonts()
    assert QFontInfo(theme.ui_font()).family() == "Inter"
    assert QFontInfo(theme.mono_font()).family() == "JetBrains Mono"
    try:
        theme.set_text_scale(2.0)
        assert theme.ui_font().pixelSize() == 26
        assert theme.px(theme.CONTROL) == 56
    finally:
        theme.set_text_scale(None)
    assert 1.0 <= theme.text_scale() <= 2.0


def test_accents_repeat_and_unknown_verdicts_count_as_undecided() -> None:
    assert DARK.accent(len(DARK.accents)) == DARK.accent(0)
    assert DARK.verdict("") == DARK.undecided


@BOTH
def test_switches_that_are_on_are_read_and_told_apart(tokens: Theme) -> None:
    assert contrast(tokens.on_mute, tokens.mute) >= 4.5
    assert contrast(tokens.on_solo, tokens.solo) >= 4.5
    for ground in (tokens.panel, tokens.current_row):
        for filled in (tokens.mute, tokens.solo):
            outline = mix(filled, tokens.text, OUTLINE_SHARE).name()
            assert max(contrast(filled, ground), contrast(outline, ground)) >= 3.0


@BOTH
@pytest.mark.parametrize(
    "color", [*DARK.accents, "#000000", "#ffffff", "#16181b", "#f4f5f6", "#ffff00", "#0000ff"]
)
def test_waves_of_any_colour_are_told_from_the_ground(tokens: Theme, color: str) -> None:
    for ink in tokens.wave_inks(color):
        assert contrast(ink, tokens.bg) >= 3.0
