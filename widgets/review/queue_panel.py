"""The right panel: what is decided, the filters, the queue with its open proposal, and accept-above."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QLabel, QSizePolicy, QStackedWidget, QVBoxLayout, QWidget

from engine.document.state import DocumentState
from engine.review.statistics import ReviewStatistics
from widgets.chrome.key_caps import KeyButton
from widgets.review.advice import advice, all_decided
from widgets.review.card import Card
from widgets.review.filter_chips import FilterChips
from widgets.review.queue_view import QueueView
from widgets.review.rows import Surroundings, card_of, header_text
from widgets.theme import TEXT, Theme, px


class QueuePanel(QFrame):
    """Shows the review; what the user wants comes out as signals and changes nothing here.

    Parameters
    ----------
    keys : the key cap of each command id
    """

    proposal_chosen = Signal(str)
    command_requested = Signal(str)
    filter_chosen = Signal(str)

    def __init__(self, theme: Theme, keys: Mapping[str, str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._keys = keys
        self._taste: str | None = None
        self._around = Surroundings()
        self._shown: tuple[DocumentState, str | None, str] = (DocumentState(), None, "left")
        self._statistics: ReviewStatistics | None = None
        self.setProperty("surface", "panel")
        self.setAccessibleName("Review")
        self._summary = QLabel()
        self._chips = FilterChips(theme)
        self._card = Card(theme, keys)
        self._view = QueueView(theme, self._card)
        self._hint = QLabel()
        self._above = KeyButton(theme, "", keys.get("review.accept_above", ""))
        self._middle = QStackedWidget()
        self._lay_out()
        self._view.proposal_chosen.connect(self.proposal_chosen)
        self._card.command_requested.connect(self.command_requested)
        self._chips.filter_chosen.connect(self.filter_chosen)
        self._above.clicked.connect(lambda: self.command_requested.emit("review.accept_above"))
        self.set_theme(theme)

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        head = QVBoxLayout()
        head.setContentsMargins(px(14), px(12), px(14), px(10))
        head.setSpacing(px(4))
        title = QLabel("Review")
        title.setProperty("role", "title")
        self._summary.setWordWrap(True)
        head.addWidget(title)
        head.addWidget(self._summary)
        head.addSpacing(px(4))
        head.addWidget(self._chips)
        layout.addLayout(head)
        self._hint.setWordWrap(True)
        self._hint.setProperty("role", "dim")
        self._hint.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self._hint.setContentsMargins(px(14), px(14), px(14), px(14))
        self._middle.addWidget(self._view)
        self._middle.addWidget(self._hint)
        layout.addWidget(self._middle, 1)
        foot = QVBoxLayout()
        foot.setContentsMargins(px(4), px(6), px(4), px(6))
        self._above.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        foot.addWidget(self._above)
        layout.addLayout(foot)

    def set_theme(self, theme: Theme) -> None:
        """Paint with these colours from now on."""
        self._theme = theme
        for part in (self._chips, self._card, self._view, self._above):
            part.set_theme(theme)
        self._summary.setStyleSheet(f"font-size: {px(TEXT - 0.5)}px; color: {theme.dim};")
        line = f"1px solid {theme.line}"
        self._middle.setStyleSheet(f"QStackedWidget {{ border-top: {line}; border-bottom: {line}; }}")
        self._above.setStyleSheet(
            "QPushButton:!hover:!focus { background: transparent; border-color: transparent; }"
        )
        self._open_card()

    def set_taste(self, name: str | None) -> None:
        """Say which taste proposes, None where there is none yet."""
        self._taste = name
        self._show_middle()

    def set_surroundings(self, around: Surroundings) -> None:
        """Say what edges can sit on, and how long the crossfade is."""
        self._around = around
        self._open_card()

    def set_filter(self, name: str) -> None:
        """Mark a filter ("undecided", "cuts", "all", "flagged") as the one in force."""
        self._chips.set_filter(name)

    def set_review(
        self,
        state: DocumentState,
        ids: tuple[str, ...],
        current: str | None,
        edge: str,
        statistics: ReviewStatistics,
        threshold: float,
        above_count: int,
    ) -> None:
        """Show a queue.

        Parameters
        ----------
        ids : the proposals that pass the filter, in order
        current : the open one, or None
        edge : "left" or "right", the edge that the keys move
        threshold : 0 to 1
        above_count : how many undecided ones stand at or above it
        """
        self._shown, self._statistics = (state, current, edge), statistics
        cuts = sum(proposal.kind == "cut" for proposal in state.proposals.values())
        self._chips.set_counts(
            {
                "undecided": statistics.total - statistics.decided,
                "cuts": cuts,
                "all": statistics.total,
                "flagged": statistics.flagged,
            }
        )
        finished = all_decided(statistics, self._keys)
        self._summary.setText("\n".join(filter(None, (header_text(statistics, state.rate_hz), finished))))
        self._summary.setVisible(bool(self._summary.text()))
        self._above.setText(f"Accept {above_count:,} at or above {threshold:.2f}")
        self._above.setEnabled(above_count > 0)
        self._view.model().set_rows(state, ids)
        self._open_card()
        self._view.set_current(current)
        self._show_middle()

    def _show_middle(self) -> None:
        empty = not self._view.model().rowCount()
        if empty and self._statistics is not None:
            self._hint.setText(advice(self._shown[0], self._statistics, self._taste, self._keys))
        self._middle.setCurrentWidget(self._hint if empty else self._view)

    def _open_card(self) -> None:
        state, current, edge = self._shown
        if current is not None:
            self._card.set_card(card_of(state, current, self._around), edge)
            self._view.card_resized()
