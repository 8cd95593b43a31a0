"""The time of day of the start: read, written, counted past midnight, set and removed."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.document.document import Document
from engine.document.edits.proposals import set_settings
from engine.document.settings import (
    STARTS_AT,
    TimeOfDay,
    clock_text,
    read_day,
    read_time_of_day,
    set_time_of_day,
    starts_at,
    time_of_day_at,
)
from tests.engine.document.conftest import RATE_HZ

DAY = date(2026, 5, 2)
LATE = TimeOfDay(round((23 * 3600 + 59 * 60 + 50) * 1e6), DAY)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("14:03", "14:03:00.000"),
        (" 4:03:11 ", "04:03:11.000"),
        ("14:03:11.5", "14:03:11.500"),
        ("14:03:11,25", "14:03:11.250"),
        ("00:00:00", "00:00:00.000"),
        ("23:59:59.999999", "00:00:00.000"),
    ],
)
def test_times_of_day_are_read(text: str, read: str) -> None:
    found = read_time_of_day(text)
    assert found is not None
    assert found.text(3) == read


@pytest.mark.parametrize(
    "text", ["", "14", "24:00", "14:60", "14:03:60", "14:3", "-1:00", "14:03 pm", "²:00"]
)
def test_others_are_not(text: str) -> None:
    assert read_time_of_day(text) is None


@pytest.mark.parametrize("text", ["2026-05-02", " 2026-05-02 "])
def test_dates_are_read(text: str) -> None:
    assert read_day(text) == DAY
    assert read_day("2026-13-02") is read_day("2 May") is None


@given(st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1)), st.floats(-1e6, 1e6))
def test_later_is_what_a_calendar_says(moment: datetime, seconds: float) -> None:
    later = TimeOfDay.of(moment).later(seconds)
    expected = moment + timedelta(microseconds=round(seconds * 1e6))
    assert later == TimeOfDay.of(expected)
    assert later.iso == expected.isoformat()
    assert TimeOfDay(TimeOfDay.of(moment).since_midnight_us).later(seconds).day is None


def test_midnight_begins_another_day() -> None:
    assert (LATE.later(20).text(), LATE.later(20).day) == ("00:00:10", date(2026, 5, 3))
    assert (str(LATE), str(LATE.later(0.5))) == ("23:59:50 on 2026-05-02", "23:59:50.500 on 2026-05-02")
    assert clock_text(86_399.9996, 3) == "00:00:00.000"
    assert clock_text(-1) == "23:59:59"
    assert TimeOfDay(0, date.max).later(86_400).day is None


def test_any_moment_may_be_given(document: Document) -> None:
    assert starts_at(document.state) is None
    assert time_of_day_at(document.state, 0) is None
    document.apply(set_time_of_day(document.state, 20 * RATE_HZ, LATE.later(20)))
    assert starts_at(document.state) == LATE
    at = time_of_day_at(document.state, 10 * RATE_HZ + RATE_HZ // 2)
    assert at is not None
    assert at.iso == "2026-05-03T00:00:00.500000"
    assert not set_time_of_day(document.state, 0, LATE).changes
    document.apply(set_time_of_day(document.state, 0, TimeOfDay(1)))
    assert document.state.settings[STARTS_AT] == "00:00:00.000001"
    document.apply(set_time_of_day(document.state, 0, None))
    assert STARTS_AT not in document.state.settings
    document.undo()
    document.undo()
    assert starts_at(document.state) == LATE


@pytest.mark.parametrize("stored", [None, 3, "", "noon", "2026-05-02", "2026-05-02T99:00", ["14:03"]])
def test_a_document_with_another_value_has_none(document: Document, stored: object) -> None:
    document.apply(set_settings(document.state, {STARTS_AT: stored}, "Set"))
    assert starts_at(document.state) is None
    assert not document.apply(set_time_of_day(document.state, 0, LATE)).label.startswith("Removed")
    assert starts_at(document.state) == LATE
