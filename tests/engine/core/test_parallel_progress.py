"""Parts of a job that run at the same time report as one."""

from __future__ import annotations

import threading

import pytest

from engine.core.errors import Cancelled
from engine.core.progress import ReportingProgress, parallel


def test_the_fraction_is_the_mean_and_figures_wait_for_all_parts() -> None:
    reports: list[tuple[float, dict[str, float]]] = []
    whole = ReportingProgress(lambda fraction, _text, figures: reports.append((fraction, figures)))
    first, second = parallel(whole.part(0.5, 1.0), 2)

    first.report(0.5, "", loss=4.0)
    first.report(1.0, "", loss=2.0)
    second.part(0.0, 0.5).report(1.0, "", loss=6.0)
    second.report(1.0, "", loss=1.0)

    assert [fraction for fraction, _ in reports] == [0.625, 0.75, 0.875, 1.0]
    assert [figures for _, figures in reports] == [{}, {}, {"loss": 5.0}, {"loss": 1.5}]


def test_reports_from_threads_never_go_back() -> None:
    fractions: list[float] = []
    parts = parallel(ReportingProgress(lambda fraction, _text, _figures: fractions.append(fraction)), 4)

    def work(number: int) -> None:
        for step in range(1, 101):
            parts[number].report(step / 100, "")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert fractions == sorted(fractions)
    assert fractions[-1] == pytest.approx(1.0)


def test_a_cancel_reaches_every_part() -> None:
    cancelled = threading.Event()
    parts = parallel(ReportingProgress(cancelled=cancelled), 2)
    parts[0].check_cancelled()
    cancelled.set()
    for part in parts:
        with pytest.raises(Cancelled):
            part.check_cancelled()
