"""The column left of the lanes: the score's head and one head a track, each as high as its lane."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetricsF, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QWidget

from engine.document.state import DocumentState
from engine.document.track import Track
from engine.wording import gain_text
from widgets import theme
from widgets.theme import Theme
from widgets.timeline.frame import Layout
from widgets.timeline.sentences import track_detail

ACCENT, LEFT = 3, 10
NAME_Y, CAPS_Y, DETAIL_Y, CAP_WIDTH, CAP_HEIGHT, CAP_GAP = 18, 32, 66, 22, 16, 26
DETAIL_FROM = 78
COMPACT_BELOW = 54


class Cap(QAbstractButton):
    """A small lettered switch, filled when it is on."""

    def __init__(self, letter: str, name: str, tokens: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.setText(letter)
        self.setCheckable(True)
        self.setAccessibleName(name)
        self.setToolTip(name)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.theme = tokens

    def sizeHint(self) -> QSize:
        return QSize(theme.px(CAP_WIDTH), theme.px(CAP_HEIGHT))

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002 - the whole cap is small
        tokens, on = self.theme, self.isChecked()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        lit = tokens.text if on else tokens.line if self.underMouse() else tokens.control
        painter.setBrush(theme.color(lit))
        painter.setPen(theme.color(tokens.undecided if self.hasFocus() else lit))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)
        painter.setPen(theme.color(tokens.panel if on else tokens.dim))
        weight = QFont.Weight.Bold if on else QFont.Weight.Normal
        painter.setFont(theme.ui_font(theme.TEXT_SMALL, weight))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self.text())
        painter.end()


class TrackHead(QWidget):
    """Name, switches and gain of one track."""

    changed = Signal(str, dict)
    chosen = Signal(str)

    def __init__(self, track: Track, detail: str, accent: str, tokens: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.track, self._detail, self._accent, self._theme = track, detail, accent, tokens
        self.setAccessibleName(f"Track {track.name}")
        self.setAccessibleDescription(f"{detail}, gain {gain_text(track.gain_db)}")
        self.setToolTip(track.name)
        self.mute = Cap("M", f"Mute {track.name}", tokens, self)
        self.solo = Cap("S", f"Solo {track.name}", tokens, self)
        self.mute.setChecked(track.mute)
        self.solo.setChecked(track.solo)
        self.mute.clicked.connect(lambda on: self.changed.emit(track.id, {"mute": on}))
        self.solo.clicked.connect(lambda on: self.changed.emit(track.id, {"solo": on}))
        self._is_current = False

    def set_current(self, is_current: bool) -> None:
        """Mark it as the track that the keys mean, or not."""
        self._is_current = is_current
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self.chosen.emit(self.track.id)
        super().mousePressEvent(event)

    def resizeEvent(self, event: object) -> None:  # noqa: ARG002 - only the new size matters
        compact = self.height() < theme.px(COMPACT_BELOW)
        top = theme.px(8 if compact else CAPS_Y)
        left = theme.px(100 if compact else LEFT)
        for index, cap in enumerate((self.mute, self.solo)):
            cap.setGeometry(left + index * theme.px(CAP_GAP), top, theme.px(CAP_WIDTH), theme.px(CAP_HEIGHT))

    def paintEvent(self, event: object) -> None:  # noqa: ARG002 - the whole head is small
        painter, tokens, height = QPainter(self), self._theme, self.height()
        ground = tokens.current_row if self._is_current else tokens.panel
        painter.fillRect(self.rect(), theme.color(ground))
        painter.fillRect(QRectF(0, 0, theme.px(ACCENT), height), theme.color(self._accent))
        compact = height < theme.px(COMPACT_BELOW)
        room = theme.px(100 if compact else theme.HEADS) - theme.px(LEFT) - theme.px(8)
        _write(painter, theme.px(LEFT), theme.px(NAME_Y if not compact else 16), room, self.track.name,
               theme.ui_font(theme.TEXT, QFont.Weight.DemiBold), tokens.text)  # fmt: skip
        if not compact:
            small = theme.ui_font(theme.TEXT_SMALL)
            after_caps = theme.px(LEFT + 2 * CAP_GAP)
            _write(painter, after_caps, theme.px(CAPS_Y + CAP_HEIGHT / 2), theme.px(90),
                   gain_text(self.track.gain_db), small, tokens.dim)  # fmt: skip
        if height >= theme.px(DETAIL_FROM):
            _write(painter, theme.px(LEFT), theme.px(DETAIL_Y), room, self._detail,
                   theme.ui_font(theme.TEXT_SMALL), tokens.dim)  # fmt: skip
        hairline = 1 / self.devicePixelRatioF()
        line = theme.color(tokens.line)
        painter.fillRect(QRectF(0, height - hairline, self.width(), hairline), line)
        painter.fillRect(QRectF(self.width() - hairline, 0, hairline, height), line)
        painter.end()


class ScoreHead(QWidget):
    """Which taste scores, and the threshold with its keys."""

    def __init__(self, tokens: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAccessibleName("Score")
        self.theme = tokens
        self._taste = ""
        self._threshold: float | None = None

    def show_score(self, taste: str, threshold: float | None) -> None:
        """Show the name of a taste ("" for none) and a threshold."""
        self._taste = taste
        self._threshold = threshold
        self.setAccessibleDescription(
            f"{taste}, threshold {threshold:.2f}" if threshold is not None else taste
        )
        self.update()

    def paintEvent(self, event: object) -> None:  # noqa: ARG002 - the whole head is small
        painter, tokens = QPainter(self), self.theme
        left, room = theme.px(LEFT), self.width() - theme.px(LEFT) - theme.px(4)
        painter.fillRect(self.rect(), theme.color(tokens.panel))
        accent = tokens.score_high if self._taste else tokens.line
        painter.fillRect(QRectF(0, 0, theme.px(ACCENT), self.height()), theme.color(accent))
        bold = theme.ui_font(theme.TEXT, QFont.Weight.DemiBold)
        _write(painter, left, theme.px(17), room, "Score", bold, tokens.text)
        small = theme.ui_font(theme.TEXT_SMALL)
        about = f"{self._taste} · higher is odder" if self._taste else "nothing learned yet"
        _write(painter, left, theme.px(39), room, about, small, tokens.dim)
        if self._threshold is not None:
            self._paint_threshold(painter, left, theme.px(60), small)
        hairline = 1 / self.devicePixelRatioF()
        line = theme.color(tokens.line)
        painter.fillRect(QRectF(0, self.height() - hairline, self.width(), hairline), line)
        painter.fillRect(QRectF(self.width() - hairline, 0, hairline, self.height()), line)
        painter.end()

    def _paint_threshold(self, painter: QPainter, left: float, middle: float, small: QFont) -> None:
        tokens, mono = self.theme, theme.mono_font(theme.TEXT_SMALL)
        left += _write(painter, left, middle, 1e4, "threshold ", small, tokens.dim)
        left += _write(painter, left, middle, 1e4, f"{self._threshold:.2f}", theme.mono_font(12), tokens.text)
        keys = "Alt ↑↓"
        width = QFontMetricsF(mono).horizontalAdvance(keys) + theme.px(8)
        cap = QRectF(left + theme.px(6), middle - theme.px(8), width, theme.px(16))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(theme.color(tokens.line))
        painter.drawRoundedRect(cap.adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        _write(painter, cap.left() + theme.px(4), middle, 1e4, keys, mono, tokens.dim)


class TrackHeads(QWidget):
    """All heads, placed as the lanes are."""

    track_changed = Signal(str, dict)

    def __init__(self, tokens: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedWidth(theme.px(theme.HEADS))
        self.setAccessibleName("Tracks")
        self._theme = tokens
        self._state = DocumentState()
        self._current = ""
        self._layout: Layout | None = None
        self._below = QWidget(self)  # heads scroll under the score's head, so they have a clip of their own
        self.heads: dict[str, TrackHead] = {}
        self.score = ScoreHead(tokens, self)

    def set_document(self, state: DocumentState) -> None:
        """Show a head for each track of a document."""
        if (state.tracks, state.sources) == (self._state.tracks, self._state.sources):
            return
        self._state = state
        self._rebuild()

    def current_track(self) -> Track | None:
        """Return the track that the keys mean: the one chosen by its head, or None."""
        return self.heads[self._current].track if self._current in self.heads else None

    def choose(self, track_id: str) -> None:
        """Make a track the one that the keys mean."""
        self._current = track_id
        for head in self.heads.values():
            head.set_current(head.track.id == track_id)

    def set_theme(self, tokens: Theme) -> None:
        """Draw in other colours."""
        self._theme = self.score.theme = tokens
        self._rebuild()

    def _rebuild(self) -> None:
        focus = self.focusWidget()
        focused = focus.accessibleName() if isinstance(focus, Cap) else ""
        for head in self.heads.values():
            head.hide()
            head.deleteLater()
        groups = list(dict.fromkeys(track.group or track.id for track in self._state.tracks))
        self.heads = {}
        for track in self._state.tracks:
            accent = self._theme.accent(groups.index(track.group or track.id))
            detail = track_detail(track, self._state.sources[track.source_id])
            head = TrackHead(track, detail, accent, self._theme, self._below)
            head.changed.connect(self.track_changed)
            head.chosen.connect(self.choose)
            head.set_current(track.id == self._current)
            self.heads[track.id] = head
            head.show()
            for cap in (head.mute, head.solo):
                if cap.accessibleName() == focused:
                    cap.setFocus()
        if self._layout is not None:
            self.place(self._layout)
        self.update()

    def place(self, layout: Layout) -> None:
        """Put each head beside its lane."""
        self._layout = layout
        width = self.width()
        self.score.setGeometry(0, layout.score_top, width, layout.lanes_top - layout.score_top)
        self._below.setGeometry(0, layout.lanes_top, width, max(layout.lanes_bottom - layout.lanes_top, 0))
        for head, top, bottom in zip(
            self.heads.values(), layout.lane_tops, layout.lane_tops[1:], strict=False
        ):
            head.setGeometry(0, top - layout.lanes_top, width, bottom - top)

    def paintEvent(self, event: object) -> None:  # noqa: ARG002 - the whole column is plain
        painter, tokens = QPainter(self), self._theme
        painter.fillRect(self.rect(), theme.color(tokens.panel))
        hairline, line = 1 / self.devicePixelRatioF(), theme.color(tokens.line)
        painter.fillRect(QRectF(self.width() - hairline, 0, hairline, self.height()), line)
        if self._layout is not None:
            for y in (self._layout.ruler_top, self._layout.score_top):
                painter.fillRect(QRectF(0, y - hairline, self.width(), hairline), line)
        painter.end()


def _write(
    painter: QPainter, left: float, middle: float, room: float, text: str, font: QFont, token: str
) -> float:
    """Write a line of text around a height, shortened to the room it has; return its width."""
    metrics = QFontMetricsF(font)
    text = metrics.elidedText(text, Qt.TextElideMode.ElideRight, room)
    painter.setFont(font)
    painter.setPen(theme.color(token))
    width = metrics.horizontalAdvance(text)
    area = QRectF(left, middle - metrics.height() / 2, width + 2, metrics.height())
    painter.drawText(area, Qt.AlignmentFlag.AlignVCenter, text)
    return width
