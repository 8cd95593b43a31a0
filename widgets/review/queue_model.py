"""The queue as Qt's list model: rows are made when they are looked at, so that ten thousand cost nothing."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, Qt

from engine.core.wording import counted
from engine.document.analysis import DetectedSounds
from engine.document.proposals import Proposal
from engine.document.state import DocumentState
from engine.document.table_steps import step_between
from engine.review.learned import Learned
from engine.review.listing import Listing, QueueGroup
from engine.review.standing import Standing, standing
from widgets.review.rows import QueueRow, row_of

_ROOT = QModelIndex()

Line = str | QueueGroup
"""The id of a proposal, or the group of a heading."""


class QueueModel(QAbstractListModel):
    """The proposals that are shown, in order, under the headings of their groups.

    Attributes
    ----------
    selected : the ids of the selected rows
    """

    def __init__(self) -> None:
        super().__init__()
        self._state = DocumentState()
        self._learned: Learned | None = None
        self._lines: tuple[Line, ...] = ()
        self._sounds: DetectedSounds | None = None
        self._standing: tuple[Mapping[str, Proposal], Learned | None, Standing] | None = None
        self.selected: frozenset[str] = frozenset()

    def set_listing(self, state: DocumentState, listing: Listing, learned: Learned | None = None) -> None:
        """Show these proposals; if they are the same as before, only their appearance changes."""
        self._learned = learned
        lines = _lines(listing)
        if lines == self._lines:
            self._state = state
            if lines:
                self.dataChanged.emit(self.index(0), self.index(len(lines) - 1))
            return
        step = step_between(self._lines, lines)
        if step is None:
            self.beginResetModel()
            self._state, self._lines = state, lines
            self.endResetModel()
        elif step.came:
            self.beginInsertRows(_ROOT, step.place, step.place)
            self._state, self._lines = state, lines
            self.endInsertRows()
        else:
            self.beginRemoveRows(_ROOT, step.place, step.place)
            self._state, self._lines = state, lines
            self.endRemoveRows()

    def set_sounds(self, sounds: DetectedSounds | None) -> None:
        """Set the detected sound of each row."""
        if sounds is not self._sounds:
            self._sounds = sounds
            if self._lines:
                self.dataChanged.emit(self.index(0), self.index(len(self._lines) - 1))

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = _ROOT) -> int:
        return 0 if parent.isValid() else len(self._lines)

    def data(
        self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            heading = self.heading(index.row())
            if heading is not None:
                return _spoken(heading)
            chosen = ", selected" if self.id_at(index.row()) in self.selected else ""
            return self.row(index.row()).spoken + chosen
        if role == Qt.ItemDataRole.ToolTipRole and self.id_at(index.row()) is not None:
            return self.row(index.row()).hint
        return None

    def row(self, position: int) -> QueueRow:
        """Return the row of a proposal at a position."""
        line = self._lines[position]
        assert isinstance(line, str)
        return row_of(self._state, line, self._learned, self.standing(), self._sounds)

    def standing(self) -> Standing:
        """Return the rank of each proposal by confidence.

        A decision does not change the order by itself: learning does shortly after, so that keys stay fast.
        """
        about = self._state.proposals, self._learned
        known = self._standing
        if known is None or known[0] is not about[0] or known[1] is not about[1]:
            self._standing = known = (*about, standing(self._state, self._learned))
        return known[2]

    def heading(self, position: int) -> QueueGroup | None:
        """Return the group of a heading at a position, None for a proposal."""
        line = self._lines[position]
        return line if isinstance(line, QueueGroup) else None

    def id_at(self, position: int) -> str | None:
        """Return the proposal's id at a position, None for a heading."""
        line = self._lines[position]
        return line if isinstance(line, str) else None

    def position_of(self, proposal_id: str | None) -> int:
        """Return the position of a proposal, -1 if it is not in the queue."""
        return self._lines.index(proposal_id) if proposal_id in self._lines else -1


def _lines(listing: Listing) -> tuple[Line, ...]:
    if len(listing.groups) == 1 and not listing.groups[0].name:
        return listing.groups[0].ids
    lines: list[Line] = []
    for group in listing.groups:
        if group.name:
            lines.append(group)
        if not group.folded:
            lines += group.ids
    return tuple(lines)


def _spoken(group: QueueGroup) -> str:
    return f"{group.name}, {counted(len(group.ids), 'proposal')}{', folded' if group.folded else ''}"
