"""Asking how much to cut with the answer in sight, and proposing pauses without a taste."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from threading import Event

import numpy as np
import pytest
import soundfile
from PySide6.QtWidgets import QDialog, QLabel, QWidget

from desktop.demo_files import DEMO_FOLDER
from engine.core.progress import SILENT
from engine.core.timebase import format_time
from engine.document.proposals import BY_SHORTENING
from engine.features.taste.document_cuts import look_ahead
from tests.desktop.conftest import Hands, named_field
from tests.desktop.documents import make_document
from tests.engine.analysis.signal.test_pauses import speech
from tests.hostile.bad_files import RATE_HZ, good
from widgets.controls.key_caps import KeyButton
from widgets.forms.propose_form import ProposeForm

SECONDS = 60
DEMO_TASTE = DEMO_FOLDER / "demo.taste"


@pytest.fixture
def reviewing(hands: Hands, tmp_path: Path) -> Hands:
    cuts = ((20 * RATE_HZ, 25 * RATE_HZ), (40 * RATE_HZ, 50 * RATE_HZ))
    hands.window.session.open(
        make_document(tmp_path / "jam.offcut", good(tmp_path / "jam.wav", SECONDS), cuts)
    )
    hands.finish_work()
    return hands


def expected(hands: Hands, settings: dict[str, object]) -> str:
    session = hands.window.session
    return look_ahead(
        session.state, session.curve, session.grid, session.listening, settings, SILENT
    ).sentence


def said(dialog: QWidget) -> list[str]:
    return [label.text() for label in dialog.findChildren(QLabel)]


def test_the_dialog_counts_the_cuts_that_its_settings_would_make(reviewing: Hands) -> None:
    hands, seen = reviewing, []

    def look(dialog: QWidget) -> None:
        form = dialog.findChild(ProposeForm)
        for name, text in (
            ("", ""),
            ("Percentile", "20"),
            ("Keep, percent", "70"),
            ("Keep, minutes", "0.25"),
        ):
            if name:
                named_field(dialog, name).setFocus()
                named_field(dialog, name).selectAll()
                named_field(dialog, name).insert(text)
            wanted = expected(hands, form.values())
            hands.qtbot.waitUntil(lambda wanted=wanted: wanted in said(dialog))
            seen.append(wanted)
        assert isinstance(dialog, QDialog)
        dialog.reject()

    before = hands.window.session.state
    hands.press_and_answer("Ctrl+R", look)
    assert hands.window.session.state is before
    assert len(set(seen)) == 4


def test_what_the_dialog_foresaw_is_what_is_proposed(reviewing: Hands) -> None:
    hands = reviewing
    foreseen: list[str] = []

    def accept(dialog: QWidget) -> None:
        foreseen.append(expected(hands, dialog.findChild(ProposeForm).values()))
        assert isinstance(dialog, QDialog)
        dialog.accept()

    hands.press_and_answer("Ctrl+R", accept)
    assert hands.window.session.state.settings["threshold_mode"] == "automatic"
    assert foreseen[0].startswith(f"{len(hands.window.session.state.proposals)} cut")
    hands.press("Alt+Up")
    assert hands.window.session.state.settings["threshold_mode"] == "percentile"


@pytest.fixture
def pausing(tmp_path: Path) -> Path:
    """Playing, five seconds of nothing, and playing."""
    rng = np.random.default_rng(3)
    beat = np.abs(np.sin(2 * np.pi * np.arange(12 * RATE_HZ) / RATE_HZ))
    played = 0.3 * beat * rng.standard_normal(12 * RATE_HZ)
    path = tmp_path / "raw.wav"
    soundfile.write(path, np.concatenate([played, np.zeros(5 * RATE_HZ), played]), RATE_HZ)
    return path


def button(hands: Hands, text: str) -> KeyButton:
    found = hands.window.queue_panel.findChildren(KeyButton)
    return next(one for one in found if one.text() == text)


def test_pauses_are_proposed_on_a_fresh_import_even_while_it_is_listened_to(
    hands: Hands, pausing: Path
) -> None:
    window = hands.window
    hands.press("Alt+R")
    assert hands.refused == ["There is nothing to analyse yet; import a recording first ‹file.import›."]
    window.recordings.import_files((pausing,))
    hands.qtbot.waitUntil(lambda: bool(window.session.state.tracks))
    assert window.session.listening is None
    hands.press("Alt+R")
    assert hands.said[-1] == "Dead air: proposed as soon as the recording is analysed"
    hands.finish_work()
    (cut,) = window.session.state.proposals.values()
    assert (cut.start_samples / RATE_HZ, cut.stop_samples / RATE_HZ) == pytest.approx((12, 17), abs=0.2)
    assert "your edits" not in cut.reason
    assert "83 %" in hands.said[-1]
    assert window.review.above() == (cut.id,)
    hands.press("Ctrl+Z")
    assert not window.session.state.proposals
    assert button(hands, "Propose pauses").isVisible()
    assert button(hands, "Learn from edits…").isVisible()
    button(hands, "Propose pauses").click()
    hands.finish_work()
    assert list(window.session.state.proposals) == [cut.id]
    assert not button(hands, "Propose pauses").isVisible()
    hands.press("A")
    hands.press("Alt+R")
    hands.finish_work()
    assert hands.said[-1] == "No pause of 3 s or longer is left to propose"
    assert list(window.session.state.proposals) == [cut.id]


def test_a_listening_that_is_cancelled_proposes_nothing_later(hands: Hands, pausing: Path) -> None:
    window = hands.window
    window.recordings.import_files((pausing,))
    hands.qtbot.waitUntil(lambda: bool(window.session.state.tracks))
    hands.press("Alt+R")
    window.work.cancel()
    hands.finish_work()
    assert not window.session.state.proposals
    window.analysing.listen(None)
    hands.finish_work()
    assert window.session.listening is not None
    assert not window.session.state.proposals


def test_after_proposing_again_the_first_new_proposal_is_current(reviewing: Hands) -> None:
    window = reviewing.window
    reviewing.press("Down")
    old, last = frozenset(window.session.state.proposals), window.review.current
    assert last == f"cut-{40 * RATE_HZ}"
    window.analysing.propose({"threshold_mode": "keep", "keep": 0.4})
    new = [key for key in window.session.state.proposals if key not in old]
    assert new
    assert window.review.current == new[0], "the first in time"
    reviewing.press("Down")
    here = window.review.current
    window.analysing.propose({"threshold_mode": "keep", "keep": 0.4})
    assert window.review.current == here, "nothing new is nothing to go to"


def test_the_keys_of_the_threshold_leave_the_current_one(reviewing: Hands) -> None:
    window = reviewing.window
    window.analysing.propose({"threshold_mode": "percentile", "percentile": 60})
    reviewing.press("A")
    reviewing.press("Up")
    here = window.review.current
    assert window.session.state.decisions
    for _ in range(5):
        reviewing.press("Alt+Down")
        assert window.review.current == here


def test_pauses_are_shortened_to_what_the_form_foresaw(hands: Hands, tmp_path: Path) -> None:
    samples, _ = speech(-60.0)
    soundfile.write(tmp_path / "talk.wav", samples, 16_000)
    hands.window.session.open(make_document(tmp_path / "talk.offcut", tmp_path / "talk.wav", ()))
    hands.window.analysing.listen(None)
    hands.finish_work()
    foreseen: list[str] = []

    def choose(dialog: QWidget) -> None:
        for name, text in (("Pauses longer than (s)", "0.6"), ("Leave of each (s)", "0.9")):
            named_field(dialog, name).setFocus()
            named_field(dialog, name).selectAll()
            named_field(dialog, name).insert(text)
        assert "0.9 s cannot be left of pauses longer than 0.6 s: give 0 to 0.6 s." in said(dialog)
        named_field(dialog, "Leave of each (s)").setText("0.2")
        named_field(dialog, "Pauses up to (s)").setText("0.5")
        assert any("up to 0.5 s" in text and "above 0.6 s" in text for text in said(dialog))
        named_field(dialog, "Pauses up to (s)").setText("1.7")
        assert any("Unchanged: 2 pauses over 1.7 s." in text for text in said(dialog))
        named_field(dialog, "Pauses up to (s)").setText("")
        foreseen.extend(text for text in said(dialog) if "to shorten" in text)
        assert isinstance(dialog, QDialog)
        dialog.accept()

    hands.press_and_answer("Ctrl+Alt+R", choose)
    hands.finish_work()
    made = [one for one in hands.window.session.state.proposals.values() if one.maker == BY_SHORTENING]
    cut_s = sum(one.stop_samples - one.start_samples for one in made) / 16_000
    shorter = format_time(cut_s, 1)
    assert foreseen == [f"{len(made)} pauses to shorten; the result is {shorter} shorter."]
    assert 5 <= len(made) <= 6  # 0.7 s may be a hop short of 0.6 s at either side


@pytest.fixture
def scoring(hands: Hands, pausing: Path) -> Iterator[tuple[Hands, Event]]:
    """The window on a recording that the demo's taste scores as soon as the event is set."""
    hands.window.recordings.import_files((pausing,))
    hands.qtbot.waitUntil(lambda: bool(hands.window.session.state.tracks))
    hands.finish_work()
    may_score = Event()
    hands.window.work._lanes.compute.submit(lambda _progress: may_score.wait(60), title="Waiting")
    hands.window.analysing.use_taste(DEMO_TASTE)
    yield hands, may_score
    may_score.set()


def test_cuts_that_are_asked_for_while_a_taste_scores_wait_for_the_scores(
    scoring: tuple[Hands, Event],
) -> None:
    hands, may_score = scoring
    window, proposed = hands.window, []
    window.work.proposed.connect(proposed.append)
    hands.press("Ctrl+R")
    assert not hands.refused
    assert window.session.curve is None
    may_score.set()
    hands.finish_work()
    assert window.session.curve is not None
    assert proposed == [frozenset(window.session.state.proposals)]
    assert window.review.current in window.session.state.proposals


def test_cuts_that_wait_for_scores_are_given_up_with_the_scoring(scoring: tuple[Hands, Event]) -> None:
    hands, may_score = scoring
    work = hands.window.work
    hands.press("Ctrl+R")
    work.cancel()
    may_score.set()
    hands.qtbot.waitUntil(lambda: not work.is_busy)
    assert not hands.window.analysing.is_scoring
    hands.press("Ctrl+R")
    assert len(hands.refused) == 1, "nothing scores the recording now"
