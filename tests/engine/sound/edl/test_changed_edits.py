"""Edits by hand are changed: amount, other way, what fills them. And what is heard of a span."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from engine.core.errors import ExportError, UsageError
from engine.document.edits.by_hand import amount_of, change_amount, change_filling, change_way, edit_by_hand
from engine.document.kinds import KINDS, Kind
from engine.document.proposals import Decision, Proposal, edited
from engine.document.state import DocumentState, Edit
from engine.document.tracks import Source
from engine.exchange.export import ExportOptions, ExportRequest
from engine.exchange.export.audio_plan import written_range
from engine.sound.edl.build import build
from tests.sources import one_source_track, played_whole


@pytest.fixture
def jam() -> DocumentState:
    """One track of four seconds; nothing of its sound is read."""
    source = Source("one", "/one.wav", "", 48_000, 1, 192_000, "WAV", "PCM_16")
    return DocumentState(48_000, {"one": source}, (one_source_track("one", source, "One", 0),))


def after(state: DocumentState, edit: Edit) -> DocumentState:
    """Return a document as it is after an edit."""
    proposals, decisions = dict(state.proposals), dict(state.decisions)
    for change in edit.changes:
        row = change.after
        if isinstance(row, Proposal):
            proposals[row.id] = row
        elif isinstance(row, Decision):
            decisions[row.proposal_id] = row
    return replace(state, proposals=proposals, decisions=decisions)


def made(
    state: DocumentState, kind: str, start: int, stop: int, payload: Mapping[str, object]
) -> tuple[DocumentState, str]:
    edit, proposal = edit_by_hand(state, kind, start, stop, payload)
    return after(state, edit), proposal.id


def payload_of(state: DocumentState, key: str) -> dict[str, object]:
    return dict(edited(state.proposals[key], state.decisions[key]).payload)


@pytest.mark.parametrize(("kind", "payload", "value", "stored"), [
    ("slip", {"by_samples": 48.0}, 2.5, {"by_samples": 120.0}),
    ("slip", {"by_samples": 48.0}, 0.13, {"by_samples": 6.24}),
    ("gain", {"gain_db": -3.0}, -3.5, {"gain_db": -3.5}),
    ("repeat", {}, 3, {"times": 3}),
    ("move", {"to_samples": 0}, 1.25, {"to_samples": 60_000}),
    ("move", {"to_samples": 0}, 1e6, {"to_samples": None}),
])  # fmt: skip
def test_an_amount_is_changed_in_the_unit_of_its_kind(
    jam: DocumentState, kind: str, payload: dict[str, object], value: float, stored: dict[str, object]
) -> None:
    state, key = made(jam, kind, 24_000, 33_600, payload)
    changed = after(state, change_amount(state, key, value))
    (field, expected), now = next(iter(stored.items())), payload_of(changed, key)
    assert now[field] == (pytest.approx(expected) if expected is not None else state.length_samples)
    assert state.proposals == changed.proposals


def test_amounts_end_where_they_must_and_cuts_have_none(jam: DocumentState) -> None:
    state, key = made(jam, "repeat", 24_000, 33_600, {"times": 2})
    assert amount_of(state, key)[1] == 2
    with pytest.raises(UsageError, match="its limit"):
        change_amount(state, key, 1)
    sources = {name: replace(one, frames=one.frames * 100_000) for name, one in jam.sources.items()}
    days, long_key = made(played_whole(replace(jam, sources=sources)), "repeat", 24_000, 10**9, {"times": 2})
    with pytest.raises(UsageError, match="longer than a document can"):
        change_amount(days, long_key, 10_000)
    cut, cut_key = made(jam, "cut", 24_000, 33_600, {})
    with pytest.raises(UsageError, match="A cut has no amount"):
        amount_of(cut, cut_key)
    with pytest.raises(UsageError, match="no proposal"):
        amount_of(cut, "nobody")


def test_a_nudge_may_pass_through_where_nothing_changes(jam: DocumentState) -> None:
    state, key = made(jam, "gain", 24_000, 33_600, {"gain_db": 0.5})
    silent = after(state, change_amount(state, key, 0.0))
    assert build(silent).patches == {}
    assert build(after(silent, change_amount(silent, key, -0.5))).patches


@pytest.mark.parametrize("kind", [kind for kind in KINDS.values() if kind.amount], ids=lambda kind: kind.name)
@pytest.mark.parametrize("rate_hz", [44_100, 48_000, 96_000])
def test_tenths_come_back_as_they_went(kind: Kind, rate_hz: int) -> None:
    amount = kind.amount
    assert amount is not None
    value = amount.lowest + 10 * amount.step
    for _ in range(7):
        value = amount.shown(amount.stored(value + amount.fine_step, rate_hz), rate_hz)
    # a moment falls onto whole samples
    slack = 7 / rate_hz if amount.is_whole and amount.per_second else 1e-6
    assert value == pytest.approx(amount.lowest + 10 * amount.step + 7 * amount.fine_step, abs=slack)


def test_a_mute_is_filled_or_silent(jam: DocumentState) -> None:
    state, key = made(jam, "mute", 24_000, 33_600, {})
    assert change_way(state, key) is None
    with pytest.raises(UsageError, match="outside it"):
        change_filling(state, key, 30_000, 40_000)
    filled = after(state, change_filling(state, key, 40_000, 50_000))
    assert payload_of(filled, key)["tone_stop_samples"] == 50_000
    other = change_way(filled, key)
    assert other is not None
    silent = after(filled, other)
    assert build(silent) == build(state)
    back = change_way(silent, key)
    assert back is not None
    assert build(after(silent, back)) == build(filled)
    cut, cut_key = made(jam, "cut", 24_000, 33_600, {})
    assert change_way(cut, cut_key) is None
    with pytest.raises(UsageError, match="has no fill"):
        change_filling(cut, cut_key, 40_000, 50_000)


def heard(state: DocumentState, span: tuple[int, int], *, removed: bool = False) -> tuple[int, int]:
    return written_range(
        ExportRequest(state, {}, Path("a.wav"), options=ExportOptions(removed=removed)), span
    )


def test_a_span_is_heard_from_its_first_sample_to_its_last(jam: DocumentState) -> None:
    cut, _ = made(jam, "cut", 24_000, 33_600, {})
    assert heard(cut, (20_000, 40_000)) == (20_000, 30_400)
    assert heard(cut, (20_000, 40_000), removed=True) == (0, 9_600)
    with pytest.raises(ExportError, match="This range is cut completely"):
        heard(cut, (25_000, 30_000))
    with pytest.raises(ExportError, match="This range has no cuts"):
        heard(cut, (40_000, 50_000), removed=True)
    moved, _ = made(jam, "move", 10_000, 20_000, {"to_samples": 50_000})
    assert heard(moved, (10_000, 20_000)) == (40_000, 50_000)
    repeated, _ = made(jam, "repeat", 10_000, 20_000, {"times": 3})
    assert heard(repeated, (10_000, 20_000)) == (10_000, 20_000)
    assert heard(repeated, (5_000, 25_000)) == (5_000, 45_000)
