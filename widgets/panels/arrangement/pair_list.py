"""Files with the recordings they were made of, and how well they fit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QListWidgetItem, QWidget

from engine.files.safe_write import shown
from engine.finders.arrangement.learn_edits_requests import pair_problem
from engine.wording import listed, one_line
from widgets.controls.removable_list import RemovableList
from widgets.panels.arrangement.two_lines import TwoLines, set_lines
from widgets.theme import Theme

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
