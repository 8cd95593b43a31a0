"""Form for learning an editor: pairs of files and how well they match, progress, and summary.

It does not read files.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent, QResizeEvent
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QListWidgetItem,
    QProgressBar,
    QVBoxLayout,
    QWidget,
)

from desktop.features.arrangement.panel import TwoLines, set_lines
from engine.core.files.safe_write import shown
from engine.core.timebase import format_time
from engine.core.wording import counted, listed, one_line
from engine.features.arrangement.finder.requests import (
    PairQuality,
    RawAndEdited,
    guessed_pairs,
    pair_problem,
    pairs_problem,
)
from engine.features.arrangement.habits import Habits
from widgets.controls.fields import RemovableList
from widgets.controls.key_caps import KeyButton
from widgets.controls.text_and_icons import ElidedLabel, announce
from widgets.theme import Theme, px

_PAIR = int(Qt.ItemDataRole.UserRole)


@dataclass(frozen=True, slots=True)
class ShownPair:
    """A pair as the list shows it.

    Attributes
    ----------
    said : quality of the match; "" while unknown
    is_refused : whether nothing is learned from it
    """

    raws: tuple[Path, ...] = ()
    edited: Path | None = None
    said: str = ""
    is_refused: bool = False

    @property
    def problem(self) -> str:
        """Problem of the file names."""
        return pair_problem(self.raws, self.edited)

    @property
    def title(self) -> str:
        """Edited file and recordings."""
        made = "?" if self.edited is None else shown(self.edited.name)
        raws = listed([shown(path.name) for path in self.raws]) or "?"
        return one_line(f"{made}  ←  {raws}")


class PairList(RemovableList):
    """Two lines per pair: its names, and the quality of the match or the missing side."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._delegate = TwoLines(theme, self)
        self.setItemDelegate(self._delegate)
        self.setProperty("surface", "ground")
        self.setAccessibleName("Edited files and their recordings")
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAcceptDrops(False)

    def set_theme(self, theme: Theme) -> None:
        """Apply a theme."""
        self._delegate.theme = theme
        self.viewport().update()

    @property
    def pairs(self) -> tuple[ShownPair, ...]:
        """The pairs, in their order."""
        return tuple(self.item(row).data(_PAIR) for row in range(self.count()))

    def add(self, pairs: Iterable[ShownPair]) -> None:
        """Add pairs, and choose the last of them."""
        for pair in pairs:
            self.addItem(QListWidgetItem())
            self.change(self.count() - 1, pair)
            self.setCurrentRow(self.count() - 1)

    def change(self, row: int, pair: ShownPair) -> None:
        """Show another pair in a row."""
        item = self.item(row)
        item.setData(_PAIR, pair)
        names = [*pair.raws, *(() if pair.edited is None else (pair.edited,))]
        said = pair.problem or pair.said
        item.setToolTip("\n".join([*(one_line(str(path)) for path in names), *([said] if said else [])]))
        is_bad = bool(pair.problem) or pair.is_refused
        set_lines(item, pair.title, said or "Not matched yet", is_bad=is_bad)

    def forget_quality(self) -> None:
        """Show of no pair how well it fits."""
        for row, pair in enumerate(self.pairs):
            self.change(row, replace(pair, said="", is_refused=False))

    def remove_chosen(self) -> None:
        """Take the chosen pair off."""
        if self.currentRow() >= 0:
            self.takeItem(self.currentRow())


_ASKS = "Add recordings and your edits of them, or drop the files here. Offcut pairs them by their names."
_STEPS = 1000
_ENOUGH = 3
_FEW = "Learned from few pairs, so check its proposals: use at least three pairs, better ten."


class LearnEditsPanel(QWidget):
    """Pairs of an edited file and its recordings; progress while learning; then the summary.

    Signals
    -------
    changed : `problem()` may have changed
    files_requested, recordings_requested, edited_requested : the owner lets the user choose files and answers
        with `add_files`, `set_recordings` or `set_edited`
    """

    changed = Signal()
    files_requested = Signal()
    recordings_requested = Signal()
    edited_requested = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAcceptDrops(True)
        self._is_busy = False
        self._asks = QLabel(_ASKS)
        self._list = PairList(theme)
        self._list.setMinimumHeight(px(96))
        self._buttons = {
            "add": KeyButton(theme, "Add files…", "", "plus"),
            "recordings": KeyButton(theme, "Recordings…"),
            "edited": KeyButton(theme, "Edited file…"),
            "swap": KeyButton(theme, "Swap"),
            "remove": KeyButton(theme, "Remove", "", "minus"),
        }
        self._bar, self._left = QProgressBar(), ElidedLabel("", "dim")
        self._work, self._learned = QWidget(), QWidget()
        self._heading = ElidedLabel("", "title")
        self._facts = QGridLayout()
        self._note, self._problem = QLabel(), QLabel()
        self._lay_out()
        self._connect()
        self.show_rest()
        self._renew()

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(px(8))
        layout.addWidget(self._asks)
        layout.addWidget(self._list, 1)
        row = QHBoxLayout()
        row.setSpacing(px(5))
        for button in self._buttons.values():
            row.addWidget(button)
        row.addStretch(1)
        layout.addLayout(row)
        self._bar.setRange(0, _STEPS)
        self._bar.setTextVisible(False)
        self._bar.setMaximumWidth(px(160))
        work = QHBoxLayout(self._work)
        work.setContentsMargins(0, 0, 0, 0)
        work.addWidget(self._bar)
        work.setSpacing(px(12))
        work.addWidget(self._left)
        work.addStretch(1)
        layout.addWidget(self._work)
        learned = QVBoxLayout(self._learned)
        learned.setContentsMargins(0, px(4), 0, 0)
        learned.setSpacing(px(6))
        learned.addWidget(self._heading)
        self._facts.setHorizontalSpacing(px(16))
        self._facts.setVerticalSpacing(px(3))
        self._facts.setColumnStretch(1, 1)
        learned.addLayout(self._facts)
        learned.addWidget(self._note)
        layout.addWidget(self._learned)
        layout.addWidget(self._problem)
        for label, role in ((self._asks, ""), (self._note, "dim"), (self._problem, "dim")):
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setProperty("role", role)

    def _connect(self) -> None:
        self._buttons["add"].clicked.connect(self.files_requested)
        self._buttons["recordings"].clicked.connect(self.recordings_requested)
        self._buttons["edited"].clicked.connect(self.edited_requested)
        self._buttons["swap"].clicked.connect(self._swap)
        self._buttons["remove"].clicked.connect(self._remove)
        self._list.removed.connect(self._remove)
        self._list.currentRowChanged.connect(lambda _row: self._renew())
        self.setFocusProxy(self._buttons["add"])

    def set_theme(self, theme: Theme) -> None:
        """Apply a theme."""
        self._list.set_theme(theme)
        for button in self._buttons.values():
            button.set_theme(theme)

    # the pairs

    @property
    def pairs(self) -> tuple[RawAndEdited, ...]:
        """The pairs, if there is no `problem`."""
        return tuple(RawAndEdited(one.raws, one.edited) for one in self._list.pairs if one.edited is not None)

    @property
    def shown_pairs(self) -> tuple[ShownPair, ...]:
        """All pairs, also those that lack something."""
        return self._list.pairs

    def choose(self, row: int) -> None:
        """Choose a pair."""
        self._list.setCurrentRow(row)

    @property
    def said(self) -> str:
        """Message about missing input or an error, or ""."""
        return self._problem.text()

    @property
    def learned_text(self) -> str:
        """Summary of the learned style; "" before learning."""
        if self._learned.isHidden():
            return ""
        labels = self._learned.findChildren(QLabel)
        return "\n".join(label.text() for label in labels if not label.isHidden())

    @property
    def folder(self) -> Path | None:
        """Folder of the chosen pair, or of the last one."""
        pair = self._list.pairs[self._list.currentRow()] if self._list.count() else ShownPair()
        path = pair.edited or next(iter(pair.raws), None)
        return None if path is None else path.parent

    def add_files(self, paths: Iterable[str]) -> None:
        """Add new files, paired by their names."""
        if self._is_busy:
            return
        known = {path for one in self._list.pairs for path in (*one.raws, one.edited)}
        fresh = [path for path in map(Path, paths) if path not in known]
        for found in guessed_pairs(fresh):
            if not self._fills_the_open(found.raws, found.edited):
                self._list.add((ShownPair(found.raws, found.edited),))
        self._edited_list()

    def _fills_the_open(self, raws: tuple[Path, ...], edited: Path | None) -> bool:
        """Complete the only incomplete pair with a file; return whether it was used."""
        lacking = [(row, one) for row, one in enumerate(self._list.pairs) if one.problem]
        if len(lacking) != 1:
            return False
        row, one = lacking[0]
        if edited is None and one.edited is not None and not one.raws:
            self._list.change(row, replace(one, raws=raws))
        elif not raws and one.edited is None:
            self._list.change(row, replace(one, edited=edited))
        else:
            return False
        return True

    def set_recordings(self, paths: Iterable[Path]) -> None:
        """Set the recordings of the selected edited file."""
        self._change(raws=tuple(dict.fromkeys(paths)))

    def set_edited(self, path: Path) -> None:
        """Set the edited file of the selected recordings."""
        self._change(edited=path)

    def _swap(self) -> None:
        """Swap edited file and recording."""
        pair = self._list.pairs[self._list.currentRow()]
        raws = () if pair.edited is None else (pair.edited,)
        self._change(raws=raws, edited=next(iter(pair.raws), None))

    def _change(self, **changes: object) -> None:
        row = self._list.currentRow()
        if row >= 0 and not self._is_busy:
            pair = replace(self._list.pairs[row], said="", is_refused=False, **changes)  # type: ignore[arg-type]
            self._list.change(row, pair)
            for other, one in reversed(list(enumerate(self._list.pairs))):
                files = {*one.raws, one.edited} - {None}
                if other != row and len(files) == 1 and files <= {*pair.raws, pair.edited}:
                    self._list.takeItem(other)  # it stood there alone until it was known what it belongs to
            self._edited_list()

    def _remove(self) -> None:
        if not self._is_busy:
            self._list.remove_chosen()
            self._edited_list()

    def _edited_list(self) -> None:
        """Mark the summary as outdated: the pairs changed."""
        self._learned.hide()
        self._problem.setProperty("role", "dim")
        self._renew()

    def problem(self) -> str:
        """Return the message about missing input, or "" if learning can start."""
        for one in self._list.pairs:
            if one.problem:
                return one.problem
        return pairs_problem(self.pairs) if self._list.count() else "Add at least one pair."

    def _renew(self) -> None:
        chosen = self._list.currentRow() >= 0 and not self._is_busy
        pair = self._list.pairs[self._list.currentRow()] if chosen else ShownPair()
        for name, button in self._buttons.items():
            button.setEnabled(chosen or (name == "add" and not self._is_busy))
        self._buttons["swap"].setEnabled(chosen and len(pair.raws) <= 1)
        self._say("" if self._is_busy else self.problem())
        self.changed.emit()

    # learning

    @property
    def is_busy(self) -> bool:
        """Whether something is being learned."""
        return self._is_busy

    def show_work(self, fraction: float, text: str, left_s: float | None) -> None:
        """Show the progress; `left_s` is None if unknown."""
        if not self._is_busy:
            self._is_busy = True
            self._list.forget_quality()
            self._learned.hide()
            self._work.show()
            self._renew()
        self._bar.setValue(round(_STEPS * min(1.0, max(0.0, fraction))))
        self._bar.setAccessibleName(text)
        self._left.setText(text if left_s is None else f"{text} · {format_time(left_s, 0)} left")

    def show_quality(self, quality: PairQuality) -> None:
        """Show how well a pair fits."""
        if quality.number < self._list.count():
            pair = self._list.pairs[quality.number]
            words = quality.words
            for path in (*pair.raws, pair.edited):  # the line above says which files are meant
                words = words if path is None else words.replace(shown(path), shown(path.name))
            said = replace(pair, said=words, is_refused=bool(quality.problem))
            self._list.change(quality.number, said)

    def show_rest(self) -> None:
        """Show that nothing is being learned."""
        self._is_busy = False
        self._work.hide()
        self._learned.hide()
        self._renew()

    def show_learned(self, name: str, habits: Habits, pairs: int, left_out: Sequence[str]) -> None:
        """Show the summary."""
        self.show_rest()
        self._heading.setText(f"Learned {name} from {counted(pairs, 'pair')}")
        while (item := self._facts.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        for row, (about, said) in enumerate(habits.rows()):
            heading, value = QLabel(about), QLabel(said)
            heading.setProperty("role", "dim")
            value.setWordWrap(True)
            value.setTextFormat(Qt.TextFormat.PlainText)
            self._facts.addWidget(heading, row, 0, Qt.AlignmentFlag.AlignTop)
            self._facts.addWidget(value, row, 1)
        notes = [f"Offcut could not use {counted(len(left_out), 'pair')}."] if left_out else []
        notes += [_FEW] if pairs < _ENOUGH else []
        self._note.setText(" ".join(notes))
        self._note.setVisible(bool(notes))
        self._learned.show()
        announce(self, ". ".join((self._heading.text(), *habits.words(), *notes)))

    def show_problem(self, sentence: str) -> None:
        """Show an error of learning or of the input."""
        self._say(sentence, "error")
        announce(self, sentence, urgent=True)

    def _say(self, sentence: str, role: str = "dim") -> None:
        if self._problem.property("role") != role:
            self._problem.setProperty("role", role)
            self._problem.style().unpolish(self._problem)
            self._problem.style().polish(self._problem)
        self._problem.setText(sentence)
        self._problem.setVisible(bool(sentence))
        self._fit()

    def _fit(self) -> None:
        # A window asks its layouts for the least height without a width: wrapped words would be cut.
        for label in (self._asks, self._note, self._problem):
            label.setMinimumHeight(max(label.heightForWidth(self.width()), 0))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls() and not self._is_busy:
            event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        self.add_files(url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile())
        event.acceptProposedAction()
