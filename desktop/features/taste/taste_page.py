"""The Taste page: opens it in place of the timeline, starts its computations, and plays from it.

It shows problems of a taste, each with buttons for remedies.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QStackedWidget, QWidget

from desktop.features.taste.diagnosing import Diagnosing
from desktop.features.taste.dialogs import Shelves, TasteDialogs
from desktop.features.taste.learning import Learning
from desktop.features.taste.reference_playback import TasteHearing
from desktop.features.taste.survey import TasteSurvey, compare_on, read_facts, show_moment
from desktop.features.taste.threshold import TasteThreshold, ThresholdDrag
from desktop.features.taste.widgets.learning_panel import LossHistory
from desktop.recordings.recordings import Analysing
from desktop.shell.dialogs import questions
from desktop.shell.messages import reporting_refusals
from desktop.shell.shell import Shell
from desktop.shell.work.job_lanes import JobHandle, JobLane
from engine.core.errors import UsageError
from engine.core.timebase import format_time, samples_to_s
from engine.core.wording import counted, percent
from engine.document.kinds.order import CUT
from engine.document.proposals import Verdict
from engine.document.state import Change
from engine.features.taste.anomaly.recipes.methods import METHODS
from engine.features.taste.diagnoses.findings import Action
from engine.features.taste.overview.results import Comparison, Moment, TasteFacts, WouldCut, segment_states
from engine.review.answers import statistics, without_questions
from widgets.chrome.top_bar import TopBar

if TYPE_CHECKING:
    from desktop.features.taste.widgets.page import TastePage
    from engine.features.taste.diagnoses.findings import Finding


_PLOTS, _OPENING = "pyqtgraph", "Opening the Taste page"


class Tasting(QObject):
    """Shows one taste, the document's by default, and its scores of recordings.

    Signals
    -------
    said, refused : one message
    remedy_requested : action of a finding without a command id
    opened, closed : the page has taken the place of the timeline, or given it back
    facts_changed : the `TasteFacts` now shown, or None
    """

    said = Signal(str)
    refused = Signal(str)
    remedy_requested = Signal(str)
    opened = Signal()
    closed = Signal()
    facts_changed = Signal(object)

    def __init__(
        self,
        window: QWidget,
        shell: Shell,
        pages: QStackedWidget,
        top_bar: TopBar,
        analysing: Analysing,
        learning: Learning,
        shelves: Shelves,
        threshold: ThresholdDrag,
    ) -> None:
        super().__init__(window)
        self._window, self._shell = window, shell
        self._session, self._work = shell.session, shell.work
        self._pages, self._top_bar = pages, top_bar
        self._analysing, self._shelves = analysing, shelves
        self._page: TastePage | None = None
        self._lane = JobLane("taste page lane", self)
        self._hearing = TasteHearing(shell.session, shell.transport, shell.work, self)
        self._hearing.said.connect(self.said)
        self._survey = TasteSurvey(shell.session, shell.work, self)
        self._threshold = TasteThreshold(shell, analysing, threshold, self)
        self._looked_at: Path | None = None  # instead of the document's
        self._facts: TasteFacts | None = None
        self._reading: JobHandle | None = None
        self._wanted_moment: tuple[str, float] | None = None
        self._learning: tuple[str, LossHistory] | None = None
        self._findings: tuple[Finding, ...] = ()
        self._listen(learning)

    def _listen(self, learning: Learning) -> None:
        session = self._session
        session.replaced.connect(self._take_document)
        session.changed.connect(self._take_change)
        session.media_found.connect(self._renew)
        self._shell.look.changed.connect(lambda theme: self._page.set_theme(theme) if self._page else None)
        learning.started.connect(self._start_learning)
        learning.progressed.connect(self._follow_learning)
        learning.ended.connect(self._end_learning)
        learning.learned.connect(self._take_learned)
        self._survey.refused.connect(self.refused)
        self._survey.waiting.connect(self._show_waiting)
        self._survey.renewed.connect(self._show_survey)
        self._threshold.moved.connect(self._show_threshold)

    @property
    def is_open(self) -> bool:
        """Whether the page is shown."""
        return self._page is not None and self._pages.currentWidget() is self._page

    @property
    def is_busy(self) -> bool:
        """Whether something is being found out for the page."""
        return self._lane.is_busy or self._survey.is_busy

    @property
    def page(self) -> TastePage:
        """The page, created on first use: its plotting library is large, and a worker imports it first."""
        if self._page is None:
            from desktop.features.taste.widgets.page import TastePage

            self._page = TastePage(self._shell.look.theme, self._shell.caps)
            self._pages.addWidget(self._page)
            self._wire(self._page)
            self._page.set_findings(self._findings)
        return self._page

    def _wire(self, page: TastePage) -> None:
        page.command_requested.connect(self._shell.commands.run)
        page.findings.remedy_requested.connect(self._remedy)
        page.moment_chosen.connect(self._want_moment)
        page.span_heard.connect(reporting_refusals(self._hear, self.refused.emit))
        page.scores_wanted.connect(self._score_source)
        page.files_dropped.connect(self.drop)
        self._threshold.connect_view(page.distribution)

    def close(self) -> None:
        """End the thread."""
        self._lane.close()

    # Open and closed.

    def toggle(self) -> None:
        """Show the page, or the timeline again."""
        if self.is_open:
            self.leave()
        else:
            self._work.once_loaded(_PLOTS, _OPENING, self._open, self._lane)

    def _open(self) -> None:
        if self.is_open:
            return
        page = self.page
        self._pages.setCurrentWidget(page)
        self._shell.commands.enable_review(False)  # the queue is hidden
        self._top_bar.set_taste_shown(True)
        self.opened.emit()
        self._renew()
        page.take_focus()

    def leave(self) -> bool:
        """Show the timeline again; return whether the page was open."""
        if not self.is_open:
            return False
        if self.page.distribution.cancel_drag():
            return True
        self._pages.setCurrentIndex(0)
        self._shell.commands.enable_review(bool(self._session.state.proposals))
        self._shell.timeline.setFocus()
        self._top_bar.set_taste_shown(False)
        self.closed.emit()
        return True

    # Commands.

    def look(self) -> None:
        """Ask for another taste to view; the document's taste does not change."""
        path = self._shelves.ask("View another taste", "View")
        if path is not None:
            self._look_at(path)

    def analyse(self) -> None:
        """Ask for recordings to score without a document."""
        paths = questions.ask_recordings(self._window, "Recordings to analyse", self._folder)
        if paths is not None:
            self.drop([str(path) for path in paths])

    def compare(self) -> None:
        """Ask for a second taste and compare both on the recording that is shown."""
        if self._facts is None:
            raise UsageError("No taste to compare with. Learn one from your edits first ‹taste.learn›.")
        known = self._survey.recordings.found(self.page.current)
        if known is None or known.scored is None:
            raise UsageError("No recording to compare. Import one, or drop one on the Taste page.")
        second = self._shelves.ask(f"Compare {self._facts.name} with", "Compare")
        if second is None:
            return
        at = self._threshold.score
        job = partial(compare_on, self._facts.path, known.scored, known.sound, at)
        self._work.compute(job, second, f"Comparing with {second.stem}", self._take_comparison)
        if not self.is_open:
            self.toggle()

    def drop(self, paths: Iterable[str]) -> None:
        """View a dropped taste; score dropped recordings, or refuse them without a taste."""
        drop = reporting_refusals(self._drop, self.refused.emit)
        dropped = tuple(Path(path) for path in paths)
        self._work.once_loaded(_PLOTS, _OPENING, partial(drop, dropped), self._lane)

    def _drop(self, dropped: tuple[Path, ...]) -> None:
        self._open()
        tastes = [path for path in dropped if path.suffix == ".taste"]
        if tastes:
            self._look_at(tastes[0])
        recordings = [path for path in dropped if path.suffix != ".taste"]
        if recordings and self._taste is None:
            raise UsageError(
                "No taste for the analysis. Learn one from your edits ‹taste.learn›, or drop one."
            )
        added = [key for path in recordings if (key := self._survey.recordings.add(path))]
        if added:
            self._show_recordings(added[-1])
            self._renew()

    def set_findings(self, findings: Iterable[Finding]) -> None:
        """Show the problems of the taste at the top of the page."""
        self._findings = tuple(findings)
        if self._page is not None:
            self._page.set_findings(self._findings)

    def _remedy(self, action: str) -> None:
        """Run the command, or pass other actions on."""
        if self._shell.commands.knows(action):
            self._shell.commands.run(action)
        else:
            self.remedy_requested.emit(action)

    # What there is to show.

    @property
    def facts(self) -> TasteFacts | None:
        """Facts of the displayed taste."""
        return self._facts

    @property
    def _taste(self) -> Path | None:
        return self._looked_at or self._analysing.taste

    @property
    def _folder(self) -> Path:
        here = self._session.path
        return Path.home() if here is None else here.absolute().parent

    def _look_at(self, path: Path) -> None:
        self._looked_at = None if path == self._analysing.taste else path
        if not self.is_open:
            self.toggle()
        else:
            self._renew()

    def _renew(self) -> None:
        """Update the page for taste, document and files; does nothing while the page is hidden."""
        if not self.is_open:
            return
        path = self._taste
        if self._facts is not None and self._facts.path == path:
            self._survey.renew(self._facts)
            return
        self._forget_taste()
        if path is not None and self._reading is None:
            self._reading = self._lane.submit(read_facts, path, title=f"Reading {path.stem}")
            self._reading.finished.connect(self._take_facts)
            self._reading.failed.connect(self._refuse_taste)

    def _forget_taste(self) -> None:
        self._facts = None
        self._survey.forget()
        self._show_facts()

    def _take_facts(self, facts: TasteFacts) -> None:
        self._reading = None
        if facts.path != self._taste:
            self._renew()  # another was asked for meanwhile
            return
        self._facts = facts
        self._show_facts()
        self._renew()

    def _refuse_taste(self, sentence: str) -> None:
        """Report an unreadable taste, and return to that of the document."""
        self._reading = None
        self.refused.emit(sentence)
        if self._looked_at is not None:
            self._looked_at = None
            self._renew()

    def _show_facts(self) -> None:
        facts = self._facts
        self._threshold.maker = "" if facts is None else facts.maker
        self.page.set_facts(facts, _notes(facts))
        self._show_learning()
        self.page.set_moment(None)
        self.page.set_comparison(None)
        self._show_survey()
        self.facts_changed.emit(facts)

    def _show_waiting(self, waits: bool) -> None:
        self.page.set_note("map", "queued" if waits else "computing")

    def _show_survey(self) -> None:
        self.page.set_map(self._survey.shown, self._states())
        self._show_recordings(self.page.current)

    def _states(self) -> NDArray[np.uint8]:
        """Return the current state of each segment of the map."""
        shown = self._survey.shown
        return np.zeros(0, np.uint8) if shown is None else segment_states(shown, self._session.state)

    def _show_recordings(self, current: str) -> None:
        facts = self._facts
        listed = () if facts is None else self._survey.recordings.listed(facts)
        self.page.set_recordings(listed, current)
        self._show_threshold()

    # What is chosen and heard.

    def _want_moment(self, key: str, at_s: float) -> None:
        """Show a position; a newer request replaces earlier ones."""
        self._wanted_moment = (key, at_s)
        if not self._lane.is_busy:
            self._look_at_moment()

    def _look_at_moment(self) -> None:
        facts, wanted = self._facts, self._wanted_moment
        self._wanted_moment = None
        known = None if wanted is None else self._survey.recordings.found(wanted[0])
        if facts is None or wanted is None or known is None or known.scored is None:
            return
        about = facts.path, known.sound, known.scored, wanted[1]
        handle = self._lane.submit(show_moment, *about, title="A position")
        handle.finished.connect(self._take_moment)
        handle.failed.connect(self.refused)

    def _take_moment(self, moment: Moment) -> None:
        self.page.set_moment(moment)
        if self._wanted_moment is not None:
            self._look_at_moment()

    def _hear(self, key: str, start_s: float, stop_s: float) -> None:
        known = self._survey.recordings.found(key)
        if known is not None:
            self._hearing.hear(known.sound, start_s, stop_s)

    def _score_source(self, key: str) -> None:
        if self._survey.recordings.want(key):
            self._renew()

    def _take_comparison(self, comparison: Comparison) -> None:
        self.page.set_comparison(comparison)
        self.said.emit(
            f"{comparison.first_name} and {comparison.second_name} agree on "
            f"{percent(comparison.agreement)} of the recording"
        )

    def _show_threshold(self) -> None:
        if self._page is not None:
            self._page.set_would_cut(self._would_cut())
            self._page.set_threshold(None if self._facts is None else self._threshold.score)

    def _would_cut(self) -> WouldCut | None:
        """Return the cuts of the document if they come from the displayed taste, without open questions."""
        whole, curve = self._session.state, self._session.curve
        state = without_questions(whole)
        if self._facts is None or curve is None or curve.maker != self._facts.maker or not state.rate_hz:
            return None
        left = statistics(state).result_if_all_accepted_samples
        cuts = (key for key, one in state.proposals.items() if one.kind == CUT.name)
        count = sum(state.verdict(key) is not Verdict.REJECTED for key in cuts)
        cut_s = samples_to_s(max(0, state.length_samples - left), state.rate_hz)
        return WouldCut(cut_s, count, len(whole.proposals) - len(state.proposals))

    # What changes meanwhile.

    def _take_document(self) -> None:
        self._looked_at = None
        self._survey.forget_document()
        self._renew()

    def _take_change(self, change: Change) -> None:
        if not self.is_open:
            return
        if change.analyses or change.tracks or "taste" in change.settings:
            self._renew()
        if "threshold" in change.settings or change.proposals:
            self._show_threshold()
        if change.proposals:
            self.page.map.set_states(self._states())

    def _start_learning(self, name: str) -> None:
        self._learning = (name, LossHistory())
        self._show_learning()

    def _follow_learning(self, figures: Mapping[str, float]) -> None:
        if self._learning is not None and self._learning[1].add(figures):
            self._show_learning()

    def _end_learning(self) -> None:
        self._learning = None
        self._show_learning()

    def _show_learning(self) -> None:
        if self._page is None:
            return
        self._page.show_ways(self._taste is None and self._learning is None)
        if self._learning is not None:
            name, losses = self._learning
            self._page.set_losses(name, losses.training, losses.validation)
        else:
            facts = self._facts
            training, validation = ((), ()) if facts is None else (facts.training, facts.validation)
            self._page.set_losses("", training, validation)

    def _take_learned(self, path: Path) -> None:
        """Show a newly learned taste if no document uses it; reload a taste of the same name."""
        if self._facts is not None and self._facts.path == path:
            self._facts = None
        if not self._session.is_open:
            self._looked_at = path
        self._renew()


def _notes(facts: TasteFacts | None) -> dict[str, str]:
    """Return the notes in the titles of the cards."""
    if facts is None:
        return {}
    count, total_s = len(facts.recordings), sum(one.duration_s for one in facts.recordings)
    learned = f"learned from {format_time(total_s, 0)} in {counted(count, 'recording')}"
    return {
        "head": learned if count else "",
        "method": f"recipe {facts.recipe}",
        "learning": counted(len(facts.training), "epoch"),
    }


_LONGER = 4


def finding_actions(tastes: TasteDialogs, analysing: Analysing) -> Mapping[str, Callable[[], object]]:
    """Return the handler of each action of a finding."""
    return {
        Action.LEARN_AGAIN: tastes.learn,
        Action.LEARN_LONGER: partial(tastes.learn, _LONGER * METHODS[0].epochs),
        Action.ADD_RECORDINGS: tastes.learn,
        Action.OTHER_TASTE: tastes.use_taste,
        Action.KEEP_HALF: partial(analysing.propose, {"threshold_mode": "keep", "keep": 0.5}),
        Action.CUT_A_TENTH: partial(analysing.propose, {"threshold_mode": "keep", "keep": 0.9}),
        Action.FIND_THRESHOLD: partial(analysing.propose, {"threshold_mode": "automatic"}),
    }


def connect_findings(
    diagnosing: Diagnosing, tasting: Tasting, tastes: TasteDialogs, analysing: Analysing
) -> None:
    """Shows findings on the Taste page, starts a diagnosis when it opens, and runs the actions."""
    do = finding_actions(tastes, analysing)
    diagnosing.found.connect(tasting.set_findings)
    tasting.opened.connect(diagnosing.measure)
    tasting.remedy_requested.connect(reporting_refusals(lambda action: do[action](), tasting.refused.emit))
