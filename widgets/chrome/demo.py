"""Run the bars, forms and sheets by themselves: ``python -m widgets.chrome.demo --help``."""

from __future__ import annotations

import argparse
import math
import sys
from dataclasses import dataclass

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from widgets.chrome.command_palette import CommandPalette
from widgets.chrome.key_sheet import KeySheet
from widgets.chrome.loss_curve import LossCurve
from widgets.chrome.status_bar import StatusBar
from widgets.chrome.top_bar import TopBar
from widgets.forms.export.choice import ExportChoice, ExportOutlook, WrittenLine
from widgets.forms.export.form import ExportForm
from widgets.forms.taste.learn_panel import LearnPanel
from widgets.stage import add_options, dressed, show_or_save
from widgets.theme import Theme, px

KEYS = {
    "transport.toggle": "Space",
    "transport.loop": "L",
    "transport.source_result": "Q",
    "file.export": "Ctrl E",
    "help.palette": "Ctrl Shift P",
    "edit.undo": "Ctrl Z",
}


@dataclass(frozen=True, slots=True)
class DemoCommand:
    """A command of the demo."""

    id: str
    label: str
    keys: tuple[str, ...]
    description: str
    group: str
    synonyms: tuple[str, ...] = ()


COMMANDS = (
    DemoCommand("review.accept", "Accept", ("A", "P", "Return", "7"), "Accept it and go on.", "Review"),
    DemoCommand("review.reject", "Reject", ("X", "9"), "Reject it and go on.", "Review"),
    DemoCommand("review.accept_above", "Accept all above", ("Ctrl+Shift+Return",), "All at once.", "Review"),
    DemoCommand(
        "edge.nudge_left", "Nudge left", ("Alt+Left",), "Move the active edge 10 ms earlier.", "Edges"
    ),
    DemoCommand("transport.toggle", "Play or stop", ("Space",), "Start playback, or stop it.", "Playback"),
    DemoCommand("transport.preroll", "Play with pre-roll", ("R",), "With the audio before.", "Playback"),
    DemoCommand("view.zoom_in", "Zoom in", ("+", "="), "Show less in more detail.", "View"),
    DemoCommand("file.export", "Export…", ("Ctrl+E",), "Write the result.", "File"),
    DemoCommand("view.theme", "Dark, light or system look", (), "Switch to the next look.", "View"),
)


class DemoWindow(QWidget):
    """Both bars with the forms and the loss curve between them."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.top, self.status = TopBar(theme, KEYS), StatusBar(theme, KEYS)
        self.learn, self.curve = LearnPanel(theme), LossCurve(theme)
        self.export = ExportForm(
            theme,
            ExportChoice("/music/Thursday", "Thursday jam"),
            lambda _choice: ExportOutlook((WrittenLine("Thursday jam.wav", "4:57.0 · 57 MB"),)),
            result_text="4:57.0 of 10:41.0 are left.",
        )
        self.palette_popup = CommandPalette(theme, COMMANDS, self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.top)
        middle = QHBoxLayout()
        middle.setContentsMargins(px(20), px(20), px(20), px(20))
        middle.setSpacing(px(24))
        for part in (self.learn, self.curve, self.export):
            middle.addWidget(part, 1)
        layout.addLayout(middle, 1)
        layout.addWidget(self.status)
        self.top.set_document("Thursday jam", "saved")
        self.top.set_time(197.052, (99, 2), 124.0)
        self.top.set_taste("Band 2026")
        self.status.set_message("Accepted cut 2:31.0 – 2:44.6", "Accepted cut 2:31.0 – 2:44.6")
        self.status.set_job("Learning Band 2026 · epoch 63 of 100 · loss 0.041", 0.63, 24.0)
        self.learn.add_files(("/music/Take 1 edited.flac", "/music/Take 2 edited.flac"))
        training = [0.04 + 0.9 * math.exp(-epoch / 9) for epoch in range(63)]
        self.curve.set_losses(
            training, [1.15 * loss + 0.004 * math.sin(n) for n, loss in enumerate(training)]
        )
        self.top.command_requested.connect(self._do)
        self.palette_popup.command_requested.connect(print)

    def _do(self, command_id: str) -> None:
        if command_id == "help.palette":
            self.palette_popup.open_over(self)
        elif command_id == "transport.source_result":
            self.top.set_view("result" if self.top.view == "source" else "source")


def main() -> int:
    """Show the parts, or save a picture of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", nargs="?", choices=("window", "palette", "keys"), default="window")
    add_options(parser)
    parser.add_argument("--size", type=int, nargs=2, default=(1600, 640), metavar=("WIDTH", "HEIGHT"))
    options = parser.parse_args()
    app, theme = dressed(options)
    window = DemoWindow(theme)
    window.resize(*options.size)
    shown: QWidget = window
    if options.part == "keys":
        shown = KeySheet(COMMANDS)
    shown.show()
    window.curve.setFocus()
    if options.part == "palette":
        window.palette_popup.open_over(window)
        shown = window.palette_popup
    return show_or_save(app, shown, options.save)


if __name__ == "__main__":
    sys.exit(main())
