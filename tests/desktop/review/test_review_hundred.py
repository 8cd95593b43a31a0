"""A hundred proposals reviewed by real keys while each is heard: how many keys that takes, and how long.

A hundred where the hour is asked for, see `tests.desktop.hour`; a quarter of them in every run of the tests.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from desktop.bench.surroundings import paced_device
from desktop.main_window import MainWindow
from engine.document.document import Document
from engine.document.edits.proposals import replace_proposals
from engine.document.proposals import Proposal, Verdict
from tests.desktop.conftest import Hands
from tests.desktop.documents import make_document
from tests.desktop.hour.editor import LONG
from tests.desktop.sound_device import alsa_configuration, on_alsa
from tests.hostile.bad_files import RATE_HZ, good

COUNT = 100 if LONG else 25
SECONDS = 12 * COUNT
MOST_KEYS = 1.3
HEARD_S = 0.05
"""How much the script hears of each before it answers; how much a person needs is not ours to shorten."""
MOST_S = 1.5
"""From one answer until the next proposal is heard and answered, on a machine that others share."""


def proposed() -> list[Proposal]:
    """Cuts of 2 to 8 s, 12 s apart."""
    starts = [(12 * number + 2) * RATE_HZ for number in range(COUNT)]
    return [
        Proposal(f"c{number:03}", "cut", start, start + (2 + number % 7) * RATE_HZ, 0.9, "Talk.", "m")
        for number, start in enumerate(starts)
    ]


@pytest.fixture
def listening(hands: Hands, tmp_path: Path) -> Iterator[Hands]:
    """Proposals, each heard when it is come to, on a device that keeps time."""
    path = make_document(tmp_path / "jam.offcut", good(tmp_path / "jam.wav", SECONDS), ())
    with Document.open(path) as document:
        document.apply(replace_proposals(document.state, proposed(), {"threshold": 0.5}, "Proposed"))
    with alsa_configuration(paced_device(tmp_path, RATE_HZ, keep=False)):
        hands.window.session.open(path)
        hands.finish_work()
        hands.press("Alt+V")
        assert hands.window.arrivals.is_on
        yield hands
        hands.window.player.close()


def hears(window: MainWindow) -> Callable[[], bool]:
    """Return what tells whether so much of the current proposal's preview was heard by now."""
    player, begun = window.player, []

    def tells() -> bool:
        if not window.transport.is_auditioning:
            return False
        begun.append(player.position_samples)
        return begun[-1] - begun[0] >= HEARD_S * RATE_HZ

    return tells


@pytest.mark.plays
@pytest.mark.long
@on_alsa
def test_a_proposal_takes_a_key(listening: Hands, record_property) -> None:
    window = listening.window
    keys: list[str] = []
    took_s: list[float] = []

    def press(key: str) -> None:
        keys.append(key)
        listening.press(key)

    begun_s = time.monotonic()
    press("C")  # the one that is current as the document opens; every other is heard by itself
    for number in range(COUNT):
        here = window.review.current
        assert here == f"c{number:03}", "they come in the order of the recording"
        asked_s = time.monotonic()
        listening.qtbot.waitUntil(hears(window), timeout=10_000)
        view, (start, stop) = window.timeline.canvas.viewport, window.review.span()
        assert view.start_samples <= start < stop <= view.stop_samples, "what is heard is in view"
        press("X" if number % 3 == 0 else "A")
        assert not window.transport.is_auditioning, "the answer cuts its preview off"
        took_s.append(time.monotonic() - asked_s)
        assert window.session.state.verdict(here) is not Verdict.UNDECIDED
    whole_s = time.monotonic() - begun_s
    assert window.review.statistics.decided == COUNT
    assert len(keys) / COUNT <= MOST_KEYS
    assert len(keys) == COUNT + 1
    record_property("keys_a_proposal", len(keys) / COUNT)
    record_property("clock_s", round(whole_s, 1))
    median_s = float(np.median(took_s))
    record_property("median_s", round(median_s, 3))
    print(f"\n{len(keys) / COUNT:.2f} keys a proposal; {whole_s:.1f} s, {median_s:.3f} s each by the median")
    assert median_s <= MOST_S
    assert listening.refused == []
