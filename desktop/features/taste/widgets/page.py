"""The Taste page: facts of a taste, its scores of recordings, and playback for comparison."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QSizePolicy, QStackedWidget, QVBoxLayout, QWidget

from desktop.features.taste.widgets.card import PLANS, RESEARCH_PLANS, Card, CardGrid
from desktop.features.taste.widgets.facts_view import FactsView, NoTaste, PageHead
from desktop.features.taste.widgets.findings import Findings, VerdictLine
from desktop.features.taste.widgets.learning_panel import LossCurve
from desktop.features.taste.widgets.method import MethodPicture, MomentView
from desktop.features.taste.widgets.ranking import RankedRow, Ranking
from desktop.features.taste.widgets.scores import Differences, Distribution, ScoreCurves
from desktop.features.taste.widgets.segment_map import Colouring, SegmentMapView
from engine.core.wording import percent
from engine.features.taste.anomaly.threshold import HeldOutCurve
from engine.features.taste.diagnoses.findings import ODD, Finding
from engine.features.taste.overview.results import (
    NO_RECORDING,
    Comparison,
    Moment,
    Origin,
    ScoredRecording,
    SegmentMap,
    TasteFacts,
    WouldCut,
    verdict,
)
from widgets.controls.key_caps import EnterButton, Fold
from widgets.theme import Theme, px

HEARD_S = 4.0
"""Duration of playback around a position: long enough to recognise the passage."""

_KEEPS_LAST = "its last epoch ranks best"
_RESEARCH = ("method", "facts", "moment", "learning")
_LISTENING = "Analysing with this taste…"
_ASK_FOR_IT = "Not analysed separately yet: press Enter on it in the ranking."


@dataclass(frozen=True, slots=True)
class Listed:
    """A recording to rank; `scored` is None until it is."""

    key: str
    name: str
    origin: Origin
    duration_s: float
    scored: ScoredRecording | None = None


class TastePage(QWidget):
    """Links the views: the selection in one is shown by the others.

    Signals
    -------
    command_requested : the id of a command that a button stands for
    moment_chosen : (key of the recording, seconds); it should be shown
    span_heard : (key of the recording, start and stop in seconds); play this span
    scores_wanted : the key of a recording that is not scored yet
    files_dropped : paths
    """

    command_requested = Signal(str)
    moment_chosen = Signal(str, float)
    span_heard = Signal(str, float, float)
    scores_wanted = Signal(str)
    files_dropped = Signal(list)

    def __init__(self, theme: Theme, keys: Mapping[str, str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Taste page")
        self.setAcceptDrops(True)
        self._listed: dict[str, Listed] = {}
        self._current = ""
        self._map: SegmentMap | None = None
        self._comparison: Comparison | None = None
        self._threshold: float | None = None
        self._would_cut: WouldCut | None = None
        self._kept_curve: HeldOutCurve | None = None
        self._theme = theme
        self.head = PageHead(theme, keys)
        self.findings = Findings(theme, keys)
        self.verdict = VerdictLine()
        self.no_taste = NoTaste(theme, keys)
        self._make_views(theme)
        self._cards = self._make_cards(theme)
        self._learned_note = ""
        self._lay_out()
        self._wire()
        self.set_theme(theme)

    def _make_views(self, theme: Theme) -> None:
        self.method = MethodPicture(theme)
        self.facts = FactsView(theme)
        self.losses = LossCurve(theme)
        self.map = SegmentMapView(theme)
        self.distribution = Distribution(theme)
        self.ranking = Ranking()
        self.curves = ScoreCurves(theme)
        self.differences = Differences()
        self.moment = MomentView(theme)
        self.differences.hide()
        self._nearest = EnterButton("Play nearest reference")
        self._nearest.setEnabled(False)
        self._nearest.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._colour = EnterButton("Colour: state")
        self._colour.setAccessibleName("Colour of the points")
        self._colour.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def _make_cards(self, theme: Theme) -> dict[str, Card]:
        over_time = QWidget()
        column = QVBoxLayout(over_time)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(px(6))
        column.addWidget(self.curves, 1)
        column.addWidget(self.differences)
        return {
            "method": Card(theme, "Method", self.method),
            "facts": Card(theme, "Learned from", self.facts),
            "map": Card(theme, "Map", self.map, (self._colour,)),
            "scores": Card(theme, "Scores", self.distribution),
            "ranking": Card(theme, "Ranking", self.ranking),
            "moment": Card(theme, "Features at a position", self.moment),
            "curves": Card(theme, "Over time", over_time, (self._nearest,)),
            "learning": Card(theme, "Learning", self.losses),
        }

    def _lay_out(self) -> None:
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setProperty("surface", "ground")
        scroll.setAccessibleName("Details of the taste")
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # it follows what has the focus in it
        scroll.setWidget(self._parts())
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.head)
        self._body = QStackedWidget()
        self._body.addWidget(scroll)
        self._body.addWidget(self.no_taste)
        column.addWidget(self._body, 1)
        order = (
            *self.head.buttons.values(), self._nearest, self.curves, self.differences, self._colour, self.map,
            self.distribution, self.ranking, self.research.button, self.moment, self.facts,
        )  # fmt: skip
        for before, after in pairwise(order):
            QWidget.setTabOrder(before, after)

    def _parts(self) -> QWidget:
        """Return the scrolled content: verdict, curves, problems, and details."""
        seen = {name: card for name, card in self._cards.items() if name not in (*_RESEARCH, "curves")}
        researched = {name: self._cards[name] for name in _RESEARCH}
        self.research = Fold(self._theme, "For researchers", CardGrid(researched, RESEARCH_PLANS))
        parts = QWidget()
        parts.setProperty("surface", "ground")
        column = QVBoxLayout(parts)
        column.setContentsMargins(px(8), px(4), px(8), px(8))
        column.setSpacing(px(8))
        column.addWidget(self.verdict)
        column.addWidget(self._cards["curves"], 2)
        self.findings.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        column.addWidget(self.findings)
        column.addWidget(CardGrid(seen, PLANS), 3)
        column.addWidget(self.research)
        return parts

    def _wire(self) -> None:
        for asking in (self.head, self.no_taste):
            asking.command_requested.connect(self.command_requested)
        self._colour.clicked.connect(self._colour_otherwise)
        self._nearest.clicked.connect(self._hear_nearest)
        self.map.chosen.connect(lambda index: self._show_stretch(index, hear=False))
        self.map.clicked.connect(lambda index: self._show_stretch(index, hear=True))
        self.map.heard.connect(lambda: self._show_stretch(self.map.current, hear=True))
        self.distribution.score_chosen.connect(lambda score: self._show_score(score))
        self.distribution.heard.connect(lambda: self._show_score(self._threshold))
        self.ranking.chosen.connect(self._choose)
        self.ranking.heard.connect(self._hear_oddest)
        self.curves.chosen.connect(lambda at_s: self._show_moment(self._current, at_s, hear=False))
        self.curves.clicked.connect(lambda at_s: self._show_moment(self._current, at_s, hear=True))
        self.curves.heard.connect(self._hear_cursor)
        self.moment.heard.connect(self._hear_moment)
        self.differences.chosen.connect(lambda row: self._show_difference(row, hear=False))
        self.differences.heard.connect(lambda row: self._show_difference(row, hear=True))

    def set_theme(self, theme: Theme) -> None:
        """Apply a theme."""
        self._theme = theme
        for part in (self.head, self.findings, self.method, self.facts, self.losses, self.no_taste):
            part.set_theme(theme)
        for view in (self.map, self.distribution, self.curves, self.moment):
            view.set_theme(theme)
        self.research.set_theme(theme)
        for card in self._cards.values():
            card.set_theme(theme)

    # What is shown.

    @property
    def current(self) -> str:
        """The key of the recording that is shown; empty for the document's."""
        return self._current

    def set_findings(self, findings: Iterable[Finding]) -> None:
        """Show the problems of the taste below the verdict; hidden without problems."""
        self.findings.set_findings(findings)

    def set_facts(self, facts: TasteFacts | None, notes: Mapping[str, str]) -> None:
        """Show the facts of a taste, or None without a taste.

        Parameters
        ----------
        notes : notes in the titles of cards, by name
        """
        self.head.set_words("Taste" if facts is None else facts.name, notes.get("head", ""))
        self.method.set_steps(() if facts is None else facts.steps)
        self.facts.set_facts(facts)
        self._kept_curve = None if facts is None else facts.held_out_curve
        losses = ((), ()) if facts is None else (facts.training, facts.validation)
        self.losses.set_losses(*losses)
        self._cards["moment"].set_note("" if facts is None or facts.rebuilds else "no reconstruction")
        self._learned_note = _KEEPS_LAST if facts is not None and facts.keeps_last else ""
        for name in ("method", "facts"):
            self._cards[name].set_note(notes.get(name, ""))
        self._cards["learning"].set_note(notes.get("learning") or self._learned_note)

    def show_ways(self, shown: bool) -> None:
        """Show the ways to get a taste, unless one exists or is being learned."""
        self._body.setCurrentIndex(int(shown))
        self.head.set_has_taste(not shown)

    def take_focus(self) -> None:
        """Focus the first control."""
        if self._body.currentIndex():
            self.no_taste.take_focus()
        else:
            self.curves.setFocus()

    def set_losses(self, name: str, training: Sequence[float], validation: Sequence[float]) -> None:
        """Show the progress of learning."""
        self._cards["learning"].set_note(f"{name}, running" if name else self._learned_note)
        self.losses.set_losses(training, validation)

    def set_note(self, card: str, note: str) -> None:
        """Set the note in the title of a card."""
        self._cards[card].set_note(note)

    def set_recordings(self, listed: Sequence[Listed], current: str) -> None:
        """List these recordings, and show one of them."""
        self._listed = {one.key: one for one in listed}
        self._current = current if current in self._listed else next(iter(self._listed), "")
        self._show_ranking()
        self._show_recording()

    def set_map(self, shown: SegmentMap | None, states: NDArray[np.uint8]) -> None:
        """Show the map."""
        self._map = shown
        self.map.set_map(shown, states)
        note = "" if shown is None else f"{shown.length_s:.2g} s each; close ones sound alike"
        self._cards["map"].set_note(note)

    def set_threshold(self, threshold: float | None) -> None:
        """Show the active threshold; None without proposed cuts."""
        self._threshold = threshold
        self.distribution.set_threshold(threshold)
        self._cards["scores"].set_note(self.distribution.figures, self.distribution.sentence)
        self.curves.set_threshold(threshold)
        self._show_ranking()
        self._show_verdict()

    def set_would_cut(self, would_cut: WouldCut | None) -> None:
        """Set the cuts of the open recording; None if they come from another taste."""
        self._would_cut = would_cut
        self._show_verdict()

    def _show_verdict(self) -> None:
        """Show the verdict about the displayed recording."""
        listed = self._listed.get(self._current)
        if listed is None:
            self.verdict.say("", NO_RECORDING)
        elif listed.scored is None or self._threshold is None:
            waits = listed.scored is None and listed.origin is Origin.SOURCE
            self.verdict.say(listed.name, _ASK_FOR_IT if waits else _LISTENING)
        else:
            would_cut = self._would_cut if listed.origin is Origin.DOCUMENT else None
            said = verdict(listed.scored, ODD, self._threshold, would_cut, self._kept_curve)
            self.verdict.say(listed.name, said)

    def set_moment(self, moment: Moment | None) -> None:
        """Show a position."""
        self.moment.set_moment(moment)
        self._nearest.setEnabled(self._nearest_kept() is not None)

    def set_comparison(self, comparison: Comparison | None) -> None:
        """Show two tastes on one recording; None ends that."""
        self._comparison = comparison
        if comparison is not None and comparison.first.key in self._listed:
            self._current = comparison.first.key
            self._show_ranking()
        self._show_recording()

    def _show_ranking(self) -> None:
        at = 1.0 if self._threshold is None else self._threshold
        rows = [_row(one, at) for one in self._listed.values()]
        waits = any(one.scored is None and one.origin is Origin.SOURCE for one in self._listed.values())
        self._cards["ranking"].set_note("Enter analyses a source separately" if waits else "")
        self.ranking.set_rows(rows, self._current)

    def _scored(self, key: str) -> ScoredRecording | None:
        listed = self._listed.get(key)
        return None if listed is None else listed.scored

    def _show_recording(self) -> None:
        """Show the scores of the current recording, over time and as a distribution."""
        self._show_verdict()
        nothing = np.zeros(0, np.float32)
        kept = [
            one.scored.scores
            for one in self._listed.values()
            if one.origin is Origin.KEPT and one.scored is not None
        ]
        scored = self._scored(self._current)
        name, heard = ("", nothing) if scored is None else (scored.name, scored.scores)
        self.distribution.set_scores(np.concatenate([nothing, *kept]), heard, name)
        self._cards["scores"].set_note(self.distribution.figures, self.distribution.sentence)
        both = self._comparison
        if both is None or both.first.key != self._current:
            self.differences.hide()
            alone = () if scored is None else ((scored.name, scored.scores),)
            times_s = np.zeros(0) if scored is None else scored.times_s
            self.curves.set_curves(times_s, alone, 0.0 if scored is None else scored.duration_s)
            self._cards["curves"].set_note("")
            return
        self.differences.set_differences((both.first_name, both.second_name), both.differences)
        self.differences.setVisible(bool(both.differences))
        curves = (both.first_name, both.first.scores), (both.second_name, both.second.scores)
        bands = tuple((one.start_s, one.stop_s) for one in both.differences)
        self.curves.set_curves(both.first.times_s, curves, both.first.duration_s, bands)
        self._cards["curves"].set_note(
            f"agreement on {percent(both.agreement)} of the recording",
            f"at {percent(both.cut_share)} cut each; rank correlation {both.correlation:.2f}",
        )

    # What is chosen and heard.

    def _colour_otherwise(self) -> None:
        is_state = self.map.colouring is Colouring.STATE
        self.map.set_colouring(Colouring.SCORE if is_state else Colouring.STATE)
        self._colour.setText(f"Colour: {self.map.colouring}")

    def _choose(self, key: str) -> None:
        if key == self._current:
            return
        self._current = key
        self._show_recording()

    def _show_stretch(self, index: int | None, *, hear: bool) -> None:
        if index is None or self._map is None:
            return
        key, _origin = self._map.recordings[int(self._map.recording[index])]
        start_s, length_s = float(self._map.starts_s[index]), self._map.length_s
        if key in self._listed and key != self._current:
            self._current = key
            self.ranking.set_rows(self.ranking.rows(), key)
            self._show_recording()
        middle_s = start_s + length_s / 2
        self.curves.set_cursor(middle_s)
        self.moment_chosen.emit(key, middle_s)
        if hear:
            self.span_heard.emit(key, start_s, start_s + length_s)

    def _show_score(self, score: float | None) -> None:
        """Show and play the position of the recording whose score is nearest to one."""
        scored = self._scored(self._current)
        if score is None or scored is None or not len(scored.scores):
            return
        at_s = float(scored.times_s[int(np.abs(scored.scores - score).argmin())])
        self._show_moment(self._current, at_s, hear=True)

    def _hear_oddest(self) -> None:
        scored = self._scored(self._current)
        if scored is None or not len(scored.scores):
            self.scores_wanted.emit(self._current)
            return
        self._show_moment(self._current, float(scored.times_s[int(scored.scores.argmax())]), hear=True)

    def _hear_cursor(self) -> None:
        if self.curves.cursor_s is not None:
            self._show_moment(self._current, self.curves.cursor_s, hear=True)

    def _hear_moment(self) -> None:
        moment = self.moment.moment
        if moment is not None:
            self.span_heard.emit(moment.key, max(0.0, moment.at_s - HEARD_S / 2), moment.at_s + HEARD_S / 2)

    def _nearest_kept(self) -> tuple[str, float, float] | None:
        """Return recording, start and end of the most similar reference."""
        moment = self.moment.moment
        scored = None if moment is None else self._scored(moment.key)
        if moment is None or scored is None or scored.nearest is None or scored.origin is Origin.KEPT:
            return None
        found = scored.nearest.at(moment.at_s)
        return None if found is None else (*found, found[1] + scored.nearest.length_s)

    def _hear_nearest(self) -> None:
        nearest = self._nearest_kept()
        if nearest is not None:
            self.span_heard.emit(*nearest)

    def _show_difference(self, row: int, *, hear: bool) -> None:
        if self._comparison is None or not 0 <= row < len(self._comparison.differences):
            return
        one, key = self._comparison.differences[row], self._comparison.first.key
        self.curves.set_cursor((one.start_s + one.stop_s) / 2)
        self.moment_chosen.emit(key, (one.start_s + one.stop_s) / 2)
        if hear:
            self.span_heard.emit(key, one.start_s, one.stop_s)

    def _show_moment(self, key: str, at_s: float, *, hear: bool) -> None:
        self.curves.set_cursor(at_s)
        self.moment_chosen.emit(key, at_s)
        if hear:
            self.span_heard.emit(key, max(0.0, at_s - HEARD_S / 2), at_s + HEARD_S / 2)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        paths = [url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()]
        if paths:
            event.acceptProposedAction()
            self.files_dropped.emit(paths)


def _row(listed: Listed, threshold: float) -> RankedRow:
    """Return a recording as the ranking shows it."""
    row, scored = RankedRow(listed.key, listed.name, listed.origin, listed.duration_s), listed.scored
    if scored is None:
        return row
    return replace(row, mean=scored.mean, high=scored.high, above=scored.share_above(threshold))
