"""Form for drum timing: drums, grid, division and strength."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf
from pathlib import PurePath
from types import MappingProxyType

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QGridLayout,
    QLabel,
    QPushButton,
    QRadioButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from engine.core.wording import counted
from engine.features.timing.hits.membership import left_behind_sentence
from widgets.controls.fields import CheckBox, ChoiceField, tab_to_checked
from widgets.controls.text_and_icons import ElidedLabel
from widgets.forms.short_forms import LINE, Number, NumberLine, beside
from widgets.theme import Theme, px

DIVISIONS: Mapping[str, str] = MappingProxyType(
    {
        "1/4": "Quarters",
        "1/8": "Eighths",
        "1/8t": "Eighth triplets",
        "1/16": "Sixteenths",
        "1/16t": "Sixteenth triplets",
        "1/32": "Thirty-seconds",
    }
)
_ALL = {True: "&All drums", False: "&All tracks"}
PAIRED = frozenset({"1/8", "1/16", "1/32"})
"""Divisions with swing, because they come in pairs."""
SLOWEST_BPM, FASTEST_BPM = 20.0, 400.0
STRAIGHT, MOST_SWING = 50.0, 75.0
_FIELD, _WIDE = 72, 88


@dataclass(frozen=True, slots=True)
class AlignAsked:
    """How hits are to be put in time.

    Attributes
    ----------
    tracks : the ids of the microphones; none for all that are drums
    grid : "beats" for those of the document, "even", "click" or "file"
    bpm, start_s : tempo of an even grid, and start of its first bar
    click : the id of the track with the click
    path : of a MIDI file, or of beats as JSON
    division : one of `DIVISIONS`
    swing_percent : position of the second of a pair; 50 is straight
    strength, sensitivity : 0 to 1
    pad_ms : time from the start of a slice to its hit
    least_ms, most_ms : range of offsets of the hits; the latter infinite for no limit
    keeps_feel : whether hits are compared with the player's own push and pull
    keeps_drums : whether each drum keeps its typical offset
    groove : a file of a learned groove; empty for none
    also : the ids of tracks recorded with those, which move too
    """

    tracks: tuple[str, ...] = ()
    grid: str = "beats"
    bpm: float = 120.0
    start_s: float = 0.0
    click: str = ""
    path: str = ""
    division: str = "1/16"
    swing_percent: float = STRAIGHT
    strength: float = 1.0
    sensitivity: float = 0.5
    pad_ms: float = 10.0
    least_ms: float = 0.0
    most_ms: float = inf
    keeps_feel: bool = False
    keeps_drums: bool = False
    groove: str = ""
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Choices:
    """Available choices.

    Attributes
    ----------
    drums : number of drum tracks
    chosen : the ids of the tracks that are chosen in the window, with the words for them; none for none
    tempo : of the document's beats in words, or that they are being detected; empty without beats
    tracks : the name of every track by id, as candidates for the click
    length_s : of the recording
    left_by_drums, left_by_chosen : tracks recorded with the drums or the chosen tracks that do not
        move, names by id
    guessed : the roles that were guessed by sound, in words; empty if unknown
    drums_words : the drum tracks, such as "5 microphones, 1 mix"; empty for their number alone
    are_drums : whether a role or a name shows that they are drums; else all tracks are offered
    """

    drums: int = 0
    chosen: tuple[str, ...] = ()
    chosen_words: str = ""
    tempo: str = ""
    tracks: Mapping[str, str] = field(default_factory=dict)
    length_s: float = 0.0
    left_by_drums: Mapping[str, str] = field(default_factory=dict)
    left_by_chosen: Mapping[str, str] = field(default_factory=dict)
    guessed: str = ""
    drums_words: str = ""
    are_drums: bool = True


class AlignForm(QWidget):
    """Asks for all settings, with the last ones as defaults.

    Signals
    -------
    changed : `values()` or `problem()` may have changed
    file_requested, groove_requested : the user wants to choose a beat file, or a learned groove
    """

    changed = Signal()
    file_requested = Signal()
    groove_requested = Signal()

    def __init__(
        self, theme: Theme, asked: AlignAsked, choices: Choices, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._choices, self._theme = choices, theme
        self._path, self._groove, self._most_ms = asked.path, asked.groove, asked.most_ms
        self._refusal = ""
        self._grids, self._scopes = QButtonGroup(self), QButtonGroup(self)
        self._numbers = {
            name: NumberLine(Number(words, value, lowest, highest, decimals, is_time=name == "start_s"))
            for name, words, value, lowest, highest, decimals in (
                ("bpm", "Tempo in BPM", asked.bpm, SLOWEST_BPM, FASTEST_BPM, 3),
                ("start_s", "First bar at", asked.start_s, 0.0, max(choices.length_s, 0.0), 3),
                ("swing_percent", "Swing in percent", asked.swing_percent, STRAIGHT, MOST_SWING, 1),
                ("strength", "Strength in percent", 100 * asked.strength, 0, 100, 0),
                ("sensitivity", "Sensitivity in percent", 100 * asked.sensitivity, 0, 100, 0),
                ("pad_ms", "Trigger pad in milliseconds", asked.pad_ms, 0.0, 50.0, 1),
                ("least_ms", "Minimum distance in milliseconds", asked.least_ms, 0.0, 500.0, 1),
            )
        }
        self._drums_words = _said(_microphones(choices))
        self._click = ChoiceField(theme, "Click track", choices.tracks, asked.click)
        self._file = ElidedLabel(self._file_words())
        self._groove_name = ElidedLabel(_name_of(self._groove))
        self._division = ChoiceField(theme, "Division", DIVISIONS, asked.division)
        self._feel = CheckBox(theme, "Keep the player's push and pull")
        self._feel.setChecked(asked.keeps_feel)
        self._drums = CheckBox(theme, "Keep the offset of each drum")
        self._drums.setChecked(asked.keeps_drums)
        self._guessed, self._staying = QLabel(), QLabel()
        for said in (self._guessed, self._staying):
            said.setWordWrap(True)
        self._also = CheckBox(theme, "Move them, too")
        self._also.setChecked(True)
        self._problem = QLabel()
        self._problem.setWordWrap(True)
        self._problem.setMinimumWidth(px(LINE))
        self._lay_out(asked)
        for name, line in self._numbers.items():
            line.setMaximumWidth(px(_WIDE if name in ("bpm", "start_s") else _FIELD))
            line.textChanged.connect(self._renew)
        for number in ("bpm", "start_s"):
            self._numbers[number].textEdited.connect(lambda _text: self._choose("even"))
        self._click.activated.connect(lambda _row: self._choose("click"))
        for group in (self._grids, self._scopes):
            tab_to_checked(group)
            group.buttonClicked.connect(self._renew)
        self._division.currentIndexChanged.connect(self._renew)
        self._feel.toggled.connect(self._renew)
        self._drums.toggled.connect(self._renew)
        self._renew()

    # what stands where

    def _lay_out(self, asked: AlignAsked) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(px(14))
        layout.addLayout(self._radio_rows("Tracks", self._scopes, self._scope_rows(), self._scope_of(asked)))
        staying = QVBoxLayout()
        staying.setSpacing(px(6))
        staying.addWidget(self._guessed)
        staying.addWidget(self._staying)
        staying.addWidget(self._also)
        layout.addLayout(staying)
        layout.addLayout(self._radio_rows("Grid", self._grids, self._grid_rows(), self._grid_of(asked)))
        layout.addLayout(self._number_rows())
        kept = QVBoxLayout()
        kept.setSpacing(px(6))
        kept.addWidget(self._feel)
        kept.addWidget(self._drums)
        layout.addLayout(kept)
        layout.addWidget(self._problem)
        # A sentence that comes must not move what stands below it.
        self._problem.setMinimumHeight(self._problem.fontMetrics().lineSpacing() + px(2))

    def _scope_rows(self) -> tuple[tuple[str, str, QWidget, bool], ...]:
        drums, chosen = self._choices.drums, self._choices.chosen_words
        return (
            (
                "drums",
                _ALL[self._choices.are_drums],
                self._drums_words,
                drums > 0,
            ),
            ("chosen", "&Chosen tracks", _said(chosen or "none chosen"), bool(chosen)),
        )

    def _grid_rows(self) -> tuple[tuple[str, str, QWidget, bool], ...]:
        tempo = self._choices.tempo
        choose = _button("Choose…", "Choose a beat file")
        choose.clicked.connect(self.file_requested)
        self._click.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        even = beside(self._numbers["bpm"], QLabel("BPM, first bar at"), self._numbers["start_s"])
        return (
            ("beats", "&Beats", _said(tempo or "none found"), bool(tempo)),
            ("even", "&Even", even, True),
            ("click", "C&lick track", self._click, bool(self._choices.tracks)),
            ("file", "&MIDI file", beside(self._file, choose), True),
        )

    def _scope_of(self, asked: AlignAsked) -> str:
        usable = bool(self._choices.chosen)
        return "chosen" if usable and (asked.tracks or not self._choices.drums) else "drums"

    def _grid_of(self, asked: AlignAsked) -> str:
        return "even" if asked.grid == "beats" and not self._choices.tempo else asked.grid

    def _radio_rows(
        self, title: str, group: QButtonGroup, rows: tuple[tuple[str, str, QWidget, bool], ...], checked: str
    ) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(px(12))
        grid.setVerticalSpacing(px(4))
        grid.setColumnStretch(2, 1)
        grid.setColumnMinimumWidth(0, px(56))
        grid.addWidget(_said(title), 0, 0)
        for row, (name, words, content, is_there) in enumerate(rows):
            choice = QRadioButton(words)
            choice.setObjectName(name)
            choice.setChecked(name == checked)
            choice.setEnabled(is_there)
            group.addButton(choice)
            grid.addWidget(choice, row, 1)
            grid.addWidget(content, row, 2)
        return grid

    def _number_rows(self) -> QGridLayout:
        numbers = self._numbers
        choose, clear = _button("Choose…", "Choose a learned groove"), _button("Clear", "Use no groove")
        choose.clicked.connect(self.groove_requested)
        clear.clicked.connect(lambda: self.set_groove("", {}))
        groove = QLabel("&Groove")
        groove.setBuddy(choose)
        division = QLabel("&Division")
        division.setBuddy(self._division)
        self._division.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        rows: tuple[tuple[QLabel, QWidget], ...] = (
            (groove, beside(self._groove_name, choose, clear)),
            (division, beside(self._division, QLabel("swing"), numbers["swing_percent"], QLabel("%"))),
            (
                _label("&Strength", numbers["strength"]),
                beside(numbers["strength"], QLabel("% towards the grid line")),
            ),
            (
                _label("Se&nsitivity", numbers["sensitivity"]),
                beside(numbers["sensitivity"], QLabel("%; lower: clear hits only")),
            ),
            (
                _label("Trigger &pad", numbers["pad_ms"]),
                beside(numbers["pad_ms"], QLabel("ms from slice start to hit")),
            ),
            (
                _label("&Range", numbers["least_ms"]),
                beside(QLabel("only hits off by"), numbers["least_ms"], QLabel("ms or more")),
            ),
        )
        grid = QGridLayout()
        grid.setHorizontalSpacing(px(12))
        grid.setVerticalSpacing(px(6))
        grid.setColumnStretch(1, 1)
        for row, (label, content) in enumerate(rows):
            grid.addWidget(label, row, 0)
            grid.addWidget(content, row, 1)
        return grid

    def set_choices(self, choices: Choices) -> None:
        """Update the choices after an analysis of the tracks."""
        self._choices = choices
        self._drums_words.setText(_microphones(choices))
        for each in self._scopes.buttons():
            if each.objectName() == "drums":
                each.setText(_ALL[choices.are_drums])
        self._renew()

    def _left(self) -> Mapping[str, str]:
        choices = self._choices
        return choices.left_by_chosen if self._scope() == "chosen" else choices.left_by_drums

    # what is asked for

    def set_file(self, path: str) -> None:
        """Take a file of beats."""
        self._path = path
        self._file.setText(self._file_words())
        self._choose("file")

    def _file_words(self) -> str:
        return _name_of(self._path)

    def set_groove(self, path: str, settings: Mapping[str, object]) -> None:
        """Take a learned groove and fill in its settings; an empty path for none.

        Parameters
        ----------
        settings : those that it has, see `engine.features.timing.alignment.settings`
        """
        self._groove, self._most_ms = path, inf
        self._groove_name.setText(_name_of(path))
        for name, scale in (("swing_percent", 1.0), ("strength", 100.0), ("least_ms", 1.0)):
            if isinstance(value := settings.get(name), int | float):
                self._numbers[name].set_value(scale * value)
        if isinstance(division := settings.get("division"), str):
            self._division.choose(division)
        if isinstance(most_ms := settings.get("most_ms"), int | float):
            self._most_ms = most_ms
        if isinstance(feel := settings.get("own_feel"), bool):
            self._feel.setChecked(feel)
        self._renew()

    def refuse_groove(self, reason: str) -> None:
        """Show why a file is not a learned groove; the one before stays."""
        self._refusal = reason
        self._renew()
        self._refusal = ""

    def problem(self) -> str:
        """Return the error message, or "" for valid input."""
        needed = ["swing_percent", "strength", "sensitivity", "pad_ms", "least_ms"]
        if self._division.value() not in PAIRED:
            needed.remove("swing_percent")
        if self._grid() == "even":
            needed += ["bpm", "start_s"]
        wrong = next(filter(None, (self._numbers[name].problem() for name in needed)), "")
        if not wrong and self._grid() == "file" and not self._path:
            return "Choose a MIDI file with beats."
        return wrong

    def values(self) -> AlignAsked:
        """Return the request if there is no `problem`."""
        division = self._division.value()
        return AlignAsked(
            tracks=self._choices.chosen if self._scope() == "chosen" else (),
            grid=self._grid(),
            bpm=self._value("bpm", 120.0),
            start_s=self._value("start_s", 0.0),
            click=self._click.value() if self._choices.tracks else "",
            path=self._path,
            division=division,
            swing_percent=self._value("swing_percent", STRAIGHT) if division in PAIRED else STRAIGHT,
            strength=self._value("strength", 100.0) / 100,
            sensitivity=self._value("sensitivity", 50.0) / 100,
            pad_ms=self._value("pad_ms", 10.0),
            least_ms=self._value("least_ms", 0.0),
            keeps_feel=self._feel.isChecked(),
            most_ms=self._most_ms,
            keeps_drums=self._drums.isChecked(),
            groove=self._groove,
            also=tuple(self._left()) if self._also.isChecked() else (),
        )

    def _value(self, name: str, otherwise: float) -> float:
        value = self._numbers[name].value()
        return otherwise if value is None else value

    def _grid(self) -> str:
        return _checked(self._grids)

    def _scope(self) -> str:
        return _checked(self._scopes)

    def _choose(self, grid: str) -> None:
        next(one for one in self._grids.buttons() if one.objectName() == grid).setChecked(True)
        self._renew()

    def _renew(self) -> None:
        self._numbers["swing_percent"].setEnabled(self._division.value() in PAIRED)
        left = self._left()
        self._staying.setText(left_behind_sentence(tuple(left.values())))
        self._guessed.setText(self._choices.guessed)
        self._guessed.setVisible(bool(self._choices.guessed))
        self._also.setText("Move it, too" if len(left) == 1 else "Move them, too")
        for part in (self._staying, self._also):
            part.setVisible(bool(left))
        self._problem.setText(self._refusal or self.problem())
        self._problem.setStyleSheet(f"color: {self._theme.error};")
        self.changed.emit()


def _microphones(choices: Choices) -> str:
    return choices.drums_words or counted(choices.drums, "microphone")


def _name_of(path: str) -> str:
    return PurePath(path).name or "none chosen"


def _button(words: str, name: str) -> QPushButton:
    button = QPushButton(words)
    button.setAutoDefault(False)
    button.setAccessibleName(name)
    return button


def _checked(group: QButtonGroup) -> str:
    chosen = group.checkedButton()
    return "" if chosen is None else chosen.objectName()


def _said(words: str) -> QLabel:
    label = QLabel(words)
    label.setProperty("role", "dim")
    label.setAlignment(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft)
    return label


def _label(words: str, line: QWidget) -> QLabel:
    label = QLabel(words)
    label.setBuddy(line)
    return label
