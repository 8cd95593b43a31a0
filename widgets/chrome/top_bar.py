"""Top bar: document, transport, time, the two views, and the palette.

Nothing in it moves but for the width of the window: a long name, a late time or a bar of four figures has its
room from the start.
"""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QSizePolicy, QWidget

from engine.core.timebase import format_time
from widgets.controls.key_caps import KeyButton, label, row
from widgets.controls.text_and_icons import ElidedLabel
from widgets.theme import BAR, TEXT, Theme, px

_DOCUMENT = (220, 220, 132, 132, 56, 0)
"""Width of the name of the document and its state, at each level of compactness."""
_LONGEST_TIME, _LONGEST_MUSICAL = "00:00:00.000", "bar 0000 | 00  000.0 BPM"


class TopBar(QFrame):
    """Shows document and playback; every button requests a command.

    Parameters
    ----------
    keys : the key cap of each command id
    """

    command_requested = Signal(str)

    def __init__(self, theme: Theme, keys: Mapping[str, str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("surface", "panel")
        self.setAccessibleName("Document and playback")
        self.setFixedHeight(px(BAR))
        self.setMinimumWidth(px(480))
        self._keys = keys
        self._view = "source"
        self._looping = False
        self._has_taste = self._taste_shown = False
        self._name, self._saved = ElidedLabel("No document"), label(name="State of the document")
        self._name.setAccessibleName("Document")
        self._time = label("0:00.000", "time", name="Playhead")
        self._musical = label(name="Bar, beat and tempo")
        self._document = QWidget()
        self._buttons: dict[str, KeyButton] = {}

        def button(name: str, command: str, text: str, icon: str = "", spoken: str = "") -> KeyButton:
            made = KeyButton(theme, text, keys.get(command, ""), icon)
            made.setAccessibleName(spoken or text)
            made.clicked.connect(lambda: self._request(name, command or self._taste_command))
            self._buttons[name] = made
            return made

        transport = (
            button("start", "transport.to_start", "", "skip-back", "To the start"),
            button("play", "transport.toggle", "", "play", "Play"),
            button("loop", "transport.loop", "", "repeat", "Loop"),
        )
        right = (
            button("source", "transport.source_result", "Source", "", "View of the source"),
            button("result", "transport.source_result", "Result", "", "View of the result"),
            button("taste", "", "Learn", "graduation-cap", "Learn from edits"),
            button("export", "file.export", "Export…", "download"),
            button("find", "help.palette", "Find a command", "search"),
        )
        self._buttons["start"].set_key("")
        self._buttons["source"].set_key("")
        self._buttons["taste"].set_key(keys.get(self._taste_command, ""))
        for name in ("source", "result", "loop", "taste"):
            self._buttons[name].setCheckable(True)
        row(self._name, self._saved, 1, gap=10, owner=self._document)
        self._document.setMaximumHeight(px(BAR) - 2)  # clear of the line below the bar
        parts = (self._document, *transport, self._time, self._musical, 1, *right)
        self._layout = row(*parts, gap=10, margins=(12, 0, 12, 0), owner=self)
        self._layout.insertSpacing(len(transport) + 2, px(4))
        self._name.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        self._time.setAlignment(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight)
        self.set_theme(theme)
        self.set_view("source")

    def set_theme(self, theme: Theme) -> None:
        """Apply a theme."""
        for button in self._buttons.values():
            button.set_theme(theme)
        self.setStyleSheet(f"TopBar {{ border-bottom: 1px solid {theme.line}; }}")
        self._name.setStyleSheet("font-weight: 600;")
        self._saved.setStyleSheet(f"color: {theme.dim};")
        self._musical.setStyleSheet(
            f'color: {theme.dim}; font-family: "JetBrains Mono"; font-size: {px(TEXT - 1)}px;'
        )

    def set_document(self, name: str, state: str) -> None:
        """Show the document's name and state, such as "saved" or "read only"."""
        self._name.setText(name)
        self._saved.setText(state)

    def set_playing(self, playing: bool) -> None:
        """Show whether sound runs."""
        button = self._buttons["play"]
        button.set_icon_name("square" if playing else "play")
        button.setAccessibleName("Stop" if playing else "Play")

    def set_looping(self, looping: bool) -> None:
        """Show whether the proposal repeats."""
        self._looping = looping
        self._buttons["loop"].setChecked(looping)

    def set_time(
        self,
        seconds: float,
        bar_beat: tuple[int, int] | None = None,
        tempo_bpm: float = 0.0,
        time_of_day: str = "",
    ) -> None:
        """Show the playhead; `bar_beat` is None and `tempo_bpm` 0 without a grid.

        Parameters
        ----------
        time_of_day : shown in place of the seconds, if any
        """
        self._time.setText(time_of_day or format_time(seconds))
        parts = [f"bar {bar_beat[0]} | {bar_beat[1]}"] if bar_beat else []
        parts += [f"{tempo_bpm:.1f} BPM"] if tempo_bpm > 0 else []
        self._musical.setText("  ".join(parts))

    @property
    def view(self) -> str:
        """The active view: "source" or "result"."""
        return self._view

    def set_view(self, view: str) -> None:
        """Show the active view: "source" or "result"."""
        self._view = view
        for name in ("source", "result"):
            self._buttons[name].setChecked(name == view)

    def set_taste(self, name: str | None) -> None:
        """Show the active taste; without one, the button offers learning."""
        button = self._buttons["taste"]
        self._has_taste = name is not None
        button.setText("Learn" if name is None else "Taste")
        button.set_key(self._keys.get(self._taste_command, ""))
        button.setAccessibleName("Learn from edits" if name is None else f"Taste page: {name}")
        self._fit()

    def set_taste_shown(self, shown: bool) -> None:
        """Show whether the Taste page has taken the place of the timeline."""
        self._taste_shown = shown
        self._buttons["taste"].setChecked(shown and self._has_taste)

    @property
    def _taste_command(self) -> str:
        return "taste.page" if self._has_taste else "taste.learn"

    def set_enabled(self, *, audio: bool) -> None:
        """Set whether a recording exists: without one, playback and export are off."""
        for name in ("start", "play", "loop", "source", "result", "export"):
            self._buttons[name].setEnabled(audio)

    def _request(self, name: str, command: str) -> None:
        # The click moved the mark; what it marks moves it once it has changed.
        self.set_view(self._view)
        self.set_looping(self._looping)
        self.set_taste_shown(self._taste_shown)
        if name != self._view:
            self.command_requested.emit(command)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Hide the least informative parts first until all fit: keys, words, tempo, two buttons."""
        for text, longest in ((self._time, _LONGEST_TIME), (self._musical, _LONGEST_MUSICAL)):
            text.ensurePolished()
            text.setFixedWidth(text.fontMetrics().horizontalAdvance(longest) + px(4))
        for level, room in enumerate(_DOCUMENT):
            for button in self._buttons.values():
                button.set_compact(min(level, 2))
            self._saved.setVisible(level < 2)
            self._musical.setVisible(level < 3)
            for name in ("start", "loop"):
                self._buttons[name].setVisible(level < 4)
            self._document.setFixedWidth(px(room))
            self._document.setVisible(room > 0)
            taste, keys = self._buttons["taste"], self._keys
            words = (("Learn", keys.get("taste.learn", "")), ("Taste", keys.get("taste.page", "")))
            taste.setFixedWidth(max(taste.width_of(*each) for each in words))
            self._layout.invalidate()
            if self._layout.sizeHint().width() <= self.width():
                break
        self._layout.activate()
