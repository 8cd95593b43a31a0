"""The queue as Qt's list model: rows are made when they are looked at, so that ten thousand cost nothing."""

from __future__ import annotations

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, Qt

from engine.document.state import DocumentState
from widgets.review.rows import Row, row_of

_ROOT = QModelIndex()


class QueueModel(QAbstractListModel):
    """The proposals of a filter, in order."""

    def __init__(self) -> None:
        super().__init__()
        self._state = DocumentState()
        self._ids: tuple[str, ...] = ()

    def set_rows(self, state: DocumentState, ids: tuple[str, ...]) -> None:
        """Show these proposals; where they are the same as before, only their looks change."""
        if ids == self._ids:
            self._state = state
            if ids:
                self.dataChanged.emit(self.index(0), self.index(len(ids) - 1))
            return
        self.beginResetModel()
        self._state, self._ids = state, ids
        self.endResetModel()

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = _ROOT) -> int:
        return 0 if parent.isValid() else len(self._ids)

    def data(
        self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return self.row(index.row()).spoken
        return None

    def row(self, position: int) -> Row:
        """Return the row at a position."""
        return row_of(self._state, self._ids[position])

    def id_at(self, position: int) -> str:
        """Return the proposal's id at a position."""
        return self._ids[position]

    def position_of(self, proposal_id: str | None) -> int:
        """Return where a proposal is, -1 where it is not in the queue."""
        return self._ids.index(proposal_id) if proposal_id in self._ids else -1
