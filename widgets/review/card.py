"""The open proposal: reason, edges, scores, and every answer with its key.

A small curve shows the scores around the proposal, and bars the parts of its score. The second press of a
double click answers nothing: the first one moves rows and card below the pointer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import chain

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QGridLayout,
    QLabel,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from engine.core.wording import unbroken
from engine.document.analysis import ScoreCurve
from engine.document.proposals import Verdict
from widgets.controls.key_caps import command_buttons, label, row
from widgets.controls.text_and_icons import ElidedLabel, Themed, paint_icon, paint_share, paint_words
from widgets.review.rows import VERDICT_ICONS, CardText, ScorePart
from widgets.review.spectrum import SpectrumLines
from widgets.theme import TEXT, Theme, color, px, ui_font

Target = tuple[str, object]
"""A part of the panel, and the proposal or count that it stands for."""

_PRESSES = (QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonDblClick)


class DoublePress(QObject):
    """Refuses presses on another target within the double-click time after the last press.

    Times are those of the events: a window that is busy with the first press does not let the second through.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._last: tuple[int, Target] | None = None
        self._targets: dict[QWidget, Callable[[], Target]] = {}
        self._answers: set[QWidget] = set()

    def watch(self, button: QWidget, target: Callable[[], Target], *, answers: bool = False) -> None:
        """Guard a button that acts on what `target` returns at the press.

        After one that `answers`, no press follows at once: the next proposal may not be drawn yet.
        """
        self._targets[button] = target
        if answers:
            self._answers.add(button)
        button.installEventFilter(self)

    def allows(self, event: QMouseEvent, target: Target) -> bool:
        """Return whether a press counts; one that does not restarts the time."""
        now_ms = event.timestamp()
        is_soon = (
            self._last is not None
            and now_ms > 0
            and 0 <= now_ms - self._last[0] < QApplication.doubleClickInterval()
        )
        if is_soon and self._last is not None and target != self._last[1]:
            self._last = now_ms, self._last[1]
            return False
        self._last = now_ms, target
        return True

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Consume the presses on buttons that do not count."""
        if event.type() not in _PRESSES or not isinstance(event, QMouseEvent):
            return False
        target = self._targets.get(watched) if isinstance(watched, QWidget) else None
        if target is None:
            return False
        if not self.allows(event, target()):
            return True
        if watched in self._answers:
            self._last = event.timestamp(), ("answered", object())
        return False


_MOST_POINTS = 400


class ScoreSpark(Themed, QWidget):
    """A curve, the threshold as a dashed line, and the proposal's span as a band."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._threshold = 1.0
        self._band = (0.0, 0.0)
        self._points: NDArray[np.float64] = np.zeros((0, 2))
        self.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_scores(
        self, curve: ScoreCurve | None, span: tuple[int, int], reach_samples: int, threshold: float
    ) -> None:
        """Show the scores of a span with a margin of its own length, at least `reach_samples`.

        Without scores there is nothing to see, and no room is taken.
        """
        reach = max(reach_samples, span[1] - span[0])
        first, last = span[0] - reach, span[1] + reach
        self._points = _window(curve, first, last)
        self._band = ((span[0] - first) / (last - first), (span[1] - first) / (last - first))
        self._threshold = threshold
        self.setVisible(len(self._points) > 1)
        self.setAccessibleName(f"Scores around the proposal, threshold {threshold:.2f}")
        self.setToolTip(f"Scores before, in and after the proposal; dashed line: threshold {threshold:.2f}")
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(px(200), px(34))

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter, theme = QPainter(self), self._theme
        area = QRectF(self.rect()).adjusted(0, px(3), 0, -px(3))
        left, right = (area.left() + share * area.width() for share in self._band)
        painter.fillRect(QRectF(left, 0, right - left, self.height()), color(theme.undecided, 0.18))
        hairline = 1 / painter.device().devicePixelRatio()
        painter.setPen(QPen(QColor(theme.dim), hairline, Qt.PenStyle.DashLine))
        level = area.bottom() - self._threshold * area.height()
        painter.drawLine(QPointF(area.left(), level), QPointF(area.right(), level))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(theme.score_line), px(1.5)))
        placed = [
            QPointF(area.left() + x * area.width(), area.bottom() - y * area.height())
            for x, y in self._points.tolist()
        ]
        painter.drawPolyline(QPolygonF(placed))


def _window(curve: ScoreCurve | None, first: int, last: int) -> NDArray[np.float64]:
    """Return the scores in [first, last) as points 0 to 1, shape (n, 2); decimated by maximum."""
    if curve is None or not len(curve.times_samples):
        return np.zeros((0, 2))
    low, high = np.searchsorted(curve.times_samples, (first, last))
    times, scores = curve.times_samples[low:high], curve.scores[low:high]
    if len(times) > _MOST_POINTS:
        starts = np.linspace(0, len(times), _MOST_POINTS, endpoint=False).astype(int)
        times, scores = times[starts], np.maximum.reduceat(scores, starts)
    return np.column_stack(((times - first) / (last - first), np.clip(scores, 0, 1)))


_LINE = 18
_BAR = 72


class PartBars(Themed, QWidget):
    """A row for each part: its name, and a bar for its excess over typical values."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._parts: tuple[ScorePart, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setObjectName("part bars")
        self.set_parts(())

    def set_parts(self, parts: tuple[ScorePart, ...]) -> None:
        """Show these parts; without any it is away."""
        self._parts = parts
        listed = "; ".join(part.spoken for part in parts)
        self.setAccessibleName(f"Made of: {listed}")
        self.setToolTip(listed)
        self.setVisible(bool(parts))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(px(160), px(_LINE) * len(self._parts))

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter, theme = QPainter(self), self._theme
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        bar_width, line, height = px(_BAR), px(_LINE), px(5)
        words_left = bar_width + px(8)
        for number, part in enumerate(self._parts):
            top = number * line
            bar = QRectF(0, top + (line - height) / 2, bar_width, height)
            paint_share(painter, bar, part.share, theme.panel, theme.score_line)
            words = QRectF(words_left, top, max(0, self.width() - words_left), line)
            paint_words(painter, words, part.name, ui_font(TEXT - 1), theme.dim)


_ANSWERS = (
    ("review.accept", "Accept"),
    ("review.reject", "Reject"),
    ("review.flag", "Later"),
    ("transport.preview", "Preview"),
    ("review.alternative", "Other"),
    ("edge.switch", "Edges"),
)
_HEAR = "review.hear_kept"
_NOTE_LINES, _NOTE_LETTERS = 4, 240
"""Length of a note on a card; the tooltip has the full text."""
_FIELDS = ("score", "left edge", "right edge", "crossfade")


def short_note(note: str) -> str:
    """Return a note shortened to the card."""
    lines = note.splitlines()[:_NOTE_LINES]
    short = "\n".join(lines)[:_NOTE_LETTERS].rstrip()
    return short if short == note else f"{short} …"


class VerdictMark(Themed, QWidget):
    """A verdict as a sign and its word."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._verdict = Verdict.UNDECIDED
        self.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)

    def set_verdict(self, verdict: Verdict) -> None:
        """Show this verdict."""
        if verdict is self._verdict and self.accessibleName():
            return
        self._verdict = verdict
        self.setAccessibleName(verdict.value)
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        words = self.fontMetrics().horizontalAdvance(self._verdict.value)
        return QSize(words + px(20) + 1, self.fontMetrics().height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        token = self._theme.verdict_text(self._verdict)
        side = px(14)
        sign = QRectF(0, (self.height() - side) / 2, side, side)
        paint_icon(painter, VERDICT_ICONS[self._verdict], sign, token)
        painter.setPen(QColor(token))
        words = self.rect().adjusted(px(20), 0, 0, 0)
        left = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        painter.drawText(words, left, self._verdict.value)


class Card(QFrame):
    """Shows one proposal in place of its row; `command_requested` carries the id of the pressed answer."""

    command_requested = Signal(str)

    def __init__(self, theme: Theme, keys: Mapping[str, str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setProperty("surface", "row")
        self.setAccessibleName("Current proposal")
        self._title, self._length = label(role="title"), ElidedLabel()
        self._reason, self._note = label(wraps=True), label(wraps=True, name="Note")
        self._note.setTextFormat(Qt.TextFormat.PlainText)
        self._verdict = VerdictMark(theme)
        self._spark, self._spectrum = ScoreSpark(theme), SpectrumLines(theme)
        self._names = {name: QLabel(name) for name in _FIELDS}
        self._values = {name: QLabel() for name in _FIELDS}
        self._top = ElidedLabel()
        self._top.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._gap, self._rest = QLabel(), QLabel()  # the verdict ends the line of a score, or begins its own
        answers = (*_ANSWERS, (_HEAR, "Play"))
        self._buttons = command_buttons(theme, answers, keys, self.command_requested.emit)
        self._hear = self._buttons.pop(_HEAR)
        self._kept_name, self._kept, self._kept_at = QLabel("reference"), ElidedLabel(), QLabel()
        self._kept_at.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
        self._chance_name, self._chance = QLabel("from decisions"), QLabel()
        self._parts_name, self._parts = QLabel("made of"), PartBars(theme)
        self._given_up: list[QWidget] = []
        self._fitted: tuple[int, int, int] | None = None
        self._layout = QVBoxLayout(self)
        self._lay_out()
        self.set_theme(theme)

    def _lay_out(self) -> None:
        layout = self._layout
        layout.setContentsMargins(px(14), px(12), px(14), px(14))
        layout.setSpacing(px(6))
        layout.addLayout(row(self._title, 1, self._length))
        layout.addLayout(self._answers())  # above every text: at the same place on each card
        layout.addWidget(self._reason)
        layout.addWidget(self._note)
        fields = QGridLayout()
        fields.setHorizontalSpacing(px(12))
        fields.setVerticalSpacing(px(3))
        fields.setContentsMargins(0, px(2), 0, px(4))  # none where all fields are hidden
        fields.setColumnStretch(1, 1)
        for number, name in enumerate(_FIELDS):
            line = number + 2 * bool(number)  # two lines say what the score is made of and what was learned
            fields.addWidget(self._names[name], line, 0, Qt.AlignmentFlag.AlignTop)
            if name != "score":
                fields.addWidget(self._values[name], line, 1)
                self._values[name].setWordWrap(True)
        rest = ((self._top, 1), (self._gap, 1), self._verdict, (self._rest, 1))
        fields.addLayout(row(self._values["score"], *rest, gap=4), 0, 1)
        for line, (name_of, value) in enumerate(self._of_score, start=1):
            fields.addWidget(name_of, line, 0, Qt.AlignmentFlag.AlignTop)
            fields.addWidget(value, line, 1)
        fields.addWidget(self._kept_name, len(_FIELDS) + 2, 0)
        fields.addLayout(row(self._kept, self._kept_at, 1, self._hear, gap=6), len(_FIELDS) + 2, 1)
        layout.addWidget(self._spark)
        layout.addWidget(self._spectrum)
        layout.addLayout(fields)

    def _answers(self) -> QGridLayout:
        """Return the buttons in columns of one width."""
        answers = QGridLayout()
        answers.setSpacing(px(6))
        for place, button in enumerate(self._buttons.values()):
            answers.addWidget(button, place // 3, place % 3)
            answers.setColumnStretch(place % 3, 1)
            button.setSizePolicy(QSizePolicy.Policy.MinimumExpanding, QSizePolicy.Policy.Fixed)
        return answers

    def guard(self, presses: DoublePress, proposal_id: Callable[[], object]) -> None:
        """Have the answers refuse the second press of a double click that another card began."""
        for command, button in (*self._buttons.items(), (_HEAR, self._hear)):
            answers = command in ("review.accept", "review.reject")
            presses.watch(button, lambda: ("card", proposal_id()), answers=answers)

    @property
    def _of_score(self) -> tuple[tuple[QLabel, QWidget], ...]:
        """The lines that belong to the score, name and value."""
        return ((self._parts_name, self._parts), (self._chance_name, self._chance))

    def set_theme(self, theme: Theme) -> None:
        """Apply a theme."""
        self._theme = theme
        buttons = (*self._buttons.values(), self._hear)
        themed: tuple[Themed, ...] = (self._verdict, self._spark, self._spectrum, self._parts, *buttons)
        for part in themed:
            part.set_theme(theme)
        self._verdict.setStyleSheet(f"font-size: {px(TEXT - 1)}px")
        self._buttons["review.accept"].set_outline(theme.accepted)
        mono = f'font-family: "JetBrains Mono"; font-size: {px(TEXT - 1)}px;'
        self._length.setStyleSheet(mono)
        self._note.setStyleSheet(
            f"font-size: {px(TEXT - 1)}px; color: {theme.text}; padding-left: {px(7)}px;"
            f" border-left: {px(2)}px solid {theme.line};"
        )
        quiet = (self._kept, self._kept_name, self._chance_name, self._chance, self._parts_name)
        for text in (*self._values.values(), self._top, *quiet):
            text.setStyleSheet(f"font-size: {px(TEXT - 1)}px; color: {theme.dim};")
        self._kept_at.setStyleSheet(f"{mono} color: {theme.text};")

    def set_card(self, text: CardText, edge: str) -> None:
        """Show the texts; `edge` ("left" or "right") is the active one."""
        theme = self._theme
        self._take_back()
        self._title.setText(text.title)
        self._length.setText(text.length)
        self._reason.setText(unbroken(text.reason))
        self._note.setText(short_note(text.note))
        self._note.setToolTip(text.note)
        self._note.setVisible(bool(text.note))
        self._verdict.set_verdict(text.verdict)
        sits = {"left edge": (text.left, text.left_sits), "right edge": (text.right, text.right_sits)}
        is_point = bool(text.left) and not text.right
        for name, title in self._names.items():
            active = name == f"{edge} edge" and not is_point
            token, weight = (theme.undecided, 600) if active else (theme.dim, 400)
            sheet = f"font-size: {px(TEXT - 1)}px; color: {token}; font-weight: {weight};"
            if sheet != title.styleSheet():  # Qt takes as long for the one it has
                title.setStyleSheet(sheet)
            shown = "position" if is_point and name == "left edge" else name
            title.setText(f"▸ {shown}" if active else shown)
            title.setAccessibleName(f"{shown}, active" if active else shown)
        for name, (time, on) in sits.items():
            self._values[name].setText(f"{self._number(time)} {unbroken(on)}")
            self._names[name].setVisible(bool(time))
            self._values[name].setVisible(bool(time))
        self._top.setText(text.top)
        self._top.setToolTip("Rank among all proposals")
        self._top.setVisible(bool(text.top) and bool(text.score))
        self._gap.setVisible(bool(text.score) and not text.top)
        self._rest.setVisible(not text.score)
        for name, words in (("score", text.score), ("crossfade", text.crossfade)):
            self._values[name].setText(self._number(words))
            self._names[name].setVisible(bool(words) or name == "score")
            self._values[name].setVisible(bool(words))
        for write in (self._names["score"].setText, self._names["score"].setAccessibleName):
            write("score" if text.score else "decision")
        self._kept.setText(text.kept)
        self._kept_at.setText(text.kept_at)
        self._hear.setAccessibleName(f"Play nearest reference, {text.kept} at {text.kept_at}")
        for part in (self._kept_name, self._kept, self._kept_at, self._hear):
            part.setVisible(bool(text.kept))
        self._chance.setText(f"probability to {text.verb}: {self._number(text.chance)}")
        self._parts.set_parts(text.parts)
        self._spectrum.set_levels(text.spectra_db)
        for line, is_known in zip(self._of_score, (text.parts, text.chance), strict=True):
            for each in line:
                each.setVisible(bool(is_known))
        self._layout.activate()  # or the height would still count the row that was hidden
        other = self._buttons["review.alternative"]
        many = text.alternatives > 1
        other.setText(f"Other {text.alternative}/{text.alternatives}" if many else "Other")
        other.setEnabled(many)
        self._buttons["edge.switch"].setEnabled(bool(text.right))
        self._buttons["review.flag"].setText("Flagged" if text.flagged else "Later")
        self.updateGeometry()

    def set_scores(
        self, curve: ScoreCurve | None, span: tuple[int, int], reach_samples: int, threshold: float
    ) -> None:
        """Show the scores around the proposal, see `ScoreSpark.set_scores`."""
        self._spark.set_scores(curve, span, reach_samples, threshold)

    def fit(self, width: int, room: int) -> None:
        """Hide the least informative lines until the answers fit into the available height, in pixels."""
        if self._fitted == (width, room, self.heightForWidth(width)):
            return
        self._take_back()
        for line in self._least_telling:
            if self.heightForWidth(width) <= room:
                break
            for part in line:
                if not part.isHidden():
                    self._given_up.append(part)
                    part.hide()
            self._layout.activate()
        self._fitted = (width, room, self.heightForWidth(width))

    @property
    def _least_telling(self) -> tuple[tuple[QWidget, ...], ...]:
        """Lines that can be hidden, in order."""
        named = {name: (self._names[name], self._values[name]) for name in _FIELDS}
        kept = (self._kept_name, self._kept, self._kept_at, self._hear)
        edges = (*named["left edge"], *named["right edge"])
        score = (*named["score"], self._top, self._verdict, self._gap, self._rest)
        rest = tuple(self._buttons[command] for command, _ in _ANSWERS[3:])
        of_score = tuple(chain.from_iterable(self._of_score))
        return (
            (self._spark,),
            (self._spectrum,),
            named["crossfade"],
            kept,
            of_score,
            edges,
            score,
            rest,
            (self._reason,),
        )

    def _take_back(self) -> None:
        """Show the hidden lines again."""
        for part in self._given_up:
            part.show()
        self._given_up.clear()
        self._fitted = None

    def _number(self, text: str) -> str:
        return f'<span style="font-family: JetBrains Mono; color: {self._theme.text}">{unbroken(text)}</span>'

    def heightForWidth(self, width: int) -> int:
        if not self._layout.hasHeightForWidth():  # no line of it wraps any more
            return self._layout.totalSizeHint().height()
        return self._layout.totalHeightForWidth(width)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        painter.fillRect(0, 0, px(3), self.height(), QColor(self._theme.undecided))
