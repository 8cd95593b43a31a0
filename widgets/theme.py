"""One table of colours, type and measure; Qt's palette, the style sheet and every painter read it.

No other module defines colours. Text has a contrast of 4.5 to its background, signs 3.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QFontInfo, QGuiApplication, QPalette

from engine.core.build import RESOURCES

FONTS_DIR = RESOURCES / "fonts"
FONT_FILES = (
    "Inter-Regular.otf",
    "Inter-Medium.otf",
    "Inter-SemiBold.otf",
    "Inter-Bold.otf",
    "JetBrainsMono-Regular.ttf",
    "JetBrainsMono-Bold.ttf",
)

STEP = 4
ROW = 30
CONTROL = 28
RADIUS = 6
TEXT_SMALL, TEXT, TEXT_TITLE, TEXT_TIME = 11, 13, 15, 18
BAR = 48
HEADS = 176
QUEUE, QUEUE_SHARE = 372, 0.32
"""Default width of the queue, and its maximum share of the window."""

SIGN_CONTRAST = 3.0
PEAK_SHARE, RMS_SHARE = 0.3, 0.12
"""Blending of the track's colour with the background for the peak, and with the text for the RMS."""
_ACCENTS = ("#4f9468", "#8f78c6", "#c0617c", "#2f8f88", "#8f8a3a", "#b06ab0")


@dataclass(frozen=True, slots=True)
class Theme:
    """Colour tokens, each "#rrggbb".

    Attributes
    ----------
    bg, panel, panel2, line : surfaces, from the lanes' ground to the hairlines between panels
    control, current_row : buttons and key caps; the open row of a list
    text, dim, faint : text; faint only for optional information
    wave, wave2 : peak and RMS of a waveform
    undecided, accepted, rejected : the three verdicts; the current proposal is `undecided`, stronger
    on_undecided, on_accepted, on_rejected : words and signs on a filled flag of that verdict
    rejected_text : the word "rejected" on a panel (the grey of the flag is too weak for text)
    score_low, score_high : the ends of the score's ramp
    score_line : the score as a curve or a word, readable on the ground
    division, beat, downbeat : the grid
    marker : flags of markers, bands of regions and their lines through the lanes
    early, late : hits before and after the grid line; an arrow shows it, too
    playhead : playhead and the frame of the visible window
    error : errors
    mute, solo, on_mute, on_solo : switches that are on, and the letters on them, in the colours of mixers
    level, level_high : the bar of a meter, and its last 6 dB before full scale
    clip : peaks that reach full scale, in a waveform and as a meter's light
    accents : one colour a group of tracks, in the order in which groups appear
    """

    name: str
    bg: str
    panel: str
    panel2: str
    line: str
    control: str
    current_row: str
    text: str
    dim: str
    faint: str
    wave: str
    wave2: str
    undecided: str
    accepted: str
    rejected: str
    on_undecided: str
    on_accepted: str
    on_rejected: str
    rejected_text: str
    score_low: str
    score_high: str
    score_line: str
    division: str
    beat: str
    downbeat: str
    marker: str
    early: str
    late: str
    playhead: str
    error: str
    mute: str
    solo: str
    on_mute: str
    on_solo: str
    level: str
    level_high: str
    clip: str
    accents: tuple[str, ...] = _ACCENTS

    def verdict(self, verdict: str) -> str:
        """Return the fill of a verdict ("undecided", "accepted", "rejected")."""
        return {"accepted": self.accepted, "rejected": self.rejected}.get(verdict, self.undecided)

    def on_verdict(self, verdict: str) -> str:
        """Return the colour of words on a flag filled with the verdict's colour."""
        return {"accepted": self.on_accepted, "rejected": self.on_rejected}.get(verdict, self.on_undecided)

    def verdict_text(self, verdict: str) -> str:
        """Return the colour of the verdict's own name written on a panel."""
        return {"accepted": self.accepted, "rejected": self.rejected_text}.get(verdict, self.undecided)

    def wave_inks(self, color: str) -> tuple[str, str]:
        """Return the colours of peak and RMS of a wave: the theme's own, or shades of a track's colour.

        A colour with too little contrast to the background is blended with the text colour.
        """
        return _wave_inks(self, color) if color else (self.wave, self.wave2)

    def accent(self, index: int) -> str:
        """Return the colour of the index-th group of tracks; colours repeat."""
        return self.accents[index % len(self.accents)]


DARK = Theme(
    name="dark",
    bg="#16181b",
    panel="#1d2024",
    panel2="#23272c",
    line="#2f343a",
    control="#2b3036",
    current_row="#26323f",
    text="#e6e8ea",
    dim="#9aa3ab",
    faint="#69727a",
    wave="#8fa3b5",
    wave2="#6d8091",
    undecided="#4aa3ff",
    accepted="#e8893b",
    rejected="#7c858d",
    on_undecided="#0b1520",
    on_accepted="#1d1106",
    on_rejected="#0e1012",
    rejected_text="#9aa3ab",
    score_low="#2b3a46",
    score_high="#f2c14e",
    score_line="#f2c14e",
    division="#24292e",
    beat="#3a4149",
    downbeat="#5d6872",
    marker="#4fb8a2",
    early="#8fd14f",
    late="#e07ae6",
    playhead="#ffffff",
    error="#ff8a80",
    mute="#e5484d",
    solo="#ffd23e",
    on_mute="#140505",
    on_solo="#1c1600",
    level="#4fae72",
    level_high="#e3b341",
    clip="#ff453a",
)

LIGHT = Theme(
    name="light",
    bg="#f4f5f6",
    panel="#ffffff",
    panel2="#eceef0",
    line="#d3d8dc",
    control="#e6e9ec",
    current_row="#e3eefb",
    text="#1b1f23",
    dim="#566069",
    faint="#86909a",
    wave="#55697b",
    wave2="#7a8fa2",
    undecided="#0b66c3",
    accepted="#ad510e",
    rejected="#79828a",
    on_undecided="#ffffff",
    on_accepted="#ffffff",
    on_rejected="#000000",
    rejected_text="#566069",
    score_low="#dfe6ec",
    score_high="#d99a00",
    score_line="#b07d00",
    division="#e9ecee",
    beat="#dde1e5",
    downbeat="#b7bfc6",
    marker="#137a68",
    early="#3d7a0c",
    late="#a3219e",
    playhead="#000000",
    error="#b3261e",
    mute="#c62a2f",
    solo="#ffd23e",
    on_mute="#ffffff",
    on_solo="#1c1600",
    level="#2b8a57",
    level_high="#b07d00",
    clip="#d3120a",
)


def color(token: str, alpha: float = 1.0) -> QColor:
    """Return a token as Qt's colour, `alpha` 0 to 1."""
    result = QColor(token)
    result.setAlphaF(alpha)
    return result


def mix(one: str, other: str, share: float) -> QColor:
    """Return a colour between two tokens: `one` at share 0, `other` at share 1."""
    a, b = QColor(one), QColor(other)
    pairs = ((a.red(), b.red()), (a.green(), b.green()), (a.blue(), b.blue()))
    return QColor(*(round(low + (high - low) * share) for low, high in pairs))


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours as WCAG 2 has it, 1 to 21."""
    bright, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def _luminance(token: str) -> float:
    parts = [part / 255 for part in QColor(token).getRgb()[:3]]  # type: ignore[index]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return float(0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2])


@cache
def _wave_inks(theme: Theme, color: str) -> tuple[str, str]:
    faded = mix(color, theme.bg, PEAK_SHARE).name()
    shades = [mix(faded, color, share).name() for share in (0.0, 0.25, 0.5, 0.75)]
    shades += [mix(color, theme.text, share).name() for share in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)]
    peak = next(shade for shade in shades if contrast(shade, theme.bg) >= SIGN_CONTRAST)
    body = color if contrast(color, theme.bg) >= SIGN_CONTRAST else peak
    return peak, mix(body, theme.text, RMS_SHARE).name()


def premultiplied(token: str, alpha: ArrayLike) -> NDArray[np.uint32]:
    """Return a token as ARGB32_Premultiplied pixels at opacities 0 to 1, of `alpha`'s shape."""
    qcolor = QColor(token)
    a = np.rint(np.asarray(alpha, np.float64) * 255).astype(np.uint32)
    red, green, blue = (a * part // 255 for part in (qcolor.red(), qcolor.green(), qcolor.blue()))
    return np.asarray(a << 24 | red << 16 | green << 8 | blue, np.uint32)


def system_theme() -> Theme:
    """Return the theme the system asks for now."""
    light = QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Light
    return LIGHT if light else DARK


_text_scale: list[float] = []


def text_scale() -> float:
    """Return the system's text scale relative to 13 px, 1.0 to 2.0 in eighths."""
    if not _text_scale:
        system_px = QFontInfo(QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont)).pixelSize()
        _text_scale.append(min(2.0, max(1.0, round(system_px / TEXT * 8) / 8)))
    return _text_scale[0]


def set_text_scale(factor: float | None) -> None:
    """Use this scale instead of the system's; None asks the system again. Widgets made before keep theirs."""
    _text_scale[:] = [] if factor is None else [factor]


def px(length: float) -> int:
    """Return a length of the drawings, in pixels at 100 %, at the present text scale."""
    return round(length * text_scale())


def load_fonts() -> bool:
    """Register the bundled fonts; return False if any is missing and system fonts replace it."""
    return all(QFontDatabase.addApplicationFont(str(FONTS_DIR / name)) >= 0 for name in FONT_FILES)


def ui_font(size: float = TEXT, weight: QFont.Weight = QFont.Weight.Normal) -> QFont:
    """Return the interface's face at `size` pixels at 100 %, figures all of one width."""
    return QFont(_face("Inter", QFontDatabase.SystemFont.GeneralFont, "tnum", 1, px(size), weight))


def mono_font(size: float = TEXT, weight: QFont.Weight = QFont.Weight.Normal) -> QFont:
    """Return the face of times and numbers at `size` pixels at 100 %, without ligatures."""
    return QFont(_face("JetBrains Mono", QFontDatabase.SystemFont.FixedFont, "calt", 0, px(size), weight))


@cache
def _face(
    family: str, fallback: QFontDatabase.SystemFont, feature: str, on: int, size_px: int, weight: QFont.Weight
) -> QFont:
    font = QFont([family, QFontDatabase.systemFont(fallback).family()])
    font.setPixelSize(size_px)
    font.setWeight(weight)
    font.setFeature(QFont.Tag(feature), on)
    return font


def palette(theme: Theme) -> QPalette:
    """Return Qt's palette for a theme."""
    role = QPalette.ColorRole
    result = QPalette()
    for roles, token in (
        ((role.Window, role.Button), theme.panel),
        ((role.Base, role.ToolTipBase), theme.bg),
        ((role.AlternateBase, role.Midlight), theme.panel2),
        ((role.Mid, role.Dark, role.Shadow, role.Light), theme.line),
        ((role.WindowText, role.Text, role.ButtonText, role.ToolTipText, role.BrightText), theme.text),
        ((role.Highlight, role.Link, role.Accent), theme.undecided),
        ((role.HighlightedText,), theme.on_undecided),
        ((role.PlaceholderText, role.LinkVisited), theme.dim),
    ):
        for each in roles:
            result.setColor(each, QColor(token))
    for each in (role.WindowText, role.Text, role.ButtonText):
        result.setColor(QPalette.ColorGroup.Disabled, each, QColor(theme.faint))
    return result


def style_sheet(theme: Theme) -> str:
    """Return the style sheet of the whole application.

    Roles are set as dynamic properties: `role` "title", "dim", "faint", "error", "time" or "key" on a label,
    "primary" on the one button that goes on; `surface` "ground", "panel" or "row" on a frame.
    """
    return _STYLE_SHEET.format_map(
        {name: getattr(theme, name) for name in theme.__slots__}
        | {
            "text_px": px(TEXT),
            "small_px": px(TEXT_SMALL),
            "title_px": px(TEXT_TITLE),
            "time_px": px(TEXT_TIME),
            "control_px": px(CONTROL - 2),
            "row_px": px(ROW),
            "radius": px(RADIUS),
            "key_radius": px(STEP),
            "indicator_radius": px(3 * STEP) // 2 + 1,
            "dot_px": px(3 * STEP) + 2 - 2 * px(STEP),
            "step": px(STEP),
            "step2": px(2 * STEP),
            "step3": px(3 * STEP),
            "step5": px(5 * STEP),
            "bar_px": px(2 * STEP),
            "chevron": (FONTS_DIR.parent / "icons" / "own" / "chevron-down.svg").as_posix(),
        }
    )


_STYLE_SHEET = """
QWidget {{ background: {panel}; color: {text}; font-family: "Inter"; font-size: {text_px}px; }}
QLabel, QCheckBox, QRadioButton {{ background: transparent; }}
QRadioButton {{
    border: 1px solid transparent; border-radius: {key_radius}px; padding: 1px {step}px 1px 1px;
}}
QRadioButton:focus {{ border-color: {undecided}; }}
QRadioButton::indicator {{
    width: {step3}px; height: {step3}px; border: 1px solid {dim}; border-radius: {indicator_radius}px;
    background: {bg};
}}
QRadioButton::indicator:checked {{
    border: {step}px solid {undecided}; width: {dot_px}px; height: {dot_px}px; background: {on_undecided};
}}
QLabel[role="title"] {{ font-size: {title_px}px; font-weight: 600; }}
QLabel[role="dim"] {{ color: {dim}; }}
QLabel[role="faint"] {{ color: {faint}; font-size: {small_px}px; }}
QLabel[role="error"] {{ color: {error}; }}
QLabel[role="time"] {{ font-family: "JetBrains Mono"; font-size: {time_px}px; }}
QLabel[role="key"] {{
    font-family: "JetBrains Mono"; font-size: {small_px}px; color: {dim};
    border: 1px solid {line}; border-radius: {key_radius}px; padding: 0 {step}px;
}}
*[surface="ground"] {{ background: {bg}; }}
*[surface="panel"] {{ background: {panel}; }}
*[surface="row"] {{ background: {current_row}; }}
QPushButton, QToolButton {{
    background: {control}; color: {text}; border: 1px solid {control}; border-radius: {radius}px;
    min-height: {control_px}px; padding: 0 {step2}px;
}}
QPushButton:hover, QToolButton:hover {{ border-color: {faint}; }}
QPushButton:focus, QToolButton:focus {{ border-color: {undecided}; }}
QPushButton:pressed, QToolButton:pressed {{ background: {line}; }}
QPushButton:checked, QToolButton:checked {{ background: {current_row}; border-color: {undecided}; }}
QPushButton:disabled, QToolButton:disabled {{ color: {faint}; background: {panel2}; border-color: {panel2}; }}
QPushButton:checked:focus, QToolButton:checked:focus {{ border: 2px solid {undecided}; }}
QPushButton[role="primary"] {{ background: {undecided}; border-color: {undecided}; color: {on_undecided}; }}
QPushButton[role="primary"]:focus {{ border: 2px solid {text}; }}
QPushButton[role="primary"]:disabled {{ color: {faint}; background: {panel2}; border-color: {panel2}; }}
QLineEdit, QPlainTextEdit, QSpinBox, QDoubleSpinBox, QComboBox {{
    background: {bg}; border: 1px solid {line}; border-radius: {radius}px;
    min-height: {control_px}px; padding: 0 {step2}px;
    selection-background-color: {undecided}; selection-color: {on_undecided};
}}
QLineEdit:focus, QPlainTextEdit:focus, QSpinBox:focus, QDoubleSpinBox:focus, QComboBox:focus {{
    border-color: {undecided};
}}
QComboBox::drop-down {{ border: none; width: {step5}px; }}
QComboBox::down-arrow {{ image: url("{chevron}"); width: {step3}px; height: {step3}px; }}
QComboBox QAbstractItemView, QMenu {{ background: {panel}; border: 1px solid {line}; padding: {step}px; }}
QMenu::item {{ padding: {step}px {step5}px {step}px {step3}px; border-radius: {key_radius}px; }}
QMenu::item:selected {{ background: {current_row}; color: {text}; }}
QMenu::item:disabled {{ color: {faint}; }}
QMenu::separator {{ height: 1px; background: {line}; margin: {step}px 0; }}
QMenuBar {{ border-bottom: 1px solid {line}; }}
QMenuBar::item {{ padding: {step}px {step2}px; background: transparent; }}
QMenuBar::item:selected {{ background: {current_row}; }}
QToolTip {{ background: {panel2}; color: {text}; border: 1px solid {line}; padding: {step}px; }}
QAbstractItemView {{ border: none; outline: none; }}
QAbstractItemView[surface="ground"] {{ border: 1px solid {line}; border-radius: {key_radius}px; }}
QAbstractItemView[surface="ground"]:focus {{ border-color: {undecided}; }}
QAbstractItemView::item {{ min-height: {row_px}px; }}
QAbstractItemView::item:selected {{ background: {current_row}; color: {text}; }}
QHeaderView::section {{ background: {panel}; color: {dim}; border: none; padding: {step}px; }}
QDialogButtonBox {{ dialogbuttonbox-buttons-have-icons: 0; }}
QScrollArea {{ border: 1px solid transparent; }}
QScrollArea:focus {{ border-color: {undecided}; }}
QScrollBar {{ background: {panel}; width: {bar_px}px; height: {bar_px}px; }}
QScrollBar::handle {{
    background: {downbeat}; border-radius: {step}px; min-height: {row_px}px; min-width: {row_px}px;
}}
QScrollBar::handle:hover {{ background: {faint}; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: none; }}
QProgressBar {{
    background: {control}; border: none; border-radius: {step}px; max-height: {bar_px}px; color: {text};
}}
QProgressBar::chunk {{ background: {undecided}; border-radius: {step}px; }}
QSplitter::handle {{ background: {line}; }}
QSplitter::handle:horizontal {{ width: 1px; }}
QSplitter::handle:vertical {{ height: 1px; }}
"""
